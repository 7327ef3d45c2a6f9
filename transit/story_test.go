package transit

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/graph"
)

// TestStories runs the files in testdata/stories: each makes a graph, feeds a machine
// and shows what it asks for.
//
//	graph [name=value…]      the actions, one a line: ID TASK KEY [@NODE] [<INPUT…] [name=value…]
//	start|done|fail|fenced|lost|abort|at   one input, at the present time
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		s := &story{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return s.run(t, d) })
	})
}

type story struct {
	m   *Machine
	g   *graph.Graph
	now time.Duration
}

func (s *story) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "graph":
		s.now = time.Second
		cfg := Config{}
		s.g = &graph.Graph{ID: 1}
		for _, a := range d.CmdArgs {
			switch a.Key {
			case "one-by-one":
				cfg.OneByOne = true
			case "leave-last":
				cfg.LeaveLast = true
			case "node-limit":
				cfg.NodeLimit, _ = strconv.Atoi(a.Vals[0])
			default:
				s.g.Attrs = append(s.g.Attrs, cib.Attr{Name: a.Key, Value: a.Vals[0]})
			}
		}
		for _, line := range strings.Split(strings.TrimSpace(d.Input), "\n") {
			s.g.Actions = append(s.g.Actions, parseLine(t, line))
		}
		s.m = New(cfg)
		return ""
	case "start":
		return s.step(Start{Graph: s.g})
	case "done", "fail":
		return s.results(t, d)
	case "fenced":
		return s.step(Fenced{Target: d.CmdArgs[0].Key, OK: !d.HasArg("no"), Reason: "the device said no"})
	case "lost":
		return s.step(Lost{Node: d.CmdArgs[0].Key})
	case "abort":
		p, _ := strconv.Atoi(d.CmdArgs[0].Key)
		return s.step(Abort{Priority: p, Reason: strings.TrimSpace(d.Input)})
	case "at":
		at, err := time.ParseDuration(d.CmdArgs[0].Key)
		if err != nil {
			t.Fatal(err)
		}
		s.now = at
		return s.step(Tick{})
	}
	t.Fatalf("%s: no such command", d.Cmd)
	return ""
}

func (s *story) results(t *testing.T, d *datadriven.TestData) string {
	var out strings.Builder
	st, rc := agent.Done, 0
	if d.Cmd == "fail" {
		rc = 1
	}
	d.MaybeScanArgs(t, "rc", &rc)
	if d.HasArg("timeout") {
		st = agent.TimedOut
	}
	if d.HasArg("pending") {
		st = agent.Pending
	}
	for _, a := range d.CmdArgs {
		if id, err := strconv.Atoi(a.Key); err == nil {
			out.WriteString(s.step(Completed{Action: id, Status: st, RC: agent.Code(rc)}))
		}
	}
	return out.String()
}

func (s *story) step(in Input) string {
	var b strings.Builder
	for _, e := range s.m.Step(s.now, in) {
		b.WriteString(tell(e) + "\n")
	}
	if b.Len() == 0 {
		b.WriteString("nothing\n")
	}
	if w := s.m.Wake(); w > 0 {
		fmt.Fprintf(&b, "wake at %v\n", w)
	}
	return b.String()
}

// tell writes one effect as a line.
func tell(e Effect) string {
	switch e := e.(type) {
	case Dispatch:
		return fmt.Sprintf("dispatch %d %s%s timeout %v", e.Action.ID, e.Action.Key, onNode(e.Action), e.Timeout)
	case Passed:
		return fmt.Sprintf("passed %d %s", e.Action.ID, e.Action.Key)
	case Failed:
		line := fmt.Sprintf("failed %d %s%s status %d rc %d", e.Action.ID, e.Action.Key, onNode(e.Action), e.Status, e.RC)
		if e.Ignored {
			line += ", ignored"
		}
		if e.Reason != "" {
			line += ": " + e.Reason
		}
		return line
	case Expired:
		return fmt.Sprintf("expired %d %s%s after %v", e.Action.ID, e.Action.Key, onNode(e.Action), e.After)
	case Finished:
		line := fmt.Sprintf("finished %s: done %d, failed %d, skipped %d, blocked %d", e.Outcome, e.Done, e.Failed, e.Skipped, e.Blocked)
		if e.Reason != "" {
			line += " (" + e.Reason + ")"
		}
		return line
	case Refused:
		return "refused: " + e.Reason
	}
	return fmt.Sprintf("unknown effect %T", e)
}

// parseLine reads "3 start vip_start_0 @n1 <1,2 priority=5 CRM_meta_timeout=20000".
func parseLine(t *testing.T, line string) *graph.Action {
	w := strings.Fields(line)
	id, err := strconv.Atoi(w[0])
	if err != nil || len(w) < 3 {
		t.Fatalf("bad action line %q", line)
	}
	a := &graph.Action{ID: id, Task: w[1], Key: w[2], Kind: graph.Resource}
	switch w[1] {
	case "pseudo":
		a.Kind = graph.Pseudo
	case "stonith", "do_shutdown", "clear_failcount":
		a.Kind = graph.Cluster
	}
	for _, x := range w[3:] {
		switch {
		case x[0] == '@':
			a.Node, a.Router, _ = strings.Cut(x[1:], "/")
			a.NodeID = "id-" + a.Node
		case x[0] == '<':
			for _, in := range strings.Split(x[1:], ",") {
				n, err := strconv.Atoi(in)
				if err != nil {
					t.Fatalf("bad input %q", x)
				}
				a.Inputs = append(a.Inputs, n)
			}
		default:
			k, v, _ := strings.Cut(x, "=")
			if k == "priority" {
				a.Priority, _ = strconv.Atoi(v)
				continue
			}
			a.Attrs = append(a.Attrs, cib.Attr{Name: "CRM_meta_" + k, Value: v})
		}
	}
	return a
}
