// Package transit drives a transition graph: it says which action may run
// next, takes the results in, and says when the graph has ended. It is used by
// the coordinator's loop and, with simulated results, by the simulator.
//
// An action runs when every action that it waits for has ended well (or may
// fail). Milestones, which nobody carries out, pass at once. An abort with a
// priority leaves out what has a lower priority and has not begun; what is
// under way is always waited for. A failed action aborts the graph at the next
// priority above its own and keeps everything that waits for it from running.
package transit

import (
	"time"

	"mainstay/agent"
	"mainstay/graph"
)

// Infinity is the abort priority that nothing but notifications survives.
const Infinity = 1000000

// Config is how a machine behaves for every graph.
type Config struct {
	// ClusterDelay is added to an action's timeout before the node that should
	// have answered is given up. The graph's own cluster-delay wins; 60 s if neither is set.
	ClusterDelay time.Duration
	// NodeLimit is the number of resource actions that one node may have under
	// way at once (node-action-limit); 0 means no limit.
	NodeLimit int
	// OneByOne hands out one action and looks for the next only after its
	// result, so that a whole run is a single sequence. The simulator wants this.
	OneByOne bool
	// LeaveLast has a node asked to leave only when everything else that the graph
	// wants of it has ended well. The graph itself has only its stops come before: a
	// probe may yet find something that runs there, when its history was cleaned up.
	LeaveLast bool
}

// Input is what a machine is told.
type Input interface{ input() }

// Start begins a graph. The machine keeps the graph and does not change it.
// While another graph is active it is refused by Refused.
type Start struct{ Graph *graph.Graph }

// Completed is the result of a dispatched action. An action whose status is
// agent.Pending is still under way and the input is ignored.
type Completed struct {
	Action int // graph.Action.ID
	Status agent.Status
	RC     agent.Code
}

// Fenced is the end of fencing of a node, which ends the graph's fencing
// action for it if one is under way.
type Fenced struct {
	Target string // node name or id
	OK     bool
	Reason string // why it failed
}

// Lost says that a node is gone: what it (or what it routes for a remote node)
// has under way will not be answered, and what the graph still wants of it fails.
type Lost struct{ Node string } // name or id

// Abort leaves out every action of a lower priority that has not begun.
// Priority 0 or less stands for Infinity.
type Abort struct {
	Reason   string
	Priority int
}

// Tick says that time has passed.
type Tick struct{}

func (Start) input()     {}
func (Completed) input() {}
func (Fenced) input()    {}
func (Lost) input()      {}
func (Abort) input()     {}
func (Tick) input()      {}

// Effect is what the machine wants done or known.
type Effect interface{ effect() }

// Dispatch asks for an action to be carried out; its end comes back as Completed.
type Dispatch struct {
	Action  *graph.Action
	Timeout time.Duration // the action's own timeout; 0 if it has none
}

// Passed says that a milestone was reached.
type Passed struct{ Action *graph.Action }

// Failed says that an action did not give the wanted result, and whether the
// graph goes on regardless (CRM_meta_can_fail).
type Failed struct {
	Action  *graph.Action
	Status  agent.Status
	RC      agent.Code
	Ignored bool
	Reason  string
}

// Expired says that nobody answered for an action within its timeout and the
// cluster delay. The action counts as failed.
type Expired struct {
	Action *graph.Action
	After  time.Duration
}

// Outcome is how a graph ended.
type Outcome string

// The outcomes.
const (
	Complete Outcome = "complete" // everything was done
	Aborted  Outcome = "aborted"  // an abort left something out
	Stopped  Outcome = "stopped"  // failures kept something from running
)

// Finished says that the graph has ended and nothing of it is under way.
type Finished struct {
	Graph   *graph.Graph
	Outcome Outcome
	Reason  string // of the abort with the highest priority; "" if none
	Done    int    // actions that ended
	Failed  int    // of these, actions that failed
	Skipped int    // actions left out by an abort
	Blocked int    // actions left out for an action that failed or was left out
}

// Refused says why an input was not taken.
type Refused struct{ Reason string }

func (Dispatch) effect() {}
func (Passed) effect()   {}
func (Failed) effect()   {}
func (Expired) effect()  {}
func (Finished) effect() {}
func (Refused) effect()  {}
