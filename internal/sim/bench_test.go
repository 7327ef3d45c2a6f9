package sim

import (
	"fmt"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"mainstay/attr"
	"mainstay/cib"
	"mainstay/engine"
)

// many is a configuration of plain resources, each with a monitor every 10 s.
func many(nodes, resources int) *cib.Elem {
	d := &drawer{profile: Profile{}}
	for i := 1; i <= nodes; i++ {
		d.nodes = append(d.nodes, fmt.Sprintf("n%d", i))
	}
	out := `<primitive id="switch" class="stonith" type="fence_sim">` + pairs("instance_attributes", "switch-p", "device", "switch") + `</primitive>`
	for i := range resources {
		out += primitive(fmt.Sprintf("r%d", i), 10, "")
	}
	return parse(`<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>` +
		pairs("cluster_property_set", "cib-bootstrap-options", "dc-deadtime", "5s") + `</crm_config><nodes/><resources>` + out +
		`</resources><constraints/></configuration><status/></cib>`)
}

// cpu is the processor time that this process has used: on a machine that does
// other things too it tells more than the time that has passed.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchmark runs a cluster for a simulated while in which a machine dies every
// ten minutes, and reports how much faster than real time that was on one core.
func benchmark(b *testing.B, nodes, resources int) {
	const long = 30 * time.Minute
	defer debug.SetGCPercent(debug.SetGCPercent(Growth)) // as "mainstay sim" does
	virtual, began := time.Duration(0), cpu(b)
	for b.Loop() {
		c, err := NewCluster(1, Options{Nodes: nodes, Token: time.Second, CIB: many(nodes, resources)})
		if err != nil {
			b.Fatal(err)
		}
		c.Boot()
		for i := 0; c.Now < long; i++ {
			c.Run(c.Now + 10*time.Minute)
			c.Machines[i%nodes].PowerOff("benchmark")
			c.Run(c.Now + 20*time.Second)
			c.Machines[i%nodes].PowerOn()
		}
		if len(c.Broken()) > 0 {
			b.Fatal(c.Broken())
		}
		virtual += c.Now
	}
	b.ReportMetric(virtual.Seconds()/b.Elapsed().Seconds(), "x-real-time")
	b.ReportMetric(virtual.Seconds()/(cpu(b)-began).Seconds(), "x-per-core")
}

func BenchmarkSim3Nodes20Resources(b *testing.B)   { benchmark(b, 3, 20) }
func BenchmarkSim16Nodes50Resources(b *testing.B)  { benchmark(b, 16, 50) }
func BenchmarkSim16Nodes200Resources(b *testing.B) { benchmark(b, 16, 200) }

// BenchmarkSimResults has a cluster of 16 nodes forget its operation history again and
// again, so that every node probes every resource: a thousand results at each round.
// It reports how many results a simulated second saw, how many changes of the CIB they
// were gathered into, what a result costs each member in processor time, and how long
// an operator's change waited in the midst of them; then how long the service of a
// machine that lost its power was away, without and with such a round under way.
func BenchmarkSimResults16Nodes(b *testing.B) {
	const nodes, resources = 16, 63
	c, err := NewCluster(1, Options{Nodes: nodes, Token: time.Second, CIB: many(nodes, resources)})
	if err != nil {
		b.Fatal(err)
	}
	c.Boot()
	if !c.Settle(5 * time.Minute) {
		b.Fatal("the cluster does not become quiet")
	}
	var results, updates int
	var virtual, waited time.Duration
	began := cpu(b)
	for b.Loop() {
		before, asked := cib.VersionOf(c.State("n1").CIB), c.Now
		c.Ask("n2", engine.Forget{}, func(engine.Reply) {})
		c.Run(c.Now + 50*time.Millisecond)
		at, answered := c.Now, false
		c.Ask("n3", engine.SetAttribute{Set: attr.Set{Node: "n3", Name: "busy", Value: fmt.Sprint(c.Now)}, Sync: true}, func(engine.Reply) {
			answered, waited = true, max(waited, c.Now-at)
		})
		for quiet := false; !quiet; quiet = c.Quiet() {
			c.Run(c.Now + 20*time.Millisecond)
		}
		if !answered {
			b.Fatal("a change was not answered")
		}
		virtual += c.Now - asked
		after := cib.VersionOf(c.State("n1").CIB)
		results += nodes * resources
		updates += after.NumUpdates - before.NumUpdates
	}
	paused := cpu(b)
	for _, busy := range []bool{false, true} {
		b.ReportMetric(float64(away(b, c, busy).Milliseconds()), map[bool]string{false: "ms-away-idle", true: "ms-away-busy"}[busy])
	}
	began += cpu(b) - paused // results are not to blame for that
	if len(c.Broken()) > 0 {
		b.Fatal(c.Broken())
	}
	b.ReportMetric(float64(results)/virtual.Seconds(), "results/s")
	b.ReportMetric(float64(results)/float64(max(updates, 1)), "results/change")
	b.ReportMetric(float64((cpu(b)-began).Microseconds())/float64(results)/nodes, "us-cpu/result/member")
	b.ReportMetric(float64(waited.Milliseconds()), "ms-longest-wait")
}

// away cuts the power of the machine that has the first service and tells how long no
// machine had it; busy: while every node probes every resource, again and again.
func away(b *testing.B, c *Cluster, busy bool) time.Duration {
	const service = "r0"
	home := c.Machine(c.Agents.Owners(service)[0])
	asker, round := "n1", time.Duration(0)
	if home.Name == asker {
		asker = "n2"
	}
	cut := c.Now + 1500*time.Millisecond
	for len(c.Agents.Owners(service)) != 1 || c.Agents.Owners(service)[0] == home.Name {
		if busy && c.Now >= round {
			c.Ask(asker, engine.Forget{}, func(engine.Reply) {})
			round = c.Now + time.Second
		}
		if c.Now >= cut && home.Powered() && len(c.Outages(service, Started, cut)) == 0 {
			home.PowerOff("the bench cuts its power")
		}
		if c.Now > cut+time.Minute {
			b.Fatalf("%s does not come back", service)
		}
		c.Run(c.Now + 10*time.Millisecond)
	}
	for limit := c.Now + 5*time.Minute; !c.Quiet() || len(c.Running()) < len(c.Machines); c.Run(c.Now + 20*time.Millisecond) {
		if c.Now > limit {
			b.Fatal("the cluster does not become quiet")
		}
	}
	total := time.Duration(0)
	for _, s := range c.Outages(service, Started, cut) {
		total += s.Long()
	}
	return total
}
