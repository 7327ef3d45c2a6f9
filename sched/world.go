package sched

import (
	"slices"
	"time"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/status"
)

// planner holds everything known and decided during one call of Schedule. Each
// phase fills its part and reads those of the phases before.
type planner struct {
	traced

	in   Input
	now  time.Time
	root *cib.Elem
	conf *cib.Elem
	opt  options
	memo *memo // what is known from former calls

	nodes     []*node // in the order of the configuration, implied ones last
	nodeByID  map[string]*node
	nodeNamed map[string]*node
	dc        *node
	quorate   bool

	top       []*rsc // collections and primitives outside of them, removed ones last
	all       []*rsc // every instance and collection, by rsc.idx
	byRsc     map[string]*rsc
	templates map[string]*cib.Elem
	tagged    map[string][]string // tag or template → ids of what it stands for

	tickets     []*ticket
	ticketNamed map[string]*ticket

	haveRemote    bool
	haveFencing   bool // a fence device is configured
	depth         int
	colocated     map[*rsc]int // results of colocatedScore while instances are sorted
	tables        [][]cand     // score tables that nobody uses any more
	haveUnfencing bool
	failures      []*cib.Elem // failed operations in the order met

	locations []*location
	bans      []status.Ban // of what is not traced
	passing   location     // that of scoreNow
	colocs    []*coloc
	orders    [][]order // in pieces, in the order in which they were made

	acts    []*action
	late    []*action // starts that colocations blocked, which what waits for them may not know
	slabs   slabs
	walks   int32              // along the orderings, so far
	turn    int                // how often something was given a node, or lost it
	unique  map[string]*action // cluster-wide actions by key
	recheck time.Time

	histories []history  // the last piece of memory for histories being judged
	judging   []*history // the list of those of one record

	checkLater []func() // comparisons that need to know where things will be
	stopLater  []*rsc   // containers whose stop a failure inside of them requires

	scores   []Score
	reasons  []Reason
	warnings []Warning
	stay     map[string]bool // resources that do not migrate live, because that would wait for itself
}

// node is one node.
type node struct {
	idx      int
	id, name string
	kind     status.NodeKind
	elem     *cib.Elem
	state    *cib.Elem

	online, unclean, pending bool
	standby, standbyOnFail   bool
	maintenance, shutdown    bool
	expectedUp, unseen       bool
	unpacked                 bool // its history was read
	noProbes                 bool // resource-discovery-enabled=false
	resetNeeded              bool // remote: the connection failed and must be made anew
	remoteFenced             bool
	bundled                  bool // guest: inside of a bundle's container
	bundleAt                 int  // resources unpacked before it was known to be
	remoteMaint              bool
	unfenced                 bool
	featureSet               string
	hasFailures              bool

	base      int // score that every resource starts with
	attrs     map[string]string
	fails     map[string][]string // names of attributes about failures, by resource; nil: not looked up yet
	util      map[string]int      // capacity left
	remoteRsc *rsc                // the connection of a remote or guest node
	running   []*rsc
	assigned  []*rsc
	nAssigned int
	priority  int    // sum of the priorities of what runs here
	why       string // why it is unclean
	unknown   string // what a probe here is for, once somebody asked
	dataset   *cib.Elem
}

func (n *node) isRemote() bool { return n.kind != status.Member }
func (n *node) isGuest() bool  { return n.kind == status.Guest }

// available tells whether the node can run resources at all.
func (n *node) available() bool {
	return n != nil && n.online && !n.shutdown && !n.unclean && !n.standby && !n.maintenance
}

// kind orders the kinds of resource; some decisions prefer the larger.
type kind int8

const (
	primitive kind = iota
	group
	clone
	bundle
)

// role is a resource's role; a larger one is more active.
type role int8

const (
	roleUnknown role = iota
	roleStopped
	roleStarted
	roleUnpromoted
	rolePromoted
)

func (r role) status() status.Role {
	return [...]status.Role{status.Unknown, status.Stopped, status.Started, status.Unpromoted, status.Promoted}[r]
}

// discovery says where a resource may be looked for.
type discovery int8

const (
	discoverAlways discovery = iota
	discoverNever
	discoverExclusive
)

// cand is what a resource makes of one node.
type cand struct {
	score    int
	count    int32 // clones: instances (then promoted instances) placed here
	discover discovery
	ok       bool // known to the resource: a row of its score table
}

// rsc is a resource: a primitive instance or a collection.
type rsc struct {
	idx    int
	id     string // with instance number
	name   string // as in the history: without it for anonymous clones
	seenAs string // the name in the history, if it was met there under another than id
	kind   kind
	elem   *cib.Elem // with its template's parts merged in
	source *cib.Elem // at the top: its element in the document
	turn   int       // at the top: 1 + its turn, if turns are noted
	ops    *cib.Elem
	parent *rsc
	kids   []*rsc
	kids2  []*rsc // clones: the instances in the order in which they were placed
	meta   map[string]string

	class, provider, agent string
	params                 []paramSet // instance attributes, by node if they differ
	nodeParams             bool
	plain                  bool // parameters and operations follow from the element alone

	managed, block, failed, removed                     bool
	failureIgnored, maintenance                         bool
	notify, unique, promotable                          bool
	critical, exclusive                                 bool // exclusive: resource-discovery=exclusive somewhere
	startPending, unexpected                            bool
	migratable, reloadOK                                bool
	needsQuorum, needsFencing                           bool
	needsUnfencing, fenceDevice                         bool
	stopOnMultiple, multipleUnexpected, blockOnMultiple bool
	bundleAddr                                          bool // a bundle's connection that goes by its host's name
	replicaContainer, nesting                           bool // nesting: may run on remote nodes although it makes one
	probed                                              bool

	priority    int
	stickiness  int
	threshold   int   // migration-threshold
	failTimeout int64 // ms
	util        map[string]int

	role, nextRole         role
	runningOn              []*node
	knownOn                []*node
	dangling               []*node // active there by an unfinished migration
	pendingTask            string
	pendingNode            *node
	partialFrom, partialTo *node
	stopUnexpected         bool // it is active where it should not be, and stops only there
	restarting             bool // what is being scheduled leads down and up again
	stopIfFailed           bool
	lockNode               *node
	lockTime               int64
	fillers                []*rsc // guest nodes: the connection runs inside of this container
	container              *rsc
	remoteNode             *node // the node behind a remote connection
	remoteSecs             int64 // remote-reconnect interval, ms

	allowed                    []cand // by node.idx
	assignedTo                 *node
	placedScore                int // the score with which it was assigned
	unassigned                 bool
	assigning, merging         bool
	prio0                      int // the configured priority
	reload                     bool
	sortIndex                  int
	locs                       []*location
	cons                       []*coloc // colocations of this with others
	consWith                   []*coloc // of others with this
	thisWithAll, withThisAll   []*coloc
	thisWithDone, withThisDone bool
	tickets                    []*ticketCons
	acts                       actTable
	shown                      *graph.Rsc // how its actions in the graph name it
	group                      groupData
	clone                      cloneData
	bundle                     *bundleData
	restart                    []restartKey
	lastHost                   string
}

type groupData struct{ ordered, colocated bool }

type cloneData struct {
	max, nodeMax, promotedMax, promotedNodeMax           int
	interleave, ordered                                  bool
	total, active                                        int
	promotionSorted, promotionAdded                      bool
	choosing                                             bool // its roles are being chosen, or have been
	child                                                *cib.Elem
	planned, present                                     *instanceTable
	notifyStart, notifyStop, notifyPromote, notifyDemote *notifyData
}

func (r *rsc) isCollection() bool { return r.kind != primitive }

// uber returns the outermost collection around r; with inBundle false, bundles do not count.
func (r *rsc) uber(inBundle bool) *rsc {
	for r.parent != nil && (inBundle || r.parent.kind != bundle) {
		r = r.parent
	}
	return r
}

// cloneAround returns the clone (or bundle) of which r is, or is in, an instance.
func (r *rsc) cloneAround() *rsc {
	for p := r.parent; p != nil; p = p.parent {
		if p.kind >= clone {
			return p
		}
	}
	return nil
}

// anonymous tells whether r is or is in an instance of a clone that is not globally unique.
func (r *rsc) anonymous() bool {
	p := r.uber(false)
	return p.kind == clone && !p.unique
}

// each calls f for r and everything below it, outer first.
func (r *rsc) each(f func(*rsc)) {
	f(r)
	for _, k := range r.kids {
		k.each(f)
	}
}

// prims appends every primitive at or below r.
func (r *rsc) prims(dst []*rsc) []*rsc {
	if r.kind == primitive {
		return append(dst, r)
	}
	for _, k := range r.kids {
		dst = k.prims(dst)
	}
	return dst
}

// isOn tells whether the resource is active on a node.
func (r *rsc) isOn(n *node) bool {
	for _, m := range r.runningOn {
		if m == n {
			return true
		}
	}
	return false
}

func (r *rsc) isKnownOn(n *node) bool {
	for _, m := range r.knownOn {
		if m == n {
			return true
		}
	}
	return false
}

// warn notes, once, that something was ignored or mended, and the remedy.
func (p *planner) warn(id, text, fix string) {
	if w := (Warning{ID: id, Text: text, Fix: fix}); !slices.Contains(p.warnings, w) {
		p.warnings = append(p.warnings, w)
	}
}

func (p *planner) reason(r *rsc, n *node, kind Cause, source string, amount int, text string) {
	if !p.in.Options.Reasons {
		return
	}
	x := Reason{Resource: r.id, Kind: kind, Source: source, Amount: amount, Text: text}
	if n != nil {
		x.Node = n.name
	}
	p.reasons = append(p.reasons, x)
}

// restartKey names a record whose failure expired.
type restartKey struct {
	n  *node
	id string
}
