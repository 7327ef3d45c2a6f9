package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// accessCommands are those about access control.
func accessCommands() []command {
	return []command{
		{path: "acl", usage: "[config]", run: (*shell).acl},
		{path: "acl config", usage: "-", run: (*shell).acl},
		replaced("acl show", "acl config", (*shell).acl),
		{path: "acl enable", run: aclSwitch("true")},
		{path: "acl disable", run: aclSwitch("false")},
		{path: "acl role create", usage: "<role id> [description=<description>] [((read | write | deny) (xpath <query> | id <id>))...]", run: (*shell).createRole},
		{path: "acl role delete", usage: "<role id>", run: (*shell).deleteRole},
		{path: "acl role remove", usage: "<role id>", run: (*shell).deleteRole},
		{path: "acl role assign", usage: "<role id> [to] [user|group] <username/group>", run: (*shell).assignRole},
		{path: "acl role unassign", usage: "<role id> [from] [user|group] <username/group>", run: (*shell).unassignRole},
		{path: "acl user create", usage: "<username> [<role id>]...", run: createAccount("acl_target", "user")},
		{path: "acl user delete", usage: "<username>", run: deleteAccount("acl_target", "user")},
		{path: "acl user remove", usage: "<username>", run: deleteAccount("acl_target", "user")},
		{path: "acl group create", usage: "<group> [<role id>]...", run: createAccount("acl_group", "group")},
		{path: "acl group delete", usage: "<group>", run: deleteAccount("acl_group", "group")},
		{path: "acl group remove", usage: "<group>", run: deleteAccount("acl_group", "group")},
		{path: "acl permission add", usage: "<role id> ((read | write | deny) (xpath <query> | id <id>))...", run: (*shell).addPermission},
		{path: "acl permission delete", usage: "<permission id>", run: (*shell).deletePermission},
		{path: "acl permission remove", usage: "<permission id>", run: (*shell).deletePermission},
	}
}

// aclSwitch switches access control.
func aclSwitch(v string) func(*shell, []string) error {
	return func(s *shell, _ []string) error {
		s.putPairs("crm_config", "cluster_property_set", cib.BootstrapSet, []pair{{"enable-acl", v}})
		return nil
	}
}

// acl shows users, groups and roles.
func (s *shell) acl([]string) error {
	if on, err := cib.ParseBool(cib.Property(s.root, "enable-acl", "false")); err == nil && on {
		s.print("ACLs are enabled\n\n")
	} else {
		s.print("ACLs are disabled, run 'pcs acl enable' to enable\n\n")
	}
	acls := s.conf("acls")
	for _, kind := range []struct{ tag, title string }{{"acl_target", "User"}, {"acl_group", "Group"}} {
		for e := range acls.Named(kind.tag) {
			var roles []string
			for r := range e.Named("role") {
				roles = append(roles, r.ID())
			}
			s.print("%s: %s\n", kind.title, e.ID())
			if len(roles) > 0 {
				s.print("  Roles: %s\n", strings.Join(roles, " "))
			}
		}
	}
	for e := range acls.Named("acl_role") {
		s.print("Role: %s\n", e.ID())
		if d := e.Get("description"); d != "" {
			s.print("  Description: %s\n", d)
		}
		for p := range e.Named("acl_permission") {
			what := "xpath " + p.Get("xpath")
			switch {
			case p.Get("reference") != "":
				what = "id " + p.Get("reference")
			case p.Get("object-type") != "":
				what = "object-type " + p.Get("object-type")
			}
			s.print("  Permission: %s %s (%s)\n", p.Get("kind"), what, p.ID())
		}
	}
	return nil
}

// permissions reads KIND (xpath QUERY | id ID), any number of times.
func (s *shell) permissions(words []string, role, usage string) ([]*cib.Elem, error) {
	var out []*cib.Elem
	var ids []string
	for len(words) > 0 {
		if len(words) < 3 || !slices.Contains([]string{"read", "write", "deny"}, words[0]) || words[1] != "xpath" && words[1] != "id" {
			return nil, usageError{usage}
		}
		id := s.fresh(role+"-"+words[0], ids...)
		ids = append(ids, id)
		e := cib.New("acl_permission", attr("id", id), attr("kind", words[0]))
		if words[1] == "id" {
			if !s.taken(words[2]) {
				return nil, fmt.Errorf("id '%s' does not exist", words[2])
			}
			e = e.With("reference", words[2])
		} else {
			e = e.With("xpath", words[2])
		}
		out = append(out, e)
		words = words[3:]
	}
	return out, nil
}

// createRole makes a role.
func (s *shell) createRole(args []string) error {
	if len(args) == 0 {
		return usageError{"acl role create"}
	}
	e := cib.New("acl_role", attr("id", args[0]))
	rest := args[1:]
	if len(rest) > 0 {
		if d, ok := strings.CutPrefix(rest[0], "description="); ok {
			e, rest = e.With("description", d), rest[1:]
		}
	}
	if s.newID(args[0], "ACL role"); s.wrong > 0 {
		return errDone
	}
	ps, err := s.permissions(rest, args[0], "acl role create")
	if err != nil {
		return err
	}
	s.putConf(s.conf("acls").Append(e.Append(ps...)))
	return nil
}

// addPermission gives a role permissions; the role is made if there is none.
func (s *shell) addPermission(args []string) error {
	if err := need(args, 4, -1, "acl permission add"); err != nil {
		return err
	}
	ps, err := s.permissions(args[1:], args[0], "acl permission add")
	if err != nil {
		return err
	}
	acls := s.conf("acls")
	role := acls.ChildID("acl_role", args[0])
	if role == nil {
		if s.newID(args[0], "ACL role"); s.wrong > 0 {
			return errDone
		}
		role = cib.New("acl_role", attr("id", args[0]))
	}
	s.putConf(replaceKid(acls, role.Append(ps...)))
	return nil
}

// deletePermission removes a permission.
func (s *shell) deletePermission(args []string) error {
	if err := need(args, 1, 1, "acl permission delete"); err != nil {
		return err
	}
	for r := range s.conf("acls").Named("acl_role") {
		if r.ChildID("acl_permission", args[0]) != nil {
			s.putConf(replaceKid(s.conf("acls"), r.Drop(func(p *cib.Elem) bool { return p.ID() == args[0] })))
			return nil
		}
	}
	return fmt.Errorf("ACL permission '%s' does not exist", args[0])
}

// deleteRole removes a role, also from those who have it.
func (s *shell) deleteRole(args []string) error {
	if err := need(args, 1, 1, "acl role delete"); err != nil {
		return err
	}
	if s.conf("acls").ChildID("acl_role", args[0]) == nil {
		return fmt.Errorf("ACL role '%s' does not exist", args[0])
	}
	acls := s.conf("acls").Drop(func(e *cib.Elem) bool { return e.Name() == "acl_role" && e.ID() == args[0] })
	var kids []*cib.Elem
	for _, e := range acls.Kids() {
		had := e.ChildID("role", args[0]) != nil
		e = e.Drop(func(r *cib.Elem) bool { return r.Name() == "role" && r.ID() == args[0] })
		if had && e.Child("role") == nil && s.opt.has("autodelete") {
			continue
		}
		kids = append(kids, e)
	}
	s.putConf(acls.WithKids(kids))
	return nil
}

// createAccount makes a user or a group with roles.
func createAccount(tag, word string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if len(args) == 0 {
			return usageError{"acl " + word + " create"}
		}
		if s.conf("acls").ChildID(tag, args[0]) != nil {
			return fmt.Errorf("'%s' already exists", args[0])
		}
		e := cib.New(tag, attr("id", args[0]))
		for _, r := range args[1:] {
			if s.conf("acls").ChildID("acl_role", r) == nil {
				return fmt.Errorf("ACL role '%s' does not exist", r)
			}
			e = e.Append(cib.New("role", attr("id", r)))
		}
		s.putConf(s.conf("acls").Append(e))
		return nil
	}
}

// deleteAccount removes a user or a group.
func deleteAccount(tag, word string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if err := need(args, 1, 1, "acl "+word+" delete"); err != nil {
			return err
		}
		if s.drop("acls", func(e *cib.Elem) bool { return e.Name() == tag && e.ID() == args[0] }) == 0 {
			return fmt.Errorf("ACL %s '%s' does not exist", word, args[0])
		}
		return nil
	}
}

// account reads [to|from] [user|group] NAME.
func (s *shell) account(words []string, filler string) (*cib.Elem, error) {
	if len(words) > 1 && words[0] == filler {
		words = words[1:]
	}
	tags := []string{"acl_target", "acl_group"}
	if len(words) > 1 {
		switch words[0] {
		case "user":
			tags = tags[:1]
		case "group":
			tags = tags[1:]
		default:
			return nil, usageError{"acl role"}
		}
		words = words[1:]
	}
	if len(words) != 1 {
		return nil, usageError{"acl role"}
	}
	for _, tag := range tags {
		if e := s.conf("acls").ChildID(tag, words[0]); e != nil {
			return e, nil
		}
	}
	return nil, fmt.Errorf("ACL group/ACL user '%s' does not exist", words[0])
}

// assignRole gives a user or group a role.
func (s *shell) assignRole(args []string) error {
	if err := need(args, 2, 4, "acl role assign"); err != nil {
		return err
	}
	if s.conf("acls").ChildID("acl_role", args[0]) == nil {
		return fmt.Errorf("ACL role '%s' does not exist", args[0])
	}
	e, err := s.account(args[1:], "to")
	if err != nil {
		return err
	}
	if e.ChildID("role", args[0]) != nil {
		return fmt.Errorf("Role '%s' is already assigned to '%s'", args[0], e.ID())
	}
	s.putConf(replaceKid(s.conf("acls"), e.Append(cib.New("role", attr("id", args[0])))))
	return nil
}

// unassignRole takes a role from a user or group.
func (s *shell) unassignRole(args []string) error {
	if err := need(args, 2, 4, "acl role unassign"); err != nil {
		return err
	}
	e, err := s.account(args[1:], "from")
	if err != nil {
		return err
	}
	if e.ChildID("role", args[0]) == nil {
		return fmt.Errorf("Role '%s' is not assigned to '%s'", args[0], e.ID())
	}
	left := e.Drop(func(r *cib.Elem) bool { return r.ID() == args[0] })
	if left.Child("role") == nil && s.opt.has("autodelete") {
		s.drop("acls", func(x *cib.Elem) bool { return x.Name() == e.Name() && x.ID() == e.ID() })
		return nil
	}
	s.putConf(replaceKid(s.conf("acls"), left))
	return nil
}
