package sched

import (
	"mainstay/cib"
	"mainstay/graph"
)

// unloop looks for actions of a plan that wait for each other. Orders that do are
// told of: as with the peer, what is in the loop never begins. Live migrations that
// wait for themselves are left to a second plan: what is to come to a resource's old
// node waits until it has left, and by its constraints it may not arrive before that
// has come. Such a resource is stopped first, as if it could not migrate. (Pacemaker
// makes the graph that nobody can carry out, and what it stopped stays stopped.)
func (p *planner) unloop(res *Result) *Result {
	loop := stuck(res.Graph)
	if len(loop) == 0 {
		return res
	}
	if id, text := cib.OrderLoop(p.conf, true); id != "" {
		p.warn(id, text+": none of them starts", "remove one of these orders")
	}
	stay := map[string]bool{}
	for _, a := range loop {
		if a.Task == "migrate_to" || a.Task == "migrate_from" {
			stay[a.Rsc.ID] = true
			p.warn(a.Rsc.ID, "its live migration would wait for itself: it is stopped and started instead", "see which orders and colocations tie it to what comes to its node")
		}
	}
	res.Warnings = p.warnings
	if len(stay) == 0 {
		return res
	}
	again := start(p.in, p.memo, nil)
	again.stay = stay
	if other := again.plan(); len(stuck(other.Graph)) == 0 {
		other.Warnings = p.warnings
		return other
	}
	return res
}

// stuck lists the actions of a graph that wait for each other, and what lies on the
// way from one such loop to another.
func stuck(g *graph.Graph) []*graph.Action {
	last := 0
	for _, a := range g.Actions {
		last = max(last, a.ID)
	}
	before, behind := make([][]int, last+1), make([][]int, last+1)
	for _, a := range g.Actions {
		before[a.ID] = a.Inputs
		for _, in := range a.Inputs {
			behind[in] = append(behind[in], a.ID)
		}
	}
	gone := make([]bool, len(before))
	if left := peel(before, behind, gone); left == 0 {
		return nil
	}
	peel(behind, before, gone)
	var out []*graph.Action
	for _, a := range g.Actions {
		if !gone[a.ID] {
			out = append(out, a)
		}
	}
	return out
}

// peel takes off what waits for nothing until all that is left waits, and counts that.
func peel(waits, next [][]int, gone []bool) int {
	missing := make([]int, len(waits))
	var ready []int
	left := 0
	for id := 1; id < len(waits); id++ {
		if gone[id] {
			continue
		}
		left++
		for _, in := range waits[id] {
			if !gone[in] {
				missing[id]++
			}
		}
		if missing[id] == 0 {
			ready = append(ready, id)
		}
	}
	for ; len(ready) > 0; left-- {
		id := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		gone[id] = true
		for _, n := range next[id] {
			if missing[n]--; missing[n] == 0 && !gone[n] {
				ready = append(ready, n)
			}
		}
	}
	return left
}

// loadLoop tells whether a live migration would wait for itself if it waited
// for the capacity that others free: two resources that change places cannot
// both wait for the other one to go. The migration that is reached last then
// goes ahead, since every wait is judged only after those behind it.
func (p *planner) loadLoop(a *action, e *edge, emitted []bool) bool {
	e.was |= markJudged // behind itself, it counts as waiting
	return p.waitsFor(e.to, a, emitted, map[*action]bool{})
}

// waitsFor tells whether an action waits, by way of others, for another.
func (p *planner) waitsFor(a, goal *action, emitted []bool, seen map[*action]bool) bool {
	if a == goal {
		return true
	}
	if seen[a] {
		return false
	}
	seen[a] = true
	for i := range a.before {
		if e := &a.before[i]; p.inputCounts(a, e, emitted) && p.waitsFor(e.to, goal, emitted, seen) {
			return true
		}
	}
	return false
}
