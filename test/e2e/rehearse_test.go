//go:build e2e

package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/rehearse"
	"mainstay/internal/web"
)

// rehearsed is a service that takes two seconds to start, as its agent's parameter
// says and nothing else, with one beside it.
var rehearsed = site{
	crm: `
primitive slow ocf:pacemaker:Dummy params op_sleep=2 op monitor interval=10 timeout=20 op start interval=0 timeout=60 op stop interval=0 timeout=60
primitive beside ocf:pacemaker:Dummy op monitor interval=10 timeout=20
primitive alone ocf:pacemaker:Dummy op monitor interval=10 timeout=20
colocation together inf: beside slow
order one-by-one inf: slow beside
location first slow 50: node2
location last slow -inf: node1
rsc_defaults resource-stickiness=100
`,
	ready: func(s *web.StatusReply) bool {
		return place(s, "slow") != "" && place(s, "beside") != "" && place(s, "alone") != ""
	},
	limit: time.Minute,
}

// TestRehearseLive rehearses a running cluster's configuration on a node of it, then
// has the worst of it happen, and compares.
func TestRehearseLive(t *testing.T) {
	t.Parallel()
	x := rehearsed
	g := x.open(t)
	row, assumed := g.rehearse(t, "power:node2")
	if slices.ContainsFunc(assumed, func(a string) bool { return strings.Contains(a, "links join") || strings.Contains(a, "names no nodes") }) {
		t.Errorf("a running cluster is known, and yet assumed: %q", assumed)
	}
	var slow time.Duration
	for _, o := range row.Outages {
		if o.Service == "slow" {
			slow = time.Duration(o.Long * float64(time.Second))
		}
	}
	if slow < 2*time.Second {
		t.Errorf("slow was away for %v; on record is that it takes two seconds to start", slow)
	}

	for command, want := range map[string]string{
		"--only power:node2 --fail-on 'outage>1s'":         "1",
		"--only power:node2 --fail-on double-owner,red":    "0",
		"--only fence:power --fail-on not-fenced":          "1",
		"--only power:node2 --fail-on 'outage>10m'":        "0",
		"--only power:node2 --fail-on tripped":             "64",
		"--only power:node9":                               "105",
		"--only power:node2+fence:power@recovery --boot 0": "64",
	} {
		if got := g.sh(t, "node1", "mainstay rehearse %s >/dev/null 2>&1; echo $?", command); strings.TrimSpace(got) != want {
			t.Errorf("%s: exit %s, want %s", command, got, want)
		}
	}
	progress := g.sh(t, "node1", "mainstay rehearse --phases idle 2>&1 >/dev/null")
	if !strings.Contains(progress, " rows") || strings.Contains(progress, "\r") {
		t.Errorf("progress where there is no terminal: %q", progress)
	}

	before := map[string]string{}
	for _, v := range []string{"slow", "beside", "alone"} {
		before[v] = place(g.look(t), v)
	}
	g.cutPower(t, "node2")
	g.cluster(t, x.limit, "everything to run without node2", func(s *web.StatusReply) bool {
		for v := range before { //order: all of them
			if p := place(s, v); p == "" || p == "node2" {
				return false
			}
		}
		return true
	})
	for v, was := range before { //order: each by itself
		want := was
		for _, m := range row.Moved {
			if m.Service == v {
				want = m.To
			}
		}
		if is := place(g.look(t), v); is != want {
			t.Errorf("%s is on %s; rehearsed was %s", v, is, want)
		}
	}
	g.restorePower(t, "node2")
	x.whole(t, g)
}

// rehearse plays one row on a node of the cluster.
func (g *rig) rehearse(t *testing.T, row string) (r rehearsedRow, assumed []string) {
	t.Helper()
	var rep struct {
		Assumed []string
		Rows    []rehearsedRow
	}
	text := g.sh(t, "node1", "mainstay rehearse --json --only %s", row)
	if err := json.Unmarshal([]byte(text), &rep); err != nil || len(rep.Rows) != 1 {
		t.Fatalf("%d rows, %v:\n%s", len(rep.Rows), err, text)
	}
	return rep.Rows[0], rep.Assumed
}

// rehearsedRow is what the test reads of a row.
type rehearsedRow struct {
	Moved   []rehearse.Move
	Outages []struct {
		Service string
		Long    float64 `json:"seconds"`
	}
}
