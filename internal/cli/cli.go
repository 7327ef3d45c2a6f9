// Package cli is the program as a function of its arguments and streams. The name
// that it is called by picks the face: "mainstay" is the command line, the names of
// Pacemaker's tools are those tools.
package cli

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"mainstay/internal/corotools"
	"mainstay/internal/face"
	"mainstay/internal/playground"
	"mainstay/internal/simulate"
	"mainstay/internal/tools"
)

// Name is what the program is called when it is not called as a tool.
const Name = "mainstay"

// Main runs the program for this process and returns its exit code. Version is
// the build's.
func Main(ctx context.Context, version string, args []string) int {
	if code, handled := playground.Entry(args); handled {
		return code
	}
	env := face.System()
	env.Version = version
	if brief(args) {
		collectLate(env)
	}
	return int(Run(ctx, env, args))
}

// Run runs the program: args[0] is the name it was called by.
func Run(ctx context.Context, env *face.Env, args []string) face.Code {
	env.Name = filepath.Base(args[0])
	if tool := lookup(env.Name); tool != nil {
		return tool(ctx, env, args[1:])
	}
	env.Name = Name
	a := &app{Env: env}
	root := a.root()
	root.SetArgs(args[1:])
	err := root.ExecuteContext(ctx)
	if text := face.Describe(err); text != "" {
		env.Errorf("%s: %s\n", Name, text)
	}
	return face.CodeOf(err)
}

// faces are the tools that live outside of package tools.
func faces() map[string]tools.Tool {
	all := map[string]tools.Tool{"crm_simulate": simulate.Tool}
	for name, t := range corotools.Tools() {
		all[name] = t
	}
	return all
}

// faceNames lists their names, sorted.
func faceNames() []string { return slices.Sorted(maps.Keys(faces())) }

// lookup returns the tool of a name, nil if there is none.
func lookup(name string) tools.Tool {
	if t := tools.Lookup(name); t != nil {
		return t
	}
	return faces()[name]
}

// app is one run of the command line.
type app struct {
	*face.Env
	wait    bool
	timeout time.Duration
	ended   <-chan error // of a node daemon that this command started
}

// groups of commands in the help page, in order.
var groups = []*cobra.Group{
	{ID: "look", Title: "Look:"},
	{ID: "change", Title: "Change:"},
	{ID: "make", Title: "Make and run a cluster:"},
	{ID: "rehearse", Title: "Rehearse:"},
}

// root builds the whole tree of commands.
func (a *app) root() *cobra.Command {
	c := &cobra.Command{
		Use:   Name,
		Short: "Keep services running when machines, links and programs fail",
		Long: "Mainstay keeps the services of a Linux cluster running when machines, links and\n" +
			"programs fail. It is one program: node daemon, command line, and the tools that\n" +
			"Pacemaker's users know.",
		Example: "  mainstay status --watch\n" +
			"  mainstay configure load examples/controllers.crm\n" +
			"  mainstay explain vip__public\n" +
			"  mainstay playground rehearse",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       a.Version,
		Args:          cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return c.Help()
		},
	}
	c.SetIn(a.Stdin)
	c.SetOut(a.Stdout)
	c.SetErr(a.Stderr)
	c.SetVersionTemplate(Name + " {{.Version}}\n")
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return face.Failf(face.Usage, "%v\n  remedy: see \"%s --help\"", err, c.CommandPath())
	})
	c.AddGroup(groups...)
	c.PersistentFlags().StringVar(&a.Socket, "socket", a.Socket, "the node daemon's API socket (default $MAINSTAY_SOCKET or /run/mainstay/api.sock)")
	c.AddCommand(a.commands()...)
	c.AddCommand(helpTopics()...)
	c.SetHelpCommandGroupID("look")
	c.SetCompletionCommandGroupID("make")
	usageErrors(c)
	return c
}

// unknownCommand names what might have been meant.
func unknownCommand(c *cobra.Command, name string) error {
	c.SuggestionsMinimumDistance = 2
	msg := "there is no command \"" + c.CommandPath() + " " + name + "\""
	if near := c.SuggestionsFor(name); len(near) > 0 {
		msg += "; did you mean \"" + c.CommandPath() + " " + near[0] + "\"?"
	}
	return face.Failf(face.Usage, "%s\n  remedy: see \"%s --help\"", msg, c.CommandPath())
}

// usageErrors gives errors about arguments their exit code, everywhere in the tree.
func usageErrors(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			var known *face.Failure
			if err == nil || errors.As(err, &known) {
				return err
			}
			return face.Failf(face.Usage, "%v\n  remedy: see \"%s --help\"", err, c.CommandPath())
		}
	}
	for _, sub := range c.Commands() {
		usageErrors(sub)
	}
}

// family makes a command that only holds others.
func family(group, use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, GroupID: group,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return c.Help()
		},
	}
	c.AddCommand(subs...)
	return c
}

// waitFlags gives a command --wait and --timeout.
func (a *app) waitFlags(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.wait, "wait", false, "return when the cluster has nothing left to do")
	c.Flags().DurationVar(&a.timeout, "timeout", defaultWait, "how long --wait waits")
	return c
}
