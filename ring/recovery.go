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
		}
	}
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
		t.shares[i].backlog = 1 // until it says otherwise
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
// one.
func (m *Machine) takeRecovered(raw []byte) {
	d, ok := parseData(raw)
	if !ok || m.cur == nil || d.ring != m.cur.id {
		return
	}
	m.cur.log.put(d.packet)
	if i, found := slices.BinarySearch(m.forming.resend, d.seq); found {
		m.forming.resend = slices.Delete(m.forming.resend, i, i+1)
	}
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
	m.endView(old, f.group)
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
		if !m.forming.group.has(s) {
			p.since = m.now
		}
	}
	m.forming = forming{}
	m.stop(timerJoin)
	m.announceSoon()
	m.tryDepart()
}

// endView delivers what is left of the previous view. Up to the first packet
// that nobody of the group has, all is delivered as ever. Beyond it, only what
// members of the group sent: what others sent there may depend on what is lost.
func (m *Machine) endView(old *ringState, group roster) {
	if old == nil {
		return
	}
	m.deliverReady()
	m.out = append(m.out, Transition{Ring: old.id, Members: group.ids()})
	for seq := old.delivered + 1; seq <= old.log.high; seq++ {
		if p := old.log.get(seq); p != nil && group.hasID(p.sender) {
			m.deliverPacket(p)
		}
	}
}
