package fence

import (
	"cmp"
	"slices"

	"mainstay/member"
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
// order of asking, and what is known from others only ends as they say.
func (m *Machine) remember(events []Event) {
	for _, e := range events {
		known := slices.IndexFunc(m.history, func(h Event) bool { return h.ID == e.ID })
		switch {
		case known < 0:
			m.record(e)
		case e.State != pending && m.foreign(m.history[known]):
			m.note(e.ID, func(h *Event) { *h = e })
		}
	}
	m.history = slices.Clone(m.history)
	slices.SortStableFunc(m.history, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Asked, b.Asked), cmp.Compare(a.ID, b.ID))
	})
}

// foreign tells whether an entry is of a request that is under way and not known
// here: it was asked for before this member came.
func (m *Machine) foreign(e Event) bool {
	return e.State == pending && !slices.ContainsFunc(m.requests, func(r *request) bool {
		return r.ID == e.ID || slices.ContainsFunc(r.merged, func(q Request) bool { return q.ID == e.ID })
	})
}

// bereave ends what is foreign here and was asked for by somebody who is gone, as
// those who know it do.
func (m *Machine) bereave(gone func(member.NodeID) bool, reason string, wall int64) {
	for _, e := range m.history {
		if m.foreign(e) && gone(e.Origin) {
			m.note(e.ID, func(h *Event) { h.State, h.Reason, h.Completed = failure, reason, wall })
		}
	}
}

// tell has the first of those who know a request tell the others, if there are any,
// how entries of it ended.
func (m *Machine) tell(r *request, ids ...string) {
	stranger := slices.ContainsFunc(m.members, func(n member.NodeID) bool { return !slices.Contains(r.knowers, n) })
	if !stranger || len(r.knowers) == 0 || r.knowers[0] != m.cfg.Self {
		return
	}
	var ended []Event
	for _, e := range m.history {
		if slices.Contains(ids, e.ID) && !slices.Contains(r.told, e.ID) {
			ended = append(ended, e)
		}
	}
	if r.told = append(r.told, ids...); len(ended) > 0 {
		m.emit(Announce{Remember{ended}})
	}
}
