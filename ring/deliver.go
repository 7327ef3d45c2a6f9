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
// their order, up to the first that is missing.
func (m *Machine) deliverReady() {
	r := m.cur
	for r.delivered < r.log.aru {
		r.delivered++
		if p := r.log.get(r.delivered); p != nil {
			m.deliverPacket(p)
		}
	}
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
		m.deliverChunk(p.sender, kind, total, part)
	}
}

// deliverChunk takes one chunk of a sender, whose chunks come in its order.
func (m *Machine) deliverChunk(from member.NodeID, kind, total int, part []byte) {
	switch kind {
	case chunkWhole:
		delete(m.parts, from)
		m.deliver(from, part)
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
			m.deliver(from, a.data)
		}
	}
}

// deliver hands a message out.
func (m *Machine) deliver(from member.NodeID, payload []byte) {
	m.stats.Delivered++
	m.stats.DeliveredBytes += uint64(len(payload))
	m.out = append(m.out, Deliver{From: from, Payload: payload})
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
