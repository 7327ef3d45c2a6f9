package sched

import "mainstay/cib"

// addPromotionScores lets the wish to be promoted count for where instances are placed.
func (p *planner) addPromotionScores(r *rsc) {
	if r.clone.promotionAdded {
		return
	}
	r.clone.promotionAdded = true
	for _, k := range r.kids {
		for i, n := range p.nodes {
			c := &k.allowed[i]
			if !c.ok || !n.available() {
				continue
			}
			score, _ := p.promotionScore(k, n)
			if score > 0 {
				c.score = cib.AddScores(c.score, score)
			}
			if score > k.priority {
				k.priority = score
			}
		}
	}
}

// promotionScore is how much an instance wants to be promoted on a node; the
// second result tells whether anything was said about it.
func (p *planner) promotionScore(k *rsc, n *node) (int, bool) {
	if k.kind != primitive {
		sum, said := 0, false
		for _, m := range k.kids {
			s, ok := p.promotionScore(m, n)
			said = said || ok
			sum = cib.AddScores(sum, s)
		}
		return sum, said
	}
	if !p.promotionApplies(k, n) {
		return 0, false
	}
	first := k.seenAs
	if first == "" {
		first = k.id
	}
	for _, name := range []string{first, baseName(k.id)} {
		if k.unique && name != first {
			continue
		}
		if v, ok := p.attrFor(k, n, "master-"+name); ok {
			s, _ := cib.ParseScore(v)
			return s, true
		}
	}
	return 0, false
}

// attrFor looks a node attribute up as a resource should see it.
func (p *planner) attrFor(r *rsc, n *node, name string) (string, bool) {
	if h, ok := p.attrHost(r, n); ok {
		if h == nil {
			return "", false
		}
		n = h
	}
	v, ok := n.attrs[name]
	return v, ok
}

// promotionApplies tells whether a node's promotion score is that of this
// instance: of an anonymous clone, the one active there or, if none is, any if
// one was looked for there; while nothing is known anywhere, all of them.
func (p *planner) promotionApplies(k *rsc, n *node) bool {
	if c := k.allowed[n.idx]; !c.ok || c.score < 0 {
		return false
	}
	if !k.unique {
		var there *rsc
		known := false
		for _, inst := range k.uber(false).kids {
			if m := member(inst, k.elem.ID()); m != nil {
				if there == nil && m.isOn(n) {
					there = m
				}
				known = known || m.isKnownOn(n)
			}
		}
		if there == k || there == nil && known {
			return true
		}
	}
	if len(k.runningOn) == 0 && len(k.knownOn) == 0 {
		return true
	}
	return k.isKnownOn(n) || k.isOn(n)
}

// followRole lets the places of instances in a role count for a dependent.
func (p *planner) followRole(dep, prim *rsc, c *coloc) {
	if !dep.unassigned {
		return
	}
	var at []*node
	for _, k := range prim.kids {
		n := placedOn(k)
		if n == nil || instRole(k, false) != c.primRole {
			continue
		}
		if c.score < cib.Infinity {
			v := p.colocAttr(n, c, prim)
			for i, m := range p.nodes {
				if cd := &dep.allowed[i]; cd.ok && p.colocAttr(m, c, dep) == v {
					cd.score = cib.AddScores(cd.score, c.score)
					p.reason(dep, m, CauseColocation, c.id, c.score, "with "+prim.id)
				}
			}
		}
		at = append(at, n)
	}
	if c.score >= cib.Infinity && (c.depRole != rolePromoted || c.primRole != rolePromoted) {
		p.intersect(dep, prim, c, at, func(n *node) int { return p.placedScore(prim, n) })
	}
}

// placedScore is the score with which an instance of a clone was placed on a node.
func (p *planner) placedScore(clo *rsc, n *node) int {
	for _, k := range clo.kids {
		if placedOn(k) == n {
			m := k
			for m.kind != primitive && len(m.kids) > 0 {
				m = m.kids[0]
			}
			return m.placedScore
		}
	}
	return 0
}

// rolePriority lets a colocation with a role count for the dependent's promotion.
func (p *planner) rolePriority(dep, prim *rsc, c *coloc) {
	if dep.unassigned {
		return
	}
	if inst := p.compatible(dep, prim, c.primRole, false); inst != nil {
		dep.priority = cib.AddScores(dep.priority, c.score)
	} else if c.score >= cib.Infinity {
		dep.priority = -cib.Infinity
	}
}

// chooseRoles picks the instances to promote.
func (p *planner) chooseRoles(r *rsc) {
	r.clone.choosing = true
	if r.bundled() { // the bundle's colocations count from now on
		r.each(func(x *rsc) { x.thisWithDone, x.withThisDone = false, false })
	}
	for i := range r.allowed {
		r.allowed[i].count = 0
	}
	p.promotionPriorities(r)
	p.sortForPromotion(r)
	done := 0
	for _, k := range r.kids2 {
		p.showPromotion(k)
		var n *node
		if k.sortIndex >= 0 && (done < r.clone.promotedMax || !r.managed) {
			n = p.promotableOn(k)
		}
		if n == nil {
			p.keepUnpromoted(k)
			continue
		}
		if r.role < rolePromoted && !p.quorate && p.opt.noQuorum == "freeze" && instRole(k, true) < rolePromoted {
			p.keepUnpromoted(k)
			continue
		}
		r.allowed[n.idx].count++
		k.each(func(x *rsc) { x.nextRole = rolePromoted })
		p.reason(k, n, CausePromotion, r.id, k.sortIndex, "promoted")
		done++
	}
}

// keepUnpromoted settles the role of an instance that is not promoted.
func (p *planner) keepUnpromoted(k *rsc) {
	k.each(func(x *rsc) {
		switch {
		case x.kind != primitive:
			if x.nextRole == roleUnknown && placedOn(x) != nil {
				x.nextRole = roleUnpromoted
			}
		case x.assignedTo == nil:
			x.nextRole = roleStopped
		case x.nextRole == rolePromoted && !x.managed:
		case x.nextRole != roleStopped:
			x.nextRole = roleUnpromoted
		}
	})
}

// promotionPriorities works out each instance's wish to be promoted where it was placed.
func (p *planner) promotionPriorities(r *rsc) {
	for _, k := range r.kids {
		setUnpromoted(k)
		n := placedOn(k)
		switch next := instRole(k, false); {
		case next == roleStarted || next == roleUnknown:
			if n == nil {
				k.priority = -cib.Infinity
				break
			}
			s, said := p.promotionScore(k, n)
			if !said {
				s = -1
			}
			k.priority = s
		case next == roleUnpromoted || next == roleStopped:
			k.priority = -cib.Infinity
		}
		if n != nil {
			p.promotedLocations(k, k.locs, n)
			p.promotedLocations(k, r.locs, n)
		}
		for _, c := range p.thisWith(k) {
			if n != nil {
				p.applyColoc(k, c.prim, c, false)
				if k.kind == group {
					p.applyColoc(k, c.prim, c, true) // its first member's promotion is as urgent
				}
			}
		}
		k.sortIndex = k.priority
		if instRole(k, false) == rolePromoted {
			k.sortIndex = cib.Infinity
		}
	}
}

// setUnpromoted: what is started in a promotable clone is unpromoted.
func setUnpromoted(k *rsc) {
	k.each(func(x *rsc) {
		if x.role == roleStarted {
			x.role = roleUnpromoted
		}
	})
}

// promotedLocations applies preferences that hold for the promoted role only.
func (p *planner) promotedLocations(k *rsc, locs []*location, n *node) {
	for _, l := range locs {
		if l.role != rolePromoted {
			continue
		}
		for _, a := range l.at {
			if a.n == n {
				k.priority = cib.AddScores(k.priority, a.score)
				p.reason(k, n, CauseLocation, l.id, a.score, "promoted role")
			}
		}
	}
}

// sortForPromotion orders the instances by how much they, and what is
// colocated with the promoted ones, want promotion.
func (p *planner) sortForPromotion(r *rsc) {
	if r.clone.promotionSorted {
		return
	}
	r.clone.promotionSorted = true
	r.merging = true // nobody tells it its own wishes
	for _, k := range r.kids {
		if n := placedOn(k); n != nil && k.sortIndex >= 0 {
			if c := &r.allowed[n.idx]; c.ok {
				c.score = cib.AddScores(k.sortIndex, c.score)
			}
		}
	}
	for _, c := range p.thisWith(r) {
		if c.depRole == rolePromoted && c.score >= cib.Infinity {
			r.allowed = p.addScores(c.prim, r, r.allowed, c, float64(c.score)/cib.Infinity, mergeFlags{})
		}
	}
	for _, c := range p.withThis(r) {
		if c.primRole == rolePromoted && c.influences(nil) {
			r.allowed = p.addScores(c.dep, r, r.allowed, c, float64(c.score)/cib.Infinity, mergeFlags{active: true, nonNeg: true})
		}
	}
	for _, t := range r.tickets {
		if t.role == rolePromoted && (!t.t.granted || t.t.standby) {
			for i := range r.allowed {
				r.allowed[i].score = -cib.Infinity
			}
			p.reason(r, nil, CauseTicket, t.id, -cib.Infinity, "promoted role")
		}
	}
	for _, k := range r.kids {
		n := placedOn(k)
		switch {
		case !k.managed && instRole(k, false) == rolePromoted:
			k.sortIndex = cib.Infinity
		case n == nil || k.sortIndex < 0:
		default:
			if c := r.allowed[n.idx]; c.ok {
				k.sortIndex = c.score
			}
		}
	}
	r.merging = false
	p.sortInstances(r.kids2, p.cmpPromotable)
}

func (p *planner) cmpPromotable(a, b *rsc) int {
	if a.sortIndex != b.sortIndex {
		return b.sortIndex - a.sortIndex
	}
	if ra, rb := instRole(a, true), instRole(b, true); ra != rb {
		return int(rb - ra)
	}
	return p.cmpInstance(a, b)
}

// promotableOn returns the node on which an instance can be promoted, or nil.
func (p *planner) promotableOn(k *rsc) *node {
	for _, m := range k.kids {
		if p.promotableOn(m) == nil {
			return nil
		}
	}
	n := placedOn(k)
	switch {
	case n == nil:
		return nil
	case !k.managed:
		if instRole(k, true) == rolePromoted {
			return n
		}
		return nil
	case k.priority < 0:
		return nil
	case !n.available() || !p.guestCanRun(n):
		return nil
	}
	clo := k.uber(false)
	c := clo.allowed[n.idx]
	if !c.ok || int(c.count) >= clo.clone.promotedNodeMax {
		return nil
	}
	return n
}

// showPromotion records how much an instance wants promotion.
func (p *planner) showPromotion(k *rsc) {
	if !p.in.Options.Scores {
		return
	}
	s := Score{Resource: k.id, Amount: k.sortIndex, Promotion: true}
	if n := placedOn(k); n != nil {
		s.Node = n.name
	}
	p.scores = append(p.scores, s)
}
