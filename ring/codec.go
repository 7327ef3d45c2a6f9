package ring

import (
	"encoding/binary"

	"mainstay/member"
)

// Every packet starts with four bytes: the letter of the protocol, its
// version, the kind and flags. A packet of another version is not ours.
const (
	magic   = 'M'
	version = 2

	headerLen = 4
	// dataHeader is the header of a data packet: the four bytes, ring
	// representative, ring sequence, sequence number, token sequence, sender.
	dataHeader = headerLen + 4 + 8 + 8 + 8 + 4
)

// The kinds of packets.
const (
	kindData = iota + 1
	kindToken
	kindAck
	kindWake
	kindJoin
	kindCommit
	kindAnnounce
	kindGoodbye
	kindClaims
)

// The flags.
const (
	flagRecovered = 1 << iota // data: the body is a packet of an earlier ring
	flagInstalled             // token: the new view may be installed
	flagWaits                 // join: the sender waits for the ring to form
	flagPaused                // join: the sender was paused
	flagFresh                 // join: the sender has had no view yet
	flagSafe                  // data: its messages are delivered when every member has it
	flagPromised              // token: somebody is waiting to know what is safe
)

// writer appends fields to a packet.
type writer struct{ b []byte }

func newWriter(kind, flags byte, size int) *writer {
	return &writer{b: append(make([]byte, 0, size), magic, version, kind, flags)}
}

func (w *writer) u8(v byte)            { w.b = append(w.b, v) }
func (w *writer) u64(v uint64)         { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *writer) uv(v uint64)          { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) id(v member.NodeID)   { w.uv(uint64(v)) }
func (w *writer) ring(r member.RingID) { w.id(r.Rep); w.uv(r.Seq) }
func (w *writer) seat(s seat)          { w.id(s.id); w.u64(s.inc) }
func (w *writer) ids(v []member.NodeID) {
	w.uv(uint64(len(v)))
	for _, id := range v {
		w.id(id)
	}
}

// reader takes fields off a packet; after the first error all are zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() { r.b, r.bad = nil, true }

func (r *reader) u8() byte {
	if len(r.b) < 1 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) u64() uint64 {
	if len(r.b) < 8 {
		r.fail()
		return 0
	}
	v := binary.BigEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) uv() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) id() member.NodeID {
	v := r.uv()
	if v > 1<<32-1 {
		r.fail()
		return 0
	}
	return member.NodeID(v)
}

func (r *reader) ring() member.RingID { return member.RingID{Rep: r.id(), Seq: r.uv()} }
func (r *reader) seat() seat          { return seat{id: r.id(), inc: r.u64()} }

// count reads a number of elements, at most limit.
func (r *reader) count(limit int) int {
	v := r.uv()
	if v > uint64(limit) {
		r.fail()
		return 0
	}
	return int(v)
}

func (r *reader) ids() []member.NodeID {
	n := r.count(MaxMembers)
	if n == 0 {
		return nil
	}
	out := make([]member.NodeID, 0, n)
	for range n {
		out = append(out, r.id())
	}
	return out
}

// done tells whether the packet was well-formed and had nothing left.
func (r *reader) done() bool { return !r.bad && len(r.b) == 0 }

// open checks the common header and returns kind, flags and the rest.
func open(b []byte) (kind, flags byte, body []byte, ok bool) {
	if len(b) < headerLen || b[0] != magic || b[1] != version {
		return 0, 0, nil, false
	}
	return b[2], b[3], b[headerLen:], true
}

// dataInfo are the fields of a data packet's header.
type dataInfo struct {
	ring member.RingID
	tseq uint64 // of the token that its sender held
	packet
}

// putDataHeader writes the header of a data packet into b's first bytes.
func putDataHeader(b []byte, flags byte, ring member.RingID, seq, tseq uint64, sender member.NodeID) {
	b[0], b[1], b[2], b[3] = magic, version, kindData, flags
	binary.BigEndian.PutUint32(b[4:], uint32(ring.Rep))
	binary.BigEndian.PutUint64(b[8:], ring.Seq)
	binary.BigEndian.PutUint64(b[16:], seq)
	binary.BigEndian.PutUint64(b[24:], tseq)
	binary.BigEndian.PutUint32(b[32:], uint32(sender))
}

// parseData reads a data packet; the packet's body is not looked into.
func parseData(b []byte) (d dataInfo, ok bool) {
	if len(b) < dataHeader || b[0] != magic || b[1] != version || b[2] != kindData {
		return d, false
	}
	d.ring = member.RingID{Rep: member.NodeID(binary.BigEndian.Uint32(b[4:])), Seq: binary.BigEndian.Uint64(b[8:])}
	d.tseq = binary.BigEndian.Uint64(b[24:])
	d.packet = packet{
		seq:       binary.BigEndian.Uint64(b[16:]),
		sender:    member.NodeID(binary.BigEndian.Uint32(b[32:])),
		recovered: b[3]&flagRecovered != 0,
		safe:      b[3]&flagSafe != 0,
		body:      b[dataHeader:],
		raw:       b,
	}
	return d, d.seq > 0 && d.sender != 0
}
