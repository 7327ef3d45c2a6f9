package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// Foreseen is what the cluster would do with another document.
type Foreseen struct {
	Text  string // as crm_simulate prints it
	Steps []Step // what resources would go through, in the plan's order
}

// Step is one operation of a plan.
type Step struct{ Task, Resource, Node string }

// disableSafely disables what nobody else would notice.
func (s *shell) disableSafely(args []string) error {
	s.opt.set["safe"] = ""
	if s.opt.has("simulate") {
		delete(s.opt.set, "safe")
	}
	return s.disable(args)
}

// disableOptions checks how careful a disable is to be.
func (s *shell) disableOptions() error {
	if s.opt.has("no-strict") && !s.opt.has("simulate") {
		s.opt.set["safe"] = ""
	}
	switch {
	case s.opt.has("safe") && s.opt.has("simulate"):
		return fmt.Errorf("'--simulate' cannot be used with '--safe'")
	case s.opt.has("brief") && !s.opt.has("safe") && !s.opt.has("simulate"):
		return fmt.Errorf("'--brief' cannot be used without '--simulate' or '--safe'")
	}
	return nil
}

// tryDisable plans with the changed document: with --simulate it says what would be,
// with --safe it refuses what others would notice. A plan that is only shown changes
// nothing.
func (s *shell) tryDisable(ids []string) error {
	if !s.opt.has("safe") && !s.opt.has("simulate") {
		return nil
	}
	f, err := s.c.Foresee(s.root, true)
	if err != nil {
		return err
	}
	others := s.disturbed(f.Steps, ids)
	switch {
	case s.opt.has("simulate") && s.opt.has("brief"):
		for _, id := range others {
			s.print("%s\n", id)
		}
	case s.opt.has("simulate"):
		s.print("%s", f.Text)
	case len(others) == 0:
		return nil
	default:
		text := fmt.Sprintf("Disabling specified %s would have an effect on %s: '%s'", plural(len(ids), "resource"),
			map[bool]string{true: "this resource", false: "these resources"}[len(others) == 1], strings.Join(others, "', '"))
		if !s.opt.has("brief") {
			text += "\n\nSimulation result:\n" + strings.TrimRight(f.Text, "\n")
		}
		return s.refuse("%s", text)
	}
	s.root = s.base
	return nil
}

// plural is a word for so many.
func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// disturbed are the resources, other than the named ones and what is in them, that a
// plan touches; with --no-strict those only that it leaves stopped or demoted.
func (s *shell) disturbed(steps []Step, ids []string) []string {
	var own []string
	for _, id := range ids {
		e := s.exact(id).Elem
		own = append(own, id)
		for _, p := range primitives(e) {
			own = append(own, p.ID())
		}
	}
	lost := map[string]int{} // instances stopped or demoted and not brought back
	var out []string
	for _, st := range steps {
		id, _, _ := strings.Cut(st.Resource, ":")
		if slices.ContainsFunc(own, func(o string) bool { return s.partOf(id, o) }) {
			continue
		}
		out = append(out, id)
		switch st.Task {
		case "stop":
			lost[id+" started"]++
		case "start", "migrate_from":
			lost[id+" started"]--
		case "demote":
			lost[id+" promoted"]++
		case "promote":
			lost[id+" promoted"]--
		}
	}
	if s.opt.has("no-strict") {
		out = slices.DeleteFunc(out, func(id string) bool { return lost[id+" started"] <= 0 && lost[id+" promoted"] <= 0 })
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// partOf tells whether a resource of a plan is the named one, or what the scheduler
// makes of a bundle: its addresses, containers and connections.
func (s *shell) partOf(id, of string) bool {
	if id == of {
		return true
	}
	p := s.exact(of)
	return p != nil && p.Elem.Name() == "bundle" && strings.HasPrefix(id, of+"-") && s.exact(id) == nil
}

// relocateCommands move resources to where they would be, were they not sticky.
func relocateCommands() []command {
	return []command{
		{path: "resource relocate show", run: (*shell).relocateShow},
		{path: "resource relocate dry-run", usage: "[<resource id>]...", run: relocating(false)},
		{path: "resource relocate run", usage: "[<resource id>]...", run: relocating(true)},
		{path: "resource relocate clear", run: (*shell).relocateClear},
	}
}

// relocation heads the ids of constraints that relocate makes.
const relocation = "pcs-relocate-"

// relocateShow shows what would move.
func (s *shell) relocateShow(args []string) error {
	if err := need(args, 0, 0, "resource relocate show"); err != nil {
		return err
	}
	f, err := s.c.Foresee(s.unsticky(nil), false)
	if err != nil {
		return err
	}
	s.print("%s", f.Text)
	return nil
}

// relocateClear removes what an interrupted run left.
func (s *shell) relocateClear(args []string) error {
	if err := need(args, 0, 0, "resource relocate clear"); err != nil {
		return err
	}
	s.drop("constraints", func(e *cib.Elem) bool { return strings.HasPrefix(e.ID(), relocation) })
	return nil
}

// relocating moves resources, or says what it would move.
func relocating(forReal bool) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		for _, a := range args {
			if s.exact(a) == nil {
				return fmt.Errorf("unable to find a resource/clone/group: %s", a)
			}
		}
		f, err := s.c.Foresee(s.unsticky(args), false)
		if err != nil {
			return err
		}
		places := s.destinations(f.Steps, args)
		if len(places) == 0 {
			return nil
		}
		for _, p := range places {
			role := ""
			if p.Get("role") != "" {
				role = " for role " + p.Get("role")
			}
			s.warn("Creating location constraint: %s prefers %s=INFINITY%s", p.Get("rsc"), p.Get("node"), role)
			if !forReal {
				continue
			}
			if r := s.call("cibadmin", "--create", "--scope", "constraints", "--xml-text", p.String()); r.Code != 0 {
				return fmt.Errorf("unable to create the constraint %s\n%s", p.ID(), strings.TrimSpace(r.Err+r.Out))
			}
		}
		s.warn("\nWaiting for resources to move...\n")
		waited := Called{}
		if forReal {
			waited = s.call("crm_resource", "--wait")
		}
		for _, p := range places {
			s.warn("Removing constraint %s", p.ID())
			if !forReal {
				continue
			}
			if r := s.call("cibadmin", "--delete", "--xml-text", `<rsc_location id="`+p.ID()+`"/>`); r.Code != 0 {
				return fmt.Errorf("unable to remove the constraint %s: \"pcs resource relocate clear\" does\n%s", p.ID(), strings.TrimSpace(r.Err+r.Out))
			}
		}
		if waited.Code != 0 {
			return fmt.Errorf("waiting timeout\n%s", strings.TrimSpace(waited.Err+waited.Out))
		}
		return nil
	}
}

// unsticky is the document in which resources, or the named ones only, do not cling to
// their nodes.
func (s *shell) unsticky(ids []string) *cib.Elem {
	keep := s.root
	defer func() { s.root = keep }()
	if len(ids) == 0 {
		for _, e := range inner(s.conf("resources")) {
			ids = append(ids, e.ID())
		}
	}
	for _, id := range ids {
		parts := []string{id}
		for _, p := range s.below(s.exact(id).Elem) {
			parts = append(parts, p.ID())
		}
		for _, part := range parts {
			s.metaOf(part, pair{"resource-stickiness", "0"})
		}
	}
	return s.root
}

// below are all resources inside of one.
func (s *shell) below(e *cib.Elem) []*cib.Elem {
	var out []*cib.Elem
	for _, k := range inner(e) {
		out = append(append(out, k), s.below(k)...)
	}
	return out
}

// destinations are the constraints that take resources where a plan has them: a group
// as a whole, of a clone what is promoted. With ids, of these and what is in them only.
func (s *shell) destinations(steps []Step, ids []string) []*cib.Elem {
	var out []*cib.Elem
	have := map[string]bool{}
	for _, st := range steps {
		base, _, _ := strings.Cut(st.Resource, ":")
		p := s.exact(base)
		if p == nil {
			continue // made by the scheduler, follows its bundle
		}
		line := []string{base}
		top, cloned := base, false
		for at := p.Up; at != nil && at.Elem.Name() != "resources"; at = at.Up {
			top, line = at.Elem.ID(), append(line, at.Elem.ID())
			cloned = cloned || at.Elem.Name() != "group"
		}
		wanted := len(ids) == 0 || slices.ContainsFunc(line, func(id string) bool { return slices.Contains(ids, id) })
		moves := st.Task == "start" || st.Task == "migrate_from"
		if !wanted || have[top] || cloned && st.Task != "promote" || !cloned && !moves {
			continue
		}
		have[top] = true
		c := cib.New("rsc_location", attr("id", relocation+top), attr("rsc", top), attr("node", st.Node), attr("score", "INFINITY"))
		if cloned {
			c = c.With("role", "Promoted")
		}
		out = append(out, c)
	}
	return out
}
