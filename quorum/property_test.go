package quorum

import (
	"math/rand"
	"slices"
	"strings"
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

// TestDownscaleNeverTwoParts: nodes leave on purpose, come back to the part that has
// quorum, and fall apart at random. (Nodes that left and come back elsewhere may
// outvote it together with a defector, as with votequorum(5): only votes are counted.)
func TestDownscaleNeverTwoParts(t *testing.T) {
	downscaled := 0
	for seed := range int64(400) {
		rng := rand.New(rand.NewSource(seed))
		n := 3 + rng.Intn(4)
		c := &cluster{t: t, now: time.Second, nodes: map[member.NodeID]*Machine{}, saved: map[member.NodeID]Saved{}}
		c.cfg.AllowDownscale, c.cfg.ExpectedVotes = true, 2
		in := map[member.NodeID]bool{}
		for i := range n {
			id := member.NodeID(i + 1)
			c.cfg.Nodes = append(c.cfg.Nodes, Node{id, 1})
			c.ids = append(c.ids, id)
			in[id] = true
		}
		c.deal(func(member.NodeID) int { return 0 }, in, nil)
		for range 25 {
			downscaled += c.downscaleStep(rng, in)
			quorate := 0
			for _, p := range c.parts {
				if c.nodes[p[0]].State().Quorate {
					quorate++
				}
			}
			if quorate > 1 {
				t.Fatalf("seed %d: %d quorate parts:\n%s", seed, quorate, c.show())
			}
		}
	}
	if downscaled < 100 {
		t.Errorf("expected votes went down %d times only", downscaled)
	}
}

// downscaleStep does one thing at random; it tells how often expected votes went down.
func (c *cluster) downscaleStep(rng *rand.Rand, in map[member.NodeID]bool) int {
	where := map[member.NodeID]int{}
	best := -1
	for i, p := range c.parts {
		for _, id := range p {
			where[id] = i
		}
		if c.nodes[p[0]].State().Quorate {
			best = i
		}
	}
	stay := func(id member.NodeID) int { return where[id] }
	id := c.ids[rng.Intn(len(c.ids))]
	switch {
	case best >= 0 && !in[id]:
		in[id], where[id] = true, best
		c.deal(stay, in, nil)
	case best >= 0 && where[id] == best && len(c.parts[best]) > 1 && rng.Intn(2) == 0:
		before := c.nodes[id].State().Expected
		in[id] = false
		rest := slices.DeleteFunc(slices.Clone(c.parts[best]), func(o member.NodeID) bool { return o == id })
		c.deal(stay, in, []member.NodeID{id})
		if c.nodes[rest[0]].State().Expected < before {
			return 1
		}
	default:
		c.deal(func(member.NodeID) int { return rng.Intn(2) * rng.Intn(2) }, in, nil)
	}
	return 0
}

// deal gives the nodes that are in their views; goodbye left on purpose.
func (c *cluster) deal(part func(member.NodeID) int, in map[member.NodeID]bool, goodbye []member.NodeID) {
	lines := make([]string, len(c.ids))
	for _, id := range c.ids {
		if in[id] {
			lines[part(id)] += id.String() + " "
		}
	}
	lines = slices.DeleteFunc(lines, func(s string) bool { return s == "" })
	c.views(strings.Join(lines, "\n")+"\n", goodbye)
}
