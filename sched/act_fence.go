package sched

import (
	"slices"

	"mainstay/status"
)

// fenceAction finds or makes the fencing of a node. op is "", "on", "off" or "reboot".
func (p *planner) fenceAction(n *node, op string, required bool, why string, priorityDelay bool) *action {
	if op == "" {
		op = p.opt.fencingAction
	}
	key := "stonith-" + n.name + "-" + op
	a := p.unique[key]
	if a == nil {
		p.untraceable()
		a = p.addUnique(key, "stonith", n)
		a.onDC, a.isStonith = true, true
		a.setMeta("on_node", n.name)
		a.setMeta("on_node_uuid", n.id)
		a.setMeta("stonith_action", op)
		if p.haveUnfencing {
			p.unfenceDigests(n, a)
		}
	}
	if p.opt.priorityFencingDelay > 0 && (priorityDelay || a.meta["priority_fencing_delay"] != "") && op != "on" {
		p.fenceDelay(n, a)
	}
	if required && p.canFence(n) {
		a.optional = false
		a.setReason(why)
	} else if why != "" {
		a.setReason(why)
	}
	return a
}

// fenceDelay favours, in a race of two halves, the one that runs what matters
// most: the fencing of a lost member with the greatest priority waits
// (priority-fencing-delay). No delay is said to be 0, so that none of the
// device's own counts; what the priorities are shows once all histories are read.
func (p *planner) fenceDelay(n *node, a *action) {
	top, low, members, online := n.priority, n.priority, 0, 0
	for _, m := range p.nodes {
		if m.kind != status.Member {
			continue
		}
		members++
		if m.online {
			online++
		}
		top, low = max(top, m.priority), min(low, m.priority)
	}
	a.setMeta("priority_fencing_delay", "0")
	if n.kind == status.Member && !n.online && online <= members/2 && top != low && n.priority == top {
		a.setMeta("priority_fencing_delay", seconds(p.opt.priorityFencingDelay))
	}
}

// canFence tells whether the cluster is able and allowed to fence a node.
func (p *planner) canFence(n *node) bool {
	if n.isGuest() {
		if n.remoteRsc == nil || n.remoteRsc.container == nil {
			return true
		}
		if c := n.remoteRsc.container; len(c.runningOn) > 0 {
			for _, h := range c.runningOn {
				if !h.online && !p.canFence(h) {
					return false
				}
			}
		}
		return true
	}
	switch {
	case !p.opt.fencing, !p.haveFencing:
		return false
	case p.quorate, p.opt.noQuorum == "ignore":
		return true
	}
	return n.online
}

// fenceAndShutDown makes the fencing of unclean nodes and the shutdown of those that ask for it.
func (p *planner) fenceAndShutDown() {
	var dcDown *action
	var fences, downs []*action
	managed := p.manages()
	for _, n := range p.nodes {
		if n.isGuest() {
			if n.resetNeeded && managed && p.canFence(n) {
				p.fenceGuest(n)
			}
			continue
		}
		if n.unclean && managed && p.canFence(n) {
			f := p.fenceAction(n, "", true, "node is unclean", false)
			p.orderAround(f)
			if n == p.dc {
				dcDown = f
			} else {
				if len(fences) > 0 && !p.opt.concurrentFencing {
					p.order(fences[len(fences)-1], f, ordOptional) // one after the other
				}
				fences = append(fences, f)
			}
		} else if n.shutdown && n.online && n.kind == status.Member {
			d := p.shutdownAction(n)
			if n == p.dc {
				dcDown = d
			} else {
				downs = append(downs, d)
			}
		}
	}
	if dcDown == nil {
		return
	}
	if dcDown.task == "do_shutdown" {
		for _, a := range downs {
			p.order(a, dcDown, ordOptional)
		}
	}
	if !p.opt.concurrentFencing && len(fences) > 0 {
		fences = fences[len(fences)-1:] // the end of the chain
	}
	for _, a := range fences {
		p.order(a, dcDown, ordOptional)
	}
}

// manages tells whether the cluster is responsible for anything at all: with every
// resource in other hands (maintenance-mode, say) nobody is cut off for its sake.
func (p *planner) manages() bool {
	return slices.ContainsFunc(p.top, func(r *rsc) bool { return r.managed && !r.block })
}

func (p *planner) shutdownAction(n *node) *action {
	p.untraceable()
	a := p.addUnique("do_shutdown-"+n.name, "do_shutdown", n)
	a.optional, a.onDC = false, true
	a.setMeta("op_no_wait", "true")
	for _, s := range p.acts {
		if s.task != "stop" || s.r == nil || s.n != n || s.r.maintenance && !s.r.managed || !s.r.managed || s.r.block {
			continue
		}
		p.order(s, a, ordOptional|ordUnrunnable)
	}
	return a
}

// orderAround orders what concerns a fenced node with its fencing: starts of
// what was there wait for it, stops and demotes there are done by it.
func (p *planner) orderAround(f *action) {
	for _, top := range p.top {
		top.each(func(r *rsc) {
			if r.kind != primitive || !r.managed {
				return
			}
			p.startsAfterFence(r, f)
			p.stopsByFence(r, f)
		})
	}
}

func (p *planner) startsAfterFence(r *rsc, f *action) {
	for _, a := range r.acts.all {
		switch a.needs {
		case needFencing:
			p.order(f, a, ordOptional)
		case needQuorum:
			if a.task == "start" && r.allowed[f.n.idx].ok && !r.isKnownOn(f.n) {
				p.order(f, a, ordOptional|ordUnrunnable)
			}
		}
	}
}

func (p *planner) stopsByFence(r *rsc, f *action) {
	n := f.n
	guest := n.isGuest()
	top := r.uber(false)
	implied := r.needsFencing || guest
	for _, a := range r.acts.all {
		switch {
		case a.n != n:
		case a.task == "stop":
			a.pseudo, a.runnable = true, true
			if implied && !r.inBundle() {
				p.order(f, a, ordGuest)
			}
			if implied {
				if ps := top.findTask("stop"); ps != nil && top != r {
					p.order(f, ps, ordGuest)
				}
			}
			if r.notify {
				p.notifyAfterFence(a, r, f)
			}
		case a.task == "demote":
			if !n.online || n.unclean || r.failed {
				a.pseudo, a.runnable = true, true
				if implied && !r.inBundle() {
					p.order(f, a, ordGuest|ordOptional)
				}
			}
		}
	}
}

// fenceGuest recovers a guest node: a milestone after its container's stop stands for the fencing.
func (p *planner) fenceGuest(n *node) {
	c := n.remoteRsc.container
	var stop *action
	op := "off"
	if c != nil {
		stop = c.newest("stop", nil)
		if c.findTask("start") != nil {
			op = "reboot"
		}
	}
	f := p.fenceAction(n, op, true, "guest is unclean", false)
	f.optional, f.pseudo, f.runnable = false, true, true
	f.setReason("guest is unclean")
	switch {
	case stop != nil && stop.pseudo: // its host's fencing stops it
		p.order(p.fenceAction(stop.n, "", false, "", false), f, ordUnrunnable|ordImpliesThen)
	case stop != nil:
		p.order(stop, f, ordUnrunnable|ordImpliesThen)
	case c != nil:
		// The container's stop may have been lost with its host.
		if s := n.remoteRsc.findTask("stop"); s != nil {
			p.order(s, f, ordOptional)
		}
	}
	p.orderAround(f)
}
