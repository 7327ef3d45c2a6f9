package quorum

import (
	"math/rand"
	"slices"
	"testing"
	"time"

	"mainstay/member"
)

// TestNeverTwoQuorateParts lets clusters fall apart and come together at random,
// with nodes that restart and forget, and wants at most one quorate part.
// last_man_standing is left out: it counts votes only, as votequorum(5) does, so
// that a majority of all may form besides a minority that counted itself down.
func TestNeverTwoQuorateParts(t *testing.T) {
	for seed := range int64(400) {
		rng := rand.New(rand.NewSource(seed))
		n := 2 + rng.Intn(5)
		c := &cluster{t: t, now: time.Second, nodes: map[member.NodeID]*Machine{}, saved: map[member.NodeID]Saved{}}
		for i := range n {
			c.cfg.Nodes = append(c.cfg.Nodes, Node{member.NodeID(i + 1), 1 + rng.Intn(2)*rng.Intn(2)})
			c.ids = append(c.ids, member.NodeID(i+1))
		}
		c.cfg.AutoTieBreaker = rng.Intn(2) == 0
		c.cfg.TieBreaker = TieBreaker(rng.Intn(2))
		wfa := rng.Intn(2) == 0
		c.cfg.WaitForAll = &wfa
		for range 30 {
			c.randomViews(rng)
			quorate := 0
			for _, p := range c.parts {
				if c.nodes[p[0]].State().Quorate {
					quorate++
				}
				for _, id := range p {
					if c.nodes[id].State().Quorate != c.nodes[p[0]].State().Quorate {
						t.Fatalf("seed %d: %d and %d of one view differ: %+v %+v", seed, p[0], id, c.nodes[p[0]].State(), c.nodes[id].State())
					}
				}
			}
			if quorate > 1 {
				t.Fatalf("seed %d: %d quorate parts:\n%s", seed, quorate, c.show())
			}
		}
	}
}

// randomViews deals the nodes out to up to three parts; some are down.
func (c *cluster) randomViews(rng *rand.Rand) {
	parts := make([]string, 3)
	for _, id := range c.ids {
		if rng.Intn(8) == 0 {
			delete(c.nodes, id)
			if rng.Intn(2) == 0 {
				continue // down
			}
		}
		parts[rng.Intn(3)*rng.Intn(2)] += id.String() + " "
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	input := ""
	for _, p := range parts {
		input += p + "\n"
	}
	c.views(input, nil)
}

func TestNothingChangesNothingIsSaid(t *testing.T) {
	m := New(Config{Self: 1, Nodes: []Node{{1, 1}, {2, 1}}})
	if got := m.Step(1, Tick{}); len(got) != 0 {
		t.Errorf("tick before the first view: %v", got)
	}
	if got := m.Step(2, View{Members: []member.NodeID{1, 2}}); len(got) != 2 {
		t.Errorf("view: %v, want a state and a tell", got)
	}
	if got := m.Step(3, Heard{Peer{Node: 2, Votes: 1, Expected: 2, Quorate: true}}); len(got) != 0 {
		t.Errorf("heard what was known: %v", got)
	}
	if got := m.Step(4, Heard{Peer{Node: 9, Votes: 7, Expected: 70}}); len(got) != 0 {
		t.Errorf("heard a stranger: %v", got)
	}
	if m.Wake() != 0 {
		t.Errorf("wake at %v", m.Wake())
	}
}

func TestValidateNamesSelf(t *testing.T) {
	if errs := (Config{Nodes: []Node{{1, 1}, {1, 1}, {0, -1}}, ExpectedVotes: -1}).Validate(); len(errs) != 5 {
		t.Errorf("%v", errs)
	}
	if errs := (Config{Self: 1}).Validate(); len(errs) != 1 {
		t.Errorf("%v", errs)
	}
}
