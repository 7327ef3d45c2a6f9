package transit

import "container/heap"

// sweep is the order in which ready steps are looked at: upwards through the
// graph, then again from its beginning for what became ready behind the
// present position. A step made ready ahead of the position runs in the same
// pass. That order shows in the simulator's output.
type sweep struct {
	ahead  ints // at or above the position, smallest first
	behind ints // below the position: the next pass
	held   []int
	pos    int
	gone   map[int]bool // dropped while in one of the lists
}

// add makes a step a candidate.
func (s *sweep) add(i int) {
	if i >= s.pos {
		heap.Push(&s.ahead, i)
	} else {
		heap.Push(&s.behind, i)
	}
}

// drop takes a candidate out again.
func (s *sweep) drop(i int) {
	if s.gone == nil {
		s.gone = map[int]bool{}
	}
	s.gone[i] = true
}

// release makes what was held a candidate again.
func (s *sweep) release() {
	for _, i := range s.held {
		s.add(i)
	}
	s.held = s.held[:0]
}

// verdict is what the caller says of a candidate.
type verdict int

const (
	take  verdict = iota // run it
	hold                 // look at it again after release
	leave                // never look at it again
)

// take removes and returns the next candidate that may run.
func (s *sweep) take(judge func(int) verdict) (int, bool) {
	for {
		if len(s.ahead) == 0 {
			if len(s.behind) == 0 {
				return 0, false
			}
			s.ahead, s.behind, s.pos = s.behind, s.ahead, 0
		}
		i := heap.Pop(&s.ahead).(int)
		if s.gone[i] {
			continue
		}
		switch judge(i) {
		case take:
			s.pos = i + 1
			return i, true
		case hold:
			s.held = append(s.held, i)
		}
	}
}

// ints is a heap of indices.
type ints []int

func (h ints) Len() int           { return len(h) }
func (h ints) Less(i, j int) bool { return h[i] < h[j] }
func (h ints) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is heap.Interface's.
func (h *ints) Push(x any) { *h = append(*h, x.(int)) }

// Pop is heap.Interface's.
func (h *ints) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
