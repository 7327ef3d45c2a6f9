package replica

import (
	"fmt"
	"slices"
	"testing"

	"mainstay/cib"
	"mainstay/member"
)

func TestMergeKeepsTheLoserAfterRestarts(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.view(true, 1, 2)
	w.view(false, 3)
	w.edit(1, "a", "1")
	w.edit(3, "b", "2")
	w.edit(3, "c", "3")
	for _, id := range []member.NodeID{1, 2, 3} {
		w.restart(id, false)
	}
	w.view(true, 1, 2, 3)
	w.equal(1, 2, 3)
	if w.property(1, "c") != "3" || w.property(1, "a") != "" {
		t.Fatal("the configuration with more changes should have won")
	}
	if w.nodes[1].lost != 1 || w.nodes[2].lost != 1 || w.nodes[3].lost != 0 {
		t.Errorf("lost: %d %d %d, want 1 1 0", w.nodes[1].lost, w.nodes[2].lost, w.nodes[3].lost)
	}
}

func TestAnOlderCopyIsNoLoss(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.view(true, 1, 2)
	w.edit(1, "a", "1") // 3 is away
	w.view(true, 1)
	w.edit(1, "b", "2") // 2 too
	w.restart(2, true)
	w.view(true, 1, 2)
	w.restart(3, false)
	w.view(true, 1, 2, 3)
	w.equal(1, 2, 3)
	for id, n := range w.nodes {
		if n.lost != 0 {
			t.Errorf("node %s reports a lost configuration, but all of it is in what won", id)
		}
	}
}

func TestLineageText(t *testing.T) {
	var l lineage
	root := cib.Empty()
	for i := range maxLineage + 5 {
		root = root.With("epoch", fmt.Sprint(i))
		l = l.add(root, i%2 == 0)
	}
	if len(l) != maxLineage || l[0].epoch != 5 {
		t.Fatalf("it holds %d marks from epoch %d on", len(l), l[0].epoch)
	}
	if back := parseLineage(l.String()); !slices.Equal(back, l) {
		t.Errorf("read back: %v", back)
	}
	if again := l.add(root, true); len(again) != len(l) || again[len(again)-1] != l[len(l)-1] {
		t.Error("the same configuration was added twice")
	}
	if got := parseLineage("x 1:y 1.2:ab! q.3:c 1.z:d"); len(got) != 1 || !got[0].edited || got[0].digest != "ab" {
		t.Errorf("rubbish is read as %v", got)
	}
	old := lineage{{0, 1, "aaa", true}}
	if l.lacks(old) {
		t.Error("an edit older than all that is known is called missing")
	}
	if !l.lacks(lineage{{0, maxLineage, "aaa", true}}) || l.lacks(lineage{{0, maxLineage, "aaa", false}}) {
		t.Error("edits count, what the cluster writes itself does not")
	}
}

func record(rsc, class, op string, call int, status, rc string) Record {
	return Record{Node: "n3", Rsc: rsc, Attrs: []cib.Attr{{Name: "class", Value: class}},
		Op: fmt.Sprintf(`<lrm_rsc_op id="%s_%s" operation="%s" interval="0" call-id="%d" op-status="%s" rc-code="%s"/>`, rsc, op, op, call, status, rc)}
}

// A node that leaves in order while resources are unmanaged still runs them.
func TestWhatALeaverStillRunsStaysOnRecord(t *testing.T) {
	for _, c := range []struct {
		name    string
		records []Record
		held    bool
	}{
		{"nothing", nil, false},
		{"started", []Record{record("db", "ocf", "start", 5, "0", "0")}, true},
		{"stopped", []Record{record("db", "ocf", "start", 5, "0", "0"), record("db", "ocf", "stop", 6, "0", "0")}, false},
		{"the stop failed", []Record{record("db", "ocf", "start", 5, "0", "0"), record("db", "ocf", "stop", 6, "4", "1")}, true},
		{"found by a probe", []Record{record("db", "ocf", "monitor", 5, "0", "0")}, true},
		{"not found by a probe", []Record{record("db", "ocf", "monitor", 5, "0", "7")}, false},
		{"the start is under way", []Record{record("db", "ocf", "start", -1, "-1", "193")}, true},
		{"a monitor was cancelled", []Record{record("db", "ocf", "stop", 5, "0", "0"), record("db", "ocf", "monitor", 6, "1", "0")}, false},
		{"the start timed out", []Record{record("db", "ocf", "start", 5, "2", "1")}, true},
		{"a fence device", []Record{record("switch", "stonith", "start", 5, "0", "0")}, false},
	} {
		w := newWorld(t, 3)
		w.view(true, 1, 2, 3)
		for _, id := range w.ids {
			for _, r := range c.records {
				w.step(id, Agreed{Update{Records: []Record{r}}})
			}
			w.step(id, Agreed{Update{Left: []string{"n3"}}})
		}
		w.equal(1, 2, 3)
		ns := w.nodes[1].r.Root().Child("status").ChildID("node_state", "3")
		if ns.Get("expected") != "down" || ns.Get("crmd") != "offline" {
			t.Errorf("%s: the node does not look down: %s", c.name, ns)
		}
		if held := ns.Child("lrm") != nil; held != c.held {
			t.Errorf("%s: on record: %v, want %v: %s", c.name, held, c.held, ns)
		}
	}
}
