package replica

import (
	"mainstay/cib"
	"mainstay/member"
)

// Head is what each member says of itself when a view forms. Together the heads
// of a view decide whose CIB is taken on and who coordinates.
type Head struct {
	Ring        member.RingID
	Name        string
	Version     cib.Version
	Hash        string        // of the whole CIB
	Coordinator member.NodeID // whom the sender followed before this view, 0 if nobody
	Uptime      int64         // milliseconds since the sender's daemon started
	Fresh       bool          // the sender has not been part of a synced view since it started
	Joined      uint64        // sequence of the first ring in which the sender's daemon was synced; 0: this one
	Settled     bool          // the sender has been part of a quorate synced view since it started
	SameBoot    bool          // its machine was not restarted since its last daemon ran
	Quorate     bool          // the sender's verdict on this view
	Features    int           // highest message version that the sender speaks
	LRM         string        // the sender's <lrm>, as XML
	LRMHash     string        `json:",omitempty"` // its digest, so that who holds the same need not read it
	Lineage     string        `json:",omitempty"` // of the sender's configuration
	Seen        []Seen        `json:",omitempty"` // what the sender knows of other nodes, sorted by node
	Vouched     uint64        `json:",omitempty"` // sequence of the last ring with quorum whose status the sender holds
	Tickets     string        `json:",omitempty"` // the sender's <tickets>, as XML
	Attributes  string        // the sender's <transient_attributes>, as XML, "" if it knows none
}

// Part is a piece of a whole CIB, multicast by its holder when heads differ.
type Part struct {
	Ring      member.RingID
	Index, Of int
	Data      []byte // compressed XML, cut in pieces
}

// Persisted says that the sender has every configuration change up to Index of
// this view on stable storage.
type Persisted struct {
	Ring  member.RingID
	Index uint64
}

// Attribute is one transient node attribute to set, or to delete.
type Attribute struct {
	Node   string // name
	Set    string // id of the set, "" for the usual one
	Name   string
	Value  string
	Delete bool
}

// Record is one entry of a node's operation history.
type Record struct {
	Node  string // name
	Rsc   string
	Attrs []cib.Attr // of <lrm_resource> besides id: class, provider, type
	Op    string     // the <lrm_rsc_op>, as XML
	Last  string     `json:",omitempty"` // not empty: a copy kept as the last failure; the result itself has its own record
}

// Erasure removes history: single records (Ops), one resource's, or that of all
// resources (Rsc "") on a node (Node "": on all nodes). FailuresOnly keeps the
// history of resources without a failure.
type Erasure struct {
	Node, Rsc    string
	Ops          []string `json:",omitempty"` // ids of lrm_rsc_op
	FailuresOnly bool     `json:",omitempty"`
	FailCounts   bool     `json:",omitempty"` // remove fail-count-* and last-failure-* too
}

// WireEdit is cib.Edit with its element as text.
type WireEdit struct {
	Op    cib.EditOp
	Scope string `json:",omitempty"`
	XPath string `json:",omitempty"`
	XML   string `json:",omitempty"`
}

// Update is one change of the CIB. All members apply it at the same place in the
// agreed order. Exactly one of Edits, Records, Attributes, Erasures is usually set.
type Update struct {
	Origin     member.NodeID
	Seq        uint64       // unique per origin and start of its daemon
	Base       *cib.Version `json:",omitempty"` // refuse unless the configuration is still this one
	Edits      []WireEdit   `json:",omitempty"`
	Records    []Record     `json:",omitempty"`
	Attributes []Attribute  `json:",omitempty"`
	Erasures   []Erasure    `json:",omitempty"`
	Gone       []string     `json:",omitempty"` // nodes that are known to run nothing: they were fenced
	Left       []string     `json:",omitempty"` // nodes that left in order; what they say they still run stays on record
	Asked      uint64       `json:",omitempty"` // sequence of the ring in which fencing what is Gone was asked for
	Counts     bool         `json:",omitempty"` // Attributes are fail counts that the coordinator waits for
	Completes  []string     `json:",omitempty"` // transition keys of the orders that this update carries out
	Quorate    *bool        `json:",omitempty"` // the quorum of this view changed
	User       string       `json:",omitempty"`
	Client     string       `json:",omitempty"`
	Wall       int64        // seconds since 1970 at the origin
	Twin       uint64       `json:"-"` // updates with the same number, not 0, are copies of one message (Shared)
}

// WireEdits turns edits into what an Update carries.
func WireEdits(edits []cib.Edit) []WireEdit {
	out := make([]WireEdit, len(edits))
	for i, e := range edits {
		out[i] = WireEdit{Op: e.Op, Scope: e.Scope, XPath: e.XPath}
		if e.Elem != nil {
			out[i].XML = string(e.Elem.AppendXML(nil, false))
		}
	}
	return out
}

// ParseEdits is the reverse of WireEdits.
func ParseEdits(in []WireEdit) ([]cib.Edit, error) {
	out := make([]cib.Edit, len(in))
	for i, w := range in {
		out[i] = cib.Edit{Op: w.Op, Scope: w.Scope, XPath: w.XPath}
		if w.XML == "" {
			continue
		}
		e, err := cib.Parse([]byte(w.XML))
		if err != nil {
			return nil, err
		}
		out[i].Elem = e
	}
	return out, nil
}
