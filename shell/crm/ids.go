package crm

import (
	"slices"
	"strings"

	"mainstay/cib"
)

// idSet hands out ids. Ids are made as crmsh makes them, from the id of what an
// element belongs to: p_mysql-instance_attributes-pid, p_mysql-monitor-60.
type idSet struct{ used map[string]bool }

// newIDSet knows the ids that stay, and those that the text gives.
func newIDSet(cur *cib.Elem, sts []Statement, mode Mode) *idSet {
	s := &idSet{used: make(map[string]bool)}
	redefined := make(map[string]bool)
	for _, st := range sts {
		if st.ID != "" {
			redefined[space(st.Kind)+st.ID] = true
		}
		if st.Elem != nil {
			st.Elem.Walk(func(e *cib.Elem) bool {
				if id := e.ID(); id != "" && !isReference(e.Name()) {
					s.used[id] = true
				}
				return true
			})
		}
	}
	topology := slices.ContainsFunc(sts, func(st Statement) bool { return st.Kind == "fencing_topology" })
	var keep func(e *cib.Elem)
	keep = func(e *cib.Elem) {
		if topology && e.Name() == "fencing-topology" {
			return
		}
		if redefined[spaceOf(e)+e.ID()] || e.Name() == "node" && redefined["node "+e.Get("uname")] {
			// Only contained resources may stay as they are.
			for _, k := range e.Kids() {
				if isResource(k.Name()) {
					keep(k)
				}
			}
			return
		}
		if id := e.ID(); id != "" && !isReference(e.Name()) {
			s.used[id] = true
		}
		for _, k := range e.Kids() {
			keep(k)
		}
	}
	if mode == Update {
		keep(cur.Child("configuration"))
	} else {
		keep(cur.Path("configuration", "nodes"))
	}
	return s
}

// spaceOf is space for an element.
func spaceOf(e *cib.Elem) string { return space(e.Name()) }

// isReference tells that an element's id is that of something else.
func isReference(tag string) bool { return tag == "resource_ref" || tag == "obj_ref" || tag == "role" }

// needsID tells that an element must have an id of its own.
func needsID(tag string) bool {
	switch tag {
	case "instance_attributes", "meta_attributes", "utilization", "nvpair", "op", "rule", "expression", "date_expression", "op_expression", "rsc_expression",
		"date_spec", "duration", "resource_set", "fencing-level", "acl_permission", "recipient", "attribute",
		"port-mapping", "storage-mapping":
		return true
	}
	return false
}

// fill gives an element's descendants their ids: those that old has at the
// corresponding place, new ones elsewhere.
func (s *idSet) fill(e, old *cib.Elem, prefix string) *cib.Elem {
	e.Walk(func(k *cib.Elem) bool {
		if id := k.ID(); id != "" && !isReference(k.Name()) {
			s.used[id] = true
		}
		return true
	})
	e = s.inherit(e, old)
	return s.generate(e, prefix)
}

// inherit takes over the ids of old's corresponding elements.
func (s *idSet) inherit(e, old *cib.Elem) *cib.Elem {
	if old == nil {
		return e
	}
	taken := make([]bool, len(old.Kids()))
	kids, changed := slices.Clone(e.Kids()), false
	for i, k := range kids {
		j := counterpart(k, old, taken)
		if j < 0 {
			continue
		}
		taken[j] = true
		o := old.Kids()[j]
		next := k
		if needsID(k.Name()) && k.ID() == "" && k.Get("id-ref") == "" && o.ID() != "" && !s.used[o.ID()] {
			next = withID(next, o.ID())
			s.used[o.ID()] = true
		}
		next = s.inherit(next, o)
		if next.Equal(o) {
			next = o
		}
		changed = changed || next != k
		kids[i] = next
	}
	if !changed {
		return e
	}
	return e.WithKids(kids)
}

// counterpart finds the child of old that stands for the same thing as k, or -1.
func counterpart(k, old *cib.Elem, taken []bool) int {
	same := func(o *cib.Elem, names ...string) bool {
		for _, n := range names {
			if o.Get(n) != k.Get(n) {
				return false
			}
		}
		return true
	}
	for j, o := range old.Kids() {
		if taken[j] || o.Name() != k.Name() {
			continue
		}
		match := true
		switch k.Name() {
		case "nvpair":
			match = same(o, "id-ref") && cib.ModernMetaName(o.Get("name")) == cib.ModernMetaName(k.Get("name"))
		case "attribute":
			match = same(o, "name")
		case "op":
			match = same(o, "name", "interval") && cib.ModernRole(o.Get("role")) == k.Get("role")
		case "recipient":
			match = same(o, "value")
		case "fencing-level":
			match = same(o, "target", "target-pattern", "target-attribute", "target-value", "index")
		case cib.CommentName:
			match = o.Text() == k.Text()
		}
		if match && (k.ID() == "" || k.ID() == o.ID()) {
			return j
		}
	}
	return -1
}

// withID puts the id in front, as it is usually written.
func withID(e *cib.Elem, id string) *cib.Elem {
	return e.WithAttrs(append([]cib.Attr{attr("id", id)}, e.Attrs()...))
}

// generate makes the ids that are still missing below e.
func (s *idSet) generate(e *cib.Elem, prefix string) *cib.Elem {
	kids, changed := slices.Clone(e.Kids()), false
	for i, k := range kids {
		next := k
		if needsID(k.Name()) && k.ID() == "" && k.Get("id-ref") == "" {
			next = withID(k, s.make(k, prefix))
		}
		inner := prefix
		if id := next.ID(); id != "" && !isReference(next.Name()) {
			inner = id
		}
		next = s.generate(next, inner)
		changed = changed || next != k
		kids[i] = next
	}
	if !changed {
		return e
	}
	return e.WithKids(kids)
}

// make forms a new id for a child of what prefix names.
func (s *idSet) make(k *cib.Elem, prefix string) string {
	base := prefix
	switch k.Name() {
	case "nvpair":
		base += "-" + k.Get("name")
	case "op":
		base += "-" + k.Get("name") + "-" + k.Get("interval")
	case "expression", "date_expression", "op_expression", "rsc_expression":
		base += "-expression"
	case "recipient":
		return s.count(clean(prefix)+"-recipient-", 1)
	case "resource_set", "acl_permission", "attribute", "port-mapping", "storage-mapping":
		return s.count(clean(prefix)+"-", 0)
	case "fencing-level":
		base = "fencing"
	default:
		base += "-" + k.Name()
	}
	base = clean(base)
	if !s.used[base] {
		s.used[base] = true
		return base
	}
	return s.count(base+"-", 0)
}

// count appends the first free number.
func (s *idSet) count(base string, n int) string {
	for ; ; n++ {
		if id := base + itoa(n); !s.used[id] {
			s.used[id] = true
			return id
		}
	}
}

// clean replaces what may not stand in an id.
func clean(id string) string {
	id = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80 {
			return r
		}
		return '_'
	}, id)
	if id == "" || id[0] == '-' || id[0] == '.' || id[0] >= '0' && id[0] <= '9' {
		id = "_" + id
	}
	return id
}
