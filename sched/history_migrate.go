package sched

import "mainstay/cib"

// A live migration is migrate_to at the source, migrate_from at the target, stop
// at the source. What is missing or failed tells where the resource is now,
// unless one of the nodes did something with it later.

// migrateToOK: the resource left its source; whether it arrived, the target's history says.
func (p *planner) migrateToOK(h *history) {
	r := h.r
	src, dst := p.nodeByName(h.elem.Get("migrate_source")), p.nodeByName(h.elem.Get("migrate_target"))
	if src == nil || dst == nil {
		if r.role < roleStarted {
			setActive(r)
		}
		return
	}
	srcNewer := p.doneAfter(r, src, h.elem, true)
	from := p.arrival(r, src, dst, h.elem)
	if from != nil && srcNewer {
		return
	}
	dstNewer := p.newerState(r, dst, true, h.elem, from)
	if srcNewer && dstNewer {
		return
	}
	fromStatus := execPending
	if from != nil {
		fromStatus = atoi(from.Get("op-status"), execUnknown)
		if atoi(from.Get("rc-code"), 193) == 0 && fromStatus == execDone {
			r.role = roleStopped
			r.dangling = append(r.dangling, h.n)
			return
		}
	}
	r.role = roleStarted
	there := !dstNewer && dst.online
	switch {
	case fromStatus != execPending && there:
		p.addRunning(r, dst, true)
	case fromStatus != execPending:
		r.failed, r.stopIfFailed, r.migratable = true, true, false
	case dst.online && p.unknownOn(r, dst):
		// Cleaned up there: a probe will tell.
	case there:
		p.addRunning(r, dst, false)
		if src.online {
			r.partialTo, r.partialFrom = dst, src
		}
	case !srcNewer:
		r.failed, r.stopIfFailed, r.migratable = true, true, false
	}
}

// migrateToFailed: the resource is still at the source, and perhaps at the target too.
func (p *planner) migrateToFailed(h *history) {
	r := h.r
	r.role = roleStarted
	dst, src := p.nodeByName(h.elem.Get("migrate_target")), p.nodeByName(h.elem.Get("migrate_source"))
	if dst == nil || src == nil {
		return
	}
	from := p.arrival(r, src, dst, h.elem)
	switch {
	case !p.unknownOn(r, dst) && !p.newerState(r, dst, true, h.elem, from):
		if dst.online {
			p.addRunning(r, dst, false)
		}
	case !p.doneAfter(r, src, h.elem, true):
		r.dangling = append(r.dangling, h.n)
	}
}

// migrateFromFailed: the resource may still be active at the source.
func (p *planner) migrateFromFailed(h *history) {
	r := h.r
	r.role = roleStarted
	src := p.nodeByName(h.elem.Get("migrate_source"))
	if src == nil {
		return
	}
	to := p.opIn(r, src, "migrate_to", "")
	if !p.unknownOn(r, src) && !p.newerState(r, src, false, to, h.elem) && src.online {
		p.addRunning(r, src, true)
	}
}

// records lists what a node keeps of a resource.
func (p *planner) records(r *rsc, n *node) []*cib.Elem {
	name := r.seenAs
	if name == "" {
		name = r.id
	}
	return n.state.Path("lrm", "lrm_resources").ChildID("lrm_resource", name).Kids()
}

// opIn returns the record of a task, from one source if that is given.
func (p *planner) opIn(r *rsc, n *node, task, source string) *cib.Elem {
	var best *cib.Elem
	for _, op := range p.records(r, n) {
		if op.Get("operation") != task || source != "" && op.Get("migrate_source") != source {
			continue
		}
		if best == nil || atoi(op.Get("call-id"), 0) > atoi(best.Get("call-id"), 0) {
			best = op
		}
	}
	return best
}

// arrival returns the target's record of a migration that left its source, nil if
// there is none. The target left since, if it is an earlier migration's: what was
// done there after that one says nothing of this one.
func (p *planner) arrival(r *rsc, src, dst *node, to *cib.Elem) *cib.Elem {
	from := p.opIn(r, dst, "migrate_from", src.name)
	if from != nil && p.doneAfter(r, dst, from, true) && !sameTransition(to, from) && newerOp(to, from, false) {
		return nil
	}
	return from
}

// sameTransition tells whether one transition asked for two operations.
func sameTransition(a, b *cib.Elem) bool {
	ta, okA := transitionOf(a)
	tb, okB := transitionOf(b)
	return okA && okB && ta == tb
}

// unknownOn tells whether a node knows nothing of a resource.
func (p *planner) unknownOn(r *rsc, n *node) bool {
	for _, op := range p.records(r, n) {
		if atoi(op.Get("rc-code"), 193) != 193 {
			return false
		}
	}
	return true
}

// doneAfter tells whether a node did something with a resource after an operation.
func (p *planner) doneAfter(r *rsc, n *node, than *cib.Elem, sameNode bool) bool {
	for _, op := range p.records(r, n) {
		switch op.Get("operation") {
		case "start", "stop", "migrate_to", "migrate_from":
			if newerOp(op, than, sameNode) {
				return true
			}
		}
	}
	return false
}

// newerState tells whether a node's later history makes a migration irrelevant there.
func (p *planner) newerState(r *rsc, n *node, target bool, to, from *cib.Elem) bool {
	than, same := to, !target
	if target && from != nil {
		than, same = from, true
	}
	if !target && to == nil {
		than, same = from, false
	}
	if p.doneAfter(r, n, than, same) {
		return true
	}
	for _, op := range p.records(r, n) {
		if op.Get("operation") == "monitor" && atoi(op.Get("rc-code"), 193) == 7 && newerOp(op, than, same) {
			return true
		}
	}
	return false
}

// newerOp tells whether one record is later than another: by call if both are of
// one node, else by the transition that asked for them, if one daemon planned both
// (clocks of nodes differ, and tell seconds only), else by time.
func newerOp(a, b *cib.Elem, sameNode bool) bool {
	ha, hb := readHistory(nil, a), readHistory(nil, b)
	if sameNode && ha.call != hb.call || ha.call < 0 || hb.call < 0 {
		return cmpHistory(ha, hb) > 0
	}
	ta, okA := transitionOf(a)
	tb, okB := transitionOf(b)
	if okA && okB && ta.uuid == tb.uuid && tb.num >= 0 && ta.num != tb.num {
		return ta.num > tb.num
	}
	return hb.changed > 0 && ha.changed > hb.changed
}
