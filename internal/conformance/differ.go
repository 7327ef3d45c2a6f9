package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mainstay/cib"
)

// Differ compares our plans with an installed peer's, for cases and for mutants
// of them. Where we and the peer agree on a case and not on its mutant, one of
// both is wrong, or Pacemaker changed between the peer's version and the one
// that the cases are of.
type Differ struct {
	Peer    Peer
	Scratch string // directory for our files
}

// Verdict is what became of one mutant.
type Verdict struct {
	Case   string
	Seed   uint64
	Mutant Mutant
	Levels []Level // that agree on the case and not on the mutant
	Failed string  // why nothing could be compared
	Ours   Outputs
	Theirs Outputs
}

// differLevels are the levels that versions leave alone, most telling first.
func differLevels() []Level { return []Level{Cur, AText, BSet, CText, DNorm, ENode, EEdge} }

// Load reads an information base.
func Load(name string) (*cib.Elem, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read a case: %w", err)
	}
	root, err := cib.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return root, nil
}

// both plans with both programs.
func (d Differ) both(ctx context.Context, name string, root *cib.Elem, extra []string) (ours, theirs Outputs, err error) {
	input := filepath.Join(d.Scratch, name+".ours.xml")
	if err = os.WriteFile(input, root.AppendXML(nil, true), 0o600); err != nil {
		return ours, theirs, fmt.Errorf("write a mutant: %w", err)
	}
	defer os.Remove(input)
	ours = produce(input, name, d.Scratch, extra)
	if ours.Panic != "" {
		return ours, theirs, nil
	}
	theirs, err = d.Peer.Produce(ctx, name, root, extra)
	return ours, theirs, err
}

// agree lists the levels at which two outputs agree, reasons and words that
// changed with versions aside.
func agree(ours, theirs Outputs) []Level {
	theirs.Summary, ours.Summary = versionless(theirs.Summary), versionless(ours.Summary)
	theirs.Scores, ours.Scores = versionless(theirs.Scores), versionless(ours.Scores)
	v := Compare(theirs, ours)
	var out []Level
	for _, l := range differLevels() {
		if v[l] && ours.Panic == "" {
			out = append(out, l)
		}
	}
	return out
}

// versionless takes out of a text what changed between the versions: why
// something is done, and what removed resources are called.
func versionless(s string) string {
	s = regexp.MustCompile(` due to [^\n(]*`).ReplaceAllString(s, " ")
	s = regexp.MustCompile(`, queued=0ms|, exec=\d+ms|, last-rc-change='[^']*'|, exitreason='[^']*'| after \S+(?: \S+ms)?$`).ReplaceAllString(s, "")
	return strings.NewReplacer("ORPHANED", "REMOVED", "(maintenance)", "(unmanaged)", ", maintenance", ", unmanaged", "Not installed", "not installed",
		"promotion score on none: 0", "promotion score (inactive): -INFINITY").Replace(s)
}

// Baseline lists the levels at which we and the peer agree on a case.
func (d Differ) Baseline(ctx context.Context, name string, root *cib.Elem, extra []string) ([]Level, error) {
	ours, theirs, err := d.both(ctx, name, root, extra)
	if err != nil {
		return nil, err
	}
	return agree(ours, theirs), nil
}

// Try makes one mutant of a case and compares.
func (d Differ) Try(ctx context.Context, name string, root *cib.Elem, base []Level, seed uint64, extra []string) Verdict {
	v := Verdict{Case: name, Seed: seed, Mutant: Mutate(root, seed)}
	v.Levels, v.Ours, v.Theirs, v.Failed = d.differ(ctx, fmt.Sprintf("%s.%d", name, seed), v.Mutant.Root, base, extra)
	return v
}

// differ lists the levels of base at which the two disagree.
func (d Differ) differ(ctx context.Context, name string, root *cib.Elem, base []Level, extra []string) (levels []Level, ours, theirs Outputs, failed string) {
	ours, theirs, err := d.both(ctx, name, root, extra)
	switch {
	case ours.Panic != "":
		return base, ours, theirs, ours.Panic
	case err != nil:
		return nil, ours, theirs, err.Error()
	}
	same := agree(ours, theirs)
	for _, l := range base {
		if !slices.Contains(same, l) {
			levels = append(levels, l)
		}
	}
	return levels, ours, theirs, ""
}

// Shrink takes out of a mutant what is not needed for the two to disagree at
// the first of the levels of its verdict, in at most so many runs.
func (d Differ) Shrink(ctx context.Context, v Verdict, extra []string, runs int) *cib.Elem {
	root, name := v.Mutant.Root, fmt.Sprintf("%s.%d.shrink", v.Case, v.Seed)
	still := func(r *cib.Elem) bool {
		runs--
		levels, _, _, failed := d.differ(ctx, name, r, v.Levels[:1], extra)
		return failed == "" && len(levels) > 0
	}
	for again := true; again && runs > 0; {
		again = false
		var all []*cib.Elem
		root.Walk(func(e *cib.Elem) bool { all = append(all, e); return true })
		gone := map[*cib.Elem]bool{}
		for size := max(1, len(all)/4); size > 0 && runs > 0; size /= 2 {
			for at := 0; at < len(all) && runs > 0; at += size {
				cut := slices.DeleteFunc(slices.Clone(all[at:min(at+size, len(all))]), func(e *cib.Elem) bool { return keep(e) || gone[e] })
				if len(cut) == 0 {
					continue
				}
				smaller := without(root, cut, gone)
				if still(smaller) {
					for _, e := range cut {
						gone[e] = true
					}
					again = true
				}
			}
		}
		root = without(root, nil, gone)
	}
	return root
}

// keep are the elements that every information base has.
func keep(e *cib.Elem) bool {
	return slices.Contains([]string{"cib", "configuration", "crm_config", "nodes", "resources", "constraints", "status"}, e.Name())
}

// without is a tree with some elements left out.
func without(e *cib.Elem, cut []*cib.Elem, gone map[*cib.Elem]bool) *cib.Elem {
	kids, same := make([]*cib.Elem, 0, len(e.Kids())), true
	for _, k := range e.Kids() {
		if gone[k] || slices.Contains(cut, k) {
			same = false
			continue
		}
		n := without(k, cut, gone)
		same = same && n == k
		kids = append(kids, n)
	}
	if same {
		return e
	}
	return e.WithKids(kids)
}

// Diff is where two texts differ, line by line: what only they say with a
// minus, what only we say with a plus.
func Diff(theirs, ours string) string {
	t, o := words(versionless(theirs)), words(versionless(ours))
	var b strings.Builder
	for _, l := range t {
		if !slices.Contains(o, l) {
			b.WriteString("  - " + l + "\n")
		}
	}
	for _, l := range o {
		if !slices.Contains(t, l) {
			b.WriteString("  + " + l + "\n")
		}
	}
	return b.String()
}
