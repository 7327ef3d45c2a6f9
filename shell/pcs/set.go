package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// setCommands are those about constraints of resource sets.
func setCommands() []command {
	usage := "<resource1> [resourceN]... [options] [set <resourceX> ... [options]] [setoptions [options]]"
	return []command{
		{path: "constraint order set", usage: usage, run: setOf("order", []string{"id", "kind", "symmetrical"})},
		{path: "constraint colocation set", usage: usage, run: setOf("colocation", []string{"id", "score"})},
		{path: "constraint ticket set", usage: usage, run: setOf("ticket", []string{"id", "loss-policy", "ticket"})},
	}
}

// setAttrs are the options of one set with their values; none means a boolean.
func setAttrs() []pair {
	return []pair{{"action", "demote promote start stop"}, {"require-all", ""}, {"role", "Promoted Started Stopped Unpromoted"}, {"sequential", ""}}
}

// setOf makes a constraint of sets.
func setOf(kind string, known []string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if len(args) == 0 {
			return usageError{"constraint " + kind + " set"}
		}
		if args[0] == "setoptions" || args[0] == "set" {
			return usageError{"constraint " + kind + " set"}
		}
		head, parts := split(args, "set", "setoptions")
		sets := []part{{"set", head}}
		var opts []pair
		for _, p := range parts {
			if p.key == "set" {
				sets = append(sets, p)
				continue
			}
			ps, err := pairs(p.words)
			if err != nil {
				return err
			}
			opts = append(opts, ps...)
		}
		var lists [][]string
		var attrs [][]pair
		for _, set := range sets {
			ids, ps, err := s.oneSet(set.words)
			if err != nil {
				return err
			}
			lists, attrs = append(lists, ids), append(attrs, ps)
		}
		if err := s.setConstraint(kind, known, lists, attrs, opts); err != nil {
			return err
		}
		return nil
	}
}

// oneSet reads the members and options of a set.
func (s *shell) oneSet(words []string) (ids []string, ps []pair, err error) {
	var opts []string
	for _, w := range words {
		if strings.Contains(w, "=") {
			opts = append(opts, w)
		} else {
			ids = append(ids, w)
		}
	}
	if ps, err = pairs(opts); err != nil {
		return nil, nil, err
	}
	if len(ids) == 0 {
		return nil, nil, fmt.Errorf("invalid resource set: no resources specified")
	}
	for i, p := range ps {
		values, ok := value(setAttrs(), p.name)
		switch {
		case !ok:
			s.fault("invalid set option '%s', allowed options are: 'action', 'require-all', 'role', 'sequential'", p.name)
		case values == "":
			if _, err := cib.ParseBool(p.value); err != nil {
				s.fault("'%s' is not a valid %s value, use a pacemaker boolean value: '0', '1', 'false', 'n', 'no', 'off', 'on', 'true', 'y', 'yes'", p.value, p.name)
			}
		case p.name == "role":
			ps[i].value = s.modern("option role", p.value)
		case !slices.Contains(strings.Fields(values), p.value):
			s.fault("'%s' is not a valid %s value, use %s", p.value, p.name, quote(strings.Fields(values)))
		}
	}
	return ids, ps, s.verdict()
}

// setConstraint writes a constraint of sets.
func (s *shell) setConstraint(kind string, known []string, lists [][]string, attrs [][]pair, opts []pair) error {
	for _, ids := range lists {
		for _, id := range ids {
			if s.exact(id) == nil {
				return fmt.Errorf("bundle/clone/group/resource '%s' does not exist", id)
			}
			if err := s.constrainable(id); err != nil {
				return err
			}
		}
	}
	for _, p := range opts {
		if !slices.Contains(known, p.name) {
			s.fault("invalid option '%s', allowed options are: %s", p.name, quote(known))
		}
	}
	if _, ok := value(opts, "ticket"); kind == "ticket" && !ok {
		return fmt.Errorf("required option 'ticket' is missing")
	}
	if err := s.verdict(); err != nil {
		return err
	}
	id, named := value(opts, "id")
	if named {
		if s.newID(id, "id"); s.wrong > 0 {
			return errDone
		}
	} else {
		id = s.fresh(kind + "_set_" + initials(lists))
	}
	c := cib.New("rsc_"+kind, attr("id", id))
	for _, p := range sorted(without(opts, "id")) {
		c = c.With(p.name, p.value)
	}
	if _, ok := value(opts, "score"); kind == "colocation" && !ok {
		c = c.With("score", "INFINITY")
	}
	var ids []string
	for i, list := range lists {
		set := cib.New("resource_set", attr("id", s.fresh(id+"_set", ids...)))
		ids = append(ids, set.ID())
		for _, p := range sorted(attrs[i]) {
			set = set.With(p.name, p.value)
		}
		for _, r := range list {
			set = set.Append(cib.New("resource_ref", attr("id", r)))
		}
		c = c.Append(set)
	}
	s.putConf(s.conf("constraints").Append(c))
	return nil
}

// initials are the first and last letters of all members, of which ids are made.
func initials(lists [][]string) string {
	out := ""
	for _, ids := range lists {
		for _, id := range ids {
			out += id[:1] + id[len(id)-1:]
		}
	}
	return out
}
