package ring

import (
	"time"
)

// gather is what a member remembers while it finds out who is there.
type gather struct {
	who    proposal
	resend time.Duration // wait before the join is sent again
	sent   uint64        // joins sent, ever
	agreed bool          // all agree; waiting for the representative's commit token
}

// startGather leaves whatever phase there was and proposes a new view of those
// who were together, without those who are known to be gone.
func (m *Machine) startGather(why string, appeared ...*peer) {
	base := roster{m.self}
	switch m.state {
	case Operational:
		base = m.cur.seats
	case Committing, Recovering:
		base = m.forming.seats
	case Gathering:
		base = m.gather.who.alive()
	}
	if m.born != m.now || m.cur != nil {
		m.note(Info, "members are gathered", "why", why, "state", m.state.String())
	}
	m.stats.Gathers++
	m.state = Gathering
	m.leaveRing()
	m.gather = gather{sent: m.gather.sent, who: proposal{}.put(candidate{seat: m.self})}
	for _, s := range base {
		if p := m.peer(s.id); p != nil {
			c := candidate{seat: s, failed: m.absent(p)}
			if p.inc != 0 {
				c.inc = p.inc
			}
			m.gather.who = m.gather.who.put(c)
		}
	}
	for _, p := range appeared {
		m.gather.who = m.gather.who.put(candidate{seat: seat{p.id, p.inc}, failed: m.absent(p)})
	}
	for _, p := range m.peers {
		p.join = nil
	}
	m.proposalChanged()
	m.checkConsensus()
}

// leaveRing drops the claims of a ring member: the token, its timers, and the
// ring that was about to form. The previous ring's packets are kept.
func (m *Machine) leaveRing() {
	m.stopRelay()
	m.stop(timerHold, timerWake, timerToken, timerAnnounce)
	m.visit = visit{}
	m.next, m.forming = nil, forming{}
}

// proposalChanged tells everybody of the new proposal and starts waiting anew.
func (m *Machine) proposalChanged() {
	m.gather.agreed = false
	m.gather.resend = min(m.cfg.Join, 10*time.Millisecond)
	m.set(timerConsensus, m.cfg.Consensus)
	m.sendJoin()
}

// sendJoin sends the proposal to all.
func (m *Machine) sendJoin() {
	m.gather.sent++
	j := join{
		inc: m.self.inc, count: m.gather.sent, ringSeq: m.highSeq, fresh: m.cur == nil,
		who: m.gather.who, claims: m.claims(),
	}
	m.send(0, j.encode())
	m.set(timerJoin, m.gather.resend)
}

// joinAgain sends the proposal again, for those who missed it.
func (m *Machine) joinAgain() {
	if m.state == Gathering {
		m.gather.resend = min(m.cfg.Join, 2*m.gather.resend)
		m.sendJoin()
	}
}

// onJoin takes another node's proposal.
func (m *Machine) onJoin(p *peer, j *join) {
	m.meet(p, j.inc)
	if j.count <= p.joins || p.left {
		return // overtaken
	}
	p.joins, p.claims = j.count, j.claims
	if !m.joinMatters(p, j) {
		return
	}
	m.highSeq = max(m.highSeq, j.ringSeq)
	if m.state != Gathering {
		m.startGather("node "+p.id.String()+" gathers", p)
	}
	m.absorb(p, j)
}

// joinMatters tells whether a proposal is a reason to (go on to) gather.
func (m *Machine) joinMatters(p *peer, j *join) bool {
	switch m.state {
	case Operational:
		if m.cur.seats.has(seat{p.id, p.inc}) {
			return j.ringSeq >= m.cur.id.Seq // else sent before this view was formed
		}
		return !j.refuses(m.self) && !m.blocked(p, j.claims, j.who.alive().ids())
	case Committing:
		if !m.forming.seats.hasID(p.id) {
			return false // after the view is installed is early enough
		}
		return j.ringSeq >= m.forming.id.Seq || !j.who.agrees(m.forming.seats)
	case Recovering:
		return m.forming.seats.hasID(p.id) && j.ringSeq >= m.forming.id.Seq
	}
	return true
}

// refuses tells whether the sender has failed a seat.
func (j *join) refuses(s seat) bool {
	i, ok := j.who.find(s.id)
	return ok && j.who[i].failed && j.who[i].seat == s
}

// absorb merges a proposal into ours.
func (m *Machine) absorb(p *peer, j *join) {
	who := m.gather.who
	if i, ok := who.find(p.id); ok && who[i].failed {
		return
	}
	p.join = j
	changed := false
	if _, ok := who.find(p.id); !ok {
		who = who.put(candidate{seat: seat{p.id, p.inc}, failed: m.absent(p)})
		changed = true
	}
	if j.refuses(m.self) {
		who = who.put(candidate{seat: seat{p.id, p.inc}, failed: true})
		changed = true
	} else {
		for _, c := range j.who {
			var more bool
			who, more = m.absorbCandidate(who, c)
			changed = changed || more
		}
	}
	m.gather.who = who
	if changed {
		m.proposalChanged()
	}
	m.checkConsensus()
}

// absorbCandidate merges one candidate; of a node that spoke to us itself we
// know better in which life it is.
func (m *Machine) absorbCandidate(who proposal, c candidate) (proposal, bool) {
	if c.id == m.self.id {
		return who, false
	}
	p := m.peer(c.id)
	i, known := who.find(c.id)
	switch {
	case p == nil && !known:
		c.failed = true // not configured here
		return who.put(c), true
	case p == nil || (p.inc != 0 && p.inc != c.inc):
		return who, false
	case !known:
		c.failed = c.failed || m.absent(p)
		return who.put(c), true
	case c.failed && !who[i].failed && who[i].seat == c.seat:
		who[i].failed = true
		return who, true
	}
	return who, false
}

// checkConsensus goes on to form the ring when all that are to be in it propose
// the same.
func (m *Machine) checkConsensus() {
	if m.state != Gathering {
		return
	}
	alive := m.gather.who.alive()
	fresh := m.cur == nil
	for _, s := range alive {
		if s == m.self {
			continue
		}
		p := m.peer(s.id)
		if p == nil || p.join == nil || p.inc != s.inc || !p.join.who.agrees(alive) {
			return
		}
		fresh = fresh && p.join.fresh
	}
	if fresh && m.waitForMore() {
		return
	}
	if !m.gather.agreed && len(alive) > 1 {
		m.gather.agreed = true
		m.set(timerConsensus, m.cfg.Consensus)
		m.sendJoin() // so that the last one to agree is not the only one to know
	}
	if alive[0] == m.self {
		m.beginCommit(alive)
	}
}

// waitForMore tells whether a starting node should wait a little for nodes that
// may be starting too.
func (m *Machine) waitForMore() bool {
	until := m.born + m.cfg.Join
	if m.now >= until {
		return false
	}
	for _, p := range m.peers {
		if _, ok := m.gather.who.find(p.id); !ok && !m.absent(p) {
			m.timers[timerStart] = until
			return true
		}
	}
	return false
}

// noConsensus is the fall-back where there is no evidence: who does not agree
// in time has failed; if all agree but no commit token comes, it is the
// representative who has.
func (m *Machine) noConsensus() {
	if m.state != Gathering {
		return
	}
	alive := m.gather.who.alive()
	changed := false
	for i := range m.gather.who {
		c := &m.gather.who[i]
		p := m.peer(c.id)
		if c.failed || p == nil {
			continue
		}
		if p.join == nil || !p.join.who.agrees(alive) {
			c.failed, changed = true, true
			m.strike(p, "it does not agree on the members")
		}
	}
	if !changed {
		if p := m.peer(alive[0].id); p != nil {
			i, _ := m.gather.who.find(p.id)
			m.gather.who[i].failed = true
			m.strike(p, "it does not form the ring")
		}
	}
	m.proposalChanged()
	m.checkConsensus()
}
