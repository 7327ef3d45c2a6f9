package sched

import (
	"slices"

	"mainstay/cib"
	"mainstay/status"
)

// traceable tells whether a world, of which the resources were read, is plain
// enough for its islands to be told apart.
func (p *planner) traceable() bool {
	if !p.in.Options.plain() || !p.memo.still || p.haveRemote || p.haveUnfencing || p.opt.placement != "default" || p.opt.shutdownLock || len(p.warnings) > 0 {
		return false
	}
	for _, r := range p.all {
		if r.kind == bundle || r.container != nil || r.remoteNode != nil || len(r.fillers) > 0 {
			return false
		}
	}
	return p.conf.Child("constraints").Walk(func(e *cib.Elem) bool { return e.Name() != "rule" })
}

// beginTrace gives every top-level resource its turn.
func (p *planner) beginTrace() {
	t := p.trace
	if p.partial {
		for i := range t.turns {
			t.turns[i].r = nil
		}
		for _, r := range p.top {
			i := t.at[r.source]
			r.turn = i + 1
			t.turns[i].r, t.turns[i].stirred = r, false
		}
		return
	}
	if t == nil {
		return
	}
	if !p.traceable() {
		p.trace = nil
		return
	}
	root := p.root
	*t = trace{conf: p.conf, tickets: root.Path("status", "tickets"), quorum: root.Get("have-quorum"), panicked: root.Get("no-quorum-panic"),
		dc: root.Get("dc-uuid"), haveFencing: p.haveFencing, at: map[*cib.Elem]int{}, owner: map[string]int{},
		turns: make([]turn, len(p.top)), cons: make([]consTrace, len(p.conf.Child("constraints").Kids()))}
	for i, r := range p.top {
		r.turn = i + 1
		t.turns[i].r = r
		t.at[r.source] = i
	}
	t.orders = make([]int, t.units())
	p.drift = make([]int, len(p.nodes))
}

// checkNodes notes what the nodes are, or compares it with what they were.
func (p *planner) checkNodes() {
	t := p.trace
	if t == nil {
		return
	}
	facts := make([]nodeFacts, len(p.nodes))
	for i, n := range p.nodes {
		facts[i] = factsOf(n)
	}
	if !p.partial {
		t.facts = facts
	} else if !slices.Equal(t.facts, facts) {
		p.lost = true
	}
}

// keep decides, at the end of a run, what may sleep in the next; nil if nothing.
func (p *planner) keep() *trace {
	if len(p.warnings) > 0 || len(p.checkLater) > 0 {
		p.untraceable()
	}
	if p.trace == nil || p.lost {
		return nil
	}
	p.checkNodesAgain()
	if p.trace == nil {
		return nil
	}
	for _, top := range p.top {
		top.each(func(r *rsc) {
			if r.kind == primitive && !p.steady(r) {
				p.stir(r)
			}
			for _, name := range []string{r.id, r.name, r.seenAs, r.elem.ID()} {
				if p.trace != nil && name != "" {
					p.trace.owner[name] = top.turn - 1
				}
			}
		})
	}
	switch {
	case p.trace == nil:
	case p.partial:
		p.checkIslands()
	default:
		p.findIslands()
	}
	if p.trace == nil || p.lost {
		return nil
	}
	for i := range p.trace.turns {
		p.trace.turns[i].r = nil // the memory of this plan is not held on to
	}
	return p.trace
}

// checkNodesAgain: nobody may have changed a node since its status was read, nor
// may there be records of a node that were not judged but count.
func (p *planner) checkNodesAgain() {
	t := p.trace
	for i, n := range p.nodes {
		if factsOf(n) != t.facts[i] {
			p.untraceable()
			return
		}
		for _, rec := range p.recordsOf(n.state) {
			if !n.unpacked && rec.noAgent {
				p.untraceable()
				return
			}
		}
	}
	if p.partial {
		return
	}
	ids := map[string]bool{}
	for e := range p.root.Child("status").Named("node_state") {
		t.states = append(t.states, stateTrace{e, p.recordsOf(e)})
		ids[e.ID()] = true
	}
	if len(ids) < len(t.states) {
		p.untraceable() // whose records they are cannot be told
	}
}

// steady tells whether a primitive is such that it may sleep if there is nothing
// to do with it: what it is does not depend on the time, nor on nodes that are
// not as they should be.
func (p *planner) steady(r *rsc) bool {
	if r.failed || r.block || r.failureIgnored || r.startPending || r.pendingTask != "" || len(r.dangling) > 0 || r.lockNode != nil || len(r.restart) > 0 {
		return false
	}
	for _, n := range r.runningOn {
		if !n.online || n.unclean || n.pending || n.shutdown {
			return false
		}
	}
	for _, n := range p.nodes {
		if len(n.failuresOf(r.name)) > 0 {
			return false
		}
	}
	return true
}

// findIslands puts together what is tied by constraints or by orderings of actions.
func (p *planner) findIslands() {
	t := p.trace
	up := make([]int, len(t.turns))
	for i := range up {
		up[i] = i
	}
	root := func(i int) int {
		for up[i] != i {
			up[i] = up[up[i]]
			i = up[i]
		}
		return i
	}
	for i := range t.cons {
		for _, k := range t.cons[i].about {
			up[root(k)] = root(t.cons[i].about[0])
		}
	}
	via := map[*action]int{} // what a milestone of no resource ties together
	tie := func(a, b *action) {
		switch {
		case a.r != nil && b.r != nil:
			up[root(a.r.uber(true).turn-1)] = root(b.r.uber(true).turn - 1)
		case a.r != nil:
			k := a.r.uber(true).turn - 1
			if j, ok := via[b]; ok {
				up[root(k)] = root(j)
			} else {
				via[b] = k
			}
		}
	}
	for _, a := range p.acts {
		for i := range a.before {
			tie(a, a.before[i].to)
			tie(a.before[i].to, a)
		}
	}
	for i := range t.turns {
		t.turns[i].island = root(i)
	}
	t.awake = make([]bool, len(t.turns))
}

// checkIslands: orderings of actions still tie nothing together that was apart.
func (p *planner) checkIslands() {
	t := p.trace
	for _, a := range p.acts {
		for i := range a.before {
			if b := a.before[i].to; a.r != nil && b.r != nil && t.turns[a.r.uber(true).turn-1].island != t.turns[b.r.uber(true).turn-1].island {
				p.lost = true
			}
		}
	}
}

// turnsStatus tells the state of all top-level resources.
func (p *planner) turnsStatus(c *status.Cluster) {
	t := p.trace
	order := make([]*turn, len(t.turns))
	for i := range t.turns {
		k := &t.turns[i]
		order[i] = k
		if k.r != nil {
			k.note(p)
		}
		if k.r == nil {
			for _, x := range k.runs {
				c.Nodes[x.node].Running += x.n
			}
		}
		c.Instances, c.Disabled, c.Blocked = c.Instances+k.instances, c.Disabled+k.disabled, c.Blocked+k.blocked
	}
	slices.SortStableFunc(order, func(a, b *turn) int { return b.prio0 - a.prio0 })
	for _, k := range order {
		c.Resources = append(c.Resources, k.shown)
	}
}

// note writes down a resource's part of the status.
func (k *turn) note(p *planner) {
	k.shown, k.prio0, k.runs = p.rscStatus(k.r), k.r.prio0, nil
	k.instances, k.disabled, k.blocked = 0, 0, 0
	running := map[int]int{}
	for _, x := range k.r.prims(nil) {
		for _, n := range x.runningOn {
			running[n.idx]++
		}
		countInstance(x, &k.instances, &k.disabled, &k.blocked)
	}
	for i := range p.nodes {
		if running[i] > 0 {
			k.runs = append(k.runs, nodeCount{i, running[i]})
		}
	}
}

// turnsSummary adds the lines of all top-level resources.
func (p *planner) turnsSummary(out []SummaryLine) []SummaryLine {
	n := 0
	for i := range p.trace.turns {
		k := &p.trace.turns[i]
		if k.r != nil {
			k.lines = p.summarize(k.r, nil)
		}
		n += len(k.lines)
	}
	out = slices.Grow(out, n)
	for i := range p.trace.turns {
		out = append(out, p.trace.turns[i].lines...)
	}
	return out
}
