package cib

import (
	"strings"
	"testing"
)

// faulty is a sound configuration with one place to put a fault into.
func faulty(section, fragment string) string {
	parts := map[string]string{
		"crm_config": `<cluster_property_set id="cib-bootstrap-options"><nvpair id="se" name="stonith-enabled" value="true"/></cluster_property_set>`,
		"nodes":      `<node id="1" uname="n1"/>`,
		"resources": `<primitive id="A" class="ocf" provider="heartbeat" type="Dummy"/><primitive id="B" class="ocf" provider="heartbeat" type="Dummy"/>
<primitive id="F" class="stonith" type="fence_x"/><template id="T" class="ocf" provider="heartbeat" type="Dummy"/>`,
	}
	var b strings.Builder
	b.WriteString("<cib validate-with=\"pacemaker-4.0\"><configuration>\n")
	for _, s := range []string{"crm_config", "nodes", "resources", "constraints", "fencing-topology", "acls", "tags", "alerts", "rsc_defaults"} {
		b.WriteString("<" + s + ">\n" + parts[s])
		if s == section {
			b.WriteString("\n" + fragment + "\n")
		}
		b.WriteString("</" + s + ">\n")
	}
	return b.String() + "</configuration><status/></cib>"
}

func TestValidateSound(t *testing.T) {
	for _, p := range Validate(mustParse(t, faulty("", ""))) {
		t.Errorf("a sound configuration: %s", p)
	}
	for _, p := range Validate(Empty()) {
		t.Errorf("the empty configuration: %s", p)
	}
}

func TestValidate(t *testing.T) {
	prim := func(id, body string) string {
		return `<primitive id="` + id + `" class="ocf" provider="heartbeat" type="Dummy">` + body + `</primitive>`
	}
	for _, c := range []struct {
		section, fragment string
		severity          Severity
		id, says          string // the object, and parts of message and remedy separated by |
	}{
		{"resources", prim("A", ""), Error, "A", `id "A"|already taken by <primitive id="A">|another id`},
		{"resources", `<primitive id="X" class="ocf" type="D"/>`, Error, "X", "no provider|heartbeat"},
		{"resources", `<primitive id="X" type="D"/>`, Error, "X", "does not name its agent"},
		{"resources", `<primitive id="X" class="ofc" provider="heartbeat" type="D"/>`, Error, "X", `unknown class of agents "ofc"`},
		{"resources", `<primitive id="X" template="TT"/>`, Error, "X", "no template TT|did you mean T?"},
		{"resources", `<primitive id="1X" class="lsb" type="D"/>`, Error, "1X", "not a valid id"},
		{"resources", `<primitive class="lsb" type="D"/>`, Error, "", "has no id"},
		{"resources", `<primitve id="X" class="lsb" type="D"/>`, Error, "X", "does not belong into <resources>|did you mean <primitive>?"},
		{"resources", `<primitive id="X" class="lsb" type="D" colour="red"/>`, Warning, "X", "unknown attribute colour"},
		{"resources", `<group id="G"/>`, Error, "G", "group G is empty"},
		{"resources", `<clone id="C"/>`, Error, "C", "contains 0 resources"},
		{"resources", `<clone id="C">` + prim("X", "") + prim("Y", "") + `</clone>`, Error, "C", "contains 2 resources"},
		{"resources", `<bundle id="C"/>`, Error, "C", "0 container engines"},
		{"resources", prim("X", `<operations><op id="o" name="monitor" interval="10x"/></operations>`), Error, "X", `interval of operation monitor of X: "10x" is not a duration`},
		{"resources", prim("X", `<operations><op id="o" name="monitor" interval="10" timeout="5q"/></operations>`), Error, "X", `timeout of operation monitor of X`},
		{"resources", prim("X", `<operations><op id="o" name="monitor"/></operations>`), Error, "X", `no interval`},
		{"resources", prim("X", `<operations><op name="monitor" interval="10"/></operations>`), Error, "X", `has no id`},
		{"resources", prim("X", `<operations><op id="o" name="monitor" interval="0"/></operations>`), Warning, "X", `will not be repeated`},
		{"resources", prim("X", `<operations><op id="o" name="monitor" interval="10" on-fail="restrat"/></operations>`), Error, "X", `on-fail|did you mean restart?`},
		{"resources", prim("X", `<operations><op id="o" name="monitor" interval="10" role="Leader"/></operations>`), Error, "X", `role|Leader`},
		{"resources", prim("X", `<operations><op id="o" name="monitor" interval="10"/><op id="p" name="monitor" interval="10s"/></operations>`), Error, "X", `two operations monitor`},
		{"resources", prim("X", `<meta_attributes id="m"><nvpair id="n" name="is-managed" value="maybe"/></meta_attributes>`), Error, "X", `is-managed of X|not a boolean`},
		{"resources", prim("X", `<meta_attributes id="m"><nvpair id="n" name="failure-timeout" value="10x"/></meta_attributes>`), Error, "X", `failure-timeout of X|not a duration`},
		{"resources", prim("X", `<meta_attributes id="m"><nvpair id="n" name="priority" value="high"/></meta_attributes>`), Error, "X", `priority of X|not a score`},
		{"resources", prim("X", `<meta_attributes id="m"><nvpair id="n" name="priority" value="1.0"/></meta_attributes>`), Warning, "X", `priority of X|not a score`},
		{"resources", prim("X", `<meta_attributes id="m"><nvpair id="n" name="target-role" value="started!"/></meta_attributes>`), Error, "X", `target-role of X`},
		{"resources", prim("X", `<meta_attributes id="m"><nvpair id="n" name="clone-max" value="two"/></meta_attributes>`), Error, "X", `clone-max of X|not an integer`},
		{"resources", prim("X", `<meta_attributes id="m"><nvpair id="n" name="resource-stickines" value="1"/></meta_attributes>`), Warning, "X", `did you mean resource-stickiness?`},
		{"resources", prim("X", `<meta_attributes id-ref="nope"/>`), Error, "X", `no element of that id`},
		{"resources", prim("X", `<meta_attributes id-ref="A"/>`), Error, "X", `another kind`},
		{"resources", prim("X", `<meta_attributes id="m"><nvpair id="n" value="x"/></meta_attributes>`), Error, "X", `no name`},
		{"resources", prim("X", `<meta_attributes id="m"><nvpair name="y" value="x"/></meta_attributes>`), Error, "X", `<nvpair name="y"> has no id`},
		{"crm_config", `<cluster_property_set id="cib-bootstrap-options-2"><nvpair id="n" name="batch-limit" value="many"/></cluster_property_set>`, Error, "cib-bootstrap-options-2", "batch-limit of the cluster options|not an integer"},
		{"constraints", `<rsc_location id="l" rsc="AA" node="n1" score="1"/>`, Error, "l", "no resource AA|did you mean A?"},
		{"constraints", `<rsc_location id="l" rsc="A" node="n1" score="lots"/>`, Error, "l", "not a score"},
		{"constraints", `<rsc_location id="l" rsc="A" node="n11" score="1"/>`, Warning, "l", "no node n11|did you mean n1?"},
		{"constraints", `<rsc_location id="l" rsc="A" score="1"/>`, Error, "l", "neither a node nor a rule"},
		{"constraints", `<rsc_location id="l" rsc="A" node="n1" score-attribute="maybe"/>`, Error, "l", "no score for node n1"},
		{"constraints", `<rsc_location id="l" node="n1" score="1"/>`, Error, "l", "for no resource"},
		{"constraints", `<rsc_location id="l" rsc="A" node="n1" score="1" role="Boss"/>`, Error, "l", "unknown role"},
		{"constraints", `<rsc_location id="l" rsc="A" node="n1" score="1" resource-discovery="some"/>`, Error, "l", "resource-discovery"},
		{"constraints", `<rsc_location id="l" rsc="A"><rule id="r" score="1"/></rsc_location>`, Error, "l", "no expression"},
		{"constraints", `<rsc_location id="l" rsc="A"><rule id="r" score="1" boolean-op="xor"><expression id="e" operation="defined" attribute="a"/></rule></rsc_location>`, Error, "l", "xor"},
		{"constraints", `<rsc_colocation id="c" rsc="A" with-rsc="A" score="1"/>`, Error, "c", "colocation c puts A with itself"},
		{"constraints", `<rsc_colocation id="c" rsc="A" score="1"/>`, Error, "c", "needs rsc and with-rsc"},
		{"constraints", `<rsc_colocation id="c" rsc="A" with-rsc="B" with-rsc-role="Mastr" score="1"/>`, Error, "c", "unknown role"},
		{"constraints", `<rsc_colocation id="c" score="1"><resource_set id="s"><resource_ref id="A"/><resource_ref id="Z"/></resource_set></rsc_colocation>`, Error, "c", "no resource Z"},
		{"constraints", `<rsc_colocation id="c" score="1"><resource_set id="s"/></rsc_colocation>`, Error, "c", "is empty"},
		{"constraints", `<rsc_colocation id="c" score="1"><resource_set id="s" sequential="perhaps"><resource_ref id="A"/></resource_set></rsc_colocation>`, Error, "c", "sequential"},
		{"constraints", `<rsc_order id="o" first="A" then="A"/>`, Error, "o", "before itself"},
		{"constraints", `<rsc_order id="o" first="A" then="B" kind="mandatory"/>`, Error, "o", "unknown kind|did you mean Mandatory?"},
		{"constraints", `<rsc_order id="o" first="A" then="B" first-action="begin"/>`, Error, "o", "first-action"},
		{"constraints", `<rsc_order id="o" first="A" then="B" symmetrical="yess"/>`, Error, "o", "symmetrical"},
		{"constraints", `<rsc_order id="o" first="A" then="B"/><rsc_order id="p" first="B" then="F"/><rsc_order id="q" first="F" then="A"/>`, Warning, "o", "orders o, p, q wait for each other: B before F before A before B|remove one"},
		{"constraints", `<rsc_order id="o" first="A" then="B"/><rsc_order id="p"><resource_set id="s"><resource_ref id="B"/><resource_ref id="A"/></resource_set></rsc_order>`, Warning, "o", "orders o, p wait for each other"},
		{"resources", `<group id="G">` + prim("X", "") + prim("Y", "") + `</group></resources><constraints><rsc_order id="o" first="Y" then="X"/></constraints><resources>`, Warning, "o", "order o waits for itself: X before Y before X"},
		{"constraints", `<rsc_ticket id="t" ticket="x" rsc="A" loss-policy="cry"/>`, Error, "t", "loss-policy"},
		{"constraints", `<rsc_ticket id="t" rsc="A"/>`, Error, "t", "has no ticket"},
		{"fencing-topology", `<fencing-level id="f" target="n1" index="1" devices="F,G"/>`, Error, "f", "no resource G"},
		{"fencing-topology", `<fencing-level id="f" target="n1" index="1" devices="A"/>`, Warning, "f", "A is not a fence device"},
		{"fencing-topology", `<fencing-level id="f" index="1" devices="F"/>`, Error, "f", "no target"},
		{"tags", `<tag id="g"><obj_ref id="A"/><obj_ref id="nobody"/></tag>`, Error, "g", "tag g: there is no resource nobody"},
		{"acls", `<acl_target id="joe"><role id="admin"/></acl_target>`, Error, "joe", "no role admin"},
		{"acls", `<acl_role id="r"><acl_permission id="p" kind="allow" xpath="/cib"/></acl_role>`, Error, "r", "unknown kind"},
		{"rsc_defaults", `<meta_attributes id="rd"><nvpair id="n" name="migration-threshold" value="often"/></meta_attributes>`, Error, "rd", "migration-threshold"},
	} {
		doc := faulty(c.section, c.fragment)
		got := Validate(mustParse(t, doc))
		if !anyProblem(got, doc, c.severity, c.id, c.says) {
			t.Errorf("%s: want %s about %q saying %q; got:", c.fragment, c.severity, c.id, c.says)
			for _, p := range got {
				t.Errorf("    %s (about %q at %s)", p, p.ID, p.Path)
			}
		}
	}
}

// anyProblem finds a problem with all the parts, on the fragment's line.
func anyProblem(ps []Problem, doc string, s Severity, id, says string) bool {
	for _, p := range ps {
		ok := p.Severity == s && (p.ID == id || id == "rd" || id == "f") && p.Line > 1 && p.Path != ""
		for _, part := range strings.Split(says, "|") {
			ok = ok && strings.Contains(p.Msg+"; "+p.Remedy, part)
		}
		if ok {
			return true
		}
	}
	return false
}

// What looks like a loop but is none.
func TestOrdersWithoutLoop(t *testing.T) {
	for _, fragment := range []string{
		`<rsc_order id="o" first="A" then="B"/><rsc_order id="p" first="B" then="A" kind="Optional"/>`,
		`<rsc_order id="o" first="A" then="B"/><rsc_order id="p" first="B" then="A" score="0"/>`,
		`<rsc_order id="o" first="A" then="B"/><rsc_order id="p" first="B" first-action="stop" then="A" then-action="stop"/>`,
		`<rsc_order id="o" first="A" then="B"/><rsc_order id="p" first="B" then="A" then-action="promote"/>`,
		`<rsc_order id="o"><resource_set id="s" sequential="false"><resource_ref id="A"/><resource_ref id="B"/></resource_set></rsc_order><rsc_order id="p" first="B" then="A"/>`,
	} {
		for _, p := range Validate(mustParse(t, faulty("constraints", fragment))) {
			if strings.Contains(p.Msg, "wait") {
				t.Errorf("%s: %s", fragment, p)
			}
		}
	}
}

func TestValidateWholes(t *testing.T) {
	for _, c := range []struct{ doc, says string }{
		{`<x/>`, "the root element is <x>, not <cib>"},
		{`<cib/>`, "no <configuration>"},
		{`<cib><configuration><crm_config/><nodes/><resources/></configuration></cib>`, "no <constraints>"},
		{strings.Replace(faulty("", ""), `name="stonith-enabled"`, `name="stonith-enable"`, 1), "unknown cluster option stonith-enable; did you mean stonith-enabled?"},
		{strings.Replace(faulty("", ""), `<primitive id="F" class="stonith" type="fence_x"/>`, "", 1), "there is no fence device"},
	} {
		found := false
		for _, p := range Validate(mustParse(t, c.doc)) {
			found = found || strings.Contains(p.Msg+"; "+p.Remedy, c.says)
		}
		if !found {
			t.Errorf("%s: nothing says %q: %v", c.doc, c.says, Validate(mustParse(t, c.doc)))
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"primitive", "p_ip_rabbitmp", "location", "Mandatory"}
	for word, want := range map[string]string{"primitve": "primitive", "p_ip_rabbitmq": "p_ip_rabbitmp", "loaction": "location", "mandatory": "Mandatory", "xyzzy": ""} {
		if got := Nearest(word, names); got != want {
			t.Errorf("Nearest(%s) = %q, want %q", word, got, want)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	root := mustParse(b, string(largeDoc(16, 500)))
	for b.Loop() {
		Validate(root)
	}
}
