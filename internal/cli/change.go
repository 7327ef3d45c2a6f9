package cli

import (
	"bytes"
	"errors"
	"slices"

	"mainstay/cib"
	"mainstay/sched"
	"mainstay/shell/crm"
)

// change is a text that was read as a change of a configuration.
type change struct {
	edits    []cib.Edit
	after    *cib.Elem      // the document that results; nil if it could not be made
	lines    map[string]int // of objects in the text, by id
	problems []cib.Problem
	broken   bool // the text cannot be loaded, not even by force
}

// fail notes an error that leaves no configuration to judge.
func (c *change) fail(p cib.Problem) {
	p.Severity = cib.Error
	c.problems = append(c.problems, p)
	c.broken = true
}

// sections are the parts of the configuration that a replacing load replaces. Nodes
// are merged instead: the cluster itself writes them.
var sections = []string{"crm_config", "resources", "constraints", "fencing-topology", "rsc_defaults", "op_defaults", "acls", "tags", "alerts"}

// readChange reads crm text or XML as a change of a document. With replace, what is
// not in the text goes away.
func readChange(root *cib.Elem, text []byte, replace bool) *change {
	c := &change{lines: map[string]int{}}
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")) {
		c.readCRM(root, string(text), replace)
		return c
	}
	edits := c.readXML(text)
	if c.broken {
		return c
	}
	start := root
	if replace {
		start = emptied(root)
	}
	after, err := cib.Apply(start, edits)
	if err != nil {
		c.fail(cib.Problem{Msg: err.Error()})
		return c
	}
	c.after = after
	if d := cib.DiffUnversioned(root, after); d != nil {
		c.edits = []cib.Edit{{Op: cib.OpPatch, Elem: d}}
	}
	return c
}

// emptied is a document without configuration but for its nodes.
func emptied(root *cib.Elem) *cib.Elem {
	conf := root.Child("configuration").Drop(func(e *cib.Elem) bool {
		return slices.Contains(sections, e.Name())
	})
	return root.Put(conf.Append(cib.New("crm_config"), cib.New("resources"), cib.New("constraints")))
}

// readCRM reads crm configuration text.
func (c *change) readCRM(root *cib.Elem, text string, replace bool) {
	mode := crm.Update
	if replace {
		mode = crm.Replace
	}
	c.after, c.edits, c.problems = crm.Load(text, root, mode)
	c.broken = c.after == nil
	statements, _ := crm.Parse(text)
	for _, s := range statements {
		if s.ID != "" {
			c.lines[s.ID] = s.Line
		}
	}
}

// readXML reads a whole CIB, a section, or one element of a section.
func (c *change) readXML(text []byte) []cib.Edit {
	doc, err := cib.Parse(text)
	if err != nil {
		p := cib.Problem{Msg: err.Error()}
		var syntax *cib.SyntaxError
		if errors.As(err, &syntax) {
			p.Line, p.Msg = syntax.Line, syntax.Msg
		}
		c.fail(p)
		return nil
	}
	doc.Walk(func(e *cib.Elem) bool {
		if id := e.ID(); id != "" && c.lines[id] == 0 {
			c.lines[id] = e.Line()
		}
		return e.Name() != "status"
	})
	switch doc.Name() {
	case "cib":
		return c.sectionEdits(doc.Child("configuration"))
	case "configuration":
		return c.sectionEdits(doc)
	case "status":
		c.fail(cib.Problem{Line: doc.Line(), Msg: "the status section belongs to the cluster", Remedy: "load the configuration only"})
		return nil
	}
	return []cib.Edit{{Op: cib.OpModify, Elem: doc}}
}

// sectionEdits merges every section of a configuration.
func (c *change) sectionEdits(conf *cib.Elem) []cib.Edit {
	if conf == nil {
		c.fail(cib.Problem{Msg: "the document has no <configuration>"})
		return nil
	}
	var edits []cib.Edit
	for _, s := range conf.Kids() {
		if s.Name() != cib.CommentName {
			edits = append(edits, cib.Edit{Op: cib.OpModify, Scope: s.Name(), Elem: s})
		}
	}
	return edits
}

// judge adds what is wrong with the configuration that results, and was not wrong
// before.
func (c *change) judge(before *cib.Elem, installed agents) {
	if c.after == nil {
		return
	}
	type key struct{ id, msg string }
	known := map[key]bool{}
	for _, p := range cib.Validate(before) {
		known[key{p.ID, p.Msg}] = true
	}
	said := map[key]bool{}
	for _, p := range c.problems {
		said[key{p.ID, p.Msg}] = true
	}
	add := func(p cib.Problem) {
		k := key{p.ID, p.Msg}
		if known[k] || said[k] {
			return
		}
		said[k] = true
		p.Line = c.lineOf(p)
		c.problems = append(c.problems, p)
	}
	for _, p := range cib.Validate(c.after) {
		add(p)
	}
	for _, p := range installed.judge(before, c.after) {
		add(p)
	}
	if r := sched.Schedule(sched.Input{CIB: c.after}); r != nil {
		for _, w := range r.Warnings {
			add(cib.Problem{ID: w.ID, Severity: cib.Warning, Msg: w.Text, Remedy: w.Fix})
		}
	}
	slices.SortStableFunc(c.problems, func(x, y cib.Problem) int { return x.Line - y.Line })
}

// lineOf finds the line of a problem in the text: that of the object, or of the
// object that its element is in.
func (c *change) lineOf(p cib.Problem) int {
	if n := c.lines[p.ID]; n > 0 {
		return n
	}
	for at := placeOf(c.after, p.ID); at != nil; at = at.Up {
		if n := c.lines[at.Elem.ID()]; n > 0 {
			return n
		}
	}
	return 0
}

// placeOf finds the place of the first element with an id.
func placeOf(root *cib.Elem, id string) *cib.Place {
	if id == "" {
		return nil
	}
	places, err := cib.FindPlaces(root, "//*[@id='"+id+"']")
	if err != nil || len(places) == 0 {
		return nil
	}
	return places[0]
}
