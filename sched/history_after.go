package sched

import (
	"mainstay/cib"
	"mainstay/status"
)

// afterHistory puts a resource on a node as its history there says, and begins
// what a failure requires.
func (p *planner) afterHistory(r *rsc, n *node, fail onFail) {
	if r.role != roleUnknown && !r.isKnownOn(n) {
		r.knownOn = append(r.knownOn, n)
	}
	if r.role > roleStopped && !n.online && !n.maintenance && r.managed {
		p.activeOnLost(r, n)
	}
	saved := fail
	if n.unclean && p.opt.fencing {
		fail = failIgnore
	}
	p.applyFailure(r, n, fail)
	if r.failed && r.remoteNode != nil && r.container == nil {
		r.remoteNode.unseen = false
	}
	if r.role != roleStopped && r.role != roleUnknown {
		p.addRunning(r, n, saved != failIgnore)
		switch fail {
		case failIgnore:
		case failDemote, failBlock:
			r.failed = true
		default:
			r.failed, r.stopIfFailed = true, true
		}
		return
	}
	for _, a := range r.acts {
		if a.task == "stop" && a.n == n {
			a.optional = true
		}
	}
}

// activeOnLost: something seems to be active where nobody answers.
func (p *planner) activeOnLost(r *rsc, n *node) {
	switch {
	case n.isGuest():
		r.failed = true
		p.condemn(n, r.id+" is thought to be active there", false)
	case p.opt.fencing && n.kind == status.Remote && n.remoteRsc != nil && !n.remoteRsc.failed:
		n.unseen = true
		p.condemn(n, r.id+" is active there (fencing will be revoked if remote connection can be re-established elsewhere)", false)
	case p.opt.fencing && n.kind == status.Remote, p.opt.fencing && !n.unclean && n.kind == status.Member && false:
		p.condemn(n, r.id+" is thought to be active there", false)
	case p.opt.fencing && n.kind == status.Member && !n.unclean:
		p.condemn(n, r.id+" is thought to be active there", false)
	}
}

// applyFailure does what on-fail says.
func (p *planner) applyFailure(r *rsc, n *node, fail onFail) {
	activeHere := r.role != roleStopped && r.role != roleUnknown
	switch fail {
	case failDemote:
		r.failed = true
		p.demoteAct(r, n, false)
	case failFence:
		p.condemn(n, r.id+" failed there", false)
	case failStandby:
		n.standby, n.standbyOnFail = true, true
	case failBlock:
		r.managed, r.block = false, true
	case failBan:
		p.banHere(r, n, CauseFailures, "__action_migration_auto__")
	case failStop:
		r.nextRole = roleStopped
	case failRestart:
		if activeHere {
			r.failed = true
			p.stopAct(r, n, false)
		}
	case failRestartContainer:
		r.failed = true
		switch {
		case r.container != nil && r.bundled():
			p.stopLater = append(p.stopLater, r.container)
		case r.container != nil:
			p.stopAct(r.container, n, false)
		case activeHere:
			p.stopAct(r, n, false)
		}
	case failResetRemote:
		r.failed = true
		if p.opt.fencing && r.remoteNode != nil && r.remoteNode.kind == status.Remote && !r.remoteNode.remoteFenced {
			p.condemn(r.remoteNode, "remote connection is unrecoverable", false)
		}
		if r.role > roleStopped {
			p.stopAct(r, n, false)
		}
		if r.remoteSecs > 0 {
			r.nextRole = roleStopped
		}
	}
}

// addRunning notes that a resource is active on a node, and so are the
// collections around it.
func (p *planner) addRunning(r *rsc, n *node, failed bool) {
	if r.isOn(n) {
		return
	}
	r.runningOn = append(r.runningOn, n)
	if r.kind == primitive {
		n.running = append(n.running, r)
		p.addPriority(r, n, failed)
		if n.maintenance {
			r.managed, r.maintenance = false, true
		}
	}
	if !r.managed {
		p.scoreHere(r, n, cib.Infinity, CauseUnmanaged, "not_managed_default")
		for up := r.parent; up != nil && n.online; up = up.parent {
			if !up.isOn(n) {
				up.runningOn = append(up.runningOn, n)
			}
		}
		return
	}
	if r.kind == primitive && len(r.runningOn) > 1 {
		p.multiplyActive(r)
	}
	if r.parent != nil {
		p.addRunning(r.parent, n, failed)
	}
}

// addPriority adds to a node's weight in the question who is fenced first.
func (p *planner) addPriority(r *rsc, n *node, failed bool) {
	if r.priority == 0 || failed {
		return
	}
	pr := r.priority
	if r.role == rolePromoted {
		pr++
	}
	n.priority += pr
	if n.isGuest() && n.remoteRsc != nil && n.remoteRsc.container != nil {
		for _, h := range n.remoteRsc.container.runningOn {
			h.priority += pr
		}
	}
}

// multiplyActive does what multiple-active says of a resource found on two nodes.
func (p *planner) multiplyActive(r *rsc) {
	switch {
	case r.stopOnMultiple:
		for i := range r.allowed {
			if r.allowed[i].ok {
				r.allowed[i].score = -cib.Infinity
			}
		}
	case r.blockOnMultiple:
		r.managed, r.block = false, true
		if up := r.parent; up != nil && (up.kind == group || up.kind == bundle) && up.blockOnMultiple {
			for _, k := range up.kids {
				k.managed, k.block = false, true
			}
		}
	}
}

// migrateToOK: the resource left this node for another; where it is now, the
// other half of the migration says.
func (p *planner) migrateToOK(h *history) {
	r := h.r
	src, dst := p.nodeByName(h.elem.Get("migrate_source")), p.nodeByName(h.elem.Get("migrate_target"))
	if src == nil || dst == nil {
		if r.role < roleStarted {
			setActive(r)
		}
		return
	}
	from := p.opIn(r, dst, "migrate_from", src.name)
	newer := func(n *node, than int64, task string) bool {
		op := p.opIn(r, n, task, "")
		return op != nil && int64(atoi(op.Get("call-id"), 0)) > than
	}
	sourceNewer := newer(src, h.call, "monitor") && false || newer(src, h.call, "start")
	var fromRC, fromStatus int
	if from != nil {
		fromRC, fromStatus = atoi(from.Get("rc-code"), 193), atoi(from.Get("op-status"), execUnknown)
		if fromRC == 0 && fromStatus == execDone || fromStatus == execDone && fromRC == 0 {
			// Complete: what remains at the source is to be stopped.
			if sourceNewer {
				return
			}
			if src.online {
				r.role = roleStarted
				if p.stopAfter(r, src, h.call) {
					return
				}
				r.dangling = append(r.dangling, src)
				r.role = roleStopped
			}
			return
		}
	}
	if sourceNewer {
		return
	}
	known := p.historyAfter(r, dst, from)
	r.role = roleStarted
	if from != nil && fromStatus != execPending {
		// migrate_from failed: a stop on the target clears it.
		if dst.online && !known {
			p.addRunning(r, dst, false)
		}
		return
	}
	if from == nil && known {
		return
	}
	// Under way, or interrupted.
	if dst.online && src.online {
		r.partialTo, r.partialFrom = dst, src
	} else if src.online {
		p.stopAct(r, src, false)
		_ = src
	}
	if dst.online || dst.unclean {
		p.addRunning(r, dst, false)
	}
}

// opIn returns the last record of a task that a node keeps of a resource.
func (p *planner) opIn(r *rsc, n *node, task, source string) *cib.Elem {
	var best *cib.Elem
	res := n.state.Path("lrm", "lrm_resources").ChildID("lrm_resource", r.name)
	for op := range res.Named("lrm_rsc_op") {
		if op.Get("operation") != task || source != "" && op.Get("migrate_source") != source {
			continue
		}
		if best == nil || atoi(op.Get("call-id"), 0) > atoi(best.Get("call-id"), 0) {
			best = op
		}
	}
	return best
}

// stopAfter tells whether a node stopped the resource after an operation.
func (p *planner) stopAfter(r *rsc, n *node, call int64) bool {
	op := p.opIn(r, n, "stop", "")
	return op != nil && int64(atoi(op.Get("call-id"), 0)) > call && atoi(op.Get("op-status"), 0) == execDone
}

// historyAfter tells whether a node knows of something newer than an interrupted migration there.
func (p *planner) historyAfter(r *rsc, n *node, from *cib.Elem) bool {
	base := int64(-1)
	if from != nil {
		base = int64(atoi(from.Get("call-id"), 0))
	}
	for _, task := range []string{"stop", "monitor", "start"} {
		if op := p.opIn(r, n, task, ""); op != nil && from != nil && int64(atoi(op.Get("call-id"), 0)) > base {
			return true
		}
	}
	return false
}

// migrateToFailed: the resource is still at the source, and perhaps at the target too.
func (p *planner) migrateToFailed(h *history) {
	r := h.r
	r.role = roleStarted
	dst := p.nodeByName(h.elem.Get("migrate_target"))
	src := p.nodeByName(h.elem.Get("migrate_source"))
	if dst == nil || src == nil {
		return
	}
	stop := p.opIn(r, dst, "stop", "")
	from := p.opIn(r, dst, "migrate_from", src.name)
	switch {
	case from != nil && (stop == nil || atoi(stop.Get("call-id"), 0) < atoi(from.Get("call-id"), 0)):
		if dst.online {
			p.addRunning(r, dst, false)
		}
	case from == nil && !p.knownInactive(r, dst, h):
		if dst.online {
			p.addRunning(r, dst, false)
		}
	}
}

// knownInactive tells whether a later probe or stop says that the resource is not on a node.
func (p *planner) knownInactive(r *rsc, n *node, h *history) bool {
	if op := p.opIn(r, n, "monitor", ""); op != nil && atoi(op.Get("rc-code"), 0) == 7 && int64(atoi(op.Get("last-rc-change"), 0)) >= h.changed {
		return true
	}
	op := p.opIn(r, n, "stop", "")
	return op != nil && int64(atoi(op.Get("last-rc-change"), 0)) >= h.changed
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
	stop := p.opIn(r, src, "stop", "")
	if stop == nil || to != nil && atoi(stop.Get("call-id"), 0) < atoi(to.Get("call-id"), 0) {
		if src.online {
			p.addRunning(r, src, false)
		} else if to != nil {
			r.dangling = append(r.dangling, src)
		}
	}
}
