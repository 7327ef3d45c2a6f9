package fence

import (
	"time"

	"mainstay/cib"
)

// Machine is one member's copy of the fencing decisions. Make it with New.
type Machine struct{ cfg Config }

// New makes a Machine without devices and requests.
func New(cfg Config) *Machine { return &Machine{cfg: cfg} }

// Step takes an input at a monotonic time and returns what is to be done.
func (m *Machine) Step(now time.Duration, in Input) []Effect { return nil }

// Wake is when the next Tick is wanted; 0: never.
func (m *Machine) Wake() time.Duration { return 0 }

// History lists requests, the oldest first.
func (m *Machine) History() []Event { return nil }

// FromCIB reads the fencing configuration out of a whole <cib>.
func FromCIB(root *cib.Elem) Setup { return Setup{} }
