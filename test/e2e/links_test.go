//go:build e2e

package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"mainstay/internal/web"
	"mainstay/status"
)

type statusNode = status.Node

// views counts the membership changes in a node's log.
func (g *rig) views(t *testing.T, node string) int {
	t.Helper()
	p, err := g.Path(node, "/var/log/mainstay/mainstay.log")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), `"event":"view"`)
}

// linkIs tells whether a node sees the link to all others up, or down.
func (g *rig) linkIs(node string, link int, up bool) bool {
	s, err := g.StatusOf(g.ctx, node)
	if err != nil {
		return false
	}
	for _, l := range s.Node.Links {
		if l.Link == link && l.Up != up {
			return false
		}
	}
	return true
}

func oneLinkCut(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	for _, node := range g.Nodes() {
		views := g.views(t, node)
		// Link 1 of the owner carries the public address itself.
		link := 0
		if node != owner {
			link = 1
		}
		since := time.Now()
		if err := g.Cut(node, link); err != nil {
			t.Fatal(err)
		}
		g.eventually(t, time.Minute, "the lost link is shown", func() bool { return g.linkIs(node, link, false) })
		g.during(t, 2*time.Second, "nothing moves", func() bool { return g.public.Owner(time.Second) == owner })
		g.gap(t, g.public, since, 500*time.Millisecond)
		if err := g.Heal(node); err != nil {
			t.Fatal(err)
		}
		g.eventually(t, time.Minute, "the link is shown to be back", func() bool {
			for _, n := range g.Nodes() {
				if !g.linkIs(n, link, true) {
					return false
				}
			}
			return true
		})
		if now := g.views(t, node); now != views {
			t.Errorf("cutting one link of %s changed the membership %d times", node, now-views)
		}
	}
}

func (g *rig) isolate(t *testing.T, node string) {
	t.Helper()
	for link := range 2 {
		if err := g.Cut(node, link); err != nil {
			t.Fatal(err)
		}
	}
}

func bothLinksCut(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	h, err := g.HealthOf(owner)
	if err != nil {
		t.Fatal(err)
	}
	since := time.Now()
	g.isolate(t, owner)
	g.movedFrom(t, owner, since, recovery())
	g.eventually(t, time.Minute, owner+" is fenced and boots again", func() bool {
		now, err := g.HealthOf(owner)
		return err == nil && now.PID != 0 && now.PID != h.PID
	})
	// Alone after its boot it has no quorum, so it must not start anything.
	g.during(t, 2*time.Second, "the lonely node starts nothing", func() bool {
		return len(g.Processes(owner, "mariadbd")) == 0 && len(g.Processes(owner, "haproxy")) == 0
	})
	if err := g.Heal(owner); err != nil {
		t.Fatal(err)
	}
	g.cluster(t, time.Minute, owner+" to rejoin", g.rested)
}

func isolatedUnfenced(t *testing.T, g *rig) {
	owner := g.public.Owner(time.Second)
	g.FailFencing(1_000_000, 0)
	since := time.Now()
	g.isolate(t, owner)
	g.eventually(t, 20*time.Second, "the minority stops its services", func() bool {
		return len(g.Processes(owner, "mariadbd")) == 0 && len(g.Processes(owner, "haproxy")) == 0
	})
	t.Logf("law 3: the minority had stopped all after %.1f s", time.Since(since).Seconds())
	g.during(t, 3*time.Second, "law 2: nothing is started elsewhere before the fencing", func() bool {
		for _, n := range g.others(owner) {
			if len(g.Processes(n, "mariadbd")) > 0 || g.public.Owner(100*time.Millisecond) == n {
				return false
			}
		}
		return true
	})
	g.FailFencing(0, 0)
	g.movedFrom(t, owner, since, 2*time.Minute)
	if err := g.Heal(owner); err != nil {
		t.Fatal(err)
	}
	g.cluster(t, time.Minute, owner+" to rejoin", func(s *web.StatusReply) bool { return g.rested(s) })
}
