package crm

import (
	"fmt"

	"mainstay/cib"
)

// resolveRefs checks the id-refs of the text. Where one names an object instead
// of one of its sets, it is replaced by that set's id.
func (c *compiler) resolveRefs(conf *cib.Elem, sts []Statement) *cib.Elem {
	byID := make(map[string]*cib.Elem)
	conf.Walk(func(e *cib.Elem) bool {
		if id := e.ID(); id != "" && !isReference(e.Name()) {
			byID[id] = e
		}
		return true
	})
	lines := make(map[string]int)
	for _, st := range sts {
		lines[space(st.Kind)+st.ID] = st.Line
	}
	return c.resolveIn(conf, byID, lines, 0)
}

func (c *compiler) resolveIn(e *cib.Elem, byID map[string]*cib.Elem, lines map[string]int, line int) *cib.Elem {
	name := e.ID()
	if e.Name() == "node" {
		name = e.Get("uname")
	}
	if n := lines[spaceOf(e)+name]; n > 0 && name != "" && !isReference(e.Name()) {
		line = n
	}
	if ref := e.Get("id-ref"); ref != "" && line > 0 {
		e = c.resolveOne(e, ref, byID, line)
	}
	kids, changed := e.Kids(), false
	for i, k := range kids {
		next := c.resolveIn(k, byID, lines, line)
		if next == k {
			continue
		}
		if !changed {
			kids, changed = append([]*cib.Elem(nil), kids...), true
		}
		kids[i] = next
	}
	if !changed {
		return e
	}
	return e.WithKids(kids)
}

func (c *compiler) resolveOne(e *cib.Elem, ref string, byID map[string]*cib.Elem, line int) *cib.Elem {
	to := byID[ref]
	if to == nil {
		c.fail(line, "", fmt.Sprintf("$id-ref=%s: there is no object or set of that name", ref), "")
		return e
	}
	if to.Name() == e.Name() {
		return e
	}
	if set := to.Child(e.Name()); set != nil && set.ID() != "" {
		return e.With("id-ref", set.ID())
	}
	c.fail(line, "", fmt.Sprintf("$id-ref=%s: %s has no %s that could be referred to", ref, ref, e.Name()), "name a set with $id=, and refer to that")
	return e
}
