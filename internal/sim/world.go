package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Growth is by how many percent the heap of a process that simulates should grow until
// garbage is collected: most of what a simulated cluster makes is packets.
const Growth = 400

// World is everything that is simulated.
type World struct {
	Seed     uint64
	Now      time.Duration
	Machines []*Machine // in node order
	Net      Network
	Agents   Agents

	rng     *rand.Rand
	events  events
	rank    uint64
	story   []string // what happened, for people
	broken  []Breach
	goOn    bool // a broken law does not end the run
	laws    laws
	handled int
	struck  Struck
	later   []func()      // what is to be looked at when the event at hand is over
	skipped time.Duration // that wall clocks are ahead of Now, because quiet time was left out
	nets    map[socket]*Machine
	changes []Change
	unseen  map[string]unseenStop // service → its last stop, if nobody could know of it
	// members are whom a machine's daemon has in its view.
	members func(*Machine) []*Machine
	fencing []Fencing
	dark    []time.Duration // when the last daemon ended
	stood   time.Duration   // for how long nothing happened to anybody (SkipReboot)
	reboot  time.Duration   // from the power cut of a reboot until the machine is switched on
}

// Breach is a law that was broken.
type Breach struct {
	At   time.Duration
	Law  string // its name, such as "one owner"
	Text string
}

// String tells when and what.
func (b Breach) String() string {
	return fmt.Sprintf("at %.4f s: %s: %s", b.At.Seconds(), b.Law, b.Text)
}

// event is something that will happen at a time; equal times are ordered by rank.
type event struct {
	at   time.Duration
	rank uint64
	do   func()
}

// events is a heap of them, the next first (container/heap would put each into an
// interface on its way in and out).
type events []event

// before tells whether an event comes before another.
func (e *event) before(o *event) bool {
	if e.at != o.at {
		return e.at < o.at
	}
	return e.rank < o.rank
}

// push adds an event.
func (e *events) push(x event) {
	h := append(*e, x)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !x.before(&h[up]) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = x
	*e = h
}

// pop takes the next event out.
func (e *events) pop() event {
	h := *e
	first, last := h[0], len(h)-1
	x := h[last]
	h[last] = event{}
	h = h[:last]
	*e = h
	if last == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && h[child+1].before(&h[child]) {
			child++
		}
		if !h[child].before(&x) {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = x
	return first
}

// New makes a world without machines.
func New(seed uint64) *World {
	w := &World{Seed: seed, Now: time.Second, rng: rand.New(rand.NewPCG(seed, 0x6d61696e73746179)), nets: map[socket]*Machine{}, unseen: map[string]unseenStop{}, struck: Struck{}, reboot: rebootTime}
	w.Net = Network{Latency: usualLatency, Jitter: 100 * time.Microsecond}
	w.Agents = newAgents()
	return w
}

// after plans something; the seed orders what falls on the same instant.
func (w *World) after(d time.Duration, do func()) {
	w.rank++
	w.events.push(event{w.Now + d, w.rng.Uint64()&^0xffffffff | w.rank&0xffffffff, do})
}

// At plans a step of a scenario.
func (w *World) At(t time.Duration, what string, do func()) {
	w.rank++
	w.events.push(event{t, w.rank, func() {
		w.tell("scenario: %s", what)
		do()
	}})
}

// Run lets time pass until the given instant; it stops when a law is broken,
// unless Options.GoOn says otherwise.
func (w *World) Run(until time.Duration) {
	for len(w.events) > 0 && w.events[0].at <= until && !w.stopped() {
		e := w.events.pop()
		w.Now = e.at
		w.handled++
		e.do()
		w.check()
	}
	if !w.stopped() {
		w.Now = until
	}
}

// stopped tells whether a broken law ended the run.
func (w *World) stopped() bool { return len(w.broken) > 0 && !w.goOn }

// RunWhile lets time pass while a condition holds, until a limit; it tells
// whether the condition ended.
func (w *World) RunWhile(cond func() bool, limit time.Duration) bool {
	for cond() {
		if w.Now >= limit || w.stopped() {
			return false
		}
		w.Run(min(w.Now+50*time.Millisecond, limit))
	}
	return true
}

// tell adds a line to the story.
func (w *World) tell(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(stampFormat, (w.Now+w.skipped).Seconds())+fmt.Sprintf(format, args...))
}

// maxBreaches bounds what a run that goes on remembers.
const maxBreaches = 1000

// breakLaw records that a law does not hold.
func (w *World) breakLaw(law, format string, args ...any) {
	b := Breach{w.Now + w.skipped, law, fmt.Sprintf(format, args...)}
	if len(w.broken) < maxBreaches {
		w.broken = append(w.broken, b)
	}
	w.tell("LAW BROKEN: %s: %s", law, b.Text)
}

// Broken lists the laws that were broken, in the order in which that was seen.
func (w *World) Broken() []Breach { return w.broken }

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
