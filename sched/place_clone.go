package sched

import (
	"slices"

	"mainstay/cib"
)

// placeClone distributes a clone's instances.
func (p *planner) placeClone(r *rsc, stopIfFail bool) *node {
	if r.assigning {
		return nil
	}
	r.assigning = true
	if r.promotable {
		p.addPromotionScores(r)
	}
	for _, c := range p.thisWith(r) {
		p.place(c.prim, nil, stopIfFail)
	}
	for _, c := range p.withThis(r) {
		p.addDependent(r, c, true)
	}
	p.showScores(r, "pcmk__clone_assign")
	insts := append([]*rsc(nil), r.kids...)
	p.sortInstances(insts, p.cmpInstance)
	p.placeInstances(r, insts, r.clone.max, r.clone.nodeMax)
	r.kids2 = insts
	if r.promotable {
		p.chooseRoles(r)
	}
	if r.bundled() {
		r.kids = r.kids2 // others go back to the order of their numbers
	}
	r.unassigned, r.assigning = false, false
	return nil
}

// placeInstances gives at most total instances a node, at most perNode each.
// Those that are active stay if they may; the rest follows.
func (p *planner) placeInstances(r *rsc, insts []*rsc, total, perNode int) {
	avail := 0
	for i, n := range p.nodes {
		r.allowed[i].count = 0
		if r.allowed[i].ok && p.canRun(r, n, false, false) {
			avail++
		}
	}
	best := 1
	if avail > 0 && total/avail > 1 {
		best = total / avail
	}
	placed := 0
	for _, k := range insts {
		if placed >= total {
			break
		}
		if !k.unassigned {
			continue
		}
		if cur := p.stayNode(r, k, best); cur != nil && p.placeEarly(r, k, cur, perNode, total-placed) {
			placed++
		}
	}
	for _, k := range insts {
		if !k.unassigned {
			continue
		}
		if placed >= total {
			k.each(func(x *rsc) {
				if x == k {
					p.banNow(x, CauseLimit, "clone-max")
				}
			})
		}
		if placed < total && p.placeInstance(r, k, nil, perNode) {
			placed++
		} else if placed >= total && k.unassigned {
			p.placeLeftOver(r, k)
		}
	}
}

// placeLeftOver settles an instance beyond the limit: it gets no node.
func (p *planner) placeLeftOver(r, k *rsc) {
	p.place(k, nil, true)
}

// stayNode is the node on which an active instance should stay if it can.
func (p *planner) stayNode(r, k *rsc, best int) *node {
	if len(k.runningOn) == 0 || !k.unassigned || k.failed {
		return nil
	}
	n := k.runningOn[0]
	if !n.available() {
		return nil
	}
	if c := r.allowed[n.idx]; c.ok && int(c.count) >= best {
		return nil
	}
	return n
}

// placeInstance places one instance where the limits allow.
func (p *planner) placeInstance(r, k *rsc, prefer *node, perNode int) bool {
	return p.tryInstance(r, k, prefer, perNode) != nil
}

func (p *planner) tryInstance(r, k *rsc, prefer *node, perNode int) *node {
	if k.assigning {
		return nil
	}
	p.banFull(r, k, perNode)
	n := p.place(k, prefer, prefer == nil)
	if n == nil {
		n = placedOn(k)
	}
	if n != nil && r.allowed[n.idx].ok {
		r.allowed[n.idx].count++
	}
	return n
}

// banFull bans an instance from nodes that cannot take another one.
func (p *planner) banFull(r, k *rsc, perNode int) {
	for i, n := range p.nodes {
		c := &k.allowed[i]
		if !c.ok {
			continue
		}
		switch up := r.allowed[i]; {
		case k.removed, !n.available(), !up.ok, up.score < 0, int(up.count) >= perNode:
			c.score = -cib.Infinity
		}
	}
	for _, m := range k.kids {
		if k.kind == group {
			p.banFull(r, m, perNode)
		}
	}
}

// placeEarly tries to keep an instance where it is. When another node is
// better, that node's claim is remembered and the instance tries again, so that
// as few instances as possible change their place.
func (p *planner) placeEarly(r, k *rsc, cur *node, perNode, avail int) bool {
	if !p.canRun(k, cur, true, false) {
		return false
	}
	saved := p.saveTables(k)
	counts := p.takeTable(r.allowed)
	var got *node
	for claims := 0; claims < avail; {
		got = p.tryInstance(r, k, cur, perNode)
		if got == cur {
			break
		}
		p.restoreTables(saved)
		if got == nil {
			k.each(func(x *rsc) { x.unassigned = true })
			break
		}
		claims++
		p.unassign(k)
		got = nil
	}
	for i := range r.allowed {
		r.allowed[i].count = counts[i].count
	}
	p.giveTable(counts)
	p.giveSaved(saved)
	if got == nil {
		return false
	}
	r.allowed[got.idx].count++
	return true
}

type savedTable struct {
	r     *rsc
	table []cand
	next  role
}

func (p *planner) saveTables(k *rsc) []savedTable {
	var out []savedTable
	k.each(func(x *rsc) {
		out = append(out, savedTable{x, p.takeTable(x.allowed), x.nextRole})
	})
	return out
}

func (p *planner) restoreTables(saved []savedTable) {
	for _, s := range saved {
		copy(s.r.allowed, s.table)
	}
}

func (p *planner) giveSaved(saved []savedTable) {
	for _, s := range saved {
		p.giveTable(s.table)
	}
}

// whereActive returns an instance's active node and on how many nodes it is active.
func whereActive(k *rsc) (*node, int) {
	if k.kind == primitive {
		if len(k.runningOn) == 0 {
			return nil, 0
		}
		return k.runningOn[0], len(k.runningOn)
	}
	var all []*node
	for _, m := range k.kids {
		for _, n := range m.runningOn {
			dup := false
			for _, x := range all {
				dup = dup || x == n
			}
			if !dup {
				all = append(all, n)
			}
		}
	}
	if len(all) == 0 {
		return nil, 0
	}
	return all[0], len(all)
}

// sortInstances brings instances into an order that follows from their score tables,
// which nobody changes meanwhile: what others think of them is added up only once.
func (p *planner) sortInstances(insts []*rsc, cmp func(a, b *rsc) int) {
	p.colocated = make(map[*rsc]int, len(insts))
	mergeSort(insts, cmp)
	p.colocated = nil
}

// cmpInstance says which of two instances is placed first: negative if a is.
func (p *planner) cmpInstance(a, b *rsc) int {
	na, ca := whereActive(a)
	nb, cb := whereActive(b)
	if ca > 0 && cb > 0 && ca != cb {
		return ca - cb
	}
	okA, okB := allowsNode(a, na), allowsNode(b, nb)
	if okA != okB {
		return firstIf(okA)
	}
	if !okA {
		na, nb = nil, nil
	}
	if a.priority != b.priority {
		return b.priority - a.priority
	}
	if na == nil && nb == nil {
		return 0
	}
	if na == nil || nb == nil {
		return firstIf(na != nil)
	}
	if va, vb := na.available(), nb.available(); va != vb {
		return firstIf(va)
	}
	ta, tb := topAllows(a, na), topAllows(b, nb)
	switch {
	case ta == nil && tb == nil:
		return 0
	case ta == nil || tb == nil:
		return firstIf(ta != nil)
	case ta.count != tb.count:
		return int(ta.count - tb.count)
	}
	if fa, fb := anyFailed(a), anyFailed(b); fa != fb {
		return firstIf(!fa)
	}
	if c := p.cmpByColocation(a, b, na, nb); c != 0 {
		return c
	}
	return cmpNumber(a, b)
}

func anyFailed(k *rsc) bool {
	bad := false
	k.each(func(x *rsc) { bad = bad || x.failed })
	return bad
}

func firstIf(b bool) int {
	if b {
		return -1
	}
	return 1
}

func allowsNode(k *rsc, n *node) bool {
	if n == nil {
		return true
	}
	c := k.allowed[n.idx]
	return c.ok && c.score >= 0
}

func topAllows(k *rsc, n *node) *cand {
	up := k.parent
	if up == nil {
		up = k
	}
	if c := &up.allowed[n.idx]; c.ok {
		return c
	}
	return nil
}

// cmpNumber compares instance numbers.
func cmpNumber(a, b *rsc) int {
	return instanceNumber(a) - instanceNumber(b)
}

func instanceNumber(r *rsc) int {
	i := len(r.id) - 1
	for i >= 0 && r.id[i] != ':' {
		i--
	}
	return atoi(r.id[i+1:], 0)
}

// cmpByColocation compares what others think of the places of two instances.
func (p *planner) cmpByColocation(a, b *rsc, na, nb *node) int {
	return p.colocatedScore(b, nb) - p.colocatedScore(a, na)
}

// colocatedScore is what others think of the place of an active instance.
func (p *planner) colocatedScore(k *rsc, at *node) int {
	if s, ok := p.colocated[k]; ok {
		return s
	}
	t := p.colocatedTable(k, at)
	s := t[at.idx].score
	p.giveTable(t)
	if p.colocated != nil {
		p.colocated[k] = s
	}
	return s
}

// colocatedTable is a table of nothing but that place.
func (p *planner) colocatedTable(k *rsc, at *node) []cand {
	t := p.takeTable(nil)
	t[at.idx] = cand{ok: true, score: at.base}
	for _, c := range p.thisWith(k) {
		t = p.merge(t, c.prim, k, c, float64(c.score)/cib.Infinity, mergeFlags{})
	}
	for _, c := range p.withThis(k) {
		if c.influences(k) {
			t = p.merge(t, c.dep, k, c, float64(c.score)/cib.Infinity, mergeFlags{nonNeg: true})
		}
	}
	return t
}

// followClone lets the places of a clone's instances count for a dependent.
func (p *planner) followClone(dep, prim *rsc, c *coloc) {
	if prim.unassigned {
		return
	}
	if prim.promotable && c.primRole != roleUnknown {
		p.followRole(dep, prim, c)
		if c.depRole == rolePromoted {
			p.rolePriority(dep, prim, c)
		}
		return
	}
	if p.interleaves(c) {
		if inst := p.compatible(dep, prim, roleUnknown, false); inst != nil {
			p.applyColoc(dep, inst, c, true)
		} else if c.score >= cib.Infinity {
			p.assign(dep, nil, true, true)
		}
		return
	}
	if c.score >= cib.Infinity {
		var at []*node
		for _, k := range prim.kids {
			if n := placedOn(k); n != nil && !k.block {
				at = append(at, n)
			}
		}
		p.intersect(dep, prim, c, at, nil)
		return
	}
	for _, k := range prim.kids {
		p.applyColoc(dep, k, c, false)
	}
}

// interleaves tells whether instances of the dependent pair with instances of the primary.
func (p *planner) interleaves(c *coloc) bool {
	d, w := c.dep, c.prim
	if d.kind < clone || w.kind < clone || !flagOr(d.meta["interleave"], false) {
		return false
	}
	if perNodeMax(d) != perNodeMax(w) {
		p.warn(c.id, "cannot interleave "+d.id+" and "+w.id+": they allow different numbers of instances per node", "make clone-node-max equal")
		return false
	}
	return true
}

func perNodeMax(r *rsc) int {
	if r.kind == bundle {
		return r.bundle.perHost
	}
	return r.clone.nodeMax
}

// compatible finds the instance of a clone that goes with another resource's instance.
func (p *planner) compatible(match, clo *rsc, rl role, current bool) *rsc {
	var n *node
	if current {
		n, _ = whereActive(match)
	} else {
		n = placedOn(match)
	}
	if n != nil {
		return p.instanceOn(clo, bundleHost(clo, n), rl, current)
	}
	for _, n := range p.sortNodes(match, nil) {
		n = bundleHost(clo, n)
		if k := p.instanceOn(clo, n, rl, current); k != nil {
			return k
		}
	}
	return nil
}

// instanceOn finds an instance that is (or will be) on a node, in a role if one is given.
func (p *planner) instanceOn(clo *rsc, n *node, rl role, current bool) *rsc {
	kids := clo.kids
	if clo.kind == bundle {
		kids = clo.bundle.containers()
	} else if rl == roleUnknown {
		return p.instanceNow(clo, n, current)
	}
	for _, k := range kids {
		if rl != roleUnknown && instRole(k, current) != rl {
			continue
		}
		at := placedOn(k)
		if current {
			at, _ = whereActive(k)
		}
		if at == n {
			return k
		}
	}
	return nil
}

// instanceTable is which instance of a clone is first on each node, by node.idx.
type instanceTable struct {
	turn int // planner.turn when it was made
	on   []*rsc
}

// instanceNow looks an instance up in a table, which is made anew once anything
// was given another node.
func (p *planner) instanceNow(clo *rsc, n *node, current bool) *rsc {
	at := &clo.clone.planned
	if current {
		at = &clo.clone.present
	}
	if *at == nil {
		*at = &instanceTable{turn: -1, on: make([]*rsc, len(p.nodes))}
	}
	t := *at
	if t.turn != p.turn {
		t.turn = p.turn
		clear(t.on)
		for _, k := range clo.kids {
			at := placedOn(k)
			if current {
				at, _ = whereActive(k)
			}
			if at != nil && t.on[at.idx] == nil {
				t.on[at.idx] = k
			}
		}
	}
	return t.on[n.idx]
}

// instRole is the highest role of an instance's primitives, now or as planned.
func instRole(k *rsc, current bool) role {
	if k.kind == primitive {
		if current {
			return k.role
		}
		return k.nextRole
	}
	best := roleUnknown
	for _, m := range k.kids {
		if rl := instRole(m, current); rl > best {
			best = rl
		}
	}
	return best
}

// intersect keeps a dependent to nodes like those given, whose scores (if any) it adds.
func (p *planner) intersect(dep, prim *rsc, c *coloc, at []*node, merge func(*node) int) {
	if !dep.unassigned && c.depRole < rolePromoted {
		return // it is where it is
	}
	values := make([]string, len(at))
	for i, n := range at {
		values[i] = p.colocAttr(n, c, prim)
	}
	for i, n := range p.nodes {
		cd := &dep.allowed[i]
		if !cd.ok {
			continue
		}
		first := slices.Index(values, p.colocAttr(n, c, dep))
		switch in := first >= 0; {
		case !in && c.score >= cib.Infinity:
			cd.score = -cib.Infinity
			p.reason(dep, n, CauseColocation, c.id, -cib.Infinity, "with "+prim.id)
		case in && merge != nil:
			cd.score = cib.AddScores(cd.score, merge(at[first]))
		}
	}
}
