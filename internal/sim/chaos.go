package sim

import (
	"fmt"
	"time"

	"mainstay/cib"
)

// Sample is a small configuration for runs with random faults: plain resources, a
// group, a clone, and a fence device.
func Sample(nodes int) *cib.Elem {
	prim := func(id string) string {
		return fmt.Sprintf(`<primitive id="%[1]s" class="ocf" provider="sim" type="Dummy"><operations>`+
			`<op id="%[1]s-monitor" name="monitor" interval="5s" timeout="10s"/>`+
			`<op id="%[1]s-start" name="start" interval="0" timeout="10s"/>`+
			`<op id="%[1]s-stop" name="stop" interval="0" timeout="10s"/></operations></primitive>`, id)
	}
	hosts := ""
	for i := 1; i <= nodes; i++ {
		hosts += fmt.Sprintf("n%d ", i)
	}
	nv := func(set, name, value string) string {
		return fmt.Sprintf(`<nvpair id="%s-%s" name="%s" value="%s"/>`, set, name, name, value)
	}
	doc := `<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration>` +
		`<crm_config><cluster_property_set id="cib-bootstrap-options">` +
		nv("o", "fencing-enabled", "true") + nv("o", "stonith-enabled", "true") + nv("o", "dc-deadtime", "5s") +
		`</cluster_property_set></crm_config><nodes/><resources>` +
		`<primitive id="switch" class="stonith" type="fence_sim"><instance_attributes id="switch-p">` +
		nv("switch-p", "pcmk_host_list", hosts) + nv("switch-p", "device", "switch") + `</instance_attributes></primitive>` +
		prim("db") + prim("web") + `<group id="g">` + prim("ip") + prim("app") + `</group>` +
		`<clone id="cl"><meta_attributes id="cl-m">` + nv("cl-m", "interleave", "true") + `</meta_attributes>` + prim("clone-agent") + `</clone>` +
		`</resources><constraints>` +
		`<rsc_colocation id="web-with-db" rsc="web" with-rsc="db" score="INFINITY"/>` +
		`<rsc_order id="db-then-web" first="db" then="web"/>` +
		`<rsc_order id="cl-then-g" first="cl" then="g"/>` +
		`</constraints><rsc_defaults><meta_attributes id="rd">` + nv("rd", "resource-stickiness", "100") +
		nv("rd", "migration-threshold", "5") + nv("rd", "failure-timeout", "30s") +
		`</meta_attributes></rsc_defaults></configuration><status/></cib>`
	root, err := cib.Parse([]byte(doc))
	if err != nil {
		panic("sim: the sample configuration does not parse: " + err.Error())
	}
	return root
}

// singles are the resources of Sample that run once.
var singles = []string{"db", "web", "ip", "app"}

// Chaos lets random faults happen for a while, a new one every few seconds, and
// then mends everything. With operate, an operator works meanwhile.
func (c *Cluster) Chaos(faults int, operate bool) {
	for range faults {
		if operate && c.rng.IntN(2) == 0 {
			c.Operate()
		} else {
			c.fault()
		}
		c.Run(c.Now + time.Duration(c.rng.Int64N(int64(15*time.Second))))
		if c.stopped() {
			return
		}
	}
	c.tell("scenario: everything is mended")
	c.whole = true
	c.Heal()
	c.Net.Loss, c.Net.Duplicate = 0, 0
	for _, m := range c.Machines {
		m.disk.fault = diskWell
		m.Thaw()
		m.PowerOn()
		m.StartDaemon()
	}
}

// fault makes one thing go wrong, or go right again.
func (c *Cluster) fault() {
	m := c.Machines[c.rng.IntN(len(c.Machines))]
	switch c.rng.IntN(12) {
	case 0, 1:
		m.PowerOff("fault")
		c.after(3*time.Second+time.Duration(c.rng.Int64N(int64(20*time.Second))), m.PowerOn)
	case 2, 3:
		m.KillDaemon()
		c.after(time.Duration(c.rng.Int64N(int64(300*time.Millisecond))), m.StartDaemon)
	case 4:
		c.isolate(m, []int{0})
	case 5:
		c.isolate(m, []int{0, 1})
	case 6:
		c.tell("scenario: all links are whole again")
		c.Heal()
	case 7:
		if m.powered && !m.frozen {
			m.Freeze(false)
			c.after(time.Duration(c.rng.Int64N(int64(5*time.Second))), m.Thaw)
		}
	case 8:
		rsc := singles[c.rng.IntN(len(singles))]
		for _, owner := range c.Agents.Owners(rsc) {
			c.tell("scenario: %s crashes on %s", rsc, owner)
			c.Agents.Crash(c.World, rsc, owner)
		}
	case 9:
		rsc := singles[c.rng.IntN(len(singles))]
		op := []string{"start", "monitor", "stop"}[c.rng.IntN(3)]
		c.tell("scenario: the next %s of %s on %s fails", op, rsc, m.Name)
		c.Agents.Break(rsc, op, m.Name, OpFault{Times: 1, Code: ocfError, Hang: c.rng.IntN(3) == 0})
	case 10:
		c.tell("scenario: the fence device fails twice")
		c.Agents.BreakDevice("switch", DeviceFault{Times: 2, Fail: true})
	case 11:
		c.Net.Loss = float64(c.rng.IntN(3)) * 0.02
		c.Net.Duplicate = float64(c.rng.IntN(3)) * 0.02
		c.tell("scenario: %.0f %% of all packets are lost", 100*c.Net.Loss)
	}
}

// isolate cuts a machine's links to all others.
func (c *Cluster) isolate(m *Machine, links []int) {
	c.tell("scenario: %s is cut off on links %v", m.Name, links)
	for _, o := range c.Machines {
		if o != m {
			c.CutLinks(m, o, links, true)
		}
	}
}
