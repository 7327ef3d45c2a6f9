package node

import (
	"context"
	"sync"

	"mainstay/engine"
	"mainstay/internal/web"
)

// watchers are the clients that follow what happens.
type watchers struct {
	mu   sync.Mutex
	next int
	all  map[int]chan web.Event
}

// watchBuffer is how many events a slow reader may lag behind before it misses some.
const watchBuffer = 256

// Watch implements web.Cluster.
func (c *Cluster) Watch(ctx context.Context) <-chan web.Event {
	ch := make(chan web.Event, watchBuffer)
	w := &c.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[int]chan web.Event{}
	}
	w.next++
	id := w.next
	w.all[id] = ch
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, id)
		close(ch)
	})
	return ch
}

// tell passes events on without waiting for anybody. A change without an event of
// its own is told as a change of the CIB.
func (w *watchers) tell(self string, events []engine.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) == 0 {
		return
	}
	out := []web.Event{{Kind: web.EventCIB, Node: self}}
	for _, e := range events {
		out = append(out, web.Event{At: e.At.Wall, Kind: kindOf(e.Kind), Node: self, Text: e.Text})
	}
	for _, ch := range w.all {
		for _, e := range out {
			select {
			case ch <- e:
			default:
			}
		}
	}
}

func kindOf(kind string) web.EventKind {
	switch kind {
	case "view", "synced", "goodbye":
		return web.EventView
	case "planned", "transition", "operation":
		return web.EventTransition
	case "link":
		return web.EventLink
	case "fence", "fenced":
		return web.EventFence
	}
	return web.EventCIB
}
