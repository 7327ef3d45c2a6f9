package crm

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// emptyBefore are the words that may follow a list without values, which crmsh writes
// of a set without any, and reads.
var emptyBefore = []string{"params", "meta", "utilization", "operations", "op", "attributes"}

// attrSet reads the content of one attribute set, which may be empty:
// [$id=ID | $id-ref=ID] [SCORE:] [rule …]… NAME=VALUE….
func (p *parser) attrSet(tag string) (*cib.Elem, *cib.Problem) {
	set := cib.New(tag)
	if ref, ok := p.dollar("id-ref"); ok {
		return set.With("id-ref", ref), nil
	}
	if id, ok := p.dollar("id"); ok {
		set = set.With("id", id)
	}
	if t, more := p.peek(); !more || slices.Contains(emptyBefore, t.text) {
		return set, nil
	}
	score, ok, err := p.score()
	if err != nil {
		return nil, err
	}
	if ok {
		set = set.With(score.Name, score.Value)
	}
	return p.attrSetBody(set)
}

// attrSetBody reads the rules and pairs of a set whose head is read.
func (p *parser) attrSetBody(set *cib.Elem) (*cib.Elem, *cib.Problem) {
	var kids []*cib.Elem
	for p.is("rule") {
		r, err := p.rule(true)
		if err != nil {
			return nil, err
		}
		kids = append(kids, r)
	}
	pairs, err := p.pairs()
	if err != nil {
		return nil, err
	}
	if len(pairs) == 0 {
		t, _ := p.peek()
		return nil, p.unexpected(t, "NAME=VALUE")
	}
	return set.WithKids(append(kids, pairs...)), nil
}

// pairs reads NAME=VALUE, $ID:NAME=VALUE, $NAME=VALUE and @ID[:NAME] as long as there are any.
func (p *parser) pairs() ([]*cib.Elem, *cib.Problem) {
	var out []*cib.Elem
	seen := make(map[string]bool)
	for {
		t, more := p.peek()
		if !more {
			return out, nil
		}
		nv, ok := pairElem(t)
		if !ok {
			return out, nil
		}
		if name := nv.Get("name"); name != "" {
			if seen[name] {
				return nil, p.problem(t, fmt.Sprintf("%s: %s is set twice in one list", p.toks[0].text, name), "remove one of the two")
			}
			seen[name] = true
		}
		p.at++
		out = append(out, nv)
	}
}

// pairElem turns one word into an nvpair.
func pairElem(t token) (*cib.Elem, bool) {
	if ref, ok := strings.CutPrefix(t.text, "@"); ok && !t.quoted && !strings.Contains(ref, "=") {
		id, name, named := strings.Cut(ref, ":")
		if !validID(id) {
			return nil, false
		}
		nv := cib.New("nvpair", attr("id-ref", id))
		if named {
			nv = nv.With("name", name)
		}
		return nv, true
	}
	name, value, ok := pair(t)
	if !ok || strings.ContainsAny(name, " \t") {
		return nil, false
	}
	if own, isOwn := strings.CutPrefix(name, "$"); isOwn {
		id, real, two := strings.Cut(own, ":")
		if !two {
			real = id
		}
		if !validID(id) || real == "" {
			return nil, false
		}
		return cib.New("nvpair", attr("id", id), attr("name", real), attr("value", value)), true
	}
	return cib.New("nvpair", attr("name", name), attr("value", value)), true
}

// rule reads rule [$id=…] [$role=…] [SCORE:] EXPR [and|or EXPR]….
// In an attribute set the score says nothing and may only be a number.
func (p *parser) rule(inSet bool) (*cib.Elem, *cib.Problem) {
	start, _ := p.peek()
	p.at++
	if ref, ok := p.dollar("id-ref"); ok {
		return cib.New("rule", attr("id-ref", ref)), nil
	}
	r := cib.New("rule")
	for {
		if id, ok := p.dollar("id"); ok {
			r = r.With("id", id)
		} else if role, ok := p.dollar("role"); ok {
			r = r.With("role", roleWord(role))
		} else {
			break
		}
	}
	score, ok, err := p.score()
	switch {
	case err != nil:
		return nil, err
	case ok:
		r = r.With(score.Name, score.Value)
	default:
		r = r.With("score", "INFINITY")
	}
	if inSet && score.Name == "score-attribute" {
		return nil, p.problem(start, fmt.Sprintf("%s: %q is not a score", p.toks[0].text, score.Value), "only rules of location constraints take a score from a node attribute")
	}
	var kids []*cib.Elem
	op := ""
	for {
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		kids = append(kids, e)
		t, more := p.peek()
		if !more || t.text != "and" && t.text != "or" {
			break
		}
		if op != "" && op != t.text {
			return nil, p.problem(t, p.toks[0].text+": and and or are mixed in one rule", "write one rule for each, or join all expressions by the same word")
		}
		op = t.text
		p.at++
	}
	if op == "or" {
		r = r.With("boolean-op", op)
	}
	return r.WithKids(kids), nil
}

// comparisons are the operations between an attribute and a value.
var comparisons = []string{"lt", "gt", "lte", "gte", "eq", "ne"}

func (p *parser) expression() (*cib.Elem, *cib.Problem) {
	t, more := p.peek()
	if !more {
		return nil, p.unexpected(t, "an expression")
	}
	p.at++
	switch t.text {
	case "defined", "not_defined":
		a, more := p.peek()
		if !more {
			return nil, p.unexpected(a, "the name of a node attribute")
		}
		p.at++
		return cib.New("expression", attr("operation", t.text), attr("attribute", a.text)), nil
	case "date", "date_expression":
		return p.date()
	}
	op, more := p.peek()
	if e := p.aboutWhat(t.text, op); e != nil {
		return e, nil
	}
	if !more {
		return nil, p.unexpected(op, "a comparison (lt gt lte gte eq ne)")
	}
	kind, word, typed := strings.Cut(op.text, ":")
	if !typed {
		kind, word = "", op.text
	}
	if !slices.Contains(comparisons, word) || typed && !slices.Contains([]string{"string", "integer", "number", "version"}, kind) {
		return nil, p.unexpected(op, "a comparison ([string:|integer:|number:|version:] lt gt lte gte eq ne)")
	}
	p.at++
	v, more := p.peek()
	if !more {
		return nil, p.unexpected(v, "the value to compare with")
	}
	p.at++
	e := cib.New("expression", attr("operation", word), attr("attribute", t.text))
	if typed {
		e = e.With("type", kind)
	}
	if source, name, ok := valueSource(v); ok {
		return e.With("value", name).With("value-source", source), nil
	}
	return e.With("value", v.text), nil
}

// aboutWhat reads op NAME [interval=…] and rsc [class=…] [provider=…] [type=…],
// which say what a set of defaults is for; nil if the words mean something else.
func (p *parser) aboutWhat(word string, next token) *cib.Elem {
	_, value, _ := strings.Cut(next.text, ":")
	if slices.Contains(comparisons, next.text) || slices.Contains(comparisons, value) {
		return nil
	}
	switch {
	case word == "op" && validID(next.text):
		p.at++
		e := cib.New("op_expression", attr("name", next.text))
		if _, v, ok := p.option("interval"); ok {
			e = e.With("interval", v)
		}
		return e
	case word == "rsc":
		e := cib.New("rsc_expression")
		for {
			name, v, ok := p.option("class", "provider", "type")
			if !ok {
				return e
			}
			e = e.With(name, v)
		}
	}
	return nil
}

// The names that date_spec and duration know.
var (
	specNames = []string{"hours", "monthdays", "weekdays", "yearsdays", "yeardays", "months", "weeks", "years", "weekyears",
		"moon", "minutes", "seconds", "days"}
	rangeNames = []string{"start", "end"}
)

// date reads lt END | gt START | in start=… (end=… | DURATION) | spec ….
func (p *parser) date() (*cib.Elem, *cib.Problem) {
	t, more := p.peek()
	if !more {
		return nil, p.unexpected(t, "lt, gt, in or spec")
	}
	p.at++
	switch t.text {
	case "lt", "gt":
		v, more := p.peek()
		if !more {
			return nil, p.unexpected(v, "a date")
		}
		p.at++
		side, value := "start", v.text
		if t.text == "lt" {
			side = "end"
		}
		if _, rest, ok := strings.Cut(value, "="); ok {
			value = rest
		}
		return cib.New("date_expression", attr("operation", t.text), attr(side, value)), nil
	case "in", "in_range":
		e := cib.New("date_expression", attr("operation", "in_range"))
		for {
			name, value, ok := p.option(rangeNames...)
			if !ok {
				break
			}
			e = e.With(name, value)
		}
		if d := p.spec("duration"); d != nil {
			e = e.WithKids([]*cib.Elem{d})
		}
		if len(e.Attrs()) == 1 {
			next, _ := p.peek()
			return nil, p.unexpected(next, "start=DATE or end=DATE")
		}
		return e, nil
	case "spec", "date_spec":
		d := p.spec("date_spec")
		if d == nil {
			next, _ := p.peek()
			return nil, p.unexpected(next, "one of "+strings.Join(specNames, " "))
		}
		return cib.New("date_expression", attr("operation", "date_spec")).WithKids([]*cib.Elem{d}), nil
	}
	return nil, p.unexpected(t, "lt, gt, in or spec")
}

// spec reads the pairs of a date_spec or duration, nil if there are none.
func (p *parser) spec(tag string) *cib.Elem {
	e := cib.New(tag)
	if id, ok := p.dollar("id"); ok {
		e = e.With("id", id)
	}
	for {
		name, value, ok := p.option(specNames...)
		if !ok {
			break
		}
		if name == "yearsdays" {
			name = "yeardays"
		}
		e = e.With(name, value)
	}
	if len(e.Attrs()) == 0 {
		return nil
	}
	return e
}

// valueSource reads param{NAME} and meta{NAME}: what is compared with is a parameter or
// meta-attribute of the resource. In quotes it is a text.
func valueSource(v token) (source, name string, ok bool) {
	source, rest, found := strings.Cut(v.text, "{")
	name, closed := strings.CutSuffix(rest, "}")
	return source, name, found && closed && name != "" && !v.quoted && (source == "param" || source == "meta")
}
