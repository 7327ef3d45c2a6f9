package replica

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"mainstay/cib"
	"mainstay/member"
)

// The versions of what members say to each other. A view speaks the lowest that
// its members know: a newer member does what an older one expects, and what the
// newer version brought begins with the view in which the last old member is gone.
const (
	// Features is the highest message version that this software speaks.
	Features = 3
	// seenFeature is the version from which heads tell who saw whom last.
	seenFeature = 2
	// ticketsFeature is the version from which heads tell the tickets.
	ticketsFeature = 3
)

// Features is the version that the present view speaks.
func (r *Replica) Features() int {
	least := r.cfg.Features
	for _, m := range r.view.Members {
		if h := r.heads[m]; h != nil {
			least = min(least, max(h.Features, 1))
		}
	}
	return least
}

func (r *Replica) install(now time.Duration, in Install) []Effect {
	if r.phase == synced {
		r.fresh = false
	}
	r.overtaken(in.View)
	r.vouch()
	r.phase, r.view, r.ending = heads, in.View, false
	r.heads = map[member.NodeID]*Head{}
	r.persisted = map[member.NodeID]uint64{}
	r.parts, r.holder, r.deferred = nil, 0, nil
	r.index, r.onDisk, r.inWrite, r.durable = 0, 0, 0, 0
	for i := range r.waiting {
		r.waiting[i].index = 1 // on disk with what the view agrees on
	}
	h := Head{
		Ring: in.View.Ring, Name: r.cfg.Name,
		Version: cib.VersionOf(r.root), Hash: hashOf(r.root),
		Coordinator: r.coordinator, Uptime: (now - r.started).Milliseconds(),
		Fresh: r.fresh, Settled: r.settled, Joined: r.joined, SameBoot: r.cfg.SameBoot, Quorate: in.Quorate, Features: r.cfg.Features,
		Lineage: r.lineage.String(),
	}
	if r.cfg.Features >= seenFeature {
		h.Seen = r.tellSeen()
	}
	if r.cfg.Features >= ticketsFeature && r.vouched != 0 {
		h.Vouched, h.Tickets = r.vouched, tickets(r.root)
	}
	if in.LRM != nil {
		h.LRMHash = hashOf(in.LRM)
		if h.LRMHash != r.told.hash { // views often follow each other without an operation between
			r.told.hash, r.told.text = h.LRMHash, string(in.LRM.AppendXML(nil, false))
		}
		h.LRM = r.told.text
	}
	if id, ok := nodeID(r.root, r.cfg.Name); ok && !r.fresh {
		ta := r.root.Child("status").ChildID("node_state", id).Child("transient_attributes")
		h.Attributes = string(ta.AppendXML(nil, false))
	}
	return []Effect{Multicast{Body: h}}
}

func hashOf(root *cib.Elem) string {
	sum := cib.Hash(root)
	return hex.EncodeToString(sum[:])
}

func (r *Replica) headFrom(in HeadFrom) []Effect {
	if r.phase != heads || in.Head.Ring != r.view.Ring {
		return nil
	}
	h := in.Head
	r.heads[in.From] = &h
	if len(r.heads) < len(r.view.Members) {
		return nil
	}
	r.holder = r.best()
	want := r.heads[r.holder].Hash
	for _, m := range r.view.Members {
		if r.heads[m].Hash != want {
			r.phase = awaiting
			break
		}
	}
	if r.phase == heads {
		return r.agree(nil, false)
	}
	if r.holder != r.cfg.Self {
		return nil
	}
	return r.sendWhole()
}

// best chooses whose CIB the view takes on: the highest version; among equals one
// that was part of a synced view, then what more members hold, then the lowest id.
func (r *Replica) best() member.NodeID {
	held := map[string]int{}
	for _, h := range r.heads {
		held[h.Hash]++ //order: a count
	}
	best := r.view.Members[0]
	for _, m := range r.view.Members[1:] {
		a, b := r.heads[m], r.heads[best]
		c := a.Version.Compare(b.Version)
		if c == 0 && a.Fresh != b.Fresh {
			c = 1
			if a.Fresh {
				c = -1
			}
		}
		if c == 0 {
			c = held[a.Hash] - held[b.Hash]
		}
		if c > 0 {
			best = m
		}
	}
	return best
}

func (r *Replica) sendWhole() []Effect {
	var buf bytes.Buffer
	z, err := flate.NewWriter(&buf, flate.BestSpeed)
	if err == nil {
		_, err = z.Write(r.root.AppendXML(nil, false))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic("replica: compressing into memory failed: " + err.Error())
	}
	data := buf.Bytes()
	of := (len(data) + r.cfg.PartSize - 1) / r.cfg.PartSize
	var out []Effect
	for i := range of {
		end := min(len(data), (i+1)*r.cfg.PartSize)
		out = append(out, Multicast{Body: Part{Ring: r.view.Ring, Index: i, Of: of, Data: data[i*r.cfg.PartSize : end]}})
	}
	return out
}

func (r *Replica) partFrom(in PartFrom) []Effect {
	if r.phase != awaiting || in.From != r.holder || in.Part.Ring != r.view.Ring {
		return nil
	}
	r.parts = append(r.parts, in.Part.Data)
	if len(r.parts) < in.Part.Of {
		return nil
	}
	if r.holder == r.cfg.Self {
		return r.agree(nil, false)
	}
	won := parseLineage(r.heads[r.holder].Lineage)
	if r.heads[r.cfg.Self].Hash == r.heads[r.holder].Hash { // somebody else lacked it
		r.lineage = won
		return r.agree(nil, false)
	}
	doc, err := io.ReadAll(flate.NewReader(bytes.NewReader(slices.Concat(r.parts...))))
	if err != nil {
		panic("replica: the CIB of node " + r.holder.String() + " does not decompress: " + err.Error())
	}
	root, err := cib.Parse(doc)
	if err != nil {
		panic("replica: the CIB of node " + r.holder.String() + " does not parse: " + err.Error())
	}
	old := r.root
	r.root = r.cfg.Shared.same(root)
	var out []Effect
	lost := won.lacks(r.lineage)
	r.lineage = won
	if lost {
		out = append(out, KeepLost{old}, Note{"warning", fmt.Sprintf(
			"this node's configuration %s gave way to %s of %s; what was lost is kept",
			cib.VersionOf(old), cib.VersionOf(root), r.nameOf(r.holder))})
		out = r.abandon(out, false)
	} else {
		out = r.abandon(out, true)
	}
	return r.agree(out, true)
}

// agree ends the sync: everybody writes the same membership, and goes on.
func (r *Replica) agree(out []Effect, replaced bool) []Effect {
	old := r.root
	r.phase = synced
	r.coordinator = r.choose()
	r.settled = r.settled || r.quorate()
	if r.joined == 0 {
		r.joined = r.view.Ring.Seq
	}
	root, config := r.membership(r.absentees(r.withTickets(old)))
	root = r.cfg.Shared.same(root)
	r.root = root
	// The first thing of a view that goes to disk is its common base.
	r.index, r.dirty = 1, r.dirty || replaced || config
	r.lineage = r.lineage.add(root, false)
	out = append(out,
		Changed{Old: old, New: root, Config: config || replaced},
		InSync{View: r.view, Coordinator: r.coordinator, Heads: r.heads})
	if r.dirty || r.writing {
		r.dirty = true
		out = r.flush(out)
	} else {
		r.onDisk = r.index
		out = append(out, Multicast{Body: Persisted{Ring: r.view.Ring, Index: r.onDisk}})
	}
	waited := r.deferred
	r.deferred = nil
	for _, u := range waited {
		out = append(out, r.apply(u)...)
	}
	return out
}

// choose names the coordinator: whom most of the members that are not fresh
// followed, if it is here; else the member that has been up longest.
func (r *Replica) choose() member.NodeID {
	votes := map[member.NodeID]int{}
	for _, m := range r.view.Members {
		h := r.heads[m]
		if !h.Fresh && h.Coordinator != 0 && r.view.Has(h.Coordinator) && !r.heads[h.Coordinator].Fresh {
			votes[h.Coordinator]++
		}
	}
	var best member.NodeID
	for _, m := range r.view.Members {
		if votes[m] > votes[best] {
			best = m
		}
	}
	if best != 0 {
		return best
	}
	best = r.view.Members[0]
	for _, m := range r.view.Members[1:] {
		a, b := r.heads[m], r.heads[best]
		if b.Fresh != a.Fresh && b.Fresh || a.Fresh == b.Fresh && a.Uptime > b.Uptime+1000 {
			best = m
		}
	}
	return best
}

// returned tells whether a node is a member whose daemon started after its
// fencing was asked for: what was fenced is not what is here now.
func (r *Replica) returned(id string, asked uint64) bool {
	n, err := member.ParseNodeID(id)
	if err != nil || asked == 0 || !r.view.Has(n) {
		return false
	}
	joined := r.heads[n].Joined
	if joined == 0 {
		joined = r.view.Ring.Seq
	}
	return joined > asked
}
