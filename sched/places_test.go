package sched

import (
	"testing"

	"mainstay/cib"
	"mainstay/status"
)

// An instance that is not promoted says so wherever it runs: each place has the role
// that the instance has.
func TestPlacesHaveTheInstancesRole(t *testing.T) {
	root, err := cib.Parse([]byte(`<cib crm_feature_set="3.20.0" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1">
<configuration><crm_config/><nodes><node id="1" uname="n1"/></nodes>
<resources><clone id="c"><meta_attributes id="m"><nvpair id="p" name="promotable" value="true"/></meta_attributes>
<primitive id="a" class="ocf" provider="pacemaker" type="Stateful"/></clone></resources><constraints/></configuration>
<status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources>
<lrm_resource id="a" class="ocf" provider="pacemaker" type="Stateful"><lrm_rsc_op id="a_last_0" operation="start" operation_key="a_start_0" call-id="2" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:x" transition-magic="0:0;1:1:0:x"/></lrm_resource>
</lrm_resources></lrm></node_state></status></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, r := range Unpack(Input{CIB: root}).Resources {
		for _, k := range r.Children {
			for _, p := range k.Places {
				found = true
				if p.Role != k.Role || p.Role != status.Unpromoted {
					t.Errorf("instance is %s, on %s it is %s", k.Role, p.Node, p.Role)
				}
			}
		}
	}
	if !found {
		t.Error("the instance is nowhere")
	}
}
