package ring

import "mainstay/member"

// maxSpan is the largest distance between the first and the last packet that a
// log holds. Flow control keeps far below it; it bounds what a bad packet costs.
const maxSpan = 1 << 13

// packet is a data packet of a ring.
type packet struct {
	seq       uint64 // place in the ring's order, from 1
	sender    member.NodeID
	recovered bool   // body is a packet of an earlier ring
	safe      bool   // not to be delivered before every member has it
	body      []byte // part of raw
	raw       []byte // as it travels
}

// packetLog holds the data packets of one ring that some member may still lack.
type packetLog struct {
	slots []packet // circular, its length a power of two; empty where raw is nil
	low   uint64   // all up to here are discarded
	aru   uint64   // all up to here were received ("all received up to")
	high  uint64   // highest received
}

// get returns the packet with a number, or nil.
func (l *packetLog) get(seq uint64) *packet {
	if seq <= l.low || seq > l.high {
		return nil
	}
	p := &l.slots[seq&uint64(len(l.slots)-1)]
	if p.raw == nil || p.seq != seq {
		return nil
	}
	return p
}

// put adds a packet; false if it is known already or absurdly far ahead.
func (l *packetLog) put(p packet) bool {
	if p.seq <= l.low || p.seq-l.low > maxSpan || l.get(p.seq) != nil {
		return false
	}
	for p.seq-l.low > uint64(len(l.slots)) {
		l.grow()
	}
	l.slots[p.seq&uint64(len(l.slots)-1)] = p
	l.high = max(l.high, p.seq)
	for l.get(l.aru+1) != nil {
		l.aru++
	}
	return true
}

// grow doubles the room.
func (l *packetLog) grow() {
	old := l.slots
	l.slots = make([]packet, max(64, 2*len(old)))
	for _, p := range old {
		if p.raw != nil {
			l.slots[p.seq&uint64(len(l.slots)-1)] = p
		}
	}
}

// discard forgets all up to seq, which must have been received.
func (l *packetLog) discard(seq uint64) {
	for seq = min(seq, l.aru); l.low < seq; {
		l.low++
		l.slots[l.low&uint64(len(l.slots)-1)] = packet{}
	}
}
