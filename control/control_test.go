package control

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/graph"
	"mainstay/member"
	"mainstay/replica"
	"mainstay/transit"
)

// stage is a coordinator with a CIB that its own updates change.
type stage struct {
	ahead time.Duration // of the wall clock
	slow  bool          // disks
	t     *testing.T
	c     *Control
	root  *cib.Elem
	now   time.Duration
	out   []Effect // since the last take
}

const began = 1_700_000_000

// newStage has n1 (this node) and n2 online and quorate.
func newStage(t *testing.T, properties, meta string) *stage {
	t.Helper()
	state := func(id int) string {
		return fmt.Sprintf(`<node_state id="%[1]d" uname="n%[1]d" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="%[1]d"><lrm_resources/></lrm></node_state>`, id)
	}
	root, err := cib.Parse([]byte(`<cib have-quorum="1" dc-uuid="1" epoch="1" num_updates="0" admin_epoch="0"><configuration><crm_config>` +
		`<cluster_property_set id="o">` + properties + `</cluster_property_set></crm_config>` +
		`<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes><resources>` +
		`<primitive id="switch" class="stonith" type="fence_sim"><instance_attributes id="p"><nvpair id="p1" name="pcmk_host_list" value="n1 n2"/></instance_attributes></primitive>` +
		`<primitive id="db" class="ocf" provider="sim" type="Dummy"><meta_attributes id="m">` + meta + `</meta_attributes>` +
		`<operations><op id="mon" name="monitor" interval="5s" timeout="10s"/><op id="sta" name="start" interval="0" timeout="20s"/></operations></primitive>` +
		`</resources><constraints/></configuration><status>` + state(1) + state(2) + `</status></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	c := New(Config{Self: 1, Name: "n1", Nodes: 2, UUID: "run", FirstNumber: 10}, func() time.Duration { return 0 })
	return &stage{t: t, c: c, root: root, now: time.Second}
}

func prop(name, value string) string {
	return fmt.Sprintf(`<nvpair id="o-%[1]s" name="%[1]s" value="%[2]s"/>`, name, value)
}

func (s *stage) at() Time {
	return Time{Mono: s.now, Wall: time.Unix(began, 0).UTC().Add(s.now + s.ahead)}
}

func (s *stage) step(in Input) {
	for _, e := range s.c.Step(s.at(), in) {
		s.out = append(s.out, e)
		if sub, ok := e.(Submit); ok {
			s.update(sub.Update)
		}
	}
}

// update applies an update as every replica does, and tells the control.
func (s *stage) update(u replica.Update) {
	s.t.Helper()
	root, err := replica.Applied(s.root, u)
	if err != nil {
		s.t.Fatal(err)
	}
	s.root = root
	s.step(Changed{CIB: s.root, Config: len(u.Edits) > 0, Update: &u})
	if !s.slow {
		s.step(Durable{})
	}
}

func (s *stage) sync(fresh bool, members ...member.NodeID) {
	s.step(Unsynced{})
	s.step(Synced{View: member.View{Members: members}, Me: true, CIB: s.root, New: fresh})
}

func (s *stage) wait(d time.Duration) {
	s.now += d
	s.step(Tick{})
}

// orders takes the orders since the last call, as "KEY NODE".
func (s *stage) orders() map[string]Order {
	out := map[string]Order{}
	for _, e := range s.out {
		if o, ok := e.(Order); ok {
			out[o.Action.Key+" "+o.Node] = o
		}
	}
	s.out = nil
	return out
}

func count[T Effect](s *stage) int {
	n := 0
	for _, e := range s.out {
		if _, ok := e.(T); ok {
			n++
		}
	}
	return n
}

// answer reports how an ordered action went.
func (s *stage) answer(o Order, status agent.Status, rc agent.Code) {
	s.t.Helper()
	a := o.Action
	interval := a.Attr("CRM_meta_interval")
	id := a.Rsc.ID + "_last_0"
	if interval == "" {
		interval = "0"
	} else {
		id = a.Key
	}
	s.report(o.Node, a.Rsc, id, a.Key, a.Task, interval, o.Key.String(), status, rc)
}

func (s *stage) report(node string, rsc *graph.Rsc, id, key, task, interval, from string, status agent.Status, rc agent.Code) {
	s.t.Helper()
	s.update(replica.Update{Origin: 2, Records: []replica.Record{{Node: node, Rsc: rsc.ID,
		Attrs: []cib.Attr{{Name: "class", Value: rsc.Class}, {Name: "provider", Value: rsc.Provider}, {Name: "type", Value: rsc.Type}},
		Op: fmt.Sprintf(`<lrm_rsc_op id="%s" operation_key="%s" operation="%s" interval="%s" transition-key="%s" transition-magic="%d:%d;%s" call-id="%d" rc-code="%d" op-status="%d" last-rc-change="%d"/>`,
			id, key, task, interval, from, int(status), int(rc), from, int(s.now/time.Millisecond), int(rc), int(status), s.at().Wall.Unix())}}})
	s.now += 10 * time.Millisecond
}

// obey carries out all orders well until there are none; it lists what was done.
func (s *stage) obey(but func(o Order) bool) []string {
	s.t.Helper()
	var done []string
	for range 50 {
		orders := s.orders()
		if len(orders) == 0 {
			return done
		}
		keys := make([]string, 0, len(orders))
		for k := range orders {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			if o := orders[k]; but == nil || !but(o) {
				s.answer(o, agent.Done, o.Key.Target)
				done = append(done, k)
			}
		}
	}
	s.t.Fatalf("it does not end: %v", done)
	return nil
}

func (s *stage) failCount(node, name string) string {
	return transient(s.root, node, "fail-count-"+name)
}

// running is a stage on which all is started and idle.
func running(t *testing.T, properties, meta string) *stage {
	t.Helper()
	s := newStage(t, properties, meta)
	s.sync(false, 1, 2)
	s.obey(nil)
	if s.c.State() != Idle {
		t.Fatalf("not idle after the first plan: %s", s.c.State())
	}
	return s
}

var dbRsc = &graph.Rsc{ID: "db", Class: "ocf", Provider: "sim", Type: "Dummy"}

// owner is where the history says that db was started last.
func (s *stage) owner() string {
	for _, n := range []string{"n1", "n2"} {
		for ns := range s.root.Child("status").Named("node_state") {
			op := ns.Path("lrm", "lrm_resources").ChildID("lrm_resource", "db").ChildID("lrm_rsc_op", "db_last_0")
			if ns.Get("uname") == n && op.Get("operation") == "start" && op.Get("rc-code") == "0" {
				return n
			}
		}
	}
	return ""
}

// monitorFails reports a recurring monitor that found db stopped.
func (s *stage) monitorFails(node string) {
	s.report(node, dbRsc, "db_monitor_5000", "db_monitor_5000", "monitor", "5000", "1:10:0:run", agent.Done, agent.NotRunning)
}

func TestFirstPlanProbesThenStartsAndEnds(t *testing.T) {
	s := newStage(t, "", "")
	s.sync(false, 1, 2)
	first := s.orders()
	for _, k := range []string{"db_monitor_0 n1", "db_monitor_0 n2"} {
		if first[k].Action == nil {
			t.Fatalf("no probe %s in %v", k, first)
		}
	}
	for _, o := range first {
		if strings.HasSuffix(o.Action.Key, "_start_0") {
			t.Fatalf("%s before anybody looked", o.Action.Key)
		}
		s.answer(o, agent.Done, o.Key.Target)
	}
	done := s.obey(nil)
	if s.owner() == "" || s.c.State() != Idle {
		t.Fatalf("db is not started: %v, %s", done, s.c.State())
	}
	n := s.c.Number()
	s.wait(time.Minute)
	if s.c.Number() != n {
		t.Error("an idle cluster planned again without cause")
	}
}

func TestOnlyOwnKeysCompleteActions(t *testing.T) {
	s := newStage(t, "", "")
	s.sync(false, 1, 2)
	o := s.orders()["db_monitor_0 n1"]
	for _, key := range []Key{
		{o.Key.Action, o.Key.Transition, o.Key.Target, "another run"},
		{o.Key.Action, o.Key.Transition - 1, o.Key.Target, "run"},
	} {
		s.report("n1", dbRsc, "db_last_0", "db_monitor_0", "monitor", "0", key.String(), agent.Done, o.Key.Target)
		if !slices.ContainsFunc(s.c.transit.InFlight(), func(a *graph.Action) bool { return a.ID == o.Key.Action }) {
			t.Fatalf("the key %s completed an action of transition %d", key, s.c.Number())
		}
	}
	s.answer(o, agent.Pending, 193)
	if !slices.ContainsFunc(s.c.transit.InFlight(), func(a *graph.Action) bool { return a.ID == o.Key.Action }) {
		t.Fatal("a pending record completed its action")
	}
	s.answer(o, agent.Done, o.Key.Target)
	if slices.ContainsFunc(s.c.transit.InFlight(), func(a *graph.Action) bool { return a.ID == o.Key.Action }) {
		t.Fatal("its own key did not complete it")
	}
}

func TestFailCounts(t *testing.T) {
	t.Run("a monitor adds one", func(t *testing.T) {
		s := running(t, "", "")
		at := s.owner()
		for _, want := range []string{"1", "2"} {
			s.monitorFails(at)
			if got := s.failCount(at, "db#monitor_5000"); got != want {
				t.Fatalf("the count is %q, want %s", got, want)
			}
			s.obey(nil)
			if s.owner() != at {
				t.Fatalf("db is on %q, want it recovered on %s", s.owner(), at)
			}
		}
	})
	t.Run("a failed start counts for ever", func(t *testing.T) {
		s := newStage(t, "", "")
		s.sync(false, 1, 2)
		var where string
		s.obey(func(o Order) bool {
			if o.Action.Key == "db_start_0" && where == "" {
				where = o.Node
				s.answer(o, agent.Done, agent.GenericError)
				return true
			}
			return false
		})
		if got := s.failCount(where, "db#start_0"); got != "INFINITY" {
			t.Fatalf("the count is %q", got)
		}
		if s.owner() == where || s.owner() == "" {
			t.Fatalf("db is on %q after its start failed on %s", s.owner(), where)
		}
	})
	t.Run("a failed start counts one if it is not fatal", func(t *testing.T) {
		s := newStage(t, prop("start-failure-is-fatal", "false"), "")
		s.sync(false, 1, 2)
		failed := false
		s.obey(func(o Order) bool {
			if o.Action.Key == "db_start_0" && !failed {
				failed = true
				s.answer(o, agent.Done, agent.GenericError)
				if got := s.failCount(o.Node, "db#start_0"); got != "1" {
					t.Errorf("the count is %q", got)
				}
				return true
			}
			return false
		})
	})
	t.Run("a failed stop counts for ever and its node is fenced", func(t *testing.T) {
		s := running(t, "", "")
		at := s.owner()
		s.monitorFails(at)
		s.obey(func(o Order) bool {
			if o.Action.Key == "db_stop_0" {
				s.answer(o, agent.TimedOut, agent.GenericError)
				return true
			}
			return false
		})
		if got := s.failCount(at, "db#stop_0"); got != "INFINITY" {
			t.Fatalf("the count is %q", got)
		}
	})
	t.Run("probes count nothing", func(t *testing.T) {
		s := newStage(t, "", "")
		s.sync(false, 1, 2)
		s.answer(s.orders()["db_monitor_0 n2"], agent.Done, agent.GenericError)
		if got := s.failCount("n2", "db#monitor_0"); got != "" {
			t.Fatalf("the count is %q", got)
		}
	})
}

func TestAbortWaitsForWhatIsUnderWay(t *testing.T) {
	s := newStage(t, "", "")
	s.sync(false, 1, 2)
	first := s.orders()
	n := s.c.Number()
	s.update(replica.Update{Origin: 2, Edits: replica.WireEdits([]cib.Edit{{Op: cib.OpModify, Scope: "crm_config",
		Elem: cib.New("cluster_property_set", cib.Attr{Name: "id", Value: "o"}).Append(
			cib.New("nvpair", cib.Attr{Name: "id", Value: "o-x"}, cib.Attr{Name: "name", Value: "x"}, cib.Attr{Name: "value", Value: "1"}))}})})
	if s.c.State() != Aborting || len(s.orders()) > 0 {
		t.Fatalf("a change while probes are under way: %s", s.c.State())
	}
	for _, o := range first {
		s.answer(o, agent.Done, o.Key.Target)
	}
	if s.c.Number() != n+1 {
		t.Fatalf("transition %d, want %d", s.c.Number(), n+1)
	}
	s.obey(nil)
	if s.owner() == "" || s.c.State() != Idle {
		t.Fatalf("db is on %q, state %s", s.owner(), s.c.State())
	}
}

func TestFailedFencingIsHeldAndTriedAgain(t *testing.T) {
	s := running(t, "", "")
	s.root = lose(t, s.root)
	s.out = nil
	s.sync(false, 1)
	for try := 1; try <= 3; try++ {
		if n := count[Fence](s); n != 1 {
			t.Fatalf("try %d: fencing was asked for %d times", try, n)
		}
		s.out = nil
		s.step(Fenced{Target: "n2", Action: "reboot", OK: false, Reason: "no device answers"})
		if s.c.State() != Holding || count[Fence](s) != 0 {
			t.Fatalf("try %d: after a failure: %s", try, s.c.State())
		}
		s.wait(time.Duration(try)*2*time.Second - time.Millisecond)
		if count[Fence](s) != 0 {
			t.Fatalf("try %d: tried again too early", try)
		}
		s.wait(time.Millisecond)
	}
	s.update(replica.Update{Origin: 1, Gone: []string{"n2"}})
	s.step(Fenced{Target: "n2", OK: true})
	s.obey(nil)
	if s.owner() != "n1" || s.c.State() != Idle {
		t.Errorf("after the fencing db is on %q, state %s", s.owner(), s.c.State())
	}
}

// lose marks n2 as lost, as the replicas of a view without it do.
func lose(t *testing.T, root *cib.Elem) *cib.Elem {
	t.Helper()
	text := string(root.AppendXML(nil, false))
	const was = `uname="n2" in_ccm="true" crmd="online" join="member"`
	if !strings.Contains(text, was) {
		t.Fatalf("n2 is not online in %s", text)
	}
	lost, err := cib.Parse([]byte(strings.Replace(text, was, `uname="n2" in_ccm="false" crmd="offline" join="down"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return lost
}

func TestNothingStartsBeforeTheFencing(t *testing.T) {
	s := running(t, "", "")
	at := s.owner()
	if at != "n2" { // move it there: the lost node shall be its owner
		s.update(replica.Update{Origin: 2, Edits: replica.WireEdits([]cib.Edit{{Op: cib.OpCreate, Scope: "constraints",
			Elem: cib.New("rsc_location", cib.Attr{Name: "id", Value: "l"}, cib.Attr{Name: "rsc", Value: "db"},
				cib.Attr{Name: "node", Value: "n2"}, cib.Attr{Name: "score", Value: "INFINITY"})}})})
		s.obey(nil)
	}
	s.root = lose(t, s.root)
	s.sync(false, 1)
	for k := range s.orders() {
		if strings.HasPrefix(k, "db_start_0") {
			t.Fatalf("%s before n2 is known to be off", k)
		}
	}
}

func TestARepeatingPlanIsGivenUp(t *testing.T) {
	s := running(t, "", "")
	at := s.owner()
	// A monitor cannot be made to run: it never leaves a record, only an end.
	s.update(replica.Update{Origin: 2, Erasures: []replica.Erasure{{Node: at, Rsc: "db", Ops: []string{"db_monitor_5000"}}}})
	tries := 0
	for range 20 {
		orders := s.orders()
		if len(orders) == 0 {
			break
		}
		tries++
		for _, o := range orders {
			s.update(replica.Update{Origin: 2, Completes: []string{o.Key.String()}})
		}
	}
	if tries < 2 || tries > maxRepeats+1 || s.c.State() != Idle {
		t.Fatalf("%d tries, state %s", tries, s.c.State())
	}
	s.update(replica.Update{Origin: 2, Attributes: []replica.Attribute{{Node: "n1", Name: "x", Value: "1"}},
		Erasures: []replica.Erasure{{Node: "n1", Rsc: "none", FailCounts: true}}})
	s.sync(false, 1, 2)
	if len(s.orders()) == 0 {
		t.Error("a new view does not try again")
	}
}

func TestAnOrderWithoutAnswerCountsAsFailed(t *testing.T) {
	s := newStage(t, "", "")
	s.sync(false, 1, 2)
	var lost *Order
	s.obey(func(o Order) bool {
		if o.Action.Key == "db_start_0" && lost == nil {
			lost = &o
			return true
		}
		return lost != nil && o.Key == lost.Key
	})
	if lost == nil {
		t.Fatal("no start was ordered")
	}
	s.wait(20*time.Second + 61*time.Second)
	s.obey(nil)
	if got := s.failCount(lost.Node, "db#start_0"); got != "INFINITY" {
		t.Errorf("the count is %q", got)
	}
	if o := s.owner(); o == lost.Node {
		t.Errorf("db is on %q", o)
	}
}

func TestNewClusterWaitsForItsNodes(t *testing.T) {
	s := newStage(t, prop("dc-deadtime", "7s"), "")
	s.root = lose(t, s.root)
	s.sync(true, 1)
	if s.c.State() != Settling || s.c.Wake() == 0 {
		t.Fatalf("state %s", s.c.State())
	}
	s.wait(7*time.Second - time.Millisecond)
	if count[Planned](s) > 0 {
		t.Fatal("it planned before dc-deadtime")
	}
	s.wait(time.Millisecond)
	if count[Planned](s) != 1 || count[Fence](s) != 1 {
		t.Fatalf("after dc-deadtime: %d plans, %d fencings", count[Planned](s), count[Fence](s))
	}
	s = newStage(t, prop("dc-deadtime", "7s"), "")
	s.sync(true, 1, 2)
	if count[Planned](s) != 1 {
		t.Error("a complete new cluster waits")
	}
}

func TestRecheck(t *testing.T) {
	s := running(t, prop("cluster-recheck-interval", "3min"), "")
	n := count[Planned](s)
	if w := s.c.Wake(); w == 0 || w > s.now+3*time.Minute {
		t.Fatalf("it wakes at %v, now is %v", w, s.now)
	}
	s.now = s.c.Wake()
	s.step(Tick{})
	if count[Planned](s) != n || s.c.Wake() <= s.now {
		t.Error("a look without cause planned something, or was the last")
	}
}

func TestFailuresExpireAndAreCleared(t *testing.T) {
	s := running(t, "", `<nvpair id="ft" name="failure-timeout" value="30s"/>`)
	at := s.owner()
	s.monitorFails(at)
	s.obey(nil)
	if s.failCount(at, "db#monitor_5000") != "1" {
		t.Fatal("not counted")
	}
	for range 5 {
		if w := s.c.Wake(); w != 0 && w < s.now+time.Minute {
			s.now = w
			s.step(Tick{})
			s.obey(nil)
		}
	}
	if got := s.failCount(at, "db#monitor_5000"); got != "" {
		t.Errorf("the count is %q a minute later", got)
	}
	if s.owner() != at || s.c.State() != Idle {
		t.Errorf("db is on %q, state %s", s.owner(), s.c.State())
	}
}

func TestOthersDoNotPlan(t *testing.T) {
	s := newStage(t, "", "")
	s.step(Synced{View: member.View{Members: []member.NodeID{1, 2}}, CIB: s.root})
	s.update(replica.Update{Origin: 2, Attributes: []replica.Attribute{{Node: "n1", Name: "x", Value: "1"}}})
	s.step(Fenced{Target: "n2", OK: false})
	s.wait(time.Hour)
	if len(s.out) > 0 || s.c.State() != NotCoordinator {
		t.Errorf("effects %v, state %s", s.out, s.c.State())
	}
}

func TestANewViewVoidsTheTransition(t *testing.T) {
	s := newStage(t, "", "")
	s.sync(false, 1, 2)
	old := s.orders()["db_monitor_0 n1"]
	s.step(Unsynced{})
	ended := false
	for _, e := range s.out {
		if x, ok := e.(Ended); ok && x.Outcome == transit.Aborted {
			ended = true
		}
	}
	if !ended || s.c.State() != NotCoordinator {
		t.Fatalf("the transition has not ended: %v", s.out)
	}
	s.sync(false, 1, 2)
	s.answer(old, agent.Done, agent.NotRunning)
	s.obey(nil)
	if s.owner() == "" || s.c.State() != Idle {
		t.Errorf("db is on %q, state %s", s.owner(), s.c.State())
	}
}

func TestKeys(t *testing.T) {
	k := Key{3, 14, 7, "a:b"}
	if back, err := ParseKey(k.String()); err != nil || back != k {
		t.Errorf("%s is read as %v, %v", k, back, err)
	}
	for _, bad := range []string{"", "1:2:3", "x:2:3:u", "1:x:3:u", "1:2:x:u"} {
		if _, err := ParseKey(bad); err == nil {
			t.Errorf("%q is read as a key", bad)
		}
	}
}

// A node that is left out of a view but can still be heard is not fenced at once.
func TestPatienceWithWhoIsStillHeard(t *testing.T) {
	for _, end := range []string{"time", "silence", "return"} {
		s := running(t, "", "")
		whole := s.root
		s.root, s.out = lose(t, s.root), nil
		s.step(Unsynced{})
		s.step(Synced{View: member.View{Members: []member.NodeID{1}}, Me: true, CIB: s.root, Patience: time.Second})
		s.wait(time.Second - time.Millisecond)
		if s.c.State() != Settling || count[Fence](s) != 0 {
			t.Fatalf("not patient: %s, %d fencings", s.c.State(), count[Fence](s))
		}
		want := 1
		switch end {
		case "time":
			s.wait(time.Millisecond)
		case "silence":
			s.step(Deaf{})
		case "return":
			s.root, want = whole, 0
			s.sync(false, 1, 2)
			s.wait(time.Second)
		}
		if n := count[Fence](s); n != want {
			t.Errorf("after its %s: %d fencings, want %d", end, n, want)
		}
	}
	s := newStage(t, prop("dc-deadtime", "7s"), "")
	s.root = lose(t, s.root)
	s.sync(true, 1)
	if s.step(Deaf{}); s.c.State() != Settling {
		t.Error("silence ended the wait of a new cluster")
	}
}
