package crm

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/cib"
)

var rewrite = flag.Bool("rewrite", false, "write what comes out into the golden files; then read the diff")

// section is one part of a golden file, under a line "-- name --".
type section struct{ name, body string }

func readSections(t *testing.T, file string) []section {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []section
	for _, line := range strings.SplitAfter(string(b), "\n") {
		trimmed := strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(trimmed, "-- "); ok && strings.HasSuffix(name, " --") {
			out = append(out, section{name: strings.TrimSuffix(name, " --")})
			continue
		}
		if len(out) == 0 {
			out = append(out, section{name: "about"})
		}
		out[len(out)-1].body += line
	}
	return out
}

// TestGolden reads each file of testdata: a text to load (section "update" or
// "replace", after "base" if there is one), and what must come of it: the
// problems, the CIB's configuration, and the text that Format makes of it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".golden"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	parts := readSections(t, file)
	root := cib.Empty()
	got := make(map[string]string)
	var inputs []section
	for _, s := range parts {
		mode := Update
		switch s.name {
		case "replace":
			mode = Replace
		case "update", "base":
		case "xml":
			doc, err := cib.Parse([]byte(s.body))
			if err != nil {
				t.Fatal(err)
			}
			root = root.Put(doc)
			inputs = append(inputs, s)
			continue
		default:
			if s.name == "about" {
				inputs = append(inputs, s)
			}
			continue
		}
		inputs = append(inputs, s)
		next, edits, problems := Load(s.body, root, mode)
		got["problems"] = ""
		for _, p := range problems {
			got["problems"] += p.String() + "\n"
		}
		if next == nil {
			continue
		}
		applied, err := cib.Apply(root, edits)
		if err != nil || !applied.Equal(next) {
			t.Errorf("the edits do not lead to the root: %v\n%s", err, cib.Diff(applied, next))
		}
		root = next
	}
	got["cib"] = root.Child("configuration").String()
	got["format"] = Format(root)
	checkStable(t, root)
	if *rewrite {
		writeGolden(t, file, inputs, got)
		return
	}
	for _, s := range parts {
		if want, ok := got[s.name]; ok && strings.TrimSpace(want) != strings.TrimSpace(s.body) {
			t.Errorf("%s is now:\n%s\nwant:\n%s", s.name, want, s.body)
		}
		delete(got, s.name)
	}
	for name := range got {
		if strings.TrimSpace(got[name]) != "" {
			t.Errorf("section %s is missing, it would be:\n%s", name, got[name])
		}
	}
}

func writeGolden(t *testing.T, file string, inputs []section, got map[string]string) {
	var b strings.Builder
	for _, s := range inputs {
		if s.name != "about" {
			b.WriteString("-- " + s.name + " --\n")
		}
		b.WriteString(s.body)
	}
	for _, name := range []string{"problems", "cib", "format"} {
		if got[name] != "" {
			b.WriteString("-- " + name + " --\n" + got[name])
		}
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkStable asserts what must hold of every configuration: its text, loaded
// over it, changes nothing, in both modes; loaded into an empty cluster it
// gives the same text again, but for old words.
func checkStable(t *testing.T, root *cib.Elem) {
	t.Helper()
	text := Format(root)
	for _, mode := range []Mode{Update, Replace} {
		sts, problems := Parse(text)
		edits, more := Compile(sts, root, mode)
		for _, p := range append(problems, more...) {
			t.Errorf("mode %d: reading the own text: %s", mode, p)
		}
		for _, e := range edits {
			t.Errorf("mode %d: the own text changes something:\n%s\ntext:\n%s", mode, e.Elem, text)
		}
	}
	sts, _ := Parse(text)
	fresh, problems := build(sts, cib.Empty(), Update)
	if fresh == nil {
		t.Errorf("the text does not load into an empty cluster: %v", problems)
		return
	}
	modern := strings.NewReplacer("=Master", "=Promoted", "=Slave", "=Unpromoted")
	if again := Format(fresh); again != modern.Replace(text) && !strings.Contains(text, "\nms ") {
		t.Errorf("the text comes back differently:\n%s\nwas:\n%s", again, text)
	}
}
