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

// replication is a MariaDB server and its replicas, run by ocf:heartbeat:mysql as a
// promotable clone; the third node has no instance.
var replication = site{
	prepare: func(t *testing.T, g *rig, node string) {
		g.put(t, node, "/etc/mysql/mariadb.conf.d/99-replication.cnf", fmt.Sprintf(`[mysqld]
server_id=%s
log_bin=mysql-bin
log_slave_updates=ON
sync_binlog=1
innodb_flush_log_at_trx_commit=1
innodb_buffer_pool_size=32M
skip_slave_start=ON
bind-address=0.0.0.0
init_file=/etc/mysql/users.sql
`, node[len("node"):]))
		g.put(t, node, "/etc/mysql/users.sql", `set sql_log_bin=0;
create user if not exists 'repl'@'%' identified by 'secret';
create user if not exists 'repl'@'localhost' identified by 'secret';
grant all on *.* to 'repl'@'%';
grant all on *.* to 'repl'@'localhost';
`)
	},
	crm: `
primitive db ocf:heartbeat:mysql \
  params binary=/usr/sbin/mariadbd config=/etc/mysql/mariadb.cnf datadir=/var/lib/mysql log=/var/lib/mysql/error.log \
    replication_user=repl replication_passwd=secret \
  op start timeout=120 interval=0 op stop timeout=120 interval=0 op promote timeout=120 interval=0 op demote timeout=120 interval=0 \
  op monitor interval=4 timeout=30 op monitor interval=3 role=Promoted timeout=30
clone db-clone db meta promotable=true notify=true clone-max=2 interleave=true
location db-not-on-node3 db-clone -inf: node3
primitive db-ip ocf:heartbeat:IPaddr2 params ip=10.107.2.242 cidr_netmask=24 nic=br-mgmt op monitor interval=5 timeout=20
colocation db-ip-with-writer inf: db-ip db-clone:Promoted
order db-ip-after-writer Mandatory: db-clone:promote db-ip:start
`,
	ready: func(s *web.StatusReply) bool { return roles("db", 1, 1)(s) && place(s, "db-ip") != "" },
	limit: 2 * time.Minute,
}

// TestReplication kills the replica, which must catch up, then cuts the power of the
// writing server: the replica takes over with what was written, the address follows,
// and the old one becomes a replica; then that of all nodes. The writing server is not killed alone: when the
// same server is promoted again, this agent tells its replicas to start without
// telling them from whom.
func TestReplication(t *testing.T) {
	t.Parallel()
	g := replication.open(t)
	sql := func(text string) string {
		return g.sh(t, "node3", `mariadb -N -h 10.107.2.242 -u repl -psecret -e "%s"`, text)
	}
	replica := func() string {
		var r []string
		g.cluster(t, time.Minute, "the replica to run", func(s *web.StatusReply) bool {
			r = in(s, "db", status.Unpromoted)
			return len(r) == 1
		})
		return r[0]
	}
	has := func(node, want string) {
		t.Helper()
		g.says(t, 2*time.Minute, node, want, `mariadb -N -e "select group_concat(n order by n) from shop.orders"`)
	}
	sql("create database shop; create table shop.orders (n int primary key); insert into shop.orders values (1)")
	has(replica(), "1")

	replication.outlive(t, g, g.leader(t, "db"), "mariadbd")
	second := replica()
	g.kill(t, second, "mariadbd")
	g.failed(t, "db", second)
	sql("insert into shop.orders values (2)")
	replication.whole(t, g)
	has(second, "1,2")

	writer := g.leader(t, "db")
	g.cutPower(t, writer)
	g.cluster(t, replication.limit, "the replica to take over", func(s *web.StatusReply) bool {
		p := in(s, "db", status.Promoted)
		return len(p) == 1 && !slices.Contains(p, writer) && place(s, "db-ip") == p[0]
	})
	if got := sql("select group_concat(n order by n) from shop.orders"); got != "1,2" {
		t.Errorf("rows after the power cut: %q", got)
	}
	sql("insert into shop.orders values (3)")
	g.restorePower(t, writer)
	replication.whole(t, g)
	has(writer, "1,2,3")

	replication.allOff(t, g)
	has(replica(), "1,2,3")
	sql("insert into shop.orders values (4)")
	has(replica(), "1,2,3,4")
}
