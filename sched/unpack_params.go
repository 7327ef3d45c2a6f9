package sched

import (
	"slices"
	"sort"

	"mainstay/cib"
)

// find returns the configured element with an id, or nil.
func (p *planner) find(id string) *cib.Elem {
	m := p.memo
	if m.byID == nil {
		m.byID = map[string]*cib.Elem{}
		p.conf.Walk(func(e *cib.Elem) bool {
			if id := e.ID(); id != "" {
				if _, dup := m.byID[id]; !dup {
					m.byID[id] = e
				}
			}
			return true
		})
	}
	return m.byID[id]
}

// deref follows id-ref.
func (p *planner) deref(e *cib.Elem) *cib.Elem {
	if ref := e.Get("id-ref"); ref != "" {
		if t := p.find(ref); t != nil && t.Name() == e.Name() {
			return t
		}
		return nil
	}
	return e
}

// sets returns the sets of a name below owner, in the order in which they
// count: the one called first, then by score; of equals, the last in the document.
func (p *planner) sets(owner *cib.Elem, name, first string) []*cib.Elem {
	var out []*cib.Elem
	for k := range owner.Named(name) {
		if e := p.deref(k); e != nil {
			out = append(out, e)
		}
	}
	if len(out) < 2 {
		return out
	}
	slices.Reverse(out)
	score := func(e *cib.Elem) int {
		if first != "" && e.ID() == first {
			return cib.Infinity + 1
		}
		n, _ := cib.ParseScore(e.Get("score"))
		return n
	}
	sort.SliceStable(out, func(i, j int) bool { return score(out[i]) > score(out[j]) })
	return out
}

// evalSets merges name-value sets: of each name, the first value counts. The
// caller must not change the result.
func (p *planner) evalSets(owner *cib.Elem, name string, f *cib.Facts, first string) map[string]string {
	if owner == nil || owner.Child(name) == nil {
		return nil
	}
	k, key := p.memo.of(owner), setKey{name, first}
	s, ok := k.sets[key]
	if ok && s.plain {
		return s.values
	}
	out := map[string]string{}
	p.mergeSets(out, owner, name, f, first)
	if !ok {
		if k.sets == nil {
			k.sets = map[setKey]setValue{}
		}
		s.plain = plainSets(owner, name)
		if s.plain {
			s.values = out
		}
		k.sets[key] = s
	}
	return out
}

// mergeSets adds to dst what it does not have yet.
func (p *planner) mergeSets(dst map[string]string, owner *cib.Elem, name string, f *cib.Facts, first string) {
	f.Find = p.find
	f.Next = &p.recheck
	for _, set := range p.sets(owner, name, first) {
		if !cib.RulesHold(set, f) {
			continue
		}
		for _, nv := range set.Kids() {
			if nv.Name() != "nvpair" {
				continue
			}
			key := nv.Get("name")
			if ref := nv.Get("id-ref"); ref != "" {
				t := p.find(ref)
				if t == nil {
					continue
				}
				if key == "" {
					key = t.Get("name")
				}
				nv = t
			}
			v, ok := nv.Lookup("value")
			if !ok || key == "" || v == "#default" {
				continue
			}
			if _, set := dst[key]; !set {
				dst[key] = v
			}
		}
	}
}

// paramSet is a resource's instance attributes on one node, or on all (node nil).
type paramSet struct {
	node  *node
	value map[string]string
}

// paramsOn returns the resource's instance attributes as they are on a node
// (nil: on none in particular). They differ by node only if a rule asks about nodes.
func (p *planner) paramsOn(r *rsc, n *node) map[string]string {
	if !r.nodeParams {
		n = nil
	}
	for i := range r.params {
		if r.params[i].node == n {
			if r.bundleAddr {
				return p.connectionParams(r, r.params[i].value)
			}
			return r.params[i].value
		}
	}
	var v map[string]string
	if r.plain {
		v = p.evalSets(r.elem, "instance_attributes", p.facts(r, nil), "")
	} else {
		v = map[string]string{}
		for at := r; at != nil; at = at.parent {
			p.mergeSets(v, at.elem, "instance_attributes", p.facts(r, n), "")
		}
	}
	r.params = append(r.params, paramSet{n, v})
	if r.bundleAddr {
		return p.connectionParams(r, v)
	}
	return v
}

// asksNode tells whether the rules of an element's attribute sets ask about node attributes.
func (p *planner) asksNode(e *cib.Elem, set string) bool {
	found := false
	for k := range e.Named(set) {
		if t := p.deref(k); t.Child("rule") != nil {
			found = true
		}
	}
	return found
}

// facts are what a resource's rules may ask about.
func (p *planner) facts(r *rsc, n *node) *cib.Facts {
	f := &cib.Facts{Now: p.now, Find: p.find, Next: &p.recheck}
	if n != nil {
		f.Node = func(name string) (string, bool) { v, ok := n.attrs[name]; return v, ok }
	}
	return f
}
