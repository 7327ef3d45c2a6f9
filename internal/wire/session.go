package wire

import (
	"encoding/binary"
	"slices"
	"time"
)

// A session with a peer begins with proof that it lives now. Each side makes up
// a challenge for the other; a hello that repeats the challenge was made by the
// peer's present life, not recorded from an earlier one. From then on packets of
// that life's epoch are taken, those of any other are not. A node that is
// started anew has another epoch, so its peers change over to it within two
// exchanges, and recordings of its earlier lives are worthless.

// Limits of what a peer, or somebody in its name, can make us send.
const (
	replyBurst  = 16                    // hellos that answer
	replyPeriod = 50 * time.Millisecond // … in so long
	flapPeriod  = 10 * time.Second      // three lives of one node in less: it crashes again and again, or two machines are it
)

// pack makes a sealed packet for a peer, or nil if no key is shared with it.
func (m *Mux) pack(k kind, p *peer, body []byte) []byte {
	key := m.keyFor(p)
	if key == nil {
		return nil
	}
	m.counter++
	h := header{kind: k, key: key.id, from: m.cfg.Self, to: p.id, epoch: m.epoch, counter: m.counter}
	return key.send.packet(h, body)
}

// packet makes a packet with a clear header.
func (s seal) packet(h header, body []byte) []byte {
	b := make([]byte, headerSize+len(body), headerSize+len(body)+s.size())
	h.put(b)
	copy(b[headerSize:], body)
	return s.close(b, headerSize, h)
}

// keyFor is the newest cluster key that a peer has too, or nil.
func (m *Mux) keyFor(p *peer) *clusterKey {
	for _, k := range m.keys {
		if slices.Contains(p.shown, k.id) {
			return k
		}
	}
	return nil
}

// key finds one of our cluster keys by id, or nil.
func (m *Mux) key(id uint32) *clusterKey {
	for _, k := range m.keys {
		if k.id == id {
			return k
		}
	}
	return nil
}

// keyIDs lists our cluster keys.
func (m *Mux) keyIDs() []uint32 {
	out := make([]uint32, len(m.keys))
	for i, k := range m.keys {
		out[i] = k.id
	}
	return out
}

// sayHello greets a peer on a set of links, under the newest key that it has; as
// long as that is not known, our keys take turns.
func (m *Mux) sayHello(p *peer, links uint8, answer bool) {
	k := m.keyFor(p)
	if k == nil {
		k = m.keys[p.tried%len(m.keys)]
		p.tried++
	}
	m.hello(p, links, k, answer)
}

// hello sends a hello under a key.
func (m *Mux) hello(p *peer, links uint8, k *clusterKey, answer bool) {
	links &^= m.down
	if links == 0 {
		return
	}
	m.hellos++
	h := header{kind: kindHello, key: k.id, from: m.cfg.Self, to: p.id, epoch: m.epoch, counter: m.hellos}
	b := make([]byte, headerSize, headerSize+helloClear+64+sealSize)
	h.put(b)
	b = binary.BigEndian.AppendUint32(b, m.tag)
	b = hello{challenge: p.challenge, echo: p.theirs, accepted: p.epoch, answer: answer, keys: m.keyIDs()}.append(b)
	data := k.hello.close(b, headerSize+helloClear, h)
	m.transmit(p, links, data)
}

// answerHello sends a hello that somebody asked for, within limits.
func (m *Mux) answerHello(p *peer, link int, k *clusterKey) {
	if m.now-p.repliesAt > replyPeriod {
		p.replies, p.repliesAt = 0, m.now
	}
	if p.replies++; p.replies <= replyBurst {
		m.hello(p, 1<<link, k, false)
	}
}

// onHello takes a hello that opened under a key.
func (m *Mux) onHello(p *peer, link int, addr string, h header, k *clusterKey, body []byte) {
	in, ok := readHello(body)
	if !ok {
		m.alarm(Damaged, addr, "a hello could not be read")
		return
	}
	if h.epoch == p.epoch {
		if h.counter <= p.helloSeen {
			return
		}
		p.helloSeen = h.counter
		p.theirs, p.accepted, p.shown = in.challenge, in.accepted, in.keys
		m.sign(p, link)
		m.met(p)
		if in.answer || in.accepted != m.epoch {
			m.answerHello(p, link, k)
		}
		return
	}
	if in.echo == p.challenge {
		m.accept(p, link, addr, h, in)
		m.answerHello(p, link, k)
		return
	}
	// Not proven to live now: its challenge is only repeated, and believed if
	// the proof comes. What we know of the session stays as it is.
	keep := p.theirs
	p.theirs = in.challenge
	m.answerHello(p, link, k)
	if p.epoch != 0 {
		p.theirs = keep
	}
}

// accept changes over to another life of a peer.
func (m *Mux) accept(p *peer, link int, addr string, h header, in hello) {
	switch {
	case slices.Contains(p.retired[:], h.epoch):
		m.alarm(DuplicateID, addr, "two machines take turns to be node %s: stop one of them, or give it a nodeid of its own", p.id)
	case p.changed[2] != 0 && m.now-p.changed[2] < flapPeriod:
		m.alarm(DuplicateID, addr, "node %s started four times within %v: its daemon ends again and again (see its log), or two machines are that node and one of them needs a nodeid of its own",
			p.id, (m.now - p.changed[2]).Round(time.Second))
	}
	p.retire()
	copy(p.changed[1:], p.changed[:])
	p.changed[0] = m.now
	p.epoch, p.seen, p.helloSeen, p.partial = h.epoch, window{}, h.counter, nil
	p.theirs, p.accepted, p.shown = in.challenge, in.accepted, in.keys
	p.challenge = nonzero(m.cfg.Rand)
	p.setKeys(m.keys)
	for i := range p.paths {
		p.paths[i].renew()
	}
	if p.heard {
		// Not Unreachable: the ring learns from the new incarnation's own words that
		// the old one is no more, and need not form a view without the node first.
		m.lose(p)
	}
	p.silenced, p.deaf, p.doubt = false, false, 0
	m.sign(p, link)
	m.met(p)
}

// renew forgets what was counted in the peer's earlier life.
func (x *path) renew() {
	x.seq, x.lastSeq, x.lastSent, x.lastAt, x.arrived = 0, 0, 0, 0, 0
	x.unproved, x.asked, x.suspect, x.refused = 0, 0, 0, 0
	x.tested, x.proven = false, 0
	x.gotLarge, x.mtu = 0, pathMTU{}
}

// retire ends the session.
func (p *peer) retire() {
	if p.epoch == 0 {
		return
	}
	copy(p.retired[1:], p.retired[:])
	p.retired[0] = p.epoch
	p.epoch, p.accepted = 0, 0
	p.seals = nil
}

// met looks whether both sides take each other's packets, and if so has the
// links tested. Who was silent must first say that it hears us, too.
func (m *Mux) met(p *peer) {
	if !p.connected(m.epoch) || p.heard {
		return
	}
	m.probe(p, p.all()&^m.down, true)
	if !p.silenced && !p.deaf {
		p.heard, p.metAt = true, m.now
		m.emit(Heard{p.id})
	}
}

// stranger is asked to say hello when it sends packets of an epoch that is not known.
func (m *Mux) stranger(p *peer, link int) {
	if m.now-p.greeted < replyPeriod && p.greeted != 0 {
		return
	}
	p.greeted = m.now
	m.sayHello(p, 1<<link, true)
}
