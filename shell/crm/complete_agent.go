package crm

import (
	"slices"
	"strconv"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
)

// Catalog is what completion asks about agents.
type Catalog interface {
	// Agents lists those that are installed, in order.
	Agents() []agent.Name
	// Metadata is what an agent says about itself; an error if it says nothing.
	Metadata(agent.Name) (*agent.Metadata, error)
}

// agentNames are the words that may name an agent: the full names of all that are
// installed, and the beginnings of other names.
func (s *Session) agentNames() []string {
	out := []string{"ocf:heartbeat:", "ocf:pacemaker:", "systemd:", "lsb:", "stonith:", "service:"}
	if s.Catalog == nil {
		return out
	}
	for _, n := range s.Catalog.Agents() {
		word := n.String()
		out = slices.DeleteFunc(out, func(prefix string) bool { return strings.HasPrefix(word, prefix) })
		out = append(out, word)
	}
	return out
}

// metadata is what the agent of an unfinished statement says, the one of its template
// if it has none itself; nil if nobody knows.
func (s *Session) metadata(words []string) *agent.Metadata {
	if s.Catalog == nil || len(words) < 3 {
		return nil
	}
	n, err := agent.ParseName(words[2])
	if id, isTemplate := strings.CutPrefix(words[2], "@"); isTemplate {
		t := s.find(id)
		if t == nil {
			return nil
		}
		n, err = agent.Name{Class: t.Elem.Get("class"), Provider: t.Elem.Get("provider"), Type: t.Elem.Get("type")}, nil
	} else if err != nil && !strings.Contains(words[2], ":") {
		n, err = agent.Name{Class: "ocf", Provider: "heartbeat", Type: words[2]}, nil
	}
	if err != nil {
		return nil
	}
	m, err := s.Catalog.Metadata(n)
	if err != nil {
		return nil
	}
	return m
}

// parameters are those that an agent takes, without the former ones.
func parameters(m *agent.Metadata) []string {
	if m == nil {
		return nil
	}
	var out []string
	for _, p := range m.Parameters {
		if !p.Deprecated {
			out = append(out, p.Name+"=")
		}
	}
	return out
}

// operations are those that an agent has, or those that most have.
func operations(m *agent.Metadata) []string {
	if m == nil || len(m.Actions) == 0 {
		return []string{"monitor", "start", "stop", "promote", "demote", "notify", "migrate_to", "migrate_from"}
	}
	var out []string
	for _, a := range m.Actions {
		if !slices.Contains([]string{"meta-data", "metadata", "validate-all"}, a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}

// without leaves out what the clause of an unfinished statement has already.
func without(names, words []string) []string {
	from := 0
	for i, w := range words {
		if clauseWords[w] {
			from = i
		}
	}
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return slices.ContainsFunc(words[from:], func(w string) bool { return strings.HasPrefix(w, n) })
	})
}

// values are the words NAME=VALUE that may stand for a name, where its values are few.
func (s *Session) values(words []string, name string) []string {
	var option cib.Option
	switch clause := clauseOf(words); {
	case len(words) == 0:
		return nil
	case kindOf(words[0]) == "property":
		option, _ = cib.ClusterOption(name)
	case clause == "meta" || words[0] == "rsc_defaults":
		option, _ = cib.MetaOption(name)
	case clause == "op" || words[0] == "op_defaults":
		return s.operationValues(words, name)
	case clause == "params":
		if m := s.metadata(words); m != nil && m.Parameter(name) != nil {
			return parameterValues(m.Parameter(name))
		}
		return nil
	default:
		return slices.DeleteFunc(s.candidates(words), func(w string) bool { return !strings.HasPrefix(w, name+"=") })
	}
	return valuesOf(option)
}

// valuesOf writes the values of an option that has few.
func valuesOf(o cib.Option) []string {
	choices := o.Choices
	if o.Type == cib.TypeBool {
		choices = []string{"true", "false"}
	}
	var out []string
	for _, c := range choices {
		out = append(out, o.Name+"="+c)
	}
	return out
}

// parameterValues are the values of an agent's parameter that can be told: of a select
// all, of a boolean both, else the default.
func parameterValues(p *agent.Parameter) []string {
	list := slices.Clone(p.Options)
	if p.Type == "boolean" {
		list = append(list, "true", "false")
	}
	if len(list) == 0 && p.HasDefault && p.Default != "" && !strings.ContainsAny(p.Default, " \t\n\"") {
		list = append(list, p.Default)
	}
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = p.Name + "=" + v
	}
	return out
}

// operationValues are what may be given to an operation: choices, and the times that
// its agent advises.
func (s *Session) operationValues(words []string, name string) []string {
	if o, ok := cib.OpOption(name); ok && o.Type != cib.TypeDuration {
		return valuesOf(o)
	}
	at := slices.Index(words, "op")
	for i, w := range words[:len(words)-1] {
		if w == "op" {
			at = i
		}
	}
	m := s.metadata(words)
	if m == nil || at < 0 || at+1 >= len(words) {
		return nil
	}
	var out []string
	for _, a := range m.Actions {
		span := a.Interval
		if name == "timeout" {
			span = a.Timeout
		} else if name != "interval" {
			return nil
		}
		if a.Name == words[at+1] && span > 0 {
			out = append(out, name+"="+strconv.FormatFloat(span.Seconds(), 'f', -1, 64)+"s")
		}
	}
	return out
}
