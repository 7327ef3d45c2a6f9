package rehearse

import (
	"fmt"
	"time"
)

// Row is what happened when a case was played. Times are simulated.
type Row struct {
	ID       string    `json:"id"`
	Fault    string    `json:"fault"`
	Phase    Phase     `json:"phase"`
	Level    Level     `json:"level"`
	Stopped  []Place   `json:"stopped,omitempty"`   // instances that ended
	Moved    []Move    `json:"moved,omitempty"`     // services that serve elsewhere in the end
	Outages  []Outage  `json:"outages,omitempty"`   // of services, the longest of each, longest first
	Fenced   []Fenced  `json:"fenced,omitempty"`    // nodes that were fenced, or should have been
	Down     []Down    `json:"down,omitempty"`      // what did not come back while the fault lasts
	NotAgain []Down    `json:"not_again,omitempty"` // nor after it was repaired
	Findings []Finding `json:"findings,omitempty"`  // what the configuration is to blame for
	Settled  bool      `json:"settled"`             // the cluster came to an end with it
	Lasted   Seconds   `json:"lasted"`              // from the fault until nothing more happened

	story []entry
}

// Played tells whether the fault found somebody to befall.
func (r *Row) Played() bool { return r.Level != Void }

// Level is how bad a row is.
type Level string

// The levels.
const (
	Green  Level = "green"  // no service noticed
	Yellow Level = "yellow" // services were away for a while
	Red    Level = "red"    // the configuration does not hold; see the findings
	Void   Level = "void"   // nothing was played: there was nobody to befall
)

// Seconds is a span of time, written as seconds with one decimal.
type Seconds time.Duration

// String writes "3.4 s", "2 min 5 s".
func (s Seconds) String() string {
	d := time.Duration(s)
	if d >= 100*time.Second {
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// MarshalJSON implements json.Marshaler.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%.1f", time.Duration(s).Seconds()), nil
}

// Place is an instance of a service on a node.
type Place struct {
	Service string `json:"service"`
	Node    string `json:"node"`
}

// Move is a service that serves elsewhere in the end.
type Move struct {
	Service string `json:"service"`
	From    string `json:"from"`
	To      string `json:"to"`
}

// Outage is a stretch in which no node had a service. One that was found by a
// monitor counts from the monitor before, which is the worst case.
type Outage struct {
	Service string  `json:"service"`
	Long    Seconds `json:"seconds"`
	Lasts   bool    `json:"lasts"` // it did not end
}

// Fenced is a node that was cut off, or was to be.
type Fenced struct {
	Node  string `json:"node"`
	Times int    `json:"times"`
	OK    bool   `json:"ok"` // a device did it, once at least
	// failing says that the last attempt failed.
	failing bool
}

// Down is a service that does not run, and why.
type Down struct {
	Service string `json:"service"`
	Why     string `json:"why"`
	kind    string // of finding
	fix     string
}

// Finding is a law of good service that the configuration breaks.
type Finding struct {
	Kind     string   `json:"kind"`
	Services []string `json:"services,omitempty"`
	Nodes    []string `json:"nodes,omitempty"`
	Long     Seconds  `json:"seconds,omitempty"` // how long it was so, the longest
	Lasts    bool     `json:"lasts,omitempty"`   // it was so until the fault was repaired
	Why      string   `json:"why"`
	Do       string   `json:"do"`
}

// The kinds of findings, as --fail-on takes them.
const (
	DoubleOwner   = "double-owner"   // a service ran on more machines than it may
	EndlessOutage = "endless-outage" // a service stays away while the fault lasts
	NeverRuns     = "never-runs"     // a service does not run even without a fault
	Unwatched     = "unwatched"      // a service died and nobody noticed
	NoRoom        = "no-room"        // the survivors have no room for a service
	FenceLoop     = "fence-loop"     // a node is fenced again and again
	NotFenced     = "not-fenced"     // a lost node could not be cut off
	NeedsOperator = "needs-operator" // a service stays away even after the repair
	Restless      = "restless"       // the cluster never comes to an end
)

// Findings lists the kinds of findings with what they mean.
func Findings() [][2]string {
	return [][2]string{
		{DoubleOwner, "a service ran on more nodes at once than it may"},
		{EndlessOutage, "a service does not come back while the fault lasts"},
		{NeverRuns, "a service does not run even without a fault"},
		{Unwatched, "a service died and nobody noticed"},
		{NoRoom, "the nodes that are left have no room for a service"},
		{FenceLoop, "a node is fenced again and again"},
		{NotFenced, "a lost node could not be cut off"},
		{NeedsOperator, "a service stays away even when the fault is repaired, until somebody cleans up"},
		{Restless, "the cluster never comes to an end with it"},
	}
}

// entry is one line of a row's story.
type entry struct {
	at   time.Duration
	text string
}
