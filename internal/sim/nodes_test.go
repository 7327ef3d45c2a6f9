package sim

import (
	"slices"
	"testing"
	"time"
)

// Nodes are added to a cluster at work and taken out of it; what they run goes
// where it should, and one that joined is fenced like others.
func TestSimNodesComeAndGo(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		c := newTest(t, seed, Options{Nodes: 3, Token: time.Second, CIB: Sample(3), Log: *logs})
		c.Boot()
		c.whole = true
		rest := func(what string) {
			t.Helper()
			c.Run(c.Now + 3*time.Second)
			if !c.Settle(time.Minute) {
				t.Fatalf("seed %d, %s: not at rest: %v", seed, what, c.Broken())
			}
			for _, p := range c.Verify() {
				t.Fatalf("seed %d, %s: %s", seed, what, p)
			}
		}
		rest("start")
		c.Join("n1", "n4")
		rest("n4 joined")
		c.Join("n4", "n5")
		rest("n5 joined")
		if n := len(c.Agents.Owners("clone-agent")); n != 5 || len(c.Machines) != 5 {
			t.Fatalf("seed %d: the clone is on %d of %d machines", seed, n, len(c.Machines))
		}
		victim := c.Machines[c.rng.IntN(5)].Name
		began := c.Now
		c.Inject(Fault{Kind: PowerLoss, Node: victim})
		rest(victim + " died")
		if f := c.Fencings(began); len(f) != 1 || f[0].Target != victim {
			t.Errorf("seed %d: %s lost its power; fencings: %v", seed, victim, f)
		}
		c.Expel("n4", "n1")
		rest("n1 was taken out")
		c.Machine("n5").KillDaemon()
		c.Machine("n5").StartDaemon()
		c.Expel("n4", "n2")
		rest("n2 was taken out")
		for _, m := range c.Machines {
			m.PowerOff("blackout")
		}
		for _, m := range c.Machines {
			m.PowerOn()
		}
		rest("all began anew")
		if slices.ContainsFunc(c.Machines, func(m *Machine) bool { return m.Name == "n1" || m.Name == "n2" }) || len(c.State("n3").View.Members) != 3 {
			t.Errorf("seed %d: the view is %v", seed, c.State("n3").View)
		}
	})
}
