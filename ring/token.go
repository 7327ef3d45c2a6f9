package ring

import (
	"mainstay/member"
	"time"
)

// visit is what a member remembers of the token.
type visit struct {
	tok     *token        // the token, while it is here
	tseq    uint64        // highest token sequence seen in this ring
	prevSeq uint64        // the token's seq when it left here last
	sent    int           // packets sent during this visit
	lone    bool          // nobody else sent since the token was here last
	pred    member.NodeID // who sent the token
	acked   bool          // pred knows that the token is here
	at      time.Duration // when it came
	linger  time.Duration // when the first packet was sent since all was settled; 0: none
	goOn    bool          // it may not rest here: others wait to install the view
	wanted  uint64        // members (by place) that asked for the token
	rest    member.NodeID // where the token rests when idle, as seen last
	busy    bool          // several members were sending, as seen last
	left    time.Duration // when the token went on from here
	asked   bool          // the token was asked for since
}

// ringNow returns the ring whose token goes round, or nil.
func (m *Machine) ringNow() *ringState {
	switch m.state {
	case Operational:
		return m.cur
	case Recovering:
		return m.next
	}
	return nil
}

// onToken takes the regular token.
func (m *Machine) onToken(p *peer, t *token) {
	from := p.id
	r := m.ringNow()
	if r == nil || t.ring != r.id || len(t.shares) != len(r.seats) || !r.speaksFor(p) {
		m.lateToken(from, t)
		return
	}
	if t.tseq <= m.visit.tseq {
		m.send(from, ack{t.ring, t.tseq}.encode()) // it was here; the sender did not notice
		return
	}
	m.relayEvidence(t.ring, t.tseq)
	m.stats.Tokens++
	v := &m.visit
	v.tseq, v.lone, v.pred = t.tseq, t.rest == m.self.id, from
	v.busy = t.othersWaiting(r.index(m.self.id)) || t.active() > 1
	v.acked = !v.busy
	if v.acked {
		m.send(from, ack{t.ring, t.tseq}.encode())
	}
	for i, s := range t.shares {
		if p := m.peer(r.seats[i].id); p != nil {
			p.claims = s.claims
			m.watchLag(p, s.aru, t.seq)
		}
	}
	if m.ringNow() != r {
		return // somebody turned out to be sick
	}
	m.hold(t)
}

// watchLag notes whether a member gets on with receiving what was sent. One that
// does not for Config.Token and ten visits of the token, although it is sent again,
// holds up all others.
func (m *Machine) watchLag(p *peer, aru, seq uint64) {
	if aru == seq || aru != p.lagAru || p.lagSince == 0 || m.ringNow() == nil || m.ringNow().log.aru < seq {
		p.lagAru, p.lagSince, p.lagSeen = aru, m.now, 0
		return
	}
	if p.lagSeen++; m.now-p.lagSince > m.cfg.Token && p.lagSeen >= 10 {
		p.lagSince = 0
		m.strike(p, "it does not receive what is sent")
		m.startGather("a member does not receive what is sent")
	}
}

// hold does what a member does while it has the token: send again what others
// lack, send what is new, ask for what is missing, and decide where the token
// goes.
func (m *Machine) hold(t *token) {
	v := &m.visit
	v.tok, v.sent, v.at, v.linger, v.goOn = t, 0, m.now, 0, false
	m.stop(timerToken, timerWake)
	m.serveRequests(t)
	if m.state == Recovering {
		m.sendRecovery(t)
		m.account(t)
		if !t.installed && !m.recovered(t) {
			m.requestMissing(t)
			m.pass(m.successor())
			return
		}
		t.installed = true
		m.install()
		v.goOn = true
	}
	m.work(t)
}

// work sends what is queued and decides where the token goes.
func (m *Machine) work(t *token) {
	m.sendQueued(t)
	m.account(t)
	m.learnSafe(t)
	m.requestMissing(t)
	m.cur.log.discard(min(t.safe(), m.cur.delivered))
	m.settle(t)
}

// account writes this node's share into the token.
func (m *Machine) account(t *token) {
	r := m.ringNow()
	s := &t.shares[r.index(m.self.id)]
	s.aru, s.claims = r.log.aru, m.claims()
	s.sent = uint32(m.visit.sent)
	if m.state == Recovering {
		s.backlog = m.recoveryBacklog(t)
	} else {
		s.backlog = uint32(m.outbox.packets(m.bodyRoom()))
	}
}

// bodyRoom is how many bytes of chunks a data packet takes: it must fit the MTU
// even when it is sent again inside another one during recovery.
func (m *Machine) bodyRoom() int { return m.cfg.MTU - 2*dataHeader }

// budget is how many packets may still be sent during this visit: the window is
// shared among those who send, and nobody runs far ahead of the slowest member.
func (m *Machine) budget(t *token) int {
	if len(t.shares) == 1 {
		m.account(t)
		if m.state == Operational {
			m.learnSafe(t)
		}
		m.cur.log.discard(m.cur.delivered)
		return 1
	}
	active := t.active()
	s := t.shares[m.ringNow().index(m.self.id)]
	if s.sent == 0 && s.backlog == 0 {
		active++
	}
	b := min(m.cfg.MaxMessages, max(1, m.cfg.Window/active)) - m.visit.sent
	ahead := int(t.seq - t.safe())
	return min(b, 3*m.cfg.Window-ahead)
}

// sendQueued multicasts what was submitted, as far as flow control allows.
func (m *Machine) sendQueued(t *token) {
	for !m.outbox.empty() && m.budget(t) > 0 {
		room := dataHeader + m.bodyRoom()
		size := min(room, dataHeader+m.outbox.bytes+4*m.outbox.count())
		b, safe := m.outbox.fill(make([]byte, dataHeader, size), room)
		flags := byte(0)
		if safe {
			flags = flagSafe
			t.promised, t.told = t.seq+1, 0
		}
		m.multicast(t, b, flags)
		t.rest = m.self.id
	}
	m.tryDepart()
}

// multicast gives a data packet, complete but for its header, the next place in
// the order and sends it to all.
func (m *Machine) multicast(t *token, b []byte, flags byte) {
	r := m.ringNow()
	t.seq++
	putDataHeader(b, flags, r.id, t.seq, t.tseq, m.self.id)
	m.stats.PacketsSent++
	m.visit.sent++
	if m.visit.linger == 0 {
		m.visit.linger = m.now
	}
	r.log.put(packet{seq: t.seq, sender: m.self.id, recovered: flags&flagRecovered != 0, safe: flags&flagSafe != 0, body: b[dataHeader:], raw: b})
	if len(r.seats) > 1 {
		m.send(0, b)
	}
	if m.state == Operational {
		m.deliverReady()
	}
}

// onData takes a data packet.
func (m *Machine) onData(p *peer, d dataInfo) {
	switch {
	case m.state == Operational && d.ring == m.cur.id && m.cur.speaksFor(p):
		m.relayEvidence(d.ring, d.tseq)
		fresh := d.seq > m.cur.log.high
		m.cur.log.put(d.packet)
		if fresh {
			m.sentBy(p.id)
		}
		m.deliverReady()
	case m.state == Recovering && d.ring == m.next.id && m.next.speaksFor(p):
		m.relayEvidence(d.ring, d.tseq)
		if m.next.log.put(d.packet) && d.recovered {
			m.takeRecovered(d.sender, d.body)
		}
	case m.state == Gathering && m.cur != nil && d.ring == m.cur.id && m.cur.speaksFor(p):
		m.cur.log.put(d.packet) // not delivered before it is agreed who else has it
	default:
		m.stats.Foreign++
	}
}

// serveRequests sends again what others lack and this node has.
func (m *Machine) serveRequests(t *token) {
	log := &m.ringNow().log
	kept := t.requests[:0]
	for _, seq := range t.requests {
		p := log.get(seq)
		if p == nil {
			kept = append(kept, seq)
			continue
		}
		m.stats.Retransmitted++
		m.send(0, p.raw)
	}
	t.requests = kept
}

// requestMissing asks for packets that this node lacks and that are not just
// still on their way: something later has come, or the token went round since.
func (m *Machine) requestMissing(t *token) {
	log := &m.ringNow().log
	if log.aru == t.seq {
		return
	}
	limit := max(m.visit.prevSeq, log.high)
	for seq := log.aru + 1; seq <= min(limit, t.seq) && len(t.requests) < maxRequests; seq++ {
		if log.get(seq) == nil && t.request(seq) {
			m.stats.Requested++
		}
	}
}

// successor is the next member in the ring.
func (m *Machine) successor() member.NodeID {
	r := m.ringNow()
	return r.seats[(r.index(m.self.id)+1)%len(r.seats)].id
}

// pass sends the token on.
func (m *Machine) pass(to member.NodeID) {
	v := &m.visit
	t := v.tok
	i := m.ringNow().index(m.self.id)
	v.tok, v.wanted, v.linger, v.asked = nil, 0, 0, false
	v.prevSeq, v.rest = t.seq, t.rest
	v.busy, v.left = t.othersWaiting(i) || t.active() > 1, m.now
	t.tseq++
	v.tseq = t.tseq
	m.stop(timerHold)
	m.set(timerToken, m.patience())
	m.startRelay(to, t.ring, t.tseq, t.encode())
	if !m.outbox.empty() {
		m.set(timerWake, max(2*m.cfg.Linger, 2*m.relay.rtt))
	}
}

// patience is how long the token may stay away. A dead member is known by its
// silence after Token, so that in a view there is no need to suspect the token
// as soon: loss, delay and pauses add up.
func (m *Machine) patience() time.Duration {
	if m.state == Operational {
		return m.cfg.Token * 3 / 2
	}
	return m.cfg.Token
}

// tokenLost gives the token up.
func (m *Machine) tokenLost() {
	m.stats.TokenLosses++
	m.startGather("the token is lost")
}
