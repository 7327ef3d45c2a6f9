package cib

import (
	"math"
	"strconv"
	"strings"
)

// Find returns the elements that an XPath selects, in document order.
//
// The subset is what cibadmin's users and the cluster's own scripts write:
// absolute, relative and // paths; names, *, comment(), text(), attributes as a
// last step (their elements are returned); . and ..; the axes child,
// descendant, descendant-or-self, parent, ancestor, ancestor-or-self, self,
// attribute, following-sibling and preceding-sibling; predicates with numbers,
// paths, = != < <= > >=, and, or, + -, and the functions not, contains,
// starts-with, position, last, count, name, local-name, concat,
// string-length, normalize-space, string, number, boolean, true, false; unions.
func Find(root *Elem, xpath string) ([]*Elem, error) {
	places, err := FindPlaces(root, xpath)
	if err != nil {
		return nil, err
	}
	out := make([]*Elem, len(places))
	for i, p := range places {
		out[i] = p.Elem
	}
	return out, nil
}

// FindPlaces is Find with the way to each element.
func FindPlaces(root *Elem, xpath string) ([]*Place, error) {
	x, err := parseXPath(xpath)
	if err != nil {
		return nil, err
	}
	top := &Place{Elem: root}
	v := x.eval(xctx{node: xnode{doc: true}, top: top, pos: 1, size: 1})
	if v.kind != xNodes {
		return nil, &XPathError{XPath: xpath, Msg: "it does not select elements"}
	}
	var out []*Place
	var last *Elem
	for _, n := range v.nodes {
		if n.doc {
			continue
		}
		// Attributes and text stand for their element, once.
		if len(out) > 0 && n.elem == last && (n.attr != "" || n.text) {
			continue
		}
		last = n.elem
		out = append(out, n.place)
	}
	return out, nil
}

// XPathError tells what is wrong with an XPath.
type XPathError struct {
	XPath  string
	Offset int // bytes from its start
	Msg    string
}

// Error implements error.
func (e *XPathError) Error() string {
	return "XPath " + strconv.Quote(e.XPath) + ": at " + strconv.Itoa(e.Offset) + ": " + e.Msg
}

// xnode is one node of a node set: the document, an element, one of its
// attributes, or its text.
type xnode struct {
	doc   bool
	text  bool
	attr  string
	elem  *Elem
	place *Place // nil while only attributes are looked at
}

func (n xnode) value() string {
	switch {
	case n.attr != "":
		return n.elem.Get(n.attr)
	case n.text || n.elem == nil || len(n.elem.kids) == 0:
		return n.elem.Text()
	}
	var b strings.Builder
	n.elem.Walk(func(e *Elem) bool {
		if e.name != CommentName {
			b.WriteString(e.text)
		}
		return true
	})
	return b.String()
}

// xctx is what an expression is evaluated against.
type xctx struct {
	node      xnode
	top       *Place
	pos, size int
}

type xkind int

const (
	xNodes xkind = iota
	xBool
	xNumber
	xString
)

type xvalue struct {
	kind  xkind
	nodes []xnode
	b     bool
	n     float64
	s     string
}

func (v xvalue) boolean() bool {
	switch v.kind {
	case xNodes:
		return len(v.nodes) > 0
	case xNumber:
		return v.n != 0 && !math.IsNaN(v.n)
	case xString:
		return v.s != ""
	}
	return v.b
}

func (v xvalue) str() string {
	switch v.kind {
	case xNodes:
		if len(v.nodes) == 0 {
			return ""
		}
		return v.nodes[0].value()
	case xNumber:
		return strconv.FormatFloat(v.n, 'f', -1, 64)
	case xBool:
		return strconv.FormatBool(v.b)
	}
	return v.s
}

func (v xvalue) number() float64 {
	switch v.kind {
	case xNumber:
		return v.n
	case xBool:
		if v.b {
			return 1
		}
		return 0
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(v.str()), 64)
	if err != nil {
		return math.NaN()
	}
	return n
}

// xexpr is a parsed expression.
type xexpr interface {
	eval(c xctx) xvalue
	// local tells that the expression looks at nothing but the element itself,
	// so that its place need not be known.
	local() bool
}

type xliteral struct{ v xvalue }

func (x xliteral) eval(xctx) xvalue { return x.v }
func (x xliteral) local() bool      { return true }

// xattr is the path @name, the commonest of all.
type xattr struct{ name string }

func (x xattr) local() bool { return true }
func (x xattr) eval(c xctx) xvalue {
	if c.node.attr == "" && !c.node.doc {
		if _, ok := c.node.elem.Lookup(x.name); ok {
			n := c.node
			n.attr = x.name
			return xvalue{nodes: []xnode{n}}
		}
	}
	return xvalue{}
}

type xbinary struct {
	op   string
	l, r xexpr
}

func (x xbinary) local() bool { return x.l.local() && x.r.local() }
func (x xbinary) eval(c xctx) xvalue {
	switch x.op {
	case "or":
		return xvalue{kind: xBool, b: x.l.eval(c).boolean() || x.r.eval(c).boolean()}
	case "and":
		return xvalue{kind: xBool, b: x.l.eval(c).boolean() && x.r.eval(c).boolean()}
	}
	if b, ok := x.quick(c); ok {
		return xvalue{kind: xBool, b: b}
	}
	l, r := x.l.eval(c), x.r.eval(c)
	switch x.op {
	case "|":
		return union(l, r)
	case "+":
		return xvalue{kind: xNumber, n: l.number() + r.number()}
	case "-":
		return xvalue{kind: xNumber, n: l.number() - r.number()}
	}
	return xvalue{kind: xBool, b: compareSets(x.op, l, r)}
}

// quick is @name = 'literal' without making a node set.
func (x xbinary) quick(c xctx) (result, ok bool) {
	a, isAttr := x.l.(xattr)
	lit, isLit := x.r.(xliteral)
	if x.op != "=" || !isAttr || !isLit || lit.v.kind != xString || c.node.attr != "" || c.node.doc {
		return false, false
	}
	v, has := c.node.elem.Lookup(a.name)
	return has && v == lit.v.s, true
}

// compareSets compares as XPath does: a node set matches if one of its nodes does.
func compareSets(op string, l, r xvalue) bool {
	if l.kind == xNodes && r.kind != xBool {
		for _, n := range l.nodes {
			if compareSets(op, xvalue{kind: xString, s: n.value()}, r) {
				return true
			}
		}
		return false
	}
	if r.kind == xNodes && l.kind != xBool {
		for _, n := range r.nodes {
			if compareSets(op, l, xvalue{kind: xString, s: n.value()}) {
				return true
			}
		}
		return false
	}
	switch op {
	case "=", "!=":
		var same bool
		switch {
		case l.kind == xBool || r.kind == xBool:
			same = l.boolean() == r.boolean()
		case l.kind == xNumber || r.kind == xNumber:
			same = l.number() == r.number()
		default:
			same = l.str() == r.str()
		}
		return same == (op == "=")
	case "<":
		return l.number() < r.number()
	case "<=":
		return l.number() <= r.number()
	case ">":
		return l.number() > r.number()
	}
	return l.number() >= r.number()
}

type xcall struct {
	name string
	args []xexpr
}

func (x xcall) local() bool {
	for _, a := range x.args {
		if !a.local() {
			return false
		}
	}
	return true
}

func (x xcall) eval(c xctx) xvalue {
	arg := func(i int) xvalue {
		if i < len(x.args) {
			return x.args[i].eval(c)
		}
		return xvalue{nodes: []xnode{c.node}}
	}
	str := func(s string) xvalue { return xvalue{kind: xString, s: s} }
	num := func(n float64) xvalue { return xvalue{kind: xNumber, n: n} }
	is := func(b bool) xvalue { return xvalue{kind: xBool, b: b} }
	switch x.name {
	case "not":
		return is(!arg(0).boolean())
	case "true", "false":
		return is(x.name == "true")
	case "boolean":
		return is(arg(0).boolean())
	case "contains":
		return is(strings.Contains(arg(0).str(), arg(1).str()))
	case "starts-with":
		return is(strings.HasPrefix(arg(0).str(), arg(1).str()))
	case "position":
		return num(float64(c.pos))
	case "last":
		return num(float64(c.size))
	case "count":
		return num(float64(len(arg(0).nodes)))
	case "number":
		return num(arg(0).number())
	case "string-length":
		return num(float64(len([]rune(arg(0).str()))))
	case "normalize-space":
		return str(strings.Join(strings.Fields(arg(0).str()), " "))
	case "concat":
		var b strings.Builder
		for i := range x.args {
			b.WriteString(arg(i).str())
		}
		return str(b.String())
	case "name", "local-name":
		if v := arg(0); len(v.nodes) > 0 {
			if v.nodes[0].attr != "" {
				return str(v.nodes[0].attr)
			}
			return str(v.nodes[0].elem.Name())
		}
		return str("")
	}
	return str(arg(0).str())
}

// xarity is how many arguments each known function takes, least and most.
var xarity = map[string][2]int{
	"not": {1, 1}, "true": {0, 0}, "false": {0, 0}, "boolean": {1, 1}, "contains": {2, 2}, "starts-with": {2, 2},
	"position": {0, 0}, "last": {0, 0}, "count": {1, 1}, "number": {0, 1}, "string-length": {0, 1},
	"normalize-space": {0, 1}, "concat": {2, 99}, "name": {0, 1}, "local-name": {0, 1}, "string": {0, 1},
}
