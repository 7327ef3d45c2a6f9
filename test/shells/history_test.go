//go:build e2e

package shells

import (
	"strings"
	"testing"
)

// TestHistory has Debian's crmsh explore the history of a Mainstay cluster, from an
// archive that crm_report made on each node. (Of Pacemaker 2.1.5 it finds no
// transitions: its patterns are those of Pacemaker 1.)
func TestHistory(t *testing.T) {
	if *only != "" || *record {
		return
	}
	var steps []step
	want := map[int]string{}
	run := func(command, says string) {
		want[len(steps)] = says
		steps = append(steps, step{command, ""})
	}
	for _, c := range []string{
		"crm configure primitive h1 ocf:pacemaker:Dummy op monitor interval=10s",
		"crm configure primitive h2 ocf:pacemaker:Dummy op monitor interval=10s",
		"crm configure group hg h1 h2",
		"crm configure location hl hg inf: node1",
		"crm_resource -F -r h2 -N node1",
		"crm node standby node2",
	} {
		run(c, "")
	}
	// The node that coordinates keeps the transitions.
	run("crmadmin -D", "node1")
	run("crm_report -S -f 2026-01-01 /tmp/rep", "/tmp/rep.tar.bz2")
	run("crm -H /tmp/rep.tar.bz2 history info", "Resources: h1 h2")
	run("crm -H /tmp/rep.tar.bz2 history transitions", "pe-input-2 node1 h2")
	run("crm -H /tmp/rep.tar.bz2 history peinputs", "/node1/pengine/pe-input-3.bz2")
	run("crm -H /tmp/rep.tar.bz2 history resource h1", "Initiating start operation h1_start_0")
	run("crm -H /tmp/rep.tar.bz2 history transition tags 2", "h2")
	run("crm -H /tmp/rep.tar.bz2 history transition log 2", "Calculated transition 2")
	run("crm -H /tmp/rep.tar.bz2 history show 3", "group hg h1 h2")
	run("crm -H /tmp/rep.tar.bz2 history diff 2 3", "+group hg h1 h2")
	run("crm -H /tmp/rep.tar.bz2 history transition 2", "Start h2")
	run("crm -H /tmp/rep.tar.bz2 history events", "h2_stop_0")
	for i, r := range session(t, "history", steps, false) {
		text := strings.Join(strings.Fields(r.text), " ")
		if r.rc != "0" || !strings.Contains(text, want[i]) || strings.Contains(text, "ERROR") || strings.Contains(text, "unsuccessful") {
			t.Errorf("%s: exit code %s, want %q in\n%s", steps[i].command, r.rc, want[i], r.text)
		}
	}
}
