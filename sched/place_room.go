package sched

import "mainstay/cib"

// banTooSmall bans a resource from nodes without room for it and, if some node
// has it, without room for all that must be with it. It returns the node with
// the best score that has room for all.
func (p *planner) banTooSmall(r *rsc) *node {
	if p.opt.placement == "default" {
		return nil
	}
	need := map[string]int{}
	for _, x := range p.colocatedSet(r) {
		if x.unassigned {
			for _, m := range x.prims(nil) {
				addUse(need, m.util)
			}
		}
	}
	var best *node
	for i, n := range p.nodes {
		if !r.allowed[i].ok || !p.canRun(r, n, true, false) || !hasRoom(n, need) {
			continue
		}
		if best == nil || p.opt.placement == "balanced" && compareCapacity(n, best) < 0 {
			best = n
		}
	}
	limit := need
	if best == nil {
		limit = r.util
	}
	for i, n := range p.nodes {
		if r.allowed[i].ok && p.canRun(r, n, true, false) && !hasRoom(n, limit) {
			p.scoreNow(r, n, -cib.Infinity, CauseLimit, "utilization")
		}
	}
	return best
}

func addUse(sum, use map[string]int) {
	for k, v := range use {
		sum[k] += v
	}
}

func hasRoom(n *node, need map[string]int) bool {
	for k, v := range need {
		if v > n.util[k] {
			return false
		}
	}
	return true
}

// colocatedSet lists r and what must be with it, and so on.
func (p *planner) colocatedSet(r *rsc) []*rsc {
	seen := map[*rsc]bool{r: true}
	out := []*rsc{r}
	for i := 0; i < len(out); i++ {
		x := out[i]
		add := func(y *rsc) {
			if !seen[y] {
				seen[y] = true
				out = append(out, y)
			}
		}
		for _, c := range p.thisWith(x) {
			if c.score >= cib.Infinity && !seen[c.prim] {
				if c.prim.kind == primitive || x.kind >= group {
					add(c.prim)
				} else {
					add(c.prim)
				}
			}
		}
		for _, c := range p.withThis(x) {
			if c.score < cib.Infinity || seen[c.dep] {
				continue
			}
			if c.dep.kind > group && !(x.kind >= clone) {
				continue
			}
			add(c.dep)
		}
		if x.kind == group {
			for _, m := range x.kids {
				add(m)
			}
		}
	}
	// A group's members stand for it.
	kept := out[:0]
	for _, x := range out {
		if x.kind != group {
			kept = append(kept, x)
		}
	}
	return kept
}
