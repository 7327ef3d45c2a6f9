package wire

import (
	"slices"
	"time"

	"mainstay/member"
)

// keepSent is for how long sent packets are kept, so that they can be sent again
// over another link when one turns out to be broken.
const (
	keepSent  = 400 * time.Millisecond
	keepCount = 1024
)

// sent is a data packet that went out.
type sent struct {
	at   time.Duration
	to   member.NodeID // 0: everybody
	key  uint32        // of the cluster key
	data []byte
	// pieces are sent in place of data where limit is too small for it.
	pieces [][]byte
	limit  int
}

// history is the data packets of the last moments, oldest first.
type history struct {
	items []sent
	head  int
}

// push adds a packet and forgets what is old.
func (h *history) push(s sent) {
	for h.head < len(h.items) && (s.at-h.items[h.head].at > keepSent || len(h.items)-h.head >= keepCount) {
		h.items[h.head] = sent{}
		h.head++
	}
	if h.head > keepCount {
		n := copy(h.items, h.items[h.head:])
		clear(h.items[n:])
		h.items, h.head = h.items[:n], 0
	}
	h.items = append(h.items, s)
}

// outgoing sends a payload to a node, or to all. All that share a cluster key
// get the same packet.
func (m *Mux) outgoing(to member.NodeID, data []byte) {
	if len(data) > MaxPayload {
		m.emit(Alarm{Kind: BadConfig, Count: 1, Text: "a payload is larger than a datagram can be, and is dropped"})
		return
	}
	if to != 0 {
		if p := m.peer(to); p != nil && p.connected(m.epoch) {
			if k := m.keyFor(p); k != nil {
				m.carry(k, to, data, p)
			}
		}
		return
	}
	for _, k := range m.keys {
		var group [64]*peer
		who := group[:0]
		for _, p := range m.peers {
			if p.connected(m.epoch) && m.keyFor(p) == k {
				who = append(who, p)
			}
		}
		if len(who) > 0 {
			m.carry(k, 0, data, who...)
		}
	}
}

// carry seals a payload and sends it to peers.
func (m *Mux) carry(k *clusterKey, to member.NodeID, data []byte, who ...*peer) {
	m.counter++
	h := header{kind: kindData, key: k.id, from: m.cfg.Self, to: to, epoch: m.epoch, counter: m.counter}
	packet := k.send.packet(h, data)
	s := sent{at: m.now, to: to, key: k.id, data: packet}
	for _, p := range who {
		if p.sealedBy != k.id {
			p.formerly, p.sealedBy, p.rekeyed = p.sealedBy, k.id, m.now
		}
		links := m.choose(p)
		m.await(p, links)
		if len(data) <= floor {
			m.transmit(p, links, packet)
			continue
		}
		each(links, func(i int) {
			m.proveMTU(p, i)
			if limit := p.paths[i].mtu.limit(m.cfg.MTU); limit < len(data) && (s.pieces == nil || limit < s.limit) {
				s.pieces, s.limit = m.split(k, h, data, limit), limit
			}
			m.again(p, i, s)
		})
	}
	m.recent.push(s)
}

// again sends a payload on a link, whole or in pieces.
func (m *Mux) again(p *peer, i int, s sent) {
	limit := p.paths[i].mtu.limit(m.cfg.MTU)
	if len(s.data)-Overhead <= limit || s.pieces == nil || limit < s.limit {
		m.transmit(p, 1<<i, s.data)
		return
	}
	for _, piece := range s.pieces {
		m.transmit(p, 1<<i, piece)
	}
}

// transmit sends a packet to a peer on a set of links.
func (m *Mux) transmit(p *peer, links uint8, data []byte) {
	each(links, func(i int) {
		x := &p.paths[i]
		x.sent = m.now
		p.sentAt = m.now
		m.emit(Transmit{i, x.addr, data})
	})
}

// choose picks the links for a packet to a peer. In doubt it is sent more than
// once: the receiver takes the first that comes.
func (m *Mux) choose(p *peer) uint8 {
	usable := p.working() &^ m.down
	if usable == 0 {
		return p.all() &^ m.down
	}
	if m.cfg.Mode == Active || m.now < p.unsure {
		return usable
	}
	if wide := usable &^ p.cramped(); wide != 0 {
		usable = wide
	}
	sound := usable &^ p.doubtful()
	if sound == 0 {
		return usable
	}
	if m.cfg.Mode == RoundRobin {
		for {
			p.turn = (p.turn + 1) % MaxLinks
			if set := uint8(1) << p.turn; sound&set != 0 {
				return set | usable&^sound
			}
		}
	}
	best := p.best(sound)
	set := uint8(1) << best
	// A suspected link that was better stays in use until it is known which.
	for _, i := range p.order {
		if i == best {
			break
		}
		set |= usable & (1 << i)
	}
	return set
}

// Times by which a link that is in use is judged.
const (
	quiet      = 20 * time.Millisecond  // after so long without a sign of life traffic asks for one at once
	proveAfter = 50 * time.Millisecond  // other traffic does if it goes on for so long without proof that it arrives
	ackLeast   = 40 * time.Millisecond  // an answer may take so long at least
	ackMost    = 400 * time.Millisecond // … and at most
	suspectFor = 150 * time.Millisecond // a suspected link that is silent for so long is down
	unsureFor  = 300 * time.Millisecond // after a change packets go over all links for so long
)

// patience is how long an answer on a path may take.
func (x *path) patience() time.Duration {
	return min(max(ackLeast, 2*x.rtt+4*x.dev), ackMost)
}

// await notes that links carry traffic, of which the peer has to prove that it
// arrives: it is asked if the link has been quiet, or if traffic goes on without
// proof. A single packet on a link that was alive a moment ago is not worth a
// question. Without another link there would be nothing to do about it.
func (m *Mux) await(p *peer, links uint8) {
	if m.cfg.Mode == Active || p.all()&^m.down&(p.all()&^m.down-1) == 0 {
		return
	}
	var ask uint8
	each(links, func(i int) {
		x := &p.paths[i]
		x.used = m.now
		switch {
		case !x.up || x.asked != 0:
			return
		case x.unproved == 0:
			x.unproved = m.now
			if m.now-x.heard <= quiet {
				return
			}
		case m.now-x.unproved < proveAfter:
			return
		}
		x.asked = m.now
		ask |= 1 << i
	})
	m.probe(p, ask, true)
}

// resend sends the packets of the last moments to a peer again on other links,
// after one link turned out to be silent since a time.
func (m *Mux) resend(p *peer, bad int, since time.Duration) {
	links := p.working() &^ m.down &^ (1 << bad)
	if links == 0 {
		links = p.all() &^ m.down &^ (1 << bad)
	}
	if links == 0 || m.keyFor(p) == nil {
		return
	}
	for _, s := range m.recent.items[m.recent.head:] {
		if s.at >= since && m.now-s.at <= keepSent && (s.to == 0 || s.to == p.id) && p.wasSentUnder(s.key, s.at) {
			each(links, func(i int) { m.again(p, i, s) })
		}
	}
}

// wasSentUnder tells whether a payload to all that was sealed with a key went to this
// peer, and not only to others that share another key with us.
func (p *peer) wasSentUnder(key uint32, at time.Duration) bool {
	if at < p.rekeyed {
		return key == p.formerly && slices.Contains(p.shown, key)
	}
	return key == p.sealedBy
}
