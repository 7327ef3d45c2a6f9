package graph

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mainstay/cib"
)

const sample = `<transition_graph cluster-delay="60s" transition_id="7">
  <synapse id="0" priority="1000000">
    <action_set>
      <rsc_op id="4" operation="start" operation_key="st_start_0" on_node="n1" on_node_uuid="1" router_node="n2">
        <primitive id="st" long-id="st:1" class="ocf" provider="heartbeat" type="Dummy"/>
        <attributes CRM_meta_timeout="20000"><param name="1" value="192.0.2.1"/></attributes>
        <downed><node id="9"/></downed>
      </rsc_op>
    </action_set>
    <inputs>
      <trigger><pseudo_event id="2" operation="running" operation_key="g_running_0"/></trigger>
      <trigger><crm_event id="3" operation="stonith" operation_key="stonith-n3-off"/></trigger>
    </inputs>
  </synapse>
  <synapse id="1"><action_set><pseudo_event id="2" operation="running" operation_key="g_running_0"/></action_set><inputs/></synapse>
  <synapse id="2"><action_set><crm_event id="3" operation="stonith" operation_key="stonith-n3-off" on_node="n3" on_node_uuid="3"/></action_set><inputs/></synapse>
</transition_graph>`

func TestParse(t *testing.T) {
	got, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := &Graph{ID: 7, Attrs: []cib.Attr{{Name: "cluster-delay", Value: "60s"}}, Actions: []*Action{
		{ID: 4, Kind: Resource, Task: "start", Key: "st_start_0", Node: "n1", NodeID: "1", Router: "n2", Priority: 1000000,
			Rsc:   &Rsc{ID: "st", LongID: "st:1", Class: "ocf", Provider: "heartbeat", Type: "Dummy"},
			Attrs: []cib.Attr{{Name: "1", Value: "192.0.2.1"}, {Name: "CRM_meta_timeout", Value: "20000"}}, Downed: []string{"9"}, Inputs: []int{2, 3}},
		{ID: 2, Kind: Pseudo, Task: "running", Key: "g_running_0"},
		{ID: 3, Kind: Cluster, Task: "stonith", Key: "stonith-n3-off", Node: "n3", NodeID: "3"},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"transition_graph", "graph", "want <transition_graph>"},
		{`transition_id="7"`, `transition_id="x"`, "transition_id"},
		{`priority="1000000"`, `priority="much"`, "priority"},
		{`<rsc_op id="4"`, `<rsc_op id="four"`, "four"},
		{`<trigger><pseudo_event id="2"`, `<trigger><pseudo_event id=""`, "trigger id"},
		{`<crm_event id="3" operation="stonith" operation_key="stonith-n3-off" on_node`, `<other id="3" on_node`, "is no action"},
	} {
		if _, err := Parse([]byte(strings.ReplaceAll(sample, c.old, c.new))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s → %s: error %v, want %q", c.old, c.new, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("<transition_graph/>"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if g, err := Parse(doc); err == nil && g == nil {
			t.Error("neither graph nor error")
		}
	})
}

// TestXMLRoundTrip writes what was read, and reads what was written.
func TestXMLRoundTrip(t *testing.T) {
	g, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	g.Actions[0].Lock = "1700000000"
	again, err := Parse(g.XML())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(g, again); d != "" {
		t.Error(d)
	}
	if text := string(g.XML()); !strings.Contains(text, "<trigger>\n        <pseudo_event id=\"2\" operation=\"running\" operation_key=\"g_running_0\"/>") {
		t.Errorf("triggers are not as in Pacemaker's graphs:\n%s", text)
	}
}

// TestXMLIsIndentedAsTheCIBIs writes graphs of every shape; the documents are
// as package cib writes the same elements.
func TestXMLIsIndentedAsTheCIBIs(t *testing.T) {
	g, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	g.Actions[0].Lock = "1700000000"
	g.Actions[0].Attrs = append(g.Actions[0].Attrs, cib.Attr{Name: "say", Value: "a<b>&\"c\"\n\t\r'ü"})
	g.Actions[1].Internal = "g_running_0'"
	long := &Graph{ID: 1, Attrs: []cib.Attr{{Name: "batch-limit", Value: "0"}, {Name: "recheck-by", Value: "9"}}}
	for i := range 2000 { // more than is handed over at once
		long.Actions = append(long.Actions, &Action{ID: i + 1, Task: "start", Key: "a_start_0", Inputs: []int{i, 1 << 40}})
	}
	for _, g := range []*Graph{g, long, {}} {
		got := string(g.XML())
		root, err := cib.Parse([]byte(got))
		if err != nil {
			t.Fatal(err)
		}
		if want := root.String(); got != want {
			t.Error(cmp.Diff(want, got))
		}
	}
}

type brokenWriter struct{ room int }

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.room -= len(b); w.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}

var errFull = errors.New("no space left")

// TestWriteXMLTellsWhatFails: whether the first piece cannot be written, or a later one.
func TestWriteXMLTellsWhatFails(t *testing.T) {
	g := &Graph{}
	for i := range 2000 {
		g.Actions = append(g.Actions, &Action{ID: i + 1, Task: "start", Key: "a_start_0"})
	}
	for _, room := range []int{0, pieces * 2, len(g.XML()) - 1} {
		if err := g.WriteXML(&brokenWriter{room}); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: error %v, want %v", room, err, errFull)
		}
	}
	if err := g.WriteXML(&brokenWriter{len(g.XML())}); err != nil {
		t.Error(err)
	}
}

func TestTargetRC(t *testing.T) {
	for value, want := range map[string]int{"": 0, "7": 7, "x": 0} {
		a := &Action{Attrs: []cib.Attr{{Name: "CRM_meta_op_target_rc", Value: value}}}
		if got := a.TargetRC(); got != want {
			t.Errorf("%q: %d, want %d", value, got, want)
		}
	}
}
