package rehearse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mainstay/internal/sim"
)

// Kind is what a rehearsed fault does.
type Kind string

// The faults. What each is about stands behind the colon of its id.
const (
	Power   Kind = "power"   // a node loses its power for good: fencing does not bring it back
	Isolate Kind = "isolate" // all links of a node are cut
	Link    Kind = "link"    // one link of a node is cut; written link0, link1, …
	Daemon  Kind = "daemon"  // the node daemon is killed, and started again a second later
	Disk    Kind = "disk"    // the node's disk is full
	Monitor Kind = "monitor" // a service dies, and its monitor finds it stopped
	Start   Kind = "start"   // a service dies, and does not start again on that node
	Stop    Kind = "stop"    // a service fails, and cannot be stopped on that node
	Fence   Kind = "fence"   // a fence device fails when a node that it covers loses power
)

// Coordinator, in place of a node's name, is whoever coordinates at that moment.
const Coordinator = "coordinator"

// Fault is one thing that goes wrong in a rehearsal.
type Fault struct {
	Kind Kind
	On   string // node, Coordinator, service or fence device
	Link int    // of Link
}

// String is the fault's id, such as "power:node1" or "link0:node2".
func (f Fault) String() string {
	if f.Kind == Link {
		return fmt.Sprintf("link%d:%s", f.Link, f.On)
	}
	return string(f.Kind) + ":" + f.On
}

// Text tells the fault in words.
func (f Fault) Text() string {
	on := f.On
	if on == Coordinator {
		on = "the coordinator"
	}
	switch f.Kind {
	case Power:
		return on + " loses its power"
	case Isolate:
		return "all links of " + on + " are cut"
	case Link:
		return fmt.Sprintf("link %d of %s is cut", f.Link, on)
	case Daemon:
		return "the node daemon of " + on + " is killed"
	case Disk:
		return "the disk of " + on + " is full"
	case Monitor:
		return on + " dies"
	case Start:
		return on + " dies and does not start again there"
	case Stop:
		return on + " fails and cannot be stopped"
	case Fence:
		return "fence device " + on + " fails when a node loses its power"
	}
	return f.String()
}

// aboutNode tells whether the fault befalls a machine and not a service or device.
func (f Fault) aboutNode() bool {
	return slices.Contains([]Kind{Power, Isolate, Link, Daemon, Disk}, f.Kind)
}

// Phase is when a fault happens.
type Phase string

// The phases.
const (
	Idle     Phase = "idle"     // the cluster is whole and has nothing to do
	Recovery Phase = "recovery" // it is just recovering something: another service that died, or the first fault of a pair
	Degraded Phase = "degraded" // the first fault of a pair lasts, and all that could be done about it is done
)

// Case is one row of a rehearsal: one or two faults at a phase.
type Case struct {
	Faults []Fault
	Phase  Phase // of the last fault
}

// String is the row's id, such as "power:node1@idle" or "power:node1+stop:db@recovery".
func (c Case) String() string {
	var w []string
	for _, f := range c.Faults {
		w = append(w, f.String())
	}
	return strings.Join(w, "+") + "@" + string(c.Phase)
}

// Text tells the row in words.
func (c Case) Text() string {
	first, last := c.Faults[0].Text(), c.Faults[len(c.Faults)-1].Text()
	switch {
	case len(c.Faults) == 1 && c.Phase == Recovery:
		return last + " while another service is being recovered"
	case len(c.Faults) == 1:
		return last
	case c.Phase == Recovery:
		return first + "; while that is being recovered, " + last
	}
	return first + "; later, while that lasts, " + last
}

// Faults lists every single fault of a subject.
func (s *Subject) Faults() []Fault {
	var out []Fault
	add := func(k Kind, on string) { out = append(out, Fault{Kind: k, On: on}) }
	for _, k := range []Kind{Power, Isolate, Daemon, Disk} {
		for _, n := range s.Nodes {
			add(k, n)
		}
		if k == Power || k == Daemon {
			add(k, Coordinator)
		}
	}
	if s.Links > 1 {
		for _, n := range s.Nodes {
			for l := range s.Links {
				out = append(out, Fault{Kind: Link, On: n, Link: l})
			}
		}
	}
	for _, d := range s.Devices {
		add(Fence, d.ID)
	}
	for _, k := range []Kind{Monitor, Start, Stop} {
		for _, v := range s.Services {
			if !v.Disabled && !v.Unmanaged {
				add(k, v.ID)
			}
		}
	}
	return out
}

// Singles makes a row of each fault at each of the given phases.
func Singles(faults []Fault, phases []Phase) []Case {
	var out []Case
	for _, p := range phases {
		for _, f := range faults {
			if p != Degraded {
				out = append(out, Case{[]Fault{f}, p})
			}
		}
	}
	return out
}

// Pairs makes rows of every ordered pair of faults, the second while the first is
// being recovered and after that.
func Pairs(all []Fault) []Case {
	var out []Case
	for _, p := range []Phase{Recovery, Degraded} {
		for _, a := range all {
			for _, b := range all {
				if a != b {
					out = append(out, Case{[]Fault{a, b}, p})
				}
			}
		}
	}
	return out
}

// ParseCase reads a row's id. Without a phase the fault happens at Idle, the
// second of a pair at Recovery.
func (s *Subject) ParseCase(id string) (Case, error) {
	text, phase, _ := strings.Cut(id, "@")
	var c Case
	for _, w := range strings.Split(text, "+") {
		f, err := s.parseFault(w)
		if err != nil {
			return c, err
		}
		c.Faults = append(c.Faults, f)
	}
	if len(c.Faults) > 2 {
		return c, fmt.Errorf("row %q: at most two faults are played together", id)
	}
	c.Phase = Phase(phase)
	if phase == "" {
		c.Phase = []Phase{Idle, Recovery}[len(c.Faults)-1]
	}
	if !slices.Contains([]Phase{Idle, Recovery, Degraded}[len(c.Faults)-1:len(c.Faults)+1], c.Phase) {
		return c, fmt.Errorf("row %q: there is no phase %q for %s\n  remedy: write %s", id, phase,
			[]string{"one fault", "a pair"}[len(c.Faults)-1], []string{"@idle or @recovery", "@recovery or @degraded"}[len(c.Faults)-1])
	}
	return c, nil
}

func (s *Subject) parseFault(text string) (Fault, error) {
	kind, on, _ := strings.Cut(text, ":")
	f := Fault{Kind: Kind(kind), On: on}
	if n, ok := strings.CutPrefix(kind, string(Link)); ok {
		l, err := strconv.Atoi(n)
		if err != nil {
			return f, fmt.Errorf("fault %q: which link? write link0:NODE", text)
		}
		f.Kind, f.Link = Link, l
	}
	if !slices.Contains(s.Faults(), f) {
		return f, fmt.Errorf("there is no fault %q in this configuration\n  remedy: --list shows every row", text)
	}
	return f, nil
}

// means is what a fault is made of, at this moment: a service's fault befalls the
// machine that has it. It returns nothing if there is nobody to befall.
func (st *stage) means(f Fault) []sim.Fault {
	on := f.On
	if on == Coordinator {
		on = st.coordinator()
	}
	if f.aboutNode() && on == "" {
		return nil
	}
	switch f.Kind {
	case Power:
		return []sim.Fault{{Kind: sim.Dead, Node: on}}
	case Isolate:
		return []sim.Fault{{Kind: sim.LinkCut, Node: on, Link: sim.AllLinks}}
	case Link:
		return []sim.Fault{{Kind: sim.LinkCut, Node: on, Link: f.Link}}
	case Daemon:
		return []sim.Fault{{Kind: sim.DaemonKill, Node: on}}
	case Disk:
		return []sim.Fault{{Kind: sim.DiskFull, Node: on}}
	case Fence:
		return []sim.Fault{{Kind: sim.DeviceFails, Device: f.On}, {Kind: sim.Dead, Node: st.covered(f.On)}}
	}
	at := st.owner(f.On)
	if at == "" {
		return nil
	}
	crash := sim.Fault{Kind: sim.Crash, Resource: f.On, Node: at}
	switch f.Kind {
	case Start:
		return []sim.Fault{{Kind: sim.OpFails, Resource: f.On, Op: "start", Node: at}, crash}
	case Stop:
		return []sim.Fault{{Kind: sim.OpFails, Resource: f.On, Op: "stop", Node: at},
			{Kind: sim.OpFails, Resource: f.On, Op: "monitor", Node: at, Times: 1}}
	}
	return []sim.Fault{crash}
}
