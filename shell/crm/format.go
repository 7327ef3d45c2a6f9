package crm

import (
	"slices"
	"strings"

	"mainstay/cib"
)

// Format writes the configuration of a CIB as text, ordered as crmsh orders it:
// by kind of statement, then by name. What the language cannot say is written as
// an xml statement, so that nothing gets lost: reading the text back changes
// nothing in the CIB.
func Format(root *cib.Elem) string {
	var b strings.Builder
	refs := references(root)
	for _, e := range Objects(root) {
		b.WriteString(formatObject(e, refs))
	}
	return b.String()
}

// FormatObjects writes only the named objects, as crm configure show NAME… does.
// Unknown names come back as missing.
func FormatObjects(root *cib.Elem, names ...string) (text string, missing []string) {
	var b strings.Builder
	found := make(map[string]bool)
	refs := references(root)
	for _, e := range Objects(root) {
		if name := nameOf(e); slices.Contains(names, name) {
			found[name] = true
			b.WriteString(formatObject(e, refs))
		}
	}
	for _, n := range names {
		if !found[n] {
			missing = append(missing, n)
		}
	}
	return b.String(), missing
}

// references are the ids that an id-ref names.
func references(root *cib.Elem) map[string]bool {
	out := make(map[string]bool)
	root.Child("configuration").Walk(func(e *cib.Elem) bool {
		if ref := e.Get("id-ref"); ref != "" {
			out[ref] = true
		}
		return true
	})
	return out
}

// nameOf is what an object is called in the language.
func nameOf(e *cib.Elem) string {
	switch e.Name() {
	case "node":
		return e.Get("uname")
	case "fencing-topology":
		return "fencing_topology"
	}
	return e.ID()
}

// Objects lists the elements that stand for one statement each, in the order of Format.
func Objects(root *cib.Elem) []*cib.Elem {
	conf := root.Child("configuration")
	var out []*cib.Elem
	add := func(list []*cib.Elem, tag string) {
		at := len(out)
		for _, e := range list {
			if e.Name() == tag {
				out = append(out, e)
			}
		}
		slices.SortStableFunc(out[at:], func(a, b *cib.Elem) int { return strings.Compare(a.ID(), b.ID()) })
	}
	add(conf.Child("nodes").Kids(), "node")
	var resources []*cib.Elem
	conf.Child("resources").Walk(func(e *cib.Elem) bool {
		resources = append(resources, e)
		return true
	})
	for _, tag := range []string{"template", "primitive", "bundle", "group", "master", "clone"} {
		add(resources, tag)
	}
	add(conf.Child("tags").Kids(), "tag")
	for _, tag := range []string{"rsc_colocation", "rsc_location", "rsc_order"} {
		add(conf.Child("constraints").Kids(), tag)
	}
	if top := conf.Child("fencing-topology"); len(top.Kids()) > 0 {
		out = append(out, top)
	}
	add(conf.Child("constraints").Kids(), "rsc_ticket")
	// The order of option sets says which wins, so they keep it.
	for _, section := range []string{"crm_config", "rsc_defaults", "op_defaults"} {
		for _, set := range conf.Child(section).Kids() {
			if set.Name() != cib.CommentName {
				out = append(out, defaultsOf(section, set))
			}
		}
	}
	for _, tag := range []string{"acl_role", "acl_group", "acl_target"} {
		add(conf.Child("acls").Kids(), tag)
	}
	add(conf.Child("alerts").Kids(), "alert")
	return out
}

// defaultsOf marks a set of defaults with the section that it is from; the two
// sections have sets of the same name.
func defaultsOf(section string, set *cib.Elem) *cib.Elem {
	if section == "crm_config" {
		return set
	}
	return cib.New(section).WithKids([]*cib.Elem{set})
}

// formatObject writes one statement, or falls back to XML if reading the
// statement would not give the element again.
func formatObject(e *cib.Elem, refs map[string]bool) string {
	w := &writer{refs: refs}
	w.object(e)
	text := w.b.String()
	if !w.failed && sayable(text, e) {
		return text
	}
	return comments(e) + "xml " + strings.ReplaceAll(strings.TrimSpace(xmlText(e)), "\n", " \\\n") + "\n"
}

// xmlText is the element without the objects that have statements of their own.
func xmlText(e *cib.Elem) string {
	kids := make([]*cib.Elem, 0, len(e.Kids()))
	for i, k := range e.Kids() {
		switch {
		case isResource(k.Name()) && isResource(e.Name()):
			kids = append(kids, cib.New(k.Name(), attr("id", k.ID())))
		case k.Name() == cib.CommentName && i == leading(e, i):
		default:
			kids = append(kids, k)
		}
	}
	return e.WithKids(kids).String()
}

// leading returns i if all children up to i are comments.
func leading(e *cib.Elem, i int) int {
	for _, k := range e.Kids()[:i] {
		if k.Name() != cib.CommentName {
			return -1
		}
	}
	return i
}

// comments are the comment lines that stand before an object.
func comments(e *cib.Elem) string {
	if e.Name() == "rsc_defaults" || e.Name() == "op_defaults" {
		e = e.Kids()[0]
	}
	leading, _ := splitComments(e)
	var b strings.Builder
	for _, line := range shown(leading) {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// writer writes one statement.
type writer struct {
	b      strings.Builder
	failed bool // something has no words in the language
	refs   map[string]bool
}

// clause begins a part of a statement on a line of its own.
func (w *writer) clause(words ...string) {
	w.b.WriteString(" \\\n\t" + strings.Join(words, " "))
}

func (w *writer) word(words ...string) {
	for _, s := range words {
		w.b.WriteString(" " + s)
	}
}

// attrs writes NAME=VALUE for an element's attributes but the named ones.
func (w *writer) attrs(e *cib.Elem, but ...string) {
	for _, a := range e.Attrs() {
		if !slices.Contains(but, a.Name) {
			w.word(a.Name + "=" + quote(a.Value))
		}
	}
}

// quote writes a value so that reading it gives the same value.
func quote(s string) string {
	plain := s != ""
	for _, r := range s {
		if !(r == '_' || r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0xC0) {
			plain = false
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"', c == '\\' && (i+1 == len(s) || s[i+1] == '"' || s[i+1] == '\\'):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (w *writer) object(e *cib.Elem) {
	w.b.WriteString(comments(e))
	switch e.Name() {
	case "node":
		w.node(e)
	case "primitive", "template":
		w.primitive(e)
	case "group", "clone", "master":
		w.container(e)
	case "bundle":
		w.bundle(e)
	case "rsc_location":
		w.location(e)
	case "rsc_colocation":
		w.colocation(e)
	case "rsc_order":
		w.order(e)
	case "rsc_ticket":
		w.ticket(e)
	case "fencing-topology":
		w.topology(e)
	case "cluster_property_set":
		w.options("property", e)
	case "rsc_defaults", "op_defaults":
		w.options(e.Name(), e.Kids()[0])
	case "tag", "acl_target", "acl_group":
		w.list(e)
	case "acl_role":
		w.role(e)
	case "alert":
		w.alert(e)
	}
	w.b.WriteByte('\n')
}

// sayable tells that a statement, read back, means the element again: the same
// but for ids that nobody refers to.
func sayable(text string, e *cib.Elem) bool {
	sts, problems := Parse(text)
	if len(problems) > 0 || len(sts) != 1 {
		return false
	}
	st := sts[0]
	want := e
	switch e.Name() {
	case "rsc_defaults", "op_defaults":
		want = e.Kids()[0]
	case "node":
		if st.nodeID == "" {
			st.nodeID = st.ID
		}
		st.Elem = nodeWithID(st, st.nodeID)
	}
	var children []string
	for _, k := range want.Kids() {
		if isResource(k.Name()) && isResource(want.Name()) {
			children = append(children, k.ID())
		}
	}
	if !slices.Equal(children, st.Children) {
		return false
	}
	ids := &idSet{used: make(map[string]bool)}
	prefix := st.ID
	if prefix == "" {
		prefix = "fencing"
	}
	return means(ids.fill(st.Elem, nil, prefix), want, comparison{top: true})
}
