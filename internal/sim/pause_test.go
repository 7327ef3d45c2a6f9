package sim

import (
	"testing"
	"time"
)

// A machine that was paused, its clocks too, learns from the other one of two that
// it was missed. It must not shoot the one that went on.
func TestPausedMachineDoesNotShoot(t *testing.T) {
	device := func(n, delay string) string {
		return `<primitive id="fence-` + n + `" class="stonith" type="fence_sim">` +
			pairs("instance_attributes", "p-"+n, "pcmk_host_list", n, "device", n, "pcmk_delay_base", delay) + `</primitive>`
	}
	root := parse(`<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>` +
		pairs("cluster_property_set", "o", "dc-deadtime", "5s") + `</crm_config><nodes/><resources>` + device("n1", "10s") + device("n2", "0s") +
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
