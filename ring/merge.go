package ring

import "slices"

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
	if m.state != Operational || m.cur.seats.hasID(p.id) {
		return
	}
	m.highSeq = max(m.highSeq, a.ring.Seq)
	if m.blocked(p, a.claims, a.who) {
		return
	}
	m.startGather("another view appeared: "+a.ring.String(), p)
}
