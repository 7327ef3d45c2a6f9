package linux

import (
	"sync"
	"sync/atomic"

	"mainstay/internal/host"
)

// queue holds what other goroutines have for the loop until it asks for it.
// Nobody who puts something in ever waits, so nothing can lock up around it.
type queue struct {
	mu    sync.Mutex
	items []host.Completion
	head  int
	some  atomic.Bool // there are items
	ring  func()      // wakes the loop
}

// keepItems is how much room an empty queue keeps.
const keepItems = 8192

func newQueue(ring func()) *queue { return &queue{ring: ring} }

// put adds a completion.
func (q *queue) put(c host.Completion) {
	q.mu.Lock()
	q.items = append(q.items, c)
	q.some.Store(true)
	q.mu.Unlock()
	q.ring()
}

func (q *queue) empty() bool { return !q.some.Load() }

// pop takes the oldest completion.
func (q *queue) pop() (host.Completion, bool) {
	if q.empty() {
		return nil, false
	}
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
		q.some.Store(false)
		if cap(q.items) > keepItems {
			q.items = nil
		}
	}
	return c, true
}
