package sim

import (
	"strings"
	"testing"
	"time"
)

// TestSimUnfencing: a device that has to be told of each node that joins is told once,
// and once more of a node that was fenced.
func TestSimUnfencing(t *testing.T) {
	doc := string(Sample(3).AppendXML(nil, false))
	doc = strings.Replace(doc, `<primitive id="switch" class="stonith" type="fence_sim">`,
		`<primitive id="switch" class="stonith" type="fence_sim"><meta_attributes id="switch-m"><nvpair id="switch-m-p" name="provides" value="unfencing"/></meta_attributes>`, 1)
	c := newTest(t, 1, Options{Nodes: 3, Token: time.Second, CIB: parse(doc), Log: *logs})
	c.Boot()
	if !c.Settle(time.Minute) {
		t.Fatalf("the cluster does not come up: %v", c.Broken())
	}
	told := func() map[string]int {
		n := map[string]int{}
		for _, f := range c.Fencings(0) {
			if f.Action == "on" {
				n[f.Target]++
			}
		}
		return n
	}
	if n := told(); n["n1"] != 1 || n["n2"] != 1 || n["n3"] != 1 {
		t.Errorf("told %v times, want once of each", n)
	}
	c.Inject(Fault{Kind: LinkCut, Node: "n2", Link: AllLinks})
	c.Run(c.Now + 10*time.Second)
	c.Mend()
	if !c.Settle(quietLimit) {
		t.Fatalf("the cluster does not become quiet: %v", c.Broken())
	}
	if n := told(); n["n1"] != 1 || n["n2"] != 2 || n["n3"] != 1 {
		t.Errorf("told %v times, want once more of n2", n)
	}
	for _, p := range c.Verify() {
		t.Error(p)
	}
}
