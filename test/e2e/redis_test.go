//go:build e2e

package e2e

import (
	"slices"
	"testing"
	"time"

	"mainstay/internal/web"
	"mainstay/status"
)

// redis is one writable server and two replicas, run by ocf:heartbeat:redis.
var redis = site{
	prepare: func(t *testing.T, g *rig, node string) {
		g.sh(t, node, `sed -i -e 's/^bind .*/bind 0.0.0.0/' -e 's/^protected-mode .*/protected-mode no/' -e 's/^appendonly .*/appendonly yes/' -e 's/^# *appendfsync always/appendfsync always/' -e 's/^appendfsync everysec/# &/' -e 's/^daemonize .*/daemonize yes/' /etc/redis/redis.conf`)
	},
	crm: `
primitive kv ocf:heartbeat:redis params bin=/usr/bin/redis-server wait_last_known_master=true \
  op start timeout=60 interval=0 op stop timeout=60 interval=0 op promote timeout=60 interval=0 op demote timeout=60 interval=0 \
  op monitor interval=5 timeout=20 op monitor interval=3 role=Promoted timeout=20
clone kv-clone kv meta promotable=true notify=true interleave=true
primitive kv-ip ocf:heartbeat:IPaddr2 params ip=10.107.2.241 cidr_netmask=24 nic=br-mgmt op monitor interval=5 timeout=20
colocation kv-ip-with-writer inf: kv-ip kv-clone:Promoted
order kv-ip-after-writer Mandatory: kv-clone:promote kv-ip:start
`,
	ready: func(s *web.StatusReply) bool { return roles("kv", 1, 2)(s) && place(s, "kv-ip") != "" },
	limit: 2 * time.Minute,
}

// TestRedis kills the writable server, then cuts its power, then that of all: another one must take
// over with what was written, and the address must follow it.
func TestRedis(t *testing.T) {
	t.Parallel()
	g := redis.open(t)
	set := func(key, value string) {
		g.says(t, time.Minute, g.outside(g.leader(t, "kv")), "OK", "redis-cli -h 10.107.2.241 set %s %s", key, value)
	}
	synced := func() {
		g.says(t, time.Minute, g.leader(t, "kv"), "2", "redis-cli info replication | tr -d '\\r' | grep -c 'state=online'")
		g.says(t, time.Minute, g.leader(t, "kv"), "2", "redis-cli wait 2 1000")
	}
	set("a", "1")
	synced()

	writer := g.leader(t, "kv")
	redis.outlive(t, g, writer, "redis-server")
	g.kill(t, writer, "redis-server")
	g.failed(t, "kv", writer)
	redis.whole(t, g)
	g.says(t, time.Minute, g.outside(g.leader(t, "kv")), "1", "redis-cli -h 10.107.2.241 get a")
	set("b", "2")
	synced()

	writer = g.leader(t, "kv")
	g.cutPower(t, writer)
	g.cluster(t, redis.limit, "another node to take over", func(s *web.StatusReply) bool {
		p := in(s, "kv", status.Promoted)
		return len(p) == 1 && !slices.Contains(p, writer) && place(s, "kv-ip") == p[0]
	})
	g.says(t, time.Minute, g.leader(t, "kv"), "2", "redis-cli -h 10.107.2.241 get b")
	set("c", "3")
	g.restorePower(t, writer)
	redis.whole(t, g)
	g.says(t, time.Minute, writer, "3", "redis-cli get c")

	redis.allOff(t, g)
	g.says(t, time.Minute, g.outside(g.leader(t, "kv")), "1 2 3", "echo $(redis-cli -h 10.107.2.241 mget a b c)")
	synced()
}

// outside is a node that is alive and not this one.
func (g *rig) outside(node string) string {
	for _, n := range g.others(node) {
		if h, err := g.HealthOf(n); err == nil && h.Power == "on" {
			return n
		}
	}
	return node
}
