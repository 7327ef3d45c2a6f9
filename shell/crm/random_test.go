package crm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mainstay/cib"
)

// drawer draws a configuration as text.
type drawer struct {
	*rapid.T
	lines     []string
	resources []string // that constraints may name
}

func (w *drawer) pick(label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(w.T, label)
}

func (w *drawer) some(label string) bool { return rapid.Bool().Draw(w.T, label) }

func (w *drawer) add(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

// score is a score as the language writes it.
func (w *drawer) score() string {
	if w.some("infinite") {
		return w.pick("sign", "inf", "-inf")
	}
	return fmt.Sprint(rapid.IntRange(-9999, 9999).Draw(w.T, "score"))
}

// pairs draws name=value, with values that need quotes.
func (w *drawer) pairs(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		if w.some("has " + n) {
			fmt.Fprintf(&b, " %s=%s", n, w.pick("value", "1", `"a b"`, `"it's"`, `"say \"x\""`, "a=b", "#x", `"\\"`, "$y", "(z)", "é"))
		}
	}
	return b.String()
}

// rule draws a rule with one or two expressions.
func (w *drawer) rule(scored bool) string {
	one := func() string {
		return w.pick("expression", "#uname eq alpha", "defined pingd", "not_defined pingd", "pingd number:lt 5", `x string:ne "a b"`,
			"date lt 2030-01-01", "date gt 2020-01-01", "date in start=2026-01-01 end=2027-01-01", "date spec hours=9-17 weekdays=1-5", "date in start=2026-01-01 months=2")
	}
	out := " rule "
	if scored {
		out += w.score() + ": "
	}
	out += one()
	if w.some("second expression") {
		out += " " + w.pick("operator", "and", "or") + " " + one()
	}
	return out
}

// primitive draws a resource.
func (w *drawer) primitive(id string) {
	s := "primitive " + id + " " + w.pick("agent", "Dummy", "ocf:pacemaker:Stateful", "lsb:foo", "systemd:bar", "stonith:fence_x", "@tmpl")
	if p := w.pairs("fake", "state", "p-1"); p != "" {
		s += " params" + p
	}
	if w.some("rule") {
		s += " params" + w.rule(false) + " fake=ruled"
	}
	if w.some("meta") {
		s += " meta is-managed=" + w.pick("managed", "true", "false")
	}
	if w.some("utilization") {
		s += " utilization cpu=" + fmt.Sprint(rapid.IntRange(0, 99).Draw(w.T, "cpu"))
	}
	for i := range rapid.IntRange(0, 3).Draw(w.T, "operations") {
		s += fmt.Sprintf(" op monitor interval=%ds", i+10)
		if w.some("role") {
			s += " role=" + w.pick("role", "Promoted", "Unpromoted", "Stopped")
		}
		if p := w.pairs("OCF_CHECK_LEVEL"); p != "" {
			s += " op_params" + p
		}
	}
	w.add("%s", s)
}

// set draws resources in brackets.
func (w *drawer) set() string {
	list := rapid.SliceOfNDistinct(rapid.SampledFrom(w.resources), 3, len(w.resources), rapid.ID[string]).Draw(w.T, "set")
	open, end := "", ""
	switch w.pick("bracket", "none", "round", "square") {
	case "round":
		open, end = "( ", " )"
	case "square":
		open, end = "[ ", " ]"
	}
	return open + list[0] + " " + list[1] + end + " " + strings.Join(list[2:], " ")
}

// configurationText draws a whole one.
func configurationText(t *rapid.T) string {
	w := &drawer{T: t}
	w.add("rsc_template tmpl Dummy params fake=t op monitor interval=33s")
	for i := range rapid.IntRange(3, 6).Draw(t, "primitives") {
		id := fmt.Sprintf("p%d", i)
		w.primitive(id)
		w.resources = append(w.resources, id)
	}
	if w.some("group") {
		w.add("primitive m1 Dummy")
		w.add("primitive m2 Dummy")
		w.add("group g m1 m2 meta target-role=%s", w.pick("role", "Started", "Stopped"))
		w.resources = append(w.resources, "g")
	}
	if w.some("clone") {
		w.add("primitive in ocf:pacemaker:Stateful")
		w.add("clone c in meta promotable=%s interleave=true", w.pick("promotable", "true", "false"))
		w.resources = append(w.resources, "c")
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "constraints") {
		r := rapid.SliceOfNDistinct(rapid.SampledFrom(w.resources), 2, 2, rapid.ID[string]).Draw(t, "pair")
		switch w.pick("constraint", "location", "ruled", "colocation", "order", "colocated set", "ordered set", "ticket") {
		case "location":
			w.add("location l%d %s %s: %s", i, r[0], w.score(), w.pick("node", "alpha", "beta"))
		case "ruled":
			w.add("location l%d %s%s", i, r[0], w.rule(true))
		case "colocation":
			w.add("colocation c%d %s: %s %s", i, w.score(), r[0], r[1])
		case "order":
			w.add("order o%d %s %s:%s %s:start symmetrical=false", i, w.pick("kind", "Mandatory:", "Optional:", "Serialize:"), r[0], w.pick("action", "start", "stop"), r[1])
		case "colocated set":
			w.add("colocation c%d %s: %s", i, w.score(), w.set())
		case "ordered set":
			w.add("order o%d Mandatory: %s", i, w.set())
		case "ticket":
			w.add("rsc_ticket t%d tkt: %s loss-policy=%s", i, r[0], w.pick("policy", "stop", "fence", "freeze"))
		}
	}
	if w.some("tag") {
		w.add("tag tg p0 p1")
	}
	if w.some("access") {
		w.add("role ro read xpath:%s deny ref:p0 write meta:p1:target-role", w.pick("path", "/cib/status", `"//x[@y='a b']"`))
		w.add("acl_target joe ro")
	}
	if w.some("alert") {
		w.add("alert al /bin/true select nodes attributes { a b } attributes x=1 to { /log meta timeout=3s }")
	}
	w.add("property stonith-enabled=false batch-limit=%d", rapid.IntRange(0, 9).Draw(t, "limit"))
	w.add("rsc_defaults%s resource-stickiness=1", w.rule(false))
	return strings.Join(w.lines, "\n") + "\n"
}

// Any configuration comes back from its text as it was, into any cluster, and its text
// from that.
func TestThereAndBack(t *testing.T) {
	base, _, problems := Load("node 1: alpha\nnode 2: beta\n", cib.Empty(), Update)
	if base == nil {
		t.Fatal(problems)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := configurationText(t)
		root, edits, problems := Load(text, base, Update)
		if root == nil {
			t.Fatalf("%s%v", text, problems)
		}
		if applied, err := cib.Apply(base, edits); err != nil || !applied.Equal(root) {
			t.Fatalf("%sthe edits do not lead to what is said: %v", text, err)
		}
		written := Format(root)
		for _, start := range []*cib.Elem{base, root} {
			again, _, problems := Load(written, start, Replace)
			if again == nil {
				t.Fatalf("%sis written as\n%s%v", text, written, problems)
			}
			// Objects are written kind by kind, by name: into a new cluster they come in that order.
			if !slices.EqualFunc(Objects(again), Objects(root), (*cib.Elem).Equal) || start == root && !again.Child("configuration").Equal(root.Child("configuration")) {
				t.Fatalf("%sis written as\n%sand comes back as another configuration:\n%s", text, written, cib.DiffUnversioned(root, again))
			}
			if Format(again) != written {
				t.Fatalf("%sis written as\n%sand then as\n%s", text, written, Format(again))
			}
		}
	})
}
