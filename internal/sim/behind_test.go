package sim

import (
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/engine"
)

// A node of two that left in order while the other stayed has no quorum when it comes
// back alone: the other went on without it, and what it answered is not known here.
// The last one to leave knows it all, and may come back alone.
func TestSimLeftBehind(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		c := newTest(t, seed, Options{Nodes: 2, Token: time.Second, CIB: Sample(2), Log: *logs})
		c.Boot()
		if !c.Settle(time.Minute) {
			t.Fatalf("seed %d: the cluster does not come up: %v", seed, c.Broken())
		}
		n1, n2 := c.Machine("n1"), c.Machine("n2")
		away := func(m *Machine) {
			t.Helper()
			m.stop()
			if !c.RunWhile(func() bool { return m.daemon != nil }, c.Now+time.Minute) {
				t.Fatalf("seed %d: %s does not leave", seed, m.Name)
			}
			c.Run(c.Now + time.Second)
		}
		back := func(m *Machine) bool {
			m.StartDaemon()
			c.Run(c.Now + 5*time.Second)
			return c.State(m.Name).Quorum.Quorate
		}
		change := func(m *Machine, value string) (v cib.Version) {
			t.Helper()
			answered := false
			c.Ask(m.Name, engine.Edit{User: "operator", Edits: []cib.Edit{propertyEdit("sim-note", value)}}, func(r engine.Reply) {
				answered = r.Err == nil
				v, _ = r.Body.(cib.Version)
			})
			if !c.RunWhile(func() bool { return !answered }, c.Now+time.Minute) {
				t.Fatalf("seed %d: %s does not answer", seed, m.Name)
			}
			return v
		}
		away(n1)
		v := change(n2, "by who stayed")
		away(n2)
		if back(n1) {
			t.Errorf("seed %d: n1 has quorum without version %s, which n2 answered", seed, v)
		}
		var agreed *engine.Reply
		c.Ask("n1", engine.Read{}, func(r engine.Reply) { agreed = &r })
		c.Run(c.Now + time.Second)
		if agreed == nil || agreed.Err == nil {
			t.Errorf("seed %d: n1 was asked what all agree on, and did not refuse", seed)
		}
		if !back(n2) || !c.State("n1").Quorum.Quorate || !c.Settle(time.Minute) {
			t.Fatalf("seed %d: both are there; broken: %v", seed, c.Broken())
		}
		if got := cib.Property(c.State("n1").CIB, "sim-note", ""); got != "by who stayed" {
			t.Errorf("seed %d: the configuration says %q", seed, got)
		}
		away(n1)
		away(n2)
		if !back(n2) {
			t.Errorf("seed %d: n2 left last and has no quorum: %s", seed, c.State("n2").Quorum.WhyNot)
		}
	})
}
