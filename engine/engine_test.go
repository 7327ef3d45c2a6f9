package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mainstay/agent"
	"mainstay/attr"
	"mainstay/cib"
	"mainstay/conf"
	"mainstay/fence"
	"mainstay/graph"
	"mainstay/member"
	"mainstay/replica"
)

// rig is some engines on a perfect network; agents end at once, disks when told.
type rig struct {
	t     *testing.T
	now   time.Duration
	nodes map[member.NodeID]*rigNode
	ids   []member.NodeID
	queue []func()
	fence func(target string) bool
}

type rigNode struct {
	e       *Engine
	gone    string // why it left
	dead    bool
	slow    bool // writes wait in held
	held    []uint64
	replies map[uint64]Reply
	ran     []string
	active  map[string]bool
}

const rigCIB = `<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources>` +
	`<primitive id="switch" class="stonith" type="fence_sim"><instance_attributes id="p"><nvpair id="p1" name="pcmk_host_list" value="n1 n2 n3"/></instance_attributes></primitive>` +
	`<primitive id="db" class="ocf" provider="sim" type="Dummy"/></resources><constraints/></configuration><status/></cib>`

func newRig(t *testing.T) *rig { return newRigWith(t, "") }

// newRigWith is a rig whose configuration has more sections.
func newRigWith(t *testing.T, sections string) *rig {
	t.Helper()
	text := "totem {\n cluster_name: rig\n token: 1000\n}\nnodelist {\n"
	for i := 1; i <= 3; i++ {
		text += fmt.Sprintf(" node {\n name: n%d\n nodeid: %d\n ring0_addr: 10.0.0.%d\n }\n", i, i, i)
	}
	c, problems := conf.Parse([]byte(text+"}\n"+sections), "rig")
	if conf.Failed(problems) {
		t.Fatal(problems)
	}
	r := &rig{t: t, now: time.Second, nodes: map[member.NodeID]*rigNode{}, fence: func(string) bool { return true }}
	for _, n := range c.Nodes {
		root, err := cib.Parse([]byte(rigCIB))
		if err != nil {
			t.Fatal(err)
		}
		seed := uint64(n.ID)
		e, err := New(Config{Self: n.ID, Conf: c, Saved: root, Incarnation: 1, UUID: "run" + n.ID.String(), Version: "test", Parallel: 4,
			Rand: func() uint64 { seed++; return seed }, Elapsed: func() time.Duration { return 0 }}, r.at())
		if err != nil {
			t.Fatal(err)
		}
		r.nodes[n.ID] = &rigNode{e: e, replies: map[uint64]Reply{}, active: map[string]bool{}}
		r.ids = append(r.ids, n.ID)
	}
	for _, id := range r.ids {
		r.step(id, Tick{})
	}
	r.run(5 * time.Second)
	if s := r.nodes[1].e.State(); !s.Synced || len(s.View.Members) != 3 || r.owner() == 0 {
		t.Fatalf("the rig does not come up: %v, db on %v", s.View, r.owner())
	}
	return r
}

func (r *rig) at() Time { return Time{Mono: r.now, Wall: time.Unix(1_700_000_000, 0).UTC().Add(r.now)} }

func (r *rig) step(id member.NodeID, in Input) {
	n := r.nodes[id]
	if n.gone != "" || n.dead {
		return
	}
	for _, x := range n.e.Step(r.at(), in) {
		r.effect(id, n, x)
	}
}

func (r *rig) effect(id member.NodeID, n *rigNode, x Effect) {
	switch x := x.(type) {
	case Send:
		for _, to := range r.ids {
			if to != id && (x.To == 0 || x.To == to) {
				r.queue = append(r.queue, func() { r.step(to, Packet{From: id, Data: x.Data}) })
			}
		}
	case Write:
		switch {
		case x.Tag == 0:
		case n.slow:
			n.held = append(n.held, x.Tag)
		default:
			r.queue = append(r.queue, func() { r.step(id, Written{Tag: x.Tag}) })
		}
	case Run:
		res := r.agent(n, x.Call)
		r.queue = append(r.queue, func() { r.step(id, Done{Tag: x.Tag, Result: res}) })
	case Reply:
		n.replies[x.ID] = x
	case Exit:
		n.gone = x.Reason
	}
}

func (r *rig) agent(n *rigNode, c agent.Call) agent.Result {
	n.ran = append(n.ran, c.Op+" "+c.Rsc)
	switch c.Op {
	case "start":
		n.active[c.Rsc] = true
	case "stop":
		delete(n.active, c.Rsc)
	case "monitor":
		if !n.active[c.Rsc] && c.Rsc != "switch" {
			return agent.Result{RC: agent.NotRunning}
		}
	case "off", "reboot":
		target := c.Param("port")
		if target == "" {
			target = c.Param("nodename")
		}
		if !r.fence(target) {
			return agent.Result{RC: agent.GenericError}
		}
	}
	return agent.Result{}
}

// run lets time pass.
func (r *rig) run(d time.Duration) {
	for until := r.now + d; r.now < until; r.now += time.Millisecond {
		q := r.queue
		r.queue = nil
		for _, do := range q {
			do()
		}
		for _, id := range r.ids {
			if w := r.nodes[id].e.Wake(); w != 0 && w <= r.now {
				r.step(id, Tick{})
			}
		}
	}
}

// owner is the only node on which db is active, 0 if none.
func (r *rig) owner() member.NodeID {
	var at member.NodeID
	for _, id := range r.ids {
		if n := r.nodes[id]; n.active["db"] && !n.dead {
			if at != 0 {
				r.t.Fatalf("db is active on %s and %s", at, id)
			}
			at = id
		}
	}
	return at
}

// kill takes a node's power; the others hear nothing any more.
func (r *rig) kill(id member.NodeID) {
	r.nodes[id].dead = true
	for _, o := range r.ids {
		if o != id {
			r.step(o, Silence{Node: id})
		}
	}
}

func (r *rig) state(on member.NodeID, of string) *cib.Elem {
	return r.nodes[on].e.State().CIB.Child("status").ChildID("node_state", of)
}

// other is a living node that is not the given one.
func (r *rig) other(id member.NodeID) member.NodeID {
	for _, o := range r.ids {
		if o != id && !r.nodes[o].dead && r.nodes[o].gone == "" {
			return o
		}
	}
	return 0
}

func TestLeavingInOrder(t *testing.T) {
	r := newRig(t)
	at := r.owner()
	r.fence = func(target string) bool { t.Errorf("%s is fenced", target); return true }
	r.step(at, Shutdown{})
	r.run(5 * time.Second)
	if n := r.nodes[at]; n.gone == "" || n.active["db"] {
		t.Fatalf("left: %q, db active: %v", n.gone, n.active["db"])
	}
	left := r.other(at)
	if r.owner() == 0 || r.owner() == at {
		t.Errorf("db is on %s", r.owner())
	}
	if ns := r.state(left, at.String()); ns.Get("expected") != "down" || ns.Child("lrm") != nil {
		t.Errorf("who left looks like %s", ns)
	}
}

func TestLeavingWithoutStoppingIsFenced(t *testing.T) {
	r := newRig(t)
	at := r.owner()
	fenced := ""
	r.fence = func(target string) bool { fenced = target; r.nodes[at].dead = true; return true }
	n := r.nodes[at]
	n.e.leaving.asked, n.e.leaving.wake = true, r.now // its time is up
	r.step(at, Tick{})
	r.run(5 * time.Second)
	if n.gone == "" || fenced != "n"+at.String() {
		t.Errorf("left: %q, fenced: %q", n.gone, fenced)
	}
	if o := r.owner(); o == 0 || o == at {
		t.Errorf("db is on %s", o)
	}
}

func TestDeathIsFencedOnceAndRecovered(t *testing.T) {
	r := newRig(t)
	at, times := r.owner(), 0
	r.fence = func(string) bool { times++; return true }
	r.kill(at)
	r.run(3 * time.Second)
	if times != 1 || r.owner() == 0 {
		t.Errorf("fenced %d times, db on %s", times, r.owner())
	}
	if ns := r.state(r.other(at), at.String()); ns.Get("expected") != "down" {
		t.Errorf("the dead node looks like %s", ns)
	}
}

// TestRegisteredDeviceIsUsed has a node fenced by a device that is in no configuration.
func TestRegisteredDeviceIsUsed(t *testing.T) {
	r := newRig(t)
	entry := func(name string, kv ...string) *cib.Elem {
		e := cib.New(name)
		for i := 0; i < len(kv); i += 2 {
			e = e.With(kv[i], kv[i+1])
		}
		return e
	}
	list := cib.New(cib.Registrations).Append(
		entry("primitive", "id", "by-hand", "class", "stonith", "type", "fence_x"),
		entry("fencing-level", "target", "n3", "index", "1", "devices", "by-hand"))
	r.step(1, Request{ID: 1, Body: Edit{Edits: []cib.Edit{{Op: cib.OpCreate, XPath: "/cib/status", Elem: list}}}})
	r.run(time.Second)
	r.fence = func(string) bool { return true }
	r.step(2, Request{ID: 2, Body: FenceNode{Node: "n3", Action: "off", Timeout: time.Minute}})
	r.run(3 * time.Second)
	if a, ok := r.nodes[2].replies[2]; !ok || a.Err != nil || a.Body.(fence.Outcome).Device != "by-hand" {
		t.Errorf("answered %v with %+v", ok, a)
	}
}

func TestNothingRecoversWithoutFencing(t *testing.T) {
	r := newRig(t)
	at := r.owner()
	r.fence = func(string) bool { return false }
	r.kill(at)
	r.run(20 * time.Second)
	if r.owner() != 0 {
		t.Fatalf("db runs on %s, and %s may still be alive", r.owner(), at)
	}
	id := r.other(at)
	r.step(id, Request{ID: 1, Body: ConfirmOff{Node: "n" + at.String(), User: "root"}})
	r.run(10 * time.Second)
	if r.owner() == 0 || r.nodes[id].replies[1].Err != nil {
		t.Errorf("an operator says that it is off: db on %s, %v", r.owner(), r.nodes[id].replies[1].Err)
	}
}

func TestOrdersOfAnotherViewOrNodeAreVoid(t *testing.T) {
	r := newRig(t)
	at := r.owner()
	e := r.nodes[at].e
	o := order{Ring: e.view.Ring, Node: e.Name(), Key: "1:99:0:x", Action: graph.Action{ID: 1, Kind: graph.Resource, Task: "stop",
		Key: "db_stop_0", Rsc: &graph.Rsc{ID: "db", Class: "ocf", Provider: "sim", Type: "Dummy"}}}
	stale := o
	stale.Ring.Seq--
	coordinator := e.State().Coordinator
	stranger := r.other(coordinator)
	r.nodes[at].ran = nil
	e.order(coordinator, stale)
	e.order(stranger, o)
	foreign := o
	foreign.Node = "nobody"
	e.order(coordinator, foreign)
	r.run(100 * time.Millisecond)
	if all := strings.Join(r.nodes[at].ran, ","); strings.Contains(all, "stop") {
		t.Errorf("it obeyed: %v", r.nodes[at].ran)
	}
}

func TestEditIsAnsweredWhenAllDisksHaveIt(t *testing.T) {
	r := newRig(t)
	r.nodes[3].slow = true
	set := cib.New("rsc_location", cib.Attr{Name: "id", Value: "l"}, cib.Attr{Name: "rsc", Value: "db"}, cib.Attr{Name: "node", Value: "n1"}, cib.Attr{Name: "score", Value: "5"})
	r.step(1, Request{ID: 7, Body: Edit{Edits: []cib.Edit{{Op: cib.OpCreate, Scope: "constraints", Elem: set}}}})
	r.run(2 * time.Second)
	if _, ok := r.nodes[1].replies[7]; ok {
		t.Fatal("answered before n3 has it on disk")
	}
	if len(r.nodes[3].held) != 1 {
		t.Fatalf("n3 writes %v", r.nodes[3].held)
	}
	r.step(3, Written{Tag: r.nodes[3].held[0], Err: errors.New("disk full")})
	r.nodes[3].slow = false
	if a := r.nodes[3].e.State().Alarms; len(a) != 1 || a[0].Kind != "disk" {
		t.Errorf("alarms: %+v", a)
	}
	r.run(2 * time.Second)
	if a, ok := r.nodes[1].replies[7]; !ok || a.Err != nil {
		t.Errorf("after the second try: %+v", a)
	}
	if a := r.nodes[3].e.State().Alarms; len(a) != 0 {
		t.Errorf("the alarm stays: %+v", a)
	}
	r.step(1, Request{ID: 8, Body: Edit{Edits: []cib.Edit{{Op: cib.OpCreate, Scope: "constraints", Elem: set}}}})
	if a := r.nodes[1].replies[8]; !errors.Is(a.Err, cib.ErrExists) {
		t.Errorf("an edit that cannot be applied: %v", a.Err)
	}
}

func TestCleanForgetsAndProbesAnew(t *testing.T) {
	r := newRig(t)
	at := r.owner()
	for _, n := range r.nodes {
		n.ran = nil
	}
	r.step(r.other(at), Request{ID: 1, Body: Forget{Resource: "db"}})
	r.run(2 * time.Second)
	for id, n := range r.nodes {
		all := strings.Join(n.ran, ",")
		if !strings.Contains(all, "monitor db") || strings.Contains(all, "start db") || strings.Contains(all, "stop db") {
			t.Errorf("n%s ran %q, want a probe and nothing else", id, all)
		}
	}
	r.step(1, Request{ID: 2, Body: Forget{Resource: "db", Node: "nobody"}})
	if a := r.nodes[1].replies[2]; a.Err == nil {
		t.Error("an unknown node is taken for one")
	}
}

func TestSynchronousAttribute(t *testing.T) {
	r := newRig(t)
	r.step(2, Request{ID: 1, Body: SetAttribute{Set: attr.Set{Name: "pgsql-status", Value: "PRI", Delay: -1}, Sync: true}})
	r.run(500 * time.Millisecond)
	if a, ok := r.nodes[2].replies[1]; !ok || a.Err != nil {
		t.Fatalf("not answered: %+v", a)
	}
	for _, id := range r.ids {
		if v, _ := r.nodes[id].e.present("n2", "", "pgsql-status"); v != "PRI" {
			t.Errorf("n%s has %q", id, v)
		}
	}
}

// A read is answered with what another node was answered before, and only where there
// is quorum.
func TestReadIsAgreed(t *testing.T) {
	r := newRig(t)
	r.step(2, Request{ID: 1, Body: SetAttribute{Set: attr.Set{Name: "pgsql-status", Value: "PRI", Delay: -1}, Sync: true}})
	r.step(3, Request{ID: 1, Body: Read{}})
	if _, early := r.nodes[3].replies[1]; early {
		t.Error("answered without the others")
	}
	r.run(500 * time.Millisecond)
	a := r.nodes[3].replies[1]
	if root, ok := a.Body.(*cib.Elem); !ok || a.Err != nil || !strings.Contains(root.String(), "pgsql-status") {
		t.Errorf("read %v", a)
	}
	e := r.nodes[3].e
	e.votes.Quorate = false
	e.reads[77], e.clients[77] = true, 2
	e.answered(replica.Answered{Seq: 77})
	if x := e.out[len(e.out)-1].(Reply); x.Err == nil || x.Body != nil || x.ID != 2 {
		t.Errorf("without quorum: %v", x)
	}
}

func TestPatienceKnowsWhoIsHeard(t *testing.T) {
	r := newRig(t)
	e := r.nodes[1].e
	e.view.Members = []member.NodeID{1, 2}
	if e.patience() != 0 {
		t.Error("patient with a node that was never heard")
	}
	e.Step(r.at(), Heard{Node: 3})
	if e.patience() != time.Second {
		t.Error("not patient with a node that is heard")
	}
	e.Step(r.at(), Silence{Node: 3, Heard: true})
	if e.patience() != time.Second {
		t.Error("not patient with a node that is heard and says that it does not hear this one")
	}
	e.Step(r.at(), Silence{Node: 3})
	if e.patience() != 0 {
		t.Error("patient with a silent node")
	}
	e.Step(r.at(), Heard{Node: 3})
	e.replicaIn(replica.Agreed{Update: replica.Update{Left: []string{"n3"}}})
	if e.patience() != 0 {
		t.Error("patient with a node that left in order")
	}
}

// A ring sequence that could not be written is written again: without it the next
// daemon would give a ring the name of an earlier one.
func TestRingSequenceIsWrittenAgain(t *testing.T) {
	r := newRig(t)
	e := r.nodes[1].e
	writes := 0
	count := func(out []Effect) {
		for _, x := range out {
			if w, ok := x.(Write); ok && w.Name == RingFile && w.Tag != 0 {
				writes++
			}
		}
	}
	now := Time{Mono: time.Hour, Wall: time.Unix(1_700_000_000, 0)}
	count(e.Step(now, Written{Tag: ofRing, Err: errors.New("no space left on device")}))
	if e.Wake() == 0 || writes != 0 {
		t.Fatalf("wake %v, %d writes", e.Wake(), writes)
	}
	now.Mono += 2 * rewriteAfter
	count(e.Step(now, Tick{}))
	if writes == 0 {
		t.Error("it is not written again")
	}
}
