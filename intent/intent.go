// Package intent turns what an operator wants ("put this node in standby", "move
// that resource there") into edits of the CIB. Ids and shapes are those that
// Pacemaker's tools write, so that both kinds of tools can undo each other's work.
package intent

import (
	"fmt"
	"slices"

	"mainstay/cib"
)

// NotFound says that the CIB does not have what was asked for.
type NotFound struct {
	Kind string // "resource", "node", "attribute", …
	Name string
	Near string // a name that exists and might have been meant, or ""
}

// Error implements error.
func (e *NotFound) Error() string {
	msg := fmt.Sprintf("no %s %q in the configuration", e.Kind, e.Name)
	if e.Near != "" {
		msg += fmt.Sprintf("; did you mean %q?", e.Near)
	}
	return msg
}

// resourceTags are the elements that are resources.
var resourceTags = []string{"primitive", "group", "clone", "master", "bundle"}

// Resource finds a configured resource, nil if there is none. Instance numbers
// ("db:0") are understood as the resource they belong to.
func Resource(root *cib.Elem, id string) *cib.Place {
	var found *cib.Place
	eachResource(root, func(p *cib.Place) {
		if p.Elem.ID() == id {
			found = p
		}
	})
	if found == nil {
		if base, _, ok := cutInstance(id); ok {
			return Resource(root, base)
		}
	}
	return found
}

// cutInstance splits "db:0".
func cutInstance(id string) (base, number string, ok bool) {
	for i := len(id) - 1; i > 0; i-- {
		if id[i] == ':' {
			return id[:i], id[i+1:], i+1 < len(id)
		}
		if id[i] < '0' || id[i] > '9' {
			break
		}
	}
	return id, "", false
}

// Resources lists the ids of all configured resources in document order.
func Resources(root *cib.Elem) []string {
	var out []string
	eachResource(root, func(p *cib.Place) { out = append(out, p.Elem.ID()) })
	return out
}

// eachResource visits resources, outer ones first.
func eachResource(root *cib.Elem, visit func(*cib.Place)) {
	at := place(root, "configuration", "resources")
	if at != nil {
		visitResources(at, visit)
	}
}

func visitResources(at *cib.Place, visit func(*cib.Place)) {
	for i, k := range at.Elem.Kids() {
		if slices.Contains(resourceTags, k.Name()) {
			p := at.Kid(i)
			visit(p)
			visitResources(p, visit)
		}
	}
}

// place follows the first child of each name, nil if one is missing.
func place(root *cib.Elem, names ...string) *cib.Place {
	p := &cib.Place{Elem: root}
	for _, name := range names {
		p = kid(p, func(e *cib.Elem) bool { return e.Name() == name })
		if p == nil {
			return nil
		}
	}
	return p
}

// kid returns the first child for which is holds, nil if there is none.
func kid(p *cib.Place, is func(*cib.Elem) bool) *cib.Place {
	for i, k := range p.Elem.Kids() {
		if is(k) {
			return p.Kid(i)
		}
	}
	return nil
}

// Parent returns the collection that a resource is in, nil at the top.
func Parent(p *cib.Place) *cib.Place {
	if p.Up != nil && slices.Contains(resourceTags, p.Up.Elem.Name()) {
		return p.Up
	}
	return nil
}

// Outermost returns the collection that is not in another one, for a resource in
// it; a resource that is in none is its own.
func Outermost(p *cib.Place) *cib.Place {
	for up := Parent(p); up != nil; up = Parent(p) {
		p = up
	}
	return p
}

// NeedResource is Resource with an error that names near misses.
func NeedResource(root *cib.Elem, id string) (*cib.Place, error) {
	if p := Resource(root, id); p != nil {
		return p, nil
	}
	return nil, &NotFound{"resource", id, cib.Nearest(id, Resources(root))}
}

// Nodes lists the names of all configured nodes in document order.
func Nodes(root *cib.Elem) []string {
	var out []string
	for n := range root.Path("configuration", "nodes").Named("node") {
		out = append(out, n.Get("uname"))
	}
	return out
}

// Node finds a configured node by name, or by id.
func Node(root *cib.Elem, name string) *cib.Place {
	at := place(root, "configuration", "nodes")
	if at == nil {
		return nil
	}
	p := kid(at, func(e *cib.Elem) bool { return e.Name() == "node" && e.Get("uname") == name })
	if p == nil {
		p = kid(at, func(e *cib.Elem) bool { return e.Name() == "node" && e.ID() == name })
	}
	return p
}

// WithoutNode returns the edits that take out what a CIB keeps of a node: its entry,
// without which nobody expects it to come up, and its state.
func WithoutNode(name string) []cib.Edit {
	return []cib.Edit{
		{Op: cib.OpDelete, XPath: "/cib/configuration/nodes/node[@uname='" + name + "']"},
		{Op: cib.OpDelete, XPath: "/cib/status/node_state[@uname='" + name + "']"},
	}
}

// NeedNode is Node with an error that names near misses.
func NeedNode(root *cib.Elem, name string) (*cib.Place, error) {
	if p := Node(root, name); p != nil {
		return p, nil
	}
	return nil, &NotFound{"node", name, cib.Nearest(name, Nodes(root))}
}
