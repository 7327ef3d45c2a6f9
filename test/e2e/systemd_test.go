//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/web"
	"mainstay/status"
)

// units are a real systemd's: Debian's HAProxy with its address, one that dies and is
// not started again, one that takes its time, one that never gets ready, one that does
// not start, and one that does not want to stop.
var units = site{
	prepare: func(t *testing.T, g *rig, node string) {
		g.put(t, node, "/etc/haproxy/haproxy.cfg", "global\n daemon\ndefaults\n mode http\n timeout connect 1s\n timeout client 5s\n timeout server 5s\nlisten site\n bind :8083\n http-request return status 200 content-type text/plain string "+node+"\n")
		for name, text := range map[string]string{
			"beacon":   "ExecStart=/usr/bin/tail -f /dev/null\n",
			"late":     "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 3; echo up >/run/late'\nExecStop=/bin/rm -f /run/late\n",
			"hopeless": "Type=notify\nTimeoutStartSec=infinity\nExecStart=/usr/bin/sleep 31536000\n",
			"sick":     "Type=forking\nExecStart=/bin/sh -c 'exit 3'\n",
			"clinging": "ExecStart=/bin/sh -c 'trap \"\" TERM; exec sleep 31536001'\nTimeoutStopSec=infinity\n",
		} {
			g.put(t, node, "/etc/systemd/system/"+name+".service", "[Service]\n"+text)
		}
		g.systemctl(t, node, "daemon-reload")
	},
	crm: `
primitive balance systemd:haproxy op monitor interval=2 timeout=30 op start interval=0 timeout=60 op stop interval=0 timeout=60
primitive balance-ip ocf:heartbeat:IPaddr2 params ip=10.107.2.244 cidr_netmask=24 nic=br-mgmt op monitor interval=5 timeout=20
group front balance-ip balance
primitive beacon systemd:beacon op monitor interval=2 timeout=30
primitive late systemd:late op monitor interval=5 timeout=30 op start interval=0 timeout=60
primitive after ocf:heartbeat:Dummy op monitor interval=10
order after-late Mandatory: late after
colocation after-with-late inf: after late
primitive hopeless systemd:hopeless op start interval=0 timeout=4 op stop interval=0 timeout=20 op monitor interval=10 meta target-role=Stopped
primitive sick systemd:sick op start interval=0 timeout=20 op monitor interval=10 meta target-role=Stopped
primitive clinging systemd:clinging op stop interval=0 timeout=4 op monitor interval=10
location front-first front 50: node2
location beacon-first beacon 50: node2
location clinging-first clinging 50: node3
rsc_defaults resource-stickiness=100
`,
	ready: func(s *web.StatusReply) bool {
		for _, id := range []string{"balance", "balance-ip", "beacon", "late", "after", "clinging"} {
			if place(s, id) == "" {
				return false
			}
		}
		return true
	},
	limit:   2 * time.Minute,
	systemd: true,
}

// unit asks a node's systemd for properties of a unit.
func (g *rig) unit(t *testing.T, node, unit string, properties ...string) string {
	t.Helper()
	return strings.ReplaceAll(g.systemctl(t, node, "show --value -p "+strings.Join(properties, ",")+" "+unit), "\n", " ")
}

// systemctl gives a command to a node's systemd, where that is.
func (g *rig) systemctl(t *testing.T, node, command string) string {
	t.Helper()
	return g.sh(t, node, "nsenter -t $(pgrep -x systemd -o) -p -m systemctl %s", command)
}

// TestSystemd has units of a real systemd die, hang, fail and be stopped behind the
// cluster's back, kills the daemon that manages them, and cuts the power of their node
// and then of all.
func TestSystemd(t *testing.T) {
	t.Parallel()
	x, g := units, units.open(t)
	at := func(id string) string { return g.at(t, id) }
	answers := func(node string) {
		t.Helper()
		g.says(t, time.Minute, g.outside(node), node, "curl -s http://10.107.2.244:8083/")
	}
	home := at("balance")
	answers(home)
	if got := g.unit(t, home, "haproxy", "ActiveState", "Before"); !strings.Contains(got, "active") || !strings.Contains(got, "mainstay.service") {
		t.Errorf("haproxy.service: %q; the daemon has to be stopped before it", got)
	}
	g.says(t, time.Minute, at("late"), "up", "cat /run/late")

	t.Run("dies", func(t *testing.T) {
		g.kill(t, at("beacon"), "tail")
		g.failed(t, "beacon", at("beacon"))
		x.whole(t, g)
		// Debian's unit has systemd itself start HAProxy again.
		g.kill(t, home, "haproxy")
		answers(home)
		g.systemctl(t, home, "stop haproxy")
		g.failed(t, "balance", home)
		x.whole(t, g)
		answers(home)
	})
	t.Run("daemon", func(t *testing.T) { unitsOutlive(t, g, home) })
	t.Run("never ready", func(t *testing.T) { neverReady(t, g) })
	t.Run("does not start", func(t *testing.T) {
		g.mainstay(t, "resource", "start", "sick")
		g.cluster(t, time.Minute, "sick to have failed on all nodes", func(s *web.StatusReply) bool {
			return calm(s) && len(failures(s, "sick", "start")) == len(g.Nodes())
		})
		for _, f := range failures(g.look(t), "sick", "start") {
			if !strings.Contains(f.ExitReason, "failed") {
				t.Errorf("systemd's word is missing: %+v", f)
			}
		}
		g.mainstay(t, "resource", "stop", "sick")
	})
	t.Run("does not stop", func(t *testing.T) {
		node := at("clinging")
		was, err := g.HealthOf(node)
		if err != nil {
			t.Fatal(err)
		}
		to := g.others(node)[0]
		g.run(t, to, "crm_resource", "--move", "-r", "clinging", "-N", to)
		g.cluster(t, time.Minute, "clinging to be on "+to, func(s *web.StatusReply) bool { return place(s, "clinging") == to })
		if now, err := g.HealthOf(node); err == nil && now.PID == was.PID {
			t.Errorf("clinging was moved from %s, where it cannot stop, and nobody fenced that", node)
		}
		x.whole(t, g)
	})
	t.Run("power", func(t *testing.T) {
		home := at("balance")
		g.cutPower(t, home)
		g.cluster(t, x.limit, "everything to run elsewhere", func(s *web.StatusReply) bool { return x.ready(s) && place(s, "balance") != home })
		answers(at("balance"))
		g.cutPower(t, g.Nodes()...)
		g.restorePower(t, g.Nodes()...)
		x.whole(t, g)
		answers(at("balance"))
		for _, n := range g.others(at("balance")) {
			if got := g.unit(t, n, "haproxy", "ActiveState"); got != "inactive" {
				t.Errorf("haproxy.service is %s on %s too", got, n)
			}
		}
	})
}

// failures lists a resource's failures of one kind.
func failures(s *web.StatusReply, id, task string) []status.Failure {
	return slices.DeleteFunc(slices.Clone(s.Cluster.Failures), func(f status.Failure) bool { return f.Resource != id || f.Task != task })
}

// unitsOutlive kills a node's daemon: its units go on.
func unitsOutlive(t *testing.T, g *rig, home string) {
	before, daemon := g.unit(t, home, "haproxy", "MainPID"), g.Processes(home, "mainstay")
	g.kill(t, home, "mainstay")
	g.eventually(t, time.Minute, "the daemon is back", func() bool {
		now := g.Processes(home, "mainstay")
		_, err := g.StatusOf(g.ctx, home)
		return len(now) == 1 && !slices.Equal(now, daemon) && err == nil
	})
	units.whole(t, g)
	if now := g.unit(t, home, "haproxy", "MainPID"); now != before {
		t.Errorf("law 6: HAProxy was process %s, now %s", before, now)
	}
	if now := g.at(t, "balance"); now != home {
		t.Errorf("law 6: HAProxy moved from %s to %s", home, now)
	}
}

// neverReady starts a unit that stays "activating" for ever: the start times out, on
// each node in turn, and nothing of it is left in systemd's queue nor running.
func neverReady(t *testing.T, g *rig) {
	g.mainstay(t, "resource", "start", "hopeless")
	g.cluster(t, time.Minute, "the start to have timed out on all nodes", func(s *web.StatusReply) bool {
		return calm(s) && len(failures(s, "hopeless", "start")) == len(g.Nodes())
	})
	for _, f := range failures(g.look(t), "hopeless", "start") {
		if !strings.Contains(strings.ToLower(f.StatusText), "timed out") {
			t.Errorf("hopeless: %+v", f)
		}
	}
	for _, n := range g.Nodes() {
		if got := g.unit(t, n, "hopeless", "ActiveState", "Job"); strings.Fields(got)[0] == "activating" || strings.Fields(got)[0] == "active" {
			t.Errorf("hopeless on %s: %q", n, got)
		}
		g.says(t, time.Minute, n, "0", "pgrep -c -f '[s]leep 31536000' || true")
	}
	g.mainstay(t, "resource", "stop", "hopeless")
}
