package sim

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/engine"
)

// rich is a configuration with one of each kind: a promotable clone, a unique
// clone, a service that moves alive, a systemd unit, an init script and fence
// devices per node.
func rich(t *testing.T) *cib.Elem {
	t.Helper()
	ops := func(id string) string {
		return `<operations><op id="` + id + `-m" name="monitor" interval="5s" timeout="10s"/></operations>`
	}
	meta := func(id string, pairs ...string) string {
		s := `<meta_attributes id="` + id + `-meta">`
		for i := 0; i < len(pairs); i += 2 {
			s += `<nvpair id="` + id + "-" + pairs[i] + `" name="` + pairs[i] + `" value="` + pairs[i+1] + `"/>`
		}
		return s + `</meta_attributes>`
	}
	device := func(node, plug string) string {
		id := "fence-" + node
		return `<primitive id="` + id + `" class="stonith" type="fence_sim"><instance_attributes id="` + id + `-p">` +
			`<nvpair id="` + id + `-1" name="pcmk_host_map" value="` + node + `:` + plug + `"/><nvpair id="` + id + `-2" name="ip" value="` + plug + `.ipmi"/></instance_attributes></primitive>`
	}
	root, err := cib.Parse([]byte(`<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration>` +
		`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="d" name="dc-deadtime" value="5s"/></cluster_property_set></crm_config><nodes/><resources>` +
		device("n1", "a") + device("n2", "b") + device("n3", "c") +
		`<clone id="pg">` + meta("pg", "promotable", "true") + `<primitive id="db" class="ocf" provider="sim" type="Db"><operations>` +
		`<op id="db-m1" name="monitor" interval="5s" role="Promoted" timeout="10s"/><op id="db-m2" name="monitor" interval="6s" role="Unpromoted" timeout="10s"/></operations></primitive></clone>` +
		`<clone id="ips">` + meta("ips", "globally-unique", "true", "clone-max", "2") + `<primitive id="ip" class="ocf" provider="sim" type="IP">` + ops("ip") + `</primitive></clone>` +
		`<primitive id="vm" class="ocf" provider="sim" type="VM">` + meta("vm", "allow-migrate", "true") + ops("vm") + `</primitive>` +
		`<primitive id="www" class="systemd" type="nginx">` + ops("www") + `</primitive>` +
		`<primitive id="old" class="lsb" type="old">` + ops("old") + `</primitive>` +
		`</resources><constraints><rsc_colocation id="c1" rsc="www" with-rsc="pg" with-rsc-role="Promoted" score="INFINITY"/>` +
		`<rsc_order id="o1" first="pg" first-action="promote" then="www" then-action="start"/></constraints>` +
		`<rsc_defaults>` + meta("rd", "resource-stickiness", "100", "failure-timeout", "30s") + `</rsc_defaults></configuration><status/></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func settledRich(t *testing.T, o Options) *Cluster {
	t.Helper()
	o.Nodes, o.Token, o.CIB = 3, time.Second, rich(t)
	c := newTest(t, 3, o)
	c.Boot()
	c.whole = true
	if !c.Settle(time.Minute) {
		t.Fatalf("the cluster does not come up: %v", c.Broken())
	}
	if p := c.Verify(); len(p) > 0 {
		t.Fatalf("after the start: %v", p)
	}
	return c
}

// Every kind of fault happens, is repaired, and is survived.
func TestFaults(t *testing.T) {
	faults := []Fault{
		{Kind: PowerLoss, Node: "n2"}, {Kind: Blackout}, {Kind: Dead, Node: "n2"}, {Kind: DaemonKill, Node: "n1"}, {Kind: Leave, Node: "n3"},
		{Kind: PowerMid, Node: "n2", Times: 5}, {Kind: DaemonMid, Node: "n1", Op: doesAgent, Times: 1},
		{Kind: Freeze, Node: "n2"}, {Kind: Pause, Node: "n1"},
		{Kind: LinkCut, Node: "n1", Link: 0}, {Kind: LinkCut, Node: "n1", Link: AllLinks}, {Kind: LinkCut, Node: "n2", Peer: "n3", Link: AllLinks},
		{Kind: LinkCut, Node: "n2", Link: AllLinks, OneWay: true}, {Kind: Unplug, Node: "n3", Link: 1}, {Kind: Unplug, Node: "n3", Link: AllLinks},
		{Kind: Loss, Share: 0.04}, {Kind: Duplicate, Share: 0.1}, {Kind: Reorder, Share: 0.1}, {Kind: Corrupt, Share: 0.02}, {Kind: Delay, By: 5 * time.Millisecond},
		{Kind: OpFails, Resource: "www", Op: "monitor", Times: 1}, {Kind: OpFails, Resource: "db", Op: "promote", Node: "n1"},
		{Kind: OpHangs, Resource: "vm", Op: "stop"}, {Kind: OpSlow, Resource: "db", Op: "monitor", By: 3 * time.Second},
		{Kind: OpLies, Resource: "www", Op: "start", Times: 1}, {Kind: Crash, Resource: "db"}, {Kind: Crash, Resource: "ip", Node: "n1"},
		{Kind: DeviceFails, Device: "fence-n2", Times: 2}, {Kind: DeviceSlow, By: 5 * time.Second}, {Kind: DeviceLies},
		{Kind: DiskFull, Node: "n1"}, {Kind: DiskBroken, Node: "n2"}, {Kind: DiskUnread, Node: "n2"}, {Kind: DiskSlow, Node: "n3", By: time.Second}, {Kind: DiskTorn, Node: "n3"},
		{Kind: ClockStep, Node: "n1", By: -time.Hour}, {Kind: ClockDrift, Node: "n2", By: 20 * time.Millisecond},
	}
	company := map[Kind][]Fault{ // what makes a fault felt that is not by itself
		OpHangs: {{Kind: Crash, Resource: "vm"}}, OpLies: {{Kind: Crash, Resource: "www"}}, OpFails: {{Kind: Crash, Resource: "db"}},
		DeviceFails: {{Kind: PowerLoss, Node: "n2"}}, DeviceSlow: {{Kind: PowerLoss, Node: "n2"}}, DiskTorn: {{Kind: PowerLoss, Node: "n3"}},
		DiskUnread: {{Kind: DaemonKill, Node: "n2"}},
	}
	tried := map[Kind]bool{}
	for _, f := range faults {
		tried[f.Kind] = true
		t.Run(f.String(), func(t *testing.T) {
			c := settledRich(t, Options{Log: *logs})
			c.whole = false
			c.Inject(f)
			for _, x := range company[f.Kind] {
				c.Inject(x)
			}
			if strings.HasPrefix(string(f.Kind), "disk-") { // every member writes it
				c.Edit("n1", func(error) {}, propertyEdit("sim-note", "written"))
			}
			c.Run(c.Now + 20*time.Second)
			for _, x := range append(company[f.Kind], f) {
				c.Repair(x)
			}
			if c.struck[f.Kind] == 0 && f.Kind != DeviceLies {
				t.Errorf("it did nothing; what struck: %s", c.struck)
			}
			c.whole = true
			if !c.Settle(2*time.Minute) || len(c.Broken()) > 0 {
				t.Fatalf("the cluster does not become quiet: %v", c.Broken())
			}
			c.Run(c.Now + time.Minute)
			if p := c.Verify(); !c.Settle(time.Minute) || len(p) > 0 {
				t.Errorf("%s", strings.Join(p, "\n"))
			}
		})
	}
	for _, k := range Kinds() {
		if !tried[k] {
			t.Errorf("nobody tried %s", k)
		}
	}
}

// A daemon whose disk does not give back what is on it does not run, others go on
// without its node, and when the disk reads again it is a member with their CIB.
func TestUnreadableDisk(t *testing.T) {
	c := settledRich(t, Options{})
	for _, first := range []Fault{{Kind: DaemonKill, Node: "n2"}, {Kind: PowerLoss, Node: "n2"}} {
		unread := Fault{Kind: DiskUnread, Node: "n2"}
		before := slices.Clone(c.Machine("n2").disk.files[engine.CIBFile])
		c.whole = false
		c.Inject(unread)
		c.Inject(first)
		c.Run(c.Now + 5*time.Second)
		c.Repair(first)
		c.Run(c.Now + 30*time.Second)
		if c.Machine("n2").daemon != nil || c.struck[DiskUnread] < 5 {
			t.Fatalf("after %s a daemon runs that could not read its disk; tried %d times\n%s", first, c.struck[DiskUnread], c.Story())
		}
		if !bytes.Equal(before, c.Machine("n2").disk.files[engine.CIBFile]) {
			t.Errorf("after %s: what could not be read was written over", first)
		}
		if s := c.State("n1"); len(s.View.Members) != 2 || !s.Quorum.Quorate || len(c.Agents.Owners("www")) != 1 {
			t.Errorf("after %s: the others do not go on: %v", first, s.View)
		}
		c.Repair(unread)
		c.whole = true
		if !c.Settle(2 * time.Minute) {
			t.Fatalf("after %s: not at rest: %v", first, c.Broken())
		}
		for _, p := range c.Verify() {
			t.Errorf("after %s: %s", first, p)
		}
	}
}

// What services did can be asked about.
func TestObserving(t *testing.T) {
	c := settledRich(t, Options{GoOn: true})
	c.Run(c.Now + 10*time.Second)
	owner := c.Agents.Promoted("db")[0]
	began := c.Now
	c.Inject(Fault{Kind: PowerLoss, Node: owner})
	c.Run(c.Now + 30*time.Second)
	out := c.Outages("db", Promoted, began)
	if len(out) != 1 || out[0].Begin != began || out[0].Lasts || out[0].Long() > 10*time.Second {
		t.Errorf("outages of the promoted instance: %+v", out)
	}
	if d := c.Doubles("db", Promoted, 1, 0); len(d) != 0 {
		t.Errorf("two promoted instances: %+v", d)
	}
	if f := c.Fencings(began); len(f) != 1 || f[0].Target != owner || f[0].Device != "fence-"+owner || !f[0].Done {
		t.Errorf("fencings: %+v", f)
	}
	if tr := c.Transitions(began); len(tr) == 0 || tr[0].Summary == nil && len(tr) == 1 {
		t.Errorf("transitions: %+v", tr)
	}
	var kinds []string
	for _, e := range c.Entries(began) {
		kinds = append(kinds, e.Kind)
	}
	for _, k := range []string{"view", "fence", "fenced", "operation", "planned"} {
		if !strings.Contains(strings.Join(kinds, " "), k) {
			t.Errorf("no entry of kind %s in %v", k, kinds)
		}
	}
	// A liar among fence devices makes two owners, which is noted, and the run goes on.
	c.Repair(Fault{Kind: PowerLoss, Node: owner})
	c.Settle(time.Minute)
	began = c.Now
	c.Inject(Fault{Kind: DeviceLies})
	c.Inject(Fault{Kind: OpSlow, Resource: "vm", Op: "stop", By: 10 * time.Second})
	c.Inject(Fault{Kind: LinkCut, Node: c.Agents.Owners("vm")[0], Link: AllLinks})
	c.Run(c.Now + 20*time.Second)
	if d := c.Doubles("vm", Started, 1, began); len(d) == 0 || len(c.Broken()) == 0 {
		t.Errorf("nobody saw two owners: %v\n%s", c.Broken(), c.Story())
	}
}

// A live migration leaves no gap.
func TestMigration(t *testing.T) {
	c := settledRich(t, Options{})
	from, began := c.Agents.Owners("vm")[0], c.Now
	c.Edit("n1", func(error) {}, c.standbyEdit(c.Machine(from), "on"))
	c.Run(c.Now + time.Second)
	if !c.Settle(time.Minute) || c.Agents.Owners("vm")[0] == from {
		t.Fatalf("it did not move: %v", c.Broken())
	}
	if out := c.Outages("vm", Started, began); len(out) > 0 {
		t.Errorf("outages %+v\n%s", out, c.Story())
	}
}

// A daemon that is killed before it wrote anything in this boot does not pass on
// to the next one what was seen in an earlier boot (wait_for_all).
func TestWaitForAllOutlivesDaemons(t *testing.T) {
	c := newTest(t, 1, Options{Nodes: 2, Token: time.Second, CIB: Sample(2)})
	c.Boot()
	if !c.Settle(time.Minute) {
		t.Fatalf("the cluster does not come up: %v", c.Broken())
	}
	for _, m := range c.Machines {
		m.PowerOff("both at once")
	}
	m := c.Machine("n1")
	m.PowerOn()
	c.Run(c.Now + 100*time.Microsecond)
	m.KillDaemon()
	m.StartDaemon()
	c.Run(c.Now + 30*time.Second)
	if c.State("n1").Quorum.Quorate || len(c.Agents.On("n1")) > 0 {
		t.Errorf("n1 has not seen n2 since it was switched on, and has quorum: it runs %v", c.Agents.On("n1"))
	}
}

// TestDead cuts a machine's power for good: fencing it succeeds, and does not bring it back.
func TestDead(t *testing.T) {
	c := settled(t)
	f := Fault{Kind: Dead, Node: "n2"}
	c.Inject(f)
	c.Run(c.Now + 30*time.Second)
	if n := len(c.Fencings(0)); n == 0 || c.Machine("n2").Powered() {
		t.Errorf("%d fencings, powered %v; want some, and no power", n, c.Machine("n2").Powered())
	}
	c.Repair(f)
	c.Run(c.Now + 10*time.Second)
	if !c.Machine("n2").Powered() {
		t.Error("the repaired machine has no power")
	}
}

// A start that is under way when the daemon is killed is not seen by the next
// daemon's probe; it must not make a second owner.
func TestAgentsOfAnEarlierDaemon(t *testing.T) {
	c := settledRich(t, Options{})
	from := c.Agents.Owners("vm")[0]
	c.Inject(Fault{Kind: OpSlow, Resource: "vm", Op: "start", By: 5 * time.Second})
	c.Inject(Fault{Kind: PowerLoss, Node: from})
	c.Run(c.Now + 3*time.Second)
	starting := ""
	for _, m := range c.Machines {
		for _, p := range m.running {
			if environment(p.cmd, "OCF_RESOURCE_INSTANCE") == "vm" {
				starting = m.Name
			}
		}
	}
	if starting == "" {
		t.Fatalf("nobody starts vm\n%s", c.Story())
	}
	m := c.Machine(starting)
	c.Edit(starting, func(error) {}, c.standbyEdit(m, "on"))
	c.Run(c.Now + 50*time.Millisecond)
	m.KillDaemon()
	m.StartDaemon()
	c.Repair(Fault{Kind: OpSlow, Resource: "vm", Op: "start"})
	c.Run(c.Now + 30*time.Second)
	if len(c.Broken()) > 0 || len(c.Agents.Owners("vm")) != 1 {
		t.Errorf("vm runs on %v: %v\n%s", c.Agents.Owners("vm"), c.Broken(), c.Story())
	}
}
