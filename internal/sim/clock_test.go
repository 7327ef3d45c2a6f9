package sim

import (
	"slices"
	"testing"
	"time"

	"mainstay/engine"
)

// A wall clock that jumps is named in the status and moves nothing.
func TestSimClockJump(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		c := newTest(t, seed, Options{Nodes: 3, Token: time.Second, CIB: Sample(3)})
		c.Boot()
		if !c.Settle(time.Minute) {
			t.Fatalf("seed %d: the cluster does not come up: %v", seed, c.Broken())
		}
		before := map[string][]string{}
		for _, rsc := range singles {
			before[rsc] = c.Agents.Owners(rsc)
		}
		for i, m := range c.Machines {
			m.Skew = time.Duration(i*2-1) * time.Hour
		}
		c.Run(c.Now + 20*time.Second)
		if len(c.Broken()) > 0 || !c.Quiet() {
			t.Fatalf("seed %d: the clocks' jump disturbed the cluster: %v", seed, c.Broken())
		}
		for _, rsc := range singles {
			if got := c.Agents.Owners(rsc); !slices.Equal(got, before[rsc]) {
				t.Errorf("seed %d: %s moved from %v to %v", seed, rsc, before[rsc], got)
			}
		}
		for _, m := range c.Machines {
			named := slices.ContainsFunc(c.State(m.Name).Alarms, func(a engine.Alarm) bool { return a.Kind == "clock jump" })
			if !named {
				t.Errorf("seed %d: %s does not name the jump of its clock", seed, m.Name)
			}
		}
	})
}
