package ring

import (
	"slices"

	"mainstay/member"
)

// announcement describes the installed view to nodes outside of it.
func (m *Machine) announcement() *announce {
	a := &announce{inc: m.self.inc, ring: m.cur.id, who: m.cur.seats.ids(), claims: m.claims()}
	for _, s := range m.cur.seats {
		if p := m.peer(s.id); p != nil {
			for _, id := range p.claims {
				if !slices.Contains(a.claims, id) && len(a.claims) < MaxMembers {
					a.claims = append(a.claims, id)
				}
			}
		}
	}
	return a
}

// announceAll tells absent nodes of the view, so that partitions find each
// other again.
func (m *Machine) announceAll() {
	if m.state != Operational {
		return
	}
	b := m.announcement().encode()
	for _, p := range m.peers {
		if !m.cur.seats.hasID(p.id) {
			m.send(p.id, b)
		}
	}
	m.announceSoon()
}

// announceSoon arms the timer of announcements if nodes are absent. The
// representative's are what merges wait for; the others' are rarer, and show
// that a node is there which was thought to be gone.
func (m *Machine) announceSoon() {
	if len(m.cur.seats) == len(m.cfg.Nodes) {
		return
	}
	wait := m.cfg.Merge
	if m.cur.seats[0] != m.self {
		wait *= 5
	}
	m.set(timerAnnounce, wait)
}

// onAnnounce takes the news of another view and goes to merge with it, unless
// that is hopeless.
func (m *Machine) onAnnounce(p *peer, a *announce) {
	m.meet(p, a.inc)
	p.announced = max(p.announced, a.ring.Seq)
	if m.state == Gathering {
		m.wentOn(a)
	}
	if m.state != Operational {
		return
	}
	if m.cur.seats.hasID(p.id) {
		m.leftBehind(p, a)
		return
	}
	m.highSeq = max(m.highSeq, a.ring.Seq)
	if m.blocked(p, a.claims, a.who) {
		return
	}
	m.startGather("another view appeared: "+a.ring.String(), p)
}

// leftBehind gathers at once if a member of the view announces a later one in
// which this node is not: the others went on without it, while it did not run and
// its clock stood still, or could not hear them. If it would not be taken, it
// waits until the token is missed.
func (m *Machine) leftBehind(p *peer, a *announce) {
	if a.ring.Seq <= m.cur.id.Seq || slices.Contains(a.who, m.self.id) || slices.Contains(a.claims, m.self.id) {
		return
	}
	for _, id := range m.claims() {
		if slices.Contains(a.who, id) {
			return
		}
	}
	m.highSeq = max(m.highSeq, a.ring.Seq)
	m.startGather("the others went on without this node: "+a.ring.String(), p)
	m.gather.suspect = 0 // it was right not to take the token
}

// wentOn notes while members are gathered who is in another view that cannot be
// merged with this node, because it and a member of that view cannot be together:
// they do right not to take part.
func (m *Machine) wentOn(a *announce) {
	if slices.Contains(a.who, m.self.id) || m.cur != nil && a.ring.Seq <= m.cur.id.Seq {
		return
	}
	apart := slices.Contains(a.claims, m.self.id)
	for _, c := range m.gather.who {
		apart = apart || c.failed && slices.Contains(a.who, c.id)
	}
	if apart {
		m.gather.apart = a.who
	}
}

// lateToken answers a token of an earlier ring, whose sender does not know that
// its ring has ended.
func (m *Machine) lateToken(from member.NodeID, t *token) {
	m.stats.Foreign++
	if m.state == Operational && t.ring.Seq < m.cur.id.Seq && !m.cur.seats.hasID(from) {
		m.send(from, m.announcement().encode())
	}
}

// speaksFor tells whether a ring's packets may come from a peer: a node that lost
// its disk may use a ring's number again, which is another ring then.
func (r *ringState) speaksFor(p *peer) bool {
	i, ok := r.seats.find(p.id)
	return ok && (p.inc == 0 || r.seats[i].inc == p.inc)
}
