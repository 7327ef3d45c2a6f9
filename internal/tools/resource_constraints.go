package tools

import (
	"strings"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/status"
)

// colocation is one wish that a resource be with another.
type colocation struct {
	id, rsc, with string
	score         int
	rscRole       string
	withRole      string
}

// colocations lists the plain colocations in document order, those in sets among them.
func colocations(root *cib.Elem) []colocation {
	var out []colocation
	for c := range root.Path("configuration", "constraints").Named("rsc_colocation") {
		score, err := cib.ParseScore(c.Get("score"))
		if err != nil {
			continue
		}
		if c.Get("rsc") != "" {
			out = append(out, colocation{c.ID(), c.Get("rsc"), c.Get("with-rsc"), score, c.Get("rsc-role"), c.Get("with-rsc-role")})
			continue
		}
		var last string
		for set := range c.Named("resource_set") {
			for ref := range set.Named("resource_ref") {
				if last != "" {
					out = append(out, colocation{c.ID(), ref.ID(), last, score, "", ""})
				}
				last = ref.ID()
			}
		}
	}
	return out
}

// constraints is --constraints and --stack.
func (o *resourceOptions) constraints(w *world, p *cib.Place) {
	if !o.force {
		p = intent.Outermost(p)
	}
	deep := o.command == "stack" || o.recursive
	t := &stack{o: o, w: w, deep: deep, seen: map[string]bool{}, doc: cib.New("constraints")}
	id := p.Elem.ID()
	t.seen[id] = true
	t.locations(id, 0, "Locations")
	t.dependents(id, 0)
	t.hosts(id, 0)
	o.add(t.doc)
}

// stack prints who is placed with whom, each resource once.
type stack struct {
	o    *resourceOptions
	w    *world
	deep bool
	seen map[string]bool
	doc  *cib.Elem
}

// pad is the indentation of a depth.
func pad(depth int) string { return strings.Repeat("  ", depth) }

// bullet begins a line below another.
func bullet(depth int) string {
	if depth == 0 {
		return ""
	}
	return pad(depth) + "* "
}

// locations lists where a resource likes to be, highest ids last as the peer does.
func (t *stack) locations(id string, depth int, title string) {
	var lines []string
	add := func(id, rsc, node, score string) {
		lines = append([]string{"* Node " + node + " (score=" + score + ", id=" + id + ", rsc=" + rsc + ")"}, lines...)
		e := element("rsc_location", "node", node, "rsc", rsc, "id", id, "score", score)
		t.doc = t.doc.WithKids(insertLocation(t.doc.Kids(), e, rsc))
	}
	for c := range t.w.root.Path("configuration", "constraints").Named("rsc_location") {
		if c.Get("rsc") != id {
			continue
		}
		if score, err := cib.ParseScore(c.Get("score")); err == nil && c.Get("node") != "" {
			add(c.ID(), id, c.Get("node"), cib.FormatScore(score))
		}
		for r := range c.Named("rule") {
			for _, n := range t.w.c.Nodes {
				if score, ok := t.ruled(r, n); ok {
					add(r.ID(), id, n.Name, score)
				}
			}
		}
	}
	if len(lines) == 0 {
		return
	}
	t.o.printf("%s%s:\n", bullet(depth), title)
	for _, l := range lines {
		t.o.printf("%s%s\n", pad(depth+1), l)
	}
}

// ruled is the score that a rule of a location gives a node, if it holds there.
func (t *stack) ruled(r *cib.Elem, n status.Node) (string, bool) {
	attr := nodeAttr(n)
	if !cib.EvalRule(r, &cib.Facts{Now: t.w.f.Now, Node: attr}) {
		return "", false
	}
	text := r.Get("score")
	if name := r.Get("score-attribute"); name != "" {
		text, _ = attr(name)
	}
	score, err := cib.ParseScore(text)
	return cib.FormatScore(score), err == nil
}

// insertLocation puts a location before the others of the same resource.
func insertLocation(kids []*cib.Elem, e *cib.Elem, rsc string) []*cib.Elem {
	out := make([]*cib.Elem, 0, len(kids)+1)
	done := false
	for _, k := range kids {
		if !done && k.Name() == "rsc_location" && k.Get("rsc") == rsc {
			out, done = append(out, e), true
		}
		out = append(out, k)
	}
	if !done {
		out = append(out, e)
	}
	return out
}

// dependents lists the resources that are placed with one.
func (t *stack) dependents(id string, depth int) {
	title := false
	for _, c := range colocations(t.w.root) {
		if c.with != id || t.seen[c.rsc] {
			continue
		}
		if !title {
			title = true
			t.o.printf("%sResources colocated with %s:\n", bullet(depth), id)
		}
		t.link(c, c.rsc, depth+1)
		t.seen[c.rsc] = true
		if t.deep {
			t.dependents(c.rsc, depth+2)
		}
	}
}

// hosts lists the resources that one is placed with, and where those like to be.
func (t *stack) hosts(id string, depth int) {
	title := false
	for _, c := range colocations(t.w.root) {
		if c.rsc != id || t.seen[c.with] {
			continue
		}
		if !title {
			title = true
			t.o.printf("%sResources %s is colocated with:\n", bullet(depth), id)
		}
		t.link(c, c.with, depth+1)
		t.seen[c.with] = true
		t.locations(c.with, depth+2, "Locations")
		if t.deep {
			t.hosts(c.with, depth+2)
		}
	}
}

// link prints one colocation.
func (t *stack) link(c colocation, other string, depth int) {
	score := cib.FormatScore(c.score)
	extra := ""
	e := element("rsc_colocation", "id", c.id, "rsc", c.rsc, "with-rsc", c.with, "score", score)
	if c.rscRole != "" {
		e = e.With("rsc-role", c.rscRole)
	}
	if c.withRole != "" {
		e = e.With("with-rsc-role", c.withRole)
		extra = ", with-rsc-role=" + c.withRole
	}
	if c.rscRole != "" && c.rscRole != "Started" {
		extra = ", needs-role=" + c.rscRole + extra
	}
	t.o.printf("%s* %s (score=%s%s, id=%s)\n", pad(depth), other, score, extra, c.id)
	t.doc = t.doc.Append(e)
}
