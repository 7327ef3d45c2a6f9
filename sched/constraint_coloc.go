package sched

import (
	"sort"
	"strings"

	"mainstay/cib"
)

// coloc is one colocation: the dependent goes where the primary is, or, with a
// negative score, where it is not.
type coloc struct {
	id                string
	dep, prim         *rsc
	score             int
	attr              string // node attribute that must be equal
	depRole, primRole role
	influence         bool // the dependent's preferences count for the primary
	explicit          bool // configured, not implied by a group or bundle
}

// influences tells whether the dependent's preferences count for a resource.
func (c *coloc) influences(r *rsc) bool {
	if r == nil {
		r = c.prim
	}
	d := c.dep
	if d.nesting && !r.failed && len(r.runningOn) == 1 {
		return false // a container does not move for its connection
	}
	return c.influence || len(r.runningOn) == 0
}

// addColoc adds a colocation; one without score has no effect.
func (p *planner) addColoc(c *coloc) {
	if c.score == 0 || c.dep == nil || c.prim == nil {
		return
	}
	if c.attr == "" {
		c.attr = "#uname"
	}
	c.depRole, c.primRole = started(c.depRole), started(c.primRole)
	p.colocs = append(p.colocs, c)
	c.dep.cons = insertColoc(c.dep.cons, c, false)
	c.prim.consWith = insertColoc(c.prim.consWith, c, true)
	if c.score <= -cib.Infinity {
		p.orderApart(c.dep, c.depRole, c.prim, c.primRole)
		p.orderApart(c.prim, c.primRole, c.dep, c.depRole)
	}
}

// orderApart: of two that must never be together, one leaves a node before the other comes.
func (p *planner) orderApart(first *rsc, firstRole role, then *rsc, thenRole role) {
	leave, come := []string{"stop"}, []string{"start"}
	switch firstRole {
	case rolePromoted:
		leave = []string{"demote"}
	case roleUnpromoted:
		leave = append(leave, "promote")
	}
	switch thenRole {
	case rolePromoted:
		come = []string{"promote"}
	case roleUnpromoted:
		come = append(come, "demote")
	}
	for _, l := range leave {
		for _, c := range come {
			p.orderTasks(first, l, then, c, ordIfRequiredSameNode)
		}
	}
}

// insertColoc keeps a list in the order in which colocations count: by the
// priority of the other resource, then its kind, then its id.
func insertColoc(l []*coloc, c *coloc, byDep bool) []*coloc {
	i := sort.Search(len(l), func(i int) bool { return cmpColoc(l[i], c, byDep) > 0 })
	l = append(l, nil)
	copy(l[i+1:], l[i:])
	l[i] = c
	return l
}

func cmpColoc(a, b *coloc, byDep bool) int {
	x, y := a.prim, b.prim
	if byDep {
		x, y = a.dep, b.dep
	}
	switch {
	case x.priority != y.priority:
		return y.priority - x.priority
	case x.kind != y.kind:
		return int(y.kind - x.kind)
	case x.kind == clone && x.promotable != y.promotable:
		if x.promotable {
			return -1
		}
		return 1
	}
	return strings.Compare(x.id, y.id)
}

func (p *planner) unpackColocation(e *cib.Elem) {
	score := 0
	if v, ok := e.Lookup("score"); ok {
		score = p.scoreOf(e.ID(), v)
	}
	if sets := p.readSets(e); sets != nil {
		var last *rscSet
		for _, s := range sets {
			p.colocSet(e, s, score)
			if last != nil {
				p.colocSets(e, last, s, score)
			}
			last = s
		}
		return
	}
	if p.manifold(e.Get("rsc")) && p.manifold(e.Get("with-rsc")) {
		p.warn(e.ID(), "a colocation of one tag or template with another is ignored", "use resource sets")
		return
	}
	deps, prims := p.refs(e.ID(), e.Get("rsc")), p.refs(e.ID(), e.Get("with-rsc"))
	dr, pr := parseRole(e.Get("rsc-role")), parseRole(e.Get("with-rsc-role"))
	p.checkRole(e.ID(), e.Get("rsc-role"))
	p.checkRole(e.ID(), e.Get("with-rsc-role"))
	for _, d := range deps {
		for _, w := range prims {
			p.colocate(e, e.ID(), d, w, dr, pr, score)
		}
	}
}

// manifold tells whether a name is that of a tag or template.
func (p *planner) manifold(id string) bool {
	_, ok := p.tagged[id]
	return ok && p.lookup(id) == nil
}

func (p *planner) colocate(e *cib.Elem, id string, d, w *rsc, dr, pr role, score int) {
	if d == w {
		p.warn(e.ID(), d.id+" is to be where it is itself: that is ignored", "name another resource or remove the constraint")
		return
	}
	infl := d.critical
	if v, ok := e.Lookup("influence"); ok {
		infl = flagOr(v, infl)
	}
	p.addColoc(&coloc{id: id, dep: d, prim: w, score: score, attr: e.Get("node-attribute"), depRole: dr, primRole: pr, influence: infl, explicit: true})
}

// colocSet colocates the members of a set with each other.
func (p *planner) colocSet(e *cib.Elem, s *rscSet, score int) {
	if v, ok := s.elem.Lookup("score"); ok {
		score, _ = cib.ParseScore(v)
	}
	if score == 0 || !s.sequential {
		return
	}
	for i := 1; i < len(s.members); i++ {
		switch {
		case score < 0:
			// Nobody with anybody: against each of those before.
			for j := 0; j < i; j++ {
				p.colocate(e, s.id, s.members[i], s.members[j], s.role, s.role, score)
			}
		case strings.EqualFold(s.elem.Get("ordering"), "listed"):
			p.colocate(e, s.id, s.members[i-1], s.members[i], s.role, s.role, score)
		default:
			p.colocate(e, s.id, s.members[i], s.members[i-1], s.role, s.role, score)
		}
	}
}

// colocSets colocates a set with the one after it.
func (p *planner) colocSets(e *cib.Elem, a, b *rscSet, score int) {
	if len(a.members) == 0 || len(b.members) == 0 {
		return
	}
	deps, prims := a.members, b.members
	if a.sequential {
		deps = deps[:1]
	}
	if b.sequential {
		prims = prims[len(prims)-1:]
	}
	for _, d := range deps {
		for _, w := range prims {
			p.colocate(e, e.ID(), d, w, a.role, b.role, score)
		}
	}
}

// thisWith lists the colocations of a resource with others, in the order in
// which they count, with those that it has through the collections around it.
func (p *planner) thisWith(r *rsc) []*coloc {
	if r.thisWithDone {
		return r.thisWithAll
	}
	var l []*coloc
	p.collectThis(r, r, &l)
	r.thisWithAll, r.thisWithDone = l, true
	return l
}

// withThis lists the colocations of others with a resource.
func (p *planner) withThis(r *rsc) []*coloc {
	if r.withThisDone {
		return r.withThisAll
	}
	var l []*coloc
	p.collectWith(r, r, &l)
	r.withThisAll, r.withThisDone = l, true
	return l
}

func mergeColocs(dst *[]*coloc, src []*coloc, byDep, explicitOnly bool, orig *rsc) {
	for _, c := range src {
		if explicitOnly && !c.explicit {
			continue
		}
		if c.dep == orig && byDep || c.prim == orig && !byDep {
			continue
		}
		*dst = insertColoc(*dst, c, byDep)
	}
}

func (p *planner) collectThis(r, orig *rsc, dst *[]*coloc) {
	switch r.kind {
	case primitive:
		mergeColocs(dst, r.cons, false, r != orig, orig)
		if r == orig && r.parent != nil {
			p.collectThis(r.parent, orig, dst)
		}
	case group:
		p.groupThis(r, orig, dst)
	case bundle:
		if r == orig || orig.replicaContainer || p.bundledPromotable(r, orig) {
			mergeColocs(dst, r.cons, false, false, orig)
		}
	default:
		mergeColocs(dst, r.cons, false, false, orig)
		if r.parent != nil {
			p.collectThis(r.parent, orig, dst)
		}
	}
}

// groupThis: a group's colocations are its first member's; the later members follow that one.
func (p *planner) groupThis(r, orig *rsc, dst *[]*coloc) {
	if len(r.kids) == 0 {
		return
	}
	if orig == r || orig == r.kids[0] {
		mergeColocs(dst, r.cons, false, false, orig)
		if r.parent != nil {
			p.collectThis(r.parent, orig, dst)
		}
		if !r.group.colocated {
			return
		}
		for _, m := range r.kids {
			if m != orig {
				p.collectThis(m, orig, dst)
			}
		}
		return
	}
	// An unmanaged member breaks the chain: what is mandatory holds directly then.
	for _, m := range r.kids {
		if m == orig {
			return
		}
		if !m.managed {
			for _, c := range r.cons {
				if c.score >= cib.Infinity {
					*dst = insertColoc(*dst, c, false)
				}
			}
			return
		}
	}
}

func (p *planner) collectWith(r, orig *rsc, dst *[]*coloc) {
	switch r.kind {
	case primitive:
		mergeColocs(dst, r.consWith, true, r != orig, orig)
		if r == orig && r.parent != nil {
			p.collectWith(r.parent, orig, dst)
		}
	case group:
		if len(r.kids) == 0 || orig != r && orig != r.kids[len(r.kids)-1] {
			return
		}
		mergeColocs(dst, r.consWith, true, false, orig)
		if r.parent != nil {
			p.collectWith(r.parent, orig, dst)
		}
		if !r.group.colocated {
			return
		}
		for _, m := range r.kids {
			if m != orig {
				p.collectWith(m, orig, dst)
			}
		}
	case bundle:
		if r == orig || orig.replicaContainer || p.bundledPromotable(r, orig) {
			mergeColocs(dst, r.consWith, true, false, orig)
		}
	default:
		mergeColocs(dst, r.consWith, true, false, orig)
		if r.parent != nil {
			p.collectWith(r.parent, orig, dst)
		}
	}
}

// bundledPromotable tells whether orig is the promotable clone inside of a
// bundle, or an instance of it, whose roles are being chosen: then the bundle's
// colocations are its own.
func (p *planner) bundledPromotable(b, orig *rsc) bool {
	if b.bundle == nil || b.bundle.child == nil || !b.bundle.child.promotable {
		return false
	}
	if orig == b.bundle.child {
		return orig.clone.choosing
	}
	return orig.parent == b.bundle.child && !orig.unassigned
}
