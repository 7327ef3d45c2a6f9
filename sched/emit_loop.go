package sched

import (
	"mainstay/cib"
	"mainstay/graph"
)

// warnOfLoops tells of orders that wait for each other when a graph cannot be
// carried out because of that: as with the peer, what is in the loop never begins.
func (p *planner) warnOfLoops(g *graph.Graph) {
	if !looped(g) {
		return
	}
	if id, text := cib.OrderLoop(p.conf, true); id != "" {
		p.warn(id, text+": none of them starts", "remove one of these orders")
	}
}

// looped tells whether actions of a graph wait for each other.
func looped(g *graph.Graph) bool {
	missing, next := map[int]int{}, map[int][]int{}
	var ready []int
	for _, a := range g.Actions {
		missing[a.ID] = len(a.Inputs)
		if len(a.Inputs) == 0 {
			ready = append(ready, a.ID)
		}
		for _, in := range a.Inputs {
			next[in] = append(next[in], a.ID)
		}
	}
	done := 0
	for ; len(ready) > 0; done++ {
		id := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		for _, n := range next[id] {
			if missing[n]--; missing[n] == 0 {
				ready = append(ready, n)
			}
		}
	}
	return done < len(g.Actions)
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
