package tools

import (
	"bytes"
	"compress/bzip2"
	"io"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/internal/web/fake"
)

// A report has the transitions that the node keeps: inputs without passwords, and a log.
func TestReportPast(t *testing.T) {
	input, err := cib.Parse([]byte(`<cib epoch="7"><configuration><nvpair id="p" name="password" value="hunter2"/><lrm_rsc_op op-secure-params="  passwd  " op-secure-digest="x"/></configuration></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	c := fake.New(cib.Empty(), "node1", "node2")
	start := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	c.Keep(web.Transition{Number: 6, Coordinator: "node1", Started: start, Ended: start.Add(1234 * time.Millisecond), Trigger: "node2 left",
		Outcome: "complete", Summary: []string{"Move vip ( node2 -> node1 )"}, Actions: 2, Input: input,
		Graph: &graph.Graph{ID: 6, Actions: []*graph.Action{
			{ID: 2, Kind: graph.Resource, Task: "start", Key: "vip_start_0", Node: "node1"},
			{ID: 1, Kind: graph.Cluster, Task: "stonith", Node: "node2", Reason: "it is lost", Attrs: []cib.Attr{{Name: "stonith_action", Value: "reboot"}}},
		}}})
	c.Keep(web.Transition{Number: 7, Coordinator: "node1", Started: start.Add(time.Minute), Trigger: "a failure", Input: input})
	socket := fake.Serve(t, c)
	env := &face.Env{Now: func() time.Time { return start }, Socket: socket, Getenv: func(string) string { return "" }}
	parts, err := pastParts(t.Context(), env, "node1", []string{"passw.*"})
	if err != nil || len(parts) != 3 {
		t.Fatalf("%d parts: %v", len(parts), err)
	}
	text, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(parts["node1/pengine/pe-input-6.bz2"])))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := cib.Parse(text)
	if err != nil || strings.Contains(string(text), "hunter2") || kept.Get("epoch") != "7" {
		t.Errorf("the input is kept as\n%s%v", text, err)
	}
	const want = `Nov  2 10:00:00 node1 crmd[1]: info: node2 left
Nov  2 10:00:00 node1 pengine[1]: notice: Move vip ( node2 -> node1 )
Nov  2 10:00:00 node1 pengine[1]: notice: Calculated transition 6, saving inputs in /var/lib/pacemaker/pengine/pe-input-6.bz2
Nov  2 10:00:00 node1 crmd[1]: info: Processing graph 6 derived from /var/lib/pacemaker/pengine/pe-input-6.bz2
Nov  2 10:00:00 node1 pengine[1]: warning: Scheduling Node node2 for STONITH: it is lost
Nov  2 10:00:00 node1 crmd[1]: notice: Executing reboot fencing operation (1) on node2
Nov  2 10:00:00 node1 crmd[1]: notice: Initiating start operation vip_start_0 on node1 | action 2
Nov  2 10:00:01 node1 crmd[1]: notice: Transition 6 (Complete=2, Pending=0, Fired=0, Skipped=0, Incomplete=0, Source=/var/lib/pacemaker/pengine/pe-input-6.bz2): Complete
Nov  2 10:01:00 node1 crmd[1]: info: a failure
Nov  2 10:01:00 node1 pengine[1]: notice: Calculated transition 7, saving inputs in /var/lib/pacemaker/pengine/pe-input-7.bz2
Nov  2 10:01:00 node1 crmd[1]: info: Processing graph 7 derived from /var/lib/pacemaker/pengine/pe-input-7.bz2
`
	if got := string(parts["node1/ha-log.txt"]); got != want {
		t.Errorf("the log is\n%s", got)
	}
}
