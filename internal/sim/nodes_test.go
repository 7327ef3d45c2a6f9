package sim

import (
	"slices"
	"testing"
	"time"

	"mainstay/engine"
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

// A node that leaves is not let go before it was asked again for a service whose
// history was cleaned up while it still ran there.
func TestSimCleanupWhileLeaving(t *testing.T) {
	c := settledRich(t, Options{})
	from := c.Agents.Promoted("db")[0]
	c.Inject(Fault{Kind: OpSlow, Resource: "www", Op: "stop", By: 3 * time.Second})
	m := c.Machine(from)
	m.stop()
	c.Run(c.Now + time.Second)
	if !slices.Contains(c.Agents.On(from), "www") {
		t.Fatalf("%s has stopped www, which waits for nothing else", from)
	}
	c.Ask(from, engine.Forget{Resource: "db"}, func(engine.Reply) {})
	c.Run(c.Now + 20*time.Second)
	if len(c.Broken()) > 0 || m.daemon != nil || len(c.Agents.On(from)) > 0 {
		t.Errorf("%s: broken %v, left %v, runs %v", from, c.Broken(), m.daemon == nil, c.Agents.On(from))
	}
}
