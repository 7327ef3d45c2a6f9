package graph

import (
	"bytes"
	"io"
	"strconv"

	"mainstay/cib"
)

// XML is the graph as a <transition_graph> document; see WriteXML.
func (g *Graph) XML() []byte {
	var b bytes.Buffer
	_ = g.WriteXML(&b) // a buffer takes everything
	return b.Bytes()
}

// WriteXML writes the graph as a <transition_graph> document, action for action
// as Pacemaker does. Reasons are not part of it. The document is never held as a
// whole: a graph of a large cluster has some ten times the text of its CIB. The
// error is that of the writer.
func (g *Graph) WriteXML(w io.Writer) error {
	x := &writer{out: w, buf: make([]byte, 0, pieces+pieces/4), at: make(map[int]*Action, len(g.Actions))}
	for _, a := range g.Actions {
		x.at[a.ID] = a
	}
	x.open(0, "transition_graph")
	for _, a := range g.attributes() {
		x.attr(a.Name, a.Value)
	}
	if len(g.Actions) == 0 {
		x.end("/>\n")
		return x.flush()
	}
	x.end(">\n")
	for i, a := range g.Actions {
		if x.synapse(i, a); len(x.buf) >= pieces {
			if err := x.flush(); err != nil {
				return err
			}
		}
	}
	x.close(0, "transition_graph")
	return x.flush()
}

// pieces is how many bytes are handed to the writer at once, about.
const pieces = 32 << 10

// writer appends XML as libxml2 indents it.
type writer struct {
	out io.Writer
	buf []byte
	at  map[int]*Action // by id
}

func (x *writer) flush() error {
	_, err := x.out.Write(x.buf)
	x.buf = x.buf[:0]
	return err
}

// indents are the blanks before an element, two for each level.
const indents = "            "

// open begins an element's tag.
func (x *writer) open(depth int, name string) {
	x.buf = append(append(append(x.buf, indents[:2*depth]...), '<'), name...)
}

// end ends a tag that was begun.
func (x *writer) end(how string) { x.buf = append(x.buf, how...) }

// close closes an element that has children.
func (x *writer) close(depth int, name string) {
	x.buf = append(append(append(append(x.buf, indents[:2*depth]...), "</"...), name...), ">\n"...)
}

func (x *writer) attr(name, value string) {
	x.buf = append(append(append(x.buf, ' '), name...), `="`...)
	x.buf = append(cib.AppendEscaped(x.buf, value), '"')
}

// given writes an attribute that is left out when it has no value.
func (x *writer) given(name, value string) {
	if value != "" {
		x.attr(name, value)
	}
}

func (x *writer) number(name string, value int) {
	x.buf = append(append(append(x.buf, ' '), name...), `="`...)
	x.buf = append(strconv.AppendInt(x.buf, int64(value), 10), '"')
}

// attributes are the graph's own; its number stands behind batch-limit.
func (g *Graph) attributes() []cib.Attr {
	out := make([]cib.Attr, 0, len(g.Attrs)+1)
	id := cib.Attr{Name: "transition_id", Value: strconv.Itoa(g.ID)}
	placed := false
	for _, a := range g.Attrs {
		out = append(out, a)
		if a.Name == "batch-limit" {
			out = append(out, id)
			placed = true
		}
	}
	if !placed {
		out = append(out, id)
	}
	return out
}

// synapse writes an action with what it waits for.
func (x *writer) synapse(number int, a *Action) {
	x.open(1, "synapse")
	x.number("id", number)
	if a.Priority != 0 {
		x.number("priority", a.Priority)
	}
	x.end(">\n    <action_set>\n")
	x.body(a)
	x.end("    </action_set>\n")
	waits := false
	for _, id := range a.Inputs {
		if in := x.at[id]; in != nil {
			if !waits {
				x.end("    <inputs>\n")
				waits = true
			}
			x.end("      <trigger>\n")
			x.head(4, in)
			x.end("/>\n      </trigger>\n")
		}
	}
	if waits {
		x.end("    </inputs>\n")
	} else {
		x.end("    <inputs/>\n")
	}
	x.close(1, "synapse")
}

// element is the name of the element that stands for an action.
func (k Kind) element() string { return [...]string{"pseudo_event", "rsc_op", "crm_event"}[k] }

// head begins an action's element, as triggers name it.
func (x *writer) head(depth int, a *Action) {
	x.open(depth, a.Kind.element())
	x.number("id", a.ID)
	x.attr("operation", a.Task)
	x.attr("operation_key", a.Key)
	x.given("internal_operation_key", a.Internal)
	x.given("on_node", a.Node)
	x.given("on_node_uuid", a.NodeID)
	x.given("router_node", a.Router)
}

// body writes an action's element with everything in it.
func (x *writer) body(a *Action) {
	x.head(3, a)
	x.given("shutdown-lock", a.Lock)
	if a.Rsc == nil && len(a.Attrs) == 0 && len(a.Downed) == 0 {
		x.end("/>\n")
		return
	}
	x.end(">\n")
	if r := a.Rsc; r != nil {
		x.open(4, "primitive")
		x.attr("id", r.ID)
		x.given("long-id", r.LongID)
		x.attr("class", r.Class)
		x.given("provider", r.Provider)
		x.attr("type", r.Type)
		x.end("/>\n")
	}
	if len(a.Attrs) > 0 {
		x.attributes(a.Attrs)
	}
	if len(a.Downed) > 0 {
		x.end("        <downed>\n")
		for _, id := range a.Downed {
			x.open(5, "node")
			x.attr("id", id)
			x.end("/>\n")
		}
		x.end("        </downed>\n")
	}
	x.close(3, a.Kind.element())
}

// attributes writes an action's attributes. Parameters whose names begin with
// a digit, which no name in XML may, stand in elements of their own.
func (x *writer) attributes(list []cib.Attr) {
	params := 0
	x.open(4, "attributes")
	for _, a := range list {
		if startsWithDigit(a.Name) {
			params++
		} else {
			x.attr(a.Name, a.Value)
		}
	}
	if params == 0 {
		x.end("/>\n")
		return
	}
	x.end(">\n")
	for _, a := range list {
		if startsWithDigit(a.Name) {
			x.open(5, "param")
			x.attr("name", a.Name)
			x.attr("value", a.Value)
			x.end("/>\n")
		}
	}
	x.close(4, "attributes")
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }
