// Package status holds the words in which a cluster's state is told: nodes,
// resources with their roles and places, failures, fencing. The scheduler
// fills it from a CIB; the view package writes it as text, JSON, XML or HTML.
package status

// Role is what a resource instance is, or should be, on a node.
type Role string

// The roles, as Pacemaker 3 names them.
const (
	Unknown    Role = "Unknown"
	Stopped    Role = "Stopped"
	Started    Role = "Started"
	Unpromoted Role = "Unpromoted"
	Promoted   Role = "Promoted"
)

// NodeKind tells members from remote and guest nodes.
type NodeKind string

// The kinds of node.
const (
	Member NodeKind = "member"
	Remote NodeKind = "remote"
	Guest  NodeKind = "guest"
)

// Node is one node as the scheduler sees it.
type Node struct {
	Name, ID      string
	Kind          NodeKind
	Online        bool
	Pending       bool
	Unclean       bool // must be fenced before its resources are recovered
	Standby       bool
	StandbyOnFail bool
	Maintenance   bool
	Shutdown      bool // asked to leave
	ExpectedUp    bool
	IsDC          bool
	Health        string // "", "red", "yellow" or "green"
	FeatureSet    string
	Running       int    // active resource instances
	Container     string // guest nodes: id of the resource that runs it
	Attributes    []Attribute
}

// Attribute is a node attribute, permanent or transient.
type Attribute struct{ Name, Value, Expected string }

// ResourceKind tells primitives from collections.
type ResourceKind string

// The kinds of resource.
const (
	Primitive ResourceKind = "primitive"
	Group     ResourceKind = "group"
	Clone     ResourceKind = "clone"
	Bundle    ResourceKind = "bundle"
	Replica   ResourceKind = "replica" // of a bundle; its children are primitives with a Part
)

// Part is what a primitive does in a replica of a bundle.
type Part string

// The parts of a replica.
const (
	PartIP        Part = "ip"        // its address
	PartInner     Part = "inner"     // the configured primitive inside of the container
	PartContainer Part = "container" // the container itself
	PartRemote    Part = "remote"    // the connection to its guest node
)

// Place is one node on which an instance is active.
type Place struct {
	Node, NodeID string
	Role         Role
}

// Resource is one resource, instance or collection.
type Resource struct {
	ID           string // as shown: "p_haproxy", "st:1"
	BaseID       string // the configured id
	Kind         ResourceKind
	Agent        string // "ocf:heartbeat:IPaddr2"
	Role         Role   // present role
	TargetRole   Role   // configured target-role, "" if none
	Places       []Place
	Pending      string // task under way: "Starting", "Stopping", "Monitoring", …
	PendingNode  string
	Managed      bool
	Maintenance  bool
	Blocked      bool
	Failed       bool
	FailIgnored  bool
	Orphan       bool // active but no longer configured
	Disabled     bool // target-role says Stopped (or Unpromoted for a promotable)
	LockedTo     string
	Unique       bool // clones: globally-unique
	Promotable   bool
	Image        string   // bundles
	BundleType   string   // bundles: "docker", "podman" or "rkt"
	IP           string   // replicas: the address, "" if none
	Part         Part     // primitives of a replica
	Max          int      // clones: clone-max
	Allowed      []string // clones: names of the nodes that may run instances, before constraints
	Description  string
	Children     []*Resource // members, instances, replicas
	NodesRunning int
	Threshold    int `json:",omitempty"` // migration-threshold, 0 if none
}

// Failure is a failed operation in the history.
type Failure struct {
	Resource, Node  string
	Key             string // operation key: vip_monitor_10000
	Task            string
	IntervalMS      int
	RC              int
	RCText          string // "not running"
	Status          int
	StatusText      string // "complete", "Timed Out", …
	ExitReason      string
	CallID          int
	LastChange      int64 // Unix seconds
	ExecMS, QueueMS int
}

// FailCount is the count of a resource's failures on a node.
type FailCount struct {
	Resource, Node string
	Count          int // 1000000 = INFINITY
	Threshold      int // migration-threshold, 0 if none
	LastFailure    int64
}

// Ban is a negative score that a location constraint, or a rule of one (ID), gives a resource for one node.
type Ban struct {
	ID, Resource, Node string
	Score              int
	PromotedOnly       bool
}

// Ticket is a site ticket.
type Ticket struct {
	ID          string
	Granted     bool
	Standby     bool
	LastGranted string
	Attributes  []Attribute
}

// Cluster is everything that a status display shows.
type Cluster struct {
	Name            string
	Stack           string
	DC, DCID        string // coordinator
	DCVersion       string
	Quorate         bool
	LastChange      string
	LastChangeUser  string
	LastChangeTool  string
	LastChangeNode  string
	Maintenance     bool
	StopAll         bool
	FencingEnabled  bool
	Symmetric       bool
	NoQuorumPolicy  string
	NodesConfigured int
	Instances       int // resource instances configured
	Disabled        int
	Blocked         int
	Nodes           []Node
	Resources       []*Resource
	Failures        []Failure
	FailCounts      []FailCount
	Bans            []Ban
	Tickets         []Ticket
	Notes           []Note
}

// Note is a remark that explains something: why a resource is not running, what was ignored.
type Note struct {
	About string // resource or node id, "" for the cluster
	Text  string
}
