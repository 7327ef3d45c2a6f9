package transit

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
		s.ahead.push(i)
	} else {
		s.behind.push(i)
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
		i := s.ahead.pop()
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

// ints is a heap of indices: none is above its children at 2i+1 and 2i+2.
type ints []int

// push adds an index.
func (h *ints) push(x int) {
	l := append(*h, x)
	i := len(l) - 1
	for i > 0 && l[(i-1)/2] > x {
		l[i] = l[(i-1)/2]
		i = (i - 1) / 2
	}
	l[i] = x
	*h = l
}

// pop takes the smallest index out of a heap that is not empty.
func (h *ints) pop() int {
	l := *h
	least, x := l[0], l[len(l)-1]
	l = l[:len(l)-1]
	i := 0
	for c := 1; c < len(l); c = 2*i + 1 {
		if c+1 < len(l) && l[c+1] < l[c] {
			c++
		}
		if l[c] >= x {
			break
		}
		l[i] = l[c]
		i = c
	}
	if len(l) > 0 {
		l[i] = x
	}
	*h = l
	return least
}
