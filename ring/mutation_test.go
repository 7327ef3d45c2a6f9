package ring

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var flagMutate = flag.String("ring.mutate", "", `break the protocol in the ways of testdata/mutations.txt and see whether that is noticed:
"ten" tries what is known to notice the first ten, "known" does so for all, "remember" searches through seeds and writes down
what it found, which is needed after a change of the simulator`)

const mutationsFile = "testdata/mutations.txt"

// mutation is one way to break the protocol.
type mutation struct {
	what, file, old, new string
	by                   string // what notices it: "seed N" or "stories"
}

// readMutations returns the mutations, and what the file says before them.
func readMutations(t *testing.T) (head string, all []mutation) {
	t.Helper()
	b, err := os.ReadFile(mutationsFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(b), "\n\n")
	for block := range strings.SplitSeq(strings.TrimSpace(rest), "\n\n") {
		lines := strings.Split(block, "\n")
		if len(lines) != 4 {
			t.Fatalf("%d lines, want 4: %q", len(lines), block)
		}
		file, old, _ := strings.Cut(lines[1], ":")
		all = append(all, mutation{lines[0], file, old, lines[2], lines[3]})
	}
	return head, all
}

// TestMutations checks that each mutation can be applied, and with -ring.mutate
// that each is noticed.
func TestMutations(t *testing.T) {
	head, all := readMutations(t)
	if len(all) < 10 {
		t.Fatalf("%d mutations", len(all))
	}
	out := head + "\n"
	for i, m := range all {
		src, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(src), m.old); n != 1 {
			t.Errorf("%s: %q is %d times in %s, want once", m.what, m.old, n, m.file)
			continue
		}
		if *flagMutate != "" && (*flagMutate != "ten" || i < 10) {
			m.by = m.try(t, strings.Replace(string(src), m.old, m.new, 1))
		}
		out += strings.Join([]string{"", m.what, m.file + ":" + m.old, m.new, m.by, ""}, "\n")
	}
	if *flagMutate == "remember" && !t.Failed() {
		if err := os.WriteFile(mutationsFile, []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// try runs tests over the broken source, and tells what noticed that it is broken.
func (m mutation) try(t *testing.T, broken string) (by string) {
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
	args := []string{"test", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-timeout", "900s"}
	seed, ok := strings.CutPrefix(m.by, "seed ")
	switch {
	case !ok:
		args = append(args, "-run", "TestStories")
	case *flagMutate != "remember":
		args = append(args, "-run", "TestRandomFaults", "-ring.seeds", "1", "-ring.from", seed)
	default:
		args = append(args, "-run", "TestRandomFaults", "-ring.seeds", "5000")
	}
	b, err := exec.Command("go", append(args, ".")...).CombinedOutput()
	return m.judge(t, string(b), err)
}

var noticedBy = regexp.MustCompile(`(seed \d+): .*`)

// judge tells from what the tests said what noticed the mutation.
func (m mutation) judge(t *testing.T, text string, err error) (by string) {
	line := noticedBy.FindStringSubmatch(text)
	switch {
	case err == nil:
		t.Errorf("NOT noticed: %s (if the simulator was changed: make mutants-all)", m.what)
	case strings.Contains(text, "build failed"):
		t.Errorf("%s: does not build: %s", m.what, text)
	case line != nil:
		t.Logf("noticed: %s: %.150s", m.what, line[0])
		return line[1]
	case strings.Contains(text, "--- FAIL: TestStories"):
		t.Logf("noticed: %s: by the stories", m.what)
		return "stories"
	default:
		t.Errorf("%s: %s", m.what, text)
	}
	return m.by
}
