package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
)

// liar is a drawn scenario in which, besides, fence devices lie about nodes that are
// cut off and slow to stop: two nodes then own what these ran.
func liar(t *testing.T) Scenario {
	t.Helper()
	for seed := uint64(1); seed < 20; seed++ {
		if s := lying(seed); s.Play().cause() != "" {
			return s
		}
	}
	t.Fatal("nobody minds that devices lie")
	return Scenario{}
}

func lying(seed uint64) Scenario {
	s := Draw(seed, Profile{Nodes: 5, Items: 6, Steps: 8, Calm: true, Wishes: []WishKind{Prefer, Swap, Property}})
	at := s.Steps[len(s.Steps)-1].At
	add := func(f Fault) {
		s.Steps = append(s.Steps, Step{Number: len(s.Steps) + 1, At: at, Fault: f, For: time.Minute})
	}
	for r := range kids(s.Options.CIB.Path("configuration", "resources")) {
		for _, id := range primitives(r) {
			add(Fault{Kind: OpSlow, Resource: id, Op: "stop", By: 15 * time.Second})
		}
	}
	add(Fault{Kind: LinkCut, Node: "n1", Link: AllLinks})
	add(Fault{Kind: LinkCut, Node: "n2", Link: AllLinks})
	add(Fault{Kind: DeviceLies})
	at += 40 * time.Second // all is mended then
	add(Fault{Kind: Delay, By: time.Millisecond})
	return s
}

// What is left of a finding is the steps and the parts of the cluster that it needs,
// and these bring it again.
func TestMinimise(t *testing.T) {
	s := liar(t)
	want, parts := s.Play().cause(), s.Parts()
	told := 0
	only, drop := s.Minimise(func(int, int) { told++ })
	small := s.Only(only).Drop(drop)
	if got := small.Play().findings(); !slices.Contains(got, want) {
		t.Errorf("what is left brings %v, not %q", got, want)
	}
	if len(only) > 4 || !slices.Contains(only, len(s.Steps)-1) {
		t.Errorf("steps %v are left of %d", only, len(s.Steps))
	}
	if left := len(parts) - len(drop); left > 8 || told == 0 {
		t.Errorf("of %d parts %d are left: %v", len(parts), left, without(parts, drop))
	}
	if n := len(small.Options.CIB.Path("configuration", "constraints").Kids()); n > 1 {
		t.Errorf("%d constraints are left", n)
	}
	for _, x := range only {
		if slices.Contains(s.Only(except(only, x)).Drop(drop).Play().findings(), want) {
			t.Errorf("step %d is not needed", x)
		}
	}
}

func except(list []int, x int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(n int) bool { return n == x })
}

// A part goes with what is about it: constraints, steps, the group that held nothing
// else, the fence device that reaches nobody else.
func TestDrop(t *testing.T) {
	root := parse(`<cib><configuration><crm_config><cluster_property_set id="o"><nvpair id="o-a" name="a" value="1"/></cluster_property_set></crm_config><nodes/><resources>` +
		`<primitive id="fence-n2" class="stonith" type="fence_sim">` + pairs("instance_attributes", "f", "pcmk_host_list", "n2") + `</primitive>` +
		`<primitive id="switch" class="stonith" type="fence_sim">` + pairs("instance_attributes", "s", "pcmk_host_list", "n1 n2") + `</primitive>` +
		`<group id="g">` + primitive("g-0", 0, "") + primitive("g-1", 0, "") + `</group><clone id="c">` + primitive("c-c", 0, "") + `</clone></resources>` +
		`<constraints><rsc_order id="o1" first="g" then="c"/><rsc_location id="l1" rsc="c" node="n2" score="1"/><rsc_location id="l2" rsc="c" node="n1" score="1"/></constraints>` +
		`<rsc_defaults/></configuration><status/></cib>`)
	s := Scenario{Options: Options{Nodes: 3, Links: 2, CIB: root}, Without: "n2", Steps: []Step{
		{Fault: Fault{Kind: PowerLoss, Node: "n2"}}, {Fault: Fault{Kind: Crash, Resource: "g-1"}}, {Fault: Fault{Kind: LinkCut, Node: "n1", Link: 1}},
		{Wish: Wish{Kind: Standby, By: "n2", Node: "n1"}}, {Fault: Fault{Kind: PowerLoss, Node: "n1"}},
	}}
	if got, want := strings.Join(s.Parts(), " "), "n3 n2 n1 link1 g-0 g-1 c-c o1 l1 l2 o-a"; got != want {
		t.Errorf("parts %s, want %s", got, want)
	}
	less := s.Drop([]string{"n2", "link1", "g-0", "g-1", "o-a"})
	var ids []string
	less.Options.CIB.Walk(func(e *cib.Elem) bool {
		if e.ID() != "" && e.Name() != "op" && e.Name() != "nvpair" && !strings.Contains(e.Name(), "attributes") {
			ids = append(ids, e.ID())
		}
		return true
	})
	if got, want := strings.Join(ids, " "), "o switch c c-c l2"; got != want {
		t.Errorf("of the configuration %s is left, want %s", got, want)
	}
	if len(less.Steps) != 1 || less.Steps[0].Fault.Node != "n1" || less.Without != "" || less.Nodes() != 2 || less.Options.Links != 1 {
		t.Errorf("left: %v without %q, %d nodes, %d links", less.Steps, less.Without, less.Nodes(), less.Options.Links)
	}
	if len(s.Steps) != 5 || s.Options.Links != 2 || s.Options.CIB != root {
		t.Error("the scenario itself was changed")
	}
}
