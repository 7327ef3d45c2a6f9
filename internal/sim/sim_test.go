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
