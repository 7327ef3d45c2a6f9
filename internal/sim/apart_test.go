package sim

import (
	"testing"
	"time"
)

// While two nodes do not see each other both have quorum, and both may be asked for
// the same. Then nothing is lost at the merge, although their answers are not those
// of one configuration: that is what two_node promises, and no breach.
func TestSimApart(t *testing.T) {
	c := newTest(t, 1, Options{Nodes: 2, Token: time.Second, CIB: Sample(2), Log: *logs})
	c.Boot()
	if !c.Settle(time.Minute) {
		t.Fatalf("the cluster does not come up: %v", c.Broken())
	}
	if c.manyAnswered() {
		t.Error("two parts are said to have answered before anything happened")
	}
	faults := []Fault{{Kind: DeviceSlow, By: 10 * time.Second}, {Kind: LinkCut, Node: "n1", Link: AllLinks}}
	for _, f := range faults {
		c.Inject(f)
	}
	if !c.RunWhile(func() bool { return len(c.State("n1").View.Members) > 1 || len(c.State("n2").View.Members) > 1 }, c.Now+time.Minute) {
		t.Fatal("they still see each other")
	}
	change := func(node, value string) {
		t.Helper()
		answered := false
		c.Edit(node, func(err error) { answered = err == nil }, propertyEdit("sim-note", value))
		if !c.RunWhile(func() bool { return !answered }, c.Now+5*time.Second) {
			t.Fatalf("%s does not answer", node)
		}
	}
	change("n2", "one")
	change("n2", "two")
	change("n1", "one")
	for _, f := range faults {
		c.Repair(f)
	}
	c.whole = true
	if !c.Settle(2 * time.Minute) {
		t.Fatalf("they do not come together: %v", c.Broken())
	}
	if c.linear() || c.lostAny() {
		t.Error("n1 answered a version that n2 had gone beyond: it was to be noticed, and nothing to be lost")
	}
	if !c.manyAnswered() {
		t.Error("nobody noticed that both had quorum")
	}
}
