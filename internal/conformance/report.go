package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Family is the group that a case belongs to: its name without numbers, at
// most the first two words.
func Family(name string) string {
	var words []string
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' }) {
		w = strings.Trim(w, "0123456789.")
		if w != "" {
			words = append(words, w)
		}
		if len(words) == 1 {
			break
		}
	}
	if len(words) == 0 {
		return "numbered"
	}
	return words[0]
}

// Rates counts the cases that agree, by level.
func Rates(cases []Case) map[Level]int {
	out := map[Level]int{}
	for _, c := range cases {
		for _, l := range Levels() {
			if c.Agree[l] {
				out[l]++
			}
		}
	}
	return out
}

// Report is the rates per level, and per family for the families that have
// more than a few cases or differ somewhere.
func Report(cases []Case) string {
	var b strings.Builder
	rates := Rates(cases)
	fmt.Fprintf(&b, "cases   %d\n", len(cases))
	for _, l := range Levels() {
		fmt.Fprintf(&b, "%-7s %4d  %5.1f %%\n", l, rates[l], 100*float64(rates[l])/float64(max(1, len(cases))))
	}
	by := map[string][]Case{}
	var families []string
	for _, c := range cases {
		f := Family(c.Name)
		if by[f] == nil {
			families = append(families, f)
		}
		by[f] = append(by[f], c)
	}
	slices.Sort(families)
	fmt.Fprintf(&b, "\n%-16s %5s", "family", "cases")
	for _, l := range Levels() {
		fmt.Fprintf(&b, " %6s", l)
	}
	b.WriteByte('\n')
	for _, f := range families {
		r := Rates(by[f])
		fmt.Fprintf(&b, "%-16s %5d", f, len(by[f]))
		for _, l := range Levels() {
			fmt.Fprintf(&b, " %6d", r[l])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Differences lists each case that differs, with the levels.
func Differences(cases []Case) string {
	var b strings.Builder
	for _, c := range cases {
		var levels []string
		for _, l := range Levels() {
			if !c.Agree[l] {
				levels = append(levels, string(l))
			}
		}
		if len(levels) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s\t%s", c.Name, strings.Join(levels, " "))
		if c.Panic != "" {
			first, _, _ := strings.Cut(c.Panic, "\n")
			b.WriteString("\tpanic: " + first)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Save writes the report, the list of differences and what each differing case
// printed into a directory.
func Save(dir string, cases []Case) error {
	put := func(name, text string) error {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("save the results: %w", err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("save the results: %w", err)
		}
		return nil
	}
	if err := put("report.txt", Report(cases)); err != nil {
		return err
	}
	if err := put("differences.txt", Differences(cases)); err != nil {
		return err
	}
	for _, c := range cases {
		for _, part := range [][2]string{{"summary", c.Got.Summary}, {"exp", c.Got.Exp}, {"dot", c.Got.Dot}, {"scores", c.Got.Scores}, {"panic", c.Panic}} {
			if part[1] == "" {
				continue
			}
			if err := put(filepath.Join(part[0], c.Name+"."+part[0]), part[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Floor is the rate, in per cent, below which a level must not fall.
type Floor map[Level]float64

// ParseFloor reads lines of a level and a rate in per cent; # begins a remark.
func ParseFloor(text string) (Floor, error) {
	f := Floor{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		w := strings.Fields(line)
		if len(w) == 0 {
			continue
		}
		if len(w) != 2 || !slices.Contains(Levels(), Level(w[0])) {
			return nil, fmt.Errorf("floor, line %d: want a level and a rate in per cent", i+1)
		}
		rate, err := strconv.ParseFloat(w[1], 64)
		if err != nil || rate < 0 || rate > 100 {
			return nil, fmt.Errorf("floor, line %d: rate %q: want a number from 0 to 100", i+1, w[1])
		}
		f[Level(w[0])] = rate
	}
	return f, nil
}

// Below names the levels whose rate is below the floor, each with both rates.
func (f Floor) Below(cases []Case) []string {
	var out []string
	rates := Rates(cases)
	for _, l := range Levels() {
		rate := 100 * float64(rates[l]) / float64(max(1, len(cases)))
		if floor, ok := f[l]; ok && rate < floor {
			out = append(out, fmt.Sprintf("%s: %.1f %%, the floor is %.1f %%", l, rate, floor))
		}
	}
	return out
}
