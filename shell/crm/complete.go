package crm

import (
	"maps"
	"slices"
	"strings"

	"mainstay/cib"
)

// Complete lists what the last word of an unfinished line may become, sorted;
// each entry is a whole word. A line that ends in a blank asks for a new word.
func (s *Session) Complete(line string) []string {
	words := strings.Fields(strings.ReplaceAll(line, "\\\n", " "))
	last := ""
	if len(words) > 0 && !strings.HasSuffix(line, " ") {
		last, words = words[len(words)-1], words[:len(words)-1]
	}
	list := s.candidates(words)
	if name, _, isPair := strings.Cut(last, "="); isPair {
		list = s.values(words, name)
	}
	var out []string
	for _, w := range list {
		if strings.HasPrefix(w, last) && w != "" {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// candidates are the words that may follow those given.
func (s *Session) candidates(words []string) []string {
	if len(words) == 0 {
		return append(keywords(), slices.Sorted(maps.Keys(commands()))...)
	}
	switch n := len(words); kindOf(words[0]) {
	case "show", "edit", "delete", "rename":
		return append(s.names(), "xml", "changed")
	case "modgroup":
		return [][]string{s.resources("group"), {"add", "remove"}, s.resources("primitive"), {"before", "after"}, s.resources("primitive")}[min(n-1, 4)]
	case "load":
		return []string{"update", "replace", "push", "xml"}
	case "help":
		return s.candidates(nil)
	case "property", "get_property":
		return without(suffixed(cib.ClusterOptionNames(), "=", words[0] == "property"), words)
	case "rsc_defaults":
		return suffixed(cib.MetaOptionNames(), "=", true)
	case "op_defaults":
		return suffixed(opNames, "=", true)
	case "primitive", "rsc_template":
		return s.inPrimitive(words)
	case "group":
		return append(s.resources("primitive"), "meta", "params", "description=")
	case "clone", "ms":
		if n == 2 {
			return append(s.resources("primitive"), s.resources("group")...)
		}
		return s.inMeta(words, "meta", "params")
	case "location":
		return s.inLocation(words)
	case "colocation", "order", "rsc_ticket":
		return s.inRelation(words)
	case "monitor":
		return s.resources("primitive")
	case "tag":
		return s.names()
	case "node":
		return append(s.nodeNames(), "attributes", "utilization", "standby=on")
	}
	return nil
}

func kindOf(word string) string {
	if k := kinds[word]; k != "" {
		return k
	}
	return word
}

// suffixed appends a sign to each word, if wanted.
func suffixed(words []string, sign string, wanted bool) []string {
	if !wanted {
		return words
	}
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w + sign
	}
	return out
}

// resources are the names of resources of a kind, "" for all.
func (s *Session) resources(tag string) []string {
	var out []string
	s.work.Path("configuration", "resources").Walk(func(e *cib.Elem) bool {
		if isResource(e.Name()) && (tag == "" || tag == e.Name()) {
			out = append(out, e.ID())
		}
		return true
	})
	return out
}

func (s *Session) nodeNames() []string {
	var out []string
	for n := range s.work.Path("configuration", "nodes").Named("node") {
		out = append(out, n.Get("uname"))
	}
	return out
}

// clauseOf is the last clause word of a statement.
func clauseOf(words []string) string {
	for i := len(words) - 1; i > 0; i-- {
		if clauseWords[words[i]] {
			return words[i]
		}
	}
	return ""
}

func (s *Session) inPrimitive(words []string) []string {
	clauses := []string{"params", "meta", "utilization", "operations", "op"}
	switch {
	case len(words) == 2:
		out := s.agentNames()
		for _, t := range s.resources("template") {
			out = append(out, "@"+t)
		}
		return out
	case len(words) < 2:
		return nil
	}
	m := s.metadata(words)
	if words[len(words)-1] == "op" {
		return operations(m)
	}
	switch clauseOf(words) {
	case "op":
		return append(append(without(suffixed(opNames, "=", true), words), "op_params", "op_meta"), clauses...)
	case "params":
		return append(without(parameters(m), words), clauses...)
	case "meta", "op_meta":
		return s.inMeta(words, clauses...)
	}
	return clauses
}

func (s *Session) inMeta(words []string, clauses ...string) []string {
	if c := clauseOf(words); c == "meta" {
		return append(without(suffixed(cib.MetaOptionNames(), "=", true), words), clauses...)
	}
	return clauses
}

func (s *Session) inLocation(words []string) []string {
	switch n := len(words); {
	case n < 2:
		return nil
	case n == 2:
		return append(s.resources(""), "{")
	case strings.HasSuffix(words[n-1], ":"):
		return append(s.nodeNames(), "defined", "not_defined", "date", "#uname")
	}
	return []string{"inf:", "-inf:", "rule", "role=Started", "role=Promoted", "role=Unpromoted", "resource-discovery=always", "resource-discovery=never", "resource-discovery=exclusive"}
}

func (s *Session) inRelation(words []string) []string {
	if len(words) < 2 {
		return nil
	}
	if len(words) == 2 {
		switch kindOf(words[0]) {
		case "colocation":
			return []string{"inf:", "-inf:"}
		case "order":
			return []string{"Mandatory:", "Optional:", "Serialize:"}
		}
	}
	out := append(s.resources(""), "(", ")", "[", "]", "sequential=false", "require-all=false")
	switch kindOf(words[0]) {
	case "order":
		return append(out, "symmetrical=false")
	case "rsc_ticket":
		return append(out, "loss-policy=stop", "loss-policy=demote", "loss-policy=fence", "loss-policy=freeze")
	}
	return append(out, "node-attribute=")
}
