// Package cib is the cluster information base: one immutable XML tree that all
// members hold in common. An update makes a new root that shares every subtree
// it did not touch, so snapshots and comparisons are cheap.
package cib

import "iter"

// CommentName is the name of elements that stand for XML comments.
const CommentName = "#comment"

// Attr is one XML attribute.
type Attr struct{ Name, Value string }

// Elem is an immutable XML element; its methods never change it, and all of
// them are safe on a nil element, which behaves as an empty one without a name.
// Character data is kept only for comments and for elements without children.
type Elem struct {
	name  string
	text  string
	attrs []Attr
	kids  []*Elem
	hash  [16]byte
	line  int32
	draft bool // without a hash
}

// New makes an element with the given attributes and no children.
func New(name string, attrs ...Attr) *Elem { return (&Elem{name: name, attrs: attrs}).seal() }

// Draft makes an element without a hash, for trees that are made, read and thrown
// away: the hash is most of what it costs to make an element. What is made from a
// draft, or above one, is a draft as well. It behaves as any other element, but
// Hash works through all of it each time; Sealed makes it like the others.
func Draft(name string, attrs ...Attr) *Elem { return &Elem{name: name, attrs: attrs, draft: true} }

// Comment makes an XML comment.
func Comment(text string) *Elem { return (&Elem{name: CommentName, text: text}).seal() }

// Name returns the tag, or CommentName.
func (e *Elem) Name() string {
	if e == nil {
		return ""
	}
	return e.name
}

// ID returns the value of the id attribute, or "".
func (e *Elem) ID() string { return e.Get("id") }

// Text returns the character data.
func (e *Elem) Text() string {
	if e == nil {
		return ""
	}
	return e.text
}

// Line is the line (from 1) of the document that the element was parsed from, 0 if made.
func (e *Elem) Line() int {
	if e == nil {
		return 0
	}
	return int(e.line)
}

// Get returns an attribute's value, or "".
func (e *Elem) Get(name string) string {
	v, _ := e.Lookup(name)
	return v
}

// Lookup returns an attribute's value and whether it is there.
func (e *Elem) Lookup(name string) (string, bool) {
	if e != nil {
		for i := range e.attrs {
			if e.attrs[i].Name == name {
				return e.attrs[i].Value, true
			}
		}
	}
	return "", false
}

// Attrs returns the attributes in document order. The caller must not change them.
func (e *Elem) Attrs() []Attr {
	if e == nil {
		return nil
	}
	return e.attrs
}

// Kids returns the children, comments among them. The caller must not change them.
func (e *Elem) Kids() []*Elem {
	if e == nil {
		return nil
	}
	return e.kids
}

// Named ranges over the children with a name.
func (e *Elem) Named(name string) iter.Seq[*Elem] {
	return func(yield func(*Elem) bool) {
		for _, k := range e.Kids() {
			if k.name == name && !yield(k) {
				return
			}
		}
	}
}

// Child returns the first child with a name, or nil.
func (e *Elem) Child(name string) *Elem {
	for k := range e.Named(name) {
		return k
	}
	return nil
}

// ChildID returns the first child with a name and an id, or nil.
func (e *Elem) ChildID(name, id string) *Elem {
	for k := range e.Named(name) {
		if k.ID() == id {
			return k
		}
	}
	return nil
}

// Path follows the first child of each name in turn.
func (e *Elem) Path(names ...string) *Elem {
	for _, n := range names {
		e = e.Child(n)
	}
	return e
}

// Walk visits the element and everything below it in document order, until visit returns false.
func (e *Elem) Walk(visit func(*Elem) bool) bool {
	if e == nil {
		return true
	}
	if !visit(e) {
		return false
	}
	for _, k := range e.kids {
		if !k.Walk(visit) {
			return false
		}
	}
	return true
}

// With returns a copy with an attribute set; its place is kept if it was there.
func (e *Elem) With(name, value string) *Elem {
	c := e.clone()
	c.attrs = make([]Attr, len(e.attrs), len(e.attrs)+1)
	copy(c.attrs, e.attrs)
	for i := range c.attrs {
		if c.attrs[i].Name == name {
			c.attrs[i].Value = value
			return c.seal()
		}
	}
	c.attrs = append(c.attrs, Attr{name, value})
	return c.seal()
}

// Without returns a copy that lacks an attribute.
func (e *Elem) Without(name string) *Elem {
	if _, ok := e.Lookup(name); !ok {
		return e
	}
	c := e.clone()
	c.attrs = make([]Attr, 0, len(e.attrs)-1)
	for _, a := range e.attrs {
		if a.Name != name {
			c.attrs = append(c.attrs, a)
		}
	}
	return c.seal()
}

// WithKids returns a copy with other children. The slice is kept: the caller gives it away.
func (e *Elem) WithKids(kids []*Elem) *Elem {
	c := e.clone()
	c.kids = kids
	return c.seal()
}

// Append returns a copy with more children at the end.
func (e *Elem) Append(kids ...*Elem) *Elem {
	all := make([]*Elem, 0, len(e.kids)+len(kids))
	return e.WithKids(append(append(all, e.kids...), kids...))
}

// WithAttrs returns a copy with all attributes replaced. The slice is kept: the caller gives it away.
func (e *Elem) WithAttrs(attrs []Attr) *Elem {
	c := e.clone()
	c.attrs = attrs
	return c.seal()
}

// WithText returns a copy with other character data.
func (e *Elem) WithText(text string) *Elem {
	c := e.clone()
	c.text = text
	return c.seal()
}

// Put returns a copy in which kid takes the place of the first child of the
// same name and id, or stands at the end if there is none.
func (e *Elem) Put(kid *Elem) *Elem {
	for i, k := range e.Kids() {
		if k.name == kid.name && k.ID() == kid.ID() {
			all := make([]*Elem, len(e.kids))
			copy(all, e.kids)
			all[i] = kid
			return e.WithKids(all)
		}
	}
	return e.Append(kid)
}

// Drop returns a copy without the children for which gone holds.
func (e *Elem) Drop(gone func(*Elem) bool) *Elem {
	all := make([]*Elem, 0, len(e.Kids()))
	for _, k := range e.Kids() {
		if !gone(k) {
			all = append(all, k)
		}
	}
	if len(all) == len(e.Kids()) {
		return e
	}
	return e.WithKids(all)
}

// Equal tells whether two elements have the same content, attribute order and
// comments included; lines do not count.
func (e *Elem) Equal(o *Elem) bool { return e == o || Hash(e) == Hash(o) }

func (e *Elem) clone() *Elem {
	return &Elem{name: e.name, text: e.text, attrs: e.attrs, kids: e.kids, line: e.line, draft: e.draft}
}
