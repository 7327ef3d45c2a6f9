package sched

import (
	"flag"
	"fmt"
	"os"
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

// BenchmarkAgain schedules after one more result of an operation, as the daemon does
// all the time: the document shares everything else with the one before.
func BenchmarkAgain(b *testing.B) {
	root := subject(b)
	in := Input{CIB: root, Now: time.Unix(1700000000, 0).UTC()}
	var again Planner
	again.Schedule(in)
	var record *cib.Elem
	root.Child("status").Walk(func(e *cib.Elem) bool {
		if e.Name() == "lrm_rsc_op" {
			record = e
		}
		return record == nil
	})
	b.ResetTimer()
	for n := range b.N {
		b.StopTimer()
		if record != nil {
			in.CIB = replaced(root, record, record.With("queue-time", fmt.Sprint(n+1)))
		}
		b.StartTimer()
		again.Schedule(in)
	}
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
