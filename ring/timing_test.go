package ring

import (
	"fmt"
	"testing"
	"time"
)

// up makes a cluster of n nodes that has converged.
func up(t testing.TB, seed int64, n int, cfg Config) *sim {
	t.Helper()
	s := newSim(seed, n, cfg)
	for id := 1; id <= n; id++ {
		s.start(id)
	}
	if !s.runUntil(s.now+2*time.Second, s.quiet) {
		t.Fatalf("seed %d: no view of all %d nodes after 2 s", seed, n)
	}
	return s
}

// within runs until the condition holds and tells how long that took.
func (s *sim) within(t testing.TB, limit time.Duration, what string, cond func() bool) time.Duration {
	t.Helper()
	began := s.now
	if !s.runUntil(s.now+limit, cond) {
		t.Fatalf("%s: not within %v", what, limit)
	}
	return s.now - began
}

func TestColdStart(t *testing.T) {
	for seed := range int64(20) {
		s := newSim(seed, 3, Config{})
		for id := 1; id <= 3; id++ {
			s.at(time.Duration(s.rng.Intn(40))*time.Millisecond, func() { s.start(id) })
		}
		s.run(0)
		took := s.within(t, 200*time.Millisecond, "cold start", func() bool { return s.now > time.Second+40*time.Millisecond && s.converged() })
		for _, n := range s.nodes {
			if len(n.life.views) != 1 {
				t.Errorf("seed %d: node %d saw %d views", seed, n.id, len(n.life.views))
			}
		}
		if seed == 0 {
			t.Logf("cold start of 3 nodes: %v", took)
		}
	}
}

// TestFirstContact: what is sent before links are up is lost. When they come up,
// nobody waits for the next announcement.
func TestFirstContact(t *testing.T) {
	for _, after := range []time.Duration{20 * time.Millisecond, 80 * time.Millisecond} {
		s := newSim(1, 3, Config{})
		s.everyLink(func(l *simLink) { l.cut = true })
		for id := 1; id <= 3; id++ {
			s.start(id)
		}
		s.run(after)
		s.heal()
		for _, n := range s.nodes {
			for _, o := range s.nodes {
				if o != n {
					s.step(n, Heard{o.id})
				}
			}
		}
		t.Logf("links up after %v: one view after %v more", after, s.within(t, 35*time.Millisecond, "one view", s.converged))
	}
}

func TestLateStarter(t *testing.T) {
	s := up(t, 1, 3, Config{})
	s.crash(3)
	s.run(3 * time.Second)
	s.start(3)
	t.Logf("joined after %v", s.within(t, 100*time.Millisecond, "join", s.converged))
}

// TestCrashIsSeenByEvidence: from the loss of up to half of the members to the
// view of the others it takes Config.Token and not a tenth of a second more, at any
// setting; most of that tenth is how finely silence is measured.
func TestCrashIsSeenByEvidence(t *testing.T) {
	for _, token := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, time.Second} {
		for _, n := range []int{2, 3, 5, 16, MaxMembers} {
			for _, k := range []int{1, n / 2} {
				s := up(t, 1, n, Config{Token: token})
				s.run(time.Second)
				for id := n - k + 1; id <= n; id++ {
					s.crash(id)
				}
				before := s.nodes[0].m.Stats().Views
				took := s.within(t, token+100*time.Millisecond, "new view", s.converged)
				if views := s.nodes[0].m.Stats().Views - before; views != 1 {
					t.Errorf("%d of %d lost: %d views", k, n, views)
				}
				t.Logf("token %v, %d of %d lost: new view after %v", token, k, n, took)
			}
		}
	}
}

func TestRefusedPortIsSeenAtOnce(t *testing.T) {
	s := up(t, 1, 3, Config{})
	s.crash(2)
	s.refuse(2)
	t.Logf("new view after %v", s.within(t, 10*time.Millisecond, "new view", s.converged))
}

func TestLeaveIsSeenAtOnce(t *testing.T) {
	s := up(t, 1, 3, Config{})
	s.submit(1, 100_000)
	s.step(s.node(1), Leave{})
	took := s.within(t, 50*time.Millisecond, "new view", func() bool { return !s.node(1).up && s.converged() })
	t.Logf("new view after %v", took)
	s.run(time.Second)
	v := s.node(2).life.views
	if in := v[len(v)-1].Install; fmt.Sprint(in.Goodbye) != "[1]" || fmt.Sprint(in.Left) != "[1]" {
		t.Errorf("install says left %v, goodbye %v", in.Left, in.Goodbye)
	}
	if got := len(v[len(v)-2].msgs); got != 1 {
		t.Errorf("%d messages of the leaver delivered", got)
	}
}

func TestRestartWithinTokenIsSeenAtOnce(t *testing.T) {
	for id := 1; id <= 3; id++ {
		s := up(t, 1, 3, Config{})
		s.crash(id)
		s.run(5 * time.Millisecond)
		s.start(id)
		took := s.within(t, 20*time.Millisecond, "new view", func() bool { return s.converged() && len(s.node(id).life.views) > 0 })
		t.Logf("node %d started anew: new view after %v", id, took)
		other := s.node(id%3 + 1).life
		in := other.views[len(other.views)-1].Install
		if fmt.Sprint(in.Left, in.Joined) != fmt.Sprintf("[%d] [%d]", id, id) {
			t.Errorf("install says left %v joined %v", in.Left, in.Joined)
		}
	}
}

func TestPartitionsMergeSoon(t *testing.T) {
	s := up(t, 1, 5, Config{})
	s.partition(func(id int) bool { return id <= 2 })
	s.run(3 * time.Second)
	if got := s.node(1).m.View().Members; len(got) != 2 {
		t.Fatalf("minority has %v", got)
	}
	s.heal()
	t.Logf("merged after %v", s.within(t, 300*time.Millisecond, "merge", s.converged))
}

func TestIdleClusterIsQuiet(t *testing.T) {
	s := up(t, 1, 3, Config{})
	s.run(time.Second)
	sent := s.sent
	s.run(10 * time.Second)
	t.Logf("idle: %.1f ring packets per second in a cluster of 3", float64(s.sent-sent)/10)
	if s.sent-sent > 250 {
		t.Errorf("%d packets in 10 idle seconds", s.sent-sent)
	}
}

// TestLargeRing: the largest ring forms, orders, loses half of its members and
// takes them back.
func TestLargeRing(t *testing.T) {
	s := newSim(1, MaxMembers, Config{})
	for id := 1; id <= MaxMembers; id++ {
		s.at(time.Duration(s.rng.Intn(40))*time.Millisecond, func() { s.start(id) })
	}
	s.run(0)
	all := func() bool { return s.now > time.Second+40*time.Millisecond && s.quiet() }
	t.Logf("cold start: %v, %d packets", s.within(t, 500*time.Millisecond, "cold start", all), s.sent)
	for id := 1; id <= MaxMembers; id++ {
		s.submit(id, 2000)
	}
	sent := s.sent
	t.Logf("a message of each: %v, %d packets", s.within(t, 100*time.Millisecond, "order", s.quiet), s.sent-sent)
	sent = s.sent
	s.partition(func(id int) bool { return id%2 == 0 })
	halves := func() bool {
		return len(s.node(1).m.View().Members) == MaxMembers/2 && len(s.node(2).m.View().Members) == MaxMembers/2
	}
	t.Logf("halves: %v, %d packets", s.within(t, 1300*time.Millisecond, "halves", halves), s.sent-sent)
	s.run(3 * time.Second)
	sent = s.sent
	s.heal()
	t.Logf("merge: %v, %d packets", s.within(t, 500*time.Millisecond, "merge", s.quiet), s.sent-sent)
	s.finish(t, 1)
}

// TestStandstillIsNoticed: a machine that stood still together with its clock
// cannot notice that; it learns from the others that they went on without it.
func TestStandstillIsNoticed(t *testing.T) {
	for id := 1; id <= 3; id++ {
		s := up(t, 1, 3, Config{})
		s.run(time.Second)
		s.submit(id, 10) // so that the token rests there
		s.run(20 * time.Millisecond)
		s.stall(id)
		s.run(3 * time.Second)
		s.thaw(id)
		took := s.within(t, DefaultMerge+50*time.Millisecond, "one view", s.converged)
		t.Logf("node %d stood still: in the view again after %v", id, took)
		s.finish(t, 1)
	}
}

// TestNodesComeAndGo: nodes are taken out of the configuration and added while
// the cluster runs; the others' views follow at once, and no other node is ever
// left out, although the configuration reaches them one after the other.
func TestNodesComeAndGo(t *testing.T) {
	for seed := range int64(30) {
		s := up(t, seed, 5, Config{})
		s.run(time.Second)
		s.reconfigure(5) // spread over 300 ms
		out := s.within(t, 350*time.Millisecond, "view of four", func() bool { return !s.node(5).up && s.converged() && s.everywhere(4) })
		s.submit(1, 2000)
		s.run(time.Second)
		s.reconfigure(5)
		s.run(300 * time.Millisecond)
		s.start(5)
		in := s.within(t, 350*time.Millisecond, "view of five", func() bool { return s.converged() && s.everywhere(5) })
		if seed < 3 {
			t.Logf("out after %v, in again %v after its start", out, in)
		}
		for _, v := range s.node(1).life.views[1:] {
			if len(v.View.Members) < 4 {
				t.Errorf("seed %d: view %v", seed, v.View)
			}
		}
		s.finish(t, seed)
	}
}

// everywhere tells whether all running nodes have a view of so many.
func (s *sim) everywhere(members int) bool {
	for _, n := range s.nodes {
		if n.up && len(n.m.View().Members) != members {
			return false
		}
	}
	return true
}

// TestSimultaneousLossesCostOneRound: however many are lost at once, by crash, by
// refused ports or by both, the others form one view, not one after the other.
func TestSimultaneousLossesCostOneRound(t *testing.T) {
	for _, c := range []struct{ n, crash, refuse int }{{5, 2, 0}, {5, 0, 2}, {9, 3, 1}, {16, 0, 7}, {32, 15, 0}} {
		s := up(t, 1, c.n, Config{})
		s.run(time.Second)
		before := s.nodes[0].m.Stats()
		for id := c.n; id > c.n-c.crash-c.refuse; id-- {
			s.crash(id)
		}
		for id := c.n; id > c.n-c.refuse; id-- {
			s.refuse(id)
		}
		limit := 1300 * time.Millisecond
		if c.crash == 0 {
			limit = 20 * time.Millisecond
		}
		took := s.within(t, limit, "new view", s.converged)
		views := s.nodes[0].m.Stats().Views - before.Views
		if views != 1 {
			t.Errorf("%+v: %d views", c, views)
		}
		t.Logf("%+v: after %v", c, took)
	}
}

// TestSafeLatency measures safe delivery: the last in the ring knows after one
// rotation of the token, the others as it passes them again.
func TestSafeLatency(t *testing.T) {
	for _, n := range []int{2, 3, 5, 16} {
		s := up(t, 5, n, Config{})
		s.base, s.jitter = 45*time.Microsecond, 10*time.Microsecond
		s.safes = 1
		s.run(time.Second)
		s.submit(2, 100) // brings the token there
		s.run(10 * time.Millisecond)
		var own, worst time.Duration
		at := s.now
		s.submit(2, 100)
		s.whenAll(2, 2, func(mine, last time.Duration) { own, worst = mine-at, last-at })
		s.run(100 * time.Millisecond)
		t.Logf("%d members: sender %v, last receiver %v", n, own, worst)
		if hops := time.Duration(2*n) * 60 * time.Microsecond; worst == 0 || worst > hops {
			t.Errorf("%d members: the last has it after %v, want at most %v", n, worst, hops)
		}
	}
}
