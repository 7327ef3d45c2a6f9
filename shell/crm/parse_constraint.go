package crm

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// location reads ID RSC|/PATTERN/|{ SET } [ATTRIBUTES] SCORE: NODE | rule ….
func (p *parser) location() (*Statement, *cib.Problem) {
	id, err := p.id("constraint name")
	if err != nil {
		return nil, err
	}
	e := cib.New("rsc_location", attr("id", id))
	t, more := p.peek()
	if !more {
		return nil, p.unexpected(t, "a resource")
	}
	var kids []*cib.Elem
	switch {
	case t.text == "{":
		sets, err := p.sets("role", "{")
		if err != nil {
			return nil, err
		}
		kids = sets
	case len(t.text) > 1 && t.text[0] == '/' && strings.HasSuffix(t.text, "/"):
		p.at++
		e = e.With("rsc-pattern", t.text[1:len(t.text)-1])
	default:
		rsc, err := p.id("resource name")
		if err != nil {
			return nil, err
		}
		e = e.With("rsc", rsc)
	}
	for {
		at, _ := p.peek()
		name, value, ok := p.option("role", "$role", "resource-discovery")
		if !ok {
			break
		}
		if e, err = p.locationOption(e, at, strings.TrimPrefix(name, "$"), value); err != nil {
			return nil, err
		}
	}
	if p.is("rule") {
		for p.is("rule") {
			r, err := p.rule(false)
			if err != nil {
				return nil, err
			}
			kids = append(kids, r)
		}
		return &Statement{ID: id, Elem: e.WithKids(kids)}, nil
	}
	score, ok, err := p.score()
	if err != nil {
		return nil, err
	}
	if at, _ := p.peek(); !ok {
		return nil, p.unexpected(at, "SCORE: NODE or rule")
	} else if score.Name != "score" {
		return nil, p.problem(at, fmt.Sprintf("location %s: %q is not a score", id, score.Value), "write a number, inf or -inf before the colon")
	}
	node, more := p.peek()
	if !more {
		return nil, p.unexpected(node, "the name of a node")
	}
	p.at++
	return &Statement{ID: id, Elem: e.With("score", score.Value).With("node", node.text).WithKids(kids)}, nil
}

func (p *parser) locationOption(e *cib.Elem, at token, name, value string) (*cib.Elem, *cib.Problem) {
	if name == "role" {
		if !knownRole(value) {
			return nil, p.problem(at, fmt.Sprintf("location %s: unknown role %q", e.ID(), value), "the roles are Started, Promoted, Unpromoted, Stopped")
		}
		return e.With("role", roleWord(value)), nil
	}
	if !slices.Contains([]string{"always", "never", "exclusive"}, value) {
		return nil, p.problem(at, fmt.Sprintf("location %s: resource-discovery %q is unknown", e.ID(), value), "write always, never or exclusive")
	}
	return e.With("resource-discovery", value), nil
}

// member is one resource named in a constraint, with its role or action.
type member struct {
	id, word string
	line     int
}

// member reads RSC[:WORD]; word is an action of orders or a role.
func (p *parser) member(what string) (member, *cib.Problem) {
	t, _ := p.peek()
	id, word, has := strings.Cut(t.text, ":")
	if !validID(id) || has && word == "" {
		return member{}, p.unexpected(t, "RESOURCE[:"+strings.ToUpper(what)+"]")
	}
	p.at++
	switch {
	case what == "role" && has:
		if !knownRole(word) {
			return member{}, p.problem(t, fmt.Sprintf("%s: unknown role %q of %s", p.toks[0].text, word, id), "the roles are Started, Promoted, Unpromoted, Stopped")
		}
		word = roleWord(word)
	case has && !slices.Contains([]string{"start", "stop", "promote", "demote"}, word):
		return member{}, p.problem(t, fmt.Sprintf("%s: unknown action %q of %s", p.toks[0].text, word, id), "the actions are start, stop, promote, demote")
	}
	return member{id, word, t.line}, nil
}

// bracket is the kind of set that a bracket begins.
var closing = map[string]string{"(": ")", "[": "]", "{": "}"}

// sets reads resource sets, bare and in brackets. In bare ones and within ( )
// and [ ], members of another role or action begin another set.
func (p *parser) sets(what, first string) ([]*cib.Elem, *cib.Problem) {
	var out []*cib.Elem
	for {
		t, more := p.peek()
		if !more {
			return out, nil
		}
		closer, opens := closing[t.text]
		if first == "{" && len(out) > 0 || t.text == "{" && first != "{" {
			return out, nil
		}
		if opens {
			p.at++
		} else if _, _, isPair := pair(t); isPair || first == "{" {
			return out, nil
		}
		sets, err := p.oneSet(what, t, closer)
		if err != nil {
			return nil, err
		}
		out = append(out, sets...)
	}
}

// oneSet reads the members of one bracket, or of a run of bare resources.
func (p *parser) oneSet(what string, open token, closer string) ([]*cib.Elem, *cib.Problem) {
	var runs [][]member
	var opts []cib.Attr
	var within []*cib.Elem // { ( A B ) }: an unordered set of a location, as crmsh writes it
	for {
		t, more := p.peek()
		if !more {
			if closer != "" {
				return nil, p.problem(open, fmt.Sprintf("%s: the set opened by %s is never closed", p.toks[0].text, open.text), "write "+closer+" after its last resource")
			}
			break
		}
		if closer != "" && t.text == closer {
			p.at++
			break
		}
		if end, isOpen := closing[t.text]; isOpen {
			if closer == "}" && t.text != "{" {
				p.at++
				sets, err := p.oneSet(what, t, end)
				if err != nil {
					return nil, err
				}
				within = append(within, sets...)
				continue
			}
			if closer != "" {
				return nil, p.problem(t, p.toks[0].text+": sets cannot be nested", "close the set by "+closer+" first")
			}
			break
		}
		if name, value, ok := p.option("sequential", "require-all", "action", "role"); ok {
			if closer == "" && len(runs) == 0 {
				return nil, p.unexpected(t, "a resource")
			}
			opts = append(opts, attr(name, value))
			continue
		}
		if _, _, isPair := pair(t); isPair && closer == "" {
			break
		}
		m, err := p.member(what)
		if err != nil {
			return nil, err
		}
		if n := len(runs); n == 0 || runs[n-1][0].word != m.word {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], m)
	}
	if len(runs)+len(within) == 0 {
		return nil, p.problem(open, p.toks[0].text+": an empty set", "name its resources")
	}
	var out []*cib.Elem
	for _, run := range runs {
		set, err := p.setElem(what, open, run, opts)
		if err != nil {
			return nil, err
		}
		out = append(out, set)
	}
	return append(out, within...), nil
}

// setElem makes the element of one set; ( ) and [ ] stand for attributes.
func (p *parser) setElem(what string, open token, run []member, opts []cib.Attr) (*cib.Elem, *cib.Problem) {
	e := cib.New("resource_set")
	switch open.text {
	case "[":
		e = e.With("require-all", "false").With("sequential", "false")
	case "(":
		e = e.With("sequential", "false")
	}
	if run[0].word != "" {
		e = e.With(what, run[0].word)
	}
	for _, o := range opts {
		if o.Name == "sequential" || o.Name == "require-all" {
			v, err := cib.ParseBool(o.Value)
			if err != nil {
				return nil, p.problem(open, p.toks[0].text+": "+o.Name+" "+err.Error(), "")
			}
			if v {
				// true is what it means anyway, so it only undoes the bracket.
				e = e.Without(o.Name)
				continue
			}
		}
		if o.Name == "role" {
			o.Value = roleWord(o.Value)
		}
		e = e.With(o.Name, o.Value)
	}
	refs := make([]*cib.Elem, len(run))
	for i, m := range run {
		refs[i] = cib.New("resource_ref", attr("id", m.id))
	}
	return e.WithKids(refs), nil
}

// plainSet gives the members of sets that say no more than a list of two would:
// one bare set of two, or two bare sets of one.
func plainSet(sets []*cib.Elem, what string) ([]member, bool) {
	var out []member
	for _, s := range sets {
		for _, a := range s.Attrs() {
			if a.Name != what {
				return nil, false
			}
		}
		for _, r := range s.Kids() {
			out = append(out, member{id: r.ID(), word: s.Get(what)})
		}
	}
	return out, len(out) == 2
}

// colocation reads ID SCORE: RSC WITH-RSC | SETS [node-attribute=NAME].
func (p *parser) colocation() (*Statement, *cib.Problem) {
	id, err := p.id("constraint name")
	if err != nil {
		return nil, err
	}
	at, _ := p.peek()
	score, ok, err := p.score()
	if err != nil {
		return nil, err
	}
	if !ok {
		score = attr("score", "INFINITY")
	} else if score.Name != "score" {
		return nil, p.problem(at, fmt.Sprintf("colocation %s: %q is not a score", id, score.Value), "write a number, inf or -inf before the colon")
	}
	e := cib.New("rsc_colocation", attr("id", id), score)
	sets, err := p.sets("role", "")
	if err != nil {
		return nil, err
	}
	for {
		name, value, ok := p.option("node-attribute", "influence")
		if !ok {
			break
		}
		e = e.With(name, value)
	}
	if members, ok := plainSet(sets, "role"); ok && bare(p.toks) {
		e = e.With("rsc", members[0].id)
		if members[0].word != "" {
			e = e.With("rsc-role", members[0].word)
		}
		e = e.With("with-rsc", members[1].id)
		if members[1].word != "" {
			e = e.With("with-rsc-role", members[1].word)
		}
		return &Statement{ID: id, Elem: e}, nil
	}
	if err := p.enough(sets, "colocation "+id, 2); err != nil {
		return nil, err
	}
	return &Statement{ID: id, Elem: e.WithKids(sets)}, nil
}

// bare tells that no bracket stands in the statement.
func bare(toks []token) bool {
	return !slices.ContainsFunc(toks, func(t token) bool { return t.text == "(" || t.text == "[" || t.text == "{" })
}

// enough checks that a constraint names at least n resources.
func (p *parser) enough(sets []*cib.Elem, what string, n int) *cib.Problem {
	have := 0
	for _, s := range sets {
		have += len(s.Kids())
	}
	if have >= n {
		return nil
	}
	t, _ := p.peek()
	return p.problem(t, fmt.Sprintf("%s names %d of at least %d resources", what, have, n), "")
}

// order reads ID [KIND:|SCORE:] FIRST THEN | SETS [symmetrical=BOOL].
func (p *parser) order() (*Statement, *cib.Problem) {
	id, err := p.id("constraint name")
	if err != nil {
		return nil, err
	}
	e := cib.New("rsc_order", attr("id", id))
	if kind, err := p.orderKind(id); err != nil {
		return nil, err
	} else if kind != "" {
		e = e.With("kind", kind)
	}
	sets, err := p.sets("action", "")
	if err != nil {
		return nil, err
	}
	for {
		at, _ := p.peek()
		name, value, ok := p.option("symmetrical", "kind", "score")
		if !ok {
			break
		}
		if name == "symmetrical" {
			if _, err := cib.ParseBool(value); err != nil {
				return nil, p.problem(at, "order "+id+": symmetrical "+err.Error(), "")
			}
		}
		e = e.With(name, value)
	}
	if members, ok := plainSet(sets, "action"); ok && bare(p.toks) {
		e = e.With("first", members[0].id)
		if members[0].word != "" {
			e = e.With("first-action", members[0].word)
		}
		e = e.With("then", members[1].id)
		if members[1].word != "" {
			e = e.With("then-action", members[1].word)
		}
		return &Statement{ID: id, Elem: e}, nil
	}
	if err := p.enough(sets, "order "+id, 2); err != nil {
		return nil, err
	}
	return &Statement{ID: id, Elem: e.WithKids(sets)}, nil
}

// orderKind reads Mandatory:, Optional:, Serialize: or a score, which means one of the first two.
func (p *parser) orderKind(id string) (string, *cib.Problem) {
	t, more := p.peek()
	word, is := strings.CutSuffix(t.text, ":")
	if !more || !is {
		return "", nil
	}
	p.at++
	for _, k := range []string{"Mandatory", "Optional", "Serialize"} {
		if strings.EqualFold(word, k) {
			return k, nil
		}
	}
	score, ok := scoreWord(word)
	if !ok {
		remedy := "write Mandatory, Optional or Serialize"
		if near := cib.Nearest(word, []string{"Mandatory", "Optional", "Serialize"}); near != "" {
			remedy = "did you mean " + near + "?"
		}
		return "", p.problem(t, fmt.Sprintf("order %s: unknown kind %q", id, word), remedy)
	}
	if score == "0" {
		return "Optional", nil
	}
	return "Mandatory", nil
}

// ticket reads ID TICKET: RSC[:ROLE]… [loss-policy=ACTION].
func (p *parser) ticket() (*Statement, *cib.Problem) {
	id, err := p.id("constraint name")
	if err != nil {
		return nil, err
	}
	t, more := p.peek()
	name, ok := strings.CutSuffix(t.text, ":")
	if !more || !ok || name == "" {
		return nil, p.unexpected(t, "TICKET:")
	}
	p.at++
	e := cib.New("rsc_ticket", attr("id", id), attr("ticket", name))
	sets, err := p.sets("role", "")
	if err != nil {
		return nil, err
	}
	at, _ := p.peek()
	if _, policy, ok := p.option("loss-policy"); ok {
		if !slices.Contains([]string{"stop", "demote", "fence", "freeze"}, policy) {
			return nil, p.problem(at, fmt.Sprintf("rsc_ticket %s: unknown loss-policy %q", id, policy), "write stop, demote, fence or freeze")
		}
		e = e.With("loss-policy", policy)
	}
	if err := p.enough(sets, "rsc_ticket "+id, 1); err != nil {
		return nil, err
	}
	if len(sets) == 1 && len(sets[0].Kids()) == 1 && bare(p.toks) {
		e = e.With("rsc", sets[0].Kids()[0].ID())
		if role := sets[0].Get("role"); role != "" {
			e = e.With("rsc-role", role)
		}
		return &Statement{ID: id, Elem: e}, nil
	}
	return &Statement{ID: id, Elem: e.WithKids(sets)}, nil
}
