package cib

import (
	"fmt"
	"slices"
	"strings"
)

// step is one thing that must happen before another: a resource begins to
// start, has started, is promoted.
type step struct{ rsc, what string }

// edge leads to a step that waits, by the will of a constraint ("" for what
// groups and clones imply).
type edge struct {
	to    step
	order string
}

// orderLoops reports orders that wait for each other. The cluster works
// with them, but for what they are about: it never starts.
func (v *validator) orderLoops(conf *trail) {
	id, text := OrderLoop(conf.e, false)
	if id == "" {
		return
	}
	section := conf.e.Child("constraints")
	c := section.ChildID("rsc_order", id)
	v.report(&trail{c, &trail{section, conf}}, c, Warning, text, "remove one of these orders")
}

// OrderLoop finds orders of a configuration that wait for each other, so
// that their resources could not start together: the id of one of them and all of
// them in words; nothing, if there are none. Only starting and promoting are looked at. optional: orders
// of kind Optional too, which count where both sides begin in one transition.
func OrderLoop(conf *Elem, optional bool) (id, text string) {
	g := &orderGraph{edges: make(map[step][]edge), color: make(map[step]int)}
	g.containers(conf.Child("resources"))
	for c := range conf.Child("constraints").Named("rsc_order") {
		if mandatory(c) || optional && c.Get("kind") != "Serialize" {
			g.constraint(c)
		}
	}
	for _, s := range g.order {
		if loop := g.visit(s); loop != nil {
			return loop[0].order, g.tell(loop)
		}
	}
	return "", ""
}

func mandatory(c *Elem) bool {
	switch c.Get("kind") {
	case "Optional", "Serialize":
		return false
	case "":
		if s, ok := c.Lookup("score"); ok {
			n, err := ParseScore(s)
			return err == nil && n > 0
		}
	}
	return true
}

type orderGraph struct {
	edges map[step][]edge
	order []step // in which steps were first seen
	color map[step]int
	trail []edge
}

func (g *orderGraph) add(from, to step, order string) {
	for _, s := range []step{from, to} {
		if _, seen := g.edges[s]; !seen {
			g.edges[s] = nil
			g.order = append(g.order, s)
		}
	}
	g.edges[from] = append(g.edges[from], edge{to, order})
}

// containers adds what resources imply: a container begins before what it
// contains and has started when that has; a group's members follow each other.
func (g *orderGraph) containers(e *Elem) {
	for _, k := range e.Kids() {
		switch k.name {
		case "primitive", "group", "clone", "master", "bundle":
		default:
			continue
		}
		id := k.ID()
		g.add(step{id, "start"}, step{id, "promote"}, "")
		if k.name == "primitive" {
			g.add(step{id, "begin"}, step{id, "start"}, "")
		}
		last := ""
		for _, c := range k.kids {
			if c.name != "primitive" && c.name != "group" {
				continue
			}
			g.add(step{id, "begin"}, step{c.ID(), "begin"}, "")
			g.add(step{c.ID(), "start"}, step{id, "start"}, "")
			g.add(step{c.ID(), "promote"}, step{id, "promote"}, "")
			if last != "" && k.name == "group" {
				g.add(step{last, "start"}, step{c.ID(), "begin"}, "")
			}
			last = c.ID()
		}
		if last != "" {
			g.containers(k)
		}
	}
}

// constraint adds the edges of one rsc_order.
func (g *orderGraph) constraint(c *Elem) {
	if c.Child("resource_set") == nil {
		g.relate(c.Get("first"), c.Get("first-action"), c.Get("then"), c.Get("then-action"), c.ID())
		return
	}
	var prev *Elem
	for s := range c.Named("resource_set") {
		action := s.Get("action")
		refs := slices.Collect(s.Named("resource_ref"))
		if seq, err := ParseBool(s.Get("sequential")); err != nil || seq {
			for i := 1; i < len(refs); i++ {
				g.relate(refs[i-1].ID(), action, refs[i].ID(), action, c.ID())
			}
		}
		if prev != nil {
			for f := range prev.Named("resource_ref") {
				for _, t := range refs {
					g.relate(f.ID(), prev.Get("action"), t.ID(), action, c.ID())
				}
			}
		}
		prev = s
		if all, err := ParseBool(s.Get("require-all")); err == nil && !all {
			prev = nil // any one of them is enough
		}
	}
}

func (g *orderGraph) relate(first, firstAction, then, thenAction, order string) {
	if thenAction == "" {
		thenAction = firstAction
	}
	from := step{first, "start"}
	switch firstAction {
	case "", "start":
	case "promote":
		from.what = "promote"
	default:
		return
	}
	to := step{then, "begin"}
	switch thenAction {
	case "", "start":
	case "promote":
		to.what = "promote"
	default:
		return
	}
	if first != then {
		g.add(from, to, order)
	}
}

// visit looks for a way back to a step that is being visited, and returns it.
func (g *orderGraph) visit(s step) []edge {
	const open, done = 1, 2
	switch g.color[s] {
	case done:
		return nil
	case open:
		i := slices.IndexFunc(g.trail, func(e edge) bool { return e.to == s })
		loop := slices.Clone(g.trail[i+1:])
		// Begin with an edge that a constraint made. Loops without one come
		// from repeated ids, which are reported as such.
		j := slices.IndexFunc(loop, func(e edge) bool { return e.order != "" })
		if j < 0 {
			return nil
		}
		return append(slices.Clone(loop[j:]), loop[:j]...)
	}
	g.color[s] = open
	for _, e := range g.edges[s] {
		if len(g.trail) == 0 {
			g.trail = append(g.trail, edge{to: s})
		}
		g.trail = append(g.trail, e)
		if loop := g.visit(e.to); loop != nil {
			return loop
		}
		g.trail = g.trail[:len(g.trail)-1]
	}
	g.color[s] = done
	if len(g.trail) == 1 {
		g.trail = nil
	}
	return nil
}

// tell writes a loop: the constraints, and the resources in their order.
func (g *orderGraph) tell(loop []edge) string {
	var orders, names []string
	for _, e := range loop {
		if e.order != "" && !slices.Contains(orders, e.order) {
			orders = append(orders, e.order)
		}
		if len(names) == 0 || names[len(names)-1] != e.to.rsc {
			names = append(names, e.to.rsc)
		}
	}
	if len(names) > 1 && names[0] == names[len(names)-1] {
		names = names[:len(names)-1]
	}
	names = append(names, names[0])
	if len(orders) == 1 {
		return fmt.Sprintf("order %s waits for itself: %s", orders[0], strings.Join(names, " before "))
	}
	return fmt.Sprintf("orders %s wait for each other: %s", strings.Join(orders, ", "), strings.Join(names, " before "))
}
