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

// setter is a place that has name-value sets.
type setter struct {
	root  *cib.Elem
	owner *cib.Place // element that holds the sets
	tag   string     // element name of the sets
	setID string     // of the set that is made if there is none
}

// find returns the nvpair of a name, with its set.
func (s setter) find(name string) *cib.Place {
	for i, set := range s.owner.Elem.Kids() {
		if set.Name() != s.tag {
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
func (s setter) firstSet() *cib.Place {
	return kid(s.owner, func(e *cib.Elem) bool {
		return e.Name() == s.tag && e.Get("id-ref") == "" && e.Child("rule") == nil
	})
}

// get looks a value up.
func (s setter) get(name string) (Pair, bool) {
	p := s.find(name)
	if p == nil {
		return Pair{Name: name}, false
	}
	return Pair{ID: p.Elem.ID(), SetID: p.Up.Elem.ID(), Name: name, Value: p.Elem.Get("value")}, true
}

// set makes the edit that gives a name a value.
func (s setter) set(name, value string) Pair {
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
	return Pair{Edits: []cib.Edit{edit}, ID: id, SetID: setID, Name: name, Value: value}
}

// unset makes the edit that removes a name; without it there is none.
func (s setter) unset(name string) (Pair, bool) {
	p := s.find(name)
	if p == nil {
		return Pair{Name: name}, false
	}
	return Pair{Edits: []cib.Edit{{Op: cib.OpDelete, XPath: p.Path()}}, ID: p.Elem.ID(), SetID: p.Up.Elem.ID(),
		Name: name, Value: p.Elem.Get("value")}, true
}

func ofResource(root *cib.Elem, p *cib.Place, k Kind) setter {
	return setter{root, p, string(k), p.Elem.ID() + "-" + string(k)}
}

// GetResource looks up a meta attribute, parameter or utilization of a resource.
func GetResource(root *cib.Elem, rsc *cib.Place, k Kind, name string) (Pair, bool) {
	return ofResource(root, rsc, k).get(name)
}

// SetResource gives a resource a meta attribute, parameter or utilization.
func SetResource(root *cib.Elem, rsc *cib.Place, k Kind, name, value string) Pair {
	return ofResource(root, rsc, k).set(name, value)
}

// UnsetResource removes one; false if it is not there.
func UnsetResource(root *cib.Elem, rsc *cib.Place, k Kind, name string) (Pair, bool) {
	return ofResource(root, rsc, k).unset(name)
}

// Section is a part of the configuration that holds options.
type Section string

// The sections with options.
const (
	Options     Section = "crm_config"
	RscDefaults Section = "rsc_defaults"
	OpDefaults  Section = "op_defaults"
)

// ofSection returns where a section's options are; the section may have to be made.
func ofSection(root *cib.Elem, s Section) setter {
	tag, id := "meta_attributes", string(s)+"-options"
	if s == Options {
		tag, id = "cluster_property_set", "cib-bootstrap-options"
	}
	owner := place(root, "configuration", string(s))
	if owner == nil {
		conf := root.Child("configuration")
		grown := cib.New("cib").Append(cib.New("configuration", conf.Attrs()...).Append(cib.New(string(s))))
		owner = place(grown, "configuration", string(s))
	}
	return setter{root, owner, tag, id}
}

// GetOption looks an option up.
func GetOption(root *cib.Elem, s Section, name string) (Pair, bool) {
	return ofSection(root, s).get(name)
}

// SetOption sets a cluster option or a default.
func SetOption(root *cib.Elem, s Section, name, value string) Pair {
	p := ofSection(root, s).set(name, value)
	if root.Path("configuration", string(s)) == nil {
		// There is no place yet that a path could name: the section travels itself.
		for i := range p.Edits {
			p.Edits[i].Scope, p.Edits[i].XPath = string(s), ""
		}
	}
	return p
}

// UnsetOption removes an option; false if it is not there.
func UnsetOption(root *cib.Elem, s Section, name string) (Pair, bool) {
	return ofSection(root, s).unset(name)
}

// GetNode looks up a permanent attribute (or utilization) of a node.
func GetNode(root *cib.Elem, node *cib.Place, k Kind, name string) (Pair, bool) {
	return ofNode(root, node, k).get(name)
}

// SetNode gives a node a permanent attribute (or utilization).
func SetNode(root *cib.Elem, node *cib.Place, k Kind, name, value string) Pair {
	return ofNode(root, node, k).set(name, value)
}

// UnsetNode removes one; false if it is not there.
func UnsetNode(root *cib.Elem, node *cib.Place, k Kind, name string) (Pair, bool) {
	return ofNode(root, node, k).unset(name)
}

func ofNode(root *cib.Elem, node *cib.Place, k Kind) setter {
	id := "nodes-" + node.Elem.ID()
	if k == Utilization {
		id += "-utilization"
	}
	return setter{root, node, string(k), id}
}

// GetTransient looks up a transient attribute of a node in the status section.
func GetTransient(root *cib.Elem, node *cib.Place, name string) (Pair, bool) {
	at := place(root, "status")
	if at == nil {
		return Pair{Name: name}, false
	}
	state := kid(at, func(e *cib.Elem) bool { return e.Name() == "node_state" && e.ID() == node.Elem.ID() })
	if state == nil {
		return Pair{Name: name}, false
	}
	owner := kid(state, func(e *cib.Elem) bool { return e.Name() == "transient_attributes" })
	if owner == nil {
		return Pair{Name: name}, false
	}
	return setter{root, owner, string(Params), "status-" + node.Elem.ID()}.get(name)
}
