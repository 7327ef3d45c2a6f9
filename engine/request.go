package engine

import (
	"errors"
	"fmt"
	"time"

	"mainstay/attr"
	"mainstay/cib"
	"mainstay/control"
	"mainstay/fence"
	"mainstay/replica"
)

// The requests of clients; Reply answers each.
type (
	// Edit changes the CIB. The reply's Body is the new cib.Version, sent once
	// every member of the view has it on disk.
	Edit struct {
		Edits  []cib.Edit
		Base   *cib.Version
		User   string
		Client string
	}
	// Read asks for the CIB with all that was answered anywhere before Read came. The
	// reply's Body is its root, a *cib.Elem; it fails where there is no quorum. With an
	// installed Corosync in the ring's place, which has no safe delivery, a node
	// that was cut off a moment ago may answer with what it has.
	Read struct{}
	// SetAttribute changes a transient attribute.
	SetAttribute struct {
		Set  attr.Set
		Sync bool // answer when all members have it, not when it is accepted
	}
	// FenceNode has a node fenced.
	FenceNode struct {
		Node, Action string
		Timeout      time.Duration
		Delay        time.Duration // before it, besides the devices' own; negative: without any
	}
	// ConfirmOff is an operator's word that a node is off.
	ConfirmOff struct{ Node, User string }
	// ForgetFencing drops what has ended from the history of fencing: of one node, or
	// of all if Node is empty.
	ForgetFencing struct{ Node string }
	// Forget deletes operation history and fail counts.
	Forget struct {
		Resource, Node string
		FailuresOnly   bool
	}
	// Reconfigure replaces the configuration file of all members.
	Reconfigure struct{ Text string }
	// Rekey gives all members a new cluster key, which is used as soon as all have
	// it; with an empty Key they forget the one before the present.
	Rekey struct{ Key []byte }
)

// request begins to carry out a client's wish.
func (e *Engine) request(in Request) {
	if e.voteRequest(in) {
		return
	}
	switch b := in.Body.(type) {
	case Edit:
		e.edit(in.ID, b)
	case Read:
		seq := e.ask(in.ID, replica.Update{}, true)
		e.reads[seq] = true
	case SetAttribute:
		e.setAttribute(in.ID, b)
	case FenceNode:
		if !e.known(in.ID, b.Node) {
			return
		}
		e.requestFence(control.Fence{Target: b.Node, Action: b.Action, Timeout: b.Timeout, Delay: b.Delay}, in.ID)
	case ConfirmOff:
		if !e.known(in.ID, b.Node) {
			return
		}
		e.multicast(message{Confirm: &fence.Confirm{Target: b.Node, Client: b.User, Wall: e.wall()}})
		e.emit(Reply{ID: in.ID})
	case ForgetFencing:
		e.multicast(message{Forget: &fence.Forget{Target: b.Node}})
		e.emit(Reply{ID: in.ID})
	case Forget:
		if b.Node != "" && !e.known(in.ID, b.Node) {
			return
		}
		e.multicast(message{Clean: &clean{Node: b.Node, Rsc: b.Resource, FailuresOnly: b.FailuresOnly}})
		e.emit(Reply{ID: in.ID})
	case Reconfigure:
		e.multicast(message{Config: &nodeConfig{Text: b.Text, Seq: in.ID}})
	case Rekey:
		e.multicast(message{Key: &keyChange{Key: b.Key, Seq: in.ID}})
	default:
		panic(fmt.Sprintf("engine: unknown request %T", b))
	}
}

// known answers with an error if the cluster has no such node.
func (e *Engine) known(id uint64, node string) bool {
	for n := range e.replica.Root().Path("configuration", "nodes").Named("node") {
		if n.Get("uname") == node {
			return true
		}
	}
	e.emit(Reply{ID: id, Err: fmt.Errorf("there is no node named %q in this cluster", node)})
	return false
}

func (e *Engine) edit(id uint64, b Edit) {
	next, _, err := cib.Commit(e.replica.Root(), b.Edits, cib.Stamp{Origin: e.name, Client: b.Client, User: b.User, Wall: e.now.Wall, KeepStatus: true})
	if err == nil && next.Child("configuration") != e.replica.Root().Child("configuration") {
		if want := patienceIn(fence.FromCIB(next)); want != e.lifeline.patience {
			err = e.checkPatience(want)
		}
	}
	if err != nil {
		e.emit(Reply{ID: id, Err: err})
		return
	}
	status := next.Child("configuration") == e.replica.Root().Child("configuration")
	e.ask(id, replica.Update{Base: b.Base, Edits: replica.WireEdits(b.Edits), User: b.User, Client: b.Client}, status)
}

// ask submits an update that ends a client's wait, and returns its number. Safe: when
// every member has it, for what no disk is waited for.
func (e *Engine) ask(id uint64, u replica.Update, safe bool) uint64 {
	u.Seq, u.Wall = e.replica.NextSeq(), e.wall()
	e.clients[u.Seq] = id
	e.replicaIn(replica.Submit{Update: u, Safe: safe})
	return u.Seq
}

func (e *Engine) answered(x replica.Answered) {
	id, ok := e.clients[x.Seq]
	if !ok {
		return
	}
	delete(e.clients, x.Seq)
	r := Reply{ID: id, Err: x.Err, Body: x.Version}
	if e.reads[x.Seq] {
		delete(e.reads, x.Seq)
		r.Body = e.replica.Root()
		if r.Err == nil && (!e.votes.Quorate || e.votes.Pending) {
			r.Body, r.Err = nil, errors.New("this partition has no quorum: others may have gone on without it")
		}
	}
	e.emit(r)
}

// setAttribute hands an attribute to the damper. With Sync the answer waits until
// what was written is applied, which a further update behind it tells.
func (e *Engine) setAttribute(id uint64, b SetAttribute) {
	if b.Set.Node == "" {
		b.Set.Node = e.name
	}
	if !e.known(id, b.Set.Node) {
		return
	}
	e.attrIn(b.Set)
	if !b.Sync {
		e.emit(Reply{ID: id, Body: cib.VersionOf(e.replica.Root())})
		return
	}
	u := replica.Update{Attributes: e.batch.Attributes}
	e.batch.Attributes = nil
	e.ask(id, u, true)
}

// present looks a transient attribute up in the status section.
func (e *Engine) present(node, set, name string) (string, bool) {
	for ns := range e.replica.Root().Child("status").Named("node_state") {
		if ns.Get("uname") != node {
			continue
		}
		for ia := range ns.Child("transient_attributes").Named("instance_attributes") {
			if set != "" && ia.ID() != set {
				continue
			}
			for nv := range ia.Named("nvpair") {
				if nv.Get("name") == name {
					return nv.Get("value"), true
				}
			}
		}
	}
	return "", false
}
