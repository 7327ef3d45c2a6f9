package ring

import (
	"slices"

	"mainstay/member"
)

// showCommit enters recovery with the complete accounts: the members that come
// from the same previous ring exchange what some of them lack, as data packets
// of the new ring.
func (m *Machine) showCommit(c *commit) {
	m.state = Recovering
	f := &m.forming
	f.accounts, f.goodbye, f.tseq = c.accounts, c.goodbye, c.tseq
	m.next = &ringState{id: c.ring, seats: f.seats}
	m.visit = visit{tseq: c.tseq, rest: f.seats[0].id}
	m.set(timerToken, m.cfg.Token)
	for _, p := range m.peers {
		p.lagSince = 0
	}
	if m.cur == nil {
		return
	}
	low, high := ^uint64(0), uint64(0)
	for _, a := range c.accounts {
		if a.old == m.cur.id && m.cur.seats.has(a.seat) {
			f.group = append(f.group, a.seat)
			low, high = min(low, a.aru), max(high, a.high)
			f.safe, f.owes = max(f.safe, a.safe), f.owes|a.owes
		}
	}
	f.high = high
	for seq := low + 1; seq <= high; seq++ {
		if m.cur.log.get(seq) != nil {
			f.resend = append(f.resend, seq)
		}
	}
}

// startToken lets the representative bring the regular token into being. It goes
// round once before anybody installs the view, even if nothing is to be
// recovered: who does not take it is found out before it matters.
func (m *Machine) startToken() {
	t := &token{ring: m.next.id, tseq: m.forming.tseq + 1, rest: m.self.id, shares: make([]share, len(m.next.seats))}
	for i := range t.shares {
		t.shares[i].backlog = unsure + 1 // until it says otherwise
	}
	m.visit.tseq = t.tseq
	m.hold(t)
}

// sendRecovery multicasts packets of the previous ring, except those that
// somebody else has sent meanwhile.
func (m *Machine) sendRecovery(t *token) {
	f := &m.forming
	for len(f.resend) > 0 && m.budget(t) > 0 {
		p := m.cur.log.get(f.resend[0])
		f.resend = f.resend[1:]
		if p == nil {
			continue
		}
		b := append(make([]byte, dataHeader, dataHeader+len(p.raw)), p.raw...)
		m.multicast(t, b, flagRecovered)
	}
}

// takeRecovered takes a packet of our previous ring that came by way of the new
// one, where a member brought it in that was in the previous one with us: one that
// lost its disk can have named a ring as others did before.
func (m *Machine) takeRecovered(by member.NodeID, raw []byte) {
	d, ok := parseData(raw)
	if !ok || m.cur == nil || d.ring != m.cur.id || !m.forming.group.hasID(by) {
		return
	}
	m.cur.log.put(d.packet)
	if i, found := slices.BinarySearch(m.forming.resend, d.seq); found {
		m.forming.resend = slices.Delete(m.forming.resend, i, i+1)
	}
}

// unsure is the backlog of a member that has nothing to send in recovery, and
// does not know yet whether others do.
const unsure = 1

// recoveryBacklog is how much this node wants to send before the view is
// installed, for the token. Who has a hole in the previous view that nobody can
// fill says that it is ready only when it knows that nobody has more: from then on
// others may install the view and deliver as safe, beyond the hole, what those who
// come along sent; so it owes them the same, even if it goes another way.
func (m *Machine) recoveryBacklog(t *token) uint32 {
	f := &m.forming
	if len(f.resend) > 0 {
		return uint32(len(f.resend)) + unsure
	}
	if m.cur == nil || m.cur.log.aru >= f.high {
		return 0
	}
	for i, s := range t.shares {
		if s.aru != t.seq || (s.backlog > unsure && m.next.seats[i] != m.self) {
			return unsure
		}
	}
	for _, s := range f.group {
		m.cur.owes |= 1 << m.cur.index(s.id)
	}
	return 0
}

// recovered tells whether every member has received all that any member had.
func (m *Machine) recovered(t *token) bool {
	for _, s := range t.shares {
		if s.backlog > 0 {
			return false
		}
	}
	return t.settled()
}

// install ends the previous view and begins the new one.
func (m *Machine) install() {
	f := m.forming
	old := m.cur
	m.endView(old, &f)
	clear(m.parts)
	m.outbox.rewind()
	m.cur, m.next = m.next, nil
	m.state = Operational
	m.stats.Views++
	m.keepSeq(0)
	in := Install{View: member.View{Ring: m.cur.id, Members: m.cur.seats.ids()}, Transitional: f.group.ids()}
	for _, s := range m.cur.seats {
		if !f.group.has(s) {
			in.Joined = append(in.Joined, s.id)
		}
	}
	if old != nil {
		for _, s := range old.seats {
			if !f.group.has(s) {
				in.Left = append(in.Left, s.id)
				m.countFlap(s)
				if slices.Contains(f.goodbye, s.id) {
					in.Goodbye = append(in.Goodbye, s.id)
				}
			}
		}
	}
	m.view = in.View
	m.out = append(m.out, in)
	m.keepSeq(32)
	m.afterInstall()
	m.deliverReady()
}

// afterInstall starts what a member of a view does besides the token.
func (m *Machine) afterInstall() {
	for _, s := range m.cur.seats {
		p := m.peer(s.id)
		if p == nil {
			continue
		}
		if p.inc == 0 {
			p.inc = s.inc
		}
		if p.doubted {
			p.flapped(m.new(p))
			p.since = m.now
		}
		if !m.forming.group.has(s) {
			p.since = m.now
		}
	}
	m.forming = forming{}
	m.dropRetired()
	m.stop(timerJoin)
	m.announceSoon()
	m.tryDepart()
}

// endView delivers what is left of the previous view. Up to the first packet
// that nobody of the group has, or that none of them knows to be safe, all is
// delivered as ever; then, in the transition, what all of the group have. Beyond
// the first hole that is only what members of the group sent, or those of whom
// others may have delivered it: what others sent there may depend on what is lost.
func (m *Machine) endView(old *ringState, f *forming) {
	if old == nil {
		return
	}
	old.safe = max(old.safe, f.safe)
	m.deliverReady()
	m.out = append(m.out, Transition{Ring: old.id, Members: f.group.ids()})
	for seq := old.delivered + 1; seq <= old.log.high; seq++ {
		p := old.log.get(seq)
		if p != nil && (seq <= old.log.aru || f.group.hasID(p.sender) || f.owed(old, p.sender)) {
			m.deliverPacket(p)
		}
	}
}

// owed tells whether all that a member of the old ring sent is owed.
func (f *forming) owed(old *ringState, id member.NodeID) bool {
	i, ok := old.seats.find(id)
	return ok && f.owes>>i&1 == 1
}
