package cib

import (
	"slices"
	"strconv"
	"strings"
)

// xparser reads an XPath by recursive descent.
type xparser struct {
	src   string
	at    int
	depth int
}

// xmaxDepth bounds the nesting of an XPath.
const xmaxDepth = 64

func parseXPath(src string) (xexpr, error) {
	p := &xparser{src: src}
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(p.src) {
		return nil, p.fail("expected the end, found " + strconv.Quote(p.src[p.at:]))
	}
	return x, nil
}

func (p *xparser) fail(msg string) error {
	return &XPathError{XPath: p.src, Offset: p.at, Msg: msg}
}

func (p *xparser) space() {
	for p.at < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.at]) >= 0 {
		p.at++
	}
}

// take consumes a token if it is next.
func (p *xparser) take(tok string) bool {
	p.space()
	if strings.HasPrefix(p.src[p.at:], tok) {
		p.at += len(tok)
		return true
	}
	return false
}

// word consumes an operator that is a word, such as and.
func (p *xparser) word(w string) bool {
	p.space()
	rest := p.src[p.at:]
	if strings.HasPrefix(rest, w) && (len(rest) == len(w) || !nameByte(rest[len(w)])) {
		p.at += len(w)
		return true
	}
	return false
}

// levels are the binary operators, loosest first.
var xlevels = [][]string{{"or"}, {"and"}, {"!=", "="}, {"<=", ">=", "<", ">"}, {"+", "-"}, {"|"}}

func (p *xparser) expr() (xexpr, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > xmaxDepth {
		return nil, p.fail("nested too deeply")
	}
	return p.level(0)
}

func (p *xparser) level(n int) (xexpr, error) {
	if n == len(xlevels) {
		return p.operand()
	}
	l, err := p.level(n + 1)
	if err != nil {
		return nil, err
	}
	for {
		op := p.operator(xlevels[n])
		if op == "" {
			return l, nil
		}
		r, err := p.level(n + 1)
		if err != nil {
			return nil, err
		}
		l = xbinary{op, l, r}
	}
}

func (p *xparser) operator(ops []string) string {
	for _, op := range ops {
		if nameByte(op[0]) && op != "-" {
			if p.word(op) {
				return op
			}
		} else if p.take(op) {
			return op
		}
	}
	return ""
}

func (p *xparser) operand() (xexpr, error) {
	p.space()
	if p.at >= len(p.src) {
		return nil, p.fail("expected a path or a value, found the end")
	}
	switch c := p.src[p.at]; {
	case c == '\'' || c == '"':
		end := strings.IndexByte(p.src[p.at+1:], c)
		if end < 0 {
			return nil, p.fail("the quote is never closed")
		}
		s := p.src[p.at+1 : p.at+1+end]
		p.at += end + 2
		return xliteral{xvalue{kind: xString, s: s}}, nil
	case c >= '0' && c <= '9', c == '-' && p.at+1 < len(p.src) && p.src[p.at+1] >= '0' && p.src[p.at+1] <= '9':
		return p.numeral()
	case c == '(':
		return p.filtered()
	}
	if x, ok, err := p.call(); ok || err != nil {
		return x, err
	}
	return p.path(nil)
}

func (p *xparser) numeral() (xexpr, error) {
	start := p.at
	p.at++
	for p.at < len(p.src) && (p.src[p.at] >= '0' && p.src[p.at] <= '9' || p.src[p.at] == '.') {
		p.at++
	}
	n, err := strconv.ParseFloat(p.src[start:p.at], 64)
	if err != nil {
		return nil, p.fail("not a number: " + p.src[start:p.at])
	}
	return xliteral{xvalue{kind: xNumber, n: n}}, nil
}

// filtered is ( … ) with predicates and steps after it.
func (p *xparser) filtered() (xexpr, error) {
	p.at++
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	if !p.take(")") {
		return nil, p.fail("expected )")
	}
	p.space()
	if p.at < len(p.src) && (p.src[p.at] == '[' || p.src[p.at] == '/') {
		return p.path(x)
	}
	return x, nil
}

// call reads NAME(args) if NAME is a function.
func (p *xparser) call() (xexpr, bool, error) {
	start := p.at
	name := p.name()
	arity, known := xarity[name]
	if !known || !p.take("(") {
		p.at = start
		return nil, false, nil
	}
	var args []xexpr
	for !p.take(")") {
		if len(args) > 0 && !p.take(",") {
			return nil, false, p.fail("expected , or ) in " + name + "()")
		}
		x, err := p.expr()
		if err != nil {
			return nil, false, err
		}
		args = append(args, x)
	}
	if len(args) < arity[0] || len(args) > arity[1] {
		return nil, false, p.fail(name + "() does not take " + strconv.Itoa(len(args)) + " arguments")
	}
	return xcall{name, args}, true, nil
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c >= 0x80
}

func (p *xparser) name() string {
	start := p.at
	for p.at < len(p.src) && nameByte(p.src[p.at]) {
		p.at++
	}
	return p.src[start:p.at]
}

func (p *xparser) path(from xexpr) (xexpr, error) {
	x := xpath{from: from}
	if from != nil {
		preds, err := p.predicates()
		if err != nil {
			return nil, err
		}
		x.preds = preds
	}
	deep := p.take("//")
	slash := deep || p.take("/")
	x.absolute = slash && from == nil
	if !slash && from != nil {
		return x, nil
	}
	if slash && !deep && from == nil && p.atEnd() {
		return x, nil
	}
	for {
		s, err := p.step(deep)
		if err != nil {
			return nil, err
		}
		x.steps = append(x.steps, s...)
		if deep = p.take("//"); !deep && !p.take("/") {
			break
		}
	}
	if s := x.steps[0]; len(x.steps) == 1 && s.axis == "attribute" && s.name != "*" && len(s.preds) == 0 && !x.absolute && from == nil {
		return xattr{s.name}, nil
	}
	return x, nil
}

// atEnd tells that no step can follow: the path was "/" alone.
func (p *xparser) atEnd() bool {
	p.space()
	return p.at >= len(p.src) || strings.IndexByte("])|=,", p.src[p.at]) >= 0
}

var xaxes = []string{"child", "descendant", "descendant-or-self", "self", "parent", "ancestor", "ancestor-or-self",
	"attribute", "following-sibling", "preceding-sibling"}

func (p *xparser) step(deep bool) ([]xstep, error) {
	s := xstep{axis: "child"}
	p.space()
	switch {
	case p.take(".."):
		s.axis, s.name = "parent", "#node"
	case p.take("."):
		s.axis, s.name = "self", "#node"
	default:
		if err := p.nodeTest(&s); err != nil {
			return nil, err
		}
	}
	preds, err := p.predicates()
	if err != nil {
		return nil, err
	}
	s.preds = preds
	switch {
	case !deep:
		return []xstep{s}, nil
	case s.axis == "child" && s.name != "#text":
		s.axis = "descend"
		s.quick = !slices.ContainsFunc(s.preds, func(x xexpr) bool { return !x.local() || numeric(x) })
		return []xstep{s}, nil
	}
	return []xstep{{axis: "descendant-or-self", name: "#node"}, s}, nil
}

// numeric tells that an expression may be a number or ask for positions, so
// that its truth depends on the place among the siblings.
func numeric(x xexpr) bool {
	switch x := x.(type) {
	case xliteral:
		return x.v.kind == xNumber
	case xbinary:
		return x.op == "+" || x.op == "-" || numericPart(x.l) || numericPart(x.r)
	case xcall:
		if slices.Contains([]string{"position", "last", "count", "number", "string-length"}, x.name) {
			return true
		}
		return slices.ContainsFunc(x.args, numericPart)
	}
	return false
}

// numericPart is numeric for operands, where a literal number is harmless.
func numericPart(x xexpr) bool {
	if _, ok := x.(xliteral); ok {
		return false
	}
	return numeric(x)
}

func (p *xparser) nodeTest(s *xstep) error {
	if p.take("@") {
		s.axis = "attribute"
	}
	if p.take("*") {
		s.name = "*"
		return nil
	}
	name := p.name()
	if slices.Contains(xaxes, name) && p.take("::") {
		s.axis = name
		p.space()
		if p.take("*") {
			s.name = "*"
			return nil
		}
		name = p.name()
	}
	if name == "" {
		return p.fail("expected a name, *, @, . or ..")
	}
	s.name = name
	if p.take("(") {
		if !p.take(")") {
			return p.fail("expected )")
		}
		switch name {
		case "comment", "text", "node":
			s.name = "#" + name
		default:
			return p.fail("there is no function " + name + "() here")
		}
	}
	return nil
}

func (p *xparser) predicates() ([]xexpr, error) {
	var out []xexpr
	for p.take("[") {
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		if !p.take("]") {
			return nil, p.fail("expected ]")
		}
		out = append(out, x)
	}
	return out, nil
}
