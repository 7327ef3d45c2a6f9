package lrm

import (
	"time"

	"mainstay/cib"
)

// Machine is one node's executor. Make it with New.
type Machine struct{ cfg Config }

// New makes a Machine with an empty history.
func New(cfg Config) *Machine { return &Machine{cfg: cfg} }

// Step takes an input at a monotonic time and returns what is to be done.
func (m *Machine) Step(now time.Duration, in Input) []Effect { return nil }

// Wake is when the next Tick is wanted; 0: never.
func (m *Machine) Wake() time.Duration { return 0 }

// History is the node's <lrm> element.
func (m *Machine) History() *cib.Elem { return nil }

// Activities lists what runs, waits and recurs, sorted by resource and operation.
func (m *Machine) Activities() []Activity { return nil }
