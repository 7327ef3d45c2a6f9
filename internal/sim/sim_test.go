package sim

import (
	"testing"
	"time"
)

func newTest(t *testing.T, seed uint64, o Options) *Cluster {
	t.Helper()
	c, err := NewCluster(seed, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d\n%s", seed, c.Story())
		}
	})
	return c
}

func TestNodesFindEachOther(t *testing.T) {
	for seed := range uint64(10) {
		c := newTest(t, seed, Options{Nodes: 3, Token: time.Second, Log: true})
		c.Boot()
		start := c.Now
		if !c.RunWhile(func() bool { return !c.Quiet() || len(c.state["n1"].View.Members) < 3 }, start+time.Second) {
			t.Fatalf("seed %d: no common view within a second; broken: %v", seed, c.Broken())
		}
	}
}

// run is one whole history of a seed: boot, faults, mending, quiet.
func run(t *testing.T, seed uint64, faults int) *Cluster {
	t.Helper()
	c := newTest(t, seed, Options{Nodes: 3, Token: time.Second, CIB: Sample(3)})
	c.Boot()
	if !c.Settle(60 * time.Second) {
		t.Fatalf("seed %d: the cluster does not come up: %v", seed, c.Broken())
	}
	c.Chaos(faults)
	if !c.Settle(5 * time.Minute) {
		t.Fatalf("seed %d: the cluster does not become quiet: %v", seed, c.Broken())
	}
	for _, p := range c.Verify() {
		t.Errorf("seed %d: %s", seed, p)
	}
	return c
}

func TestChaos(t *testing.T) {
	for seed := range uint64(20) {
		run(t, seed, 8)
		if t.Failed() {
			return
		}
	}
}

func TestSameSeedSameHistory(t *testing.T) {
	a, b := run(t, 7, 6), run(t, 7, 6)
	if a.Story() != b.Story() || a.handled != b.handled {
		t.Error("two runs of one seed differ")
	}
}
