// Package attr decides when transient node attributes are written to the
// cluster's status: it counts, dampens, keeps private ones private, and says
// again what got lost on the way. What has reached the status is the status's
// to remember, not this package's.
package attr

import "time"

// Config is what a Machine must know from the start.
type Config struct {
	Self string // name of this node
	// Present looks an attribute up in the present status; setID as in Set. It is
	// called during Step only. Nil: nothing is known of the status, so counting
	// goes by what this Machine was told, and nothing is said again.
	Present func(node, setID, name string) (value string, ok bool)
}

// Input is what a Machine's Step takes: one of the types below.
type Input interface{ input() }

// The inputs.
type (
	// Tick says that the time returned by Wake has come.
	Tick struct{}

	// Set changes an attribute (attrd_updater -U, -B, -Y, -D).
	Set struct {
		Node    string        // whose attribute; "": this node's
		Name    string        // attribute
		Value   string        // "value++" and "value+=N" (or "++", "+=N", "NAME++", "NAME+=N") count from the present value
		Delete  bool          // remove the attribute
		SetID   string        // id of the <instance_attributes>, "" for the default one
		SetType string        // attribute set to write to: "" or "status" (transient), "utilization"
		Delay   time.Duration // dampening; negative: leave as it is
		Only    Only          // what of Value and Delay is meant
		Private bool          // never written to the CIB
		User    string        // who asked
	}

	// Flush writes everything that is dampened at once (attrd_updater -R).
	Flush struct{}

	// Forget drops what is held of a node (its status was erased).
	Forget struct{ Node string }

	// Reached says that a change that this Machine wrote is made, at its place among
	// those of others: what comes of it since is not for this Machine to say.
	Reached struct {
		Node   string
		Change Change
	}

	// Joined says that the status may have been made anew: what did not reach it is said again.
	Joined struct{}
)

// Only says which part of a Set counts.
type Only int

// The parts.
const (
	Value Only = iota // value; delay only if the attribute has none yet
	Delay             // attrd_updater -Y
	Both              // attrd_updater -B
)

func (Tick) input()    {}
func (Set) input()     {}
func (Flush) input()   {}
func (Forget) input()  {}
func (Reached) input() {}
func (Joined) input()  {}

// Effect is what a Step asks for.
type Effect interface{ effect() }

// Write asks to put attributes of a node into the status, all in one update.
type Write struct {
	Node    string
	Changes []Change // sorted by name, then set
}

// Change is one attribute of a Write.
type Change struct {
	Name    string
	Value   string
	Delete  bool
	SetID   string
	SetType string
	User    string
}

func (Write) effect() {}

// Attribute is one attribute as the machine holds it, for queries: a private
// one, or one that has not reached the status yet.
type Attribute struct {
	Node, Name, Value string
	SetID             string
	Delay             time.Duration
	Deleted           bool // to be removed
	Private           bool
	Pending           bool // not written yet
}
