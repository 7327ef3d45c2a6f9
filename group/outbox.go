package group

import "mainstay/member"

const (
	// fragmentSize is how much of a message goes into one message of the service,
	// in bytes: a quarter of the buffer between it and its clients at most.
	fragmentSize = 128 << 10
	// window is how many bytes may be on the way at once: less than that buffer.
	window = 512 << 10
)

// outbox holds what this process sent and has not seen delivered, and behind it
// what still waits to be sent.
type outbox struct {
	queue [][]byte
	sent  int // of queue, on the way
	bytes int // of those
}

// again marks all as not sent.
func (o *outbox) again() { o.sent, o.bytes = 0, 0 }

// forgetSent drops what is on the way.
func (o *outbox) forgetSent() {
	o.queue = o.queue[o.sent:]
	o.again()
}

// next is the next message to send, if there is room for it on the way.
func (o *outbox) next() ([]byte, bool) {
	if o.sent == len(o.queue) || o.sent > 0 && o.bytes+len(o.queue[o.sent]) > window {
		return nil, false
	}
	p := o.queue[o.sent]
	o.sent++
	o.bytes += len(p)
	return p, true
}

// arrived takes the oldest message out.
func (o *outbox) arrived() {
	o.bytes -= len(o.queue[0])
	o.sent--
	o.queue[0] = nil
	o.queue = o.queue[1:]
}

func (m *Machine) submit(payload []byte) {
	if len(payload) > MaxPayload {
		m.note(Error, "a message is too large and was dropped", "bytes", len(payload), "limit", MaxPayload)
		return
	}
	m.outbox.queue = append(m.outbox.queue, payload)
	m.flush()
}

// flush sends what may be sent; who is alone delivers to itself.
func (m *Machine) flush() {
	for m.state == Installed || m.state == Alone {
		p, ok := m.outbox.next()
		if !ok {
			return
		}
		if m.state == Alone {
			m.outbox.arrived()
			m.emit(Deliver{m.cfg.Self, p})
			continue
		}
		for at := 0; at == 0 || at < len(p); at += fragmentSize {
			m.emit(Multicast{encodeFragment(fragment{View: m.view.Ring, Offset: uint32(at), Size: uint32(len(p)),
				Data: p[at:min(at+fragmentSize, len(p))]})})
		}
	}
}

// assemble delivers a message when its last fragment is there.
func (m *Machine) assemble(from member.NodeID, f fragment) {
	if f.View != m.view.Ring {
		return // of another view: its sender sends it again
	}
	whole := f.Data
	if len(f.Data) < int(f.Size) {
		if int(f.Offset) != len(m.partials[from]) {
			m.note(Error, "a fragment does not fit and was dropped", "from", from, "offset", f.Offset)
			return
		}
		m.partials[from] = append(m.partials[from], f.Data...)
		if whole = m.partials[from]; len(whole) < int(f.Size) {
			return
		}
		delete(m.partials, from)
	}
	m.emit(Deliver{from, whole})
	if from == m.cfg.Self {
		m.outbox.arrived()
		m.flush()
	}
}
