package ring

import (
	"slices"

	"mainstay/member"
)

// maxRequests bounds the retransmission requests that a token carries.
const maxRequests = 64

// share is what the token knows of one member since it visited it last.
type share struct {
	aru     uint64          // the member received all packets up to here
	backlog uint32          // packets that it still wants to send
	sent    uint32          // packets that it sent during the visit
	claims  []member.NodeID // nodes that it cannot work with
}

// token is the regular token: who holds it may send.
type token struct {
	ring      member.RingID
	tseq      uint64        // grows with each hop
	seq       uint64        // of the last data packet
	rest      member.NodeID // where it rests when there is nothing to do: the last sender
	installed bool          // the view is installed, no recovery any more
	shares    []share       // in the order of the ring's roster
	requests  []uint64      // packets that somebody lacks
	promised  uint64        // last packet that is to be delivered when it is safe; 0 if all know that it is
	told      uint64        // members (by place) that know that it is
}

// encode writes the token.
func (t *token) encode() []byte {
	var flags byte
	if t.installed {
		flags = flagInstalled
	}
	if t.promised != 0 {
		flags |= flagPromised
	}
	w := newWriter(kindToken, flags, 40+8*len(t.shares)+3*len(t.requests))
	w.ring(t.ring)
	w.uv(t.tseq)
	w.uv(t.seq)
	w.id(t.rest)
	w.uv(uint64(len(t.shares)))
	for _, s := range t.shares {
		w.uv(t.seq - s.aru)
		w.uv(uint64(s.backlog))
		w.uv(uint64(s.sent))
		w.ids(s.claims)
	}
	w.uv(uint64(len(t.requests)))
	for _, q := range t.requests {
		w.uv(t.seq - q)
	}
	if t.promised != 0 {
		w.uv(t.seq - t.promised)
		w.uv(t.told)
	}
	return w.b
}

// parseToken reads a token.
func parseToken(flags byte, body []byte) (*token, bool) {
	r := reader{b: body}
	t := &token{ring: r.ring(), tseq: r.uv(), seq: r.uv(), rest: r.id(), installed: flags&flagInstalled != 0}
	n := r.count(MaxMembers)
	t.shares = make([]share, 0, n)
	for range n {
		lag, backlog, sent, claims := r.uv(), r.uv(), r.uv(), r.ids()
		if lag > t.seq || backlog > 1<<31 || sent > 1<<31 {
			return nil, false
		}
		t.shares = append(t.shares, share{aru: t.seq - lag, backlog: uint32(backlog), sent: uint32(sent), claims: claims})
	}
	for range r.count(maxRequests) {
		back := r.uv()
		if back >= t.seq {
			return nil, false
		}
		t.requests = append(t.requests, t.seq-back)
	}
	if flags&flagPromised != 0 {
		back := r.uv()
		if back >= t.seq {
			return nil, false
		}
		t.promised, t.told = t.seq-back, r.uv()
	}
	return t, r.done()
}

// safe is the packet up to which every member has received everything.
func (t *token) safe() uint64 {
	low := t.seq
	for _, s := range t.shares {
		low = min(low, s.aru)
	}
	return low
}

// settled tells whether every member has everything that was sent.
func (t *token) settled() bool { return t.safe() == t.seq }

// othersWaiting tells whether a member other than the i-th wants to send.
func (t *token) othersWaiting(i int) bool {
	for j, s := range t.shares {
		if j != i && s.backlog > 0 {
			return true
		}
	}
	return false
}

// active counts the members that sent during the last visit or want to send.
func (t *token) active() int {
	n := 0
	for _, s := range t.shares {
		if s.backlog > 0 || s.sent > 0 {
			n++
		}
	}
	return n
}

// request adds a packet to the requests, if there is room.
func (t *token) request(seq uint64) bool {
	if len(t.requests) >= maxRequests || slices.Contains(t.requests, seq) {
		return false
	}
	t.requests = append(t.requests, seq)
	return true
}

// ack says that a token or commit token has come.
type ack struct {
	ring member.RingID
	tseq uint64
}

func (a ack) encode() []byte {
	w := newWriter(kindAck, 0, 32)
	w.ring(a.ring)
	w.uv(a.tseq)
	return w.b
}

func parseAck(body []byte) (ack, bool) {
	r := reader{b: body}
	a := ack{ring: r.ring(), tseq: r.uv()}
	return a, r.done()
}

// wake asks whoever holds the ring's token to let it go.
type wake struct{ ring member.RingID }

func (k wake) encode() []byte {
	w := newWriter(kindWake, 0, 24)
	w.ring(k.ring)
	return w.b
}

func parseWake(body []byte) (wake, bool) {
	r := reader{b: body}
	k := wake{ring: r.ring()}
	return k, r.done()
}
