package fence

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/member"
)

// world is a cluster under random faults: nodes die and come back empty, agents
// fail, requests overlap. Its members must agree on everything, and every
// request must end.
type world struct {
	t        *rapid.T
	root     *cib.Elem
	now      time.Duration
	machines map[member.NodeID]*Machine
	members  []member.NodeID
	since    map[member.NodeID]int // number of the first request that a member may know
	runs     []worldRun
	bus      []Message
	asked    int
	outcomes map[string]map[member.NodeID]string
	alone    map[member.NodeID]bool // asked while it was alone: it may shoot itself
	pending  map[string]int         // number of each request without an outcome
}

type worldRun struct {
	node member.NodeID
	tag  uint64
	call agent.Call
}

const worldCIB = `<cib><configuration>
<crm_config><cluster_property_set id="o"><nvpair id="w" name="stonith-watchdog-timeout" value="%s"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/><node id="4" uname="n4"/></nodes>
<resources>
<primitive id="a" class="stonith" type="fence_a"><instance_attributes id="ia"><nvpair id="a1" name="pcmk_host_list" value="n1 n2 n3"/><nvpair id="a2" name="pcmk_delay_max" value="3s"/></instance_attributes></primitive>
<primitive id="b" class="stonith" type="fence_b"><instance_attributes id="ib"><nvpair id="b1" name="pcmk_host_check" value="dynamic-list"/></instance_attributes></primitive>
<primitive id="c" class="stonith" type="fence_c"/>
</resources>
<constraints><rsc_location id="l" rsc="a" node="n2" score="-INFINITY"/></constraints>
<fencing-topology>%s</fencing-topology>
</configuration></cib>`

func newWorld(t *rapid.T) *world {
	topology := rapid.SampledFrom([]string{"", `<fencing-level id="1" target="n3" index="1" devices="a,b"/><fencing-level id="2" target="n3" index="2" devices="c"/>`}).Draw(t, "topology")
	root, err := cib.Parse(fmt.Appendf(nil, worldCIB, rapid.SampledFrom([]string{"0", "5s"}).Draw(t, "watchdog"), topology))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, root: root, machines: map[member.NodeID]*Machine{}, since: map[member.NodeID]int{},
		outcomes: map[string]map[member.NodeID]string{}, pending: map[string]int{}, alone: map[member.NodeID]bool{}}
	for id := member.NodeID(1); id <= 4; id++ {
		w.boot(id)
		w.members = append(w.members, id)
	}
	w.agree(View{Members: w.members})
	return w
}

func (w *world) boot(id member.NodeID) {
	m := New(Config{Self: id, Rand: func() uint64 { return 1_000_000_000 }})
	m.Step(w.now, FromCIB(w.root))
	w.machines[id] = m
	w.since[id] = w.asked
}

// agree feeds an input to all members at the same place of the order.
func (w *world) agree(in Input) {
	for _, id := range slices.Clone(w.members) {
		w.feed(id, in)
	}
}

func (w *world) feed(id member.NodeID, in Input) {
	for _, e := range w.machines[id].Step(w.now, in) {
		switch e := e.(type) {
		case Run:
			w.started(id, e)
		case Announce:
			w.bus = append(w.bus, e.Message)
		case Outcome:
			if w.outcomes[e.ID] == nil {
				w.outcomes[e.ID] = map[member.NodeID]string{}
			}
			if _, twice := w.outcomes[e.ID][id]; twice {
				w.t.Fatalf("n%d: a second outcome of %s", id, e.ID)
			}
			w.outcomes[e.ID][id] = fmt.Sprintf("%v %d %s %s", e.OK, e.By, e.Device, e.Reason)
		}
	}
}

func (w *world) started(id member.NodeID, e Run) {
	call := e.Call
	if call.Param("nodename") == fmt.Sprintf("n%d", id) && call.Op == "off" && len(w.members) > 1 && !w.alone[id] {
		w.t.Fatalf("n%d shoots itself though it is not alone", id)
	}
	for _, r := range w.runs {
		if r.node == id && r.call.Rsc == call.Rsc && acts(r.call) && acts(call) {
			w.t.Fatalf("n%d: device %s acts twice at once", id, call.Rsc)
		}
	}
	w.runs = append(w.runs, worldRun{id, e.Tag, call})
}

func acts(c agent.Call) bool { return c.Op == "off" || c.Op == "on" || c.Op == "reboot" }

// deliver empties the bus, then holds the members' outcomes against each other.
func (w *world) deliver() {
	for len(w.bus) > 0 {
		msg := w.bus[0]
		w.bus = w.bus[1:]
		w.agree(msg)
	}
	for id, n := range w.pending {
		told := w.outcomes[id]
		if len(told) == 0 {
			continue
		}
		want := ""
		for _, m := range w.members {
			if w.since[m] > n {
				continue
			}
			got, ok := told[m]
			if !ok || want != "" && got != want {
				w.t.Fatalf("%s: the members differ: %v", id, told)
			}
			want = got
		}
		delete(w.pending, id)
	}
}

func (w *world) end(i int) {
	r := w.runs[i]
	w.runs = slices.Delete(w.runs, i, i+1)
	res := agent.Result{RC: agent.Code(rapid.SampledFrom([]int{0, 0, 1}).Draw(w.t, "rc"))}
	switch r.call.Op {
	case "meta-data":
		res.Output = rapid.SampledFrom([]string{"junk", `<resource-agent name="x"><actions><action name="list"/></actions></resource-agent>`}).Draw(w.t, "metadata")
	case "list":
		res.Output = rapid.SampledFrom([]string{"n1\nn3\n", "n2,x"}).Draw(w.t, "list")
	}
	if w.machines[r.node] != nil {
		w.feed(r.node, Done{Tag: r.tag, Result: res})
	}
}

func (w *world) die(id member.NodeID) {
	w.members = slices.DeleteFunc(slices.Clone(w.members), func(n member.NodeID) bool { return n == id })
	w.runs = slices.DeleteFunc(w.runs, func(r worldRun) bool { return r.node == id })
	delete(w.machines, id)
	for rid := range w.pending {
		if strings.HasPrefix(rid, fmt.Sprintf("n%d.", id)) {
			delete(w.pending, rid) // its outcome depends on who else waits
		}
	}
	w.agree(View{Members: w.members})
}

// restart has a daemon die and be back before the next view.
func (w *world) restart(id member.NodeID) {
	w.runs = slices.DeleteFunc(w.runs, func(r worldRun) bool { return r.node == id })
	for rid := range w.pending {
		if strings.HasPrefix(rid, fmt.Sprintf("n%d.", id)) {
			delete(w.pending, rid)
		}
	}
	w.boot(id)
	w.since[id]++
	for _, m := range w.members {
		v := View{Members: w.members, Left: []member.NodeID{id}, Joined: []member.NodeID{id}}
		if m == id {
			v.Left, v.Joined = nil, w.members
		}
		w.feed(m, v)
	}
}

func (w *world) random() {
	w.now += time.Duration(rapid.IntRange(0, 4000).Draw(w.t, "ms")) * time.Millisecond
	switch rapid.SampledFrom([]string{"ask", "ask", "end", "end", "end", "tick", "die", "join", "restart"}).Draw(w.t, "what") {
	case "ask":
		origin := rapid.SampledFrom(w.members).Draw(w.t, "origin")
		w.asked++
		id := fmt.Sprintf("n%d.%d", origin, w.asked)
		w.pending[id] = w.asked
		if len(w.members) == 1 {
			w.alone[origin] = true
		}
		w.agree(Ask(Request{ID: id, Origin: origin, Target: rapid.SampledFrom([]string{"n1", "n2", "n3", "nx"}).Draw(w.t, "target"),
			Action: rapid.SampledFrom([]string{"off", "off", "reboot", "on"}).Draw(w.t, "action")}, w.root, w.members))
	case "end":
		if len(w.runs) > 0 {
			w.end(rapid.IntRange(0, len(w.runs)-1).Draw(w.t, "run"))
		}
	case "tick":
		for _, id := range slices.Clone(w.members) {
			w.feed(id, Tick{})
		}
	case "die":
		if len(w.members) > 1 {
			w.die(rapid.SampledFrom(w.members).Draw(w.t, "victim"))
		}
	case "restart":
		w.restart(rapid.SampledFrom(w.members).Draw(w.t, "victim"))
	case "join":
		for id := member.NodeID(1); id <= 4; id++ {
			if w.machines[id] == nil {
				w.boot(id)
				w.since[id]++
				w.members = append(slices.Clone(w.members), id)
				slices.Sort(w.members)
				w.agree(View{Members: w.members})
				return
			}
		}
	}
}

func TestAgreement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.deliver()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			w.random()
			w.deliver()
		}
		w.settle()
	})
}

// settle lets agents end and clocks run; then no request may be left.
func (w *world) settle() {
	for range 2000 {
		w.deliver()
		if len(w.runs) > 0 {
			w.end(0)
			continue
		}
		next := time.Duration(0)
		for _, id := range w.members {
			if at := w.machines[id].Wake(); at > 0 && (next == 0 || at < next) {
				next = at
			}
		}
		if next == 0 {
			break
		}
		w.now = max(w.now, next)
		for _, id := range w.members {
			w.feed(id, Tick{})
		}
	}
	w.deliver()
	for _, id := range w.members {
		m := w.machines[id]
		if len(m.requests)+len(m.runs) > 0 {
			w.t.Fatalf("n%d is not idle: %d requests, %d runs", id, len(m.requests), len(m.runs))
		}
		for _, e := range m.History() {
			if e.State == pending {
				w.t.Fatalf("n%d: %+v never ends", id, e)
			}
		}
	}
}

// FuzzSplitMap checks that no map crashes and that what it yields is whole.
func FuzzSplitMap(f *testing.F) {
	f.Add("n1:1;n2:2,3 n3=4")
	f.Add(`a\ b:c\;d;:x;y`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range splitMap(s) {
			if p[0] == "" {
				t.Errorf("%q: a pair without a name: %q", s, p)
			}
		}
	})
}

func TestSplitMap(t *testing.T) {
	got := fmt.Sprint(splitMap(`n1:1;n2=2,3 n\ 3:a\;b; junk ;:x`))
	if want := `[[n1 1] [n2 2,3] [n 3 a;b]]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDelays(t *testing.T) {
	d := Device{Params: []cib.Attr{{Name: "pcmk_delay_base", Value: "n1:1s;n2:2s"}, {Name: "pcmk_delay_max", Value: "10"}}}
	for target, want := range map[string]time.Duration{"n1": time.Second, "N2": 2 * time.Second, "n3": 0} {
		if base, limit := d.delays(target); base != want || limit != 10*time.Second {
			t.Errorf("%s: %v, %v", target, base, limit)
		}
	}
}

// FuzzSetup checks that no CIB crashes the reader, and no request the planner.
func FuzzSetup(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(worldCIB, "5s", `<fencing-level target-pattern="(" index="x" devices="a,,b"/>`)), "n1")
	f.Add([]byte(`<cib><configuration><resources><primitive class="stonith" template="t"/></resources></configuration></cib>`), "")
	f.Fuzz(func(t *testing.T, doc []byte, target string) {
		root, err := cib.Parse(doc)
		if err != nil {
			return
		}
		m := New(Config{Self: 1})
		m.Step(1, FromCIB(root))
		m.Step(1, View{Members: []member.NodeID{1, 2}})
		m.Step(1, Ask(Request{ID: "A", Target: target, Action: "reboot", Origin: 1}, root, []member.NodeID{1, 2}))
		m.Step(1, View{Members: []member.NodeID{1}})
	})
}
