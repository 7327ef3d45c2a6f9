package crm

import (
	"slices"
	"strings"

	"mainstay/cib"
)

func (w *writer) node(e *cib.Elem) {
	w.b.WriteString("node")
	if id := e.ID(); id != "" && id != e.Get("uname") {
		w.word(id + ":")
	}
	name := e.Get("uname")
	if t := e.Get("type"); t != "" {
		name += ":" + t
	}
	w.word(name)
	w.description(e)
	w.sets(e, e.Get("uname"), map[string]string{"instance_attributes": "attributes", "utilization": "utilization"})
}

func (w *writer) description(e *cib.Elem) {
	if d, ok := e.Lookup("description"); ok {
		w.clause("description=" + quote(d))
	}
}

// setWords are the clause words of a resource's attribute sets.
var setWords = map[string]string{"instance_attributes": "params", "meta_attributes": "meta", "utilization": "utilization"}

// sets writes the attribute sets among an element's children.
func (w *writer) sets(e *cib.Elem, prefix string, words map[string]string) {
	count := make(map[string]int)
	for _, k := range e.Kids() {
		word := words[k.Name()]
		if word == "" {
			if k.Name() != cib.CommentName && !isResource(k.Name()) {
				w.failed = true
			}
			continue
		}
		n := count[k.Name()]
		count[k.Name()]++
		w.set(word, k, usualID(prefix+"-"+k.Name(), n))
	}
}

// usualID is the id that the n-th set of a kind gets when it is made.
func usualID(base string, n int) string {
	if n == 0 {
		return clean(base)
	}
	return clean(base) + "-" + itoa(n-1)
}

// set writes one attribute set as a clause; its id only if it is not the usual one.
func (w *writer) set(word string, set *cib.Elem, usual string) {
	if ref := set.Get("id-ref"); ref != "" {
		w.clause(word, "$id-ref="+quote(ref))
		return
	}
	if len(set.Kids()) == 0 {
		return
	}
	w.clause(word)
	if id := set.ID(); id != "" && id != usual {
		w.word("$id=" + quote(id))
	}
	w.setBody(set)
}

// setBody writes score, rules and pairs of a set.
func (w *writer) setBody(set *cib.Elem) {
	if s, ok := set.Lookup("score"); ok {
		w.word(scoreText(s) + ":")
	}
	for _, k := range set.Kids() {
		switch k.Name() {
		case "rule":
			w.rule(k, set.ID()+"-rule", true)
		case "nvpair":
			w.word(w.pair(k))
		case cib.CommentName:
		default:
			w.failed = true
		}
	}
}

func scoreText(s string) string {
	switch s {
	case "INFINITY", "+INFINITY":
		return "inf"
	case "-INFINITY":
		return "-inf"
	}
	return s
}

// pair writes an nvpair; its id only if something refers to it.
func (w *writer) pair(nv *cib.Elem) string {
	name := nv.Get("name")
	if ref := nv.Get("id-ref"); ref != "" {
		if name == "" {
			return "@" + ref
		}
		return "@" + ref + ":" + name
	}
	if id := nv.ID(); w.refs[id] {
		return "$" + id + ":" + name + "=" + quote(nv.Get("value"))
	}
	return name + "=" + quote(nv.Get("value"))
}

func (w *writer) rule(r *cib.Elem, usual string, inSet bool) {
	w.word("rule")
	if ref := r.Get("id-ref"); ref != "" {
		w.word("$id-ref=" + quote(ref))
		return
	}
	if id := r.ID(); id != "" && id != clean(usual) && !strings.HasPrefix(id, clean(usual)+"-") {
		w.word("$id=" + quote(id))
	}
	if role := r.Get("role"); role != "" {
		w.word("$role=" + quote(role))
	}
	switch {
	case r.Get("score-attribute") != "":
		w.word(r.Get("score-attribute") + ":")
	case r.Get("score") != "INFINITY" || !inSet:
		w.word(scoreText(r.Get("score")) + ":")
	}
	op := r.Get("boolean-op")
	if op == "" {
		op = "and"
	}
	first := true
	for _, x := range r.Kids() {
		if x.Name() == cib.CommentName {
			continue
		}
		if !first {
			w.word(op)
		}
		first = false
		w.expression(x)
	}
}

func (w *writer) expression(x *cib.Elem) {
	op := x.Get("operation")
	switch x.Name() {
	case "expression":
		if op == "defined" || op == "not_defined" {
			w.word(op, x.Get("attribute"))
			return
		}
		if t := x.Get("type"); t != "" {
			op = t + ":" + op
		}
		value := quote(x.Get("value"))
		switch source := x.Get("value-source"); source {
		case "param", "meta":
			value = source + "{" + x.Get("value") + "}"
		}
		w.word(x.Get("attribute"), op, value)
	case "date_expression":
		w.date(x, op)
	case "op_expression":
		w.word("op", x.Get("name"))
		w.attrs(x, "id", "name")
	case "rsc_expression":
		w.word("rsc")
		w.attrs(x, "id")
	default:
		w.failed = true
	}
}

func (w *writer) date(x *cib.Elem, op string) {
	w.word("date")
	switch op {
	case "lt":
		w.word("lt", quote(x.Get("end")))
	case "gt":
		w.word("gt", quote(x.Get("start")))
	case "in_range", "":
		w.word("in")
		w.attrs(x, "id", "operation")
		for d := range x.Named("duration") {
			w.attrs(d, "id")
		}
	case "date_spec":
		w.word("spec")
		for d := range x.Named("date_spec") {
			w.attrs(d, "id")
		}
	default:
		w.failed = true
	}
}

func (w *writer) primitive(e *cib.Elem) {
	if e.Name() == "template" {
		w.b.WriteString("rsc_template")
	} else {
		w.b.WriteString("primitive")
	}
	w.word(e.ID(), agentText(e))
	w.description(e)
	count := make(map[string]int)
	for _, k := range e.Kids() {
		switch word := setWords[k.Name()]; {
		case word != "":
			n := count[k.Name()]
			count[k.Name()]++
			w.set(word, k, usualID(e.ID()+"-"+k.Name(), n))
		case k.Name() == "operations":
			w.operations(k, e.ID())
		case k.Name() != cib.CommentName:
			w.failed = true
		}
	}
}

// agentText writes the agent, the heartbeat provider left out as usual.
func agentText(e *cib.Elem) string {
	if t := e.Get("template"); t != "" {
		return "@" + t
	}
	class, provider, typ := e.Get("class"), e.Get("provider"), e.Get("type")
	switch {
	case class == "ocf" && provider == "heartbeat" && validID(typ):
		return typ
	case provider != "":
		return class + ":" + provider + ":" + typ
	}
	return class + ":" + typ
}

func (w *writer) operations(ops *cib.Elem, rsc string) {
	if ref := ops.Get("id-ref"); ref != "" {
		w.clause("operations", "$id-ref="+quote(ref))
	} else if id := ops.ID(); id != "" && (id != rsc+"-operations" || len(ops.Kids()) == 0) {
		w.clause("operations", "$id="+quote(id))
	}
	for _, op := range ops.Kids() {
		if op.Name() == cib.CommentName {
			continue
		}
		w.clause("op", op.Get("name"))
		w.attrs(op, "id", "name")
		for _, set := range op.Kids() {
			switch set.Name() {
			case "instance_attributes":
				w.set("op_params", set, usualID(op.ID()+"-instance_attributes", 0))
			case "meta_attributes":
				w.set("op_meta", set, usualID(op.ID()+"-meta_attributes", 0))
			default:
				w.failed = true
			}
		}
	}
}

func (w *writer) container(e *cib.Elem) {
	word := e.Name()
	if word == "master" {
		word = "ms"
	}
	w.b.WriteString(word)
	w.word(e.ID())
	for _, k := range e.Kids() {
		if isResource(k.Name()) {
			w.word(k.ID())
		}
	}
	w.description(e)
	w.sets(e, e.ID(), map[string]string{"instance_attributes": "params", "meta_attributes": "meta"})
}

func (w *writer) bundle(e *cib.Elem) {
	w.b.WriteString("bundle")
	w.word(e.ID())
	w.description(e)
	count := make(map[string]int)
	for _, k := range e.Kids() {
		switch {
		case slices.Contains(engines, k.Name()), k.Name() == "network", k.Name() == "storage":
			w.clause(k.Name())
			w.attrs(k)
			for _, m := range k.Kids() {
				w.word(m.Name())
				w.attrs(m, "id")
			}
		case setWords[k.Name()] != "":
			n := count[k.Name()]
			count[k.Name()]++
			w.set(setWords[k.Name()], k, usualID(e.ID()+"-"+k.Name(), n))
		case k.Name() == "primitive":
			w.clause("primitive", k.ID())
		case k.Name() != cib.CommentName:
			w.failed = true
		}
	}
}
