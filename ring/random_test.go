package ring

import (
	"flag"
	"slices"
	"testing"
	"time"
)

var (
	flagSeed  = flag.Int64("ring.seed", 0, "replay one seed of TestRandomFaults, with a trace")
	flagSeeds = flag.Int("ring.seeds", 200, "how many seeds TestRandomFaults tries")
	flagSteps = flag.Int("ring.steps", 0, "go on with the faults of each seed until so many steps of the protocol are done")
	flagTrace = flag.Bool("ring.trace", false, "trace what happens")
	flagFrom  = flag.Int64("ring.from", 1, "the first of them")
)

// TestRandomFaults lets chance act on clusters, then heals everything and wants
// one view of all in bounded time, and no promise broken on the way.
func TestRandomFaults(t *testing.T) {
	if *flagSeed != 0 {
		s := runSeed(t, *flagSeed, t.Logf)
		t.Logf("%d steps", s.steps)
		return
	}
	began := time.Now()
	sum := tally{happened: map[string]int{}}
	var took []time.Duration
	slowest := 0
	for seed := *flagFrom; seed < *flagFrom+int64(*flagSeeds) && !t.Failed(); seed++ {
		s := runSeed(t, seed, nil)
		sum.add(s)
		took = append(took, s.convergence)
		if s.convergence > took[slowest] {
			slowest = len(took) - 1
		}
	}
	slow := *flagFrom + int64(slowest)
	slices.Sort(took)
	n := len(took)
	t.Logf("%d seeds, %d steps, %d views (%d installs), %d messages submitted, %d delivered, %d of them safe, %d packets, %d garbled, %v",
		n, sum.steps, sum.views, sum.installs, sum.submitted, sum.delivered, sum.safe, sum.packets, sum.garbled, time.Since(began).Round(time.Second))
	t.Logf("one view after healing: p50 %v, p90 %v, p99 %v, longest %v (seed %d)", took[n/2], took[n*9/10], took[n*99/100], took[n-1], slow)
	for _, f := range faults() {
		t.Logf("%7d times: %s", sum.happened[f.name], f.name)
	}
}

// tally counts what happened in many runs.
type tally struct {
	steps, views, installs, submitted, delivered, safe, packets, garbled int
	happened                                                             map[string]int
}

func (a *tally) add(s *sim) {
	a.steps, a.packets, a.garbled = a.steps+s.steps, a.packets+s.sent, a.garbled+s.garbled
	views := map[string]bool{}
	for _, l := range s.lives {
		a.submitted += len(l.submitted)
		for _, v := range l.views {
			views[v.key] = true
			a.installs++
			a.delivered += len(v.msgs)
			for _, safe := range v.safe {
				if safe {
					a.safe++
				}
			}
		}
	}
	a.views += len(views)
	for _, f := range faults() {
		a.happened[f.name] += s.happened[f.name]
	}
}

// replay says how to see a seed again.
const replay = "replay: make sim-ring SEED=%d"

// runSeed lives through one seed.
func runSeed(t *testing.T, seed int64, trace func(string, ...any)) (s *sim) {
	t.Helper()
	s = newSim(seed, 1, Config{})
	n := 2 + s.rng.Intn(4)
	if s.rng.Intn(20) == 0 {
		n = 6 + s.rng.Intn(8)
	}
	if s.rng.Intn(100) == 0 {
		n = 14 + s.rng.Intn(MaxMembers-13)
	}
	cfg := Config{Token: []time.Duration{200, 500, 1000}[s.rng.Intn(3)] * time.Millisecond}
	if s.rng.Intn(3) == 0 {
		cfg.Window = 4 + s.rng.Intn(20)
	}
	s = newSim(seed, n, cfg)
	s.trace = trace
	s.weather = func(*simLink) {}
	if seed%4 == 3 { // bad weather all the time, so that every view leaves something to recover
		loss, late, delay := 0.02+0.2*s.rng.Float64(), 0.2*s.rng.Float64(), time.Duration(s.rng.Intn(30))*time.Millisecond
		s.weather = func(l *simLink) { l.loss, l.late, l.delay = loss, late, delay }
	}
	s.everyLink(s.weather)
	s.safes = []float64{0, 0, 0.1, 0.5, 1}[seed%5]
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("seed %d: panic: %v ("+replay+")", seed, r, seed)
			if trace != nil {
				panic(r)
			}
		}
	}()
	for _, n := range s.nodes {
		n.rate = 0.95 + 0.1*s.rng.Float64()
	}
	for id := 1; id <= n; id++ {
		if s.rng.Intn(10) > 0 {
			s.at(time.Duration(s.rng.Intn(200))*time.Millisecond, func() { s.start(id) })
		}
	}
	for k := 5 + s.rng.Intn(25); k > 0 || s.steps < *flagSteps; k-- {
		s.fault()
		s.traffic()
		s.run(time.Duration(s.rng.Intn(700)) * time.Millisecond)
	}
	s.finish(t, seed)
	return s
}

// finish heals everything and checks.
func (s *sim) finish(t *testing.T, seed int64) {
	s.heal()
	s.everyoneIn()
	for id := 1; id <= len(s.nodes); id++ {
		s.thaw(id)
		s.start(id)
	}
	s.traffic()
	healed := s.now
	s.at(0, func() { s.sinceConverged(healed) })
	limit := 45 * time.Second // the longest time for which a node may be shunned, and some
	ok := s.runUntil(s.now+limit, s.quiet)
	if !ok {
		t.Errorf("seed %d: no agreement %v after healing; "+replay, seed, limit, seed)
		for _, n := range s.nodes {
			t.Logf("node %d: %v %v", n.id, n.m.State(), n.m.View())
		}
	} else if s.trace != nil {
		s.trace("agreed %v after healing", s.now-healed)
	}
	if err := s.check(); err != nil {
		t.Errorf("seed %d: %v; "+replay, seed, err, seed)
	}
	if err := s.checkEnd(); ok && err != nil {
		t.Errorf("seed %d: %v; "+replay, seed, err, seed)
	}
}

// sinceConverged notes how long it took to come to one view.
func (s *sim) sinceConverged(healed time.Duration) {
	if s.converged() {
		s.convergence = s.now - healed
		return
	}
	s.at(time.Millisecond, func() { s.sinceConverged(healed) })
}
