// Package member holds the words that peers share: who is in the cluster and
// which of them currently form a view. It decides nothing.
package member

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// NodeID names a node. It is the nodeid of corosync.conf(5): positive and
// unique in the cluster. Zero means "nobody" or "everybody", as the context says.
type NodeID uint32

// String writes the id in decimal, as Pacemaker's CIB does.
func (id NodeID) String() string { return strconv.FormatUint(uint64(id), 10) }

// ParseNodeID reads a decimal node id; zero is refused.
func ParseNodeID(s string) (NodeID, error) {
	v, err := strconv.ParseUint(s, 10, 32)
	if err != nil || v == 0 {
		return 0, fmt.Errorf("node id %q: want a number from 1 to 4294967295", s)
	}
	return NodeID(v), nil
}

// RingID names one view for ever: the representative that formed it and a
// sequence number that never goes back on any member (Totem's ring identifier;
// Amir et al., "The Totem Single-Ring Ordering and Membership Protocol", 1995).
type RingID struct {
	Rep NodeID
	Seq uint64
}

// String writes the id as corosync-quorumtool does: representative in
// hexadecimal without leading zeros, a dot, the sequence in hexadecimal.
func (r RingID) String() string { return fmt.Sprintf("%x.%x", uint32(r.Rep), r.Seq) }

// IsZero tells whether no view was ever formed.
func (r RingID) IsZero() bool { return r == RingID{} }

// Less orders ring ids by sequence, then representative.
func (r RingID) Less(o RingID) bool {
	if r.Seq != o.Seq {
		return r.Seq < o.Seq
	}
	return r.Rep < o.Rep
}

// View is an agreed set of members. Members are sorted and unique.
type View struct {
	Ring    RingID
	Members []NodeID
}

// Has tells whether id is a member of the view.
func (v View) Has(id NodeID) bool {
	_, ok := slices.BinarySearch(v.Members, id)
	return ok
}

// String is for logs: "1.4{1,2,3}".
func (v View) String() string {
	s := make([]string, len(v.Members))
	for i, m := range v.Members {
		s[i] = m.String()
	}
	return v.Ring.String() + "{" + strings.Join(s, ",") + "}"
}
