//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mainstay/internal/web"
	"mainstay/status"
)

// postgres is a primary, a synchronous and an asynchronous standby, run by
// ocf:heartbeat:pgsql. The three start from the same files, so that they are
// replicas of each other without a base backup.
var postgres = site{
	prepare: func(t *testing.T, g *rig, node string) {
		g.put(t, node, "/etc/postgresql/15/main/conf.d/replication.conf", "listen_addresses='*'\nwal_level=replica\nhot_standby=on\nwal_log_hints=on\nwal_keep_size=64\n")
		g.sh(t, node, `echo 'host all all 10.107.2.0/24 trust' >>/etc/postgresql/15/main/pg_hba.conf; echo 'host replication all 10.107.2.0/24 trust' >>/etc/postgresql/15/main/pg_hba.conf`)
	},
	crm: `
primitive pg ocf:heartbeat:pgsql \
  params pgctl=/usr/lib/postgresql/15/bin/pg_ctl psql=/usr/lib/postgresql/15/bin/psql \
    pgdata=/var/lib/postgresql/15/main config=/etc/postgresql/15/main/postgresql.conf \
    socketdir=/run/postgresql tmpdir=/var/lib/postgresql/tmp logfile=/var/log/postgresql/cluster.log \
    rep_mode=sync node_list="node1 node2 node3" master_ip=10.107.2.240 xlog_check_count=2 \
  op start timeout=60 interval=0 op stop timeout=60 interval=0 op promote timeout=60 interval=0 op demote timeout=60 interval=0 \
  op monitor interval=3 timeout=30 op monitor interval=2 role=Promoted timeout=30 op notify timeout=60 interval=0
clone pg-clone pg meta promotable=true notify=true interleave=true
primitive pg-ip ocf:heartbeat:IPaddr2 params ip=10.107.2.240 cidr_netmask=24 nic=br-mgmt op monitor interval=5 timeout=20
colocation pg-ip-with-primary inf: pg-ip pg-clone:Promoted
order pg-ip-after-primary 0: pg-clone:promote pg-ip:start symmetrical=false
order pg-ip-stays-until-demoted 0: pg-clone:demote pg-ip:stop symmetrical=false
`,
	ready: func(s *web.StatusReply) bool { return roles("pg", 1, 2)(s) && place(s, "pg-ip") != "" },
	limit: 2 * time.Minute,
}

// TestPostgres kills the primary, then cuts the power of the next one, then of all
// nodes at once. The synchronous standby takes over with every row each time. The
// agent leaves a crashed primary out until its operator has made it a standby.
func TestPostgres(t *testing.T) {
	t.Parallel()
	g := postgres.open(t)
	sql := func(text string, args ...any) string {
		return g.sh(t, g.leader(t, "pg"), `cd / && su postgres -c "psql -h 10.107.2.240 -qAtc \"%s\""`, fmt.Sprintf(text, args...))
	}
	streams := func(n string) {
		t.Helper()
		g.says(t, time.Minute, g.leader(t, "pg"), n, `cd / && su postgres -c "psql -qAtc \"select count(*) from pg_stat_replication where state='streaming'\""`)
		g.says(t, time.Minute, g.leader(t, "pg"), "1", `cd / && su postgres -c "psql -qAtc \"select count(*) from pg_stat_replication where sync_state='sync'\""`)
		// Which standby may take over is what the agent's last monitor has noted, not what
		// the database knows by now.
		g.says(t, time.Minute, g.leader(t, "pg"), "1", `for n in node1 node2 node3; do crm_attribute -l forever -N $n -n pg-data-status -G -q; done | grep -c "STREAMING|SYNC"`)
	}
	takenOver := func(from string) {
		t.Helper()
		g.cluster(t, postgres.limit, "another node to take over from "+from, func(s *web.StatusReply) bool {
			p := in(s, "pg", status.Promoted)
			return len(p) == 1 && !slices.Contains(p, from) && place(s, "pg-ip") == p[0]
		})
	}
	// remade makes a crashed primary a standby again, as the agent's manual says.
	remade := func(node string) {
		t.Helper()
		g.mainstay(t, "node", "standby", node, "--wait")
		g.sh(t, node, `rm -rf /var/lib/postgresql/15/main /var/lib/postgresql/tmp/PGSQL.lock; cd / && su postgres -c "/usr/lib/postgresql/15/bin/pg_basebackup -h 10.107.2.240 -U postgres -D /var/lib/postgresql/15/main -X stream"`)
		g.mainstay(t, "resource", "cleanup")
		g.mainstay(t, "node", "online", node)
		postgres.whole(t, g)
		streams("2")
	}
	streams("2")
	sql("create table orders (n int primary key)")
	sql("insert into orders values (1)")

	first := g.leader(t, "pg")
	postgres.outlive(t, g, first, "postgres")
	g.kill(t, first, "postgres")
	takenOver(first)
	if got := sql("select string_agg(n::text, ',') from orders"); got != "1" {
		t.Errorf("rows after the kill: %q", got)
	}
	remade(first)
	sql("insert into orders values (2)")

	second := g.leader(t, "pg")
	g.cutPower(t, second)
	takenOver(second)
	if got := sql("select string_agg(n::text, ',' order by n) from orders"); got != "1,2" {
		t.Errorf("rows after the power cut: %q", got)
	}
	sql("insert into orders values (3)")
	g.restorePower(t, second)
	g.cluster(t, time.Minute, "the node to be back", allOnline)
	remade(second)
	if got := sql("select string_agg(n::text, ',' order by n) from orders"); got != "1,2,3" {
		t.Errorf("rows after the node is back: %q", got)
	}

	third := g.leader(t, "pg")
	g.cutPower(t, g.Nodes()...)
	g.restorePower(t, g.Nodes()...)
	takenOver(third)
	if got := sql("select string_agg(n::text, ',' order by n) from orders"); got != "1,2,3" {
		t.Errorf("rows after the power cut of all: %q", got)
	}
	sql("insert into orders values (4)")
	remade(third)
}
