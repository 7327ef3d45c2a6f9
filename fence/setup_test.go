package fence

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/member"
)

const fullCIB = `<cib>
<configuration>
 <crm_config><cluster_property_set id="p">
  <nvpair id="p1" name="fencing-enabled" value="false"/><nvpair id="p2" name="stonith-timeout" value="90"/>
  <nvpair id="p3" name="stonith-action" value="off"/><nvpair id="p4" name="stonith-watchdog-timeout" value="12s"/>
 </cluster_property_set></crm_config>
 <nodes>
  <node id="1" uname="n1"><instance_attributes id="n1a"><nvpair id="n1b" name="rack" value="a"/></instance_attributes></node>
  <node id="2" uname="n2"/><node id="remote1" uname="r1" type="remote"/>
 </nodes>
 <resources>
  <template id="t" class="stonith" type="fence_t"><instance_attributes id="ta"><nvpair id="tb" name="ip" value="1"/><nvpair id="tc" name="user" value="u"/></instance_attributes></template>
  <primitive id="a" template="t"><instance_attributes id="aa"><nvpair id="ab" name="ip" value="2"/><nvpair id="ac" name="priority" value="7"/></instance_attributes>
   <instance_attributes id="ad"><rule id="ae"/><nvpair id="af" name="port" value="9"/></instance_attributes></primitive>
  <group id="g"><meta_attributes id="gm"><nvpair id="gn" name="target-role" value="Stopped"/></meta_attributes><primitive id="b" class="stonith" type="fence_b"/></group>
  <clone id="k"><primitive id="c" class="stonith" type="fence_c"><meta_attributes id="cm"><nvpair id="cn" name="provides" value="unfencing"/><nvpair id="co" name="target-role" value="Started"/></meta_attributes></primitive></clone>
  <primitive id="d" class="stonith" type="fence_d"><meta_attributes id="dm"><nvpair id="dn" name="target-role" value="Stopped"/></meta_attributes></primitive>
  <primitive id="web" class="systemd" type="nginx"/>
 </resources>
 <constraints>
  <rsc_location id="l1" rsc="a" node="n1" score="-INFINITY"/>
  <rsc_location id="l2" rsc="a" node="n2" score="-100"/>
  <rsc_location id="l3" rsc="c"><rule id="r3" score="-INFINITY" boolean-op="or"><expression id="e1" attribute="#uname" operation="eq" value="n1"/><expression id="e2" attribute="#uname" operation="eq" value="n2"/></rule></rsc_location>
  <rsc_location id="l4" rsc="b"><rule id="r4" score="-INFINITY"><expression id="e3" attribute="#uname" operation="ne" value="n2"/></rule></rsc_location>
  <rsc_location id="l5" rsc="d"><rule id="r5" score="-INFINITY"><expression id="e4" attribute="rack" operation="eq" value="a"/></rule></rsc_location>
 </constraints>
 <fencing-topology><fencing-level id="f1" target="n1" index="2" devices="a, b"/></fencing-topology>
</configuration>
<status>
 <node_state id="1"><lrm id="1"><lrm_resources>
  <lrm_resource id="c:0"><lrm_rsc_op operation="monitor" call-id="5" rc-code="0" op-status="0"/><lrm_rsc_op operation="start" call-id="4" rc-code="0" op-status="0"/></lrm_resource>
  <lrm_resource id="a"><lrm_rsc_op operation="start" call-id="4" rc-code="0" op-status="0"/><lrm_rsc_op operation="stop" call-id="6" rc-code="0" op-status="0"/></lrm_resource>
 </lrm_resources></lrm></node_state>
 <node_state id="2"><lrm id="2"><lrm_resources>
  <lrm_resource id="a"><lrm_rsc_op operation="start" call-id="-1" rc-code="193" op-status="-1"/><lrm_rsc_op operation="monitor" call-id="9" rc-code="0" op-status="0"/></lrm_resource>
 </lrm_resources></lrm></node_state>
</status>
</cib>`

func TestFromCIB(t *testing.T) {
	root, err := cib.Parse([]byte(fullCIB))
	if err != nil {
		t.Fatal(err)
	}
	s := FromCIB(root)
	if s.Enabled || s.Timeout != 90*time.Second || s.Action != "off" || s.Watchdog != 12*time.Second {
		t.Errorf("properties: %+v", s)
	}
	if len(s.Nodes) != 3 || s.Nodes[0].ID != 1 || s.Nodes[0].Attrs["rack"] != "a" || s.Nodes[2].ID != 0 || s.Nodes[2].Name != "r1" {
		t.Errorf("nodes: %+v", s.Nodes)
	}
	var got []string
	for _, d := range s.Devices {
		got = append(got, fmt.Sprintf("%s %s disabled=%v unfencing=%v priority=%d banned=%v %v", d.ID, d.Agent, d.Disabled, d.Unfencing, d.Priority, d.Banned, d.Params))
	}
	want := []string{
		"a stonith:fence_t disabled=false unfencing=false priority=7 banned=[1] [{ip 2} {priority 7} {user u}]",
		"b stonith:fence_b disabled=true unfencing=false priority=0 banned=[1] []",
		"c stonith:fence_c disabled=false unfencing=true priority=0 banned=[1 2] []",
		"d stonith:fence_d disabled=true unfencing=false priority=0 banned=[] []",
	}
	if !slices.Equal(got, want) {
		t.Errorf("devices:\n%q\nwant\n%q", got, want)
	}
	if len(s.Levels) != 1 || s.Levels[0].Index != 2 || !slices.Equal(s.Levels[0].Devices, []string{"a", "b"}) {
		t.Errorf("levels: %+v", s.Levels)
	}
	r := Ask(Request{ID: "A"}, root, []member.NodeID{1, 2})
	if fmt.Sprint(r.Prefer) != "[{a [2]} {c [1]}]" || len(r.Members) != 2 {
		t.Errorf("ask: %+v", r)
	}
	if f := s.For("n1"); len(f) != 2 || f[0].ID != "a" || f[1].ID != "c" {
		t.Errorf("for n1: %+v", f)
	}
	if e := FromCIB(nil); !e.Enabled || len(e.Devices) != 0 {
		t.Errorf("nothing: %+v", e)
	}
}

// Forgetting takes what has ended, of one node or of all; what is under way stays.
func TestForget(t *testing.T) {
	m := New(Config{Self: 1})
	m.Step(0, Remember{Events: []Event{{ID: "a", Target: "n1", State: success}, {ID: "b", Target: "n2", State: failure}, {ID: "c", Target: "n2", State: pending}, {ID: "d", Target: "n3", State: success}}})
	old := m.History()
	m.Step(0, Forget{Target: "n2"})
	if h := m.History(); len(h) != 3 || h[1].ID != "c" || len(old) != 4 || old[1].ID != "b" {
		t.Errorf("after forgetting n2: %+v; who held the old list: %+v", h, old)
	}
	m.Step(0, Forget{})
	if h := m.History(); len(h) != 1 || h[0].ID != "c" {
		t.Errorf("after forgetting all: %+v", h)
	}
}

func TestRemember(t *testing.T) {
	m := New(Config{Self: 1})
	m.Step(0, Confirm{Target: "n3", Wall: 20})
	old := m.History()
	m.Step(0, Remember{Events: []Event{{ID: "x", Asked: 10, State: success}, {ID: "x", Asked: 10}, {ID: "confirm.n3.20"}}})
	if h := m.History(); len(h) != 2 || h[0].ID != "x" || h[1].Target != "n3" || len(old) != 1 {
		t.Errorf("%+v", h)
	}
	for i := range 2 * maxHistory {
		m.Step(0, Confirm{Target: fmt.Sprint(i), Wall: 30})
	}
	if h := m.History(); len(h) != maxHistory || h[len(h)-1].Target != fmt.Sprint(2*maxHistory-1) {
		t.Errorf("%d events", len(h))
	}
}
