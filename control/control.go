// Package control is the coordinator's mind: it notices that the CIB changed,
// has the scheduler plan, has the transition carried out, and judges what comes
// back. Every node has one; it acts only while its node coordinates a synced
// view. It is a pure step machine.
package control

import (
	"fmt"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/graph"
	"mainstay/member"
	"mainstay/replica"
	"mainstay/sched"
	"mainstay/transit"
)

// Config is what a control needs to know of its node.
type Config struct {
	Self      member.NodeID
	Name      string
	Nodes     int    // configured members
	UUID      string // of this run of the daemon; stands in transition keys
	NodeLimit int    // operations that a node may have under way, 0: no limit
	// FirstNumber is the number of the first transition.
	FirstNumber int
}

// State is what a control is about.
type State string

// The states.
const (
	NotCoordinator State = "not coordinator"
	Settling       State = "settling"   // a new cluster waits for its nodes
	Idle           State = "idle"       // nothing to do
	Transition     State = "transition" // a graph is being carried out
	Aborting       State = "aborting"   // a graph's last actions are waited for
	Holding        State = "holding"    // waits before it tries again what failed
)

// Time is an instant on both clocks.
type Time struct {
	Mono time.Duration
	Wall time.Time
}

// Input is what happens to a control.
type Input interface{ input() }

// The inputs.
type (
	// Unsynced says that a new view begins: what the coordinator ordered is void.
	Unsynced struct{}
	// Synced says that the view agreed, and whether this node coordinates it.
	Synced struct {
		View member.View
		Me   bool
		CIB  *cib.Elem
		// New is true if no member was part of a quorate view since it started: a
		// cluster that starts waits a little for its nodes before it fences the missing.
		New bool
		// Patience is how long to wait before anything is planned, because a node that
		// is not in the view can still be heard: it may be back at once.
		Patience time.Duration
	}
	// Durable says that every member has on disk what was changed so far.
	Durable struct{}
	// Deaf ends the patience: who is not in the view is not heard either.
	Deaf struct{}
	// Changed is a change of the CIB in a synced view.
	Changed struct {
		CIB    *cib.Elem
		Config bool
		Update *replica.Update
	}
	// Fenced is the end of a fencing request.
	Fenced struct {
		Target string
		Action string
		OK     bool
		Reason string
	}
	// Jumped says that somebody set this node's wall clock: what is due at a time of
	// day may be due now.
	Jumped struct{}
	// Tick says that time has passed.
	Tick struct{}
)

func (Unsynced) input() {}
func (Synced) input()   {}
func (Changed) input()  {}
func (Deaf) input()     {}
func (Durable) input()  {}
func (Fenced) input()   {}
func (Jumped) input()   {}
func (Tick) input()     {}

// Effect is what a control wants done.
type Effect interface{ effect() }

// The effects.
type (
	// Order asks a node to carry out an action.
	Order struct {
		Node   string
		Key    Key
		Action *graph.Action
	}
	// Fence asks for a node to be fenced.
	Fence struct {
		Target, Action string
		Timeout, Delay time.Duration
		Reason         string
		// Digests and Secure name the devices that an "on" is for, with the digests of
		// their parameters; see sched.
		Digests, Secure string
	}
	// Submit asks for an update of the CIB.
	Submit struct{ Update replica.Update }
	// Planned says that a transition was planned and begins.
	Planned struct {
		Number  int
		Input   *cib.Elem
		Result  *sched.Result
		Trigger string // what made it necessary
		At      time.Time
		Took    time.Duration
	}
	// Ended says how a transition ended.
	Ended struct {
		Number  int
		Outcome transit.Outcome
		Reason  string
		Failed  []string // keys of the actions that failed
		At      time.Time
	}
	// Became reports a change of state.
	Became struct{ From, To State }
	// Restless says that plans come up again and again, so that the control waits
	// until something changes; with an empty Plan, that this is over.
	Restless struct{ Plan string }
	// Note is for the log.
	Note struct{ Level, Text string }
)

func (Order) effect()    {}
func (Fence) effect()    {}
func (Submit) effect()   {}
func (Planned) effect()  {}
func (Ended) effect()    {}
func (Became) effect()   {}
func (Restless) effect() {}
func (Note) effect()     {}

// Control is the machine.
type Control struct {
	cfg     Config
	state   State
	view    member.View
	root    *cib.Elem
	planner sched.Planner
	transit *transit.Machine
	number  int
	trigger string // why the next plan is due; "" if none is
	rounds  rounds
	settle  time.Duration // until when a new cluster waits
	patient bool          // settle is for a lost node that can still be heard
	hold    time.Duration // until when a failed fencing is not tried again
	holds   int
	unsafe  time.Duration // until when a change of the configuration is let reach the disks; 0: none is on its way
	counted time.Duration // until when a failure's count is waited for; 0: none is under way
	recheck time.Duration
	failed  []string
	now     Time
	out     []Effect
	clock   func() time.Duration
}

// New makes a control. clock measures how long planning takes; it decides nothing.
func New(cfg Config, clock func() time.Duration) *Control {
	return &Control{cfg: cfg, state: NotCoordinator, number: cfg.FirstNumber, clock: clock, transit: newTransit(cfg)}
}

// newTransit makes what drives the graphs of one view.
func newTransit(cfg Config) *transit.Machine {
	return transit.New(transit.Config{NodeLimit: cfg.NodeLimit, LeaveLast: true})
}

// State tells what the control is about.
func (c *Control) State() State { return c.state }

// Expect changes the number of configured members.
func (c *Control) Expect(nodes int) { c.cfg.Nodes = nodes }

// Number is the number of the present or last transition.
func (c *Control) Number() int { return c.number }

// Step feeds one input.
func (c *Control) Step(now Time, in Input) []Effect {
	c.now, c.out = now, nil
	switch in := in.(type) {
	case Unsynced:
		c.leave()
	case Synced:
		c.synced(in)
	case Changed:
		c.root = in.CIB
		c.changed(in)
	case Fenced:
		c.fenced(in)
	case Durable:
		c.unsafe = 0
	case Deaf:
		if c.patient {
			c.patience()
		}
	case Jumped:
		if c.state != NotCoordinator && c.transit.Active() == nil { // its end is followed by a plan
			c.rounds.begin()
			c.want("the wall clock was set")
		}
	case Tick:
		c.tick()
	default:
		panic(fmt.Sprintf("control: unknown input %T", in))
	}
	c.proceed()
	return c.out
}

// Wake is the earliest time at which a Tick is wanted, 0 if none.
func (c *Control) Wake() time.Duration {
	w := c.transit.Wake()
	for _, t := range []time.Duration{c.settle, c.hold, c.unsafe, c.counted, c.recheck} {
		if t != 0 && (w == 0 || t < w) {
			w = t
		}
	}
	return w
}

func (c *Control) become(s State) {
	if s != c.state {
		c.emit(Became{c.state, s})
		c.state = s
	}
}

func (c *Control) emit(e Effect) { c.out = append(c.out, e) }

// leave forgets the transition: its orders are void in the next view.
func (c *Control) leave() {
	if c.transit.Active() != nil {
		c.emit(Ended{Number: c.number, Outcome: transit.Aborted, Reason: "the membership changed", Failed: c.failed, At: c.now.Wall})
	}
	c.transit = newTransit(c.cfg)
	c.trigger, c.settle, c.hold, c.unsafe, c.counted, c.recheck, c.patient = "", 0, 0, 0, 0, 0, false
	c.rest()
	c.become(NotCoordinator)
}

func (c *Control) synced(in Synced) {
	c.root, c.view = in.CIB, in.View
	if !in.Me {
		return
	}
	c.rounds.begin()
	c.want("the membership changed")
	if in.New && len(in.View.Members) < c.cfg.Nodes {
		c.settle = c.now.Mono + c.duration("dc-deadtime", 20*time.Second)
		c.become(Settling)
		c.emit(Note{"info", fmt.Sprintf("a new cluster: waiting for %d of %d nodes", c.cfg.Nodes-len(in.View.Members), c.cfg.Nodes)})
		return
	}
	if in.Patience > 0 {
		c.settle, c.patient = c.now.Mono+in.Patience, true
		c.become(Settling)
		return
	}
	c.become(Idle)
}

// patience ends the wait for a new cluster's nodes, or for those that are still heard.
func (c *Control) patience() {
	c.settle, c.patient = 0, false
	c.become(Idle)
}

// diskTime is how long a change of the configuration is let reach the disks of all
// members before it is planned with: who made it waits for that, not for the plan.
const diskTime = 50 * time.Millisecond

// reconfigured asks for a plan with another configuration.
func (c *Control) reconfigured(why string) {
	until := c.unsafe
	if c.trigger == "" && c.transit.Active() == nil {
		until = c.now.Mono + diskTime
	}
	c.want(why)
	c.unsafe = until
}

// want asks for a plan.
func (c *Control) want(why string) {
	c.unsafe = 0
	if c.trigger == "" {
		c.trigger = why
	}
	if c.transit.Active() != nil && !c.transit.Aborting() {
		c.run(transit.Abort{Reason: why})
	}
}

func (c *Control) tick() {
	c.run(transit.Tick{})
	if c.settle != 0 && c.now.Mono >= c.settle {
		c.patience()
	}
	if c.hold != 0 && c.now.Mono >= c.hold {
		c.hold = 0
	}
	if c.unsafe != 0 && c.now.Mono >= c.unsafe {
		c.unsafe = 0
	}
	if c.counted != 0 && c.now.Mono >= c.counted {
		c.counted = 0
	}
	if c.recheck != 0 && c.now.Mono >= c.recheck {
		c.recheck = 0
		c.rounds.begin()
		c.want("time has passed")
	}
}

// proceed plans if a plan is due and nothing stands in its way.
func (c *Control) proceed() {
	if c.state == NotCoordinator || c.trigger == "" || c.settle != 0 || c.unsafe != 0 || c.transit.Active() != nil || c.counting() {
		return
	}
	if c.hold != 0 {
		c.become(Holding)
		return
	}
	c.plan()
}

func (c *Control) plan() {
	why := c.trigger
	c.trigger = ""
	began := c.clock()
	res := c.planner.Schedule(sched.Input{CIB: c.root, Now: c.now.Wall})
	took := c.clock() - began
	c.schedule(res)
	doing := todo(res.Graph)
	if len(doing) == 0 { // nothing, or milestones alone
		c.calm()
		c.become(Idle)
		return
	}
	if c.restless(doing) {
		c.become(Idle)
		return
	}
	c.number++
	c.failed = nil
	res.Graph.ID = c.number
	c.emit(Planned{Number: c.number, Input: c.root, Result: res, Trigger: why, At: c.now.Wall, Took: took})
	c.become(Transition)
	c.run(transit.Start{Graph: res.Graph})
}

// schedule sets the time of the next look at the CIB without a change.
func (c *Control) schedule(res *sched.Result) {
	c.recheck = 0
	every := c.duration("cluster-recheck-interval", 15*time.Minute)
	if every > 0 {
		c.recheck = c.now.Mono + every
	}
	if !res.RecheckAt.IsZero() {
		c.recheckIn(max(res.RecheckAt.Sub(c.now.Wall), time.Second))
	}
}

func (c *Control) duration(option string, def time.Duration) time.Duration {
	d, err := cib.ParseDuration(cib.Property(c.root, option, ""))
	if err != nil || d < 0 {
		return def
	}
	return d
}

// run feeds the transition engine and carries on with what it wants.
func (c *Control) run(in transit.Input) {
	for _, e := range c.transit.Step(c.now.Mono, in) {
		switch e := e.(type) {
		case transit.Dispatch:
			c.dispatch(e)
		case transit.Passed:
		case transit.Failed:
			c.failed = append(c.failed, e.Action.Key+" on "+e.Action.Node)
			c.trigger = "action " + e.Action.Key + " on " + e.Action.Node + " failed"
		case transit.Expired:
			c.failed = append(c.failed, e.Action.Key+" on "+e.Action.Node)
			c.trigger = "node " + e.Action.Node + " did not answer"
			c.emit(Note{"error", fmt.Sprintf("%s was ordered on %s and no answer came in %v", e.Action.Key, e.Action.Node, e.After)})
			c.expired(e.Action)
		case transit.Refused:
			c.emit(Note{"error", "the plan is refused: " + e.Reason})
			c.become(Idle)
		case transit.Finished:
			c.finished(e)
		}
	}
	if c.transit.Aborting() {
		c.become(Aborting)
	}
}

func (c *Control) finished(f transit.Finished) {
	c.emit(Ended{Number: c.number, Outcome: f.Outcome, Reason: f.Reason, Failed: c.failed, At: c.now.Wall})
	if c.trigger == "" {
		c.trigger = fmt.Sprintf("transition %d ended", c.number)
	}
	c.become(Idle)
}

// expired makes a record for an operation that nobody answered, so that the
// scheduler sees it as failed on that node.
func (c *Control) expired(a *graph.Action) {
	if a.Kind != graph.Resource || a.Rsc == nil {
		return
	}
	c.emit(Submit{replica.Update{Wall: c.now.Wall.Unix(), Records: []replica.Record{
		lostRecord(a, Key{a.ID, c.number, target(a), c.cfg.UUID}, c.now.Wall.Unix())}}})
}

func target(a *graph.Action) agent.Code { return agent.Code(a.TargetRC()) }
