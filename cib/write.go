package cib

// AppendXML appends the element as XML. With indent, each element stands on a
// line of its own, two spaces deeper than its parent, as libxml2 writes it;
// without, there is no white space between elements.
func (e *Elem) AppendXML(dst []byte, indent bool) []byte {
	if e == nil {
		return dst
	}
	d := -1
	if indent {
		d = 0
	}
	return e.append(dst, d)
}

// String is the element as indented XML.
func (e *Elem) String() string { return string(e.AppendXML(nil, true)) }

func (e *Elem) append(dst []byte, depth int) []byte {
	dst = pad(dst, depth)
	if e.name == CommentName {
		dst = append(append(append(dst, "<!--"...), e.text...), "-->"...)
		return newline(dst, depth)
	}
	dst = append(append(dst, '<'), e.name...)
	for _, a := range e.attrs {
		dst = append(append(append(dst, ' '), a.Name...), `="`...)
		dst = append(escape(dst, a.Value), '"')
	}
	if len(e.kids) == 0 && e.text == "" {
		return newline(append(dst, "/>"...), depth)
	}
	dst = append(dst, '>')
	dst = escape(dst, e.text)
	if len(e.kids) > 0 {
		dst = newline(dst, depth)
		deeper := depth
		if depth >= 0 {
			deeper++
		}
		for _, k := range e.kids {
			dst = k.append(dst, deeper)
		}
		dst = pad(dst, depth)
	}
	dst = append(append(append(dst, "</"...), e.name...), '>')
	return newline(dst, depth)
}

func pad(dst []byte, depth int) []byte {
	for ; depth > 0; depth-- {
		dst = append(dst, "  "...)
	}
	return dst
}

func newline(dst []byte, depth int) []byte {
	if depth < 0 {
		return dst
	}
	return append(dst, '\n')
}

func escape(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		case '\n':
			dst = append(dst, "&#10;"...)
		case '\t':
			dst = append(dst, "&#9;"...)
		case '\r':
			dst = append(dst, "&#13;"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
