package sched

import "mainstay/cib"

// heedColocations lets r's colocations count: those that must be kept first,
// so that the others cannot stand in their way.
func (p *planner) heedColocations(r *rsc, stopIfFail bool) {
	this, with := p.thisWith(r), p.withThis(r)
	for _, mandatory := range []bool{true, false} {
		for _, c := range this {
			if c.mandatory() == mandatory {
				p.followPrimary(r, c, stopIfFail)
			}
		}
		for _, c := range with {
			if c.mandatory() == mandatory {
				p.addDependent(r, c, false)
			}
		}
	}
}

// mandatory tells whether a colocation must be kept.
func (c *coloc) mandatory() bool { return c.score >= cib.Infinity || c.score <= -cib.Infinity }

// followPrimary lets what r must be with (or apart from) be placed first, and
// its place count for r.
func (p *planner) followPrimary(r *rsc, c *coloc, stopIfFail bool) {
	var saved []cand
	if c.depRole >= rolePromoted || c.score < 0 && c.score > -cib.Infinity {
		saved = p.takeTable(r.allowed)
	}
	if c.explicit && c.prim.assigning && c.prim.kind == primitive {
		p.warn(c.id, "the colocation of "+c.dep.id+" with "+c.prim.id+" closes a loop, which is broken here", "remove one colocation of the loop")
	}
	if c.prim.unassigned {
		p.place(c.prim, nil, stopIfFail)
	}
	p.applyColoc(r, c.prim, c, true)
	if saved != nil && !p.anyNode(r.allowed) {
		r.allowed, saved = saved, r.allowed
	}
	if saved != nil {
		p.giveTable(saved)
	}
}

// addDependent adds the scores of one dependent to r's table. nonNeg: what is
// forbidden to the dependent is not forbidden to r.
func (p *planner) addDependent(r *rsc, c *coloc, nonNeg bool) {
	if !c.influences(nil) {
		return
	}
	r.allowed = p.merge(r.allowed, c.dep, r, c, float64(c.score)/cib.Infinity, mergeFlags{active: true, nonNeg: nonNeg})
}

// takeTable is a table for as many nodes as there are: a copy of one, or empty.
func (p *planner) takeTable(of []cand) []cand {
	if n := len(p.tables); n > 0 {
		t := p.tables[n-1]
		p.tables = p.tables[:n-1]
		if cap(t) >= len(p.nodes) {
			t = append(t[:0], of...)
			if of == nil {
				t = t[:len(p.nodes)]
				clear(t)
			}
			return t
		}
	}
	if of == nil {
		return make([]cand, len(p.nodes))
	}
	return append(make([]cand, 0, len(p.nodes)), of...)
}

// giveTable gives back a table that only its taker knew.
func (p *planner) giveTable(t []cand) { p.tables = append(p.tables, t) }

// merge is addScores to a table that only the caller knows, and that it gives away.
func (p *planner) merge(t []cand, source, target *rsc, c *coloc, factor float64, f mergeFlags) []cand {
	sum := p.addScores(source, target, t, c, factor, f)
	if len(t) > 0 && &sum[0] != &t[0] {
		p.giveTable(t)
	}
	return sum
}

// anyNode tells whether a table has a node that can run something.
func (p *planner) anyNode(t []cand) bool {
	for i := range t {
		if t[i].ok && t[i].score >= 0 && p.nodes[i].available() {
			return true
		}
	}
	return false
}

// applyColoc lets the place of a primary count for a dependent.
func (p *planner) applyColoc(dep, prim *rsc, c *coloc, forDep bool) {
	if forDep {
		switch dep.kind {
		case group:
			p.groupFollows(dep, prim, c)
			return
		case clone, bundle:
			return // instances follow one by one
		}
		p.applyColoc(dep, prim, c, false)
		return
	}
	switch prim.kind {
	case group:
		p.followGroup(dep, prim, c)
	case clone:
		p.followClone(dep, prim, c)
	case bundle:
		p.followBundle(dep, prim, c)
	default:
		switch p.affects(dep, prim, c) {
		case affectsRole:
			p.colocPriority(dep, prim, c)
		case affectsPlace:
			p.colocScores(dep, prim, c)
		}
	}
}

type effect int

const (
	affectsNothing effect = iota
	affectsPlace
	affectsRole
)

// affects tells what a colocation still can change for its dependent.
func (p *planner) affects(dep, prim *rsc, c *coloc) effect {
	if prim.unassigned {
		return affectsNothing
	}
	dr, pr := roleRsc(dep), roleRsc(prim)
	if c.depRole >= roleUnpromoted && dr.parent != nil && dr.parent.promotable && !dr.unassigned {
		return affectsRole
	}
	if !dep.unassigned {
		return affectsNothing
	}
	if c.depRole != roleUnknown && c.depRole != dr.nextRole {
		return affectsNothing
	}
	if c.primRole != roleUnknown && c.primRole != pr.nextRole {
		return affectsNothing
	}
	return affectsPlace
}

// roleRsc is the resource whose role counts: inside of a bundle's container, what it contains.
func roleRsc(r *rsc) *rsc {
	if r.replicaContainer && r.parent != nil && r.parent.bundle != nil {
		for _, rep := range r.parent.bundle.replicas {
			if rep.container == r && rep.child != nil {
				return rep.child
			}
		}
	}
	return r
}

// colocAttr is the node attribute by which a colocation compares nodes.
func (p *planner) colocAttr(n *node, c *coloc, r *rsc) string {
	if n == nil {
		return ""
	}
	n = hostFor(r, n)
	if c.attr == "#uname" {
		return n.name
	}
	if h, ok := p.attrHost(r, n); ok {
		if h == nil {
			return ""
		}
		n = h
	}
	return n.attrs[c.attr]
}

// hostFor is the node that counts when something is colocated with what runs
// inside of a bundle's container: nothing else can be there, so it is the host.
func hostFor(r *rsc, n *node) *node {
	if r != nil && n.bundled && n.remoteRsc != nil && r.bundled() && !r.replicaPart() {
		if h := n.remoteRsc.container.assignedTo; h != nil {
			return h
		}
	}
	return n
}

// colocPriority lets a colocation of roles count for the dependent's promotion.
func (p *planner) colocPriority(dep, prim *rsc, c *coloc) {
	dn := placedOn(dep)
	if dn == nil {
		return
	}
	sign := 1
	if prim.assignedTo == nil || p.colocAttr(dn, c, dep) != p.colocAttr(prim.assignedTo, c, prim) {
		if c.score >= cib.Infinity && c.depRole == rolePromoted {
			dep.priority = -cib.Infinity
		}
		return
	}
	if c.primRole != roleUnknown && c.primRole != roleRsc(prim).nextRole {
		return
	}
	if c.depRole == roleUnpromoted {
		sign = -1
	}
	dep.priority = cib.AddScores(sign*c.score, dep.priority)
	if dep.parent.kind == group {
		dep.prio0 = dep.priority // its own, not its wish to be promoted
	}
}

// colocScores changes the dependent's table by where the primary is.
func (p *planner) colocScores(dep, prim *rsc, c *coloc) {
	at := prim.assignedTo
	if at == nil && c.score < 0 {
		return
	}
	value := p.colocAttr(at, c, prim)
	work := p.takeTable(dep.allowed)
	for i, n := range p.nodes {
		if !work[i].ok {
			continue
		}
		switch {
		case at == nil:
			work[i].score = cib.AddScores(-c.score, work[i].score)
		case p.colocAttr(n, c, dep) == value:
			if c.score < cib.Infinity {
				work[i].score = cib.AddScores(c.score, work[i].score)
			}
		case c.score >= cib.Infinity:
			work[i].score = cib.AddScores(-c.score, work[i].score)
		}
	}
	if c.score <= -cib.Infinity || c.score >= cib.Infinity || p.anyNode(work) {
		p.colocReasons(dep, work, c)
		work, dep.allowed = dep.allowed, work
	}
	p.giveTable(work)
}

func (p *planner) colocReasons(dep *rsc, work []cand, c *coloc) {
	if !p.in.Options.Reasons {
		return
	}
	for i := range work {
		if d := work[i].score - dep.allowed[i].score; d != 0 {
			if work[i].score <= -cib.Infinity {
				d = -cib.Infinity
			}
			p.reason(dep, p.nodes[i], CauseColocation, c.id, d, "with "+c.prim.id)
		}
	}
}

// groupFollows lets a primary's place count for a group: for its first member.
func (p *planner) groupFollows(dep, prim *rsc, c *coloc) {
	if len(dep.kids) == 0 {
		return
	}
	if dep.group.colocated {
		p.applyColoc(dep.kids[0], prim, c, true)
		return
	}
	if c.score >= cib.Infinity {
		p.warn(c.id, "a group whose members are not colocated cannot be colocated with INFINITY", "use a finite score")
		return
	}
	for _, m := range dep.kids {
		p.applyColoc(m, prim, c, true)
	}
}

// followGroup lets a group's place count: with INFINITY that of its last member, else of its first.
func (p *planner) followGroup(dep, prim *rsc, c *coloc) {
	if prim.unassigned || len(prim.kids) == 0 {
		return
	}
	if prim.group.colocated {
		m := prim.kids[0]
		if c.score >= cib.Infinity {
			m = prim.kids[len(prim.kids)-1]
		}
		p.applyColoc(dep, m, c, false)
		return
	}
	if c.score >= cib.Infinity {
		p.warn(c.id, "nothing can be colocated with INFINITY with a group whose members are not colocated", "use a finite score")
		return
	}
	for _, m := range prim.kids {
		p.applyColoc(dep, m, c, false)
	}
}

// mergeFlags say how scores are merged.
type mergeFlags struct {
	active  bool // undo if no node is left
	nonNeg  bool // never make a node impossible
	forward bool // follow the colocations of this with others
}

// hackScore marks, while merging, a node that would have become negative.
const hackScore = cib.Infinity * -666

// addScores adds what source (and what is colocated with it, and so on) thinks
// of the nodes to a table of target, weighted by factor, and returns the new table.
func (p *planner) addScores(source, target *rsc, table []cand, c *coloc, factor float64, f mergeFlags) []cand {
	if source.merging {
		return table
	}
	switch source.kind {
	case group:
		return p.addGroupScores(source, target, table, c, factor, f)
	case bundle:
		return table
	}
	source.merging = true
	defer func() { source.merging = false }()
	var work []cand
	if table == nil {
		work = p.takeTable(source.allowed)
	} else {
		work = p.takeTable(table)
		p.addMatching(work, source, target, c, factor, f.nonNeg)
	}
	if !p.anyNode(work) {
		if f.active {
			p.giveTable(work)
			return table
		}
	} else {
		list := p.withThis(source)
		if f.forward {
			list = p.thisWith(source)
		}
		work = p.addOnward(source, target, work, list, factor, f)
	}
	return unhack(work, f.nonNeg)
}

func (p *planner) addOnward(source, target *rsc, work []cand, list []*coloc, factor float64, f mergeFlags) []cand {
	on := f
	on.active = true
	for _, x := range list {
		other := x.dep
		if f.forward {
			other = x.prim
		} else if !x.influences(nil) {
			continue
		}
		work = p.merge(work, other, target, x, factor*float64(x.score)/cib.Infinity, on)
	}
	return work
}

func unhack(work []cand, nonNeg bool) []cand {
	if nonNeg {
		for i := range work {
			if work[i].score == hackScore {
				work[i].score = 1
			}
		}
	}
	return work
}

// addGroupScores does the same for a group: its first member speaks for it,
// since the others follow that one; without a table, its last.
func (p *planner) addGroupScores(source, target *rsc, table []cand, c *coloc, factor float64, f mergeFlags) []cand {
	if len(source.kids) == 0 {
		return table
	}
	source.merging = true
	defer func() { source.merging = false }()
	m := source.kids[0]
	if table == nil {
		m = source.kids[len(source.kids)-1]
	}
	return p.addScores(m, target, table, c, factor, f)
}

// addMatching adds, to each node, the best score that source gives to a node
// with the same value of the colocation's attribute.
func (p *planner) addMatching(work []cand, source, target *rsc, c *coloc, factor float64, nonNeg bool) {
	table := p.tableWithGroup(source, c)
	for i, n := range p.nodes {
		if !work[i].ok {
			continue
		}
		score := p.bestMatching(source, table, target, n, c)
		if factor < 0 && score < 0 && !p.makesRoom(c, score) {
			continue
		}
		if work[i].score == hackScore {
			continue
		}
		f := factor * float64(score)
		var delta int
		if f < 0 {
			delta = int(f - 0.5)
		} else {
			delta = int(f + 0.5)
		}
		if delta == 0 && score != 0 {
			if factor > 0 {
				delta = 1
			} else if factor < 0 {
				delta = -1
			}
		}
		sum := cib.AddScores(clampScore(delta), work[i].score)
		switch {
		case nonNeg && sum < 0 && work[i].score > 0:
			work[i].score = hackScore
		case nonNeg && sum < 0 && work[i].score == 0:
		default:
			work[i].score = sum
		}
	}
}

// makesRoom tells whether a primary should go where the dependent that must be
// apart from it cannot be: only if the dependent has but one place left, and the
// primary does not insist on its own. Otherwise it would move for nothing.
func (p *planner) makesRoom(c *coloc, score int) bool {
	if c.prim.stickiness >= -score || !c.influences(nil) {
		return false
	}
	places := 0
	for i, n := range p.nodes {
		if cd := c.dep.allowed[i]; cd.ok && cd.score >= 0 && n.available() {
			places++
		}
	}
	return places == 1
}

func clampScore(n int) int { return max(-cib.Infinity, min(cib.Infinity, n)) }

// tableWithGroup is a resource's score table. If it is itself configured to be
// with others, and a later member of a group, then the group's own preferences
// are added, which only the first member's table has.
func (p *planner) tableWithGroup(r *rsc, c *coloc) []cand {
	g := r.parent
	if c == nil || !c.explicit || c.dep != r || g == nil || g.kind != group || g.kids[0] == r || len(g.locs) == 0 {
		return r.allowed
	}
	t := append([]cand(nil), r.allowed...)
	for _, l := range g.locs {
		if l.role > roleStarted {
			continue
		}
		for _, a := range l.at {
			t[a.n.idx] = cand{ok: true, score: cib.AddScores(t[a.n.idx].score, a.score)}
		}
	}
	return t
}

// bestMatching is the best score in source's table among the nodes that are
// like n to the colocation. What a bundle as a whole must be with was heeded
// when its containers were placed: for the instances inside it says nothing.
func (p *planner) bestMatching(source *rsc, table []cand, target *rsc, n *node, c *coloc) int {
	if c == nil || c.attr == "#uname" {
		if c == nil || source == c.dep || c.depRole >= rolePromoted {
			n = hostFor(target, n)
		}
		if cd := table[n.idx]; cd.ok && n.available() {
			return cd.score
		}
		return -cib.Infinity
	}
	want := p.colocAttr(n, c, target)
	best := -cib.Infinity
	for i, m := range p.nodes {
		if cd := table[i]; cd.ok && cd.score > best && m.available() && p.colocAttr(m, c, source) == want {
			best = cd.score
		}
	}
	return best
}
