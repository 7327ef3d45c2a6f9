//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/internal/playground"
	"mainstay/internal/web"
)

// onCorosync is what runs while Corosync is hurt under it.
const onCorosync = `
primitive power stonith:fence_playground op monitor interval=60 timeout=20
primitive d1 ocf:playground:faulty op monitor interval=1 timeout=5
primitive d2 ocf:playground:faulty op monitor interval=1 timeout=5
primitive d3 ocf:playground:faulty op monitor interval=1 timeout=5
property stonith-enabled=true
`

// TestCorosync hurts the installed Corosync under a cluster.
func TestCorosync(t *testing.T) {
	r := open(t, playground.Options{Plain: true, Engine: "corosync", Token: time.Second, Text: []byte(onCorosync)})
	g := &rig{Room: r, ctx: t.Context()}
	for _, c := range []struct {
		name string
		do   func(*testing.T, *rig)
	}{
		{"corosync killed", corosyncKilled},
		{"settings changed", corosyncReloaded},
		{"corosync missing", corosyncMissing},
		{"a daemon that is stuck holds nobody up", daemonStuck},
	} {
		t.Run(c.name, func(t *testing.T) {
			g.calm(t)
			c.do(t, g)
			g.calm(t)
		})
	}
}

// calm waits until all nodes are members and all resources run.
func (g *rig) calm(t *testing.T) {
	t.Helper()
	g.cluster(t, 40*time.Second, "all nodes and resources", func(s *web.StatusReply) bool {
		if !s.Cluster.Quorate || s.Node.Transition.Busy || len(s.Cluster.Nodes) != 3 {
			return false
		}
		for _, n := range s.Cluster.Nodes {
			if !n.Online || n.Pending || n.Unclean {
				return false
			}
		}
		return place(s, "d1") != "" && place(s, "d2") != "" && place(s, "d3") != "" && place(s, "power") != ""
	})
}

// viewHas waits until a node's newest view came after a number of earlier ones and
// has that many members.
func (g *rig) viewHas(t *testing.T, node string, earlier, members int) {
	t.Helper()
	g.eventually(t, 30*time.Second, "a view on "+node, func() bool {
		s, err := g.StatusOf(g.ctx, node)
		return err == nil && g.views(t, node) > earlier && len(s.Node.View.Members) == members
	})
}

func corosyncKilled(t *testing.T, g *rig) {
	node := g.at(t, "d1")
	h, err := g.HealthOf(node)
	if err != nil {
		t.Fatal(err)
	}
	since := g.run(t, node, "stat", "-c", "%i %y", "/run/faulty/d1.running")
	views := g.views(t, node)
	g.kill(t, node, "corosync")
	g.viewHas(t, node, views, 3)
	g.calm(t)
	if now := g.run(t, node, "stat", "-c", "%i %y", "/run/faulty/d1.running"); now != since {
		t.Errorf("law 6: d1 was started at %s, and again at %s", since, now)
	}
	if now, err := g.HealthOf(node); err != nil || now.PID != h.PID {
		t.Errorf("%s was fenced, although it was back before it was missed (%v)", node, err)
	}
}

func corosyncReloaded(t *testing.T, g *rig) {
	g.run(t, "node2", "sed", "-i", "s/token: 1000/token: 1100/", "/etc/corosync/corosync.conf")
	g.run(t, "node2", "mainstay", "cluster", "reload")
	for _, n := range g.Nodes() {
		g.eventually(t, time.Minute, "the new token on "+n, func() bool {
			out, err := g.Exec(g.ctx, n, "/usr/sbin/corosync-cmapctl", "-g", "runtime.config.totem.token")
			return err == nil && strings.HasSuffix(strings.TrimSpace(string(out)), " = 1750") // with its coefficient
		})
	}
}

func corosyncMissing(t *testing.T, g *rig) {
	s := g.look(t)
	node := g.others(s.Node.Coordinator)[0]
	h, err := g.HealthOf(node)
	if err != nil {
		t.Fatal(err)
	}
	g.run(t, node, "mv", "/usr/sbin/corosync", "/usr/sbin/corosync.away")
	g.kill(t, node, "corosync")
	g.eventually(t, 30*time.Second, node+" is fenced", func() bool {
		now, err := g.HealthOf(node)
		return err == nil && now.PID != 0 && now.PID != h.PID
	})
	g.eventually(t, time.Minute, "its status says what is missing", func() bool {
		s, err := g.StatusOf(g.ctx, node)
		if err != nil {
			return false
		}
		for _, a := range s.Node.Alarms {
			if strings.Contains(a.Text, "corosync does not run on this machine") && strings.Contains(a.Text, "systemctl start corosync") {
				return true
			}
		}
		return false
	})
	if g.faultyRuns(node, "d1") || g.faultyRuns(node, "d2") || g.faultyRuns(node, "d3") {
		t.Errorf("law 3: %s started something without Corosync", node)
	}
	g.run(t, node, "mv", "/usr/sbin/corosync.away", "/usr/sbin/corosync")
}

func daemonStuck(t *testing.T, g *rig) {
	s := g.look(t)
	two := g.others(s.Node.Coordinator)
	h, err := g.HealthOf(two[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range g.Processes(two[0], "mainstay") {
		if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	since := time.Now()
	if err := g.PowerOff(two[1]); err != nil {
		t.Fatal(err)
	}
	g.eventually(t, 40*time.Second, two[0]+" is fenced, and everything runs without the node that is off", func() bool {
		now, err := g.HealthOf(two[0])
		s, err2 := g.StatusOf(g.ctx, s.Node.Coordinator)
		if err != nil || err2 != nil || now.PID == h.PID {
			return false
		}
		for _, id := range []string{"d1", "d2", "d3"} {
			if p := place(s, id); p == "" || p == two[1] {
				return false
			}
		}
		return true
	})
	t.Logf("everything ran again after %.1f s", time.Since(since).Seconds())
	if err := g.PowerOn(); err != nil {
		t.Fatal(err)
	}
}
