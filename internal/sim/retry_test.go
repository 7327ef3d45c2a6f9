package sim

import (
	"slices"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/engine"
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
	alarmed := func() (nodes []string) {
		for _, m := range c.Running() {
			if slices.ContainsFunc(c.state[m.Name].Alarms, func(a engine.Alarm) bool { return a.Kind == "restless" && a.Count == 1 }) {
				nodes = append(nodes, m.Name)
			}
		}
		return nodes
	}
	if got := alarmed(); len(got) != 2 || !c.Quiet() || len(c.Changes(0)) > 40 {
		t.Fatalf("%v say that it does not come to rest; quiet %v, %d changes", got, c.Quiet(), len(c.Changes(0)))
	}
	c.Edit("n2", func(error) {}, cib.Edit{Op: cib.OpDelete, Scope: "constraints", Elem: parse(`<rsc_location id="away"/>`)})
	c.Run(c.Now + 15*time.Second)
	if len(alarmed()) > 0 || !c.Quiet() {
		t.Errorf("without the rule: %v say that it does not come to rest, quiet %v", alarmed(), c.Quiet())
	}
}
