// Package graph is the transition graph: the actions that bring the cluster
// from its present state to the wanted one, what each must wait for, and why
// each is there. It decides nothing and carries nothing out.
package graph

import (
	"strconv"

	"mainstay/cib"
)

// Kind tells who carries an action out.
type Kind int

// The kinds of action; the XML element that stands for each is in brackets.
const (
	Pseudo   Kind = iota // nobody: a milestone [pseudo_event]
	Resource             // the executor of Action.Node [rsc_op]
	Cluster              // the cluster itself: fencing, cancelling history, … [crm_event]
)

// Rsc names the resource of an action, as its <primitive> child does.
type Rsc struct {
	ID       string // instance id, e.g. "p_haproxy" or "st:1" for globally unique ones
	LongID   string // with instance number, if it differs: "p_haproxy:1"
	Class    string
	Provider string
	Type     string
}

// Action is one thing to do.
type Action struct {
	ID       int // from 1 in a graph
	Kind     Kind
	Task     string // "start", "stop", "monitor", "stonith", "cancel", "clear_failcount", …
	Key      string // operation_key, e.g. "vip_start_0"
	Internal string // internal_operation_key, if it differs
	Node     string // on_node
	NodeID   string // on_node_uuid
	Router   string // router_node: who carries it out for a remote node
	Rsc      *Rsc
	Attrs    []cib.Attr // the <attributes> of the action, sorted by name
	Downed   []string   // ids of nodes that this action takes down
	Lock     string     // shutdown-lock: since when the resource is held for its node, Unix seconds
	Priority int        // priority of its synapse
	Inputs   []int      // ids of actions that must have ended first
	Reason   string     // the constraint, failure, option or operator behind it (law 7)
}

// Attr returns the value of one of the action's attributes, or "".
func (a *Action) Attr(name string) string {
	for _, at := range a.Attrs {
		if at.Name == name {
			return at.Value
		}
	}
	return ""
}

// TargetRC is the return code that is wanted of the action, 0 if it names none.
func (a *Action) TargetRC() int {
	s := a.Attr("CRM_meta_op_target_rc")
	if s == "" { // as most often: an error costs memory
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// Graph is a whole transition.
type Graph struct {
	ID      int
	Attrs   []cib.Attr // of <transition_graph>: cluster-delay, batch-limit, …
	Actions []*Action  // in synapse order
}
