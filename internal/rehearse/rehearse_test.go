package rehearse

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mainstay/cib"
	"mainstay/internal/sim"
)

const three = `node 1: n1
node 2: n2
node 3: n3
primitive power stonith:fence_ipmilan params pcmk_host_list="n1 n2" pcmk_host_map="n3:plug3"
primitive ip ocf:heartbeat:IPaddr2 params ip=10.0.0.9 op monitor interval=10s timeout=20s
primitive web systemd:nginx op monitor interval=10s
group g ip web
primitive db ocf:heartbeat:mysql op monitor interval=10s role=Master op monitor interval=11s role=Slave op start timeout=4s
ms dbs db meta master-max=1
primitive off ocf:heartbeat:Dummy op monitor interval=10s meta target-role=Stopped
`

func TestSubject(t *testing.T) {
	s := subject(t, three, Machines{})
	if !slices.Equal(s.Nodes, []string{"n1", "n2", "n3"}) || s.Links != 2 || s.Token != time.Second || !s.Fencing || s.Policy != "stop" {
		t.Errorf("nodes %v, %d links, token %v, fencing %v, policy %s", s.Nodes, s.Links, s.Token, s.Fencing, s.Policy)
	}
	want := []Device{{ID: "power", Targets: []string{"n1", "n2", "n3"}}}
	if d := cmp.Diff(want, s.Devices); d != "" {
		t.Errorf("fence devices: %s", d)
	}
	var got []string
	for _, v := range s.Services {
		got = append(got, strings.TrimSpace(v.ID+" "+v.Group+v.Clone))
	}
	if !slices.Equal(got, []string{"ip g", "web g", "db dbs", "off"}) {
		t.Errorf("services %v", got)
	}
	if v := s.service("db"); !v.Promotable || v.Max != 1 || !v.Monitored || v.least() != sim.Promoted {
		t.Errorf("db is %+v", v)
	}
	if v := s.service("off"); !v.Disabled {
		t.Errorf("off is %+v", v)
	}
	if took := s.Models["db"].Took["start"]; took != 2*time.Second {
		t.Errorf("an assumed start takes %v, want half of its timeout", took)
	}
}

func TestSubjectRefuses(t *testing.T) {
	root := read(t, three)
	for want, m := range map[string]Machines{
		"at least two nodes":   {Nodes: []string{"n1"}},
		"node n4 is not in":    {Nodes: []string{"n1", "n4"}, Conf: assumed("n1", "n2")},
		"corosync.conf":        {Conf: []byte("totem {\n")},
		"nothing to rehearse!": {Nodes: []string{"a", "b"}},
	} {
		r := root
		if strings.HasSuffix(want, "!") {
			r, want = cib.Empty(), strings.TrimSuffix(want, "!")
		}
		if _, err := NewSubject(r, m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func assumed(nodes ...string) []byte {
	return slices.Concat([]byte(assumedTotem), assumedQuorum(nodes), assumedNodelist(nodes, nil, 1))
}

// A corosync.conf of the days of multicast has no nodelist.
func TestMulticastConf(t *testing.T) {
	text := "totem {\n version: 2\n token: 3000\n interface {\n ringnumber: 0\n bindnetaddr: 10.0.0.0\n mcastaddr: 239.1.1.2\n mcastport: 5405\n }\n}\n"
	s := subject(t, "primitive a ocf:heartbeat:Dummy op monitor interval=10s\n", Machines{Conf: []byte(text), Nodes: []string{"x", "y"}})
	if !slices.Equal(s.Nodes, []string{"x", "y"}) || s.Links != 1 || s.Token != 3*time.Second {
		t.Errorf("nodes %v, %d links, token %v", s.Nodes, s.Links, s.Token)
	}
}

func TestHistoryTellsTimes(t *testing.T) {
	status, err := cib.Parse([]byte(`<status><node_state id="1" uname="n1"><lrm id="1"><lrm_resources>
<lrm_resource id="web"><lrm_rsc_op id="a" operation="start" exec-time="1500" rc-code="0"/><lrm_rsc_op id="b" operation="stop" exec-time="700" rc-code="1"/><lrm_rsc_op id="web_last_failure_0" operation="stop" exec-time="700" rc-code="1"/></lrm_resource>
<lrm_resource id="db:0"><lrm_rsc_op id="c" operation="monitor" exec-time="90" rc-code="8"/></lrm_resource>
</lrm_resources></lrm></node_state><node_state id="2" uname="n2"><lrm id="2"><lrm_resources>
<lrm_resource id="web"><lrm_rsc_op id="a" operation="start" exec-time="2500" rc-code="0"/></lrm_resource></lrm_resources></lrm></node_state></status>`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSubject(read(t, three).Put(status), Machines{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Models["web"].Took; got["start"] != 2500*time.Millisecond || got["stop"] != 500*time.Millisecond {
		t.Errorf("web takes %v", got)
	}
	if got := s.Models["db"].Took["monitor"]; got != 90*time.Millisecond {
		t.Errorf("a monitor of db takes %v", got)
	}
	if !slices.ContainsFunc(s.Assumed, func(a string) bool { return strings.Contains(a, "history of 2 services records; for 2 without one") }) {
		t.Errorf("assumed: %q", s.Assumed)
	}
	if !slices.Contains(s.Assumed, "web failed on record; it is played as if what made it fail is mended") {
		t.Errorf("nobody says that web failed: %q", s.Assumed)
	}
	if kids := s.CIB.Child("status").Kids(); len(kids) > 0 {
		t.Errorf("the status is played as well: %v", kids)
	}
}

func TestCases(t *testing.T) {
	s := subject(t, three, Machines{})
	for _, c := range slices.Concat(Singles(s.Faults(), []Phase{Idle, Recovery}), Pairs(s.Faults())) {
		back, err := s.ParseCase(c.String())
		if err != nil || back.String() != c.String() || c.Text() == "" {
			t.Fatalf("%s: read back as %s: %v", c, back, err)
		}
	}
	for text, want := range map[string]string{
		"power:n1": "power:n1@idle", "power:n1+stop:web": "power:n1+stop:web@recovery", "link1:n2@recovery": "link1:n2@recovery",
		"power:n9": "", "linkx:n1": "", "link7:n1": "", "monitor:off": "", "power:n1@later": "", "power:n1@degraded": "", "power:n1+power:n2@idle": "",
		"power:n1+power:n2+power:n3": "", "": "",
	} {
		c, err := s.ParseCase(text)
		if (err == nil) != (want != "") || err == nil && c.String() != want {
			t.Errorf("%q: %s, %v; want %q", text, c, err, want)
		}
	}
}

func TestConditions(t *testing.T) {
	list, err := ParseConditions([]string{"outage>30s", " double-owner", "fenced", "red", "outage"})
	if err != nil {
		t.Fatal(err)
	}
	rep := &Report{Rows: []*Row{
		{ID: "a", Level: Yellow, Outages: []Outage{{"db", Seconds(31 * time.Second), false}}, Fenced: []Fenced{{Node: "n1", Times: 1, OK: true}}},
		{ID: "b", Level: Yellow, Outages: []Outage{{"db", Seconds(29 * time.Second), false}}, Fenced: []Fenced{{Node: "n1", Times: 0, OK: false}}},
		{ID: "c", Level: Red, Outages: []Outage{{"db", Seconds(time.Second), true}}, Findings: []Finding{{Kind: DoubleOwner, Why: "two"}}},
		{ID: "d", Level: Green},
	}}
	want := [][]string{
		{"a: db was away for 31.0 s", "c: db was away for good"}, {"c: two"}, {"a: n1 was fenced"}, {"c: double-owner"},
		{"a: db was away for 31.0 s", "b: db was away for 29.0 s", "c: db was away for good"},
	}
	for i, c := range list {
		if d := cmp.Diff(want[i], c.Broken(rep)); d != "" {
			t.Errorf("%s: %s", c, d)
		}
	}
	for _, bad := range []string{"outages", "double-owner>3s", "outage>x", "outage>-1s", ""} {
		if _, err := ParseConditions([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestTwoNodesThatIgnoreQuorum: the guide's set-up must come out red, with the
// sentence that says why and what to do.
func TestTwoNodesThatIgnoreQuorum(t *testing.T) {
	text, err := os.ReadFile("../../examples/ha-guide-controller.crm")
	if err != nil {
		t.Fatal(err)
	}
	s := subject(t, string(text), Machines{})
	c, err := s.ParseCase("isolate:node1")
	if err != nil {
		t.Fatal(err)
	}
	rep, err := Run(t.Context(), s, Options{Seed: 1, Only: []Case{c}})
	if err != nil {
		t.Fatal(err)
	}
	table := rep.Table()
	for _, want := range []string{"RED  isolate:node1@idle", "RED  double-owner: p_ip_mysql, p_fs_mysql, +6 on node1 and node2 at once",
		"why: fencing is off (stonith-enabled=false)", "no-quorum-policy=ignore lets each side of a split do so",
		"do:  configure a fence device for every node and set stonith-enabled=true; then remove no-quorum-policy=ignore", "two_node: 1"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	if bad := (Condition{Kind: DoubleOwner}).Broken(rep); len(bad) != 1 {
		t.Errorf("--fail-on double-owner finds %v", bad)
	}
	story := rep.Rows[0].Timeline()
	for _, want := range []string{"all links of node1 are cut", "in touch: node2; lost: node1", "p_mysql runs on node2"} {
		if !strings.Contains(story, want) {
			t.Errorf("the story lacks %q:\n%s", want, story)
		}
	}
	data, err := json.Marshal(rep)
	if err != nil || !strings.Contains(string(data), `"kind":"double-owner"`) {
		t.Errorf("as JSON: %v\n%s", err, data)
	}
}

// A node that is fenced comes back when it has booted, and what prefers it goes
// back: that is played too.
func TestFencedNodeReturns(t *testing.T) {
	s := subject(t, `node n1
node n2
node n3
primitive power stonith:fence_ipmilan params pcmk_host_list="n1 n2 n3"
primitive db ocf:heartbeat:pgsql op monitor interval=10s
location here db 100: n1
`, Machines{Boot: 45 * time.Second})
	c, err := s.ParseCase("stop:db@idle")
	if err != nil {
		t.Fatal(err)
	}
	rep, err := Run(t.Context(), s, Options{Seed: 1, Only: []Case{c}})
	if err != nil {
		t.Fatal(err)
	}
	r := rep.Rows[0]
	if len(r.Fenced) != 1 || len(r.Moved) != 0 || time.Duration(r.Lasted) < s.Boot {
		t.Errorf("fenced %v, moved %v, after %s:\n%s", r.Fenced, r.Moved, r.Lasted, r.Timeline())
	}
	away, home := strings.Index(r.Timeline(), "db runs on n3"), strings.LastIndex(r.Timeline(), "db runs on n1")
	if away < 0 || home < away {
		t.Errorf("it did not go away and home:\n%s", r.Timeline())
	}
}

// What a row tells does not depend on the rows before it, nor on how many
// clusters play.
func TestRowsStandAlone(t *testing.T) {
	s := subject(t, three, Machines{})
	run := func(workers int, only []Case) []*Row {
		rep, err := Run(t.Context(), s, Options{Seed: 3, Phases: []Phase{Idle}, Workers: workers, Only: only})
		if err != nil {
			t.Fatal(err)
		}
		return rep.Rows
	}
	all := run(1, nil)
	if got, want := levels(&Report{Rows: run(3, nil)}), levels(&Report{Rows: all}); got != want {
		t.Errorf("one worker:\n%s\nthree:\n%s", want, got)
	}
	for i, r := range all {
		c, err := s.ParseCase(r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if i%8 != 0 { // a cluster for each takes its time
			continue
		}
		alone := run(1, []Case{c})[0]
		if alone.Level != r.Level || !slices.Equal(alone.Stopped, r.Stopped) || !slices.Equal(alone.Moved, r.Moved) {
			t.Errorf("%s alone: %s stopped %v moved %v; among others: %s %v %v", r.ID, alone.Level, alone.Stopped, alone.Moved, r.Level, r.Stopped, r.Moved)
		}
	}
}

func TestPairsAreSampledAloud(t *testing.T) {
	s := subject(t, three, Machines{})
	rep := &Report{}
	got := rep.sample(Pairs(s.Faults()), Options{Seed: 1, Budget: 7})
	if len(got) != 7 || len(rep.Skipped) != 1 || !strings.Contains(rep.Skipped[0], "7 of ") || !strings.Contains(rep.summary(), "were not played") {
		t.Errorf("%d pairs; %q", len(got), rep.Skipped)
	}
	again := (&Report{}).sample(Pairs(s.Faults()), Options{Seed: 1, Budget: 7})
	for i := range got {
		if got[i].String() != again[i].String() {
			t.Errorf("the same seed draws %s, then %s", got[i], again[i])
		}
	}
	if rep := (&Report{}); len(rep.sample(Pairs(s.Faults()), Options{})) != len(Pairs(s.Faults())) || len(rep.Skipped) > 0 {
		t.Errorf("without a budget: %q", rep.Skipped)
	}
}

func TestTrack(t *testing.T) {
	sec := time.Second
	v := &Service{ID: "db", Max: 1}
	tr := newTrack(map[string]sim.Role{"a": sim.Started}, v, 10*sec)
	for _, c := range []sim.Change{
		{At: 12 * sec, Machine: "a", Role: sim.Stopped}, {At: 15 * sec, Machine: "b", Role: sim.Started},
		{At: 16 * sec, Machine: "a", Role: sim.Started}, {At: 20 * sec, Machine: "b", Role: sim.Stopped}, {At: 21 * sec, Machine: "a", Role: sim.Stopped},
	} {
		tr.note(c)
	}
	tr.finish(22 * sec)
	if s, _ := longest(tr.away); len(tr.away) != 2 || s.long() != 3*sec || !tr.away[1].lasts {
		t.Errorf("away %+v", tr.away)
	}
	if s, _ := longest(tr.double); len(tr.double) != 1 || s.long() != 4*sec || !slices.Equal(s.on, []string{"a", "b"}) {
		t.Errorf("double %+v", tr.double)
	}
}

const many = `node n1
node n2
node n3
primitive a1 ocf:heartbeat:Dummy params x=1 op monitor interval=10s
primitive a2 ocf:heartbeat:Dummy params x=2 op monitor interval=10s
primitive a3 ocf:heartbeat:Dummy op monitor interval=10s
primitive a4 ocf:heartbeat:Dummy op monitor interval=10s
primitive slow ocf:heartbeat:Dummy op monitor interval=20s
primitive with1 ocf:heartbeat:Dummy op monitor interval=10s
primitive with2 ocf:heartbeat:Dummy op monitor interval=10s
primitive base1 ocf:heartbeat:Dummy op monitor interval=10s
primitive base2 ocf:heartbeat:Dummy op monitor interval=10s
primitive x1 ocf:heartbeat:Dummy op monitor interval=10s
primitive x2 ocf:heartbeat:Dummy op monitor interval=10s
primitive y1 ocf:heartbeat:Dummy op monitor interval=10s
primitive y2 ocf:heartbeat:Dummy op monitor interval=10s
group g1 x1 y1
group g2 x2 y2
primitive here ocf:heartbeat:Dummy op monitor interval=10s
colocation c1 inf: with1 base1
colocation c2 inf: with2 base2
location l here 100: n1
property stonith-enabled=false
`

func TestAlike(t *testing.T) {
	s := subject(t, many, Machines{})
	colour := s.colours()
	classes := map[string][]string{}
	for _, v := range s.Services {
		classes[colour[v.ID]] = append(classes[colour[v.ID]], v.ID)
	}
	var got []string
	for _, v := range s.Services {
		if list := classes[colour[v.ID]]; list[0] == v.ID {
			got = append(got, strings.Join(list, "="))
		}
	}
	if want := []string{"a1=a2=a3=a4", "slow", "with1=with2", "base1=base2", "x1=x2", "y1=y2", "here"}; !slices.Equal(got, want) {
		t.Errorf("alike are %v, want %v", got, want)
	}
	if colour["node n1"] == colour["node n2"] || colour["node n2"] != colour["node n3"] {
		t.Errorf("nodes: %s, %s, %s", colour["node n1"], colour["node n2"], colour["node n3"])
	}
	for n, want := range map[int]string{0: "a1 a2 a3 a4", 1: "a1", 2: "a1 a4", 3: "a1 a3 a4", 4: "a1 a2 a3 a4"} {
		kept, left := s.Unlike(s.Faults(), n)
		var names []string
		for _, f := range kept {
			if f.Kind == Stop && strings.HasPrefix(f.On, "a") {
				names = append(names, f.On)
			}
		}
		if strings.Join(names, " ") != want || left != len(s.Faults())-len(kept) {
			t.Errorf("%d of those that are alike: %v, %d left out; want %s", n, names, left, want)
		}
	}
}
