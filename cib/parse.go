package cib

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError tells where a document is not well-formed XML.
type SyntaxError struct {
	Line int // from 1
	Msg  string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// maxDepth bounds the nesting of elements, as libxml2 does.
const maxDepth = 256

// Parse reads one XML document and returns its root element.
//
// It takes what cluster documents are made of: elements, attributes, character
// data, CDATA, comments, processing instructions (dropped), a document type
// (skipped, never fetched), the five named entities and character references,
// in UTF-8. White space between elements is dropped, comments are kept. Line
// breaks and tabs in attribute values become spaces, as XML demands. The error
// is a *SyntaxError.
func Parse(doc []byte) (*Elem, error) { return ParseString(string(doc)) }

// ParseString is Parse for a document that is a string already: the elements'
// names and values are parts of it, nothing is copied.
func ParseString(doc string) (*Elem, error) { return parse(doc, false) }

// ParseDraft is ParseString for a document that is read, used and forgotten: its
// elements are drafts (see Draft), which takes a third less time.
func ParseDraft(doc string) (*Elem, error) { return parse(doc, true) }

func parse(doc string, draft bool) (*Elem, error) {
	p := parser{src: strings.TrimPrefix(doc, "\ufeff"), line: 1, draft: draft}
	if !utf8.ValidString(p.src) {
		return nil, p.badUTF8()
	}
	p.expected = strings.Count(p.src, "<") - strings.Count(p.src, "</")
	if err := p.document(); err != nil {
		return nil, err
	}
	return p.root, nil
}

type parser struct {
	src     string
	draft   bool // what elements are to be
	at      int  // next byte to read
	counted int  // line is the line of this byte
	line    int
	root    *Elem
	open    []frame
	kids    []*Elem // finished children of all open elements, outermost first
	attrs   []Attr  // scratch

	// Elements, attributes and lists of children are cut from pieces; these are
	// what is left of the latest. Those of one piece stand near each other in the
	// document and mostly live as long as each other.
	expected  int // how many more elements there may be
	elemPiece []Elem
	attrPiece []Attr
	kidPiece  []*Elem
}

// Sizes of the pieces: 8 KiB with the eight bytes that the allocator adds, so
// small that an element which outlives the others of its document holds little
// beside the text.
const (
	elemsAtOnce = 78
	attrsAtOnce = 255
	kidsAtOnce  = 1023
)

// cut takes the next n of what is left of a piece; a new one has room for size.
// What is long is a piece by itself.
func cut[T any](piece *[]T, n, size int) []T {
	if n > len(*piece) {
		if n > size/4 {
			return make([]T, n)
		}
		*piece = make([]T, size)
	}
	out := (*piece)[:n:n]
	*piece = (*piece)[n:]
	return out
}

// newElem makes an element that begins at a byte.
func (p *parser) newElem(name string, at int) *Elem {
	e := &cut(&p.elemPiece, 1, min(p.expected, elemsAtOnce))[0]
	p.expected--
	e.name, e.line, e.draft = name, int32(p.lineAt(at)), p.draft
	return e
}

// keepAttrs gives an element the attributes that were read.
func (p *parser) keepAttrs(e *Elem) {
	if n := len(p.attrs); n > 0 {
		// A document of a few elements is no reason for a large piece.
		e.attrs = cut(&p.attrPiece, n, min(n*(p.expected+1), attrsAtOnce))
		copy(e.attrs, p.attrs)
	}
}

// frame is an open element.
type frame struct {
	e    *Elem
	kids int      // where its children begin in parser.kids
	text []string // runs of character data so far, trimmed
}

// lineAt counts lines up to a byte; bytes must come in rising order.
func (p *parser) lineAt(at int) int {
	if at > p.counted {
		p.line += strings.Count(p.src[p.counted:at], "\n")
		p.counted = at
	}
	return p.line
}

func (p *parser) fail(at int, format string, args ...any) error {
	line := 1 + strings.Count(p.src[:min(at, len(p.src))], "\n")
	return &SyntaxError{line, fmt.Sprintf(format, args...)}
}

func (p *parser) badUTF8() error {
	for i, r := range p.src {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(p.src[i:]); n == 1 {
				return p.fail(i, "byte 0x%02x is not UTF-8; convert the document to UTF-8", p.src[i])
			}
		}
	}
	return p.fail(0, "not UTF-8")
}

// document reads everything, one piece of markup or text after another.
func (p *parser) document() error {
	for p.at < len(p.src) {
		next := strings.IndexByte(p.src[p.at:], '<')
		if next < 0 {
			next = len(p.src) - p.at
		}
		if next > 0 {
			if err := p.text(p.at, p.at+next); err != nil {
				return err
			}
			p.at += next
			continue
		}
		if err := p.markup(); err != nil {
			return err
		}
	}
	if n := len(p.open); n > 0 {
		e := p.open[n-1].e
		return &SyntaxError{e.Line(), "<" + e.name + "> is never closed"}
	}
	if p.root == nil {
		return p.fail(0, "there is no element in the document")
	}
	return nil
}

// markup reads what begins with < at p.at.
func (p *parser) markup() error {
	rest := p.src[p.at:]
	if len(rest) < 2 {
		return p.fail(p.at, "the document ends after <")
	}
	switch rest[1] {
	case '/':
		return p.endTag()
	case '?':
		return p.skip("?>", "processing instruction")
	case '!':
		switch {
		case strings.HasPrefix(rest, "<!--"):
			return p.comment()
		case strings.HasPrefix(rest, "<![CDATA["):
			return p.cdata()
		case strings.HasPrefix(rest, "<!DOCTYPE"):
			return p.doctype()
		}
		return p.fail(p.at, "expected a comment, CDATA or DOCTYPE after <!")
	}
	return p.startTag()
}

// skip passes over a processing instruction; the XML declaration must not claim another encoding.
func (p *parser) skip(end, what string) error {
	n := strings.Index(p.src[p.at+2:], end)
	if n < 0 {
		return p.fail(p.at, "the %s is never closed", what)
	}
	body := p.src[p.at+2 : p.at+2+n]
	if strings.HasPrefix(body, "xml ") {
		if _, enc, ok := strings.Cut(body, "encoding="); ok {
			enc = strings.ToLower(strings.Trim(strings.Fields(enc + " x")[0], `"'`))
			if enc != "utf-8" && enc != "us-ascii" && enc != "ascii" && enc != "utf8" {
				return p.fail(p.at, "encoding %q is not supported; convert the document to UTF-8", enc)
			}
		}
	}
	p.at += n + 2 + len(end)
	return nil
}

func (p *parser) comment() error {
	start := p.at + len("<!--")
	n := strings.Index(p.src[start:], "--")
	if n < 0 {
		return p.fail(p.at, "the comment is never closed")
	}
	if !strings.HasPrefix(p.src[start+n:], "-->") {
		return p.fail(start+n, "-- is not allowed within a comment")
	}
	body := p.src[start : start+n]
	if i := badChar(body); i >= 0 {
		return p.fail(start+i, "character 0x%02x is not allowed in XML", body[i])
	}
	if len(p.open) > 0 {
		c := p.newElem(CommentName, p.at)
		c.text = newlines(body)
		p.kids = append(p.kids, c.seal())
	}
	p.at = start + n + len("-->")
	return nil
}

func (p *parser) cdata() error {
	start := p.at + len("<![CDATA[")
	n := strings.Index(p.src[start:], "]]>")
	if n < 0 {
		return p.fail(p.at, "the CDATA section is never closed")
	}
	body := p.src[start : start+n]
	if i := badChar(body); i >= 0 {
		return p.fail(start+i, "character 0x%02x is not allowed in XML", body[i])
	}
	if err := p.addText(p.at, newlines(body)); err != nil {
		return err
	}
	p.at = start + n + len("]]>")
	return nil
}

// doctype passes over a document type with its internal subset; nothing in it is obeyed.
func (p *parser) doctype() error {
	if p.root != nil || len(p.open) > 0 {
		return p.fail(p.at, "DOCTYPE must come before the first element")
	}
	depth, quote := 0, byte(0)
	for i := p.at; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<' || c == '[':
			depth++
		case c == ']':
			depth--
		case c == '>':
			if depth--; depth == 0 {
				p.at = i + 1
				return nil
			}
		}
	}
	return p.fail(p.at, "DOCTYPE is never closed")
}

// text reads character data between two pieces of markup.
func (p *parser) text(from, to int) error {
	run := p.src[from:to]
	i := 0
	for i < len(run) && isSpace(run[i]) {
		i++
	}
	if i == len(run) {
		return nil
	}
	if j := badChar(run); j >= 0 {
		return p.fail(from+j, "character 0x%02x is not allowed in XML", run[j])
	}
	if j := strings.Index(run, "]]>"); j >= 0 {
		return p.fail(from+j, "]]> is not allowed in text; write ]]&gt;")
	}
	s, bad, msg := unescape(newlines(run))
	if msg != "" {
		return p.fail(from+bad, "%s", msg)
	}
	return p.addText(from+i, s)
}

func (p *parser) addText(at int, s string) error {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil
	}
	if len(p.open) == 0 {
		return p.fail(at, "text outside of the document")
	}
	top := &p.open[len(p.open)-1]
	top.text = append(top.text, s)
	return nil
}

func (p *parser) endTag() error {
	start := p.at + 2
	i := start
	for i < len(p.src) && class[p.src[i]]&cName != 0 {
		i++
	}
	name := p.src[start:i]
	for i < len(p.src) && isSpace(p.src[i]) {
		i++
	}
	if i >= len(p.src) || p.src[i] != '>' {
		return p.fail(p.at, "</%s is not closed by >", name)
	}
	n := len(p.open) - 1
	if n < 0 {
		return p.fail(p.at, "</%s> closes an element that is not open", name)
	}
	if e := p.open[n].e; e.name != name {
		return p.fail(p.at, "</%s> found where </%s> was expected: <%s> was opened on line %d", name, e.name, e.name, e.Line())
	}
	p.at = i + 1
	p.finish()
	return nil
}

// finish closes the innermost open element.
func (p *parser) finish() {
	n := len(p.open) - 1
	f := p.open[n]
	p.open = p.open[:n]
	if own := p.kids[f.kids:]; len(own) > 0 {
		f.e.kids = cut(&p.kidPiece, len(own), min(len(own)+p.expected, kidsAtOnce))
		copy(f.e.kids, own)
		p.kids = p.kids[:f.kids]
	}
	if len(f.text) > 0 {
		f.e.text = strings.Join(f.text, "")
	}
	p.add(f.e)
}

// add hands a finished element to its parent.
func (p *parser) add(e *Elem) {
	e.seal()
	if len(p.open) == 0 {
		p.root = e
		return
	}
	p.kids = append(p.kids, e)
}
