package cib

import "slices"

// applyAt carries out an edit whose place is an XPath.
func applyAt(root *Elem, ed Edit) (*Elem, *EditError) {
	places, err := FindPlaces(root, ed.XPath)
	if err != nil {
		return nil, &EditError{Kind: ErrInvalid, What: ed.XPath, Detail: err.Error()}
	}
	deleting := ed.Op == OpDelete || ed.Op == OpDeleteAll
	if len(places) == 0 {
		if deleting {
			return root, nil
		}
		return nil, &EditError{Kind: ErrNotFound, What: ed.XPath, Remedy: "check the path with a query"}
	}
	if !deleting && ed.Elem == nil {
		return nil, &EditError{Kind: ErrInvalid, What: ed.XPath, Detail: "no element is given", Remedy: "give the element to " + string(ed.Op)}
	}
	p := places[0]
	if deleting && p.Up == nil {
		return nil, &EditError{Kind: ErrInvalid, What: ed.XPath, Detail: "the root cannot be deleted", Remedy: "erase the configuration instead"}
	}
	switch ed.Op {
	case OpCreate:
		e, fault := addKid(p, ed.Elem, p.Path())
		if fault != nil {
			return nil, fault
		}
		return p.Set(e), nil
	case OpModify, OpUpdate:
		return modifyAt(p, ed.Elem), nil
	case OpReplace:
		return p.Set(ed.Elem), nil
	case OpDelete:
		return p.Set(nil), nil
	case OpDeleteAll:
		return deleteAll(root, places), nil
	}
	return nil, &EditError{Kind: ErrInvalid, What: ed.XPath, Detail: "there is no such operation"}
}

// modifyAt merges an element into the one at the place, or below it.
func modifyAt(p *Place, e *Elem) *Elem {
	if p.Elem.name == e.name && (p.Elem.ID() == e.ID() || e.ID() == "") {
		return p.Set(merge(p.Elem, e))
	}
	if q := p.search(e.name, e.ID()); q != nil {
		return q.Set(merge(q.Elem, e))
	}
	return p.Set(p.Elem.Append(merged(e)))
}

// deleteAll takes several places out, last in the document first, so that the
// ways to the others stay true.
func deleteAll(root *Elem, places []*Place) *Elem {
	ways := make([][]int, len(places))
	for i, p := range places {
		ways[i] = p.wayFrom()
	}
	slices.SortFunc(ways, func(a, b []int) int { return slices.Compare(b, a) })
	for _, w := range ways {
		if len(w) > 0 {
			root = follow(root, w).Set(nil)
		}
	}
	return root
}
