package sim

import (
	"testing"
	"time"

	"mainstay/cib"
)

// TestSimStartIsTriedAgain has a resource that never starts on one node: it is
// tried there until it failed as often as migration-threshold allows, and then
// runs elsewhere. The plans in between are all the same, and that is as it should be.
func TestSimStartIsTriedAgain(t *testing.T) {
	root := parse(`<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>` +
		pairs("cluster_property_set", "cib-bootstrap-options", "stonith-enabled", "false", "start-failure-is-fatal", "false") +
		`</crm_config><nodes/><resources>` + primitive("db", 0, "") + `</resources><constraints><rsc_location id="l" rsc="db" node="n1" score="100"/></constraints>` +
		`<rsc_defaults>` + pairs("meta_attributes", "rd", "migration-threshold", "7") + `</rsc_defaults></configuration><status/></cib>`)
	c := newTest(t, 1, Options{Nodes: 2, CIB: root})
	c.Agents.Break("db", "start", "n1", OpFault{Times: -1, Code: ocfError})
	c.Boot()
	if !c.Settle(time.Minute) {
		t.Fatalf("it does not settle: %v", c.Broken())
	}
	if on := c.Agents.On("n2"); len(on) != 1 {
		t.Errorf("n2 runs %v, want db", on)
	}
}

// TestSimNoRest has whoever looks after db mark the node on which it runs, and a
// rule send it away from there. The cluster does not go on for ever, and says why;
// when the rule is gone, that is over.
func TestSimNoRest(t *testing.T) {
	root := parse(`<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>` +
		pairs("cluster_property_set", "cib-bootstrap-options", "stonith-enabled", "false") + `</crm_config><nodes/><resources>` + primitive("db", 0, "") +
		`</resources><constraints><rsc_location id="away" rsc="db"><rule id="away-r" score="-50"><expression id="away-e" attribute="here" operation="eq" value="1"/></rule></rsc_location></constraints>` +
		`</configuration><status/></cib>`)
	c := newTest(t, 1, Options{Nodes: 2, CIB: root, GoOn: true})
	c.Boot()
	if !c.Settle(time.Minute) {
		t.Fatalf("it does not settle: %v", c.Broken())
	}
	for range 2000 { // the agent marks its node as it starts, before the plan is over
		for _, m := range c.Machines {
			m.say("here", map[bool]string{true: "1", false: "0"}[c.Agents.Role("db", m.Name) == Started])
		}
		c.Run(c.Now + 5*time.Millisecond)
	}
	restless := func() bool {
		for _, s := range c.state {
			for _, a := range s.Alarms {
				if a.Kind == "restless" {
					return true
				}
			}
		}
		return false
	}
	if !restless() || !c.Quiet() || len(c.Changes(0)) > 40 {
		t.Fatalf("restless %v, quiet %v, %d changes", restless(), c.Quiet(), len(c.Changes(0)))
	}
	c.Edit("n2", func(error) {}, cib.Edit{Op: cib.OpDelete, Scope: "constraints", Elem: parse(`<rsc_location id="away"/>`)})
	c.Run(c.Now + 15*time.Second)
	if restless() || !c.Quiet() {
		t.Errorf("without the rule: restless %v, quiet %v", restless(), c.Quiet())
	}
}
