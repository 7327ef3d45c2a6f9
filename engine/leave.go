package engine

import (
	"strconv"
	"time"

	"mainstay/member"
	"mainstay/quorum"
	"mainstay/replica"
	"mainstay/ring"
)

// leaving is how far a node is on its way out.
type leaving struct {
	asked    bool
	said     bool          // goodbye was multicast
	clean    bool          // and said that nothing runs here any more
	wake     time.Duration // when to give up waiting
	deadline time.Duration
	heard    map[member.NodeID]bool // members that know of the goodbye; nil before it
	// unwritten are the QuorumFiles on their way to the disk: by the last one this node
	// knows, when it comes back, whether it left others behind.
	unwritten int
}

// escalation is how long a node waits for its resources to stop before it leaves
// all the same (shutdown-escalation of Pacemaker).
const escalation = 20 * time.Minute

// grace is how long the goodbye may take to be agreed.
const grace = 2 * time.Second

// shutdown asks the coordinator to take everything away from this node.
func (e *Engine) shutdown() {
	if e.leaving.asked {
		return
	}
	e.leaving.asked = true
	e.leaving.deadline = e.now.Mono + escalation
	e.leaving.wake = e.leaving.deadline
	e.note(Info, "this node is asked to leave: its resources are stopped or moved first")
	e.leaveSynced()
}

// leaveSynced tells the present view of the wish to leave.
func (e *Engine) leaveSynced() {
	if e.leaving.asked && !e.leaving.said && e.replica.Synced() {
		e.submit(replica.Update{Attributes: []replica.Attribute{
			{Node: e.name, Name: "shutdown", Value: strconv.FormatInt(e.wall(), 10)}}})
	}
}

// leave follows the coordinator's do_shutdown: nothing runs here any more.
func (e *Engine) leave(key string) {
	e.batch.Completes = append(e.batch.Completes, key)
	e.flushBatch()
	e.sayGoodbye(true)
}

func (e *Engine) sayGoodbye(clean bool) {
	if e.leaving.said {
		return
	}
	e.leaving.asked, e.leaving.said, e.leaving.clean = true, true, clean
	e.leaving.wake = e.now.Mono + grace
	e.quorumIn(quorum.Leave{})
	e.multicast(message{Goodbye: &goodbye{Node: e.name, Clean: clean}})
}

// leaveAgain repeats the goodbye in a new view: who is a member of it counts as one
// that stays, whatever it said before.
func (e *Engine) leaveAgain() {
	if e.leaving.said {
		e.leaving.heard = nil
		e.multicast(message{Goodbye: &goodbye{Node: e.name, Clean: e.leaving.clean}})
	}
}

// goodbye notes that a node runs nothing. Every other member says farewell, so
// that the node knows that it was heard before it cuts its links: who is merely
// gone would be fenced.
func (e *Engine) goodbye(from member.NodeID, g goodbye) {
	e.event("goodbye", g.Node+" leaves", "node", g.Node)
	if g.Clean {
		e.replicaIn(replica.Agreed{Update: replica.Update{Left: []string{g.Node}}})
	}
	if from != e.cfg.Self {
		e.multicast(message{Farewell: &g})
		return
	}
	e.leaving.heard = map[member.NodeID]bool{e.cfg.Self: true}
	e.leaveWhenHeard()
}

// farewell takes a member's word that it knows of a goodbye.
func (e *Engine) farewell(from member.NodeID, g goodbye) {
	if g.Node == e.name && e.leaving.heard != nil {
		e.leaving.heard[from] = true
		e.leaveWhenHeard()
	}
}

// leaveWhenHeard ends this node's membership once all other members know, and it is
// on disk.
func (e *Engine) leaveWhenHeard() {
	if e.leaving.heard == nil || e.leaving.unwritten > 0 {
		return
	}
	for _, m := range e.view.Members {
		if !e.leaving.heard[m] {
			return
		}
	}
	e.leaving.heard = nil
	e.ringIn(ring.Leave{})
}

func (e *Engine) leaveTick() {
	if e.leaving.wake == 0 || e.now.Mono < e.leaving.wake {
		return
	}
	if e.leaving.said {
		e.ringIn(ring.Leave{})
		e.emit(Exit{"left without being heard", e.leaving.clean})
		e.leaving.wake = e.now.Mono + grace
		return
	}
	e.note(Error, "resources did not stop in time; this node leaves all the same")
	e.sayGoodbye(false)
}
