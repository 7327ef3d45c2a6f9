package replica

import (
	"maps"
	"slices"

	"mainstay/cib"
	"mainstay/member"
)

// Seen is what a member knows of another node: the last ring that both were in,
// and whether the node ended in order since. When partitions merge, who saw an
// absent node last knows best, whoever holds the CIB that the view takes on.
type Seen struct {
	Node member.NodeID
	Ring uint64 // sequence
	Down bool   // it was fenced, or left in order, after that ring
	// State is the <node_state> of a node that is down, as XML: it may still hold what
	// was out of the cluster's hands when it left.
	State string `json:",omitempty"`
}

// sight is a Seen without what the CIB says anyway.
type sight struct {
	ring uint64
	down bool
}

// tellSeen is what this member says in its Head.
func (r *Replica) tellSeen() []Seen {
	var out []Seen
	for _, id := range slices.Sorted(maps.Keys(r.seen)) {
		s := Seen{Node: id, Ring: r.seen[id].ring, Down: r.seen[id].down}
		if s.Down {
			s.State = string(r.endedState(id).AppendXML(nil, false))
		}
		out = append(out, s)
	}
	return out
}

// endedState is what the CIB says of a node that is down. A goodbye that was never
// written down is made up for.
func (r *Replica) endedState(id member.NodeID) *cib.Elem {
	ns := r.root.Child("status").ChildID("node_state", id.String())
	if ns == nil || ns.Get("expected") == "down" {
		return ns
	}
	return left(ns)
}

// overtaken keeps the goodbyes that were agreed while the view had not come to one
// CIB yet, of nodes that are not in the next view: that never wrote them down. It
// must not be the last to know.
func (r *Replica) overtaken(next member.View) {
	for _, u := range r.deferred {
		for _, name := range u.Left {
			text, ok := nodeID(r.root, name)
			id, err := member.ParseNodeID(text)
			if ok && err == nil && !next.Has(id) {
				r.seen[id] = sight{r.view.Ring.Seq, true}
			}
		}
	}
}

// mergeSeen takes together what the heads of the view say; of the members
// themselves this ring is the last one. While a member does not say what it saw,
// nobody's knowledge counts: it may be out of date.
func (r *Replica) mergeSeen() map[member.NodeID]Seen {
	best := map[member.NodeID]Seen{}
	for _, m := range r.view.Members {
		if r.Features() < seenFeature {
			break
		}
		for _, s := range r.heads[m].Seen {
			if have, ok := best[s.Node]; !ok || s.Ring > have.Ring || s.Ring == have.Ring && s.Down && !have.Down {
				best[s.Node] = s
			}
		}
	}
	r.seen = map[member.NodeID]sight{}
	for id, s := range best { //order: each goes to its own place
		r.seen[id] = sight{s.Ring, s.Down}
	}
	for _, m := range r.view.Members {
		r.seen[m] = sight{ring: r.view.Ring.Seq}
	}
	return best
}

// absentees corrects what the CIB that the view took on says of nodes that are not
// here, by who saw them last.
func (r *Replica) absentees(root *cib.Elem) *cib.Elem {
	best := r.mergeSeen()
	for _, id := range slices.Sorted(maps.Keys(best)) {
		s := best[id]
		have := root.Child("status").ChildID("node_state", id.String())
		if r.view.Has(id) || have == nil && (!s.Down || s.State == "") {
			continue
		}
		switch down := have.Get("expected") == "down"; {
		case s.Down && !down:
			root = nodeState(root, id.String(), func(ns *cib.Elem) *cib.Elem { return ended(ns, s.State) })
		case !s.Down && down:
			root = nodeState(root, id.String(), func(ns *cib.Elem) *cib.Elem { return set(ns, "expected", "member") })
		}
	}
	return root
}

// ended is the state of a node that another member knows to have ended in order.
func ended(ns *cib.Elem, state string) *cib.Elem {
	if e, err := cib.Parse([]byte(state)); err == nil && e.Name() == "node_state" && e.ID() == ns.ID() {
		return e
	}
	return gone(ns)
}

// saw notes that nodes ended in order, or were fenced.
func (r *Replica) saw(u *Update) {
	for _, name := range slices.Concat(u.Gone, u.Left) {
		id, ok := nodeID(r.root, name)
		if !ok || r.root.Child("status").ChildID("node_state", id).Get("expected") != "down" {
			continue
		}
		if n, err := member.ParseNodeID(id); err == nil {
			r.seen[n] = sight{r.seen[n].ring, true}
		}
	}
}
