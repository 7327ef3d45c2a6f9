package sched

import (
	"strings"
	"testing"
	"time"

	"mainstay/cib"
)

func TestWhyNot(t *testing.T) {
	root, err := cib.Parse([]byte(`<cib validate-with="pacemaker-4.0" have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="a"/><node id="2" uname="b"/></nodes>
<resources>
 <primitive id="banned" class="ocf" provider="pacemaker" type="Dummy"/>
 <primitive id="lacking" class="ocf" provider="pacemaker" type="Nonesuch"/>
 <primitive id="off" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="m"><nvpair id="m1" name="target-role" value="Stopped"/></meta_attributes></primitive>
</resources><constraints>
 <rsc_location id="not-a" rsc="banned" node="a" score="-INFINITY"/>
 <rsc_location id="not-b" rsc="banned" node="b" score="-INFINITY"/>
</constraints></configuration><status>
 <node_state id="1" uname="a" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources>
  <lrm_resource id="lacking" class="ocf" provider="pacemaker" type="Nonesuch"><lrm_rsc_op id="lacking_last_0" operation_key="lacking_monitor_0" operation="monitor" transition-magic="7:5;1:1:7:u" transition-key="1:1:7:u" exit-reason="agent is not installed" call-id="1" rc-code="5" op-status="7" interval="0" last-rc-change="1700000000"/></lrm_resource>
 </lrm_resources></lrm></node_state>
 <node_state id="2" uname="b" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="2"><lrm_resources>
  <lrm_resource id="lacking" class="ocf" provider="pacemaker" type="Nonesuch"><lrm_rsc_op id="lacking_last_0" operation_key="lacking_monitor_0" operation="monitor" transition-magic="7:5;1:1:7:u" transition-key="1:1:7:u" exit-reason="agent is not installed" call-id="1" rc-code="5" op-status="7" interval="0" last-rc-change="1700000000"/></lrm_resource>
 </lrm_resources></lrm></node_state>
</status></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	in := Input{CIB: root, Now: time.Unix(1700000100, 0), Options: Options{Reasons: true}}
	if !Idle(Unpack(in).Resources) {
		t.Fatal("nothing seems to be idle")
	}
	notes := map[string]string{}
	for _, n := range WhyNot(Schedule(in)) {
		notes[n.About] = n.Text
	}
	for id, want := range map[string][]string{"banned": {"a: ", "not-a", "b: ", "not-b"}, "lacking": {"a: agent is not installed", "b: agent is not installed"}} {
		for _, w := range want {
			if !strings.Contains(notes[id], w) {
				t.Errorf("%s: %q lacks %q", id, notes[id], w)
			}
		}
	}
	if notes["off"] != "" {
		t.Errorf("off is to be stopped; no reason is wanted: %q", notes["off"])
	}
}
