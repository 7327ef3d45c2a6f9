package crm

import (
	"os"
	"path/filepath"
	"testing"

	"mainstay/cib"
)

// FuzzFormat holds that any configuration that validates can be written, and
// that its text, loaded over it, changes nothing.
func FuzzFormat(f *testing.F) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if root, _, _ := Load(string(b[indexAfter(string(b), "-- update --\n"):]), cib.Empty(), Update); root != nil {
			f.Add(root.AppendXML(nil, false))
		}
	}
	for _, s := range []string{
		`<cib><configuration><crm_config/><nodes><node id="1" uname="n1" type="remote"/></nodes><resources><master id="m"><primitive id="p" class="ocf" provider="x" type="y" extra="1"/></master></resources><constraints><rsc_order id="o" first="m" then="p" score="0" require-all="false"/></constraints></configuration></cib>`,
		`<cib><configuration><crm_config><cluster_property_set id="x" score="-3"><rule id="r" boolean-op="or"><rule id="r2"><expression id="e" operation="eq" attribute="a" value="b c"/></rule></rule><nvpair id="n" name="a b" value="&#10;"/></cluster_property_set></crm_config><nodes/><resources><group id="g"><!-- c --><primitive id="p" class="lsb" type="x"><operations><op id="o" name="monitor" interval="1" x="y"><!--d--></op></operations></primitive></group></resources><constraints/></configuration></cib>`,
		`<cib><configuration><crm_config/><nodes/><resources><group id="A"><!----><primitive id="B" class="lsb" type="0"/></group></resources><constraints/></configuration></cib>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if len(doc) > 20000 {
			return
		}
		root, err := cib.Parse(doc)
		if err != nil || root.Name() != "cib" {
			return
		}
		text := Format(root)
		if cib.HasErrors(cib.Validate(root)) {
			return
		}
		for _, mode := range []Mode{Update, Replace} {
			sts, problems := Parse(text)
			edits, more := Compile(sts, root, mode)
			if problems = append(problems, more...); cib.HasErrors(problems) || len(edits) > 0 {
				t.Fatalf("mode %d: %v %v\n%s\n%s", mode, problems, edits, text, root)
			}
		}
	})
}

func indexAfter(s, sep string) int {
	for i := 0; i+len(sep) <= len(s); i++ {
		if s[i:i+len(sep)] == sep {
			return i + len(sep)
		}
	}
	return 0
}
