package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/intent"
	"mainstay/shell/crm"
)

// shelf is the agents of this machine as completion asks for them: each is run once.
type shelf struct {
	agents
	known map[agent.Name]*agent.Metadata
}

// Agents implements crm.Catalog.
func (s *shelf) Agents() []agent.Name { return s.list() }

// Metadata implements crm.Catalog.
func (s *shelf) Metadata(n agent.Name) (*agent.Metadata, error) {
	m, ok := s.known[n]
	if !ok {
		m = s.metadata(n)
		s.known[n] = m
	}
	if m == nil {
		return nil, errors.New(n.String() + " says nothing about itself")
	}
	return m, nil
}

// newSession begins a session that knows this machine's agents.
func (s *crmShell) newSession(root *cib.Elem) *crm.Session {
	if s.shelf == nil {
		s.shelf = &shelf{agents: s.agents(), known: map[agent.Name]*agent.Metadata{}}
	}
	n := crm.NewSession(root)
	n.Catalog = s.shelf
	return n
}

// complete lists what the last word of a line may become.
func (s *crmShell) complete(line string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	words := strings.Fields(line)
	last := ""
	if len(words) > 0 && !strings.HasSuffix(line, " ") {
		last, words = words[len(words)-1], words[:len(words)-1]
	}
	level := s.level
	switch {
	case len(words) == 1 && words[0] == "cd":
		return tidy(s.cdTargets(), last)
	case level == "" && len(words) > 0 && slices.Contains(crmLevels(), words[0]):
		level, words, line = words[0], words[1:], strings.TrimPrefix(strings.TrimLeft(line, " "), words[0]+" ")
	case level == "configure" && len(words) > 0 && (words[0] == "ra" || words[0] == "cib"):
		level, words = words[0], words[1:]
	}
	if level == "configure" {
		session := s.session
		if session == nil {
			root, err := s.CIB(ctx)
			if err != nil {
				return nil
			}
			session = s.newSession(root)
		}
		return session.Complete(line)
	}
	return tidy(s.words(ctx, level, words), last)
}

// cdTargets are the levels that cd reaches from here.
func (s *crmShell) cdTargets() []string {
	out := []string{".."}
	for _, l := range crmLevels() {
		if isLevel(l) && s.level == "" {
			out = append(out, l)
		} else if isLevel(l) {
			out = append(out, "../"+l)
		}
	}
	return out
}

// words are what may follow the words of a command of a level.
func (s *crmShell) words(ctx context.Context, level string, before []string) []string {
	if len(before) == 0 || before[0] == "help" && len(before) == 1 {
		out := []string{"help", "quit", "up", "cd", "ls"}
		if level == "" {
			out = append(out, crmLevels()...)
		}
		for _, c := range crmCommands() {
			if c.level == level {
				out = append(out, c.name)
			}
		}
		return out
	}
	if level == "cib" && before[0] == "use" {
		return []string{"live"}
	}
	all := crmCommands()
	i := slices.IndexFunc(all, func(c crmAct) bool { return c.level == level && c.name == before[0] })
	if i < 0 {
		return nil
	}
	form := strings.Fields(all[i].usage)[1:]
	if len(form) == 0 {
		return nil
	}
	return s.fitting(ctx, strings.Trim(form[min(len(before)-1, len(form)-1)], "[]…"))
}

// fitting are the words that a part of a usage line stands for.
func (s *crmShell) fitting(ctx context.Context, part string) []string {
	if strings.Contains(part, "|") {
		return strings.Split(part, "|")
	}
	if part == "CLASS" {
		return []string{"ocf", "lsb", "service", "stonith", "systemd"}
	}
	if part == "CLASS:PROVIDER:TYPE" {
		var out []string
		for _, n := range s.agents().list() {
			out = append(out, n.String())
		}
		return out
	}
	root, err := s.CIB(ctx)
	if err != nil {
		return nil
	}
	switch part {
	case "RESOURCE":
		return intent.Resources(root)
	case "NODE":
		return intent.Nodes(root)
	case "TICKET":
		var out []string
		for t := range root.Path("status", "tickets").Named("ticket_state") {
			out = append(out, t.ID())
		}
		for t := range root.Path("configuration", "constraints").Named("rsc_ticket") {
			out = append(out, t.Get("ticket"))
		}
		return out
	}
	return nil
}
