package sim

import (
	"testing"
	"time"
)

// A machine that was paused, its clocks too, learns from the other one of two that
// it was missed. It must not shoot the one that went on.
func TestPausedMachineDoesNotShoot(t *testing.T) {
	root := parse(`<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>` +
		pairs("cluster_property_set", "o", "dc-deadtime", "5s") + `</crm_config><nodes/><resources>` + fenceDevice("n1", "10s") + fenceDevice("n2", "0s") +
		primitive("db", 5, "") + `</resources><constraints/></configuration><status/></cib>`)
	for seed := range uint64(5) {
		c := newTest(t, seed, Options{Nodes: 2, Token: time.Second, CIB: root, Log: *logs})
		c.Boot()
		if !c.Settle(time.Minute) {
			t.Fatalf("the cluster does not come up: %v", c.Broken())
		}
		c.Inject(Fault{Kind: Pause, Node: "n1"})
		c.Run(c.Now + 4*time.Second)
		c.Repair(Fault{Kind: Pause, Node: "n1"})
		c.Run(c.Now + 20*time.Second)
		if f := c.Fencings(0); len(f) > 0 || len(c.Broken()) > 0 {
			t.Errorf("seed %d: fencings %v, broken %v\n%s", seed, f, c.Broken(), c.Story())
		}
	}
}

// A machine that stops for most of the token time, longer than until its next sign of
// life is due, is missed by some of the others just as it goes on. Whoever of them is
// left out of the view for it is back before it is fenced.
func TestThawedInTime(t *testing.T) {
	root := parse(`<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>` +
		pairs("cluster_property_set", "o", "dc-deadtime", "5s") + `</crm_config><nodes/><resources>` +
		fenceDevice("n1", "0s") + fenceDevice("n2", "0s") + fenceDevice("n3", "0s") +
		primitive("db", 5, "") + `</resources><constraints/></configuration><status/></cib>`)
	const token = 3 * time.Second
	c := newTest(t, 1, Options{Nodes: 3, Token: token, CIB: root, Log: *logs})
	c.Boot()
	if !c.Settle(time.Minute) {
		t.Fatalf("the cluster does not come up: %v", c.Broken())
	}
	for i := range 60 {
		c.Run(c.Now + 10*token + time.Duration(i)*50*time.Millisecond)
		node := []string{"n1", "n2", "n3"}[i%3]
		c.Inject(Fault{Kind: Freeze, Node: node})
		c.Run(c.Now + token*72/100)
		c.Repair(Fault{Kind: Freeze, Node: node})
		c.Run(c.Now + 5*token)
		if f := c.Fencings(0); len(f) > 0 || len(c.Broken()) > 0 {
			t.Fatalf("freeze %d: fencings %v, broken %v\n%s", i, f, c.Broken(), c.Story())
		}
	}
}

// fenceDevice is the device of a node, which waits for so long.
func fenceDevice(node, delay string) string {
	return `<primitive id="fence-` + node + `" class="stonith" type="fence_sim">` +
		pairs("instance_attributes", "p-"+node, "pcmk_host_list", node, "device", node, "pcmk_delay_base", delay) + `</primitive>`
}
