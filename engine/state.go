package engine

import (
	"fmt"
	"slices"
	"time"

	"mainstay/cib"
	"mainstay/conf"
	"mainstay/control"
	"mainstay/fence"
	"mainstay/lrm"
	"mainstay/member"
	"mainstay/quorum"
)

// Alarm is something that an operator should know of.
type Alarm struct {
	Kind   string // "wrong key", "disk", "duplicate node id", …
	Source string // node, address or file
	Text   string
	Remedy string
	Since  time.Time
	Last   time.Time
	Count  int
}

// alarms are kept by kind and source, in the order in which they first came.
type alarms struct{ list []Alarm }

// maxAlarms bounds what a hostile network can make a node remember.
const maxAlarms = 100

func (a *alarms) raise(x Alarm, wall time.Time) {
	x.Count = max(x.Count, 1)
	for i := range a.list {
		if have := &a.list[i]; have.Kind == x.Kind && have.Source == x.Source {
			have.Text, have.Remedy, have.Last = x.Text, x.Remedy, wall
			have.Count += x.Count
			return
		}
	}
	x.Since, x.Last = wall, wall
	if len(a.list) < maxAlarms {
		a.list = append(a.list, x)
	}
}

func (a *alarms) clear(kind string) {
	a.list = slices.DeleteFunc(a.list, func(x Alarm) bool { return x.Kind == kind })
}

// Link is the state of one link to one peer.
type Link struct {
	Node member.NodeID
	Link int
	Addr string
	Up   bool
	RTT  time.Duration // smoothed; 0 if not known
	Loss float64       // share of packets lost on the way to Node, 0 to 1
	MTU  int           // bytes of the largest payload that arrives; 0 if not known
}

type links struct{ list []Link }

func newLinks(c *conf.Config, self member.NodeID) links {
	var l links
	for _, n := range c.Nodes {
		if n.ID == self {
			continue
		}
		for i, addr := range n.Addrs {
			l.list = append(l.list, Link{Node: n.ID, Link: i, Addr: addr})
		}
	}
	return l
}

// keep takes over a new set of links; what is known of those that stay is kept.
func (l *links) keep(next links) {
	for i := range next.list {
		n := &next.list[i]
		for _, have := range l.list {
			if have.Node == n.Node && have.Link == n.Link && have.Addr == n.Addr {
				*n = have
			}
		}
	}
	l.list = next.list
}

// set takes over what is known of a link, and tells whether it came up or went down.
func (l *links) set(in LinkState) bool {
	for i := range l.list {
		if x := &l.list[i]; x.Node == in.Node && x.Link == in.Link {
			was := x.Up
			x.Up, x.RTT, x.Loss, x.MTU = in.Up, in.RTT, in.Loss, in.MTU
			return x.Up != was
		}
	}
	return false
}

// linkState takes over the state of a link. That it came up or went down is an
// event; measurements are not.
func (e *Engine) linkState(in LinkState) {
	e.dirty = true
	if !e.links.set(in) {
		return
	}
	state := "down"
	if in.Up {
		state = "up"
	}
	name := e.nameOf(in.Node)
	e.event("link", fmt.Sprintf("link %d to %s is %s", in.Link, name, state), "node", name, "link", in.Link, "up", in.Up)
}

// State is what displays show of a node; neither its slices nor what they point to
// may be changed: later states share them.
type State struct {
	CIB         *cib.Elem
	View        member.View
	Synced      bool
	Quorum      quorum.State
	Coordinator member.NodeID
	Control     control.State
	Number      int
	Links       []Link
	Alarms      []Alarm
	Fencing     []fence.Event
	Transitions []*Transition
	Activity    []lrm.Activity
	Leaving     bool
}

// State returns the present state.
func (e *Engine) State() State {
	s := State{
		CIB: e.replica.Root(), View: e.view, Synced: e.replica.Synced(), Quorum: e.votes,
		Coordinator: e.replica.Coordinator(), Control: e.control.State(), Number: e.control.Number(),
		Links: slices.Clone(e.links.list), Alarms: slices.Clone(e.alarms.list),
		Fencing: e.fence.History(), Activity: e.lrm.Activities(), Transitions: e.history.kept, Leaving: e.leaving.asked,
	}
	return s
}

// Changed tells whether State would differ from what it was when this was last
// asked, and returns what happened since.
func (e *Engine) Changed() (bool, []Event) {
	dirty, events := e.dirty, e.events
	e.dirty, e.events = false, nil
	return dirty, events
}
