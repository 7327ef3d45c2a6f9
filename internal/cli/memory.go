package cli

import (
	"math"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"

	"mainstay/internal/face"
)

// When garbage is collected, if not as Go does it: a heap of some megabytes that
// grows twofold from one collection to the next. Figures are of whole processes.
//
// A command that reads a document, works something out, prints it and ends has
// hardly any garbage: what it makes, it needs until the end. To collect finds
// that out again and again, for a third of all CPU time (a plan for 16 nodes ×
// 1000 instances, the nodes up: 0.16 s, 53 MiB; without a collection 0.09 s,
// 53 MiB). Such a command collects nothing before it has wasteFrom, which leaves
// clusters of up to 32 nodes × 2000 instances at 200 MiB (the peer: 800) and a
// simulated execution on 100 × 5000 new ones, all of which it needs until the
// end, at 1.2 GiB; from there on it collects as Go does.
//
// A rehearsal makes many short-lived packets and ends soon: it collects when the
// heap has grown by rehearsalGrowth percent, or to rehearsalFrom. A simulated cluster
// lives longer, and its heap is small: sim.Growth is enough (16 nodes × 200 resources:
// a fifth less processor time).
const (
	wasteFrom       = 5 << 28 // bytes
	rehearsalGrowth = 1200
	rehearsalFrom   = 3 << 29 // bytes
)

// brief are the programs that read, tell and end; crm_mon if it shows things once.
func brief(args []string) bool {
	switch filepath.Base(args[0]) {
	case "crm_simulate", "crm_verify", "crm_diff", "crm_resource", "crm_attribute", "crm_node", "crm_ticket", "crm_rule", "cibadmin":
		return true
	case "crm_mon":
		return slices.Contains(args, "-1") || slices.Contains(args, "--one-shot")
	case Name:
		return len(args) > 1 && slices.Contains([]string{"simulate", "explain", "configure"}, args[1])
	}
	return false
}

// collectLate has garbage collected as a brief command wants it.
func collectLate(env *face.Env) {
	if !collect(env, -1, wasteFrom) {
		return
	}
	// The first collection finds this unreachable: the bound was reached.
	runtime.AddCleanup(new([16]byte), func(struct{}) {
		debug.SetGCPercent(100)
		debug.SetMemoryLimit(math.MaxInt64)
	}, struct{}{})
}

// collect sets when garbage is collected: at so many percent of growth, or at a
// size in bytes. Who set it by Go's own variables is left alone.
func collect(env *face.Env, growth int, from int64) bool {
	if env.Getenv("GOGC") != "" || env.Getenv("GOMEMLIMIT") != "" {
		return false
	}
	debug.SetGCPercent(growth)
	debug.SetMemoryLimit(from)
	return true
}
