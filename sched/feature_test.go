package sched

import (
	"strings"
	"testing"

	"mainstay/cib"
)

// Members of a Mainstay cluster have the document's feature set; others tell theirs.
func TestFeatureSet(t *testing.T) {
	const doc = `<cib crm_feature_set="3.20.0" have-quorum="1"><configuration><crm_config><cluster_property_set id="c"><nvpair id="i" name="cluster-infrastructure" value="STACK"/></cluster_property_set></crm_config>` +
		`<nodes><node id="1" uname="alpha"/></nodes><resources/><constraints/></configuration><status><node_state id="1" uname="alpha" in_ccm="true" crmd="online" join="member" expected="member"/></status></cib>`
	for stack, want := range map[string]string{"mainstay": "3.20.0", "corosync": ""} {
		root, err := cib.Parse([]byte(strings.Replace(doc, "STACK", stack, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got := Unpack(Input{CIB: root}).Nodes[0].FeatureSet; got != want {
			t.Errorf("%s: feature set %q, want %q", stack, got, want)
		}
	}
}
