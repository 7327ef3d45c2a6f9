package rehearse

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/control"
	"mainstay/engine"
	"mainstay/internal/sim"
)

// Limits of a play, in simulated time.
const (
	// horizon ends a play in which things go on for ever.
	horizon = 10 * time.Minute
	// patience ends one in which a cluster that is not done changes nothing any more.
	patience = 90 * time.Second
	// restart is how long a killed daemon is away: RestartSec of its unit, and starting.
	restart = 200 * time.Millisecond
	// within is how long after a plan was made the fault happens at phase Recovery.
	within = 20 * time.Millisecond
)

// play plays a case on a cluster at rest and tells what it saw; afterwards the
// faults are repaired, but the cluster need not be as before.
func (st *stage) play(c Case) *Row {
	st.Forget()
	p := &performance{stage: st, start: st.Now, before: st.present(), state: st.state()}
	p.lead = st.coordinator()
	for i, f := range c.Faults {
		last := i == len(c.Faults)-1
		if last && c.Phase == Recovery {
			p.disturb(c)
		}
		if last && c.Phase == Degraded {
			p.watch()
		}
		p.inject(f)
	}
	p.void = len(p.faults) == 0
	p.watch()
	row := p.observe(c)
	p.repair()
	p.afterwards(row)
	p.judge(row)
	row.story = p.narrate()
	return row
}

// performance is one play under way.
type performance struct {
	*stage
	start   time.Duration // of the play
	hit     time.Duration // of the last fault
	before  placement
	state   *engine.State
	lead    string // who coordinated when it began
	faults  []sim.Fault
	stories []entry // what the play itself did
	deaths  []death
	until   time.Duration // what must be noticed has been noticed by then
	settled bool
	other   string // the service whose recovery is disturbed
	void    bool   // no fault found anybody to befall
}

// disturb has the cluster recover something: at a single fault another service
// that dies, at a pair the first fault. It returns when a plan is being carried out.
func (p *performance) disturb(c Case) {
	if len(c.Faults) == 1 {
		v := p.bystander(c.Faults[0])
		if v == "" {
			return
		}
		p.other = v
		p.tell("%s dies on %s", v, p.owner(v))
		p.crash(sim.Fault{Kind: sim.Crash, Resource: v, Node: p.owner(v)})
	}
	limit := max(p.until, p.Now+3*p.subject.Token+5*time.Second)
	for (p.Now < limit || p.unnoticed()) && !p.busy() {
		p.Run(p.Now + 10*time.Millisecond)
	}
	p.Run(p.Now + within)
}

// busy tells whether somebody carries out a plan.
func (p *performance) busy() bool {
	for _, m := range p.Running() {
		if s := p.State(m.Name); s != nil && (s.Control == control.Transition || s.Control == control.Aborting) {
			return true
		}
	}
	return false
}

// bystander is a service that a fault is not about, on another machine if possible.
func (p *performance) bystander(f Fault) string {
	on := f.On
	if !f.aboutNode() && f.Kind != Fence {
		on = p.owner(f.On)
	}
	near := ""
	for _, v := range p.subject.Services {
		at := p.owner(v.ID)
		if v.ID == f.On || at == "" || v.Clone != "" || !v.Monitored {
			continue
		}
		if at != on {
			return v.ID
		}
		if near == "" {
			near = v.ID
		}
	}
	return near
}

// inject lets a fault happen now.
func (p *performance) inject(f Fault) {
	p.hit = p.Now
	if f.aboutNode() || f.Kind == Fence {
		p.until = max(p.until, p.Now+2*p.subject.Token)
	}
	means := p.means(f)
	if means == nil {
		p.tell("%s: there is nobody to befall", f.Text())
		return
	}
	p.tell("%s%s", f.Text(), where(f, means))
	for _, m := range means {
		p.faults = append(p.faults, m)
		if m.Kind == sim.Crash || m.Kind == sim.OpFails && m.Op == "monitor" {
			p.crash(m)
			continue
		}
		p.Inject(m)
		if m.Kind == sim.DaemonKill {
			name := m.Node
			p.At(p.Now+restart, "the daemon's supervisor", func() { p.Machine(name).StartDaemon() })
		}
	}
}

// where says on which node a fault happens if its text does not.
func where(f Fault, means []sim.Fault) string {
	node := means[len(means)-1].Node
	if f.On == Coordinator || !f.aboutNode() {
		return " (" + node + ")"
	}
	return ""
}

// death is a service that failed, to be noticed by its monitor.
type death struct {
	rsc, node string
	at        time.Duration
	interval  time.Duration // of the monitor; 0: there is none
	found     time.Duration // when it was noticed; 0: not yet
	monitor   bool          // by its monitor
}

// crash makes a service fail.
func (p *performance) crash(f sim.Fault) {
	d := death{rsc: f.Resource, node: f.Node, at: p.Now, interval: p.interval(f.Resource, f.Node)}
	p.deaths = append(p.deaths, d)
	p.Inject(f)
}

// interval is how often a service is monitored on a machine; 0 if it is not.
func (p *performance) interval(id, node string) time.Duration {
	var least time.Duration
	if s := p.State(node); s != nil {
		for _, a := range s.Activity {
			if base(a.Rsc) == id && a.Op == "monitor" && a.Interval > 0 && (least == 0 || a.Interval < least) {
				least = a.Interval
			}
		}
	}
	return least
}

// unnoticed tells whether a failure is still to be found by a monitor.
func (p *performance) unnoticed() bool {
	waits := false
	for i := range p.deaths {
		d := &p.deaths[i]
		if d.found == 0 && d.interval > 0 && p.Now < d.at+2*d.interval+time.Second {
			p.notice(d)
			waits = waits || d.found == 0
		}
	}
	return waits
}

// notice finds out when a node said that a monitor of the service failed, or when for
// another reason the service was started there, is not watched there any more, or lost
// its machine. What becomes of it elsewhere is not to the point: a side of a split that
// has not noticed yet may start it again.
func (p *performance) notice(d *death) {
	for _, e := range p.Entries(d.at) {
		if e.Kind == "operation" && e.Node == d.node && arg(e, "failed") == true && base(keyOf(e)) == d.rsc {
			d.found, d.monitor = e.At, true
			return
		}
	}
	for _, c := range p.Changes(d.at) {
		if base(c.Service) == d.rsc && c.Machine == d.node && c.At > d.at {
			d.found = c.At
			return
		}
	}
	if !p.Machine(d.node).Powered() || p.interval(d.rsc, d.node) == 0 {
		d.found = p.Now
	}
}

// extra is how much longer a service may have been away before its monitor ran: a
// service can fail right after a monitor found it well, which is the worst case.
func (p *performance) extra(id string) time.Duration {
	for _, d := range p.deaths {
		if d.rsc == id && d.monitor {
			return max(0, d.interval-(d.found-d.at))
		}
	}
	return 0
}

// watch lets time pass until the cluster has done what it can.
func (p *performance) watch() {
	begin, quiet := p.Now, time.Duration(0)
	p.settled = false
	for p.Now < begin+horizon {
		p.Run(p.Now + step)
		if p.Now < p.until || p.unnoticed() || !p.done() {
			quiet = 0
		} else if quiet += step; quiet >= calm && !p.mistaken() {
			if p.SkipReboot() { // it may bring more
				quiet = 0
				continue
			}
			p.settled = true
			break
		}
		if !p.unnoticed() && p.Now > max(p.until, p.moved())+patience+p.subject.Boot || p.endless() {
			break
		}
	}
	p.settled = p.settled || p.done()
}

// mistaken tells whether a monitor has yet to find that a service is not where the
// cluster believes it to be.
func (p *performance) mistaken() bool {
	if p.Now > p.moved()+patience {
		return false
	}
	for _, v := range p.subject.Services {
		if v.Disabled || !v.Monitored || p.owner(v.ID) != "" {
			continue
		}
		for _, m := range p.Machines {
			if p.interval(v.ID, m.Name) > 0 {
				return true
			}
		}
	}
	return false
}

// moved is when something last changed in the world.
func (p *performance) moved() time.Duration {
	at := p.hit
	if c := p.Changes(p.start); len(c) > 0 {
		at = max(at, c[len(c)-1].At)
	}
	if f := p.Fencings(p.start); len(f) > 0 && f[len(f)-1].Done {
		at = max(at, f[len(f)-1].At)
	}
	return at
}

// How often something happens until it is taken to go on for ever.
const (
	fenceLoop = 4  // one node fenced
	restless  = 30 // one service started and stopped on one machine
)

// endless tells whether something has happened so often that it will go on.
func (p *performance) endless() bool {
	node, _ := p.fencedMost()
	v, _ := p.restless()
	return node != "" || v != ""
}

// fencedMost is a node that is fenced again and again, "" if there is none.
func (p *performance) fencedMost() (string, int) {
	count := map[string]int{}
	for _, f := range p.Fencings(p.start) {
		if f.Done && f.Action != "on" {
			if count[f.Target]++; count[f.Target] >= fenceLoop {
				return f.Target, count[f.Target]
			}
		}
	}
	return "", 0
}

// restless is a service that starts and stops again and again.
func (p *performance) restless() (string, int) {
	type key struct{ v, m string }
	count := map[key]int{}
	for _, c := range p.Changes(p.start) {
		k := key{c.Service, c.Machine}
		if count[k]++; count[k] >= restless {
			return c.Service, count[k]
		}
	}
	return "", 0
}

// repair mends everything and has the cluster forget failures once it is whole.
func (p *performance) repair() {
	for _, f := range p.faults {
		p.Repair(f)
	}
	for _, m := range p.Machines {
		m.PowerOn()
		m.StartDaemon()
	}
	p.tell("everything is repaired")
	p.settle(repairLimit)
}

// failure is a resource that has failed on a node.
type failure struct{ rsc, node string }

// failures lists what the cluster remembers, from fail counts and from records of
// operations that failed last.
func (st *stage) failures() []failure {
	var out []failure
	s := st.state()
	if s == nil {
		return nil
	}
	for n := range s.CIB.Child("status").Named("node_state") {
		n.Walk(func(e *cib.Elem) bool {
			switch e.Name() {
			case "nvpair":
				if name, ok := strings.CutPrefix(e.Get("name"), "fail-count-"); ok {
					rsc, _, _ := strings.Cut(name, "#")
					out = append(out, failure{rsc, n.Get("uname")})
				}
			case "lrm_resource":
				for op := range e.Named("lrm_rsc_op") {
					if strings.HasSuffix(op.ID(), "_last_failure_0") {
						out = append(out, failure{base(e.ID()), n.Get("uname")})
					}
				}
			}
			return true
		})
	}
	slices.SortFunc(out, func(a, b failure) int { return cmp.Or(cmp.Compare(a.rsc, b.rsc), cmp.Compare(a.node, b.node)) })
	return slices.Compact(out)
}

// forget has failures forgotten, as an operator does after repairs.
func (st *stage) forget() {
	at := st.coordinator()
	if at == "" {
		return
	}
	for _, f := range st.failures() {
		st.Ask(at, engine.Forget{Resource: f.rsc, Node: f.node}, func(engine.Reply) {})
	}
	st.Run(st.Now + step)
	st.settle(repairLimit)
}

// restore brings the cluster back to where it was at rest; it tells whether that
// succeeded.
func (st *stage) restore() bool {
	if st.atRest() {
		return true
	}
	st.Agents.Hurry = true
	defer func() { st.Agents.Hurry = false }()
	st.forget()
	if st.atRest() {
		return true
	}
	if !st.whole() {
		return false
	}
	st.sendHome()
	return st.atRest()
}

// atRest tells whether the cluster is as it was in the beginning.
func (st *stage) atRest() bool {
	return st.whole() && st.done() && st.present().same(st.rest) && st.config() == st.epoch && len(st.failures()) == 0
}
