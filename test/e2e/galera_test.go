//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"
)

// galera is three MariaDB servers that replicate with each other, run by
// ocf:heartbeat:galera: every instance is promoted once the cluster has formed.
var galera = site{
	prepare: func(t *testing.T, g *rig, node string) {
		addr := g.sh(t, node, "ip -4 -o addr show br-mgmt | sed 's/.*inet //; s,/.*,,'")
		g.put(t, node, "/etc/mysql/mariadb.conf.d/99-galera.cnf", fmt.Sprintf(`[mysqld]
wsrep_on=ON
wsrep_provider=/usr/lib/galera/libgalera_smm.so
wsrep_cluster_name=shop
wsrep_cluster_address=gcomm://node1,node2,node3
wsrep_node_address=%s
wsrep_sst_method=rsync
binlog_format=row
innodb_autoinc_lock_mode=2
innodb_buffer_pool_size=32M
bind-address=0.0.0.0
`, addr))
	},
	crm: `
primitive db ocf:heartbeat:galera \
  params binary=/usr/bin/mariadbd-safe config=/etc/mysql/mariadb.cnf log=/var/lib/mysql/error.log \
    check_user=root wsrep_cluster_address="gcomm://node1,node2,node3" \
  op start timeout=120 interval=0 op stop timeout=120 interval=0 \
  op promote timeout=300 interval=0 op demote timeout=120 interval=0 \
  op monitor interval=5 timeout=30 op monitor interval=4 role=Promoted timeout=30 op monitor interval=6 role=Unpromoted timeout=30
clone db-clone db meta promotable=true promoted-max=3 interleave=true
`,
	ready: roles("db", 3, 0),
	limit: 3 * time.Minute,
}

// TestGalera kills a daemon of the cluster and a server, cuts the power of a node, and then of all of them at
// once while one has older data: the cluster must come back by itself from a node
// that has every row.
func TestGalera(t *testing.T) {
	t.Parallel()
	g := galera.open(t)
	g.sh(t, "node1", `mariadb -e "create database shop; create table shop.orders (n int primary key)"`)
	add := func(node string, n int) { g.sh(t, node, `mariadb -e "insert into shop.orders values (%d)"`, n) }
	has := func(node, want string) {
		t.Helper()
		g.says(t, time.Minute, node, want, `mariadb -N -e "set wsrep_sync_wait=1; select group_concat(n order by n) from shop.orders"`)
	}
	add("node1", 1)
	has("node3", "1")

	galera.outlive(t, g, "node3", "mariadbd")
	g.kill(t, "node2", "mariadbd")
	g.failed(t, "db", "node2")
	add("node1", 2)
	galera.whole(t, g)
	has("node2", "1,2")

	g.cutPower(t, "node3")
	g.cluster(t, galera.limit, "two servers to be left", roles("db", 2, 0))
	add("node2", 3)
	g.restorePower(t, "node3")
	galera.whole(t, g)
	has("node3", "1,2,3")

	g.cutPower(t, "node3")
	g.cluster(t, galera.limit, "two servers to be left", roles("db", 2, 0))
	add("node1", 4)
	g.cutPower(t, "node1", "node2")
	g.restorePower(t, "node1", "node2", "node3")
	galera.whole(t, g)
	for _, n := range g.Nodes() {
		has(n, "1,2,3,4")
		g.says(t, time.Minute, n, "3", `mariadb -N -e "show status like 'wsrep_cluster_size'" | cut -f2`)
	}
	galera.whole(t, g)
}
