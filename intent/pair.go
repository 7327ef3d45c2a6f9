package intent

import (
	"mainstay/cib"
)

// Kind is a kind of name-value set of a resource; the value is the element's name.
type Kind string

// The kinds of set.
const (
	Meta        Kind = "meta_attributes"
	Params      Kind = "instance_attributes"
	Utilization Kind = "utilization"
)

// Pair says where a name and its value are, or shall be.
type Pair struct {
	Edits       []cib.Edit // nil if nothing has to change
	ID, SetID   string     // of the nvpair and of its set
	Name, Value string     // Value: the present one, for Get
}

// Holder is a place that has name-value sets.
type Holder struct {
	owner *cib.Place // element that holds the sets
	tag   string     // element name of the sets
	setID string     // of the set that is made if there is none
	only  bool       // look at that set only
	fresh string     // section that the document lacks and that has to be made
}

// In restricts a holder to the set with an id.
func (s Holder) In(setID string) Holder {
	s.setID, s.only = setID, true
	return s
}

// All lists the names and values in document order.
func (s Holder) All() []Pair {
	var out []Pair
	for _, set := range s.owner.Elem.Kids() {
		if !s.matches(set) {
			continue
		}
		for nv := range set.Named("nvpair") {
			out = append(out, Pair{ID: nv.ID(), SetID: set.ID(), Name: nv.Get("name"), Value: nv.Get("value")})
		}
	}
	return out
}

// matches tells whether an element is a set that counts.
func (s Holder) matches(set *cib.Elem) bool {
	return set.Name() == s.tag && (!s.only || set.ID() == s.setID)
}

// find returns the nvpair of a name, with its set.
func (s Holder) find(name string) *cib.Place {
	for i, set := range s.owner.Elem.Kids() {
		if !s.matches(set) {
			continue
		}
		p := kid(s.owner.Kid(i), func(e *cib.Elem) bool { return e.Name() == "nvpair" && e.Get("name") == name })
		if p != nil {
			return p
		}
	}
	return nil
}

// firstSet returns the first set of the kind that is not shared by reference and
// has no rule, nil if there is none.
func (s Holder) firstSet() *cib.Place {
	return kid(s.owner, func(e *cib.Elem) bool {
		return s.matches(e) && e.Get("id-ref") == "" && e.Child("rule") == nil
	})
}

// Get looks a value up.
func (s Holder) Get(name string) (Pair, bool) {
	p := s.find(name)
	if p == nil {
		return Pair{Name: name}, false
	}
	return Pair{ID: p.Elem.ID(), SetID: p.Up.Elem.ID(), Name: name, Value: p.Elem.Get("value")}, true
}

// Set makes the edit that gives a name a value.
func (s Holder) Set(name, value string) Pair {
	if p := s.find(name); p != nil {
		out := Pair{ID: p.Elem.ID(), SetID: p.Up.Elem.ID(), Name: name, Value: value}
		if p.Elem.Get("value") != value {
			out.Edits = []cib.Edit{{Op: cib.OpModify, XPath: p.Path(), Elem: p.Elem.With("value", value)}}
		}
		return out
	}
	setID := s.setID
	if p := s.firstSet(); p != nil {
		setID = p.Elem.ID()
	}
	id := setID + "-" + name
	pair := cib.New("nvpair", cib.Attr{Name: "id", Value: id}, cib.Attr{Name: "name", Value: name}, cib.Attr{Name: "value", Value: value})
	set := cib.New(s.tag, cib.Attr{Name: "id", Value: setID}).Append(pair)
	edit := cib.Edit{Op: cib.OpModify, XPath: s.owner.Path(), Elem: s.owner.Elem.WithKids(nil).Append(set)}
	if s.fresh != "" {
		// There is no place yet that a path could name: the section travels itself.
		edit.Scope, edit.XPath = s.fresh, ""
	}
	return Pair{Edits: []cib.Edit{edit}, ID: id, SetID: setID, Name: name, Value: value}
}

// Unset makes the edit that removes a name; without it there is none.
func (s Holder) Unset(name string) (Pair, bool) {
	p := s.find(name)
	if p == nil {
		return Pair{Name: name}, false
	}
	return Pair{Edits: []cib.Edit{{Op: cib.OpDelete, XPath: p.Path()}}, ID: p.Elem.ID(), SetID: p.Up.Elem.ID(),
		Name: name, Value: p.Elem.Get("value")}, true
}

// OfResource is where a resource has its sets of a kind.
func OfResource(p *cib.Place, k Kind) Holder {
	return Holder{owner: p, tag: string(k), setID: p.Elem.ID() + "-" + string(k)}
}

// OfNode is where a node has its permanent attributes (Params) or its utilization.
func OfNode(node *cib.Place, k Kind) Holder {
	id := "nodes-" + node.Elem.ID()
	if k == Utilization {
		id += "-utilization"
	}
	return Holder{owner: node, tag: string(k), setID: id}
}

// OfSection is where a section has its options; the section may have to be made.
func OfSection(root *cib.Elem, s Section) Holder {
	h := Holder{tag: "meta_attributes", setID: string(s) + "-options", owner: place(root, "configuration", string(s))}
	if s == Options {
		h.tag, h.setID = "cluster_property_set", "cib-bootstrap-options"
	}
	if h.owner == nil {
		h.fresh = string(s)
		h.owner = &cib.Place{Elem: cib.New(string(s))}
	}
	return h
}

// GetResource looks up a meta attribute, parameter or utilization of a resource.
func GetResource(rsc *cib.Place, k Kind, name string) (Pair, bool) {
	return OfResource(rsc, k).Get(name)
}

// SetResource gives a resource a meta attribute, parameter or utilization.
func SetResource(rsc *cib.Place, k Kind, name, value string) Pair {
	return OfResource(rsc, k).Set(name, value)
}

// UnsetResource removes one; false if it is not there.
func UnsetResource(rsc *cib.Place, k Kind, name string) (Pair, bool) {
	return OfResource(rsc, k).Unset(name)
}

// Section is a part of the configuration that holds options.
type Section string

// The sections with options.
const (
	Options     Section = "crm_config"
	RscDefaults Section = "rsc_defaults"
	OpDefaults  Section = "op_defaults"
)

// GetOption looks an option up.
func GetOption(root *cib.Elem, s Section, name string) (Pair, bool) {
	return OfSection(root, s).Get(name)
}

// SetOption sets a cluster option or a default.
func SetOption(root *cib.Elem, s Section, name, value string) Pair {
	return OfSection(root, s).Set(name, value)
}

// UnsetOption removes an option; false if it is not there.
func UnsetOption(root *cib.Elem, s Section, name string) (Pair, bool) {
	return OfSection(root, s).Unset(name)
}

// GetNode looks up a permanent attribute (or utilization) of a node.
func GetNode(node *cib.Place, k Kind, name string) (Pair, bool) {
	return OfNode(node, k).Get(name)
}

// SetNode gives a node a permanent attribute (or utilization).
func SetNode(node *cib.Place, k Kind, name, value string) Pair {
	return OfNode(node, k).Set(name, value)
}

// UnsetNode removes one; false if it is not there.
func UnsetNode(node *cib.Place, k Kind, name string) (Pair, bool) {
	return OfNode(node, k).Unset(name)
}

// OfTransient is where the status section has a node's transient attributes, ok is
// false if it has none yet.
func OfTransient(root *cib.Elem, node *cib.Place) (Holder, bool) {
	at := place(root, "status")
	if at == nil {
		return Holder{}, false
	}
	state := kid(at, func(e *cib.Elem) bool { return e.Name() == "node_state" && e.ID() == node.Elem.ID() })
	if state == nil {
		return Holder{}, false
	}
	owner := kid(state, func(e *cib.Elem) bool { return e.Name() == "transient_attributes" })
	if owner == nil {
		return Holder{}, false
	}
	return Holder{owner: owner, tag: string(Params), setID: "status-" + node.Elem.ID()}, true
}

// GetTransient looks up a transient attribute of a node in the status section.
func GetTransient(root *cib.Elem, node *cib.Place, name string) (Pair, bool) {
	h, ok := OfTransient(root, node)
	if !ok {
		return Pair{Name: name}, false
	}
	return h.Get(name)
}
