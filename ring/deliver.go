package ring

import (
	"encoding/binary"

	"mainstay/member"
)

// assembly is a message of which not all fragments have come.
type assembly struct {
	total int
	data  []byte
}

// deliverReady delivers what can be delivered in the installed ring: packets in
// their order, up to the first that is missing or not known to be safe.
func (m *Machine) deliverReady() {
	r := m.cur
	for r.delivered < r.log.aru {
		p := r.log.get(r.delivered + 1)
		if p != nil && p.safe && r.delivered >= r.safe {
			return
		}
		r.delivered++
		if p != nil {
			m.deliverPacket(p)
		}
	}
}

// learnSafe takes from the token what every member has. The paper has a token
// carry the lowest of that and waits for two rotations; here all see what each
// has, so that the last in the ring knows after one, and all others as the
// token comes by again: it does not rest before.
func (m *Machine) learnSafe(t *token) {
	r := m.cur
	r.safe = max(r.safe, t.safe())
	if t.promised != 0 && r.safe >= t.promised {
		t.told |= 1 << r.index(m.self.id)
		if t.told == 1<<len(r.seats)-1 {
			t.promised, t.told = 0, 0
		}
	}
	m.deliverReady()
}

// deliverPacket delivers the messages that a packet completes.
func (m *Machine) deliverPacket(p *packet) {
	if p.recovered {
		return // of an earlier ring, where it was delivered already
	}
	for body := p.body; len(body) > 0; {
		kind, total, part, rest, ok := nextChunk(body)
		if !ok {
			m.stats.Malformed++
			delete(m.parts, p.sender)
			return
		}
		body = rest
		m.deliverChunk(p, kind, total, part)
	}
}

// deliverChunk takes one chunk of a sender, whose chunks come in its order.
func (m *Machine) deliverChunk(p *packet, kind, total int, part []byte) {
	from := p.sender
	switch kind {
	case chunkWhole:
		delete(m.parts, from)
		m.deliver(from, part, p.safe)
		return
	case chunkFirst:
		m.parts[from] = &assembly{total: total, data: append(make([]byte, 0, total), part...)}
		return
	}
	a := m.parts[from]
	if a == nil || len(a.data)+len(part) > a.total {
		delete(m.parts, from)
		return
	}
	a.data = append(a.data, part...)
	if kind == chunkLast {
		delete(m.parts, from)
		if len(a.data) == a.total {
			m.deliver(from, a.data, p.safe)
		}
	}
}

// deliver hands a message out.
func (m *Machine) deliver(from member.NodeID, payload []byte, safe bool) {
	m.stats.Delivered++
	m.stats.DeliveredBytes += uint64(len(payload))
	m.out = append(m.out, Deliver{From: from, Payload: payload, Safe: safe})
}

// nextChunk splits a body after its first chunk.
func nextChunk(body []byte) (kind, total int, part, rest []byte, ok bool) {
	v, n := binary.Uvarint(body)
	if n <= 0 {
		return 0, 0, nil, nil, false
	}
	body = body[n:]
	kind, size := int(v&3), v>>2
	if kind == chunkFirst {
		t, n := binary.Uvarint(body)
		if n <= 0 || t > MaxPayload {
			return 0, 0, nil, nil, false
		}
		body, total = body[n:], int(t)
	}
	if size > uint64(len(body)) || (kind == chunkFirst && size > uint64(total)) {
		return 0, 0, nil, nil, false
	}
	return kind, total, body[:size:size], body[size:], true
}
