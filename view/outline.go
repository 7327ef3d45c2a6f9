package view

import "strings"

// outline writes nested bullet lists as crm_mon does: a list at the top has a
// plain title, a list inside of a list is itself a bullet, and every level is
// two columns further right.
type outline struct {
	b     strings.Builder
	depth int
}

// open begins a list with a title.
func (o *outline) open(title string) {
	if o.depth == 0 {
		o.b.WriteString(title + ":\n")
	} else {
		o.item(title + ":")
	}
	o.depth++
}

// close ends the innermost list.
func (o *outline) close() { o.depth-- }

// item writes one bullet.
func (o *outline) item(text string) {
	for range o.depth {
		o.b.WriteString("  ")
	}
	o.b.WriteString("* " + text + "\n")
}

// gap writes an empty line between blocks, but none before the first.
func (o *outline) gap() {
	if o.b.Len() > 0 {
		o.b.WriteByte('\n')
	}
}

// String is what was written.
func (o *outline) String() string { return o.b.String() }

// names writes "[ a b ]".
func names(list []string) string { return "[ " + strings.Join(list, " ") + " ]" }
