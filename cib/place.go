package cib

import (
	"strconv"
	"strings"
)

// Place is an element together with the way to it from the root. A tree is
// immutable, so a place stays true for the root that it was found in.
type Place struct {
	Elem  *Elem
	Up    *Place // nil for the root
	Index int    // among Up.Elem.Kids()
}

// Path writes the place as an XPath, each step with its id where it has one:
// /cib/configuration/resources/primitive[@id='A'].
func (p *Place) Path() string {
	if p == nil {
		return ""
	}
	if p.Elem.Name() == CommentName {
		return p.Up.Path() + "/comment"
	}
	if id := p.Elem.ID(); id != "" && p.Up != nil {
		return p.Up.Path() + "/" + p.Elem.Name() + "[@id='" + id + "']"
	}
	return p.Up.Path() + "/" + p.Elem.Name()
}

// Root is the top of the tree that the place is in.
func (p *Place) Root() *Elem {
	for p.Up != nil {
		p = p.Up
	}
	return p.Elem
}

// Kid is the place of a child.
func (p *Place) Kid(i int) *Place { return &Place{p.Elem.kids[i], p, i} }

// Set returns a new root in which e stands at the place; nil removes it.
// It copies the way up and nothing else. Without anything to change, the same root comes back.
func (p *Place) Set(e *Elem) *Elem {
	for {
		if e == p.Elem || p.Up == nil {
			if e == p.Elem {
				return p.Root()
			}
			return e
		}
		old := p.Up.Elem.kids
		var kids []*Elem
		if e == nil {
			kids = make([]*Elem, 0, len(old)-1)
			kids = append(append(kids, old[:p.Index]...), old[p.Index+1:]...)
		} else {
			kids = make([]*Elem, len(old))
			copy(kids, old)
			kids[p.Index] = e
		}
		e, p = p.Up.Elem.WithKids(kids), p.Up
	}
}

// locate follows child names from p, or returns nil.
func (p *Place) locate(names ...string) *Place {
next:
	for _, n := range names {
		for i, k := range p.Elem.Kids() {
			if k.name == n {
				p = p.Kid(i)
				continue next
			}
		}
		return nil
	}
	return p
}

// search finds the first element below p (p itself included) with the given
// name and id, near ones first: the children before what is below them.
// An empty id matches only elements without one.
func (p *Place) search(name, id string) *Place {
	if p.Elem.name == name && p.Elem.ID() == id {
		return p
	}
	if i := kidIndex(p.Elem.kids, name, id); i >= 0 {
		return p.Kid(i)
	}
	var way []int
	if !p.Elem.descend(name, id, &way) {
		return nil
	}
	for i := len(way) - 1; i >= 0; i-- {
		p = p.Kid(way[i])
	}
	return p
}

// descend looks in document order and leaves the way to the hit, last step first.
func (e *Elem) descend(name, id string, way *[]int) bool {
	for i, k := range e.kids {
		if (k.name == name && k.ID() == id) || (len(k.kids) > 0 && k.descend(name, id, way)) {
			*way = append(*way, i)
			return true
		}
	}
	return false
}

// kidIndex is the place of the first child with a name and id, or -1.
func kidIndex(kids []*Elem, name, id string) int {
	for i, k := range kids {
		if k.name == name && k.ID() == id {
			return i
		}
	}
	return -1
}

// sections maps what cibadmin calls a scope to the way from the root.
func sectionPath(scope string) ([]string, bool) {
	switch scope {
	case "", "all", "cib":
		return nil, true
	case "configuration", "status":
		return []string{scope}, true
	case "crm_config", "nodes", "resources", "constraints", "rsc_defaults", "op_defaults",
		"fencing-topology", "acls", "tags", "alerts":
		return []string{"configuration", scope}, true
	case "tickets":
		return []string{"status", scope}, true
	}
	return nil, false
}

// homeOf is the section in which an element of a name lives, "" if the name does not tell.
func homeOf(name string) string {
	switch name {
	case "primitive", "group", "clone", "master", "bundle", "template":
		return "resources"
	case "rsc_location", "rsc_colocation", "rsc_order", "rsc_ticket":
		return "constraints"
	case "node":
		return "nodes"
	case "cluster_property_set":
		return "crm_config"
	case "fencing-level":
		return "fencing-topology"
	case "acl_role", "acl_target", "acl_group", "acl_user":
		return "acls"
	case "tag":
		return "tags"
	case "alert":
		return "alerts"
	case "node_state", "tickets":
		return "status"
	case "ticket_state":
		return "tickets"
	}
	if _, ok := sectionPath(name); ok {
		return name
	}
	return ""
}

// sectionPlace finds the section's place; missing sections are made on the way.
func sectionPlace(root *Elem, scope string) (*Place, bool) {
	names, ok := sectionPath(scope)
	if !ok {
		return nil, false
	}
	p := &Place{Elem: root}
	for _, n := range names {
		q := p.locate(n)
		if q == nil {
			grown := p.Set(p.Elem.Append(New(n)))
			at := p.wayFrom()
			p = follow(grown, at)
			q = p.locate(n)
		}
		p = q
	}
	return p, true
}

// wayFrom lists the indexes from the root to the place.
func (p *Place) wayFrom() []int {
	var way []int
	for ; p.Up != nil; p = p.Up {
		way = append([]int{p.Index}, way...)
	}
	return way
}

func follow(root *Elem, way []int) *Place {
	p := &Place{Elem: root}
	for _, i := range way {
		p = p.Kid(i)
	}
	return p
}

// position is written in messages where an element has no id.
func position(e *Elem) string {
	var b strings.Builder
	b.WriteString(Label(e))
	if e.Line() > 0 {
		b.WriteString(" on line " + strconv.Itoa(e.Line()))
	}
	return b.String()
}
