package cib

import "slices"

// xstep is one step of a path.
type xstep struct {
	axis  string // child, descend (//), self, parent, …
	name  string // element or attribute name, * or #comment, #text, #node
	preds []xexpr
	quick bool // no predicate needs the place
}

// xpath is a parsed location path.
type xpath struct {
	absolute bool
	from     xexpr // the expression that a path such as (//a|//b)[1]/c starts from, or nil
	preds    []xexpr
	steps    []xstep
}

func (x xpath) local() bool { return false }

func (x xpath) eval(c xctx) xvalue {
	set := []xnode{c.node}
	if x.absolute {
		set = []xnode{{doc: true}}
	}
	if x.from != nil {
		set = x.from.eval(c).nodes
		for _, p := range x.preds {
			set = keep(set, p, c.top)
		}
	}
	for i := range x.steps {
		var next []xnode
		for _, n := range set {
			next = x.steps[i].apply(n, c.top, next)
		}
		if len(set) > 1 {
			next = ordered(next)
		}
		set = next
	}
	return xvalue{nodes: set}
}

// keep leaves the nodes for which a predicate holds.
func keep(set []xnode, p xexpr, top *Place) []xnode {
	out := set[:0:0]
	for i, n := range set {
		v := p.eval(xctx{node: n, top: top, pos: i + 1, size: len(set)})
		if v.kind == xNumber && v.n == float64(i+1) || v.kind != xNumber && v.boolean() {
			out = append(out, n)
		}
	}
	return out
}

// apply appends to out what the step selects from one node.
func (s *xstep) apply(n xnode, top *Place, out []xnode) []xnode {
	if s.axis == "descend" {
		return s.descend(n, top, out)
	}
	set := s.axisNodes(n, top)
	for _, p := range s.preds {
		set = keep(set, p, top)
	}
	return append(out, set...)
}

// axisNodes are the nodes on the axis that pass the name test; reverse axes nearest first.
func (s *xstep) axisNodes(n xnode, top *Place) []xnode {
	var set []xnode
	add := func(p *Place) {
		if s.matches(p.Elem) {
			set = append(set, xnode{elem: p.Elem, place: p})
		}
	}
	switch s.axis {
	case "child":
		eachKid(n, top, add)
		if s.name == "#text" && !n.doc && n.attr == "" && n.elem.text != "" && n.elem.name != CommentName {
			n.text = true
			set = append(set, n)
		}
	case "attribute":
		if n.doc || n.attr != "" {
			return nil
		}
		for _, a := range n.elem.attrs {
			if s.name == "*" || s.name == a.Name {
				m := n
				m.attr = a.Name
				set = append(set, m)
			}
		}
	case "descendant", "descendant-or-self":
		if s.axis == "descendant-or-self" {
			set = s.self(n, set)
		}
		var down func(p *Place)
		down = func(p *Place) {
			add(p)
			for i := range p.Elem.kids {
				down(p.Kid(i))
			}
		}
		eachKid(n, top, down)
	case "self":
		set = s.self(n, set)
	default:
		set = s.sideways(n, set)
	}
	return set
}

// self is the node itself if it passes the name test.
func (s *xstep) self(n xnode, set []xnode) []xnode {
	if n.attr == "" && !n.text && (s.name == "#node" || !n.doc && s.matches(n.elem)) {
		return append(set, n)
	}
	return set
}

// sideways are the axes that lead up or to siblings.
func (s *xstep) sideways(n xnode, set []xnode) []xnode {
	if n.doc {
		return set
	}
	up := n.place.Up
	if n.attr != "" || n.text {
		up = n.place
	}
	switch s.axis {
	case "parent":
		if up != nil && s.matches(up.Elem) {
			set = append(set, xnode{elem: up.Elem, place: up})
		}
	case "ancestor", "ancestor-or-self":
		if s.axis == "ancestor-or-self" {
			set = s.self(n, set)
		}
		for ; up != nil; up = up.Up {
			if s.matches(up.Elem) {
				set = append(set, xnode{elem: up.Elem, place: up})
			}
		}
	case "following-sibling", "preceding-sibling":
		if up == nil || n.attr != "" {
			return set
		}
		step, end := 1, len(up.Elem.kids)
		if s.axis == "preceding-sibling" {
			step, end = -1, -1
		}
		for i := n.place.Index + step; i != end; i += step {
			if k := up.Kid(i); s.matches(k.Elem) {
				set = append(set, xnode{elem: k.Elem, place: k})
			}
		}
	}
	return set
}

// eachKid visits the children of a node; the document's only child is the root.
func eachKid(n xnode, top *Place, visit func(*Place)) {
	switch {
	case n.doc:
		visit(top)
	case n.attr == "" && !n.text:
		for i := range n.elem.kids {
			visit(n.place.Kid(i))
		}
	}
}

func (s *xstep) matches(e *Elem) bool {
	switch s.name {
	case "#node":
		return true
	case "*":
		return e.name != CommentName
	}
	return e.name == s.name
}

// xframe is one level of descend's way down; its place is made when wanted.
type xframe struct {
	elem  *Elem
	index int
	place *Place
}

// descend is //name: the children of the node and of everything below it.
// Places are made only for what is selected, so a search through a large tree
// for one element costs little memory.
func (s *xstep) descend(n xnode, top *Place, out []xnode) []xnode {
	if n.attr != "" || n.text {
		return out
	}
	w := xwalk{step: s, top: top, out: out}
	if n.doc {
		w.frames = append(w.frames, xframe{})
		w.group([]*Elem{top.Elem})
		return w.out
	}
	w.frames = append(w.frames, xframe{elem: n.elem, index: 0, place: n.place})
	w.group(n.elem.kids)
	return w.out
}

type xwalk struct {
	step   *xstep
	top    *Place
	frames []xframe
	out    []xnode
}

// group handles the children of one parent, then each child's own.
func (w *xwalk) group(kids []*Elem) {
	var picked []*Elem
	if w.step.quick {
		picked = nil
	} else {
		picked = w.pick(kids)
	}
	for i, k := range kids {
		w.frames = append(w.frames, xframe{elem: k, index: i})
		hit := false
		if w.step.quick {
			hit = w.step.matches(k) && w.holds(k)
		} else {
			hit = slices.Contains(picked, k)
		}
		if hit {
			p := w.place(len(w.frames) - 1)
			w.out = append(w.out, xnode{elem: k, place: p})
		}
		if len(k.kids) > 0 {
			w.group(k.kids)
		}
		w.frames = w.frames[:len(w.frames)-1]
	}
	if w.step.name == "#text" || w.step.name == "#node" {
		return
	}
}

// holds evaluates predicates that look at the element only.
func (w *xwalk) holds(k *Elem) bool {
	for _, p := range w.step.preds {
		if !p.eval(xctx{node: xnode{elem: k}}).boolean() {
			return false
		}
	}
	return true
}

// pick evaluates predicates that need positions or places.
func (w *xwalk) pick(kids []*Elem) []*Elem {
	var set []xnode
	for i, k := range kids {
		if w.step.matches(k) {
			w.frames = append(w.frames, xframe{elem: k, index: i})
			set = append(set, xnode{elem: k, place: w.place(len(w.frames) - 1)})
			w.frames = w.frames[:len(w.frames)-1]
		}
	}
	for _, p := range w.step.preds {
		set = keep(set, p, w.top)
	}
	out := make([]*Elem, len(set))
	for i, n := range set {
		out[i] = n.elem
	}
	return out
}

// place makes the place of a frame, and those above it that are not made yet.
func (w *xwalk) place(i int) *Place {
	f := &w.frames[i]
	if f.place != nil {
		return f.place
	}
	if i == 0 {
		return nil
	}
	up := w.place(i - 1)
	switch {
	case up == nil:
		f.place = w.top
	default:
		f.place = &Place{Elem: f.elem, Up: up, Index: f.index}
	}
	return f.place
}

func union(l, r xvalue) xvalue {
	return xvalue{nodes: ordered(append(slices.Clone(l.nodes), r.nodes...))}
}

// ordered sorts nodes into document order and drops repetitions.
func ordered(set []xnode) []xnode {
	if len(set) < 2 {
		return set
	}
	type keyed struct {
		way []int
		n   xnode
	}
	all := make([]keyed, len(set))
	for i, n := range set {
		all[i].n = n
		if n.doc {
			continue
		}
		all[i].way = append([]int{0}, n.place.wayFrom()...)
		if n.attr != "" {
			all[i].way = append(all[i].way, -1, slices.IndexFunc(n.elem.attrs, func(a Attr) bool { return a.Name == n.attr }))
		}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return slices.Compare(a.way, b.way) })
	out := set[:0:0]
	for i, k := range all {
		if i == 0 || slices.Compare(k.way, all[i-1].way) != 0 || k.n.text != all[i-1].n.text {
			out = append(out, k.n)
		}
	}
	return out
}
