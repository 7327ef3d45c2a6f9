package cib

import (
	"strings"
	"testing"
)

func TestUpgrade(t *testing.T) {
	root := mustParse(t, `<cib validate-with="pacemaker-1.2" epoch="1"><configuration>
  <crm_config><cluster_property_set id="cib-bootstrap-options"><attributes>
    <nvpair id="o1" name="default-resource-stickiness" value="100"/><nvpair id="o2" name="no_quorum_policy" value="stop"/>
    <nvpair id="o3" name="crmd-transition-delay" value="5s"/><nvpair id="o4" name="stonith-action" value="poweroff"/></attributes></cluster_property_set></crm_config>
  <nodes/>
  <resources>
    <master id="ms"><meta_attributes id="ms-meta"><nvpair id="m1" name="master-max" value="1"/><nvpair id="m2" name="target-role" value="Master"/></meta_attributes>
      <primitive id="p" class="ocf" provider="pacemaker" type="Stateful"><operations><op id="p-m" name="monitor" interval="10" role="Master" prereq="fencing"/></operations></primitive></master>
    <master id="ms2"><primitive id="q" class="ocf" provider="pacemaker" type="Stateful"/></master>
    <primitive id="same" class="ocf" provider="pacemaker" type="Dummy"/>
  </resources>
  <constraints><rsc_colocation id="c" rsc="same" with-rsc="ms" with-rsc-role="Slave" score="1"/>
    <rsc_location id="l" rsc="ms"><rule id="r" role="Master" score="1"><expression id="e" attribute="a" operation="defined"/></rule></rsc_location></constraints>
  <acls><acl_user id="joe"><role_ref id="r1"/><read id="x1" xpath="/cib"/></acl_user><acl_role id="r1"><write id="w1" tag="nvpair" attribute="value"/><deny id="d1" ref="p"/></acl_role></acls>
</configuration><status/></cib>`)
	got, err := Upgrade(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, xpath := range []string{
		"/cib[@validate-with='pacemaker-4.0']",
		"//cluster_property_set/nvpair[@name='no-quorum-policy' and @value='stop']",
		"//cluster_property_set/nvpair[@name='transition-delay' and @value='5s']",
		"//cluster_property_set/nvpair[@name='stonith-action' and @value='off']",
		"//rsc_defaults/meta_attributes/nvpair[@name='resource-stickiness' and @value='100']",
		"//clone[@id='ms']/meta_attributes[@id='ms-meta']/nvpair[@name='promotable' and @value='true']",
		"//clone[@id='ms']/meta_attributes/nvpair[@id='m1' and @name='promoted-max']",
		"//clone[@id='ms']/meta_attributes/nvpair[@id='m2' and @value='Promoted']",
		"//clone[@id='ms']//op[@role='Promoted' and @requires='fencing' and not(@prereq)]",
		"//clone[@id='ms2']/meta_attributes[@id='ms2-meta_attributes']/nvpair[@name='promotable']",
		"//rsc_colocation[@with-rsc-role='Unpromoted']",
		"//rule[@role='Promoted']",
		"//acl_target[@id='joe']/role[@id='r1']",
		"//acl_target[@id='joe']/role[@id='auto-joe']",
		"//acl_role[@id='auto-joe']/acl_permission[@id='x1' and @kind='read' and @xpath='/cib']",
		"//acl_role[@id='r1']/acl_permission[@kind='write' and @object-type='nvpair' and @attribute='value']",
		"//acl_role[@id='r1']/acl_permission[@kind='deny' and @reference='p']",
	} {
		if hits, err := Find(got, xpath); err != nil || len(hits) != 1 {
			t.Errorf("%s hits %d times (%v)", xpath, len(hits), err)
		}
	}
	for _, gone := range []string{"//master", "//nvpair[@name='default-resource-stickiness']", "//acl_user", "//cluster_property_set/attributes"} {
		if hits, _ := Find(got, gone); len(hits) != 0 {
			t.Errorf("%s is still there", gone)
		}
	}
	if resource(got, "same") != resource(root, "same") {
		t.Error("what did not change was copied")
	}
	for _, p := range Validate(got) {
		if p.Severity == Error {
			t.Errorf("after the upgrade: %s", p)
		}
	}
	if again, err := Upgrade(got); err != nil || again != got {
		t.Errorf("a second upgrade changes something: %v", err)
	}
}

func resource(root *Elem, id string) *Elem {
	return root.Path("configuration", "resources").ChildID("primitive", id)
}

func TestUpgradeFrom(t *testing.T) {
	for from, ok := range map[string]bool{"pacemaker-1.0": true, "pacemaker-2.10": true, "pacemaker-3.9": true, "pacemaker-4.0": true, "pacemaker-4.1": true,
		"none": true, "": true, "transitional-0.6": true, "pacemaker-next": true, "pacemaker-5.0": false, "relax": false} {
		root := Empty().With("validate-with", from)
		got, err := Upgrade(root)
		if (err == nil) != ok {
			t.Errorf("from %q: %v", from, err)
		}
		if err == nil && !strings.HasPrefix(got.Get("validate-with"), "pacemaker-4") && from != "pacemaker-next" {
			t.Errorf("from %q: to %q", from, got.Get("validate-with"))
		}
	}
	old := mustParse(t, baseDoc).With("validate-with", "pacemaker-2.10")
	to := Empty().With("validate-with", "pacemaker-3.9")
	if got, _, err := Commit(old, []Edit{{Op: OpUpgrade, Elem: to}}, Stamp{}); err != nil || got.Get("validate-with") != "pacemaker-3.9" {
		t.Errorf("to an older vocabulary: %v, %v", got.Get("validate-with"), err)
	}
	if got, err := UpgradeTo(old.With("validate-with", "pacemaker-3.9"), "pacemaker-3.9"); err != nil || got.Get("validate-with") != "pacemaker-3.9" {
		t.Errorf("to the vocabulary that it has: %v, %v", got.Get("validate-with"), err)
	}
	next, changed, err := Commit(mustParse(t, baseDoc), []Edit{{Op: OpUpgrade}}, Stamp{})
	if err != nil || !changed || next.Get("validate-with") != ValidateWith || VersionOf(next).String() != "2.1.0" {
		t.Errorf("%v %v %s", err, changed, next)
	}
}
