package crm

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// remove deletes objects, and with resources what cannot be without them, as crmsh does:
// constraints that name them (of sets they are taken out), tags' references, and what
// would contain nothing. What else refers to them (templates in use, fencing levels)
// keeps all of it from happening.
func (s *Session) remove(args []string) Reply {
	names := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--force" })
	if len(names) == 0 {
		return s.Loaded("delete", Update)
	}
	d := &deletion{gone: map[string]bool{}}
	for _, n := range names {
		d.gone[n] = true
	}
	conf := s.work.Child("configuration")
	names = append(names, d.containers(conf.Child("resources"), names)...)
	constraints := conf.Child("constraints")
	var kept []*cib.Elem
	for _, c := range constraints.Kids() {
		if next := d.constraint(c); next != nil {
			kept = append(kept, next)
		}
	}
	if !slices.Equal(kept, constraints.Kids()) {
		conf = conf.Put(constraints.WithKids(kept))
	}
	if tags := conf.Child("tags"); tags != nil {
		conf = conf.Put(d.tags(tags))
	}
	names = slices.DeleteFunc(names, func(n string) bool { return d.done[n] })
	root := s.work.Put(conf)
	if len(names) > 0 {
		next, _, problems := Load("delete "+strings.Join(names, " "), root, Update)
		if next == nil {
			return Reply{Problems: problems}
		}
		root = next
	}
	r := s.take(root)
	if !cib.HasErrors(r.Problems) {
		r.Text = d.text.String()
	}
	return r
}

// deletion is one delete command.
type deletion struct {
	gone map[string]bool // what is deleted, by name
	done map[string]bool // constraints and tags among it, which are out already
	text strings.Builder // what follows from it
}

func (d *deletion) tell(format string, args ...any) {
	fmt.Fprintf(&d.text, "INFO: "+format+"\n", args...)
}

// note marks a constraint or tag as deleted; it tells of those that were not named.
func (d *deletion) note(kind, id string) {
	if d.done == nil {
		d.done = map[string]bool{}
	}
	d.done[id] = true
	if !d.gone[id] {
		d.tell("hanging %s:%s deleted", kind, id)
	}
}

// containers are the groups and clones of which nothing is left, named besides.
func (d *deletion) containers(resources *cib.Elem, named []string) []string {
	var out []string
	for more := true; more; {
		more = false
		resources.Walk(func(e *cib.Elem) bool {
			if e.Name() != "group" && e.Name() != "clone" && e.Name() != "master" || d.gone[e.ID()] {
				return true
			}
			left := slices.ContainsFunc(e.Kids(), func(k *cib.Elem) bool { return isResource(k.Name()) && !d.gone[k.ID()] })
			if !left && !slices.Contains(named, e.ID()) {
				d.gone[e.ID()] = true
				out = append(out, e.ID())
				d.tell("%s:%s has nothing left, and is deleted", kindOfElem(e), e.ID())
				more = true
			}
			return true
		})
	}
	return out
}

// kindOfElem is the keyword of an element.
func kindOfElem(e *cib.Elem) string { return xmlKinds[e.Name()] }

// constraint is what is left of a constraint; nil if nothing is.
func (d *deletion) constraint(c *cib.Elem) *cib.Elem {
	if c.Name() == cib.CommentName {
		return c
	}
	named := slices.ContainsFunc([]string{"rsc", "with-rsc", "first", "then"}, func(a string) bool { return d.gone[c.Get(a)] })
	if d.gone[c.ID()] || named {
		d.note(kindOfElem(c), c.ID())
		return nil
	}
	left, pruned := 0, false
	var kids []*cib.Elem
	for _, set := range c.Kids() {
		if set.Name() != "resource_set" {
			kids = append(kids, set)
			continue
		}
		n := set.Drop(func(k *cib.Elem) bool { return k.Name() == "resource_ref" && d.gone[k.ID()] })
		pruned = pruned || n != set
		members := 0
		for range n.Named("resource_ref") {
			members++
		}
		if left += members; members > 0 {
			kids = append(kids, n)
		}
	}
	need := 2
	if c.Name() == "rsc_location" || c.Name() == "rsc_ticket" {
		need = 1
	}
	switch {
	case !pruned:
		return c
	case left < need:
		d.note(kindOfElem(c), c.ID())
		return nil
	}
	d.tell("constraint %s:%s updated", kindOfElem(c), c.ID())
	return asPair(c.WithKids(kids))
}

// asPair writes a constraint with one plain set of two (of a ticket: of one) without the
// set: what says the same is written the same.
func asPair(c *cib.Elem) *cib.Elem {
	if len(c.Kids()) != 1 || len(c.Kids()[0].Attrs()) != 1 {
		return c
	}
	members := c.Kids()[0].Kids()
	if c.Name() == "rsc_ticket" && len(members) == 1 && len(members[0].Attrs()) == 1 {
		return c.WithKids(nil).With("rsc", members[0].ID())
	}
	if len(members) != 2 {
		return c
	}
	a, b := members[0], members[1]
	if len(a.Attrs()) != 1 || len(b.Attrs()) != 1 {
		return c
	}
	switch c.Name() {
	case "rsc_order":
		return c.WithKids(nil).With("first", a.ID()).With("then", b.ID())
	case "rsc_colocation": // in a set, each is placed with the one before it
		return c.WithKids(nil).With("rsc", b.ID()).With("with-rsc", a.ID())
	}
	return c
}

// tags takes what is gone out of tags; tags of nothing go, too.
func (d *deletion) tags(tags *cib.Elem) *cib.Elem {
	var kept []*cib.Elem
	for _, t := range tags.Kids() {
		n := t.Drop(func(k *cib.Elem) bool { return k.Name() == "obj_ref" && d.gone[k.ID()] })
		if t.Name() == "tag" && (d.gone[t.ID()] || n != t && n.Child("obj_ref") == nil) {
			d.note("tag", t.ID())
			continue
		}
		kept = append(kept, n)
	}
	if slices.Equal(kept, tags.Kids()) {
		return tags
	}
	return tags.WithKids(kept)
}
