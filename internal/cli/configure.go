package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/shell/crm"
)

// loadOptions are the flags of "configure load" and its relatives.
type loadOptions struct {
	replace bool // make the configuration what the text says
	force   bool // load in spite of errors
	quiet   bool // leave warnings out
	missing bool // agents that this node lacks are only warned of
}

// configureCommand is "mainstay configure …".
func (a *app) configureCommand() *cobra.Command {
	return family("change", "configure", "Show, load, edit, compare and check the cluster's configuration",
		a.configureShow(), a.configureLoad(), a.configureEdit(), a.configureDiff(), a.configureValidate())
}

func (a *app) configureShow() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use: "show [ID...]", Short: "Print the configuration, or some objects of it",
		Example:           "  mainstay configure show\n  mainstay configure show p_mysql vip__public\n  mainstay configure show -o xml > cib.xml",
		ValidArgsFunction: a.completeResources,
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.CIB(c.Context())
			if err != nil {
				return err
			}
			text, err := showConfig(root, format, args)
			if err != nil {
				return err
			}
			a.Printf("%s", text)
			return nil
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "crm", "crm or xml")
	return c
}

// showConfig writes the configuration, or the objects with the given ids.
func showConfig(root *cib.Elem, format string, ids []string) (string, error) {
	for _, id := range ids {
		if len(objects(root, id)) == 0 {
			return "", face.Failf(face.NoSuch, "no object %q in the configuration", id)
		}
	}
	switch {
	case format == "crm":
		text, _ := crm.FormatObjects(root, ids...)
		if len(ids) == 0 {
			text = crm.Format(root)
		}
		return text, nil
	case format != "xml":
		return "", face.Failf(face.Usage, "output format %q: want crm or xml", format)
	case len(ids) == 0:
		return root.String(), nil
	}
	var b strings.Builder
	for _, id := range ids {
		for _, e := range objects(root, id) {
			b.WriteString(e.String())
		}
	}
	return b.String(), nil
}

// objects finds the elements of the configuration with an id.
func objects(root *cib.Elem, id string) []*cib.Elem {
	var out []*cib.Elem
	root.Child("configuration").Walk(func(e *cib.Elem) bool {
		if e.ID() == id || e.Name() == "node" && e.Get("uname") == id {
			out = append(out, e)
		}
		return true
	})
	return out
}

func (a *app) loadFlags(c *cobra.Command, o *loadOptions) *cobra.Command {
	c.Flags().BoolVar(&o.replace, "replace", false, "make the configuration what the text says: objects that are not in it go away")
	c.Flags().BoolVar(&o.force, "force", false, "load in spite of errors")
	c.Flags().BoolVar(&o.missing, "missing-agents", false, "only warn of agents that this node lacks: other nodes have them")
	c.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "leave warnings out")
	return c
}

func (a *app) configureLoad() *cobra.Command {
	var o loadOptions
	c := &cobra.Command{
		Use: "load FILE", Short: "Load crm text or CIB XML into the cluster, all or nothing",
		Long: "Reads a file (- is standard input) with crm configuration text or CIB XML, judges\n" +
			"the configuration that would result, and makes the change as a whole. With an error\n" +
			"nothing is changed.",
		Example: "  mainstay configure load examples/controllers.crm --wait\n  mainstay configure load --replace cib.xml",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := a.Input(args[0])
			if err != nil {
				return err
			}
			return a.load(c.Context(), args[0], text, o)
		},
	}
	return a.waitFlags(a.loadFlags(c, &o))
}

// load judges a text against the present configuration and makes the change.
func (a *app) load(ctx context.Context, name string, text []byte, o loadOptions) error {
	root, err := a.CIB(ctx)
	if err != nil {
		return err
	}
	ch := readChange(root, text, o.replace)
	ch.judge(root, a.agents().allow(o.missing))
	if err := a.report(name, ch, o); err != nil {
		return err
	}
	if len(ch.edits) == 0 {
		return nil
	}
	if file := a.CIBFile(); file != "" {
		return a.changeFile(file, ch.edits)
	}
	base := cib.VersionOf(root)
	if _, err := a.Client().Edit(ctx, ch.edits, &base); err != nil {
		return err
	}
	return a.settle(ctx)
}

// report prints the problems of a change; errors end it unless forced.
func (a *app) report(name string, ch *change, o loadOptions) error {
	errs := 0
	for _, p := range ch.problems {
		if p.Severity == cib.Error {
			errs++
		} else if o.quiet {
			continue
		}
		a.Errorf("%s\n", problemLine(name, p))
	}
	if ch.broken || errs > 0 && !o.force {
		return face.Failf(face.BadData, "%s: %s; nothing was changed", name, counted(errs, "error"))
	}
	return nil
}

// problemLine writes a problem as compilers do, its remedy on a line of its own.
func problemLine(name string, p cib.Problem) string {
	where := name
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d", name, p.Line)
	}
	line := where + ": " + p.Severity.String() + ": " + p.Msg
	if p.Remedy != "" {
		line += "\n    remedy: " + p.Remedy
	}
	return line
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (a *app) configureEdit() *cobra.Command {
	var o loadOptions
	c := &cobra.Command{
		Use: "edit [ID...]", Short: "Edit the configuration, or some objects of it, in $EDITOR",
		ValidArgsFunction: a.completeResources,
		RunE: func(c *cobra.Command, args []string) error {
			return a.edit(c.Context(), args, o)
		},
	}
	c.Flags().BoolVar(&o.force, "force", false, "load in spite of errors")
	c.Flags().BoolVar(&o.missing, "missing-agents", false, "only warn of agents that this node lacks: other nodes have them")
	return a.waitFlags(c)
}

// edit lets an editor change the text and loads it. Text that cannot be loaded is
// kept in the file, so that no work is lost.
func (a *app) edit(ctx context.Context, ids []string, o loadOptions) error {
	root, err := a.CIB(ctx)
	if err != nil {
		return err
	}
	before, err := showConfig(root, "crm", ids)
	if err != nil {
		return err
	}
	name, err := a.tempFile(before)
	if err != nil {
		return err
	}
	if err := a.runEditor(ctx, name); err != nil {
		return err
	}
	after, err := os.ReadFile(name)
	if err != nil {
		return &face.Failure{Code: face.NoInput, Err: err}
	}
	if string(after) == before {
		a.Printf("no change\n")
		return os.Remove(name)
	}
	o.replace = len(ids) == 0
	if err := a.load(ctx, name, after, o); err != nil {
		return fmt.Errorf("%w\n  your text is in %s", err, name)
	}
	return os.Remove(name)
}

func (a *app) configureDiff() *cobra.Command {
	var o loadOptions
	c := &cobra.Command{
		Use: "diff FILE", Short: "Show what loading a file would change, as text",
		Example: "  mainstay configure diff examples/controllers.crm",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := a.Input(args[0])
			if err != nil {
				return err
			}
			root, err := a.CIB(c.Context())
			if err != nil {
				return err
			}
			ch := readChange(root, text, o.replace)
			ch.judge(root, a.agents().allow(o.missing))
			if err := a.report(args[0], ch, o); err != nil {
				return err
			}
			for _, l := range diffLines(crm.Format(root), crm.Format(ch.after)) {
				a.Printf("%s\n", l)
			}
			return nil
		},
	}
	return a.loadFlags(c, &o)
}

func (a *app) configureValidate() *cobra.Command {
	var o loadOptions
	c := &cobra.Command{
		Use: "validate [FILE]", Short: "Check a file, or the running configuration, and say what is wrong where",
		Long: "Judges the configuration that loading the file would make, or the running one if no\n" +
			"file is given. Without a cluster the file is judged by itself.",
		Example: "  mainstay configure validate new.crm",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.CIB(c.Context())
			if errors.Is(err, client.ErrNoDaemon) && len(args) > 0 {
				root, err = cib.Empty(), nil
			}
			if err != nil {
				return err
			}
			if len(args) == 0 {
				ch := &change{after: root}
				ch.judge(cib.Empty(), a.agents().allow(o.missing))
				return a.verdict("configuration", ch, o)
			}
			text, err := a.Input(args[0])
			if err != nil {
				return err
			}
			ch := readChange(root, text, o.replace)
			ch.judge(root, a.agents().allow(o.missing))
			return a.verdict(args[0], ch, o)
		},
	}
	return a.loadFlags(c, &o)
}

// verdict prints the problems and says when there is none.
func (a *app) verdict(name string, ch *change, o loadOptions) error {
	if err := a.report(name, ch, o); err != nil {
		return face.Failf(face.BadData, "%s is not valid", name)
	}
	a.Printf("%s is valid\n", name)
	return nil
}
