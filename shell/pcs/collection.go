package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
)

// collectionCommands are those about groups and clones.
func collectionCommands() []command {
	return append(bundleCommands(), []command{
		{path: "resource group list", run: (*shell).groupList},
		replaced("resource groups", "resource group list", (*shell).groupList),
		{path: "resource group add", usage: "<group id> <resource id>... [--before <resource id> | --after <resource id>] [--wait[=n]]", run: (*shell).groupAdd},
		{path: "resource group delete", usage: "<group id> [<resource id>]... [--wait[=n]]", run: (*shell).ungroup},
		{path: "resource group remove", usage: "<group id> [<resource id>]... [--wait[=n]]", run: (*shell).ungroup},
		{path: "resource ungroup", usage: "<group id> [<resource id>]... [--wait[=n]]", run: (*shell).ungroup},
		{path: "resource clone", usage: "<resource id | group id> [<clone id>] [clone options]... [--wait[=n]]", run: cloneAs("clone")},
		{path: "resource promotable", usage: "<resource id | group id> [<clone id>] [clone options]... [--wait[=n]]", run: cloneAs("promotable")},
		{path: "resource master", usage: "-", run: (*shell).master, instead: "pcs resource promotable"},
		{path: "resource unclone", usage: "<clone id | resource id | group id> [--wait[=n]]", run: (*shell).unclone},
	}...)
}

// groupList lists groups with their members.
func (s *shell) groupList([]string) error {
	s.conf("resources").Walk(func(e *cib.Elem) bool {
		if e.Name() == "group" {
			var ids []string
			for _, k := range inner(e) {
				ids = append(ids, k.ID())
			}
			s.print("%s: %s\n", e.ID(), strings.Join(ids, " "))
		}
		return true
	})
	return nil
}

// intoGroup adds a new resource to a group, which is made if there is none.
func (s *shell) intoGroup(id string, e *cib.Elem) error {
	p := s.exact(id)
	if p == nil {
		s.newID(id, "group name")
		if err := s.verdict(); err != nil {
			return err
		}
		if side := s.opt.get("before") + s.opt.get("after"); side != "" {
			return fmt.Errorf("there is no resource '%s' in the group '%s'", side, id)
		}
		s.putConf(s.conf("resources").Append(cib.New("group", attr("id", id)).Append(e)))
		return nil
	}
	if p.Elem.Name() != "group" {
		return fmt.Errorf("'%s' is not a group", id)
	}
	group, err := s.inserted(p.Elem, []*cib.Elem{e})
	if err != nil {
		return err
	}
	s.set(p, group)
	return nil
}

// inserted puts resources into a group: at its end, or beside a member.
func (s *shell) inserted(group *cib.Elem, list []*cib.Elem) (*cib.Elem, error) {
	kids := slices.Clone(group.Kids())
	at := len(kids)
	for i, k := range kids {
		if k.Name() == "primitive" {
			at = i + 1
		}
	}
	side, name := "", s.opt.get("after")
	if side = "after"; s.opt.has("before") {
		side, name = "before", s.opt.get("before")
	}
	if name != "" {
		i := slices.IndexFunc(kids, func(k *cib.Elem) bool { return k.ID() == name && k.Name() == "primitive" })
		if i < 0 {
			return nil, s.refuse("There is no resource '%s' in the group '%s', cannot add resources next to it", name, group.ID())
		}
		if at = i; side == "after" {
			at++
		}
	}
	return group.WithKids(slices.Insert(kids, at, list...)), nil
}

// groupAdd moves resources into a group.
func (s *shell) groupAdd(args []string) error {
	if err := need(args, 2, -1, "resource group add"); err != nil {
		return err
	}
	id := args[0]
	if p := s.exact(id); p != nil && p.Elem.Name() != "group" {
		return s.refuse("'%s' is not a group", id)
	} else if p == nil {
		s.newID(id, "group name")
	}
	var ok []string
	for _, rsc := range args[1:] {
		switch p := s.exact(rsc); {
		case p == nil:
			s.fault("'%s' does not exist", rsc)
		case p.Elem.Name() != "primitive":
			s.fault("'%s' is a %s resource, %s resources cannot be put into a group", rsc, p.Elem.Name(), p.Elem.Name())
		case p.Up.Elem.Name() == "clone" || p.Up.Elem.Name() == "master" || p.Up.Elem.Name() == "bundle":
			s.fault("'%s' cannot be put into a group because its parent '%s' is a %s resource", rsc, p.Up.Elem.ID(), p.Up.Elem.Name())
		case slices.Contains(ok, rsc):
			s.fault("Resources specified more than once: '%s'", rsc)
		default:
			ok = append(ok, rsc)
		}
		if p := s.exact(rsc); p != nil && len(ok) == 0 && p.Elem.Name() != "primitive" {
			return errSaid
		}
	}
	if len(ok) == 0 {
		s.fault("Cannot modify group '%s', no resources to add or remove specified", id)
	}
	if err := s.verdict(); err != nil {
		return err
	}
	side := s.opt.get("before") + s.opt.get("after")
	if old := s.exact(id); side != "" && (old == nil || old.Elem.ChildID("primitive", side) == nil) {
		return s.refuse("There is no resource '%s' in the group '%s', cannot add resources next to it", side, id)
	}
	var list []*cib.Elem
	for _, rsc := range ok {
		p := s.exact(rsc)
		list = append(list, p.Elem)
		up := p.Up.Elem
		s.set(p, nil)
		if up.Name() == "group" && up.ID() != id && len(inner(up)) == 1 {
			s.dissolve(up.ID(), nil)
		}
	}
	if p := s.exact(id); p != nil {
		group, err := s.inserted(p.Elem, list)
		if err != nil {
			return err
		}
		s.set(p, group)
	} else {
		s.putConf(s.conf("resources").Append(cib.New("group", attr("id", id)).Append(list...)))
	}
	return s.waiting()
}

// ungroup takes members out of a group; without members, all. A group without members
// ceases to be.
func (s *shell) ungroup(args []string) error {
	if len(args) == 0 {
		return usageError{"resource ungroup"}
	}
	p := s.exact(args[0])
	if p == nil || p.Elem.Name() != "group" {
		return fmt.Errorf("Group '%s' does not exist", args[0])
	}
	gone := args[1:]
	for _, id := range gone {
		if p.Elem.ChildID("primitive", id) == nil {
			return fmt.Errorf("Resource '%s' does not exist in group '%s'", id, args[0])
		}
	}
	if p.Up.Elem.Name() == "clone" || p.Up.Elem.Name() == "master" {
		if left := len(inner(p.Elem)) - len(gone); len(gone) == 0 && len(inner(p.Elem)) > 1 || left == 0 && len(gone) > 1 {
			return fmt.Errorf("Cannot remove all resources from a cloned group")
		}
	}
	var out []*cib.Elem
	var left []*cib.Elem
	for _, k := range p.Elem.Kids() {
		if k.Name() == "primitive" && (len(gone) == 0 || slices.Contains(gone, k.ID())) {
			out = append(out, k)
		} else {
			left = append(left, k)
		}
	}
	if p.Elem.WithKids(left).Child("primitive") != nil {
		s.set(p, p.Elem.WithKids(left))
		s.putConf(s.conf("resources").Append(out...))
		return s.waiting()
	}
	s.dissolve(args[0], out)
	return s.waiting()
}

// dissolve replaces a group by what was in it, and forgets the group.
func (s *shell) dissolve(id string, members []*cib.Elem) {
	p := s.exact(id)
	switch {
	case p.Up.Elem.Name() == "resources":
		s.set(p, nil)
		s.putConf(s.conf("resources").Append(members...))
	case len(members) > 0:
		s.set(p, members[0])
	default:
		s.set(p, nil)
	}
	s.forget(id)
}

// cloneAs makes a clone of a resource.
func cloneAs(kind string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if len(args) == 0 {
			return usageError{"resource " + kind}
		}
		p := s.exact(args[0])
		switch {
		case p == nil || p.Elem.Name() != "primitive" && p.Elem.Name() != "group":
			return fmt.Errorf("unable to find group or resource: %s", args[0])
		case p.Up.Elem.Name() == "group":
			if len(inner(p.Up.Elem)) > 1 {
				return fmt.Errorf("cannot clone more than one resource from a group at a time")
			}
		case p.Up.Elem.Name() == "bundle":
			return fmt.Errorf("cannot clone bundle resource")
		case p.Up.Elem.Name() != "resources" && p.Elem.Name() == "group":
			return fmt.Errorf("cannot clone a group that has already been cloned")
		case p.Up.Elem.Name() != "resources":
			return fmt.Errorf("%s is already a clone resource", args[0])
		case isStonith(p.Elem):
			return fmt.Errorf("%s is a stonith resource, stonith resources cannot be cloned", args[0])
		}
		c := &creation{wrap: kind}
		words := slices.DeleteFunc(slices.Clone(args[1:]), func(w string) bool { return w == "meta" })
		if err := c.readClone(kind, words); err != nil {
			return err
		}
		c.wrap = kind
		if err := s.promotable(c, p.Elem); err != nil {
			return err
		}
		clone := s.cloneOf(p.Elem, c)
		if s.wrong > 0 {
			return errDone
		}
		if p.Up.Elem.Name() == "group" {
			group := p.Up
			s.root = group.Set(nil)
			s.forget(group.Elem.ID())
			s.putConf(s.conf("resources").Append(clone))
			return s.waiting()
		}
		s.set(p, nil)
		s.putConf(s.conf("resources").Append(clone))
		return s.waiting()
	}
}

// promotable judges whether the agents of a resource can be promoted, if it is to be.
func (s *shell) promotable(c *creation, e *cib.Elem) error {
	v, _ := value(c.clone, "promotable")
	if on, err := cib.ParseBool(v); c.wrap == "clone" && (err != nil || !on) {
		return nil
	}
	for _, k := range primitives(e) {
		n := agent.Name{Class: k.Get("class"), Provider: k.Get("provider"), Type: k.Get("type")}
		m, err := s.c.Metadata(n)
		if err == nil && m.Action("promote") != nil && m.Action("demote") != nil || s.opt.has("force") {
			continue
		}
		of := ""
		if e.Name() == "group" {
			of = fmt.Sprintf(" in group '%s'", e.ID())
		}
		return fmt.Errorf("Clone option 'promotable' is not compatible with '%s' resource agent of resource '%s'%s, use --force to override", n, k.ID(), of)
	}
	return nil
}

// master is how 0.9 spells promotable: the new name comes first.
func (s *shell) master(args []string) error {
	if len(args) > 1 && s.exact(args[0]) == nil && s.exact(args[1]) != nil {
		args = append([]string{args[1], args[0]}, args[2:]...)
	}
	return cloneAs("promotable")(s, args)
}

// unclone puts what a clone is of in the clone's place.
func (s *shell) unclone(args []string) error {
	if err := need(args, 1, 1, "resource unclone"); err != nil {
		return err
	}
	p := s.exact(args[0])
	if p == nil {
		return fmt.Errorf("could not find resource: %s", args[0])
	}
	for p.Elem.Name() != "clone" && p.Elem.Name() != "master" {
		if p = p.Up; p == nil || p.Elem.Name() == "resources" {
			return fmt.Errorf("'%s' is not a clone resource", args[0])
		}
	}
	id := p.Elem.ID()
	kids := inner(p.Elem)
	s.set(p, nil)
	s.putConf(s.conf("resources").Append(kids...))
	s.forget(id)
	return s.waiting()
}
