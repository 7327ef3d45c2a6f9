package runner

import (
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/internal/host"
	"mainstay/internal/host/linux"
	"mainstay/lrm"
)

// node is an executor on the real machine: what the node's loop does, without a cluster.
type node struct {
	t       *testing.T
	machine *linux.Machine
	runner  *Runner
	lrm     *lrm.Machine
	runs    map[host.Tag]agent.Call
	records []lrm.Record
	answers []lrm.Answer
}

func newNode(t *testing.T, cfg Config) *node {
	t.Helper()
	m, err := linux.New(linux.Config{StateDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	cfg.Exists, cfg.Node = m.Exists, "n1"
	return &node{t: t, machine: m, runner: New(cfg), lrm: lrm.New(lrm.Config{NodeID: "1", NodeName: "n1", Parallel: 4}), runs: map[host.Tag]agent.Call{}}
}

func (n *node) step(in lrm.Input) {
	for _, e := range n.lrm.Step(n.machine.Now(), in) {
		switch e := e.(type) {
		case lrm.Run:
			cmd, err := n.runner.Command(e.Call)
			if err != nil {
				n.step(lrm.Done{Tag: e.Tag, Result: Failed(err)})
				continue
			}
			n.runs[host.Tag(e.Tag)] = e.Call
			n.machine.Start(host.Tag(e.Tag), cmd)
		case lrm.Kill:
			n.machine.Kill(host.Tag(e.Tag))
		case lrm.Record:
			n.records = append(n.records, e)
		case lrm.Answer:
			n.answers = append(n.answers, e)
		}
	}
}

// until turns the loop until a condition holds.
func (n *node) until(what string, holds func() bool) {
	n.t.Helper()
	limit := n.machine.Now() + 30*time.Second
	for !holds() {
		if n.machine.Now() > limit {
			n.t.Fatalf("%s: waited 30 s in vain", what)
		}
		deadline := n.lrm.Wake()
		if deadline == 0 || deadline > limit {
			deadline = limit
		}
		switch c := n.machine.Next(deadline).(type) {
		case host.Timeout:
			n.step(lrm.Tick{Wall: n.machine.Wall().Unix()})
		case host.Exited:
			n.step(lrm.Done{Tag: uint64(c.Tag), Result: n.runner.Result(n.runs[c.Tag], c), Wall: n.machine.Wall().Unix()})
			delete(n.runs, c.Tag)
		}
	}
}

// op orders an operation and waits for its record.
func (n *node) op(o lrm.Order) *cib.Elem {
	n.t.Helper()
	n.step(o)
	var found *cib.Elem
	n.until(o.Rsc+" "+o.Op, func() bool {
		i := slices.IndexFunc(n.records, func(r lrm.Record) bool { return !r.Pending && r.Key == o.Key })
		if i >= 0 {
			found = n.records[i].Elem
		}
		return i >= 0
	})
	return found
}

// TestLifeOnTheRealMachine starts, watches, breaks, and stops Debian's Dummy,
// beside an agent that hangs.
func TestLifeOnTheRealMachine(t *testing.T) {
	dir := t.TempDir()
	script(t, dir, "hang", "#!/bin/sh\nexec tail -f /dev/null\n")
	n := newNode(t, Config{Env: []string{rscTmp(t)}, InitDir: dir})
	state := filepath.Join(dir, "state")
	order := func(key, op string, interval time.Duration) lrm.Order {
		return lrm.Order{Key: key, Rsc: "d", Agent: agent.Name{Class: "ocf", Provider: "pacemaker", Type: "Dummy"}, Op: op,
			Interval: interval, Timeout: 20 * time.Second, Params: params("state", state), Wall: n.machine.Wall().Unix()}
	}
	want := func(e *cib.Elem, rc, status string) {
		t.Helper()
		if e.Get("rc-code") != rc || e.Get("op-status") != status {
			t.Fatalf("want %s:%s, have %s", status, rc, e)
		}
	}
	want(n.op(order("1:1:7:u", "monitor", 0)), "7", "0")
	started := n.op(order("2:1:0:u", "start", 0))
	want(started, "0", "0")
	if started.Get("op-force-restart") != "  state  " {
		t.Errorf("the agent can reload all but its state: %s", started)
	}
	n.step(lrm.Order{Key: "9:1:0:u", Rsc: "h", Agent: agent.Name{Class: "lsb", Type: "hang"}, Op: "start", Timeout: 300 * time.Millisecond})
	want(n.op(order("3:1:0:u", "monitor", 50*time.Millisecond)), "0", "0")

	// the service dies; the next round of the monitor finds it
	want(n.op(order("4:1:0:u", "monitor", 0)), "0", "0")
	n.exec("rm", state)
	n.until("failure", func() bool {
		return slices.ContainsFunc(n.records, func(r lrm.Record) bool { return r.Elem.ID() == "d_last_failure_0" && r.Failed })
	})
	want(n.op(order("5:2:0:u", "stop", 0)), "0", "0")
	want(n.op(order("6:2:0:u", "stop", 0)), "0", "0")
	n.until("the hanging one", func() bool {
		return slices.ContainsFunc(n.records, func(r lrm.Record) bool {
			return r.Rsc == "h" && r.Elem.Get("op-status") == "2" && r.Elem.Get("rc-code") == "1" && r.Elem.Get("exit-reason") != ""
		})
	})
	if len(n.lrm.Activities()) != 0 || len(n.runs) != 0 {
		t.Errorf("not idle: %+v", n.lrm.Activities())
	}
}

// exec runs a program to its end.
func (n *node) exec(path string, args ...string) {
	n.t.Helper()
	(&machine{n.t, n.runner}).exec(host.Cmd{Path: path, Args: args})
}
