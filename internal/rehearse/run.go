package rehearse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// Options say what to play and how.
type Options struct {
	Seed    uint64
	Phases  []Phase // of single faults
	Pairs   bool    // play pairs of faults as well
	Budget  int     // how many pairs at most; more are sampled
	Alike   int     // how many of the faults that are alike; 0: all
	Only    []Case  // play these alone
	Workers int     // clusters at once; 0: one
	// Progress is called when a row begins and when it is done, from one goroutine at a
	// time.
	Progress func(Progress)
}

// Progress is how far a rehearsal is.
type Progress struct {
	Done, All int      // rows
	Playing   []string // the rows that are being played, in the order in which they began
}

// Report is the result of a rehearsal.
type Report struct {
	Nodes    []string `json:"nodes"`
	Services int      `json:"services"`
	Seed     uint64   `json:"seed"`
	Assumed  []string `json:"assumed,omitempty"`
	// Skipped says what was not played, a sentence each: faults that are alike, pairs
	// beyond the budget.
	Skipped []string `json:"skipped,omitempty"`
	Pairs   int      `json:"pairs,omitempty"` // played
	AtRest  []Down   `json:"at_rest,omitempty"`
	// Findings are about the configuration without a fault.
	Findings []Finding `json:"findings,omitempty"`
	Rows     []*Row    `json:"rows"` // none, if nothing runs even without a fault
}

// Run plays the cases. It returns an error if the cluster does not even come up,
// or when ctx ends.
func Run(ctx context.Context, s *Subject, o Options) (*Report, error) {
	rep := &Report{Nodes: s.Nodes, Services: len(s.Services), Seed: o.Seed, Assumed: s.Assumed}
	cases := o.Only
	if cases == nil {
		faults, left := s.Unlike(s.Faults(), o.Alike)
		if left > 0 {
			rep.Skipped = append(rep.Skipped, fmt.Sprintf("%d faults were not played: each is of a service like %d others that were, with the same agent, "+
				"operations, options and constraints (--alike 0 plays all)", left, o.Alike))
		}
		cases = Singles(faults, o.Phases)
		if o.Pairs {
			pairs := rep.sample(Pairs(faults), o)
			rep.Pairs = len(pairs)
			cases = slices.Concat(cases, pairs)
		}
	}
	rep.Rows = make([]*Row, len(cases))
	var mu sync.Mutex
	done := 0
	var playing []string
	tell := func() {
		if o.Progress != nil {
			o.Progress(Progress{Done: done, All: len(cases), Playing: slices.Clone(playing)})
		}
	}
	play := func(st *stage, i int) {
		id := cases[i].String()
		mu.Lock()
		playing = append(playing, id)
		tell()
		mu.Unlock()
		r := st.play(cases[i])
		mu.Lock()
		defer mu.Unlock()
		rep.Rows[i] = r
		done++
		playing = slices.DeleteFunc(playing, func(p string) bool { return p == id })
		tell()
	}
	long := s.chain()
	if long > 1 && len(cases) > 1 {
		rep.Skipped = append(rep.Skipped, fmt.Sprintf("a cluster of this size plays %d rows one after the other; played alone, a row may differ by seconds and by who coordinates", long))
	}
	var err error
	if rep.AtRest, err = work(ctx, s, o, len(cases), long, play); err != nil {
		return nil, err
	}
	rep.conclude(s)
	return rep, nil
}

// work plays so many cases, so many of them on one cluster after the other; several
// clusters at once. It returns what does not run at rest.
func work(ctx context.Context, s *Subject, o Options, cases, long int, play func(st *stage, i int)) ([]Down, error) {
	var next, dead atomic.Int64
	workers := min(max(o.Workers, 1), (cases+long-1)/long)
	errs, rests := make([]error, workers), make([][]Down, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for errs[w] == nil && dead.Load() == 0 {
				first := int(next.Add(1)-1) * long
				if first >= cases {
					return
				}
				rests[w], errs[w] = chain(ctx, s, o.Seed, first, min(first+long, cases), play)
				if n := len(rests[w]); n > 0 && n == s.wanted() {
					dead.Store(1)
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	for _, r := range rests {
		if r != nil { // that of any cluster: all began with the same seed
			return r, nil
		}
	}
	return nil, nil
}

// A row is played on a cluster of its own, so that it comes out the same whatever is
// played besides; a cluster of more than smallCluster nodes times services takes so
// long to come up that it plays chainLong rows.
const (
	smallCluster = 200
	chainLong    = 40
)

// chain is how many rows one cluster plays.
func (s *Subject) chain() int {
	if len(s.Nodes)*len(s.Services) <= smallCluster {
		return 1
	}
	return chainLong
}

// conclude makes findings of what does not run at rest, and says what could not be
// played for that reason.
func (rep *Report) conclude(s *Subject) {
	r := &Row{}
	if n := len(rep.AtRest); n > 0 && len(s.remote) > 0 {
		rep.Skipped = append(rep.Skipped, number(n, "service")+" could not be played without the remote nodes: "+counted(downText(rep.AtRest)))
		rep.AtRest = nil
	}
	for _, d := range rep.AtRest {
		r.add(Finding{Kind: NeverRuns, Services: []string{d.Service}, Why: d.Why, Do: d.fix})
	}
	rep.Findings = r.Findings
	rep.Rows = slices.DeleteFunc(rep.Rows, func(r *Row) bool { return r == nil })
	void := 0
	for _, r := range rep.Rows {
		if !r.Played() {
			void++
		}
	}
	switch {
	case len(rep.AtRest) > 0 && len(rep.Rows) == 0:
		rep.Skipped = append(rep.Skipped, "nothing runs even without a fault, so no fault was played")
	case void > 0:
		rep.Skipped = append(rep.Skipped, number(void, "row")+" could not be played: what the fault is about does not run")
	}
}

// chain plays some cases on one cluster as long as that can be brought back to rest
// between them, else on a fresh one. It returns what does not run at rest.
func chain(ctx context.Context, s *Subject, seed uint64, from, to int, play func(st *stage, i int)) ([]Down, error) {
	var st *stage
	var idle []Down
	for i := from; i < to; i++ {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("rehearse: %w", err)
		}
		if st != nil && !st.restore() {
			st = nil
		}
		if st == nil {
			var err error
			if st, err = newStage(s, seed); err != nil {
				return nil, err
			}
			idle = st.idle
		}
		if n := len(idle); n > 0 && n == s.wanted() {
			return idle, nil
		}
		play(st, i)
	}
	return idle, nil
}

// wanted is how many services the configuration wants the cluster to run.
func (s *Subject) wanted() int {
	n := 0
	for _, v := range s.Services {
		if !v.Disabled && !v.Unmanaged {
			n++
		}
	}
	return n
}

// sample takes at most the budget of the pairs, evenly at random by the seed, and
// says what is left out.
func (rep *Report) sample(pairs []Case, o Options) []Case {
	if o.Budget <= 0 || len(pairs) <= o.Budget {
		return pairs
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x70616972))
	order := rng.Perm(len(pairs))[:o.Budget]
	slices.Sort(order)
	out := make([]Case, len(order))
	for i, k := range order {
		out[i] = pairs[k]
	}
	rep.Skipped = append(rep.Skipped, fmt.Sprintf("%d of %d pairs of faults were drawn by seed %d; %d were not played (--budget 0 plays all)",
		len(out), len(pairs), o.Seed, len(pairs)-len(out)))
	return out
}
