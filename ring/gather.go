package ring

import (
	"slices"
	"time"

	"mainstay/member"
)

// joinGap is the shortest time between two joins of a node.
const joinGap = time.Millisecond

// gather is what a member remembers while it finds out who is there.
type gather struct {
	who     proposal
	began   time.Duration
	suspect member.NodeID   // did not take the token; if it joins, it is not dead but sick
	paused  bool            // this process was paused, which is why members are gathered
	tenure  int             // see Machine.tenure
	resend  time.Duration   // wait before the join is sent again
	sentAt  time.Duration   // when it was sent last
	sent    uint64          // joins sent, ever
	apart   []member.NodeID // members of another view that cannot take part here
	agreed  bool            // all agree; waiting for the representative's commit token
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
	suspect := m.blame()
	m.stats.Gathers++
	m.state = Gathering
	m.leaveRing()
	m.gather = gather{began: m.now, suspect: suspect, paused: m.paused, tenure: m.ownTenure(), sent: m.gather.sent, sentAt: m.gather.sentAt, who: proposal{}.put(candidate{seat: m.self})}
	for _, s := range base {
		if p := m.peer(s.id); p != nil {
			if p.inc != 0 {
				s.inc = p.inc
			}
			m.gather.who = m.gather.who.put(m.candidate(p, s.inc))
		}
	}
	for _, p := range appeared {
		m.gather.who = m.gather.who.put(m.candidate(p, p.inc))
	}
	for _, p := range m.peers {
		p.join = nil
	}
	m.proposalChanged()
	m.set(timerStart, m.grace())
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
	m.choose()
	m.gather.resend = min(m.cfg.Join, 10*time.Millisecond)
	m.set(timerConsensus, m.cfg.Consensus)
	m.joinSoon()
}

// joinSoon sends the proposal, but not more often than once in joinGap: changes
// come in bursts, and each makes all others answer.
func (m *Machine) joinSoon() {
	if next := m.gather.sentAt + joinGap; m.gather.sentAt != 0 && next > m.now {
		m.timers[timerJoin] = next
		return
	}
	m.sendJoin()
}

// sendJoin sends the proposal to all.
func (m *Machine) sendJoin() {
	m.gather.sent++
	m.gather.sentAt = m.now
	j := join{
		inc: m.self.inc, count: m.gather.sent, ringSeq: m.highSeq, fresh: m.cur == nil,
		who: m.gather.who, claims: m.claims(), waits: m.state != Gathering,
		tenure: m.gather.tenure, paused: m.gather.paused,
	}
	m.send(0, j.encode())
	m.set(timerJoin, m.gather.resend)
}

// joinAgain sends the proposal again, for those who missed it.
func (m *Machine) joinAgain() {
	if m.state != Operational {
		m.gather.resend = min(m.cfg.Join, 2*m.gather.resend)
		m.sendJoin()
	}
	m.reconsider()
}

// reconsider draws conclusions that change by time alone.
func (m *Machine) reconsider() {
	if m.state != Gathering {
		return
	}
	before := slices.Clone(m.gather.who)
	m.choose()
	if !slices.Equal(before, m.gather.who) {
		m.proposalChanged()
	}
	m.checkConsensus()
}

// onJoin takes another node's proposal.
func (m *Machine) onJoin(p *peer, j *join) {
	m.meet(p, j.inc)
	if j.count <= p.joins || p.left {
		return // overtaken
	}
	if j.ringSeq < p.announced {
		return // overtaken by the news of a view that its sender has formed since
	}
	p.joins, p.claims = j.count, j.claims
	if j.waits {
		p.joinAt = m.now
		return
	}
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
		return !j.who.failsAny(m.cur.seats) && !m.blocked(p, j.claims, j.who.alive().ids())
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

// absorb takes note of a proposal: of whom its sender knows, and of whom it
// cannot be with.
func (m *Machine) absorb(p *peer, j *join) {
	if failed, _ := m.gather.who.fails(seat{p.id, p.inc}); failed {
		return
	}
	if p.id == m.gather.suspect && !j.paused {
		m.gather.suspect = 0
		m.strike(p, "it does not take the token")
		m.fail(p)
		m.proposalChanged()
		m.checkConsensus()
		return
	}
	p.join, p.joinAt = j, m.now
	who := slices.Clone(m.gather.who)
	if _, ok := who.find(p.id); !ok {
		who = who.put(m.candidate(p, p.inc))
	}
	for _, c := range j.who {
		who = m.absorbCandidate(who, c)
	}
	before := m.gather.who
	m.gather.who = who
	m.choose()
	if !slices.Equal(before, m.gather.who) {
		m.proposalChanged()
	}
	m.checkConsensus()
}

// absorbCandidate adds a candidate that was not known; of a node that spoke to
// us itself we know better in which life it is.
func (m *Machine) absorbCandidate(who proposal, c candidate) proposal {
	if _, known := who.find(c.id); known || c.id == m.self.id {
		return who
	}
	p := m.peer(c.id)
	switch {
	case p == nil && m.full(who):
		return who
	case p == nil: // not configured here
		return who.put(candidate{seat: c.seat, failed: true})
	case p.inc != 0 && p.inc != c.inc:
		return who
	}
	return who.put(m.candidate(p, c.inc))
}

// full tells whether a proposal has room for configured nodes only.
func (m *Machine) full(who proposal) bool {
	n := len(who)
	for _, p := range m.peers {
		if _, ok := who.find(p.id); !ok {
			n++
		}
	}
	return n >= MaxMembers
}

// candidate makes a candidate of a peer, with what is held against it.
func (m *Machine) candidate(p *peer, inc uint64) candidate {
	c := candidate{seat: seat{p.id, inc}, failed: m.absent(p)}
	c.sick = c.failed && !p.silent && !p.refuses && !p.left
	return c
}

// fail marks a candidate as one that this node cannot be with.
func (m *Machine) fail(p *peer) {
	if i, ok := m.gather.who.find(p.id); ok {
		m.gather.who[i] = m.candidate(p, m.gather.who[i].inc)
		m.gather.who[i].failed = true
	}
	p.join = nil
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
		m.joinSoon() // so that the last one to agree is not the only one to know
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
			if at := m.timers[timerStart]; at == 0 || at > until {
				m.timers[timerStart] = until
			}
			return true
		}
	}
	return false
}

// noConsensus is the fall-back where there is no evidence. Who does not take
// part has failed; else those about whom there is no agreement; and if all
// agree but no commit token comes, it is the representative who has.
func (m *Machine) noConsensus() {
	if m.state != Gathering {
		return
	}
	guilty, why := m.idle(), "it does not take part in forming a view"
	if len(guilty) == 0 {
		guilty, why = m.contested(), "there is no agreement about it"
	}
	if len(guilty) == 0 {
		if p := m.peer(m.gather.who.alive()[0].id); p != nil {
			guilty, why = []*peer{p}, "it does not form the ring"
		}
	}
	for _, p := range guilty {
		if !slices.Contains(m.gather.apart, p.id) {
			m.strike(p, why)
		}
		m.fail(p)
	}
	m.proposalChanged()
	m.checkConsensus()
}

// idle returns those who are to be in the view and sent no join lately.
func (m *Machine) idle() []*peer {
	var out []*peer
	for _, c := range m.gather.who {
		if p := m.peer(c.id); p != nil && c.in() && !m.joined(p, c.inc) {
			out = append(out, p)
		}
	}
	return out
}

// contested returns those who are to be in the view here but not in the view of
// somebody else who is; who leaves this node out is contested, too.
func (m *Machine) contested() []*peer {
	alive := m.gather.who.alive()
	var out []*peer
	add := func(p *peer) {
		if p != nil && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	for _, s := range alive {
		p := m.peer(s.id)
		if p == nil || p.join == nil {
			continue
		}
		theirs := p.join.who.alive()
		if !theirs.has(m.self) {
			add(p)
			continue
		}
		for _, o := range alive {
			if !theirs.has(o) {
				add(m.peer(o.id))
			}
		}
		for _, o := range theirs {
			if !alive.has(o) {
				add(p) // it insists on somebody who is out here
			}
		}
	}
	return out
}
