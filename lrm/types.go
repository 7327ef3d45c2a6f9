// Package lrm decides what one node executes and when: it queues the
// operations that the coordinator orders, repeats the recurring ones, and keeps
// the history of results that the cluster sees as the node's <lrm> element.
// It starts nothing itself: Run and Kill are carried out by a hand.
package lrm

import (
	"time"

	"mainstay/agent"
	"mainstay/cib"
)

// Config is what a Machine must know from the start.
type Config struct {
	NodeID   string // id of the node's <lrm> element: the decimal node id
	NodeName string // on_node of the records
	// Parallel is how many ordered operations may run at once on this node
	// (node-action-limit, else twice the number of cores). 0 means 2.
	Parallel   int
	FeatureSet string // crm_feature_set of the records; "" means DefaultFeatureSet
}

// DefaultFeatureSet is the feature set whose history format the records follow.
const DefaultFeatureSet = "3.20.1"

// Input is what a Machine's Step takes: one of the types below.
type Input interface{ input() }

// The inputs. Wall is the time of day in Unix seconds.
type (
	// Tick says that the time returned by Wake has come.
	Tick struct{ Wall int64 }

	// Order asks for one operation. Key is its transition key
	// ("ACTION:TRANSITION:TARGETRC:UUID"); the result is a Record with that key
	// in its transition-magic, or an Answer.
	Order struct {
		Key        string
		Rsc        string // instance id in the history: "vip", "st:1"
		Agent      agent.Name
		Container  string // bundle's container resource, else ""
		Op         string // "start", "monitor", "notify", …
		Interval   time.Duration
		Timeout    time.Duration
		StartDelay time.Duration
		Params     []cib.Attr // attributes of the graph's action: parameters, CRM_meta_*
		Wall       int64
	}

	// Cancel ends a recurring operation and erases its record; Key may be "".
	Cancel struct {
		Key      string
		Rsc      string
		Op       string
		Interval time.Duration
		Wall     int64
	}

	// Forget erases history: of one operation, of a resource (Op empty), or of
	// all (Rsc empty too). Recurring operations of what is forgotten end.
	// Operations in flight finish, and their results are still recorded.
	Forget struct {
		Key      string
		Rsc      string
		Op       string
		Interval time.Duration
		Wall     int64
	}

	// Fail records a failure of a resource as if a monitor had found it
	// (crm_resource --fail).
	Fail struct {
		Rsc    string
		Reason string
		Wall   int64
	}

	// Cleared says that the cluster has erased the record of a resource's last
	// failure from this node's status (agreed): it is not to be said again.
	// Nothing else changes, recurring operations go on.
	Cleared struct{ Rsc string }

	// Done ends a Run.
	Done struct {
		Tag    uint64
		Result agent.Result
		Wall   int64
	}

	// Inherit takes over a history, for instance from a simulated past. Nothing is run.
	Inherit struct{ LRM *cib.Elem }

	// Limit changes Config.Parallel.
	Limit struct {
		Parallel int
		Wall     int64
	}
)

func (Tick) input()    {}
func (Order) input()   {}
func (Cancel) input()  {}
func (Forget) input()  {}
func (Fail) input()    {}
func (Cleared) input() {}
func (Done) input()    {}
func (Inherit) input() {}
func (Limit) input()   {}

// Effect is what a Step asks for: one of the types below.
type Effect interface{ effect() }

// The effects.
type (
	// Run asks to run an agent; Done{Tag} must follow.
	Run struct {
		Tag  uint64
		Call agent.Call
	}

	// Kill asks to end a Run at once; its Done still follows.
	Kill struct{ Tag uint64 }

	// Record says that an operation's record has changed: it is to be put into
	// the node's status. Resource is the <lrm_resource> without children.
	Record struct {
		Rsc      string
		Resource *cib.Elem // <lrm_resource id= class= provider= type=>
		Elem     *cib.Elem // <lrm_rsc_op>
		Key      string    // transition key
		Pending  bool      // the operation has only begun
		Failed   bool      // a failure, as agent.Judge sees it: a probe that finds a service running is none
	}

	// Erase says that records are gone: those in Ops (ids of lrm_rsc_op), or the
	// whole lrm_resource if Ops is empty.
	Erase struct {
		Rsc string
		Ops []string
	}

	// Answer ends an order that leaves no record: a Cancel, a Forget, or an order
	// that was overtaken by another (Status Cancelled).
	Answer struct {
		Key    string
		Rsc    string
		Op     string
		Status agent.Status
		RC     agent.Code
	}
)

func (Run) effect()    {}
func (Kill) effect()   {}
func (Record) effect() {}
func (Erase) effect()  {}
func (Answer) effect() {}

// Activity is one operation that runs, waits or recurs, for status displays.
type Activity struct {
	Rsc      string
	Op       string
	Interval time.Duration // 0: not recurring
	Timeout  time.Duration
	State    string        // "running", "queued" or "waiting"
	Since    time.Duration // when it began (running) or was ordered (queued)
	Due      time.Duration // when it will run next (waiting)
}
