package sim

import (
	"path"
	"slices"
	"strings"
	"time"

	"mainstay/internal/host"
)

// Agents models what agents do to the world: a service has a role on a machine,
// whatever the daemons believe.
type Agents struct {
	// Models are the timings per resource id; Default is for the others.
	Models  map[string]Model
	Default Model
	// Hurry has every operation that begins take as little as can be, whatever its model
	// says: for time that nobody looks at.
	Hurry bool

	roles    map[string]map[string]Role // service → machine → role, if not stopped
	active   map[string][]string        // machine → services that are not stopped there, sorted
	faults   map[opKey]*OpFault
	devices  map[string]*DeviceFault // fence device → what is wrong with it
	tables   map[string]*table       // service → the database behind it
	services services
	moves    int      // role changes
	touched  []string // services whose roles changed since they were checked
}

// opKey names an operation of a resource on a machine ("": on any).
type opKey struct{ rsc, op, machine string }

// Model is how long a resource's operations take.
type Model struct {
	// Took is the time per operation (start, stop, monitor, promote, demote,
	// migrate_to, migrate_from, notify, reload); "" stands for those not named.
	Took map[string]time.Duration
	// Spread is by how much a run may differ, as a share: 0.5 is half as long to
	// half as long again.
	Spread float64
}

// usual is the model of a resource without one: 20 to 80 ms for everything.
func usual() Model {
	return Model{Took: map[string]time.Duration{"": 50 * time.Millisecond}, Spread: 0.6}
}

// OpFault is how an operation misbehaves.
type OpFault struct {
	Times int           // how often; negative: always
	Code  int           // what it answers
	Hang  bool          // it never answers
	Lie   bool          // it answers well and does nothing
	Slow  time.Duration // how much longer it takes; with Code 0 it then does its work
}

// kind is what a fault counts as.
func (f OpFault) kind() Kind {
	switch {
	case f.Hang:
		return OpHangs
	case f.Lie:
		return OpLies
	case f.Code != 0:
		return OpFails
	}
	return OpSlow
}

func newAgents() Agents {
	return Agents{Models: map[string]Model{}, Default: usual(), roles: map[string]map[string]Role{}, active: map[string][]string{}, faults: map[opKey]*OpFault{},
		devices: map[string]*DeviceFault{}, tables: map[string]*table{}}
}

// Break makes an operation of a resource misbehave on a machine ("": on any).
func (a *Agents) Break(rsc, op, machine string, f OpFault) { a.faults[opKey{rsc, op, machine}] = &f }

// Mend ends Break.
func (a *Agents) Mend(rsc, op, machine string) { delete(a.faults, opKey{rsc, op, machine}) }

// Role is what a service is on a machine.
func (a *Agents) Role(service, machine string) Role { return a.roles[service][machine] }

// Owners lists the machines on which a service is active, sorted.
func (a *Agents) Owners(service string) []string { return a.having(service, Started) }

// Promoted lists the machines on which a service is promoted, sorted.
func (a *Agents) Promoted(service string) []string { return a.having(service, Promoted) }

func (a *Agents) having(service string, least Role) []string {
	var out []string
	for m, r := range a.roles[service] {
		if r >= least {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return out
}

// On lists what is active on a machine, sorted.
func (a *Agents) On(machine string) []string { return slices.Clone(a.active[machine]) }

// Crash makes a service stop by itself.
func (a *Agents) Crash(w *World, service, machine string) {
	w.struck.when(a.Role(service, machine) != Stopped, Crash)
	a.set(w, service, machine, Stopped)
}

// set gives a service a role on a machine.
func (a *Agents) set(w *World, service, machine string, r Role) {
	if a.roles[service] == nil {
		a.roles[service] = map[string]Role{}
	}
	if a.roles[service][machine] == r {
		return
	}
	on := a.active[machine]
	i, was := slices.BinarySearch(on, service)
	if r == Stopped {
		delete(a.roles[service], machine)
		a.active[machine] = slices.Delete(on, i, i+1)
	} else {
		a.roles[service][machine] = r
		if !was {
			a.active[machine] = slices.Insert(on, i, service)
		}
	}
	w.noteStop(service, machine, r)
	a.moves++
	a.touched = append(a.touched, service)
	w.changes = append(w.changes, Change{w.Now, service, machine, r})
}

// powerLost ends everything on a machine.
func (a *Agents) powerLost(w *World, machine string) {
	for _, s := range a.On(machine) {
		a.set(w, s, machine, Stopped)
	}
}

func (a *Agents) faultOf(rsc, op, machine string) *OpFault {
	for _, k := range []opKey{{rsc, op, machine}, {rsc, op, ""}} {
		if f := a.faults[k]; f != nil && f.Times != 0 {
			f.Times--
			return f
		}
	}
	return nil
}

// model is the timing of a resource.
func (a *Agents) model(rsc string) Model {
	if a.Hurry {
		return Model{}
	}
	if m, ok := a.Models[rsc]; ok {
		return m
	}
	return a.Default
}

// took draws how long a run of an operation takes.
func (w *World) took(m Model, op string) time.Duration {
	d, ok := m.Took[op]
	if !ok {
		d = m.Took[""]
	}
	if m.Spread > 0 && d > 0 {
		d = time.Duration(float64(d) * (1 + m.Spread*(2*w.rng.Float64()-1)))
	}
	return max(d, time.Millisecond)
}

// call is a run of a resource agent.
type call struct {
	service string // instance: "db", "vip:1"
	rsc     string // configured id: "db", "vip"
	op      string
	systemd bool
	lsb     bool
	target  string // of a migration
	source  string
}

// begin runs a command.
func (a *Agents) begin(m *Machine, p *process) {
	if strings.HasPrefix(path.Base(p.cmd.Path), "fence_") {
		a.beginFence(m, p)
		return
	}
	c := call{service: environment(p.cmd, "OCF_RESOURCE_INSTANCE"), systemd: p.cmd.Unit != ""}
	switch {
	case c.systemd:
		c.op, c.service = p.cmd.UnitAction, a.services.byUnit(p.cmd.Unit)
	case len(p.cmd.Args) > 0:
		c.op = p.cmd.Args[0]
		if c.service == "" {
			c.lsb = true
			c.service = a.services.byScript(path.Base(p.cmd.Path))
		}
	}
	if c.op == "status" {
		c.op = "monitor"
	}
	c.rsc, _, _ = strings.Cut(c.service, ":")
	c.target = environment(p.cmd, "OCF_RESKEY_CRM_meta_migrate_target")
	c.source = environment(p.cmd, "OCF_RESKEY_CRM_meta_migrate_source")
	a.beginResource(m, p, c)
}

func environment(c host.Cmd, name string) string {
	for _, e := range c.Env {
		if v, ok := strings.CutPrefix(e, name); ok && strings.HasPrefix(v, "=") {
			return v[1:]
		}
	}
	return ""
}

// codes of OCF agents
const (
	ocfOK         = 0
	ocfError      = 1
	ocfMissing    = 3
	ocfNotRunning = 7
	ocfPromoted   = 8
)

// beginResource plans the end of an operation, and what it does to the world then.
func (a *Agents) beginResource(m *Machine, p *process, c call) {
	w := m.world
	if c.op == "start" || c.op == "promote" {
		w.checkStart(m, c)
	}
	took, code, lie := w.took(a.model(c.rsc), c.op), -1, false
	if f := a.faultOf(c.rsc, c.op, m.Name); f != nil {
		w.struck.add(f.kind(), 1)
		if f.Hang {
			took = p.cmd.Timeout
		}
		took += f.Slow
		lie = f.Lie
		if f.Code != 0 {
			code = f.Code
		}
	}
	timedOut := p.cmd.Timeout > 0 && took >= p.cmd.Timeout
	if timedOut {
		took = p.cmd.Timeout
	}
	// The agent outlives the daemon, but not the machine.
	m.after(took, func() {
		if p.ended {
			return
		}
		if (c.op == "stop" || c.op == "demote") && (timedOut || code > 0) {
			m.stopFailed = true
		}
		switch {
		case timedOut:
			m.finish(p, host.Exited{Code: -1, Signal: 9, TimedOut: true})
			return
		case lie:
			code = ocfOK
		case code < 0:
			code = a.act(m, c)
		}
		m.finish(p, exited(c, code))
	})
}

// lsbNotRunning is what the "status" of an init script answers for a stopped service.
const lsbNotRunning = 3

// exited is the end of an agent that answers a code; units answer with a word.
func exited(c call, code int) host.Exited {
	switch {
	case c.lsb && c.op == "monitor" && code == ocfNotRunning:
		return host.Exited{Code: lsbNotRunning}
	case !c.systemd || c.op != "monitor":
		return host.Exited{Code: code}
	}
	word := "active\n"
	if code != ocfOK {
		word = "inactive\n"
	}
	return host.Exited{Stdout: []byte(word)}
}

// act is what a healthy agent does.
func (a *Agents) act(m *Machine, c call) int {
	w, role := m.world, a.Role(c.service, m.Name)
	change := func(r Role) {
		if r != role {
			w.tell("%s: %s is %s", m.Name, c.service, r)
		}
		a.set(w, c.service, m.Name, r)
	}
	switch c.op {
	case "start":
		change(max(role, Started))
		a.score(m, c)
	case "stop":
		change(Stopped)
	case "promote":
		if role == Stopped {
			return ocfNotRunning
		}
		change(Promoted)
		a.score(m, c)
	case "demote":
		if role == Stopped {
			return ocfNotRunning
		}
		change(Started)
	case "monitor":
		return a.monitor(m, c, role)
	case "migrate_to":
		return a.migrate(m, c)
	case "migrate_from":
		if role == Stopped {
			return ocfError
		}
	case "meta-data", "validate-all", "notify", "reload", "reload-agent", "force-reload":
	default:
		return ocfMissing
	}
	return ocfOK
}

func (a *Agents) monitor(m *Machine, c call, role Role) int {
	a.score(m, c)
	switch role {
	case Stopped:
		return ocfNotRunning
	case Promoted:
		return ocfPromoted
	}
	return ocfOK
}

// migrate hands a service over while it runs: it is here, then there.
func (a *Agents) migrate(m *Machine, c call) int {
	w := m.world
	i := slices.IndexFunc(w.Machines, func(t *Machine) bool { return t.Name == c.target })
	if i < 0 || a.Role(c.service, m.Name) == Stopped || !w.Machines[i].powered || !w.reaches(m, w.Machines[i]) {
		return ocfError
	}
	w.tell("%s: %s moves alive to %s", m.Name, c.service, c.target)
	a.set(w, c.service, m.Name, Stopped)
	a.set(w, c.service, c.target, Started)
	return ocfOK
}
