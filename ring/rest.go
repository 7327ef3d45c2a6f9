package ring

import (
	"math/bits"
	"time"

	"mainstay/member"
)

// The token moves while there is work: somebody wants to send, somebody lacks a
// packet, or somebody waits to know that a packet is safe. Then it comes to rest at the last sender, who is the likeliest
// to send again and can do so at once. Others wake it. Once in Config.Hold an
// idle token goes round, so that everybody sees that it exists.

// settle decides whether the token stays or goes.
func (m *Machine) settle(t *token) {
	v := &m.visit
	r := m.cur
	if len(r.seats) == 1 {
		return
	}
	settled := t.settled() && t.promised == 0
	i := r.index(m.self.id)
	v.wanted &^= 1 << i
	switch {
	case v.wanted != 0 && settled && m.outbox.empty():
		m.pass(r.seats[bits.TrailingZeros64(v.wanted)].id) // nobody else needs it
	case v.wanted != 0, !m.outbox.empty(), len(t.requests) > 0, t.othersWaiting(i), t.rest != m.self.id, v.goOn:
		m.pass(m.successor())
	case settled:
		m.rests(v.at + m.cfg.Hold - m.now)
	case v.lone && t.promised == 0 && v.linger != 0 && v.linger+m.cfg.Linger > m.now:
		m.rests(v.linger + m.cfg.Linger - m.now)
	default:
		m.pass(m.successor())
	}
}

// rests keeps the token for a while.
func (m *Machine) rests(d time.Duration) {
	v := &m.visit
	if !v.acked && v.pred != 0 {
		v.acked = true
		m.send(v.pred, ack{v.tok.ring, v.tseq}.encode())
	}
	m.set(timerHold, d)
}

// holdEnds lets the token go when it has rested long enough.
func (m *Machine) holdEnds() {
	if m.visit.tok != nil && m.state == Operational {
		m.pass(m.successor())
	}
}

// onSubmit takes a message to be sent.
func (m *Machine) onSubmit(in Submit) {
	if len(in.Payload) > MaxPayload {
		m.note(Error, "message is too large and was dropped", "bytes", len(in.Payload), "limit", MaxPayload)
		return
	}
	m.stats.Submitted++
	first := m.outbox.empty()
	m.outbox.push(in.Payload, in.Safe)
	if m.state != Operational {
		return
	}
	if t := m.visit.tok; t != nil {
		m.visit.lone = m.visit.lone || t.settled()
		m.work(t)
		return
	}
	if first {
		m.wakeUp()
	}
}

// wakeUp asks for the token where it should be resting. While several members
// send, it is on its way anyhow, and is asked for only if it does not come.
func (m *Machine) wakeUp() {
	v := &m.visit
	if d := m.underWay(); d > 0 {
		m.set(timerWake, d)
		return
	}
	v.asked = true
	if v.rest != m.self.id && v.rest != 0 {
		m.send(v.rest, wake{m.cur.id}.encode())
	}
	m.set(timerWake, max(2*m.cfg.Linger, 2*m.relay.rtt))
}

// underWay is how much longer the token may be on its way here without being asked
// for: when it was here last several members were sending, and since then it could
// not have gone round. 0: it may have come to rest. What is measured of a hop has
// rests in it, so that only little of it counts.
func (m *Machine) underWay() time.Duration {
	v := &m.visit
	if !v.busy {
		return 0
	}
	hop := min(m.relay.rtt, m.cfg.Linger/8)
	return max(0, v.left+hop*time.Duration(len(m.cur.seats))-m.now)
}

// sentBy notes who sent the newest packet: the token will rest there. If it was
// asked for elsewhere, it is asked for again.
func (m *Machine) sentBy(id member.NodeID) {
	v := &m.visit
	moved := v.rest != id
	v.rest = id
	if moved && v.asked && v.tok == nil && !m.outbox.empty() {
		m.wakeUp()
	}
}

// wakeAgain asks for the token that did not come: the first time where it should be,
// then everybody.
func (m *Machine) wakeAgain() {
	if m.state != Operational || m.visit.tok != nil || m.outbox.empty() {
		return
	}
	if !m.visit.asked {
		m.wakeUp()
		return
	}
	m.send(0, wake{m.cur.id}.encode())
	m.set(timerWake, max(10*m.cfg.Linger, 4*m.relay.rtt))
}

// onWake lets a resting token go to the one who asks.
func (m *Machine) onWake(from member.NodeID, k wake) {
	if m.state != Operational || k.ring != m.cur.id {
		return
	}
	i, ok := m.cur.seats.find(from)
	if !ok {
		return
	}
	m.visit.wanted |= 1 << i
	if t := m.visit.tok; t != nil {
		m.settle(t)
	}
}
