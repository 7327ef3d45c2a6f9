package attr

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/cib"
)

// Machine holds what this node was told about attributes until the status has
// it. Make it with New.
type Machine struct {
	cfg     Config
	entries []*entry // sorted by node, name, set
	delays  map[delayKey]time.Duration
	out     []Effect
}

// entry is one attribute on its way to the status, or a private one.
type entry struct {
	node, name, set, setType, user string
	value                          string
	deleted                        bool
	private                        bool
	pending                        bool          // to be written
	due                            time.Duration // when, at the latest; 0: at once
}

// delayKey names what a dampening applies to: an attribute on all nodes.
type delayKey struct{ name, set string }

// New makes a Machine that holds nothing.
func New(cfg Config) *Machine {
	return &Machine{cfg: cfg, delays: map[delayKey]time.Duration{}}
}

// Step takes an input at a monotonic time and returns what is to be done.
func (m *Machine) Step(now time.Duration, in Input) []Effect {
	m.out = nil
	m.settle()
	switch in := in.(type) {
	case Tick:
	case Set:
		m.set(now, in)
	case Flush:
		for _, e := range m.entries {
			e.due = 0
		}
	case Forget:
		m.entries = slices.DeleteFunc(m.entries, func(e *entry) bool { return e.node == in.Node })
	case Reached:
		m.reached(in.Node, in.Change)
	case Joined:
		m.repeat()
	}
	m.write(now)
	return m.out
}

// Wake is when the next Tick is wanted; 0: never.
func (m *Machine) Wake() time.Duration {
	var at time.Duration
	for _, e := range m.entries {
		if e.pending && e.due > 0 && (at == 0 || e.due < at) {
			at = e.due
		}
	}
	return at
}

// present looks an attribute up in the status.
func (m *Machine) present(node, set, name string) (string, bool) {
	if m.cfg.Present == nil {
		return "", false
	}
	return m.cfg.Present(node, set, name)
}

// settle drops what has reached the status.
func (m *Machine) settle() {
	if m.cfg.Present == nil {
		return
	}
	m.entries = slices.DeleteFunc(m.entries, func(e *entry) bool { return !e.private && !e.pending && m.arrived(e) })
}

func (m *Machine) arrived(e *entry) bool {
	v, ok := m.present(e.node, e.set, e.name)
	return ok == !e.deleted && (e.deleted || v == e.value)
}

// reached drops what was written and is made, unless it was changed since.
func (m *Machine) reached(node string, c Change) {
	i, found := m.find(node, c.Name, c.SetID)
	if !found {
		return
	}
	if e := m.entries[i]; !e.private && !e.pending && e.value == c.Value && e.deleted == c.Delete {
		m.entries = slices.Delete(m.entries, i, i+1)
	}
}

// repeat says again what was written but is not in the status. Only what is
// about this node: of another one somebody else may know better by now.
func (m *Machine) repeat() {
	if m.cfg.Present == nil {
		return
	}
	for _, e := range m.entries {
		if e.node == m.cfg.Self && !e.private {
			e.pending = true
		}
	}
}

func (m *Machine) find(node, name, set string) (int, bool) {
	return slices.BinarySearchFunc(m.entries, entry{node: node, name: name, set: set}, func(e *entry, k entry) int {
		return cmp.Or(strings.Compare(e.node, k.node), strings.Compare(e.name, k.name), strings.Compare(e.set, k.set))
	})
}

func (m *Machine) set(now time.Duration, in Set) {
	if in.Node == "" {
		in.Node = m.cfg.Self
	}
	key := delayKey{in.Name, in.SetID}
	if _, has := m.delays[key]; in.Delay >= 0 && (in.Only != Value || !has) {
		m.delays[key] = in.Delay
		m.redate(now, key)
	}
	if in.Only == Delay {
		return
	}
	i, found := m.find(in.Node, in.Name, in.SetID)
	value := in.Value
	if by, ok := increment(in.Name, in.Value); ok && !in.Delete {
		value = m.count(in, by)
	}
	if in.Delete {
		value = ""
	}
	private := in.Private || found && m.entries[i].private
	if private && in.Delete {
		if found {
			m.entries = slices.Delete(m.entries, i, i+1)
		}
		return
	}
	e := &entry{node: in.Node, name: in.Name, set: in.SetID, setType: in.SetType, user: in.User, value: value, deleted: in.Delete, private: private}
	if !private {
		m.schedule(now, e, i, found)
		if !e.pending {
			// it is as it was: a change that waited is called off
			if found {
				m.entries = slices.Delete(m.entries, i, i+1)
			}
			return
		}
	}
	if found {
		m.entries[i] = e
	} else {
		m.entries = slices.Insert(m.entries, i, e)
	}
}

// schedule sets when a change is written. A further change of what already waits
// does not put the writing off: what is dampened arrives at most one delay late.
func (m *Machine) schedule(now time.Duration, e *entry, i int, found bool) {
	flying := found && !m.entries[i].pending
	if !flying && m.cfg.Present != nil && m.arrived(e) {
		return
	}
	e.pending = true
	if found && m.entries[i].pending {
		e.due = m.entries[i].due
		return
	}
	if d := m.delays[delayKey{e.name, e.set}]; d > 0 {
		e.due = now + d
	}
}

// redate applies a changed dampening to what waits.
func (m *Machine) redate(now time.Duration, key delayKey) {
	for _, e := range m.entries {
		if !e.pending || e.name != key.name || e.set != key.set {
			continue
		}
		if d := m.delays[key]; d > 0 {
			e.due = now + d
		} else {
			e.due = 0
		}
	}
}

// increment reads a value that counts: by how much.
func increment(name, value string) (int, bool) {
	for _, p := range []string{"value", name} {
		if rest, ok := strings.CutPrefix(value, p); ok && strings.HasPrefix(rest, "+") {
			value = rest
			break
		}
	}
	if value == "++" {
		return 1, true
	}
	if n, ok := strings.CutPrefix(value, "+="); ok {
		by, err := cib.ParseScore(n)
		return by, err == nil
	}
	return 0, false
}

// count adds to the present value; what is not a number counts as 0.
func (m *Machine) count(in Set, by int) string {
	base := ""
	if i, found := m.find(in.Node, in.Name, in.SetID); found {
		base = m.entries[i].value
	} else {
		base, _ = m.present(in.Node, in.SetID, in.Name)
	}
	n, err := cib.ParseScore(base)
	if err != nil {
		n = 0
	}
	sum := cib.AddScores(n, by)
	if sum >= cib.Infinity || sum <= -cib.Infinity {
		return cib.FormatScore(sum)
	}
	return strconv.Itoa(sum)
}

// write emits what is due,
// one Write per node.
func (m *Machine) write(now time.Duration) {
	var w *Write
	end := func() {
		if w != nil {
			m.out = append(m.out, *w)
			w = nil
		}
	}
	for _, e := range m.entries {
		if !e.pending || e.due > now {
			continue
		}
		if w != nil && w.Node != e.node {
			end()
		}
		if w == nil {
			w = &Write{Node: e.node}
		}
		e.pending, e.due = false, 0
		w.Changes = append(w.Changes, Change{Name: e.name, Value: e.value, Delete: e.deleted, SetID: e.set, SetType: e.setType, User: e.user})
	}
	end()
	if m.cfg.Present == nil {
		// nobody tells when a removal has arrived
		m.entries = slices.DeleteFunc(m.entries, func(e *entry) bool { return e.deleted && !e.pending })
	}
}

// Attributes lists what is held, sorted by node, name and set.
func (m *Machine) Attributes() []Attribute {
	list := make([]Attribute, 0, len(m.entries))
	for _, e := range m.entries {
		list = append(list, Attribute{Node: e.node, Name: e.name, Value: e.value, SetID: e.set,
			Delay: m.delays[delayKey{e.name, e.set}], Deleted: e.deleted, Private: e.private, Pending: e.pending})
	}
	return list
}
