package engine

import (
	"errors"
	"fmt"
	"time"

	"mainstay/control"
	"mainstay/fence"
	"mainstay/member"
	"mainstay/quorum"
	"mainstay/replica"
)

// The requests about quorum, as corosync-quorumtool(8) has them.
type (
	// SetExpected sets the expected votes of the whole cluster at run time.
	SetExpected struct{ Votes int }
	// SetVotes sets the votes of a node at run time.
	SetVotes struct {
		Node  member.NodeID
		Votes int
	}
	// ForgetDevice takes the quorum device out of the count on all members.
	ForgetDevice struct{}
	// Unblock ends waiting for all (quorum.cancel_wait_for_all).
	Unblock struct{}
	// KillDaemon ends the daemon of a member at once (corosync-cfgtool -k).
	KillDaemon struct{ Node member.NodeID }
)

// ballot is a change of the votes that all members make, or the end of a daemon.
type ballot struct {
	Node         member.NodeID `json:",omitempty"`
	Votes        int           `json:",omitempty"`
	ForgetDevice bool          `json:",omitempty"`
	Kill         bool          `json:",omitempty"` // Node's daemon is to end
}

// appliedWithin bounds the wait for a change of have-quorum to be in the CIB.
const appliedWithin = time.Second

// voteRequest begins to carry out a wish about quorum; it tells whether it was one.
func (e *Engine) voteRequest(in Request) bool {
	if e.refuseVotes(in) {
		return true
	}
	var err error
	switch b := in.Body.(type) {
	case SetExpected:
		if err = e.quorum.CheckExpected(b.Votes); err == nil {
			e.quorumIn(quorum.SetExpected{Votes: b.Votes})
		}
	case SetVotes:
		if !e.view.Has(b.Node) {
			err = fmt.Errorf("node %s is not a member of this partition", b.Node)
			break
		}
		e.multicast(message{Ballot: &ballot{Node: b.Node, Votes: b.Votes}})
	case ForgetDevice:
		e.multicast(message{Ballot: &ballot{ForgetDevice: true}})
	case KillDaemon:
		e.multicast(message{Ballot: &ballot{Node: b.Node, Kill: true}})
	case Unblock:
		e.quorumIn(quorum.CancelWaitForAll{})
	default:
		return false
	}
	e.emit(Reply{ID: in.ID, Err: err})
	return true
}

// refuseVotes answers what only Corosync's own tool can do, if Corosync counts.
func (e *Engine) refuseVotes(in Request) bool {
	switch in.Body.(type) {
	case SetExpected, SetVotes, ForgetDevice, Unblock:
		if e.group == nil {
			return false
		}
		e.emit(Reply{ID: in.ID, Err: errors.New("Corosync counts the votes of this cluster; ask its own /usr/sbin/corosync-quorumtool")})
		return true
	}
	return false
}

// ballot changes the votes as all members do.
func (e *Engine) ballot(b ballot) {
	switch {
	case b.ForgetDevice:
		e.quorumIn(quorum.ForgetDevice{})
	case !b.Kill:
		e.quorumIn(quorum.SetVotes{Node: b.Node, Votes: b.Votes})
	case b.Node == e.cfg.Self:
		e.emit(Exit{Reason: "an operator had this daemon end"})
	}
}

func (e *Engine) quorumIn(in quorum.Input) {
	if e.group != nil {
		return // Corosync counts
	}
	for _, x := range e.quorum.Step(e.now.Mono, in) {
		switch x := x.(type) {
		case quorum.State:
			e.voted(x)
		case quorum.Tell:
			p := x.Peer
			e.multicast(message{Votes: &p})
		case quorum.Keep:
			e.leaving.unwritten++
			e.emit(Write{Tag: ofQuorum, Name: QuorumFile, Data: encodeSaved(x.Saved, e.cfg.Boot)})
		default:
			panic(fmt.Sprintf("engine: unknown effect %T", x))
		}
	}
}

// voted takes a new conclusion about quorum.
func (e *Engine) voted(s quorum.State) {
	was := e.votes
	e.votes = s
	e.dirty = true
	e.stand()
	if s.Pending != was.Pending || s.Device != was.Device {
		e.event("quorum", fmt.Sprintf("quorum: %d votes of %d", s.Votes, s.Expected), "quorate", s.Quorate, "pending", s.Pending,
			"device_alive", s.Device.Alive, "device_votes", s.Device.Cast)
	}
	if !e.replica.Synced() {
		return
	}
	e.publishVotes()
	if was.Pending && !s.Pending && !s.Quorate {
		e.withdraw()
	}
	e.settled()
}

// stand tells the quorum device's client where this node stands.
func (e *Engine) stand() {
	if e.cfg.Conf.Quorum.Device != nil && e.group == nil {
		e.emit(Standing{View: e.view, Votes: e.votes})
	}
}

// publishVotes has have-quorum in the CIB follow what was concluded; while the
// quorum device is still asked nothing is concluded.
func (e *Engine) publishVotes() {
	if q := e.votes.Quorate; e.replica.Coordinator() == e.cfg.Self && !e.votes.Pending && q != e.mayAct() {
		e.submit(replica.Update{Quorate: &q})
	}
}

// mayAct is what the CIB says of quorum.
func (e *Engine) mayAct() bool { return e.replica.Root().Get("have-quorum") == "1" }

// undecided is how long the coordinator waits before it plans because quorum is
// not decided, or not yet in the CIB; 0 if it is.
func (e *Engine) undecided() time.Duration {
	switch {
	case e.votes.Pending:
		return max(e.votes.Until-e.now.Mono, 1)
	case e.votes.Quorate != e.mayAct():
		return appliedWithin
	}
	return 0
}

// settled lets the coordinator plan if there is nothing more to wait for.
func (e *Engine) settled() {
	if e.patience() == 0 {
		e.controlIn(control.Deaf{})
	}
}

// withdraw takes this node's own fencing requests back.
func (e *Engine) withdraw() {
	e.multicast(message{Withdraw: &fence.Withdraw{Origin: e.cfg.Self, Reason: "quorum was lost", Wall: e.wall()}})
}
