package lint

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// TestHouse runs every rule over the module itself.
func TestHouse(t *testing.T) {
	m, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) { report(t, r.Check(m)) })
	}
	t.Run("typed", func(t *testing.T) {
		exports, err := Exports(root)
		if err != nil {
			t.Fatal(err)
		}
		report(t, m.Check(exports).Findings())
	})
}

func report(t *testing.T, findings []Finding) {
	for _, f := range findings {
		t.Error(f)
	}
}

// TestPlanted checks the checkers: every file in testdata is a small module with
// violations, followed by exactly the findings it must give.
func TestPlanted(t *testing.T) {
	exports, err := Exports(root, "context", "fmt", "maps", "math/rand", "net", "os", "slices", "sort", "sync", "time", "github.com/spf13/cobra")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no planted violations found: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			src := sections(string(text))
			want := strings.TrimSpace(string(src["want"]))
			delete(src, "want")
			m := FromFiles(src)
			var got []string
			for _, r := range Rules() {
				for _, f := range r.Check(m) {
					got = append(got, f.String())
				}
			}
			for _, f := range m.Check(exports).Findings() {
				got = append(got, f.String())
			}
			slices.Sort(got)
			if g := strings.Join(got, "\n"); g != want {
				t.Errorf("got:\n%s\n\nwant:\n%s", g, want)
			}
		})
	}
}

// sections splits "-- name --" separated text.
func sections(text string) map[string][]byte {
	out := map[string][]byte{}
	name := ""
	for line := range strings.Lines(text) {
		if inner, ok := strings.CutPrefix(line, "-- "); ok {
			name = strings.TrimSuffix(strings.TrimSpace(inner), " --")
			out[name] = nil
			continue
		}
		out[name] = append(out[name], line...)
	}
	delete(out, "")
	return out
}

func TestLengths(t *testing.T) {
	long := "// Package quorum counts.\npackage quorum\n" + strings.Repeat("\n// x\n", 300)
	fn := "// Package ring orders.\npackage ring\n\nfunc f() {\n" + strings.Repeat("\tf()\n", 70) + "}\n"
	m := FromFiles(map[string][]byte{"quorum/a.go": []byte(long), "ring/a.go": []byte(fn)})
	got := checkSize(m)
	if len(got) != 2 || got[0].File != "quorum/a.go" || got[1].File != "ring/a.go" {
		t.Errorf("got %v, want one finding for the long file and one for the long function", got)
	}
}

func TestTableIsAcyclic(t *testing.T) {
	table := allowed()
	var visit func(p string, trail []string)
	visit = func(p string, trail []string) {
		if slices.Contains(trail, p) {
			t.Fatalf("cycle: %v → %s", trail, p)
		}
		for _, to := range table[p] {
			if to != everyone && !strings.HasPrefix(to, "-") {
				visit(to, append(trail, p))
			}
		}
	}
	for p := range table {
		visit(p, nil)
	}
}
