package sim

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	mutants    = flag.String("mutants", "", `build all planted faults and see whether each is noticed: "ten" and "known" play what is known to notice the first ten, or all; "search" looks for such histories and writes them down`)
	mutantTime = flag.Duration("mutant-time", 50*time.Second, "how long to look for one")
	hunted     = flag.Int("hunt", 0, "the number of the fault that is planted in this program")
)

// root is the module's directory.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// plant writes the sources with all faults in them; which one is on is decided
// when the program runs, by the environment.
func plant(t *testing.T, dir string) map[string]string {
	t.Helper()
	overlay := map[string]string{}
	text := map[string]string{}
	for i, m := range planted() {
		path := filepath.Join(root(t), m.file)
		if _, ok := text[path]; !ok {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text[path] = string(b)
		}
		if n := strings.Count(text[path], m.old); n != 1 {
			t.Errorf("%s: the place for the fault %q is there %d times in %s; find it a new one", m.what, m.old, n, m.file)
			continue
		}
		text[path] = strings.Replace(text[path], m.old, strings.ReplaceAll(m.new, "@", fmt.Sprintf("planted(%d)", i+1)), 1)
		room := filepath.Dir(path)
		text[filepath.Join(room, "planted.go")] = "package " + filepath.Base(room) +
			"\n\nimport \"mainstay/internal/planted\"\n\nfunc planted(n int) bool { return which.On == n }\n"
	}
	for path, s := range text {
		s = strings.Replace(s, `import "mainstay/internal/planted"`, `import which "mainstay/internal/planted"`, 1)
		overlay[path] = write(t, dir, fmt.Sprintf("%d.go", len(overlay)), s)
	}
	overlay[filepath.Join(root(t), "internal/planted/planted.go")] = write(t, dir, "planted.go",
		"package planted\n\nimport (\n\"os\"\n\"strconv\"\n)\n\nvar On, _ = strconv.Atoi(os.Getenv(\"PLANTED\"))\n")
	return overlay
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSimMutants tells how good the checkers are: each of the planted faults has
// to be noticed by some history. What noticed each is in testdata/mutants.txt.
// Without -mutants it only sees to it that the faults still have their places.
func TestSimMutants(t *testing.T) {
	dir := t.TempDir()
	overlay := plant(t, dir)
	if *mutants == "" || t.Failed() {
		return
	}
	seeds := remembered(t)
	program := buildPlanted(t, dir, overlay)
	wanted := len(planted())
	if *mutants == "ten" {
		wanted = 10
	}
	caught := make([]bool, wanted)
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range 2 { // processes at once
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < wanted; i = int(next.Add(1)) - 1 {
				from, seed := time.Now(), uint64(0)
				if *mutants != "search" {
					seed = seeds[i]
				}
				found, what := hunt(t, program, i+1, i+1, seed)
				if caught[i] = found != 0; caught[i] {
					if _, wrong := hunt(t, program, i+1, 0, found); wrong != "" {
						t.Errorf("seed %d, which notices %q, breaks a law without it: %s", found, planted()[i].what, wrong)
					}
					seeds[i] = found
					t.Logf("%2d noticed after %5.1f s by seed %d: %s: %s", i+1, time.Since(from).Seconds(), found, planted()[i].what, what)
				} else {
					t.Logf("%2d NOT noticed in %.1f s: %s %s", i+1, time.Since(from).Seconds(), planted()[i].what, what)
				}
			}
		})
	}
	wg.Wait()
	n := 0
	for _, c := range caught {
		if c {
			n++
		}
	}
	t.Logf("%d of %d planted faults noticed in %.0f s", n, wanted, time.Since(began).Seconds())
	if n < wanted-1 || *mutants != "search" && n < wanted {
		t.Errorf("%d of %d planted faults were noticed (if the simulator changed: make sim-mutants MUTANTS=search)", n, wanted)
	}
	if *mutants == "search" && !t.Failed() {
		remember(t, seeds)
	}
}

// mutantsFile has a line per planted fault, in their order: the seed of a history,
// drawn with the fault's profile, that notices it.
const mutantsFile = "testdata/mutants.txt"

func remembered(t *testing.T) []uint64 {
	t.Helper()
	b, err := os.ReadFile(mutantsFile)
	if err != nil {
		t.Fatal(err)
	}
	var out []uint64
	for line := range strings.Lines(string(b)) {
		word, _, _ := strings.Cut(line, " ")
		if n, err := strconv.ParseUint(word, 10, 64); err == nil {
			out = append(out, n)
		}
	}
	if len(out) != len(planted()) {
		t.Fatalf("%s has %d seeds for %d planted faults", mutantsFile, len(out), len(planted()))
	}
	return out
}

func remember(t *testing.T, seeds []uint64) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Seeds of histories that notice the planted faults; make sim-mutants MUTANTS=search writes them.\n")
	for i, m := range planted() {
		fmt.Fprintf(&b, "%d %s\n", seeds[i], m.what)
	}
	if err := os.WriteFile(mutantsFile, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// buildPlanted builds this test with the faults in the packages under it.
func buildPlanted(t *testing.T, dir string, overlay map[string]string) string {
	t.Helper()
	spec, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "sim.test")
	build := exec.Command("go", "test", "-c", "-vet=off", "-overlay", write(t, dir, "overlay.json", string(spec)), "-o", program, "mainstay/internal/sim")
	build.Dir = root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// hunt plays the history that a seed stands for in the search for a fault, or if the
// seed is 0 one after the other until one notices it, with a fault planted (0: none);
// it returns which one noticed something, and what was wrong.
func hunt(t *testing.T, program string, n, plant int, seed uint64) (uint64, string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, "-test.run", "^TestSimHunt$", "-test.v", "-hunt", strconv.Itoa(n), "-mutant-time", mutantTime.String(), "-seed", strconv.FormatUint(seed, 10))
	c.Env = append(os.Environ(), fmt.Sprintf("PLANTED=%d", plant))
	out, _ := c.CombinedOutput() // a fault may make it panic
	for line := range strings.Lines(string(out)) {
		if _, rest, ok := strings.Cut(line, "NOTICED by "); ok {
			word, what, _ := strings.Cut(strings.TrimSpace(rest), " ")
			if found, err := strconv.ParseUint(word, 10, 64); err == nil {
				return found, what
			}
		}
	}
	if !strings.Contains(string(out), "PASS") {
		return 0, string(out)
	}
	return 0, ""
}

// TestSimHunt is what TestSimMutants runs in a program with planted faults.
func TestSimHunt(t *testing.T) {
	if *hunted == 0 {
		return
	}
	where := planted()[*hunted-1].where
	began := time.Now()
	for s := uint64(1); time.Since(began) < *mutantTime; s++ {
		if *seed != 0 {
			s = *seed
		}
		if what := notice(Draw(s, where)); what != "" {
			t.Logf("NOTICED by %d %s", s, what)
			return
		}
		if *seed != 0 {
			return
		}
	}
}

// notice plays a scenario and tells what was wrong; a daemon that panics is wrong.
func notice(s Scenario) (what string) {
	defer func() {
		if p := recover(); p != nil {
			what = fmt.Sprintf("panic: %v", p)
		}
	}()
	if p := s.Play().Problems; len(p) > 0 {
		return strings.Join(p, "; ")
	}
	return ""
}
