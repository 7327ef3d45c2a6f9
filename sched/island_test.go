package sched

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mainstay/cib"
)

// whole is all that a plan says that was asked for with no options.
func whole(t rapid.TB, in Input, plan func(Input) *Result) string {
	in.Options = Options{}
	return outcome(t, plan(in))
}

// differs tells two outcomes apart where they differ first.
func differs(t rapid.TB, about string, got, want string, root *cib.Elem) {
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range w {
		if i >= len(g) || g[i] != w[i] {
			line := ""
			if i < len(g) {
				line = g[i]
			}
			t.Fatalf("%s: with islands asleep the plan is another\ngot  %s\nwant %s\n\nall of it\n%s\nwanted\n%s\n%s", about, line, w[i], got, want, root.AppendXML(nil, true))
		}
	}
	t.Fatalf("%s: with islands asleep the plan says more\n%s\nwanted\n%s", about, got, want)
}

// records lists the lrm_rsc_op elements.
func opRecords(root *cib.Elem) []*cib.Elem {
	var out []*cib.Elem
	root.Child("status").Walk(func(e *cib.Elem) bool {
		if e.Name() == "lrm_rsc_op" {
			out = append(out, e)
		}
		return true
	})
	return out
}

// reported is an information base with one operation reported anew, as nodes do.
func reported(t *rapid.T, root *cib.Elem) *cib.Elem {
	all := opRecords(root)
	if len(all) == 0 {
		return root
	}
	e := rapid.SampledFrom(all).Draw(t, "record")
	x := e
	set := func(name string, values ...string) {
		x = x.With(name, rapid.SampledFrom(values).Draw(t, name))
	}
	for range rapid.IntRange(1, 2).Draw(t, "what") {
		switch rapid.IntRange(0, 9).Draw(t, "of it") {
		case 0, 1:
			set("last-rc-change", "1699999990", "1699999999", "1600000000")
			set("exec-time", "1", "2")
			set("queue-time", "0", "7")
		case 2:
			set("rc-code", "0", "7", "8", "1", "5", "193", "190")
		case 3:
			set("op-status", "0", "-1", "2", "4", "1")
		case 4:
			set("call-id", "1", "-1", "5", "99")
		case 5:
			set("op-digest", "0", "4811cef7f7f94e3a35a70be7916cb2fd", "f2317cad3d54cec5d7d7aa7d0bf35cf8")
		case 6:
			set("op-restart-digest", "0", "f2317cad3d54cec5d7d7aa7d0bf35cf8")
		case 7: // begun, and nobody knows how it ended
			x = x.With("op-status", "-1").With("rc-code", "193").With("call-id", "-1")
		case 8: // failed
			x = x.With("op-status", "0").With("rc-code", "7")
		case 9:
			set("operation", "start", "stop", "monitor", "promote")
		}
	}
	return replaced(root, e, x)
}

// TestIslandsAsleep: what sleeps is planned as if it were awake, whatever happens
// to the information base and however the time goes on.
func TestIslandsAsleep(t *testing.T) {
	all := subjects(t)
	var kept Planner
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(all).Draw(t, "subject")
		root := s.root
		in := lawInput(root)
		for range rapid.IntRange(1, 6).Draw(t, "edits") {
			in.CIB = root
			differs(t, s.name, whole(t, in, kept.Schedule), whole(t, in, Schedule), root)
			if rapid.IntRange(0, 3).Draw(t, "anything") == 0 {
				root = disturbed(t, root)
			} else {
				root = reported(t, root)
			}
			in.Now = in.Now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 30, 3600}).Draw(t, "seconds")) * time.Second)
		}
	})
}

// TestIslandsCases does so with each information base as it is, with each of its
// records reported anew, then failed.
func TestIslandsCases(t *testing.T) {
	for _, s := range subjects(t) {
		var kept Planner
		in := lawInput(s.root)
		for range 2 {
			differs(t, s.name, whole(t, in, kept.Schedule), whole(t, in, Schedule), in.CIB)
		}
		for i, op := range opRecords(s.root) {
			if i%4 != 0 {
				continue
			}
			for _, x := range []*cib.Elem{op.With("queue-time", "9").With("last-rc-change", "1699999998"), op.With("rc-code", "1").With("op-status", "4"), op} {
				in.CIB = replaced(s.root, op, x)
				in.Now = in.Now.Add(time.Second)
				differs(t, s.name, whole(t, in, kept.Schedule), whole(t, in, Schedule), in.CIB)
			}
		}
	}
}

// asleep is how many islands sleep in the next plan, of how many.
func (s *Planner) asleep() (n, of int) {
	if s.kept == nil {
		return 0, 0
	}
	stirred := map[int]bool{}
	for i := range s.kept.turns {
		k := &s.kept.turns[i]
		stirred[k.island] = stirred[k.island] || k.stirred
	}
	for _, is := range stirred { //order: counted
		if !is {
			n++
		}
	}
	return n, len(stirred)
}

// TestIslands: what constraints tie together is one island; those without trouble sleep.
func TestIslands(t *testing.T) {
	root := tell("option stonith-enabled false\nnodes a b\nrsc x mon=10s\nrsc y mon=10s\nrsc z mon=10s\nrsc u mon=10s\ncolocation c x y INFINITY\n" +
		"ran x a start 0\nran x a monitor 0 10000\nran y a start 0\nran y a monitor 0 10000\nran z b start 0\nran z b monitor 0 10000\nran u a start 0\nran u a monitor 7 10000\n" +
		"ran x b monitor 7\nran y b monitor 7\nran z a monitor 7\nran u b monitor 7")
	var p Planner
	res := p.Schedule(Input{CIB: root, Now: lawTime})
	if n, of := p.asleep(); n != 2 || of != 3 {
		text, _ := json.Marshal(res.Status)
		t.Errorf("%d of %d islands sleep, want 2 of 3\n%s\n%s", n, of, planText(res), text)
	}
}

// TestIslandsTwins: where two node_states have one id, nobody can tell whose
// records they are, and nothing sleeps.
func TestIslandsTwins(t *testing.T) {
	root := tell("option stonith-enabled false\nnodes a b\nrsc x mon=10s\nran x a start 0\nran x a monitor 0 10000\nran x b monitor 7")
	var first, second *cib.Elem
	for e := range root.Child("status").Named("node_state") {
		first, second = second, e
	}
	root = replaced(root, second, second.With("id", first.ID()))
	var kept Planner
	for i, op := range append([]*cib.Elem{nil}, opRecords(root)...) {
		in := lawInput(root)
		if op != nil {
			in.CIB = replaced(root, op, op.With("rc-code", "1"))
		}
		differs(t, "twins", whole(t, in, kept.Schedule), whole(t, in, Schedule), in.CIB)
		if n, _ := kept.asleep(); n > 0 {
			t.Errorf("after plan %d, %d islands sleep", i, n)
		}
	}
}
