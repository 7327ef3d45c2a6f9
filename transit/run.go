package transit

import (
	"fmt"
	"time"

	"mainstay/agent"
	"mainstay/graph"
)

// state is how far one action is.
type state int

const (
	waiting  state = iota // for its inputs, or for a free slot
	underway              // dispatched, not answered
	done                  // ended well, or may fail
	failed                // ended badly
	blocked               // can never run: something it waits for failed
	skipped               // left out by an abort
)

// step is the machine's knowledge of one action.
type step struct {
	state    state
	missing  int   // inputs that have not ended well
	next     []int // steps that wait for this one
	deadline time.Duration
}

// run is one graph being driven.
type run struct {
	cfg     Config
	g       *graph.Graph
	delay   time.Duration // cluster delay
	steps   []step        // parallel to g.Actions
	byID    map[int]int   // action id → index
	sweep   sweep
	load    load
	flying  int // steps under way
	abort   int // highest abort priority, 0 if none
	why     string
	failing int // steps that ended badly, allowed or not
	now     time.Duration
	out     []Effect
	due     time.Duration // the earliest deadline, 0 if none, …
	known   bool          // … if it was worked out since the last step
}

// newRun checks the graph's references and makes everything that waits for
// nothing ready. Inputs that the graph does not contain are refused.
func newRun(cfg Config, g *graph.Graph) (*run, error) {
	r := &run{cfg: cfg, g: g, steps: make([]step, len(g.Actions)), byID: make(map[int]int, len(g.Actions))}
	for i, a := range g.Actions {
		if _, dup := r.byID[a.ID]; dup {
			return nil, fmt.Errorf("action %d stands twice in the graph", a.ID)
		}
		r.byID[a.ID] = i
	}
	for i, a := range g.Actions {
		for _, id := range a.Inputs {
			j, ok := r.byID[id]
			if !ok {
				return nil, fmt.Errorf("action %d waits for %d, which the graph lacks", a.ID, id)
			}
			r.steps[i].missing++
			r.steps[j].next = append(r.steps[j].next, i)
		}
	}
	if cfg.LeaveLast {
		r.leaveLast()
	}
	r.delay = cfg.ClusterDelay
	if d := duration(graphAttr(g, "cluster-delay")); d > 0 {
		r.delay = d
	}
	r.load = newLoad(cfg, g)
	for i := range r.steps {
		if r.steps[i].missing == 0 {
			r.sweep.add(i)
		}
	}
	return r, nil
}

// take changes what is known; it dispatches nothing.
func (r *run) take(in Input) {
	switch in := in.(type) {
	case Completed:
		if i, ok := r.byID[in.Action]; ok && in.Status != agent.Pending {
			r.completed(i, in.Status, in.RC)
		}
	case Fenced:
		r.fenced(in)
	case Lost:
		r.lost(in.Node)
	case Abort:
		p := in.Priority
		if p <= 0 {
			p = Infinity
		}
		r.abortAt(p, in.Reason)
	case Tick:
		r.expire()
	}
}

// advance dispatches what is ready, in graph order, as far as the limits allow.
func (r *run) advance() {
	r.sweep.release()
	for !r.cfg.OneByOne || r.flying == 0 {
		i, ok := r.sweep.take(r.judge)
		if !ok {
			return
		}
		r.begin(i)
	}
}

// judge tells whether a ready step may begin now. Abort priorities only rise,
// so what an abort leaves out is out for good.
func (r *run) judge(i int) verdict {
	a := r.g.Actions[i]
	if a.Priority < r.abort {
		return leave
	}
	if !r.load.allows(a) {
		return hold
	}
	return take
}

// begin passes a milestone or dispatches an action.
func (r *run) begin(i int) {
	a, s := r.g.Actions[i], &r.steps[i]
	if a.Kind == graph.Pseudo {
		r.out = append(r.out, Passed{Action: a})
		r.settle(i, done)
		return
	}
	timeout := timeoutOf(a)
	s.state = underway
	s.deadline = r.now + timeout + r.delay
	r.flying++
	r.load.add(a, 1)
	r.out = append(r.out, Dispatch{Action: a, Timeout: timeout})
}

// completed takes a result in. Results of steps that are not under way are ignored.
func (r *run) completed(i int, st agent.Status, rc agent.Code) {
	if r.steps[i].state != underway {
		return
	}
	a := r.g.Actions[i]
	if st == agent.Done && rc == agent.Code(a.TargetRC()) {
		r.land(i, done)
		return
	}
	r.fail(i, Failed{Action: a, Status: st, RC: rc})
}

// fail ends a step badly: unless it may fail, the graph is aborted at the
// priority above its own.
func (r *run) fail(i int, f Failed) {
	a := r.g.Actions[i]
	r.failing++
	f.Ignored = canFail(a)
	r.out = append(r.out, f)
	if f.Ignored {
		r.land(i, done)
		return
	}
	r.land(i, failed)
	r.abortAt(min(a.Priority+1, Infinity), "action "+a.Key+onNode(a)+" failed")
}

// land ends a step that was under way.
func (r *run) land(i int, to state) {
	r.flying--
	r.load.add(r.g.Actions[i], -1)
	r.settle(i, to)
}

// settle gives a step its last state and tells those that wait for it.
func (r *run) settle(i int, to state) {
	r.steps[i].state = to
	r.steps[i].deadline = 0
	for _, j := range r.steps[i].next {
		n := &r.steps[j]
		if n.state != waiting {
			continue
		}
		if to != done {
			r.sweep.drop(j)
			r.settle(j, blocked)
			continue
		}
		if n.missing--; n.missing == 0 {
			r.sweep.add(j)
		}
	}
}

// abortAt raises the abort priority; the reason of the highest is kept.
func (r *run) abortAt(priority int, why string) {
	if priority > r.abort {
		r.abort, r.why = priority, why
	}
}

// fenced ends the fencing of a node that is under way.
func (r *run) fenced(in Fenced) {
	for i, a := range r.g.Actions {
		if r.steps[i].state != underway || !isFencing(a) || (a.Node != in.Target && a.NodeID != in.Target) {
			continue
		}
		if in.OK {
			r.land(i, done)
		} else {
			r.fail(i, Failed{Action: a, Status: agent.ExecError, RC: agent.GenericError, Reason: in.Reason})
		}
	}
}

// lost fails whatever the graph wants of a node, except fencing it, and aborts the graph.
func (r *run) lost(node string) {
	hit := false
	for i, a := range r.g.Actions {
		if a.Kind == graph.Pseudo || isFencing(a) || !concerns(a, node) {
			continue
		}
		switch r.steps[i].state {
		case underway:
			if isShutdown(a) {
				r.land(i, done)
				continue
			}
			r.failing++
			r.out = append(r.out, Failed{Action: a, Status: agent.NotConnected, RC: agent.GenericError, Reason: "node " + node + " was lost"})
			r.land(i, failed)
			hit = true
		case waiting:
			r.sweep.drop(i)
			r.settle(i, blocked)
			hit = true
		}
	}
	if hit {
		r.abortAt(Infinity, "node "+node+" was lost")
	}
}

// expire fails what nobody answered in time.
func (r *run) expire() {
	for i := range r.steps {
		s := &r.steps[i]
		if s.state != underway || s.deadline > r.now {
			continue
		}
		a := r.g.Actions[i]
		r.out = append(r.out, Expired{Action: a, After: timeoutOf(a) + r.delay})
		r.failing++
		r.land(i, failed)
		r.abortAt(Infinity, "nobody answered for "+a.Key+onNode(a))
	}
}

// earliest is the earliest deadline, 0 if none. A daemon asks for it after every
// packet, whoever only plays a graph never does: it is worked out when it is asked for.
func (r *run) earliest() time.Duration {
	if !r.known {
		r.due, r.known = r.wake(), true
	}
	return r.due
}

// wake works out the earliest deadline, 0 if none.
func (r *run) wake() time.Duration {
	var w time.Duration
	for i := range r.steps {
		if d := r.steps[i].deadline; d > 0 && (w == 0 || d < w) {
			w = d
		}
	}
	return w
}

// ended tells whether nothing is under way and nothing more may begin.
func (r *run) ended() bool { return r.flying == 0 }

// finish says how the graph ended. Nothing is under way, so no limit holds
// anything back: what waits now was left out by the abort, or can never run.
func (r *run) finish() {
	f := Finished{Graph: r.g, Outcome: Complete, Reason: r.why, Failed: r.failing}
	for i := range r.steps {
		switch r.steps[i].state {
		case done, failed:
			f.Done++
		case waiting:
			if r.g.Actions[i].Priority < r.abort {
				r.steps[i].state = skipped
				f.Skipped++
			} else {
				f.Blocked++
			}
		default:
			f.Blocked++
		}
	}
	switch {
	case f.Skipped > 0:
		f.Outcome = Aborted
	case f.Blocked > 0:
		f.Outcome = Stopped
	}
	r.out = append(r.out, f)
}
