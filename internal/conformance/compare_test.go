package conformance

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "rewrite what our own cases expect")

const summary = `Using the original execution date of: 2023-11-14 22:13:20Z
Current cluster status:
  * Node List:
    * Online: [ n1 ]

Transition Summary:
  * Start      a       ( n1 )

Executing Cluster Transition:
  * Resource action: a               start on n1
  * Resource action: b               start on n1
Using the original execution date of: 2023-11-14 22:13:20Z

Revised Cluster Status:
  * Node List:
    * Online: [ n1 ]
`

const exp = `<transition_graph cluster-delay="60s" batch-limit="0" transition_id="1">
<synapse id="0"><action_set><rsc_op id="1" operation="start" operation_key="a_start_0" on_node="n1"><attributes CRM_meta_timeout="20000" crm_feature_set="3.20.5"/></rsc_op></action_set><inputs/></synapse>
<synapse id="1"><action_set><rsc_op id="2" operation="start" operation_key="b_start_0" on_node="n1"/></action_set><inputs><trigger><rsc_op id="1"/></trigger></inputs></synapse>
</transition_graph>`

func sample() Outputs {
	return Outputs{Summary: summary, Exp: exp, Dot: "digraph\n\"b\"\n\"a\"\n}\n", Scores: "\nx_assign: a allocation score on n1: 0\n"}
}

// TestLevels changes one thing at a time and sees which levels notice.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Outputs)
		differ string
	}{
		{"nothing", func(*Outputs) {}, ""},
		{"white space", func(o *Outputs) { o.Summary = strings.ReplaceAll(o.Summary, "  * ", " *  ") + "\n\n" }, ""},
		{"date", func(o *Outputs) { o.Summary = strings.ReplaceAll(o.Summary, "22:13:20Z", "22:13:21Z") }, "byte"},
		{"order of execution", func(o *Outputs) {
			a, b := "  * Resource action: a               start on n1\n", "  * Resource action: b               start on n1\n"
			o.Summary = strings.Replace(o.Summary, a+b, b+a, 1)
		}, "b_seq byte"},
		{"plan", func(o *Outputs) { o.Summary = strings.Replace(o.Summary, "( n1 )", "( n2 )", 1) }, "a_text byte"},
		{"first state", func(o *Outputs) { o.Summary = strings.Replace(o.Summary, "[ n1 ]", "[ n2 ]", 1) }, "cur byte"},
		{"last state", func(o *Outputs) { o.Summary += "  * more\n" }, "c_text byte"},
		{"function of a score", func(o *Outputs) { o.Scores = strings.ReplaceAll(o.Scores, "x_assign", "y_assign") }, "d_raw byte"},
		{"score", func(o *Outputs) { o.Scores = strings.ReplaceAll(o.Scores, ": 0", ": 1") }, "d_raw d_norm byte"},
		{"number of an action", func(o *Outputs) { o.Exp = strings.ReplaceAll(o.Exp, `id="1"`, `id="7"`) }, "byte"},
		{"edge", func(o *Outputs) { o.Exp = strings.Replace(o.Exp, `<trigger><rsc_op id="1"/></trigger>`, "", 1) }, "e_edge byte"},
		{"attribute", func(o *Outputs) { o.Exp = strings.Replace(o.Exp, "20000", "30000", 1) }, "e_attr byte"},
		{"action", func(o *Outputs) { o.Exp = strings.Replace(o.Exp, "b_start_0", "c_start_0", 1) }, "e_node e_edge e_attr byte"},
		{"dot", func(o *Outputs) { o.Dot += "x\n" }, "dot byte"},
		{"no output", func(o *Outputs) { *o = Outputs{} }, "cur a_text b_set b_seq c_text d_raw d_norm e_node e_edge e_attr dot byte"},
	} {
		got := sample()
		c.change(&got)
		var differ []string
		v := Compare(sample(), got)
		for _, l := range Levels() {
			if !v[l] {
				differ = append(differ, string(l))
			}
		}
		if d := strings.Join(differ, " "); d != c.differ {
			t.Errorf("%s: differs at %q, want %q", c.name, d, c.differ)
		}
	}
}

func TestNormalForms(t *testing.T) {
	if got := normalExp(exp); strings.Contains(got, "batch-limit") || strings.Contains(got, "crm_feature_set") || !strings.Contains(got, "20000") {
		t.Errorf("graph: %s", got)
	}
	if got := normalDot("first\nb\na\nb\nlast\n"); got != "first\na\nb\nlast\n" {
		t.Errorf("dot: %q", got)
	}
	if got := sorted("b\na\n"); got != "a\nb\n" {
		t.Errorf("scores: %q", got)
	}
}

func TestFloor(t *testing.T) {
	f, err := ParseFloor("# remark\na_text 50\nbyte 60.5 # more\n\n")
	if err != nil {
		t.Fatal(err)
	}
	cases := []Case{{Name: "x-1", Agree: map[Level]bool{AText: true, Byte: true}}, {Name: "x-2", Agree: map[Level]bool{AText: true}}}
	if got := strings.Join(f.Below(cases), "\n"); got != "byte: 50.0 %, the floor is 60.5 %" {
		t.Errorf("below: %s", got)
	}
	for _, bad := range []string{"a_text", "a_text much", "a_text 101", "beauty 5"} {
		if _, err := ParseFloor(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if d := Differences(cases); !strings.HasPrefix(d, "x-1\tcur b_set") || strings.Count(d, "\n") != 2 {
		t.Errorf("differences: %s", d)
	}
	if r := Report(cases); !strings.Contains(r, "a_text     2  100.0 %") || !strings.Contains(r, "x                    2") {
		t.Errorf("report:\n%s", r)
	}
}

func TestFamily(t *testing.T) {
	for name, want := range map[string]string{"bundle-order-stop": "bundle", "1360": "numbered", "11-a-then-bm": "a", "group10": "group", "on_fail_demote1": "on"} {
		if got := Family(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestRewrite writes what our own cases print now, on demand.
func TestRewrite(t *testing.T) {
	if !*rewrite {
		return
	}
	names, err := Names("testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		o := Produce("testdata/cases", n, t.TempDir())
		for kind, text := range map[string]string{"summary": o.Summary, "exp": o.Exp, "dot": o.Dot, "scores": o.Scores} {
			if err := os.WriteFile(filepath.Join("testdata/cases", kind, n+"."+kind), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
