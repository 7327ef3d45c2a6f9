package cib

import (
	"strconv"
	"strings"
)

// Classes of bytes.
const (
	cName   = 1 << iota // may stand in a name
	cStart              // may begin a name
	cPlain              // stands for itself in an attribute value
	cEscape             // is written as a reference
)

// class is the table that the parser scans by.
var class = makeClass()

func makeClass() (t [256]uint8) {
	for c := range 256 {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == ':', c >= 0x80:
			t[c] = cName | cStart
		case c >= '0' && c <= '9', c == '-', c == '.':
			t[c] = cName
		}
		if c >= 0x20 && c != '"' && c != '\'' && c != '&' && c != '<' && c != 0xEF {
			t[c] |= cPlain
		}
		switch c {
		case '&', '<', '>', '"', '\n', '\t', '\r':
			t[c] |= cEscape
		}
	}
	return t
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// startTag reads <name a="v" …> or <name …/>.
func (p *parser) startTag() error {
	src, i := p.src, p.at+1
	start := i
	if class[src[i]]&cStart == 0 {
		return p.fail(i, "expected a name after <, found %q", firstRune(src[i:]))
	}
	for i < len(src) && class[src[i]]&cName != 0 {
		i++
	}
	if len(p.open) == 0 && p.root != nil {
		return p.fail(p.at, "a second root element <%s>", src[start:i])
	}
	if len(p.open) >= maxDepth {
		return p.fail(p.at, "elements are nested more than %d deep", maxDepth)
	}
	e := p.newElem(src[start:i], p.at)
	i, err := p.attributes(e, i)
	if err != nil {
		return err
	}
	if src[i] == '>' {
		p.at = i + 1
		p.open = append(p.open, frame{e: e, kids: len(p.kids)})
		return nil
	}
	if i+1 >= len(src) || src[i+1] != '>' {
		return p.fail(i, "expected /> at the end of <%s>", e.name)
	}
	p.at = i + 2
	p.add(e)
	return nil
}

// attributes reads up to the > or / that ends the tag and returns its offset.
func (p *parser) attributes(e *Elem, i int) (int, error) {
	src := p.src
	p.attrs = p.attrs[:0]
	for {
		blank := i
		for i < len(src) && isSpace(src[i]) {
			i++
		}
		if i >= len(src) {
			return i, p.fail(p.at, "the document ends within <%s>", e.name)
		}
		if src[i] == '>' || src[i] == '/' {
			break
		}
		if class[src[i]]&cStart == 0 {
			return i, p.fail(i, "expected an attribute or > in <%s>, found %q", e.name, firstRune(src[i:]))
		}
		if blank == i {
			return i, p.fail(i, "white space is missing before an attribute of <%s>", e.name)
		}
		var a Attr
		var err error
		if a, i, err = p.attribute(e, i); err != nil {
			return i, err
		}
		p.attrs = append(p.attrs, a)
	}
	p.keepAttrs(e)
	return i, nil
}

func (p *parser) attribute(e *Elem, i int) (Attr, int, error) {
	src, start := p.src, i
	for i < len(src) && class[src[i]]&cName != 0 {
		i++
	}
	name := src[start:i]
	for k := range p.attrs {
		if p.attrs[k].Name == name {
			return Attr{}, i, p.fail(start, "attribute %s of <%s> is given twice", name, e.name)
		}
	}
	for i < len(src) && isSpace(src[i]) {
		i++
	}
	if i >= len(src) || src[i] != '=' {
		return Attr{}, i, p.fail(start, "attribute %s of <%s> has no value: expected =", name, e.name)
	}
	for i++; i < len(src) && isSpace(src[i]); i++ {
	}
	if i >= len(src) || src[i] != '"' && src[i] != '\'' {
		return Attr{}, i, p.fail(start, "the value of attribute %s of <%s> is not quoted", name, e.name)
	}
	quote := src[i]
	i++
	from := i
	for i < len(src) && class[src[i]]&cPlain != 0 {
		i++
	}
	if i < len(src) && src[i] == quote {
		return Attr{name, src[from:i]}, i + 1, nil
	}
	return p.oddValue(e, name, from, quote)
}

// oddValue reads an attribute value in which some byte does not stand for itself.
func (p *parser) oddValue(e *Elem, name string, from int, quote byte) (Attr, int, error) {
	n := strings.IndexByte(p.src[from:], quote)
	if n < 0 {
		return Attr{}, from, p.fail(from, "the value of attribute %s of <%s> is never closed by %c", name, e.name, quote)
	}
	raw := p.src[from : from+n]
	if j := strings.IndexByte(raw, '<'); j >= 0 {
		return Attr{}, from, p.fail(from+j, "< in the value of attribute %s of <%s>; write &lt;, or is a quote missing?", name, e.name)
	}
	if j := badChar(raw); j >= 0 {
		return Attr{}, from, p.fail(from+j, "character 0x%02x is not allowed in XML", raw[j])
	}
	v, bad, msg := unescape(blanks(newlines(raw)))
	if msg != "" {
		return Attr{}, from, p.fail(from+bad, "%s", msg)
	}
	return Attr{name, v}, from + n + 1, nil
}

// badChar finds the first character that XML forbids, or -1.
func badChar(s string) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			return i
		}
		if c == 0xEF && (strings.HasPrefix(s[i:], "\uFFFE") || strings.HasPrefix(s[i:], "\uFFFF")) {
			return i
		}
	}
	return -1
}

// newlines turns CR LF and lone CR into LF.
func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// blanks turns line breaks and tabs into spaces, one for one.
func blanks(s string) string {
	if !strings.ContainsAny(s, "\n\t") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, s)
}

// unescape resolves references. On error it returns the offset and a message.
func unescape(s string) (out string, bad int, msg string) {
	amp := strings.IndexByte(s, '&')
	if amp < 0 {
		return s, 0, ""
	}
	var b strings.Builder
	b.Grow(len(s))
	for rest, off := s, 0; ; {
		amp := strings.IndexByte(rest, '&')
		if amp < 0 {
			b.WriteString(rest)
			return b.String(), 0, ""
		}
		b.WriteString(rest[:amp])
		semi := strings.IndexByte(rest[amp:], ';')
		if semi < 0 {
			return "", off + amp, "& that begins no reference; write &amp;"
		}
		ref := rest[amp+1 : amp+semi]
		r, ok := reference(ref)
		if !ok {
			if len(ref) > 12 || strings.ContainsAny(ref, " \n\"'<>=") {
				return "", off + amp, "& that begins no reference; write &amp;"
			}
			return "", off + amp, "unknown reference &" + ref + ";; write a & as &amp;"
		}
		b.WriteRune(r)
		off += amp + semi + 1
		rest = rest[amp+semi+1:]
	}
}

// reference resolves what stands between & and ;.
func reference(ref string) (rune, bool) {
	switch ref {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, isChar := strings.CutPrefix(ref, "#")
	if !isChar {
		return 0, false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, false
	}
	r := rune(n)
	ok := r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || n >= 0x10000 && n <= 0x10FFFF
	return r, ok && n <= 0x10FFFF
}

// firstRune is the first character of s, for messages.
func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
