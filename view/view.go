// Package view tells the state of a cluster: as text in the layouts that
// operators and scripts know (crm_mon, crm_simulate), as JSON, as XML
// (crm_mon --output-as=xml), as HTML and as Prometheus metrics. It is handed
// a value and returns text; it asks nobody and decides nothing.
package view

import (
	"time"

	"mainstay/cib"
	"mainstay/status"
)

// Frame is everything that a display may show at one instant.
type Frame struct {
	Cluster *status.Cluster
	Now     time.Time // "Last updated"; its location is used for all times
	CIB     *cib.Elem // for the operation history; may be nil
	Daemon  string    // state of the cluster manager, "running"; "" if unknown
	Fencing []Fencing // newest first
	Links   []Link    // of this node to its peers
	Quorum  *Quorum   // nil if unknown
	Alarms  []string  // what the node wants its operator to know
}

// Fencing is one entry of the fencing history.
type Fencing struct {
	Action, Target           string // "reboot", "n2"
	Delegate, Client, Origin string // who did it, who asked, where
	State                    FencingState
	Completed                time.Time // zero while pending
	ExitReason               string
}

// FencingState is how far an entry of the fencing history is.
type FencingState string

// The states of fencing.
const (
	FencingPending FencingState = "pending"
	FencingSuccess FencingState = "success"
	FencingFailed  FencingState = "failed"
)

// Link is one network link from this node to a peer.
type Link struct {
	Node string // the peer's name
	Link int    // from 0
	Up   bool
	RTT  time.Duration
	Loss float64 // of packets, 0 to 1
}

// Quorum tells how the votes stand.
type Quorum struct {
	Quorate                 bool
	Votes, Expected, Needed int
	Why                     string // why not quorate, or what it hangs on
	Ring                    string
}

// Section names one part of a display, as crm_mon --include does.
type Section string

// The sections.
const (
	Attributes       Section = "attributes"
	Bans             Section = "bans"
	Counts           Section = "counts"
	DC               Section = "dc"
	Failcounts       Section = "failcounts"
	Failures         Section = "failures"
	FencingFailures  Section = "fencing-failed"
	FencingPendings  Section = "fencing-pending"
	FencingSuccesses Section = "fencing-succeeded"
	MaintMode        Section = "maint-mode"
	Nodes            Section = "nodes"
	Operations       Section = "operations"
	ClusterOptions   Section = "options"
	Resources        Section = "resources"
	Stack            Section = "stack"
	Tickets          Section = "tickets"
	Times            Section = "times"
	Notes            Section = "notes" // why resources do not run
	Connections      Section = "links" // links, votes and alarms
)

// Options choose what is shown and how.
type Options struct {
	Sections    map[Section]bool
	Inactive    bool   // resources that run nowhere, too
	GroupByNode bool   // resources below their node
	Brief       bool   // counts per agent and node instead of resources
	Detail      bool   // node ids, single clone instances
	Timing      bool   // times in the operation history
	Pending     bool   // tasks under way
	FullFencing bool   // the whole history, not only the newest of each kind
	Quiet       bool   // less in words
	HideHeaders bool   // no block on the cluster as a whole
	NoPlaces    bool   // instances without the nodes that they are on
	BanPrefix   string // only bans whose id begins so
	Node        string // only this node
	Resource    string // only this resource
}

// DefaultSections is what crm_mon shows as text when nothing is chosen.
func DefaultSections() map[Section]bool {
	return map[Section]bool{
		Stack: true, DC: true, Times: true, Counts: true, MaintMode: true, Nodes: true, Resources: true,
		Failures: true, FencingFailures: true, FencingPendings: true,
	}
}

// has tells whether a section is chosen.
func (o *Options) has(s Section) bool { return o.Sections[s] }
