package cib

import "testing"

func TestProperty(t *testing.T) {
	root, err := Parse([]byte(`<cib><configuration><crm_config>
  <cluster_property_set id="mine"><nvpair id="a" name="batch-limit" value="3"/><nvpair id="b" name="x" value="mine"/></cluster_property_set>
  <cluster_property_set id="cib-bootstrap-options"><nvpair id="c" name="x" value="first"/></cluster_property_set>
</crm_config></configuration></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"batch-limit": "3", "x": "first", "y": "none"} {
		if got := Property(root, name, "none"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := Property(nil, "x", "none"); got != "none" {
		t.Errorf("of nothing: %q", got)
	}
}
