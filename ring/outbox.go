package ring

import "encoding/binary"

// A data packet's body is a row of chunks. Each starts with a number whose low
// two bits are the kind and whose rest is the length of what follows.
const (
	chunkWhole  = iota // a whole message
	chunkFirst         // the beginning of one; its total length comes before the bytes
	chunkMiddle        // more of it
	chunkLast          // its end
)

// minFragment is the least room in a packet that is worth the beginning of a
// message that does not fit.
const minFragment = 64

// pending is a message that is not sent, or not to its end.
type pending struct {
	payload []byte
	off     int // bytes sent in this view
	safe    bool
}

// outbox is the queue of messages to be sent.
type outbox struct {
	items []pending
	head  int
	bytes int // left to be sent
}

// empty tells whether all is sent.
func (o *outbox) empty() bool { return o.head == len(o.items) }

// count is the number of messages that are not sent to their end.
func (o *outbox) count() int { return len(o.items) - o.head }

// push adds a message.
func (o *outbox) push(payload []byte, safe bool) {
	if o.head > 256 && o.head*2 > len(o.items) {
		n := copy(o.items, o.items[o.head:])
		clear(o.items[n:])
		o.items, o.head = o.items[:n], 0
	}
	o.items = append(o.items, pending{payload: payload, safe: safe})
	o.bytes += len(payload)
}

// packets estimates how many packets the queue fills, each with room bytes.
func (o *outbox) packets(room int) int {
	if o.empty() {
		return 0
	}
	return (o.bytes+3*o.count())/room + 1
}

// rewind makes a message that was begun in an old view start anew: its
// beginning is worth nothing to the members of the next one.
func (o *outbox) rewind() {
	if !o.empty() {
		o.bytes += o.items[o.head].off
		o.items[o.head].off = 0
	}
}

// fill appends chunks to a packet's body until the queue is empty or the packet
// is limit bytes long. A packet has messages of one kind only, safe or not.
func (o *outbox) fill(dst []byte, limit int) (packet []byte, safe bool) {
	start := len(dst)
	safe = !o.empty() && o.items[o.head].safe
	for !o.empty() && o.items[o.head].safe == safe {
		it := &o.items[o.head]
		rest := it.payload[it.off:]
		room := limit - len(dst)
		kind := chunkWhole
		if it.off > 0 {
			kind = chunkLast
		}
		if uvarintLen(uint64(len(rest))<<2)+len(rest) <= room {
			dst = appendChunk(dst, kind, len(it.payload), rest)
			o.bytes -= len(rest)
			o.items[o.head] = pending{}
			o.head++
			continue
		}
		if room < minFragment && len(dst) > start {
			break
		}
		kind = chunkMiddle
		if it.off == 0 {
			kind = chunkFirst
		}
		n := room - uvarintLen(uint64(room)<<2)
		if kind == chunkFirst {
			n -= uvarintLen(uint64(len(it.payload)))
		}
		n = min(n, len(rest)-1) // the last byte is for chunkLast
		dst = appendChunk(dst, kind, len(it.payload), rest[:n])
		it.off += n
		o.bytes -= n
		break
	}
	if o.empty() {
		o.items, o.head = o.items[:0], 0
	}
	return dst, safe
}

// appendChunk writes one chunk.
func appendChunk(dst []byte, kind, total int, part []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(part))<<2|uint64(kind))
	if kind == chunkFirst {
		dst = binary.AppendUvarint(dst, uint64(total))
	}
	return append(dst, part...)
}

// uvarintLen is the number of bytes that v takes.
func uvarintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}
