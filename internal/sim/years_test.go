package sim

import (
	"strings"
	"testing"
	"time"
)

// TestSimYears has clusters live for a while, quiet time left out.
func TestSimYears(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		r, totals := Live(seed, Year/36, *logs, nil)
		for _, x := range r.Problems {
			t.Errorf("seed %d: %s", seed, x)
		}
		if t.Failed() {
			t.Logf("seed %d\n%s", seed, r.Story)
		}
		t.Logf("seed %d: %s", seed, totals)
		if totals.Lived < Year/36 && !t.Failed() {
			t.Errorf("seed %d: it lived for %v only", seed, totals.Lived)
		}
	})
}

// The same seed gives the same life, and a life can be ended from outside.
func TestLivesAreTheSame(t *testing.T) {
	_, x := Live(2, Year/50, false, nil)
	_, y := Live(2, Year/50, false, nil)
	if x.Hash != y.Hash || x.String() != y.String() || x.Played == 0 {
		t.Errorf("two lives of one seed differ:\n%s%s", x, y)
	}
	if _, z := Live(2, 100*Year, false, func() bool { return true }); z.Lived > Year {
		t.Errorf("it was ended at once and lived %v", z.Lived)
	}
	var sum Totals
	sum.Add(x)
	sum.Add(y)
	if sum.Clusters != 2 || sum.Lived != 2*x.Lived || sum.Struck[LinkCut] != 2*x.Struck[LinkCut] || !strings.Contains(sum.String(), "of 2 clusters") {
		t.Errorf("the sum of two lives: %s", sum)
	}
}

// What comes due by the wall clock while nothing else happens is seen when it is
// due: a failure expires after hours that are skipped.
func TestTimeIsSkipped(t *testing.T) {
	c := settled(t)
	for _, m := range c.Machines {
		before := m.Wall()
		c.skipped += time.Hour
		if m.Wall().Sub(before) != time.Hour {
			t.Errorf("%s: an hour was skipped, and the clock moved by %v", m.Name, m.Wall().Sub(before))
		}
	}
}
