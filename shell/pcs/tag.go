package pcs

import (
	"slices"
	"strings"

	"mainstay/cib"
)

// tagCommands are those about tags.
func tagCommands() []command {
	return []command{
		{path: "tag", usage: "[config [<tag id>...]]", run: (*shell).tags},
		{path: "tag config", usage: "-", run: (*shell).tags},
		replaced("tag list", "tag config", (*shell).tags),
		{path: "tag create", usage: "<tag id> <id> [<id>]...", run: (*shell).createTag},
		{path: "tag delete", usage: "<tag id>...", run: (*shell).deleteTags},
		{path: "tag remove", usage: "<tag id>...", run: (*shell).deleteTags},
		{path: "tag update", usage: "<tag id> [add <id> [<id>]... [--before <id> | --after <id>]] [remove <id> [<id>]...]", run: (*shell).updateTag},
	}
}

// tags shows tags with what they name.
func (s *shell) tags(args []string) error {
	list := slices.Collect(s.conf("tags").Named("tag"))
	if len(list) == 0 && len(args) == 0 {
		s.warn(" No tags defined")
		return nil
	}
	for _, id := range args {
		if s.conf("tags").ChildID("tag", id) == nil {
			s.fault("tag '%s' does not exist", id)
		}
	}
	if err := s.verdict(); err != nil {
		return err
	}
	for _, t := range list {
		if len(args) > 0 && !slices.Contains(args, t.ID()) {
			continue
		}
		s.print("%s\n", t.ID())
		for r := range t.Named("obj_ref") {
			s.print("  %s\n", r.ID())
		}
	}
	return nil
}

// tagged checks that what a tag shall name is there.
func (s *shell) tagged(ids []string) {
	for _, id := range ids {
		if s.exact(id) == nil {
			s.fault("bundle/clone/group/resource '%s' does not exist", id)
		}
	}
}

// createTag makes a tag.
func (s *shell) createTag(args []string) error {
	if err := need(args, 2, -1, "tag create"); err != nil {
		return err
	}
	s.newID(args[0], "id")
	s.tagged(args[1:])
	if err := s.verdict(); err != nil {
		return err
	}
	t := cib.New("tag", attr("id", args[0]))
	for _, id := range args[1:] {
		t = t.Append(cib.New("obj_ref", attr("id", id)))
	}
	s.putConf(s.conf("tags").Append(t))
	return nil
}

// deleteTags removes tags.
func (s *shell) deleteTags(args []string) error {
	if len(args) == 0 {
		return usageError{"tag delete"}
	}
	for _, id := range args {
		if s.conf("tags").ChildID("tag", id) == nil {
			s.fault("tag '%s' does not exist", id)
		}
		for c := range s.conf("constraints").Named("rsc_location") {
			if c.Get("rsc") == id {
				s.fault("Tag '%s' cannot be removed because it is referenced in constraint '%s'", id, c.ID())
			}
		}
	}
	if err := s.verdict(); err != nil {
		return err
	}
	s.drop("tags", func(e *cib.Elem) bool { return slices.Contains(args, e.ID()) })
	return nil
}

// updateTag changes what a tag names.
func (s *shell) updateTag(args []string) error {
	if len(args) == 0 {
		return usageError{"tag update"}
	}
	head, parts := split(args[1:], "add", "remove")
	if len(head) > 0 || len(parts) == 0 {
		return usageError{"tag update"}
	}
	t := s.conf("tags").ChildID("tag", args[0])
	if t == nil {
		return s.refuse("tag '%s' does not exist", args[0])
	}
	var add, drop []string
	for _, p := range parts {
		if p.key == "add" {
			add = append(add, p.words...)
		} else {
			drop = append(drop, p.words...)
		}
	}
	s.tagged(add)
	var missing []string
	for _, id := range drop {
		if t.ChildID("obj_ref", id) == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		s.fault("Tag '%s' does not contain %s: %s", args[0], map[bool]string{true: "id", false: "ids"}[len(missing) == 1], quote(missing))
	}
	if err := s.verdict(); err != nil {
		return err
	}
	kids := slices.DeleteFunc(slices.Clone(t.Kids()), func(r *cib.Elem) bool {
		return slices.Contains(drop, r.ID()) || slices.Contains(add, r.ID())
	})
	at := len(kids)
	if side := s.opt.get("before") + s.opt.get("after"); side != "" {
		i := slices.IndexFunc(kids, func(r *cib.Elem) bool { return r.ID() == side })
		if i < 0 {
			return s.refuse("There is no id '%s' in the tag '%s', cannot put ids next to it in the tag", strings.TrimSpace(side), args[0])
		}
		if at = i; s.opt.has("after") {
			at++
		}
	}
	var refs []*cib.Elem
	for _, id := range add {
		refs = append(refs, cib.New("obj_ref", attr("id", id)))
	}
	kids = slices.Insert(kids, at, refs...)
	if len(kids) == 0 {
		return s.refuse("Tag '%s' cannot be left without any ids", args[0])
	}
	s.putConf(replaceKid(s.conf("tags"), t.WithKids(kids)))
	return nil
}
