package sched

import "mainstay/status"

// probeAll looks for every resource on every node of which nothing is known.
func (p *planner) probeAll() {
	for _, n := range p.nodes {
		if !n.online && n.kind == status.Remote && n.remoteRsc != nil && p.connectionOf(n) == broken {
			p.condemn(n, "the connection is unrecoverable", false)
		}
		if !n.online || n.unclean || n.noProbes {
			continue
		}
		for _, r := range p.top {
			p.probe(r, n)
		}
	}
}

// probe makes the probe of a resource on a node if one is needed.
func (p *planner) probe(r *rsc, n *node) bool {
	switch r.kind {
	case group:
		any := false
		for _, m := range r.kids {
			any = p.probe(m, n) || any
		}
		return any
	case clone:
		return p.probeClone(r, n)
	case bundle:
		return p.probeBundle(r, n)
	}
	if !p.opt.startupProbes || r.removed || r.isKnownOn(n) {
		return false
	}
	if p.siblingKnown(r, n) {
		return false
	}
	if n.isRemote() && (r.fenceDevice || r.remoteNode != nil || len(r.fillers) > 0 && n.isGuest()) {
		return false
	}
	if r.container != nil && r.remoteNode == nil && !r.bundled() {
		return false
	}
	c := r.allowed[n.idx]
	if r.exclusive || r.uber(false).exclusive {
		if !c.ok || c.discover != discoverExclusive {
			return false
		}
	}
	if c.discover == discoverNever || !c.ok && n.bundled {
		return false // nothing but its own runs inside of a bundle's container
	}
	if n.isGuest() && p.guestSettles(r, n) {
		return false
	}
	a := p.act(r, "monitor", 0, n, false)
	a.optional = false
	p.unfenceBefore(r, n, a, ordOptional)
	a.wantRC = rcStopped
	if r.isOn(n) {
		a.wantRC = rcActive
		if r.role == rolePromoted {
			a.wantRC = rcPromoted
		}
	}
	top := r
	if u := r.uber(false); u.kind == clone {
		top = u // also that inside of a bundle
	}
	kind := ordOptional
	if !a.runnable && notActive(top) {
		kind |= ordUnrunnable
	}
	p.addOrder(order{first: a, firstR: r, thenR: top, thenTask: "start", kind: kind})
	if !a.runnable && kind&ordUnrunnable == 0 {
		p.holdInactive(top, r, a)
	}
	if top == r && r.named("reload-agent", 0) != nil { // reloads are known by now
		p.addOrder(order{first: a, firstR: r, thenR: r, thenTask: "reload-agent", kind: ordOptional})
	}
	return true
}

// holdInactive keeps the inactive instances of a clone that is active elsewhere
// from starting while one of its probes is impossible.
func (p *planner) holdInactive(clo, r *rsc, probe *action) {
	for _, k := range clo.kids {
		if clo.kind == clone && notActive(k) {
			p.addOrder(order{first: probe, firstR: r, thenR: k, thenTask: "start", kind: ordOptional | ordUnrunnable})
		}
	}
}

// guestSettles tells whether what happens to a guest node makes a probe there needless.
func (p *planner) guestSettles(r *rsc, n *node) bool {
	g := n.remoteRsc.container
	if g == nil {
		return false
	}
	top := r.uber(false)
	if g.role == roleStopped {
		// A stopped guest has nothing active: its start (and its probes) come first.
		if a := g.assignedTo; a != nil && !g.isKnownOn(a) {
			p.addOrder(order{firstR: g, firstTask: "monitor", thenR: top, thenTask: "start", kind: ordOptional})
		}
		return true
	}
	if !guestWillStop(n) {
		return false
	}
	p.orderTasks(g, "stop", top, "start", ordOptional)
	return true
}

// guestWillStop tells, before there are actions, whether a guest node's guest
// is about to stop, for good or not.
func guestWillStop(n *node) bool {
	g := n.remoteRsc.container
	return n.resetNeeded || n.unclean || g.failed || g.nextRole == roleStopped ||
		g.role > roleStopped && g.assignedTo != nil && !g.isOn(g.assignedTo)
}

// probeClone probes a unique clone instance by instance, an anonymous one by
// the instance that will be on the node, or any.
func (p *planner) probeClone(r *rsc, n *node) bool {
	if r.exclusive {
		if c := r.allowed[n.idx]; !c.ok || c.discover != discoverExclusive {
			r.allowed[n.idx].ok = false
			return false
		}
	}
	if len(r.kids) == 0 {
		return false
	}
	if r.unique {
		any := false
		for _, k := range r.kids {
			any = p.probe(k, n) || any
		}
		return any
	}
	pick := r.kids[0]
	for _, k := range r.kids {
		if placedOn(k) == n {
			pick = k
			break
		}
	}
	return p.probe(pick, n)
}

// siblingKnown tells whether another instance of an anonymous clone settles what a probe would ask.
func (p *planner) siblingKnown(r *rsc, n *node) bool {
	if !r.anonymous() {
		return false
	}
	for _, k := range r.uber(false).kids {
		if m := member(k, r.elem.ID()); m != nil && m.isKnownOn(n) {
			return true
		}
	}
	return false
}
