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
		dst = append(AppendEscaped(dst, a.Value), '"')
	}
	if len(e.kids) == 0 && e.text == "" {
		return newline(append(dst, "/>"...), depth)
	}
	dst = append(dst, '>')
	dst = AppendEscaped(dst, e.text)
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

// AppendEscaped appends a string as it stands in an attribute's value or in
// character data.
func AppendEscaped(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		if class[s[i]]&cEscape == 0 {
			continue
		}
		dst = append(append(dst, s[from:i]...), reserved(s[i])...)
		from = i + 1
	}
	return append(dst, s[from:]...)
}

// reserved is the reference that stands for a byte that cannot stand for itself.
func reserved(c byte) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	case '\n':
		return "&#10;"
	case '\t':
		return "&#9;"
	}
	return "&#13;"
}
