package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/intent"
)

// attr makes an attribute.
func attr(name, value string) cib.Attr { return cib.Attr{Name: name, Value: value} }

// conf is a section of the configuration, an empty one if it is missing.
func (s *shell) conf(section string) *cib.Elem {
	if e := s.root.Path("configuration", section); e != nil {
		return e
	}
	return cib.New(section)
}

// order is that of the sections in the configuration.
var order = []string{"crm_config", "nodes", "resources", "constraints", "fencing-topology", "op_defaults", "rsc_defaults", "alerts", "acls", "tags"}

// putConf exchanges a section.
func (s *shell) putConf(e *cib.Elem) {
	conf := s.root.Child("configuration")
	if conf.Child(e.Name()) != nil {
		s.root = s.root.Put(conf.Put(e))
		return
	}
	var kids []*cib.Elem
	rank := slices.Index(order, e.Name())
	done := false
	for _, k := range conf.Kids() {
		if !done && slices.Index(order, k.Name()) > rank {
			kids, done = append(kids, e), true
		}
		kids = append(kids, k)
	}
	if !done {
		kids = append(kids, e)
	}
	s.root = s.root.Put(conf.WithKids(kids))
}

// set puts an element in the place of another; nil removes it.
func (s *shell) set(p *cib.Place, e *cib.Elem) { s.root = p.Set(e) }

// references are elements whose id names another element.
var references = []string{"obj_ref", "resource_ref", "role", "lrm_resource"}

// taken tells whether an id is in use in the configuration.
func (s *shell) taken(id string) bool {
	found := false
	s.root.Child("configuration").Walk(func(e *cib.Elem) bool {
		if e.ID() == id && !slices.Contains(references, e.Name()) {
			found = true
		}
		return !found
	})
	return found
}

// fresh makes an id that is not in use: the wanted one, or it with a number.
func (s *shell) fresh(want string, also ...string) string {
	id := want
	for n := 1; s.taken(id) || slices.Contains(also, id); n++ {
		id = fmt.Sprintf("%s-%d", want, n)
	}
	return id
}

// idWord makes of a text what may stand in an id.
func idWord(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return -1
	}, text)
}

// validID tells what is wrong with an id; what says what it is the id of.
func (s *shell) validID(id, what string) {
	if id == "" {
		s.fault("%s cannot be empty", what)
		return
	}
	for i, r := range id {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r > 127
		switch {
		case i == 0 && !letter:
			s.fault("invalid %s '%s', '%c' is not a valid first character for a %s", what, id, r, what)
			return
		case !letter && (r < '0' || r > '9') && r != '-' && r != '.':
			s.fault("invalid %s '%s', '%c' is not a valid character for a %s", what, id, r, what)
			return
		}
	}
}

// newID checks an id for a new element.
func (s *shell) newID(id, what string) {
	was := s.wrong
	s.validID(id, what)
	if s.wrong == was && s.taken(id) {
		s.fault("'%s' already exists", id)
	}
}

// cut shortens the name of an option for an id, as pcs does.
func cut(name string) string {
	name = idWord(name)
	if len(name) > 20 {
		return name[:20]
	}
	return name
}

// nvpair makes a pair of a set.
func (s *shell) nvpair(set string, p pair, also ...string) *cib.Elem {
	return cib.New("nvpair", attr("id", s.fresh(set+"-"+cut(p.name), also...)), attr("name", p.name), attr("value", p.value))
}

// nvset makes a set of pairs, sorted by name.
func (s *shell) nvset(tag, id string, ps []pair) *cib.Elem {
	set := cib.New(tag, attr("id", id))
	var ids []string
	for _, p := range sorted(ps) {
		nv := s.nvpair(id, p, ids...)
		ids = append(ids, nv.ID())
		set = set.Append(nv)
	}
	return set
}

// withPairs gives an element's first set of a kind values; an empty value removes a
// name. A set is made if there is none and there is something to put into it.
func (s *shell) withPairs(owner *cib.Elem, tag, setID string, ps []pair) *cib.Elem {
	set := owner.Child(tag)
	if set == nil {
		ps = slices.DeleteFunc(slices.Clone(ps), func(p pair) bool { return p.value == "" })
		if len(ps) == 0 {
			return owner
		}
		return owner.Append(s.nvset(tag, s.fresh(setID), ps))
	}
	return owner.Put(s.edited(set, ps))
}

// edited is a set with values changed, added and removed.
func (s *shell) edited(set *cib.Elem, ps []pair) *cib.Elem {
	var ids []string
	for _, p := range sorted(ps) {
		kids := slices.Clone(set.Kids())
		i := slices.IndexFunc(kids, func(e *cib.Elem) bool { return e.Name() == "nvpair" && e.Get("name") == p.name })
		switch {
		case i < 0 && p.value == "":
			continue
		case i < 0:
			nv := s.nvpair(set.ID(), p, ids...)
			ids = append(ids, nv.ID())
			kids = append(kids, nv)
		case p.value == "":
			kids = slices.Delete(kids, i, i+1)
		default:
			kids[i] = kids[i].With("value", p.value)
		}
		set = set.WithKids(kids)
	}
	return set
}

// resource finds a resource of the configuration.
func (s *shell) resource(id string) *cib.Place { return intent.Resource(s.root, id) }

// exact finds a resource by its very id.
func (s *shell) exact(id string) *cib.Place {
	if p := s.resource(id); p != nil && p.Elem.ID() == id {
		return p
	}
	return nil
}

// isStonith tells fence devices.
func isStonith(e *cib.Elem) bool { return e.Name() == "primitive" && e.Get("class") == "stonith" }

// inner are the resources directly in a collection.
func inner(e *cib.Elem) []*cib.Elem {
	var out []*cib.Elem
	for _, k := range e.Kids() {
		if slices.Contains([]string{"primitive", "group", "clone", "master", "bundle"}, k.Name()) {
			out = append(out, k)
		}
	}
	return out
}

// primitives are a resource's primitives, itself if it is one.
func primitives(e *cib.Elem) []*cib.Elem {
	if e.Name() == "primitive" {
		return []*cib.Elem{e}
	}
	var out []*cib.Elem
	for _, k := range inner(e) {
		out = append(out, primitives(k)...)
	}
	return out
}

// pairsOf lists the pairs of an element's sets of a kind, in order.
func pairsOf(owner *cib.Elem, tag string) []pair {
	var out []pair
	for set := range owner.Named(tag) {
		for nv := range set.Named("nvpair") {
			out = append(out, pair{nv.Get("name"), nv.Get("value")})
		}
	}
	return out
}

// meta is the value of a meta attribute, "" if it has none: that of the set with the
// highest score, of the last of several equal ones, as the scheduler takes it.
func meta(e *cib.Elem, name string) string {
	out, best := "", 0
	found := false
	for set := range e.Named("meta_attributes") {
		score, _ := cib.ParseScore(set.Get("score")) // a score that is none counts as 0
		for nv := range set.Named("nvpair") {
			if nv.Get("name") == name && (!found || score >= best) {
				out, best, found = nv.Get("value"), score, true
				break // within a set the first counts
			}
		}
	}
	return out
}

// drop removes elements of a section for which gone holds.
func (s *shell) drop(section string, gone func(*cib.Elem) bool) int {
	sec := s.conf(section)
	kept := sec.Drop(gone)
	n := len(sec.Kids()) - len(kept.Kids())
	if n > 0 {
		s.putConf(kept)
	}
	return n
}

// typeName is what pcs calls an element in messages.
func typeName(e *cib.Elem) string {
	switch e.Name() {
	case "primitive":
		if isStonith(e) {
			return "stonith"
		}
		return "resource"
	case "acl_role":
		return "ACL role"
	case "rsc_location":
		return "location constraint"
	}
	return e.Name()
}
