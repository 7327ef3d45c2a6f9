package ring

import (
	"slices"

	"mainstay/member"
)

// forming is the ring that is being formed.
type forming struct {
	id       member.RingID
	seats    roster
	tseq     uint64    // of the commit token seen last
	accounts []account // what the members bring along; complete in Recovering
	goodbye  []member.NodeID
	group    roster   // those who come along from our previous ring, this node included
	resend   []uint64 // packets of the previous ring that the group may lack
	high     uint64   // the last packet of the previous ring that any of the group has
	safe     uint64   // the group knows that every member of the previous ring has all up to here
	owes     uint64   // what the group's members owe (ringState.owes)
}

// beginCommit lets the representative form the ring.
func (m *Machine) beginCommit(members roster) {
	m.highSeq = max(m.highSeq, m.accepted) + 1
	m.keepSeq(0)
	c := &commit{ring: member.RingID{Rep: m.self.id, Seq: m.highSeq}, tseq: 1, round: 1}
	for _, s := range members {
		c.accounts = append(c.accounts, account{seat: s})
	}
	m.join1(c)
	if len(members) == 1 {
		m.showCommit(c)
		m.startToken()
		return
	}
	m.forward(c)
}

// join1 puts this node's account into the commit token on its first round. From
// here on no packet of the previous ring is taken but through recovery, so that
// the account stays true.
func (m *Machine) join1(c *commit) {
	m.state = Committing
	m.accepted = c.ring.Seq
	m.highSeq = max(m.highSeq, c.ring.Seq)
	m.stop(timerConsensus, timerStart)
	m.set(timerJoin, m.cfg.Join) // others may still wait for the commit token, and for a sign of life
	a := &c.accounts[c.place(m.self.id)]
	a.filled = true
	if m.cur != nil {
		a.old, a.aru, a.high = m.cur.id, m.cur.log.aru, m.cur.log.high
		a.safe, a.owes = m.cur.safe, m.cur.owes
	}
	for _, p := range m.peers {
		if p.left && !slices.Contains(c.goodbye, p.id) {
			c.goodbye = append(c.goodbye, p.id)
		}
	}
	m.strikeGuests(c)
	m.forming = forming{id: c.ring, seats: c.roster(), tseq: c.tseq}
}

// strikeGuests strikes those from outside of the previous view for whom members
// were gathered, if the new view is the same as the previous one: they cost
// everybody a view for nothing.
func (m *Machine) strikeGuests(c *commit) {
	if m.cur == nil || len(m.cur.seats) == 1 || !slices.Equal(c.roster(), m.cur.seats) {
		return
	}
	for _, g := range m.gather.who {
		p := m.peer(g.id)
		if p != nil && p.joinAt >= m.gather.began && !m.cur.seats.hasID(g.id) && c.place(g.id) < 0 && p.shunUntil <= m.now {
			m.strike(p, "it asked for a view and is not in it")
		}
	}
}

// place returns the position of a node in the commit token.
func (c *commit) place(id member.NodeID) int {
	return slices.IndexFunc(c.accounts, func(a account) bool { return a.id == id })
}

// forward sends the commit token to the next member.
func (m *Machine) forward(c *commit) {
	i := c.place(m.self.id)
	to := c.accounts[(i+1)%len(c.accounts)].id
	c.tseq++
	m.forming.tseq = c.tseq
	m.set(timerToken, m.cfg.Token)
	m.startRelay(to, c.ring, c.tseq, c.encode())
}

// onCommit takes the commit token.
func (m *Machine) onCommit(p *peer, c *commit) {
	switch m.state {
	case Gathering:
		mine := m.gather.who.alive()
		if c.round != 1 || c.ring.Seq <= m.accepted || c.ring.Rep != c.accounts[0].id || !slices.Equal(c.roster(), mine) {
			return
		}
		m.send(p.id, ack{c.ring, c.tseq}.encode())
		m.join1(c)
		m.forward(c)
	case Committing, Recovering:
		if c.ring != m.forming.id || len(c.accounts) != len(m.forming.seats) {
			return
		}
		m.send(p.id, ack{c.ring, c.tseq}.encode())
		m.relayEvidence(c.ring, c.tseq)
		if c.tseq > m.forming.tseq {
			m.forming.tseq = c.tseq
			m.nextRound(c)
		}
	case Operational:
		if c.ring == m.cur.id {
			m.send(p.id, ack{c.ring, c.tseq}.encode())
			return
		}
		m.expected(p, c)
	}
}

// expected gathers at once if others form a view with this node, which has gone on
// without them meanwhile: they would wait for it as long as for a lost token.
func (m *Machine) expected(p *peer, c *commit) {
	who := c.roster()
	if c.ring.Seq < m.cur.id.Seq || m.cur.seats.hasID(p.id) || !who.has(m.self) || m.blocked(p, p.claims, who.ids()) {
		return
	}
	m.highSeq = max(m.highSeq, c.ring.Seq)
	m.startGather("a view is formed with this node: "+c.ring.String(), p)
}

// nextRound takes a commit token that came round to us again.
func (m *Machine) nextRound(c *commit) {
	rep := c.accounts[0].seat == m.self
	switch {
	case m.state == Committing && rep && c.round == 1:
		for _, a := range c.accounts {
			if !a.filled {
				return
			}
		}
		c.round = 2
		m.showCommit(c)
		m.forward(c)
	case m.state == Committing && !rep && c.round == 2:
		m.showCommit(c)
		m.forward(c)
	case m.state == Recovering && rep && c.round == 2:
		m.stopRelay()
		m.startToken()
	}
}

// keepSeq reserves ring sequence numbers on disk, so that the next start of
// this node does not use one again; early says how many numbers ahead.
func (m *Machine) keepSeq(early uint64) {
	const block = 64
	if m.highSeq+early > m.keptSeq {
		m.keptSeq = m.highSeq + block
		m.out = append(m.out, KeepSeq{Seq: m.keptSeq})
	}
}
