package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/engine"
	"mainstay/graph"
	"mainstay/member"
)

// The checkers. They look at the world (power, links, what agents did to it), and
// at what the daemons published only where a law is about that.

// laws remembers what the checkers need.
type laws struct {
	quietTime time.Duration     // how long nothing may have troubled a machine that counts as well
	hashes    map[string]string // view and version → hash of the CIB
	minuted   time.Duration     // when the minorities were looked at last
	unfenced  bool              // fencing is switched off: one owner is not promised
	lax       bool              // resources may run without quorum: no-quorum-policy says so
	restless  bool              // it was told that the cluster does not come to rest
	demote    bool              // promotable resources go on without quorum, but not promoted
	// excused says that resources may run without quorum or outlive a shutdown: an
	// operator took them out of the cluster's hands.
	excused bool
}

func newLaws(token time.Duration) laws {
	return laws{quietTime: 3 * token, hashes: map[string]string{}}
}

// read takes over what a configuration says of the laws.
func (l *laws) read(root *cib.Elem) {
	off := func(v string) bool { return v == "false" || v == "0" || v == "no" || v == "off" }
	l.unfenced = off(cib.Property(root, "fencing-enabled", cib.Property(root, "stonith-enabled", "true")))
	policy := cib.Property(root, "no-quorum-policy", "stop")
	l.lax = policy == "ignore" || policy == "freeze"
	l.demote = policy == "demote"
}

// troubled notes that something happens to a machine that may well make others
// think ill of it.
func (m *Machine) troubled() { m.trouble = m.world.Now }

// reaches tells whether packets pass both ways between two machines whose daemons run.
func (w *World) reaches(a, b *Machine) bool {
	if a == b {
		return true
	}
	for l := range a.Addrs {
		if w.passes(a, b, l) && w.passes(b, a, l) {
			return true
		}
	}
	return false
}

// awake tells whether the machine's daemon runs.
func (m *Machine) awake() bool { return m.powered && !m.frozen && m.daemon != nil }

// side lists the machines that a machine reaches, itself among them, and tells
// whether they all reach each other.
func (w *World) side(m *Machine) (who []*Machine, whole bool) {
	for _, o := range w.Machines {
		if o.awake() && w.reaches(m, o) {
			who = append(who, o)
		}
	}
	for _, a := range who {
		for _, b := range w.Machines {
			if b.awake() && w.reaches(a, b) != slices.Contains(who, b) {
				return who, false
			}
		}
	}
	return who, true
}

// well tells whether a machine has been a sound part of the greater side for so
// long that nobody has a reason to fence it.
func (w *World) well(m *Machine) bool {
	if !m.awake() || w.Now-max(m.trouble, m.torn) < w.laws.quietTime || m.stopFailed || w.Net.rough() {
		return false
	}
	who, whole := w.side(m)
	return whole && 2*len(who) > len(w.Machines)
}

// needless tells why a fencing that begins now has no reason, "" if it may have one.
func (w *World) needless(m *Machine) string {
	switch {
	case m.ordered:
	case w.well(m):
		return fmt.Sprintf("%s ran and was connected for %.1f s", m.Name, (w.Now - m.trouble).Seconds())
	case m.left && w.remembered(m):
		return m.Name + " left in order"
	}
	return ""
}

// minority tells for how long a running machine has not reached enough others for
// a quorum, 0 if it reaches them.
func (w *World) minority(m *Machine) time.Duration {
	if !m.awake() {
		return 0
	}
	if who, _ := w.side(m); 2*len(who) > len(w.Machines) {
		return 0
	}
	if len(w.Machines) == 2 && m.sawAll { // two_node with wait_for_all, votequorum(5)
		return 0
	}
	since := m.trouble
	for _, o := range w.Machines {
		since = max(since, o.trouble)
	}
	return w.Now - since
}

// noteTorn notes who is among machines that do not all reach each other: whom they
// leave out is theirs to choose, and it takes them a while after one of them died.
func (w *World) noteTorn() {
	if len(w.Net.cut) == 0 && !slices.ContainsFunc(w.Machines, func(m *Machine) bool { return len(m.unplugged) > 0 }) {
		return
	}
	for _, m := range w.Machines {
		if _, whole := w.side(m); m.awake() && !whole {
			m.torn = w.Now
		}
	}
}

// unseenStop is the end of a service on a machine that the others could not hear of.
type unseenStop struct {
	machine *Machine
	boots   int
}

// noteStop remembers who had a service last, if it ended where nobody else could see it.
func (w *World) noteStop(service, machine string, r Role) {
	delete(w.unseen, service)
	i := slices.IndexFunc(w.Machines, func(m *Machine) bool { return m.Name == machine })
	if r != Stopped || i < 0 || !w.Machines[i].powered {
		return
	}
	m := w.Machines[i]
	if who, _ := w.side(m); !m.awake() || len(who) <= 1 {
		w.unseen[service] = unseenStop{m, m.boots}
	}
}

// checkRecovery looks whether a machine starts what another one may still run for
// all that can be known: that one has to be off first, or to say what it runs.
func (w *World) checkRecovery(m *Machine, c call) {
	s, ok := w.Agents.services.find(c.service)
	if !ok || w.laws.unfenced && !w.goOn || c.op != "start" || s.Max != 1 && !s.Unique {
		return
	}
	for _, o := range w.Agents.Owners(c.service) {
		if o != m.Name {
			w.breakLaw("fence, then recover", "%s starts %s, which %s still has", m.Name, c.service, o)
		}
	}
	u, ok := w.unseen[c.service]
	if ok && u.machine != m && u.machine.powered && u.machine.boots == u.boots && !slices.Contains(w.members(m), u.machine) {
		w.breakLaw("fence, then recover", "%s starts %s, which %s had and gave up where nobody could know", m.Name, c.service, u.machine.Name)
	}
}

// checkStart looks whether a machine may start or promote a service.
func (w *World) checkStart(m *Machine, c call) {
	w.checkRecovery(m, c)
	if w.laws.lax || w.laws.demote && c.op == "start" && w.Agents.services.promotable[c.rsc] {
		return
	}
	if d := w.minority(m); d > w.laws.quietTime {
		w.breakLaw("no quorum, no start", "%s: %s of %s, without quorum for %.1f s", m.Name, c.op, c.service, d.Seconds())
	}
}

// stopBound is how long after the loss of quorum a machine may still run resources:
// detection, a round of plans, and agents that take their time.
const stopBound = 60 * time.Second

// looked is how often the world is searched for minorities.
const looked = 500 * time.Millisecond

// checkMinorities looks for machines that still run something long after they lost quorum.
func (w *World) checkMinorities() {
	if w.Now < w.laws.minuted+looked {
		return
	}
	w.laws.minuted = w.Now
	w.noteTorn()
	if w.laws.lax {
		return
	}
	for _, m := range w.Machines {
		if d := w.minority(m); d < stopBound || m.stopFailed || w.laws.excused {
			continue
		}
		if held := w.heldWithoutQuorum(m); len(held) > 0 {
			w.breakLaw("no quorum", "%s still runs %s after %.0f s without", m.Name, strings.Join(held, " "), w.minority(m).Seconds())
		}
	}
}

// heldWithoutQuorum lists what a machine without quorum runs and should not.
func (w *World) heldWithoutQuorum(m *Machine) []string {
	return slices.DeleteFunc(w.Agents.On(m.Name), func(service string) bool {
		rsc, _, _ := strings.Cut(service, ":")
		return w.laws.demote && w.Agents.services.promotable[rsc] && w.Agents.Role(service, m.Name) == Started
	})
}

// check looks at the laws after every event.
func (w *World) check() {
	for _, s := range w.Agents.touched {
		w.checkOwners(s)
	}
	w.Agents.touched = w.Agents.touched[:0]
	for _, look := range w.later {
		look()
	}
	w.later = w.later[:0]
	w.checkMinorities()
}

// checkOwners looks whether a service is on too many machines.
func (w *World) checkOwners(service string) {
	if w.laws.unfenced && !w.goOn {
		return
	}
	s, ok := w.Agents.services.find(service)
	if !ok {
		s = Service{Max: 1}
	}
	most := s.Max
	if s.Unique {
		most = 1
	}
	if have := w.Agents.Owners(service); len(have) > most {
		w.breakLaw("one owner", "%s is active on %s", service, strings.Join(have, " and "))
	}
	if have := w.Agents.Promoted(service); len(have) > s.PromotedMax {
		w.breakLaw("one promoted", "%s is promoted on %s", service, strings.Join(have, " and "))
	}
}

// checkLeave looks whether a daemon that left in order left something behind.
func (w *World) checkLeave(m *Machine) {
	held := w.Agents.On(m.Name)
	if len(held) > 0 && !m.stopFailed && !w.laws.excused {
		w.breakLaw("a node leaves in order", "%s still runs %s", m.Name, strings.Join(held, " "))
	}
	m.left = w.well(m) && len(held) == 0
	if m.left {
		who, _ := w.side(m)
		m.knowers = map[string]int{}
		for _, o := range who {
			if o != m {
				m.knowers[o.Name] = o.life
			}
		}
	}
}

// remembered tells whether a running daemon knows that a machine left in order:
// that is not on any disk.
func (w *World) remembered(m *Machine) bool {
	for _, o := range w.Machines {
		if life, ok := m.knowers[o.Name]; ok && o.daemon != nil && o.life == life {
			return true
		}
	}
	return false
}

// spread lets the members of a synced view know who left in order.
func (c *Cluster) spread(s *engine.State) {
	for _, m := range c.Machines {
		if !m.left {
			continue
		}
		for _, id := range s.View.Members {
			if !c.knows(m, id) {
				continue
			}
			for _, to := range s.View.Members {
				o := c.byID(to)
				m.knowers[o.Name] = o.life
			}
			break
		}
	}
}

func (c *Cluster) knows(m *Machine, id member.NodeID) bool {
	o := c.byID(id)
	life, ok := m.knowers[o.Name]
	return ok && o.life == life
}

// byID is the machine of a node.
func (c *Cluster) byID(id member.NodeID) *Machine {
	n, ok := c.conf.Node(id)
	if !ok {
		panic("sim: no node " + id.String())
	}
	return c.Machine(n.Name)
}

// checkState looks at what a daemon published.
func (c *Cluster) checkState(m *Machine, s *engine.State) {
	c.checkRest(m, s)
	c.operator.apart = c.operator.apart || c.apart(m, s)
	if s.Synced {
		c.spread(s)
		if len(s.View.Members) > 1 { // whom it meets it tells
			maps.DeleteFunc(c.unseen, func(_ string, u unseenStop) bool { return u.machine == m })
		}
		m.sawAll = m.sawAll || len(s.View.Members) == len(c.Machines)
		v := cib.VersionOf(s.CIB)
		at := fmt.Sprintf("view %s version %d.%d.%d", s.View.Ring, v.AdminEpoch, v.Epoch, v.NumUpdates)
		sum := cib.Hash(s.CIB)
		if have, ok := c.laws.hashes[at]; ok && have != string(sum[:]) {
			c.breakLaw("one history", "%s holds another CIB than others in %s", m.Name, at)
		}
		c.laws.hashes[at] = string(sum[:])
	}
}

// checkRest looks whether a coordinator finds that the same plans come up for ever
// although nothing is wrong any more. A part without quorum may find so until it has
// heard the others again: it tells its clones again and again of stops that are blocked.
func (c *Cluster) checkRest(m *Machine, s *engine.State) {
	i := slices.IndexFunc(s.Alarms, func(a engine.Alarm) bool { return a.Kind == "restless" })
	if i >= 0 && c.whole && s.Quorum.Quorate && !c.laws.restless {
		c.laws.restless = true
		c.breakLaw("it ends", "%s: %s", m.Name, s.Alarms[i].Text)
	}
}

// checkReasons looks whether every action of a plan has a reason.
func (c *Cluster) checkReasons(m *Machine, t *engine.Transition) {
	for _, a := range t.Graph.Actions {
		if a.Kind != graph.Pseudo && a.Reason == "" {
			c.breakLaw("no action without a reason", "%s plans %s on %s", m.Name, a.Key, a.Node)
			return
		}
	}
}
