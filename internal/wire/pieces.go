package wire

import "encoding/binary"

// A payload that is too large for a path goes in pieces, each a packet of its own:
//
//	0  8  counter of the packet that the whole payload would be
//	8  1  place of the piece, from 0
//	9  1  how many pieces there are
//	10    the piece
//
// The counter lets a receiver know a payload that came whole over another link.
const pieceHeader = 10

// split makes the pieces of a payload, none larger than limit.
func (m *Mux) split(k *clusterKey, whole header, data []byte, limit int) [][]byte {
	room := limit - pieceHeader
	n := (len(data) + room - 1) / room
	out := make([][]byte, 0, n)
	for i := range n {
		b := binary.BigEndian.AppendUint64(nil, whole.counter)
		b = append(b, byte(i), byte(n))
		b = append(b, data[i*room:min((i+1)*room, len(data))]...)
		m.counter++
		h := whole
		h.kind, h.counter = kindPiece, m.counter
		out = append(out, k.send.packet(h, b))
	}
	return out
}

// assembly is a payload of which some pieces have come.
type assembly struct {
	counter uint64
	left    int
	pieces  [][]byte
}

// maxAssemblies is how many payloads of one peer may be incomplete; the oldest is
// given up for a new one.
const maxAssemblies = 16

// takePiece takes a piece of a payload.
func (m *Mux) takePiece(p *peer, b []byte) bool {
	if len(b) <= pieceHeader {
		return false
	}
	counter, i, n := binary.BigEndian.Uint64(b), int(b[8]), int(b[9])
	if i >= n {
		return false
	}
	if !p.seen.fresh(counter) {
		return true // it came whole already
	}
	a := p.assembling(counter, n)
	if len(a.pieces) != n {
		return false
	}
	if a.pieces[i] == nil {
		a.pieces[i] = b[pieceHeader:]
		a.left--
	}
	if a.left > 0 {
		return true
	}
	var whole []byte
	for _, piece := range a.pieces {
		whole = append(whole, piece...)
	}
	a.counter, a.pieces = 0, nil
	if len(whole) > MaxPayload {
		return false
	}
	p.seen.mark(counter)
	m.emit(Received{p.id, whole})
	return true
}

// assembling finds the payload of a counter among the incomplete ones, or begins it.
func (p *peer) assembling(counter uint64, n int) *assembly {
	oldest := 0
	for i := range p.partial {
		if p.partial[i].counter == counter {
			return &p.partial[i]
		}
		if p.partial[i].counter < p.partial[oldest].counter {
			oldest = i
		}
	}
	if len(p.partial) < maxAssemblies {
		p.partial = append(p.partial, assembly{})
		oldest = len(p.partial) - 1
	}
	a := &p.partial[oldest]
	*a = assembly{counter: counter, left: n, pieces: make([][]byte, n)}
	return a
}
