package sim

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	mutants    = flag.Bool("mutants", false, "build all planted faults and look for each")
	mutantTime = flag.Duration("mutant-time", time.Minute, "how long to look for one")
)

// mutant is a fault that somebody might have made. It is planted in a copy of the
// source that is laid over the real one for one build (go help build, -overlay).
type mutant struct {
	what     string
	file     string
	old, new string // in new, @ stands for "this mutant is on"
}

// planted are the faults, across the rooms that decide.
func planted() []mutant {
	return []mutant{
		{"a fencing that failed counts as done", "control/dispatch.go", "	if in.OK {\n		c.holds = 0", "	if in.OK || @ {\n		c.holds = 0"},
		{"an operation that failed counts as done", "control/dispatch.go", "	if mine {\n", "	if mine && @ {\n		r.status, r.rc = agent.Done, r.from.Target\n	}\n	if mine {\n"},
		{"who does not coordinate any more goes on planning", "control/control.go", "	c.become(NotCoordinator)\n}", "	if !@ {\n		c.become(NotCoordinator)\n	}\n}"},
		{"a change is acknowledged before it is on the disks", "replica/persist.go", "		safe = min(safe, r.persisted[m])", "		if !@ {\n			safe = min(safe, r.persisted[m])\n		}"},
		{"one node leaves attributes out", "replica/replica.go", "	for _, a := range u.Attributes {\n", "	for _, a := range u.Attributes {\n		if @ && r.cfg.Self == 2 {\n			break\n		}\n"},
		{"who is not in the view is still taken to be there", "replica/membership.go", "		root = nodeState(root, ns.ID(), absent)", "		if !@ {\n			root = nodeState(root, ns.ID(), absent)\n		}"},
		{"members do not tell what they run", "replica/sync.go", "	if in.LRM != nil {", "	if in.LRM != nil && !@ {"},
		{"actions do not wait for each other", "transit/run.go", "		if r.steps[i].missing == 0 {\n			r.sweep.add(i)", "		if r.steps[i].missing == 0 || @ {\n			r.sweep.add(i)"},
		{"what waits for something that failed goes on", "transit/run.go", "		if to != done {\n			r.sweep.drop(j)", "		if to != done && !@ {\n			r.sweep.drop(j)"},
		{"the plan goes on when fencing fails", "transit/run.go", "		if in.OK {\n			r.land(i, done)", "		if in.OK || @ {\n			r.land(i, done)"},
		{"a probe answers without looking", "lrm/queue.go", "	if j.Agent.Class != \"stonith\" || j.Interval > 0 {\n", "	if @ && j.Op == \"monitor\" && j.Interval == 0 {\n		return agent.Result{RC: agent.NotRunning}, true\n	}\n	if j.Agent.Class != \"stonith\" || j.Interval > 0 {\n"},
		{"a monitor that finds something new does not say so", "lrm/queue.go", "j.owed || !j.seen || j.rc != d.Result.RC || j.status != d.Result.Status {", "j.owed || !@ && (!j.seen || j.rc != d.Result.RC || j.status != d.Result.Status) {"},
		{"every stop is taken to have stopped", "lrm/queue.go", "	delete(m.jobs, d.Tag)\n	if j.Interval == 0 {", "	delete(m.jobs, d.Tag)\n	if @ && j.Op == \"stop\" {\n		d.Result.Status, d.Result.RC = agent.Done, agent.OK\n	}\n	if j.Interval == 0 {"},
		{"monitors go on when a service is stopped", "lrm/machine.go", "	} else if changesState(o.Op) {", "	} else if changesState(o.Op) && !@ {"},
		{"a device that failed is believed", "fence/machine.go", "	case in.OK:\n", "	case in.OK || @:\n"},
		{"nobody presses the button", "fence/machine.go", "	if by == m.cfg.Self {\n		m.execute", "	if by == m.cfg.Self && @ {\n		m.emit(Announce{Attempted{ID: r.ID, Seq: r.seq, By: by, Device: s.device.ID, OK: true}})\n		return\n	}\n	if by == m.cfg.Self {\n		m.execute"},
		{"when no device is left, the node is taken to be off", "fence/machine.go", "	m.conclude(r, false, 0, \"\", r.reason, wall)\n", "	m.conclude(r, @, 0, \"\", r.reason, wall)\n"},
		{"one vote less is enough", "quorum/count.go", "	s.Quorum = max(s.Expected, s.Votes)/2 + 1\n", "	s.Quorum = max(s.Expected, s.Votes)/2 + 1\n	if @ {\n		s.Quorum--\n	}\n"},
		{"quorum is never lost", "quorum/count.go", "		s.Quorate = s.Votes >= s.Quorum ||", "		s.Quorate = @ && m.state.Quorate || s.Votes >= s.Quorum ||"},
		{"nobody waits for all", "quorum/machine.go", "	m.waiting = m.cfg.waitForAll() &&", "	m.waiting = !@ && m.cfg.waitForAll() &&"},
	}
}

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

// TestSimMutants tells how good the checkers are: each of twenty planted faults has
// to be found by some seed. Without -mutants it only sees to it that the faults
// still have their places.
func TestSimMutants(t *testing.T) {
	dir := t.TempDir()
	overlay := plant(t, dir)
	if !*mutants || t.Failed() {
		return
	}
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
	if out := hunt(t, program, 0); out != "" {
		t.Fatalf("without any fault a law is broken:\n%s", out)
	}
	caught := 0
	for i, m := range planted() {
		began := time.Now()
		out := hunt(t, program, i+1)
		if out != "" {
			caught++
			t.Logf("caught after %5.1f s: %s: %s", time.Since(began).Seconds(), m.what, out)
		} else {
			t.Logf("NOT caught: %s", m.what)
		}
	}
	t.Logf("%d of %d caught", caught, len(planted()))
	if caught < len(planted())-1 {
		t.Errorf("%d of %d faults were caught", caught, len(planted()))
	}
}

// hunt plays seeds with a fault until one finds it; it returns what was found.
func hunt(t *testing.T, program string, n int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), *mutantTime)
	defer cancel()
	c := exec.CommandContext(ctx, program, "-test.run", "^TestSimUsual$", "-from", "1", "-seeds", "100000")
	c.Env = append(os.Environ(), fmt.Sprintf("PLANTED=%d", n))
	out, err := c.CombinedOutput()
	if ctx.Err() != nil || err == nil {
		return ""
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "sim_test.go") || strings.Contains(line, "panic:") {
			return strings.TrimSpace(line)
		}
	}
	return "something, and it does not say what"
}
