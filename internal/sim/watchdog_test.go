package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// patience is stonith-watchdog-timeout in these tests.
const patience = 10 * time.Second

// guarded is a cluster that has watchdogs and no fence device.
func guarded(t *testing.T, seed uint64, nodes int) *Cluster {
	t.Helper()
	doc := `<cib validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0"><configuration><crm_config>` +
		pairs("cluster_property_set", "o", "stonith-watchdog-timeout", "10s") + `</crm_config><nodes/><resources>`
	for _, id := range []string{"a", "b", "c", "d"} {
		doc += primitive(id, 5, "")
	}
	doc += `</resources><constraints/></configuration><status/></cib>`
	c := newTest(t, seed, Options{Nodes: nodes, Token: time.Second, CIB: parse(doc), Log: *logs, BootTime: 3 * time.Second})
	c.Boot()
	if !c.Settle(time.Minute) {
		t.Fatalf("seed %d: the cluster does not come up: %v", seed, c.Broken())
	}
	if n := len(c.Agents.On("n1")) + len(c.Agents.On("n2")) + len(c.Agents.On("n3")); nodes == 3 && n != 4 {
		t.Fatalf("seed %d: %d services run, want 4: a watchdog is a way to fence", seed, n)
	}
	return c
}

// afterwards mends everything and looks at the laws; it returns who was reset.
func (c *Cluster) afterwards(t *testing.T) []string {
	t.Helper()
	c.Mend()
	if !c.Settle(quietLimit) {
		t.Error("the cluster does not become quiet")
	}
	for _, p := range c.Verify() {
		t.Error(p)
	}
	var out []string
	for _, m := range c.Machines {
		if m.boots > 1 {
			out = append(out, fmt.Sprintf("%s %d", m.Name, m.boots-1))
		}
	}
	return out
}

// TestSimWatchdog: who loses quorum or stands still is reset before the others take
// over; who leaves in order, or whose daemon is back at once, is not.
func TestSimWatchdog(t *testing.T) {
	for _, x := range []struct {
		name string
		do   func(c *Cluster)
		long time.Duration
		want []string
	}{
		{"cut off", func(c *Cluster) { c.Inject(Fault{Kind: LinkCut, Node: "n2", Link: AllLinks}) }, 0, []string{"n2 1"}},
		{"unplugged", func(c *Cluster) {
			c.Inject(Fault{Kind: Unplug, Node: "n2", Link: 0})
			c.Inject(Fault{Kind: Unplug, Node: "n2", Link: 1})
		}, 0, []string{"n2 1"}},
		{"frozen", func(c *Cluster) { c.Inject(Fault{Kind: Freeze, Node: "n2"}) }, 0, []string{"n2 1"}},
		{"frozen for a moment", func(c *Cluster) { c.Inject(Fault{Kind: Freeze, Node: "n2"}) }, 700 * time.Millisecond, nil},
		{"daemon killed for good", func(c *Cluster) { c.Machine("n2").KillDaemon() }, 0, []string{"n2 1"}},
		{"daemon killed", func(c *Cluster) {
			c.Machine("n2").KillDaemon()
			c.after(100*time.Millisecond, c.Machine("n2").StartDaemon)
		}, 0, nil},
		{"leaves", func(c *Cluster) { c.Inject(Fault{Kind: Leave, Node: "n2"}) }, 0, nil},
		{"daemon dies again and again, cut off", func(c *Cluster) {
			c.Inject(Fault{Kind: LinkCut, Node: "n2", Link: AllLinks})
			var again func()
			again = func() {
				c.Machine("n2").KillDaemon()
				c.Machine("n2").StartDaemon()
				c.after(time.Second, again)
			}
			c.after(time.Second, again)
			c.after(patience, func() { again = func() {} })
		}, 0, []string{"n2 1"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := guarded(t, 1, 3)
			begin := c.Now
			x.do(c)
			if x.long > 0 {
				c.Run(c.Now + x.long)
				c.Mend()
			}
			moved := c.RunWhile(func() bool { return c.Machine("n2").boots == 1 }, begin+patience+c.conf.Totem.Token+rebootTime)
			if moved != (x.want != nil) {
				t.Errorf("reset within stonith-watchdog-timeout: %v", moved)
			}
			c.Run(c.Now + 30*time.Second)
			if got := c.afterwards(t); !slices.Equal(got, x.want) {
				t.Errorf("resets: %v, want %v", got, x.want)
			}
		})
	}
}

// TestSimWatchdogAll: when all are cut off from each other all are reset, and none of
// them again while it waits for the others.
func TestSimWatchdogAll(t *testing.T) {
	c := guarded(t, 1, 3)
	for _, n := range []string{"n1", "n2", "n3"} {
		c.Inject(Fault{Kind: LinkCut, Node: n, Link: AllLinks})
	}
	c.Run(c.Now + 2*time.Minute)
	if got := c.afterwards(t); !slices.Equal(got, []string{"n1 1", "n2 1", "n3 1"}) {
		t.Errorf("resets: %v", got)
	}
}

// TestSimWatchdogChaos has faults happen to a cluster that has nothing but watchdogs;
// the laws are looked at all the time.
func TestSimWatchdogChaos(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		c := guarded(t, seed, 3+2*int(seed%2))
		for range 6 {
			m := c.Machines[c.rng.IntN(len(c.Machines))]
			switch c.rng.IntN(6) {
			case 0, 1:
				c.Inject(Fault{Kind: LinkCut, Node: m.Name, Link: AllLinks})
			case 2:
				c.Inject(Fault{Kind: LinkCut, Node: m.Name, Link: AllLinks, OneWay: true})
			case 3:
				c.Inject(Fault{Kind: Freeze, Node: m.Name})
			case 4:
				m.KillDaemon()
			case 5:
				m.KillDaemon()
				m.StartDaemon()
			}
			c.Run(c.Now + time.Duration(c.rng.Int64N(int64(8*time.Second))))
			if c.rng.IntN(2) == 0 {
				c.Mend()
				c.Run(c.Now + time.Duration(c.rng.Int64N(int64(8*time.Second))))
			}
		}
		c.Run(c.Now + patience)
		c.afterwards(t)
	})
}
