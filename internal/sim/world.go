// Package sim is a whole cluster on simulated machines in one process under one
// seed: the shipped loop, engine and links run unchanged on virtual time, a
// virtual network that loses and partitions, disks that forget what was not
// synced, agents that are small models, and power that can be cut at any moment.
// The same seed gives the same history. Checkers look at the world, not at logs.
package sim

import (
	"container/heap"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"mainstay/internal/host"
)

// World is everything that is simulated.
type World struct {
	Seed     uint64
	Now      time.Duration
	Machines []*Machine // in node order
	Net      Network
	Agents   Agents

	rng      *rand.Rand
	events   events
	rank     uint64
	story    []string // what happened, for people
	broken   []string // laws that were broken
	laws     laws
	verbose  bool
	handled  int
	logLevel slog.Level
}

// event is something that will happen at a time; equal times are ordered by rank.
type event struct {
	at   time.Duration
	rank uint64
	do   func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if e[i].at != e[j].at {
		return e[i].at < e[j].at
	}
	return e[i].rank < e[j].rank
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push implements heap.Interface.
func (e *events) Push(x any) { *e = append(*e, x.(event)) }

// Pop implements heap.Interface.
func (e *events) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return x
}

// New makes a world without machines.
func New(seed uint64) *World {
	w := &World{Seed: seed, Now: time.Second, rng: rand.New(rand.NewPCG(seed, 0x6d61696e73746179))}
	w.Net = Network{Latency: 200 * time.Microsecond, Jitter: 100 * time.Microsecond}
	w.Agents = newAgents()
	return w
}

// after plans something; the seed orders what falls on the same instant.
func (w *World) after(d time.Duration, do func()) {
	w.rank++
	heap.Push(&w.events, event{w.Now + d, w.rng.Uint64()&^0xffffffff | w.rank&0xffffffff, do})
}

// At plans a step of a scenario.
func (w *World) At(t time.Duration, what string, do func()) {
	w.rank++
	heap.Push(&w.events, event{t, w.rank, func() {
		w.tell("scenario: %s", what)
		do()
	}})
}

// Run lets time pass until the given instant; it stops when a law is broken.
func (w *World) Run(until time.Duration) {
	for len(w.events) > 0 && w.events[0].at <= until && len(w.broken) == 0 {
		e := heap.Pop(&w.events).(event)
		w.Now = e.at
		w.handled++
		e.do()
		w.check()
	}
	if len(w.broken) == 0 {
		w.Now = until
	}
}

// RunWhile lets time pass while a condition holds, until a limit; it tells
// whether the condition ended.
func (w *World) RunWhile(cond func() bool, limit time.Duration) bool {
	for cond() {
		if w.Now >= limit || len(w.broken) > 0 {
			return false
		}
		w.Run(min(w.Now+50*time.Millisecond, limit))
	}
	return true
}

// tell adds a line to the story.
func (w *World) tell(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf("%10.4f  ", w.Now.Seconds())+fmt.Sprintf(format, args...))
}

// breakLaw records that a law does not hold.
func (w *World) breakLaw(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf("at %.4f s: ", w.Now.Seconds())+fmt.Sprintf(format, args...))
	w.tell("LAW BROKEN: "+format, args...)
}

// Broken lists the laws that were broken.
func (w *World) Broken() []string { return w.broken }

// Story is what happened, a line each.
func (w *World) Story() string { return strings.Join(w.story, "\n") + "\n" }

// Machine returns a machine by its node's name.
func (w *World) Machine(name string) *Machine {
	i := slices.IndexFunc(w.Machines, func(m *Machine) bool { return m.Name == name })
	if i < 0 {
		panic("sim: no machine " + name)
	}
	return w.Machines[i]
}

// Network is how packets fare.
type Network struct {
	Latency, Jitter time.Duration
	Loss            float64 // share of packets that are lost
	Duplicate       float64 // share that arrives twice
	cut             map[cable]bool
}

// cable is one direction of one link between two machines.
type cable struct {
	from, to string
	link     int
}

// Cut breaks or mends one direction of a link.
func (n *Network) Cut(from, to string, link int, cut bool) {
	if n.cut == nil {
		n.cut = map[cable]bool{}
	}
	if cut {
		n.cut[cable{from, to, link}] = true
	} else {
		delete(n.cut, cable{from, to, link})
	}
}

// CutLinks breaks or mends both directions of links between two machines.
func (w *World) CutLinks(a, b *Machine, links []int, cut bool) {
	for _, l := range links {
		w.Net.Cut(a.Name, b.Name, l, cut)
		w.Net.Cut(b.Name, a.Name, l, cut)
	}
	a.troubled()
	b.troubled()
}

// Heal mends all links.
func (w *World) Heal() {
	w.Net.cut = nil
	for _, m := range w.Machines {
		m.troubled()
	}
}

// carry takes a packet from one machine towards an address.
func (w *World) carry(from *Machine, link int, addr string, data []byte) {
	to := w.byAddr(link, addr)
	if to == nil || w.Net.cut[cable{from.Name, to.Name, link}] || w.rng.Float64() < w.Net.Loss {
		return
	}
	packet := slices.Clone(data)
	copies := 1
	if w.rng.Float64() < w.Net.Duplicate {
		copies = 2
	}
	for range copies {
		delay := w.Net.Latency
		if w.Net.Jitter > 0 {
			delay += time.Duration(w.rng.Int64N(int64(w.Net.Jitter)))
		}
		life := to.life
		w.after(delay, func() {
			if to.life == life && to.daemon != nil {
				to.feed(host.Datagram{Link: link, Addr: from.Addrs[link], Data: packet})
			}
		})
	}
}

func (w *World) byAddr(link int, addr string) *Machine {
	for _, m := range w.Machines {
		if link < len(m.Addrs) && m.Addrs[link] == addr {
			return m
		}
	}
	return nil
}
