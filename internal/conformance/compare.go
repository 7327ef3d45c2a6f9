package conformance

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"mainstay/graph"
)

// Level is one way of comparing two outputs.
type Level string

// The levels, from the state at first to equality of every byte that counts.
const (
	Cur   Level = "cur"    // state at first and the lines above it, in order
	AText Level = "a_text" // transition summary, in order
	BSet  Level = "b_set"  // executed actions, in any order
	BSeq  Level = "b_seq"  // executed actions, in order
	CText Level = "c_text" // state in the end, in order
	DRaw  Level = "d_raw"  // scores, in any order
	DNorm Level = "d_norm" // scores without the function that printed them, as a set
	ENode Level = "e_node" // actions of the graph
	EEdge Level = "e_edge" // and what waits for what
	EAttr Level = "e_attr" // actions with all their attributes
	Dot   Level = "dot"    // lines of the dot file
	Byte  Level = "byte"   // all four files, white space and empty lines apart
)

// Levels lists the levels in their order.
func Levels() []Level {
	return []Level{Cur, AText, BSet, BSeq, CText, DRaw, DNorm, ENode, EEdge, EAttr, Dot, Byte}
}

// Compare tells at which levels two outputs agree.
func Compare(want, got Outputs) map[Level]bool {
	v := make(map[Level]bool, len(Levels()))
	w, g := sections(want.Summary), sections(got.Summary)
	v[Cur] = slices.Equal(w.cur, g.cur)
	v[AText] = g.plan != nil && slices.Equal(w.plan, g.plan)
	v[BSeq] = g.run != nil && slices.Equal(w.run, g.run)
	v[BSet] = g.run != nil && slices.Equal(sortedLines(w.run), sortedLines(g.run))
	v[CText] = g.end != nil && slices.Equal(w.end, g.end)
	ws, gs := words(want.Scores), words(got.Scores)
	v[DRaw] = slices.Equal(sortedLines(ws), sortedLines(gs))
	v[DNorm] = slices.Equal(normScores(ws), normScores(gs))
	wg, werr := graph.Parse([]byte(want.Exp))
	gg, gerr := graph.Parse([]byte(got.Exp))
	if werr == nil && gerr == nil {
		compareGraphs(v, wg, gg)
	}
	v[Dot] = slices.Equal(unique(words(want.Dot)), unique(words(got.Dot)))
	v[Byte] = squeezed(want.Summary) == squeezed(got.Summary) && squeezed(want.Exp) == squeezed(got.Exp) &&
		squeezed(want.Dot) == squeezed(got.Dot) && squeezed(want.Scores) == squeezed(got.Scores)
	return v
}

// text are the lines of a summary by section; nil if a section is not there.
type text struct{ cur, plan, run, end []string }

// sections cuts a summary. Remarks on the effective time are left out.
func sections(s string) text {
	var t text
	t.cur = []string{}
	into := &t.cur
	for _, line := range strings.Split(s, "\n") {
		switch strings.ToLower(strings.TrimRight(line, " \t")) {
		case "current cluster status:":
			continue
		case "transition summary:":
			t.plan, into = []string{}, &t.plan
			continue
		case "executing cluster transition:":
			t.run, into = []string{}, &t.run
			continue
		case "revised cluster status:":
			t.end, into = []string{}, &t.end
			continue
		}
		l := collapse(line)
		if l == "" || strings.HasPrefix(l, "Using the original execution date") || strings.HasPrefix(l, "Setting effective cluster time") {
			continue
		}
		*into = append(*into, l)
	}
	return t
}

// collapse trims a line and makes every run of blanks one.
func collapse(line string) string { return strings.Join(strings.Fields(line), " ") }

// words are the lines that are not empty, collapsed.
func words(s string) []string {
	var out []string
	for _, line := range strings.Split(s, "\n") {
		if l := collapse(line); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// sortedLines returns a sorted copy.
func sortedLines(list []string) []string { return slices.Sorted(slices.Values(list)) }

// unique returns the lines as a set.
func unique(list []string) []string { return slices.Compact(sortedLines(list)) }

// normScores drops the name of the function in front of a score.
func normScores(list []string) []string {
	out := make([]string, len(list))
	for i, l := range list {
		if head, rest, ok := strings.Cut(l, ": "); ok && functionName(head) {
			l = rest
		}
		out[i] = strings.ReplaceAll(l, "allocation score", "assignment score")
	}
	return unique(out)
}

// functionName tells whether a word looks like a function of the peer's.
func functionName(s string) bool {
	for _, c := range s {
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// compareGraphs fills in the levels on the graph.
func compareGraphs(v map[Level]bool, want, got *graph.Graph) {
	v[ENode] = maps.Equal(count(want, nodeKey), count(got, nodeKey))
	v[EEdge] = v[ENode] && maps.Equal(edges(want), edges(got))
	v[EAttr] = v[ENode] && maps.Equal(count(want, fullKey), count(got, fullKey))
}

// count counts actions by a key.
func count(g *graph.Graph, key func(*graph.Action) string) map[string]int {
	out := map[string]int{}
	for _, a := range g.Actions {
		out[key(a)]++
	}
	return out
}

// nodeKey is what an action is: kind, operation, key and node.
func nodeKey(a *graph.Action) string {
	key := a.Internal
	if key == "" {
		key = a.Key
	}
	return strings.Join([]string{string(rune('0' + a.Kind)), a.Task, key, a.Node}, "\x00")
}

// fullKey is everything about an action but its number and the feature set.
func fullKey(a *graph.Action) string {
	parts := []string{nodeKey(a)}
	for _, at := range a.Attrs {
		if at.Name != "id" && at.Name != "crm_feature_set" {
			parts = append(parts, at.Name+"="+at.Value)
		}
	}
	slices.Sort(parts[1:])
	if r := a.Rsc; r != nil {
		parts = append(parts, r.ID, r.LongID, r.Class, r.Provider, r.Type)
	}
	parts = append(parts, sortedLines(a.Downed)...)
	parts = append(parts, string(rune(a.Priority)))
	return strings.Join(parts, "\x00")
}

// edges is the set of pairs of what waits for what.
func edges(g *graph.Graph) map[string]bool {
	at := map[int]string{}
	for _, a := range g.Actions {
		at[a.ID] = nodeKey(a)
	}
	out := map[string]bool{}
	for _, a := range g.Actions {
		for _, in := range a.Inputs {
			out[at[in]+"\x01"+nodeKey(a)] = true
		}
	}
	return out
}

// squeezed is a text without any white space within lines and without empty
// lines: what diff -wB looks at.
func squeezed(s string) string {
	var b strings.Builder
	for _, line := range strings.Split(s, "\n") {
		l := strings.Join(strings.Fields(line), "")
		if l != "" {
			b.WriteString(l + "\n")
		}
	}
	return b.String()
}

// normalExp takes out of a graph what depends on version and machine.
func normalExp(s string) string {
	for _, re := range []string{`crm_feature_set="[^"]*"`, `batch-limit="[0-9]*"`} {
		s = regexp.MustCompile(re).ReplaceAllString(s, "")
	}
	return s
}

// normalDot sorts the lines between the first and the last, each once.
func normalDot(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	if len(lines) < 2 {
		return s
	}
	last := len(lines) - 1
	middle := slices.Compact(slices.Sorted(slices.Values(lines[1:last])))
	return lines[0] + "\n" + strings.Join(append(middle, lines[last]), "\n") + "\n"
}

// sorted sorts the lines of a text.
func sorted(s string) string {
	return strings.Join(slices.Sorted(strings.SplitAfterSeq(s, "\n")), "")
}
