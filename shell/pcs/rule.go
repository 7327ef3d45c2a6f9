package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// ruleKind says which expressions a rule may have.
type ruleKind int

const (
	ruleOfLocation ruleKind = iota
	ruleOfDefaults
)

// reader reads the words of a rule expression.
type reader struct {
	words []string
	at    int
	kind  ruleKind
}

// expr is an expression: and/or with parts, or a leaf.
type expr struct {
	op    string // "and", "or"; "" for a leaf
	parts []*expr
	leaf  *cib.Elem // without an id
}

// rule reads an expression and makes a rule of it; ids begin with id.
func (s *shell) rule(words []string, id string, kind ruleKind) (*cib.Elem, error) {
	flat := parens(words)
	r := &reader{words: flat, kind: kind}
	x, err := r.either()
	if err == nil && r.at < len(flat) {
		err = fmt.Errorf("unexpected '%s'", flat[r.at])
	}
	if err != nil {
		return nil, fmt.Errorf("'%s' is not a valid rule expression: %w", strings.Join(words, " "), err)
	}
	id = s.fresh(id)
	rule := cib.New("rule", attr("id", id))
	if x.op != "" {
		rule = rule.With("boolean-op", x.op)
	} else {
		x = &expr{parts: []*expr{x}}
		if kind == ruleOfDefaults {
			rule = rule.With("boolean-op", "and")
		}
	}
	return s.fill(rule, x, kind), nil
}

// parens makes brackets words of their own.
func parens(words []string) []string {
	var out []string
	for _, w := range words {
		w = strings.ReplaceAll(strings.ReplaceAll(w, "(", " ( "), ")", " ) ")
		out = append(out, strings.Fields(w)...)
	}
	return out
}

// fill writes the parts of an expression into a rule.
func (s *shell) fill(rule *cib.Elem, x *expr, kind ruleKind) *cib.Elem {
	var ids []string
	free := func(want string) string {
		id := s.fresh(want, ids...)
		ids = append(ids, id)
		return id
	}
	for _, p := range x.parts {
		if p.op != "" {
			sub := cib.New("rule", attr("id", free(rule.ID()+"-rule")), attr("boolean-op", p.op))
			if kind == ruleOfLocation {
				sub = sub.With("score", "0")
			}
			rule = rule.Append(s.fill(sub, p, kind))
			continue
		}
		e := p.leaf
		want := rule.ID() + "-expr"
		switch e.Name() {
		case "rsc_expression":
			want = rule.ID() + "-rsc" + dashed(e, "class", "provider", "type")
		case "op_expression":
			want = rule.ID() + "-op" + dashed(e, "name", "interval")
		}
		id := free(want)
		kids := slices.Clone(e.Kids())
		for i, k := range kids {
			kids[i] = k.With("id", free(id+"-"+strings.ReplaceAll(k.Name(), "date_spec", "datespec")))
		}
		rule = rule.Append(e.With("id", id).WithKids(kids))
	}
	return rule
}

// dashed are the values of attributes, each behind a dash.
func dashed(e *cib.Elem, names ...string) string {
	out := ""
	for _, n := range names {
		if v := e.Get(n); v != "" {
			out += "-" + idWord(v)
		}
	}
	return out
}

// next is the word that comes, "" at the end.
func (r *reader) next() string {
	if r.at < len(r.words) {
		return r.words[r.at]
	}
	return ""
}

// either reads parts joined by "or".
func (r *reader) either() (*expr, error) { return r.chain("or", (*reader).both) }

// both reads parts joined by "and".
func (r *reader) both() (*expr, error) { return r.chain("and", (*reader).one) }

// chain reads parts joined by a word.
func (r *reader) chain(word string, part func(*reader) (*expr, error)) (*expr, error) {
	first, err := part(r)
	if err != nil || r.next() != word {
		return first, err
	}
	x := &expr{op: word, parts: []*expr{first}}
	for r.next() == word {
		r.at++
		p, err := part(r)
		if err != nil {
			return nil, err
		}
		x.parts = append(x.parts, p)
	}
	return x, nil
}

// one reads a bracket or a leaf.
func (r *reader) one() (*expr, error) {
	w := r.next()
	switch {
	case w == "":
		return nil, fmt.Errorf("unexpected end of rule")
	case w == "(":
		r.at++
		x, err := r.either()
		if err != nil {
			return nil, err
		}
		if r.next() != ")" {
			return nil, fmt.Errorf("missing one of ')' brackets")
		}
		r.at++
		return x, nil
	case w == "defined" || w == "not_defined":
		r.at++
		return r.leaf("expression", pair{"attribute", r.take()}, pair{"operation", w})
	case w == "date":
		r.at++
		return r.date()
	case w == "date-spec" || w == "date_spec":
		r.at++
		spec := cib.New("date_spec")
		for r.at < len(r.words) && strings.Contains(r.next(), "=") {
			name, v, _ := strings.Cut(r.take(), "=")
			spec = spec.With(name, v)
		}
		e := cib.New("date_expression", attr("operation", "date_spec")).Append(spec)
		return &expr{leaf: e}, nil
	case r.kind == ruleOfDefaults && (w == "resource" || w == "op"):
		r.at++
		return r.about(w)
	}
	return r.compare()
}

// take is the word that comes, and goes on.
func (r *reader) take() string {
	w := r.next()
	r.at++
	return w
}

// leaf makes a leaf; an empty value is an error.
func (r *reader) leaf(tag string, ps ...pair) (*expr, error) {
	e := cib.New(tag)
	for _, p := range ps {
		if p.value == "" || p.value == ")" {
			return nil, fmt.Errorf("unexpected end of rule")
		}
		e = e.With(p.name, p.value)
	}
	return &expr{leaf: e}, nil
}

// date reads gt, lt and in_range.
func (r *reader) date() (*expr, error) {
	switch op := r.take(); op {
	case "gt":
		return r.leaf("date_expression", pair{"operation", op}, pair{"start", r.take()})
	case "lt":
		return r.leaf("date_expression", pair{"operation", op}, pair{"end", r.take()})
	case "in_range":
		ps := []pair{{"operation", op}}
		if r.next() != "to" {
			ps = append(ps, pair{"start", r.take()})
		}
		if r.take() != "to" {
			return nil, fmt.Errorf("missing 'to' in in_range")
		}
		if r.next() == "duration" {
			r.at++
			d := cib.New("duration")
			for r.at < len(r.words) && strings.Contains(r.next(), "=") {
				name, v, _ := strings.Cut(r.take(), "=")
				d = d.With(name, v)
			}
			x, err := r.leaf("date_expression", ps...)
			if err == nil {
				x.leaf = x.leaf.Append(d)
			}
			return x, err
		}
		return r.leaf("date_expression", append(ps, pair{"end", r.take()})...)
	default:
		return nil, fmt.Errorf("unexpected '%s' after 'date'", op)
	}
}

// about reads "resource AGENT" and "op NAME [interval=…]".
func (r *reader) about(kind string) (*expr, error) {
	if kind == "op" {
		ps := []pair{{"name", r.take()}}
		if v, ok := strings.CutPrefix(r.next(), "interval="); ok {
			r.at++
			ps = append(ps, pair{"interval", v})
		}
		return r.leaf("op_expression", ps...)
	}
	parts := strings.Split(r.take(), ":")
	if len(parts) > 3 || len(parts) < 2 {
		return nil, fmt.Errorf("Expected <resource name>")
	}
	e := cib.New("rsc_expression")
	put := func(name, v string) {
		if v != "" {
			e = e.With(name, v)
		}
	}
	put("class", parts[0])
	if len(parts) == 3 {
		put("provider", parts[1])
	}
	put("type", parts[len(parts)-1])
	return &expr{leaf: e}, nil
}

// compare reads ATTRIBUTE OPERATION [TYPE] VALUE.
func (r *reader) compare() (*expr, error) {
	name, op := r.take(), r.take()
	if !slices.Contains([]string{"lt", "gt", "lte", "gte", "eq", "ne"}, op) {
		if op == "" {
			return nil, fmt.Errorf("unexpected '%s'", name)
		}
		return nil, fmt.Errorf("unexpected '%s'", op)
	}
	ps := []pair{{"attribute", name}, {"operation", op}}
	if t := r.next(); slices.Contains([]string{"string", "integer", "number", "version"}, t) && r.at+1 < len(r.words) {
		r.at++
		ps = append(ps, pair{"type", t})
	}
	return r.leaf("expression", append(ps, pair{"value", r.take()})...)
}

// ruleText writes a rule over several lines. A rule of defaults names its operator
// always, one of a constraint only when it joins something.
func ruleText(rule *cib.Elem, indent string, ids, defaults bool) string {
	var words []string
	for _, a := range []string{"boolean-op", "role", "score", "score-attribute"} {
		if v := rule.Get(a); v != "" {
			words = append(words, a+"="+v)
		}
	}
	head := indent + "Rule:"
	if len(words) > 0 {
		head += " " + strings.Join(words, " ")
	}
	b := head + tail(rule, ids) + "\n"
	for _, k := range rule.Kids() {
		switch k.Name() {
		case "rule":
			b += ruleText(k, indent+"  ", ids, defaults)
		case "date_expression":
			b += dateText(k, indent+"  ", ids)
		case "expression":
			b += indent + "  Expression: " + exprWords(k) + tail(k, ids) + "\n"
		case "rsc_expression":
			parts := []string{k.Get("class"), k.Get("provider"), k.Get("type")}
			b += indent + "  Expression: resource " + strings.Join(parts, ":") + tail(k, ids) + "\n"
		case "op_expression":
			text := "op " + k.Get("name")
			if v := k.Get("interval"); v != "" {
				text += " interval=" + v
			}
			b += indent + "  Expression: " + text + tail(k, ids) + "\n"
		}
	}
	return b
}

// tail is the id of an element in brackets.
func tail(e *cib.Elem, ids bool) string {
	if ids {
		return " (id:" + e.ID() + ")"
	}
	return ""
}

// exprWords is a comparison in words.
func exprWords(e *cib.Elem) string {
	op := e.Get("operation")
	if op == "defined" || op == "not_defined" {
		return op + " " + e.Get("attribute")
	}
	words := []string{e.Get("attribute"), op}
	if t := e.Get("type"); t != "" {
		words = append(words, t)
	}
	return strings.Join(append(words, spaced(e.Get("value"))), " ")
}

// dateText is a condition on the time.
func dateText(e *cib.Elem, indent string, ids bool) string {
	switch op := e.Get("operation"); op {
	case "gt":
		return indent + "Expression: date gt " + e.Get("start") + tail(e, ids) + "\n"
	case "lt":
		return indent + "Expression: date lt " + e.Get("end") + tail(e, ids) + "\n"
	case "in_range":
		words := "date in_range "
		if v := e.Get("start"); v != "" {
			words += v + " "
		}
		if d := e.Child("duration"); d != nil {
			return indent + "Expression: " + words + "to duration" + tail(e, ids) + "\n" + indent + "  Duration: " + allAttrs(d) + tail(d, ids) + "\n"
		}
		return indent + "Expression: " + words + "to " + e.Get("end") + tail(e, ids) + "\n"
	}
	b := indent + "Expression:" + tail(e, ids) + "\n"
	for d := range e.Named("date_spec") {
		b += indent + "  Date Spec: " + allAttrs(d) + tail(d, ids) + "\n"
	}
	return b
}

// allAttrs are all attributes but the id, in order of their names.
func allAttrs(e *cib.Elem) string {
	var ps []pair
	for _, a := range e.Attrs() {
		if a.Name != "id" {
			ps = append(ps, pair{a.Name, a.Value})
		}
	}
	return joined(ps)
}
