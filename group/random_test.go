package group

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/member"
)

// service is a model of what cpg(3) promises, without any courtesy beyond it:
// machines in Totem rings, at most one process of the group on each; every ring
// one order; who goes together from ring to ring has seen the same before.
type service struct {
	t       *testing.T
	rand    *rand.Rand
	now     time.Duration
	ringSeq uint64
	pids    uint32
	nodes   []*simNode
	view    map[member.RingID][]member.NodeID // members by view, told by anybody
	where   map[string]member.RingID          // message → the view in which it was delivered
	log     map[member.RingID]map[Proc][]string
	sent    map[Proc]int
	trace   []string
}

type simNode struct {
	id    member.NodeID
	up    bool // the service runs here
	ring  member.RingID
	part  int
	self  Proc // zero: no process
	in    bool // it is in the group
	m     *Machine
	queue []Input  // what the service delivers, in order
	votes []Input  // what comes beside it
	out   [][]byte // not ordered yet
	next  int      // number of the last own message delivered
}

func newService(t *testing.T, seed uint64, n int) *service {
	s := &service{t: t, rand: rand.New(rand.NewPCG(seed, 1)), view: map[member.RingID][]member.NodeID{},
		where: map[string]member.RingID{}, log: map[member.RingID]map[Proc][]string{}, sent: map[Proc]int{}}
	for i := range n {
		s.nodes = append(s.nodes, &simNode{id: member.NodeID(i + 1), up: true})
	}
	s.rings()
	return s
}

// together are the running nodes of one part of the network.
func (s *service) together(part int) []*simNode {
	var out []*simNode
	for _, n := range s.nodes {
		if n.up && n.part == part {
			out = append(out, n)
		}
	}
	return out
}

func procs(nodes []*simNode) []Proc {
	var out []Proc
	for _, n := range nodes {
		if n.in {
			out = append(out, n.self)
		}
	}
	return out
}

// rings forms a new ring in every part of the network.
func (s *service) rings() {
	for part := range len(s.nodes) {
		nodes := s.together(part)
		if len(nodes) == 0 {
			continue
		}
		s.ringSeq += 4
		id := member.RingID{Rep: nodes[0].id, Seq: s.ringSeq}
		var ids []member.NodeID
		for _, n := range nodes {
			ids = append(ids, n.id)
		}
		for _, n := range nodes {
			old := n.ring
			n.ring = id
			if !n.in {
				continue
			}
			// Who did not come from the same ring is told as left first.
			var stay []Proc
			for _, o := range nodes {
				if o.in && (o == n || o.ring == old || o.ring == id && o.id < n.id && s.cameWith(o, n, old)) {
					stay = append(stay, o.self)
				}
			}
			if s.rand.IntN(2) == 0 {
				n.queue = append(n.queue, Changed{stay})
			}
			n.queue = append(n.queue, Changed{procs(nodes)}, Ring{ID: id, Nodes: ids})
			n.votes = append(n.votes, Counted{Ring: id})
		}
	}
}

// cameWith is true: which of the two lists is told in between is the service's choice.
func (s *service) cameWith(_, _ *simNode, _ member.RingID) bool { return s.rand.IntN(2) == 0 }

// regroup tells a part of the network who is in the group now.
func (s *service) regroup(part int) {
	nodes := s.together(part)
	for _, n := range nodes {
		if n.in {
			n.queue = append(n.queue, Changed{procs(nodes)})
		}
	}
}

// start starts a process on a node.
func (s *service) start(n *simNode) {
	s.pids++
	n.self = Proc{n.id, s.pids}
	seq := uint64(0)
	if n.m != nil {
		seq = n.m.kept
	}
	n.m = New(Config{Self: n.id, Seq: seq, Patience: 3 * time.Second, Stall: 10 * time.Second})
	n.queue, n.votes, n.out, n.next = nil, nil, nil, 0
	if n.up {
		s.join(n)
	}
}

func (s *service) join(n *simNode) {
	s.step(n, Connected{n.self})
	n.in = true
	s.regroup(n.part)
	n.queue = append(n.queue, Ring{ID: n.ring})
	n.votes = append(n.votes, Counted{Ring: n.ring})
}

func (s *service) kill(n *simNode) {
	n.self, n.in, n.out = Proc{}, false, nil
	if n.up {
		s.regroup(n.part)
	}
}

// stop ends the service on a node.
func (s *service) stop(n *simNode) {
	n.up, n.in = false, false
	n.queue, n.votes, n.out = nil, nil, nil
	if n.self != (Proc{}) {
		s.step(n, Lost{})
	}
	s.rings()
}

func (s *service) begin(n *simNode) {
	n.up = true
	s.rings()
	if n.self != (Proc{}) {
		s.join(n)
	}
}

// order puts one message of a node into the order of its ring.
func (s *service) order(n *simNode) {
	if len(n.out) == 0 {
		return
	}
	data := n.out[0]
	n.out = n.out[1:]
	for _, o := range s.together(n.part) {
		if o.in {
			o.queue = append(o.queue, Received{n.self, bytes.Clone(data)})
		}
	}
}

// read gives a process the next input that the service has for it.
func (s *service) read(n *simNode) {
	q := &n.queue
	if len(n.votes) > 0 && (len(n.queue) == 0 || s.rand.IntN(3) == 0) {
		q = &n.votes
	}
	if len(*q) == 0 {
		return
	}
	in := (*q)[0]
	*q = (*q)[1:]
	s.step(n, in)
}

func (s *service) step(n *simNode, in Input) {
	for _, x := range n.m.Step(s.now, in) {
		switch x := x.(type) {
		case Multicast:
			n.out = append(n.out, x.Data)
		case Deliver:
			s.delivered(n, x)
		case Install:
			s.installed(n, x)
		case PutOut: // that is for services that do not hold up messages as long as this one
		case Note:
			if x.Level == Error && !strings.Contains(x.Text, "does not answer") {
				s.t.Fatalf("%s: %s %v", n.self, x.Text, x.Attrs)
			}
		case Gone:
			s.t.Fatalf("%s is gone: %s", n.self, x.Why)
		}
	}
}

func (s *service) installed(n *simNode, x Install) {
	if have, ok := s.view[x.View.Ring]; ok && !slices.Equal(have, x.View.Members) {
		s.t.Fatalf("view %s has members %v and %v", x.View.Ring, have, x.View.Members)
	}
	s.view[x.View.Ring] = x.View.Members
	if s.log[x.View.Ring] == nil {
		s.log[x.View.Ring] = map[Proc][]string{}
	}
	if _, again := s.log[x.View.Ring][n.self]; again {
		s.t.Fatalf("%s installs view %s twice", n.self, x.View.Ring)
	}
	s.log[x.View.Ring][n.self] = []string{}
	for _, id := range x.Transitional {
		if o := s.nodes[id-1]; o != n {
			s.compare(n, o, x)
		}
	}
}

// compare checks two who say that they went together: up to here both delivered
// the same in the view before, if the other is as far.
func (s *service) compare(n, o *simNode, x Install) {
	if _, there := s.log[x.View.Ring][o.self]; !there {
		return
	}
	for ring, log := range s.log {
		a, inA := log[n.self]
		b, inB := log[o.self]
		if inA && inB && ring != x.View.Ring && ring.Seq == s.before(n.self, x.View.Ring) && !slices.Equal(a, b) {
			s.t.Fatalf("%s and %s go together to %s, but in %s delivered\n%v\n%v", n.self, o.self, x.View.Ring, ring, a, b)
		}
	}
}

// before is the number of the view that a process had before another.
func (s *service) before(p Proc, next member.RingID) uint64 {
	var seq uint64
	for ring, log := range s.log {
		if _, ok := log[p]; ok && ring.Seq < next.Seq {
			seq = max(seq, ring.Seq)
		}
	}
	return seq
}

func (s *service) delivered(n *simNode, x Deliver) {
	ring := n.m.View().Ring
	text := string(x.Payload[:bytes.IndexByte(x.Payload, ';')])
	if was, ok := s.where[text]; ok && was != ring {
		s.t.Fatalf("%s delivers %s in view %s, another did in %s", n.self, text, ring, was)
	}
	s.where[text] = ring
	mine := append(s.log[ring][n.self], text)
	s.log[ring][n.self] = mine
	for p, other := range s.log[ring] {
		k := min(len(mine), len(other))
		if !slices.Equal(mine[:k], other[:k]) {
			s.t.Fatalf("in view %s %s and %s deliver\n%v\n%v", ring, n.self, p, mine, other)
		}
	}
	var from Proc
	var number int
	if _, err := fmt.Sscanf(text, "%d/%d:%d", &from.Node, &from.PID, &number); err != nil {
		s.t.Fatal(err)
	}
	if from == n.self {
		if number <= n.next {
			s.t.Fatalf("%s delivers its message %d after %d", n.self, number, n.next)
		}
		n.next = number
	}
}

func (s *service) submit(n *simNode) {
	if n.self == (Proc{}) {
		return
	}
	s.sent[n.self]++
	text := fmt.Sprintf("%s:%d;", n.self, s.sent[n.self])
	size := 0
	if s.rand.IntN(60) == 0 {
		size = s.rand.IntN(MaxPayload - len(text))
	}
	s.step(n, Submit{append([]byte(text), make([]byte, size)...)})
}

// act does one thing at random.
func (s *service) act(faults bool) {
	n := s.nodes[s.rand.IntN(len(s.nodes))]
	switch k := s.rand.IntN(300); {
	case k < 110:
		s.order(n)
	case k < 250 && n.self != (Proc{}):
		s.read(n)
	case k < 280 && faults:
		s.submit(n)
	case k < 285 && faults:
		n.part = s.rand.IntN(2)
		s.rings()
	case k < 288 && faults && n.self != (Proc{}):
		s.kill(n)
	case k < 292 && n.self == (Proc{}):
		s.start(n)
	case k < 294 && faults && n.up:
		s.stop(n)
	case k < 297 && !n.up:
		s.begin(n)
	default:
		s.now += time.Duration(s.rand.IntN(300)) * time.Millisecond
		for _, n := range s.nodes {
			if n.self != (Proc{}) && n.m.Wake() != 0 && n.m.Wake() <= s.now {
				s.step(n, Tick{})
			}
		}
	}
}

// quiet lets everything come to rest and checks that it did.
func (s *service) quiet() {
	for _, n := range s.nodes {
		n.part = 0
		if !n.up {
			s.begin(n)
		}
		if n.self == (Proc{}) {
			s.start(n)
		}
	}
	s.rings()
	for range 3000 {
		for _, n := range s.nodes {
			s.read(n)
			s.order(n)
		}
	}
	first := s.nodes[0]
	for _, n := range s.nodes {
		if n.m.State() != Installed || len(n.m.View().Members) != len(s.nodes) || n.m.View().Ring != first.m.View().Ring {
			s.t.Fatalf("at the end %s is %s in %s, %s in %s", n.self, n.m.State(), n.m.View(), first.self, first.m.View())
		}
		if len(n.m.outbox.queue) != 0 || len(n.queue) != 0 {
			s.t.Fatalf("at the end %s has %d messages to send, %d inputs to read", n.self, len(n.m.outbox.queue), len(n.queue))
		}
		if s.log[first.m.View().Ring][n.self] == nil || !slices.Equal(s.log[n.m.View().Ring][n.self], s.log[first.m.View().Ring][first.self]) {
			s.t.Fatalf("at the end %s and %s delivered different messages", n.self, first.self)
		}
	}
}

// TestRandom does everything to a group in random order, and checks the promises.
func TestRandom(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 30
	}
	views, messages := 0, 0
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newService(t, uint64(seed), 2+seed%4)
			for _, n := range s.nodes {
				s.start(n)
			}
			for range 3 {
				for range 1500 {
					s.act(true)
				}
				s.quiet()
			}
			views += len(s.view)
			messages += len(s.where)
		})
	}
	t.Logf("%d views, %d messages", views, messages)
	if views < seeds*5 || messages < seeds*50 {
		t.Errorf("only %d views and %d messages: the test does not test", views, messages)
	}
}
