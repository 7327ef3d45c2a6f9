package sched

import (
	"slices"
	"sort"
	"strings"

	"mainstay/cib"
)

// placeAll gives every resource a node: the connections of remote nodes first,
// since other resources may run there, then by priority or need of capacity.
func (p *planner) placeAll() {
	order := append([]*rsc(nil), p.top...)
	if p.opt.placement != "default" {
		sort.SliceStable(order, func(i, j int) bool { return order[i].priority > order[j].priority })
	}
	p.showCapacities("Original")
	if p.opt.placement != "default" {
		p.sortByNeed(order)
		p.top = order
	}
	if p.haveRemote {
		for _, r := range order {
			if r.remoteNode != nil && r.kind == primitive {
				p.place(r, r.partialTo, true)
			}
		}
	}
	if p.trace != nil {
		p.placeTurns()
	} else {
		for _, r := range order {
			p.place(r, nil, true)
		}
	}
	p.showCapacities("Remaining")
}

// place gives a resource a node, and what is inside of it; prefer is tried
// first. stopIfFail: without a node, its next role is stopped.
func (p *planner) place(r *rsc, prefer *node, stopIfFail bool) *node {
	if !r.unassigned {
		if r.kind == bundle && !r.assigning {
			p.showScores(r, "pcmk__bundle_assign") // it is looked at again
		}
		return r.assignedTo
	}
	switch r.kind {
	case group:
		return p.placeGroup(r, prefer, stopIfFail)
	case clone:
		return p.placeClone(r, stopIfFail)
	case bundle:
		return p.placeBundle(r, stopIfFail)
	}
	return p.placePrimitive(r, prefer, stopIfFail)
}

func (p *planner) placePrimitive(r *rsc, prefer *node, stopIfFail bool) *node {
	if up := r.parent; up != nil && up.unassigned && !up.assigning {
		p.place(up, prefer, stopIfFail)
		if !r.unassigned {
			return r.assignedTo
		}
	}
	if r.assigning {
		return nil // a loop of colocations: it is broken here
	}
	r.assigning = true
	p.heedColocations(r, stopIfFail)
	if r.nextRole == roleStopped {
		p.banNow(r, CauseTarget, "target-role")
	} else if r.nextRole > r.role && !p.quorate && p.opt.noQuorum == "freeze" {
		r.nextRole = r.role
	}
	p.showScores(r, "pcmk__primitive_assign")
	r.assigning = false
	if p.opt.fencing && !p.haveFencing {
		// Nothing may start that could turn out to run elsewhere, too, with no means
		// to end it there ("Pacemaker Explained", stonith-enabled).
		p.reason(r, nil, CauseUnmanaged, "stonith-enabled", 0, "fencing is enabled, and there is no fence device")
		r.managed = false
	}
	switch {
	case !r.managed:
		var stay *node
		r.nextRole = r.role
		if len(r.runningOn) > 0 {
			stay = r.runningOn[0]
		}
		p.assign(r, stay, true, stopIfFail)
	case p.opt.stopAll:
		p.reason(r, nil, CauseTarget, "stop-all-resources", 0, "")
		p.assign(r, nil, true, stopIfFail)
	default:
		p.assign(r, p.choose(r, prefer), false, stopIfFail)
	}
	if r.remoteNode != nil {
		p.connectionPlaced(r)
	}
	return r.assignedTo
}

// connectionPlaced: whether a remote node will be up follows from its connection.
func (p *planner) connectionPlaced(r *rsc) {
	n := r.remoteNode
	if r.assignedTo != nil && r.nextRole != roleStopped {
		n.online = true
		if n.unseen {
			n.unclean = false // a connection will be tried: no need to fence
		}
		return
	}
	n.shutdown = true
}

// choose picks the best node for a primitive, or nil.
func (p *planner) choose(r *rsc, prefer *node) *node {
	p.banTooSmall(r)
	best := p.bestNode(r)
	if prefer != nil {
		c := r.allowed[prefer.idx]
		if c.ok && c.score >= 0 && best != nil && c.score >= r.allowed[best.idx].score && prefer.available() {
			return prefer
		}
	}
	if best == nil {
		return nil
	}
	bestScore := r.allowed[best.idx].score
	if up := r.parent; up != nil && up.kind == clone && up.unique || bestScore <= 0 || !best.available() {
		return best
	}
	if cur := p.currentNode(r); cur != nil && p.canRun(r, cur, true, false) && r.allowed[cur.idx].score == bestScore {
		return cur
	}
	return best
}

// canRun tells whether a resource may be placed on a node.
func (p *planner) canRun(r *rsc, n *node, withScore, withGuest bool) bool {
	if !n.available() {
		return false
	}
	if withScore {
		if c := r.allowed[n.idx]; !c.ok || c.score < 0 {
			return false
		}
	}
	return !withGuest || p.guestCanRun(n)
}

// guestCanRun tells whether the host that a guest node will run on is there.
func (p *planner) guestCanRun(n *node) bool {
	if !n.isGuest() || n.remoteRsc == nil || n.remoteRsc.container == nil {
		return true
	}
	c := n.remoteRsc.container
	if c.unassigned {
		return true
	}
	return c.assignedTo != nil && c.assignedTo.available()
}

// bestNode is the first of sortNodes. Free capacity, of which there are several
// kinds, does not put nodes into one order: there the way of sorting counts.
func (p *planner) bestNode(r *rsc) *node {
	active := p.currentNode(r)
	if p.opt.placement == "balanced" {
		if order := p.sortNodes(r, active); len(order) > 0 {
			return order[0]
		}
		return nil
	}
	var best *node
	for _, n := range p.nodes {
		if r.allowed[n.idx].ok && (best == nil || p.betterNode(r, n, best, active) < 0) {
			best = n
		}
	}
	return best
}

// sortNodes lists the nodes of a resource's table, best first.
func (p *planner) sortNodes(r *rsc, active *node) []*node {
	out := make([]*node, 0, len(p.nodes))
	for _, n := range p.nodes {
		if r.allowed[n.idx].ok {
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, func(a, b *node) int { return p.betterNode(r, a, b, active) })
	return out
}

// betterNode compares two nodes for a resource: score, free capacity, load, name.
func (p *planner) betterNode(r *rsc, a, b, active *node) int {
	sa, sb := -cib.Infinity, -cib.Infinity
	if a.available() {
		sa = r.allowed[a.idx].score
	}
	if b.available() {
		sb = r.allowed[b.idx].score
	}
	switch {
	case sa != sb:
		return sb - sa
	}
	if p.opt.placement == "minimal" {
		return strings.Compare(a.name, b.name)
	}
	if p.opt.placement == "balanced" {
		if c := compareCapacity(a, b); c != 0 {
			return c
		}
	}
	if a.nAssigned != b.nAssigned {
		return a.nAssigned - b.nAssigned
	}
	if active != nil && a != b {
		if a == active {
			return -1
		}
		if b == active {
			return 1
		}
	}
	return strings.Compare(a.name, b.name)
}

// assign puts a resource on a node, or on none. Unless force is set, a node
// that cannot run it counts as none.
func (p *planner) assign(r *rsc, n *node, force, stopIfFail bool) {
	if r.isCollection() {
		for _, k := range r.kids {
			p.assign(k, n, force, stopIfFail)
		}
		r.unassigned = false
		return
	}
	if !force && n != nil {
		c := r.allowed[n.idx]
		if c.score < 0 || !p.canRun(r, n, false, true) && !n.isGuest() {
			if stopIfFail {
				r.nextRole = roleStopped
			}
			n = nil
		}
	}
	if !r.unassigned {
		p.unassign(r)
	}
	p.turn++
	r.unassigned = false
	if n == nil {
		if stopIfFail {
			r.nextRole = roleStopped
		}
		for _, a := range r.acts.all {
			switch {
			case a.task == "stop":
				a.optional = false
			case a.task == "start":
				a.runnable = false
			case a.interval > 0 && a.wantRC != rcStopped:
				a.runnable = false
			}
		}
		return
	}
	r.assignedTo, r.placedScore = n, r.allowed[n.idx].score
	if force { // it is there, whatever its own scores say
		r.placedScore = n.base
		if !n.online || n.shutdown {
			r.placedScore = -cib.Infinity
		}
	}
	n.assigned = append(n.assigned, r)
	n.nAssigned++
	for k, v := range r.util {
		if _, ok := n.util[k]; ok {
			n.util[k] -= v
		}
	}
	p.showUse(r, n)
}

// unassign takes a resource off the node that it was given.
func (p *planner) unassign(r *rsc) {
	if r.isCollection() {
		for _, k := range r.kids {
			p.unassign(k)
		}
		r.unassigned = true
		return
	}
	n := r.assignedTo
	p.turn++
	r.assignedTo, r.unassigned = nil, true
	if n == nil {
		return
	}
	for i, x := range n.assigned {
		if x == r {
			n.assigned = append(n.assigned[:i], n.assigned[i+1:]...)
			break
		}
	}
	n.nAssigned--
	for k, v := range r.util {
		if _, ok := n.util[k]; ok {
			n.util[k] += v
		}
	}
}

// placeGroup places the members one after the other.
func (p *planner) placeGroup(r *rsc, prefer *node, stopIfFail bool) *node {
	if r.assigning {
		return nil
	}
	if len(r.kids) == 0 {
		r.unassigned = false
		return nil
	}
	r.assigning = true
	first := r.kids[0]
	r.role = first.role
	p.showScores(r, "pcmk__group_assign")
	var where *node
	for _, m := range r.kids {
		n := p.place(m, prefer, stopIfFail)
		if where == nil {
			where = n
		}
	}
	r.nextRole = first.nextRole
	r.assigning, r.unassigned = false, false
	if !r.group.colocated {
		return nil
	}
	r.assignedTo = where
	return where
}

// showScores records the score tables of a resource and of what is inside of it for Result.Scores.
func (p *planner) showScores(r *rsc, method string) {
	if !p.in.Options.Scores {
		return
	}
	r.each(func(x *rsc) {
		if x.removed {
			return
		}
		for i, n := range p.nodes {
			if c := x.allowed[i]; c.ok {
				p.scores = append(p.scores, Score{Method: method, Resource: x.id, Node: n.name, Amount: c.score})
			}
		}
	})
}

// placedOn is where a resource will be: the one node of its primitives, nil if none or several.
func placedOn(r *rsc) *node {
	if r.kind == primitive {
		return r.assignedTo
	}
	var only *node
	for _, k := range r.kids {
		if n := placedOn(k); n != nil {
			if only != nil && only != n {
				return nil
			}
			only = n
		}
	}
	return only
}

// placedNodes lists every node on which something of a resource will be.
func placedNodes(r *rsc, dst []*node) []*node {
	if r.kind == primitive {
		if r.assignedTo != nil {
			for _, n := range dst {
				if n == r.assignedTo {
					return dst
				}
			}
			dst = append(dst, r.assignedTo)
		}
		return dst
	}
	for _, k := range r.kids {
		dst = placedNodes(k, dst)
	}
	return dst
}
