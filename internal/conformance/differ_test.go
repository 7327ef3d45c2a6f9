package conformance

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"mainstay/cib"
)

// The flags of "make differ".
var (
	differDir  = flag.String("differ", "", "directory of cases whose mutants are planned by us and by the peer")
	differPeer = flag.String("differ.peer", "/usr/sbin/crm_simulate", "the peer")
	differFrom = flag.Uint64("differ.seed", 1, "first seed")
	differMany = flag.Uint64("differ.seeds", 1, "mutants of each case; 0 compares the cases themselves")
	differRuns = flag.Int("differ.shrink", 0, "runs to spend on making each mutant that differs small")
)

// TestDiffer plans mutants of cases with both programs and writes down where
// they differ: -out holds NAME.SEED.xml, and differ.txt with all of them. What
// differs is to be judged by a reader, so only a crash fails the test.
func TestDiffer(t *testing.T) {
	if *differDir == "" {
		differOwn(t)
		return
	}
	inputs, err := Names(*differDir)
	if err != nil {
		t.Fatal(err)
	}
	if *names != "" {
		inputs = strings.Split(*names, ",")
	}
	d := Differ{Peer: Peer{Program: *differPeer, Scratch: t.TempDir()}, Scratch: t.TempDir()}
	into := *out
	if into == "" {
		into = t.TempDir()
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var tally struct{ cases, baseAgrees, mutants, agree, differ, failed int }
	report := map[string]string{}
	one := func(name string) {
		root, err := Load(filepath.Join(*differDir, "xml", name+".xml"))
		if err != nil {
			t.Error(err)
			return
		}
		var extra []string
		if when, ok := dates()[name]; ok {
			extra = []string{"-t", when}
		}
		base, err := d.Baseline(t.Context(), name, root, extra)
		if *differMany == 0 && err == nil {
			v := Verdict{Case: name, Mutant: Mutant{Root: root, Told: []string{"as it is"}}}
			v.Levels, v.Ours, v.Theirs, v.Failed = d.differ(t.Context(), name, root, differLevels(), extra)
			text, _ := told(t.Context(), d, v, extra)
			mu.Lock()
			report[name] = text
			mu.Unlock()
		}
		mu.Lock()
		tally.cases++
		if err != nil {
			report[name] = "\n=== " + name + ": " + err.Error() + "\n"
		} else if len(base) == len(differLevels()) {
			tally.baseAgrees++
		}
		mu.Unlock()
		if err != nil || len(base) == 0 {
			return
		}
		for seed := *differFrom; seed < *differFrom+*differMany; seed++ {
			v := d.Try(t.Context(), name, root, base, seed, extra)
			text, small := told(t.Context(), d, v, extra)
			mu.Lock()
			tally.mutants++
			switch {
			case v.Failed != "" && v.Ours.Panic == "":
				tally.failed++
			case len(v.Levels) == 0:
				tally.agree++
			default:
				tally.differ++
			}
			report[name] += text
			mu.Unlock()
			if v.Ours.Panic != "" {
				t.Errorf("%s, seed %d: %s", name, seed, v.Ours.Panic)
			}
			if small != nil {
				if err := os.WriteFile(filepath.Join(into, fmt.Sprintf("%s.%d.xml", name, seed)), small.AppendXML(nil, true), 0o644); err != nil {
					t.Error(err)
				}
			}
		}
	}
	each(inputs, one)
	var all strings.Builder
	for _, n := range inputs {
		all.WriteString(report[n])
	}
	if err := os.WriteFile(filepath.Join(into, "differ.txt"), []byte(all.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%d cases, %d of them planned alike; %d mutants: %d planned alike, %d differ, %d not comparable (%s)",
		tally.cases, tally.baseAgrees, tally.mutants, tally.agree, tally.differ, tally.failed, into)
}

// told describes a verdict; small is the mutant to keep, if it differs.
func told(ctx context.Context, d Differ, v Verdict, extra []string) (text string, small *cib.Elem) {
	if len(v.Levels) == 0 && v.Failed == "" {
		return "", nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n=== %s.%d %v: %s\n", v.Case, v.Seed, v.Levels, strings.Join(v.Mutant.Told, "; "))
	if v.Failed != "" {
		return b.String() + "  " + v.Failed + "\n", nil
	}
	small = v.Mutant.Root
	if *differRuns > 0 {
		small = d.Shrink(ctx, v, extra, *differRuns)
		_, v.Ours, v.Theirs, _ = d.differ(ctx, v.Case, small, v.Levels, extra)
	}
	b.WriteString(Diff(v.Theirs.Summary, v.Ours.Summary))
	if slices.Contains(v.Levels, DNorm) {
		b.WriteString(Diff(strings.Join(normScores(words(v.Theirs.Scores)), "\n"), strings.Join(normScores(words(v.Ours.Scores)), "\n")))
	}
	if slices.Contains(v.Levels, ENode) || slices.Contains(v.Levels, EEdge) {
		b.WriteString(Diff(v.Theirs.Dot, v.Ours.Dot))
	}
	return b.String(), small
}

// each calls a function for every name, on all processors.
func each(names []string, call func(string)) {
	next := make(chan string)
	var wg sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) { // the peer waits for the disk, too
		wg.Go(func() {
			for n := range next {
				call(n)
			}
		})
	}
	for _, n := range names {
		next <- n
	}
	close(next)
	wg.Wait()
}

// differOwn sees that mutants of our own cases are such as they should be: the
// same seed gives the same, other seeds others, and we plan all of them.
func differOwn(t *testing.T) {
	const dir = "testdata/cases"
	inputs, err := Names(dir)
	if err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	for _, name := range inputs {
		root, err := Load(filepath.Join(dir, "xml", name+".xml"))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for seed := range uint64(20) {
			m := Mutate(root, seed)
			if again := Mutate(root, seed); m.Root.String() != again.Root.String() {
				t.Errorf("%s, seed %d: %v, and again %v", name, seed, m.Told, again.Told)
			}
			if len(m.Told) == 0 || m.Root.String() == root.String() && seed > 100 {
				t.Errorf("%s, seed %d: nothing changed: %v", name, seed, m.Told)
			}
			seen[m.Root.String()] = true
			file := filepath.Join(scratch, "mutant.xml")
			if err := os.WriteFile(file, m.Root.AppendXML(nil, true), 0o644); err != nil {
				t.Fatal(err)
			}
			if o := produce(file, "mutant", scratch, nil); o.Panic != "" || !strings.Contains(o.Summary, "Current cluster status") {
				t.Errorf("%s, seed %d (%v): %s%s", name, seed, m.Told, o.Panic, o.Summary)
			}
		}
		if len(seen) < 15 {
			t.Errorf("%s: 20 seeds give %d mutants", name, len(seen))
		}
	}
}
