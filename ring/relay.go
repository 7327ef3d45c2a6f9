package ring

import (
	"time"

	"mainstay/member"
)

// minRelay is the shortest wait before the token is sent again.
const minRelay = 10 * time.Millisecond

// relay sees to it that the token or commit token arrives: it is sent again
// until the successor acknowledges it or is seen to have had it.
type relay struct {
	to     member.NodeID // 0: nothing to see to
	ring   member.RingID
	tseq   uint64
	data   []byte
	sentAt time.Duration
	wait   time.Duration
	tries  int

	rtt time.Duration // smoothed time until evidence came; 0: not measured
	dev time.Duration // its smoothed deviation
}

// startRelay sends a token to its next holder and watches over it.
func (m *Machine) startRelay(to member.NodeID, ring member.RingID, tseq uint64, data []byte) {
	r := &m.relay
	r.to, r.ring, r.tseq, r.data, r.sentAt, r.tries = to, ring, tseq, data, m.now, 1
	r.wait = min(m.cfg.Retransmit, max(minRelay, m.cfg.Retransmit/20, r.rtt+4*r.dev))
	if r.rtt == 0 {
		r.wait = min(m.cfg.Retransmit, 4*minRelay)
	}
	m.send(to, data)
	m.set(timerRelay, r.wait)
}

// relayEvidence notes that a token with this sequence was somewhere: if ours is
// not newer, it has arrived.
func (m *Machine) relayEvidence(ring member.RingID, tseq uint64) {
	r := &m.relay
	if r.to == 0 || ring != r.ring || tseq < r.tseq {
		return
	}
	if r.tries == 1 {
		took := m.now - r.sentAt
		if r.rtt == 0 {
			r.rtt, r.dev = took, took/2
		} else {
			r.dev += (max(took-r.rtt, r.rtt-took) - r.dev) / 4
			r.rtt += (took - r.rtt) / 8
		}
		m.stats.Rotation = r.rtt
	}
	m.stopRelay()
}

// stopRelay ends the watch.
func (m *Machine) stopRelay() {
	m.relay.to, m.relay.data = 0, nil
	m.stop(timerRelay)
}

// relayAgain sends the token again.
func (m *Machine) relayAgain() {
	r := &m.relay
	if r.to == 0 {
		return
	}
	if m.onProbation(r) {
		m.strike(m.peer(r.to), "it does not take the token, again")
		m.startGather("a node on probation does not take the token")
		return
	}
	r.tries++
	m.stats.TokenResends++
	m.send(r.to, r.data)
	r.wait = min(m.cfg.Retransmit, 2*r.wait)
	if m.state != Operational {
		// A view that forms has a few hops only and must end within Token, even by
		// way of a node that loses most of what it is sent.
		r.wait = min(r.wait, max(minRelay, 2*r.rtt, m.cfg.Retransmit/8))
	}
	m.set(timerRelay, r.wait)
}

// onProbation tells whether the token is for a node that spoilt a view not long
// ago and now holds up the forming of one: it gets less patience than others.
func (m *Machine) onProbation(r *relay) bool {
	p := m.peer(r.to)
	forming := m.state != Operational || (p != nil && p.since+2*m.cfg.Token > m.now)
	return p != nil && p.strikes > 0 && forming && r.tries >= 3 && m.now-r.sentAt > max(m.cfg.Token/5, 4*r.rtt)
}

// blame returns the node that did not take the token although it was sent
// several times, or 0. It must be called before the relay is stopped. The time
// is short of Token because the first to miss the token has waited for it since
// before it rested.
func (m *Machine) blame() member.NodeID {
	r := &m.relay
	if r.to == 0 || r.tries < 3 || m.now-r.sentAt < m.cfg.Token*8/10 {
		return 0
	}
	if p := m.peer(r.to); p != nil && m.state == Operational && !m.cur.seats.has(seat{p.id, p.inc}) {
		return 0 // it was dead; its new daemon was never sent the token
	}
	return r.to
}
