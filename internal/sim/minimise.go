package sim

import (
	"slices"
	"strings"
)

// Usual is the profile that a seed has when nobody says otherwise: most seeds mix
// faults and wishes, some have one of the two, some a rolling upgrade, some rolling restarts and nodes
// that come and go, some crashes in the middle of a step.
func Usual(seed uint64) Profile {
	switch seed % 8 {
	case 1, 5:
		return Profile{NoWish: true}
	case 2:
		return Profile{Rolling: true}
	case 4:
		return Profile{Mid: true}
	case 6:
		return Profile{Calm: true}
	case 7:
		return Profile{Upgrade: true}
	}
	return Profile{}
}

// Finding is the kind of a problem, so that a smaller scenario with the same kind
// can be told from one with another: "one owner", "it does not end".
func Finding(problem string) string {
	if rest, ok := strings.CutPrefix(problem, "at "); ok {
		_, problem, _ = strings.Cut(rest, " s: ")
	}
	kind, _, _ := strings.Cut(problem, ":")
	words := strings.Fields(kind)
	if len(words) > 3 && kind == problem { // a sentence about something
		words = words[1:4]
	}
	return strings.Join(words, " ")
}

// findings are the kinds of all problems of a result.
func (r Result) findings() []string {
	var out []string
	for _, p := range r.Problems {
		if k := Finding(p); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// Minimise leaves out steps of a scenario, and parts of its configuration, as long as
// the same kind of problem comes up; it returns the numbers of the steps that are
// needed, counted from 1, and the parts that are not (see Parts). tell hears of each
// success: how many steps and parts are left. Zeller and Hildebrandt, "Simplifying and
// Isolating Failure-Inducing Input", IEEE TSE 2002, with complements only.
func (s Scenario) Minimise(tell func(steps, parts int)) (only []int, drop []string) {
	for i := range s.Steps {
		only = append(only, i+1)
	}
	want := s.Play().cause()
	if want == "" {
		return only, nil
	}
	all := s.Parts()
	parts := all
	again := func(steps []int, parts []string) bool {
		return slices.Contains(s.Only(steps).Drop(without(all, parts)).Play().findings(), want)
	}
	for before := -1; before != len(only)+len(parts); {
		before = len(only) + len(parts)
		only = reduce(only, func(try []int) bool { return again(try, parts) }, func(n int) { tell(n, len(parts)) })
		parts = reduce(parts, func(try []string) bool { return again(only, try) }, func(n int) { tell(len(only), n) })
	}
	return only, without(all, parts)
}

// without are the parts that are not among some.
func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(x string) bool { return slices.Contains(some, x) })
}

// cause is the kind of the problem that a scenario is about: the law that ended the
// run, or else the first problem; "" if there is none.
func (r Result) cause() string {
	switch p := r.Problems; {
	case len(p) == 0:
		return ""
	case len(p) > 1 && !strings.HasPrefix(p[0], "at ") && strings.HasPrefix(p[1], "at "):
		return Finding(p[1])
	default:
		return Finding(p[0])
	}
}

// reduce leaves out of a list what is not needed for something to hold, larger
// stretches first, until no single one can be left out.
func reduce[T any](keep []T, holds func([]T) bool, tell func(left int)) []T {
	for chunk := max(len(keep)/2, 1); ; {
		shorter := false
		for at := 0; at < len(keep); {
			try := slices.Delete(slices.Clone(keep), at, min(at+chunk, len(keep)))
			if holds(try) {
				keep, shorter = try, true
				tell(len(keep))
				continue
			}
			at += chunk
		}
		switch {
		case chunk > 1:
			chunk /= 2
		case !shorter:
			return keep
		}
	}
}
