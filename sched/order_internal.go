package sched

import "mainstay/cib"

// impliedConstraints adds what resources imply: stops before starts, the order
// and colocation of a group's members, the milestones of clones.
func (p *planner) impliedConstraints() {
	p.eachTop(phaseImply, p.imply)
}

func (p *planner) imply(r *rsc) {
	switch r.kind {
	case group:
		p.implyGroup(r)
	case clone:
		p.implyClone(r)
	case bundle:
		p.implyBundle(r)
	default:
		p.implyPrimitive(r)
	}
}

func (p *planner) implyPrimitive(r *rsc) {
	if !r.managed {
		return
	}
	p.orderTasks(r, "stop", r, "start", ordOptional|ordImpliesThen|ordRestart)
	if r.uber(false).promotable || r.role > roleUnpromoted {
		p.orderTasks(r, "demote", r, "stop", ordPromotedImpliesFirst)
		p.orderTasks(r, "start", r, "promote", ordUnrunnable)
	}
	p.orderTasks(r, "delete", r, "monitor", ordSameNode|ordThenCancels)
	p.implyUnfencing(r)
	if p.opt.placement != "default" && len(r.util) > 0 {
		p.implyLoad(r)
	}
	if r.container != nil {
		p.implyContainer(r)
	}
	if r.fenceDevice || r.remoteNode != nil {
		p.avoidRemotes(r)
	}
}

// avoidRemotes keeps a resource off remote and guest nodes that a resource makes,
// a bundle's connection off all that are named.
func (p *planner) avoidRemotes(r *rsc) {
	r.each(func(x *rsc) {
		for i, n := range p.nodes {
			if n.isRemote() && (n.remoteRsc != nil || x.bundled()) && x.allowed[i].ok {
				x.allowed[i].score = -cib.Infinity
			}
		}
	})
}

// implyContainer ties what runs by means of another resource to it.
func (p *planner) implyContainer(r *rsc) {
	c := r.container
	if r.remoteNode != nil {
		if !r.nesting {
			p.avoidRemotes(c)
		}
		p.orderTasks(c, "monitor", r, "stop", ordOptional)
	} else if n := nodeMadeBy(c); n != nil {
		// Inside of a remote or guest node: there and nowhere else.
		for _, m := range p.nodes {
			if m != n {
				p.scoreNow(r, m, -cib.Infinity, CauseColocation, "container")
			}
		}
		return
	}
	p.orderTasks(c, "start", r, "start", ordImpliesThen|ordUnrunnable)
	p.orderTasks(r, "stop", c, "stop", ordImpliesFirst)
	score := cib.Infinity
	if r.nesting {
		score = 10000
	}
	p.addColoc(&coloc{id: "#resource-with-container", dep: r, prim: c, score: score, influence: true})
}

// nodeMadeBy is the remote or guest node that a resource makes, or nil.
func nodeMadeBy(r *rsc) *node {
	if r.remoteNode != nil {
		return r.remoteNode
	}
	for _, f := range r.fillers {
		if f.remoteNode != nil {
			return f.remoteNode
		}
	}
	return nil
}

// implyLoad makes starts wait for the stops that free capacity on the same node.
func (p *planner) implyLoad(r *rsc) {
	for _, n := range r.runningOn {
		p.addOrder(order{firstR: r, firstTask: "stop", then: p.loadStopped(n), kind: ordLoad})
	}
	for _, n := range p.nodes {
		if !r.allowed[n.idx].ok {
			continue
		}
		m := p.loadStopped(n)
		p.addOrder(order{first: m, thenR: r, thenTask: "start", kind: ordLoad})
		p.addOrder(order{first: m, thenR: r, thenTask: "migrate_to", kind: ordLoad})
	}
}

// loadStopped is the milestone that all that leaves a node has left it.
func (p *planner) loadStopped(n *node) *action {
	a := p.bare("load_stopped_" + n.name)
	a.task, a.n, a.optional = "load_stopped", n, false
	return a
}

func (p *planner) implyGroup(r *rsc) {
	p.orderTasks(r, "stopped", r, "start", ordOptional)
	p.orderTasks(r, "start", r, "running", ordUnrunnable)
	p.orderTasks(r, "stop", r, "stopped", ordUnrunnable)
	promo := r.uber(false).promotable
	var last, lastActive *rsc
	for _, m := range r.kids {
		down, downed := orderKind(0), ordShowThen
		up := ordUnrunnable | ordImpliesThen
		p.imply(m)
		if last == nil {
			if r.group.ordered {
				down |= ordOptional
				downed = ordImpliesThen
			}
		} else if r.group.colocated {
			p.addColoc(&coloc{id: "#group-members", dep: m, prim: last, score: cib.Infinity, influence: m.critical})
		}
		if promo {
			p.orderTasks(r, "demote", m, "demote", down|ordShowFirst)
			p.orderTasks(m, "demote", r, "demoted", downed)
			p.orderTasks(m, "promote", r, "promoted", up|ordShowThen)
			p.orderTasks(r, "promote", m, "promote", ordShowFirst)
		}
		p.orderTasks(r, "start", m, "start", ordShowFirst)
		p.orderTasks(r, "stop", m, "stop", down|ordShowFirst)
		p.orderTasks(m, "stop", r, "stopped", downed)
		p.orderTasks(m, "start", r, "running", up|ordShowThen)
		p.implyMember(r, m, last, lastActive, promo, up)
		if len(m.runningOn) > 0 {
			lastActive = m
		}
		last = m
	}
}

// implyMember orders a member after the one before it.
func (p *planner) implyMember(r, m, last, lastActive *rsc, promo bool, up orderKind) {
	switch {
	case !r.group.ordered:
		p.orderTasks(r, "start", m, "start", up|ordShowFirst)
		if promo {
			p.orderTasks(r, "promote", m, "promote", up|ordShowFirst)
		}
	case last != nil:
		p.orderTasks(last, "start", m, "start", up)
		p.orderTasks(m, "stop", last, "stop", ordOptional|ordRestart)
		if len(m.runningOn) > 0 && len(last.runningOn) == 0 {
			// A new member in the middle: what comes after it makes way first.
			p.orderTasks(m, "stop", last, "start", ordImpliesFirst|ordUnrunnable)
		}
		if len(m.runningOn) > 0 && len(last.runningOn) == 0 && lastActive != nil {
			p.orderTasks(m, "stop", lastActive, "stop", ordOptional)
		}
		if promo {
			p.orderTasks(last, "promote", m, "promote", up)
			p.orderTasks(m, "demote", last, "demote", ordOptional)
		}
	default:
		p.orderTasks(r, "start", m, "start", 0)
		if promo {
			p.orderTasks(r, "promote", m, "promote", 0)
		}
	}
}

func (p *planner) implyClone(r *rsc) {
	p.orderTasks(r, "stopped", r, "start", ordOptional)
	p.orderTasks(r, "start", r, "running", ordUnrunnable)
	p.orderTasks(r, "stop", r, "stopped", ordUnrunnable)
	if r.promotable {
		p.orderTasks(r, "demoted", r, "stop", ordOptional)
		p.orderTasks(r, "running", r, "promote", ordUnrunnable)
	}
	for i, k := range r.kids {
		p.imply(k)
		p.orderTasks(r, "start", k, "start", ordUnrunnable|ordShowFirst)
		p.orderTasks(k, "start", r, "running", ordShowThen)
		p.orderTasks(r, "stop", k, "stop", ordShowFirst)
		p.orderTasks(k, "stop", r, "stopped", ordShowThen)
		if r.clone.ordered {
			for _, later := range r.kids[i+1:] {
				p.orderTasks(k, "start", later, "start", ordOptional)
				p.orderTasks(later, "stop", k, "stop", ordOptional)
			}
		}
	}
	if r.promotable {
		p.implyPromotable(r)
	}
}

func (p *planner) implyPromotable(r *rsc) {
	p.orderTasks(r, "stopped", r, "promote", ordOptional)
	p.orderTasks(r, "demoted", r, "start", ordOptional)
	p.orderTasks(r, "demote", r, "demoted", ordOptional)
	p.orderTasks(r, "demoted", r, "promote", ordOptional)
	var last *rsc
	for _, k := range r.kids {
		p.orderTasks(k, "demote", k, "promote", ordOptional)
		p.orderTasks(k, "promote", r, "promoted", ordOptional|ordShowThen)
		p.orderTasks(r, "promote", k, "promote", ordOptional|ordShowFirst)
		if r.clone.ordered && last != nil {
			p.orderTasks(last, "promote", k, "promote", ordOptional)
			p.orderTasks(k, "demote", last, "demote", ordOptional)
		}
		p.orderTasks(k, "demote", r, "demoted", ordOptional|ordShowThen)
		p.orderTasks(r, "demote", k, "demote", ordOptional|ordShowFirst)
		last = k
	}
}
