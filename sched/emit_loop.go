package sched

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
