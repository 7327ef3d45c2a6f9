package ring

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var flagMutate = flag.Bool("ring.mutate", false, "break the protocol in the ways of testdata/mutations.txt and see whether TestRandomFaults notices")

// mutation is one way to break the protocol.
type mutation struct{ what, file, old, new string }

func readMutations(t *testing.T) []mutation {
	t.Helper()
	b, err := os.ReadFile("testdata/mutations.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []mutation
	for block := range strings.SplitSeq(string(b), "\n\n") {
		lines := strings.Split(strings.TrimRight(block, "\n"), "\n")
		if len(lines) != 3 || strings.HasPrefix(lines[0], "#") {
			continue
		}
		file, old, _ := strings.Cut(lines[1], ":")
		out = append(out, mutation{lines[0], file, old, lines[2]})
	}
	return out
}

// TestMutations checks that each mutation can be applied, and with -ring.mutate
// that the simulator notices each.
func TestMutations(t *testing.T) {
	all := readMutations(t)
	if len(all) < 10 {
		t.Fatalf("%d mutations", len(all))
	}
	for _, m := range all {
		src, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(src), m.old); n != 1 {
			t.Errorf("%s: %q is %d times in %s, want once", m.what, m.old, n, m.file)
			continue
		}
		if *flagMutate {
			m.try(t, strings.Replace(string(src), m.old, m.new, 1))
		}
	}
}

// try runs the random faults over the broken source.
func (m mutation) try(t *testing.T, broken string) {
	dir := t.TempDir()
	file := filepath.Join(dir, m.file)
	abs, err := filepath.Abs(m.file)
	if err == nil {
		err = os.WriteFile(file, []byte(broken), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {abs: file}})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-overlay", filepath.Join(dir, "overlay.json"), "-run", "TestRandomFaults", "-ring.seeds", "3000", "-timeout", "120s", ".")
	out, err := cmd.CombinedOutput()
	text := string(out)
	switch {
	case err == nil:
		t.Errorf("NOT noticed: %s", m.what)
	case strings.Contains(text, "build failed"):
		t.Errorf("%s: does not build: %s", m.what, text)
	default:
		line := text
		for l := range strings.Lines(text) {
			if strings.Contains(l, "seed ") {
				line = l
				break
			}
		}
		t.Logf("noticed: %s: %.200s", m.what, strings.TrimSpace(line))
	}
}
