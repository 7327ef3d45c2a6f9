package replica

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// The edits of the status section that have a message of their own, because they
// are frequent: operation records, node attributes, erasures. Each returns a new
// root that shares everything it did not touch, and leaves versions alone.

// change replaces the first child with a name (and an id, unless "") by what f
// makes of it; f gets an empty element if there is none, and nil from f removes it.
func change(parent *cib.Elem, name, id string, f func(*cib.Elem) *cib.Elem) *cib.Elem {
	kids := parent.Kids()
	at := slices.IndexFunc(kids, func(k *cib.Elem) bool {
		return k.Name() == name && (id == "" || k.ID() == id)
	})
	if at < 0 {
		e := cib.New(name)
		if id != "" {
			e = cib.New(name, cib.Attr{Name: "id", Value: id})
		}
		if e = f(e); e == nil {
			return parent
		}
		return parent.Append(e)
	}
	e := f(kids[at])
	if e == kids[at] {
		return parent
	}
	all := slices.Clone(kids)
	if e == nil {
		return parent.WithKids(slices.Delete(all, at, at+1))
	}
	all[at] = e
	return parent.WithKids(all)
}

// nodeState changes the node_state of a node, named by its id in the CIB.
func nodeState(root *cib.Elem, id string, f func(*cib.Elem) *cib.Elem) *cib.Elem {
	return change(root, "status", "", func(st *cib.Elem) *cib.Elem {
		return change(st, "node_state", id, f)
	})
}

// nodeID finds the id of a node by its name, in the nodes section and then in
// the status section, where remote nodes stand.
func nodeID(root *cib.Elem, name string) (string, bool) {
	for n := range root.Path("configuration", "nodes").Named("node") {
		if n.Get("uname") == name {
			return n.ID(), true
		}
	}
	for n := range root.Child("status").Named("node_state") {
		if n.Get("uname") == name {
			return n.ID(), true
		}
	}
	return "", false
}

func applyRecord(root *cib.Elem, r Record) (*cib.Elem, error) {
	id, ok := nodeID(root, r.Node)
	if !ok {
		return nil, fmt.Errorf("operation record of %s: no node named %q", r.Rsc, r.Node)
	}
	op, err := cib.Parse([]byte(r.Op))
	if err != nil {
		return nil, fmt.Errorf("operation record of %s: %w", r.Rsc, err)
	}
	return nodeState(root, id, func(ns *cib.Elem) *cib.Elem {
		return change(ns, "lrm", id, func(lrm *cib.Elem) *cib.Elem {
			return change(lrm, "lrm_resources", "", func(rs *cib.Elem) *cib.Elem {
				return change(rs, "lrm_resource", r.Rsc, func(e *cib.Elem) *cib.Elem {
					for _, a := range r.Attrs {
						if e.Get(a.Name) != a.Value {
							e = e.With(a.Name, a.Value)
						}
					}
					return e.Put(op)
				})
			})
		})
	}), nil
}

func applyAttribute(root *cib.Elem, a Attribute) (*cib.Elem, error) {
	id, ok := nodeID(root, a.Node)
	if !ok {
		return nil, fmt.Errorf("attribute %s: no node named %q", a.Name, a.Node)
	}
	set := a.Set
	if set == "" {
		set = "status-" + id
	}
	return nodeState(root, id, func(ns *cib.Elem) *cib.Elem {
		if a.Delete && ns.Child("transient_attributes") == nil {
			return ns
		}
		return change(ns, "transient_attributes", id, func(ta *cib.Elem) *cib.Elem {
			if a.Delete && ta.ChildID("instance_attributes", set) == nil {
				return ta
			}
			return change(ta, "instance_attributes", set, func(ia *cib.Elem) *cib.Elem {
				return applyPair(ia, set, a)
			})
		})
	}), nil
}

func applyPair(ia *cib.Elem, set string, a Attribute) *cib.Elem {
	same := func(k *cib.Elem) bool { return k.Name() == "nvpair" && k.Get("name") == a.Name }
	if a.Delete {
		return ia.Drop(same)
	}
	if at := slices.IndexFunc(ia.Kids(), same); at >= 0 {
		if ia.Kids()[at].Get("value") == a.Value {
			return ia
		}
		kids := slices.Clone(ia.Kids())
		kids[at] = kids[at].With("value", a.Value)
		return ia.WithKids(kids)
	}
	return ia.Append(cib.New("nvpair",
		cib.Attr{Name: "id", Value: set + "-" + idPart(a.Name)},
		cib.Attr{Name: "name", Value: a.Name},
		cib.Attr{Name: "value", Value: a.Value}))
}

// idPart makes an attribute's name fit for an XML id: what may not stand in one becomes a dot.
func idPart(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '.'
	}, name)
}

func applyErasure(root *cib.Elem, x Erasure) *cib.Elem {
	return change(root, "status", "", func(st *cib.Elem) *cib.Elem {
		kids := slices.Clone(st.Kids())
		changed := false
		for i, ns := range kids {
			if ns.Name() != "node_state" || x.Node != "" && ns.Get("uname") != x.Node {
				continue
			}
			kids[i] = eraseIn(ns, x)
			changed = changed || kids[i] != ns
		}
		if !changed {
			return st
		}
		return st.WithKids(kids)
	})
}

func eraseIn(ns *cib.Elem, x Erasure) *cib.Elem {
	if lrm := ns.Child("lrm"); lrm.Child("lrm_resources") != nil {
		ns = change(ns, "lrm", "", func(lrm *cib.Elem) *cib.Elem {
			return change(lrm, "lrm_resources", "", func(rs *cib.Elem) *cib.Elem {
				return eraseResources(rs, x)
			})
		})
	}
	if x.FailCounts && ns.Child("transient_attributes") != nil {
		ns = change(ns, "transient_attributes", "", func(ta *cib.Elem) *cib.Elem {
			for ia := range ta.Named("instance_attributes") {
				ta = change(ta, "instance_attributes", ia.ID(), func(ia *cib.Elem) *cib.Elem {
					return ia.Drop(func(k *cib.Elem) bool { return isFailCount(k.Get("name"), x.Rsc) })
				})
			}
			return ta
		})
	}
	return ns
}

func eraseResources(rs *cib.Elem, x Erasure) *cib.Elem {
	if len(x.Ops) > 0 {
		if rs.ChildID("lrm_resource", x.Rsc) == nil {
			return rs
		}
		return change(rs, "lrm_resource", x.Rsc, func(r *cib.Elem) *cib.Elem {
			left := r.Drop(func(op *cib.Elem) bool { return slices.Contains(x.Ops, op.ID()) })
			if len(left.Kids()) == 0 {
				return nil
			}
			return left
		})
	}
	return rs.Drop(func(r *cib.Elem) bool {
		return (x.Rsc == "" || sameResource(r.ID(), x.Rsc)) && (!x.FailuresOnly || hasFailure(r))
	})
}

// sameResource tells whether a history entry belongs to a resource: the entry of
// a unique clone's instance carries its number.
func sameResource(entry, rsc string) bool {
	return entry == rsc || strings.HasPrefix(entry, rsc+":")
}

func hasFailure(r *cib.Elem) bool {
	for op := range r.Named("lrm_rsc_op") {
		if strings.HasSuffix(op.ID(), "_last_failure_0") {
			return true
		}
	}
	return false
}

// isFailCount tells whether an attribute counts failures of a resource (of any, if "").
func isFailCount(attr, rsc string) bool {
	for _, p := range []string{"fail-count-", "last-failure-"} {
		rest, ok := strings.CutPrefix(attr, p)
		if !ok {
			continue
		}
		if rsc == "" {
			return true
		}
		name, _, _ := strings.Cut(rest, "#")
		return sameResource(name, rsc)
	}
	return false
}
