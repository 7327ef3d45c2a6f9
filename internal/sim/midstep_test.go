package sim

import (
	"testing"
	"time"
)

// The coordinator dies at every point of what a change and a move make it do: before
// each effect of each kind. What was acknowledged stays, and all laws hold.
func TestSimEveryStep(t *testing.T) {
	for _, kind := range []Kind{DaemonMid, PowerMid} {
		for _, effect := range []string{doesPacket, doesWrite, doesAgent, doesAnswer} {
			died := 0
			for n := range 5 {
				c := newTest(t, uint64(n+1), Options{Nodes: 3, CIB: Sample(3), Log: *logs})
				c.Boot()
				if !c.Settle(time.Minute) {
					t.Fatalf("the cluster does not come up: %v", c.Broken())
				}
				m := c.planner()
				lives := m.life
				f := Fault{Kind: kind, Node: m.Name, Op: effect, Times: n}
				c.whole = false
				c.Inject(f)
				c.constrain(m, "web", m.Name)
				c.Edit(m.Name, func(error) {}, c.standbyEdit(m, "on"))
				c.Run(c.Now + 3*time.Second)
				if m.life != lives {
					died++
				}
				c.Repair(f)
				c.whole = true
				if !c.Settle(2*time.Minute) || !c.Undo(time.Minute) || !c.Settle(2*time.Minute) {
					t.Fatalf("%s: the cluster does not become quiet: %v", f, c.Broken())
				}
				c.Run(c.Now + expiry)
				c.Settle(time.Minute)
				for _, p := range c.Verify() {
					t.Errorf("%s: %s", f, p)
				}
			}
			if least := map[string]int{doesPacket: 5, doesWrite: 3, doesAgent: 2, doesAnswer: 1}[effect]; died < least {
				t.Errorf("%s before a %s: it died %d times of 5, want at least %d", kind, effect, died, least)
			}
		}
	}
}
