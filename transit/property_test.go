package transit

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/graph"
)

// TestLaws drives random graphs with random results, losses and aborts, and
// watches from outside: no action before what it waits for ended well, none
// twice, no limit exceeded, nothing new below an abort's priority, and the
// graph always ends with every action accounted for.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.step(Start{Graph: w.g})
		for rounds := 0; w.end == nil; rounds++ {
			if rounds > 20*len(w.g.Actions)+50 {
				t.Fatalf("no end after %d rounds; under way %v", rounds, w.flying)
			}
			w.round()
		}
		w.account()
	})
}

type world struct {
	t      *rapid.T
	m      *Machine
	cfg    Config
	g      *graph.Graph
	byID   map[int]*graph.Action
	now    time.Duration
	flying []int
	good   map[int]bool // ended well or may fail
	begun  map[int]bool
	abort  int
	end    *Finished
	batch  int
}

func newWorld(t *rapid.T) *world {
	w := &world{t: t, now: time.Second, byID: map[int]*graph.Action{}, good: map[int]bool{}, begun: map[int]bool{}}
	w.batch = rapid.IntRange(0, 4).Draw(t, "batch")
	w.cfg = Config{NodeLimit: rapid.IntRange(0, 3).Draw(t, "per node"), OneByOne: rapid.Bool().Draw(t, "one by one")}
	w.m = New(w.cfg)
	w.g = &graph.Graph{Attrs: []cib.Attr{{Name: "batch-limit", Value: fmt.Sprint(w.batch)}}}
	n := rapid.IntRange(1, 25).Draw(t, "actions")
	ids := rapid.Permutation(seq(n)).Draw(t, "ids")
	for i := range n {
		a := &graph.Action{ID: ids[i] + 1, Kind: graph.Kind(rapid.IntRange(0, 2).Draw(t, "kind")), Task: "start", Key: fmt.Sprintf("a%d", i)}
		a.Node = fmt.Sprintf("n%d", rapid.IntRange(1, 3).Draw(t, "node"))
		a.Priority = rapid.SampledFrom([]int{0, 0, 0, 10, Infinity}).Draw(t, "priority")
		if rapid.IntRange(0, 4).Draw(t, "lenient") == 0 {
			a.Attrs = append(a.Attrs, cib.Attr{Name: "CRM_meta_can_fail", Value: "true"})
		}
		for range rapid.IntRange(0, 3).Draw(t, "inputs") {
			if i > 0 { // of a random graph without circles, in any order of ids
				a.Inputs = append(a.Inputs, ids[rapid.IntRange(0, i-1).Draw(t, "input")]+1)
			}
		}
		w.g.Actions, w.byID[a.ID] = append(w.g.Actions, a), a
	}
	w.g.Actions = rapid.Permutation(w.g.Actions).Draw(t, "order")
	return w
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// round does one random thing that can happen to a coordinator.
func (w *world) round() {
	w.now += time.Duration(rapid.IntRange(0, 20).Draw(w.t, "pause")) * time.Second
	switch what := rapid.IntRange(0, 20).Draw(w.t, "what"); {
	case what == 0:
		p := rapid.SampledFrom([]int{1, 5, 11, Infinity}).Draw(w.t, "abort")
		w.abort = max(w.abort, p)
		w.step(Abort{Priority: p, Reason: "whim"})
	case what == 1:
		w.step(Tick{})
	case what == 2:
		for _, id := range w.flying {
			if w.byID[id].Node == "n3" {
				w.abort = Infinity
			}
		}
		w.step(Lost{Node: "n3"})
	case len(w.flying) > 0:
		i := rapid.IntRange(0, len(w.flying)-1).Draw(w.t, "which")
		rc := agent.Code(rapid.SampledFrom([]int{0, 0, 0, 0, 1}).Draw(w.t, "rc"))
		w.step(Completed{Action: w.flying[i], RC: rc})
	default:
		w.t.Fatalf("nothing is under way and the graph has not ended")
	}
}

// step feeds the machine and checks every effect.
func (w *world) step(in Input) {
	if c, ok := in.(Completed); ok && c.RC == agent.OK {
		w.landed(c.Action, true)
	}
	for _, e := range w.m.Step(w.now, in) {
		if w.end != nil {
			w.t.Fatalf("%T after the end", e)
		}
		switch e := e.(type) {
		case Dispatch:
			w.begins(e.Action)
			w.flying = append(w.flying, e.Action.ID)
			w.limits()
		case Passed:
			w.begins(e.Action)
			w.good[e.Action.ID] = true
		case Failed:
			if e.Ignored != canFail(e.Action) && e.Reason == "" {
				w.t.Fatalf("action %d: ignored %v", e.Action.ID, e.Ignored)
			}
			w.landed(e.Action.ID, e.Ignored)
		case Expired:
			w.abort = Infinity
			w.landed(e.Action.ID, false)
		case Finished:
			w.end = &e
		}
	}
}

func (w *world) begins(a *graph.Action) {
	if w.begun[a.ID] {
		w.t.Fatalf("action %d begins twice", a.ID)
	}
	w.begun[a.ID] = true
	for _, in := range a.Inputs {
		if !w.good[in] {
			w.t.Fatalf("action %d begins before %d ended well", a.ID, in)
		}
	}
	if a.Priority < w.abort {
		w.t.Fatalf("action %d of priority %d begins after an abort at %d", a.ID, a.Priority, w.abort)
	}
}

func (w *world) landed(id int, ok bool) {
	for i, f := range w.flying {
		if f == id {
			w.flying = append(w.flying[:i:i], w.flying[i+1:]...)
		}
	}
	if ok {
		w.good[id] = true
		return
	}
	w.abort = max(w.abort, min(w.byID[id].Priority+1, Infinity))
}

func (w *world) limits() {
	if w.batch > 0 && len(w.flying) > w.batch {
		w.t.Fatalf("%d under way, the limit is %d", len(w.flying), w.batch)
	}
	if w.cfg.OneByOne && len(w.flying) > 1 {
		w.t.Fatalf("%v under way at once", w.flying)
	}
	per := map[string]int{}
	for _, id := range w.flying {
		if a := w.byID[id]; a.Kind == graph.Resource {
			if per[a.Node]++; w.cfg.NodeLimit > 0 && per[a.Node] > w.cfg.NodeLimit {
				w.t.Fatalf("%d under way on %s, the limit is %d", per[a.Node], a.Node, w.cfg.NodeLimit)
			}
		}
	}
}

// account checks the sums of the end.
func (w *world) account() {
	f := w.end
	if n := f.Done + f.Skipped + f.Blocked; n != len(w.g.Actions) {
		w.t.Fatalf("%d actions accounted for, of %d", n, len(w.g.Actions))
	}
	if f.Done != len(w.begun) {
		w.t.Fatalf("done %d, but %d began", f.Done, len(w.begun))
	}
	if (f.Outcome == Complete) != (len(w.begun) == len(w.g.Actions)) {
		w.t.Fatalf("outcome %s with %d of %d begun", f.Outcome, len(w.begun), len(w.g.Actions))
	}
	if w.m.Active() != nil || w.m.Wake() != 0 || len(w.flying) > 0 {
		w.t.Fatal("not idle after the end")
	}
}
