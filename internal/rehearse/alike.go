package rehearse

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/internal/sim"
)

// Services are alike if nothing but names tells them apart: the same agent,
// operations, options and utilization, and the same place in the same constraints
// with resources that are alike as well. What a fault of one does, that of the other
// does too. Resources, constraints and nodes are the vertices of a graph whose
// colours are refined until neighbours make no more difference (Weisfeiler and
// Leman, 1968).

// vertex is a resource, constraint or node.
type vertex struct {
	colour string
	near   []edge
}

// edge leads to another vertex by a word such as "with-rsc".
type edge struct{ label, to string }

// colouring is the graph of a configuration.
type colouring struct {
	at     map[string]*vertex // by id; nodes by "node " and name
	order  []string
	models map[string]sim.Model
}

// refinements bounds the rounds; a configuration's constraints seldom reach further.
const refinements = 8

// colours gives each id of a configuration its colour.
func (s *Subject) colours() map[string]string {
	g := &colouring{at: map[string]*vertex{}, models: s.Models}
	conf := s.CIB.Child("configuration")
	for n := range conf.Child("nodes").Named("node") {
		g.add("node "+n.Get("uname"), shape(n))
	}
	for _, r := range conf.Child("resources").Kids() {
		g.resource(r)
	}
	for i, c := range conf.Child("constraints").Kids() {
		g.constraint(c, fmt.Sprintf("constraint %d", i))
	}
	count := 0
	for range refinements {
		g.refine()
		if n := g.count(); n == count {
			break
		} else {
			count = n
		}
	}
	out := map[string]string{}
	for id, v := range g.at { //order: each goes to its own place
		out[id] = v.colour
	}
	return out
}

func (g *colouring) add(id, colour string) *vertex {
	if g.at[id] == nil {
		g.at[id] = &vertex{colour: colour}
		g.order = append(g.order, id)
	}
	return g.at[id]
}

// join puts an edge between two vertices, if both are there.
func (g *colouring) join(a, b, label string) {
	if g.at[a] == nil || g.at[b] == nil {
		return
	}
	g.at[a].near = append(g.at[a].near, edge{label + ">", b})
	g.at[b].near = append(g.at[b].near, edge{label + "<", a})
}

// resource adds a resource and what it holds.
func (g *colouring) resource(e *cib.Elem) {
	g.add(e.ID(), shape(e)+pace(g.models[e.ID()]))
	i := 0
	for _, k := range e.Kids() {
		if !slices.Contains([]string{"primitive", "group", "clone", "master"}, k.Name()) {
			continue
		}
		g.resource(k)
		g.join(e.ID(), k.ID(), fmt.Sprint("holds ", i))
		i++
	}
	if t := e.Get("template"); t != "" {
		g.join(e.ID(), t, "template")
	}
}

// pace is how long operations take, in whole seconds: finer differences are noise.
func pace(m sim.Model) string {
	var b strings.Builder
	for _, op := range slices.Sorted(maps.Keys(m.Took)) {
		fmt.Fprintf(&b, " %s:%d", op, int(m.Took[op].Round(time.Second).Seconds()))
	}
	return b.String()
}

// references are the attributes of constraints that name something else.
func references() []string { return []string{"rsc", "with-rsc", "first", "then", "node"} }

// constraint adds a constraint and joins it with what it is about.
func (g *colouring) constraint(e *cib.Elem, id string) {
	g.add(id, shape(e))
	refs := func(e *cib.Elem, label string) {
		for _, a := range references() {
			if v := e.Get(a); v != "" {
				if a == "node" {
					v = "node " + v
				}
				g.join(id, v, label+a)
			}
		}
	}
	refs(e, "")
	for i, s := range e.Kids() {
		for j, r := range s.Kids() {
			if r.Name() == "resource_ref" {
				g.join(id, r.ID(), fmt.Sprint(i, " ", j))
			}
		}
	}
}

// shape is an element without names: of itself, of what it refers to, and without
// instance attributes, whose values agents differ by but faults do not.
func shape(e *cib.Elem) string {
	var b strings.Builder
	b.WriteString("<" + e.Name())
	for _, a := range e.Attrs() {
		if a.Name == "id" || a.Name == "uname" || a.Name == "template" || a.Name == "type" && e.Get("class") == "systemd" ||
			slices.Contains(references(), a.Name) && strings.HasPrefix(e.Name(), "rsc_") {
			continue
		}
		b.WriteString(" " + a.Name + "=" + a.Value)
	}
	b.WriteString(">")
	for _, k := range e.Kids() {
		switch k.Name() {
		case "primitive", "group", "clone", "master", cib.CommentName:
		case "instance_attributes":
			if e.Name() == "node" {
				b.WriteString(shape(k))
			}
		default:
			b.WriteString(shape(k))
		}
	}
	return b.String()
}

// refine makes every colour tell the neighbours' colours as well.
func (g *colouring) refine() {
	next := make([]string, len(g.order))
	for i, id := range g.order {
		v := g.at[id]
		near := make([]string, len(v.near))
		for j, e := range v.near {
			near[j] = e.label + g.at[e.to].colour
		}
		slices.Sort(near)
		next[i] = v.colour + "|" + strings.Join(near, ";")
	}
	names := map[string]string{}
	for i, id := range g.order {
		if names[next[i]] == "" {
			names[next[i]] = fmt.Sprint("c", len(names))
		}
		g.at[id].colour = names[next[i]]
	}
}

// count tells how many colours there are.
func (g *colouring) count() int {
	seen := map[string]bool{}
	for _, v := range g.at { //order: a count
		seen[v.colour] = true
	}
	return len(seen)
}

// Unlike leaves at most n of the faults that are alike: faults of one kind of
// services that are alike. It returns how many it leaves out; 0 leaves out none.
func (s *Subject) Unlike(faults []Fault, n int) (kept []Fault, left int) {
	if n <= 0 {
		return faults, 0
	}
	colour := s.colours()
	classes := map[string][]Fault{}
	class := func(f Fault) string {
		if f.aboutNode() || f.Kind == Fence {
			return f.String()
		}
		return string(f.Kind) + " " + colour[f.On]
	}
	for _, f := range faults {
		classes[class(f)] = append(classes[class(f)], f)
	}
	for _, f := range faults {
		same := classes[class(f)]
		i := slices.Index(same, f)
		// Evenly from first to last: alike services are spread over the nodes.
		if len(same) <= n || i == 0 || n > 1 && i*(n-1)/(len(same)-1) != (i-1)*(n-1)/(len(same)-1) {
			kept = append(kept, f)
		}
	}
	return kept, len(faults) - len(kept)
}
