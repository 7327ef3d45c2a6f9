package ring

import (
	"slices"
	"strconv"
	"strings"

	"mainstay/member"
)

// seat is a node in one of its lives: a daemon that was started anew is another
// member than the one that died, even under the same id.
type seat struct {
	id  member.NodeID
	inc uint64
}

// roster is a list of seats, sorted by id, with no id twice.
type roster []seat

// find returns the place of id.
func (r roster) find(id member.NodeID) (int, bool) {
	return slices.BinarySearchFunc(r, id, func(s seat, id member.NodeID) int {
		switch {
		case s.id < id:
			return -1
		case s.id > id:
			return 1
		}
		return 0
	})
}

// has tells whether that very seat is in the roster.
func (r roster) has(s seat) bool {
	i, ok := r.find(s.id)
	return ok && r[i].inc == s.inc
}

// hasID tells whether some life of the node is in the roster.
func (r roster) hasID(id member.NodeID) bool {
	_, ok := r.find(id)
	return ok
}

// ids returns the nodes.
func (r roster) ids() []member.NodeID {
	out := make([]member.NodeID, len(r))
	for i, s := range r {
		out[i] = s.id
	}
	return out
}

// String is for notes: "1,2,3".
func (r roster) String() string { return idList(r.ids()) }

// idList writes node ids with commas.
func idList(ids []member.NodeID) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = strconv.FormatUint(uint64(id), 10)
	}
	return strings.Join(s, ",")
}

// candidate is a seat in a proposal, which may be one that is to be left out.
type candidate struct {
	seat
	failed bool // the proposer itself has reason not to be with it
	sick   bool // … which is that it is there, but does not do its part
	out    bool // it is left out for what others say
}

// in tells whether the candidate is to be in the view.
func (c candidate) in() bool { return !c.failed && !c.out }

// proposal is what a node thinks of the next view: whom it knows of, and who of
// them is to be in it. Sorted by id.
type proposal []candidate

// find returns the place of id, or where it belongs.
func (p proposal) find(id member.NodeID) (int, bool) {
	return slices.BinarySearchFunc(p, id, func(c candidate, id member.NodeID) int {
		switch {
		case c.id < id:
			return -1
		case c.id > id:
			return 1
		}
		return 0
	})
}

// alive returns those who are to be in the view.
func (p proposal) alive() roster {
	out := make(roster, 0, len(p))
	for _, c := range p {
		if c.in() {
			out = append(out, c.seat)
		}
	}
	return out
}

// agrees tells whether the proposal leads to the view of these seats.
func (p proposal) agrees(r roster) bool {
	n := 0
	for _, c := range p {
		if !c.in() {
			continue
		}
		if n >= len(r) || r[n] != c.seat {
			return false
		}
		n++
	}
	return n == len(r)
}

// fails tells whether the proposer itself has reason not to be with that seat,
// and whether that is because it is sick.
func (p proposal) fails(s seat) (failed, sick bool) {
	if i, ok := p.find(s.id); ok && p[i].seat == s {
		return p[i].failed, p[i].sick
	}
	return false, false
}

// failsAny tells whether the proposer itself has reason not to be with one of them.
func (p proposal) failsAny(r roster) bool {
	for _, c := range p {
		if c.failed && r.has(c.seat) {
			return true
		}
	}
	return false
}

// put adds a candidate or replaces the one of the same node.
func (p proposal) put(c candidate) proposal {
	i, ok := p.find(c.id)
	if ok {
		p[i] = c
		return p
	}
	return slices.Insert(p, i, c)
}
