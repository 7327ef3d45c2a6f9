package cib

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const baseDoc = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="5" num_updates="3" admin_epoch="1" have-quorum="1" dc-uuid="1">
  <configuration>
    <crm_config>
      <cluster_property_set id="cib-bootstrap-options">
        <nvpair id="x" name="stonith-enabled" value="true"/>
      </cluster_property_set>
    </crm_config>
    <nodes/>
    <resources>
      <primitive id="A" class="ocf" provider="heartbeat" type="Dummy">
        <meta_attributes id="A-meta"><nvpair id="A-m-t" name="target-role" value="Started"/></meta_attributes>
      </primitive>
      <group id="G"><primitive id="B" class="ocf" provider="heartbeat" type="Dummy"/></group>
    </resources>
    <constraints/>
  </configuration>
  <status><node_state id="1" uname="n1"/></status>
</cib>`

func edit(t testing.TB, op EditOp, scope, xpath, doc string) Edit {
	t.Helper()
	ed := Edit{Op: op, Scope: scope, XPath: xpath}
	if doc != "" {
		ed.Elem = mustParse(t, doc)
	}
	return ed
}

// Each case was tried on the peer's cibadmin with the same document; version
// and attributes after it are what that wrote (but for the two marked lines).
func TestCommitLikeCibadmin(t *testing.T) {
	for _, c := range []struct {
		op                EditOp
		scope, xpath, doc string
		fails             error
		version           string
		query, want       string // XPath and number of hits, or attribute value
	}{
		{OpBump, "", "", "", nil, "1.6.0", "//primitive", "2"},
		{OpErase, "", "", "", nil, "2.6.0", "//primitive", "0"},
		{OpCreate, "resources", "", `<primitive id="C" class="ocf" provider="heartbeat" type="Dummy"/>`, nil, "1.6.0", "//resources/primitive", "2"},
		{OpCreate, "resources", "", `<primitive id="A" class="ocf" provider="heartbeat" type="Dummy"/>`, ErrExists, "1.5.3", "", ""},
		{OpCreate, "", "", `<primitive id="Z" class="ocf" provider="heartbeat" type="Dummy"/>`, nil, "1.6.0", "//resources/primitive[@id='Z']", "1"}, // the peer wants a section
		{OpCreate, "configuration", "", `<fencing-topology><fencing-level id="l1" target="n1" index="1" devices="A"/></fencing-topology>`, nil, "1.6.0", "//fencing-level", "1"},
		{OpCreate, "fencing-topology", "", `<fencing-level id="l1" target="n1" index="1" devices="A"/>`, nil, "1.6.0", "//fencing-topology/fencing-level", "1"}, // the peer refuses
		{OpModify, "resources", "", `<primitive id="A" description="x"/>`, nil, "1.6.0", "//primitive[@id='A'][@description='x']/meta_attributes", "1"},
		{OpModify, "resources", "", `<primitive id="B" description="x"/>`, nil, "1.6.0", "//group/primitive[@description='x']", "1"},
		{OpModify, "", "", `<nvpair id="A-m-t" value="Stopped"/>`, nil, "1.6.0", "//nvpair[@id='A-m-t' and @name='target-role' and @value='Stopped']", "1"},
		{OpUpdate, "resources", "", `<primitive id="ZZ" class="ocf" provider="heartbeat" type="Dummy"/>`, ErrNotFound, "1.5.3", "", ""},
		{OpModify, "resources", "", `<primitive id="ZZ" class="ocf" provider="heartbeat" type="Dummy"/>`, nil, "1.6.0", "//resources/primitive", "2"},
		{OpModify, "crm_config", "", `<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="y" name="q" value="1"/></cluster_property_set></crm_config>`, nil, "1.6.0", "//crm_config//nvpair", "2"},
		{OpReplace, "resources", "", `<resources><primitive id="C" class="ocf" provider="heartbeat" type="Dummy"/></resources>`, nil, "1.6.0", "//primitive", "1"},
		{OpReplace, "resources", "", `<primitive id="B" class="ocf" provider="pacemaker" type="Dummy"/>`, nil, "1.6.0", "//group/primitive[@provider='pacemaker']", "1"},
		{OpReplace, "resources", "", `<primitive id="QQ" class="ocf" provider="pacemaker" type="Dummy"/>`, ErrNotFound, "1.5.3", "", ""},
		{OpDelete, "resources", "", `<primitive id="B" type="Stateful"/>`, nil, "1.5.3", "//primitive", "2"},
		{OpDelete, "resources", "", `<primitive id="NO"/>`, nil, "1.5.3", "//primitive", "2"},
		{OpDelete, "resources", "", `<primitive id="A" type="Dummy"/>`, nil, "1.6.0", "//primitive", "1"},
		{OpDelete, "", "//nvpair[@name=\"target-role\"]", "", nil, "1.6.0", "//meta_attributes/nvpair", "0"},
		{OpDelete, "", "//primitive", "", nil, "1.6.0", "//primitive", "1"},
		{OpDeleteAll, "", "//primitive", "", nil, "1.6.0", "//primitive", "0"},
		{OpDelete, "", "//nothing", "", nil, "1.5.3", "//primitive", "2"},
		{OpModify, "status", "", `<node_state id="1" crmd="online"/>`, nil, "1.5.4", "//node_state[@uname='n1' and @crmd='online']", "1"},
		{OpModify, "status", "", `<node_state id="2" crmd="online"/>`, nil, "1.5.4", "//node_state", "2"},
		{OpModify, "", "", `<cib admin_epoch="admin_epoch++"/>`, nil, "2.6.0", "", ""}, // the peer counts 2.5.4, which it would not keep on disk
		{OpModify, "", "", `<cib dc-uuid="2"/>`, nil, "1.5.4", "", ""},
		{OpReplace, "", "", strings.Replace(baseDoc, `"true"`, `"false"`, 1), nil, "1.6.0", "//nvpair[@value='false']", "1"},
		{OpReplace, "", "", strings.Replace(baseDoc, ` epoch="5"`, ` epoch="9"`, 1), nil, "1.10.0", "", ""},
		{OpReplace, "", "", strings.Replace(baseDoc, ` epoch="5"`, ` epoch="2"`, 1), ErrOld, "1.5.3", "", ""},
		{OpReplace, "", "", `<configuration><crm_config/><nodes/><resources/><constraints/></configuration>`, nil, "1.6.0", "//primitive", "0"},
		{OpReplace, "", "//primitive[@id='B']", `<primitive id="B2" class="ocf" provider="heartbeat" type="Dummy"/>`, nil, "1.6.0", "//group/primitive[@id='B2']", "1"},
		{OpModify, "", "//primitive[@id='A']", `<primitive id="A" description="q"/>`, nil, "1.6.0", "//primitive[@description='q']", "1"},
		{OpCreate, "", "//group[@id='G']", `<primitive id="B2" class="ocf" provider="heartbeat" type="Dummy"/>`, nil, "1.6.0", "//group/primitive", "2"},
		{OpDelete, "", "", `<cib/>`, ErrInvalid, "1.5.3", "", ""},
		{OpDelete, "", "", `<configuration/>`, ErrInvalid, "1.5.3", "", ""},
		{OpModify, "", "", `<cib epoch="1" admin_epoch="0"><configuration><resources><primitive id="A" description="x"/></resources></configuration></cib>`, nil, "1.6.0", "//primitive[@description]", "1"},
		{OpCreate, "nonsense", "", `<primitive id="A"/>`, ErrInvalid, "1.5.3", "", ""},
		{OpReplace, "", "//nothing", `<x/>`, ErrNotFound, "1.5.3", "", ""},
		{OpReplace, "", "//[", `<x/>`, ErrInvalid, "1.5.3", "", ""},
		{OpPatch, "", "", patchOf("1.5.3", "1.6.0"), nil, "1.7.0", "//primitive[@id='A'][@description='p']", "1"},
		{OpPatch, "", "", patchOf("1.5.2", "1.6.0"), ErrOld, "1.5.3", "", ""},
		{OpPatch, "", "", patchOf("1.5.3", "1.5.3"), ErrOld, "1.5.3", "", ""}, // what it was made from it also promises: refused by the peer as well
		{OpPatch, "", "", patchOf("1.5.3", "1.4.9"), ErrOld, "1.5.3", "", ""},
		{"mangle", "", "", `<x/>`, ErrInvalid, "1.5.3", "", ""},
		{OpModify, "", "", "", ErrInvalid, "1.5.3", "", ""},
	} {
		name := string(c.op) + " " + c.scope + c.xpath + " " + c.doc
		root := mustParse(t, baseDoc)
		got, changed, err := Commit(root, []Edit{edit(t, c.op, c.scope, c.xpath, c.doc)}, Stamp{Origin: "n1", Client: "test"})
		if !errors.Is(err, c.fails) || err != nil && c.fails == nil {
			t.Errorf("%s: error %v, want %v", name, err, c.fails)
			continue
		}
		if err != nil && got != root {
			t.Errorf("%s: a failed commit changed the root", name)
		}
		if v := VersionOf(got).String(); v != c.version {
			t.Errorf("%s: version %s, want %s", name, v, c.version)
		}
		if changed != (VersionOf(got).Epoch != 5 || VersionOf(got).AdminEpoch != 1) {
			t.Errorf("%s: configChanged %v at version %s", name, changed, VersionOf(got))
		}
		if c.query == "" {
			continue
		}
		hits, err := Find(got, c.query)
		if err != nil || len(hits) != int(c.want[0]-'0') {
			t.Errorf("%s: %s hits %d times (%v), want %s\n%s", name, c.query, len(hits), err, c.want, got)
		}
	}
}

func TestCommitStamp(t *testing.T) {
	root := mustParse(t, baseDoc)
	stamp := Stamp{Origin: "n2", Client: "cibadmin", User: "root", Wall: time.Unix(1700000000, 0)}
	got, changed, err := Commit(root, []Edit{edit(t, OpModify, "resources", "", `<primitive id="A" description="x"/>`)}, stamp)
	if err != nil || !changed {
		t.Fatal(err, changed)
	}
	for name, want := range map[string]string{
		"cib-last-written": "Tue Nov 14 22:13:20 2023", "update-origin": "n2", "update-client": "cibadmin", "update-user": "root",
	} {
		if v := got.Get(name); v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
	if got.Child("status") != root.Child("status") {
		t.Error("a change of resources copied the status")
	}
	stamp.User = ""
	got, _, _ = Commit(got, []Edit{{Op: OpBump}}, stamp)
	if _, ok := got.Lookup("update-user"); ok {
		t.Error("the old user is blamed for a change by nobody known")
	}
}

func TestCommitKeepsStatus(t *testing.T) {
	root := mustParse(t, baseDoc)
	doc := edit(t, OpReplace, "", "", strings.Replace(baseDoc, "<node_state", `<node_state crmd="x"`, 1))
	got, _, err := Commit(root, []Edit{doc}, Stamp{KeepStatus: true})
	if err != nil || got.Child("status") != root.Child("status") {
		t.Errorf("%v: the status is not the cluster's own: %s", err, got.Child("status"))
	}
	got, _, err = Commit(root, []Edit{{Op: OpErase}}, Stamp{KeepStatus: true})
	if err != nil || got.Child("status") != root.Child("status") || len(got.Path("configuration", "resources").Kids()) != 0 {
		t.Errorf("%v: %s", err, got)
	}
	got, _, err = Commit(root, []Edit{doc}, Stamp{})
	if err != nil || got.Path("status", "node_state").Get("crmd") != "x" {
		t.Errorf("%v: without KeepStatus the document's status counts: %s", err, got.Child("status"))
	}
}

// All or nothing: the second edit fails, so the first has not happened.
func TestApplyIsAtomic(t *testing.T) {
	root := mustParse(t, baseDoc)
	got, err := Apply(root, []Edit{
		edit(t, OpDelete, "resources", "", `<primitive id="A"/>`),
		edit(t, OpCreate, "resources", "", `<group id="G"/>`),
	})
	var fault *EditError
	if !errors.As(err, &fault) || fault.Index != 1 || got != root {
		t.Fatalf("%v, root kept: %v", err, got == root)
	}
	for _, part := range []string{`<group id="G">`, "resources", "already there", "another id"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

func TestCreateSectionMergesIntoSections(t *testing.T) {
	root := mustParse(t, baseDoc)
	got, err := Apply(root, []Edit{edit(t, OpCreate, "", "", `<configuration>
		<resources><primitive id="N"/></resources><tags><tag id="T"/></tags></configuration>`)})
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := Find(got, "/cib/configuration/resources/*"); len(n) != 3 {
		t.Errorf("%d resources\n%s", len(n), got)
	}
	if n, _ := Find(got, "/cib/configuration/tags/tag"); len(n) != 1 {
		t.Errorf("no tag\n%s", got)
	}
}

func TestMergeCounts(t *testing.T) {
	root := mustParse(t, `<cib><configuration><crm_config a="5" b="x"/></configuration></cib>`)
	got, err := Apply(root, []Edit{edit(t, OpModify, "crm_config", "", `<crm_config a="a++" b="b+=3" c="c++" d="a++"/>`)})
	if err != nil {
		t.Fatal(err)
	}
	c := got.Path("configuration", "crm_config")
	if c.Get("a") != "6" || c.Get("b") != "3" || c.Get("c") != "1" || c.Get("d") != "a++" {
		t.Errorf("%s", c)
	}
}

func TestVersion(t *testing.T) {
	v, err := ParseVersion("1.22.333")
	if err != nil || v != (Version{1, 22, 333}) || v.String() != "1.22.333" {
		t.Fatal(v, err)
	}
	if (Version{1, 0, 0}).Compare(Version{0, 9, 9}) != 1 || (Version{0, 1, 9}).Compare(Version{0, 2, 0}) != -1 || v.Compare(v) != 0 {
		t.Error("versions compare wrongly")
	}
	for _, s := range []string{"", "1.2", "1.2.x", "1.2.-3", "1.2.3.4"} {
		if _, err := ParseVersion(s); err == nil {
			t.Errorf("%q is taken for a version", s)
		}
	}
}

// With a scope, a whole document gives that section, however old it is (cibadmin
// --replace --scope, pcs cluster cib-push --config).
func TestReplaceSectionByDocument(t *testing.T) {
	parse := func(text string) *Elem {
		e, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	root := parse(`<cib admin_epoch="0" epoch="9" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`)
	old := parse(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources><primitive id="a" class="ocf" provider="heartbeat" type="Dummy"/></resources><constraints/></configuration><status/></cib>`)
	for _, scope := range []string{"configuration", "resources"} {
		got, err := Apply(root, []Edit{{Op: OpReplace, Scope: scope, Elem: old}})
		if err != nil {
			t.Errorf("%s: %v", scope, err)
			continue
		}
		if !got.Child("configuration").Equal(old.Child("configuration")) || got.Get("epoch") != "9" {
			t.Errorf("%s: %s", scope, got)
		}
	}
	if _, err := Apply(root, []Edit{{Op: OpReplace, Scope: "alerts", Elem: old}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a section that the document lacks: %v", err)
	}
}

// patchOf is a patch from one version to another that describes the primitive A.
func patchOf(from, to string) string {
	version := func(name, v string) string {
		f := strings.Split(v, ".")
		return `<` + name + ` admin_epoch="` + f[0] + `" epoch="` + f[1] + `" num_updates="` + f[2] + `"/>`
	}
	return `<diff format="2"><version>` + version("source", from) + version("target", to) + `</version>` +
		`<change operation="modify" path="/cib/configuration/resources/primitive[@id='A']"><change-list>` +
		`<change-attr name="description" operation="set" value="p"/></change-list>` +
		`<change-result><primitive id="A" class="ocf" provider="heartbeat" type="Dummy" description="p"/></change-result></change></diff>`
}
