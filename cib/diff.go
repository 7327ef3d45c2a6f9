package cib

import (
	"slices"
	"strconv"
)

// Diff writes the difference between two CIBs as crm_diff(8) does: a
// <diff format="2"> with both versions, or nil if there is none. It looks only
// at subtrees that are not equal, so its cost follows the size of the change.
// Patch turns a into b with it.
func Diff(a, b *Elem) *Elem {
	return diff(a, b, true)
}

// DiffUnversioned is Diff for documents whose versions do not count (crm_diff --no-version).
func DiffUnversioned(a, b *Elem) *Elem {
	strip := func(e *Elem) *Elem { return e.Without("admin_epoch").Without("epoch").Without("num_updates") }
	return diff(strip(a), strip(b), false)
}

func diff(a, b *Elem, versions bool) *Elem {
	if a.Equal(b) {
		return nil
	}
	found := compare(&trail{e: b}, a, b)
	kids := append(found.deleted, found.changes...)
	if versions {
		kids = slices.Insert(kids, 0, New("version").WithKids([]*Elem{versionElem("source", a), versionElem("target", b)}))
	}
	return New("diff", Attr{"format", "2"}).WithKids(kids)
}

func versionElem(name string, root *Elem) *Elem {
	attrs := make([]Attr, 0, 3)
	for _, n := range []string{"admin_epoch", "epoch", "num_updates"} {
		v, ok := root.Lookup(n)
		if !ok {
			v = "0"
		}
		attrs = append(attrs, Attr{n, v})
	}
	return New(name, attrs...)
}

// trail is the way to an element, written out only when a change is found there.
type trail struct {
	e  *Elem
	up *trail
}

func (t *trail) path() string {
	if t == nil {
		return ""
	}
	if t.e.name == CommentName {
		return t.up.path() + "/comment"
	}
	if id := t.e.ID(); id != "" && t.up != nil {
		return t.up.path() + "/" + t.e.name + "[@id='" + id + "']"
	}
	return t.up.path() + "/" + t.e.name
}

// findings are the changes of one subtree; deletions come first in a patch.
type findings struct{ deleted, changes []*Elem }

// compare looks at two elements that stand for the same thing.
func compare(at *trail, a, b *Elem) findings {
	f := findings{changes: attributes(at, a, b)}
	kids := children(at, a, b)
	return findings{kids.deleted, append(f.changes, kids.changes...)}
}

func attributes(at *trail, a, b *Elem) []*Elem {
	var list []*Elem
	for _, x := range b.attrs {
		if old, ok := a.Lookup(x.Name); !ok || old != x.Value {
			list = append(list, New("change-attr", Attr{"name", x.Name}, Attr{"operation", "set"}, Attr{"value", x.Value}))
		}
	}
	for _, x := range a.attrs {
		if _, ok := b.Lookup(x.Name); !ok {
			list = append(list, New("change-attr", Attr{"name", x.Name}, Attr{"operation", "unset"}))
		}
	}
	if len(list) == 0 && a.text == b.text && slices.Equal(a.attrs, b.attrs) {
		return nil
	}
	result := New("change-result").WithKids([]*Elem{New(b.name, b.attrs...).WithText(b.text)})
	return []*Elem{New("change", Attr{"operation", "modify"}, Attr{"path", at.path()}).
		WithKids([]*Elem{New("change-list").WithKids(list), result})}
}

// pairing says which child of a stands for which child of b.
type pairing struct {
	toB   []int // per child of a, -1: deleted
	toA   []int // per child of b, -1: created
	moved []bool
}

func children(at *trail, a, b *Elem) findings {
	from, aEnd, bEnd := trim(a.kids, b.kids)
	if from == aEnd && from == bEnd {
		return findings{}
	}
	unclear := ambiguous(a.kids, b.kids, a.kids[from:aEnd], b.kids[from:bEnd])
	if len(unclear) > 0 {
		from, aEnd, bEnd = 0, len(a.kids), len(b.kids)
	}
	pair := match(a.kids[from:aEnd], b.kids[from:bEnd], unclear)
	markMoves(&pair)
	unpairComments(&pair, b.kids[from:bEnd])
	var out findings
	below := make([]findings, bEnd-from)
	for j, k := range b.kids[from:bEnd] {
		if pair.toA[j] < 0 {
			out.changes = append(out.changes, New("change", Attr{"operation", "create"}, Attr{"path", at.path()},
				Attr{"position", strconv.Itoa(from + j)}).WithKids([]*Elem{k}))
			continue
		}
		here := &trail{k, at}
		if old := a.kids[from+pair.toA[j]]; !old.Equal(k) {
			below[j] = compare(here, old, k)
			out.changes = append(out.changes, below[j].changes...)
		}
		if pair.moved[j] {
			out.changes = append(out.changes, New("change", Attr{"operation", "move"}, Attr{"path", here.path()},
				Attr{"position", strconv.Itoa(from + j)}))
		}
	}
	position := from // among those that stay
	for i, k := range a.kids[from:aEnd] {
		if j := pair.toB[i]; j >= 0 {
			out.deleted = append(out.deleted, below[j].deleted...)
			position++
			continue
		}
		attrs := []Attr{{"operation", "delete"}, {"path", (&trail{k, at}).path()}}
		if k.name == CommentName {
			attrs = append(attrs, Attr{"position", strconv.Itoa(position)})
		}
		out.deleted = append(out.deleted, New("change", attrs...))
	}
	return out
}

// unpairComments has comments that would move deleted and made anew, because
// a path does not tell one comment from another.
func unpairComments(p *pairing, b []*Elem) {
	for j, k := range b {
		if p.moved[j] && k.name == CommentName {
			p.toB[p.toA[j]], p.toA[j], p.moved[j] = -1, -1, false
		}
	}
}

// trim finds the range in which two lists of children differ.
func trim(a, b []*Elem) (from, aEnd, bEnd int) {
	aEnd, bEnd = len(a), len(b)
	for from < aEnd && from < bEnd && a[from].Equal(b[from]) {
		from++
	}
	for aEnd > from && bEnd > from && a[aEnd-1].Equal(b[bEnd-1]) {
		aEnd, bEnd = aEnd-1, bEnd-1
	}
	return from, aEnd, bEnd
}

type pairKey struct{ name, id string }

func keyOf(e *Elem) pairKey {
	if e.name == CommentName {
		return pairKey{e.name, e.text}
	}
	return pairKey{e.name, e.ID()}
}

// ambiguous are the keys in the differing ranges that more than one child has
// on either side, so that a path would not tell which is meant. They are
// deleted and made anew. Only documents with a fault, or elements without an
// id, have them.
func ambiguous(a, b, aPart, bPart []*Elem) map[pairKey]bool {
	var out map[pairKey]bool
	check := func(all, part []*Elem) {
		count := make(map[pairKey]int, len(part))
		for _, e := range part {
			count[keyOf(e)] = 0
		}
		for _, e := range all {
			k := keyOf(e)
			n, wanted := count[k]
			if !wanted {
				continue
			}
			if count[k] = n + 1; n == 1 {
				if out == nil {
					out = make(map[pairKey]bool)
				}
				out[k] = true
			}
		}
	}
	check(a, aPart)
	check(b, bPart)
	return out
}

// match pairs children by name and id; comments by their text.
func match(a, b []*Elem, unclear map[pairKey]bool) pairing {
	p := pairing{toB: make([]int, len(a)), toA: make([]int, len(b)), moved: make([]bool, len(b))}
	seen := make(map[pairKey]int, len(a))
	for i, e := range a {
		p.toB[i] = -1
		if k := keyOf(e); !unclear[k] {
			seen[k] = i
		}
	}
	for j, e := range b {
		p.toA[j] = -1
		if i, ok := seen[keyOf(e)]; ok {
			p.toA[j], p.toB[i] = i, j
		}
	}
	return p
}

// markMoves marks the children that must move, by the rule that the peer uses:
// going through the result, a child whose rank among those that are not set
// aside differs from its rank before is moved, and set aside where it stands
// further back. Those that are not moved are in order: had two of them changed
// places, the second one's rank before would be too low for its rank now.
func markMoves(p *pairing) {
	last, sorted := -1, true
	for _, i := range p.toA {
		if i >= 0 {
			sorted = sorted && i > last
			last = i
		}
	}
	if sorted {
		return
	}
	aside := make([]bool, len(p.toB))
	for i, j := range p.toB {
		aside[i] = j < 0
	}
	rankNew := 0
	for j, i := range p.toA {
		if i < 0 {
			continue
		}
		rankOld := 0
		for _, gone := range aside[:i] {
			if !gone {
				rankOld++
			}
		}
		p.moved[j] = rankOld != rankNew
		if rankOld > rankNew {
			aside[i] = true
		}
		if rankOld >= rankNew {
			rankNew++
		}
	}
}
