package crm

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// node reads node [$id=N | N:] NAME[:TYPE] [description=…] [attributes …] [utilization …].
func (p *parser) node() (*Statement, *cib.Problem) {
	st := &Statement{}
	if id, ok := p.dollar("id"); ok {
		st.nodeID = id
	} else if t, ok := p.peek(); ok && strings.HasSuffix(t.text, ":") {
		st.nodeID = strings.TrimSuffix(t.text, ":")
		p.at++
	}
	t, more := p.peek()
	if !more {
		return nil, p.unexpected(t, "the name of a node")
	}
	p.at++
	name, kind, typed := strings.Cut(t.text, ":")
	if typed && !slices.Contains([]string{"normal", "member", "ping", "remote"}, kind) {
		return nil, p.problem(t, fmt.Sprintf("node %s: unknown type %q", name, kind), "a node is of type member, remote or ping")
	}
	st.ID = name
	e := cib.New("node", attr("uname", name))
	if typed && kind != "normal" {
		e = e.With("type", kind)
	}
	if _, d, ok := p.option("description"); ok {
		e = e.With("description", d)
	}
	var kids []*cib.Elem
	for {
		tag := ""
		switch {
		case p.take("attributes"):
			tag = "instance_attributes"
		case p.take("utilization"):
			tag = "utilization"
		default:
			// The first attributes need no word before them.
			if t, more := p.peek(); !more || len(kids) > 0 || t.quoted || !strings.Contains(t.text, "=") {
				st.Elem = e.WithKids(kids)
				return st, nil
			}
			tag = "instance_attributes"
		}
		set, err := p.attrSet(tag)
		if err != nil {
			return nil, err
		}
		kids = append(kids, set)
	}
}

// agentType reads [CLASS:[PROVIDER:]]TYPE or @TEMPLATE into attributes.
func (p *parser) agentType() ([]cib.Attr, *cib.Problem) {
	t, more := p.peek()
	if !more {
		return nil, p.unexpected(t, "an agent such as ocf:heartbeat:IPaddr2")
	}
	p.at++
	if ref, ok := strings.CutPrefix(t.text, "@"); ok {
		return []cib.Attr{attr("template", ref)}, nil
	}
	class, rest, two := strings.Cut(t.text, ":")
	if !two {
		if !validID(t.text) {
			return nil, p.problem(t, fmt.Sprintf("%s: %q is not an agent", p.toks[0].text, t.text), "write CLASS:PROVIDER:TYPE such as ocf:heartbeat:IPaddr2, or @TEMPLATE")
		}
		return []cib.Attr{attr("class", "ocf"), attr("provider", "heartbeat"), attr("type", t.text)}, nil
	}
	if class != "ocf" {
		if !slices.Contains([]string{"lsb", "systemd", "upstart", "service", "stonith", "nagios", "heartbeat"}, class) {
			remedy := "the classes are ocf, systemd, lsb, service, stonith"
			if near := cib.Nearest(class, []string{"ocf", "systemd", "lsb", "service", "stonith"}); near != "" {
				remedy = "did you mean " + near + "?"
			}
			return nil, p.problem(t, fmt.Sprintf("%s: unknown class of agents %q in %s", p.toks[0].text, class, t.text), remedy)
		}
		return []cib.Attr{attr("class", class), attr("type", rest)}, nil
	}
	provider, typ, three := strings.Cut(rest, ":")
	if !three || provider == "" || typ == "" {
		return nil, p.problem(t, fmt.Sprintf("%s: %q names no provider", p.toks[0].text, t.text), "write ocf:PROVIDER:TYPE, for example ocf:heartbeat:"+rest)
	}
	return []cib.Attr{attr("class", "ocf"), attr("provider", provider), attr("type", typ)}, nil
}

func (p *parser) primitive() (*Statement, *cib.Problem) { return p.resource("primitive") }

func (p *parser) template() (*Statement, *cib.Problem) { return p.resource("template") }

// resource reads what primitives and templates have in common.
func (p *parser) resource(tag string) (*Statement, *cib.Problem) {
	id, err := p.id("resource name")
	if err != nil {
		return nil, err
	}
	agent, err := p.agentType()
	if err != nil {
		return nil, err
	}
	e := cib.New(tag, append([]cib.Attr{attr("id", id)}, agent...)...)
	if _, d, ok := p.option("description"); ok {
		e = e.With("description", d)
	}
	kids, err := p.resourceBody()
	if err != nil {
		return nil, err
	}
	return &Statement{ID: id, Elem: e.WithKids(kids)}, nil
}

func (p *parser) resourceBody() ([]*cib.Elem, *cib.Problem) {
	var kids []*cib.Elem
	operations := cib.New("operations")
	place := -1 // of the operations among the kids
	addOps := func() {
		if place < 0 {
			place = len(kids)
			kids = append(kids, nil)
		}
	}
	for first := true; ; first = false {
		t, more := p.peek()
		if !more {
			break
		}
		tag := setTag(t.text)
		switch {
		case tag != "" && !t.quoted:
			p.at++
		case p.take("op"):
			addOps()
			op, err := p.op()
			if err != nil {
				return nil, err
			}
			operations = operations.Append(op)
			continue
		case p.take("operations"):
			addOps()
			if ref, ok := p.dollar("id-ref"); ok {
				operations = operations.With("id-ref", ref)
			} else if id, ok := p.dollar("id"); ok {
				operations = operations.With("id", id)
			} else {
				next, _ := p.peek()
				return nil, p.unexpected(next, "$id=NAME or $id-ref=NAME")
			}
			continue
		case first && (strings.Contains(t.text, "=") || strings.HasPrefix(t.text, "@")):
			tag = "instance_attributes"
		default:
			return nil, p.unexpected(t, "params, meta, utilization, operations or op")
		}
		set, err := p.attrSet(tag)
		if err != nil {
			return nil, err
		}
		kids = append(kids, set)
	}
	if place >= 0 {
		kids[place] = operations
	}
	return kids, nil
}

// setTag is the element that a clause word of a resource stands for.
func setTag(word string) string {
	switch word {
	case "params":
		return "instance_attributes"
	case "meta":
		return "meta_attributes"
	case "utilization":
		return "utilization"
	}
	return ""
}

// opNames are the attributes of an operation itself; others are its parameters.
var opNames = []string{"name", "interval", "timeout", "start-delay", "interval-origin", "role", "on-fail", "requires", "enabled",
	"record-pending", "timestamp", "description", "id"}

// op reads NAME [ATTRIBUTE=VALUE]… [op_params …] [op_meta …].
func (p *parser) op() (*cib.Elem, *cib.Problem) {
	name, err := p.id("operation")
	if err != nil {
		return nil, err
	}
	op := cib.New("op", attr("name", name))
	if id, ok := p.dollar("id"); ok {
		op = op.With("id", id)
	}
	var loose, kids []*cib.Elem
	for {
		t, more := p.peek()
		if !more {
			break
		}
		n, v, isPair := pair(t)
		if !isPair {
			break
		}
		p.at++
		if !slices.Contains(opNames, n) {
			if slices.ContainsFunc(loose, func(nv *cib.Elem) bool { return nv.Get("name") == n }) {
				return nil, p.problem(t, fmt.Sprintf("%s: %s of operation %s is given twice", p.toks[0].text, n, name), "remove one of the two")
			}
			loose = append(loose, cib.New("nvpair", attr("name", n), attr("value", v)))
			continue
		}
		if _, twice := op.Lookup(n); twice {
			return nil, p.problem(t, fmt.Sprintf("%s: %s of operation %s is given twice", p.toks[0].text, n, name), "remove one of the two")
		}
		if n == "role" {
			v = roleWord(v)
		}
		op = op.With(n, v)
	}
	if len(loose) > 0 {
		kids = append(kids, cib.New("instance_attributes").WithKids(loose))
	}
	for {
		tag := "instance_attributes"
		if p.take("op_meta") {
			tag = "meta_attributes"
		} else if !p.take("op_params") {
			break
		}
		set, err := p.attrSet(tag)
		if err != nil {
			return nil, err
		}
		kids = append(kids, set)
	}
	if _, ok := op.Lookup("interval"); !ok {
		op = op.With("interval", "0")
	}
	return op.WithKids(kids), nil
}

// monitor reads RSC[:ROLE] INTERVAL[:TIMEOUT].
func (p *parser) monitor() (*Statement, *cib.Problem) {
	t, more := p.peek()
	if !more {
		return nil, p.unexpected(t, "a resource")
	}
	p.at++
	rsc, role, _ := strings.Cut(t.text, ":")
	if !validID(rsc) {
		return nil, p.problem(t, fmt.Sprintf("monitor: %q is not a resource name", rsc), "")
	}
	op := cib.New("op", attr("name", "monitor"))
	when, more := p.peek()
	if !more {
		return nil, p.unexpected(when, "INTERVAL[:TIMEOUT]")
	}
	p.at++
	interval, timeout, _ := strings.Cut(when.text, ":")
	for _, d := range []struct{ name, value string }{{"interval", interval}, {"timeout", timeout}} {
		if d.value == "" {
			continue
		}
		if _, err := cib.ParseDuration(d.value); err != nil {
			return nil, p.problem(when, "monitor "+rsc+": "+d.name+" "+err.Error(), "")
		}
		op = op.With(d.name, d.value)
	}
	if role != "" {
		op = op.With("role", roleWord(role))
	}
	return &Statement{ID: rsc, monitor: op}, nil
}

// container reads the clauses of groups and clones after their children.
func (p *parser) container(st *Statement, e *cib.Elem) (*Statement, *cib.Problem) {
	var kids []*cib.Elem
	for {
		t, more := p.peek()
		if !more {
			break
		}
		if _, d, ok := p.option("description"); ok {
			e = e.With("description", d)
			continue
		}
		tag := setTag(t.text)
		if tag == "" || tag == "utilization" {
			return nil, p.unexpected(t, "a resource, params or meta")
		}
		p.at++
		set, err := p.attrSet(tag)
		if err != nil {
			return nil, err
		}
		kids = append(kids, set)
	}
	st.Elem = e.WithKids(kids)
	return st, nil
}

// child reads the id of a contained resource.
func (st *Statement) child(p *parser) *cib.Problem {
	t, _ := p.peek()
	id, err := p.id("resource name")
	if err != nil {
		return err
	}
	if slices.Contains(st.Children, id) {
		return p.problem(t, fmt.Sprintf("%s %s: %s is listed twice", p.toks[0].text, st.ID, id), "remove one of the two")
	}
	if st.childLine == nil {
		st.childLine = make(map[string]int)
	}
	st.Children, st.childLine[id] = append(st.Children, id), t.line
	return nil
}

func (p *parser) group() (*Statement, *cib.Problem) {
	id, err := p.id("group name")
	if err != nil {
		return nil, err
	}
	st := &Statement{ID: id}
	for {
		t, more := p.peek()
		if !more || setTag(t.text) != "" || strings.Contains(t.text, "=") {
			break
		}
		if err := st.child(p); err != nil {
			return nil, err
		}
	}
	if len(st.Children) == 0 {
		t, _ := p.peek()
		return nil, p.unexpected(t, "the resources of group "+id)
	}
	return p.container(st, cib.New("group", attr("id", id)))
}

// clone reads clone and ms; the latter means a promotable clone.
func (p *parser) clone() (*Statement, *cib.Problem) {
	promotable := kinds[p.toks[0].text] == "ms"
	id, err := p.id("clone name")
	if err != nil {
		return nil, err
	}
	st := &Statement{ID: id, Kind: "clone"}
	if err := st.child(p); err != nil {
		return nil, err
	}
	if st, err = p.container(st, cib.New("clone", attr("id", id))); err != nil {
		return nil, err
	}
	st.Elem = modernClone(st.Elem, promotable)
	return st, nil
}

// modernClone writes a clone's meta attributes in the present vocabulary.
func modernClone(e *cib.Elem, promotable bool) *cib.Elem {
	kids := slices.Clone(e.Kids())
	meta := -1
	for i, set := range kids {
		if set.Name() != "meta_attributes" {
			continue
		}
		if meta < 0 {
			meta = i
		}
		nvs := slices.Clone(set.Kids())
		for j, nv := range nvs {
			if now := cib.ModernMetaName(nv.Get("name")); now != nv.Get("name") {
				nvs[j] = nv.With("name", now)
			}
			promotable = promotable && nv.Get("name") != "promotable"
		}
		kids[i] = set.WithKids(nvs)
	}
	if !promotable {
		return e.WithKids(kids)
	}
	nv := cib.New("nvpair", attr("name", "promotable"), attr("value", "true"))
	if meta >= 0 && kids[meta].Get("id-ref") == "" {
		kids[meta] = kids[meta].WithKids(append([]*cib.Elem{nv}, kids[meta].Kids()...))
	} else {
		kids = append([]*cib.Elem{cib.New("meta_attributes").WithKids([]*cib.Elem{nv})}, kids...)
	}
	return e.WithKids(kids)
}
