package sim

import (
	"cmp"
	"slices"
	"time"

	"mainstay/cib"
	"mainstay/engine"
)

// Role is what a service is on a machine.
type Role int

// The roles.
const (
	Stopped Role = iota
	Started
	Promoted
)

// String names a role.
func (r Role) String() string { return [...]string{"stopped", "started", "promoted"}[r] }

// Change says that a service took another role on a machine: a fact of the world,
// whatever the daemons believe.
type Change struct {
	At      time.Duration
	Service string // resource id; instances of a unique clone as "id:0"
	Machine string
	Role    Role
}

// Fencing is one press of a fence device's button.
type Fencing struct {
	At     time.Duration
	Target string
	Action string
	Device string // "" if the agent's parameters do not tell which
	OK     bool   // the device said that it did
	Done   bool   // it did: the machine lost power, or was off already
}

// Span is a stretch of time. End is the moment of asking if it lasts.
type Span struct {
	Begin, End time.Duration
	Lasts      bool
}

// Long is how long the span is.
func (s Span) Long() time.Duration { return s.End - s.Begin }

// Changes lists what services did since an instant, oldest first.
func (w *World) Changes(since time.Duration) []Change {
	i, _ := slices.BinarySearchFunc(w.changes, since, func(c Change, t time.Duration) int { return cmp.Compare(c.At, t) })
	return w.changes[i:]
}

// Fencings lists what fence devices did since an instant, oldest first.
func (w *World) Fencings(since time.Duration) []Fencing {
	i, _ := slices.BinarySearchFunc(w.fencing, since, func(f Fencing, t time.Duration) int { return cmp.Compare(f.At, t) })
	return w.fencing[i:]
}

// Counted lists the stretches since an instant in which the number of machines
// that have a service in at least a role satisfies a condition: fewer than one is
// an outage, more than one a double owner.
func (w *World) Counted(service string, least Role, since time.Duration, cond func(n int) bool) []Span {
	has := map[string]bool{}
	var out []Span
	open := false
	begin := since
	note := func(at time.Duration) {
		at = max(at, since)
		switch is := cond(len(has)); {
		case is && !open:
			open, begin = true, at
		case !is && open:
			open = false
			if at > begin {
				out = append(out, Span{Begin: begin, End: at})
			}
		}
	}
	started := false
	for _, c := range w.changes {
		if c.Service != service {
			continue
		}
		if c.At > since && !started {
			started = true
			note(since)
		}
		if c.Role >= least {
			has[c.Machine] = true
		} else {
			delete(has, c.Machine)
		}
		if c.At > since {
			note(c.At)
		}
	}
	if !started {
		note(since)
	}
	if open {
		out = append(out, Span{Begin: begin, End: w.Now, Lasts: true})
	}
	return out
}

// Outages are the stretches since an instant in which no machine had a service in
// at least the given role.
func (w *World) Outages(service string, least Role, since time.Duration) []Span {
	return w.Counted(service, least, since, func(n int) bool { return n < 1 })
}

// Doubles are the stretches since an instant in which more than max machines had it.
func (w *World) Doubles(service string, least Role, max int, since time.Duration) []Span {
	return w.Counted(service, least, since, func(n int) bool { return n > max })
}

// Entry is something that a node said happened: a view, a plan, an operation, a
// fencing (engine.Event).
type Entry struct {
	At   time.Duration
	Node string
	engine.Event
}

// Entries lists what nodes said since an instant, oldest first. Every member of a
// view tells of what the view agreed on.
func (c *Cluster) Entries(since time.Duration) []Entry {
	i, _ := slices.BinarySearchFunc(c.entries, since, func(e Entry, t time.Duration) int { return cmp.Compare(e.At, t) })
	return c.entries[i:]
}

// Transition is a plan of a coordinator, with reasons and result.
type Transition struct {
	At   time.Duration // when it was first published
	Node string
	*engine.Transition
}

// Transitions lists all plans that nodes made since an instant, oldest first, in
// the last form in which they were published. Started is the planner's wall clock.
func (c *Cluster) Transitions(since time.Duration) []Transition {
	var out []Transition
	for _, t := range c.plans {
		if t.at >= since && t.last != nil {
			out = append(out, Transition{t.at, t.node, t.last})
		}
	}
	return out
}

// Forget drops what was observed until now, for clusters that run on for long. What
// counts owners (Counted, Outages, Doubles) knows of none before.
func (c *Cluster) Forget() {
	c.changes, c.fencing, c.entries, c.story, c.broken = nil, nil, nil, nil, nil
	c.laws.hashes = map[string]string{}
	var kept []plan
	newest := map[planKey]int{} // by it a node's plans are told from those not seen yet
	for _, m := range c.Machines {
		if s := c.state[m.Name]; s != nil && len(s.Transitions) > 0 {
			key := planKey{m.Name, m.life, s.Transitions[len(s.Transitions)-1].Number}
			if i, ok := c.planAt[key]; ok {
				newest[key] = len(kept)
				kept = append(kept, plan{at: c.plans[i].at, node: m.Name})
			}
		}
	}
	c.planAt, c.plans = newest, kept
}

// plan is a transition under observation.
type plan struct {
	at   time.Duration
	node string
	last *engine.Transition
}

// observe keeps what a daemon published.
func (c *Cluster) observe(m *Machine, s *engine.State, events []engine.Event) {
	c.state[m.Name] = s
	for _, e := range events {
		c.entries = append(c.entries, Entry{c.Now, m.Name, e})
	}
	old := len(s.Transitions)
	for old > 0 && !c.seen(m, s.Transitions[old-1]) {
		old--
	}
	for _, t := range s.Transitions[old:] {
		c.planAt[planKey{m.Name, m.life, t.Number}] = len(c.plans)
		c.plans = append(c.plans, plan{c.Now, m.Name, t})
		c.checkReasons(m, t)
	}
	// Who has not met the others yet, or lost its disk and has no quorum, does not know
	// what counts.
	if v := cib.VersionOf(s.CIB); s.Synced && (s.Quorum.Quorate || v.Compare(c.knownAs) >= 0) {
		c.learn(s.CIB)
		c.knownAs = v
	}
	c.checkState(m, s)
}

// seen takes over the present form of a transition that was seen before.
func (c *Cluster) seen(m *Machine, t *engine.Transition) bool {
	i, seen := c.planAt[planKey{m.Name, m.life, t.Number}]
	if seen {
		c.plans[i].last = t
	}
	return seen
}

// planKey names a transition: numbers begin anew when a disk is lost.
type planKey struct {
	node   string
	life   int
	number int
}
