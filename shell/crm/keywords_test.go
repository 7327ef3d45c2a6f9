package crm

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mainstay/cib"
)

// said is one block of testdata/keywords.txt.
type said struct {
	note       string // "!crmsh …" with the end of its line
	text, want string // want is "" where the text comes back as it was
}

// blocks reads testdata/keywords.txt.
func blocks(t *testing.T) []said {
	t.Helper()
	b, err := os.ReadFile("testdata/keywords.txt")
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(b), "\n\n")
	out := []said{{note: head + "\n"}}
	for block := range strings.SplitSeq(strings.TrimSpace(body), "\n\n") {
		var s said
		if strings.HasPrefix(block, "!crmsh ") {
			s.note, block, _ = strings.Cut(block, "\n")
			s.note += "\n"
		}
		s.text, s.want, _ = strings.Cut(block, "\n=>\n")
		out = append(out, s)
	}
	return out
}

// ground is a cluster of two nodes without fencing; statement by statement is told of it.
const ground = "node 1: alpha\nnode 2: beta\nproperty stonith-enabled=false\n"

var (
	continued = regexp.MustCompile(`\s*\\\n\s*`)
	ownSet    = strings.NewReplacer(" cib-bootstrap-options:", "", " rsc-options:", "", " op-options:", "", `"`, "")
)

// linesOf normalises a text: a statement a line, without what may be left out, sorted.
func linesOf(text string) []string {
	lines := strings.Split(strings.TrimSpace(ownSet.Replace(continued.ReplaceAllString(text, " "))), "\n")
	slices.Sort(lines)
	return lines
}

// Every form of every statement is read, and written again as it was.
func TestKeywords(t *testing.T) {
	base, _, problems := Load(ground, cib.Empty(), Update)
	if base == nil {
		t.Fatal(problems)
	}
	seen := map[string]bool{}
	list := blocks(t)
	for i, b := range list {
		if b.text == "" {
			continue
		}
		root, edits, problems := Load(b.text, base, Update)
		if root == nil {
			t.Errorf("%s%v", b.text, problems)
			continue
		}
		if applied, err := cib.Apply(base, edits); err != nil || !applied.Equal(root) {
			t.Errorf("%sthe edits do not lead to what is said: %v", b.text, err)
		}
		sts, _ := Parse(b.text)
		for _, st := range sts {
			seen[strings.Fields(strings.TrimLeft(b.text, "# "))[0]], seen[st.Kind] = true, true
		}
		got, want := linesOf(Format(root)), linesOf(b.text)
		if b.want != "" {
			want = linesOf(b.want)
		}
		list[i].want = ""
		if missing := slices.ContainsFunc(want, func(l string) bool { return !slices.Contains(got, l) }); missing || b.want != "" {
			list[i].want = strings.Join(slices.DeleteFunc(got, func(l string) bool { return slices.Contains(linesOf(ground), l) }), "\n")
			if missing && !*rewrite {
				t.Errorf("%s is written as\n%s", b.text, strings.Join(got, "\n"))
			}
		}
		again, _, problems := Load(Format(root), base, Replace)
		if again == nil || !again.Child("configuration").Equal(root.Child("configuration")) {
			t.Errorf("%sread again it is another configuration: %v", b.text, problems)
		}
	}
	for _, k := range keywords() {
		if k == kinds[k] && k != "delete" && !seen[k] && k != "ms" && k != "user" {
			t.Errorf("no text with %s", k)
		}
	}
	if *rewrite {
		writeBlocks(t, list)
	}
}

// writeBlocks writes what comes out into testdata/keywords.txt.
func writeBlocks(t *testing.T, list []said) {
	t.Helper()
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(s.note)
		if s.text != "" {
			b.WriteString(s.text + "\n")
		}
		if s.want != "" {
			b.WriteString("=>\n" + s.want + "\n")
		}
	}
	if err := os.WriteFile("testdata/keywords.txt", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
