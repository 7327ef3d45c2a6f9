package sched

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"mainstay/cib"
)

// compareCapacity is negative if a has more free capacity than b.
func compareCapacity(a, b *node) int {
	d := 0
	for k, v := range a.util {
		if w := b.util[k]; v > w {
			d--
		} else if v < w {
			d++
		}
	}
	for k, w := range b.util {
		if _, ok := a.util[k]; !ok {
			if w > 0 {
				d++
			} else if w < 0 {
				d--
			}
		}
	}
	return d
}

// showCapacities records what the nodes can take.
func (p *planner) showCapacities(when string) {
	if !p.in.Options.Utilization {
		return
	}
	nodes := slices.Clone(p.nodes)
	sort.SliceStable(nodes, func(i, j int) bool { return nodes[i].name < nodes[j].name })
	for _, n := range p.nodes {
		if len(n.util) == 0 {
			p.scores = append(p.scores, Score{Text: fmt.Sprintf("%s: %s capacity:", when, n.name)})
			continue
		}
		p.scores = append(p.scores, Score{Text: fmt.Sprintf("%s: %s capacity:%s", when, n.name, utilText(n.util))})
	}
}

// showUse records what a resource takes.
func (p *planner) showUse(r *rsc, n *node) {
	if !p.in.Options.Utilization {
		return
	}
	p.scores = append(p.scores, Score{Text: fmt.Sprintf("pcmk__assign_resource: %s utilization on %s:%s", r.id, n.name, utilText(r.util))})
}

func utilText(u map[string]int) string {
	var b strings.Builder
	for _, k := range sortedKeys(u2s(u), "") {
		fmt.Fprintf(&b, " %s=%d", k, u[k])
	}
	return b.String()
}

func u2s(u map[string]int) map[string]string {
	m := make(map[string]string, len(u))
	for k := range u {
		m[k] = ""
	}
	return m
}

// sortByNeed puts what is hardest to place first.
func (p *planner) sortByNeed(order []*rsc) {
	tables := map[*rsc][]cand{}
	for _, r := range order {
		tables[r] = p.addScores(r, r, nil, nil, 1, mergeFlags{forward: true})
		if tables[r] == nil {
			tables[r] = r.allowed
		}
	}
	nodes := p.sortNodesByLoad()
	mergeSort(order, func(a, b *rsc) int { return p.cmpNeed(a, b, tables, nodes) })
}

func (p *planner) sortNodesByLoad() []*node {
	out := slices.Clone(p.nodes)
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].available() != out[j].available() {
			return out[i].available()
		}
		if p.opt.placement == "balanced" {
			if c := compareCapacity(out[i], out[j]); c != 0 {
				return c < 0
			}
		}
		return out[i].name < out[j].name
	})
	return out
}

// cmpNeed compares two resources: priority, then their scores where they are
// active, then node by node.
func (p *planner) cmpNeed(a, b *rsc, tables map[*rsc][]cand, nodes []*node) int {
	if a.priority != b.priority {
		return b.priority - a.priority
	}
	sa, sb := -cib.Infinity, -cib.Infinity
	if n := p.currentNode(a); n != nil {
		sa = scoreIn(tables[a], n)
	}
	if n := p.currentNode(b); n != nil {
		sb = scoreIn(tables[b], n)
	}
	if sa != sb {
		return sb - sa
	}
	for _, n := range nodes {
		x, y := scoreIn(tables[a], n), scoreIn(tables[b], n)
		if x != y {
			return y - x
		}
	}
	return 0
}

func firstRunning(r *rsc) *node {
	if len(r.runningOn) == 0 {
		return nil
	}
	return r.runningOn[0]
}

func scoreIn(t []cand, n *node) int {
	if n.idx >= len(t) || !t[n.idx].ok {
		return -cib.Infinity
	}
	return t[n.idx].score
}
