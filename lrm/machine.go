package lrm

import (
	"cmp"
	"slices"
	"time"

	"mainstay/agent"
)

// Machine is one node's executor. Make it with New.
//
// A job is one ordered operation. Its life:
//
//	waiting → queued → running → holding → over
//	   ↑                  │ recurring         (holding: the agent's metadata is
//	   └──────────────────┘                    not known yet, the digests need it)
type Machine struct {
	cfg     Config
	rscs    map[string]*resource
	jobs    map[uint64]*job      // what runs, by tag
	timers  heap                 // jobs that wait for their time
	backlg  []*job               // one-off jobs in a queue, in order of arrival
	active  int                  // one-off jobs that run
	tag     uint64               // last given
	call    int                  // last call-id given
	facts   map[agent.Name]*fact // metadata
	probes  map[uint64]*fact     // metadata calls that run, by tag
	unread  []*fact              // agents met whose metadata may be read when there is time
	leisure time.Duration        // when that will be
	out     []Effect             // of the present step
	listed  []Activity           // what Activities told last; nil: something may have changed since
}

// resource is what the machine knows of one resource instance.
type resource struct {
	id        string
	agent     agent.Name
	container string
	busy      *job   // running or holding
	queue     []*job // queued, in order
	recurring []*job
	history   []record // sorted by id

	running    *Order // what had it running here or looked whether it runs: its parameters are those to stop it with
	registered bool   // a fence device that was started here
}

type state int

const (
	waiting state = iota
	queued
	running
	holding
	over
)

func (s state) String() string {
	return [...]string{"waiting", "queued", "running", "running", "over"}[s]
}

type job struct {
	Order
	rsc     *resource
	call    int
	state   state
	asked   time.Duration // ordered or, recurring, became due
	due     time.Duration
	began   time.Duration
	tag     uint64
	place   int  // in timers
	owed    bool // the coordinator still waits for the result
	dropped bool // cancelled while it ran: the result is of no interest
	seen    bool // a result was recorded
	rc      agent.Code
	status  agent.Status
}

// New makes a Machine with an empty history.
func New(cfg Config) *Machine {
	if cfg.Parallel <= 0 {
		cfg.Parallel = 2
	}
	if cfg.FeatureSet == "" {
		cfg.FeatureSet = DefaultFeatureSet
	}
	return &Machine{
		cfg: cfg, rscs: map[string]*resource{}, jobs: map[uint64]*job{},
		facts: map[agent.Name]*fact{}, probes: map[uint64]*fact{},
	}
}

// Step takes an input at a monotonic time and returns what is to be done.
func (m *Machine) Step(now time.Duration, in Input) []Effect {
	m.out = nil
	if _, tick := in.(Tick); !tick || m.Wake() != 0 && m.Wake() <= now {
		m.listed = nil
	}
	switch in := in.(type) {
	case Tick:
		m.tick(now, in.Wall)
	case Order:
		m.order(now, in)
	case Cancel:
		m.cancel(now, in)
	case Forget:
		m.forget(in)
	case Fail:
		m.fail(in)
	case Cleared:
		m.cleared(in)
	case Done:
		m.done(now, in)
	case Inherit:
		m.inherit(in.LRM)
	case Limit:
		m.limit(now, in)
	}
	return m.out
}

// Wake is when the next Tick is wanted; 0: never.
func (m *Machine) Wake() time.Duration {
	at := time.Duration(0)
	if len(m.timers) > 0 {
		at = m.timers[0].due
	}
	if len(m.unread) > 0 && (at == 0 || m.leisure < at) {
		at = m.leisure
	}
	return at
}

func (m *Machine) emit(e Effect) { m.out = append(m.out, e) }

func (m *Machine) limit(now time.Duration, in Limit) {
	m.cfg.Parallel = max(in.Parallel, 1)
	m.drain(now, in.Wall)
}

// resource finds or makes the entry of a resource; a changed agent replaces the old one.
func (m *Machine) resource(o Order) *resource {
	r := m.rscs[o.Rsc]
	if r == nil {
		r = &resource{id: o.Rsc}
		m.rscs[o.Rsc] = r
	}
	r.agent, r.container = o.Agent, o.Container
	return r
}

// order takes an operation in: merged with the same one, or as a new job.
func (m *Machine) order(now time.Duration, o Order) {
	r := m.resource(o)
	m.meet(now, o)
	if j := r.twin(o); j != nil {
		m.merge(now, j, o)
		return
	}
	if o.Interval > 0 {
		m.endRecurring(r, func(j *job) bool { return j.Op == o.Op && j.Interval == o.Interval })
	} else if changesState(o.Op) {
		m.endRecurring(r, func(*job) bool { return true })
		m.hasten(r)
	}
	m.call++
	j := &job{Order: o, rsc: r, call: m.call, asked: now, owed: true, place: -1}
	if o.Interval > 0 {
		r.recurring = append(r.recurring, j)
	}
	if o.StartDelay > 0 {
		j.due = now + o.StartDelay
		m.timers.push(j)
		return
	}
	m.enqueue(j)
	m.pump(now, r, o.Wall)
}

// changesState tells the operations after which a running monitor's findings
// would be about the past.
func changesState(op string) bool {
	switch op {
	case "monitor", "notify", "meta-data", "validate-all":
		return false
	}
	return true
}

// twin finds a job that does the very thing an order asks for.
func (r *resource) twin(o Order) *job {
	same := func(j *job) bool {
		return j != nil && !j.dropped && j.state != over && j.Op == o.Op && j.Interval == o.Interval &&
			j.Timeout == o.Timeout && j.Agent == o.Agent && slices.Equal(j.Params, o.Params)
	}
	if o.Interval > 0 {
		for _, j := range r.recurring {
			if same(j) {
				return j
			}
		}
		return nil
	}
	if same(r.busy) {
		return r.busy
	}
	for _, j := range r.queue {
		if same(j) {
			return j
		}
	}
	return nil
}

// merge lets a job answer a second order in place of the first.
func (m *Machine) merge(now time.Duration, j *job, o Order) {
	if j.owed && j.Key != o.Key {
		m.overtaken(j)
	}
	j.Key, j.owed = o.Key, true
	switch {
	case j.state == waiting && j.seen:
		// between two runs it is run at once, for its answer; before the first one start-delay holds
		m.timers.remove(j)
		j.asked = now
		m.enqueue(j)
		m.pump(now, j.rsc, o.Wall)
	case j.state == running:
		m.pending(j, o.Wall)
	}
}

// overtaken answers an order whose operation will not be carried out.
func (m *Machine) overtaken(j *job) {
	m.emit(Answer{Key: j.Key, Rsc: j.Rsc, Op: j.Op, Status: agent.Cancelled, RC: agent.Unknown})
	j.owed = false
}

// endRecurring stops the chosen recurring jobs of a resource; one that runs
// ends by itself and its result is dropped, and with it the record that it runs,
// which nothing would ever replace.
func (m *Machine) endRecurring(r *resource, chosen func(*job) bool) {
	keep := r.recurring[:0]
	for _, j := range r.recurring {
		if !chosen(j) {
			keep = append(keep, j)
			continue
		}
		if j.owed {
			m.overtaken(j)
		}
		switch j.state {
		case waiting:
			m.timers.remove(j)
			j.state = over
		case queued:
			r.queue = slices.DeleteFunc(r.queue, func(q *job) bool { return q == j })
			j.state = over
		default:
			j.dropped = true
			m.erase(r, func(h record) bool { return h.id == opKey(j.Rsc, j.Op, j.Interval) && h.underWay() })
		}
	}
	clear(r.recurring[len(keep):])
	r.recurring = keep
}

// hasten ends a monitor that runs although nobody wants its result, because an
// operation that matters waits behind it.
func (m *Machine) hasten(r *resource) {
	if j := r.busy; j != nil && j.dropped && j.state == running {
		m.emit(Kill{Tag: j.tag})
	}
}

func (m *Machine) cancel(now time.Duration, in Cancel) {
	if r := m.rscs[in.Rsc]; r != nil {
		m.endRecurring(r, func(j *job) bool { return j.Op == in.Op && j.Interval == in.Interval })
		m.erase(r, func(h record) bool { return h.id == opKey(in.Rsc, in.Op, in.Interval) })
	}
	m.answer(in.Key, in.Rsc, "cancel")
}

// answer tells the coordinator that something without a record is done.
func (m *Machine) answer(key, rsc, op string) {
	if key != "" {
		m.emit(Answer{Key: key, Rsc: rsc, Op: op, Status: agent.Done, RC: agent.OK})
	}
}

func (m *Machine) forget(in Forget) {
	if in.Rsc == "" {
		for _, id := range m.ids() {
			m.forgetAll(m.rscs[id])
		}
		m.unlearn()
	} else if r := m.rscs[in.Rsc]; r != nil && in.Op == "" {
		m.forgetAll(r)
	} else if r != nil {
		m.endRecurring(r, func(j *job) bool { return in.Interval > 0 && j.Op == in.Op && j.Interval == in.Interval })
		m.erase(r, func(h record) bool { return h.op == in.Op && h.interval == in.Interval })
	}
	m.answer(in.Key, in.Rsc, "delete")
}

// forgetAll drops a resource, unless an operation is under way or in the queue.
func (m *Machine) forgetAll(r *resource) {
	m.endRecurring(r, func(*job) bool { return true })
	r.history = nil
	m.emit(Erase{Rsc: r.id})
	m.tidy(r)
}

// cleared drops a record that the cluster has dropped already.
func (m *Machine) cleared(in Cleared) {
	if r := m.rscs[in.Rsc]; r != nil {
		r.history = slices.DeleteFunc(r.history, func(h record) bool { return h.id == in.Rsc+"_last_failure_0" })
		m.tidy(r)
	}
}

// tidy drops a resource of which nothing is known any more.
func (m *Machine) tidy(r *resource) {
	if r.busy != nil || len(r.queue)+len(r.recurring)+len(r.history) > 0 {
		return
	}
	for _, j := range m.timers {
		if j.rsc == r {
			return
		}
	}
	delete(m.rscs, r.id)
}

// ids lists the resources, sorted.
func (m *Machine) ids() []string {
	ids := make([]string, 0, len(m.rscs))
	for id := range m.rscs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Activities lists what runs, waits and recurs, sorted by resource and operation.
// The list must not be changed: it is told again until something happens.
func (m *Machine) Activities() []Activity {
	if m.listed != nil {
		return m.listed
	}
	jobs := make([]*job, 0, len(m.timers)+len(m.backlg)+m.active)
	for _, r := range m.rscs { //order: sorted below
		if j := r.busy; j != nil {
			jobs = append(jobs, j)
		}
		jobs = append(jobs, r.queue...)
	}
	jobs = append(jobs, m.timers...)
	slices.SortFunc(jobs, func(a, b *job) int { // not what is told of them, which is far larger
		if c := cmp.Compare(a.Rsc, b.Rsc); c != 0 { // as nearly always
			return c
		}
		return a.activity().compare(b.activity())
	})
	m.listed = make([]Activity, len(jobs))
	for i, j := range jobs {
		m.listed[i] = j.activity()
	}
	return m.listed
}

// activity is what is told of a job.
func (j *job) activity() Activity {
	a := Activity{Rsc: j.Rsc, Op: j.Op, Interval: j.Interval, Timeout: j.Timeout, State: j.state.String()}
	switch j.state {
	case waiting:
		a.Due = j.due
	case queued:
		a.Since = j.asked
	default:
		a.Since = j.began
	}
	return a
}

// compare orders what is told of jobs of one resource.
func (a Activity) compare(b Activity) int {
	return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(a.Interval, b.Interval), cmp.Compare(a.State, b.State),
		cmp.Compare(a.Due, b.Due), cmp.Compare(a.Since, b.Since), cmp.Compare(a.Timeout, b.Timeout))
}
