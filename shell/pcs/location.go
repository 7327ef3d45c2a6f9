package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// constraintCommands are those about constraints between two, and all together.
func constraintCommands() []command {
	return append(pairCommands(), []command{
		{path: "constraint", usage: "[config] [--full]", run: (*shell).constraints},
		{path: "constraint config", usage: "-", run: (*shell).constraints},
		replaced("constraint show", "constraint config", (*shell).constraints),
		replaced("constraint list", "constraint config", (*shell).constraints),
		{path: "constraint location", usage: "<resource> prefers|avoids <node>[=<score>]... | <resource> rule [id=<rule id>] [role=Promoted|Unpromoted] [constraint-id=<id>] [score=<score> | score-attribute=<attribute>] <expression>", run: (*shell).location},
		{path: "constraint location config", usage: "[resources [<resource>...]] | [nodes [<node>...]] [--full]", run: (*shell).locations},
		replaced("constraint location show", "constraint location config", (*shell).locations),
		replaced("constraint location list", "constraint location config", (*shell).locations),
		{path: "constraint location add", usage: "<id> <resource> <node> <score> [resource-discovery=<option>]", run: (*shell).addLocation},
		{path: "constraint location delete", usage: "<id>", run: (*shell).deleteLocation},
		{path: "constraint location remove", usage: "<id>", run: (*shell).deleteLocation},
		{path: "constraint delete", usage: "<constraint id>...", run: (*shell).deleteConstraints},
		{path: "constraint remove", usage: "<constraint id>...", run: (*shell).deleteConstraints},
		replaced("constraint rm", "constraint delete", (*shell).deleteConstraints),
		{path: "constraint ref", usage: "<resource>...", run: (*shell).refs},
		{path: "constraint rule add", usage: "<constraint id> [id=<rule id>] [role=Promoted|Unpromoted] [score=<score>] <expression>", run: (*shell).addRule},
		{path: "constraint rule delete", usage: "<rule id>", run: (*shell).deleteRule},
		{path: "constraint rule remove", usage: "<rule id>", run: (*shell).deleteRule},
	}...)
}

// target is the resource of a location constraint: a name or a pattern.
type target struct{ attr, value string }

// rscTarget reads a resource: resource%NAME, regexp%PATTERN or NAME.
func (s *shell) rscTarget(word string) (target, error) {
	if p, ok := strings.CutPrefix(word, "regexp%"); ok {
		return target{"rsc-pattern", p}, nil
	}
	word = strings.TrimPrefix(word, "resource%")
	if err := s.constrainable(word); err != nil {
		return target{}, err
	}
	return target{"rsc", word}, nil
}

// constrainable tells what is wrong with a resource in a constraint.
func (s *shell) constrainable(id string) error {
	p := s.exact(id)
	if p == nil {
		return fmt.Errorf("Resource '%s' does not exist", id)
	}
	up := p.Up.Elem
	if p.Elem.Name() == "primitive" && up.Name() == "group" && p.Up.Up != nil {
		up = p.Up.Up.Elem
	}
	if s.opt.has("force") || up.Name() != "clone" && up.Name() != "master" && up.Name() != "bundle" {
		return nil
	}
	return fmt.Errorf("%s is a %s resource, you should use the %s id: %s when adding constraints. Use --force to override.",
		id, cloneWord(up), map[bool]string{true: "bundle", false: "clone"}[up.Name() == "bundle"], up.ID())
}

// cloneWord is what pcs calls a kind of clone.
func cloneWord(e *cib.Elem) string {
	if e.Name() == "bundle" {
		return "bundle"
	}
	return "clone"
}

// location makes preferences and rules, or shows them.
func (s *shell) location(args []string) error {
	switch {
	case len(args) == 0:
		return s.locations(nil)
	case len(args) < 3:
		return usageError{"constraint location"}
	}
	switch args[1] {
	case "prefers", "avoids":
		return s.prefer(args[0], args[1] == "avoids", args[2:])
	case "rule":
		return s.locationRule(args[0], args[2:])
	}
	return usageError{"constraint location"}
}

// prefer puts scores on nodes for a resource.
func (s *shell) prefer(rsc string, avoid bool, nodes []string) error {
	if err := s.knownNodes(nodes); err != nil {
		return err
	}
	t, err := s.rscTarget(rsc)
	if err != nil {
		return err
	}
	type want struct{ node, score string }
	var list []want
	for _, n := range nodes {
		node, score, ok := strings.Cut(n, "=")
		if !ok {
			score = "INFINITY"
		}
		if avoid {
			if score = strings.TrimPrefix("-"+score, "--"); score == "-0" {
				score = "0"
			}
		}
		if _, err := cib.ParseScore(score); err != nil {
			return fmt.Errorf("invalid score '%s', use integer or INFINITY or -INFINITY", score)
		}
		list = append(list, want{node, score})
	}
	for _, w := range list {
		id := s.fresh(idWord("location-" + t.value + "-" + w.node + "-" + w.score))
		s.putLocation(t, cib.New("rsc_location", attr("id", id), attr(t.attr, t.value), attr("node", w.node), attr("score", w.score)))
	}
	return nil
}

// knownNodes refuses nodes that the cluster does not have, where a cluster can be asked.
func (s *shell) knownNodes(words []string) error {
	for _, w := range words {
		node, _, _ := strings.Cut(w, "=")
		if s.node(node) == nil {
			s.doubt("Node '%s' does not appear to exist in configuration", node)
		}
	}
	if s.wrong > 0 {
		return errDone
	}
	return nil
}

// putLocation adds a constraint in the place of one of the same resource and node.
func (s *shell) putLocation(t target, e *cib.Elem) {
	s.drop("constraints", func(c *cib.Elem) bool {
		return c.Name() == "rsc_location" && c.Get(t.attr) == t.value && c.Get("node") == e.Get("node") && e.Get("node") != "" &&
			c.Child("rule") == nil && c.Get("role") == e.Get("role")
	})
	s.putConf(s.conf("constraints").Append(e))
}

// addLocation makes a preference with an id.
func (s *shell) addLocation(args []string) error {
	if err := need(args, 4, -1, "constraint location add"); err != nil {
		return err
	}
	if err := s.knownNodes(args[2:3]); err != nil {
		return err
	}
	t, err := s.rscTarget(args[1])
	if err != nil {
		return err
	}
	if s.validID(args[0], "constraint id"); s.wrong > 0 {
		return errDone
	}
	if _, err := cib.ParseScore(args[3]); err != nil {
		return fmt.Errorf("invalid score '%s', use integer or INFINITY or -INFINITY", args[3])
	}
	opts, err := pairs(args[4:])
	if err != nil {
		return err
	}
	e := cib.New("rsc_location", attr("id", args[0]), attr(t.attr, t.value), attr("node", args[2]), attr("score", args[3]))
	for _, p := range opts {
		if p.name != "resource-discovery" {
			return fmt.Errorf("bad option '%s', allowed options are: resource-discovery", p.name)
		}
		e = e.With(p.name, p.value)
	}
	s.drop("constraints", func(c *cib.Elem) bool { return c.ID() == args[0] })
	if s.taken(args[0]) {
		return fmt.Errorf("id '%s' is already in use, please specify another one", args[0])
	}
	s.putLocation(t, e)
	return nil
}

// deleteLocation removes a constraint by its id.
func (s *shell) deleteLocation(args []string) error {
	if err := need(args, 1, 1, "constraint location delete"); err != nil {
		return err
	}
	if s.drop("constraints", func(c *cib.Elem) bool { return c.Name() == "rsc_location" && c.ID() == args[0] }) == 0 {
		return fmt.Errorf("resource location id: %s not found.", args[0])
	}
	return nil
}

// locationRule makes a constraint with a rule.
func (s *shell) locationRule(rsc string, words []string) error {
	t, err := s.rscTarget(rsc)
	if err != nil {
		return err
	}
	opts, words := ruleOptions(words)
	id, named := value(opts, "constraint-id")
	if named {
		if s.newID(id, "constraint id"); s.wrong > 0 {
			return errDone
		}
	} else {
		id = s.fresh(idWord("location-" + t.value))
	}
	rule, err := s.locationRuleElem(opts, words, id)
	if err != nil {
		return err
	}
	e := cib.New("rsc_location", attr("id", id), attr(t.attr, t.value))
	if v, ok := value(opts, "resource-discovery"); ok {
		e = e.With("resource-discovery", v)
	}
	s.putConf(s.conf("constraints").Append(e.Append(rule)))
	return nil
}

// ruleOptions takes the options off the head of a rule.
func ruleOptions(words []string) ([]pair, []string) {
	var opts []pair
	for len(words) > 0 {
		name, v, ok := strings.Cut(words[0], "=")
		if !ok || !slices.Contains([]string{"id", "role", "score", "score-attribute", "constraint-id", "resource-discovery"}, name) {
			break
		}
		opts, words = append(opts, pair{name, v}), words[1:]
	}
	return opts, words
}

// locationRuleElem makes the rule of a constraint.
func (s *shell) locationRuleElem(opts []pair, words []string, constraint string) (*cib.Elem, error) {
	id, named := value(opts, "id")
	if named {
		if s.newID(id, "rule id"); s.wrong > 0 {
			return nil, errDone
		}
	} else {
		id = constraint + "-rule"
	}
	role, hasRole := value(opts, "role")
	if hasRole {
		role = s.role(role)
		if s.wrong > 0 {
			return nil, errDone
		}
	}
	rule, err := s.rule(words, id, ruleOfLocation)
	if err != nil {
		return nil, err
	}
	if hasRole {
		rule = rule.With("role", role)
	}
	score, hasScore := value(opts, "score")
	by, hasBy := value(opts, "score-attribute")
	switch {
	case hasScore && hasBy:
		return nil, fmt.Errorf("can not specify both score and score-attribute")
	case hasBy:
		rule = rule.With("score-attribute", by)
	default:
		if !hasScore {
			score = "INFINITY"
		}
		if _, err := cib.ParseScore(score); err != nil {
			return nil, fmt.Errorf("invalid score '%s', use integer or INFINITY or -INFINITY", score)
		}
		rule = rule.With("score", score)
	}
	return rule, nil
}

// role reads a role in a constraint; old words become new ones.
func (s *shell) role(word string) string {
	switch strings.ToLower(word) {
	case "master":
		s.warn("Deprecation Warning: Role value '%s' is deprecated and should not be used, use 'Promoted' instead", word)
		return "Promoted"
	case "slave":
		s.warn("Deprecation Warning: Role value '%s' is deprecated and should not be used, use 'Unpromoted' instead", word)
		return "Unpromoted"
	}
	for _, r := range []string{"Started", "Stopped", "Promoted", "Unpromoted"} {
		if strings.EqualFold(r, word) {
			return r
		}
	}
	s.fault("invalid role value '%s', allowed values are: 'Promoted', 'Started', 'Stopped', 'Unpromoted'", word)
	return word
}

// addRule adds a rule to a constraint that has some.
func (s *shell) addRule(args []string) error {
	if err := need(args, 2, -1, "constraint rule add"); err != nil {
		return err
	}
	c := s.conf("constraints").ChildID("rsc_location", args[0])
	if c == nil {
		return fmt.Errorf("Unable to find constraint: %s", args[0])
	}
	opts, words := ruleOptions(args[1:])
	rule, err := s.locationRuleElem(opts, words, args[0])
	if err != nil {
		return err
	}
	s.putConf(replaceKid(s.conf("constraints"), c.Without("node").Without("score").Append(rule)))
	return nil
}

// deleteRule removes a rule, and the constraint with its last one.
func (s *shell) deleteRule(args []string) error {
	if err := need(args, 1, 1, "constraint rule delete"); err != nil {
		return err
	}
	for c := range s.conf("constraints").Named("rsc_location") {
		if c.ChildID("rule", args[0]) == nil {
			continue
		}
		left := c.Drop(func(e *cib.Elem) bool { return e.ID() == args[0] })
		if left.Child("rule") == nil {
			s.warn("Removing Constraint: %s", c.ID())
			s.drop("constraints", func(e *cib.Elem) bool { return e.ID() == c.ID() })
			return nil
		}
		s.warn("Removing Rule: %s", args[0])
		s.putConf(replaceKid(s.conf("constraints"), left))
		return nil
	}
	return fmt.Errorf("unable to find rule with id: %s", args[0])
}

// deleteConstraints removes constraints, or rules, by their ids.
func (s *shell) deleteConstraints(args []string) error {
	if len(args) == 0 {
		return usageError{"constraint delete"}
	}
	bad := false
	for _, id := range args {
		if s.drop("constraints", func(c *cib.Elem) bool { return c.ID() == id }) > 0 {
			continue
		}
		if s.deleteRule([]string{id}) != nil {
			s.warn("Error: Unable to find constraint - '%s'", id)
			bad = true
		}
	}
	if bad {
		return errDone
	}
	return nil
}

// refs lists the constraints that name resources.
func (s *shell) refs(args []string) error {
	if len(args) == 0 {
		return usageError{"constraint ref"}
	}
	for _, id := range args {
		s.print("Resource: %s\n", id)
		found := false
		for _, tag := range []string{"rsc_colocation", "rsc_location", "rsc_order", "rsc_ticket"} {
			for c := range s.conf("constraints").Named(tag) {
				if names(c, id) {
					s.print("  %s\n", c.ID())
					found = true
				}
			}
		}
		if !found {
			s.print("  No Matches.\n")
		}
	}
	return nil
}

// names tells whether a constraint names a resource.
func names(c *cib.Elem, id string) bool {
	for _, a := range []string{"rsc", "with-rsc", "first", "then"} {
		if c.Get(a) == id {
			return true
		}
	}
	for set := range c.Named("resource_set") {
		if set.ChildID("resource_ref", id) != nil {
			return true
		}
	}
	return false
}
