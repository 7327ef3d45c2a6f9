package cib

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
)

// largeDoc is a CIB as a large cluster has it: nodes × resources with two
// operations of history each; 100 × 500 makes about 150,000 elements.
func largeDoc(nodes, resources int) []byte {
	var b bytes.Buffer
	b.WriteString(`<cib crm_feature_set="3.20.0" validate-with="pacemaker-4.0" epoch="10" num_updates="7" admin_epoch="0"><configuration><crm_config/><nodes>`)
	for n := range nodes {
		fmt.Fprintf(&b, `<node id="%d" uname="node%d"/>`, n+1, n+1)
	}
	b.WriteString("</nodes>\n<resources>")
	for r := range resources {
		fmt.Fprintf(&b, "\n<primitive id=\"rsc%d\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"><operations><op id=\"rsc%d-monitor-10s\" name=\"monitor\" interval=\"10s\"/></operations></primitive>", r, r)
	}
	b.WriteString("</resources><constraints/></configuration>\n<status>")
	for n := range nodes {
		fmt.Fprintf(&b, `<node_state id="%d" uname="node%d" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="%d"><lrm_resources>`, n+1, n+1, n+1)
		for r := range resources {
			fmt.Fprintf(&b, "\n<lrm_resource id=\"rsc%d\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\">", r)
			fmt.Fprintf(&b, `<lrm_rsc_op id="rsc%d_last_0" operation_key="rsc%d_monitor_0" operation="monitor" crm-debug-origin="do_update_resource" crm_feature_set="3.20.0" transition-key="%d:1:7:0a1b2c3d-0000-4000-8000-00000000beef" transition-magic="0:7;%d:1:7:0a1b2c3d-0000-4000-8000-00000000beef" exit-reason="" on_node="node%d" call-id="%d" rc-code="7" op-status="0" interval="0" last-rc-change="1700000000" exec-time="11" queue-time="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>`, r, r, r, r, n+1, r)
		}
		b.WriteString("</lrm_resources></lrm></node_state>")
	}
	b.WriteString("</status></cib>")
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	doc := largeDoc(20, 500)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	root := mustParse(b, string(largeDoc(20, 500)))
	b.SetBytes(int64(len(root.AppendXML(nil, true))))
	var buf []byte
	for b.Loop() {
		buf = root.AppendXML(buf[:0], true)
	}
}

// BenchmarkUpdateDeep is one attribute of one operation in a tree of 100,000 elements.
func BenchmarkUpdateDeep(b *testing.B) {
	root := mustParse(b, string(largeDoc(100, 500)))
	ed := edit(b, OpModify, "status", "", `<node_state id="57"><lrm id="57"><lrm_resources><lrm_resource id="rsc433"><lrm_rsc_op id="rsc433_last_0" rc-code="0"/></lrm_resource></lrm_resources></lrm></node_state>`)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		ed.Elem = mergeAttr(ed.Elem, fmt.Sprint(n))
		next, _, err := Commit(root, []Edit{ed}, Stamp{})
		if err != nil || next == root {
			b.Fatal(err)
		}
		root = next
	}
}

// mergeAttr sets rc-code in the innermost element of an edit.
func mergeAttr(e *Elem, v string) *Elem {
	if len(e.kids) == 0 {
		return e.With("rc-code", v)
	}
	return e.setKid(0, mergeAttr(e.kids[0], v))
}

func BenchmarkUpdateByXPath(b *testing.B) {
	root := mustParse(b, string(largeDoc(100, 500)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		ed := Edit{Op: OpModify, XPath: "//lrm_rsc_op[@id='rsc433_last_0']", Elem: New("lrm_rsc_op", Attr{"id", "rsc433_last_0"}, Attr{"rc-code", fmt.Sprint(n)})}
		next, _, err := Commit(root, []Edit{ed}, Stamp{})
		if err != nil || next == root {
			b.Fatal(err)
		}
		root = next
	}
}

func BenchmarkDiffOnePlace(b *testing.B) {
	root := mustParse(b, string(largeDoc(100, 500)))
	ed := edit(b, OpModify, "status", "", `<node_state id="57"><lrm id="57"><lrm_resources><lrm_resource id="rsc433"><lrm_rsc_op id="rsc433_last_0" rc-code="0"/></lrm_resource></lrm_resources></lrm></node_state>`)
	next, _, err := Commit(root, []Edit{ed}, Stamp{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if Diff(root, next) == nil {
			b.Fatal("no difference")
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	root := mustParse(b, string(largeDoc(20, 500)))
	for b.Loop() {
		VersionedDigest(root, FeatureSet)
	}
}

// BenchmarkUpdateConfig is one option of one resource in that tree, judged as every
// change of the configuration is.
func BenchmarkUpdateConfig(b *testing.B) {
	root := mustParse(b, string(largeDoc(100, 500)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		ed := edit(b, OpModify, "resources", "", fmt.Sprintf(`<primitive id="rsc433"><meta_attributes id="m"><nvpair id="m-p" name="priority" value="%d"/></meta_attributes></primitive>`, n))
		next, _, err := Commit(root, []Edit{ed}, Stamp{})
		if err != nil || next == root {
			b.Fatal(err)
		}
		root = next
	}
}

// TestUpdateSharesTheTree: what an update makes anew does not grow with the tree.
func TestUpdateSharesTheTree(t *testing.T) {
	root := mustParse(t, string(largeDoc(100, 500)))
	ed := edit(t, OpModify, "status", "", `<node_state id="57"><lrm id="57"><lrm_resources><lrm_resource id="rsc433"><lrm_rsc_op id="rsc433_last_0" rc-code="0"/></lrm_resource></lrm_resources></lrm></node_state>`)
	const rounds = 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for n := range rounds {
		ed.Elem = mergeAttr(ed.Elem, fmt.Sprint(n))
		next, _, err := Commit(root, []Edit{ed}, Stamp{})
		if err != nil || next == root {
			t.Fatal(err)
		}
		root = next
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / rounds; each >= 64<<10 {
		t.Errorf("an update of one attribute takes %d bytes of new memory, want less than 64 KiB", each)
	}
}
