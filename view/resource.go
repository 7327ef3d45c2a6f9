package view

import (
	"strings"

	"mainstay/status"
)

// line describes a primitive instance. name is what it is called, at the node
// to show ("" if it is nowhere or in several places).
func (s *screen) line(r *status.Resource, name, at string, withNode bool) string {
	var b strings.Builder
	b.WriteString(name + "\t(" + r.Agent + "):\t")
	if r.Orphan {
		b.WriteString(" ORPHANED")
	}
	b.WriteString(" " + condition(r))
	if at != "" && withNode {
		b.WriteString(" " + at)
	}
	if text := s.probeFailure(r, at); text != "" && r.Role == status.Stopped {
		b.WriteString(" (" + text + ") ")
	}
	if f := s.flags(r, at); len(f) > 0 {
		b.WriteString(" (" + strings.Join(f, ", ") + ")")
	}
	return b.String()
}

// condition is FAILED, with the role if that is promoted, or the role or the
// change of role under way.
func condition(r *status.Resource) string {
	if r.Failed {
		if r.Role == status.Promoted {
			return "FAILED " + string(r.Role)
		}
		return "FAILED"
	}
	if changing(r.Pending) {
		return r.Pending
	}
	return string(r.Role)
}

// changing tells whether a task under way takes the place of the role.
func changing(pending string) bool {
	switch pending {
	case "Starting", "Stopping", "Migrating", "Promoting", "Demoting":
		return true
	}
	return false
}

// flags are the remarks in brackets behind an instance.
func (s *screen) flags(r *status.Resource, at string) []string {
	var f []string
	if n := s.where[at]; n != nil && !n.Online && n.Unclean {
		f = append(f, "UNCLEAN")
	}
	if at != "" && at == r.LockedTo {
		f = append(f, "LOCKED")
	}
	if r.Pending != "" && !changing(r.Pending) {
		f = append(f, r.Pending)
	}
	switch {
	case r.TargetRole == status.Stopped:
		f = append(f, "disabled")
	case r.TargetRole == status.Unpromoted && r.Disabled:
		f = append(f, "target-role:"+string(status.Unpromoted))
	}
	switch {
	case r.Blocked:
		f = append(f, "blocked")
	case r.Maintenance:
		f = append(f, "maintenance")
	case !r.Managed:
		f = append(f, "unmanaged")
	}
	if r.FailIgnored {
		f = append(f, "failure ignored")
	}
	return f
}

// probeFailure is "Not installed" if a probe of the resource on a node ("" = on
// any) found no agent to ask, else "".
func (s *screen) probeFailure(r *status.Resource, node string) string {
	for i := range s.c.Failures {
		f := &s.c.Failures[i]
		noAgent := f.RC == 5 || f.Status == 7 // not installed: the agent, or the executor's word for it
		if f.Task != "monitor" || f.IntervalMS != 0 || !noAgent || (node != "" && f.Node != node) {
			continue
		}
		if f.Resource == r.ID || f.Resource == r.BaseID {
			return capital(f.RCText)
		}
	}
	return ""
}

// capital raises the first letter.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// spot returns the one node that an instance is shown at: where it is active,
// or where a task for it is under way; "" if there is none or several.
func spot(r *status.Resource) string {
	if len(r.Places) == 1 {
		return r.Places[0].Node
	}
	if len(r.Places) == 0 {
		if r.LockedTo != "" {
			return r.LockedTo
		}
		return r.PendingNode
	}
	return ""
}

// several is " [ a b ]" for an instance that is active in more than one place.
func several(r *status.Resource) string {
	if len(r.Places) < 2 {
		return ""
	}
	var list []string
	for _, p := range r.Places {
		list = append(list, p.Node)
	}
	return " " + names(list)
}

// resource writes a resource of any kind.
func (s *screen) resource(r *status.Resource) {
	switch r.Kind {
	case status.Group:
		s.group(r)
	case status.Clone:
		s.clone(r)
	case status.Bundle:
		s.bundle(r)
	default:
		s.primitive(r)
	}
}

// primitive writes one line about an instance.
func (s *screen) primitive(r *status.Resource) {
	if s.opt.NoPlaces {
		s.out.classed(s.look(r), s.line(r, s.called(r), spot(r), false))
		return
	}
	s.out.classed(s.look(r), s.line(r, s.called(r), spot(r), true)+several(r))
}

// called is an instance's name in lines of its own: anonymous clone instances
// go by the configured id.
func (s *screen) called(r *status.Resource) string { return r.ID }

// group writes the members of a group below its name.
func (s *screen) group(r *status.Resource) {
	title := "Resource Group: " + r.ID
	var f []string
	if r.Disabled {
		f = append(f, "disabled")
	}
	if r.Maintenance {
		f = append(f, "maintenance")
	} else if !r.Managed {
		f = append(f, "unmanaged")
	}
	s.out.open(title + bracketed(f))
	defer s.out.close()
	if s.opt.Brief {
		s.briefLines(r.Children)
		return
	}
	for _, k := range r.Children {
		if s.opt.Inactive || s.active(k) {
			s.resource(k)
		}
	}
}

// bracketed is " (a, b)", or nothing.
func bracketed(f []string) string {
	if len(f) == 0 {
		return ""
	}
	return " (" + strings.Join(f, ", ") + ")"
}

// active tells whether anything of the resource runs somewhere. What a managed
// resource has on a node that is off, and known to be, is gone.
func (s *screen) active(r *status.Resource) bool {
	for _, p := range r.Places {
		if n := s.where[p.Node]; n == nil || n.Unclean || n.Online || !r.Managed {
			return true
		}
	}
	for _, k := range r.Children {
		if s.active(k) {
			return true
		}
	}
	return false
}

// fullyActive tells whether everything of the resource runs somewhere.
func (s *screen) fullyActive(r *status.Resource) bool {
	if len(r.Children) == 0 {
		return s.active(r)
	}
	for _, k := range r.Children {
		if !s.fullyActive(k) {
			return false
		}
	}
	return true
}

// anyOf tells whether a condition holds for the resource or anything below it.
func anyOf(r *status.Resource, is func(*status.Resource) bool) bool {
	if is(r) {
		return true
	}
	for _, k := range r.Children {
		if anyOf(k, is) {
			return true
		}
	}
	return false
}
