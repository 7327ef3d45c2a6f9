package pcs

import (
	"slices"
	"strings"

	"mainstay/cib"
)

// constraints shows all constraints.
func (s *shell) constraints(args []string) error {
	if len(args) > 0 {
		return usageError{"constraint"}
	}
	s.print("%s", s.constraintsText(s.opt.has("full")))
	return nil
}

// constraintsText is all constraints.
func (s *shell) constraintsText(full bool) string {
	return s.locationsText(nil, full) +
		"Ordering Constraints:\n" + s.kindText("rsc_order", full, orderWords) +
		"Colocation Constraints:\n" + s.kindText("rsc_colocation", full, colocationWords) +
		"Ticket Constraints:\n" + s.kindText("rsc_ticket", full, ticketWords)
}

// kindText lists the constraints of a kind: those of two, then those of sets.
func (s *shell) kindText(tag string, full bool, words func(*cib.Elem) string) string {
	var plain, sets strings.Builder
	for c := range s.conf("constraints").Named(tag) {
		if c.Child("resource_set") == nil {
			plain.WriteString("  " + words(c) + tail(c, full) + "\n")
			continue
		}
		sets.WriteString("    " + setWords(c, full) + "\n")
	}
	if sets.Len() > 0 {
		plain.WriteString("  Resource Sets:\n" + sets.String())
	}
	return plain.String()
}

// setWords is a constraint of sets in one line.
func setWords(c *cib.Elem, full bool) string {
	var parts []string
	for set := range c.Named("resource_set") {
		words := []string{"set"}
		for r := range set.Named("resource_ref") {
			words = append(words, r.ID())
		}
		if opts := allAttrs(set); opts != "" {
			words = append(words, opts)
		}
		parts = append(parts, strings.Join(words, " ")+tail(set, full))
	}
	if opts := allAttrs(c); opts != "" {
		parts = append(parts, "setoptions "+opts)
	}
	return strings.Join(parts, " ") + tail(c, full)
}

// orderWords is an order of two.
func orderWords(c *cib.Elem) string {
	kind := c.Get("kind")
	if kind == "" {
		kind = "Mandatory"
	}
	line := strings.TrimSpace(c.Get("first-action")+" "+c.Get("first")) + " then " + strings.TrimSpace(c.Get("then-action")+" "+c.Get("then"))
	if v := c.Get("score"); v != "" && c.Get("kind") == "" {
		line += " (score:" + v + ")"
	} else {
		line += " (kind:" + kind + ")"
	}
	var opts []string
	for _, a := range c.Attrs() {
		if !slices.Contains([]string{"id", "first", "then", "first-action", "then-action", "kind", "score", "symmetrical"}, a.Name) {
			opts = append(opts, a.Name+"="+a.Value)
		}
	}
	slices.Sort(opts)
	if len(opts) > 0 {
		line += " (Options: " + strings.Join(opts, " ") + ")"
	}
	if on, err := cib.ParseBool(c.Get("symmetrical")); err == nil && !on {
		line += " (non-symmetrical)"
	}
	return line
}

// colocationWords is a colocation of two.
func colocationWords(c *cib.Elem) string {
	line := c.Get("rsc") + " with " + c.Get("with-rsc")
	var list []string
	for _, a := range c.Attrs() {
		if !slices.Contains([]string{"id", "rsc", "with-rsc", "score"}, a.Name) {
			list = append(list, a.Name)
		}
	}
	slices.Sort(list)
	if v := c.Get("score"); v != "" {
		line += " (score:" + v + ")"
	}
	for _, n := range list {
		line += " (" + n + ":" + c.Get(n) + ")"
	}
	return line
}

// ticketWords is a ticket constraint of one resource.
func ticketWords(c *cib.Elem) string {
	var ps []pair
	for _, a := range c.Attrs() {
		if !slices.Contains([]string{"id", "rsc", "rsc-role"}, a.Name) {
			ps = append(ps, pair{a.Name, a.Value})
		}
	}
	return strings.TrimSpace(c.Get("rsc-role")+" "+c.Get("rsc")) + " " + joined(ps)
}

// locations shows location constraints, by resource or by node.
func (s *shell) locations(args []string) error {
	by, list := "resources", []string(nil)
	if len(args) > 0 {
		by, list = args[0], args[1:]
	}
	switch by {
	case "resources":
		s.print("%s", s.locationsText(list, s.opt.has("full")))
	case "nodes":
		s.print("%s", s.locationsByNode(list, s.opt.has("full")))
	default:
		return usageError{"constraint location"}
	}
	return nil
}

// placed are location constraints by what they are about.
type placed struct {
	title string // "Resource: x" or "Resource pattern: x"
	name  string
	nodes []*cib.Elem
	rules []*cib.Elem
}

// byTarget sorts location constraints: patterns first, then resources by name.
func (s *shell) byTarget() []*placed {
	var out []*placed
	for c := range s.conf("constraints").Named("rsc_location") {
		title, name := "Resource: "+c.Get("rsc"), c.Get("rsc")
		if p := c.Get("rsc-pattern"); p != "" {
			title, name = "Resource pattern: "+p, p
		}
		i := slices.IndexFunc(out, func(p *placed) bool { return p.title == title })
		if i < 0 {
			out = append(out, &placed{title: title, name: name})
			i = len(out) - 1
		}
		if c.Child("rule") != nil {
			out[i].rules = append(out[i].rules, c)
		} else {
			out[i].nodes = append(out[i].nodes, c)
		}
	}
	pattern := func(p *placed) bool { return strings.HasPrefix(p.title, "Resource pattern") }
	slices.SortStableFunc(out, func(a, b *placed) int {
		if pattern(a) != pattern(b) {
			if pattern(a) {
				return -1
			}
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	return out
}

// against tells whether a preference keeps a resource away.
func against(c *cib.Elem) bool { return strings.HasPrefix(c.Get("score"), "-") }

// locationsText shows location constraints by resource; only those named, if any is.
func (s *shell) locationsText(only []string, full bool) string {
	b := "Location Constraints:\n"
	for _, p := range s.byTarget() {
		if len(only) > 0 && !slices.Contains(only, p.name) {
			continue
		}
		b += "  " + p.title + "\n"
		for _, side := range []struct {
			title string
			away  bool
		}{{"Enabled on:", false}, {"Disabled on:", true}} {
			head := "    " + side.title + "\n"
			for _, c := range p.nodes {
				if against(c) == side.away {
					b += head + "      Node: " + c.Get("node") + " (score:" + c.Get("score") + ")" + extras(c) + tail(c, full) + "\n"
					head = ""
				}
			}
		}
		b += rulesText(p, "    ", full)
	}
	return b
}

// extras are the attributes of a preference that are seldom there.
func extras(c *cib.Elem) string {
	out := ""
	if v := c.Get("role"); v != "" {
		out += " (role:" + v + ")"
	}
	if v := c.Get("resource-discovery"); v != "" {
		out += " (resource-discovery=" + v + ")"
	}
	return out
}

// rulesText are the constraints of one resource that have rules.
func rulesText(p *placed, indent string, full bool) string {
	b := ""
	for _, c := range p.rules {
		b += indent + "Constraint: " + c.ID()
		if v := c.Get("resource-discovery"); v != "" {
			b += " (resource-discovery=" + v + ")"
		}
		b += "\n"
		for rule := range c.Named("rule") {
			b += ruleText(rule, indent+"  ", full, false)
		}
	}
	return b
}

// locationsByNode shows preferences by node, and rules by resource.
func (s *shell) locationsByNode(only []string, full bool) string {
	b := "Location Constraints:\n"
	var nodes []string
	targets := s.byTarget()
	for _, p := range targets {
		for _, c := range p.nodes {
			nodes = append(nodes, c.Get("node"))
		}
	}
	slices.Sort(nodes)
	for _, n := range slices.Compact(nodes) {
		if len(only) > 0 && !slices.Contains(only, n) {
			continue
		}
		b += "  Node: " + n + "\n"
		for _, side := range []struct {
			title string
			away  bool
		}{{"Allowed to run:", false}, {"Not allowed to run:", true}} {
			head := "    " + side.title + "\n"
			for _, p := range targets {
				for _, c := range p.nodes {
					if c.Get("node") == n && against(c) == side.away {
						b += head + "      " + p.title + " (score:" + c.Get("score") + ")" + extras(c) + tail(c, full) + "\n"
						head = ""
					}
				}
			}
		}
	}
	for _, p := range targets {
		if len(p.rules) > 0 {
			b += "  " + p.title + "\n" + rulesText(p, "    ", full)
		}
	}
	return b
}
