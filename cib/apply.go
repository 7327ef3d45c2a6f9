package cib

import (
	"strconv"
	"strings"
)

// Apply carries out edits in order and returns the new root, or the root as it
// was and an *EditError if one of them fails. Counters are Commit's matter: only
// OpErase touches one. Everything untouched is shared with the old tree.
func Apply(root *Elem, edits []Edit) (*Elem, error) {
	now := root
	for i, ed := range edits {
		next, fault := applyOne(now, ed)
		if fault != nil {
			fault.Index, fault.Op = i, ed.Op
			return root, fault
		}
		now = next
	}
	return now, nil
}

func applyOne(root *Elem, ed Edit) (*Elem, *EditError) {
	switch ed.Op {
	case OpBump:
		return root, nil
	case OpErase:
		return erase(root), nil
	case OpUpgrade:
		name := ValidateWith
		if ed.Elem != nil {
			name = ed.Elem.Get("validate-with")
		}
		up, err := UpgradeTo(root, name)
		if err != nil {
			return nil, &EditError{Kind: ErrInvalid, What: Label(root), Detail: err.Error()}
		}
		if up != root {
			// Nobody who has the old form may win against the new one, whatever it counts.
			up = WithVersion(up, Version{AdminEpoch: VersionOf(root).AdminEpoch + 1})
		}
		return up, nil
	case OpPatch:
		return patchEdit(root, ed.Elem)
	}
	if ed.XPath != "" {
		return applyAt(root, ed)
	}
	if ed.Elem == nil {
		return nil, &EditError{Kind: ErrInvalid, Place: ed.Scope, Detail: "no element is given", Remedy: "give the element to " + string(ed.Op)}
	}
	if _, ok := sectionPath(ed.Scope); !ok {
		return nil, &EditError{Kind: ErrInvalid, What: Label(ed.Elem), Place: strconv.Quote(ed.Scope), Detail: "there is no such section",
			Remedy: "name one of configuration, crm_config, nodes, resources, constraints, rsc_defaults, op_defaults, fencing-topology, acls, tags, alerts, status"}
	}
	switch ed.Op {
	case OpCreate:
		return create(root, ed)
	case OpModify, OpUpdate:
		return modify(root, ed)
	case OpReplace:
		return replace(root, ed)
	case OpDelete:
		if ed.Elem.name == "cib" || ed.Elem.name == "configuration" {
			return nil, &EditError{Kind: ErrInvalid, What: Label(ed.Elem), Detail: "it cannot be deleted as a whole", Remedy: "erase the configuration instead"}
		}
		return remove(root, ed), nil
	case OpDeleteAll:
		return nil, &EditError{Kind: ErrInvalid, What: Label(ed.Elem), Detail: "delete-all needs an XPath"}
	}
	return nil, &EditError{Kind: ErrInvalid, What: Label(ed.Elem), Detail: "there is no such operation"}
}

// erase empties everything but the root's attributes; the raised admin_epoch
// makes the result win over what other nodes may still have on disk.
func erase(root *Elem) *Elem {
	v := VersionOf(root)
	return root.With("admin_epoch", strconv.Itoa(v.AdminEpoch+1)).WithKids(Empty().kids)
}

// scopeOf is the section that an edit without XPath is about.
func scopeOf(ed Edit) string {
	if ed.Scope != "" && ed.Scope != "all" {
		return ed.Scope
	}
	if home := homeOf(ed.Elem.name); home != "" {
		return home
	}
	return "cib"
}

// isSection tells whether the element of an edit is the section itself.
func isSection(e *Elem, scope string) bool { return e.name == scope }

func create(root *Elem, ed Edit) (*Elem, *EditError) {
	scope := scopeOf(ed)
	if scope == "cib" && ed.Elem.name != "cib" {
		return nil, &EditError{Kind: ErrInvalid, What: position(ed.Elem), Detail: "its name does not tell where it belongs",
			Remedy: "give the section or an XPath of its parent"}
	}
	p, _ := sectionPlace(root, scope)
	if !isSection(ed.Elem, scope) {
		e, fault := addKid(p, ed.Elem, scope)
		if fault != nil {
			return nil, fault
		}
		return p.Set(e), nil
	}
	e, fault := createKids(p, ed.Elem)
	if fault != nil {
		return nil, fault
	}
	return p.Set(e), nil
}

// createKids adds the children of a section, going down into sections within it.
func createKids(p *Place, from *Elem) (*Elem, *EditError) {
	out := p.Elem
	for _, k := range from.kids {
		if k.name == CommentName {
			out = out.Append(k)
			continue
		}
		if _, nested := sectionPath(k.name); nested && k.ID() == "" {
			i := kidIndex(out.kids, k.name, "")
			if i < 0 {
				out = out.Append(New(k.name))
				i = len(out.kids) - 1
			}
			inner, fault := createKids(&Place{Elem: out.kids[i], Up: p, Index: i}, k)
			if fault != nil {
				return nil, fault
			}
			out = out.setKid(i, inner)
			continue
		}
		next, fault := addKid(&Place{Elem: out, Up: p.Up, Index: p.Index}, k, p.Elem.name)
		if fault != nil {
			return nil, fault
		}
		out = next
	}
	return out, nil
}

func addKid(p *Place, kid *Elem, place string) (*Elem, *EditError) {
	if i := kidIndex(p.Elem.kids, kid.name, kid.ID()); i >= 0 {
		return nil, &EditError{Kind: ErrExists, What: position(kid), Place: place, Remedy: "give it another id, or modify or replace the present one"}
	}
	return p.Elem.Append(kid), nil
}

// setKid returns a copy with one child exchanged.
func (e *Elem) setKid(i int, kid *Elem) *Elem {
	if e.kids[i] == kid {
		return e
	}
	kids := make([]*Elem, len(e.kids))
	copy(kids, e.kids)
	kids[i] = kid
	return e.WithKids(kids)
}

func modify(root *Elem, ed Edit) (*Elem, *EditError) {
	scope := scopeOf(ed)
	if ed.Op == OpUpdate && findIn(root, scope, ed.Elem) == nil {
		return nil, missing(ed.Elem, scope, "create it, or allow the modification to create it")
	}
	if p := findIn(root, scope, ed.Elem); p != nil {
		return p.Set(merge(p.Elem, ed.Elem)), nil
	}
	if scope == "cib" {
		return nil, missing(ed.Elem, "the configuration", "create it, or give the section to create it in")
	}
	p, _ := sectionPlace(root, scope)
	if isSection(ed.Elem, scope) {
		return p.Set(merge(p.Elem, ed.Elem)), nil
	}
	return p.Set(p.Elem.Append(merged(ed.Elem))), nil
}

func missing(e *Elem, place, remedy string) *EditError {
	return &EditError{Kind: ErrNotFound, What: position(e), Place: place, Remedy: remedy}
}

// findIn finds what an edit names: the section itself, or an element in it.
func findIn(root *Elem, scope string, e *Elem) *Place {
	names, ok := sectionPath(scope)
	if !ok {
		return nil
	}
	p := (&Place{Elem: root}).locate(names...)
	if p == nil || isSection(e, scope) {
		return p
	}
	return p.search(e.name, e.ID())
}

// merge lays upd over e: attributes are set, children are merged by name and id,
// and what is missing is added. An attribute value NAME++ or NAME+=N counts up
// from the present value.
func merge(e, upd *Elem) *Elem {
	out := e
	for _, a := range upd.attrs {
		old, had := e.Lookup(a.Name)
		if v := countUp(old, a); !had || v != old {
			out = out.With(a.Name, v)
		}
	}
	if upd.text != "" && upd.text != e.text && e.name != CommentName {
		out = out.WithText(upd.text)
	}
	kids, own := e.kids, false
	for _, k := range upd.kids {
		i := mergeIndex(kids, k)
		if i >= 0 && k.name == CommentName {
			continue
		}
		var next *Elem
		if i >= 0 {
			if next = merge(kids[i], k); next == kids[i] {
				continue
			}
		} else {
			next = merged(k)
		}
		if !own {
			kids, own = append(make([]*Elem, 0, len(kids)+1), kids...), true
		}
		if i >= 0 {
			kids[i] = next
		} else {
			kids = append(kids, next)
		}
	}
	if own {
		out = out.WithKids(kids)
	}
	return out
}

// mergeIndex finds the child that k is to be merged into, or -1. Comments match by their text.
func mergeIndex(kids []*Elem, k *Elem) int {
	if k.name != CommentName {
		return kidIndex(kids, k.name, k.ID())
	}
	for i, o := range kids {
		if o.name == CommentName && o.text == k.text {
			return i
		}
	}
	return -1
}

// merged is an element as it is when merged into nothing: counters start from 0.
func merged(e *Elem) *Elem {
	plain := true
	e.Walk(func(x *Elem) bool {
		for _, a := range x.attrs {
			if countUp("", a) != a.Value {
				plain = false
			}
		}
		return plain
	})
	if plain {
		return e
	}
	return merge(New(e.name), e)
}

// countUp resolves NAME++ and NAME+=N in a new value of attribute NAME.
func countUp(old string, a Attr) string {
	rest, ok := strings.CutPrefix(a.Value, a.Name)
	if !ok || rest == "" || rest[0] != '+' {
		// The attribute "value" of an nvpair counts under the word "value", too.
		return a.Value
	}
	by := 1
	if rest != "++" {
		n, err := ParseScore(strings.TrimPrefix(rest, "+="))
		if err != nil || !strings.HasPrefix(rest, "+=") {
			return a.Value
		}
		by = n
	}
	base, err := ParseScore(old)
	if err != nil {
		base = 0
	}
	return FormatScoreNumber(AddScores(base, by))
}

// FormatScoreNumber writes a score as a plain integer, as counters are written.
func FormatScoreNumber(n int) string { return strconv.Itoa(n) }

func replace(root *Elem, ed Edit) (*Elem, *EditError) {
	if ed.Elem.name == "cib" && ed.Scope != "" {
		// Of a whole document only the section counts, whatever the document's version.
		section := ed.Elem.Child("configuration")
		if ed.Scope != "configuration" {
			if section = section.Child(ed.Scope); ed.Scope == "status" {
				section = ed.Elem.Child("status")
			}
		}
		if section == nil {
			return nil, &EditError{Kind: ErrInvalid, What: Label(ed.Elem), Detail: "it has no <" + ed.Scope + ">"}
		}
		ed.Elem = section
	}
	if ed.Elem.name == "cib" {
		return replaceAll(root, ed.Elem)
	}
	scope := scopeOf(ed)
	if isSection(ed.Elem, scope) {
		p, _ := sectionPlace(root, scope)
		return p.Set(ed.Elem), nil
	}
	p := findIn(root, scope, ed.Elem)
	if p == nil {
		return nil, missing(ed.Elem, scope, "create it instead")
	}
	return p.Set(ed.Elem), nil
}

// replaceAll takes a whole document in, unless it is older. A document without
// content in its status section leaves the present status alone.
func replaceAll(root, doc *Elem) (*Elem, *EditError) {
	if VersionOf(doc).Compare(VersionOf(root)) < 0 {
		return nil, &EditError{Kind: ErrOld, What: Label(doc), Detail: "version " + VersionOf(doc).String() + ", present " + VersionOf(root).String(),
			Remedy: "fetch the present configuration, make the change there and load it again"}
	}
	if doc.Child("configuration") == nil {
		return nil, &EditError{Kind: ErrInvalid, What: Label(doc), Detail: "it has no <configuration>"}
	}
	if len(doc.Child("status").Kids()) == 0 {
		if st := root.Child("status"); st != nil {
			doc = doc.Put(st)
		}
	}
	return doc, nil
}

// remove takes the first match out; that there is none is not an error.
// All attributes that the edit's element has must be as there.
func remove(root *Elem, ed Edit) *Elem {
	scope := scopeOf(ed)
	p := findIn(root, scope, ed.Elem)
	if p == nil {
		return root
	}
	if isSection(ed.Elem, scope) {
		return p.Set(New(scope))
	}
	for _, a := range ed.Elem.attrs {
		if v, ok := p.Elem.Lookup(a.Name); !ok || v != a.Value {
			return root
		}
	}
	return p.Set(nil)
}
