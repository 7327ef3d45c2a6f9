// Package web serves a running node to its users: HTTP and JSON on a Unix socket
// whose peer's credentials say who asks, server-sent events for watching,
// Prometheus metrics and a description of it all in OpenAPI. It decides nothing;
// the node behind it is a Cluster, declared here in terms of nouns.
package web

import (
	"context"
	"time"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/member"
	"mainstay/status"
)

// Cluster is the running node as the API sees it. Methods may be called from any
// goroutine; errors that are a *Problem reach the user as they are.
type Cluster interface {
	// Snapshot returns the present state; the caller must not change it. What the
	// links look like is measured for it.
	Snapshot() *Snapshot
	// CIB is the present document; nil while there is none.
	CIB() *cib.Elem
	// Read is the document with all that was answered anywhere before, as the members
	// of a partition with quorum agree; it fails elsewhere.
	Read(ctx context.Context) (*cib.Elem, error)
	// Status unpacks the present CIB for displays.
	Status() (*status.Cluster, error)
	// Edit changes the CIB and returns its new version once every member of the
	// view has it on disk. The document after the edits is returned with it if
	// the node has it at hand (it may be nil).
	Edit(ctx context.Context, r Request) (cib.Version, error)
	// SetAttribute changes a transient node attribute (of any node).
	SetAttribute(ctx context.Context, c AttributeChange) error
	// Fence has a node fenced and returns when that has ended, which it does in a time
	// that the devices' time-outs bound.
	Fence(ctx context.Context, r FenceRequest) (FenceEvent, error)
	// ConfirmOff records an operator's word that a node is off.
	ConfirmOff(ctx context.Context, node, user string) error
	// ForgetFencing drops what has ended from the history of fencing: of one node, or
	// of all if it is "".
	ForgetFencing(ctx context.Context, node string) error
	// Forget deletes operation history, so that resources are probed again and
	// failures no longer count.
	Forget(ctx context.Context, r ForgetRequest) error
	// AddNode adds a node to the nodelist of every member's configuration file
	// and of the running cluster; it returns when all members have it on disk.
	// A node that is there already, the same in every field, is no error.
	AddNode(ctx context.Context, n Peer) error
	// RemoveNode is the opposite of AddNode; the node must not be a member.
	RemoveNode(ctx context.Context, name string) error
	// Reload has all members take over this node's configuration file as it
	// stands now, and their cluster key files as corosync-cfgtool -R does.
	Reload(ctx context.Context) error
	// Rekey gives all members a new cluster key while the cluster runs, and
	// returns when all use it and none takes the old one any more.
	Rekey(ctx context.Context) error
	Voting
	// Transition returns a transition that is still kept, with graph and input.
	// Number 0 means the latest. Transitions are kept by the node that was
	// coordinator.
	Transition(number int) (*Transition, error)
	// Watch sends what happens until ctx ends, then closes the channel. A slow
	// reader misses events but sees the latest.
	Watch(ctx context.Context) <-chan Event
}

// Request is a change of the CIB.
type Request struct {
	Edits  []cib.Edit
	Base   *cib.Version // refuse if the configuration changed since; nil: do not care
	User   string       // who asks, by the socket's peer credentials
	Client string       // program that asks: "mainstay", "cibadmin"
	DryRun bool         // validate and refuse as usual, but change nothing
}

// AttributeChange sets or removes one transient attribute.
type AttributeChange struct {
	Node   string // "" is the node that is asked
	Name   string
	Value  string
	Delete bool
	Set    string         // attribute set id, "" for the usual one
	Delay  *time.Duration // dampening; nil keeps what is set
	// Private attributes are never written to the CIB.
	Private bool
	// Sync waits until the value is in every member's CIB.
	Sync bool
	User string
}

// FenceRequest asks for a node to be fenced.
type FenceRequest struct {
	Node    string
	Action  string // "off", "reboot" or "on"
	Timeout time.Duration
	Delay   time.Duration // before it, besides the devices' own; negative: without any
	User    string
	Client  string
}

// ForgetRequest names history to delete. Empty fields mean "any".
type ForgetRequest struct {
	Resource  string // base id; all its instances and members
	Node      string
	Operation string // only failures of this operation …
	Interval  string // … with this interval
	// FailuresOnly keeps the history of what did not fail (cleanup); otherwise
	// all of it goes (refresh).
	FailuresOnly bool
	User         string
}

// Snapshot is the state of a node at one moment.
type Snapshot struct {
	Taken       time.Time     `json:"taken"`
	Cluster     string        `json:"cluster"` // cluster_name
	Self        string        `json:"self"`
	SelfID      member.NodeID `json:"self_id"`
	Build       string        `json:"build"` // version of the program
	Started     time.Time     `json:"started"`
	CIB         *cib.Elem     `json:"-"`
	View        member.View   `json:"view"`
	Quorum      Quorum        `json:"quorum"`
	Coordinator string        `json:"coordinator"` // "" if there is none
	Peers       []Peer        `json:"peers"`       // all configured nodes, sorted by id
	Links       []Link        `json:"links"`       // sorted by node, then link
	Transition  Running       `json:"transition"`
	Fencing     []FenceEvent  `json:"fencing"`    // newest first; pending ones are not Done
	Alarms      []Alarm       `json:"alarms"`     // newest first
	History     []Transition  `json:"history"`    // newest first, without Input and Graph
	Attributes  []Attribute   `json:"attributes"` // transient ones incl. private, sorted by node and name
}

// Peer is a configured node.
type Peer struct {
	ID     member.NodeID `json:"id"`
	Name   string        `json:"name"`
	Addrs  []string      `json:"addrs"` // per link
	Votes  int           `json:"votes"`
	Member bool          `json:"member"` // in the present view
}

// Link is one link to one peer.
type Link struct {
	Node string        `json:"node"`
	Link int           `json:"link"`
	Addr string        `json:"addr"`
	Up   bool          `json:"up"`
	RTT  time.Duration `json:"rtt_ns"`
	Loss float64       `json:"loss"` // share of heartbeats lost lately, 0 to 1
	MTU  int           `json:"mtu"`  // bytes of the largest payload that arrives; 0 if not known
}

// Running tells what the transition engine does. It is known on the coordinator;
// on others Known is false.
type Running struct {
	Known   bool     `json:"known"`
	Number  int      `json:"number"`
	Busy    bool     `json:"busy"`
	Waiting []string `json:"waiting"` // operation keys in flight, "vip_start_0 on node1"
}

// FenceEvent is one fencing, asked for, under way or over.
type FenceEvent struct {
	ID      string    `json:"id"`
	Node    string    `json:"node"`
	Action  string    `json:"action"`
	Origin  string    `json:"origin"` // node that asked
	Client  string    `json:"client"` // who asked for it there
	Device  string    `json:"device"` // that did it
	Agent   string    `json:"agent"`  // node that ran the device
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Done    bool      `json:"done"`
	OK      bool      `json:"ok"`
	Output  string    `json:"output"`
}

// Alarm is something that an operator should know: a foreign key on the wire, a
// second node with the same id, a full disk, a clock that jumped.
type Alarm struct {
	Kind   string    `json:"kind"`
	Source string    `json:"source"` // node, address or file
	Text   string    `json:"text"`
	Since  time.Time `json:"since"`
	Last   time.Time `json:"last"`
	Count  int       `json:"count"`
}

// Transition is one run of the transition engine.
type Transition struct {
	Number      int          `json:"number"`
	Coordinator string       `json:"coordinator"`
	Started     time.Time    `json:"started"`
	Ended       time.Time    `json:"ended"`   // zero while it runs
	Trigger     string       `json:"trigger"` // why it was computed
	Outcome     string       `json:"outcome"` // "complete", "aborted: …"
	Summary     []string     `json:"summary"` // one line per thing it does, with its reason
	Actions     int          `json:"actions"`
	Input       *cib.Elem    `json:"-"` // the CIB it was computed from
	Graph       *graph.Graph `json:"-"` // what was computed
}

// Attribute is the value of a transient node attribute.
type Attribute struct {
	Node  string `json:"node"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Event is something that happened, for watchers.
type Event struct {
	At   time.Time `json:"at"`
	Kind EventKind `json:"kind"`
	Node string    `json:"node"`
	Text string    `json:"text"` // for people; may be ""
}

// EventKind tells what an event is about.
type EventKind string

// The kinds of event.
const (
	EventCIB        EventKind = "cib"
	EventView       EventKind = "view"
	EventQuorum     EventKind = "quorum"
	EventTransition EventKind = "transition"
	EventFence      EventKind = "fence"
	EventLink       EventKind = "link"
	EventAlarm      EventKind = "alarm"
)
