package crm

import (
	"fmt"
	"slices"

	"mainstay/cib"
)

func isResource(tag string) bool {
	switch tag {
	case "primitive", "group", "clone", "master", "bundle", "template":
		return true
	}
	return false
}

func isResourceKind(kind string) bool {
	switch kind {
	case "primitive", "group", "clone", "bundle", "rsc_template":
		return true
	}
	return false
}

// findResource finds a resource anywhere in the resources section.
func findResource(section *cib.Elem, id string) *cib.Elem {
	var hit *cib.Elem
	section.Walk(func(e *cib.Elem) bool {
		if isResource(e.Name()) && e.ID() == id {
			hit = e
		}
		return hit == nil
	})
	return hit
}

// rsc is one resource on its way into the new tree.
type rsc struct {
	head     *cib.Elem  // without the resources that it contains
	old      *cib.Elem  // as the CIB has it, nil if it is new
	st       *Statement // that defines it, nil if it stays as it is
	children []string
	parent   string
}

// forest is the resources section taken apart.
type forest struct {
	c     *compiler
	all   map[string]*rsc
	order []string // ids in document order, new ones at the end
}

// resources builds the resource section: definitions of the text take the place
// of old ones, contained resources move into their containers, and what a
// container lets go stands after it.
func (c *compiler) resources(section *cib.Elem, sts []Statement) []*cib.Elem {
	f := &forest{c: c, all: make(map[string]*rsc)}
	for _, k := range section.Kids() {
		f.takeApart(k)
	}
	f.define(sts)
	f.adopt()
	if cib.HasErrors(c.problems) {
		return nil
	}
	return f.plant(section)
}

// plant builds the top of the forest: what stood there keeps its place among
// the comments, what left a container follows it, new resources come last.
func (f *forest) plant(section *cib.Elem) []*cib.Elem {
	var out []*cib.Elem
	done := make(map[string]bool)
	put := func(id string) {
		if r := f.all[id]; r != nil && r.parent == "" && !done[id] {
			done[id] = true
			out = append(out, f.build(id))
		}
	}
	for _, k := range section.Kids() {
		if !isResource(k.Name()) {
			out = append(out, k)
			continue
		}
		k.Walk(func(e *cib.Elem) bool {
			if isResource(e.Name()) {
				put(e.ID())
			}
			return true
		})
	}
	for _, id := range f.order {
		put(id)
	}
	return out
}

// takeApart registers a resource of the CIB and those that it contains.
func (f *forest) takeApart(e *cib.Elem) {
	if !isResource(e.Name()) {
		return
	}
	r := &rsc{old: e, head: e.Drop(func(k *cib.Elem) bool { return isResource(k.Name()) })}
	_, gone := f.c.removed[e.ID()]
	if !gone {
		f.all[e.ID()] = r
		f.order = append(f.order, e.ID())
	}
	for _, k := range e.Kids() {
		if isResource(k.Name()) {
			if _, childGone := f.c.removed[k.ID()]; !childGone {
				r.children = append(r.children, k.ID())
			}
			f.takeApart(k)
		}
	}
}

// define lays the text's definitions over what is there.
func (f *forest) define(sts []Statement) {
	defined := make(map[string]bool)
	for i := range sts {
		if isResourceKind(sts[i].Kind) {
			f.defineOne(&sts[i], defined)
		}
	}
	if f.c.mode == Replace {
		f.order = slices.DeleteFunc(f.order, func(id string) bool {
			if !defined[id] {
				delete(f.all, id)
			}
			return !defined[id]
		})
	}
}

func (f *forest) defineOne(st *Statement, defined map[string]bool) {
	head, children := st.Elem, st.Children
	// An object given as XML brings its contained resources along.
	for _, k := range st.Elem.Kids() {
		if !isResource(k.Name()) {
			continue
		}
		children = append(slices.Clone(children), k.ID())
		if len(k.Attrs()) > 1 || len(k.Kids()) > 0 {
			f.defineOne(&Statement{Line: st.Line, Kind: xmlKinds[k.Name()], ID: k.ID(), Elem: k}, defined)
		}
	}
	head = head.Drop(func(k *cib.Elem) bool { return isResource(k.Name()) })
	defined[st.ID] = true
	r := f.all[st.ID]
	if r == nil {
		r = &rsc{}
		f.all[st.ID] = r
		f.order = append(f.order, st.ID)
	}
	r.st, r.head, r.children = st, head, children
}

// adopt gives every contained resource its container.
func (f *forest) adopt() {
	claim := func(byText bool) {
		for _, id := range f.order {
			r := f.all[id]
			if (r.st != nil) != byText {
				continue
			}
			r.children = slices.DeleteFunc(slices.Clone(r.children), func(child string) bool { return !f.claim(id, r, child) })
		}
	}
	claim(true)
	claim(false)
}

// claim puts child into container id, and tells whether it may stay there.
func (f *forest) claim(id string, r *rsc, child string) bool {
	line := 0
	if r.st != nil {
		if line = r.st.childLine[child]; line == 0 {
			line = r.st.Line
		}
	}
	k := f.all[child]
	if k == nil {
		if r.st == nil {
			return false // it was deleted, or replaced away
		}
		f.c.fail(line, id, fmt.Sprintf("%s %s: there is no resource %s", r.st.Kind, id, child), f.suggest(child))
		return false
	}
	if k.parent != "" {
		if r.st == nil && f.all[k.parent].st != nil {
			f.c.fail(f.all[k.parent].st.Line, id, fmt.Sprintf("%s cannot go into %s: it is in %s", child, k.parent, id), "redefine "+id+" without it in the same text")
			return false
		}
		f.c.fail(line, id, fmt.Sprintf("%s is in both %s and %s", child, k.parent, id), "a resource can be in one group or clone only")
		return false
	}
	if !mayContain(r.head.Name(), k.head.Name()) {
		f.c.fail(line, id, fmt.Sprintf("a %s cannot contain %s, which is a %s", r.head.Name(), child, k.head.Name()), "")
		return false
	}
	k.parent = id
	return true
}

func mayContain(container, child string) bool {
	switch container {
	case "group", "bundle":
		return child == "primitive"
	case "clone", "master":
		return child == "primitive" || child == "group"
	}
	return false
}

func (f *forest) suggest(id string) string {
	if near := cib.Nearest(id, f.order); near != "" {
		return "did you mean " + near + "?"
	}
	return "define " + id + ", or correct the name"
}

// build makes the element of a resource with all that it contains.
func (f *forest) build(id string) *cib.Elem {
	r := f.all[id]
	kids := make([]*cib.Elem, len(r.children))
	same := r.old != nil
	for i, child := range r.children {
		kids[i] = f.build(child)
		same = same && f.all[child].old == kids[i]
	}
	if r.st == nil && same && countResources(r.old) == len(kids) {
		return r.old
	}
	e := r.head
	if r.st != nil {
		e = f.head(r)
	}
	layout := r.old
	if layout == nil {
		layout = r.st.Elem
		if leading, rest := splitComments(e); len(leading) > 0 && len(rest) > 0 {
			// Comment lines before the statement stand in front of all.
			layout = layout.WithKids(append(slices.Clip(leading), layout.Kids()...))
		}
	}
	return arrange(e, kids, layout)
}

// head makes a resource's element without those that it contains. Comments
// that stand between those belong to them and are left alone.
func (f *forest) head(r *rsc) *cib.Elem {
	if r.old == nil {
		return f.c.finish(*r.st, r.head, nil)
	}
	leading, rest := splitComments(r.old)
	var own, inner []*cib.Elem
	whole := r.old.Drop(func(k *cib.Elem) bool { return isResource(k.Name()) })
	between := false
	for _, k := range rest {
		between = between || isResource(k.Name())
		switch {
		case k.Name() == cib.CommentName && between:
			inner = append(inner, k)
		case !isResource(k.Name()):
			own = append(own, k)
		}
	}
	was := r.old.WithKids(append(slices.Clone(leading), own...))
	e := f.c.finish(*r.st, r.head, was)
	if e.Equal(was) {
		return whole
	}
	return e.Append(inner...)
}

// arrange puts contained resources among the other children as they stand in
// layout, else behind them.
func arrange(e *cib.Elem, resources []*cib.Elem, layout *cib.Elem) *cib.Elem {
	if len(resources) == 0 {
		return e
	}
	others := e.Kids()
	var kids []*cib.Elem
	for _, k := range layout.Kids() {
		switch {
		case isResource(k.Name()) && len(resources) > 0:
			kids, resources = append(kids, resources[0]), resources[1:]
		case !isResource(k.Name()) && len(others) > 0:
			kids, others = append(kids, others[0]), others[1:]
		}
	}
	if len(kids) > 0 && len(others) > 0 && len(resources) == 0 && !isResource(kids[0].Name()) {
		// New sets go to the other sets, in front of the resources.
		i := slices.IndexFunc(kids, func(k *cib.Elem) bool { return isResource(k.Name()) })
		return e.WithKids(slices.Insert(kids, i, others...))
	}
	return e.WithKids(append(append(kids, others...), resources...))
}

func countResources(e *cib.Elem) int {
	n := 0
	for _, k := range e.Kids() {
		if isResource(k.Name()) {
			n++
		}
	}
	return n
}
