package sched

import (
	"slices"

	"mainstay/cib"
)

// banTooSmall bans a resource from nodes without room for it and, if some node
// has it, without room for all that must be with it.
func (p *planner) banTooSmall(r *rsc) {
	if p.opt.placement == "default" {
		return
	}
	need := map[string]int{}
	set := p.colocatedSet(r)
	for _, x := range set {
		addUnplacedUse(need, set, x)
	}
	limit := r.util
	for i, n := range p.nodes {
		if r.allowed[i].ok && p.canRun(r, n, true, false) && hasRoom(n, need) {
			limit = need
			break
		}
	}
	for i, n := range p.nodes {
		if r.allowed[i].ok && p.canRun(r, n, true, false) && !hasRoom(n, limit) {
			p.scoreNow(r, n, -cib.Infinity, CauseLimit, "utilization")
		}
	}
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

// colocatedSet lists r and what must be with it, and so on. Of what must be with
// a clone, only what has instances itself counts: nobody knows yet with which
// instance the others will be.
func (p *planner) colocatedSet(r *rsc) []*rsc {
	seen := map[*rsc]bool{r: true}
	out := []*rsc{r}
	add := func(x *rsc) {
		if !seen[x] {
			seen[x] = true
			out = append(out, x)
		}
	}
	for i := 0; i < len(out); i++ {
		x := out[i]
		if x.kind == group && x.group.colocated {
			for _, m := range x.kids {
				add(m)
			}
			continue
		}
		for _, c := range p.thisWith(x) {
			if c.score >= cib.Infinity {
				add(c.prim)
			}
		}
		for _, c := range p.withThis(x) {
			if c.score >= cib.Infinity && (x.kind < clone || c.dep.kind >= clone) {
				add(c.dep)
			}
		}
	}
	return out
}

// addUnplacedUse adds up what the resources of a set need that have no node
// yet: of a clone, what one instance needs.
func addUnplacedUse(need map[string]int, set []*rsc, x *rsc) {
	if !x.unassigned {
		return
	}
	switch {
	case x.kind == primitive:
		addUse(need, x.util)
	case x.kind == group && x.group.colocated:
		for _, m := range x.kids {
			if !slices.Contains(set, m) {
				addUnplacedUse(need, set, m)
			}
		}
	case x.kind == bundle:
		if c := x.bundle.containers(); len(c) > 0 {
			addUnplacedUse(need, set, c[0])
		}
	case len(x.kids) > 0:
		for _, k := range x.kids {
			if slices.Contains(set, k) {
				return
			}
		}
		addUnplacedUse(need, set, x.kids[0])
	}
}
