package rehearse

import (
	"fmt"
	"slices"
	"strings"
)

// Table writes the report for people: a line per row, then the findings, each
// kind and reason once with the rows that show it.
func (rep *Report) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d nodes (%s), %s, seed %d\n", len(rep.Nodes), strings.Join(rep.Nodes, ", "), number(rep.Services, "service"), rep.Seed)
	for _, a := range rep.Assumed {
		fmt.Fprintf(&b, "assumed: %s\n", a)
	}
	b.WriteString("\n")
	if slices.ContainsFunc(rep.Rows, (*Row).Played) {
		rep.rows(&b)
	}
	rep.findings(&b)
	b.WriteString(rep.summary())
	return b.String()
}

// columns of the table.
func columns() []string {
	return []string{"", "FAULT", "STOPPED", "MOVED", "LONGEST OUTAGE", "FENCED", "DID NOT COME BACK", "FINDINGS"}
}

func (rep *Report) rows(b *strings.Builder) {
	lines := [][]string{columns()}
	for _, r := range rep.Rows {
		if r.Played() {
			lines = append(lines, []string{r.Level.mark(), r.ID, counted(placesText(r.Stopped)), counted(movesText(r.Moved)), outageText(r.Outages),
				fencedText(r.Fenced), counted(downText(r.Down)), kindsText(r.Findings)})
		}
	}
	width := make([]int, len(lines[0]))
	for _, l := range lines {
		for i, c := range l {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	for _, l := range lines {
		line := ""
		for i, c := range l {
			line += c + strings.Repeat(" ", width[i]-len([]rune(c))+2)
		}
		fmt.Fprintf(b, "%s\n", strings.TrimRight(line, " "))
	}
	b.WriteString("\n")
}

// mark is how a level looks in a table.
func (l Level) mark() string {
	switch l {
	case Red:
		return "RED"
	case Yellow:
		return "away"
	}
	return "ok"
}

// shown is how many things a field of the table lists before it counts.
const shown = 2

// counted shortens a list to what a field has room for.
func counted(list []string) string {
	switch {
	case len(list) == 0:
		return "-"
	case len(list) > shown:
		return fmt.Sprintf("%s, +%d", strings.Join(list[:shown], ", "), len(list)-shown)
	}
	return strings.Join(list, ", ")
}

func placesText(list []Place) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.Service+"@"+p.Node)
	}
	return out
}

func movesText(list []Move) []string {
	var out []string
	for _, m := range list {
		out = append(out, m.Service+" → "+m.To)
	}
	return out
}

func outageText(list []Outage) string {
	if len(list) == 0 {
		return "-"
	}
	text := list[0].Service + " " + list[0].Long.String()
	for _, o := range list {
		if o.Lasts {
			return o.Service + " for good"
		}
	}
	return text
}

func fencedText(list []Fenced) string {
	var out []string
	for _, f := range list {
		text := f.Node
		if f.Times > 1 {
			text += fmt.Sprintf(" ×%d", f.Times)
		}
		if !f.OK {
			text += " (failed)"
		}
		out = append(out, text)
	}
	return counted(out)
}

func downText(list []Down) []string {
	var out []string
	for _, d := range list {
		out = append(out, d.Service)
	}
	return out
}

func kindsText(list []Finding) string {
	var out []string
	for _, f := range list {
		out = append(out, f.Kind)
	}
	slices.Sort(out)
	return counted(slices.Compact(out))
}

// group is findings with one remedy, and the rows that show them.
type group struct {
	Finding
	kinds, whys, rows []string
}

// grouped puts findings with the same remedy together, in order of appearance.
func (rep *Report) grouped() []*group {
	var list []*group
	add := func(to *[]string, x string) {
		if !slices.Contains(*to, x) {
			*to = append(*to, x)
		}
	}
	for _, r := range slices.Concat([]*Row{{ID: atRest, Findings: rep.Findings}}, rep.Rows) {
		for _, f := range r.Findings {
			i := slices.IndexFunc(list, func(g *group) bool { return g.Do == f.Do })
			if i < 0 {
				list = append(list, &group{Finding: f})
				i = len(list) - 1
			}
			g := list[i]
			g.join(f)
			add(&g.kinds, f.Kind)
			add(&g.whys, f.Why)
			add(&g.rows, r.ID)
		}
	}
	return list
}

// atRest stands in place of a row's id for what is so without a fault.
const atRest = "no fault"

// findings writes each remedy once.
func (rep *Report) findings(b *strings.Builder) {
	list := rep.grouped()
	for _, g := range list {
		fmt.Fprintf(b, "RED  %s: %s\n     why: %s\n", strings.Join(g.kinds, ", "), g.about(), g.whys[0])
		if n := len(g.whys) - 1; n > 0 {
			fmt.Fprintf(b, "          (that is %s; %d more alike)\n", g.rows[0], n)
		}
		fmt.Fprintf(b, "     do:  %s\n     in:  %s\n", g.Do, counted(g.rows))
	}
	if len(list) > 0 {
		b.WriteString("\n")
	}
}

// about tells what a finding is about, where and for how long.
func (f Finding) about() string {
	text := f.Subject()
	switch {
	case f.Kind == DoubleOwner && f.Lasts:
		text += fmt.Sprintf(" on %s at once, for as long as the fault lasts", names(f.Nodes))
	case f.Kind == DoubleOwner:
		text += fmt.Sprintf(" on %s at once, for %s", names(f.Nodes), f.Long)
	}
	return text
}

// number writes a count of things.
func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// summary counts the rows by level and says what was not played.
func (rep *Report) summary() string {
	count := map[Level]int{}
	for _, r := range rep.Rows {
		count[r.Level]++
	}
	text := ""
	if n := len(rep.Rows) - count[Void]; n > 0 {
		text = fmt.Sprintf("%s: %d ok, %d in which a service or an instance was away for a while, %d red\n", number(n, "row"), count[Green], count[Yellow], count[Red])
	}
	if slices.ContainsFunc(rep.Rows, func(r *Row) bool { return len(r.Outages) > 0 }) {
		text += "an outage that a monitor has to find counts from the monitor before: the worst case\n"
	}
	for _, t := range rep.Skipped {
		text += t + "\n"
	}
	return text
}
