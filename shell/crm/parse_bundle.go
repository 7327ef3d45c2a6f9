package crm

import (
	"slices"
	"strings"

	"mainstay/cib"
)

// engines are the container engines of bundles.
var engines = []string{"docker", "podman", "rkt"}

// bundle reads ID ENGINE … [network …] [storage …] [meta …] [primitive RSC].
func (p *parser) bundle() (*Statement, *cib.Problem) {
	id, err := p.id("bundle name")
	if err != nil {
		return nil, err
	}
	st := &Statement{ID: id}
	e := cib.New("bundle", attr("id", id))
	if _, d, ok := p.option("description"); ok {
		e = e.With("description", d)
	}
	var kids []*cib.Elem
	for {
		t, more := p.peek()
		if !more {
			break
		}
		p.at++
		var kid *cib.Elem
		var err *cib.Problem
		switch {
		case slices.Contains(engines, t.text):
			kid = cib.New(t.text, p.looseAttrs()...)
		case t.text == "network":
			kid = p.mappings(cib.New("network", p.looseAttrs()...), "port-mapping")
		case t.text == "storage":
			kid = p.mappings(cib.New("storage", p.looseAttrs()...), "storage-mapping")
		case t.text == "primitive":
			err = st.child(p)
		case setTag(t.text) != "":
			kid, err = p.attrSet(setTag(t.text))
		default:
			return nil, p.unexpected(t, "docker, podman, network, storage, meta or primitive")
		}
		if err != nil {
			return nil, err
		}
		if kid != nil {
			kids = append(kids, kid)
		}
	}
	if !slices.ContainsFunc(kids, func(k *cib.Elem) bool { return slices.Contains(engines, k.Name()) }) {
		t, _ := p.peek()
		return nil, p.unexpected(t, "docker or podman with the image")
	}
	st.Elem = e.WithKids(kids)
	return st, nil
}

// looseAttrs reads NAME=VALUE words as attributes of an element.
func (p *parser) looseAttrs() []cib.Attr {
	var out []cib.Attr
	for {
		t, more := p.peek()
		name, value, ok := pair(t)
		if !more || !ok {
			return out
		}
		p.at++
		out = append(out, attr(strings.TrimPrefix(name, "$"), value))
	}
}

// mappings reads port-mapping or storage-mapping clauses.
func (p *parser) mappings(e *cib.Elem, tag string) *cib.Elem {
	for p.take(tag) {
		e = e.Append(cib.New(tag, p.looseAttrs()...))
	}
	return e
}

// alert reads ID PATH [attributes …] [meta …] [select …] [to RECIPIENT …]….
func (p *parser) alert() (*Statement, *cib.Problem) {
	id, err := p.id("alert name")
	if err != nil {
		return nil, err
	}
	path, more := p.peek()
	if !more {
		return nil, p.unexpected(path, "the path of the alert program")
	}
	p.at++
	e := cib.New("alert", attr("id", id), attr("path", path.text))
	if _, d, ok := p.option("description"); ok {
		e = e.With("description", d)
	}
	kids, err := p.alertSets()
	if err != nil {
		return nil, err
	}
	if p.take("select") {
		sel, err := p.selection()
		if err != nil {
			return nil, err
		}
		kids = append(kids, sel)
		rest, err := p.alertSets()
		if err != nil {
			return nil, err
		}
		kids = append(kids, rest...)
	}
	for p.take("to") {
		braced := p.take("{")
		to, more := p.peek()
		if !more || to.text == "}" {
			return nil, p.unexpected(to, "a recipient")
		}
		p.at++
		r := cib.New("recipient", attr("value", to.text))
		if rid, ok := p.dollar("id"); ok {
			r = cib.New("recipient", attr("id", rid), attr("value", to.text))
		}
		sets, err := p.alertSets()
		if err != nil {
			return nil, err
		}
		kids = append(kids, r.WithKids(sets))
		if braced && !p.take("}") {
			next, _ := p.peek()
			return nil, p.unexpected(next, "}")
		}
		if braced {
			rest, err := p.alertSets()
			if err != nil {
				return nil, err
			}
			kids = append(kids, rest...)
		}
	}
	return &Statement{ID: id, Elem: e.WithKids(kids)}, nil
}

// alertSets reads attributes … and meta … clauses.
func (p *parser) alertSets() ([]*cib.Elem, *cib.Problem) {
	var out []*cib.Elem
	for {
		tag := ""
		switch {
		case p.take("attributes"):
			tag = "instance_attributes"
		case p.take("meta"):
			tag = "meta_attributes"
		default:
			return out, nil
		}
		set, err := p.attrSet(tag)
		if err != nil {
			return nil, err
		}
		out = append(out, set)
	}
}

// selection reads what follows select: nodes, fencing, resources, attributes { … }.
func (p *parser) selection() (*cib.Elem, *cib.Problem) {
	sel := cib.New("select")
	for {
		switch {
		case p.take("nodes"), p.take("fencing"), p.take("resources"):
			sel = sel.Append(cib.New("select_" + p.toks[p.at-1].text))
		case p.is("attributes") && p.at+1 < len(p.toks) && (p.toks[p.at+1].text == "{" || !strings.Contains(p.toks[p.at+1].text, "=")):
			p.at++
			attrs := cib.New("select_attributes")
			if p.take("{") {
				for !p.take("}") {
					t, more := p.peek()
					if !more {
						return nil, p.unexpected(t, "}")
					}
					p.at++
					attrs = attrs.Append(cib.New("attribute", attr("name", t.text)))
				}
			}
			sel = sel.Append(attrs)
		default:
			if len(sel.Kids()) == 0 {
				t, _ := p.peek()
				return nil, p.unexpected(t, "nodes, fencing, resources or attributes { … }")
			}
			return sel, nil
		}
	}
}
