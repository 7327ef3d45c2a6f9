package group

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"mainstay/member"
)

// Config is what the machine knows when it starts.
type Config struct {
	Self     member.NodeID
	Seq      uint64        // the last KeepSeq, from disk
	Patience time.Duration // how long the service may be away before this node is on its own
	Stall    time.Duration // how long a process may keep the others waiting before its node is put out
}

// The number of a view is made of that of the Totem ring in which it was formed
// and, in its low bits, a count: so views of different rings have different
// numbers, also if some who were to be in one never heard of it. In the upper
// half of the counts are the views of a node alone.
const (
	countBits = 16
	aloneBit  = 1 << (countBits - 1)
	keepAhead = 1<<8 - 1 // counts that a KeepSeq is good for
)

// Machine is the state machine.
type Machine struct {
	cfg   Config
	state State
	now   time.Duration
	out   []Effect

	self    Proc          // as the service sees this process
	ring    member.RingID // of the service's machines
	rings   uint64        // highest number of a ring so far
	counted Counted       // whose votes were counted last
	procs   []Proc        // of the group, sorted
	told    bool          // this process sent its state for the present key
	asked   bool          // it did so again, since others are silent
	states  map[Proc]state
	held    []Received    // in an exchange
	wake    time.Duration // end of the patience, or of the wait for states
	missed  time.Duration // until when the service that was lost is given time to find the others

	view     member.View
	seq      uint64 // highest number of a view that is known
	kept     uint64 // is on disk
	outbox   outbox
	partials map[member.NodeID][]byte // fragments so far, by sender
	waits    bool                     // another process of this node is the member
}

// New makes a machine that is outside.
func New(cfg Config) *Machine {
	return &Machine{cfg: cfg, seq: cfg.Seq, kept: cfg.Seq, states: map[Proc]state{}, partials: map[member.NodeID][]byte{}}
}

// State is the present state.
func (m *Machine) State() State { return m.state }

// View is the last view.
func (m *Machine) View() member.View { return m.view }

// Wake is the time at which a Tick is wanted, 0 if none.
func (m *Machine) Wake() time.Duration { return m.wake }

// Step feeds one input and returns what must be done.
func (m *Machine) Step(now time.Duration, in Input) []Effect {
	m.now, m.out = now, nil
	if m.state == Departed {
		return nil
	}
	switch in := in.(type) {
	case Tick:
		m.tick()
	case Connected:
		m.self = in.Self
	case Changed:
		m.changed(in.Procs)
	case Ring:
		m.ring, m.rings = in.ID, max(m.rings, in.ID.Seq)
		m.newKey()
	case Counted:
		m.counted = in
		m.tell()
	case Received:
		m.received(in)
	case Lost:
		m.lost()
	case Submit:
		m.submit(in.Payload)
	case Leave:
		m.state = Departed
		m.emit(Gone{})
	default:
		panic(fmt.Sprintf("group: unknown input %T", in))
	}
	return m.out
}

func (m *Machine) emit(x Effect) { m.out = append(m.out, x) }

func (m *Machine) note(level Level, text string, attrs ...any) { m.emit(Note{level, text, attrs}) }

// changed takes over who is in the group.
func (m *Machine) changed(procs []Proc) {
	m.procs = slices.Clone(procs)
	slices.SortFunc(m.procs, func(a, b Proc) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.PID, b.PID))
	})
	m.newKey()
}

// members are the processes that count: one of each node, that with the lowest id.
func (m *Machine) members() []Proc {
	return slices.CompactFunc(slices.Clone(m.procs), func(a, b Proc) bool { return a.Node == b.Node })
}

// newKey begins an exchange.
func (m *Machine) newKey() {
	m.told, m.asked = false, false
	clear(m.states)
	if !slices.Contains(m.procs, m.self) {
		return // the service has not let this process in yet
	}
	if !slices.Contains(m.members(), m.self) {
		m.twice()
		return
	}
	m.waits = false
	m.state = Exchange
	m.wake = m.now + m.cfg.Stall
	m.tell()
}

// twice handles another process of this node that is the member.
func (m *Machine) twice() {
	i := slices.IndexFunc(m.procs, func(p Proc) bool { return p.Node == m.self.Node })
	other := m.procs[i]
	if !m.view.Ring.IsZero() {
		m.state = Departed
		m.emit(Gone{fmt.Sprintf("another daemon runs on this node as process %d and has taken this one's place; stop one of them", other.PID)})
		return
	}
	if !m.waits {
		m.note(Error, "another daemon runs on this node; this one waits for its end", "pid", other.PID)
	}
	m.waits, m.state = true, Outside
}

// tell multicasts this process's state, once the votes of the ring are counted.
func (m *Machine) tell() {
	if m.state != Exchange || m.told || m.ring.IsZero() || m.counted.Ring != m.ring {
		return
	}
	m.told = true
	m.sayState()
}

func (m *Machine) sayState() {
	m.emit(Multicast{encodeState(state{Ring: m.ring, Procs: m.procs, Prev: m.view.Ring, Members: m.view.Members, Seq: m.seq})})
}

func (m *Machine) received(in Received) {
	frame, err := decode(in.Data)
	if err != nil {
		m.note(Warning, "a message of the group is not understood", "from", in.From.String(), "error", err)
		return
	}
	switch f := frame.(type) {
	case state:
		m.heard(in.From, f)
	case fragment:
		switch m.state {
		case Exchange:
			m.held = append(m.held, in)
		case Installed:
			m.assemble(in.From.Node, f)
		}
	}
}

// heard takes a state; with the last one the exchange ends.
func (m *Machine) heard(from Proc, s state) {
	if m.state != Exchange || s.Ring != m.ring || !slices.Equal(s.Procs, m.procs) {
		return
	}
	m.states[from] = s
	members := m.members()
	for _, p := range members {
		if _, ok := m.states[p]; !ok {
			if m.asked && from == m.self {
				m.putOut()
			}
			return
		}
	}
	m.wake = 0
	if len(members) == 1 && !m.counted.Quorate && m.now < m.missed {
		m.wake = m.missed
		return
	}
	m.missed = 0
	if m.unchanged(members) {
		m.state = Installed
		held := m.held
		m.held = nil
		for _, h := range held {
			m.received(h)
		}
		m.flush()
		return
	}
	m.install(members)
}

// unchanged tells whether all come from one view that had just these members.
func (m *Machine) unchanged(members []Proc) bool {
	if m.view.Ring.IsZero() || len(members) != len(m.view.Members) {
		return false
	}
	for _, p := range members {
		if m.states[p].Prev != m.view.Ring || !m.view.Has(p.Node) {
			return false
		}
	}
	return true
}

// install begins the view of these processes.
func (m *Machine) install(members []Proc) {
	m.held = nil
	next := Install{View: member.View{Ring: member.RingID{Rep: members[0].Node}}}
	for _, p := range members {
		s := m.states[p]
		m.seq = max(m.seq, s.Seq)
		next.View.Members = append(next.View.Members, p.Node)
		switch {
		case !m.view.Ring.IsZero() && (p == m.self || s.Prev == m.view.Ring):
			next.Transitional = append(next.Transitional, p.Node)
			continue
		case m.view.Has(p.Node):
			next.Left = append(next.Left, p.Node)
		}
		next.Joined = append(next.Joined, p.Node)
	}
	for _, n := range m.view.Members {
		if !next.View.Has(n) {
			next.Left = append(next.Left, n)
		}
	}
	slices.Sort(next.Left)
	m.seq = max(m.seq, m.ring.Seq<<countBits) + 1
	m.begin(next)
	m.state = Installed
	m.flush()
}

// begin announces a view.
func (m *Machine) begin(next Install) {
	if m.seq > m.kept {
		m.kept = m.seq | keepAhead
		m.emit(KeepSeq{m.kept})
	}
	next.View.Ring.Seq = m.seq
	m.view = next.View
	clear(m.partials)
	m.outbox.again()
	m.emit(next)
}

// lost notes that the service is gone: this node is in no view with anybody.
func (m *Machine) lost() {
	m.procs, m.ring, m.counted, m.held, m.told, m.waits = nil, member.RingID{}, Counted{}, nil, false, false
	clear(m.states)
	clear(m.partials)
	if m.state == Alone {
		return
	}
	m.outbox.forgetSent()
	m.state = Outside
	m.view.Ring = member.RingID{} // nobody comes from the same view as this node any more
	m.missed = m.now + m.cfg.Patience
	m.wake = m.missed
}

// tick ends a wait.
func (m *Machine) tick() {
	if m.wake == 0 || m.now < m.wake {
		return
	}
	m.wake, m.missed = 0, 0
	switch m.state {
	case Outside:
		m.alone()
	case Exchange:
		if _, ok := m.states[m.self]; ok && len(m.members()) == 1 {
			m.heard(m.self, m.states[m.self])
			return
		}
		m.wake = m.now + m.cfg.Stall
		if m.told {
			m.asked = true
			m.sayState()
		}
	default:
		panic("group: a wait ended in state " + m.state.String())
	}
}

// alone makes this node a view of its own.
func (m *Machine) alone() {
	next := Install{View: member.View{Ring: member.RingID{Rep: m.cfg.Self}, Members: []member.NodeID{m.cfg.Self}},
		Joined: []member.NodeID{m.cfg.Self}, Left: slices.Clone(m.view.Members)}
	m.seq = max(m.seq, m.rings<<countBits)
	m.seq = max(m.seq, m.seq&^(1<<countBits-1)|aloneBit) + 1
	m.begin(next)
	m.state = Alone
	m.flush()
}

// putOut has the service end on nodes whose daemon does not say where it stands:
// no view can be formed with them. It is done when this process's own state has
// come back a second time: so it was not this process that slept and has not yet
// read what the others said long ago.
func (m *Machine) putOut() {
	m.asked = false
	for _, p := range m.members() {
		if _, ok := m.states[p]; !ok {
			m.note(Error, "the daemon of a node does not answer; its cluster engine is ended, so that the others can go on", "node", p.Node, "pid", p.PID)
			m.emit(PutOut{p.Node})
		}
	}
}
