package sim

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"mainstay/cib"
)

// Nodes that share what they come to end where nodes end that each work it out, and
// hold equal CIBs on the way.
func TestSharedComesToTheSame(t *testing.T) {
	alone, shared := ends(t, Options{}), ends(t, Options{Shared: true, Plain: true, Forgetful: true})
	if alone != shared {
		t.Errorf("each by itself:\n%s\nshared:\n%s", alone, shared)
	}
}

// ends plays some faults and an edit, and tells what is where in the end.
func ends(t *testing.T, o Options) string {
	o.Nodes, o.Token, o.CIB = 3, time.Second, Sample(3)
	c := newTest(t, 11, o)
	settle := func() {
		t.Helper()
		if !c.Settle(2*time.Minute) || len(c.Broken()) > 0 {
			t.Fatalf("at %v: not quiet, or broken: %v", c.Now, c.Broken())
		}
	}
	c.Boot()
	settle()
	for _, f := range []Fault{{Kind: PowerLoss, Node: "n1"}, {Kind: LinkCut, Node: "n2", Link: AllLinks}} {
		c.Inject(f)
		c.Run(c.Now + 20*time.Second)
		c.Repair(f)
		c.Run(c.Now + 20*time.Second)
		settle()
	}
	c.Edit("n2", func(err error) {
		if err != nil {
			t.Error(err)
		}
	}, propertyEdit("cluster-recheck-interval", "5min"))
	settle()
	text := ""
	for _, s := range slices.Sorted(maps.Keys(c.Agents.roles)) {
		text += fmt.Sprintln(s, len(c.Agents.Owners(s)), len(c.Agents.Promoted(s)))
	}
	first := c.State("n1").CIB
	for _, m := range c.Machines {
		root := c.State(m.Name).CIB
		text += fmt.Sprintln(m.Name, cib.Property(root, "cluster-recheck-interval", ""), len(slices.Collect(root.Child("status").Named("node_state"))))
		if o.Shared && root != first {
			t.Errorf("%s holds a CIB of its own", m.Name)
		}
	}
	return text
}
