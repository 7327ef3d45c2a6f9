package sched

import "mainstay/cib"

// placeBundle places a bundle's containers, then what belongs to each, then
// what runs inside of them.
func (p *planner) placeBundle(r *rsc, stopIfFail bool) *node {
	if r.assigning {
		return nil
	}
	r.assigning = true
	p.showScores(r, "pcmk__bundle_assign")
	conts := r.bundle.containers()
	mergeSort(conts, p.cmpInstance)
	p.placeInstances(r, conts, len(r.bundle.replicas), r.bundle.perHost)
	for _, rep := range r.bundle.replicas {
		p.placeReplica(rep, stopIfFail)
	}
	if c := r.bundle.child; c != nil {
		for i, n := range p.nodes {
			if !c.allowed[i].ok {
				continue
			}
			c.allowed[i].score = -cib.Infinity
			if r.hasGuest(n) {
				c.allowed[i].score = 0
			}
		}
		p.place(c, nil, stopIfFail)
	}
	r.unassigned, r.assigning = false, false
	return nil
}

// hasGuest tells whether a node is one of a bundle's guests.
func (r *rsc) hasGuest(n *node) bool {
	for _, rep := range r.bundle.replicas {
		if rep.node != nil && rep.node == n {
			return true
		}
	}
	return false
}

// placeReplica places what goes with a container.
func (p *planner) placeReplica(rep *replica, stopIfFail bool) {
	host := rep.container.assignedTo
	if rep.ip != nil {
		p.place(rep.ip, nil, stopIfFail)
	}
	if rep.remote != nil {
		if host != nil && host.isRemote() && host.remoteRsc != nil {
			// A container on a remote node: its connection goes out from the
			// member that holds the remote node's connection.
			p.addColoc(&coloc{id: "#replica-remote-with-host-remote", dep: rep.remote, prim: host.remoteRsc, score: cib.Infinity, influence: true})
			rep.remote.thisWithDone, host.remoteRsc.withThisDone = false, false
		}
		p.place(rep.remote, nil, stopIfFail)
	}
	if rep.child == nil {
		return
	}
	for i, n := range p.nodes {
		c := &rep.child.allowed[i]
		switch {
		case !c.ok:
		case n != rep.node:
			c.score = -cib.Infinity
		default:
			if count, _ := p.failCount(rep.child, n, true, true); count <= 0 || rep.child.threshold == 0 || count < rep.child.threshold {
				c.score = cib.Infinity
			}
		}
	}
	rep.child.parent.assigning = true
	p.place(rep.child, rep.node, stopIfFail)
	rep.child.parent.assigning = false
}

// followBundle lets the places of a bundle's containers count for a dependent.
func (p *planner) followBundle(dep, prim *rsc, c *coloc) {
	if prim.unassigned {
		return
	}
	if c.dep.kind >= clone {
		if inst := p.compatible(dep, prim, roleUnknown, false); inst != nil {
			p.applyColoc(dep, inst, c, true)
		} else if c.score >= cib.Infinity {
			p.assign(dep, nil, true, true)
		}
		return
	}
	var at []*node
	for _, rep := range prim.bundle.replicas {
		if c.score < cib.Infinity {
			p.applyColoc(dep, rep.container, c, false)
			continue
		}
		host := rep.container.assignedTo
		if host == nil || rep.container.block {
			continue
		}
		if c.primRole >= rolePromoted && (rep.child == nil || rep.child.nextRole < rolePromoted) {
			continue
		}
		at = append(at, host)
	}
	if c.score >= cib.Infinity {
		p.intersect(dep, prim, c, at, nil)
	}
}

// bundleHost is the node on which a container would have to be to be with
// something on a node: that of a guest inside of a container is its host.
func bundleHost(b *rsc, n *node) *node {
	if b.kind == bundle && n != nil && n.bundled && n.remoteRsc != nil {
		if h := n.remoteRsc.container.assignedTo; h != nil {
			return h
		}
	}
	return n
}

// createBundle makes the actions of the replicas and the bundle's milestones.
func (p *planner) createBundle(r *rsc) {
	var s instState
	for _, rep := range r.bundle.replicas {
		for _, x := range []*rsc{rep.ip, rep.container, rep.remote} {
			if x != nil {
				p.create(x)
			}
		}
	}
	for _, c := range r.bundle.containers() {
		s.add(c)
	}
	p.collectiveMilestones(r, s)
	c := r.bundle.child
	if c == nil {
		return
	}
	p.create(c)
	if !c.promotable {
		return
	}
	for _, t := range []string{"promote", "promoted", "demote", "demoted"} {
		a := p.pseudoAct(r, t, true, true)
		if t == "promoted" || t == "demoted" {
			a.priority = infinity
		}
	}
}

// probeBundle probes the parts of every replica. With one replica on a host,
// no container starts before it is known that no other one is there.
func (p *planner) probeBundle(r *rsc, n *node) bool {
	any := false
	for _, rep := range r.bundle.replicas {
		if rep.ip != nil {
			any = p.probe(rep.ip, n) || any
		}
		if rep.child != nil && rep.node == n {
			any = p.probe(rep.child, n) || any
		}
		if p.probe(rep.container, n) {
			any = true
			p.startsAfterProbe(r, rep)
		}
		if rep.remote != nil && p.probe(rep.remote, n) {
			any = true
			if a := actOn(rep.remote, "monitor", n); a != nil {
				c := rep.container
				p.addOrder(order{firstR: c, firstTask: "start", thenR: rep.remote, then: a, kind: ordNestedProbe})
			}
		}
	}
	return any
}

// startsAfterProbe orders the other containers' starts after a container's probe.
func (p *planner) startsAfterProbe(r *rsc, rep *replica) {
	if r.bundle.perHost != 1 {
		return
	}
	c := rep.container
	for _, o := range r.bundle.replicas {
		if o != rep {
			p.addOrder(order{firstR: c, firstTask: "monitor",
				thenR: o.container, thenTask: "start", kind: ordOptional | ordSameNode})
		}
	}
}

// implyBundle adds what a bundle implies: the order of bundle, containers and
// what runs inside; address and container together.
func (p *planner) implyBundle(r *rsc) {
	if c := r.bundle.child; c != nil {
		p.orderTasks(r, "start", c, "start", ordShowFirst)
		p.orderTasks(r, "stop", c, "stop", ordShowFirst)
		p.orderTasks(c, "running", r, "running", ordShowThen)
		p.orderTasks(c, "stopped", r, "stopped", ordShowThen)
	}
	for _, rep := range r.bundle.replicas {
		c := rep.container
		p.imply(c)
		p.orderTasks(r, "start", c, "start", ordUnrunnable|ordShowFirst)
		if rep.child != nil {
			p.orderTasks(r, "stop", rep.child, "stop", ordShowFirst)
		}
		p.orderTasks(r, "stop", c, "stop", ordShowFirst)
		p.orderTasks(c, "start", r, "running", ordShowThen)
		p.orderTasks(c, "stop", r, "stopped", ordShowThen)
		if rep.ip != nil {
			p.imply(rep.ip)
			p.orderTasks(rep.ip, "start", c, "start", ordUnrunnable|ordGuest)
			p.orderTasks(c, "stop", rep.ip, "stop", ordImpliesFirst|ordGuest)
			p.addColoc(&coloc{id: "#ip-with-container", dep: rep.ip, prim: c, score: cib.Infinity, influence: true})
		}
		if rep.remote != nil {
			p.imply(rep.remote)
		}
	}
	if c := r.bundle.child; c != nil {
		p.imply(c)
		if c.promotable {
			p.implyBundlePromotion(r, c)
		}
	}
}

// implyBundlePromotion orders the bundle's roles with those of what runs inside.
func (p *planner) implyBundlePromotion(r, c *rsc) {
	p.orderTasks(r, "promote", c, "promote", ordShowFirst)
	p.orderTasks(c, "promoted", r, "promoted", ordShowThen)
	p.orderTasks(r, "demote", c, "demote", ordShowFirst)
	p.orderTasks(c, "demoted", r, "demoted", ordShowThen)
	p.orderTasks(r, "stopped", r, "start", ordOptional)
	p.orderTasks(r, "stopped", r, "promote", ordOptional)
	p.orderTasks(r, "demoted", r, "stop", ordOptional)
	p.orderTasks(r, "demoted", r, "start", ordOptional)
	p.orderTasks(r, "demoted", r, "promote", ordOptional)
	p.orderTasks(r, "running", r, "promote", ordOptional)
	p.orderTasks(r, "demote", r, "demoted", ordOptional)
}

// flagInstances are the instances whose actions make up a collection's: roles
// are a matter of what runs inside of a bundle, the rest of its containers.
func (p *planner) flagInstances(r *rsc, task string) []*rsc {
	if r.kind == bundle && r.bundle.child != nil {
		switch task {
		case "promote", "promoted", "demote", "demoted", "notify", "notified":
			return r.bundle.child.kids
		}
	}
	return p.instancesOf(r)
}

// locateBundle adds a preference of a bundle to its containers and addresses,
// and one for a role to what runs inside.
func (p *planner) locateBundle(r *rsc, l *location, zero bool) {
	for _, rep := range r.bundle.replicas {
		p.applyLocation(rep.container, l, zero)
		if rep.ip != nil {
			p.applyLocation(rep.ip, l, zero)
		}
	}
}

// replicaKids lists what a bundle's summary tells of, replica by replica.
func (r *rsc) replicaKids() []*rsc {
	var out []*rsc
	for _, rep := range r.bundle.replicas {
		for _, x := range []*rsc{rep.ip, rep.container, rep.remote, rep.child} {
			if x != nil {
				out = append(out, x)
			}
		}
	}
	return out
}
