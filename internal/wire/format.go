package wire

import (
	"encoding/binary"

	"mainstay/member"
)

// A packet is a header in the clear, which the seal covers too, and a body:
//
//	 0  2  magic "MS"
//	 2  1  version of the format
//	 3  1  kind
//	 4  4  id of the cluster key; 0: plain
//	 8  4  sender
//	12  4  receiver; 0: everybody
//	16  8  epoch: the sender's present life, random
//	24  8  counter: never twice in one epoch
//	32     body, sealed; of a hello the tag of the cluster's name comes before it
//
// Numbers are big-endian. The rest of the file reads and writes the bodies.
const (
	headerSize = 32
	helloClear = 4 // the tag
	sealSize   = 16
	version    = 1
	minPacket  = headerSize + plainSize
)

// Overhead is what the header and the seal add to a payload, in bytes.
const Overhead = headerSize + sealSize

type kind byte

const (
	kindData  kind = 1 + iota // a payload
	kindProbe                 // a heartbeat of one link
	kindHello                 // makes or renews a session
	kindBye                   // the sender ends
	kindPiece                 // a piece of a payload; see pieces.go
)

type header struct {
	kind    kind
	key     uint32
	from    member.NodeID
	to      member.NodeID
	epoch   uint64
	counter uint64
}

// put writes the header to the first bytes of b.
func (h header) put(b []byte) {
	b[0], b[1], b[2], b[3] = 'M', 'S', version, byte(h.kind)
	binary.BigEndian.PutUint32(b[4:], h.key)
	binary.BigEndian.PutUint32(b[8:], uint32(h.from))
	binary.BigEndian.PutUint32(b[12:], uint32(h.to))
	binary.BigEndian.PutUint64(b[16:], h.epoch)
	binary.BigEndian.PutUint64(b[24:], h.counter)
}

// ours tells whether a datagram has the format, of this version.
func ours(b []byte) bool {
	return len(b) >= minPacket && b[0] == 'M' && b[1] == 'S' && b[2] == version &&
		kind(b[3]) >= kindData && kind(b[3]) <= kindPiece
}

// readHeader reads the header of a datagram that is ours.
func readHeader(b []byte) header {
	return header{
		kind:    kind(b[3]),
		key:     binary.BigEndian.Uint32(b[4:]),
		from:    member.NodeID(binary.BigEndian.Uint32(b[8:])),
		to:      member.NodeID(binary.BigEndian.Uint32(b[12:])),
		epoch:   binary.BigEndian.Uint64(b[16:]),
		counter: binary.BigEndian.Uint64(b[24:]),
	}
}

// maxKeys is how many cluster keys a node shows to others.
const maxKeys = 4

// hello is what nodes tell each other until each has proof that the other lives
// now: whoever repeats a challenge that was just made up cannot be a recording.
type hello struct {
	challenge uint64 // for the receiver to repeat
	echo      uint64 // the receiver's challenge; 0: not known
	accepted  uint64 // the receiver's epoch that the sender takes packets of; 0: none
	answer    bool   // the sender wants an answer
	keys      []uint32
}

func (h hello) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, h.challenge)
	b = binary.BigEndian.AppendUint64(b, h.echo)
	b = binary.BigEndian.AppendUint64(b, h.accepted)
	b = append(b, flag(h.answer))
	return appendKeys(b, h.keys)
}

func readHello(b []byte) (h hello, ok bool) {
	r := reading{b: b}
	h.challenge, h.echo, h.accepted = r.u64(), r.u64(), r.u64()
	h.answer = r.u8() != 0
	h.keys = r.keys()
	return h, r.ok()
}

// probe is a heartbeat. Times are in microseconds of the sender's clock and wrap.
type probe struct {
	link     int
	answer   bool     // the sender wants an answer at once
	large    bool     // padded to the size of the largest packets
	seq      uint32   // counts the probes on this link to this node
	sent     uint32   // when
	echo     uint32   // sent of the last probe that the receiver sent on this link
	delay    uint32   // how long ago that one came; noEcho: none came yet
	gotLarge uint32   // seq of the receiver's last large probe that came
	got      uint8    // of the last 32 probes of the receiver on this link
	expected uint8    // at most 32
	ages     []uint16 // per link, how long ago the receiver was heard there, in ms; never: longer
	keys     []uint32
}

const (
	noEcho = 1<<32 - 1
	never  = 1<<16 - 1
)

func (p probe) append(b []byte) []byte {
	b = append(b, byte(p.link), flag(p.answer)|flag(p.large)<<1)
	b = binary.BigEndian.AppendUint32(b, p.seq)
	b = binary.BigEndian.AppendUint32(b, p.sent)
	b = binary.BigEndian.AppendUint32(b, p.echo)
	b = binary.BigEndian.AppendUint32(b, p.delay)
	b = binary.BigEndian.AppendUint32(b, p.gotLarge)
	b = append(b, p.got, p.expected, byte(len(p.ages)))
	for _, a := range p.ages {
		b = binary.BigEndian.AppendUint16(b, a)
	}
	return appendKeys(b, p.keys)
}

func readProbe(b []byte) (p probe, ok bool) {
	r := reading{b: b}
	p.link = int(r.u8())
	flags := r.u8()
	p.answer, p.large = flags&1 != 0, flags&2 != 0
	p.seq, p.sent, p.echo, p.delay = r.u32(), r.u32(), r.u32(), r.u32()
	p.gotLarge = r.u32()
	p.got, p.expected = r.u8(), r.u8()
	n := int(r.u8())
	if n > MaxLinks || p.link >= MaxLinks {
		return p, false
	}
	for range n {
		p.ages = append(p.ages, r.u16())
	}
	p.keys = r.keys()
	return p, r.ok()
}

func appendKeys(b []byte, keys []uint32) []byte {
	b = append(b, byte(len(keys)))
	for _, k := range keys {
		b = binary.BigEndian.AppendUint32(b, k)
	}
	return b
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// reading takes numbers from the front of a body; what is missing reads as zero
// and makes ok false. More than was asked for may follow: later versions add.
type reading struct {
	b    []byte
	over bool
}

func (r *reading) ok() bool { return !r.over }

func (r *reading) take(n int) []byte {
	if len(r.b) < n {
		r.over, r.b = true, nil
		return make([]byte, n)
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reading) u8() uint8   { return r.take(1)[0] }
func (r *reading) u16() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *reading) u32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }
func (r *reading) u64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }

func (r *reading) keys() []uint32 {
	n := int(r.u8())
	if n > maxKeys {
		r.over = true
		return nil
	}
	var out []uint32
	for range n {
		out = append(out, r.u32())
	}
	return out
}
