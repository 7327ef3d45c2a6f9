//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/web"
)

func daemonKilled(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	for _, node := range []string{owner, g.coordinator(t)} {
		db, proxy, daemon := g.Processes(node, "mariadbd"), g.Processes(node, "haproxy"), g.Processes(node, "mainstay")
		since := time.Now()
		g.kill(t, node, "mainstay")
		g.eventually(t, time.Minute, "the daemon is back", func() bool {
			now := g.Processes(node, "mainstay")
			_, err := g.StatusOf(g.ctx, node)
			return len(now) == 1 && !slices.Equal(now, daemon) && err == nil
		})
		g.cluster(t, 30*time.Second, "rest", g.rested)
		g.gap(t, g.public, since, 500*time.Millisecond)
		if now := g.public.Owner(100 * time.Millisecond); now != owner {
			t.Errorf("law 6: the address moved from %s to %q", owner, now)
		}
		if now := g.Processes(node, "mariadbd"); !slices.Equal(now, db) {
			t.Errorf("law 6: the database's processes were %v, now %v", db, now)
		}
		// Only the first is the proxy for sure: checking its configuration takes another.
		if now := g.Processes(node, "haproxy"); len(proxy) > 0 && !slices.Contains(now, proxy[0]) {
			t.Errorf("law 6: the proxy's processes were %v, now %v", proxy, now)
		}
	}
}

func daemonStopped(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	h, err := g.HealthOf(owner)
	if err != nil {
		t.Fatal(err)
	}
	since := time.Now()
	if err := g.StopDaemon(owner); err != nil {
		t.Fatal(err)
	}
	// It left in good order: its services are elsewhere, and nobody fenced it.
	g.movedFrom(t, owner, since, 30*time.Second)
	if n := len(g.Processes(owner, "mariadbd")) + len(g.Processes(owner, "haproxy")); n > 0 {
		t.Errorf("%d services still run on %s, which has left", n, owner)
	}
	if now, err := g.HealthOf(owner); err != nil || now.PID != h.PID {
		t.Errorf("%s left in good order and was fenced all the same (%v)", owner, err)
	}
	if err := g.StartDaemon(owner); err != nil {
		t.Fatal(err)
	}
	g.cluster(t, 30*time.Second, "it is back", g.rested)
}

func serviceKilled(t *testing.T, g *rig) {
	node := g.others(g.public.Owner(time.Second))[0]
	before := g.Processes(node, "haproxy")
	g.kill(t, node, "haproxy")
	g.eventually(t, time.Minute, "the proxy runs again", func() bool {
		now := g.Processes(node, "haproxy")
		return len(now) > 0 && !slices.Equal(now, before)
	})
	owner := g.at(t, "p_mysql")
	db := g.Processes(owner, "mariadbd")
	since := time.Now()
	g.kill(t, owner, "mariadbd")
	g.eventually(t, 30*time.Second, "the database runs again on the same node", func() bool {
		now := g.Processes(owner, "mariadbd")
		return len(now) > 0 && !slices.Equal(now, db)
	})
	g.rows(t, since.Add(time.Second))
	g.cluster(t, 30*time.Second, "the failure is shown", func(s *web.StatusReply) bool {
		return g.rested(s) && slices.ContainsFunc(s.Cluster.FailCounts, func(f failCount) bool { return f.Resource == "p_mysql" && f.Node == owner })
	})
	g.cleanup(t)
}

// cleanup forgets all failures, and checks that none is left.
func (g *rig) cleanup(t *testing.T) {
	t.Helper()
	g.mainstay(t, "resource", "cleanup")
	g.cluster(t, 30*time.Second, "no failure to be left", func(s *web.StatusReply) bool {
		return len(s.Cluster.Failures) == 0 && len(s.Cluster.FailCounts) == 0 && g.rested(s)
	})
}

// threshold lets a resource fail until it has to move.
func threshold(t *testing.T, g *rig) {
	home := g.at(t, "f1")
	for i := range 2 {
		g.run(t, home, "rm", "/run/faulty/f1.running")
		g.eventually(t, time.Minute, "f1 runs again", func() bool {
			return slices.ContainsFunc(g.Nodes(), func(n string) bool { return g.faultyRuns(n, "f1") })
		})
		g.cluster(t, time.Minute, "rest", g.rested)
		now := g.at(t, "f1")
		if i == 0 && now != home {
			t.Fatalf("f1 moved to %s after its first failure; its threshold is 2", now)
		}
		if i == 1 && now == home {
			t.Fatalf("f1 is still on %s after its second failure; its threshold is 2", now)
		}
	}
	g.cleanup(t)
}

func startFails(t *testing.T, g *rig) {
	home := g.at(t, "f2")
	bad := g.others(home)[0]
	g.misbehave(t, bad, "f2", "start", "fail 1")
	// The command itself may say that it did not work.
	if _, err := g.Exec(g.ctx, g.coordinator(t), "mainstay", "resource", "move", "f2", bad); err != nil {
		t.Log(err)
	}
	g.cluster(t, 30*time.Second, "the failed start to be shown, and f2 to run elsewhere", func(s *web.StatusReply) bool {
		failed := slices.ContainsFunc(s.Cluster.Failures, func(f failure) bool {
			return f.Resource == "f2" && f.Node == bad && strings.Contains(f.ExitReason, "told to fail")
		})
		on := place(s, "f2")
		return failed && on != "" && on != bad
	})
	g.misbehave(t, bad, "f2", "start", "")
	g.mainstay(t, "resource", "clear", "f2")
	g.cleanup(t)
}

func monitorHangs(t *testing.T, g *rig) {
	home := g.at(t, "f1")
	g.misbehave(t, home, "f1", "monitor", "hang")
	g.cluster(t, 30*time.Second, "the timeout to be shown", func(s *web.StatusReply) bool {
		return slices.ContainsFunc(s.Cluster.Failures, func(f failure) bool {
			return f.Resource == "f1" && f.Task == "monitor" && strings.Contains(strings.ToLower(f.StatusText), "timed out")
		})
	})
	g.misbehave(t, home, "f1", "monitor", "")
	g.cluster(t, 30*time.Second, "f1 to run again", g.rested)
	g.eventually(t, time.Minute, "no hanging agent is left", func() bool {
		return strings.TrimSpace(g.run(t, home, "sh", "-c", "pgrep -c -f 'playground/[f]aulty.monitor' || true")) == "0"
	})
	g.cleanup(t)
}

func stopFails(t *testing.T, g *rig) {
	home := g.at(t, "f1")
	h, err := g.HealthOf(home)
	if err != nil {
		t.Fatal(err)
	}
	g.misbehave(t, home, "f1", "stop", "fail 1")
	away := g.others(home)[0]
	g.run(t, away, "mainstay", "resource", "move", "f1", away)
	g.eventually(t, 30*time.Second, home+" is fenced", func() bool {
		now, err := g.HealthOf(home)
		return err == nil && now.PID != h.PID
	})
	g.cluster(t, 30*time.Second, "f1 to run elsewhere", func(s *web.StatusReply) bool { return place(s, "f1") == away })
	g.run(t, away, "mainstay", "resource", "clear", "f1")
	g.cluster(t, time.Minute, "rest", g.rested)
	g.cleanup(t)
}

func standby(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	since := time.Now()
	g.mainstay(t, "node", "standby", owner, "--wait")
	g.movedFrom(t, owner, since, 30*time.Second)
	g.cluster(t, 30*time.Second, "nothing to run on the node in standby", func(s *web.StatusReply) bool {
		return slices.ContainsFunc(s.Cluster.Nodes, func(n statusNode) bool { return n.Name == owner && n.Standby && n.Running == 0 })
	})
	d, _ := longestGap(g, since)
	t.Logf("outage of the address: %.3f s", d.Seconds())
	g.mainstay(t, "node", "online", owner, "--wait")
	g.cluster(t, 30*time.Second, "the proxy to run everywhere again", g.rested)
}

func moveAndClear(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	to := g.others(owner)[0]
	g.mainstay(t, "resource", "move", "vip__public_old", to)
	if now := g.public.Owner(50 * time.Millisecond); now != to {
		t.Errorf("the address was moved to %s, but %q answers", to, now)
	}
	g.mainstay(t, "resource", "clear", "vip__public_old")
	if out := g.mainstay(t, "configure", "show"); strings.Contains(out, "cli-") {
		t.Errorf("clear left a constraint behind:\n%s", out)
	}
	g.during(t, time.Second, "it stays where it was moved to", func() bool { return g.public.Owner(time.Second) == to })
}

func maintenance(t *testing.T, g *rig) {
	home := g.at(t, "f1")
	g.run(t, home, "crm_attribute", "--type", "crm_config", "--name", "maintenance-mode", "--update", "true")
	g.cluster(t, time.Minute, "maintenance mode", func(s *web.StatusReply) bool { return s.Cluster.Maintenance })
	g.run(t, home, "rm", "/run/faulty/f1.running")
	g.during(t, 4*time.Second, "nothing is touched in maintenance mode", func() bool { return !g.faultyRuns(home, "f1") })
	since := time.Now()
	g.run(t, home, "crm_attribute", "--type", "crm_config", "--name", "maintenance-mode", "--delete")
	g.eventually(t, time.Minute, "f1 is recovered afterwards", func() bool {
		return slices.ContainsFunc(g.Nodes(), func(n string) bool { return g.faultyRuns(n, "f1") })
	})
	g.gap(t, g.public, since.Add(-5*time.Second), time.Second)
	g.cluster(t, time.Minute, "rest", g.rested)
	g.cleanup(t)
}
