package quorum

import "time"

// Machine is one node's count of votes. It is not safe for concurrent use.
type Machine struct {
	cfg   Config
	state State
}

// New returns a machine that has no view yet and is not quorate.
func New(cfg Config) *Machine {
	return &Machine{cfg: cfg}
}

// Step takes one input at the given monotonic time and returns what follows.
func (m *Machine) Step(now time.Duration, in Input) []Effect { return nil }

// Wake returns the time at which a Tick is wanted; 0 means never.
func (m *Machine) Wake() time.Duration { return 0 }

// State returns what the machine concluded last.
func (m *Machine) State() State { return m.state }
