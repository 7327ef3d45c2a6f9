package view

import (
	"strings"

	"mainstay/cib"
	"mainstay/status"
)

// XMLResource is one resource as crm_mon --output-as=xml writes it.
func XMLResource(f *Frame, r *status.Resource) *cib.Elem {
	return newScreen(f, Options{Inactive: true}).xmlResource(r)
}

// ResourceLines describes one resource without titles and bullets: a line for an
// instance, several for a collection.
func ResourceLines(f *Frame, r *status.Resource) string {
	s := newScreen(f, Options{Inactive: true})
	s.resource(r)
	var b strings.Builder
	for line := range strings.Lines(s.out.String()) {
		if text, ok := strings.CutPrefix(strings.TrimLeft(line, " "), "* "); ok {
			b.WriteString(text)
		}
	}
	return b.String()
}

// ResourceWords describes an instance without the node that it is on.
func ResourceWords(f *Frame, r *status.Resource) string {
	s := newScreen(f, Options{Inactive: true, NoPlaces: true})
	return s.line(r, s.called(r), spot(r), false)
}
