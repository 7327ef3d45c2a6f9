package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
)

// How often things happen to a cluster in a year, and for how long. They are those
// of a machine room that is looked after but not loved: servers fail once a year,
// a cable or its port makes trouble every month, agents fail every month, somebody
// works on the cluster every week, software is replaced every quarter.
const (
	deaths        = 1.0  // per machine: its power fails
	daemonCrashes = 2.0  // per machine
	stalls        = 4.0  // per machine: frozen or paused, for up to 10 s
	diskTroubles  = 2.0  // per machine: full, broken, slow
	clockTroubles = 2.0  // per machine: set or drifting
	linkFlaps     = 12.0 // per machine and link, mostly for seconds
	unplugs       = 2.0  // per machine and link
	isolations    = 2.0  // per cluster: a machine loses all links, wholly or in part
	roughNets     = 4.0  // per cluster: packets are lost, late, twice or damaged
	blackouts     = 0.2  // per cluster: all power fails
	deviceFaults  = 4.0  // per cluster: fence devices fail or are slow
	crashes       = 12.0 // per cluster: a service ends by itself
	agentFaults   = 12.0 // per cluster: an operation fails, hangs, is slow or lies
	changes       = 24.0 // per cluster: edits of the configuration
	maintenances  = 12.0 // per cluster: a node in standby, a resource stopped, hands off
	handles       = 12.0 // per cluster: cleanups, restarts of a node, a fencing by hand
	upgrades      = 4.0  // per cluster: all daemons, one after the other
	resizes       = 1.0  // per cluster of more than two: a machine joins, or one that joined is taken out
	badDays       = 0.05 // share of faults that another follows within a minute
	preferences   = 5    // constraints that operators leave in place
)

// every has something happen so often in a year, at random.
func (l *life) every(rate float64, do func()) {
	l.in(time.Duration(l.rng.ExpFloat64()/rate*float64(Year)), func() {
		do()
		l.every(rate, do)
	})
}

// faulty has a fault happen so often, sometimes with company.
func (l *life) faulty(rate float64, kinds []func(), do func()) {
	l.every(rate, func() {
		do()
		if l.rng.Float64() < badDays {
			l.in(l.time(0, time.Minute), kinds[l.rng.IntN(len(kinds))])
		}
	})
}

// time draws a duration.
func (l *life) time(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(l.rng.Int64N(int64(hi-lo)+1))
}

// one draws from a list.
func one[T any](l *life, list ...T) T { return list[l.rng.IntN(len(list))] }

func (l *life) anyNode() string { return l.Machines[l.rng.IntN(len(l.Machines))].Name }

// fault injects a fault and repairs it later.
func (l *life) fault(f Fault, long time.Duration) {
	t := &trouble{fault: f}
	l.totals.Faults[f.Kind]++
	l.open = append(l.open, t)
	l.whole = false
	l.wary = l.wary || !slices.Contains([]Kind{LinkCut, Unplug, Loss, Duplicate, Reorder, Corrupt, Delay, DiskSlow, DiskFull, DiskBroken, ClockDrift, DeviceFails, DeviceSlow, Freeze, Pause}, f.Kind)
	l.Inject(f)
	l.in(long, func() { l.repair(t) })
}

// expect sets everything going.
func (l *life) expect() {
	links := len(l.Machines[0].Addrs)
	kinds := []func(){l.death, l.crashDaemon, l.stall, l.diskTrouble, l.clockTrouble, l.flap, l.unplugLink, l.isolate, l.roughNet, l.deviceFault, l.crashService, l.agentFault}
	n := float64(len(l.Machines))
	rates := []float64{deaths * n, daemonCrashes * n, stalls * n, diskTroubles * n, clockTroubles * n, linkFlaps * n * float64(links), unplugs * n * float64(links),
		isolations, roughNets, deviceFaults, crashes, agentFaults}
	for i, do := range kinds {
		l.faulty(rates[i], kinds, do)
	}
	l.every(blackouts, func() { l.fault(Fault{Kind: Blackout}, l.time(time.Second, time.Hour)) })
	l.every(changes, l.changeConfig)
	l.every(maintenances, l.maintain)
	l.every(handles, l.handle)
	l.every(upgrades, l.upgrade)
	l.every(resizes, l.resize)
}

func (l *life) death() {
	n := l.anyNode()
	if l.rng.IntN(10) == 0 {
		l.fault(Fault{Kind: DiskTorn, Node: n}, time.Minute)
	}
	if l.rng.IntN(20) == 0 {
		l.fault(Fault{Kind: DeviceFails, Times: 1 + l.rng.IntN(6)}, l.time(time.Second, time.Minute))
	}
	if l.rng.IntN(2) == 0 {
		if l.rng.IntN(2) == 0 {
			l.fault(Fault{Kind: PowerMid, Node: n, Op: one(l, "", doesWrite, doesAgent), Times: l.rng.IntN(30)}, l.time(time.Second, 10*time.Minute))
			return
		}
		l.fault(Fault{Kind: PowerLoss, Node: n}, l.time(time.Second, 10*time.Minute))
		return
	}
	l.fault(Fault{Kind: Dead, Node: n}, l.time(time.Hour, 24*time.Hour))
}

func (l *life) crashDaemon() {
	f := Fault{Kind: DaemonKill, Node: l.anyNode()}
	if l.rng.IntN(2) == 0 {
		f.Kind, f.Op, f.Times = DaemonMid, one(l, "", doesWrite, doesAgent), l.rng.IntN(30)
	}
	l.fault(f, one(l, 100*time.Millisecond, l.time(0, 3*time.Second), l.time(0, time.Minute)))
}

func (l *life) stall() {
	l.fault(Fault{Kind: one(l, Freeze, Pause), Node: l.anyNode()}, one(l, l.time(0, time.Second), l.time(0, 10*time.Second)))
}

func (l *life) diskTrouble() {
	f := Fault{Kind: one(l, DiskFull, DiskBroken, DiskUnread, DiskSlow, DiskSlow), Node: l.anyNode()}
	long := l.time(time.Minute, time.Hour)
	if f.Kind == DiskUnread { // a daemon that starts is who notices
		l.in(l.time(0, long), func() { l.fault(Fault{Kind: DaemonKill, Node: f.Node}, l.time(0, 3*time.Second)) })
	}
	if f.Kind == DiskSlow {
		f.By, long = l.time(0, 2*time.Second), l.time(0, 2*time.Minute)
	}
	l.fault(f, long)
}

func (l *life) clockTrouble() {
	f := Fault{Kind: ClockStep, Node: l.anyNode(), By: l.time(-10*time.Minute, 10*time.Minute)}
	if l.rng.IntN(2) == 0 {
		f = Fault{Kind: ClockDrift, Node: f.Node, By: l.time(-20*time.Millisecond, 20*time.Millisecond)}
	}
	l.fault(f, l.time(time.Second, time.Hour))
}

// flap is mostly short; one in ten is a cable that somebody has to look for.
func (l *life) flap() {
	f := Fault{Kind: LinkCut, Node: l.anyNode(), Link: l.rng.IntN(len(l.Machines[0].Addrs)), OneWay: l.rng.IntN(4) == 0}
	long := l.time(50*time.Millisecond, 10*time.Second)
	if l.rng.IntN(10) == 0 {
		long = l.time(time.Minute, 4*time.Hour)
	}
	l.fault(f, long)
}

func (l *life) unplugLink() {
	l.fault(Fault{Kind: Unplug, Node: l.anyNode(), Link: l.rng.IntN(len(l.Machines[0].Addrs))}, one(l, l.time(0, 10*time.Second), l.time(0, 4*time.Hour)))
}

func (l *life) isolate() {
	f := Fault{Kind: one(l, LinkCut, LinkCut, Unplug), Node: l.anyNode(), Link: AllLinks}
	switch l.rng.IntN(4) {
	case 0:
		f.OneWay = true
	case 1:
		f.Peer = l.anyNode()
	}
	if f.Peer == f.Node || f.Kind == Unplug {
		f.Peer, f.OneWay = "", false
	}
	l.fault(f, one(l, l.time(0, 3*time.Second), l.time(0, 2*time.Minute)))
}

func (l *life) roughNet() {
	f := Fault{Kind: one(l, Loss, Duplicate, Reorder, Corrupt, Delay), Share: 0.04 * l.rng.Float64()}
	if f.Kind == Delay {
		f.Share, f.By = 0, l.time(0, 5*time.Millisecond)
	}
	l.fault(f, l.time(0, 2*time.Minute))
}

func (l *life) deviceFault() {
	f := Fault{Kind: one(l, DeviceFails, DeviceSlow)}
	if f.Kind == DeviceSlow {
		f.By = l.time(0, 10*time.Second)
	}
	l.fault(f, l.time(time.Minute, time.Hour))
}

// looked lists the resources whose end a monitor notices.
func (l *life) looked() []string {
	var out []string
	for _, s := range l.Agents.services.list {
		if s.Watched {
			out = append(out, s.ID)
		}
	}
	return out
}

func (l *life) crashService() {
	if ids := l.looked(); len(ids) > 0 {
		l.fault(Fault{Kind: Crash, Resource: one(l, ids...)}, time.Millisecond)
	}
}

func (l *life) agentFault() {
	ids := l.looked()
	if len(ids) == 0 {
		return
	}
	f := Fault{Kind: one(l, OpFails, OpFails, OpFails, OpHangs, OpSlow, OpLies), Resource: one(l, ids...), Op: one(l, "monitor", "monitor", "start", "stop", "promote", "demote"),
		Node: l.anyNode(), Times: 1 + l.rng.IntN(3)}
	switch f.Kind {
	case OpSlow:
		f.By = l.time(0, 12*time.Second)
	case OpLies:
		f.Op, f.Times = one(l, "start", "promote", "monitor"), 1
	case OpHangs:
		f.Times = 1
	}
	l.fault(f, l.time(10*time.Second, 10*time.Minute))
}

// wishFor carries out a wish; undo, if not nil, takes it back later.
func (l *life) wishFor(w Wish, later time.Duration, undo *Wish) {
	l.totals.Wishes[w.Kind]++
	if w.By == "" {
		w.By = l.asked()
	}
	l.wish(w)
	if undo == nil {
		return
	}
	l.held++
	l.takeBack(later, *undo)
}

// takeBack asks until it is answered "done".
func (l *life) takeBack(later time.Duration, w Wish) {
	l.in(later, func() {
		done := false
		w.By = l.asked()
		l.wishAnswered(w, func(err error) {
			if err == nil && !done {
				done = true
				l.held--
			}
		})
		l.in(time.Minute, func() {
			if !done {
				done = true // an answer that comes later does not count
				l.takeBack(0, w)
			}
		})
	})
}

// asked is the machine that an operator works on: one whose daemon runs.
func (l *life) asked() string {
	if r := l.Running(); len(r) > 0 {
		return r[l.rng.IntN(len(r))].Name
	}
	return l.anyNode()
}

// wishAnswered carries out a wish that is one edit and tells how it was answered.
func (l *life) wishAnswered(w Wish, answer func(error)) {
	l.tell("scenario: %s", w)
	var e cib.Edit
	switch w.Kind {
	case Unstandby:
		e = l.standbyEdit(l.Machine(w.Node), "off")
	case Maintenance:
		e = propertyEdit("maintenance-mode", "false")
	case Start:
		e = roleEdit("primitive", w.Resource, "Started")
	case Remove:
		e = cib.Edit{Op: cib.OpDelete, Scope: "resources", Elem: parse(`<primitive id="` + w.Resource + `"/>`)}
	case Prefer:
		e = cib.Edit{Op: cib.OpDelete, Scope: "constraints", Elem: parse(`<rsc_location id="` + w.Name + `"/>`)}
	default:
		panic("sim: nobody takes back " + string(w.Kind))
	}
	l.Edit(w.By, answer, e)
}

// single is a resource that runs once and is in no group, "" if there is none.
func (l *life) single() string {
	var ids []string
	for _, s := range l.Agents.services.list {
		if s.Max == 1 && s.Group == "" && !strings.HasPrefix(s.ID, "x") {
			ids = append(ids, s.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return one(l, ids...)
}

func (l *life) changeConfig() {
	l.notes++
	switch l.rng.IntN(4) {
	case 0:
		if rsc := l.single(); rsc != "" {
			l.wishFor(Wish{Kind: Prefer, Resource: rsc, Node: l.anyNode()}, 0, nil)
			l.prefer = append(l.prefer, fmt.Sprintf("op-%d", l.operator.asked))
		}
		l.forgetPreference()
	case 1:
		l.wishFor(Wish{Kind: Swap, Value: fmt.Sprint(l.notes)}, 0, nil)
	case 2:
		name := one(l, "batch-limit", "cluster-recheck-interval", "sim-note")
		l.wishFor(Wish{Kind: Property, Name: name, Value: map[string]string{"batch-limit": "5", "cluster-recheck-interval": "60s", "sim-note": "x"}[name]}, 0, nil)
	case 3:
		if rsc := fmt.Sprintf("x%d", l.notes); !slices.ContainsFunc(l.Agents.services.list, func(s Service) bool { return strings.HasPrefix(s.ID, "x") }) {
			l.wishFor(Wish{Kind: Add, Resource: rsc}, l.time(time.Minute, 30*24*time.Hour), &Wish{Kind: Remove, Resource: rsc})
		}
	}
}

// forgetPreference removes the oldest of too many constraints; from then on nobody
// promised that it stays.
func (l *life) forgetPreference() {
	if len(l.prefer) <= preferences {
		return
	}
	id := l.prefer[0]
	l.prefer = l.prefer[1:]
	delete(l.operator.acked, id)
	l.totals.Wishes[Remove]++
	l.wishAnswered(Wish{Kind: Prefer, Name: id, By: l.asked()}, func(error) {})
}

func (l *life) maintain() {
	later, n := l.time(10*time.Second, 2*time.Hour), l.anyNode()
	switch l.rng.IntN(6) {
	case 0:
		l.wishFor(Wish{Kind: Maintenance, Value: "true"}, later, &Wish{Kind: Maintenance, Value: "false"})
	case 1, 2:
		if rsc := l.single(); rsc != "" {
			l.wishFor(Wish{Kind: Stop, Resource: rsc}, later, &Wish{Kind: Start, Resource: rsc})
		}
	default:
		l.wishFor(Wish{Kind: Standby, Node: n}, later, &Wish{Kind: Unstandby, Node: n})
	}
}

func (l *life) handle() {
	switch n := l.anyNode(); l.rng.IntN(8) {
	case 0:
		l.wishFor(Wish{Kind: FenceNode, Node: n}, 0, nil)
	case 1, 2, 3:
		l.totals.Wishes[Restart]++
		l.fault(Fault{Kind: Leave, Node: n}, l.time(30*time.Second, time.Hour))
		if l.totals.Faults[Leave]--; l.totals.Faults[Leave] == 0 { // it is a wish
			delete(l.totals.Faults, Leave)
		}
	default:
		l.wishFor(Wish{Kind: Cleanup, Resource: l.single()}, 0, nil)
	}
}

// resize adds a machine, or takes one out that was added before. An operator does
// so when all is well.
func (l *life) resize() {
	if len(l.Machines) < 3 || len(l.open) > 0 || l.held > 0 || !l.Quiet() || len(l.Running()) < len(l.Machines) {
		return
	}
	by := l.Machines[0].Name
	if len(l.joined) > 0 && l.rng.IntN(2) == 0 {
		name := l.joined[0]
		l.joined = l.joined[1:]
		l.totals.Wishes[Expel]++
		l.Expel(by, name)
		return
	}
	if len(l.Machines) < 6 {
		l.notes++
		l.joined = append(l.joined, fmt.Sprintf("j%d", l.notes))
		l.totals.Wishes[Join]++
		l.Join(by, l.joined[len(l.joined)-1])
	}
}

// upgrade replaces all daemons, one after the other, every other time by those of
// the older version: the message versions mix.
func (l *life) upgrade() {
	features := 1
	if l.Machines[0].features == 1 {
		features = 0
	}
	for i, m := range l.Machines {
		l.in(time.Duration(i)*l.time(10*time.Second, 5*time.Minute), func() {
			l.totals.Wishes[Upgrade]++
			l.tell("scenario: %s gets another version", m.Name)
			m.features = features
			if m.daemon != nil {
				m.KillDaemon()
				m.StartDaemon()
			}
		})
	}
}
