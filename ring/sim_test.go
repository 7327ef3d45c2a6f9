package ring

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand"
	"slices"
	"time"

	"mainstay/member"
)

// sim is a cluster in virtual time: machines, the network between them, and a
// stand-in for the wire's heartbeats. All chance comes from one seed.
type sim struct {
	rng         *rand.Rand
	now         time.Duration
	events      eventHeap
	order       uint64
	nodes       []*simNode // by id-1
	links       [][]simLink
	lives       []*life
	cfg         Config // template
	base        time.Duration
	jitter      time.Duration
	trace       func(format string, args ...any)
	steps       int
	sent        int // ring packets
	garbled     int // packets that arrived garbled and were noticed
	happened    map[string]int
	disksLost   bool
	weather     func(*simLink) // what links are like when nothing is wrong with them
	safes       float64        // how many messages are to be delivered safe
	convergence time.Duration  // from the end of all faults to one view
}

// simLink is one direction between two nodes.
type simLink struct {
	cut       bool
	loss, dup float64
	late      float64             // how many packets are much later than others
	reorder   float64             // how many are overtaken by some
	corrupt   float64             // how many arrive garbled, which the wire's checksum finds out
	delay     time.Duration       // on top of the base delay
	lose      func(b []byte) bool // which packets are lost; nil: none of their own accord
	maxSize   int                 // larger packets are lost; 0: none
}

// simNode is a machine with its disk.
type simNode struct {
	id       member.NodeID
	up       bool
	frozen   bool
	thawed   bool // and it has had no view since
	frozenAt time.Duration
	inbox    []Input // what waits while frozen
	m        *Machine
	life     *life
	inc      uint64
	disk     uint64 // kept ring sequence
	heard    []time.Duration
	silent   []bool
	tickAt   time.Duration
	rate     float64       // of its clock …
	real     time.Duration // … since then …
	local    time.Duration // … when it showed this
	stalled  bool          // frozen, and its clock as well
	cfg      Config
	deaf     func(data []byte) bool // packets that are dropped on receipt
}

// life is what one incarnation of a node lived through.
type life struct {
	id        member.NodeID
	inc       uint64
	submitted []uint64
	safe      map[uint64]bool // of those, what was to be delivered safe
	views     []*lifeView
	ended     bool
	gone      bool
}

// lifeView is a view as one life saw it.
type lifeView struct {
	Install
	at         time.Duration
	msgs       []uint64
	set        map[uint64]bool // msgs, once they are asked for
	safe       []bool          // whether that message came as safe
	transition []member.NodeID
	key        string // ring and seats, which say more than the ring's number once a disk was lost
	split      int    // messages before the transition; -1: none so far
}

type event struct {
	at    time.Duration
	order uint64
	run   func()
}

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].order < h[j].order
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func newSim(seed int64, n int, cfg Config) *sim {
	s := &sim{rng: rand.New(rand.NewSource(seed)), now: time.Second, cfg: cfg.withDefaults(), base: 100 * time.Microsecond, jitter: 50 * time.Microsecond, happened: map[string]int{}}
	s.cfg.Nodes = nil
	for i := range n {
		s.cfg.Nodes = append(s.cfg.Nodes, member.NodeID(i+1))
	}
	for i := range n {
		s.nodes = append(s.nodes, &simNode{id: member.NodeID(i + 1), rate: 1, real: s.now, local: s.now})
		s.links = append(s.links, make([]simLink, n))
	}
	return s
}

func (s *sim) at(d time.Duration, run func()) {
	s.order++
	heap.Push(&s.events, event{s.now + d, s.order, run})
}

func (s *sim) node(id int) *simNode { return s.nodes[id-1] }

func (s *sim) logf(n *simNode, format string, args ...any) {
	if s.trace != nil {
		s.trace("%10.3fms n%d %s", float64(s.now-time.Second)/1e6, n.id, fmt.Sprintf(format, args...))
	}
}

// start starts a node, with what its disk holds.
func (s *sim) start(id int) {
	n := s.node(id)
	if n.up {
		return
	}
	n.inc++
	cfg := s.cfg
	if n.cfg.Self != 0 {
		cfg = n.cfg
	}
	cfg.Self, cfg.Incarnation, cfg.Seq = n.id, n.inc*1000+uint64(id), n.disk
	m, err := New(cfg)
	if err != nil {
		panic(err)
	}
	n.up, n.frozen, n.stalled, n.thawed, n.m, n.inbox = true, false, false, false, m, nil
	n.local, n.real = n.clock(s.now), s.now
	n.life = &life{id: n.id, inc: n.inc, safe: map[uint64]bool{}}
	s.lives = append(s.lives, n.life)
	n.heard = make([]time.Duration, len(s.nodes))
	n.silent = make([]bool, len(s.nodes))
	for i := range n.heard {
		n.heard[i] = s.now
	}
	inc := n.inc
	s.beat(n, inc)
	s.step(n, Tick{})
}

// beat is the stand-in for the wire: heartbeats and silence.
func (s *sim) beat(n *simNode, inc uint64) {
	if !n.up || n.inc != inc {
		return
	}
	if !n.frozen {
		for _, o := range s.nodes {
			if o.id == n.id {
				continue
			}
			s.transmit(n, o, nil)
			if !n.silent[o.id-1] && s.now-n.heard[o.id-1] > s.cfg.Token {
				n.silent[o.id-1] = true
				s.step(n, Silence{o.id})
				if !n.up {
					return
				}
			}
		}
	}
	s.at(s.cfg.Token/10+time.Duration(s.rng.Int63n(int64(s.cfg.Token/50))), func() { s.beat(n, inc) })
}

// transmit sends a packet (nil: a heartbeat) over a link.
func (s *sim) transmit(from, to *simNode, data []byte) {
	l := &s.links[from.id-1][to.id-1]
	times := 1
	if l.dup > 0 && s.rng.Float64() < l.dup {
		times = 2
	}
	for range times {
		if l.cut || (l.lose != nil && data != nil && l.lose(data)) || (l.maxSize > 0 && len(data) > l.maxSize) || (l.loss > 0 && s.rng.Float64() < l.loss) {
			continue
		}
		d := s.base + l.delay + time.Duration(s.rng.Int63n(int64(s.jitter)))
		if l.late > 0 && s.rng.Float64() < l.late {
			d += time.Duration(s.rng.Int63n(int64(200 * time.Millisecond)))
		}
		if l.reorder > 0 && s.rng.Float64() < l.reorder {
			d += time.Duration(s.rng.Int63n(int64(5 * time.Millisecond)))
		}
		inc, data, garbled := to.inc, data, false
		if l.corrupt > 0 && s.rng.Float64() < l.corrupt {
			sum := crc32.ChecksumIEEE(data)
			data = s.garble(data)
			garbled = crc32.ChecksumIEEE(data) != sum
		}
		s.at(d, func() {
			switch {
			case garbled:
				s.garbled++
			case to.up && to.inc == inc && !s.links[from.id-1][to.id-1].cut:
				s.arrive(from, to, data)
			}
		})
	}
}

// arrive hands a packet to a node, by way of the stand-in for the wire.
func (s *sim) arrive(from, to *simNode, data []byte) {
	to.heard[from.id-1] = s.now
	if to.silent[from.id-1] {
		to.silent[from.id-1] = false
		s.step(to, Heard{from.id})
	}
	if data == nil || (to.deaf != nil && to.deaf(data)) {
		return
	}
	s.step(to, Packet{from.id, slices.Clone(data)})
}

// step gives a node an input and carries out its effects.
func (s *sim) step(n *simNode, in Input) {
	if !n.up {
		return
	}
	if n.frozen {
		n.inbox = append(n.inbox, in)
		return
	}
	s.steps++
	effects := slices.Clone(n.m.Step(n.clock(s.now), in))
	n.checkThawed(effects)
	for _, e := range effects {
		s.carryOut(n, e)
	}
	s.arm(n)
}

// garble changes some bits of a packet, or cuts it off.
func (s *sim) garble(data []byte) []byte {
	if len(data) == 0 {
		return []byte{1}
	}
	b := slices.Clone(data)
	if s.rng.Intn(4) == 0 {
		return b[:s.rng.Intn(len(b))]
	}
	for range 1 + s.rng.Intn(3) {
		b[s.rng.Intn(len(b))] ^= 1 << s.rng.Intn(8)
	}
	return b
}

// clock is what the node's clock shows at a time; unclock is its inverse,
// rounded up.
func (n *simNode) clock(at time.Duration) time.Duration {
	if n.stalled {
		return n.local
	}
	return n.local + time.Duration(float64(at-n.real)*n.rate)
}

// setRate lets a node's clock run at another rate from now on.
func (s *sim) setRate(n *simNode, rate float64) {
	if n.stalled {
		return
	}
	n.local, n.real = n.clock(s.now), s.now
	n.rate, n.tickAt = rate, 0
	if n.up && !n.frozen {
		s.arm(n)
	}
}

func (n *simNode) unclock(local time.Duration) time.Duration {
	if local == 0 {
		return 0
	}
	at := n.real + time.Duration(float64(local-n.local)/n.rate)
	for n.clock(at) < local {
		at++
	}
	return at
}

// checkThawed: a node that was frozen for long delivers nothing in its old view,
// but what belongs to the change to the next one.
func (n *simNode) checkThawed(effects []Effect) {
	if !n.thawed {
		return
	}
	delivers := false
	for _, e := range effects {
		switch e.(type) {
		case Deliver:
			delivers = true
		case Install:
			n.thawed = false
			return
		}
	}
	if delivers {
		panic("a frozen node goes on delivering")
	}
}

// arm sees to the next Tick.
func (s *sim) arm(n *simNode) {
	w := n.unclock(n.m.Wake())
	if w == 0 || (n.tickAt > s.now && n.tickAt <= w) {
		return
	}
	n.tickAt = w
	inc := n.inc
	s.at(max(w-s.now, 0), func() {
		if n.up && n.inc == inc && !n.frozen {
			if n.tickAt <= s.now {
				n.tickAt = 0
			}
			if w := n.unclock(n.m.Wake()); w != 0 && w <= s.now {
				s.step(n, Tick{})
			} else {
				s.arm(n)
			}
		}
	})
}

func (s *sim) carryOut(n *simNode, e Effect) {
	l := n.life
	switch e := e.(type) {
	case Send:
		for _, o := range s.nodes {
			if o.id != n.id && (e.To == 0 || e.To == o.id) {
				s.sent++
				s.transmit(n, o, e.Data)
			}
		}
	case Deliver:
		v := l.views[len(l.views)-1]
		v.msgs, v.safe = append(v.msgs, binary.BigEndian.Uint64(e.Payload)), append(v.safe, e.Safe)
		checkPayload(e.Payload)
	case Transition:
		v := l.views[len(l.views)-1]
		v.transition, v.split = e.Members, len(v.msgs)
		if e.Ring != v.View.Ring {
			panic("transition of another ring")
		}
	case Install:
		s.logf(n, "view %v joined %v left %v together %v", e.View, e.Joined, e.Left, e.Transitional)
		l.views = append(l.views, &lifeView{Install: e, at: s.now, split: -1, key: fmt.Sprint(e.View.Ring, []seat(n.m.cur.seats))})
	case KeepSeq:
		if e.Seq <= n.disk {
			panic("ring sequence goes back")
		}
		n.disk = e.Seq
	case Note:
		s.logf(n, "%s %v", e.Text, e.Attrs)
	case Gone:
		s.logf(n, "gone")
		n.up, l.ended, l.gone = false, true, true
	}
}

// submit makes a node send a message of some size.
func (s *sim) submit(id, size int) {
	n := s.node(id)
	if !n.up {
		return
	}
	b := payload(n, size)
	n.life.submitted = append(n.life.submitted, binary.BigEndian.Uint64(b))
	safe := s.safes > 0 && s.rng.Float64() < s.safes
	if safe {
		n.life.safe[binary.BigEndian.Uint64(b)] = true
	}
	s.step(n, Submit{Payload: b, Safe: safe})
}

// payload makes a message that names its origin and can be checked.
func payload(n *simNode, size int) []byte {
	b := make([]byte, max(size, 8))
	id := uint64(n.id)<<48 | n.inc<<32 | uint64(len(n.life.submitted)+1)
	binary.BigEndian.PutUint64(b, id)
	for i := 8; i < len(b); i++ {
		b[i] = byte(id) + byte(i*7)
	}
	return b
}

func checkPayload(b []byte) {
	id := binary.BigEndian.Uint64(b)
	for i := 8; i < len(b); i++ {
		if b[i] != byte(id)+byte(i*7) {
			panic(fmt.Sprintf("message %x is garbled at byte %d", id, i))
		}
	}
}

// crash stops a node at once.
func (s *sim) crash(id int) {
	if n := s.node(id); n.up {
		s.logf(n, "crash")
		n.up, n.life.ended = false, true
	}
}

// refuse tells the others that nobody listens at a node.
func (s *sim) refuse(id int) {
	for _, o := range s.nodes {
		if o.up && int(o.id) != id {
			s.step(o, Unreachable{member.NodeID(id)})
		}
	}
}

// stall stops a node's machine with its clock, so that it cannot notice; thaw
// lets it go on. What its network card keeps meanwhile is not much.
func (s *sim) stall(id int) {
	if n := s.node(id); n.up && !n.frozen {
		s.logf(n, "stall")
		n.local, n.real = n.clock(s.now), s.now
		n.frozen, n.stalled, n.frozenAt = true, true, s.now
	}
}

// freeze stops a node's process; thaw lets it go on.
func (s *sim) freeze(id int) {
	if n := s.node(id); n.up && !n.frozen {
		s.logf(n, "freeze")
		n.frozen, n.frozenAt = true, s.now
	}
}

func (s *sim) thaw(id int) {
	n := s.node(id)
	if !n.up || !n.frozen {
		return
	}
	n.frozen = false
	d := s.now - n.frozenAt
	s.logf(n, "thaw after %v", d)
	for i := range n.heard {
		n.heard[i] += d
	}
	n.tickAt = 0
	inbox := n.inbox
	n.inbox = nil
	switch {
	case n.stalled:
		n.stalled, n.real = false, s.now
		room := s.rng.Intn(100)
		inbox = slices.DeleteFunc(inbox, func(in Input) bool {
			_, packet := in.(Packet)
			room--
			return packet && room < 0
		})
	case d >= 50*time.Millisecond:
		n.thawed = d >= n.m.cfg.Token && len(n.life.views) > 0
		s.step(n, Paused{time.Duration(float64(d) * n.rate)})
	}
	for _, in := range inbox {
		s.step(n, in)
	}
	if n.up {
		s.arm(n)
	}
}

// both changes both directions between two nodes.
func (s *sim) both(a, b int, f func(*simLink)) {
	f(&s.links[a-1][b-1])
	f(&s.links[b-1][a-1])
}

// partition cuts all links between two sets of nodes.
func (s *sim) partition(side func(id int) bool) {
	for a := range s.nodes {
		for b := range s.nodes {
			s.links[a][b].cut = side(a+1) != side(b+1)
		}
	}
}

// oneWay cuts the links from one set of nodes to the rest, but not back.
func (s *sim) oneWay(from func(id int) bool) {
	for a := range s.nodes {
		for b := range s.nodes {
			s.links[a][b].cut = from(a+1) && !from(b+1)
		}
	}
}

// heal makes all links perfect, and all nodes take what comes.
func (s *sim) heal() {
	for _, n := range s.nodes {
		n.deaf = nil
	}
	for a := range s.nodes {
		for b := range s.nodes {
			s.links[a][b] = simLink{}
		}
	}
}

// run lets virtual time pass.
func (s *sim) run(d time.Duration) {
	end := s.now + d
	s.runUntil(end, func() bool { return false })
}

// runUntil lets virtual time pass up to end or until a condition holds, and
// tells whether it held.
func (s *sim) runUntil(end time.Duration, cond func() bool) bool {
	for len(s.events) > 0 && s.events[0].at <= end {
		if cond() {
			return true
		}
		e := heap.Pop(&s.events).(event)
		s.now = max(s.now, e.at)
		e.run()
	}
	if cond() {
		return true
	}
	s.now = end
	return false
}

// converged tells whether all running nodes are in one view of just them.
func (s *sim) converged() bool {
	var want []member.NodeID
	for _, n := range s.nodes {
		if n.up {
			want = append(want, n.id)
		}
	}
	var ring member.RingID
	for _, n := range s.nodes {
		if !n.up {
			continue
		}
		if n.frozen || n.m.State() != Operational || !slices.Equal(n.m.View().Members, want) {
			return false
		}
		if ring.IsZero() {
			ring = n.m.View().Ring
		} else if ring != n.m.View().Ring {
			return false
		}
	}
	return true
}

// quiet tells whether the cluster converged, everything was delivered and the
// token rests.
func (s *sim) quiet() bool {
	if !s.converged() {
		return false
	}
	rests := false
	for _, n := range s.nodes {
		if n.up && !n.m.outbox.empty() {
			return false
		}
		if n.up && n.m.visit.tok != nil && n.m.visit.tok.settled() {
			rests = true
		}
	}
	return rests
}
