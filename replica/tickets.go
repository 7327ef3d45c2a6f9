package replica

import "mainstay/cib"

// Tickets are the one thing in the status that nobody but the status knows: what
// nodes run and what their attributes are, each of them tells in its head. A view
// may take on the configuration of a member that was away, for it has seen the
// latest change of that; the tickets it takes from whom a view with quorum had last.

// vouch notes that this replica holds the status of a view with quorum, if the view
// that ends is one. The number of its ring tells which was later: of two views with
// quorum, some member was in both.
func (r *Replica) vouch() {
	if r.phase == synced && r.root.Get("have-quorum") == "1" {
		r.vouched = r.view.Ring.Seq
	}
}

// tickets is the section as XML, "" if there is none.
func tickets(root *cib.Elem) string {
	t := root.Path("status", "tickets")
	if t == nil {
		return ""
	}
	return string(t.AppendXML(nil, false))
}

// withTickets gives the CIB that a view takes on the tickets of the member that
// vouches for the latest; of several, of the one with the highest version. The same
// on all members, since it is made of the heads.
func (r *Replica) withTickets(root *cib.Elem) *cib.Elem {
	if r.Features() < ticketsFeature {
		return root
	}
	var best *Head
	for _, m := range r.view.Members {
		h := r.heads[m]
		if h.Vouched == 0 || best != nil && (h.Vouched < best.Vouched || h.Vouched == best.Vouched && h.Version.Compare(best.Version) <= 0) {
			continue
		}
		best = h
	}
	if best == nil || best.Tickets == tickets(root) {
		return root
	}
	return change(root, "status", "", func(status *cib.Elem) *cib.Elem {
		return r.graft(status, "tickets", best.Tickets)
	})
}
