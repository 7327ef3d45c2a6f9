//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/web"
)

// recovery is how long the loss of a machine may keep the address away: a token of
// one second, and room for a machine that is busy with other things. Corosync adds
// its coefficient to the token and waits 1.2 tokens more for consensus, twice if it
// finds out that the machines are lost one after the other.
func recovery() time.Duration {
	if *provide == "corosync" {
		return 10 * time.Second
	}
	return 5 * time.Second
}

func servicesRun(t *testing.T, g *rig) {
	g.eventually(t, time.Minute, "somebody answers for the public address", func() bool { return g.public.Owner(time.Second) != "" })
	owner := g.public.Owner(time.Second)
	if got := place(g.look(t), "vip__public_old"); got != owner {
		t.Errorf("the cluster says that %s has the public address, but %s answers", got, owner)
	}
	g.rows(t, time.Now())
	for _, n := range g.Nodes() {
		if len(g.Processes(n, "haproxy")) == 0 {
			t.Errorf("no proxy runs on %s", n)
		}
	}
	out := g.run(t, owner, "ip", "addr", "show", "dev", "br-ex")
	if !strings.Contains(out, "br-ex:ka") {
		t.Errorf("the address has no label br-ex:ka:\n%s", out)
	}
}

func cutOwner(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	since := time.Now()
	if err := g.PowerOff(owner); err != nil {
		t.Fatal(err)
	}
	g.movedFrom(t, owner, since, recovery())
	g.cluster(t, time.Minute, owner+" to be shown as lost", func(s *web.StatusReply) bool {
		return slices.ContainsFunc(s.Cluster.Nodes, func(n statusNode) bool { return n.Name == owner && !n.Online && !n.Unclean })
	})
}

func cutCoordinator(t *testing.T, g *rig) {
	dc := g.coordinator(t)
	if g.public.Owner(time.Second) != dc {
		g.mainstay(t, "resource", "move", "vip__public_old", dc)
		g.eventually(t, 30*time.Second, "the coordinator has the address", func() bool { return g.public.Owner(50*time.Millisecond) == dc })
		g.mainstay(t, "resource", "clear", "vip__public_old")
		g.cluster(t, 30*time.Second, "rest", g.rested)
	}
	since := time.Now()
	if err := g.PowerOff(dc); err != nil {
		t.Fatal(err)
	}
	g.movedFrom(t, dc, since, recovery())
	if now := g.coordinator(t); now == dc || now == "" {
		t.Errorf("the coordinator is %q after the power cut of %s", now, dc)
	}
}

func cutBystander(t *testing.T, g *rig) {
	s := g.look(t)
	owner := g.public.Owner(time.Second)
	idle := g.others(owner, s.Node.Coordinator)[0]
	since := time.Now()
	if err := g.PowerOff(idle); err != nil {
		t.Fatal(err)
	}
	g.cluster(t, time.Minute, idle+" to be shown as lost", func(s *web.StatusReply) bool {
		return slices.ContainsFunc(s.Cluster.Nodes, func(n statusNode) bool { return n.Name == idle && !n.Online && !n.Unclean })
	})
	if now := g.public.Owner(100 * time.Millisecond); now != owner {
		t.Errorf("the address moved from %s to %q", owner, now)
	}
	g.gap(t, g.public, since, time.Second)
}

func cutTwo(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	two := g.others(owner)
	since := time.Now()
	if err := g.PowerOff(two...); err != nil {
		t.Fatal(err)
	}
	// No quorum: the survivor stops what it runs, and starts nothing.
	g.eventually(t, 20*time.Second, "the survivor stops its services", func() bool {
		return g.public.Owner(100*time.Millisecond) == "" && len(g.Processes(owner, "mariadbd")) == 0 && len(g.Processes(owner, "haproxy")) == 0
	})
	t.Logf("law 3: all stopped after %.1f s", time.Since(since).Seconds())
	g.during(t, 2*time.Second, "nothing runs without quorum", func() bool {
		return g.public.Owner(100*time.Millisecond) == "" && len(g.Processes(owner, "mariadbd")) == 0
	})
	s, err := g.StatusOf(g.ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	if s.Cluster.Quorate || s.Node.Quorum.WhyNot == "" {
		t.Errorf("quorate %v, why not: %q", s.Cluster.Quorate, s.Node.Quorum.WhyNot)
	}
	if err := g.PowerOn(two...); err != nil {
		t.Fatal(err)
	}
	g.rows(t, time.Now())
}

func cutAll(t *testing.T, g *rig) {
	g.mainstay(t, "node", "attribute", "node2", "rack=seven")
	// What was answered "done" must survive the loss of every node at this instant.
	if err := g.PowerOff(); err != nil {
		t.Fatal(err)
	}
	since := time.Now()
	if err := g.PowerOn(); err != nil {
		t.Fatal(err)
	}
	g.rows(t, since)
	t.Logf("cold start: a row was acknowledged after %.1f s", time.Since(since).Seconds())
	g.cluster(t, time.Minute, "rest", g.rested)
	if out := g.mainstay(t, "node", "attribute", "node2"); !strings.Contains(out, "seven") {
		t.Errorf("law 5: the attribute was acknowledged, then lost; attributes are now:\n%s", out)
	}
}

func fenceFailsOnce(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	g.FailFencing(1, 0)
	since := time.Now()
	if err := g.PowerOff(owner); err != nil {
		t.Fatal(err)
	}
	g.movedFrom(t, owner, since, 2*recovery())
}

func longFreeze(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	since := time.Now()
	if err := g.Freeze(owner); err != nil {
		t.Fatal(err)
	}
	// Its kernel goes on answering until it is fenced, so the laws' check for two
	// owners sees a recovery that does not wait for that.
	g.movedFrom(t, owner, since, recovery())
	g.eventually(t, time.Minute, owner+" is fenced and boots again", func() bool {
		h, err := g.HealthOf(owner)
		return err == nil && h.PID != 0 && !h.Frozen
	})
}

func shortFreeze(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	views := g.views(t, owner)
	h, err := g.HealthOf(owner)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Freeze(owner); err != nil {
		t.Fatal(err)
	}
	<-time.After(300 * time.Millisecond)
	if err := g.Thaw(owner); err != nil {
		t.Fatal(err)
	}
	g.during(t, 2*time.Second, "the address stays where it is", func() bool { return g.public.Owner(time.Second) == owner })
	if now, err := g.HealthOf(owner); err != nil || now.PID != h.PID {
		t.Errorf("%s was fenced for a short pause (%v)", owner, err)
	}
	if now := g.views(t, owner); now != views {
		t.Errorf("a short pause changed the membership %d times", now-views)
	}
}
