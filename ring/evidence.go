package ring

import (
	"cmp"
	"slices"
	"time"

	"mainstay/member"
)

// maxShun is the longest time for which a node that spoilt views is kept out.
const maxShun = 30 * time.Second

// peer is what is known of another configured node.
type peer struct {
	id        member.NodeID
	inc       uint64 // incarnation it speaks with; 0: not known
	silent    bool   // nothing heard on any link
	refuses   bool   // its host refuses packets
	left      bool   // it said goodbye in this incarnation
	retired   bool   // it is not configured any more, but still in the view
	strikes   int    // views that it spoilt
	shunUntil time.Duration
	joins     uint64          // count of its last join
	join      *join           // its last join in this gathering
	joinAt    time.Duration   // when that came
	announced uint64          // sequence number of the latest view that it announced
	since     time.Duration   // when it came into the view
	flaps     int             // times that it fell silent soon after that
	doubted   bool            // it fell silent and was heard again before a view was formed without it
	lagAru    uint64          // what it had received when it was last seen to get on …
	lagSince  time.Duration   // … when that was …
	lagSeen   int             // … and how often it has been seen since
	claims    []member.NodeID // nodes that it last said it cannot work with
}

// setPeers makes the peers those of nodes, keeping what is known, and those who
// are in the view still: they retire.
func (m *Machine) setPeers(nodes []member.NodeID) {
	old := m.peers
	m.peers = nil
	for _, p := range old {
		p.retired = !slices.Contains(nodes, p.id)
		if !p.retired || m.involved(p.id) {
			m.peers = append(m.peers, p)
		}
	}
	for _, id := range nodes {
		if id != m.self.id && m.peer(id) == nil {
			m.peers = append(m.peers, &peer{id: id})
		}
	}
	slices.SortFunc(m.peers, func(a, b *peer) int { return cmp.Compare(a.id, b.id) })
}

// involved tells whether a node is in the view, or in one that may come.
func (m *Machine) involved(id member.NodeID) bool {
	if m.state == Gathering {
		_, ok := m.gather.who.find(id)
		return ok
	}
	return m.memberOfRing(id)
}

// peer returns the peer with an id, or nil.
func (m *Machine) peer(id member.NodeID) *peer {
	for _, p := range m.peers {
		if p.id == id {
			return p
		}
	}
	return nil
}

// absent tells whether there is reason not to have the peer in a view.
func (m *Machine) absent(p *peer) bool {
	return p.silent || p.refuses || p.left || p.retired || p.shunUntil > m.now
}

// claims lists the nodes that this node cannot work with. Who left is not among
// them: it may be back, and work with others already.
func (m *Machine) claims() []member.NodeID {
	var out []member.NodeID
	for _, p := range m.peers {
		if p.silent || p.refuses || p.shunUntil > m.now {
			out = append(out, p.id)
		}
	}
	return out
}

// strike notes that a peer spoilt a view although it seems to be there. For a
// growing time it is not let in again, so that one sick node does not stall the
// others for ever.
func (m *Machine) strike(p *peer, why string) {
	if !m.spoils(p) {
		p.strikes = 0 // it behaved for long
	}
	p.shunUntil = m.now + min(maxShun, 2*m.cfg.Token<<min(p.strikes, 3))
	p.strikes++
	m.note(Warning, "node is kept out: "+why, "node", p.id, "for", p.shunUntil-m.now)
}

// spoils tells whether a peer has spoilt views and not behaved for long since.
func (m *Machine) spoils(p *peer) bool { return p.strikes > 0 && m.now <= p.shunUntil+2*maxShun }

// blocked tells whether a merge with a peer outside of the view is hopeless:
// somebody on either side says that it cannot work with somebody on the other.
func (m *Machine) blocked(p *peer, theirs []member.NodeID, who []member.NodeID) bool {
	if p.shunUntil > m.now || p.left {
		return true
	}
	for _, id := range m.claims() {
		if slices.Contains(who, id) {
			return true
		}
	}
	for _, id := range theirs {
		if m.cur.seats.hasID(id) {
			return true
		}
	}
	for _, s := range m.cur.seats {
		q := m.peer(s.id)
		if q == nil {
			continue
		}
		for _, id := range q.claims {
			if id == p.id || slices.Contains(who, id) {
				return true
			}
		}
	}
	return false
}

// onSilence takes the evidence that a node is not heard on any link.
func (m *Machine) onSilence(id member.NodeID) {
	if p := m.peer(id); p != nil && !p.silent {
		p.silent = true
		m.lost(p, "node is silent on every link")
	}
}

// countFlap strikes a member that is lost soon after it came into the view, if
// that is not the first time. All who remain count it alike, whoever missed it.
func (m *Machine) countFlap(s seat) {
	p := m.peer(s.id)
	if p == nil || p.inc != s.inc || p.left || m.gather.paused {
		return
	}
	if p.flapped(m.new(p)); p.flaps > 1 {
		m.strike(p, "it comes and goes")
	}
}

// flapped notes that a member was lost, or taken for lost, early or not.
func (p *peer) flapped(early bool) {
	p.doubted = false
	if p.flaps++; !early {
		p.flaps = 0
	}
}

// new tells whether a peer has not been in the view for long.
func (m *Machine) new(p *peer) bool { return p.since+10*m.cfg.Token >= m.now }

// onHeard takes Silence back, or the news that a node can be heard for the first
// time: what it was told before was lost, so it is told again.
func (m *Machine) onHeard(id member.NodeID) {
	p := m.peer(id)
	if p == nil {
		return
	}
	switch known := p.silent || p.refuses; {
	case m.state == Gathering:
		m.speaks(p)
		m.withdraw(p)
		m.joinSoon()
	case known:
		m.speaks(p) // which invites it
	default:
		m.invite(id)
	}
}

// speaks notes that something came from the peer itself. Objections that fall
// by it are taken back before all, so that no merge fails by what is not true
// any more.
func (m *Machine) speaks(p *peer) {
	if !p.silent && !p.refuses {
		return
	}
	p.silent, p.refuses = false, false
	m.claimsFell(p.id)
}

// withdraw takes an accusation back when its grounds fall while members are
// gathered. It takes the word of the links that each side hears the other, not any
// packet, so that it cannot come and go faster than silence is noticed; and not if
// the node comes and goes.
func (m *Machine) withdraw(p *peer) {
	i, ok := m.gather.who.find(p.id)
	if !ok || !m.gather.who[i].failed || m.absent(p) || p.flaps > 0 && m.new(p) || m.spoils(p) {
		return
	}
	p.doubted = true
	m.gather.who[i].failed, m.gather.who[i].sick = false, false
	if m.gather.suspect == p.id {
		m.gather.suspect = 0 // not heard, it could not be sent the token
	}
	m.proposalChanged()
}

// claimsFell tells the members that this node does not object to a node any more.
func (m *Machine) claimsFell(id member.NodeID) {
	if m.state == Operational {
		m.send(0, claimList{m.self.inc, m.claims()}.encode())
		m.invite(id)
	}
}

// onClaims takes what a member of the view says about whom it cannot work with.
func (m *Machine) onClaims(p *peer, c claimList) {
	if p.inc != c.inc {
		return
	}
	old := p.claims
	p.claims = c.claims
	for _, id := range old {
		m.invite(id)
	}
}

// invite lets the representative announce the view to an absent node at once, if
// no member objects to it.
func (m *Machine) invite(id member.NodeID) {
	if m.state != Operational || m.cur.seats[0] != m.self || m.cur.seats.hasID(id) || m.peer(id) == nil {
		return
	}
	a := m.announcement()
	if !slices.Contains(a.claims, id) {
		m.send(id, a.encode())
	}
}

// onUnreachable takes the evidence that nobody listens at a node.
func (m *Machine) onUnreachable(id member.NodeID) {
	if p := m.peer(id); p != nil && !p.refuses {
		p.refuses = true
		m.lost(p, "node refuses packets")
	}
}

// onGoodbye takes a node's word that it leaves.
func (m *Machine) onGoodbye(p *peer, g goodbye) {
	if p.inc != 0 && p.inc != g.inc {
		return
	}
	p.inc = g.inc
	if !p.left {
		p.left = true
		m.lost(p, "node leaves")
	}
}

// lost puts a peer into the fail set at once.
func (m *Machine) lost(p *peer, why string) {
	switch m.state {
	case Gathering:
		i, ok := m.gather.who.find(p.id)
		if ok && !m.gather.who[i].failed {
			m.note(Info, why, "node", p.id)
			m.fail(p)
			m.proposalChanged()
		}
		m.checkConsensus()
	case Committing, Recovering:
		if m.forming.seats.hasID(p.id) {
			m.note(Info, why, "node", p.id)
			m.startGather(why)
		}
	case Operational:
		if m.cur.seats.hasID(p.id) {
			m.note(Info, why, "node", p.id)
			m.startGather(why)
		}
	}
}

// meet takes a peer's incarnation from its own packet: another one than before
// is a daemon that was started anew, so the one that we knew is dead.
func (m *Machine) meet(p *peer, inc uint64) {
	if p.inc == inc {
		return
	}
	known, shunned := p.inc != 0, p.shunUntil > m.now
	id := p.id
	*p = peer{id: id, inc: inc}
	if shunned {
		m.claimsFell(id)
	}
	switch {
	case m.state == Gathering:
		if m.gather.suspect == id {
			m.gather.suspect = 0
		}
		if i, ok := m.gather.who.find(id); ok && m.gather.who[i].inc != inc {
			m.gather.who[i] = candidate{seat: seat{id, inc}}
			m.proposalChanged()
		}
	case m.memberOfRing(id) && known:
		m.note(Info, "node was started anew", "node", id)
		m.startGather("node was started anew")
	}
}

// memberOfRing tells whether a node is in the ring that is installed or forms.
func (m *Machine) memberOfRing(id member.NodeID) bool {
	if m.state == Operational {
		return m.cur.seats.hasID(id)
	}
	return m.forming.seats.hasID(id)
}
