package ring

import (
	"testing"
	"time"

	"mainstay/member"
)

// notHeard makes one node say that it does not hear another on any link; the next
// heartbeat shows that it does.
func (s *sim) notHeard(by, of int) {
	s.node(by).silent[of-1] = true
	s.step(s.node(by), Silence{member.NodeID(of)})
}

// struck tells whether any node keeps another one out, or did so not long ago.
func (s *sim) struck(t *testing.T) {
	t.Helper()
	for _, n := range s.nodes {
		for _, p := range n.m.peers {
			if p.strikes > 0 {
				t.Errorf("node %d struck node %d", n.id, p.id)
			}
		}
	}
}

// TestAccusationFalls: a node that accuses another of silence and hears it again
// while members are gathered takes that back. Whoever was left out for it is in the
// view again at once, and costs the others no view in vain.
func TestAccusationFalls(t *testing.T) {
	for by := 1; by <= 3; by++ {
		for of := 1; of <= 3; of++ {
			if by == of {
				continue
			}
			s := up(t, 1, 3, Config{})
			s.run(12 * time.Second)
			before := s.nodes[0].m.Stats().Views
			s.notHeard(by, of)
			s.run(time.Millisecond)
			took := s.within(t, DefaultToken/5, "one view again", s.converged)
			if views := s.nodes[0].m.Stats().Views - before; views > 2 {
				t.Errorf("%d accused %d: %d views", by, of, views)
			}
			t.Logf("%d accused %d: one view after %v", by, of, took)
			s.struck(t)
			s.finish(t, 1)
		}
	}
}

// TestShortCut: a link between two of three members is broken for somewhat longer
// than Config.Token. One of them is left out; it asks for nothing that cannot be,
// is not kept out for having been apart, and is in the view again as soon as the
// link carries.
func TestShortCut(t *testing.T) {
	for _, long := range []time.Duration{110, 150, 220, 300, 500} {
		for _, pair := range [][2]int{{1, 2}, {1, 3}, {2, 3}} {
			s := up(t, 1, 3, Config{})
			s.run(12 * time.Second)
			s.both(pair[0], pair[1], func(l *simLink) { l.cut = true })
			s.run(long * DefaultToken / 100)
			views := s.nodes[0].m.Stats().Views
			if views > 4 {
				t.Errorf("%v cut for %v: %d views meanwhile", pair, long*DefaultToken/100, views)
			}
			s.heal()
			took := s.within(t, DefaultToken/5, "one view again", s.converged)
			t.Logf("%v cut for %v: one view %v after", pair, long*DefaultToken/100, took)
			s.struck(t)
			s.finish(t, 1)
		}
	}
}
