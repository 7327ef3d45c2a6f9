package sched

import (
	"flag"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"mainstay/cib"
)

var benchCIB = flag.String("cib", "", "information base for the benchmarks (default: a small one)")

// subject is the information base of a benchmark.
func subject(b *testing.B) *cib.Elem {
	b.Helper()
	if *benchCIB == "" {
		return tell("nodes a b c\nrsc ip mon=10s\nran ip a start 0\nran ip a monitor 0 10000\nlocation l ip b 100")
	}
	text, err := os.ReadFile(*benchCIB)
	if err != nil {
		b.Fatal(err)
	}
	root, err := cib.Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	return root
}

// BenchmarkFresh schedules from nothing, as a command does once.
func BenchmarkFresh(b *testing.B) {
	in := Input{CIB: subject(b), Now: time.Unix(1700000000, 0).UTC()}
	b.ReportAllocs()
	for range b.N {
		Schedule(in)
	}
}

// activeRecord is what a node keeps of a resource that is active there and watched.
type activeRecord struct{ rsc, monitor *cib.Elem }

// activeRecords lists them, so mixed that neighbours are far apart in the document.
func activeRecords(root *cib.Elem) []activeRecord {
	var all []activeRecord
	root.Child("status").Walk(func(e *cib.Elem) bool {
		if e.Name() == "lrm_resource" {
			for op := range e.Named("lrm_rsc_op") {
				if op.Get("operation") == "monitor" && op.Get("interval") != "0" && op.Get("rc-code") == "0" {
					all = append(all, activeRecord{e, op})
					break
				}
			}
		}
		return true
	})
	const stride = 7919 // prime: every one has its turn
	mixed := make([]activeRecord, len(all))
	for i := range mixed {
		mixed[i] = all[i*stride%len(all)]
	}
	return mixed
}

// cpuTime is what this process used so far: unlike the time that passed, it does
// not depend on what else the machine does.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// again measures how a plan is made for each of a sequence of information bases;
// for those that before gives, one is made unmeasured.
func again(b *testing.B, root *cib.Elem, step func(n int) (before, now *cib.Elem)) {
	in := Input{CIB: root, Now: time.Unix(1700000000, 0).UTC()}
	var p Planner
	p.Schedule(in)
	var cpu time.Duration
	b.ResetTimer()
	for n := range b.N {
		b.StopTimer()
		before, now := step(n)
		in.CIB = before
		p.Schedule(in)
		in.CIB, in.Now = now, in.Now.Add(time.Second)
		from := cpuTime()
		b.StartTimer()
		p.Schedule(in)
		b.StopTimer()
		cpu += cpuTime() - from
		b.StartTimer()
	}
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// BenchmarkAgainSame schedules after a result that says what was known: a monitor
// ran again. The document shares everything else with the one before.
func BenchmarkAgainSame(b *testing.B) {
	root := subject(b)
	active := activeRecords(root)
	if len(active) == 0 {
		probed(b, root, true)
		return
	}
	last := root
	again(b, root, func(n int) (before, now *cib.Elem) {
		m := active[n%len(active)].monitor
		before = last
		last = replaced(root, m, m.With("queue-time", fmt.Sprint(n+1)).With("last-rc-change", fmt.Sprint(1700000000+n)))
		return before, last
	})
}

// BenchmarkAgainResult schedules after a result that changes the plan, as the
// daemon does all the time: a monitor fails, or a start that was under way is done,
// by turns, of resources all over the document.
func BenchmarkAgainResult(b *testing.B) {
	root := subject(b)
	active := activeRecords(root)
	if len(active) == 0 {
		probed(b, root, false)
		return
	}
	again(b, root, func(n int) (before, now *cib.Elem) {
		a := active[n/2%len(active)]
		if n%2 == 0 {
			return root, replaced(root, a.monitor, a.monitor.With("rc-code", "7").With("exit-reason", "gone"))
		}
		start := a.rsc.Kids()[0]
		pending := start.With("op-status", "-1").With("rc-code", "193").With("call-id", "-1").With("operation", "start")
		done := start.With("operation", "start")
		return replaced(root, a.rsc, a.rsc.WithKids([]*cib.Elem{pending})), replaced(root, a.rsc, a.rsc.WithKids([]*cib.Elem{done}))
	})
}

// probed measures the same where nothing is active yet: a probe is answered or, to
// say the same again, its answer is refreshed.
func probed(b *testing.B, root *cib.Elem, same bool) {
	var prims, states []*cib.Elem
	root.Path("configuration", "resources").Walk(func(e *cib.Elem) bool {
		if e.Name() == "primitive" {
			prims = append(prims, e)
		}
		return true
	})
	for e := range root.Child("status").Named("node_state") {
		states = append(states, e)
	}
	answered := func(n int, at string) *cib.Elem {
		r, s := prims[n*7919%len(prims)], states[n%len(states)]
		op := cib.New("lrm_rsc_op", attrs("id", r.ID()+"_last_0", "operation_key", r.ID()+"_monitor_0", "operation", "monitor", "transition-key", "1:1:7:x",
			"call-id", "1", "rc-code", "7", "op-status", "0", "interval", "0", "last-rc-change", at)...)
		rec := cib.New("lrm_resource", attrs("id", r.ID(), "class", r.Get("class"), "provider", r.Get("provider"), "type", r.Get("type"))...).Append(op)
		lrm := cib.New("lrm", attrs("id", s.ID())...).Append(cib.New("lrm_resources").Append(rec))
		return replaced(root, s, s.Append(lrm))
	}
	again(b, root, func(n int) (before, now *cib.Elem) {
		if same {
			return answered(n, "1"), answered(n, "2")
		}
		return root, answered(n, "1")
	})
}

// replaced is a tree with one element changed.
func replaced(e, old, by *cib.Elem) *cib.Elem {
	if e == old {
		return by
	}
	for i, k := range e.Kids() {
		if n := replaced(k, old, by); n != k {
			kids := append([]*cib.Elem(nil), e.Kids()...)
			kids[i] = n
			return e.WithKids(kids)
		}
	}
	return e
}
