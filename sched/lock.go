package sched

import "mainstay/cib"

// newLock locks what a node that is shutting down cleanly runs alone to that node (shutdown-lock).
func (p *planner) newLock(r *rsc) {
	if r.kind == clone || r.kind == bundle {
		return
	}
	if r.kind == group {
		for _, k := range r.kids {
			p.newLock(k)
		}
		return
	}
	if r.lockNode != nil || len(r.runningOn) != 1 || r.fenceDevice || r.remoteNode != nil {
		return
	}
	n := r.runningOn[0]
	if !n.shutdown || n.unclean || n.isRemote() {
		return
	}
	r.lockNode, r.lockTime = n, p.now.Unix()
	p.holdLock(r)
}

// applyLock holds or ends a lock that the history names.
func (p *planner) applyLock(r *rsc) {
	n := r.lockNode
	switch {
	case len(r.runningOn) > 0 && !(len(r.runningOn) == 1 && r.runningOn[0] == n && n.shutdown):
		p.clearLock(r)
		return
	case r.isOn(n) && !n.shutdown, n.unclean:
		p.clearLock(r)
		return
	}
	p.holdLock(r)
}

func (p *planner) clearLock(r *rsc) {
	if r.lockNode != nil {
		p.clearHistory(r, r.lockNode)
	}
	r.lockNode, r.lockTime = nil, 0
}

// holdLock bans a locked resource from every other node.
func (p *planner) holdLock(r *rsc) {
	if limit := int64(p.opt.shutdownLockLimit.Seconds()); limit > 0 {
		p.recheckAt(r.lockTime + limit)
	}
	for _, n := range p.nodes {
		if n != r.lockNode {
			p.scoreNow(r, n, -cib.Infinity, CauseShutdown, "shutdown-lock")
		}
	}
}

// forgetRemoved clears the fail counts of resources that are no longer configured.
func (p *planner) forgetRemoved() {
	for _, r := range p.all {
		if r.kind != primitive || !r.removed || r.parent != nil {
			continue // an extra instance shares its counts with the others
		}
		for _, n := range p.nodes {
			if c, _ := p.failCount(r, n, false, false); c == 0 || !n.online {
				continue
			}
			a := p.clearFailCount(r, n, "it is orphaned")
			p.addOrder(order{first: a, firstR: r, thenR: r, thenTask: "stop", kind: ordOptional})
		}
	}
}
