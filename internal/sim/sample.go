package sim

import (
	"fmt"

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
