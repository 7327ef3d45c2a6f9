package sched

import (
	"slices"
	"testing"

	"mainstay/cib"

	"pgregory.net/rapid"
)

// tableWorld is a planner with one resource and some nodes, before any action.
func tableWorld(nodes int) (*planner, *rsc, []*node) {
	p := &planner{memo: &memo{}, conf: cib.New("configuration"), unique: map[string]*action{}, quorate: true}
	p.memo.begin(p.conf)
	for i := range nodes {
		p.nodes = append(p.nodes, &node{idx: i, id: string(rune('1' + i)), name: string(rune('a' + i)), online: true})
	}
	return p, &rsc{id: "ip", elem: cib.New("primitive"), managed: true}, p.nodes
}

func TestActionsAreFoundByNameAndNode(t *testing.T) {
	p, r, n := tableWorld(3)
	free := p.act(r, "monitor", 0, nil, true)
	if got := p.act(r, "monitor", 0, n[1], true); got != free || got.n != n[1] {
		t.Fatal("an action without a node does not get the first that is asked for")
	}
	first, last := p.act(r, "monitor", 0, n[0], true), p.act(r, "monitor", 0, n[2], true)
	for i, want := range []*action{first, free, last} { // made in another order than that of the nodes
		if got := p.findAct(r, opName{"monitor", 0}, n[i]); got != want {
			t.Errorf("on node %d: %+v", i, got)
		}
	}
	if p.findAct(r, opName{"monitor", 10000}, n[0]) != nil {
		t.Error("an interval that nobody named has an action")
	}
	if got := p.act(r, "monitor", 10000, n[0], true); got.key() != "ip_monitor_10000" || got.interval != 10000 {
		t.Errorf("key %q, interval %d", got.key(), got.interval)
	}
	if len(p.acts) != 4 || len(r.acts.all) != 4 {
		t.Errorf("%d actions, %d of them the resource's", len(p.acts), len(r.acts.all))
	}
}

func TestActionsAreFoundByTask(t *testing.T) {
	p, r, n := tableWorld(2)
	watch := p.act(r, "monitor", 10000, n[0], true)
	probe := p.act(r, "monitor", 0, n[0], true)
	if got := r.newest("monitor", n[0]); got != probe {
		t.Errorf("the newest monitor is %s", got.key())
	}
	later := p.act(r, "monitor", 5000, n[0], true)
	if got := r.newest("monitor", n[0]); got != later {
		t.Errorf("the newest monitor is %s", got.key())
	}
	if got := actOn(r, "monitor", n[0]); got != probe {
		t.Errorf("the newest that is done once is %s", got.key())
	}
	p.cancelAct(r, n[0], "monitor", 10000, true)
	if got := r.findTask("cancel"); got != watch || got.key() != "ip_monitor_10000" {
		t.Error("a cancelled operation is not found as a cancellation")
	}
	if got := r.findTask("monitor"); got != probe {
		t.Errorf("the first monitor is %s", got.key())
	}
	told := p.actAs(r, notifyName("pre", "stop"), "notify", n[1], true)
	switch {
	case r.newest("notify", n[1]) != told:
		t.Error("a notification is not found by its task")
	case told.key() != notifyKey("ip", "pre", "stop"):
		t.Errorf("key %s", told.key())
	case notifyTask(told) != "stop" || !told.keyEnds("stop") || told.keyEnds("top"):
		t.Error("a notification does not tell what it is about")
	}
}

// What is configured for an operation is shared until an action differs.
func TestPropertiesAreSharedUntilOneDiffers(t *testing.T) {
	p, r, n := tableWorld(2)
	r.plain, r.kind = true, primitive
	a, b := p.act(r, "start", 0, n[0], true), p.act(r, "start", 0, n[1], true)
	a.setMeta("call_id", "7")
	if a.meta["timeout"] == "" || a.meta["timeout"] != b.meta["timeout"] {
		t.Errorf("timeouts %q and %q", a.meta["timeout"], b.meta["timeout"])
	}
	if _, leaked := b.meta["call_id"]; leaked {
		t.Error("what was said of one action is said of another")
	}
	at := func(a *action) string {
		l := p.graphAttrs(a)
		if !slices.IsSortedFunc(l, byName) {
			t.Errorf("attributes are not sorted: %v", l)
		}
		i := slices.IndexFunc(l, func(x cib.Attr) bool { return x.Name == "CRM_meta_on_node" })
		return l[i].Value
	}
	c := p.act(r, "monitor", 0, n[0], true)
	d := p.act(r, "monitor", 0, n[1], true)
	if at(c) != "a" || at(d) != "b" || at(a) != "a" {
		t.Error("an action says that it is done elsewhere")
	}
}

// Whatever lists grow in a slab, none of them sees what another one holds.
func TestListsOfASlabDoNotOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s slab[int]
		want := make([][]int, 4)
		have := make([][]int, 4)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			i, v := rapid.IntRange(0, 3).Draw(t, "list"), rapid.Int().Draw(t, "value")
			if rapid.Bool().Draw(t, "grow") {
				have[i], want[i] = s.push(have[i], v), append(want[i], v)
			} else {
				*s.one() = v
			}
		}
		for i := range have {
			if !slices.Equal(have[i], want[i]) {
				t.Fatalf("list %d is %v, want %v", i, have[i], want[i])
			}
		}
	})
}

func TestMergeSortIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SliceOf(rapid.IntRange(0, 99)).Draw(t, "list")
		tens := func(a, b int) int { return a/10 - b/10 }
		want := slices.Clone(l)
		slices.SortStableFunc(want, tens)
		if mergeSort(l, tens); !slices.Equal(l, want) {
			t.Fatalf("%v, want %v", l, want)
		}
	})
}

func TestTheBestNodeIsTheFirstOfAllSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r, nodes := tableWorld(5)
		p.opt.placement = rapid.SampledFrom([]string{"default", "utilization", "minimal", "balanced"}).Draw(t, "placement")
		small := rapid.IntRange(-1, 1)
		for _, n := range nodes {
			n.online, n.nAssigned = rapid.Bool().Draw(t, "online"), small.Draw(t, "load")
			n.util = map[string]int{"cpu": small.Draw(t, "cpu"), "memory": small.Draw(t, "memory")}
			r.allowed = append(r.allowed, cand{ok: rapid.Bool().Draw(t, "known"), score: small.Draw(t, "score")})
		}
		if rapid.Bool().Draw(t, "active") {
			r.runningOn = nodes[2:3]
		}
		var want *node
		if l := p.sortNodes(r, p.currentNode(r)); len(l) > 0 {
			want = l[0]
		}
		if got := p.bestNode(r); got != want {
			t.Fatalf("%s, want %s", nodeName(got), nodeName(want))
		}
	})
}
