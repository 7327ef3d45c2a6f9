package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mainstay/attr"
	"mainstay/cib"
	"mainstay/control"
	"mainstay/fence"
	"mainstay/lrm"
	"mainstay/member"
	"mainstay/quorum"
	"mainstay/replica"
	"mainstay/ring"
)

// Tags of runs and writes say whose they are.
const (
	ownerBits        = 56
	ofLRM     uint64 = 1 << ownerBits
	ofFence   uint64 = 2 << ownerBits
	ofReplica uint64 = 3 << ownerBits
	ofRing    uint64 = 4 << ownerBits
	ofQuorum  uint64 = 5 << ownerBits
	ownerMask uint64 = 0xff << ownerBits
)

func (e *Engine) done(in Done) {
	tag := in.Tag &^ ownerMask
	switch in.Tag & ownerMask {
	case ofLRM:
		e.lrmIn(lrm.Done{Tag: tag, Result: in.Result, Wall: e.wall()})
	case ofFence:
		e.fenceIn(fence.Done{Tag: tag, Result: in.Result, Wall: e.wall()})
	default:
		panic(fmt.Sprintf("engine: a run with the unknown tag %x ended", in.Tag))
	}
}

// rewriteAfter is how long after a failed write it is tried again.
const rewriteAfter = time.Second

func (e *Engine) written(in Written) {
	switch in.Tag & ownerMask {
	case ofRing:
		e.seqWritten(in.Err)
		return
	case ofQuorum:
		e.leaving.unwritten--
		e.leaveWhenHeard()
		return
	case ofReplica:
	default:
		panic(fmt.Sprintf("engine: a write with the unknown tag %x ended", in.Tag))
	}
	if in.Err != nil {
		e.alarms.raise(Alarm{Kind: "disk", Text: in.Err.Error(), Remedy: "make room or repair the disk of " + e.name}, e.now.Wall)
		e.rewrite = e.now.Mono + rewriteAfter
	} else {
		e.alarms.clear("disk")
	}
	e.replicaIn(replica.Written{Err: in.Err})
}

// ringSeq is the ring's sequence on its way to the disk. Without it a daemon that
// starts again would give a ring the name of an earlier one.
type ringSeq struct {
	last    uint64
	unsaved bool // the last write failed
}

func (e *Engine) keepSeq() {
	e.emit(Write{Tag: ofRing, Name: RingFile, Data: fmt.Appendf(nil, "%d\n", e.ringSeq.last)})
}

func (e *Engine) seqWritten(err error) {
	e.ringSeq.unsaved = err != nil
	if err != nil {
		e.alarms.raise(Alarm{Kind: "disk", Text: err.Error(), Remedy: "make room or repair the disk of " + e.name}, e.now.Wall)
		e.rewrite = e.now.Mono + rewriteAfter
	}
}

// ringIn feeds the ring. Its effects wait in a queue of their own: what is
// delivered is handled wholly, in order, before the next delivery, even if
// handling it sends something that this node delivers to itself at once.
func (e *Engine) ringIn(in ring.Input) {
	e.ringOut = append(e.ringOut, e.ring.Step(e.now.Mono, in)...)
}

// settle carries out what the ring wants until nothing is left to do.
func (e *Engine) settle() {
	for {
		for i := 0; i < len(e.ringOut); i++ { // it may grow meanwhile
			e.ringEffect(e.ringOut[i])
		}
		clear(e.ringOut)
		e.ringOut = e.ringOut[:0]
		if !e.flushBatch() {
			return
		}
	}
}

func (e *Engine) ringEffect(x ring.Effect) {
	switch x := x.(type) {
	case ring.Send:
		e.emit(Send{x.To, x.Data})
	case ring.Deliver:
		e.deliver(x.From, x.Payload)
	case ring.Install:
		e.install(x)
	case ring.KeepSeq:
		e.ringSeq.last = x.Seq
		e.keepSeq()
	case ring.Transition:
		e.replicaIn(replica.Interrupted{})
	case ring.Gone:
		e.emit(Exit{"left the cluster", e.leaving.said && e.leaving.clean})
	case ring.Note:
		e.note(Level(x.Level), x.Text, x.Attrs...)
	default:
		panic(fmt.Sprintf("engine: unknown effect %T", x))
	}
}

// install begins a view: everything that was agreed in the last one is delivered.
func (e *Engine) install(x ring.Install) {
	e.flushBatch()
	e.view = x.View
	e.dirty = true
	e.alarms.clear(unrestAlarm)
	e.controlIn(control.Unsynced{}) // before quorum is judged, which may let it plan
	e.heldFencing()
	e.loneVotes()
	e.quorumIn(quorum.View{Ring: x.View.Ring, Members: x.View.Members, Goodbye: x.Goodbye})
	e.stand()
	e.event("view", fmt.Sprintf("view %s: %s", x.View.Ring, e.names(x.View.Members)),
		"ring", x.View.Ring.String(), "members", e.names(x.View.Members), "left", e.names(x.Left),
		"joined", e.names(x.Joined), "quorate", e.votes.Quorate)
	e.fenceIn(fence.View{Members: x.View.Members, Left: x.Left, Joined: x.Joined, Wall: e.wall()})
	e.leaveAgain()
	e.replicaIn(replica.Install{View: x.View, Quorate: e.votes.Quorate, LRM: e.lrm.History()})
}

func (e *Engine) names(ids []member.NodeID) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = e.nameOf(id)
	}
	return strings.Join(s, " ")
}

func (e *Engine) nameOf(id member.NodeID) string {
	if n, ok := e.cfg.Conf.Node(id); ok {
		return n.Name
	}
	return "node " + id.String()
}

func (e *Engine) replicaIn(in replica.Input) { e.replicaOut(e.replica.Step(e.now.Mono, in)) }

func (e *Engine) replicaOut(effects []replica.Effect) {
	joined := false
	for _, x := range effects {
		switch x := x.(type) {
		case replica.Multicast:
			e.ringIn(ring.Submit{Payload: e.cfg.Shared.encode(wrap(x.Body)), Safe: x.Safe})
		case replica.WriteFile:
			e.emit(Write{Tag: ofReplica, Name: CIBFile, Data: x.Data})
		case replica.KeepLost:
			v := cib.VersionOf(x.Root)
			e.emit(Write{Name: fmt.Sprintf("lost/cib-%d.%d.%d-%d.xml", v.AdminEpoch, v.Epoch, v.NumUpdates, e.wall()), Data: replica.EncodeFile(x.Root)})
		case replica.Changed:
			e.changed(x)
		case replica.InSync:
			e.inSync(x)
			joined = true
		case replica.Answered:
			e.answered(x)
		case replica.Own:
			for _, a := range x.Update.Attributes {
				e.attrIn(attr.Reached{Node: a.Node, Change: attr.Change{Name: a.Name, SetID: a.Set, Value: a.Value, Delete: a.Delete}})
			}
		case replica.Durable:
			e.controlIn(control.Durable{})
		case replica.Note:
			e.note(levelOf(x.Level), x.Text)
		default:
			panic(fmt.Sprintf("engine: unknown effect %T", x))
		}
	}
	if joined { // when it is known what of the attributes' changes that waited is made
		e.attrIn(attr.Joined{})
	}
}

func wrap(body any) message {
	switch b := body.(type) {
	case replica.Head:
		return message{Head: &b}
	case replica.Part:
		return message{Part: &b}
	case replica.Persisted:
		return message{Persisted: &b}
	case replica.Update:
		return message{Update: &b}
	}
	panic(fmt.Sprintf("engine: no message for %T", body))
}

func levelOf(s string) Level {
	switch s {
	case "error":
		return Error
	case "warning":
		return Warning
	}
	return Info
}

func (e *Engine) changed(x replica.Changed) {
	e.dirty = true
	registered := cib.Registered(x.New)
	if x.Config || x.Update == nil || registered != e.registered {
		e.registered = registered
		setup := fence.FromCIB(x.New)
		e.fenceIn(setup)
		e.rely(setup)
		e.declareWatchdog()
	}
	if x.Update == nil {
		return
	}
	e.controlIn(control.Changed{CIB: x.New, Config: x.Config, Update: x.Update})
	for _, node := range x.Update.Gone {
		e.controlIn(control.Fenced{Target: node, OK: true})
	}
	if x.Update.Quorate != nil {
		e.settled()
	}
	for _, r := range x.Update.Erasures {
		if r.Node == e.name && slices.Contains(r.Ops, r.Rsc+"_last_failure_0") {
			e.lrmIn(lrm.Cleared{Rsc: r.Rsc})
		}
	}
}

// inSync begins the work of a synced view.
func (e *Engine) inSync(x replica.InSync) {
	e.dirty = true
	unsettled := true
	for _, m := range x.View.Members {
		unsettled = unsettled && !x.Heads[m].Settled
	}
	for _, r := range e.held {
		e.fenceIn(r)
	}
	e.held = nil
	e.event("synced", fmt.Sprintf("%s coordinates", e.nameOf(x.Coordinator)), "coordinator", e.nameOf(x.Coordinator))
	e.controlIn(control.Synced{View: x.View, Me: x.Coordinator == e.cfg.Self, CIB: e.replica.Root(), New: unsettled,
		Patience: e.patience()})
	e.publishVotes()
	e.declareWatchdog()
	e.shareFencing(x)
	e.leaveSynced()
}

// patience is how long the coordinator of this view waits before it plans, because
// a member that was lost can still be heard: when views change in quick succession
// (a machine came back just when others gave it up), who is left out for a moment
// must not be fenced for it.
func (e *Engine) patience() time.Duration {
	if d := e.undecided(); d != 0 || !e.votes.Quorate {
		return d
	}
	for _, n := range e.cfg.Conf.Nodes {
		if e.audible[n.ID] && e.lost(n.ID) {
			return e.cfg.Conf.Totem.Token
		}
	}
	return 0
}

// lost tells whether a node is missing from the view without having left in order.
func (e *Engine) lost(id member.NodeID) bool {
	return !e.view.Has(id) &&
		e.replica.Root().Child("status").ChildID("node_state", id.String()).Get("expected") == "member"
}

// deaf notes that a node is not heard any more.
func (e *Engine) deaf(id member.NodeID) {
	e.audible[id] = false
	for _, n := range e.cfg.Conf.Nodes {
		if e.audible[n.ID] && e.lost(n.ID) {
			return
		}
	}
	e.settled()
}

// shareFencing tells joiners what was fenced before, and takes this node's own
// requests back when it has lost quorum.
func (e *Engine) shareFencing(x replica.InSync) {
	joined := false
	for _, m := range x.View.Members {
		joined = joined || x.Heads[m].Fresh
	}
	if past := e.fence.History(); joined && x.Coordinator == e.cfg.Self && len(past) > 0 {
		e.multicast(message{Remember: &fence.Remember{Events: past}})
	}
	if x.Coordinator == e.cfg.Self {
		e.spare(x)
	}
	if e.replica.Root().Get("have-quorum") != "1" && !e.votes.Pending {
		e.withdraw()
	}
}

// spare takes back what was asked against nodes that have booted since: nothing
// of what they ran before is left.
func (e *Engine) spare(x replica.InSync) {
	for _, m := range x.View.Members {
		if h := x.Heads[m]; !h.Fresh || h.SameBoot {
			continue
		}
		for _, f := range e.fence.History() {
			if f.State == "pending" && f.Target == e.nameOf(m) {
				e.multicast(message{Withdraw: &fence.Withdraw{ID: f.ID, Met: f.Action != "on", Reason: "the node has booted since", Wall: e.wall()}})
			}
		}
	}
}

func (e *Engine) controlIn(in control.Input) {
	for _, x := range e.control.Step(control.Time(e.now), in) {
		switch x := x.(type) {
		case control.Order:
			e.multicast(message{Order: &order{Ring: e.view.Ring, Node: x.Node, Key: x.Key.String(), Action: *x.Action}})
		case control.Fence:
			e.requestFence(x, 0)
		case control.Submit:
			e.submit(x.Update)
		case control.Planned:
			e.planned(x)
		case control.Ended:
			e.ended(x)
		case control.Became:
			e.dirty = true
			e.note(Debug, "the coordinator's state changed", "from", x.From, "to", x.To)
		case control.Restless:
			e.multicast(message{Unrest: &unrest{Plan: x.Plan}})
		case control.Note:
			e.note(levelOf(x.Level), x.Text)
		default:
			panic(fmt.Sprintf("engine: unknown effect %T", x))
		}
	}
}

func (e *Engine) lrmIn(in lrm.Input) {
	for _, x := range e.lrm.Step(e.now.Mono, in) {
		switch x := x.(type) {
		case lrm.Run:
			e.emit(Run{ofLRM | x.Tag, x.Call})
		case lrm.Kill:
			e.emit(Kill{ofLRM | x.Tag})
		case lrm.Record:
			e.record(x)
		case lrm.Erase:
			e.batch.Erasures = append(e.batch.Erasures, replica.Erasure{Node: e.name, Rsc: x.Rsc, Ops: x.Ops})
		case lrm.Answer:
			e.batch.Completes = append(e.batch.Completes, x.Key)
		default:
			panic(fmt.Sprintf("engine: unknown effect %T", x))
		}
	}
}

func (e *Engine) record(x lrm.Record) {
	r := replica.Record{Node: e.name, Rsc: x.Rsc, Op: string(x.Elem.AppendXML(nil, false))}
	for _, a := range x.Resource.Attrs() {
		if a.Name != "id" {
			r.Attrs = append(r.Attrs, a)
		}
	}
	if strings.HasSuffix(x.Elem.ID(), "_last_failure_0") {
		r.Last = x.Elem.ID()
	}
	e.batch.Records = append(e.batch.Records, r)
	if !x.Pending && r.Last == "" {
		e.event("operation", fmt.Sprintf("%s on %s: %s", x.Elem.Get("operation_key"), e.name, x.Elem.Get("rc-code")),
			"key", x.Elem.Get("operation_key"), "rc", x.Elem.Get("rc-code"), "op_status", x.Elem.Get("op-status"),
			"exec_ms", x.Elem.Get("exec-time"), "reason", x.Elem.Get("exit-reason"), "failed", x.Failed)
	}
}

// flushBatch multicasts what this node's executor and attributes gathered, and
// tells whether there was anything.
func (e *Engine) flushBatch() bool {
	b := &e.batch
	if len(b.Records)+len(b.Erasures)+len(b.Attributes)+len(b.Completes) == 0 {
		return false
	}
	u := *b
	e.batch = replica.Update{}
	e.submit(u)
	return true
}

// submit multicasts an update that no client waits for.
func (e *Engine) submit(u replica.Update) {
	u.Wall = e.wall()
	e.replicaIn(replica.Submit{Update: u})
}

func (e *Engine) attrIn(in attr.Input) {
	for _, x := range e.attr.Step(e.now.Mono, in) {
		switch x := x.(type) {
		case attr.Write:
			for _, c := range x.Changes {
				e.batch.Attributes = append(e.batch.Attributes, replica.Attribute{
					Node: x.Node, Set: c.SetID, Name: c.Name, Value: c.Value, Delete: c.Delete})
			}
		default:
			panic(fmt.Sprintf("engine: unknown effect %T", x))
		}
	}
}

func (e *Engine) fenceIn(in fence.Input) {
	for _, x := range e.fence.Step(e.now.Mono, in) {
		switch x := x.(type) {
		case fence.Run:
			e.emit(Run{ofFence | x.Tag, x.Call})
		case fence.Kill:
			e.emit(Kill{ofFence | x.Tag})
		case fence.SelfFence:
			e.emit(Panic{x.Reason, x.Reboot})
		case fence.Announce:
			e.announce(x.Message)
		case fence.Outcome:
			e.fenced(x)
		default:
			panic(fmt.Sprintf("engine: unknown effect %T", x))
		}
	}
}

func (e *Engine) announce(m fence.Message) {
	switch m := m.(type) {
	case fence.Attempted:
		e.multicast(message{Attempted: &m})
	case fence.Expired:
		e.multicast(message{Expired: &m})
	case fence.Remember:
		e.multicast(message{Remember: &m})
	default:
		panic(fmt.Sprintf("engine: no message for %T", m))
	}
}
