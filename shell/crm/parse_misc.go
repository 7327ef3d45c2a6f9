package crm

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// property reads [$id=SET | SET:] [SCORE:] [rule …] NAME=VALUE….
func (p *parser) property() (*Statement, *cib.Problem) {
	return p.options("cluster_property_set", cib.BootstrapSet)
}

// defaults reads rsc_defaults and op_defaults.
func (p *parser) defaults() (*Statement, *cib.Problem) {
	if p.toks[0].text == "rsc_defaults" {
		return p.options("meta_attributes", "rsc-options")
	}
	return p.options("meta_attributes", "op-options")
}

func (p *parser) options(tag, usual string) (*Statement, *cib.Problem) {
	id := usual
	if own, ok := p.dollar("id"); ok {
		id = own
	} else if t, ok := p.peek(); ok && strings.HasSuffix(t.text, ":") {
		word := strings.TrimSuffix(t.text, ":")
		if _, isScore := scoreWord(word); !isScore {
			if !validID(word) {
				return nil, p.problem(t, fmt.Sprintf("%s: %q is not a valid set name", p.toks[0].text, word), "")
			}
			id = word
			p.at++
		}
	}
	set := cib.New(tag, attr("id", id))
	score, ok, err := p.score()
	if err != nil {
		return nil, err
	}
	if ok {
		set = set.With(score.Name, score.Value)
	}
	if _, more := p.peek(); !more && p.at > 1 {
		return &Statement{ID: id, Elem: set}, nil // an empty set, named
	}
	set, err = p.attrSetBody(set)
	if err != nil {
		return nil, err
	}
	return &Statement{ID: id, Elem: set}, nil
}

// topology reads [TARGET] DEVICES… [TARGET DEVICES…]…. Without anything it is a topology
// without levels, as crmsh writes one.
func (p *parser) topology() (*Statement, *cib.Problem) {
	top := cib.New("fencing-topology")
	// Levels before any target are for all nodes.
	target := attr("target-pattern", ".*")
	more := []cib.Attr(nil)
	index := 0
	for {
		t, ok := p.peek()
		if !ok {
			break
		}
		p.at++
		if name, isTarget := strings.CutSuffix(t.text, ":"); isTarget {
			target, more, index = attr("target", name), nil, 0
			continue
		}
		if rest, isAttr := strings.CutPrefix(t.text, "attr:"); isAttr {
			name, value, ok := strings.Cut(rest, "=")
			if !ok {
				return nil, p.problem(t, fmt.Sprintf("fencing_topology: %q names no value", t.text), "write attr:NAME=VALUE")
			}
			target, more, index = attr("target-attribute", name), []cib.Attr{attr("target-value", value)}, 0
			continue
		}
		if pattern, isPattern := strings.CutPrefix(t.text, "pattern:"); isPattern {
			target, more, index = attr("target-pattern", pattern), nil, 0
			continue
		}
		for _, d := range strings.Split(t.text, ",") {
			if !validID(d) {
				return nil, p.problem(t, fmt.Sprintf("fencing_topology: %q is not a list of fence devices", t.text), "separate devices that must all succeed by commas without blanks")
			}
		}
		index++
		attrs := append([]cib.Attr{target}, more...)
		attrs = append(attrs, attr("index", itoa(index)), attr("devices", t.text))
		top = top.Append(cib.New("fencing-level", attrs...))
	}
	if len(top.Kids()) == 0 && p.at > 1 {
		t, _ := p.peek()
		return nil, p.unexpected(t, "fence devices")
	}
	return &Statement{Elem: top}, nil
}

// role reads ID (read|write|deny SPEC [attribute:NAME])….
func (p *parser) role() (*Statement, *cib.Problem) {
	id, err := p.id("role name")
	if err != nil {
		return nil, err
	}
	perms, err := p.permissions()
	if err != nil {
		return nil, err
	}
	if len(perms) == 0 {
		t, _ := p.peek()
		return nil, p.unexpected(t, "read, write or deny")
	}
	return &Statement{ID: id, Elem: cib.New("acl_role", attr("id", id)).WithKids(perms)}, nil
}

func (p *parser) permissions() ([]*cib.Elem, *cib.Problem) {
	var out []*cib.Elem
	for {
		t, more := p.peek()
		if !more {
			return out, nil
		}
		if !slices.Contains([]string{"read", "write", "deny"}, t.text) {
			return nil, p.unexpected(t, "read, write or deny")
		}
		p.at++
		e := cib.New("acl_permission", attr("kind", t.text))
		n := 0
		for {
			s, more := p.peek()
			if !more || !s.quoted && slices.Contains([]string{"read", "write", "deny"}, s.text) {
				break
			}
			a, ok := permission(s.text)
			if !ok {
				return nil, p.unexpected(s, "xpath:, ref:, tag:, attribute: or one of meta: params: utilization: location: property node nodeattr nodeutil status cib")
			}
			if _, twice := e.Lookup(a.Name); twice {
				return nil, p.problem(s, fmt.Sprintf("%s: a second %s in one permission", p.toks[0].text, a.Name), "write "+t.text+" again before it")
			}
			e = e.With(a.Name, a.Value)
			p.at++
			n++
		}
		if n == 0 {
			s, _ := p.peek()
			return nil, p.unexpected(s, "what may be "+map[string]string{"read": "read", "write": "written", "deny": "denied"}[t.text])
		}
		out = append(out, e)
	}
}

// permission reads one specification of an ACL permission.
func permission(word string) (cib.Attr, bool) {
	kind, rest, _ := strings.Cut(word, ":")
	switch kind {
	case "xpath":
		return attr("xpath", rest), rest != ""
	case "ref":
		return attr("reference", rest), rest != ""
	case "tag", "type":
		return attr("object-type", rest), rest != ""
	case "attribute", "attr":
		return attr("attribute", rest), rest != ""
	}
	x, ok := aclShortcut(kind, rest)
	return attr("xpath", x), ok
}

// aclShortcut writes an ACL shortcut as the XPath it stands for.
func aclShortcut(kind, rest string) (string, bool) {
	named := func(path, name string) string {
		if name == "" {
			return path
		}
		return path + "/nvpair[@name='" + name + "']"
	}
	obj, name, _ := strings.Cut(rest, ":")
	switch kind {
	case "meta", "params", "utilization":
		if obj == "" {
			return "", false
		}
		tag := map[string]string{"meta": "meta_attributes", "params": "instance_attributes", "utilization": "utilization"}[kind]
		return named("//primitive[@id='"+obj+"']/"+tag, name), true
	case "location":
		return "//rsc_location[@id='cli-prefer-" + obj + "' and @rsc='" + obj + "']", obj != ""
	case "property":
		return named("//crm_config/cluster_property_set", obj), true
	case "node":
		if obj == "" {
			return "//nodes/node", true
		}
		return "//nodes/node[@uname='" + obj + "']", true
	case "nodeattr":
		return named("//nodes/node/instance_attributes", obj), true
	case "nodeutil":
		if obj == "" {
			return "//nodes/node/utilization", true
		}
		return "//nodes/node[@uname='" + obj + "']/utilization", true
	case "status":
		return "/cib/status", rest == ""
	case "cib":
		return "/cib", rest == ""
	}
	return "", false
}

// target reads acl_target and acl_group: ID ROLE….
func (p *parser) target() (*Statement, *cib.Problem) {
	kind := p.toks[0].text
	t, more := p.peek()
	if !more {
		return nil, p.unexpected(t, "an account")
	}
	p.at++
	e := cib.New(kind, attr("id", t.text))
	for {
		r, more := p.peek()
		if !more {
			break
		}
		p.at++
		e = e.Append(cib.New("role", attr("id", strings.TrimPrefix(r.text, "role:"))))
	}
	return &Statement{ID: t.text, Elem: e}, nil
}

// user reads the older form of acl_target: UID role:ROLE….
func (p *parser) user() (*Statement, *cib.Problem) {
	t, more := p.peek()
	if !more {
		return nil, p.unexpected(t, "an account")
	}
	p.at++
	e := cib.New("acl_target", attr("id", t.text))
	for {
		r, more := p.peek()
		if !more {
			break
		}
		role, ok := strings.CutPrefix(r.text, "role:")
		if !ok {
			return nil, p.problem(r, fmt.Sprintf("user %s: rules for a single user are no longer possible", t.text),
				"write the rules as a role, and acl_target "+t.text+" with the name of that role")
		}
		p.at++
		e = e.Append(cib.New("role", attr("id", role)))
	}
	return &Statement{ID: t.text, Kind: "acl_target", Elem: e}, nil
}

// tag reads ID[:] OBJECT….
func (p *parser) tag() (*Statement, *cib.Problem) {
	t, more := p.peek()
	id := strings.TrimSuffix(t.text, ":")
	if !more || !validID(id) {
		return nil, p.unexpected(t, "the name of a tag")
	}
	p.at++
	e := cib.New("tag", attr("id", id))
	for {
		if _, more := p.peek(); !more {
			break
		}
		ref, err := p.id("object name")
		if err != nil {
			return nil, err
		}
		e = e.Append(cib.New("obj_ref", attr("id", ref)))
	}
	if len(e.Kids()) == 0 {
		next, _ := p.peek()
		return nil, p.unexpected(next, "the objects of tag "+id)
	}
	return &Statement{ID: id, Elem: e}, nil
}

// delete reads the names of objects to remove.
func (p *parser) delete() (*Statement, *cib.Problem) {
	st := &Statement{}
	for {
		t, more := p.peek()
		if !more {
			break
		}
		p.at++
		if t.text != "--force" {
			st.removes = append(st.removes, t.text)
		}
	}
	if len(st.removes) == 0 {
		t, _ := p.peek()
		return nil, p.unexpected(t, "the name of an object")
	}
	return st, nil
}

// xml reads an object given as XML.
func (p *parser) xml() (*Statement, *cib.Problem) {
	body := strings.TrimSpace(p.raw)
	if n := len(body); n > 1 && (body[0] == '\'' || body[0] == '"') && body[n-1] == body[0] {
		body = body[1 : n-1]
	}
	e, err := cib.Parse([]byte(body))
	if err != nil {
		return nil, p.problem(p.toks[0], "xml: "+err.Error(), "write one XML element, each line but its last ending in a backslash")
	}
	kind, ok := xmlKinds[e.Name()]
	if !ok {
		return nil, p.problem(p.toks[0], fmt.Sprintf("xml: <%s> is not an object of a configuration", e.Name()), "")
	}
	id := e.ID()
	switch e.Name() {
	case "node":
		id = e.Get("uname")
	case "rsc_defaults", "op_defaults":
		if len(e.Kids()) != 1 {
			return nil, p.problem(p.toks[0], fmt.Sprintf("xml: <%s> needs one set of attributes", e.Name()), "")
		}
		e = e.Kids()[0]
		id = e.ID()
	}
	if id == "" && e.Name() != "fencing-topology" {
		return nil, p.problem(p.toks[0], fmt.Sprintf("xml: <%s> has no id", e.Name()), "give it an id")
	}
	st := &Statement{Kind: kind, ID: id, Elem: e, nodeID: ""}
	if e.Name() == "node" {
		st.nodeID = e.ID()
	}
	return st, nil
}

// xmlKinds are the statements that define each element.
var xmlKinds = map[string]string{
	"node": "node", "primitive": "primitive", "template": "rsc_template", "group": "group", "clone": "clone", "master": "clone",
	"bundle": "bundle", "rsc_location": "location", "rsc_colocation": "colocation", "rsc_order": "order", "rsc_ticket": "rsc_ticket",
	"cluster_property_set": "property", "fencing-topology": "fencing_topology", "acl_role": "role", "acl_target": "acl_target",
	"acl_group": "acl_group", "tag": "tag", "alert": "alert", "rsc_defaults": "rsc_defaults", "op_defaults": "op_defaults",
}
