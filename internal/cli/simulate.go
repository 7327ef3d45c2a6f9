package cli

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/internal/simulate"
	"mainstay/sched"
)

// simulateOptions are the flags of "simulate".
type simulateOptions struct {
	down, up, standby []string
	fail, ops         []string
	load              string
	replace, scores   bool
}

// simulateCommand tells what would happen if.
func (a *app) simulateCommand() *cobra.Command {
	var o simulateOptions
	c := &cobra.Command{
		Use: "simulate", Short: "What would happen if: a node dies, a resource fails, a configuration is loaded", GroupID: "rehearse",
		Long: "Takes the cluster's present state, makes the changes that you name, and shows what the\n" +
			"cluster would do and where everything would be in the end. Nothing is touched.",
		Example: "  mainstay simulate --node-down node1\n  mainstay simulate --fail p_mysql --fail vip__public@node2\n" +
			"  mainstay simulate --load new.crm\n  CIB_file=cib.xml mainstay simulate",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.simulate(c.Context(), o) },
	}
	f := c.Flags()
	f.StringSliceVar(&o.down, "node-down", nil, "these nodes vanish and are fenced")
	f.StringSliceVar(&o.up, "node-up", nil, "these nodes come up")
	f.StringSliceVar(&o.standby, "standby", nil, "these nodes are put in standby")
	f.StringArrayVar(&o.fail, "fail", nil, "the monitor of this RESOURCE[@NODE] finds it stopped")
	f.StringArrayVar(&o.ops, "op-fail", nil, "an operation fails while the plan is carried out, as crm_simulate's: RESOURCE_TASK_INTERVAL@NODE=RC")
	f.StringVar(&o.load, "load", "", "load this configuration (crm text or CIB XML) first")
	f.BoolVar(&o.replace, "replace", false, "let --load replace the configuration")
	f.BoolVarP(&o.scores, "show-scores", "s", false, "show the scores")
	for _, name := range []string{"node-down", "node-up", "standby"} {
		if err := c.RegisterFlagCompletionFunc(name, a.completeNodes); err != nil {
			panic(err) // the flags are declared above
		}
	}
	return c
}

func (a *app) simulate(ctx context.Context, o simulateOptions) error {
	root, err := a.CIB(ctx)
	if err != nil {
		return err
	}
	if root, err = a.supposed(root, o); err != nil {
		return err
	}
	args := []string{"--simulate", "--xml-pipe"}
	for _, n := range append(o.down, o.up...) {
		if _, err := intent.NeedNode(root, n); err != nil {
			return err
		}
	}
	for _, n := range o.down {
		args = append(args, "--node-fail="+n)
	}
	for _, n := range o.up {
		args = append(args, "--node-up="+n)
	}
	for _, r := range o.fail {
		op, err := a.failedMonitor(root, r)
		if err != nil {
			return err
		}
		args = append(args, "--op-inject="+op)
	}
	for _, op := range o.ops {
		args = append(args, "--op-fail="+op)
	}
	if o.scores {
		args = append(args, "--show-scores")
	}
	env := *a.Env
	env.Stdin = bytes.NewReader(root.AppendXML(nil, true))
	if code := simulate.Tool(ctx, &env, args); code != face.OK {
		return face.Silent(code)
	}
	return nil
}

// supposed is the document after the configuration changes that are to be tried.
func (a *app) supposed(root *cib.Elem, o simulateOptions) (*cib.Elem, error) {
	if o.load != "" {
		text, err := a.Input(o.load)
		if err != nil {
			return nil, err
		}
		ch := readChange(root, text, o.replace)
		ch.judge(root, a.agents().allow(true))
		if err := a.report(o.load, ch, loadOptions{quiet: true}); err != nil {
			return nil, err
		}
		root = ch.after
	}
	edits, err := nodeEdits(root, o.standby, "standby", "on")
	if err != nil {
		return nil, err
	}
	return cib.Apply(root, edits)
}

// failedMonitor writes the result of a monitor that finds a resource stopped, in
// crm_simulate's way: RESOURCE_monitor_INTERVAL@NODE=7.
func (a *app) failedMonitor(root *cib.Elem, what string) (string, error) {
	id, node, named := strings.Cut(what, "@")
	p, err := intent.NeedResource(root, id)
	if err != nil {
		return "", err
	}
	if p.Elem.Name() != "primitive" {
		return "", face.Failf(face.Usage, "%q is a %s\n  remedy: name the resource in it that fails", id, p.Elem.Name())
	}
	if !named {
		on := running(sched.Unpack(sched.Input{CIB: root, Now: a.Now()}), p.Elem.ID())
		if len(on) == 0 {
			return "", face.Failf(face.Error, "resource %q runs nowhere, so its monitor cannot find it stopped\n  remedy: name a node: %s@NODE", id, id)
		}
		node = on[0]
	} else if _, err := intent.NeedNode(root, node); err != nil {
		return "", err
	}
	return id + "_monitor_" + strconv.FormatInt(monitorInterval(p.Elem), 10) + "@" + node + "=7", nil
}

// monitorInterval is the interval of a resource's recurring monitor in
// milliseconds, 10 s if it has none.
func monitorInterval(rsc *cib.Elem) int64 {
	for op := range rsc.Child("operations").Named("op") {
		if d, err := cib.ParseDuration(op.Get("interval")); op.Get("name") == "monitor" && err == nil && d > 0 {
			return d.Milliseconds()
		}
	}
	return 10000
}
