// Package replica keeps one node's copy of the cluster information base equal
// to everybody else's: updates are applied in the agreed order of the ring, and
// at each new view the members compare what they hold, take on the best of it
// and note in it who is there. It is a pure step machine.
//
// A view begins unsynced. Every member multicasts a Head; updates that arrive
// meanwhile wait. When the heads of all members are in, everybody makes the same
// choice of base. If some member's CIB differs from it, its holder multicasts it
// whole. Then everybody writes the same membership into the status section, the
// waiting updates are applied, and the view is synced.
package replica

import (
	"fmt"
	"strconv"
	"time"

	"mainstay/cib"
	"mainstay/member"
)

// Config is what a replica needs to know of its node.
type Config struct {
	Self        member.NodeID
	Name        string
	Names       map[member.NodeID]string // configured nodes
	ClusterName string
	Version     string // of the software, for dc-version
	Watchdog    bool   // this node has a watchdog
	PartSize    int    // bytes of a Part, default 512 KiB
	SameBoot    bool
	Features    int     // message version that this software speaks at most, 0: Features
	Shared      *Shared // nil: nothing is shared
}

type phase int

const (
	alone    phase = iota // no view yet
	heads                 // waiting for the heads of the view's members
	awaiting              // waiting for the parts of the chosen CIB
	synced
)

// Replica is the machine.
type Replica struct {
	cfg   Config
	root  *cib.Elem
	phase phase

	view        member.View
	heads       map[member.NodeID]*Head
	holder      member.NodeID
	parts       [][]byte
	deferred    []*Update
	coordinator member.NodeID
	fresh       bool
	settled     bool
	joined      uint64
	vouched     uint64
	seen        map[member.NodeID]sight
	lineage     lineage // of the configuration
	started     time.Duration

	ending    bool   // the view ends: some members may not get what comes
	index     uint64 // configuration changes applied in this view
	onDisk    uint64 // of which this node has so many on disk
	writing   bool
	dirty     bool
	inWrite   uint64
	persisted map[member.NodeID]uint64
	durable   uint64 // changes that Durable was said of
	waiting   []wait
	nextSeq   uint64
	// told is this node's operations as its last Head had them.
	told struct{ hash, text string }
}

// wait is an update of this node that is applied, but not yet on every member's disk.
type wait struct {
	seq     uint64
	index   uint64
	version cib.Version
	status  bool // it changed nothing that goes to disk
}

// nextView is the index of a wait that no disk of this view ends.
const nextView = ^uint64(0)

// New makes a replica that holds the CIB found on disk.
func New(cfg Config, saved *cib.Elem, now time.Duration) *Replica {
	if cfg.PartSize == 0 {
		cfg.PartSize = 512 << 10
	}
	if cfg.Features == 0 {
		cfg.Features = Features
	}
	r := &Replica{cfg: cfg, root: saved, fresh: true, started: now, seen: map[member.NodeID]sight{}}
	if past, ok := saved.Lookup(lineageAttr); ok {
		r.lineage, r.root = parseLineage(past), saved.Without(lineageAttr)
	}
	r.root = cfg.Shared.same(r.root)
	return r
}

// Root is the present CIB.
func (r *Replica) Root() *cib.Elem { return r.root }

// Synced tells whether the present view has agreed on its CIB.
func (r *Replica) Synced() bool { return r.phase == synced }

// Coordinator is the node whose control plans for this view, 0 while unsynced.
func (r *Replica) Coordinator() member.NodeID {
	if r.phase != synced {
		return 0
	}
	return r.coordinator
}

// Rename takes over the names of the configured nodes.
func (r *Replica) Rename(names map[member.NodeID]string) { r.cfg.Names = names }

// Input is what happens to a replica.
type Input interface{ input() }

// The inputs. All but Submit and Written come in agreed order.
type (
	// Install begins a view. LRM is this node's history at that moment.
	Install struct {
		View    member.View
		Quorate bool
		LRM     *cib.Elem
	}
	// HeadFrom is a member's head.
	HeadFrom struct {
		From member.NodeID
		Head Head
	}
	// PartFrom is a piece of the chosen CIB.
	PartFrom struct {
		From member.NodeID
		Part Part
	}
	// UpdateFrom is an update, from any member.
	UpdateFrom struct {
		From   member.NodeID
		Update Update
	}
	// PersistedFrom is a member's word on its disk.
	PersistedFrom struct {
		From      member.NodeID
		Persisted Persisted
	}
	// Agreed is an edit that all members derive by themselves from the same
	// agreed message, such as "node 3 was fenced".
	Agreed struct{ Update Update }
	// Submit asks for an update by this node. Safe: it is answered when every member
	// of the view has it, which an edit of the configuration waits for anyhow.
	Submit struct {
		Update Update
		Safe   bool
	}
	// Interrupted says that the view ends: what is delivered from here to the next
	// Install may have reached some of its members only.
	Interrupted struct{}
	// Written says that the last WriteFile ended.
	Written struct{ Err error }
)

func (Install) input()       {}
func (HeadFrom) input()      {}
func (PartFrom) input()      {}
func (UpdateFrom) input()    {}
func (PersistedFrom) input() {}
func (Agreed) input()        {}
func (Submit) input()        {}
func (Interrupted) input()   {}
func (Written) input()       {}

// Effect is what a replica wants done.
type Effect interface{ effect() }

// The effects.
type (
	// Multicast sends a Head, Part, Update or Persisted to the view, in order. Safe:
	// nobody is to be given it before every member has it.
	Multicast struct {
		Body any
		Safe bool
	}
	// WriteFile puts the CIB on stable storage; Written answers. One at a time.
	WriteFile struct{ Data []byte }
	// KeepLost saves a CIB that lost against another at a merge.
	KeepLost struct{ Root *cib.Elem }
	// Changed tells of a new root. Update is nil for the sync of a view.
	Changed struct {
		Old, New *cib.Elem
		Config   bool
		Update   *Update
	}
	// InSync says that the view has agreed; Heads are those of its members.
	InSync struct {
		View        member.View
		Coordinator member.NodeID
		Heads       map[member.NodeID]*Head
	}
	// Answered ends a Submit of this node.
	Answered struct {
		Seq     uint64
		Version cib.Version
		Err     error
	}
	// Own says that an update of this node with attributes has had its place in the
	// order. It comes before Changed.
	Own struct{ Update *Update }
	// Durable says that every member of the view has on disk what was changed so far.
	Durable struct{}
	// Note is for the log.
	Note struct {
		Level string // info, warning, error
		Text  string
	}
)

func (Multicast) effect() {}
func (WriteFile) effect() {}
func (KeepLost) effect()  {}
func (Changed) effect()   {}
func (InSync) effect()    {}
func (Answered) effect()  {}
func (Own) effect()       {}
func (Durable) effect()   {}
func (Note) effect()      {}

// Step feeds one input.
func (r *Replica) Step(now time.Duration, in Input) []Effect {
	switch in := in.(type) {
	case Install:
		return r.install(now, in)
	case HeadFrom:
		return r.headFrom(in)
	case PartFrom:
		return r.partFrom(in)
	case UpdateFrom:
		return r.inOrder(in.Update)
	case PersistedFrom:
		return r.persistedFrom(in)
	case Agreed:
		return r.inOrder(in.Update)
	case Submit:
		return r.submit(in)
	case Interrupted:
		r.ending = true
		return nil
	case Written:
		return r.written(in)
	}
	panic(fmt.Sprintf("replica: unknown input %T", in))
}

// NextSeq reserves the number by which the answer to a Submit will be known.
func (r *Replica) NextSeq() uint64 {
	r.nextSeq++
	return r.nextSeq
}

func (r *Replica) submit(in Submit) []Effect {
	in.Update.Origin = r.cfg.Self
	return []Effect{Multicast{in.Update, in.Safe}}
}

// inOrder applies an update at its place in the agreed order, which begins with the
// one CIB that the view takes on.
func (r *Replica) inOrder(u Update) []Effect {
	if r.phase != synced {
		r.deferred = append(r.deferred, &u)
		return nil
	}
	return r.apply(&u)
}

// Applied is the CIB that an update makes of another, as every member of a view that
// has come to one CIB applies it.
func Applied(root *cib.Elem, u Update) (*cib.Elem, error) {
	after, _, err := New(Config{}, root, 0).evaluate(&u)
	return after, err
}

// apply carries out an update at its place in the agreed order.
func (r *Replica) apply(u *Update) []Effect {
	old := r.root
	root, config, err := r.cfg.Shared.evaluate(r, u)
	if err != nil {
		if u.Origin == r.cfg.Self && u.Seq != 0 {
			return []Effect{Answered{Seq: u.Seq, Err: err}}
		}
		return []Effect{Note{"info", fmt.Sprintf("an update of node %s changed nothing: %v", u.Origin, err)}}
	}
	r.root = root
	r.saw(u)
	var out []Effect
	if u.Origin == r.cfg.Self && len(u.Attributes) > 0 {
		out = append(out, Own{u})
	}
	if config {
		r.index++
		r.dirty = true
		r.lineage = r.lineage.add(root, true)
		out = r.flush(out)
	}
	if root != old || len(u.Completes)+len(u.Gone)+len(u.Left) > 0 || u.Counts {
		out = append(out, Changed{Old: old, New: root, Config: config, Update: u})
	}
	if u.Origin == r.cfg.Self && u.Seq != 0 {
		w := wait{seq: u.Seq, version: cib.VersionOf(root), status: !config}
		if len(u.Edits) > 0 { // one that changes nothing asserts what may not be on disk yet
			w.index = r.index
		}
		if r.ending {
			w.index = nextView
		}
		r.waiting = append(r.waiting, w)
		out = r.answer(out)
	}
	return out
}

// evaluate computes what an update makes of the present root.
func (r *Replica) evaluate(u *Update) (root *cib.Elem, config bool, err error) {
	if u.Base != nil {
		have := cib.VersionOf(r.root)
		if have.AdminEpoch != u.Base.AdminEpoch || have.Epoch != u.Base.Epoch {
			return nil, false, &StaleError{Base: *u.Base, Have: have}
		}
	}
	root = r.root
	if len(u.Edits) > 0 {
		edits, err := ParseEdits(u.Edits)
		if err != nil {
			return nil, false, err
		}
		return cib.Commit(root, edits, cib.Stamp{
			Origin: r.nameOf(u.Origin), Client: u.Client, User: u.User,
			Wall: time.Unix(u.Wall, 0).UTC(), KeepStatus: true,
		})
	}
	for _, rec := range u.Records {
		if root, err = applyRecord(root, rec); err != nil {
			return nil, false, err
		}
	}
	for _, a := range u.Attributes {
		if root, err = applyAttribute(root, a); err != nil {
			return nil, false, err
		}
	}
	for _, x := range u.Erasures {
		root = applyErasure(root, x)
	}
	for _, name := range u.Gone {
		if id, ok := nodeID(root, name); ok && !r.returned(id, u.Asked) {
			root = nodeState(root, id, gone)
		}
	}
	for _, name := range u.Left {
		if id, ok := nodeID(root, name); ok {
			root = nodeState(root, id, left)
		}
	}
	if u.Quorate != nil {
		root = set(root, "have-quorum", flag(*u.Quorate))
	}
	if root == r.root {
		return root, false, nil
	}
	return bump(root), false, nil
}

// StaleError refuses an update that was made against an older configuration.
type StaleError struct{ Base, Have cib.Version }

// Error implements error.
func (e *StaleError) Error() string {
	return fmt.Sprintf("the configuration changed meanwhile: the edit was made against version %d.%d, it is now %d.%d; look at the change and try again",
		e.Base.AdminEpoch, e.Base.Epoch, e.Have.AdminEpoch, e.Have.Epoch)
}

// bump raises num_updates.
func bump(root *cib.Elem) *cib.Elem {
	v := cib.VersionOf(root)
	return root.With("num_updates", itoa(v.NumUpdates+1))
}

func itoa(n int) string { return strconv.Itoa(n) }

func (r *Replica) nameOf(id member.NodeID) string {
	if h := r.heads[id]; h != nil && h.Name != "" {
		return h.Name
	}
	return r.cfg.Names[id]
}
