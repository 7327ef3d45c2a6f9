package sim

import (
	"fmt"
	"testing"
	"time"

	"mainstay/cib"
)

// A migration that is called back while it is under way ends in one place, although
// the history tells times by the second only.
func TestMigrationIsCalledBack(t *testing.T) {
	for after := time.Duration(0); after <= 200*time.Millisecond; after += 10 * time.Millisecond {
		c := settledRich(t, Options{Log: *logs})
		if after%(20*time.Millisecond) == 0 { // and clocks differ
			c.Machine("n1").Skew, c.Machine("n2").Skew = -3*time.Second, 3*time.Second
		}
		home, away := c.Agents.Owners("vm")[0], "n1"
		if home == away {
			away = "n2"
		}
		constraint := fmt.Sprintf(`<rsc_location id="away" rsc="vm" node="%s" score="500"/>`, away)
		c.Edit("n1", func(error) {}, edit(cib.OpCreate, "constraints", constraint))
		c.Run(c.Now + after)
		c.Edit("n1", func(error) {}, edit(cib.OpDelete, "constraints", constraint), edit(cib.OpCreate, "constraints", fmt.Sprintf(`<rsc_location id="home" rsc="vm" node="%s" score="500"/>`, home)))
		c.Run(c.Now + 5*time.Second)
		if !c.Settle(time.Minute) || len(c.Broken()) > 0 {
			t.Errorf("called back after %v: not quiet: %v", after, c.Broken())
		}
		for _, p := range c.Verify() {
			t.Errorf("called back after %v: %s", after, p)
		}
		if t.Failed() {
			return
		}
	}
}

// Things that move alive and are bound to each other by an order, both ways of
// moving mixed, come to rest.
func TestMigrationFollowsAnOrder(t *testing.T) {
	for _, kinds := range [][2]bool{{true, true}, {false, true}, {true, false}} {
		for _, more := range []string{"", `<rsc_colocation id="c" rsc="b" with-rsc="a" score="INFINITY"/>`, `<rsc_colocation id="c" rsc="b" with-rsc="a" score="100"/>`} {
			prim := func(id string, alive bool) string {
				return primitive(id, 5, pairs("meta_attributes", id+"-m", "allow-migrate", fmt.Sprint(alive)))
			}
			root := parse(`<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>` +
				pairs("cluster_property_set", "o", "dc-deadtime", "5s") + `</crm_config><nodes/><resources>` +
				`<primitive id="switch" class="stonith" type="fence_sim">` + pairs("instance_attributes", "s-p", "device", "switch") + `</primitive>` +
				prim("a", kinds[0]) + prim("b", kinds[1]) + `</resources><constraints><rsc_order id="o-1" first="a" then="b" kind="Mandatory"/>` + more +
				`</constraints></configuration><status/></cib>`)
			c := newTest(t, 5, Options{Nodes: 3, Token: time.Second, CIB: root, Log: *logs})
			c.Boot()
			c.whole = true
			if !c.Settle(time.Minute) {
				t.Fatalf("%v %s: the cluster does not come up: %v", kinds, more, c.Broken())
			}
			for round := range 6 {
				m := c.Machines[round%3]
				c.Edit("n1", func(error) {}, c.standbyEdit(m, "on"))
				c.Run(c.Now + time.Second)
				if !c.Settle(time.Minute) || len(c.Agents.On(m.Name)) > 0 {
					t.Fatalf("%v %q: %s in standby: not at rest; %v runs there; %v", kinds, more, m.Name, c.Agents.On(m.Name), c.Broken())
				}
				for _, p := range c.Verify() {
					t.Fatalf("%v %q: %s", kinds, more, p)
				}
				c.Edit("n1", func(error) {}, c.standbyEdit(m, "off"))
				c.Run(c.Now + time.Second)
				if !c.Settle(time.Minute) {
					t.Fatalf("%v %q: not at rest: %v", kinds, more, c.Broken())
				}
			}
		}
	}
}

// What moved alive goes on when the daemon of the node that it left, or of the one that
// it came to, dies and finds out by probing what runs.
func TestMigrationIsOver(t *testing.T) {
	for _, victim := range []string{"n1", "n2", "n3"} {
		c := settledRich(t, Options{Log: *logs})
		if home := c.Agents.Owners("vm")[0]; home != victim { // it comes there or leaves it, or is moved past it
			c.Edit("n1", func(error) {}, edit(cib.OpCreate, "constraints", fmt.Sprintf(`<rsc_location id="there" rsc="vm" node="%s" score="500"/>`, victim)))
		} else {
			c.Edit("n1", func(error) {}, edit(cib.OpCreate, "constraints", fmt.Sprintf(`<rsc_location id="there" rsc="vm" node="%s" score="-INFINITY"/>`, victim)))
		}
		c.Run(c.Now + time.Second)
		if !c.Settle(time.Minute) {
			t.Fatalf("does not settle: %v", c.Broken())
		}
		since := c.Now
		c.Machine(victim).KillDaemon()
		c.Machine(victim).StartDaemon()
		c.Run(c.Now + 5*time.Second)
		if !c.Settle(time.Minute) || len(c.Broken()) > 0 {
			t.Errorf("not quiet: %v", c.Broken())
		}
		for _, x := range c.Changes(since + 1) {
			if x.Service == "vm" {
				t.Errorf("the daemon of %s died; %s on %s %v", victim, x.Service, x.Machine, x.Role)
			}
		}
	}
}
