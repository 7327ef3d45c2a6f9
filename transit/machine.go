package transit

import (
	"time"

	"mainstay/graph"
)

// Machine drives one graph at a time.
type Machine struct {
	cfg Config
	run *run // nil when idle
}

// New makes an idle machine.
func New(cfg Config) *Machine {
	if cfg.ClusterDelay <= 0 {
		cfg.ClusterDelay = time.Minute
	}
	return &Machine{cfg: cfg}
}

// Active returns the graph that is being driven, or nil.
func (m *Machine) Active() *graph.Graph {
	if m.run == nil {
		return nil
	}
	return m.run.g
}

// Aborting tells whether the active graph was aborted and only waits for what is under way.
func (m *Machine) Aborting() bool { return m.run != nil && m.run.abort > 0 }

// InFlight returns the actions that were dispatched and not answered, in graph order.
func (m *Machine) InFlight() []*graph.Action {
	var out []*graph.Action
	if m.run == nil {
		return out
	}
	for i, s := range m.run.steps {
		if s.state == underway {
			out = append(out, m.run.g.Actions[i])
		}
	}
	return out
}

// Wake returns the earliest time at which Tick is wanted, 0 if none.
func (m *Machine) Wake() time.Duration {
	if m.run == nil {
		return 0
	}
	return m.run.earliest()
}

// Step takes one input in and returns what follows from it, in order.
func (m *Machine) Step(now time.Duration, in Input) []Effect {
	if s, ok := in.(Start); ok {
		if m.run != nil {
			return []Effect{Refused{Reason: "a transition is active"}}
		}
		r, err := newRun(m.cfg, s.Graph)
		if err != nil {
			return []Effect{Refused{Reason: err.Error()}}
		}
		m.run = r
	}
	if m.run == nil {
		return nil
	}
	r := m.run
	r.now, r.out = now, nil
	r.take(in)
	r.advance()
	if r.ended() {
		r.finish()
		m.run = nil
	}
	r.known = false
	return r.out
}
