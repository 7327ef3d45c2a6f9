package crm

import (
	"slices"

	"mainstay/cib"
)

// comparison says how two elements are compared.
type comparison struct {
	top bool // contained resources do not count
	ids bool // ids count
}

// means tells that an element that was read says the same as one of the CIB,
// though it may be written differently: in the older vocabulary, with defaults
// spelt out, with empty sets and comments.
func means(got, want *cib.Elem, how comparison) bool {
	if want.Name() == "master" && got.Name() == "clone" {
		got = got.WithKids(withoutPromotable(got.Kids()))
	} else if got.Name() != want.Name() {
		return false
	}
	if got.Text() != want.Text() || !sameAttrs(got, want, how) {
		return false
	}
	a, b := telling(got, how.top), telling(want, how.top)
	how.top = false
	return slices.EqualFunc(a, b, func(x, y *cib.Elem) bool { return means(x, y, how) })
}

// withoutPromotable drops promotable=true, which the tag master says.
func withoutPromotable(kids []*cib.Elem) []*cib.Elem {
	out := make([]*cib.Elem, 0, len(kids))
	for _, k := range kids {
		if k.Name() == "meta_attributes" {
			k = k.Drop(func(nv *cib.Elem) bool { return nv.Get("name") == "promotable" && nv.Get("value") == "true" })
		}
		out = append(out, k)
	}
	return out
}

// telling are the children that say something.
func telling(e *cib.Elem, top bool) []*cib.Elem {
	var out []*cib.Elem
	for _, k := range e.Kids() {
		if !ignorable(k, top) {
			out = append(out, k)
		}
	}
	return out
}

func ignorable(k *cib.Elem, top bool) bool {
	switch k.Name() {
	case "instance_attributes", "meta_attributes", "utilization", "operations":
		return len(telling(k, false)) == 0 && k.Get("id-ref") == ""
	case cib.CommentName:
		return true
	}
	return top && isResource(k.Name())
}

func sameAttrs(got, want *cib.Elem, how comparison) bool {
	n := 0
	for _, a := range want.Attrs() {
		v, ok := got.Lookup(a.Name)
		switch {
		case !ok:
			if !implied(want, a, how) {
				return false
			}
			continue
		case a.Name == "id" && needsID(want.Name()) && !how.ids:
		case v != a.Value && canonical(want, a.Name, a.Value) != canonical(want, a.Name, v):
			return false
		}
		n++
	}
	return n == len(got.Attrs())
}

// implied tells that an attribute may be missing and still hold.
func implied(e *cib.Elem, a cib.Attr, how comparison) bool {
	switch a.Name {
	case "id":
		return !needsID(e.Name()) && !how.ids
	case "boolean-op":
		return a.Value == "and"
	}
	return false
}

// canonical is a value in the one form that others are compared by.
func canonical(e *cib.Elem, name, value string) string {
	switch name {
	case "score":
		if n, err := cib.ParseScore(value); err == nil {
			return cib.FormatScore(n)
		}
	case "role", "rsc-role", "with-rsc-role":
		return roleWord(value)
	case "name":
		if e.Name() == "nvpair" {
			return cib.ModernMetaName(value)
		}
	}
	return value
}

// settle writes e as old is written wherever the two mean the same, so that a
// text which changes one thing changes one thing in the CIB.
func settle(e, old *cib.Elem, top bool) *cib.Elem {
	if means(e, old, comparison{ids: true}) {
		return old
	}
	e = settleAttrs(e, old)
	taken := make([]bool, len(old.Kids()))
	kids := slices.Clone(e.Kids())
	for i, k := range kids {
		if j := counterpart(k, old, taken); j >= 0 {
			taken[j] = true
			kids[i] = settle(k, old.Kids()[j], false)
		}
	}
	// Empty sets and inner comments cannot be said in the language; they stay.
	begun := false
	for j, o := range old.Kids() {
		begun = begun || o.Name() != cib.CommentName
		if !taken[j] && ignorable(o, false) && (begun || !top) {
			kids = slices.Insert(kids, min(j, len(kids)), o)
		}
	}
	e = e.WithKids(kids)
	if e.Equal(old) {
		return old
	}
	return e
}

// settleAttrs keeps old's order of attributes and its spelling of values.
func settleAttrs(e, old *cib.Elem) *cib.Elem {
	var attrs []cib.Attr
	for _, a := range old.Attrs() {
		v, ok := e.Lookup(a.Name)
		switch {
		case ok && canonical(e, a.Name, v) == canonical(e, a.Name, a.Value), !ok && implied(old, a, comparison{}):
			attrs = append(attrs, a)
		case ok:
			attrs = append(attrs, cib.Attr{Name: a.Name, Value: v})
		}
	}
	for _, a := range e.Attrs() {
		if _, ok := old.Lookup(a.Name); !ok {
			attrs = append(attrs, a)
		}
	}
	if slices.Equal(attrs, e.Attrs()) {
		return e
	}
	return e.WithAttrs(attrs)
}
