package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/agent"
)

// agentCommands are those about what is installed.
func agentCommands() []command {
	return []command{
		{path: "resource standards", run: (*shell).standards, apart: true},
		{path: "resource providers", run: (*shell).providers, apart: true},
		{path: "resource agents", usage: "[standard[:provider]]", run: (*shell).agents, apart: true},
		{path: "resource list", usage: "[filter] [--nodesc]", run: (*shell).listAgents, apart: true},
		{path: "resource describe", usage: "[<standard>:[<provider>:]]<type> [--full]", run: (*shell).describe, apart: true},
	}
}

// column prints the distinct values of a part of the agents' names.
func (s *shell) column(part func(agent.Name) string) error {
	var out []string
	for _, n := range s.c.Agents() {
		if v := part(n); v != "" {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(strings.ToLower(a)+a, strings.ToLower(b)+b) })
	for _, v := range slices.Compact(out) {
		s.print("%s\n", v)
	}
	return nil
}

// standards lists the kinds of agents.
func (s *shell) standards([]string) error {
	return s.column(func(n agent.Name) string {
		if n.Class == "stonith" {
			return ""
		}
		return n.Class
	})
}

// providers lists the providers of OCF agents.
func (s *shell) providers([]string) error {
	return s.column(func(n agent.Name) string { return n.Provider })
}

// agents lists agents, only of a standard or provider if one is given.
func (s *shell) agents(args []string) error {
	class, provider := "", ""
	if len(args) > 0 {
		class, provider, _ = strings.Cut(args[0], ":")
	}
	return s.column(func(n agent.Name) string {
		if class == "" && n.Class == "stonith" || class != "" && n.Class != class || provider != "" && n.Provider != provider {
			return ""
		}
		return n.Type
	})
}

// listAgents lists agents with what they say of themselves.
func (s *shell) listAgents(args []string) error { return s.listOf(args, false) }

// listStonith lists fence agents.
func (s *shell) listStonith(args []string) error { return s.listOf(args, true) }

func (s *shell) listOf(args []string, stonith bool) error {
	filter := ""
	if len(args) > 0 {
		filter = strings.ToLower(args[0])
	}
	var list []agent.Name
	for _, n := range s.c.Agents() {
		if (n.Class == "stonith") == stonith && strings.Contains(strings.ToLower(n.String()), filter) {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(a, b agent.Name) int { return strings.Compare(a.String(), b.String()) })
	for _, n := range list {
		line := n.String()
		if stonith {
			line = n.Type
		}
		if !s.opt.has("nodesc") {
			if m, err := s.c.Metadata(n); err == nil && m.Short != "" {
				line = wrapped(line+" - "+strings.Join(strings.Fields(m.Short), " "), len(line)+3)
			}
		}
		s.print("%s\n", line)
	}
	if len(list) == 0 {
		if stonith {
			return fmt.Errorf("No stonith agents matching the filter.")
		}
		return fmt.Errorf("No resource agents matching the filter.")
	}
	return nil
}

// wrapped breaks a line at 80 columns; what follows is indented.
func wrapped(text string, indent int) string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(text) {
		switch {
		case line == "":
			line = w
		case len(line)+1+len(w) > 80 && strings.TrimSpace(line) != "":
			lines = append(lines, line)
			line = strings.Repeat(" ", indent) + w
		default:
			line += " " + w
		}
	}
	return strings.Join(append(lines, line), "\n")
}

// describe tells what an agent takes.
func (s *shell) describe(args []string) error {
	if err := need(args, 1, 1, "resource describe"); err != nil {
		return err
	}
	c := &creation{id: "describe"}
	if err := s.findAgent(c, args[0]); err != nil {
		return err
	}
	return s.describeAgent(c, c.name.String(), "Resource")
}

// describeStonith tells what a fence agent takes.
func (s *shell) describeStonith(args []string) error {
	if err := need(args, 1, 1, "stonith describe"); err != nil {
		return err
	}
	c := &creation{name: agent.Name{Class: "stonith", Type: args[0]}}
	if err := s.metadata(c); err != nil {
		return err
	}
	return s.describeAgent(c, args[0], "Stonith")
}

// describeAgent prints metadata.
func (s *shell) describeAgent(c *creation, name, kind string) error {
	m := c.meta
	if m == nil {
		return errDone
	}
	title := name
	if m.Short != "" {
		title += " - " + strings.Join(strings.Fields(m.Short), " ")
	}
	s.print("%s\n", title)
	if m.Long != "" {
		s.print("\n%s\n", strings.TrimSpace(m.Long))
	}
	if len(m.Parameters) > 0 {
		s.print("\n%s options:\n", kind)
	}
	for _, p := range m.Parameters {
		hidden := kind == "Stonith" && slices.Contains([]string{"action", "help", "version"}, p.Name)
		if hidden || p.Deprecated && !s.opt.has("full") {
			continue
		}
		line := "  " + p.Name
		if p.Required && !p.HasDefault {
			line += " (required)"
		}
		if p.Unique || p.UniqueGroup != "" {
			group := p.UniqueGroup
			if group == "" {
				group = p.Name
			}
			line += " (unique group: " + group + ")"
		}
		text := strings.Join(strings.Fields(orElse(p.Long, p.Short)), " ")
		if text == "" {
			text = "No description available"
		}
		s.print("%s: %s\n", line, text)
	}
	s.print("\nDefault operations:\n")
	for _, o := range s.advised(&creation{name: c.name, meta: m}) {
		s.print("  %s:\n", o.name)
		for _, p := range o.opts {
			s.print("    %s=%s\n", p.name, p.value)
		}
	}
	return nil
}
