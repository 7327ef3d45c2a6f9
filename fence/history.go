package fence

import (
	"cmp"
	"slices"
)

// The states of an Event.
const (
	pending = "pending"
	success = "success"
	failure = "failed"
)

// maxHistory bounds the history, in events that have ended.
const maxHistory = 500

// History lists the requests, the oldest first. The caller must not change it.
func (m *Machine) History() []Event { return m.history }

func (m *Machine) record(e Event) {
	m.history = append(slices.Clip(m.history), e)
	if len(m.history) > maxHistory {
		i := slices.IndexFunc(m.history, func(e Event) bool { return e.State != pending })
		if i >= 0 {
			m.history = slices.Delete(slices.Clone(m.history), i, i+1)
		}
	}
}

// note changes an entry; the old list stays as it is for whoever holds it.
func (m *Machine) note(id string, change func(*Event)) {
	for i := len(m.history) - 1; i >= 0; i-- {
		if m.history[i].ID == id {
			m.history = slices.Clone(m.history)
			change(&m.history[i])
			return
		}
	}
}

// forget drops what has ended, of one target or, for "", of all.
func (m *Machine) forget(target string) {
	m.history = slices.DeleteFunc(slices.Clone(m.history), func(e Event) bool {
		return e.State != pending && (target == "" || e.Target == target)
	})
}

// remember merges the history of others: what is unknown here is added, in the
// order of asking.
func (m *Machine) remember(events []Event) {
	for _, e := range events {
		known := slices.ContainsFunc(m.history, func(h Event) bool { return h.ID == e.ID })
		if !known {
			m.record(e)
		}
	}
	m.history = slices.Clone(m.history)
	slices.SortStableFunc(m.history, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Asked, b.Asked), cmp.Compare(a.ID, b.ID))
	})
}
