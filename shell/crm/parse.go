// Package crm speaks the crm configuration language: the text that crmsh's
// users write, and the CIB that it means. Parse reads a text, Compile turns its
// statements into edits of a CIB, Format writes a CIB as text. All three are
// pure. The language is crmsh 4.4's; where it has an old and a new word for a
// thing, both are read and the new one is written.
package crm

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"mainstay/cib"
)

// Statement is one statement of a configuration text.
type Statement struct {
	Line     int       // of its first word
	Kind     string    // the keyword, in its present form: primitive, clone, location, property, …
	ID       string    // of the object that it defines, "" where the keyword alone says it
	Elem     *cib.Elem // what it means; elements without an id get theirs from Compile
	Children []string  // ids of the resources that a group, clone or bundle contains, in order
	Comments []string  // the comment lines before it, each beginning with #

	childLine map[string]int
	monitor   *cib.Elem // the operation that a monitor statement adds
	nodeID    string    // $id or "N:" of a node statement
	removes   []string  // what a delete statement removes
}

func itoa(n int) string { return strconv.Itoa(n) }

// kinds maps each keyword to its present form.
var kinds = map[string]string{
	"node": "node", "primitive": "primitive", "rsc_template": "rsc_template", "group": "group", "clone": "clone",
	"ms": "ms", "master": "ms", "bundle": "bundle", "location": "location", "colocation": "colocation", "collocation": "colocation",
	"order": "order", "rsc_ticket": "rsc_ticket", "property": "property", "rsc_defaults": "rsc_defaults", "op_defaults": "op_defaults",
	"fencing_topology": "fencing_topology", "fencing-topology": "fencing_topology", "role": "role", "user": "user",
	"acl_target": "acl_target", "acl_group": "acl_group", "tag": "tag", "alert": "alert", "monitor": "monitor", "xml": "xml",
	"delete": "delete",
	"commit": "", "exit": "", "quit": "", "end": "", "bye": "", "verify": "", "configure": "",
}

// Parse reads a configuration text. It goes on after an error, so that all
// errors of a text are found at once; the statements returned are those without
// one. The text must not be used if a problem is an Error.
func Parse(text string) ([]Statement, []cib.Problem) {
	lines, problems := lex(text)
	var out []Statement
	for _, l := range lines {
		p := &parser{toks: l.toks, line: l.line, raw: l.raw}
		st, err := p.statement()
		if err != nil {
			problems = append(problems, *err)
			continue
		}
		problems = append(problems, p.notes...)
		if st == nil {
			continue
		}
		st.Line, st.Comments = l.line, l.comments
		out = append(out, *st)
	}
	slices.SortStableFunc(problems, func(a, b cib.Problem) int { return a.Line - b.Line })
	return out, problems
}

// parser reads one statement.
type parser struct {
	toks  []token
	at    int
	line  int
	raw   string
	notes []cib.Problem
}

type parseFunc func(p *parser) (*Statement, *cib.Problem)

func (p *parser) statement() (*Statement, *cib.Problem) {
	word := p.toks[0]
	kind, known := kinds[word.text]
	if !known {
		remedy := "a statement begins with one of " + strings.Join(keywords(), " ")
		if near := cib.Nearest(word.text, keywords()); near != "" {
			remedy = "did you mean " + near + "?"
		}
		return nil, p.problem(word, fmt.Sprintf("unknown statement %q", word.text), remedy)
	}
	p.at = 1
	if kind == "" {
		return nil, nil
	}
	readers := map[string]parseFunc{
		"node": (*parser).node, "primitive": (*parser).primitive, "rsc_template": (*parser).template,
		"group": (*parser).group, "clone": (*parser).clone, "ms": (*parser).clone, "bundle": (*parser).bundle,
		"location": (*parser).location, "colocation": (*parser).colocation, "order": (*parser).order, "rsc_ticket": (*parser).ticket,
		"property": (*parser).property, "rsc_defaults": (*parser).defaults, "op_defaults": (*parser).defaults,
		"fencing_topology": (*parser).topology, "role": (*parser).role, "user": (*parser).user,
		"acl_target": (*parser).target, "acl_group": (*parser).target, "tag": (*parser).tag, "alert": (*parser).alert,
		"monitor": (*parser).monitor, "xml": (*parser).xml, "delete": (*parser).delete,
	}
	st, err := readers[kind](p)
	if err != nil {
		return nil, err
	}
	if t, more := p.peek(); more {
		return nil, p.unexpected(t, "the end of the statement")
	}
	if st.Kind == "" {
		st.Kind = kind
	}
	return st, nil
}

// keywords lists the statements in a fixed order.
func keywords() []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		if kinds[k] != "" {
			out = append(out, k)
		}
	}
	return out
}

func (p *parser) peek() (token, bool) {
	if p.at < len(p.toks) {
		return p.toks[p.at], true
	}
	return token{line: p.lastLine()}, false
}

func (p *parser) lastLine() int { return p.toks[len(p.toks)-1].line }

// is tells whether the next word is w, not quoted.
func (p *parser) is(w string) bool {
	t, ok := p.peek()
	return ok && !t.quoted && t.text == w
}

// take consumes the next word if it is w.
func (p *parser) take(w string) bool {
	if p.is(w) {
		p.at++
		return true
	}
	return false
}

func (p *parser) problem(t token, msg, remedy string) *cib.Problem {
	return &cib.Problem{Line: t.line, Severity: cib.Error, Msg: msg, Remedy: remedy}
}

// unexpected says what was found where something else was expected.
func (p *parser) unexpected(t token, expected string) *cib.Problem {
	if t.text == "" && !t.quoted {
		return p.problem(t, p.toks[0].text+": the statement ends where "+expected+" is expected", "")
	}
	remedy := ""
	if near := cib.Nearest(t.text, slices.Sorted(maps.Keys(clauseWords))); near != "" && !strings.Contains(t.text, "=") {
		remedy = "did you mean " + near + "?"
	}
	return p.problem(t, fmt.Sprintf("%s: found %q where %s is expected", p.toks[0].text, t.text, expected), remedy)
}

// id reads an identifier.
func (p *parser) id(what string) (string, *cib.Problem) {
	t, ok := p.peek()
	if !ok {
		return "", p.unexpected(t, what)
	}
	if !validID(t.text) {
		return "", p.problem(t, fmt.Sprintf("%s: %q is not a valid %s", p.toks[0].text, t.text, what),
			"an identifier begins with a letter or _ and has only letters, digits, - _ and .")
	}
	p.at++
	return t.text, nil
}

// validID follows XML's rule for names, without colons.
func validID(s string) bool {
	for i, r := range s {
		ok := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x80
		if i > 0 {
			ok = ok || r == '-' || r == '.' || r >= '0' && r <= '9'
		}
		if !ok {
			return false
		}
	}
	return s != ""
}

// pair splits name=value; ok is false if the word is not of that form.
func pair(t token) (name, value string, ok bool) {
	name, value, ok = strings.Cut(t.text, "=")
	return name, value, ok && name != ""
}

// option consumes NAME=value for one of the given names.
func (p *parser) option(names ...string) (name, value string, ok bool) {
	t, more := p.peek()
	if !more {
		return "", "", false
	}
	name, value, ok = pair(t)
	if !ok || !slices.Contains(names, name) {
		return "", "", false
	}
	p.at++
	return name, value, true
}

// dollar consumes $NAME=value, or NAME=value for $id and $id-ref.
func (p *parser) dollar(name string) (string, bool) {
	if _, v, ok := p.option("$" + name); ok {
		return v, true
	}
	return "", false
}

func attr(name, value string) cib.Attr { return cib.Attr{Name: name, Value: value} }

// score reads SCORE: and leaves its attribute; without one nothing is consumed.
// A word that is not a number names a node attribute, which only rules allow.
func (p *parser) score() (cib.Attr, bool, *cib.Problem) {
	t, ok := p.peek()
	word, isScore := strings.CutSuffix(t.text, ":")
	if !ok || !isScore || t.quoted && strings.ContainsAny(word, " ") || word == "" {
		return cib.Attr{}, false, nil
	}
	p.at++
	if s, ok := scoreWord(word); ok {
		return attr("score", s), true, nil
	}
	if !validID(strings.TrimPrefix(word, "#")) {
		return cib.Attr{}, false, p.problem(t, fmt.Sprintf("%s: %q is not a score", p.toks[0].text, word), "write a number, inf or -inf")
	}
	return attr("score-attribute", word), true, nil
}

// scoreWord is a score as the CIB writes it.
func scoreWord(w string) (string, bool) {
	switch strings.ToLower(w) {
	case "inf", "+inf", "infinity", "+infinity", "mandatory":
		return "INFINITY", true
	case "-inf", "-infinity":
		return "-INFINITY", true
	case "advisory":
		return "0", true
	}
	if _, err := strconv.Atoi(w); err != nil {
		return "", false
	}
	return w, true
}

// roleWord is a role in the present vocabulary.
func roleWord(role string) string {
	switch strings.ToLower(role) {
	case "master", "promoted":
		return "Promoted"
	case "slave", "unpromoted":
		return "Unpromoted"
	case "started":
		return "Started"
	case "stopped":
		return "Stopped"
	}
	return role
}

func knownRole(role string) bool {
	return slices.Contains([]string{"Promoted", "Unpromoted", "Started", "Stopped"}, roleWord(role))
}
