package sched

import (
	"mainstay/cib"
	"mainstay/status"
)

// Islands. Top-level resources that no constraint ties together, directly or
// through others, do not ask about each other: each such set is an island. What
// islands share is little: the nodes (whether they are up, their attributes, how
// many resources they have got so far) and the numbers of the actions. So, once a
// plan was made, an island sleeps in the next if
//
//   - its part of the plan was to do nothing, and nothing in its histories had
//     failed, was under way or depends on the time (trace.keep);
//   - the configuration, the nodes and its records are the same, or say the same
//     (planner.wake);
//   - the nodes have as many resources as then when its turn to be placed comes.
//
// The phases then run for the others alone. In each phase that goes through
// top-level resources, constraints or records, what sleeps takes its turn by what
// is remembered of it: how many actions it makes there, how many resources it
// gives to which node, its lines of the summary, its part of the status. If what
// was presumed turns out otherwise, as when a node must be fenced, the run is
// lost, and all of it is planned.
//
// Only plain worlds are traced: no rules, no remote or guest nodes, no unfencing,
// no capacities (planner.traceable).

// trace is what is remembered of a plan for the next.
type trace struct {
	conf, tickets    *cib.Elem
	quorum, panicked string // attributes of the document
	dc               string
	haveFencing      bool

	states []stateTrace // in the order of the document
	facts  []nodeFacts  // by node.idx
	turns  []turn       // in the order of planner.top
	at     map[*cib.Elem]int
	owner  map[string]int // the turn of the resource to which records of a name belong
	cons   []consTrace    // in the order of the document
	orders []int          // by unit, how many actions came up when its orders were applied
	awake  []bool         // by island
}

// turn is what is remembered of a top-level resource.
type turn struct {
	r       *rsc // nil while it sleeps
	island  int
	stirred bool // it must not sleep in the next plan
	made    [phases]int
	load    []nodeCount // what it adds to the nodes' numbers of resources
	runs    []nodeCount // what is active
	lines   []SummaryLine
	shown   *status.Resource

	prio0                        int
	instances, disabled, blocked int
}

type nodeCount struct{ node, n int }

// phase is one in which every top-level resource has its turn to make actions.
type phase int

const (
	phaseImply phase = iota
	phaseCreate
	phaseNotify
	phases
)

// consTrace is what is remembered of a constraint.
type consTrace struct {
	about []int // the turns of what it names
	all   bool  // it is about whatever fits a pattern
	made  int
	bans  []status.Ban // what it forbids
}

// stateTrace is a node_state as it was.
type stateTrace struct {
	elem    *cib.Elem
	records []*record
}

// nodeFacts are what matters of a node once its status was read.
type nodeFacts struct {
	online, unclean, pending, standby, standbyOnFail, maintenance, shutdown, read bool
}

func factsOf(n *node) nodeFacts {
	return nodeFacts{n.online, n.unclean, n.pending, n.standby, n.standbyOnFail, n.maintenance, n.shutdown, n.unpacked}
}

// Units order the orderings by what they come from: status, each constraint, what
// each resource implies, checks and probes, what each resource does, the rest.

func (t *trace) units() int { return 3 + len(t.cons) + 2*len(t.turns) }

func (t *trace) unitOf(ph phase, i int) int32 {
	if ph == phaseImply {
		return int32(1 + len(t.cons) + i)
	}
	return int32(2 + len(t.cons) + len(t.turns) + i)
}

// unitState tells whether a unit is of something that sleeps, and whether it is of
// one resource or constraint at all.
func (t *trace) unitState(u int) (asleep, counted bool) {
	c, n := len(t.cons), len(t.turns)
	switch {
	case u == 0, u == 1+c+n, u == 2+c+2*n:
		return false, false
	case u <= c:
		return t.consAsleep(u - 1), true
	case u <= c+n:
		return t.turns[u-1-c].r == nil, true
	}
	return t.turns[u-2-c-n].r == nil, true
}

func (t *trace) consAsleep(i int) bool {
	c := &t.cons[i]
	return !c.all && (len(c.about) == 0 || t.turns[c.about[0]].r == nil)
}

// traced is planner's part in all of this.
type traced struct {
	trace    *trace // nil: nothing is noted
	partial  bool   // some islands sleep
	lost     bool   // the plan must be made for all
	counted  bool   // what is made now is noted with a turn, a constraint or a record
	unit     int32  // of the orderings made now
	lastUnit int32
	cons     int   // 1 + the constraint being read
	lastID   int   // of an action
	drift    []int // by node.idx: resources more than in the plan before, so far
	waking   map[string]*wakingRecords
}

// wakingRecords are those records of a node that do not sleep; what those before
// each of them (and behind the last) make is skipped.
type wakingRecords struct {
	list []*record
	skip []int
}

// nextID numbers an action.
func (p *planner) nextID(r *rsc) int {
	p.lastID++
	if p.trace != nil && !p.counted {
		p.stir(r)
	}
	return p.lastID
}

// untraceable gives up on remembering the plan or, if some islands sleep, on the run.
func (p *planner) untraceable() {
	if p.partial {
		p.lost = true
	} else {
		p.trace = nil
	}
}

// stir keeps a resource's island from sleeping in the next plan.
func (p *planner) stir(r *rsc) {
	switch {
	case p.trace == nil:
	case r == nil, r.uber(true).turn == 0:
		p.untraceable()
	default:
		p.trace.turns[r.uber(true).turn-1].stirred = true
	}
}

// eachTop has every top-level resource take its turn in a phase.
func (p *planner) eachTop(ph phase, f func(*rsc)) {
	t := p.trace
	if t == nil {
		for _, r := range p.top {
			f(r)
		}
		return
	}
	for i := range t.turns {
		k := &t.turns[i]
		if k.r == nil {
			p.lastID += k.made[ph]
			continue
		}
		from := p.lastID
		p.unit, p.counted = t.unitOf(ph, i), true
		f(k.r)
		p.counted = false
		k.made[ph] = p.lastID - from
	}
	p.unit = t.unitOf(ph, len(t.turns))
}

// placeTurns places the top-level resources.
func (p *planner) placeTurns() {
	t := p.trace
	before := make([]int, len(p.nodes))
	for i := range t.turns {
		k := &t.turns[i]
		if k.r == nil {
			for j := range p.drift {
				p.lost = p.lost || p.drift[j] != 0 // it might go elsewhere now
			}
			for _, c := range k.load {
				p.nodes[c.node].nAssigned += c.n
			}
			continue
		}
		for j, n := range p.nodes {
			before[j] = n.nAssigned
		}
		p.place(k.r, nil, true)
		old := k.load
		k.load = nil
		for j, n := range p.nodes {
			if d := n.nAssigned - before[j]; d != 0 {
				k.load = append(k.load, nodeCount{j, d})
				p.drift[j] += d
			}
		}
		for _, c := range old {
			p.drift[c.node] -= c.n
		}
	}
}

// applyTurns turns the orderings of tasks into orderings of actions.
func (p *planner) applyTurns() {
	t := p.trace
	piece, at := 0, 0 // the next of the orderings
	for u := range t.orders {
		asleep, counted := t.unitState(u)
		if asleep {
			p.lastID += t.orders[u]
			continue
		}
		from := p.lastID
		p.counted = counted
		for piece < len(p.orders) && p.orders[piece][at].unit == int32(u) {
			p.applyOrder(&p.orders[piece][at])
			if at++; at == len(p.orders[piece]) {
				piece, at = piece+1, 0
			}
		}
		t.orders[u] = p.lastID - from
	}
	p.counted = false
}

// beginConstraint notes which constraint is being read; false if what it is about
// sleeps.
func (p *planner) beginConstraint(i int) bool {
	t := p.trace
	if t == nil {
		return true
	}
	if p.partial && t.consAsleep(i) {
		p.lastID += t.cons[i].made
		return false
	}
	p.unit, p.cons, p.counted = int32(1+i), 1+i, true
	t.cons[i] = consTrace{made: p.lastID}
	return true
}

func (p *planner) endConstraint() {
	if p.trace != nil {
		c := &p.trace.cons[p.cons-1]
		c.made = p.lastID - c.made
	}
	p.cons, p.counted = 0, false
}

// named notes that a constraint names a resource.
func (p *planner) named(r *rsc) {
	if p.trace == nil || p.cons == 0 {
		return
	}
	c := &p.trace.cons[p.cons-1]
	if i := r.uber(true).turn; i == 0 {
		p.untraceable()
	} else if len(c.about) == 0 || c.about[len(c.about)-1] != i-1 {
		c.about = append(c.about, i-1)
	}
}

// fitsAll notes that a constraint is about whatever fits its pattern.
func (p *planner) fitsAll() {
	if p.trace != nil && p.cons > 0 {
		p.trace.cons[p.cons-1].all = true
	}
}

// skipRecords takes the turns of the sleeping records before the one at a place in
// a node's list; of those behind the last, if that is -1.
func (p *planner) skipRecords(state *cib.Elem, at int) {
	if p.waking == nil {
		return
	}
	w := p.waking[state.ID()]
	if at < 0 {
		at = len(w.list)
	}
	p.lastID += w.skip[at]
}

// noteRecord notes for which resource a record was judged, and what it made.
func (p *planner) noteRecord(rec *record, r *rsc, made int) {
	switch {
	case p.trace == nil:
	case r == nil:
		if made > 0 {
			p.untraceable()
		}
	case r.uber(true).turn == 0:
		p.untraceable()
	default:
		rec.trace, rec.turn, rec.made = p.trace, r.uber(true).turn-1, made
		if !rec.calm.is || rec.locked {
			p.stir(r)
		}
	}
}

// isAwake tells whether the resource of an element is to be planned.
func (t *trace) isAwake(e *cib.Elem) bool {
	i, ok := t.at[e]
	return !ok || t.awake[t.turns[i].island]
}
