//go:build e2e

package e2e

import (
	"testing"
	"time"

	"mainstay/internal/playground"
)

// TestFaults does one thing after the other to one cluster. Before and after each
// everything is whole and at rest; after each the laws are checked from outside.
func TestFaults(t *testing.T) {
	g := newRig(t)
	for _, c := range []struct {
		name string
		do   func(*testing.T, *rig)
	}{
		{"services run", servicesRun},
		{"power cut of the owner of the address", cutOwner},
		{"power cut of the coordinator", cutCoordinator},
		{"power cut of a node that runs neither", cutBystander},
		{"power cut of two nodes at once", cutTwo},
		{"power cut of all", cutAll},
		{"daemon killed", daemonKilled},
		{"daemon stopped and started", daemonStopped},
		{"one link cut", oneLinkCut},
		{"both links cut", bothLinksCut},
		{"both links cut while fencing fails", isolatedUnfenced},
		{"short freeze", shortFreeze},
		{"long freeze", longFreeze},
		{"service killed", serviceKilled},
		{"monitor fails until the threshold", threshold},
		{"start fails", startFails},
		{"monitor hangs", monitorHangs},
		{"stop fails", stopFails},
		{"fence device fails the first time", fenceFailsOnce},
		{"standby and online", standby},
		{"move and clear", moveAndClear},
		{"maintenance mode", maintenance},
		{"configuration changed while a transition runs", changeWhileBusy},
		{"bad configurations", badConfigurations},
	} {
		t.Run(c.name, func(t *testing.T) {
			g.whole(t)
			begin := time.Now()
			c.do(t, g)
			g.whole(t)
			g.laws(t, begin)
			t.Logf("%.1f s", time.Since(begin).Seconds())
		})
		if t.Failed() && testing.Short() {
			return
		}
	}
}

// laws checks what must hold under every fault.
func (g *rig) laws(t *testing.T, since time.Time) {
	t.Helper()
	for name, p := range map[string]*playground.Probe{"public": g.public, "management": g.management} {
		if n := playground.Overlap(p.Answers(since), 100*time.Millisecond); n > 0 {
			t.Errorf("law 1: two nodes answered for the %s address at once, %d times", name, n)
		}
	}
	g.mu.Lock()
	for _, x := range g.twice {
		t.Errorf("law 1: %s", x)
	}
	g.twice = nil
	g.mu.Unlock()
	lost, err := g.writer.Lost(g.ctx)
	if err != nil {
		// The first statement after an outage may meet a connection that died with it.
		lost, err = g.writer.Lost(g.ctx)
	}
	if err != nil {
		t.Errorf("rows: %v", err)
	}
	if len(lost) > 0 {
		t.Errorf("%d rows that were acknowledged are missing, the first at %s", len(lost), lost[0].At.Format("15:04:05.000"))
	}
}

// gap fails the test if an address went unanswered for longer than a limit.
func (g *rig) gap(t *testing.T, p *playground.Probe, since time.Time, limit time.Duration) {
	t.Helper()
	a := p.Answers(since)
	if len(a) == 0 {
		t.Fatal("nobody answered for the address")
	}
	if d, at := playground.LongestGap(a); d > limit {
		t.Errorf("nobody answered for %v from %s on, at most %v is allowed", d, at.Format("15:04:05.000"), limit)
	}
}

// movedFrom waits until another node answers for the public address and a row has
// been acknowledged there, and checks how long that took.
func (g *rig) movedFrom(t *testing.T, node string, since time.Time, limit time.Duration) {
	t.Helper()
	g.eventually(t, time.Minute, "another node answers for the public address", func() bool {
		n := g.public.Owner(50 * time.Millisecond)
		return n != "" && n != node
	})
	for _, a := range g.public.Answers(since) {
		if a.Node != node {
			if d := a.At.Sub(since); d > limit {
				t.Errorf("another node answered after %v, at most %v is allowed", d, limit)
			}
			break
		}
	}
	g.rows(t, time.Now())
}

// rows waits for a row that is acknowledged after a moment.
func (g *rig) rows(t *testing.T, after time.Time) {
	t.Helper()
	g.eventually(t, time.Minute, "a row is acknowledged", func() bool {
		acks, _, _ := g.writer.Acked()
		return len(acks) > 0 && acks[len(acks)-1].At.After(after)
	})
}
