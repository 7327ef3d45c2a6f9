//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// rabbit is three brokers with mirrored queues, run by ocf:heartbeat:rabbitmq-cluster.
var rabbit = site{
	prepare: func(t *testing.T, g *rig, node string) {
		g.sh(t, node, "cd /var/lib/rabbitmq && printf shopcookie >.erlang.cookie && chown rabbitmq:rabbitmq .erlang.cookie && chmod 400 .erlang.cookie")
	},
	crm: `
primitive mq ocf:heartbeat:rabbitmq-cluster params set_policy="ha-all ^ {\"ha-mode\":\"all\"}" \
  op start timeout=100 interval=0 op stop timeout=90 interval=0 op monitor interval=10 timeout=40 \
  meta notify=true
clone mq-clone mq meta notify=true ordered=true interleave=true
`,
	ready: started("mq", 3),
	limit: 5 * time.Minute,
}

// TestRabbitMQ kills a broker, then cuts the power of another node, and of all: each must find
// its way back into the brokers' own cluster, and messages stay. Where no broker is
// left, this agent begins with an empty one.
func TestRabbitMQ(t *testing.T) {
	t.Parallel()
	g := rabbit.open(t)
	members := func(want string) {
		t.Helper()
		g.says(t, time.Minute, "node1", want, `rabbitmqctl -q cluster_status --formatter json | sed 's/.*"running_nodes":\[\([^]]*\)\].*/\1/' | tr , '\n' | grep -c rabbit@`)
	}
	// Brokers take up to 75 s to notice that one lost its power (net_ticktime), and
	// list nothing meanwhile.
	queued := func(node, want string) {
		t.Helper()
		g.says(t, 3*time.Minute, node, want, `rabbitmqctl -q list_queues name messages | awk '$1=="orders" {print $2}'`)
	}
	members("3")
	declare := func(node string) {
		g.sh(t, node, `rabbitmqctl eval 'rabbit_amqqueue:declare(rabbit_misc:r(<<"/">>,queue,<<"orders">>),true,false,[],none,<<"guest">>).'`)
	}
	declare("node1")
	send := func(node, text string) {
		g.sh(t, node, `rabbitmqctl eval 'rabbit_basic:publish(rabbit_misc:r(<<"/">>,exchange,<<>>),<<"orders">>,[{delivery_mode,2}],<<"%s">>).'`, text)
	}
	send("node1", "first")
	queued("node2", "1")

	rabbit.outlive(t, g, "node1", "/run/rabbitmq/rmq.pid")
	g.kill(t, "node2", "beam.smp")
	g.failed(t, "mq", "node2")
	rabbit.whole(t, g)
	members("3")
	send("node2", "second")
	queued("node3", "2")

	g.cutPower(t, "node3")
	g.cluster(t, rabbit.limit, "two brokers to be left", started("mq", 2))
	queued("node1", "2")
	g.restorePower(t, "node3")
	rabbit.whole(t, g)
	members("3")
	queued("node3", "2")

	if !*long {
		return // the brokers take a minute to find together
	}
	rabbit.allOff(t, g)
	members("3")
	declare("node3")
	send("node2", "third")
	queued("node1", "1")
}
