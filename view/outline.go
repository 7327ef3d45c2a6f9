package view

import "strings"

// outline writes nested bullet lists as crm_mon does: a list at the top has a
// plain title, a list inside of a list is itself a bullet, and every level is
// two columns further right.
type outline struct {
	b     strings.Builder
	depth int
	page  *htmlPage // where it goes instead, if it is to become a page
}

// open begins a list with a title.
func (o *outline) open(title string) {
	if o.page != nil {
		o.page.open(title)
		return
	}
	if o.depth == 0 {
		o.b.WriteString(title + ":\n")
	} else {
		o.item(title + ":")
	}
	o.depth++
}

// close ends the innermost list.
func (o *outline) close() {
	if o.page != nil {
		o.page.close()
		return
	}
	o.depth--
}

// classed is item; on a page the text is of a class.
func (o *outline) classed(class, text string) {
	if o.page != nil {
		o.page.add(newTag("li", span(class, text)))
		return
	}
	o.item(text)
}

// entry is item, with other words on a page.
func (o *outline) entry(text string, onPage ...*tag) {
	if o.page != nil {
		o.page.add(newTag("li", onPage...))
		return
	}
	o.item(text)
}

// openNode begins a list about a node.
func (o *outline) openNode(name string) {
	if o.page != nil {
		o.open(name + ":")
		return
	}
	o.open("Node: " + name)
}

// item writes one bullet.
func (o *outline) item(text string) {
	if o.page != nil {
		o.page.add(words("li", text))
		return
	}
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
