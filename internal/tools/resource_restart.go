package tools

import (
	"context"
	"errors"
	"slices"
	"time"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/sched"
	"mainstay/status"
)

// restart stops a resource by its target-role, waits until what depends on it has
// stopped, too, lets it run again, and waits until everything is up that was.
func (o *resourceOptions) restart(ctx context.Context, w *world, p *cib.Place) error {
	outer := p
	if up := intent.Parent(p); up != nil && up.Elem.Name() != "group" {
		outer = up
	}
	id := outer.Elem.ID()
	before := running(w.c.Resources)
	all, _ := activeOn(w, o.rsc)
	if len(all) == 0 || o.node != "" && !slices.Contains(all, o.node) {
		where := "anywhere"
		if o.node != "" {
			where = "on " + o.node
		}
		o.warnf("%s is not running %s and so cannot be restarted\n", o.rsc, where)
		return fail(face.NoSuch)
	}
	limit := o.waitLimit()
	old, had := intent.OfResource(outer, intent.Meta).Get("target-role")
	banned := outer.Elem.Name() == "clone" && o.node != ""
	var stop, back []cib.Edit
	if banned {
		ban := intent.Ban(id, o.node, intent.Placing{})
		stop = []cib.Edit{intent.Put(w.root, ban)}
		back = []cib.Edit{{Op: cib.OpDelete, Scope: "constraints", Elem: element("rsc_location", "id", ban.Elem.ID())}}
	} else {
		stop = intent.OfResource(outer, intent.Meta).Set("target-role", "Stopped").Edits
	}
	if err := edit(ctx, o.env, stop); err != nil {
		return err
	}
	stopped := func(c *status.Cluster) bool {
		r := find(c.Resources, id)
		return r == nil || len(running([]*status.Resource{r})) == 0 || banned && !slices.Contains(running([]*status.Resource{r}), o.rsc+" on "+o.node)
	}
	waitErr := o.until(ctx, limit, stopped)
	if !banned {
		root, err := o.env.CIB(ctx)
		if err != nil {
			return err
		}
		at := intent.Resource(root, id)
		if at == nil {
			return &intent.NotFound{Kind: "resource", Name: id}
		}
		h := intent.OfResource(at, intent.Meta)
		if had {
			back = h.Set("target-role", old.Value).Edits
		} else if pair, ok := h.Unset("target-role"); ok {
			back = pair.Edits
		}
	}
	if err := edit(ctx, o.env, back); err != nil {
		return err
	}
	if waitErr != nil {
		return waitErr
	}
	return o.until(ctx, limit, func(c *status.Cluster) bool { return len(running(c.Resources)) >= len(before) })
}

// running lists instances with their nodes, "vip on node1".
func running(list []*status.Resource) []string {
	var out []string
	for _, r := range list {
		if r.Kind == status.Primitive {
			for _, p := range r.Places {
				out = append(out, r.BaseID+" on "+p.Node)
			}
		}
		out = append(out, running(r.Children)...)
	}
	return out
}

// until waits for a state of the cluster in which nothing is left to do.
func (o *resourceOptions) until(ctx context.Context, limit time.Duration, good func(*status.Cluster) bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		root, err := o.env.CIB(ctx)
		if err != nil {
			return err
		}
		c := sched.Unpack(sched.Input{CIB: root, Now: o.env.Now()})
		rest := idle(root, o.env.Now())
		if good(c) && rest {
			return nil
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// pause waits a moment before the cluster is looked at again; an error says that
// the time is over.
func pause(ctx context.Context) error {
	t := time.NewTimer(100 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fail(face.Timeout)
		}
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
