package sim

import (
	"strings"
	"testing"
	"time"
)

// A forgetful cluster keeps no transitions on disk, and Forget drops what was
// observed, but not what comes afterwards.
func TestForget(t *testing.T) {
	c := newTest(t, 7, Options{Nodes: 3, Token: time.Second, CIB: Sample(3), Forgetful: true})
	c.Boot()
	if !c.Settle(time.Minute) {
		t.Fatalf("the cluster does not come up: %v", c.Broken())
	}
	for _, m := range c.Machines {
		for name, data := range m.disk.files {
			if strings.HasPrefix(name, "transitions/") && len(data) > 0 {
				t.Errorf("%s keeps %d bytes in %s", m.Name, len(data), name)
			}
		}
	}
	if len(c.Entries(0)) == 0 || len(c.Transitions(0)) == 0 || len(c.Changes(0)) == 0 {
		t.Fatal("nothing was observed")
	}
	c.Forget()
	if n := len(c.Entries(0)) + len(c.Transitions(0)) + len(c.Changes(0)); n > 0 {
		t.Errorf("%d things are remembered", n)
	}
	from := c.Now
	c.Inject(Fault{Kind: Dead, Node: "n2"})
	c.Run(c.Now + 20*time.Second)
	if len(c.Transitions(from)) == 0 || len(c.Changes(from)) == 0 || len(c.Fencings(from)) == 0 {
		t.Error("what came after Forget was not observed")
	}
}
