package sim

import (
	"testing"
	"time"
)

// Passing over a reboot leaves a cluster where waiting for its end does, later by the
// same time, and nobody notices.
func TestSkipReboot(t *testing.T) {
	const reboot = 3 * time.Minute
	play := func(skip bool) (*Cluster, time.Duration) {
		c := newTest(t, 5, Options{Nodes: 3, Token: time.Second, CIB: Sample(3), RebootTime: reboot})
		c.Boot()
		if !c.Settle(time.Minute) {
			t.Fatal("the cluster does not come up")
		}
		begin := c.Now
		c.Inject(Fault{Kind: LinkCut, Node: "n2", Link: AllLinks})
		c.Run(c.Now + 20*time.Second)
		c.Repair(Fault{Kind: LinkCut, Node: "n2", Link: AllLinks})
		if !c.Machine("n2").Rebooting() {
			t.Fatal("n2 is not fenced")
		}
		if !skip {
			c.Run(c.Now + reboot)
		} else if !c.SkipReboot() {
			t.Fatal("nothing is passed over")
		}
		if c.SkipReboot() || c.Machine("n2").Rebooting() {
			t.Error("a reboot is still under way")
		}
		views := len(c.Entries(0))
		if !c.Settle(time.Minute) || len(c.State("n1").View.Members) != 3 {
			t.Fatal("n2 does not come back")
		}
		for _, e := range c.Entries(0)[views:] {
			if e.Kind == "fence" {
				t.Errorf("somebody noticed: %s", e.Text)
			}
		}
		return c, c.Now - begin
	}
	waited, long := play(false)
	passed, short := play(true)
	if short < reboot || short > long {
		t.Errorf("it took %v with waiting, and %v without", long, short)
	}
	if len(passed.Broken()) > 0 || passed.handled >= waited.handled {
		t.Errorf("%d events with waiting, %d without; broken: %v", waited.handled, passed.handled, passed.Broken())
	}
}
