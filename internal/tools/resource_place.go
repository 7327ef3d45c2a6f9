package tools

import (
	"context"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/sched"
	"mainstay/status"
)

// place is --move, --ban and --clear.
func (o *resourceOptions) place(ctx context.Context, w *world, p *cib.Place) error {
	rsc := o.rsc
	if up := intent.Parent(p); up != nil && up.Elem.Name() != "group" {
		rsc = up.Elem.ID() // an instance moves with its clone
	}
	if o.command == "clear" {
		return o.clear(ctx, w, rsc)
	}
	how := intent.Placing{Promoted: o.promoted, Until: ""}
	if o.lifetime != "" {
		d, err := cib.ParseDuration(o.lifetime)
		if err != nil || d <= 0 || !strings.HasPrefix(o.lifetime, "P") {
			o.warnf("Invalid duration specified: %s\nPlease refer to https://en.wikipedia.org/wiki/ISO_8601#Durations for examples of valid durations\n", o.lifetime)
			return face.Silent(face.Usage)
		}
		how.Until = o.env.Now().Add(d).UTC().Format("2006-01-02 15:04:05Z")
		if !o.quiet {
			o.printf("Migration will take effect until: %s\n", how.Until)
		}
	}
	all, promoted := activeOn(w, rsc)
	if o.command == "move" && o.node != "" {
		return o.moveTo(ctx, w, rsc, how, all)
	}
	node := o.node
	if node == "" {
		at := all
		if len(promoted) == 1 && (len(all) != 1 || o.promoted) {
			at = promoted
		}
		if len(at) != 1 {
			return refuse(face.Usage, "Resource '%s' not moved: active in %d locations.\nTo prevent '%s' from running on a specific location, specify a node.", rsc, len(all), rsc)
		}
		node = at[0]
	}
	return o.banFrom(ctx, w, rsc, node, how)
}

// banFrom keeps a resource off a node, and warns of it.
func (o *resourceOptions) banFrom(ctx context.Context, w *world, rsc, node string, how intent.Placing) error {
	what := "running"
	if how.Promoted {
		what = "being promoted"
	}
	if !o.quiet {
		o.printf("WARNING: Creating rsc_location constraint 'cli-ban-%s-on-%s' with a score of -INFINITY for resource %s on %s.\n"+
			"\tThis will prevent %s from %s on %s until the constraint is removed using the clear option or by editing the CIB with an appropriate tool\n"+
			"\tThis will be the case even if %s is the last node in the cluster\n", rsc, node, rsc, node, rsc, what, node, node)
	}
	return edit(ctx, o.env, []cib.Edit{intent.Put(w.root, intent.Ban(rsc, node, how))})
}

// moveTo draws a resource to a node: former wishes about either go.
func (o *resourceOptions) moveTo(ctx context.Context, w *world, rsc string, how intent.Placing, active []string) error {
	if slices.Equal(active, []string{o.node}) && !o.force && !o.promoted {
		return fail(face.Exists)
	}
	edits, _ := intent.Clear(w.root, rsc, o.node)
	prefer := intent.Prefer(rsc, o.node, how)
	old := w.root.Path("configuration", "constraints").ChildID("rsc_location", prefer.Elem.ID())
	if old != nil && !slices.ContainsFunc(edits, func(e cib.Edit) bool { return e.Elem.ID() == prefer.Elem.ID() }) {
		edits = append(edits, cib.Edit{Op: cib.OpDelete, Scope: "constraints", Elem: element("rsc_location", "id", prefer.Elem.ID())})
	}
	prefer.Op = cib.OpCreate
	edits = append(edits, prefer)
	if err := edit(ctx, o.env, edits); err != nil {
		return err
	}
	if o.force && len(active) == 1 && active[0] != o.node {
		root, err := o.env.CIB(ctx)
		if err != nil {
			return err
		}
		return o.banFrom(ctx, &world{root: root}, rsc, active[0], intent.Placing{Promoted: how.Promoted, Until: how.Until})
	}
	return nil
}

// activeOn lists the nodes on which a resource is active and promoted, sorted.
func activeOn(w *world, rsc string) (all, promoted []string) {
	for _, i := range w.of(rsc) {
		for _, p := range i.Places {
			if !slices.Contains(all, p.Node) {
				all = append(all, p.Node)
			}
			if p.Role == status.Promoted && !slices.Contains(promoted, p.Node) {
				promoted = append(promoted, p.Node)
			}
		}
	}
	slices.Sort(all)
	slices.Sort(promoted)
	return all, promoted
}

// clear removes the constraints that --move and --ban made.
func (o *resourceOptions) clear(ctx context.Context, w *world, rsc string) error {
	node := o.node
	if node != "" && !w.hasNode(node) {
		return &intent.NotFound{Kind: "node", Name: node}
	}
	edits, ids := intent.Clear(w.root, rsc, node)
	if node != "" && o.force {
		more, moreIDs := intent.Clear(w.root, rsc, "")
		for i, id := range moreIDs {
			if strings.HasPrefix(id, "cli-prefer-") && !slices.Contains(ids, id) {
				edits, ids = append(edits, more[i]), append(ids, id)
			}
		}
	}
	if o.expired {
		edits, ids = o.onlyExpired(w, edits, ids)
	}
	if err := edit(ctx, o.env, edits); err != nil {
		return err
	}
	slices.SortStableFunc(ids, func(a, b string) int { // bans are told first
		return strings.Compare(a[:len("cli-b")], b[:len("cli-b")])
	})
	for _, id := range ids {
		o.tell("Removing constraint: %s\n", id)
	}
	return nil
}

// onlyExpired leaves the constraints whose time is over.
func (o *resourceOptions) onlyExpired(w *world, edits []cib.Edit, ids []string) ([]cib.Edit, []string) {
	var some []cib.Edit
	var names []string
	for i, id := range ids {
		c := w.root.Path("configuration", "constraints").ChildID("rsc_location", id)
		for e := range c.Child("rule").Named("date_expression") {
			end, err := cib.ParseTime(e.Get("end"), o.env.Now().Location())
			if err == nil && end.Before(o.env.Now()) {
				some, names = append(some, edits[i]), append(names, id)
				break
			}
		}
	}
	return some, names
}

// forget is --cleanup and --refresh.
func (o *resourceOptions) forget(ctx context.Context, w *world) error {
	rsc := ""
	if o.rsc != "" {
		p, err := intent.NeedResource(w.root, o.rsc)
		if err != nil {
			return err
		}
		if !o.force {
			p = intent.Outermost(p)
		}
		rsc = p.Elem.ID()
	}
	nodes := w.forgetOn(o.node)
	if o.env.CIBFile() != "" {
		o.tellForgotten(rsc, nodes, "Dry run: skipping clean-up of %s on %s due to CIB_file\n", w)
		return nil
	}
	do := o.env.Client().Cleanup
	if o.command == "refresh" {
		do = o.env.Client().Refresh
	}
	if err := do(ctx, rsc, web.ForgetBody{Node: o.node, Operation: o.operation, Interval: o.interval}); err != nil {
		return err
	}
	o.tellForgotten(rsc, nodes, "Cleaned up %s on %s\n", w)
	return nil
}

// forgetOn lists the nodes whose history there is to forget.
func (w *world) forgetOn(node string) []string {
	var out []string
	for _, n := range w.c.Nodes {
		if n.Kind == status.Member && (node == "" || n.Name == node) && n.Online {
			out = append(out, n.Name)
		}
	}
	return out
}

// tellForgotten says what was forgotten, instance by instance.
func (o *resourceOptions) tellForgotten(rsc string, nodes []string, format string, w *world) {
	if rsc == "" {
		where := o.node
		if where == "" {
			where = "all nodes"
		}
		o.printf("Cleaned up all resources on %s\n", where)
		return
	}
	if len(nodes) == 0 {
		o.printf("Cleaned up %s on all nodes\n", rsc)
		return
	}
	for _, i := range w.of(rsc) {
		for _, n := range nodes {
			o.printf(format, i.Name, n)
		}
	}
}

// failResource has the cluster take a resource for failed.
func (o *resourceOptions) failResource(ctx context.Context, w *world, p *cib.Place) error {
	if o.node == "" {
		return refuse(face.Usage, "Must supply a node name with -N")
	}
	if o.env.CIBFile() != "" {
		return refuse(face.Disconnected, "Error connecting to the controller: Connection refused")
	}
	node, err := intent.NeedNode(w.root, o.node)
	if err != nil {
		return err
	}
	e := failure(w.root, node.Elem, p.Elem, o.env.Now())
	if e == nil {
		return refuse(face.NoSuch, "%s has no history on node %s", p.Elem.ID(), o.node)
	}
	return edit(ctx, o.env, []cib.Edit{*e})
}

// failure is the edit that adds a failed monitor to the history of a resource.
func failure(root, node, rsc *cib.Elem, now time.Time) *cib.Edit {
	lrm := root.Child("status").ChildID("node_state", node.ID()).Path("lrm", "lrm_resources").ChildID("lrm_resource", rsc.ID())
	if lrm == nil {
		return nil
	}
	call := 0
	for _, op := range sortedOps(lrm, false) {
		call = max(call, atoi(op.Get("call-id")))
	}
	const uuid = "00000000-0000-0000-0000-000000000000"
	key := "-1:-1:0:" + uuid
	op := element("lrm_rsc_op", "id", rsc.ID()+"_last_failure_0", "operation_key", rsc.ID()+"_asyncmon_0", "operation", "asyncmon",
		"crm-debug-origin", "crm_resource", "crm_feature_set", cib.FeatureSet, "transition-key", key, "transition-magic", "0:1;"+key,
		"exit-reason", "Simulated failure", "on_node", node.Get("uname"), "call-id", itoa(call+1), "rc-code", "1", "op-status", "0", "interval", "0",
		"last-rc-change", itoa(int(now.Unix())), "exec-time", "0", "queue-time", "0")
	return &cib.Edit{Op: cib.OpModify, XPath: "/cib/status/node_state[@id='" + node.ID() + "']/lrm/lrm_resources/lrm_resource[@id='" + rsc.ID() + "']",
		Elem: lrm.WithKids([]*cib.Elem{op})}
}

// idle tells whether scheduling a document yields nothing to do.
func idle(root *cib.Elem, now time.Time) bool {
	return len(sched.Schedule(sched.Input{CIB: root, Now: now}).Graph.Actions) == 0
}
