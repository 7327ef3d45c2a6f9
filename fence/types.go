// Package fence decides how a node is cut off from the cluster's resources:
// which device, run by which member, at which level of the topology, and what
// to try next when that fails. Every member runs the same Machine on the same
// agreed stream of Request, Message and View inputs, so all of them choose the
// same executor and come to the same outcome without asking each other.
package fence

import (
	"time"

	"mainstay/agent"
	"mainstay/member"
)

// Config is what a Machine must know from the start.
type Config struct {
	Self member.NodeID
	Rand func() uint64 // for pcmk_delay_max; used only by the executor of an attempt
	// DefaultTimeout is for requests and devices that set none (stonith-timeout). 0 means 60 s.
	DefaultTimeout time.Duration
	// Retries is how often one executor runs a device's agent before it reports a
	// failure, where pcmk_<action>_retries does not say. 0 means 2.
	Retries int
}

// Input is what a Machine's Step takes: one of the types below.
// Request, View, Withdraw, Confirm and the messages must be fed in agreed order on
// all members; so must Setup, made from the configuration as it is at that place
// of the order. What is in the status may differ by then, so the origin puts what
// matters of it into the Request: Ask does so.
type Input interface{ input() }

// The inputs. Wall is the time of day in Unix seconds.
type (
	// Tick says that the time returned by Wake has come.
	Tick struct{ Wall int64 }

	// Request asks to fence (agreed).
	Request struct {
		ID      string // unique for ever, e.g. "ORIGIN.RING.SEQ"
		Target  string // node name
		Action  string // "off", "reboot" or "on"
		Origin  member.NodeID
		Client  string        // who asked: "coordinator", "operator", …
		Timeout time.Duration // for one device; 0: Config.DefaultTimeout
		Delay   time.Duration // priority-fencing-delay, added to devices' delay_base; negative: no delays at all
		// Members are those who take part: the members of the view in which the
		// origin asked. Others ignore the request. Empty: the present view.
		Members []member.NodeID
		Prefer  []Preference // where the origin saw the devices running
		// Ring is the view in which a coordinator asked: like all its orders the
		// request is void in another. Zero, and an operator's: it holds in any.
		Ring member.RingID
		Wall int64
	}

	// View is the present view (agreed). A request whose origin has left it ends
	// as failed: who coordinates now will ask again. So does a coordinator's request
	// against a node that joins. Left are members of the view
	// before that did not come along, Joined those that were not in it or came from
	// another one: a daemon that was started again between the two is in both, and in
	// Members, and knows of no request.
	View struct {
		Members      []member.NodeID
		Left, Joined []member.NodeID
		Wall         int64
	}

	// Withdraw ends requests without an outcome of their own (agreed): that
	// with ID, or all of Origin if ID is empty (it lost quorum).
	// What was to be reached is so all the same if Met is set.
	Withdraw struct {
		ID     string
		Origin member.NodeID
		Reason string
		Met    bool `json:",omitempty"`
		Wall   int64
	}

	// Confirm is the operator's word that a node is off (agreed).
	Confirm struct {
		Target string
		Client string
		Wall   int64
	}

	// Forget takes what has ended out of the history (agreed): that of one Target,
	// or all of it if Target is empty.
	Forget struct{ Target string }

	// Done ends a Run (local).
	Done struct {
		Tag    uint64
		Result agent.Result
		Wall   int64
	}

	// Remember takes over history of members that were here before: on joining, and
	// when what was under way then ends.
	Remember struct{ Events []Event }
)

// Preference says on which members a device is monitored: there it is known to work.
type Preference struct {
	Device string
	Nodes  []member.NodeID // sorted
}

// Message is what members tell each other by agreed multicast; each is an Input too.
type Message interface {
	Input
	message()
}

// The messages. Fields are exported for the engine's encoding only.
type (
	// Attempted is the end of one device's run at its executor.
	Attempted struct {
		ID     string // of the request
		Seq    int    // number of the attempt within the request
		Device string
		By     member.NodeID
		OK     bool
		Skip   bool   // the device does not know the target: no failure, go on
		Output string // the agent's words
		Wall   int64
	}

	// Expired says that a request has taken too long; its origin says so.
	Expired struct {
		ID   string
		Wall int64
	}
)

// Effect is what a Step asks for: one of the types below.
type Effect interface{ effect() }

// The effects.
type (
	// Run asks to run a fence agent on this node; Done{Tag} must follow.
	Run struct {
		Tag  uint64
		Call agent.Call
	}

	// Kill asks to end a Run at once; its Done still follows.
	Kill struct{ Tag uint64 }

	// Announce asks to multicast a message in agreed order, to this node too.
	Announce struct{ Message Message }

	// Outcome is the end of a request; every member has it at the same place of the agreed order.
	Outcome struct {
		ID     string
		Target string
		Action string
		Origin member.NodeID
		Client string
		By     member.NodeID // executor; 0: nobody, or the operator
		Device string
		OK     bool
		Reason string // why not, or who confirmed it
		Wall   int64
	}
)

func (Tick) input()      {}
func (Request) input()   {}
func (View) input()      {}
func (Withdraw) input()  {}
func (Confirm) input()   {}
func (Forget) input()    {}
func (Done) input()      {}
func (Remember) input()  {}
func (Setup) input()     {}
func (Attempted) input() {}
func (Expired) input()   {}

func (Attempted) message() {}
func (Expired) message()   {}
func (Remember) message()  {}

func (Run) effect()      {}
func (Kill) effect()     {}
func (Announce) effect() {}
func (Outcome) effect()  {}

// Setup is the fencing configuration; FromCIB reads it.
type Setup struct {
	Enabled  bool // stonith-enabled
	Action   string
	Timeout  time.Duration // stonith-timeout
	Watchdog time.Duration // stonith-watchdog-timeout; 0: none
	Nodes    []Node        // in document order
	Devices  []Device      // in document order
	Levels   []Level       // in document order
}

// Node is what matters of a node.
type Node struct {
	ID    member.NodeID // 0 for remote nodes
	Name  string
	Attrs map[string]string // permanent attributes, for levels and maps by attribute
}

// SelfFence asks this node to stop itself at once: it is to be fenced by its
// watchdog, and the others count on that.
type SelfFence struct {
	Reason string
	Reboot bool
}

func (SelfFence) effect() {}

// Event is one entry of the history.
type Event struct {
	ID        string
	Target    string
	Action    string
	Origin    member.NodeID
	Client    string
	By        member.NodeID
	Device    string
	State     string // "pending", "success", "failed"
	Reason    string
	Asked     int64 // Unix seconds
	Completed int64
}
