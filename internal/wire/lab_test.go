package wire

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/member"
)

// lab is a few nodes on virtual links under a seed.
type lab struct {
	t       testing.TB
	now     time.Duration
	rng     *rand.Rand
	queue   queue
	rank    int
	nodes   map[member.NodeID]*labNode
	latency time.Duration
	jitter  time.Duration
	loss    float64
	double  float64
	cuts    map[[3]int]bool // from, to, link
	narrow  map[int]int     // link → largest packet
	carried int
	tap     func(from, to *labNode, link int, data []byte)
}

type labNode struct {
	lab     *lab
	id      member.NodeID
	cfg     Config
	mux     *Mux // nil: the process is dead
	life    int
	refuses bool // a dead process on a live host
	frozen  bool
	waiting []Incoming
	timer   time.Duration
	log     []string // effects but Transmit, with times
	got     []labGot
	lost    []member.NodeID
}

type labGot struct {
	at   time.Duration
	from member.NodeID
	data string
}

type labEvent struct {
	at   time.Duration
	rank int
	do   func()
}

type queue []labEvent

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].rank < q[j].rank
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(labEvent)) }
func (q *queue) Pop() any {
	x := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return x
}

var labKey = []byte("0123456789abcdef0123456789abcdef")

func labAddr(id member.NodeID, link int) string { return fmt.Sprintf("10.%d.0.%d:5405", link, id) }

func labConfig(self member.NodeID, nodes, links int) Config {
	c := Config{Self: self, Cluster: "lab", Keys: [][]byte{labKey}, Token: time.Second}
	for id := range nodes {
		p := Peer{ID: member.NodeID(id + 1)}
		for l := range links {
			p.Addrs = append(p.Addrs, labAddr(p.ID, l))
		}
		c.Peers = append(c.Peers, p)
	}
	return c
}

func newLab(t testing.TB, seed uint64, nodes, links int, change func(*Config)) *lab {
	l := &lab{t: t, now: time.Second, rng: rand.New(rand.NewPCG(seed, 1)), nodes: map[member.NodeID]*labNode{},
		latency: 100 * time.Microsecond, jitter: 20 * time.Microsecond, cuts: map[[3]int]bool{}}
	for i := range nodes {
		c := labConfig(member.NodeID(i+1), nodes, links)
		if change != nil {
			change(&c)
		}
		l.add(c).start()
	}
	return l
}

func (l *lab) add(c Config) *labNode {
	c.Rand = l.rng.Uint64
	n := &labNode{lab: l, id: c.Self, cfg: c}
	l.nodes[n.id] = n
	return n
}

func (l *lab) after(d time.Duration, do func()) {
	l.rank++
	heap.Push(&l.queue, labEvent{l.now + d, l.rank, do})
}

func (l *lab) run(d time.Duration) {
	end := l.now + d
	for len(l.queue) > 0 && l.queue[0].at <= end {
		e := heap.Pop(&l.queue).(labEvent)
		l.now = e.at
		e.do()
	}
	l.now = end
}

// every does something regularly until it returns false.
func (l *lab) every(d time.Duration, do func() bool) {
	l.after(d, func() {
		if do() {
			l.every(d, do)
		}
	})
}

func (l *lab) cut(from, to, link int, cut bool) { l.cuts[[3]int{from, to, link}] = cut }

func (l *lab) cutBoth(a, b, link int, cut bool) {
	l.cut(a, b, link, cut)
	l.cut(b, a, link, cut)
}

func (n *labNode) start() *labNode {
	m, err := New(n.cfg)
	if err != nil {
		n.lab.t.Fatal(err)
	}
	n.mux, n.refuses, n.timer = m, false, 0
	n.life++
	n.step(Tick{})
	return n
}

// kill ends the process; its host goes on and refuses packets if refuses is set.
func (n *labNode) kill(refuses bool) {
	n.mux, n.refuses = nil, refuses
	n.life++
}

func (n *labNode) step(in Input) {
	if n.mux == nil || n.frozen {
		return
	}
	n.handle(n.mux.Step(n.lab.now, in))
	n.remembers()
	n.arm()
}

// remembers checks that what was not worked out anew in a step has not changed.
func (n *labNode) remembers() {
	if n.mux == nil || n.mux.left {
		return
	}
	for _, p := range n.mux.peers {
		if want := n.mux.wakeFor(p); p.wake != want {
			n.lab.t.Fatalf("node %s wants to be woken for %s at %v, it should be %v", n.cfg.Self, p.id, p.wake, want)
		}
	}
}

func (n *labNode) arm() {
	w := n.mux.Wake()
	if w == 0 || n.timer != 0 && n.timer <= w && n.timer > n.lab.now {
		return
	}
	n.timer = max(w, n.lab.now)
	life := n.life
	n.lab.after(n.timer-n.lab.now, func() {
		if n.life == life && !n.frozen && n.timer == n.lab.now {
			n.timer = 0
			if n.mux.Wake() <= n.lab.now {
				n.step(Tick{})
			} else {
				n.arm()
			}
		}
	})
}

func (n *labNode) note(format string, args ...any) {
	n.log = append(n.log, fmt.Sprintf("%.3f ", n.lab.now.Seconds())+fmt.Sprintf(format, args...))
}

func (n *labNode) handle(effects []Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case Transmit:
			n.transmit(e)
		case Received:
			n.got = append(n.got, labGot{n.lab.now, e.From, string(e.Data)})
		case Silence:
			n.note("silence %d", e.Node)
			n.lost = append(n.lost, e.Node)
		case Heard:
			n.note("heard %d", e.Node)
		case Unreachable:
			n.note("unreachable %d", e.Node)
			n.lost = append(n.lost, e.Node)
		case LinkState:
			n.note("link %d/%d up=%v", e.Node, e.Link, e.Up)
		case Alarm:
			n.note("alarm %s from %s count=%d", e.Kind, e.Source, e.Count)
		}
	}
}

func (n *labNode) transmit(e Transmit) {
	l := n.lab
	l.carried++
	var to *labNode
	for _, o := range l.nodes {
		for _, p := range o.cfg.Peers {
			if p.ID == o.id && e.Link < len(p.Addrs) && p.Addrs[e.Link] == e.Addr {
				to = o
			}
		}
	}
	if most, ok := l.narrow[e.Link]; ok && len(e.Data) > most {
		return
	}
	if to == nil || l.cuts[[3]int{int(n.id), int(to.id), e.Link}] {
		return
	}
	if l.tap != nil {
		l.tap(n, to, e.Link, e.Data)
	}
	copies := 1
	if l.rng.Float64() < l.loss {
		copies = 0
	} else if l.rng.Float64() < l.double {
		copies = 2
	}
	from := n.addr(e.Link)
	for range copies {
		delay := l.latency
		if l.jitter > 0 {
			delay += time.Duration(l.rng.Int64N(int64(l.jitter)))
		}
		in := Incoming{e.Link, from, slices.Clone(e.Data)}
		l.after(delay, func() {
			switch {
			case to.mux == nil && to.refuses:
				l.after(l.latency, func() { n.step(Refused{e.Link, e.Addr}) })
			case to.frozen:
				to.waiting = append(to.waiting, in)
			default:
				to.step(in)
			}
		})
	}
}

func (n *labNode) addr(link int) string {
	for _, p := range n.cfg.Peers {
		if p.ID == n.id {
			return p.Addrs[link]
		}
	}
	return ""
}

// freeze stops the process for a while.
func (n *labNode) freeze(d time.Duration) {
	n.frozen = true
	n.lab.after(d, func() {
		n.frozen, n.timer = false, 0
		for _, in := range n.waiting {
			n.step(in)
		}
		n.waiting = nil
		n.step(Tick{})
	})
}

// count counts the lines of the log that contain a text.
func (n *labNode) count(text string) int {
	c := 0
	for _, s := range n.log {
		if strings.Contains(s, text) {
			c++
		}
	}
	return c
}

// want checks how often a text is in a node's log.
func (l *lab) want(id member.NodeID, text string, times int) {
	l.t.Helper()
	if got := l.nodes[id].count(text); got != times {
		l.t.Errorf("node %d: %q %d times in its log, want %d:\n%s", id, text, got, times, strings.Join(l.nodes[id].log, "\n"))
	}
}
