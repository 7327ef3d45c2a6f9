package wire

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"mainstay/member"
)

// soak is a lab in which things break at random, and a record of what worked when.
type soak struct {
	*lab
	chaos *rand.Rand
	sound map[[2]member.NodeID]time.Duration // since when a link works both ways between two live nodes
	apart map[[2]member.NodeID]time.Duration // since when nothing arrives in one direction at least
	seen  int                                // lines of logs that were judged
	sent  map[string]bool
	story []string
}

const soakNodes, soakLinks = 3, 2

func newSoak(t *testing.T, seed uint64) *soak {
	s := &soak{lab: newLab(t, seed, soakNodes, soakLinks, nil), chaos: rand.New(rand.NewPCG(seed, 99)),
		sound: map[[2]member.NodeID]time.Duration{}, apart: map[[2]member.NodeID]time.Duration{}, sent: map[string]bool{}}
	s.judge()
	return s
}

func (s *soak) tell(format string, args ...any) {
	s.story = append(s.story, fmt.Sprintf("%.3f ", s.now.Seconds())+fmt.Sprintf(format, args...))
}

// alive tells whether a node runs.
func (s *soak) alive(id member.NodeID) bool { n := s.nodes[id]; return n.mux != nil && !n.frozen }

// judge notes what works now.
func (s *soak) judge() {
	for a := member.NodeID(1); a <= soakNodes; a++ {
		for b := a + 1; b <= soakNodes; b++ {
			key := [2]member.NodeID{a, b}
			live := s.alive(a) && s.alive(b)
			works, there, back := false, false, false
			for link := range soakLinks {
				to, fro := !s.cuts[[3]int{int(a), int(b), link}], !s.cuts[[3]int{int(b), int(a), link}]
				works, there, back = works || to && fro, there || to, back || fro
			}
			since(s.sound, key, live && works, s.now)
			since(s.apart, key, !live || !there || !back, s.now)
		}
	}
}

// since notes when a condition began to hold.
func since(m map[[2]member.NodeID]time.Duration, key [2]member.NodeID, holds bool, now time.Duration) {
	if _, was := m[key]; holds && !was {
		m[key] = now
	} else if !holds {
		delete(m, key)
	}
}

// breakOne does something bad, or mends something.
func (s *soak) breakOne() {
	r := s.chaos
	a, b, link := 1+r.IntN(soakNodes), 1+r.IntN(soakNodes), r.IntN(soakLinks)
	n := s.nodes[member.NodeID(a)]
	switch r.IntN(12) {
	case 0, 1, 2:
		s.tell("cut %d-%d link %d", a, b, link)
		s.cutBoth(a, b, link, true)
	case 3:
		s.tell("cut %d>%d link %d", a, b, link)
		s.cut(a, b, link, true)
	case 4, 5, 6:
		s.tell("all links are whole")
		clear(s.cuts)
	case 7:
		if n.mux != nil && !n.frozen {
			refuses := r.IntN(2) == 0
			s.tell("kill %d, refuses %v", a, refuses)
			n.kill(refuses)
		}
	case 8, 9:
		if n.mux == nil {
			s.tell("start %d", a)
			n.start()
			n.waiting = nil
		}
	case 10:
		if n.mux != nil && !n.frozen {
			d := time.Duration(r.IntN(3000)) * time.Millisecond
			s.tell("freeze %d for %v", a, d)
			life := n.life
			n.freeze(d)
			s.after(d, func() {
				if n.life == life {
					s.judge()
				}
			})
		}
	case 11:
		s.loss = []float64{0, 0, 0.02, 0.05}[r.IntN(4)]
		s.tell("loss %.2f", s.loss)
	}
	s.judge()
}

// soakSeeds is how many seeds to run; SEEDS asks for more.
func soakSeeds(t *testing.T) uint64 {
	if v := os.Getenv("SEEDS"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 12
}

// TestSoak: whatever breaks, nothing comes twice or from nowhere, nobody who can
// be reached is given up, and when all is mended all is well within bounded time.
func TestSoak(t *testing.T) {
	for seed := range soakSeeds(t) {
		s := newSoak(t, seed)
		s.run(time.Second)
		marks := map[member.NodeID]int{}
		number := 0
		s.every(7*time.Millisecond, func() bool {
			for id := member.NodeID(1); id <= soakNodes; id++ {
				number++
				data := fmt.Sprintf("%d/%d", id, number)
				s.sent[data] = true
				s.nodes[id].step(Outgoing{0, []byte(data)})
			}
			return true
		})
		for range 60 {
			s.breakOne()
			for range 10 {
				s.run(time.Duration(s.chaos.IntN(200)) * time.Millisecond)
				s.check(marks)
			}
		}
		s.mend(marks)
		s.delivered()
		if t.Failed() {
			for id := member.NodeID(1); id <= soakNodes; id++ {
				t.Logf("node %d:\n%s", id, strings.Join(s.nodes[id].log, "\n"))
			}
			t.Fatalf("seed %d:\n%s", seed, strings.Join(s.story, "\n"))
		}
	}
}

// check judges what nodes said of each other since the last time.
func (s *soak) check(marks map[member.NodeID]int) {
	for id := member.NodeID(1); id <= soakNodes; id++ {
		n := s.nodes[id]
		for _, line := range n.log[marks[id]:] {
			var at float64
			var what string
			var other member.NodeID
			if _, err := fmt.Sscanf(line, "%f %s %d", &at, &what, &other); err != nil || what != "silence" {
				continue
			}
			key := [2]member.NodeID{min(id, other), max(id, other)}
			// Loss may make it late, and a frozen node is told of its silence after it woke.
			if since, ok := s.sound[key]; ok && time.Duration(at*float64(time.Second))-since > 1500*time.Millisecond {
				s.t.Errorf("seed: node %d gave node %d up at %.3f, although a link works since %v", id, other, at, since)
			}
		}
		marks[id] = len(n.log)
		for other := member.NodeID(1); other <= soakNodes; other++ {
			key := [2]member.NodeID{min(id, other), max(id, other)}
			since, gone := s.apart[key]
			if p := n.peerOf(other); p != nil && s.alive(id) && gone && s.now-since > 4*time.Second && p.heard && s.quietSince(id) > 3*time.Second {
				s.t.Errorf("node %d takes node %d for there at %v, although nothing works since %v", id, other, s.now, since)
			}
		}
	}
}

// quietSince is how long a node has been running without a pause.
func (s *soak) quietSince(id member.NodeID) time.Duration {
	return s.now - s.nodes[id].mux.resumed
}

func (n *labNode) peerOf(id member.NodeID) *peer {
	if n.mux == nil || id == n.id {
		return nil
	}
	return n.mux.peer(id)
}

// mend repairs everything and waits until all must be well.
func (s *soak) mend(marks map[member.NodeID]int) {
	clear(s.cuts)
	s.loss = 0
	s.run(3 * time.Second) // who is frozen wakes up
	for id := member.NodeID(1); id <= soakNodes; id++ {
		if s.nodes[id].mux == nil {
			s.nodes[id].start()
		}
	}
	s.judge()
	s.tell("all is mended")
	s.run(6 * time.Second)
	s.check(marks)
	for id := member.NodeID(1); id <= soakNodes; id++ {
		for _, l := range s.nodes[id].mux.Links() {
			if !l.Up || !s.nodes[id].peerOf(l.Node).heard {
				s.t.Errorf("node %d: link %d to node %d is not up after everything was mended", id, l.Link, l.Node)
			}
		}
	}
}

// delivered checks what came: each at most once, none from nowhere, and at the
// end all.
func (s *soak) delivered() {
	for id := member.NodeID(1); id <= soakNodes; id++ {
		seen := map[string]bool{}
		late := 0
		for _, g := range s.nodes[id].got {
			if seen[g.data] {
				s.t.Errorf("node %d got %s twice", id, g.data)
			}
			seen[g.data] = true
			if !s.sent[g.data] {
				s.t.Errorf("node %d got %q, which was never sent", id, g.data)
			}
			if g.at > s.now-2*time.Second {
				late++
			}
		}
		if want := 2 * 2 * 1000 / 7; late < want-4 {
			s.t.Errorf("node %d got %d packets in the last 2 s, want %d", id, late, want)
		}
	}
}
