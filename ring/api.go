// Package ring is the Totem single-ring protocol (Amir, Moser,
// Melliar-Smith, Agarwal, Ciarfella: "The Totem Single-Ring Ordering and
// Membership Protocol", ACM TOCS 13(4), 1995) as a pure step machine. It gives
// the members of a cluster agreed views of who is there, and messages that all
// members of a view receive in the same order (extended virtual synchrony).
//
// What the paper leaves to time-outs is here decided by evidence where there
// is any: silence on every link, a refused port, a goodbye, a new incarnation.
// What the paper does with two rotations of the token is done with one, since
// the token carries what each member has received. The token rests where it
// was last of use and moves only while there is work.
//
// The machine has no clock, socket or random source: Step takes the time and
// an input, and returns what is to be done.
package ring

import (
	"time"

	"mainstay/member"
)

// MaxPayload is the size in bytes of the largest message that can be submitted.
const MaxPayload = 1 << 20

// MaxMembers is the largest number of configured nodes.
const MaxMembers = 32

// Input is what can happen to the machine: one of the types below.
type Input interface{ isInput() }

// The inputs.
type (
	// Tick says that the time of Wake has come.
	Tick struct{}
	// Packet is a packet of a peer, authentic and whole. The machine keeps Data.
	Packet struct {
		From member.NodeID
		Data []byte
	}
	// Submit asks for a payload (at most MaxPayload bytes, else a Note says that
	// it was dropped) to be delivered to all members of a view, this one included.
	// The machine keeps Payload until it is sent. With Safe, nobody delivers it, nor
	// what is ordered behind it, before every member of the view has received it.
	Submit struct {
		Payload []byte
		Safe    bool
	}
	// Silence says that nothing was heard of Node on any link for Config.Token.
	Silence struct{ Node member.NodeID }
	// Heard takes Silence back, or says that Node can be heard for the first time.
	Heard struct{ Node member.NodeID }
	// Unreachable says that Node's host refuses packets or that it said goodbye.
	Unreachable struct{ Node member.NodeID }
	// Paused says that this process did not run for a while (a stopped process, a
	// paused machine). It must come before any packet that waited meanwhile.
	Paused struct{ For time.Duration }
	// Configure changes the nodes and timing at run time. Self, Incarnation, Seq
	// and MTU of the new configuration are ignored.
	Configure struct{ Config Config }
	// Leave asks to leave the cluster on purpose: what was submitted is still
	// sent if that is possible within half of Config.Token, then Gone follows.
	Leave struct{}
)

func (Tick) isInput()        {}
func (Packet) isInput()      {}
func (Submit) isInput()      {}
func (Silence) isInput()     {}
func (Heard) isInput()       {}
func (Unreachable) isInput() {}
func (Paused) isInput()      {}
func (Configure) isInput()   {}
func (Leave) isInput()       {}

// Effect is what the machine wants done: one of the types below. Effects are
// to be carried out in their order.
type Effect interface{ isEffect() }

// The effects.
type (
	// Send is a packet for To, or for all configured peers if To is 0. Data is
	// not to be changed: the machine may send it again.
	Send struct {
		To   member.NodeID
		Data []byte
	}
	// Deliver is a message in the agreed order. It belongs to the view of the
	// last Install. Payload belongs to the receiver, who must not write to it. Safe
	// is that of Submit: every member of the view has the message and delivers it,
	// unless it dies; after a Transition, every one of the Transition's Members.
	Deliver struct {
		From    member.NodeID
		Payload []byte
		Safe    bool
	}
	// Transition says that of the view of the last Install only Members remain
	// together; what is delivered between it and the next Install reaches them
	// all, but perhaps nobody else (the transitional configuration). All of Members
	// deliver the same before it, and the same between it and the next Install.
	Transition struct {
		Ring    member.RingID // the view that ends
		Members []member.NodeID
	}
	// Install is a new view. Left are members of the previous view that did not
	// come along, Joined members of the new view that were not in the previous
	// one, or came from another one, or were started anew (those are in both
	// lists). Transitional are those who came along and delivered the same
	// messages; it holds this node unless this is its first view. Goodbye are
	// those of Left who left on purpose. All are sorted.
	Install struct {
		View                                member.View
		Left, Joined, Transitional, Goodbye []member.NodeID
	}
	// KeepSeq asks for Seq to be on disk before the following effects are carried
	// out; it is Config.Seq of the next start. It is asked for in advance, so that
	// no view change waits for a disk.
	KeepSeq struct{ Seq uint64 }
	// Note is for the log.
	Note struct {
		Level Level
		Text  string
		Attrs []any // key, value, key, value … as log/slog takes them
	}
	// Gone ends the life of the machine after Leave; further inputs do nothing.
	Gone struct{}
)

func (Send) isEffect()       {}
func (Deliver) isEffect()    {}
func (Transition) isEffect() {}
func (Install) isEffect()    {}
func (KeepSeq) isEffect()    {}
func (Note) isEffect()       {}
func (Gone) isEffect()       {}

// Level is the weight of a Note; its values are those of log/slog.
type Level int

// The levels.
const (
	Debug   Level = -4
	Info    Level = 0
	Warning Level = 4
	Error   Level = 8
)

// State is the phase of the protocol.
type State int

// The states, in the order in which a new view passes through them.
const (
	Gathering   State = iota // finding out who is there
	Committing               // the commit token goes round
	Recovering               // exchanging what is left of the previous view
	Operational              // a view is installed
	Departed                 // after Leave
)

// String names the state as in logs.
func (s State) String() string {
	switch s {
	case Gathering:
		return "gathering"
	case Committing:
		return "committing"
	case Recovering:
		return "recovering"
	case Operational:
		return "operational"
	case Departed:
		return "departed"
	}
	return "unknown"
}

// Stats counts what the machine did since New.
type Stats struct {
	Views          uint64 // views installed
	Gathers        uint64 // times that the members were gathered anew
	Tokens         uint64 // tokens received
	TokenLosses    uint64 // times that the token did not come for Config.Token
	TokenResends   uint64 // tokens sent again for want of an answer
	Delivered      uint64 // messages
	DeliveredBytes uint64
	Submitted      uint64        // messages
	PacketsSent    uint64        // data packets, without retransmissions
	Retransmitted  uint64        // data packets sent again
	Requested      uint64        // data packets asked for again
	Malformed      uint64        // packets that could not be decoded
	Foreign        uint64        // packets of rings or nodes that are not ours
	Rotation       time.Duration // smoothed time between sending the token on and knowing that it arrived
}
