package sim

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The timeline of a machine's death reads in order: the fault, the view without it,
// the plan with its reason, the fencing, and where its services went.
func TestTimeline(t *testing.T) {
	s := Scenario{Seed: 1, Options: Options{Nodes: 3, CIB: Sample(3)}, Steps: []Step{{Number: 4, At: time.Second, Fault: Fault{Kind: Freeze, Node: "n2"}, For: 20 * time.Second}}}
	r := s.Play()
	if len(r.Problems) > 0 {
		t.Fatal(r.Problems)
	}
	rest := r.Timeline
	for _, want := range []string{"view 1.1: n1 n2 n3, with quorum", "because the membership changed", "start db (", "STEP 4: freeze n2", ": n1 n3, with quorum",
		"fence (reboot) n2 because of peer is no longer part of the cluster", "n2 loses power: fenced", "n1: reboot of n2 succeeded by n", " is started"} {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Fatalf("no %q in what is left of\n%s", want, r.Timeline)
		}
		rest = after
	}
	lines := strings.Split(strings.TrimSuffix(r.Timeline, "\n"), "\n")
	if !slices.IsSortedFunc(lines, func(a, b string) int { return int(told(a) - told(b)) }) {
		t.Errorf("not in the order of time:\n%s", r.Timeline)
	}
	for line := range strings.Lines(r.Story) {
		if !strings.Contains(r.Timeline, strings.TrimSpace(line[stampWidth:])) {
			t.Errorf("the timeline lacks %q", line)
		}
	}
}
