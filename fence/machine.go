package fence

import (
	"fmt"
	"slices"
	"time"

	"mainstay/agent"
	"mainstay/member"
)

// Machine is one member's copy of the fencing decisions. Make it with New.
type Machine struct {
	cfg      Config
	setup    Setup
	members  []member.NodeID
	requests []*request // in agreed order
	runs     []*run     // of this node as executor, in order of arrival
	tag      uint64
	facts    map[agent.Name]*agent.Metadata // nil entry: has none
	history  []Event
	out      []Effect
}

// request is one agreed request under way.
type request struct {
	Request
	plan    plan
	level   int // place in the plan
	step    int
	turn    int // executor of the step
	seq     int // number of the attempt
	by      member.NodeID
	reason  string          // of the last failure
	patient time.Duration   // when the origin gives up on the present executor
	expires time.Duration   // when the origin gives up on all
	merged  []Request       // later requests that wait for the same
	knowers []member.NodeID // who took part from the beginning and is still there
	told    []string        // ids whose end others were told
	closed  bool            // members joined since who do not know it: nothing is merged into it any more
}

// grace is what the origin waits beyond the time that an executor may take: for
// the agent to be killed and the news to travel.
const grace = 5 * time.Second

// New makes a Machine without devices and requests.
func New(cfg Config) *Machine {
	if cfg.DefaultTimeout <= 0 {
		cfg.DefaultTimeout = time.Minute
	}
	if cfg.Retries <= 0 {
		cfg.Retries = 2
	}
	return &Machine{cfg: cfg, members: []member.NodeID{cfg.Self}, facts: map[agent.Name]*agent.Metadata{}}
}

// Step takes an input at a monotonic time and returns what is to be done.
func (m *Machine) Step(now time.Duration, in Input) []Effect {
	m.out = nil
	switch in := in.(type) {
	case Tick:
		m.tick(now, in.Wall)
	case Request:
		m.request(now, in)
	case View:
		m.view(now, in)
	case Withdraw:
		m.withdraw(now, in)
	case Confirm:
		m.confirm(in)
	case Forget:
		m.forget(in.Target)
	case Attempted:
		m.attempted(now, in)
	case Expired:
		if r := m.find(in.ID); r != nil {
			m.conclude(r, false, 0, "", "it took too long; last: "+orNothing(r.reason), in.Wall)
		}
	case Done:
		m.done(now, in)
	case Setup:
		m.setup = in
	case Remember:
		m.remember(in.Events)
	}
	m.prune()
	return m.out
}

func (m *Machine) emit(e Effect) { m.out = append(m.out, e) }

// Wake is when the next Tick is wanted; 0: never.
func (m *Machine) Wake() time.Duration {
	var at time.Duration
	want := func(t time.Duration) {
		if t > 0 && (at == 0 || t < at) {
			at = t
		}
	}
	for _, r := range m.requests {
		want(r.patient)
		want(r.expires)
	}
	for _, r := range m.runs {
		if r.stage == delayed {
			want(r.due)
		}
	}
	return at
}

func (m *Machine) find(id string) *request {
	for _, r := range m.requests {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// request begins to fence, or joins a request that will do the same.
func (m *Machine) request(now time.Duration, in Request) {
	members := in.Members
	if len(members) == 0 {
		members = m.members
	}
	if !slices.Contains(members, m.cfg.Self) {
		return
	}
	for _, r := range m.requests {
		if !r.closed && r.Target == in.Target && (r.Action == in.Action || r.Action == "off" && in.Action == "reboot") {
			r.merged = append(r.merged, in)
			m.record(Event{ID: in.ID, Target: in.Target, Action: in.Action, Origin: in.Origin, Client: in.Client,
				State: pending, Reason: "waits for " + r.ID, Asked: in.Wall})
			return
		}
	}
	r := &request{Request: in, knowers: slices.DeleteFunc(slices.Clone(m.members), func(n member.NodeID) bool { return !slices.Contains(members, n) })}
	r.plan = m.plan(&r.Request, members)
	m.requests = append(m.requests, r)
	m.record(Event{ID: in.ID, Target: in.Target, Action: in.Action, Origin: in.Origin, Client: in.Client, State: pending, Asked: in.Wall})
	if in.Origin == m.cfg.Self {
		r.expires = now + m.budget(r)
	}
	m.attempt(now, r, in.Wall)
}

// budget is the time that a request may take if everything goes wrong.
func (m *Machine) budget(r *request) time.Duration {
	sum := max(r.Delay, 0) + grace
	for _, l := range r.plan {
		for _, s := range l {
			sum += time.Duration(len(s.run)) * m.allowance(r, s)
		}
	}
	return sum
}

// allowance is the longest that one executor may take for a step: to find out
// whether the device knows the target, to wait, and to act.
func (m *Machine) allowance(r *request, s step) time.Duration {
	base, limit := s.device.delays(r.Target)
	asking := time.Duration(0)
	if asks(s.device) > 0 && !s.watchdog {
		asking = metadataTimeout + s.device.timeout("list", askTimeout)
	}
	return asking + max(base, limit) + max(r.Delay, 0) + s.timeout + grace
}

// attempt lets the next executor of the present step try, or goes on to the
// next way, until one is found or none is left.
func (m *Machine) attempt(now time.Duration, r *request, wall int64) {
	for r.level < len(r.plan) {
		steps := r.plan[r.level]
		if r.step == len(steps) {
			last := steps[len(steps)-1]
			m.conclude(r, true, r.by, last.device.ID, "", wall)
			return
		}
		s := steps[r.step]
		for r.turn < len(s.run) && !slices.Contains(r.knowers, s.run[r.turn]) {
			r.turn++
		}
		if r.turn < len(s.run) {
			m.begin(now, r, s)
			return
		}
		if len(s.run) == 0 && !s.optional {
			r.reason = fmt.Sprintf("no member may run device %s", s.device.ID)
		}
		if s.optional {
			r.step, r.turn = r.step+1, 0
			continue
		}
		r.level, r.step, r.turn = r.level+1, 0, 0
	}
	if r.reason == "" {
		r.reason = fmt.Sprintf("no fence device is configured for %s", r.Target)
	}
	m.conclude(r, false, 0, "", r.reason, wall)
}

// begin has the chosen executor act; the others wait for its word.
func (m *Machine) begin(now time.Duration, r *request, s step) {
	r.seq++
	by := s.run[r.turn]
	if r.Origin == m.cfg.Self {
		r.patient = now + m.allowance(r, s)
	}
	if s.watchdog && m.nodeID(r.Target) == m.cfg.Self {
		m.emit(SelfFence{Reason: fmt.Sprintf("this node is to be fenced by its watchdog (asked by %s)", r.Client), Reboot: r.Action == "reboot"})
	}
	if by == m.cfg.Self {
		m.execute(now, r, s)
	}
}

// nodeID is the id of a configured node, 0 if it has none.
func (m *Machine) nodeID(name string) member.NodeID {
	for _, n := range m.setup.Nodes {
		if n.Name == name {
			return n.ID
		}
	}
	return 0
}

// present tells whether a node is in the view.
func (m *Machine) present(name string) bool {
	id := m.nodeID(name)
	return id != 0 && slices.Contains(m.members, id)
}

// attempted takes an executor's word, the same on all members.
func (m *Machine) attempted(now time.Duration, in Attempted) {
	r := m.find(in.ID)
	if r == nil || in.Seq != r.seq || r.level >= len(r.plan) {
		return
	}
	s := r.plan[r.level][r.step]
	r.patient = 0
	switch {
	case in.OK:
		r.by = in.By
		r.step, r.turn = r.step+1, 0
	case in.Skip:
		r.turn = len(s.run)
		m.failed(r, in, s, "does not know the node")
	default:
		r.turn++
		m.failed(r, in, s, in.Output)
	}
	m.attempt(now, r, in.Wall)
}

func (m *Machine) failed(r *request, in Attempted, s step, why string) {
	if !s.optional {
		r.reason = fmt.Sprintf("%s of device %s on node %s: %s", s.action, in.Device, in.By, orNothing(why))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "no reason given"
	}
	return s
}

// view passes over executors that left, and ends what nobody waits for. Who left
// and is back already has forgotten what it was asked for, and what it asked for.
// What a coordinator asked for against a node that is back is void: it tells what
// it runs, and nothing of that was started elsewhere.
func (m *Machine) view(now time.Duration, in View) {
	left := func(n member.NodeID) bool { return !slices.Contains(in.Members, n) || slices.Contains(in.Left, n) }
	joined := len(in.Joined) > 0 || slices.ContainsFunc(in.Members, func(n member.NodeID) bool { return !slices.Contains(m.members, n) })
	was := m.members
	m.members = slices.Clone(in.Members)
	slices.Sort(m.members)
	m.waitAnew(now, was)
	for _, r := range m.requests {
		r.closed = r.closed || joined
		r.knowers = slices.DeleteFunc(r.knowers, left)
	}
	m.bereave(left, "who asked for it left the cluster", in.Wall)
	const why, back = "who asked for it left the cluster", "the node is a member again"
	for _, r := range slices.Clone(m.requests) {
		if slices.Contains(in.Joined, m.nodeID(r.Target)) && !m.relieve(now, r, func(q Request) bool { return !q.Ring.IsZero() }, back, in.Wall) {
			m.conclude(r, false, 0, "", back, in.Wall)
			continue
		}
		if !m.relieve(now, r, func(q Request) bool { return left(q.Origin) }, why, in.Wall) {
			m.conclude(r, false, 0, "", why, in.Wall)
			continue
		}
		s := r.plan[r.level][r.step]
		if by := s.run[r.turn]; left(by) {
			r.reason = fmt.Sprintf("%s of device %s: node %s left the cluster while it ran it", s.action, s.device.ID, by)
			r.turn++
			m.attempt(now, r, in.Wall)
		}
	}
}

// waitAnew has the wait for a watchdog begin again while its node is there: only
// what has passed since it was lost last counts.
func (m *Machine) waitAnew(now time.Duration, was []member.NodeID) {
	for _, x := range m.runs {
		if id := m.nodeID(x.target); x.step.watchdog && x.stage == delayed && id != 0 && (slices.Contains(was, id) || slices.Contains(m.members, id)) {
			x.due = now + m.setup.Watchdog
		}
	}
	for _, r := range m.requests {
		if s := r.plan[r.level][r.step]; s.watchdog && r.patient > 0 {
			r.patient = now + m.allowance(r, s)
		}
	}
}

// relieve takes those off a request for whom nobody waits any more. If it was
// the first, another who waits for the same takes its place, and the work goes
// on; if there is none, the request is to end: relieve returns false.
func (m *Machine) relieve(now time.Duration, r *request, gone func(Request) bool, why string, wall int64) bool {
	forget := func(q Request) bool {
		if !gone(q) {
			return false
		}
		m.note(q.ID, func(e *Event) { e.State, e.Reason, e.Completed = failure, why, wall })
		m.tell(r, q.ID)
		return true
	}
	r.merged = slices.DeleteFunc(r.merged, forget)
	if !forget(r.Request) {
		return true
	}
	if len(r.merged) == 0 {
		return false
	}
	old, heir := r.ID, r.merged[0]
	r.merged = r.merged[1:]
	r.ID, r.Origin, r.Client = heir.ID, heir.Origin, heir.Client
	m.note(heir.ID, func(e *Event) { e.Reason = "" })
	for _, x := range m.runs {
		if x.id == old {
			x.id = heir.ID
		}
	}
	r.expires, r.patient = 0, 0
	if r.Origin == m.cfg.Self {
		r.expires, r.patient = now+m.budget(r), now+m.allowance(r, r.plan[r.level][r.step])
	}
	return true
}

func (m *Machine) withdraw(now time.Duration, in Withdraw) {
	gone := func(q Request) bool { return in.ID == q.ID || in.ID == "" && in.Origin == q.Origin }
	var met func(*Event) // whoever was at it last did it
	for _, r := range slices.Clone(m.requests) {
		s := r.plan[r.level][r.step]
		if in.Met && (r.ID == in.ID || slices.ContainsFunc(r.merged, gone)) && r.turn < len(s.run) {
			device, by := s.device.ID, s.run[r.turn]
			met = func(e *Event) { e.State, e.Device, e.By = success, device, by }
		}
		if !m.relieve(now, r, gone, in.Reason, in.Wall) {
			m.drop(r)
		}
	}
	if in.ID == "" {
		m.bereave(func(n member.NodeID) bool { return n == in.Origin }, in.Reason, in.Wall)
	}
	if met != nil {
		m.note(in.ID, met)
	}
	m.note(in.ID, func(e *Event) { // a member that joined meanwhile knows it from the history alone
		if e.State == pending {
			e.State, e.Reason, e.Completed = failure, in.Reason, in.Wall
			if in.Met {
				e.State = success
			}
		}
	})
}

// confirm takes the operator's word that a node is off. A member that speaks is not.
func (m *Machine) confirm(in Confirm) {
	why := "confirmed by " + orOperator(in.Client)
	if m.present(in.Target) {
		m.emit(Outcome{Target: in.Target, Action: "off", Client: in.Client, Reason: "the node is a member of the cluster: it is not off", Wall: in.Wall})
		return
	}
	found := false
	for _, r := range slices.Clone(m.requests) {
		if r.Target == in.Target && r.Action != "on" {
			found = true
			m.conclude(r, true, 0, "", why, in.Wall)
		}
	}
	if found {
		return
	}
	m.record(Event{ID: fmt.Sprintf("confirm.%s.%d", in.Target, in.Wall), Target: in.Target, Action: "off", Client: in.Client,
		State: success, Reason: why, Asked: in.Wall, Completed: in.Wall})
	m.emit(Outcome{Target: in.Target, Action: "off", Client: in.Client, OK: true, Reason: why, Wall: in.Wall})
}

func orOperator(s string) string {
	if s == "" {
		return "the operator"
	}
	return s
}

// conclude ends a request and those merged into it.
func (m *Machine) conclude(r *request, ok bool, by member.NodeID, device, reason string, wall int64) {
	m.drop(r)
	state := failure
	if ok {
		state = success
	}
	for _, q := range append([]Request{r.Request}, r.merged...) {
		m.note(q.ID, func(e *Event) {
			e.State, e.By, e.Device, e.Reason, e.Completed = state, by, device, reason, wall
		})
		m.emit(Outcome{ID: q.ID, Target: q.Target, Action: q.Action, Origin: q.Origin, Client: q.Client,
			By: by, Device: device, OK: ok, Reason: reason, Wall: wall})
	}
	ids := []string{r.ID}
	for _, q := range r.merged {
		ids = append(ids, q.ID)
	}
	m.tell(r, ids...)
}

func (m *Machine) drop(r *request) {
	m.requests = slices.DeleteFunc(m.requests, func(q *request) bool { return q == r })
}

// tick ends waits: of this node as an executor, and as the origin that has
// waited long enough for another.
func (m *Machine) tick(now time.Duration, wall int64) {
	for _, r := range m.requests {
		switch {
		case r.expires > 0 && r.expires <= now:
			r.expires, r.patient = 0, 0
			m.emit(Announce{Expired{ID: r.ID, Wall: wall}})
		case r.patient > 0 && r.patient <= now:
			r.patient = 0
			s := r.plan[r.level][r.step]
			m.emit(Announce{Attempted{ID: r.ID, Seq: r.seq, Device: s.device.ID, By: s.run[r.turn], Output: "the node did not report in time", Wall: wall}})
		}
	}
	for _, x := range slices.Clone(m.runs) {
		if x.stage == delayed && x.due <= now {
			m.awake(now, x, wall)
		}
	}
}
