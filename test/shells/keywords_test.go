//go:build e2e

package shells

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mainstay/cib"
	"mainstay/shell/crm"
)

// ground is the cluster to which each block is loaded.
const ground = "node 1: alpha\nnode 2: beta\nproperty stonith-enabled=false\n"

// TestKeywords has Debian's crmsh load each block of the language's table, and compares
// the configuration that it makes, attribute by attribute and id by id, with ours.
func TestKeywords(t *testing.T) {
	table, err := os.ReadFile("../../shell/crm/testdata/keywords.txt")
	if err != nil {
		t.Fatal(err)
	}
	base, _, problems := crm.Load(ground, cib.Empty(), crm.Update)
	if base == nil {
		t.Fatal(problems)
	}
	_, body, _ := strings.Cut(string(table), "\n\n")
	same, judged := 0, 0
	for block := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		if strings.HasPrefix(block, "!crmsh ") {
			judged++
			continue
		}
		text, _, _ := strings.Cut(block, "\n=>\n")
		root, _, problems := crm.Load(text+"\n", base, crm.Update)
		if root == nil {
			t.Errorf("%s\n%v", text, problems)
			continue
		}
		theirs := loadedByCrmsh(t, base, text+"\n")
		if ours := outline(root.Child("configuration")); ours != outline(theirs) {
			t.Errorf("%s\ncrmsh makes\n%s\nof it, not\n%s", text, outline(theirs), ours)
			continue
		}
		same++
	}
	t.Logf("%d blocks make the same configuration, %d were judged", same, judged)
}

// loadedByCrmsh is the configuration that crmsh makes of a text. It is saved, not
// committed: a CIB in a file takes no patches from crmsh.
func loadedByCrmsh(t *testing.T, base *cib.Elem, text string) *cib.Elem {
	t.Helper()
	dir := t.TempDir()
	doc, file, out := filepath.Join(dir, "cib.xml"), filepath.Join(dir, "text.crm"), filepath.Join(dir, "out.xml")
	for name, content := range map[string][]byte{doc: base.AppendXML(nil, true), file: []byte(text)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), "/usr/sbin/crm", "-F")
	c.Env = append(os.Environ(), "CIB_file="+doc, "TERM=dumb", "HOME="+dir)
	c.Stdin = strings.NewReader("configure\nload update " + file + "\nsave xml " + out + "\nrefresh\nquit\n")
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Run(); err != nil {
		t.Errorf("crmsh: %v\n%s", err, said.String())
	}
	saved, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	root, err := cib.Parse(saved)
	if err != nil {
		t.Fatal(err)
	}
	if root.Name() == "cib" {
		root = root.Child("configuration")
	}
	return root
}

// outline writes a tree with the attributes of each element in order.
func outline(e *cib.Elem) string {
	var b strings.Builder
	var write func(e *cib.Elem, depth int)
	write = func(e *cib.Elem, depth int) {
		var attrs []string
		for _, a := range e.Attrs() {
			attrs = append(attrs, fmt.Sprintf("%s=%q", a.Name, a.Value))
		}
		slices.Sort(attrs)
		fmt.Fprintf(&b, "%s%s %s\n", strings.Repeat("  ", depth), e.Name(), strings.Join(attrs, " "))
		for _, k := range e.Kids() {
			if k.Name() != cib.CommentName {
				write(k, depth+1)
			}
		}
	}
	write(e, 0)
	return b.String()
}
