package crm

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// Mode says what becomes of objects that a text does not mention.
type Mode int

// The modes, as crmsh's load knows them.
const (
	Update  Mode = iota // they stay; options of a property set that are not mentioned stay, too
	Replace             // they go, but for nodes and what the cluster itself writes
)

// Load reads a text and says what it means for a CIB: the root after it, the
// edits that lead there, and everything wrong with the text or with what it
// makes of the CIB, by line. The root and edits are nil if a problem is an
// Error. Faults that the CIB had before are not reported.
func Load(text string, cur *cib.Elem, mode Mode) (*cib.Elem, []cib.Edit, []cib.Problem) {
	sts, problems := Parse(text)
	if cib.HasErrors(problems) {
		// Later errors would often follow from these.
		return nil, nil, problems
	}
	root, more := build(sts, cur, mode)
	problems = append(problems, more...)
	if root != nil {
		problems = append(problems, newFaults(sts, cur, root)...)
	}
	slices.SortStableFunc(problems, func(a, b cib.Problem) int { return a.Line - b.Line })
	if cib.HasErrors(problems) {
		return nil, nil, problems
	}
	return root, editsTo(cur, root), problems
}

// Compile turns statements into edits of a CIB: one patch that touches only what
// differs, or none. Its problems are about the statements and their references;
// cib.Validate judges the result.
func Compile(sts []Statement, cur *cib.Elem, mode Mode) ([]cib.Edit, []cib.Problem) {
	root, problems := build(sts, cur, mode)
	if cib.HasErrors(problems) {
		return nil, problems
	}
	return editsTo(cur, root), problems
}

func editsTo(cur, root *cib.Elem) []cib.Edit {
	d := cib.DiffUnversioned(cur, root)
	if d == nil {
		return nil
	}
	return []cib.Edit{{Op: cib.OpPatch, Elem: d}}
}

// newFaults validates the result and gives each fault the line of the statement
// that it is about.
func newFaults(sts []Statement, cur, root *cib.Elem) []cib.Problem {
	old := make(map[string]bool)
	for _, p := range cib.Validate(cur) {
		old[p.Path+p.Msg] = true
	}
	lines := make(map[string]int)
	for _, st := range sts {
		if st.ID != "" {
			lines[st.ID] = st.Line
		}
		for id, n := range st.childLine {
			if _, ok := lines[id]; !ok {
				lines[id] = n
			}
		}
		if st.Kind == "fencing_topology" {
			lines["fencing-topology"] = st.Line
		}
	}
	var out []cib.Problem
	for _, p := range cib.Validate(root) {
		if old[p.Path+p.Msg] {
			continue
		}
		if p.Code == cib.CodeUnknownOption {
			p.Severity = cib.Error
		}
		p.Line = lines[p.ID]
		if p.Line == 0 {
			p.Line = lineOfPath(p.Path, lines)
		}
		out = append(out, p)
	}
	return out
}

// lineOfPath finds the innermost object of a path that a statement defines.
func lineOfPath(path string, lines map[string]int) int {
	for path != "" {
		i := strings.LastIndex(path, "[@id='")
		if i < 0 {
			break
		}
		id, _, _ := strings.Cut(path[i+len("[@id='"):], "'")
		if n := lines[id]; n > 0 {
			return n
		}
		path = path[:i]
	}
	if strings.Contains(path, "/fencing-topology") {
		return lines["fencing-topology"]
	}
	return 0
}

// compiler builds the configuration that statements make of a CIB.
type compiler struct {
	cur      *cib.Elem
	mode     Mode
	ids      *idSet
	problems []cib.Problem
	removed  map[string]int // by delete statements, with their line
}

func build(sts []Statement, cur *cib.Elem, mode Mode) (*cib.Elem, []cib.Problem) {
	c := &compiler{cur: cur, mode: mode, removed: make(map[string]int)}
	sts = c.unique(sts)
	c.ids = newIDSet(cur, sts, mode)
	conf := cur.Child("configuration")
	conf = c.section(conf, "crm_config", c.optionSets(conf.Child("crm_config"), sts, "property"))
	conf = c.section(conf, "nodes", c.nodes(conf.Child("nodes"), sts))
	conf = c.section(conf, "resources", c.resources(conf.Child("resources"), sts))
	conf = c.section(conf, "constraints", c.objects(conf.Child("constraints"), sts, "location", "colocation", "order", "rsc_ticket"))
	conf = c.section(conf, "fencing-topology", c.topology(conf.Child("fencing-topology"), sts))
	conf = c.section(conf, "acls", c.objects(conf.Child("acls"), sts, "role", "acl_target", "acl_group"))
	conf = c.section(conf, "tags", c.objects(conf.Child("tags"), sts, "tag"))
	conf = c.section(conf, "alerts", c.objects(conf.Child("alerts"), sts, "alert"))
	conf = c.section(conf, "rsc_defaults", c.optionSets(conf.Child("rsc_defaults"), sts, "rsc_defaults"))
	conf = c.section(conf, "op_defaults", c.optionSets(conf.Child("op_defaults"), sts, "op_defaults"))
	c.checkRemoved()
	if cib.HasErrors(c.problems) {
		return nil, c.problems
	}
	conf = c.resolveRefs(conf, sts)
	if cib.HasErrors(c.problems) {
		return nil, c.problems
	}
	return cur.Put(conf), c.problems
}

func (c *compiler) fail(line int, id, msg, remedy string) {
	c.problems = append(c.problems, cib.Problem{Line: line, ID: id, Severity: cib.Error, Msg: msg, Remedy: remedy})
}

// section puts a section in its place; one that never was is not made for nothing.
func (c *compiler) section(conf *cib.Elem, name string, kids []*cib.Elem) *cib.Elem {
	old := conf.Child(name)
	if old == nil {
		if len(kids) == 0 {
			return conf
		}
		return conf.Append(cib.New(name).WithKids(kids))
	}
	if slices.Equal(old.Kids(), kids) {
		return conf
	}
	return conf.Put(old.WithKids(kids))
}

// unique refuses objects that are defined twice, folds monitor statements into
// their primitives, and notes what is to be deleted.
func (c *compiler) unique(sts []Statement) []Statement {
	first := make(map[string]int)
	var out []Statement
	var monitors []Statement
	for _, st := range sts {
		switch st.Kind {
		case "monitor":
			monitors = append(monitors, st)
			continue
		case "delete":
			for _, id := range st.removes {
				c.removed[id] = st.Line
			}
			continue
		case "property", "rsc_defaults", "op_defaults":
			if i := slices.IndexFunc(out, func(o Statement) bool { return o.Kind == st.Kind && o.ID == st.ID }); i >= 0 {
				out[i].Elem = mergeOptions(out[i].Elem, st.Elem)
				out[i].Comments = append(out[i].Comments, st.Comments...)
				continue
			}
		case "fencing_topology":
			if i := slices.IndexFunc(out, func(o Statement) bool { return o.Kind == st.Kind }); i >= 0 {
				out[i].Elem = out[i].Elem.Append(st.Elem.Kids()...)
				continue
			}
		default:
			if line, twice := first[space(st.Kind)+st.ID]; twice {
				c.fail(st.Line, st.ID, fmt.Sprintf("%s %s: the name is already taken on line %d", st.Kind, st.ID, line), "give one of the two another name")
				continue
			}
			first[space(st.Kind)+st.ID] = st.Line
		}
		out = append(out, st)
	}
	return c.foldMonitors(out, monitors)
}

// space keeps names apart that may be the same: those of nodes and of accounts
// are not ids, and a remote node is called like its resource.
func space(kind string) string {
	switch kind {
	case "node", "acl_target", "acl_group":
		return kind + " "
	}
	return ""
}

// foldMonitors adds the operations of monitor statements to their primitives.
func (c *compiler) foldMonitors(out, monitors []Statement) []Statement {
	for _, m := range monitors {
		i := slices.IndexFunc(out, func(o Statement) bool { return o.ID == m.ID && o.Kind == "primitive" })
		if i < 0 {
			old := findResource(c.cur.Path("configuration", "resources"), m.ID)
			if old == nil || old.Name() != "primitive" {
				c.fail(m.Line, m.ID, fmt.Sprintf("monitor: there is no primitive %s", m.ID), c.suggest(m.ID, out))
				continue
			}
			out = append(out, Statement{Line: m.Line, Kind: "primitive", ID: m.ID, Elem: old})
			i = len(out) - 1
		}
		e := out[i].Elem
		ops := e.Child("operations")
		if ops == nil {
			out[i].Elem = e.Append(cib.New("operations").WithKids([]*cib.Elem{m.monitor}))
			continue
		}
		out[i].Elem = e.Put(ops.Append(m.monitor))
	}
	return out
}

// suggest names what a wrong name may have meant.
func (c *compiler) suggest(id string, sts []Statement) string {
	var names []string
	for _, st := range sts {
		if st.ID != "" && isResourceKind(st.Kind) {
			names = append(names, st.ID)
		}
	}
	c.cur.Path("configuration", "resources").Walk(func(e *cib.Elem) bool {
		if isResource(e.Name()) {
			names = append(names, e.ID())
		}
		return true
	})
	if near := cib.Nearest(id, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "define it, or correct the name"
}

func (c *compiler) checkRemoved() {
	known := make(map[string]bool)
	c.cur.Child("configuration").Walk(func(e *cib.Elem) bool {
		known[e.ID()] = true
		switch e.Name() {
		case "node":
			known[e.Get("uname")] = true
		case "fencing-topology":
			known["fencing_topology"] = true
		}
		return true
	})
	var ids []string
	for id := range c.removed {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if !known[id] {
			c.fail(c.removed[id], id, "delete: there is no object "+id, c.suggest(id, nil))
		}
	}
}

// finish gives a statement's element its ids and comments; old is what it
// replaces. What means the same as before stays as it was written.
func (c *compiler) finish(st Statement, e, old *cib.Elem) *cib.Elem {
	prefix := st.ID
	if prefix == "" {
		prefix = "fencing"
	}
	e = c.ids.fill(e, old, prefix)
	if old != nil {
		e = settle(e, old, true)
	}
	leading, kids := splitComments(e)
	if old != nil {
		was, _ := splitComments(old)
		if e == old || slices.Equal(shown(was), st.Comments) {
			leading = was
		}
	}
	if !slices.Equal(shown(leading), st.Comments) {
		leading = nil
		for _, text := range st.Comments {
			leading = append(leading, cib.Comment(commentText(text)))
		}
	}
	if all := append(slices.Clip(leading), kids...); !slices.Equal(all, e.Kids()) {
		return e.WithKids(all)
	}
	return e
}

// splitComments separates the comments before an element's first other child.
func splitComments(e *cib.Elem) (leading, rest []*cib.Elem) {
	for i, k := range e.Kids() {
		if k.Name() != cib.CommentName {
			return e.Kids()[:i:i], e.Kids()[i:]
		}
	}
	return e.Kids(), nil
}

// shown are comments as lines of the text.
func shown(comments []*cib.Elem) []string {
	var out []string
	for _, k := range comments {
		for _, line := range strings.Split(strings.TrimSpace(k.Text()), "\n") {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") {
				line = strings.TrimSpace("# " + line) // an empty comment is a sign alone
			}
			out = append(out, line)
		}
	}
	return out
}

// commentText makes a comment line fit into an XML comment, where two hyphens
// may not follow each other nor one stand at the end.
func commentText(s string) string {
	s = strings.ReplaceAll(s, "--", "==")
	if strings.HasSuffix(s, "-") {
		s += " "
	}
	return s
}

// objects builds a section whose objects stand side by side.
func (c *compiler) objects(section *cib.Elem, sts []Statement, kinds ...string) []*cib.Elem {
	var out []*cib.Elem
	done := make(map[string]bool)
	byID := make(map[string]*Statement)
	for i := range sts {
		if slices.Contains(kinds, sts[i].Kind) {
			byID[sts[i].ID] = &sts[i]
		}
	}
	for _, old := range section.Kids() {
		st := byID[old.ID()]
		switch {
		case st != nil && !done[st.ID]:
			out = append(out, c.finish(*st, st.Elem, old))
			done[st.ID] = true
		case c.removed[old.ID()] > 0 && old.Name() != cib.CommentName:
		case c.mode == Update || old.Name() == cib.CommentName:
			out = append(out, old)
		}
	}
	for i := range sts {
		if st := byID[sts[i].ID]; st == &sts[i] && !done[st.ID] {
			out = append(out, c.finish(*st, st.Elem, nil))
		}
	}
	return out
}

// topology builds the fencing topology, which is one object.
func (c *compiler) topology(section *cib.Elem, sts []Statement) []*cib.Elem {
	for _, st := range sts {
		if st.Kind == "fencing_topology" {
			return c.finish(st, st.Elem, section).Kids()
		}
	}
	if c.mode == Replace || c.removed["fencing_topology"] > 0 {
		return nil
	}
	return section.Kids()
}

// own are the options that the cluster itself writes; no text removes them.
var own = []string{"dc-version", "cluster-infrastructure", "cluster-name", "have-watchdog", "last-lrm-refresh"}

// optionSets builds crm_config, rsc_defaults and op_defaults.
func (c *compiler) optionSets(section *cib.Elem, sts []Statement, kind string) []*cib.Elem {
	var out []*cib.Elem
	done := make(map[string]bool)
	for _, old := range section.Kids() {
		i := slices.IndexFunc(sts, func(st Statement) bool { return st.Kind == kind && st.ID == old.ID() })
		switch {
		case old.Name() == cib.CommentName:
			out = append(out, old)
		case i >= 0:
			e := sts[i].Elem
			if c.mode == Update {
				e = mergeOptions(old, e)
				if was, _ := splitComments(old); len(sts[i].Comments) == 0 {
					sts[i].Comments = shown(was) // an option more does not end what is said of the others
				}
			} else {
				e = keepOwn(old, e)
			}
			out = append(out, c.finish(sts[i], e, old))
			done[old.ID()] = true
		case c.mode == Update && c.removed[old.ID()] == 0:
			out = append(out, old)
		default:
			if e := keepOwn(old, old.WithKids(nil)); len(e.Kids()) > 0 {
				out = append(out, e)
			}
		}
	}
	for _, st := range sts {
		if st.Kind == kind && !done[st.ID] {
			out = append(out, c.finish(st, st.Elem, nil))
			done[st.ID] = true
		}
	}
	return out
}

// mergeOptions lays the options of upd over those of a set.
func mergeOptions(set, upd *cib.Elem) *cib.Elem {
	out := set
	for _, a := range upd.Attrs() {
		if out.Get(a.Name) != a.Value {
			out = out.With(a.Name, a.Value)
		}
	}
	kids := slices.Clone(out.Kids())
	if upd.Child("rule") != nil {
		kids = withRules(kids, slices.Collect(upd.Named("rule")))
	}
	for _, k := range upd.Kids() {
		if k.Name() == "rule" {
			continue
		}
		i := -1
		if k.Name() == "nvpair" {
			i = slices.IndexFunc(kids, func(o *cib.Elem) bool { return o.Name() == "nvpair" && o.Get("name") == k.Get("name") })
		}
		switch {
		case i < 0:
			kids = append(kids, k)
		case kids[i].Get("value") != k.Get("value"):
			kids[i] = kids[i].With("value", k.Get("value"))
		}
	}
	if slices.Equal(kids, out.Kids()) {
		return out
	}
	return out.WithKids(kids)
}

// withRules exchanges the rules among a set's children.
func withRules(kids, rules []*cib.Elem) []*cib.Elem {
	var out []*cib.Elem
	for _, k := range kids {
		switch {
		case k.Name() != "rule":
			out = append(out, k)
		case len(rules) > 0:
			out, rules = append(out, rules[0]), rules[1:]
		}
	}
	return append(slices.Clone(rules), out...)
}

// keepOwn adds to e what the cluster itself wrote into the old set.
func keepOwn(old, e *cib.Elem) *cib.Elem {
	var kept []*cib.Elem
	for nv := range old.Named("nvpair") {
		name := nv.Get("name")
		if slices.Contains(own, name) && !slices.ContainsFunc(e.Kids(), func(k *cib.Elem) bool { return k.Get("name") == name }) {
			kept = append(kept, nv)
		}
	}
	return e.WithKids(append(kept, e.Kids()...))
}

// nodes builds the node section. A text never removes a node unless it says so.
func (c *compiler) nodes(section *cib.Elem, sts []Statement) []*cib.Elem {
	var out []*cib.Elem
	done := make(map[string]bool)
	for _, old := range section.Kids() {
		name := old.Get("uname")
		i := slices.IndexFunc(sts, func(st Statement) bool {
			return st.Kind == "node" && (st.ID == name || st.nodeID != "" && st.nodeID == old.ID())
		})
		switch {
		case i >= 0 && old.Name() == "node":
			out = append(out, c.finish(sts[i], nodeWithID(sts[i], old.ID()), old))
			done[sts[i].ID] = true
		case c.removed[name] > 0 && old.Name() == "node":
		default:
			out = append(out, old)
		}
	}
	for _, st := range sts {
		if st.Kind == "node" && !done[st.ID] {
			id := st.nodeID
			if id == "" {
				id = st.ID
			}
			out = append(out, c.finish(st, nodeWithID(st, id), nil))
		}
	}
	return out
}

func nodeWithID(st Statement, id string) *cib.Elem {
	attrs := []cib.Attr{attr("id", id)}
	for _, a := range st.Elem.Attrs() {
		if a.Name != "id" {
			attrs = append(attrs, a)
		}
	}
	return st.Elem.WithAttrs(attrs)
}
