package linux

import (
	"sync"

	"mainstay/internal/host"
)

// maxDatagrams is how many packets may wait for the loop; a flood beyond it is
// dropped, as any network may do. Everything else is never dropped.
const maxDatagrams = 8192

// queue holds completions until the loop asks for them. Nobody who puts
// something in ever waits, so nothing can lock up around it.
type queue struct {
	mu        sync.Mutex
	items     []host.Completion
	head      int
	datagrams int
	wake      chan struct{} // one token: something may be in
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// put adds a completion.
func (q *queue) put(c host.Completion) {
	q.mu.Lock()
	q.items = append(q.items, c)
	q.mu.Unlock()
	q.ring()
}

// putDatagrams adds packets, as far as there is room.
func (q *queue) putDatagrams(batch []host.Datagram) {
	q.mu.Lock()
	for i := range batch {
		if q.datagrams >= maxDatagrams {
			break
		}
		q.datagrams++
		q.items = append(q.items, batch[i])
	}
	q.mu.Unlock()
	q.ring()
}

func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// pop takes the oldest completion.
func (q *queue) pop() (host.Completion, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.items) {
		return nil, false
	}
	c := q.items[q.head]
	q.items[q.head] = nil
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
		if cap(q.items) > maxDatagrams {
			q.items = nil
		}
	}
	if _, ok := c.(host.Datagram); ok {
		q.datagrams--
	}
	return c, true
}
