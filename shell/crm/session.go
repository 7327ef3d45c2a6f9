package crm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mainstay/cib"
)

// Session is the configure level of the crm shell: a working copy of the
// configuration, changed by statements and commands until it is committed. It
// is a value without hands: what touches files, the editor or the cluster is
// returned as an Effect for the caller to carry out.
type Session struct {
	base *cib.Elem // as the cluster has it
	work *cib.Elem

	// Catalog tells of the agents that are installed, for completion; nil if nobody does.
	Catalog Catalog
}

// NewSession begins with what the cluster has.
func NewSession(root *cib.Elem) *Session { return &Session{base: root, work: root} }

// Root is the working copy.
func (s *Session) Root() *cib.Elem { return s.work }

// Changed tells whether there is something to commit.
func (s *Session) Changed() bool {
	return !s.work.Child("configuration").Equal(s.base.Child("configuration"))
}

// Edits lead from what the cluster has to the working copy.
func (s *Session) Edits() []cib.Edit { return editsTo(s.base, s.work) }

// Effect is something that the caller has to do.
type Effect interface{ effect() }

// The effects of commands.
type (
	// Commit asks to send the edits to the cluster, and to call Committed with
	// what it has then.
	Commit struct{ Edits []cib.Edit }
	// EditText asks to let the user edit a text and to call Edited with it.
	EditText struct {
		Text  string
		Names []string // of the objects in it; none means all
	}
	// LoadFile asks to read a file and to call Loaded with its content.
	LoadFile struct {
		Name string
		Mode Mode
		XML  bool
	}
	// SaveFile asks to write a file.
	SaveFile struct{ Name, Text string }
	// Simulate asks to show what would happen.
	Simulate struct{ Root *cib.Elem }
	// Refresh asks to call Refreshed with what the cluster has now.
	Refresh struct{}
	// Quit asks to leave the level. Uncommitted edits are given along.
	Quit struct{ Edits []cib.Edit }
)

func (Commit) effect()   {}
func (EditText) effect() {}
func (LoadFile) effect() {}
func (SaveFile) effect() {}
func (Simulate) effect() {}
func (Refresh) effect()  {}
func (Quit) effect()     {}

// Reply is what a command says.
type Reply struct {
	Text     string // to print
	Problems []cib.Problem
	Effect   Effect // nil if there is nothing left to do
}

func failed(msg, remedy string) Reply {
	return Reply{Problems: []cib.Problem{{Severity: cib.Error, Msg: msg, Remedy: remedy}}}
}

// command is one command of the level.
type command struct {
	usage string
	help  string
	run   func(s *Session, args []string) Reply
}

// commands are those that are not statements.
func commands() map[string]command {
	return map[string]command{
		"show":         {"show [xml] [changed | NAME…]", "show the configuration, or some objects", (*Session).show},
		"edit":         {"edit [NAME…]", "edit the configuration, or some objects, as text", (*Session).edit},
		"delete":       {"delete NAME…", "remove objects", (*Session).remove},
		"rename":       {"rename OLD NEW", "give an object another name, also wherever it is referred to", (*Session).rename},
		"modgroup":     {"modgroup GROUP add RSC [before|after RSC] | remove RSC", "change the members of a group", (*Session).modgroup},
		"set":          {"set ID.[OP.[INTERVAL.]]NAME VALUE", "set one attribute", (*Session).set},
		"get_property": {"get_property NAME…", "show the value of cluster options", (*Session).getProperty},
		"load":         {"load [xml] update|replace|push FILE", "read a configuration from a file", (*Session).load},
		"save":         {"save [xml] FILE [NAME…]", "write the configuration to a file", (*Session).save},
		"verify":       {"verify", "check the configuration", (*Session).verify},
		"simulate":     {"simulate", "show what would happen", (*Session).simulate},
		"ptest":        {"ptest", "the same as simulate", (*Session).simulate},
		"commit":       {"commit", "send the changes to the cluster", (*Session).commit},
		"refresh":      {"refresh", "drop the changes and read what the cluster has", func(*Session, []string) Reply { return Reply{Effect: Refresh{}} }},
		"erase":        {"erase [nodes]", "remove everything, but for nodes", (*Session).erase},
		"upgrade":      {"upgrade", "bring the configuration to the newest vocabulary", (*Session).upgrade},
		"schema":       {"schema", "show the vocabulary of the configuration", (*Session).schema},
		"help":         {"help [COMMAND]", "list the commands", (*Session).help},
		"up":           {"up", "leave this level", (*Session).quit},
		"end":          {"end", "the same as up", (*Session).quit},
		"cd":           {"cd [..|../LEVEL]", "leave this level, maybe for another", (*Session).quit},
		"exit":         {"exit", "leave the shell", (*Session).quit},
		"quit":         {"quit", "leave the shell", (*Session).quit},
		"bye":          {"bye", "leave the shell", (*Session).quit},
	}
}

// Run carries out one line: a command, or a statement, which may span lines.
func (s *Session) Run(line string) Reply {
	sts, problems := lex(line)
	if cib.HasErrors(problems) {
		return Reply{Problems: problems}
	}
	if len(sts) == 0 {
		return Reply{}
	}
	var args []string
	for _, t := range sts[0].toks {
		args = append(args, t.text)
	}
	if c, ok := commands()[args[0]]; ok && len(sts) == 1 {
		return c.run(s, args[1:])
	}
	if p := s.taken(line); p != nil {
		return Reply{Problems: []cib.Problem{*p}}
	}
	return s.Loaded(line, Update)
}

// taken tells whether a statement defines what is there already: on the command line
// that is a mistake, as in crmsh; in a file it is a change. Options, fencing levels and
// the attributes of nodes are added to what is there.
func (s *Session) taken(line string) *cib.Problem {
	sts, _ := Parse(line)
	for _, st := range sts {
		if slices.Contains([]string{"node", "property", "rsc_defaults", "op_defaults", "fencing_topology", "monitor", "delete"}, st.Kind) {
			continue
		}
		if old := s.find(st.ID); old != nil && st.ID != "" && space(kindOfElem(old.Elem)) == space(st.Kind) {
			return &cib.Problem{Line: st.Line, ID: st.ID, Severity: cib.Error, Msg: fmt.Sprintf("%s %s: there is already a %s of that name", st.Kind, st.ID, kindOfElem(old.Elem)),
				Remedy: fmt.Sprintf("choose another name; to change what is there, \"edit %s\", \"set %s.NAME VALUE\", or \"load update FILE\"", st.ID, st.ID)}
		}
	}
	return nil
}

// Loaded takes a text in, as a statement or from a file.
func (s *Session) Loaded(text string, mode Mode) Reply {
	root, _, problems := Load(text, s.work, mode)
	if root != nil {
		s.work = root
	}
	return Reply{Problems: problems}
}

// LoadedXML takes a configuration in as XML: a whole CIB, a configuration or a section.
func (s *Session) LoadedXML(doc string, mode Mode) Reply {
	e, err := cib.Parse([]byte(doc))
	if err != nil {
		return failed(err.Error(), "")
	}
	if e.Name() == "cib" {
		e = e.Child("configuration")
	}
	op := cib.OpModify
	if mode == Replace {
		op = cib.OpReplace
	}
	root, err := cib.Apply(s.work, []cib.Edit{{Op: op, Elem: e}})
	if err != nil {
		return failed(err.Error(), "")
	}
	return s.take(root)
}

// Edited takes the text in that the user made of an EditText.
func (s *Session) Edited(e EditText, text string) Reply {
	if text == e.Text {
		return Reply{}
	}
	if len(e.Names) == 0 {
		return s.Loaded(text, Replace)
	}
	sts, problems := Parse(text)
	if cib.HasErrors(problems) {
		return Reply{Problems: problems}
	}
	// An object that is no longer in the text is to be deleted.
	for _, name := range e.Names {
		if !slices.ContainsFunc(sts, func(st Statement) bool { return st.ID == name || st.Kind == name }) {
			text += "\ndelete " + name
		}
	}
	return s.Loaded(text, Update)
}

// Committed notes what the cluster has after a commit.
func (s *Session) Committed(root *cib.Elem) { s.base, s.work = root, root }

// Refreshed takes what the cluster has now.
func (s *Session) Refreshed(root *cib.Elem) { s.base, s.work = root, root }

// take makes a root the working copy unless that has new faults.
func (s *Session) take(root *cib.Elem) Reply {
	problems := newFaults(nil, s.work, root)
	if !cib.HasErrors(problems) {
		s.work = root
	}
	return Reply{Problems: problems}
}

func (s *Session) show(args []string) Reply {
	xml := len(args) > 0 && args[0] == "xml"
	if xml {
		args = args[1:]
	}
	if len(args) == 1 && args[0] == "changed" {
		if args = s.changed(); len(args) == 0 {
			return Reply{}
		}
	}
	switch {
	case xml && len(args) == 0:
		return Reply{Text: s.work.Child("configuration").String()}
	case len(args) == 0:
		return Reply{Text: Format(s.work)}
	}
	var text strings.Builder
	out, missing := FormatObjects(s.work, args...)
	if xml {
		for _, e := range Objects(s.work) {
			if slices.Contains(args, nameOf(e)) {
				text.WriteString(e.String())
			}
		}
		out = text.String()
	}
	r := Reply{Text: out}
	for _, name := range missing {
		r.Problems = append(r.Problems, s.noObject(name))
	}
	return r
}

// changed lists the objects that differ from what the cluster has.
func (s *Session) changed() []string {
	old := make(map[string]*cib.Elem)
	for _, e := range Objects(s.base) {
		old[e.Name()+" "+nameOf(e)] = e
	}
	var out []string
	for _, e := range Objects(s.work) {
		if was := old[e.Name()+" "+nameOf(e)]; was == nil || !was.Equal(e) {
			out = append(out, nameOf(e))
		}
	}
	return out
}

// names are all objects by name.
func (s *Session) names() []string {
	var out []string
	for _, e := range Objects(s.work) {
		if n := nameOf(e); n != "" {
			out = append(out, n)
		}
	}
	return out
}

func (s *Session) noObject(name string) cib.Problem {
	p := cib.Problem{Severity: cib.Error, ID: name, Msg: "there is no object " + name}
	if near := cib.Nearest(name, s.names()); near != "" {
		p.Remedy = "did you mean " + near + "?"
	}
	return p
}

func (s *Session) edit(args []string) Reply {
	text, missing := Format(s.work), []string(nil)
	if len(args) > 0 {
		text, missing = FormatObjects(s.work, args...)
	}
	if len(missing) > 0 {
		return Reply{Problems: []cib.Problem{s.noObject(missing[0])}}
	}
	return Reply{Effect: EditText{Text: text, Names: args}}
}

func (s *Session) getProperty(args []string) Reply {
	var b strings.Builder
	for _, name := range args {
		v := cib.Property(s.work, name, "")
		if v == "" {
			if _, known := cib.ClusterOption(name); !known {
				return failed("there is no cluster option "+name, "")
			}
		}
		b.WriteString(v + "\n")
	}
	return Reply{Text: b.String()}
}

func (s *Session) load(args []string) Reply {
	xml := len(args) > 0 && args[0] == "xml"
	if xml {
		args = args[1:]
	}
	modes := map[string]Mode{"update": Update, "replace": Replace, "push": Replace}
	if len(args) != 2 {
		return failed("load: expected update, replace or push, and a file", "usage: "+commands()["load"].usage)
	}
	mode, ok := modes[args[0]]
	if !ok {
		return failed(fmt.Sprintf("load: unknown method %q", args[0]), "write update, replace or push")
	}
	return Reply{Effect: LoadFile{Name: args[1], Mode: mode, XML: xml}}
}

func (s *Session) save(args []string) Reply {
	xml := len(args) > 0 && args[0] == "xml"
	if xml {
		args = args[1:]
	}
	if len(args) == 0 {
		return failed("save: expected a file", "usage: "+commands()["save"].usage)
	}
	r := s.show(args[1:])
	if xml {
		r = s.show(append([]string{"xml"}, args[1:]...))
	}
	if len(r.Problems) > 0 {
		return Reply{Problems: r.Problems}
	}
	return Reply{Effect: SaveFile{Name: args[0], Text: r.Text}}
}

func (s *Session) verify([]string) Reply { return Reply{Problems: cib.Validate(s.work)} }

func (s *Session) simulate([]string) Reply { return Reply{Effect: Simulate{Root: s.work}} }

func (s *Session) commit([]string) Reply {
	edits := s.Edits()
	if len(edits) == 0 {
		return Reply{}
	}
	return Reply{Effect: Commit{Edits: edits}}
}

func (s *Session) quit([]string) Reply { return Reply{Effect: Quit{Edits: s.Edits()}} }

func (s *Session) erase(args []string) Reply {
	conf := s.work.Child("configuration")
	nodes := conf.Child("nodes")
	if len(args) > 0 && args[0] == "nodes" {
		nodes = cib.New("nodes")
	}
	s.work = s.work.Put(cib.Empty().Child("configuration").Put(nodes))
	return Reply{}
}

func (s *Session) upgrade([]string) Reply {
	root, err := cib.Upgrade(s.work)
	if err != nil {
		return failed(err.Error(), "")
	}
	return s.take(root)
}

func (s *Session) schema([]string) Reply { return Reply{Text: s.work.Get("validate-with") + "\n"} }

func (s *Session) help(args []string) Reply {
	all := commands()
	names := args
	if len(args) == 0 {
		names = slices.Sorted(maps.Keys(all))
	}
	var b strings.Builder
	for _, n := range names {
		c, isCommand := all[n]
		form, isStatement := forms()[n]
		switch {
		case isCommand:
			fmt.Fprintf(&b, "%-58s %s\n", c.usage, c.help)
		case isStatement:
			b.WriteString(form + "\n")
		default:
			return failed("there is no help on "+n, "\"help\" lists commands and statements")
		}
	}
	if len(args) == 0 {
		b.WriteString("Statements: " + strings.Join(keywords(), " ") + "\n")
	}
	return Reply{Text: b.String()}
}
