// Package quorum decides whether a view may act for the whole cluster, by
// votes, as votequorum(5) describes it: expected votes, two_node,
// wait_for_all, auto_tie_breaker, last_man_standing, allow_downscale,
// expected_votes_tracking and the vote of a device. It is a pure step machine.
package quorum

import (
	"time"

	"mainstay/member"
)

// Input is what can happen to the machine: one of the types below.
type Input interface{ isInput() }

// The inputs.
type (
	// Tick says that the time of Wake has come.
	Tick struct{}
	// View is a new view of the ring. Goodbye are those who left on purpose since
	// the previous one (allow_downscale asks for them).
	View struct {
		Ring    member.RingID
		Members []member.NodeID
		Goodbye []member.NodeID
	}
	// Heard is what a member of the view told by Tell; this node's own is ignored.
	Heard struct{ Peer Peer }
	// SetExpected sets expected_votes at run time, on this node; Tell spreads it.
	SetExpected struct{ Votes int }
	// SetVotes changes the votes of a node at run time, on this node; Tell
	// spreads those of this node.
	SetVotes struct {
		Node  member.NodeID
		Votes int
	}
	// Device is what the quorum device says to this node about the view named by
	// Ring. It holds until Until if nothing else is said; 0 means that the device is
	// not reached. Its vote counts for that view only.
	Device struct {
		Until   time.Duration
		Ring    member.RingID
		Verdict Verdict
	}
	// ForgetDevice takes the device and its votes out of the count until the next
	// Configure (corosync-quorumtool -f).
	ForgetDevice struct{}
	// CancelWaitForAll ends waiting for all, as quorum.cancel_wait_for_all does.
	CancelWaitForAll struct{}
	// Leave says that this node is about to leave in order. Members that stay go on
	// without it, and nobody fences it: it must see all again when it comes back, or it
	// might go on alone from what it had.
	Leave struct{}
	// Configure replaces the configuration; Saved is ignored. Only votes,
	// expected votes and two_node change at run time, the rest is kept.
	Configure struct{ Config Config }
)

func (Tick) isInput()             {}
func (View) isInput()             {}
func (Heard) isInput()            {}
func (SetExpected) isInput()      {}
func (SetVotes) isInput()         {}
func (Device) isInput()           {}
func (ForgetDevice) isInput()     {}
func (CancelWaitForAll) isInput() {}
func (Leave) isInput()            {}
func (Configure) isInput()        {}

// Verdict is the device's answer about a view.
type Verdict int

// The verdicts.
const (
	Undecided Verdict = iota
	Granted
	Denied
)

// Peer is what each member tells the others of its view about itself.
type Peer struct {
	Node     member.NodeID
	Votes    int
	Expected int           // expected votes as this node counts now
	Quorate  bool          // its view was quorate when it told
	Waiting  bool          // it waits for all
	Ring     member.RingID // of the view that this is about
	DeviceUp bool          // it reaches the device
	Verdict  Verdict       // of the device
	Order    bool          // Expected is an operator's order (SetExpected), also to lower it
	// Away lists the nodes that left on purpose and are not expected (allow_downscale).
	Away string
	// Epoch tells how recent the last quorate view of this node was, and Breaker
	// who would decide a tie among its members (auto_tie_breaker); 0: it had none.
	Epoch   uint64
	Breaker member.NodeID
}

// Effect is what the machine wants done or known: one of the types below.
type Effect interface{ isEffect() }

// The effects.
type (
	// Tell asks for Peer to be multicast to the view; the others Hear it.
	Tell struct{ Peer Peer }
	// Keep asks for Saved to be on disk; it is Config.Saved of the next start.
	Keep struct{ Saved Saved }
)

// State is what the machine concludes. It is an effect whenever it changed.
type State struct {
	Quorate  bool
	Votes    int // of the members, and of the device if it is cast
	Expected int
	Highest  int // highest number of expected votes among the members
	Quorum   int // votes that are needed
	// Pending says that the device's vote decides and that it has not spoken yet:
	// until it has, or until Until, nothing should be begun, and nothing given up.
	Pending bool
	Until   time.Duration
	Members []Voter
	Device  DeviceState
	Flags   Flags
	WhyNot  string // why not quorate, and what would help; empty if quorate
}

// Voter is a member with its votes.
type Voter struct {
	Node  member.NodeID
	Votes int
	// Of a cluster with a device: whether the node reaches it, and whether it has its vote.
	DeviceUp, Cast bool
}

// DeviceState is the quorum device's part.
type DeviceState struct {
	Configured, Alive, Cast bool
	Votes                   int
}

// Flags are the features in force, as corosync-quorumtool shows them.
type Flags struct {
	TwoNode, WaitForAll, LastManStanding, AutoTieBreaker, AllowDownscale, Device bool
}

func (Tell) isEffect()  {}
func (Keep) isEffect()  {}
func (State) isEffect() {}

// Saved is what must outlive a restart of the daemon.
type Saved struct {
	// SeenAll says that since the machine booted all nodes were once in one view, and
	// that this node has not left others behind since; the caller drops it when the
	// machine boots (wait_for_all starts anew then).
	SeenAll bool
	// HighestExpected is the highest expected votes ever seen
	// (expected_votes_tracking); 0 if not tracked.
	HighestExpected int
}

// TieBreaker says who decides between two halves.
type TieBreaker int

// The tie breakers of auto_tie_breaker_node.
const (
	Lowest TieBreaker = iota
	Highest
	Listed
)

// Node is a configured node and its votes.
type Node struct {
	ID    member.NodeID
	Votes int
}

// Config is the quorum section of corosync.conf(5), and the nodes.
type Config struct {
	Self  member.NodeID
	Nodes []Node // nodelist; a node that is not in it has Votes votes

	ExpectedVotes int   // expected_votes; 0: the sum of the nodes' (and the device's) votes
	Votes         *int  // votes: of each node that Nodes does not tell; nil: 1
	TwoNode       bool  // two_node
	WaitForAll    *bool // wait_for_all; nil: what TwoNode says

	AutoTieBreaker   bool            // auto_tie_breaker
	TieBreaker       TieBreaker      // auto_tie_breaker_node: lowest, highest or …
	TieBreakerNodes  []member.NodeID // … a list
	LastManStanding  bool            // last_man_standing
	Window           time.Duration   // last_man_standing_window; 0: 10 s
	AllowDownscale   bool            // allow_downscale
	ExpectedTracking bool            // expected_votes_tracking
	Device           bool            // device is configured
	DeviceVotes      int             // device.votes; 0: 1
	DeviceMasterWins bool            // device.master_wins
	DeviceWait       time.Duration   // device.sync_timeout; 0: 30 s
	Saved            Saved
}
