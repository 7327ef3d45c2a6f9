package crm

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// references to objects, by the attribute that holds them.
var referring = []string{"rsc", "with-rsc", "first", "then", "template", "reference"}

// rename gives an object another name wherever it is named.
func (s *Session) rename(args []string) Reply {
	if len(args) != 2 {
		return failed("rename: expected the old and the new name", "usage: "+commands()["rename"].usage)
	}
	old, name := args[0], args[1]
	if !validID(name) {
		return failed(fmt.Sprintf("rename: %q is not a valid name", name), "a name begins with a letter or _ and has only letters, digits, - _ and .")
	}
	taken, found := false, false
	s.work.Child("configuration").Walk(func(e *cib.Elem) bool {
		if !isReference(e.Name()) {
			taken = taken || e.ID() == name
			found = found || e.ID() == old
		}
		return true
	})
	switch {
	case !found:
		return Reply{Problems: []cib.Problem{s.noObject(old)}}
	case taken:
		return failed("rename: the name "+name+" is already taken", "choose another one")
	}
	conf := renamed(s.work.Child("configuration"), old, name)
	return s.take(s.work.Put(conf))
}

// renamed writes name for old in a tree: as an id, as the first part of ids
// that were made from it, and in references.
func renamed(e *cib.Elem, old, name string) *cib.Elem {
	if e.Name() == cib.CommentName {
		return e
	}
	for _, a := range e.Attrs() {
		v := a.Value
		switch {
		case a.Name == "id" && v == old && e.Name() != "acl_target" && e.Name() != "node":
			v = name
		case (a.Name == "id" && !isReference(e.Name()) || a.Name == "id-ref") && strings.HasPrefix(v, old+"-"):
			v = name + strings.TrimPrefix(v, old)
		case slices.Contains(referring, a.Name) && v == old:
			v = name
		case a.Name == "devices":
			list := strings.Split(v, ",")
			for i := range list {
				if list[i] == old {
					list[i] = name
				}
			}
			v = strings.Join(list, ",")
		}
		if v != a.Value {
			e = e.With(a.Name, v)
		}
	}
	kids := slices.Clone(e.Kids())
	for i, k := range kids {
		kids[i] = renamed(k, old, name)
	}
	if slices.Equal(kids, e.Kids()) {
		return e
	}
	return e.WithKids(kids)
}

// modgroup changes the members of a group.
func (s *Session) modgroup(args []string) Reply {
	usage := "usage: " + commands()["modgroup"].usage
	if len(args) < 3 {
		return failed("modgroup: expected a group, add or remove, and a resource", usage)
	}
	group := findResource(s.work.Path("configuration", "resources"), args[0])
	if group == nil || group.Name() != "group" {
		return failed("modgroup: there is no group "+args[0], s.noObject(args[0]).Remedy)
	}
	var members []string
	for p := range group.Named("primitive") {
		members = append(members, p.ID())
	}
	rsc := args[2]
	at := slices.Index(members, rsc)
	switch {
	case args[1] == "remove" && len(args) == 3:
		if at < 0 {
			return failed(fmt.Sprintf("modgroup: %s is not in %s", rsc, args[0]), "")
		}
		members = slices.Delete(members, at, at+1)
	case args[1] == "add" && (len(args) == 3 || len(args) == 5):
		if at >= 0 {
			members = slices.Delete(members, at, at+1)
		}
		place := len(members)
		if len(args) == 5 {
			i := slices.Index(members, args[4])
			if i < 0 || args[3] != "before" && args[3] != "after" {
				return failed(fmt.Sprintf("modgroup: %s %s: no such place in %s", args[3], args[4], args[0]), usage)
			}
			if place = i; args[3] == "after" {
				place = i + 1
			}
		}
		members = slices.Insert(members, place, rsc)
	default:
		return failed("modgroup: expected add or remove", usage)
	}
	if len(members) == 0 {
		return failed("modgroup: "+args[0]+" would be empty", "delete the group instead")
	}
	st := Statement{Kind: "group", ID: args[0], Children: members, Elem: group.Drop(func(k *cib.Elem) bool { return isResource(k.Name()) })}
	root, problems := build([]Statement{st}, s.work, Update)
	if root == nil {
		return Reply{Problems: problems}
	}
	r := s.take(root)
	r.Problems = append(problems, r.Problems...)
	return r
}

// set changes one attribute: ID.NAME, ID.OP.NAME or ID.OP.INTERVAL.NAME.
func (s *Session) set(args []string) Reply {
	if len(args) != 2 {
		return failed("set: expected a path and a value", "usage: "+commands()["set"].usage)
	}
	parts := strings.Split(args[0], ".")
	// Names may have dots themselves: the longest object name wins.
	var at *cib.Place
	n := len(parts) - 1
	for ; n > 0 && at == nil; n-- {
		at = s.find(strings.Join(parts[:n], "."))
	}
	if at == nil {
		return Reply{Problems: []cib.Problem{s.noObject(parts[0])}}
	}
	rest := parts[n+1:]
	next := setIn(at.Elem, rest, args[1])
	if next == nil {
		return failed(fmt.Sprintf("set: %s has no %s", at.Elem.ID(), strings.Join(rest, ".")), "an attribute must be there already; define it by a statement")
	}
	return s.take(at.Set(next))
}

// find finds an object by name.
func (s *Session) find(name string) *cib.Place {
	places, err := cib.FindPlaces(s.work, "/cib/configuration//*[@id='"+name+"' or @uname='"+name+"']")
	if err != nil {
		return nil
	}
	for _, p := range places {
		if _, ok := xmlKinds[p.Elem.Name()]; ok && nameOf(p.Elem) == name {
			return p
		}
	}
	return nil
}

// setIn sets an attribute below an object, nil if it is not there.
func setIn(e *cib.Elem, path []string, value string) *cib.Elem {
	if len(path) == 1 {
		return setPair(e, path[0], value)
	}
	ops := e.Child("operations")
	var hit *cib.Elem
	for op := range ops.Named("op") {
		if op.Get("name") != path[0] || len(path) == 3 && !sameSpan(op.Get("interval"), path[1]) {
			continue
		}
		if hit != nil {
			return nil // which of the two is meant is not said
		}
		hit = op
	}
	if hit == nil || len(path) > 3 {
		return nil
	}
	name := path[len(path)-1]
	next := setPair(hit, name, value)
	if next == nil {
		if _, ok := hit.Lookup(name); !ok && !slices.Contains(opNames, name) {
			return nil
		}
		next = hit.With(name, value)
	}
	return e.Put(ops.Put(next))
}

func sameSpan(a, b string) bool {
	x, err1 := cib.ParseDuration(a)
	y, err2 := cib.ParseDuration(b)
	return a == b || err1 == nil && err2 == nil && x == y
}

// setPair sets the first nvpair of a name among an element's sets.
func setPair(e *cib.Elem, name, value string) *cib.Elem {
	for i, nv := range e.Kids() {
		if nv.Name() == "nvpair" && nv.Get("name") == name {
			return replaceKid(e, i, nv.With("value", value))
		}
	}
	for i, set := range e.Kids() {
		switch set.Name() {
		case "instance_attributes", "meta_attributes", "utilization":
			if next := setPair(set, name, value); next != nil {
				return replaceKid(e, i, next)
			}
		}
	}
	return nil
}

func replaceKid(e *cib.Elem, i int, k *cib.Elem) *cib.Elem {
	kids := slices.Clone(e.Kids())
	kids[i] = k
	return e.WithKids(kids)
}
