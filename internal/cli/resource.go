package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/sched"
	"mainstay/status"
)

// resourceCommand is "mainstay resource …".
func (a *app) resourceCommand() *cobra.Command {
	return family("change", "resource", "Start, stop, move and mend resources",
		a.metaCommand("start", "Let resources run (target-role Started)", "target-role", "Started"),
		a.metaCommand("stop", "Stop resources and keep them stopped (target-role Stopped)", "target-role", "Stopped"),
		a.metaCommand("promote", "Let promotable clones have promoted instances (target-role Promoted)", "target-role", "Promoted"),
		a.metaCommand("demote", "Keep all instances of promotable clones unpromoted (target-role Unpromoted)", "target-role", "Unpromoted"),
		a.metaCommand("manage", "Let the cluster manage resources", "is-managed", "true"),
		a.metaCommand("unmanage", "Leave resources alone: neither start, stop nor recover them", "is-managed", "false"),
		a.restartCommand(),
		a.moveCommand(),
		a.banCommand(),
		a.clearCommand(),
		a.forgetCommand("cleanup", "Forget failures, so that resources are tried again"),
		a.forgetCommand("refresh", "Forget all history: everything is probed again"),
		a.listCommand(),
		a.locateCommand(),
	)
}

// metaCommand makes a command that sets one meta attribute of resources.
func (a *app) metaCommand(use, short, name, value string) *cobra.Command {
	c := &cobra.Command{
		Use: use + " RESOURCE...", Short: short, Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeResources,
		Example:           "  mainstay resource " + use + " p_mysql --wait",
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.CIB(c.Context())
			if err != nil {
				return err
			}
			edits, err := setMeta(root, args, name, value)
			if err != nil {
				return err
			}
			return a.change(c.Context(), edits)
		},
	}
	return a.waitFlags(c)
}

// setMeta edits a meta attribute of several resources. Of a member of a clone or
// bundle, it is the collection's that decides.
func setMeta(root *cib.Elem, ids []string, name, value string) ([]cib.Edit, error) {
	var edits []cib.Edit
	for _, id := range ids {
		p, err := intent.NeedResource(root, id)
		if err != nil {
			return nil, err
		}
		if up := intent.Parent(p); up != nil && up.Elem.Name() != "group" {
			p = up
		}
		pair := intent.SetResource(p, intent.Meta, name, value)
		edits = append(edits, pair.Edits...)
		if root, err = cib.Apply(root, pair.Edits); err != nil {
			return nil, err
		}
		edits = append(edits, dropInner(root, p, name)...)
	}
	return edits, nil
}

// dropInner removes a meta attribute from the members of a collection, where it
// would go on to say otherwise.
func dropInner(root *cib.Elem, p *cib.Place, name string) []cib.Edit {
	var edits []cib.Edit
	for i := range p.Elem.Kids() {
		k := p.Kid(i)
		if intent.Resource(root, k.Elem.ID()) == nil || k.Elem.ID() == "" {
			continue
		}
		if pair, ok := intent.UnsetResource(k, intent.Meta, name); ok {
			edits = append(edits, pair.Edits...)
		}
		edits = append(edits, dropInner(root, k, name)...)
	}
	return edits
}

// restartCommand stops, waits, and starts again.
func (a *app) restartCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "restart RESOURCE", Short: "Stop a resource and what depends on it, then let them start again",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeResources,
		Example: "  mainstay resource restart p_haproxy",
		RunE: func(c *cobra.Command, args []string) error {
			return a.restart(c.Context(), args[0])
		},
	}
	c.Flags().DurationVar(&a.timeout, "timeout", defaultWait, "how long to wait for the stop, and again for the start")
	return c
}

func (a *app) restart(ctx context.Context, id string) error {
	root, err := a.CIB(ctx)
	if err != nil {
		return err
	}
	p, err := intent.NeedResource(root, id)
	if err != nil {
		return err
	}
	p = intent.Outermost(p)
	if old, ok := intent.GetResource(p, intent.Meta, "target-role"); ok && strings.EqualFold(old.Value, "Stopped") {
		return face.Failf(face.Unsafe, "resource %q is meant to be stopped\n  remedy: \"mainstay resource start %s\"", id, id)
	}
	before := running(sched.Unpack(sched.Input{CIB: root, Now: a.Now()}), p.Elem.ID())
	if len(before) == 0 {
		return face.Failf(face.Error, "resource %q runs nowhere\n  remedy: \"mainstay explain %s\" says why", id, id)
	}
	old, had := intent.GetResource(p, intent.Meta, "target-role")
	stop := intent.SetResource(p, intent.Meta, "target-role", "Stopped")
	if _, err := a.Client().Edit(ctx, stop.Edits, nil); err != nil {
		return err
	}
	a.wait = true
	stopErr := a.awaitIdle(ctx)
	back, err := a.Client().CIB(ctx)
	if err != nil {
		return fmt.Errorf("%w; target-role of %s is still Stopped", err, p.Elem.ID())
	}
	p = intent.Resource(back, p.Elem.ID())
	if p == nil {
		return face.Failf(face.NoSuch, "resource %q is no longer configured", id)
	}
	var undo intent.Pair
	if had {
		undo = intent.SetResource(p, intent.Meta, "target-role", old.Value)
	} else {
		undo, _ = intent.UnsetResource(p, intent.Meta, "target-role")
	}
	if _, err := a.Client().Edit(ctx, undo.Edits, nil); err != nil {
		return fmt.Errorf("%w; target-role of %s is still Stopped", err, p.Elem.ID())
	}
	if stopErr != nil {
		return stopErr
	}
	return a.awaitIdle(ctx)
}

// running lists the nodes on which a resource, or a part of it, is active.
func running(c *status.Cluster, base string) []string {
	var nodes []string
	if c == nil {
		return nil
	}
	var visit func(r *status.Resource, inside bool)
	visit = func(r *status.Resource, inside bool) {
		inside = inside || r.ID == base || r.BaseID == base
		if inside && r.Kind == status.Primitive {
			for _, p := range r.Places {
				if !slices.Contains(nodes, p.Node) {
					nodes = append(nodes, p.Node)
				}
			}
		}
		for _, k := range r.Children {
			visit(k, inside)
		}
	}
	for _, r := range c.Resources {
		visit(r, false)
	}
	slices.Sort(nodes)
	return nodes
}

// forgetCommand is cleanup and refresh.
func (a *app) forgetCommand(use, short string) *cobra.Command {
	var body web.ForgetBody
	c := &cobra.Command{
		Use: use + " [RESOURCE]", Short: short, Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeResources,
		Example:           "  mainstay resource " + use + " p_mysql --node node2 --wait",
		RunE: func(c *cobra.Command, args []string) error {
			rsc := ""
			root, err := a.Client().CIB(c.Context())
			if err != nil {
				return err
			}
			if len(args) > 0 {
				p, err := intent.NeedResource(root, args[0])
				if err != nil {
					return err
				}
				rsc = p.Elem.ID()
			}
			if body.Node != "" {
				if _, err := intent.NeedNode(root, body.Node); err != nil {
					return err
				}
			}
			do := a.Client().Cleanup
			if use == "refresh" {
				do = a.Client().Refresh
			}
			if err := do(c.Context(), rsc, body); err != nil {
				return err
			}
			return a.settle(c.Context())
		},
	}
	c.Flags().StringVar(&body.Node, "node", "", "only on this node")
	if use == "cleanup" {
		c.Flags().StringVar(&body.Operation, "operation", "", "only failures of this operation")
		c.Flags().StringVar(&body.Interval, "interval", "", "only failures of the operation with this interval")
	}
	return a.waitFlags(c)
}

// listCommand lists what is configured and where it runs.
func (a *app) listCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List resources: id, agent, role, nodes", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := a.clusterStatus(c.Context())
			if err != nil {
				return err
			}
			for _, r := range st.Resources {
				a.listResource(r, "")
			}
			return nil
		},
	}
}

func (a *app) listResource(r *status.Resource, indent string) {
	what, role := r.Agent, string(r.Role)
	if r.Kind != status.Primitive {
		what, role = string(r.Kind), ""
	}
	nodes := make([]string, len(r.Places))
	for i, p := range r.Places {
		nodes[i] = p.Node
	}
	line := fmt.Sprintf("%s%-*s %-32s %-10s %s", indent, 28-len(indent), r.ID, what, role, strings.Join(nodes, " "))
	a.Printf("%s\n", strings.TrimRight(line, " "))
	for _, k := range r.Children {
		a.listResource(k, indent+"  ")
	}
}

// locateCommand prints where a resource is active.
func (a *app) locateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "locate RESOURCE", Short: "Print the nodes on which a resource is active, one per line",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeResources,
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.CIB(c.Context())
			if err != nil {
				return err
			}
			if _, err := intent.NeedResource(root, args[0]); err != nil {
				return err
			}
			nodes := running(sched.Unpack(sched.Input{CIB: root, Now: a.Now()}), args[0])
			for _, n := range nodes {
				a.Printf("%s\n", n)
			}
			if len(nodes) == 0 {
				return face.Failf(face.NoSuch, "resource %q is active nowhere\n  remedy: \"mainstay explain %s\" says why", args[0], args[0])
			}
			return nil
		},
	}
}
