package cli

import (
	"math"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"mainstay/internal/face"
)

// TestBrief: who stays for long collects garbage as any daemon does.
func TestBrief(t *testing.T) {
	for line, want := range map[string]bool{
		"/usr/sbin/crm_simulate -x a.xml -S": true, "crm_verify -L": true, "crm_mon -1": true, "crm_mon --one-shot": true,
		"crm_mon": false, "mainstay simulate": true, "mainstay run": false, "mainstay": false, "pacemakerd": false, "mainstay rehearse": false,
	} {
		if got := brief(strings.Fields(line)); got != want {
			t.Errorf("%s: brief is %v, want %v", line, got, want)
		}
	}
}

// TestCollectLateEndsWithTheFirstCollection: from the bound on, all is as Go does it.
func TestCollectLateEndsWithTheFirstCollection(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	t.Cleanup(func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
	env := map[string]string{"GOGC": "50"}
	e := &face.Env{Getenv: func(name string) string { return env[name] }}
	if collectLate(e); debug.SetMemoryLimit(-1) != limit {
		t.Error("GOGC was given, and yet the limit was changed")
	}
	delete(env, "GOGC")
	if collectLate(e); debug.SetMemoryLimit(-1) != wasteFrom {
		t.Fatalf("the limit is %d, want %d", debug.SetMemoryLimit(-1), wasteFrom)
	}
	for end := time.Now().Add(time.Minute); debug.SetMemoryLimit(-1) != math.MaxInt64; runtime.GC() {
		if time.Now().After(end) {
			t.Fatal("a minute of collections, and there is still a limit")
		}
	}
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("collects at %d percent, want 100", got)
	}
}
