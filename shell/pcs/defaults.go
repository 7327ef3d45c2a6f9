package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// defaultsOf shows defaults or, in the old spelling, changes them.
func defaultsOf(section, path string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if len(args) == 0 {
			return showDefaults(section)(s, nil)
		}
		if !strings.Contains(args[0], "=") {
			return usageError{path}
		}
		s.warn("Deprecation Warning: This command is deprecated and will be removed. Please use 'pcs %s update' instead.", path)
		return updateDefaults(section)(s, args)
	}
}

// showDefaults writes the sets of a section.
func showDefaults(section string) func(*shell, []string) error {
	return func(s *shell, _ []string) error {
		text := s.defaultsText(section)
		if text == "" {
			text = "No defaults set\n"
		}
		s.print("%s", text)
		return nil
	}
}

// defaultsText are the sets of a section, "" if it has none.
func (s *shell) defaultsText(section string) string {
	var b strings.Builder
	for set := range s.conf(section).Named("meta_attributes") {
		head := "Meta Attrs: " + set.ID()
		if score := set.Get("score"); score != "" {
			head += " score=" + score
		}
		b.WriteString(head + "\n")
		for _, p := range sorted(pairsIn(set)) {
			b.WriteString("  " + p.name + "=" + spaced(p.value) + "\n")
		}
		for rule := range set.Named("rule") {
			b.WriteString(ruleText(rule, "  ", s.opt.has("full"), true))
		}
	}
	return b.String()
}

// override warns that resources' own values win.
func (s *shell) override() {
	s.warn("Warning: Defaults do not apply to resources which override them with their own defined values")
}

// updateDefaults changes the only set of a section; it is made if there is none.
func updateDefaults(section string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if len(args) == 0 {
			return usageError{strings.Replace(strings.Replace(section, "rsc_", "resource ", 1), "op_", "resource op ", 1) + " update"}
		}
		ps, err := pairs(args)
		if err != nil {
			return err
		}
		sets := slices.Collect(s.conf(section).Named("meta_attributes"))
		if len(sets) > 1 {
			ids := make([]string, len(sets))
			for i, e := range sets {
				ids[i] = e.ID()
			}
			return fmt.Errorf("Several options sets exist. Please use the 'pcs %s set update' command and specify an option set ID",
				strings.Replace(strings.Replace(section, "rsc_", "resource ", 1), "op_", "resource op ", 1))
		}
		s.override()
		s.putPairs(section, "meta_attributes", section+"-meta_attributes", ps)
		return nil
	}
}

// createDefaults makes a set, with a rule if one is given.
func createDefaults(section string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		head, parts := split(args, "meta", "rule")
		opts, err := pairs(head)
		if err != nil {
			return err
		}
		id, _ := value(opts, "id")
		if id == "" {
			id = s.fresh(section + "-meta_attributes")
		} else {
			s.newID(id, "id")
		}
		set := cib.New("meta_attributes", attr("id", id))
		if score, ok := value(opts, "score"); ok {
			s.checkScore(score)
			set = set.With("score", score)
		}
		if bad := without(opts, "id", "score"); len(bad) > 0 {
			s.doubt("invalid option %s, allowed options are: 'id', 'score'", quote([]string{bad[0].name}))
		}
		for _, part := range parts {
			if part.key == "rule" {
				rule, err := s.rule(part.words, id+"-rule", ruleOfDefaults)
				if err != nil {
					return err
				}
				set = set.WithKids(append([]*cib.Elem{rule.With("score", "INFINITY")}, set.Kids()...))
				continue
			}
			ps, err := pairs(part.words)
			if err != nil {
				return err
			}
			set = s.edited(set, ps)
		}
		if err := s.verdict(); err != nil {
			return err
		}
		s.override()
		s.putConf(s.conf(section).Append(set))
		return nil
	}
}

// updateDefaultSet changes the values of a set.
func updateDefaultSet(section string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if len(args) == 0 {
			return usageError{"resource defaults set update"}
		}
		set := s.conf(section).ChildID("meta_attributes", args[0])
		if set == nil {
			return s.refuse("options set '%s' does not exist", args[0])
		}
		_, parts := split(args[1:], "meta")
		for _, part := range parts {
			ps, err := pairs(part.words)
			if err != nil {
				return err
			}
			set = s.edited(set, ps)
		}
		s.override()
		s.putConf(replaceKid(s.conf(section), set))
		return nil
	}
}

// deleteDefaultSet removes sets.
func deleteDefaultSet(section string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		for _, id := range args {
			if s.conf(section).ChildID("meta_attributes", id) == nil {
				s.fault("options set '%s' does not exist", id)
			}
		}
		if err := s.verdict(); err != nil {
			return err
		}
		s.drop(section, func(e *cib.Elem) bool { return slices.Contains(args, e.ID()) })
		return nil
	}
}

// spaced puts a value with blanks in quotes.
func spaced(v string) string {
	if v == "" || strings.ContainsAny(v, " \t\"") {
		return `"` + strings.ReplaceAll(v, `"`, `\"`) + `"`
	}
	return v
}

// joined writes pairs in one line, in order of their names.
func joined(ps []pair) string {
	var out []string
	for _, p := range sorted(ps) {
		out = append(out, p.name+"="+spaced(p.value))
	}
	return strings.Join(out, " ")
}

// checkScore says if a score is none.
func (s *shell) checkScore(v string) bool {
	if _, err := cib.ParseScore(v); err != nil || v == "" {
		s.fault("invalid score '%s', use integer or INFINITY or -INFINITY", v)
		return false
	}
	return true
}
