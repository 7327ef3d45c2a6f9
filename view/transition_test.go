package view

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/status"
)

func TestSummary(t *testing.T) {
	lines := []status.Change{
		{Verb: "Fence", Action: "reboot", Node: "n3", Reason: "peer is no longer part of the cluster"},
		{Verb: "Shutdown", Node: "n4"},
		{Verb: "Start", Resource: "st", Detail: "n1"},
		{Verb: "Leave", Resource: "quiet", Detail: "Started n1", Leave: true},
		{Verb: "Move", Resource: "vip", Detail: "n1 -> n2"},
		{Verb: "Restart", Resource: "db:0", Detail: "Promoted n1", Reason: "resource definition change"},
		{Verb: "Stop", Resource: "g1", Detail: "n2", Reason: "node availability", Blocked: true},
		{Verb: "Start", Resource: "g2", Detail: "n2", Blocked: true},
	}
	want := `Transition Summary:
  * Fence (reboot) n3 'peer is no longer part of the cluster'
  * Shutdown n4
  * Start      st      (          n1 )
  * Move       vip     (    n1 -> n2 )
  * Restart    db:0    ( Promoted n1 )  due to resource definition change
  * Stop       g1      (          n2 )  due to node availability (blocked)
  * Start      g2      (          n2 )  blocked
`
	if d := cmp.Diff(want, Summary(lines, false)); d != "" {
		t.Error(d)
	}
	all := Summary(lines, true)
	if d := cmp.Diff("  * Leave      quiet   (  Started n1 )\n", lineWith(all, "Leave")); d != "" {
		t.Error(d)
	}
}

// lineWith is the line of a text that holds a word.
func lineWith(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return line
		}
	}
	return ""
}

func TestSummaryColumns(t *testing.T) {
	// A name longer than the column makes it two wider than itself; one that
	// still fits does not.
	for _, c := range []struct {
		names []string
		want  int
	}{
		{nil, 5}, {[]string{"abcde"}, 5}, {[]string{"abcdef"}, 8}, {[]string{"abcdef", "abcdefgh"}, 8}, {[]string{"abcdef", "abcdefghi"}, 11},
	} {
		var lines []status.Change
		for _, n := range c.names {
			lines = append(lines, status.Change{Resource: n})
		}
		if got, _ := summaryWidths(lines, false); got != c.want {
			t.Errorf("%v: width %d, want %d", c.names, got, c.want)
		}
	}
}

func meta(kv ...string) []cib.Attr {
	var out []cib.Attr
	for i := 0; i < len(kv); i += 2 {
		out = append(out, cib.Attr{Name: "CRM_meta_" + kv[i], Value: kv[i+1]})
	}
	return out
}

func TestExecutingAndPlan(t *testing.T) {
	rsc := func(id string) *graph.Rsc { return &graph.Rsc{ID: id} }
	for _, c := range []struct {
		a           graph.Action
		name        string
		line, words string
	}{
		{graph.Action{Kind: graph.Pseudo, Key: "all_stopped"}, "", "Pseudo action:   all_stopped", ""},
		{graph.Action{Kind: graph.Pseudo, Key: "stonith-vm-reboot", Node: "vm"}, "", "Pseudo action:   stonith-vm-reboot on vm", ""},
		{graph.Action{Kind: graph.Cluster, Task: "stonith", Node: "n3", Attrs: meta("fencing_action", "reboot"), Reason: "n3 left"}, "",
			"Fencing n3 (reboot)", "fence n3 (reboot) because n3 left"},
		{graph.Action{Kind: graph.Cluster, Task: "stonith", Node: "n3", Attrs: meta("stonith_action", "off")}, "", "Fencing n3 (off)", "fence n3 (off)"},
		{graph.Action{Kind: graph.Cluster, Task: "do_shutdown", Node: "n3"}, "", "Cluster action:  do_shutdown on n3", "shut the cluster down on n3"},
		{graph.Action{Kind: graph.Cluster, Task: "clear_failcount", Node: "n3", Rsc: rsc("vip")}, "vip",
			"Cluster action:  clear_failcount for vip on n3", "forget the failures of vip on n3"},
		{graph.Action{Kind: graph.Resource, Task: "start", Node: "n2", Rsc: rsc("vip"), Reason: "l1 prefers n2"}, "vip",
			"Resource action: vip             start on n2", "start vip on n2 because l1 prefers n2"},
		{graph.Action{Kind: graph.Resource, Task: "monitor", Node: "n2", Rsc: rsc("vip"), Attrs: meta("interval", "10000")}, "vip",
			"Resource action: vip             monitor=10000 on n2", "monitor vip every 10s on n2"},
		{graph.Action{Kind: graph.Resource, Task: "monitor", Node: "n2", Rsc: rsc("vip")}, "vip",
			"Resource action: vip             monitor on n2", "probe vip on n2"},
		{graph.Action{Kind: graph.Resource, Task: "notify", Node: "n2", Rsc: rsc("db"), Attrs: meta("interval", "5", "notify_type", "pre", "notify_operation", "start")}, "db:0",
			"Resource action: db:0            notify on n2", "notify db (pre-start) on n2"},
		{graph.Action{Kind: graph.Resource, Task: "migrate_to", Node: "n1", Rsc: rsc("vm"), Attrs: meta("migrate_target", "n2")}, "vm",
			"Resource action: vm              migrate_to on n1", "move vm live to n2 on n1"},
		{graph.Action{Kind: graph.Resource, Task: "cancel", Node: "n1", Rsc: rsc("vm"), Attrs: meta("interval", "90000")}, "vm",
			"Resource action: vm              cancel=90000 on n1", "stop monitoring vm every 1m30s on n1"},
	} {
		if got := Executing(&c.a, c.name); got != c.line {
			t.Errorf("%s: %q, want %q", c.a.Task, got, c.line)
		}
		if got := PlanLine(&c.a); c.words != "" && got != c.words {
			t.Errorf("%s: %q, want %q", c.a.Task, got, c.words)
		}
	}
}

func TestPlanOrder(t *testing.T) {
	g := &graph.Graph{Actions: []*graph.Action{
		{ID: 1, Kind: graph.Resource, Task: "start", Node: "n2", Rsc: &graph.Rsc{ID: "vip"}, Inputs: []int{2}, Reason: "n1 is in standby"},
		{ID: 2, Kind: graph.Pseudo, Key: "all_stopped", Inputs: []int{3}},
		{ID: 3, Kind: graph.Resource, Task: "stop", Node: "n1", Rsc: &graph.Rsc{ID: "vip", LongID: "vip:1"}},
	}}
	want := "stop vip:1 on n1\nstart vip on n2 because n1 is in standby\n"
	if d := cmp.Diff(want, Plan(g)); d != "" {
		t.Error(d)
	}
}

func TestCompareNames(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"n2", "n10", -1}, {"n10", "n2", 1}, {"N2", "n2", 0}, {"n02", "n2", 0}, {"a", "b", -1}, {"a", "ab", -1}, {"a1b2", "a1b10", -1}, {"", "a", -1},
	} {
		got := compareNames(c.a, c.b)
		if (got < 0) != (c.want < 0) || (got > 0) != (c.want > 0) {
			t.Errorf("compare %q %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestMillis(t *testing.T) {
	for ms, want := range map[int]string{0: "0s", 20: "20ms", 2000: "2s", 1500: "1.500s", 90000: "1m30s", 3600000: "1h", 86400000 + 1: "1d0.001s"} {
		if got := millis(ms); got != want {
			t.Errorf("%d ms: %s, want %s", ms, got, want)
		}
	}
}

func TestSimple(t *testing.T) {
	if text, ok := Simple(lab(t)); text != "CLUSTER WARN: offline node: n3\n" || ok {
		t.Errorf("%q %v", text, ok)
	}
	f := lab(t)
	f.Cluster.Nodes = f.Cluster.Nodes[:2]
	f.Cluster.Nodes[1].Standby = true
	if text, ok := Simple(f); text != "CLUSTER OK: 1 node online, 1 standby node, 10 resource instances configured\n" || !ok {
		t.Errorf("%q %v", text, ok)
	}
	f.Cluster.DC = ""
	if text, ok := Simple(f); text != "CLUSTER CRIT: No DC\n" || ok {
		t.Errorf("%q %v", text, ok)
	}
}
