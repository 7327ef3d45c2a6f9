package cib

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Validate judges a CIB: its grammar, ids, references, values and what is
// impossible. An Error means that the configuration must not be loaded; the
// cluster works with Warnings. Problems come in document order; the status
// section is the cluster's own and not judged.
func Validate(root *Elem) []Problem {
	v := &validator{root: root, ids: make(map[string]*Elem), tags: make(map[string]bool), nodes: make(map[string]bool)}
	if root.Name() != "cib" {
		v.report(nil, root, Error, "the root element is "+Label(root)+", not <cib>", "")
		return v.out
	}
	conf := root.Child("configuration")
	if conf == nil {
		v.report(nil, root, Error, "<cib> has no <configuration>", "add one with crm_config, nodes, resources and constraints")
		return v.out
	}
	if _, err := schemaMajor(root.Get("validate-with")); err != nil {
		v.report(nil, root, Error, err.Error(), "name one of these, or none")
	}
	at := &trail{e: conf, up: &trail{e: root}}
	for _, s := range []string{"crm_config", "nodes", "resources", "constraints"} {
		if conf.Child(s) == nil {
			v.report(at, conf, Error, "<configuration> has no <"+s+">", "add an empty <"+s+"/>")
		}
	}
	v.collect(conf)
	v.element(at)
	v.resources(at)
	v.constraints(at)
	v.orderLoops(at)
	v.fencing(at)
	slices.SortStableFunc(v.out, func(a, b Problem) int { return a.Line - b.Line })
	return v.out
}

type validator struct {
	root  *Elem
	out   []Problem
	ids   map[string]*Elem // all objects that something can refer to
	names []string         // of resources, for suggestions
	tags  map[string]bool
	nodes map[string]bool
}

func (v *validator) report(at *trail, e *Elem, s Severity, msg, remedy string) *Problem {
	v.out = append(v.out, Problem{Line: e.Line(), Path: at.path(), ID: objectID(at, e), Severity: s, Msg: msg, Remedy: remedy})
	return &v.out[len(v.out)-1]
}

// objectID is the id of the object that an element belongs to: the nearest
// one that an operator names.
func objectID(at *trail, e *Elem) string {
	for t := at; t != nil; t = t.up {
		switch t.e.name {
		case "primitive", "template", "group", "clone", "master", "bundle", "rsc_location", "rsc_colocation", "rsc_order", "rsc_ticket",
			"tag", "acl_role", "acl_target", "acl_group", "alert", "cluster_property_set":
			return t.e.ID()
		case "node":
			return t.e.Get("uname")
		}
	}
	return e.ID()
}

// collect notes what can be referred to.
func (v *validator) collect(conf *Elem) {
	conf.Walk(func(e *Elem) bool {
		sh := shapes[e.name]
		id := e.ID()
		switch {
		case id == "" || sh.refs:
		case e.name == "node":
			v.nodes[e.Get("uname")] = true
		case !sh.anyID:
			if v.ids[id] == nil {
				v.ids[id] = e
			}
		}
		switch e.name {
		case "tag":
			v.tags[id] = true
		case "primitive", "group", "clone", "master", "bundle", "template":
			v.names = append(v.names, id)
		}
		return true
	})
}

// element checks an element's grammar and values, and everything below it.
func (v *validator) element(at *trail) {
	e := at.e
	sh, known := shapes[e.name]
	if known {
		v.attributes(at, sh)
	}
	seen := make(map[string]int)
	for _, k := range e.kids {
		if k.name == CommentName {
			continue
		}
		here := &trail{k, at}
		if _, ok := shapes[k.name]; !known || !ok || !slices.Contains(sh.kids, k.name) {
			remedy := "remove it"
			if near := Nearest(k.name, sh.kids); near != "" {
				remedy = "did you mean <" + near + ">?"
			}
			v.report(here, k, Error, fmt.Sprintf("%s does not belong into %s", Label(k), Label(e)), remedy)
			continue
		}
		if id := k.ID(); id != "" && !shapes[k.name].refs {
			seen[id]++
		}
		v.element(here)
	}
	v.values(at)
}

func (v *validator) attributes(at *trail, sh shape) {
	e := at.e
	for _, a := range e.attrs {
		if !slices.Contains(sh.attrs, a.Name) {
			remedy := ""
			if near := Nearest(a.Name, sh.attrs); near != "" {
				remedy = "did you mean " + near + "?"
			}
			v.report(at, e, Warning, fmt.Sprintf("%s has an unknown attribute %s; it is kept, but means nothing", Label(e), a.Name), remedy)
		}
	}
	if e.Get("id-ref") != "" {
		v.idRef(at)
		return
	}
	for _, n := range sh.need {
		if e.Get(n) == "" {
			v.report(at, e, Error, fmt.Sprintf("%s has no %s", Label(e), n), "give it one")
		}
	}
	if slices.Contains(sh.attrs, "id-ref") && e.ID() == "" && e.name != "operations" {
		v.report(at, e, Error, fmt.Sprintf("%s has no id", described(e)), "give it one")
	}
	id := e.ID()
	if id == "" || sh.refs || sh.anyID {
		return
	}
	if !isName(id) {
		v.report(at, e, Error, fmt.Sprintf("%s: %q is not a valid id", Label(e), id), "an id begins with a letter or _ and has only letters, digits, - _ and .")
	}
	if first := v.ids[id]; first != e {
		v.report(at, e, Error, fmt.Sprintf("id %q of %s is already taken by %s", id, described(e), position(first)), "give one of the two another id")
	}
}

// described names an element without an id by what it says.
func described(e *Elem) string {
	if n := e.Get("name"); n != "" {
		return "<" + e.name + ` name="` + n + `">`
	}
	return "<" + e.name + ">"
}

func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		cl := class[s[i]]
		if cl&cName == 0 || i == 0 && cl&cStart == 0 || s[i] == ':' {
			return false
		}
	}
	return s != ""
}

// idRef checks that an id-ref names an element of the same kind.
func (v *validator) idRef(at *trail) {
	ref := at.e.Get("id-ref")
	switch to := v.ids[ref]; {
	case to == nil:
		v.report(at, at.e, Error, fmt.Sprintf("<%s id-ref=%q>: there is no element of that id", at.e.name, ref), "correct the reference, or define it")
	case to.name != at.e.name:
		v.report(at, at.e, Error, fmt.Sprintf("<%s id-ref=%q> refers to %s, which is of another kind", at.e.name, ref, Label(to)), "")
	}
}

// values checks what the attributes of one element say.
func (v *validator) values(at *trail) {
	e := at.e
	switch e.name {
	case "nvpair":
		v.pair(at)
	case "op":
		v.opValues(at)
	case "rule":
		v.rule(at)
	case "acl_permission":
		if !slices.Contains([]string{"read", "write", "deny"}, e.Get("kind")) {
			v.report(at, e, Error, fmt.Sprintf("%s: unknown kind %q", Label(e), e.Get("kind")), "write read, write or deny")
		}
	case "cluster_property_set", "instance_attributes", "meta_attributes", "utilization", "rsc_colocation", "rsc_location":
		v.score(at, "score")
	case "expression":
		v.oneOf(at, "operation", "lt", "gt", "lte", "gte", "eq", "ne", "defined", "not_defined")
	case "node":
		v.oneOf(at, "type", "member", "ping", "remote", "normal")
	case "tag":
		if len(e.kids) == 0 {
			v.report(at, e, Error, Label(e)+" is empty", "put an <obj_ref> into it, or remove it")
		}
	case "role":
		if to := v.ids[e.ID()]; e.ID() != "" && (to == nil || to.name != "acl_role") {
			v.report(at, e, Error, fmt.Sprintf("%s: there is no role %s", Label(at.up.e), e.ID()), "define the role, or correct the name")
		}
	}
}

// oneOf checks that an attribute, if it is there, has one of the values that it may have.
func (v *validator) oneOf(at *trail, name string, values ...string) {
	if s, ok := at.e.Lookup(name); ok && s != "" && !slices.Contains(values, s) {
		v.report(at, at.e, Error, fmt.Sprintf("%s: unknown %s %q", Label(at.e), name, s), "write one of "+strings.Join(values, ", "))
	}
}

func (v *validator) score(at *trail, name string) {
	s, ok := at.e.Lookup(name)
	if !ok {
		return
	}
	if _, err := ParseScore(s); err != nil {
		v.report(at, at.e, Error, fmt.Sprintf("%s: %s %s", Label(at.e), name, err), "")
	}
}

// pair checks an nvpair by the set that it is in.
func (v *validator) pair(at *trail) {
	e, set := at.e, at.up.e
	name, value := e.Get("name"), e.Get("value")
	if e.Get("id-ref") != "" {
		return
	}
	if name == "" {
		v.report(at, e, Error, Label(e)+" has no name", "give it one")
		return
	}
	if set.name == "cluster_property_set" {
		v.clusterOption(at, name, value)
		return
	}
	if set.name != "meta_attributes" || at.up.up == nil {
		return
	}
	switch owner := at.up.up.e.name; owner {
	case "primitive", "template", "group", "clone", "master", "bundle", "rsc_defaults":
		if o, ok := MetaOption(name); ok {
			v.typed(at, o, value)
		} else if near := Nearest(name, MetaOptionNames()); near != "" && len(name) > 4 {
			v.report(at, e, Warning, fmt.Sprintf("%s has an unknown meta attribute %s", Label(at.up.up.e), name), "did you mean "+near+"?")
		}
	case "op_defaults", "op":
		if o, ok := findOption(opOptions, name); ok {
			v.typed(at, o, value)
		}
	}
}

func (v *validator) clusterOption(at *trail, name, value string) {
	o, ok := ClusterOption(name)
	if ok {
		v.typed(at, o, value)
		return
	}
	remedy := "remove it, or correct the name"
	if near := Nearest(name, ClusterOptionNames()); near != "" {
		remedy = "did you mean " + near + "?"
	}
	if at.up.e.ID() == BootstrapSet {
		v.report(at, at.e, Warning, "unknown cluster option "+name, remedy).Code = CodeUnknownOption
	}
}

// typed checks a value against its type.
func (v *validator) typed(at *trail, o Option, value string) {
	if value == "" || value == "#default" {
		return
	}
	severity := Error
	var err error
	switch o.Type {
	case TypeBool:
		_, err = ParseBool(value)
	case TypeScore:
		if _, err = ParseScore(value); err != nil && strings.Trim(value, "-+0123456789.") == "" && value != "." {
			severity = Warning // old tools wrote 1.0; the cluster takes it as 1
		}
	case TypeDuration:
		_, err = ParseDuration(value)
	case TypeInt:
		_, err = strconv.Atoi(value)
		if _, serr := ParseScore(value); err != nil && serr != nil {
			err = fmt.Errorf("%q is not an integer", value)
		} else {
			err = nil
		}
	case TypePercent:
		if _, aerr := strconv.Atoi(strings.TrimSuffix(value, "%")); aerr != nil {
			err = fmt.Errorf("%q is not a percentage", value)
		}
	case TypeChoice:
		if !slices.ContainsFunc(o.Choices, func(c string) bool { return strings.EqualFold(c, value) }) {
			err = fmt.Errorf("%q is not one of %s", value, strings.Join(o.Choices, ", "))
		}
	}
	if err == nil {
		return
	}
	remedy := ""
	if near := Nearest(value, o.Choices); near != "" {
		remedy = "did you mean " + near + "?"
	}
	v.report(at, at.e, severity, fmt.Sprintf("%s of %s: %s", o.Name, ownerOf(at), err), remedy)
}

// ownerOf names the object that a value belongs to.
func ownerOf(at *trail) string {
	for t := at; t != nil; t = t.up {
		switch t.e.name {
		case "nvpair", "meta_attributes", "instance_attributes", "utilization", "operations", "attributes":
		case "cluster_property_set", "crm_config":
			return "the cluster options"
		case "op":
			return fmt.Sprintf("operation %s of %s", t.e.Get("name"), ownerOf(t.up))
		case "node":
			return "node " + t.e.Get("uname")
		default:
			if id := t.e.ID(); id != "" {
				return id
			}
			return t.e.name
		}
	}
	return "the configuration"
}

func (v *validator) opValues(at *trail) {
	e := at.e
	if e.Get("id-ref") != "" {
		return
	}
	for _, n := range []string{"id", "name", "interval"} {
		if _, ok := e.Lookup(n); !ok && n != "id" {
			v.report(at, e, Error, fmt.Sprintf("operation %s of %s has no %s", e.Get("name"), ownerOf(at.up), n), "give it one")
		}
	}
	for _, o := range opOptions {
		if value, ok := e.Lookup(o.Name); ok {
			v.typed(at, o, value)
		}
	}
	if d, err := ParseDuration(e.Get("interval")); e.Get("name") == "monitor" && err == nil && d == 0 {
		v.report(at, e, Warning, fmt.Sprintf("monitor of %s has interval 0 and will not be repeated", ownerOf(at.up)), "give it an interval such as 10s")
	}
}

func (v *validator) rule(at *trail) {
	e := at.e
	v.score(at, "score")
	if op := e.Get("boolean-op"); op != "" && op != "and" && op != "or" {
		v.report(at, e, Error, fmt.Sprintf("%s: boolean-op %q is neither and nor or", Label(e), op), "")
	}
	if role := e.Get("role"); role != "" && !knownRole(role) {
		v.report(at, e, Error, fmt.Sprintf("%s: unknown role %q", Label(e), role), roleRemedy(role))
	}
	if e.Get("id-ref") == "" && len(e.kids) == 0 {
		v.report(at, e, Error, Label(e)+" has no expression", "add one")
	}
}

func knownRole(role string) bool {
	return slices.Contains([]string{"Started", "Stopped", "Promoted", "Unpromoted", "Master", "Slave"}, role)
}

func roleRemedy(role string) string {
	if near := Nearest(role, []string{"Started", "Stopped", "Promoted", "Unpromoted"}); near != "" {
		return "did you mean " + near + "?"
	}
	return "the roles are Started, Promoted, Unpromoted, Stopped"
}
