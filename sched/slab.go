package sched

import (
	"mainstay/cib"
	"mainstay/graph"
)

// slab hands out the values of one type from larger pieces of memory. All of
// them live as long as the plan, so that they need not be known one by one to
// the garbage collector; a piece is twice as large as the one before it, so that
// a small plan stays small.
type slab[T any] struct {
	free  []T
	piece int
}

// slabs is where what a plan consists of lives.
type slabs struct {
	acts   slab[action]
	tables slab[opActs]
	lists  slab[*action]
	edges  slab[edge]
	cands  slab[cand]
	rscs   slab[*rsc]
	locs   slab[location]
	scores slab[nodeScore]
	attrs  slab[cib.Attr]
	inputs slab[int]
	graph  slab[graph.Action]
}

const smallestPiece, largestPiece = 16, 1024

// one is a new value.
func (s *slab[T]) one() *T {
	if len(s.free) == 0 {
		s.refill(1)
	}
	v := &s.free[0]
	s.free = s.free[1:]
	return v
}

// list is an empty list with room for n values.
func (s *slab[T]) list(n int) []T {
	if len(s.free) < n {
		s.refill(n)
	}
	l := s.free[:0:n]
	s.free = s.free[n:]
	return l
}

func (s *slab[T]) refill(n int) {
	s.piece = min(max(smallestPiece, 2*s.piece), largestPiece)
	s.free = make([]T, max(n, s.piece))
}

// push appends to a list whose memory is of the slab.
func (s *slab[T]) push(l []T, v T) []T {
	if len(l) == cap(l) {
		l = append(s.list(max(2, 2*cap(l))), l...)
	}
	return append(l, v)
}
