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
	flagTrace = flag.Bool("ring.trace", false, "trace what happens")
	flagFrom  = flag.Int64("ring.from", 1, "the first of them")
)

// TestRandomFaults lets chance act on clusters, then heals everything and wants
// one view of all in bounded time, and no promise broken on the way.
func TestRandomFaults(t *testing.T) {
	if *flagSeed != 0 {
		runSeed(t, *flagSeed, t.Logf)
		return
	}
	steps := 0
	var took []time.Duration
	for seed := *flagFrom; seed < *flagFrom+int64(*flagSeeds) && !t.Failed(); seed++ {
		s := runSeed(t, seed, nil)
		steps += s.steps
		took = append(took, s.convergence)
	}
	slices.Sort(took)
	n := len(took)
	t.Logf("%d seeds, %d steps; one view after healing: p50 %v, p90 %v, p99 %v, longest %v", n, steps, took[n/2], took[n*9/10], took[n*99/100], took[n-1])
}

// runSeed lives through one seed.
func runSeed(t *testing.T, seed int64, trace func(string, ...any)) *sim {
	t.Helper()
	s := newSim(seed, 1, Config{})
	n := 2 + s.rng.Intn(4)
	if s.rng.Intn(20) == 0 {
		n = 6 + s.rng.Intn(8)
	}
	cfg := Config{Token: []time.Duration{200, 500, 1000}[s.rng.Intn(3)] * time.Millisecond}
	if s.rng.Intn(3) == 0 {
		cfg.Window = 4 + s.rng.Intn(20)
	}
	s = newSim(seed, n, cfg)
	s.trace = trace
	s.safes = []float64{0, 0, 0.1, 0.5, 1}[seed%5]
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("seed %d: panic: %v (replay: go test ./ring -run TestRandomFaults -ring.seed=%d -v)", seed, r, seed)
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
	for range 5 + s.rng.Intn(25) {
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
	for id := 1; id <= len(s.nodes); id++ {
		s.thaw(id)
		s.node(id).deaf = nil
		s.start(id)
	}
	s.traffic()
	healed := s.now
	s.at(0, func() { s.sinceConverged(healed) })
	limit := 45 * time.Second // the longest time for which a node may be shunned, and some
	ok := s.runUntil(s.now+limit, s.quiet)
	replay := "replay: go test ./ring -run TestRandomFaults -ring.seed=%d -v"
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

// traffic submits some messages here and there.
func (s *sim) traffic() {
	if s.rng.Intn(4) == 0 { // a steady stream from all, into whatever happens next
		gap := 1 + s.rng.Intn(20)
		for id := 1; id <= len(s.nodes); id++ {
			for k := range 400 / gap {
				s.at(time.Duration(k*gap)*time.Millisecond, func() { s.submit(id, 200) })
			}
		}
	}
	for range s.rng.Intn(6) {
		id := 1 + s.rng.Intn(len(s.nodes))
		size := []int{8, 20, 100, 1000, 5000, 100_000}[s.rng.Intn(6)]
		if size == 100_000 && s.rng.Intn(4) > 0 {
			size = 50
		}
		for range 1 + s.rng.Intn(12) {
			s.at(time.Duration(s.rng.Intn(300_000))*time.Microsecond, func() { s.submit(id, size) })
			if size > 5000 {
				break
			}
		}
	}
}

// fault does something bad, or ends something bad.
func (s *sim) fault() {
	n := len(s.nodes)
	id := 1 + s.rng.Intn(n)
	other := 1 + s.rng.Intn(n)
	switch s.rng.Intn(18) {
	case 0:
		s.crash(id)
	case 1:
		s.crash(id)
		s.refuse(id)
	case 2:
		s.crash(id)
		s.start(id)
	case 3:
		s.crash(id)
		s.crash(other)
	case 4, 5:
		for id := 1; id <= n; id++ {
			s.start(id)
		}
	case 6:
		s.freeze(id)
		s.at(time.Duration(s.rng.Intn(3000))*time.Millisecond, func() { s.thaw(id) })
	case 7:
		mask := s.rng.Intn(1 << n)
		s.partition(func(id int) bool { return mask>>(id-1)&1 == 1 })
	case 8:
		s.links[id-1][other-1].cut = true
	case 9:
		loss := s.rng.Float64() * 0.3
		for a := range n {
			for b := range n {
				s.links[a][b].loss = loss
			}
		}
	case 10:
		s.both(id, other, func(l *simLink) { l.delay = time.Duration(s.rng.Intn(80)) * time.Millisecond })
	case 11:
		s.both(id, other, func(l *simLink) { l.dup = 0.3 })
		s.jitter = time.Duration(1+s.rng.Intn(2000)) * time.Microsecond
	case 14:
		late := s.rng.Float64() * 0.2
		s.everyLink(func(l *simLink) { l.late = late })
	case 12:
		if nd := s.node(id); nd.up {
			s.step(nd, Leave{})
		}
	case 13:
		s.node(id).deaf = func(b []byte) bool { return b[2] == kindToken }
	default:
		s.heal()
		for _, nd := range s.nodes {
			nd.deaf = nil
		}
	}
}
