package ring

import (
	"time"

	"mainstay/member"
)

// The timers, in the order in which they are looked at.
const (
	timerRelay     = iota // send the token again
	timerHold             // let the held token go
	timerWake             // ask for the token again
	timerStart            // others were waited for: a starting node, or one that misses a join
	timerJoin             // send the join again
	timerConsensus        // no consensus so far
	timerToken            // the token is lost
	timerAnnounce         // tell absent nodes of the view
	timerRetire           // go on without nodes that were taken out of the configuration
	timerLeave            // do not wait longer for the last messages
	numTimers
)

// ringState is a ring that this node is or was a member of.
type ringState struct {
	id        member.RingID
	seats     roster
	log       packetLog
	delivered uint64 // packets up to here were delivered
	safe      uint64 // packets up to here every member has, as far as known here
	// owes are the members, by place, of whom this node must deliver all that it
	// has: a view was about to follow this ring in which they came along, others
	// may have installed it, and delivered what those sent as safe (the paper's
	// obligation set).
	owes uint64
}

// me returns the place of a node, which must be a member.
func (r *ringState) index(id member.NodeID) int {
	i, _ := r.seats.find(id)
	return i
}

// Machine is one node's part in the protocol. It is not safe for concurrent use.
type Machine struct {
	cfg    Config
	self   seat
	now    time.Duration
	born   time.Duration // time of the first Step; 0 before
	state  State
	view   member.View
	stats  Stats
	out    []Effect
	timers [numTimers]time.Duration // 0: off
	peers  []*peer                  // configured nodes but this one, by id

	highSeq  uint64 // highest ring sequence known
	keptSeq  uint64 // highest one that is safe to use after a restart
	accepted uint64 // ring sequence of the last commit token taken

	outbox outbox
	parts  map[member.NodeID]*assembly

	cur  *ringState // the installed ring; while a new one forms, the previous one; nil before the first
	next *ringState // the ring that is being recovered

	visit   visit   // Operational and Recovering
	relay   relay   // Operational, Recovering, Committing
	gather  gather  // Gathering
	forming forming // Committing, Recovering
	leaving bool
	paused  bool // the gathering that starts is for a pause of this process
}

// New returns a machine that has not started: its first Step (a Tick will do)
// starts it. A configuration that does not validate is the caller's error.
func New(cfg Config) (*Machine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	m := &Machine{
		cfg: cfg, self: seat{cfg.Self, cfg.Incarnation}, state: Gathering,
		highSeq: cfg.Seq, keptSeq: cfg.Seq, parts: map[member.NodeID]*assembly{},
	}
	m.setPeers(cfg.Nodes)
	return m, nil
}

// Step takes one input at the given monotonic time and returns what is to be
// done. The returned slice is valid until the next Step.
func (m *Machine) Step(now time.Duration, in Input) []Effect {
	m.out = m.out[:0]
	if m.state == Departed {
		return nil
	}
	m.now = max(m.now, now)
	if m.born == 0 {
		m.born = max(m.now, 1)
		m.startGather("start")
	}
	m.take(in)
	m.fire()
	return m.out
}

// take hands an input to the phase that it concerns.
func (m *Machine) take(in Input) {
	switch in := in.(type) {
	case Packet:
		m.onPacket(in.From, in.Data)
	case Submit:
		m.onSubmit(in)
	case Silence:
		m.onSilence(in.Node)
	case Heard:
		m.onHeard(in.Node)
	case Unreachable:
		m.onUnreachable(in.Node)
	case Paused:
		m.onPaused(in.For)
	case Configure:
		m.onConfigure(in.Config)
	case Leave:
		m.onLeave()
	}
}

// onPacket decodes a packet and hands it to the phase that it concerns.
func (m *Machine) onPacket(from member.NodeID, b []byte) {
	p := m.peer(from)
	if p == nil {
		m.stats.Foreign++
		return
	}
	m.speaks(p)
	kind, flags, body, ok := open(b)
	if ok {
		switch kind {
		case kindData:
			var d dataInfo
			if d, ok = parseData(b); ok {
				m.onData(p, d)
			}
		case kindToken:
			var t *token
			if t, ok = parseToken(flags, body); ok {
				m.onToken(p, t)
			}
		case kindAck:
			var a ack
			if a, ok = parseAck(body); ok {
				m.relayEvidence(a.ring, a.tseq)
			}
		case kindWake:
			var k wake
			if k, ok = parseWake(body); ok {
				m.onWake(from, k)
			}
		default:
			ok = m.onMembership(p, kind, flags, body)
		}
	}
	if !ok {
		m.stats.Malformed++
	}
}

// onMembership takes the packets by which views are made.
func (m *Machine) onMembership(p *peer, kind, flags byte, body []byte) bool {
	switch kind {
	case kindJoin:
		if j, ok := parseJoin(flags, body); ok {
			m.onJoin(p, j)
			return true
		}
	case kindCommit:
		if c, ok := parseCommit(body); ok {
			m.onCommit(p, c)
			return true
		}
	case kindAnnounce:
		if a, ok := parseAnnounce(body); ok {
			m.onAnnounce(p, a)
			return true
		}
	case kindClaims:
		if c, ok := parseClaims(body); ok {
			m.onClaims(p, c)
			return true
		}
	case kindGoodbye:
		if g, ok := parseGoodbye(body); ok {
			m.onGoodbye(p, g)
			return true
		}
	}
	return false
}

// fire runs what is due.
func (m *Machine) fire() {
	for i := range m.timers {
		if at := m.timers[i]; at == 0 || at > m.now || m.state == Departed {
			continue
		}
		m.timers[i] = 0
		switch i {
		case timerRelay:
			m.relayAgain()
		case timerHold:
			m.holdEnds()
		case timerWake:
			m.wakeAgain()
		case timerStart:
			m.reconsider()
		case timerJoin:
			m.joinAgain()
		case timerConsensus:
			m.noConsensus()
		case timerToken:
			m.tokenLost()
		case timerAnnounce:
			m.announceAll()
		case timerRetire:
			m.retire()
		case timerLeave:
			m.depart()
		}
	}
}

// set arms a timer.
func (m *Machine) set(timer int, after time.Duration) { m.timers[timer] = m.now + max(after, 1) }

// stop disarms timers.
func (m *Machine) stop(timers ...int) {
	for _, t := range timers {
		m.timers[t] = 0
	}
}

// Wake returns the earliest time at which a Tick is wanted; 0 means never.
func (m *Machine) Wake() time.Duration {
	if m.state == Departed {
		return 0
	}
	var first time.Duration
	for _, at := range m.timers {
		if at != 0 && (first == 0 || at < first) {
			first = at
		}
	}
	return first
}

// State tells in which phase the protocol is.
func (m *Machine) State() State { return m.state }

// View returns the view installed last; its ring is zero before the first.
func (m *Machine) View() member.View { return m.view }

// Stats returns the counters.
func (m *Machine) Stats() Stats { return m.stats }

// send adds a Send effect; to 0 means all configured peers.
func (m *Machine) send(to member.NodeID, data []byte) {
	m.out = append(m.out, Send{To: to, Data: data})
}

// note adds a Note effect.
func (m *Machine) note(level Level, text string, attrs ...any) {
	m.out = append(m.out, Note{Level: level, Text: text, Attrs: attrs})
}
