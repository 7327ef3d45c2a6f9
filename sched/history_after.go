package sched

import (
	"strings"

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
	if n.unclean {
		fail = failIgnore
	}
	p.applyFailure(r, n, fail)
	if r.failed && r.remoteNode != nil && r.remoteNode.unclean {
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
	if strings.Contains(r.seenAs, ":") {
		r.seenAs = "" // an inactive instance has no number of its own
	} else {
		for _, a := range r.named("stop", 0).listed() {
			if a.n == n {
				a.optional = true
			}
		}
	}
	// The end of a migration at its source does not end it at its target.
	if r.role == roleStopped && r.partialFrom == n && r.partialTo != nil && len(r.runningOn) > 0 {
		r.role = roleStarted
	}
}

// activeOnLost: something seems to be active where nobody answers.
func (p *planner) activeOnLost(r *rsc, n *node) {
	why := r.id + " is thought to be active there"
	switch {
	case n.isGuest():
		r.failed, r.stopIfFailed = true, true
	case !p.opt.fencing:
		return
	case n.kind == status.Remote && n.remoteRsc != nil && !n.remoteRsc.failed:
		n.unseen = true
		why = r.id + " is active there (fencing will be revoked if remote connection can be re-established elsewhere)"
	}
	p.condemn(n, why, false)
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
			r.failed, r.stopIfFailed = true, true
			p.stopAct(r, n, false)
		}
	case failRestartContainer:
		r.failed, r.stopIfFailed = true, true
		switch {
		case r.container != nil && r.bundled():
			p.stopLater = append(p.stopLater, r.container)
		case r.container != nil:
			p.stopAct(r.container, n, false)
		case activeHere:
			p.stopAct(r, n, false)
		}
	case failResetRemote:
		r.failed, r.stopIfFailed = true, true
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
