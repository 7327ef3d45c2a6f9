package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/sched"
)

// defaultWait is how long commands wait for the cluster unless told otherwise.
const defaultWait = 5 * time.Minute

// moveOptions are the flags of move and ban.
type moveOptions struct {
	pin      bool
	promoted bool
	lifetime time.Duration
}

// placing is the form of the constraint; its end is written in UTC.
func (o moveOptions) placing(now time.Time) intent.Placing {
	p := intent.Placing{Promoted: o.promoted}
	if o.lifetime > 0 {
		p.Until = now.Add(o.lifetime).UTC().Format("2006-01-02 15:04:05Z")
	}
	return p
}

// moveCommand moves a resource. The constraint that does it goes away afterwards:
// a move is an act, not a rule.
func (a *app) moveCommand() *cobra.Command {
	var o moveOptions
	c := &cobra.Command{
		Use: "move RESOURCE [NODE]", Short: "Move a resource to another node; the move ends by itself",
		Long: "Moves a resource to a node, or away from where it is if no node is given. The\n" +
			"constraint that moves it is removed once it is there: stickiness holds it. With\n" +
			"--pin, or if it would go back at once, the constraint stays until \"resource clear\".",
		Example: "  mainstay resource move vip__public node2\n  mainstay resource move vip__public --lifetime 1h",
		Args:    cobra.RangeArgs(1, 2), ValidArgsFunction: a.completeResourceNode,
		RunE: func(c *cobra.Command, args []string) error {
			node := ""
			if len(args) > 1 {
				node = args[1]
			}
			return a.move(c.Context(), args[0], node, o)
		},
	}
	c.Flags().BoolVar(&o.pin, "pin", false, "keep the constraint until \"resource clear\"")
	c.Flags().BoolVar(&o.promoted, "promoted", false, "move the promoted role only")
	c.Flags().DurationVar(&o.lifetime, "lifetime", 0, "keep the constraint for so long")
	c.Flags().DurationVar(&a.timeout, "timeout", defaultWait, "how long to wait for the move")
	return c
}

func (a *app) move(ctx context.Context, id, node string, o moveOptions) error {
	root, err := a.CIB(ctx)
	if err != nil {
		return err
	}
	p, err := intent.NeedResource(root, id)
	if err != nil {
		return err
	}
	rsc := movable(p).Elem.ID()
	edits, err := a.moveEdits(root, rsc, node, o)
	if err != nil {
		return err
	}
	if a.CIBFile() != "" {
		return a.change(ctx, edits)
	}
	before := a.activeOn(root, rsc)
	if node != "" && slices.Equal(before, []string{node}) && !o.pin && o.lifetime == 0 {
		a.Printf("%s is on %s already\n", rsc, node)
		return nil
	}
	if _, err := a.Client().Edit(ctx, edits, nil); err != nil {
		return err
	}
	if err := a.awaitIdle(ctx); err != nil {
		return fmt.Errorf("%w; the constraint stays until \"mainstay resource clear %s\"", err, rsc)
	}
	return a.moved(ctx, rsc, node, before, o)
}

// movable is what has to move for a resource to move: a group moves as a whole, a
// clone's member through its clone.
func movable(p *cib.Place) *cib.Place { return intent.Outermost(p) }

// moveEdits replaces earlier bans and preferences of a resource by a new one.
func (a *app) moveEdits(root *cib.Elem, rsc, node string, o moveOptions) ([]cib.Edit, error) {
	how := o.placing(a.Now())
	edits, _ := intent.Clear(root, rsc, "")
	root, err := cib.Apply(root, edits)
	if err != nil {
		return nil, err
	}
	if node != "" {
		n, err := intent.NeedNode(root, node)
		if err != nil {
			return nil, err
		}
		return append(edits, intent.Put(root, intent.Prefer(rsc, n.Elem.Get("uname"), how))), nil
	}
	on := a.activeOn(root, rsc)
	if len(on) == 0 {
		return nil, face.Failf(face.Error, "resource %q is active nowhere, so there is nothing to move\n  remedy: \"mainstay explain %s\" says why", rsc, rsc)
	}
	if len(on) > 1 {
		return nil, face.Failf(face.Multiple, "resource %q is active on %d nodes (%s)\n  remedy: name the node to move it to, or use \"mainstay resource ban %s NODE\"",
			rsc, len(on), strings.Join(on, " "), rsc)
	}
	return append(edits, intent.Put(root, intent.Ban(rsc, on[0], how))), nil
}

// activeOn lists where a resource is active, sorted.
func (a *app) activeOn(root *cib.Elem, rsc string) []string {
	return running(sched.Unpack(sched.Input{CIB: root, Now: a.Now()}), rsc)
}

// moved looks whether a resource arrived, and ends the move.
func (a *app) moved(ctx context.Context, rsc, node string, before []string, o moveOptions) error {
	root, err := a.Client().CIB(ctx)
	if err != nil {
		return err
	}
	now := a.activeOn(root, rsc)
	arrived := !slices.Equal(now, before)
	if node != "" {
		arrived = slices.Contains(now, node)
	}
	edits, ids := intent.Clear(root, rsc, "")
	if !arrived {
		_, err := a.Client().Edit(ctx, edits, nil)
		return face.Failf(face.Error, "resource %q did not move: it is on %s%s\n  remedy: \"mainstay explain %s %s\" says why",
			rsc, orNowhere(now), undone(err), rsc, node)
	}
	a.Printf("%s is on %s now\n", rsc, strings.Join(now, " "))
	if o.lifetime > 0 {
		return nil
	}
	if o.pin {
		a.Printf("pinned by %s until \"mainstay resource clear %s\"\n", strings.Join(ids, ", "), rsc)
		return nil
	}
	if a.goesBack(root, edits, rsc, now) {
		a.Printf("without the constraint it would go back at once, so %s stays until \"mainstay resource clear %s\"\n"+
			"(a resource-stickiness above 0 holds resources where they are)\n", strings.Join(ids, ", "), rsc)
		return nil
	}
	_, err = a.Client().Edit(ctx, edits, nil)
	return err
}

func undone(err error) string {
	if err != nil {
		return "; its constraint could not be removed: " + err.Error()
	}
	return "; its constraint is removed again"
}

func orNowhere(nodes []string) string {
	if len(nodes) == 0 {
		return "no node"
	}
	return strings.Join(nodes, " ")
}

// goesBack tells whether a resource would leave its node if the edits were made.
func (a *app) goesBack(root *cib.Elem, edits []cib.Edit, rsc string, now []string) bool {
	after, err := cib.Apply(root, edits)
	if err != nil {
		return true
	}
	r := a.plan(after)
	if r == nil {
		return false
	}
	for _, s := range r.Summary {
		if s.From != "" && s.To != s.From && slices.Contains(now, s.From) && intent.Resource(root, s.Resource) != nil {
			if movable(intent.Resource(root, s.Resource)).Elem.ID() == rsc {
				return true
			}
		}
	}
	return false
}

// banCommand keeps a resource off a node.
func (a *app) banCommand() *cobra.Command {
	var o moveOptions
	c := &cobra.Command{
		Use: "ban RESOURCE NODE", Short: "Keep a resource off a node until \"resource clear\"",
		Example: "  mainstay resource ban p_mysql node3 --lifetime 2h --wait",
		Args:    cobra.ExactArgs(2), ValidArgsFunction: a.completeResourceNode,
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.CIB(c.Context())
			if err != nil {
				return err
			}
			p, err := intent.NeedResource(root, args[0])
			if err != nil {
				return err
			}
			n, err := intent.NeedNode(root, args[1])
			if err != nil {
				return err
			}
			e := intent.Ban(movable(p).Elem.ID(), n.Elem.Get("uname"), o.placing(a.Now()))
			return a.change(c.Context(), []cib.Edit{intent.Put(root, e)})
		},
	}
	c.Flags().BoolVar(&o.promoted, "promoted", false, "ban the promoted role only")
	c.Flags().DurationVar(&o.lifetime, "lifetime", 0, "end the ban after so long")
	return a.waitFlags(c)
}

// clearCommand removes what move and ban left.
func (a *app) clearCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "clear RESOURCE [NODE]", Short: "Remove the constraints that move and ban made",
		Args: cobra.RangeArgs(1, 2), ValidArgsFunction: a.completeResourceNode,
		RunE: func(c *cobra.Command, args []string) error {
			root, err := a.CIB(c.Context())
			if err != nil {
				return err
			}
			node := ""
			if len(args) > 1 {
				node = args[1]
			}
			rsc := args[0]
			if p := intent.Resource(root, rsc); p != nil {
				rsc = movable(p).Elem.ID()
			}
			edits, ids := intent.Clear(root, rsc, node)
			for _, id := range ids {
				a.Printf("removing %s\n", id)
			}
			return a.change(c.Context(), edits)
		},
	}
	return a.waitFlags(c)
}
