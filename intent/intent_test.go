package intent

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"mainstay/cib"
)

const doc = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
  <configuration>
    <crm_config/>
    <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
    <resources>
      <primitive id="r" class="ocf" provider="pacemaker" type="Dummy"/>
      <clone id="c"><primitive id="x" class="ocf" provider="pacemaker" type="Dummy"/></clone>
      <group id="g"><primitive id="y" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="m1"><nvpair id="p1" name="is-managed" value="true"/></meta_attributes></primitive></group>
    </resources>
    <constraints/>
  </configuration>
  <status><node_state id="1" uname="n1"><transient_attributes id="1"><instance_attributes id="status-1"><nvpair id="status-1-a" name="a" value="b"/></instance_attributes></transient_attributes></node_state></status>
</cib>`

func parse(t *testing.T, text string) *cib.Elem {
	t.Helper()
	root, err := cib.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func apply(t *testing.T, root *cib.Elem, edits ...cib.Edit) *cib.Elem {
	t.Helper()
	out, err := cib.Apply(root, edits)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// want checks that a document has elements, written as tools write them.
func want(t *testing.T, root *cib.Elem, lines ...string) {
	t.Helper()
	flat := string(root.AppendXML(nil, false))
	for _, l := range lines {
		if !strings.Contains(flat, l) {
			t.Errorf("no %s in\n%s", l, root)
		}
	}
}

// The results were taken from Pacemaker 2.1.5's tools on the same document.
func TestSetAsThePeersToolsDo(t *testing.T) {
	root := parse(t, doc)
	r, c := Resource(root, "r"), Resource(root, "c")
	root = apply(t, root, SetResource(r, Meta, "target-role", "Stopped").Edits...)
	root = apply(t, root, SetResource(Resource(root, "r"), Params, "ip", "1.2.3.4").Edits...)
	root = apply(t, root, SetResource(Resource(root, "r"), Utilization, "cpu", "2").Edits...)
	root = apply(t, root, SetResource(c, Meta, "interleave", "true").Edits...)
	root = apply(t, root, SetOption(root, Options, "foo", "bar").Edits...)
	root = apply(t, root, SetOption(root, RscDefaults, "foo", "bar").Edits...)
	root = apply(t, root, SetOption(root, OpDefaults, "timeout", "20").Edits...)
	root = apply(t, root, SetNode(Node(root, "n1"), Params, "standby", "on").Edits...)
	want(t, root,
		`<meta_attributes id="r-meta_attributes"><nvpair id="r-meta_attributes-target-role" name="target-role" value="Stopped"/></meta_attributes>`,
		`<instance_attributes id="r-instance_attributes"><nvpair id="r-instance_attributes-ip" name="ip" value="1.2.3.4"/></instance_attributes>`,
		`<utilization id="r-utilization"><nvpair id="r-utilization-cpu" name="cpu" value="2"/></utilization>`,
		`<meta_attributes id="c-meta_attributes"><nvpair id="c-meta_attributes-interleave" name="interleave" value="true"/></meta_attributes>`,
		`<cluster_property_set id="cib-bootstrap-options"><nvpair id="cib-bootstrap-options-foo" name="foo" value="bar"/></cluster_property_set>`,
		`<rsc_defaults><meta_attributes id="rsc_defaults-options"><nvpair id="rsc_defaults-options-foo" name="foo" value="bar"/></meta_attributes></rsc_defaults>`,
		`<op_defaults><meta_attributes id="op_defaults-options"><nvpair id="op_defaults-options-timeout" name="timeout" value="20"/></meta_attributes></op_defaults>`,
		`<node id="1" uname="n1"><instance_attributes id="nodes-1"><nvpair id="nodes-1-standby" name="standby" value="on"/></instance_attributes></node>`)
}

func TestSetAgainChangesTheSamePair(t *testing.T) {
	root := parse(t, doc)
	p := SetResource(Resource(root, "y"), Meta, "is-managed", "false")
	if p.ID != "p1" || p.SetID != "m1" {
		t.Errorf("pair %s of set %s, want p1 of m1", p.ID, p.SetID)
	}
	root = apply(t, root, p.Edits...)
	want(t, root, `<meta_attributes id="m1"><nvpair id="p1" name="is-managed" value="false"/></meta_attributes>`)
	if p := SetResource(Resource(root, "y"), Meta, "is-managed", "false"); p.Edits != nil {
		t.Errorf("setting what is set already edits: %v", p.Edits)
	}
	p = SetResource(Resource(root, "y"), Meta, "target-role", "Stopped")
	root = apply(t, root, p.Edits...)
	want(t, root, `<nvpair id="m1-target-role" name="target-role" value="Stopped"/></meta_attributes>`)
}

func TestGetAndUnset(t *testing.T) {
	root := parse(t, doc)
	if p, ok := GetResource(Resource(root, "y"), Meta, "is-managed"); !ok || p.Value != "true" {
		t.Errorf("is-managed of y: %+v, %v", p, ok)
	}
	p, ok := UnsetResource(Resource(root, "y"), Meta, "is-managed")
	if !ok || p.ID != "p1" {
		t.Fatalf("unset: %+v, %v", p, ok)
	}
	root = apply(t, root, p.Edits...)
	if _, ok := GetResource(Resource(root, "y"), Meta, "is-managed"); ok {
		t.Error("is-managed is still there")
	}
	if _, ok := UnsetOption(root, Options, "nope"); ok {
		t.Error("removed an option that is not there")
	}
	if _, ok := UnsetOption(root, RscDefaults, "nope"); ok {
		t.Error("removed a default although there is no section for it")
	}
	if p, ok := GetTransient(root, Node(root, "n1"), "a"); !ok || p.Value != "b" {
		t.Errorf("transient a of n1: %+v, %v", p, ok)
	}
	if _, ok := GetTransient(root, Node(root, "n2"), "a"); ok {
		t.Error("n2 has no transient attributes")
	}
}

func TestFind(t *testing.T) {
	root := parse(t, doc)
	if got := Resources(root); !slices.Equal(got, []string{"r", "c", "x", "g", "y"}) {
		t.Errorf("resources %v", got)
	}
	if p := Resource(root, "x:12"); p == nil || p.Elem.ID() != "x" || Outermost(p).Elem.ID() != "c" || Parent(Outermost(p)) != nil {
		t.Errorf("x:12 is %v", p)
	}
	if p := Node(root, "2"); p == nil || p.Elem.Get("uname") != "n2" {
		t.Errorf("node by id: %v", p)
	}
	root = parse(t, strings.Replace(doc, `id="r"`, `id="vip_public"`, 1))
	_, err := NeedResource(root, "vip_pubic")
	var missing *NotFound
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), `did you mean "vip_public"`) {
		t.Errorf("got %v", err)
	}
	if _, err := NeedNode(root, "elsewhere"); err == nil || strings.Contains(err.Error(), "did you mean") {
		t.Errorf("got %v", err)
	}
}

func TestWithoutNode(t *testing.T) {
	root := parse(t, doc)
	for range 2 { // a node that is not there is none to be taken out
		next, _, err := cib.Commit(root, WithoutNode("n2"), cib.Stamp{})
		if err != nil || Node(next, "n2") != nil || len(Nodes(next)) != len(Nodes(parse(t, doc)))-1 {
			t.Fatalf("nodes %v: %v", Nodes(next), err)
		}
		root = next
	}
}

func TestBanPreferClear(t *testing.T) {
	root := parse(t, doc)
	for _, e := range []cib.Edit{Ban("r", "n1", Placing{}), Ban("r", "n1", Placing{}), Prefer("c", "n2", Placing{}),
		Prefer("r", "n2", Placing{Until: "2026-11-21 09:38:30Z"}), Prefer("r", "n2", Placing{}), Ban("c", "n1", Placing{Until: "2026-11-21 10:00:00Z", Promoted: true})} {
		root = apply(t, root, Put(root, e))
	}
	want(t, root,
		`<rsc_location id="cli-ban-r-on-n1" rsc="r" role="Started" node="n1" score="-INFINITY"/>`,
		`<rsc_location id="cli-prefer-c" rsc="c" role="Started" node="n2" score="INFINITY"/>`,
		`<rsc_location id="cli-prefer-r" rsc="r" role="Started" node="n2" score="INFINITY"/>`,
		`<rsc_location id="cli-ban-c-on-n1" rsc="c" role="Promoted"><rule id="cli-ban-c-on-n1-rule" score="-INFINITY" boolean-op="and">`+
			`<expression id="cli-ban-c-on-n1-expr" attribute="#uname" operation="eq" value="n1" type="string"/>`+
			`<date_expression id="cli-ban-c-on-n1-lifetime" operation="lt" end="2026-11-21 10:00:00Z"/></rule></rsc_location>`)
	if got := len(Temporary(root)); got != 4 {
		t.Errorf("%d temporary constraints, want 4", got)
	}
	edits, ids := Clear(root, "r", "n1")
	if !slices.Equal(ids, []string{"cli-ban-r-on-n1"}) {
		t.Errorf("clear r on n1 removes %v", ids)
	}
	root = apply(t, root, edits...)
	edits, ids = Clear(root, "c", "")
	if !slices.Equal(ids, []string{"cli-prefer-c", "cli-ban-c-on-n1"}) {
		t.Errorf("clear c removes %v", ids)
	}
	root = apply(t, root, edits...)
	if got := Temporary(root); len(got) != 1 || LocationNode(got[0]) != "n2" {
		t.Errorf("left over: %v", got)
	}
}
