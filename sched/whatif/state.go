package whatif

import (
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/sched"
)

// nodeState asks whether the node is merely kept from running anything.
func (q *question) nodeState() []Change {
	var out []Change
	for _, c := range []struct{ name, text string }{
		{"standby", " is not in standby"}, {"maintenance", " is not in maintenance"},
	} {
		if q.holds(q.withoutAttribute(func(name string) bool { return name == c.name })) {
			out = append(out, Change{q.node, "node " + q.node + c.text})
		}
	}
	for _, n := range q.base.Status.Nodes {
		if n.Name == q.node && !n.Online && q.holds(q.online()) {
			out = append(out, Change{q.node, "node " + q.node + " is online"})
		}
	}
	return out
}

// withoutAttribute takes attributes of the node away, permanent and transient ones.
func (q *question) withoutAttribute(gone func(name string) bool) *cib.Elem {
	forget := func(x *cib.Elem) *cib.Elem {
		if x.Name() == "nvpair" && gone(x.Get("name")) {
			return nil
		}
		return x
	}
	return rewrite(q.in.CIB, func(e *cib.Elem) *cib.Elem {
		if (e.Name() != "node" && e.Name() != "node_state") || e.Get("uname") != q.node {
			return e
		}
		return below(e, forget)
	})
}

// online makes the node a member again, with nothing running on it.
func (q *question) online() *cib.Elem {
	return rewrite(q.in.CIB, func(e *cib.Elem) *cib.Elem {
		if e.Name() != "node_state" || e.Get("uname") != q.node {
			return e
		}
		return e.With("in_ccm", "true").With("crmd", "online").With("join", "member").With("expected", "member")
	})
}

// failures asks whether forgetting what failed there would do.
func (q *question) failures() []Change {
	ids := family(q.base.Status.Resources, q.resource)
	of := func(name string) bool {
		rest, ok := strings.CutPrefix(name, "fail-count-")
		if !ok {
			rest, ok = strings.CutPrefix(name, "last-failure-")
		}
		rsc, _, _ := strings.Cut(rest, "#")
		return ok && (slices.Contains(ids, rsc) || slices.Contains(ids, base(rsc)))
	}
	in := q.in
	q.in.CIB = q.withoutAttribute(of)
	root := rewrite(q.in.CIB, func(e *cib.Elem) *cib.Elem {
		if e.Name() == "node_state" && e.Get("uname") != q.node || e.Name() == "configuration" {
			return e
		}
		if e.Name() == "lrm_rsc_op" && strings.Contains(e.ID(), "_last_failure_") && slices.Contains(ids, base(strings.SplitN(e.ID(), "_last_failure_", 2)[0])) {
			return nil
		}
		return e
	})
	q.in = in
	if q.holds(root) {
		return []Change{{q.resource, "its failures on " + q.node + " are forgotten (mainstay resource cleanup " + q.resource + ")"}}
	}
	return nil
}

// role asks whether the resource is merely told to be stopped.
func (q *question) role() []Change {
	owner := named(q.in.CIB, q.resource)
	if owner != nil && q.holds(q.meta(owner, "target-role", "Started")) {
		return []Change{{q.resource, "target-role of " + q.resource + " is not Stopped"}}
	}
	return nil
}

// bans asks of each constraint that is absolute whether the resource would be there
// without it.
func (q *question) bans() []Change {
	var out []Change
	for _, c := range q.vetoes() {
		if q.holds(q.without(c)) {
			out = append(out, Change{c.ID(), absence(c)})
		}
	}
	return out
}

func absence(c *cib.Elem) string { return "there is no " + kindOf(c) + " " + c.ID() }

// without takes one element away.
func (q *question) without(c *cib.Elem) *cib.Elem {
	return rewrite(q.in.CIB, func(e *cib.Elem) *cib.Elem {
		if e == c {
			return nil
		}
		return e
	})
}

// vetoes lists the constraints that took part with an absolute score, or none.
func (q *question) vetoes() []*cib.Elem {
	constraints := q.in.CIB.Path("configuration", "constraints")
	if constraints == nil {
		return nil
	}
	ids := q.sources(sched.CauseLocation, sched.CauseColocation, sched.CauseTicket)
	var out []*cib.Elem
	for _, c := range constraints.Kids() {
		// The source may be a rule or a set inside of it.
		about := !c.Walk(func(e *cib.Elem) bool { return !slices.Contains(ids, e.ID()) })
		if c.ID() != "" && about && !finite(c) {
			out = append(out, c)
		}
	}
	return out
}

// finite tells whether a constraint's own score is an ordinary number, so that it was
// asked about already.
func finite(c *cib.Elem) bool {
	v, ok := c.Lookup("score")
	n, err := cib.ParseScore(v)
	return ok && err == nil && n > -cib.Infinity && n < cib.Infinity
}
