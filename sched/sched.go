// Package sched decides: from the cluster information base at one instant it
// works out where every resource should be and which actions lead there, in
// which order, and why. It is a pure function in phases, one after the other:
//
//	unpack       options, nodes, resources (unpack*.go)
//	status       what runs where, what failed (status*.go, history*.go)
//	constraints  locations, colocations, orders, tickets (constraint*.go)
//	placement    a node for every instance (place*.go)
//	actions      what to do to get there (act*.go)
//	ordering     what waits for what, what becomes impossible (order*.go)
//	graph        the transition graph and its summary (emit*.go)
//
// The decisions are Pacemaker's, as "Pacemaker Explained" describes them.
package sched

import (
	"time"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/status"
)

// Input is everything that a decision depends on.
type Input struct {
	CIB     *cib.Elem // the whole document with its status section
	Now     time.Time // the effective time; rules on dates use its location
	Options Options
}

// Options change how much is worked out, never what is decided.
type Options struct {
	// Scores asks for Result.Scores.
	Scores bool
	// Utilization asks for the lines about capacity among Result.Scores.
	Utilization bool
	// Dot asks for Result.Dot.
	Dot bool
	// Reasons asks for Result.Reasons.
	Reasons bool
	// Sanitized says that passwords in the CIB may have been blotted out, so
	// that a change of nothing but them is not believed. Only simulations set it.
	Sanitized bool
	// TransitionID numbers the graph; 0 means 1.
	TransitionID int
}

// Result is a plan.
type Result struct {
	Graph    *graph.Graph
	Dot      []string        // the lines of the dot file, between its first and its last
	Scores   []Score         // in the order in which they were determined
	Status   *status.Cluster // before the plan is carried out
	Summary  []SummaryLine
	Reasons  []Reason
	Warnings []Warning
	// RecheckAt is when time alone may change the plan: a failure expires, a rule
	// begins or ends to hold. Zero if never.
	RecheckAt time.Time
}

// Score is one score that placement used, as crm_simulate -s shows it.
type Score struct {
	Method    string // "pcmk__primitive_assign" and its like, "" for promotion and utilization lines
	Resource  string
	Node      string // "" for a promotion score of an instance without a node
	Amount    int
	Promotion bool
	Text      string // utilization lines: the whole line; else ""
}

// String is the line that crm_simulate -s prints.
func (s Score) String() string {
	switch {
	case s.Text != "":
		return s.Text
	case s.Promotion && s.Node == "":
		return s.Resource + " promotion score (inactive): " + cib.FormatScore(s.Amount)
	case s.Promotion:
		return s.Resource + " promotion score on " + s.Node + ": " + cib.FormatScore(s.Amount)
	}
	return s.Method + ": " + s.Resource + " allocation score on " + s.Node + ": " + cib.FormatScore(s.Amount)
}

// SummaryLine is one line of the transition summary. Lines about nodes come
// first. Text forms:
//
//	Fence (reboot) node1 'reason'
//	Shutdown node1
//	Start   rsc  ( node1 )  due to reason (blocked)
type SummaryLine struct {
	Verb     string // Start, Stop, Move, Restart, Recover, Reload, Migrate, Promote, Demote, Re-promote, Leave, Fence, Shutdown
	Node     string // lines about a node: its name, else ""
	Action   string // Fence: "reboot", "off" or "on"
	Resource string // lines about a resource: its id
	From, To string // node names: where it is, where it will be ("" if nowhere)
	FromRole status.Role
	ToRole   status.Role
	Detail   string // what stands in the parentheses, e.g. "node1 -> node2" or "Stopped -> Promoted node2"
	Reason   string // what follows "due to", or the quoted reason of a Fence line
	Blocked  bool   // "(blocked)" or "- blocked" follows the reason
	Leave    bool   // nothing to do: shown only on demand (crm_simulate -a)
}

// Reason is one contribution to a placement or a decisive fact about a
// resource: what, how much, where.
type Reason struct {
	Resource string
	Node     string // "" if it holds for all nodes
	Kind     Cause
	Source   string // constraint id, option name, operation key, resource id
	Amount   int    // contribution to the score; a veto is -cib.Infinity
	Text     string // one readable sentence fragment
}

// Cause is what kind of thing contributed.
type Cause string

// The causes.
const (
	CauseLocation   Cause = "location"
	CauseColocation Cause = "colocation"
	CauseStickiness Cause = "stickiness"
	CauseFailures   Cause = "failures"
	CauseSymmetric  Cause = "symmetric-cluster"
	CauseHealth     Cause = "health"
	CauseStandby    Cause = "standby"
	CauseOffline    Cause = "offline"
	CauseUnclean    Cause = "unclean"
	CauseShutdown   Cause = "shutdown"
	CauseQuorum     Cause = "no-quorum"
	CauseTicket     Cause = "ticket"
	CauseTarget     Cause = "target-role"
	CauseUnmanaged  Cause = "unmanaged"
	CauseMaintain   Cause = "maintenance"
	CauseOrder      Cause = "order"
	CausePromotion  Cause = "promotion"
	CauseLimit      Cause = "limit" // clone-max, clone-node-max, capacity
	CauseChosen     Cause = "chosen"
	CauseBlocked    Cause = "blocked"
)

// Warning is something in the configuration or status that was ignored or mended.
type Warning struct {
	ID   string // the element it is about, "" if none
	Text string
	Fix  string // remedy
}
