// Package whatif answers what would have to be different for a resource to end up on
// a given node. It changes one thing of the information base at a time, asks the
// scheduler again, and tells only what it saw come true: nothing is derived from
// scores.
package whatif

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/sched"
	"mainstay/status"
)

// Change is what would bring the resource to the node by itself: one thing, or two
// where no single one would do.
type Change struct {
	// Source is the id of what would have to be different: a constraint, a resource,
	// a node.
	Source string
	// Text says how, in words that follow "if".
	Text string
}

// question is one request: bring a resource to a node.
type question struct {
	planner  *sched.Planner // most of what it is asked about is the same each time
	in       sched.Input
	resource string
	node     string
	base     *sched.Result
	runs     int
}

// maxRuns bounds how often the scheduler is asked for one answer.
const maxRuns = 400

// Place names the nodes where the primitives of a resource will be once the plan is
// carried out, sorted; instances of a clone count for the clone.
func Place(r *sched.Result, id string) []string {
	parts := primitives(r.Status.Resources, id, false)
	var out []string
	for _, l := range r.Summary {
		if l.Resource == "" || !slices.Contains(parts, l.Resource) && !slices.Contains(parts, base(l.Resource)) {
			continue
		}
		at := l.To
		if l.Leave && at == "" {
			at = l.From
		}
		if at != "" && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return out
}

// base is the id of an instance without its number.
func base(id string) string {
	name, _, _ := strings.Cut(id, ":")
	return name
}

// primitives lists the ids by which the summary may call the primitives of a resource.
func primitives(list []*status.Resource, id string, within bool) []string {
	var out []string
	for _, r := range list {
		hit := within || r.ID == id || r.BaseID == id
		if hit && r.Kind == status.Primitive {
			out = append(out, r.ID, r.BaseID)
		}
		out = append(out, primitives(r.Children, id, hit)...)
	}
	return out
}

// For lists single changes, each of which would have the resource on that node after
// the next transition. It returns nothing if the resource goes there as it is.
func For(in sched.Input, resource, node string) []Change {
	in.Options.Reasons, in.Options.Scores = true, true
	q := &question{in: in, planner: new(sched.Planner), resource: resource, node: node}
	q.base = q.planner.Schedule(in)
	q.in.Options.Reasons, q.in.Options.Scores = false, false
	if q.reached(q.base) {
		return nil
	}
	if out := q.single(); len(out) > 0 {
		return out
	}
	return q.pairs()
}

// single lists the changes of one thing.
func (q *question) single() []Change {
	var out []Change
	for _, ask := range []func() []Change{q.constraints, q.stickiness, q.nodeState, q.failures, q.role, q.bans} {
		out = append(out, ask()...)
	}
	return out
}

// pairs lists what would do if an absolute constraint were gone as well.
func (q *question) pairs() []Change {
	var out []Change
	for _, b := range q.vetoes() {
		without := *q
		without.in.CIB = q.without(b)
		for _, c := range without.single() {
			out = append(out, Change{c.Source, absence(b) + " and " + c.Text})
		}
		q.runs = without.runs
	}
	return out
}

func (q *question) reached(r *sched.Result) bool {
	return slices.Contains(Place(r, q.resource), q.node)
}

// holds asks the scheduler about a changed information base.
func (q *question) holds(root *cib.Elem) bool {
	if q.runs++; q.runs > maxRuns || root == q.in.CIB {
		return false
	}
	in := q.in
	in.CIB = root
	return q.reached(q.planner.Schedule(in))
}

// related lists the ids of the resource, of what it is part of and consists of, and of
// all that it has to be with.
func (q *question) related() []string {
	ids := family(q.base.Status.Resources, q.resource)
	constraints := q.in.CIB.Path("configuration", "constraints")
	if constraints == nil {
		return ids
	}
	for more := true; more; {
		more = false
		for c := range constraints.Named("rsc_colocation") {
			if with := c.Get("with-rsc"); slices.Contains(ids, c.Get("rsc")) && with != "" && !slices.Contains(ids, with) {
				ids, more = append(ids, family(q.base.Status.Resources, with)...), true
				ids = append(ids, with)
			}
		}
	}
	return ids
}

// sources lists what contributed to the placement of the resource and its relations,
// by kind, in the order in which it did.
func (q *question) sources(kinds ...sched.Cause) []string {
	ids := q.related()
	var out []string
	for _, r := range q.base.Reasons {
		if slices.Contains(kinds, r.Kind) && r.Source != "" && slices.Contains(ids, r.Resource) && !slices.Contains(out, r.Source) {
			out = append(out, r.Source)
		}
	}
	return out
}

// family lists the ids of a resource, of all that it is part of, and of its parts.
func family(list []*status.Resource, id string) []string {
	for _, r := range list {
		if r.ID == id || r.BaseID == id {
			return append([]string{r.ID, r.BaseID}, all(r.Children)...)
		}
		if f := family(r.Children, id); f != nil {
			return append([]string{r.ID, r.BaseID}, f...)
		}
	}
	return nil
}

func all(list []*status.Resource) []string {
	var out []string
	for _, r := range list {
		out = append(append(out, r.ID, r.BaseID), all(r.Children)...)
	}
	return out
}

// constraints asks of each location and colocation with a finite score from which
// score on it would do.
func (q *question) constraints() []Change {
	var out []Change
	for _, id := range q.sources(sched.CauseLocation, sched.CauseColocation) {
		e := scored(q.in.CIB, id)
		if e == nil {
			continue
		}
		now, err := cib.ParseScore(e.Get("score"))
		if err != nil || now <= -cib.Infinity || now >= cib.Infinity {
			continue
		}
		set := func(score int) *cib.Elem {
			return rewrite(q.in.CIB, func(x *cib.Elem) *cib.Elem {
				if x == e {
					return x.With("score", cib.FormatScore(score))
				}
				return x
			})
		}
		if bound, word, ok := q.bound(now, set); ok {
			out = append(out, Change{id, fmt.Sprintf("%s %s has score %s %s (now %s)", kindOf(e), id, word, cib.FormatScore(bound), cib.FormatScore(now))})
		}
	}
	return out
}

// kindOf is what people call a constraint, or the rule in one.
func kindOf(e *cib.Elem) string { return strings.TrimPrefix(e.Name(), "rsc_") }

// scored finds the element of that id that has a score.
func scored(root *cib.Elem, id string) *cib.Elem {
	var found *cib.Elem
	root.Walk(func(e *cib.Elem) bool {
		if found != nil || e.Name() == "status" {
			return false
		}
		if e.ID() == id {
			if _, ok := e.Lookup("score"); ok {
				found = e
			}
		}
		return true
	})
	return found
}

// bound finds the score nearest to the present one from which on, away from it, the
// resource would be there: first the extremes, then by halves.
func (q *question) bound(now int, set func(int) *cib.Elem) (score int, word string, ok bool) {
	for _, side := range []struct {
		far  int
		word string
	}{{-cib.Infinity, "≤"}, {cib.Infinity, "≥"}} {
		if !q.holds(set(side.far)) {
			continue
		}
		not, does := now, side.far
		for abs(does-not) > 1 {
			if mid := not + (does-not)/2; q.holds(set(mid)) {
				does = mid
			} else {
				not = mid
			}
		}
		return does, side.word, true
	}
	return 0, "", false
}

func abs(n int) int { return max(n, -n) }

// stickiness asks how little of it would let the resource go.
func (q *question) stickiness() []Change {
	now, found := 0, false
	ids := family(q.base.Status.Resources, q.resource)
	for _, r := range q.base.Reasons {
		if r.Kind == sched.CauseStickiness && slices.Contains(ids, r.Resource) && r.Node != q.node {
			now, found = max(now, r.Amount), true
		}
	}
	owner := q.whole()
	if !found || owner == nil {
		return nil
	}
	value := 0
	if v, ok := stickinessOf(q.in.CIB, owner); ok {
		value = v
	}
	set := func(score int) *cib.Elem { return q.meta(owner, "resource-stickiness", cib.FormatScore(score)) }
	if !q.holds(set(0)) {
		return nil
	}
	not, does := max(value, now), 0
	for not-does > 1 {
		if mid := does + (not-does)/2; q.holds(set(mid)) {
			does = mid
		} else {
			not = mid
		}
	}
	return []Change{{q.resource, fmt.Sprintf("resource-stickiness of %s is ≤ %d (now %d)", owner.ID(), does, value)}}
}

// whole is the configured resource, or the group that it can only move with.
func (q *question) whole() *cib.Elem {
	found := named(q.in.CIB, q.resource)
	if r := q.in.CIB.Path("configuration", "resources"); r != nil {
		r.Walk(func(e *cib.Elem) bool {
			if e.Name() == "group" && e.ChildID("primitive", q.resource) != nil {
				found = e
			}
			return true
		})
	}
	return found
}

// stickinessOf is the configured value: of the resource, else the default for all.
func stickinessOf(root, owner *cib.Elem) (int, bool) {
	for _, from := range []*cib.Elem{owner, root.Path("configuration", "rsc_defaults")} {
		if from == nil {
			continue
		}
		for set := range from.Named("meta_attributes") {
			for nv := range set.Named("nvpair") {
				if nv.Get("name") == "resource-stickiness" {
					v, err := cib.ParseScore(nv.Get("value"))
					return v, err == nil
				}
			}
		}
	}
	return 0, false
}

// meta sets a meta attribute of a resource, before all others.
func (q *question) meta(owner *cib.Elem, name, value string) *cib.Elem {
	id := owner.ID() + "-whatif"
	set := cib.New("meta_attributes", cib.Attr{Name: "id", Value: id}, cib.Attr{Name: "score", Value: "INFINITY"}).Append(
		cib.New("nvpair", cib.Attr{Name: "id", Value: id + "-" + name}, cib.Attr{Name: "name", Value: name}, cib.Attr{Name: "value", Value: value}))
	return rewrite(q.in.CIB, func(x *cib.Elem) *cib.Elem {
		if x != owner {
			return x
		}
		return x.WithKids(append([]*cib.Elem{set}, drop(x, name).Kids()...))
	})
}

// drop takes a meta attribute out of a resource's own sets.
func drop(owner *cib.Elem, name string) *cib.Elem {
	return rewrite(owner, func(x *cib.Elem) *cib.Elem {
		if x.Name() == "nvpair" && x.Get("name") == name {
			return nil
		}
		return x
	})
}

// named finds a resource by id.
func named(root *cib.Elem, id string) *cib.Elem {
	var found *cib.Elem
	if r := root.Path("configuration", "resources"); r != nil {
		r.Walk(func(e *cib.Elem) bool {
			if found == nil && e.ID() == id && e.Name() != "nvpair" {
				found = e
			}
			return found == nil
		})
	}
	return found
}

// rewrite makes a copy in which f has replaced every element, parents first; nil
// leaves one out. What f replaced is not looked into again.
func rewrite(e *cib.Elem, f func(*cib.Elem) *cib.Elem) *cib.Elem {
	if n := f(e); n != e {
		return n
	}
	return below(e, f)
}

// below is rewrite for all that an element contains.
func below(e *cib.Elem, f func(*cib.Elem) *cib.Elem) *cib.Elem {
	changed := false
	var out []*cib.Elem
	for _, k := range e.Kids() {
		m := rewrite(k, f)
		changed = changed || m != k
		if m != nil {
			out = append(out, m)
		}
	}
	if !changed {
		return e
	}
	return e.WithKids(out)
}
