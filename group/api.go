// Package group makes the views and agreed messages that the engine needs out of
// a process group that somebody else orders: the closed process group service of
// an installed Corosync (cpg(3)). It is a pure step machine, the counterpart of
// package ring for those who keep their Corosync.
//
// What the service gives: every process of the group sees the same messages and
// the same changes of the group in the same order, as long as its machine stays
// in the same Totem ring; processes whose machines go together from one ring to
// the next saw the same in the first (extended virtual synchrony). What the
// engine needs besides: one name for each view that all its members know, though
// some have just come; messages that are delivered in the view in which they were
// sent, by all of its members or by none of them; and no view before it is known
// whether it has quorum. How that is made stands in doc.go.
package group

import (
	"strconv"

	"mainstay/member"
)

// MaxPayload is the size in bytes of the largest message that can be submitted.
const MaxPayload = 1 << 20

// Proc is one process of the group: the service tells its node and process id.
type Proc struct {
	Node member.NodeID
	PID  uint32
}

// String writes "node/pid".
func (p Proc) String() string { return p.Node.String() + "/" + strconv.FormatUint(uint64(p.PID), 10) }

// Input is what can happen to the machine: one of the types below.
type Input interface{ isInput() }

// The inputs. Changed, Ring and Received come in the order in which the service
// delivers them.
type (
	// Tick says that the time of Wake has come.
	Tick struct{}
	// Connected says that the service is there and this process is about to join
	// the group as Self.
	Connected struct{ Self Proc }
	// Changed is a change of the group: these processes are in it now.
	Changed struct{ Procs []Proc }
	// Ring is a new Totem ring: these machines form it, with or without a process
	// in the group.
	Ring struct {
		ID    member.RingID
		Nodes []member.NodeID
	}
	// Counted says that the votes of a Totem ring were counted, and the verdict.
	Counted struct {
		Ring    member.RingID
		Quorate bool
	}
	// Received is a message of a process of the group. The machine keeps Data.
	Received struct {
		From Proc
		Data []byte
	}
	// Lost says that the service is not there any more.
	Lost struct{}
	// Submit asks for a payload (at most MaxPayload bytes, else a Note says that
	// it was dropped) to be delivered to all members of a view, this one included.
	Submit struct{ Payload []byte }
	// Leave asks to leave the group on purpose; Gone follows.
	Leave struct{}
)

func (Tick) isInput()      {}
func (Connected) isInput() {}
func (Changed) isInput()   {}
func (Ring) isInput()      {}
func (Counted) isInput()   {}
func (Received) isInput()  {}
func (Lost) isInput()      {}
func (Submit) isInput()    {}
func (Leave) isInput()     {}

// Effect is what the machine wants done: one of the types below, in their order.
type Effect interface{ isEffect() }

// The effects.
type (
	// Multicast is a message for the group, this process included.
	Multicast struct{ Data []byte }
	// Deliver is a message in the agreed order, of the view of the last Install.
	Deliver struct {
		From    member.NodeID
		Payload []byte
	}
	// Install is a new view. Left are members of the previous view that did not
	// come along, Joined members that were not in the previous one or came from
	// another one (those are in both lists), Transitional those who came along
	// and delivered the same messages. All are sorted.
	Install struct {
		View                       member.View
		Left, Joined, Transitional []member.NodeID
	}
	// PutOut asks for the service to be ended on a node, whose daemon is stuck.
	PutOut struct{ Node member.NodeID }
	// KeepSeq asks for Seq to be on disk: it is Config.Seq of the next start. It is
	// asked for in advance, so that no view waits for a disk.
	KeepSeq struct{ Seq uint64 }
	// Note is for the log.
	Note struct {
		Level Level
		Text  string
		Attrs []any // key, value, …
	}
	// Gone ends the life of the machine; further inputs do nothing. Why is "" after
	// Leave.
	Gone struct{ Why string }
)

func (Multicast) isEffect() {}
func (Deliver) isEffect()   {}
func (Install) isEffect()   {}
func (PutOut) isEffect()    {}
func (KeepSeq) isEffect()   {}
func (Note) isEffect()      {}
func (Gone) isEffect()      {}

// Level is the weight of a Note; its values are those of log/slog.
type Level int

// The levels.
const (
	Info    Level = 0
	Warning Level = 4
	Error   Level = 8
)

// State is where the machine stands.
type State int

// The states.
const (
	Outside   State = iota // the service is not there, or this process is not in the group yet
	Exchange               // the group or the ring changed; its members tell each other where they come from
	Installed              // a view holds
	Alone                  // the service is gone for longer than Config.Patience: a view of this node only
	Departed               // after Gone
)

// String names the state as in logs.
func (s State) String() string {
	switch s {
	case Outside:
		return "outside"
	case Exchange:
		return "exchange"
	case Installed:
		return "installed"
	case Alone:
		return "alone"
	case Departed:
		return "departed"
	}
	return "unknown"
}
