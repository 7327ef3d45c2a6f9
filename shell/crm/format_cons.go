package crm

import (
	"strings"

	"mainstay/cib"
)

func (w *writer) location(e *cib.Elem) {
	w.b.WriteString("location")
	w.word(e.ID())
	switch {
	case e.Get("rsc-pattern") != "":
		p := "/" + e.Get("rsc-pattern") + "/"
		if strings.ContainsAny(p, " \t\"'\\#") {
			p = quote(p)
		}
		w.word(p)
	case e.Get("rsc") != "":
		w.word(e.Get("rsc"))
	}
	for s := range e.Named("resource_set") {
		w.bracket(s, "{", "}", "role")
	}
	w.attrs(e, "id", "rsc", "rsc-pattern", "score", "node")
	if e.Child("rule") != nil {
		for r := range e.Named("rule") {
			w.b.WriteString(" \\\n\t")
			at := w.b.Len()
			w.rule(r, e.ID()+"-rule", false)
			w.trimBlank(at)
		}
		return
	}
	w.word(scoreText(e.Get("score"))+":", e.Get("node"))
}

// trimBlank removes the blank that word puts first, where a line begins.
func (w *writer) trimBlank(at int) {
	s := w.b.String()
	w.b.Reset()
	w.b.WriteString(s[:at] + strings.TrimPrefix(s[at:], " "))
}

// bracket writes a set between brackets, with the attributes that these do not say.
func (w *writer) bracket(s *cib.Elem, open, closer, what string) {
	w.word(open)
	for r := range s.Named("resource_ref") {
		w.member(r.ID(), s.Get(what))
	}
	for _, a := range s.Attrs() {
		switch a.Name {
		case "id", what:
		case "sequential", "require-all":
			said := a.Value == "false" && (open == "[" || open == "(" && a.Name == "sequential")
			if !said {
				w.word(a.Name + "=" + a.Value)
			}
		default:
			w.word(a.Name + "=" + quote(a.Value))
		}
	}
	if _, ok := s.Lookup("sequential"); !ok && (open == "(" || open == "[") {
		w.word("sequential=true")
	}
	w.word(closer)
}

func (w *writer) member(id, word string) {
	if word != "" {
		id += ":" + word
	}
	w.word(id)
}

// resourceSets writes the sets of a colocation, order or ticket.
func (w *writer) resourceSets(e *cib.Elem, what string) {
	var prev *cib.Elem
	for s := range e.Named("resource_set") {
		switch {
		case isFalse(s, "require-all"):
			w.bracket(s, "[", "]", what)
		case isFalse(s, "sequential"), s.Get("sequential") != "" || s.Get("require-all") != "":
			w.bracket(s, "(", ")", what)
		case prev != nil && plain(prev) && prev.Get(what) == s.Get(what):
			// Two bare sets would run into one; this one says what is meant by default.
			w.bracket(s, "(", ")", what)
		default:
			for r := range s.Named("resource_ref") {
				w.member(r.ID(), s.Get(what))
			}
		}
		prev = s
	}
}

func isFalse(e *cib.Elem, name string) bool {
	v, err := cib.ParseBool(e.Get(name))
	return err == nil && !v
}

// plain tells that a set is written without brackets.
func plain(s *cib.Elem) bool { return s.Get("sequential") == "" && s.Get("require-all") == "" }

func (w *writer) colocation(e *cib.Elem) {
	w.b.WriteString("colocation")
	w.word(e.ID())
	w.word(scoreText(e.Get("score")) + ":")
	if e.Get("rsc") != "" {
		w.member(e.Get("rsc"), e.Get("rsc-role"))
		w.member(e.Get("with-rsc"), e.Get("with-rsc-role"))
	}
	w.resourceSets(e, "role")
	w.attrs(e, "id", "score", "rsc", "rsc-role", "with-rsc", "with-rsc-role")
}

func (w *writer) order(e *cib.Elem) {
	w.b.WriteString("order")
	w.word(e.ID())
	if k := e.Get("kind"); k != "" {
		w.word(k + ":")
	} else if s, ok := e.Lookup("score"); ok {
		if s == "0" {
			w.word("Optional:")
		} else {
			w.word("Mandatory:")
		}
		w.failed = true
	}
	if e.Get("first") != "" {
		w.member(e.Get("first"), e.Get("first-action"))
		w.member(e.Get("then"), e.Get("then-action"))
	}
	w.resourceSets(e, "action")
	w.attrs(e, "id", "kind", "score", "first", "first-action", "then", "then-action")
}

func (w *writer) ticket(e *cib.Elem) {
	w.b.WriteString("rsc_ticket")
	w.word(e.ID(), e.Get("ticket")+":")
	if e.Get("rsc") != "" {
		w.member(e.Get("rsc"), e.Get("rsc-role"))
	}
	w.resourceSets(e, "role")
	w.attrs(e, "id", "ticket", "rsc", "rsc-role")
}

func (w *writer) topology(e *cib.Elem) {
	w.b.WriteString("fencing_topology")
	last := ""
	for l := range e.Named("fencing-level") {
		target := ""
		switch {
		case l.Get("target") != "":
			target = l.Get("target") + ":"
		case l.Get("target-attribute") != "":
			target = "attr:" + l.Get("target-attribute") + "=" + l.Get("target-value")
		case l.Get("target-pattern") != "":
			target = "pattern:" + l.Get("target-pattern")
		}
		if target != last {
			if strings.ContainsAny(target, " \t\"'\\") {
				w.clause(quote(target))
			} else {
				w.clause(target)
			}
			last = target
		}
		w.word(l.Get("devices"))
	}
}

func (w *writer) options(word string, set *cib.Elem) {
	w.b.WriteString(word)
	w.word(set.ID() + ":")
	if s, ok := set.Lookup("score"); ok {
		w.word(scoreText(s) + ":")
	}
	for _, k := range set.Kids() {
		w.b.WriteString(" \\\n\t")
		at := w.b.Len()
		switch k.Name() {
		case "rule":
			w.rule(k, set.ID()+"-rule", true)
		case "nvpair":
			w.word(w.pair(k))
		case cib.CommentName:
			s := w.b.String()
			w.b.Reset()
			w.b.WriteString(strings.TrimSuffix(s, " \\\n\t"))
			continue
		default:
			w.failed = true
		}
		w.trimBlank(at)
	}
}

func (w *writer) list(e *cib.Elem) {
	w.b.WriteString(e.Name())
	w.word(e.ID())
	for _, k := range e.Kids() {
		if k.Name() != cib.CommentName {
			w.word(k.ID())
		}
	}
}

func (w *writer) role(e *cib.Elem) {
	w.b.WriteString("role")
	w.word(e.ID())
	for p := range e.Named("acl_permission") {
		w.clause(p.Get("kind"))
		for _, a := range p.Attrs() {
			switch a.Name {
			case "xpath":
				if short := shortcutOf(a.Value); short != "" {
					w.word(short)
				} else {
					w.word("xpath:" + quote(a.Value))
				}
			case "reference":
				w.word("ref:" + quote(a.Value))
			case "object-type":
				w.word("tag:" + quote(a.Value))
			case "attribute":
				w.word("attribute:" + quote(a.Value))
			case "id", "kind":
			default:
				w.failed = true
			}
		}
	}
}

// shortcutOf writes an XPath as the ACL shortcut that stands for it, or "".
func shortcutOf(xpath string) string {
	var words []string
	cut := func(s string) string { // the text between the first pair of single quotes
		_, rest, _ := strings.Cut(s, "'")
		v, _, _ := strings.Cut(rest, "'")
		return v
	}
	obj, name := cut(xpath), ""
	if _, tail, ok := strings.Cut(xpath, "/nvpair[@name='"); ok {
		name = strings.TrimSuffix(tail, "']")
	}
	for _, kind := range []string{"meta", "params", "utilization"} {
		words = append(words, kind+":"+obj, kind+":"+obj+":"+name)
	}
	_, rsc, _ := strings.Cut(xpath, "@rsc='")
	words = append(words, "location:"+strings.TrimSuffix(rsc, "']"), "property", "property:"+name, "node", "node:"+obj,
		"nodeattr", "nodeattr:"+name, "nodeutil", "nodeutil:"+obj, "status", "cib")
	for _, word := range words {
		if strings.ContainsAny(word, " '\"\\") {
			continue
		}
		if a, ok := permission(word); ok && a.Name == "xpath" && a.Value == xpath {
			return word
		}
	}
	return ""
}

func (w *writer) alert(e *cib.Elem) {
	w.b.WriteString("alert")
	w.word(e.ID(), quote(e.Get("path")))
	w.description(e)
	words := map[string]string{"instance_attributes": "attributes", "meta_attributes": "meta"}
	for _, k := range e.Kids() {
		switch k.Name() {
		case "instance_attributes", "meta_attributes":
			w.set(words[k.Name()], k, usualID(e.ID()+"-"+k.Name(), 0))
		case "select":
			w.clause("select")
			w.selection(k)
		case "recipient":
			w.clause("to", "{", quote(k.Get("value")))
			for _, set := range k.Kids() {
				if word := words[set.Name()]; word != "" {
					w.inline(word, set)
				}
			}
			w.word("}")
		case cib.CommentName:
		default:
			w.failed = true
		}
	}
}

// inline writes an attribute set without beginning a line.
func (w *writer) inline(word string, set *cib.Elem) {
	if len(set.Kids()) == 0 {
		return
	}
	w.word(word)
	w.setBody(set)
}

func (w *writer) selection(sel *cib.Elem) {
	for _, k := range sel.Kids() {
		w.word(strings.TrimPrefix(k.Name(), "select_"))
		if k.Name() == "select_attributes" && len(k.Kids()) > 0 {
			w.word("{")
			for _, a := range k.Kids() {
				w.word(a.Get("name"))
			}
			w.word("}")
		}
	}
}
