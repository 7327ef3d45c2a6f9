package sim

import (
	"slices"
	"strings"
)

// Usual is the profile that a seed has when nobody says otherwise: most seeds mix
// faults and wishes, some have one of the two, some a rolling upgrade, some crashes in the middle of a
// step.
func Usual(seed uint64) Profile {
	switch seed % 8 {
	case 1, 5:
		return Profile{NoWish: true}
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

// Minimise leaves out steps of a scenario as long as the same kind of problem
// comes up; it returns the numbers of the steps that are needed, counted from 1.
// tell hears of each attempt. Zeller and Hildebrandt, "Simplifying and Isolating
// Failure-Inducing Input", IEEE TSE 2002, with complements only.
func (s Scenario) Minimise(tell func(left int)) []int {
	var keep []int
	for i := range s.Steps {
		keep = append(keep, i+1)
	}
	r := s.Play()
	if len(r.Problems) == 0 {
		return keep
	}
	want := r.findings()[0]
	if len(r.Problems) > 1 && !strings.HasPrefix(r.Problems[0], "at ") && strings.HasPrefix(r.Problems[1], "at ") {
		want = Finding(r.Problems[1]) // the law that ended the run
	}
	for chunk := max(len(keep)/2, 1); ; {
		shorter := false
		for at := 0; at < len(keep); {
			try := slices.Delete(slices.Clone(keep), at, min(at+chunk, len(keep)))
			if slices.Contains(s.Only(try).Play().findings(), want) {
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
