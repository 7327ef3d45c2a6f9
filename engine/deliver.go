package engine

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/control"
	"mainstay/fence"
	"mainstay/lrm"
	"mainstay/member"
	"mainstay/quorum"
	"mainstay/replica"
)

// deliver handles one agreed message; all members of the view do so in the same order.
func (e *Engine) deliver(from member.NodeID, payload []byte) {
	if len(payload) > 0 && payload[0] == programs {
		e.emit(Message{from, payload[1:]})
		return
	}
	m, err := e.cfg.Shared.decode(payload)
	if err != nil {
		e.note(Error, "a message is not understood", "from", e.nameOf(from), "error", err)
		return
	}
	switch {
	case m.Votes != nil:
		e.quorumIn(quorum.Heard{Peer: *m.Votes})
	case m.Head != nil:
		e.replicaIn(replica.HeadFrom{From: from, Head: *m.Head})
	case m.Part != nil:
		e.replicaIn(replica.PartFrom{From: from, Part: *m.Part})
	case m.Persisted != nil:
		e.replicaIn(replica.PersistedFrom{From: from, Persisted: *m.Persisted})
	case m.Update != nil:
		e.replicaIn(replica.UpdateFrom{From: from, Update: *m.Update})
	case m.Order != nil:
		e.order(from, *m.Order)
	case m.Fence != nil:
		e.fenceAsked(*m.Fence)
	case m.Attempted != nil:
		e.fenceIn(*m.Attempted)
	case m.Expired != nil:
		e.fenceIn(*m.Expired)
	case m.Confirm != nil:
		e.fenceIn(*m.Confirm)
		e.off(m.Confirm.Target, 0)
	case m.Withdraw != nil:
		e.fenceIn(*m.Withdraw)
		e.withdrawn(*m.Withdraw)
	case m.Forget != nil:
		e.fenceIn(*m.Forget)
	case m.Remember != nil:
		e.fenceIn(*m.Remember)
	case m.Clean != nil:
		e.clean(*m.Clean)
	case m.Goodbye != nil:
		e.goodbye(from, *m.Goodbye)
	case m.Farewell != nil:
		e.farewell(from, *m.Farewell)
	case m.Config != nil:
		e.emit(NewConfig{m.Config.Text})
		e.replyOwn(from, m.Config.Seq)
	case m.Key != nil:
		e.emit(NewKey{m.Key.Key})
		e.replyOwn(from, m.Key.Seq)
	case m.Ballot != nil:
		e.ballot(*m.Ballot)
	case m.Unrest != nil:
		e.restless(from, m.Unrest.Plan)
	default:
		e.note(Warning, "a message of a kind that this version does not know is ignored", "from", e.nameOf(from))
	}
}

// replyOwn answers the request that a message of this node was sent for.
func (e *Engine) replyOwn(from member.NodeID, request uint64) {
	if from == e.cfg.Self && request != 0 {
		e.emit(Reply{ID: request})
	}
}

// order carries out the coordinator's word if it is for this node and this view.
func (e *Engine) order(from member.NodeID, o order) {
	if o.Node != e.name {
		return
	}
	if o.Ring != e.view.Ring || from != e.replica.Coordinator() {
		e.note(Info, "an order of an earlier view is void", "from", e.nameOf(from), "key", o.Action.Key)
		return
	}
	a := &o.Action
	switch {
	case a.Task == "do_shutdown":
		e.leave(o.Key)
	case a.Task == "cancel":
		e.lrmIn(lrm.Cancel{Key: o.Key, Rsc: a.Rsc.ID, Op: a.Attr("CRM_meta_operation"), Interval: millis(a.Attr("CRM_meta_interval")), Wall: e.wall()})
	case a.Task == "delete":
		e.lrmIn(lrm.Forget{Key: o.Key, Rsc: a.Rsc.ID, Wall: e.wall()})
	default:
		e.lrmIn(lrmOrder(o, e.wall()))
	}
}

// lrmOrder makes an executor's order of a graph action.
func lrmOrder(o order, wall int64) lrm.Order {
	a := &o.Action
	return lrm.Order{
		Key: o.Key, Rsc: a.Rsc.ID,
		Agent:      agent.Name{Class: a.Rsc.Class, Provider: a.Rsc.Provider, Type: a.Rsc.Type},
		Op:         a.Task,
		Interval:   millis(a.Attr("CRM_meta_interval")),
		Timeout:    millis(a.Attr("CRM_meta_timeout")),
		StartDelay: millis(a.Attr("CRM_meta_start_delay")),
		Params:     a.Attrs,
		Wall:       wall,
	}
}

func millis(s string) time.Duration {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

// requestFence asks all members to fence a node; reply is the client's request, 0 for none.
func (e *Engine) requestFence(x control.Fence, reply uint64) {
	e.nextID++
	id := fmt.Sprintf("%s.%s.%d", e.cfg.Self, e.cfg.UUID, e.nextID)
	client := "coordinator"
	if reply != 0 {
		e.fencing[id] = reply
		client = "operator"
	}
	if x.Action == "on" && reply == 0 {
		e.unfencing[id] = x
	}
	r := fence.Ask(fence.Request{ID: id, Target: x.Target, Action: x.Action, Origin: e.cfg.Self,
		Client: client, Timeout: x.Timeout, Delay: x.Delay, Wall: e.wall()}, e.replica.Root(), e.view.Members)
	if reply == 0 {
		r.Ring = e.view.Ring
	}
	e.multicast(message{Fence: &r})
}

// fenceAsked takes a request to fence, on all members at the same place of the
// order. Members may decide on it only with the same configuration: before the
// view is synced it waits.
func (e *Engine) fenceAsked(r fence.Request) {
	if !r.Ring.IsZero() && r.Ring != e.view.Ring {
		e.note(Info, "a fencing request of an earlier view is void", "from", e.nameOf(r.Origin), "target", r.Target)
		return
	}
	e.event("fence", fmt.Sprintf("%s of %s is asked for by %s", r.Action, r.Target, e.nameOf(r.Origin)),
		"target", r.Target, "action", r.Action, "origin", e.nameOf(r.Origin))
	e.asked[r.Target] = e.view.Ring.Seq
	if !e.replica.Synced() {
		e.held = append(e.held, r)
		return
	}
	e.fenceIn(r)
}

// heldFencing ends what waited in the view before: who asked asks again.
func (e *Engine) heldFencing() {
	held := e.held
	e.held = nil
	for _, r := range held {
		if r.Origin == e.cfg.Self {
			r.Members = e.view.Members
			e.multicast(message{Fence: &r})
		}
	}
}

// fenced handles the end of a fencing, which all members learn at the same place of the order.
func (e *Engine) fenced(x fence.Outcome) {
	e.dirty = true
	verdict := "succeeded"
	if !x.OK {
		verdict = "failed: " + x.Reason
	}
	e.event("fenced", fmt.Sprintf("%s of %s %s", x.Action, x.Target, verdict),
		"target", x.Target, "action", x.Action, "ok", x.OK, "device", x.Device, "by", e.nameOf(x.By), "reason", x.Reason)
	if u, ok := e.unfencing[x.ID]; ok {
		delete(e.unfencing, x.ID)
		if x.OK {
			e.unfenced(u)
		}
	}
	if x.OK && x.Action != "on" {
		e.off(x.Target, x.Origin)
	} else {
		e.controlIn(control.Fenced{Target: x.Target, Action: x.Action, OK: x.OK, Reason: x.Reason})
	}
	if id, ok := e.fencing[x.ID]; ok {
		delete(e.fencing, x.ID)
		var err error
		if !x.OK {
			err = fmt.Errorf("fencing %s failed: %s", x.Target, x.Reason)
		}
		e.emit(Reply{ID: id, Err: err, Body: x})
	}
}

// withdrawn answers the clients whose request ended without an outcome.
func (e *Engine) withdrawn(w fence.Withdraw) {
	for _, id := range slices.Sorted(maps.Keys(e.fencing)) {
		if id != w.ID && (w.ID != "" || w.Origin != e.cfg.Self) {
			continue
		}
		r := Reply{ID: e.fencing[id], Body: fence.Outcome{ID: id, OK: w.Met, Reason: w.Reason, Wall: w.Wall}}
		for _, h := range e.fence.History() {
			if h.ID == id {
				r.Body = fence.Outcome{ID: id, Target: h.Target, Action: h.Action, Client: h.Client, By: h.By, Device: h.Device, OK: w.Met, Reason: w.Reason, Wall: w.Wall}
			}
		}
		if !w.Met {
			r.Err = fmt.Errorf("fencing was given up: %s", w.Reason)
		}
		delete(e.fencing, id)
		e.emit(r)
	}
}

// unfenced notes on a node that it was switched on, by which devices with which
// parameters: the scheduler asks for it again when those change.
func (e *Engine) unfenced(x control.Fence) {
	u := replica.Update{}
	for _, a := range [][2]string{{"#node-unfenced", strconv.FormatInt(e.wall(), 10)}, {"#digests-all", x.Digests}, {"#digests-secure", x.Secure}} {
		u.Attributes = append(u.Attributes, replica.Attribute{Node: x.Target, Name: a[0], Value: a[1]})
	}
	e.submit(u)
}

// off says in the CIB that a node is known to run nothing. One member does so for
// all, since a member that joined meanwhile does not know of the request: who
// asked for it, or the coordinator.
func (e *Engine) off(node string, origin member.NodeID) {
	if origin == 0 {
		origin = e.replica.Coordinator()
	}
	if origin == e.cfg.Self {
		e.submit(replica.Update{Gone: []string{node}, Asked: e.asked[node]})
		delete(e.asked, node)
	}
}

// clean forgets history everywhere at the same place of the order, so that the
// coordinator probes anew.
func (e *Engine) clean(c clean) {
	if !e.replica.Synced() {
		return
	}
	if c.Node == "" || c.Node == e.name {
		for _, rsc := range e.cleaned(c) {
			e.lrmIn(lrm.Forget{Rsc: rsc, Wall: e.wall()})
		}
	}
	e.replicaIn(replica.Agreed{Update: replica.Update{Erasures: []replica.Erasure{
		{Node: c.Node, Rsc: c.Rsc, FailuresOnly: c.FailuresOnly, FailCounts: true}}}})
}

// cleaned lists the entries of this node's history that a clean is about.
func (e *Engine) cleaned(c clean) []string {
	var out []string
	for r := range e.lrm.History().Child("lrm_resources").Named("lrm_resource") {
		if c.Rsc != "" && r.ID() != c.Rsc && !strings.HasPrefix(r.ID(), c.Rsc+":") {
			continue
		}
		if c.FailuresOnly && !anyFailure(r) {
			continue
		}
		out = append(out, r.ID())
	}
	return out
}

func anyFailure(r *cib.Elem) bool {
	for op := range r.Named("lrm_rsc_op") {
		if strings.HasSuffix(op.ID(), "_last_failure_0") {
			return true
		}
	}
	return false
}
