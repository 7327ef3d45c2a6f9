package face

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"mainstay/cib"
)

// A document whose name ends in .bz2 is read and edited compressed.
func TestCompressedDocument(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pe-input-1.bz2")
	text, err := Compress(cib.Empty().AppendXML(nil, true))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := ReadCIB(name)
	if err != nil || !root.Equal(cib.Empty()) {
		t.Fatalf("%v\n%s", err, root)
	}
	node := cib.New("nodes").Append(cib.New("node", cib.Attr{Name: "id", Value: "1"}, cib.Attr{Name: "uname", Value: "n1"}))
	if err := EditFile(name, []cib.Edit{{Op: cib.OpModify, Elem: node}}, cib.Stamp{Wall: time.Unix(0, 0)}); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(name); err != nil || string(text[:3]) != "BZh" {
		t.Errorf("it is written as %q, %v", text[:3], err)
	}
	if root, err = ReadCIB(name); err != nil || root.Path("configuration", "nodes", "node").Get("uname") != "n1" {
		t.Errorf("after the edit: %v\n%s", err, root)
	}
	if err := os.WriteFile(name, []byte("<cib/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCIB(name); CodeOf(err) != NoInput {
		t.Errorf("what is not compressed: %v", err)
	}
}
