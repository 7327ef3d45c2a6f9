package ring

import (
	"time"

	"mainstay/member"
)

// Machine is one node's part in the protocol. It is not safe for concurrent use.
type Machine struct {
	cfg   Config
	state State
	view  member.View
	stats Stats
	out   []Effect
}

// New returns a machine that has not started: its first Step (a Tick will do)
// starts it. A configuration that does not validate is the caller's error.
func New(cfg Config) (*Machine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Machine{cfg: cfg.withDefaults()}, nil
}

// Step takes one input at the given monotonic time and returns what is to be
// done. The returned slice is valid until the next Step.
func (m *Machine) Step(now time.Duration, in Input) []Effect {
	m.out = m.out[:0]
	return m.out
}

// Wake returns the earliest time at which a Tick is wanted; 0 means never.
func (m *Machine) Wake() time.Duration { return 0 }

// State tells in which phase the protocol is.
func (m *Machine) State() State { return m.state }

// View returns the view installed last; its ring is zero before the first.
func (m *Machine) View() member.View { return m.view }

// Stats returns the counters.
func (m *Machine) Stats() Stats { return m.stats }
