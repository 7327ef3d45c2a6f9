package sched

import (
	"slices"
	"strconv"
	"strings"

	"mainstay/cib"
	"mainstay/graph"
)

// emitGraph chooses the actions that belong to the transition and writes them down.
func (p *planner) emitGraph() *graph.Graph {
	g := &graph.Graph{ID: max(1, p.in.Options.TransitionID)}
	o := &p.opt
	start := "1"
	if o.startFatal {
		start = "INFINITY"
	}
	g.Attrs = []cib.Attr{{Name: "cluster-delay", Value: o.clusterDelay}, {Name: "fencing-timeout", Value: o.fencingTimeoutText},
		{Name: "failed-stop-offset", Value: "INFINITY"}, {Name: "failed-start-offset", Value: start}, {Name: "batch-limit", Value: o.batchLimit}}
	if n, err := strconv.Atoi(o.migrationLimit); err == nil && n > 0 {
		g.Attrs = append(g.Attrs, cib.Attr{Name: "migration-limit", Value: o.migrationLimit})
	}
	if !p.recheck.IsZero() {
		g.Attrs = append(g.Attrs, cib.Attr{Name: "recheck-by", Value: strconv.FormatInt(p.recheck.Unix(), 10)})
	}
	emitted := make([]bool, p.lastID+1)
	n := p.countBelonging()
	g.Actions = make([]*graph.Action, 0, n)
	from := make([]*action, 0, n)
	emit := func(a *action) {
		if emitted[a.id] || !p.belongs(a) {
			return
		}
		emitted[a.id] = true
		p.stir(a.r)
		from = append(from, a)
		g.Actions = append(g.Actions, p.graphAction(a))
	}
	for _, r := range p.top {
		p.emitRsc(r, emit)
	}
	for i := len(p.acts) - 1; i >= 0; i-- {
		emit(p.acts[i])
	}
	p.linkInputs(g, from, emitted)
	return g
}

// emitRsc emits a resource's actions: its own before those of its members; a
// clone's after those of its instances; a bundle's not at all, so that they
// come with the rest.
func (p *planner) emitRsc(r *rsc, emit func(*action)) {
	if r.kind == bundle {
		if r.bundle.child != nil {
			p.emitRsc(r.bundle.child, emit)
		}
		for _, rep := range r.bundle.replicas {
			for _, x := range []*rsc{rep.ip, rep.container, rep.remote} {
				if x != nil {
					p.emitRsc(x, emit)
				}
			}
		}
		return
	}
	if r.kind == clone {
		for _, k := range r.kids {
			p.emitRsc(k, emit)
		}
	}
	for i := len(r.acts.all) - 1; i >= 0; i-- {
		emit(r.acts.all[i])
	}
	if r.kind == group {
		for _, k := range r.kids {
			p.emitRsc(k, emit)
		}
	}
}

// linkInputs fills in what each action of the graph waits for.
func (p *planner) linkInputs(g *graph.Graph, from []*action, emitted []bool) {
	for _, a := range p.acts {
		a.before = mergeEdges(a.before)
	}
	var ids []int
	for k, ga := range g.Actions {
		a := from[k]
		ids = ids[:0]
		for i := range a.before {
			e := &a.before[i]
			if p.inputCounts(a, e, emitted) {
				e.was |= markInGraph
				ids = append(ids, e.to.id)
			}
		}
		if len(ids) > 0 {
			ga.Inputs = append(p.slabs.inputs.list(len(ids)), ids...)
		}
	}
}

// mergeEdges sorts orderings by action and makes one of those by the same action.
func mergeEdges(l []edge) []edge {
	slices.SortStableFunc(l, func(a, b edge) int { return a.to.id - b.to.id })
	out := l[:0]
	for _, e := range l {
		if n := len(out); n > 0 && out[n-1].to == e.to {
			out[n-1].kind |= e.kind
		} else {
			out = append(out, e)
		}
	}
	return out
}

// countBelonging is how many actions are part of the transition.
func (p *planner) countBelonging() int {
	count := 0
	for _, a := range p.acts {
		if p.belongs(a) {
			count++
		}
	}
	return count
}

// belongs tells whether an action is part of the transition.
func (p *planner) belongs(a *action) bool {
	if !a.runnable || a.optional && !a.printAlways {
		return false
	}
	if a.r != nil && !a.r.managed && a.task != "monitor" && a.interval == 0 && a.task != "clear_failcount" && a.task != "delete" && !a.pseudo {
		return false
	}
	if a.r != nil && !a.r.managed && a.interval == 0 && a.task != "monitor" && a.r.kind == primitive {
		return false
	}
	if a.pseudo || a.task == "stonith" || a.task == "do_shutdown" {
		return true
	}
	switch n := a.n; {
	case n == nil:
		return false
	case a.onDC:
		return true
	case n.isGuest() && !n.resetNeeded:
		return true
	case !n.online || n.unclean:
		return false
	}
	return true
}

// inputCounts tells whether an ordering is part of the graph.
func (p *planner) inputCounts(a *action, e *edge, emitted []bool) bool {
	f := e.to
	switch {
	case e.kind == 0:
		return false
	case !f.runnable && (e.kind&^(ordShowFirst|ordShowThen|ordOptional) == 0 || e.kind&(ordMinRunnable|ordUnmigratableBlocks) != 0):
		return false
	case e.kind&ordIfMigrating != 0 && f.migrateRunnable:
		return false
	case e.kind == ordOptional && f.migrateRunnable && f.keyEnds("stop"):
		return false
	case e.kind == ordLoad:
		if !p.loadMatters(a, f) || a.task == "migrate_to" && e.was&markJudged == 0 && p.loadLoop(a, e, emitted) {
			e.kind = 0
			return false
		}
	case e.kind == ordIfRequiredSameNode:
		if f.n != nil && a.n != nil && f.n != a.n || f.optional {
			e.kind = 0
			return false
		}
	case f.r != nil && f.r != a.r && f.r.failed && !f.r.managed && f.keyEnds("stop") && a.r != nil && a.r.kind == clone:
		return false // what failed and is unmanaged cannot hold up a clone
	case f.optional && !f.printAlways && !emitted[f.id]:
		return false
	}
	return p.belongs(f)
}

// loadMatters tells whether freed capacity is of use to an action.
func (p *planner) loadMatters(a, f *action) bool {
	if a.r != nil && a.task == "migrate_to" {
		return f.n == a.r.assignedTo
	}
	return f.n == a.n && !f.optional
}

// graphAction writes an action with its attributes.
func (p *planner) graphAction(a *action) *graph.Action {
	g := p.slabs.graph.one()
	g.ID, g.Task, g.Key, g.Priority, g.Reason = a.id, taskText(a), a.key(), p.actPriority(a), p.reasonOf(a)
	switch {
	case a.pseudo:
		g.Kind = graph.Pseudo
	case a.onDC:
		g.Kind = graph.Cluster
	default:
		g.Kind = graph.Resource
	}
	if a.r != nil && a.r.kind == primitive {
		p.clearKey(a, g)
	}
	if a.n != nil && (!a.pseudo || a.isStonith) {
		g.Node, g.NodeID = a.n.name, a.n.id
		g.Router = p.router(a)
	}
	if a.r != nil && a.r.kind == primitive && g.Kind != graph.Pseudo {
		g.Rsc = p.graphRsc(a.r)
	}
	if a.task == "do_shutdown" || a.isStonith {
		g.Downed = p.downed(a)
	}
	if a.task == "stop" && a.r != nil && a.r.remoteNode != nil && !a.pseudo {
		g.Downed = p.downedByStop(a)
	}
	if r := a.r; r != nil && r.lockNode != nil && a.task == "stop" && r.lockTime > 0 {
		g.Lock = strconv.FormatInt(r.lockTime, 10)
	}
	g.Attrs = p.graphAttrs(a)
	return g
}

// clearKey writes the key as the history has it: anonymous instances lose their number.
func (p *planner) clearKey(a *action, g *graph.Action) {
	r := a.r
	if r.seenAs != "" {
		g.Key, g.Internal = a.shownKey(), a.key()
	}
}

// shownKey is the key of an instance's action with the instance's name in the history.
func (a *action) shownKey() string {
	r, task := a.r, a.task
	switch a.task {
	case "cancel":
		task = a.meta["operation"]
	case "notify":
		return notifyKey(r.seenAs, a.meta["notify_type"], a.meta["notify_operation"])
	}
	if task != a.op.task {
		return opKey(r.seenAs, task, a.interval)
	}
	if a.op.shown == "" {
		a.op.shown = opKey(r.seenAs, task, a.interval)
	}
	return a.op.shown
}

// graphRsc names a resource as its actions do; they share it.
func (p *planner) graphRsc(r *rsc) *graph.Rsc {
	if r.shown != nil {
		return r.shown
	}
	g := &graph.Rsc{ID: r.id, Class: r.class, Provider: r.provider, Type: r.agent}
	if r.name != r.id {
		g.ID, g.LongID = r.name, r.id
		if strings.Contains(r.seenAs, ":") {
			g.LongID = r.seenAs
			if r.removed { // several may be active on a node: the name there must be told
				g.ID, g.LongID = r.seenAs, r.id
			}
		}
	}
	r.shown = g
	return g
}

// actPriority is the priority of the resource, or of the milestone.
func (p *planner) actPriority(a *action) int {
	pr := a.priority
	if a.r != nil && a.r.prio0 > pr {
		pr = a.r.prio0
	}
	return max(0, pr)
}

// router is the member through which an action on a remote or guest node goes.
func (p *planner) router(a *action) string {
	if a.onDC || a.n == nil || !a.n.isRemote() || a.n.remoteRsc == nil {
		return ""
	}
	c := a.n.remoteRsc
	began := c.assignedTo
	cur := firstRunning(c)
	switch {
	case cur == nil:
		return nodeName(began)
	case began == nil:
		return cur.name
	case began == cur:
		return cur.name
	}
	// The connection moves: what ends goes through the old host, what begins through the new.
	switch a.task {
	case "stop", "demote", "migrate_from", "migrate_to", "cancel":
		if c.partialTo != nil {
			return nodeName(began)
		}
		return cur.name
	case "notify":
		if strings.HasPrefix(a.op.task, "pre_notify_stop") || strings.HasPrefix(a.op.task, "pre_notify_demote") {
			return cur.name
		}
	}
	return nodeName(began)
}

func nodeName(n *node) string {
	if n == nil {
		return ""
	}
	return n.name
}

// downed lists the nodes that fencing or a shutdown takes down.
func (p *planner) downed(a *action) []string {
	switch {
	case a.task == "do_shutdown":
		return []string{a.n.id}
	case a.isStonith && (a.meta["stonith_action"] == "off" || a.meta["stonith_action"] == "reboot"):
		out := []string{a.n.id}
		for _, r := range a.n.running {
			if r.remoteNode != nil && r.container != nil {
				out = append(out, r.remoteNode.id)
			}
		}
		return out
	}
	return nil
}

// downedByStop: stopping a connection takes its node down, unless it only moves.
func (p *planner) downedByStop(a *action) []string {
	for i := range a.before {
		if f := a.before[i].to; f.r == a.r && f.task == "migrate_from" {
			return nil
		}
	}
	return []string{a.r.id}
}

// taskText is the operation's name in the graph.
func taskText(a *action) string {
	if a.task == "load_stopped" {
		return a.key()
	}
	return a.task
}
