package replica

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/member"
)

// world is a few replicas on a perfect bus: every multicast of a partition is
// delivered to all of it, in the order in which it was sent.
type world struct {
	t       *testing.T
	nodes   map[member.NodeID]*node
	ids     []member.NodeID
	seq     uint64
	pending []sent
}

type node struct {
	r       *Replica
	disk    []byte
	slow    bool // writes do not end by themselves
	held    []byte
	view    member.View
	answers []Answered
	synced  int
	lost    int
	durable int
	notes   []string
}

type sent struct {
	from member.NodeID
	ring member.RingID
	body any
}

func newWorld(t *testing.T, n int) *world {
	t.Helper()
	w := &world{t: t, nodes: map[member.NodeID]*node{}}
	names := map[member.NodeID]string{}
	for i := 1; i <= n; i++ {
		names[member.NodeID(i)] = fmt.Sprintf("n%d", i)
	}
	for i := 1; i <= n; i++ {
		id := member.NodeID(i)
		w.ids = append(w.ids, id)
		w.nodes[id] = &node{r: New(Config{Self: id, Name: names[id], Names: names, ClusterName: "c", Version: "test"}, cib.Empty(), 0)}
	}
	return w
}

// restart gives a node a new daemon with what is on its disk.
func (w *world) restart(id member.NodeID, sameBoot bool) {
	w.t.Helper()
	n := w.nodes[id]
	saved, err := DecodeFile(n.disk)
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := n.r.cfg
	cfg.SameBoot = sameBoot
	w.nodes[id] = &node{r: New(cfg, saved, 0), disk: n.disk}
}

func (w *world) step(id member.NodeID, in Input) {
	n := w.nodes[id]
	for _, e := range n.r.Step(time.Second, in) {
		switch e := e.(type) {
		case Multicast:
			w.pending = append(w.pending, sent{id, n.view.Ring, e.Body})
		case WriteFile:
			if n.slow {
				n.held = e.Data
				continue
			}
			n.disk = e.Data
			w.step(id, Written{})
		case Answered:
			n.answers = append(n.answers, e)
		case InSync:
			n.synced++
		case Durable:
			n.durable++
		case KeepLost:
			n.lost++
		case Note:
			n.notes = append(n.notes, e.Text)
		case Changed:
		}
	}
}

// view installs a view at some nodes and lets it settle.
func (w *world) view(quorate bool, members ...member.NodeID) {
	w.seq++
	v := member.View{Ring: member.RingID{Rep: members[0], Seq: w.seq}, Members: members}
	for _, m := range members {
		w.nodes[m].view = v
	}
	for _, m := range members {
		w.step(m, Install{View: v, Quorate: quorate})
	}
	w.settle()
}

func (w *world) settle() {
	for len(w.pending) > 0 {
		s := w.pending[0]
		w.pending = w.pending[1:]
		for _, id := range w.ids {
			if w.nodes[id].view.Ring != s.ring || !w.nodes[id].view.Has(s.from) {
				continue
			}
			switch b := s.body.(type) {
			case Head:
				w.step(id, HeadFrom{s.from, b})
			case Part:
				w.step(id, PartFrom{s.from, b})
			case Update:
				w.step(id, UpdateFrom{s.from, b})
			case Persisted:
				w.step(id, PersistedFrom{s.from, b})
			}
		}
	}
}

// edit sets a property from a node and returns the answer, if there is one.
func (w *world) edit(id member.NodeID, name, value string) *Answered {
	w.t.Helper()
	n := w.nodes[id]
	seq := n.r.NextSeq()
	set := cib.New("cluster_property_set", cib.Attr{Name: "id", Value: "test"}).Append(cib.New("nvpair",
		cib.Attr{Name: "id", Value: "test-" + name}, cib.Attr{Name: "name", Value: name}, cib.Attr{Name: "value", Value: value}))
	w.step(id, Submit{Update: Update{Seq: seq, Edits: WireEdits([]cib.Edit{{Op: cib.OpModify, Scope: "crm_config", Elem: cib.New("crm_config").Append(set)}})}})
	w.settle()
	for i := range n.answers {
		if n.answers[i].Seq == seq {
			return &n.answers[i]
		}
	}
	return nil
}

func (w *world) equal(ids ...member.NodeID) {
	w.t.Helper()
	want := w.nodes[ids[0]].r.Root().String()
	for _, id := range ids[1:] {
		if got := w.nodes[id].r.Root().String(); got != want {
			w.t.Fatalf("node %s holds another CIB than node %s:\n%s\n---\n%s", id, ids[0], got, want)
		}
	}
}

func (w *world) property(id member.NodeID, name string) string {
	for s := range w.nodes[id].r.Root().Path("configuration", "crm_config").Named("cluster_property_set") {
		for nv := range s.Named("nvpair") {
			if nv.Get("name") == name {
				return nv.Get("value")
			}
		}
	}
	return ""
}

func TestNewClusterAgrees(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.equal(1, 2, 3)
	root := w.nodes[1].r.Root()
	if got := root.Get("have-quorum"); got != "1" {
		t.Errorf("have-quorum is %q", got)
	}
	if got := root.Get("dc-uuid"); got != "1" {
		t.Errorf("dc-uuid is %q", got)
	}
	for _, id := range w.ids {
		ns := root.Child("status").ChildID("node_state", id.String())
		if ns.Get("in_ccm") != "true" || ns.Get("crmd") != "online" || ns.Get("expected") != "member" {
			t.Errorf("node_state of %s: %s", id, ns)
		}
		if w.nodes[id].synced != 1 {
			t.Errorf("node %s synced %d times", id, w.nodes[id].synced)
		}
		if len(w.nodes[id].disk) == 0 {
			t.Errorf("node %s has nothing on disk", id)
		}
	}
}

func TestAnswerWaitsForEveryDisk(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.nodes[3].slow = true
	before := w.nodes[2].durable
	if a := w.edit(1, "x", "1"); a != nil {
		t.Fatalf("answered %+v while node 3 has not written", a)
	}
	if w.nodes[2].durable != before {
		t.Fatal("node 2 takes it for durable while node 3 has not written")
	}
	w.equal(1, 2, 3)
	n3 := w.nodes[3]
	n3.disk, n3.slow = n3.held, false
	w.step(3, Written{})
	w.settle()
	if len(w.nodes[1].answers) != 1 || w.nodes[1].answers[0].Err != nil {
		t.Fatalf("answers: %+v", w.nodes[1].answers)
	}
	if w.nodes[2].durable != before+1 {
		t.Errorf("node 2 was told %d times that it is durable", w.nodes[2].durable-before)
	}
	saved, err := DecodeFile(n3.disk)
	if err != nil || !strings.Contains(saved.String(), `name="x" value="1"`) {
		t.Fatalf("node 3 acknowledged what is not on its disk: %v", err)
	}
}

func TestFailedWriteIsNotAcknowledged(t *testing.T) {
	w := newWorld(t, 2)
	w.view(true, 1, 2)
	w.nodes[2].slow = true
	w.edit(1, "x", "1")
	w.step(2, Written{Err: errors.New("no space left on device")})
	w.settle()
	if len(w.nodes[1].answers) != 0 {
		t.Fatal("acknowledged although node 2's disk is full")
	}
	w.nodes[2].slow = false
	n := w.nodes[2]
	for _, e := range n.r.Retry() {
		if f, ok := e.(WriteFile); ok {
			n.disk = f.Data
			w.step(2, Written{})
		}
	}
	w.settle()
	if len(w.nodes[1].answers) != 1 {
		t.Fatal("not acknowledged after the retry")
	}
}

func TestLostMemberIsMarkedAndReturns(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.view(true, 1, 2)
	w.equal(1, 2)
	ns := w.nodes[1].r.Root().Child("status").ChildID("node_state", "3")
	if ns.Get("in_ccm") != "false" || ns.Get("expected") != "member" {
		t.Fatalf("a lost node must look unclean: %s", ns)
	}
	for _, id := range []member.NodeID{1, 2} {
		w.step(id, Agreed{Update{Gone: []string{"n3"}}})
	}
	w.equal(1, 2)
	ns = w.nodes[1].r.Root().Child("status").ChildID("node_state", "3")
	if ns.Get("expected") != "down" || ns.Child("lrm") != nil {
		t.Fatalf("a fenced node must look down: %s", ns)
	}
	if a := w.edit(2, "while-away", "1"); a == nil || a.Err != nil {
		t.Fatalf("edit: %+v", a)
	}
	w.restart(3, false)
	w.view(true, 1, 2, 3)
	w.equal(1, 2, 3)
	if w.property(3, "while-away") != "1" {
		t.Error("the returning node did not take on the change")
	}
	if w.nodes[3].lost != 0 {
		t.Error("the returning node reports a lost configuration, but had none of its own")
	}
	if got := w.nodes[3].r.Coordinator(); got != 1 {
		t.Errorf("coordinator moved to %s", got)
	}
}

func TestCoordinatorStaysWithTheOldMembers(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 2, 3)
	if got := w.nodes[2].r.Coordinator(); got != 2 {
		t.Fatalf("coordinator %s", got)
	}
	w.view(true, 1, 2, 3)
	if got := w.nodes[1].r.Coordinator(); got != 2 {
		t.Errorf("the newcomer took over: %s", got)
	}
	w.view(true, 1, 3)
	w.equal(1, 3)
	if w.nodes[1].r.Coordinator() != w.nodes[3].r.Coordinator() {
		t.Error("two coordinators in one view")
	}
}

func TestStaleEditIsRefused(t *testing.T) {
	w := newWorld(t, 2)
	w.view(true, 1, 2)
	base := cib.VersionOf(w.nodes[1].r.Root())
	w.edit(2, "x", "1")
	seq := w.nodes[1].r.NextSeq()
	w.step(1, Submit{Update: Update{Seq: seq, Base: &base, Edits: []WireEdit{{Op: cib.OpBump}}}})
	w.settle()
	var stale *StaleError
	if a := w.nodes[1].answers; len(a) != 1 || !errors.As(a[0].Err, &stale) {
		t.Fatalf("answers: %+v", w.nodes[1].answers)
	}
	w.equal(1, 2)
}

func TestMergeKeepsTheLoser(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.view(true, 1, 2)
	w.view(false, 3)
	w.edit(1, "a", "1")
	w.edit(1, "b", "2")
	w.edit(3, "c", "3")
	w.view(true, 1, 2, 3)
	w.equal(1, 2, 3)
	if w.property(3, "a") != "1" || w.property(1, "c") != "" {
		t.Error("the configuration with more changes should have won")
	}
	if w.nodes[3].lost != 1 || w.nodes[1].lost != 0 {
		t.Errorf("lost: node 1 %d, node 3 %d", w.nodes[1].lost, w.nodes[3].lost)
	}
}

func TestUpdatesDuringSyncWait(t *testing.T) {
	w := newWorld(t, 2)
	w.view(true, 1, 2)
	w.seq++
	v := member.View{Ring: member.RingID{Rep: 1, Seq: w.seq}, Members: []member.NodeID{1, 2}}
	for _, m := range v.Members {
		w.nodes[m].view = v
	}
	w.step(1, Install{View: v, Quorate: true})
	w.step(1, Submit{Update: Update{Attributes: []Attribute{{Node: "n1", Name: "early", Value: "1"}}}})
	w.step(2, Install{View: v, Quorate: true})
	w.settle()
	w.equal(1, 2)
	if !strings.Contains(w.nodes[2].r.Root().String(), "early") {
		t.Error("the update that came before the sync was lost")
	}
}

func TestDaemonRestartKeepsAttributes(t *testing.T) {
	for _, sameBoot := range []bool{true, false} {
		w := newWorld(t, 2)
		w.view(true, 1, 2)
		w.step(2, Submit{Update: Update{Attributes: []Attribute{{Node: "n2", Name: "fail-count-x#monitor_1000", Value: "2"}}}})
		w.step(2, Submit{Update: Update{Attributes: []Attribute{{Node: "n2", Name: "shutdown", Value: "1700000000"}}}})
		w.settle()
		w.restart(2, sameBoot)
		w.view(true, 1, 2)
		w.equal(1, 2)
		kept := strings.Contains(w.nodes[1].r.Root().String(), "fail-count-x")
		if kept != sameBoot {
			t.Errorf("same boot %v: attribute kept %v", sameBoot, kept)
		}
		if strings.Contains(w.nodes[1].r.Root().String(), `"shutdown"`) {
			t.Errorf("same boot %v: a node that came back is still asked to leave", sameBoot)
		}
	}
}

// TestRegistrationsEndWithTheCluster keeps what was registered by hand while a member
// stays, and forgets it when all have come back.
func TestRegistrationsEndWithTheCluster(t *testing.T) {
	w := newWorld(t, 2)
	w.view(true, 1, 2)
	device := cib.New("primitive", cib.Attr{Name: "id", Value: "by-hand"}, cib.Attr{Name: "class", Value: "stonith"}, cib.Attr{Name: "type", Value: "fence_x"})
	w.step(1, Submit{Update: Update{Seq: w.nodes[1].r.NextSeq(), Edits: WireEdits([]cib.Edit{{Op: cib.OpCreate, XPath: "/cib/status",
		Elem: cib.New(cib.Registrations).Append(device)}})}})
	w.settle()
	w.restart(2, true)
	w.view(true, 1, 2)
	w.equal(1, 2)
	if cib.Registered(w.nodes[2].r.Root()).ChildID("primitive", "by-hand") == nil {
		t.Error("one member was restarted, and the registration is gone")
	}
	w.restart(1, false)
	w.restart(2, false)
	w.view(true, 1, 2)
	w.equal(1, 2)
	if cib.Registered(w.nodes[1].r.Root()) != nil {
		t.Error("the registration outlived the cluster")
	}
}

func TestRecordsAndErasures(t *testing.T) {
	w := newWorld(t, 2)
	w.view(true, 1, 2)
	rec := func(rsc, op string) Record {
		return Record{Node: "n1", Rsc: rsc, Attrs: []cib.Attr{{Name: "class", Value: "ocf"}, {Name: "type", Value: "Dummy"}},
			Op: `<lrm_rsc_op id="` + op + `" operation_key="` + op + `"/>`}
	}
	w.step(1, Submit{Update: Update{Records: []Record{rec("a", "a_last_0"), rec("a", "a_last_failure_0"), rec("b", "b_last_0"), rec("b", "b_monitor_10000")}}})
	w.settle()
	w.equal(1, 2)
	lrm := func() string {
		return w.nodes[2].r.Root().Child("status").ChildID("node_state", "1").Child("lrm").String()
	}
	if !strings.Contains(lrm(), "b_monitor_10000") || !strings.Contains(lrm(), `class="ocf"`) {
		t.Fatalf("history: %s", lrm())
	}
	for _, id := range w.ids {
		w.step(id, Agreed{Update{Erasures: []Erasure{{FailuresOnly: true, FailCounts: true}}}})
	}
	if s := lrm(); strings.Contains(s, `id="a"`) || !strings.Contains(s, `id="b"`) {
		t.Fatalf("after cleanup: %s", s)
	}
	w.step(1, Submit{Update: Update{Erasures: []Erasure{{Node: "n1", Rsc: "b", Ops: []string{"b_monitor_10000"}}}}})
	w.settle()
	w.equal(1, 2)
	if s := lrm(); strings.Contains(s, "b_monitor_10000") || !strings.Contains(s, "b_last_0") {
		t.Fatalf("after cancel: %s", s)
	}
}

func TestDamagedFileIsNoticed(t *testing.T) {
	file := EncodeFile(cib.Empty())
	if _, err := DecodeFile(file); err != nil {
		t.Fatal(err)
	}
	whole, err := DecodeFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// What is taken as whole must be whole, whatever happened to the seal.
	check := func(what string, i int, damaged []byte) {
		if root, err := DecodeFile(damaged); err == nil && cib.Hash(root) != cib.Hash(whole) {
			t.Fatalf("a file %s at byte %d was taken as whole:\n%s", what, i, damaged)
		}
	}
	for i := range file {
		check("torn", i, file[:i])
		for bit := range 8 {
			flipped := append([]byte(nil), file...)
			flipped[i] ^= 1 << bit
			check("with a flipped bit", i, flipped)
		}
	}
}

// A fencing that took effect before its target was started again must not make
// the present member look gone; one that was asked for since must.
func TestLateFencingOfAReturnedNode(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.view(true, 1, 2)
	asked := w.seq
	w.restart(3, false)
	w.view(true, 1, 2, 3)
	gone := func(asked uint64) string {
		w.step(1, Submit{Update: Update{Gone: []string{"n3"}, Asked: asked}})
		w.settle()
		w.equal(1, 2, 3)
		return w.nodes[2].r.Root().Child("status").ChildID("node_state", "3").Get("in_ccm")
	}
	if got := gone(asked); got != "true" {
		t.Errorf("a fencing of before made the returned node look gone: in_ccm %s", got)
	}
	if got := gone(w.seq); got != "false" {
		t.Errorf("a member that was fenced in this view is not gone: in_ccm %s", got)
	}
}

// A member that was away and changed the configuration there brings that, but not the
// tickets: those are what the members with quorum had last.
func TestTicketsAreThoseOfTheQuorum(t *testing.T) {
	grant := func(w *world, id member.NodeID, when string) {
		seq := w.nodes[id].r.NextSeq()
		w.step(id, Submit{Update: Update{Seq: seq, Edits: []WireEdit{{Op: cib.OpModify, Scope: "status",
			XML: `<status><tickets><ticket_state id="t" granted="true" last-granted="` + when + `"/></tickets></status>`}}}, Safe: true})
		w.settle()
	}
	has := func(w *world, id member.NodeID) string {
		return w.nodes[id].r.Root().Path("status", "tickets").ChildID("ticket_state", "t").Get("last-granted")
	}
	for _, features := range []int{Features, Features - 1} {
		w := newWorld(t, 3)
		w.nodes[3].r.cfg.Features = features
		w.view(true, 1, 2, 3)
		grant(w, 1, "1")
		w.view(true, 1, 2)
		w.view(false, 3)
		grant(w, 1, "2")
		grant(w, 3, "3")
		w.edit(3, "elsewhere", "yes")
		w.view(true, 1, 2, 3)
		w.equal(1, 2)
		w.equal(1, 3)
		if !strings.Contains(w.nodes[1].r.Root().String(), "elsewhere") {
			t.Error("the newer configuration was not taken")
		}
		if want := map[bool]string{true: "2", false: "3"}[features == Features]; has(w, 1) != want {
			t.Errorf("version %d: ticket %s, want %s", features, has(w, 1), want)
		}
	}
}

// What is delivered while a view ends may have reached some members only: it is
// answered when the next view has it, and fails if that took on another CIB.
func TestEndOfAViewDelaysAnswers(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newWorld(t, 3)
		w.view(true, 1, 2, 3)
		w.step(1, Interrupted{})
		seq := w.nodes[1].r.NextSeq()
		u := Update{Origin: 1, Seq: seq, Attributes: []Attribute{{Node: "n2", Name: "a", Value: "1"}}}
		w.step(1, UpdateFrom{1, u})
		if len(w.nodes[1].answers) > 0 {
			t.Error("answered although others may not have it")
		}
		if gone { // the others go on without it
			w.view(true, 2, 3)
			w.edit(2, "elsewhere", "yes")
		}
		w.view(true, 1, 2, 3)
		a := w.nodes[1].answers
		if len(a) != 1 || (a[0].Err != nil) != gone {
			t.Errorf("lost %v: answers %v", gone, a)
		}
	}
}
