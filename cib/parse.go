package cib

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// SyntaxError tells where a document is not well-formed XML.
type SyntaxError struct {
	Line int // from 1
	Msg  string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Parse reads one XML document and returns its root element.
// White space between elements is dropped, comments are kept.
func Parse(doc []byte) (*Elem, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.Strict = true
	var root *Elem
	var open []*Elem
	for {
		tok, err := d.RawToken()
		line, _ := d.InputPos()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, syntax(line, err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			e := start(t, line)
			if len(open) == 0 {
				if root != nil {
					return nil, &SyntaxError{line, "a second root element <" + e.name + ">"}
				}
				root = e
			} else {
				top := open[len(open)-1]
				top.kids = append(top.kids, e)
			}
			open = append(open, e)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1].name != qname(t.Name) {
				return nil, &SyntaxError{line, "</" + qname(t.Name) + "> closes an element that is not open"}
			}
			open[len(open)-1].seal()
			open = open[:len(open)-1]
		case xml.Comment:
			if len(open) > 0 {
				top := open[len(open)-1]
				top.kids = append(top.kids, (&Elem{name: CommentName, text: string(t), line: int32(line)}).seal())
			}
		case xml.CharData:
			if s := strings.TrimSpace(string(t)); s != "" {
				if len(open) == 0 {
					return nil, &SyntaxError{line, "text outside of the document"}
				}
				open[len(open)-1].text += s
			}
		}
	}
	if len(open) > 0 {
		return nil, &SyntaxError{open[len(open)-1].Line(), "<" + open[len(open)-1].name + "> is never closed"}
	}
	if root == nil {
		return nil, &SyntaxError{1, "no element in the document"}
	}
	return root, nil
}

func start(t xml.StartElement, line int) *Elem {
	e := &Elem{name: qname(t.Name), line: int32(line)}
	if len(t.Attr) > 0 {
		e.attrs = make([]Attr, len(t.Attr))
		for i, a := range t.Attr {
			e.attrs[i] = Attr{qname(a.Name), a.Value}
		}
	}
	return e
}

func qname(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func syntax(line int, err error) error {
	var se *xml.SyntaxError
	if errors.As(err, &se) {
		return &SyntaxError{se.Line, se.Msg}
	}
	return &SyntaxError{line, err.Error()}
}
