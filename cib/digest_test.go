package cib

import "testing"

const digestDoc = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="5" num_updates="3" admin_epoch="1" cib-last-written="Thu" update-origin="n1">
  <!-- hello -->
  <configuration>
    <crm_config>
      <cluster_property_set id="cib-bootstrap-options">
        <nvpair id="x" name="stonith-enabled" value="a &lt;b> &quot;q&quot; 'z' &amp; &#10;nl&#9;tab é"/>
      </cluster_property_set>
    </crm_config>
    <nodes/>
    <resources>
      <primitive id="A" class="ocf" provider="heartbeat" type="Dummy"><!-- c2 --></primitive>
    </resources>
    <constraints/>
  </configuration>
  <status/>
</cib>`

// The values are cibadmin's, of the same document.
func TestDigestIsPacemakers(t *testing.T) {
	doc := mustParse(t, digestDoc)
	if got := Digest(doc); got != "012c831b9ac1b66ee52e8c13c9099d5c" {
		t.Errorf("Digest = %s", got)
	}
	if got := VersionedDigest(doc, "3.16.1"); got != "4e9bf308b148fde280db50ce97e7207e" {
		t.Errorf("VersionedDigest = %s", got)
	}
	old := doc.With("crm_feature_set", "3.0.1")
	if got := VersionedDigest(old, "3.0.1"); got != "9cf13b40a3c3edb79f6e1b7cd2c4371f" {
		t.Errorf("VersionedDigest of an old feature set = %s", got)
	}
}

// Who wrote something does not count, at any depth.
func TestVersionedDigestLeavesAuthorsOut(t *testing.T) {
	a := mustParse(t, `<cib crm_feature_set="3.16.1" update-user="a" cib-last-written="x"><status><node_state id="1" crm-debug-origin="x" origin="y"/></status></cib>`)
	b := mustParse(t, `<cib crm_feature_set="3.16.1" update-client="c"><status><node_state id="1" origin="y"/></status></cib>`)
	if VersionedDigest(a, "3.16.1") != VersionedDigest(b, "3.16.1") || Digest(a) == Digest(b) {
		t.Error("authors are counted wrongly")
	}
	if VersionedDigest(a, "") != Digest(a) {
		t.Error("without a feature set the plain digest counts")
	}
}

func TestCompareFeatureSets(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"3.0.5", "3.0.5", 0}, {"3.0.14", "3.0.5", 1}, {"3.0", "3.0.5", -1}, {"3.16.1", "3.2", 1}} {
		if got := CompareFeatureSets(c.a, c.b); got != c.want {
			t.Errorf("CompareFeatureSets(%s, %s) = %d", c.a, c.b, got)
		}
	}
}

func TestHash(t *testing.T) {
	doc := mustParse(t, digestDoc)
	again := mustParse(t, "\n\n"+digestDoc)
	if Hash(doc) != Hash(again) || !doc.Equal(again) {
		t.Error("the hash depends on the lines")
	}
	for name, other := range map[string]*Elem{
		"attribute": doc.With("epoch", "6"),
		"order":     doc.Without("epoch").With("epoch", "5"),
		"deep":      mergeDoc(t, doc, `<cib><configuration><resources><primitive id="A" type="Other"/></resources></configuration></cib>`),
		"child":     doc.Append(New("x")),
		"text":      doc.WithText("x"),
		"nothing":   nil,
	} {
		if doc.Equal(other) {
			t.Errorf("%s: a different tree has the same hash", name)
		}
	}
	long := New("x", Attr{"a", string(make([]byte, 3000))})
	if long.Equal(long.With("a", string(make([]byte, 2999)))) || !long.Equal(long.With("b", "").Without("b")) {
		t.Error("long attributes are hashed wrongly")
	}
}

func mergeDoc(t *testing.T, root *Elem, doc string) *Elem {
	t.Helper()
	got, err := Apply(root, []Edit{edit(t, OpModify, "", "", doc)})
	if err != nil {
		t.Fatal(err)
	}
	return got
}
