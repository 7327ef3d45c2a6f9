package fence

import (
	"slices"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
)

// stage is where a run of this node stands.
//
//	(learning →) (asking →) delayed → queued → acting → reported
//
// Learning and asking only if the configuration does not say whom the device
// can fence; a watchdog run has only delayed.
type stage int

const (
	learning stage = iota // the agent tells what it can do
	asking                // the agent tells whom it can fence
	delayed
	queued // another action occupies the device
	acting
	reported
)

// run is one attempt for which this node is the executor.
type run struct {
	id     string // of the request
	seq    int
	target string
	step   step
	wait   time.Duration // delay before it acts
	stage  stage
	due    time.Duration // end of the delay
	began  time.Duration // of the first action
	tries  int
	tag    uint64 // of the agent under way, 0 if none
	status bool   // asking by "status", not by "list"
}

const (
	metadataTimeout = 10 * time.Second
	askTimeout      = 20 * time.Second
)

// execute begins a run, or takes over one of the same kind whose request ended.
func (m *Machine) execute(now time.Duration, r *request, s step) {
	for _, x := range m.runs {
		if x.id == "" && x.target == r.Target && x.step.device.ID == s.device.ID && x.step.action == s.action {
			x.id, x.seq = r.ID, r.seq
			return
		}
	}
	x := &run{id: r.ID, seq: r.seq, target: r.Target, step: s}
	if r.seq == 1 && r.Delay >= 0 && r.Action != "on" {
		x.wait = r.Delay + m.delay(&s.device, r.Target)
	}
	m.runs = append(m.runs, x)
	if s.watchdog {
		x.stage, x.due = delayed, now+m.setup.Watchdog
		return
	}
	m.examine(now, x)
}

// delay is what the device's parameters want: at least the base, and with a
// maximum a random time between the two, lest two halves of a cluster shoot at once.
func (m *Machine) delay(d *Device, target string) time.Duration {
	base, limit := d.delays(target)
	if limit > base && m.cfg.Rand != nil {
		base += time.Duration(m.cfg.Rand() % uint64(limit-base+1))
	}
	return base
}

// examine finds out whether the device knows the target.
func (m *Machine) examine(now time.Duration, x *run) {
	check := x.step.device.check()
	if check == checkAuto {
		md, known := m.facts[x.step.device.Agent]
		switch {
		case !known:
			x.stage = learning
			m.start(x, "meta-data", metadataTimeout)
			return
		case md.Action("list") != nil:
			check = checkDynamic
		case md.Action("status") != nil || md.Action("monitor") != nil:
			check = checkStatus
		default:
			check = checkNone
		}
	}
	switch check {
	case checkDynamic, checkStatus:
		op := "list"
		if x.status = check == checkStatus; x.status {
			op = "status"
		}
		x.stage = asking
		m.start(x, op, x.step.device.timeout(op, askTimeout))
	default:
		m.hold(now, x)
	}
}

// hold waits for the delay to pass.
func (m *Machine) hold(now time.Duration, x *run) {
	x.stage = delayed
	if x.due = now + x.wait; x.wait == 0 {
		m.awake(now, x, 0)
	}
}

// awake ends a delay.
func (m *Machine) awake(now time.Duration, x *run, wall int64) {
	if x.step.watchdog {
		a := Attempted{OK: true, Wall: wall}
		if m.present(x.target) {
			a.OK, a.Output = false, "the node is still a member: its watchdog has not ended it"
		}
		m.report(x, a)
		return
	}
	x.stage = queued
	m.pump(now, x.step.device.ID)
}

// pump starts the waiting actions of a device, as many as it takes at once.
func (m *Machine) pump(now time.Duration, device string) {
	busy := 0
	for _, x := range m.runs {
		if x.step.device.ID == device && x.stage == acting {
			busy++
		}
	}
	for _, x := range m.runs {
		if limit := x.step.device.limit(); x.step.device.ID != device || x.stage != queued || limit > 0 && busy >= limit {
			continue
		}
		busy++
		x.stage, x.began = acting, now
		m.act(now, x)
	}
}

// act runs the agent for what is left of the time.
func (m *Machine) act(now time.Duration, x *run) {
	x.tries++
	m.start(x, x.step.action, x.began+x.step.timeout-now)
}

func (m *Machine) start(x *run, op string, timeout time.Duration) {
	m.tag++
	x.tag = m.tag
	d := x.step.device
	params := make([]cib.Attr, 0, len(d.Params)+2)
	if op != "meta-data" {
		for _, p := range d.Params {
			if p.Name != "nodename" {
				params = append(params, p)
			}
		}
		params = append(params, cib.Attr{Name: "nodename", Value: x.target}, cib.Attr{Name: "pcmk_target", Value: d.plug(x.target)})
		slices.SortFunc(params, func(a, b cib.Attr) int { return strings.Compare(a.Name, b.Name) })
	}
	m.emit(Run{Tag: x.tag, Call: agent.Call{Name: d.Agent, Rsc: d.ID, Op: op, Timeout: timeout, Params: params}})
}

// done takes the end of an agent.
func (m *Machine) done(now time.Duration, in Done) {
	var x *run
	for _, r := range m.runs {
		if r.tag == in.Tag {
			x = r
		}
	}
	if x == nil {
		return
	}
	x.tag = 0
	switch x.stage {
	case learning:
		m.learn(x.step.device.Agent, in.Result)
		m.examine(now, x)
	case asking:
		m.answered(now, x, in)
	case acting:
		m.acted(now, x, in)
	}
	m.pump(now, x.step.device.ID)
}

func (m *Machine) learn(name agent.Name, res agent.Result) {
	m.facts[name] = nil
	if md, err := agent.ParseMetadata([]byte(res.Output)); err == nil && res.RC == agent.OK {
		m.facts[name] = md
	}
}

// answered looks for the target in what the device knows.
func (m *Machine) answered(now time.Duration, x *run, in Done) {
	res := in.Result
	known := false
	switch {
	case x.status:
		known = res.Status == agent.Done && (res.RC == agent.OK || res.RC == agent.NotRunning)
	case res.Status == agent.Done && res.RC == agent.OK:
		known = listed(res.Output, x.target) || listed(res.Output, x.step.device.plug(x.target))
	default:
		m.report(x, Attempted{Output: "it could not list whom it can fence: " + explain(res), Wall: in.Wall})
		return
	}
	if !known {
		m.report(x, Attempted{Skip: true, Output: explain(res), Wall: in.Wall})
		return
	}
	m.hold(now, x)
}

// listed finds a name in a fence agent's list: a plug per line, with its name
// after a comma or blank.
func listed(output, name string) bool {
	for _, f := range strings.FieldsFunc(output, func(c rune) bool { return isSeparator(c) || c == '\r' }) {
		if strings.EqualFold(f, name) {
			return true
		}
	}
	return false
}

// acted reports success, tries again, or reports the failure.
func (m *Machine) acted(now time.Duration, x *run, in Done) {
	res := in.Result
	switch {
	case res.Status == agent.Done && res.RC == agent.OK:
		m.report(x, Attempted{OK: true, Output: res.Reason, Wall: in.Wall})
	case x.id != "" && x.tries < x.step.device.retries(x.step.action, m.cfg.Retries) && res.Status != agent.NoAgent && now < x.began+x.step.timeout:
		m.act(now, x)
	default:
		m.report(x, Attempted{Output: explain(res), Wall: in.Wall})
	}
}

// explain is a failure in words.
func explain(res agent.Result) string {
	switch {
	case res.Reason != "":
		return res.Reason
	case res.Status != agent.Done:
		return res.Status.String()
	}
	return res.RC.String()
}

// report tells all members how the run ended; nobody asks for one whose request ended before.
func (m *Machine) report(x *run, a Attempted) {
	x.stage = reported
	if x.id == "" {
		return
	}
	a.ID, a.Seq, a.Device, a.By = x.id, x.seq, x.step.device.ID, m.cfg.Self
	m.emit(Announce{a})
}

// prune ends the runs whose attempt is no longer wanted and drops those that are over.
func (m *Machine) prune() {
	for _, x := range m.runs {
		if r := m.find(x.id); x.id != "" && x.stage != reported && (r == nil || r.seq != x.seq) {
			m.abandon(x)
		}
	}
	m.runs = slices.DeleteFunc(m.runs, func(x *run) bool { return x.stage == reported && x.tag == 0 })
}

// abandon forgets a run: one that has not touched the device ends, one that acts
// is left to finish, for a plug must not be left half pressed.
func (m *Machine) abandon(x *run) {
	x.id = ""
	if x.stage == acting {
		return
	}
	if x.tag != 0 {
		m.emit(Kill{Tag: x.tag})
	}
	x.stage = reported
}
