package sim

import (
	"path"
	"slices"
	"strings"
	"time"

	"mainstay/internal/host"
)

// Agents models what agents do to the world: a resource is active on a machine
// or it is not, whatever the daemons believe.
type Agents struct {
	active map[string]map[string]bool // resource → machine → active
	faults map[fault]*Fault
	device map[string]int // fence device → how often it still fails
	moves  int            // starts and stops that changed something
}

// fault names an operation of a resource on a machine ("": on any).
type fault struct{ rsc, op, machine string }

// Fault is how an operation misbehaves.
type Fault struct {
	Times int           // how often; negative: always
	Code  int           // what it answers
	Hang  bool          // it never answers
	Slow  time.Duration // how much longer it takes
}

func newAgents() Agents {
	return Agents{active: map[string]map[string]bool{}, faults: map[fault]*Fault{}, device: map[string]int{}}
}

// Break makes an operation of a resource fail.
func (a *Agents) Break(rsc, op, machine string, f Fault) { a.faults[fault{rsc, op, machine}] = &f }

// BreakDevice makes the next runs of a fence device fail.
func (a *Agents) BreakDevice(id string, times int) { a.device[id] = times }

// Owners lists the machines on which a resource is active, sorted.
func (a *Agents) Owners(rsc string) []string {
	var out []string
	for m, on := range a.active[rsc] {
		if on {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return out
}

// On lists what is active on a machine, sorted.
func (a *Agents) On(machine string) []string {
	var out []string
	for rsc, on := range a.active {
		if on[machine] {
			out = append(out, rsc)
		}
	}
	slices.Sort(out)
	return out
}

// Crash makes a resource stop by itself.
func (a *Agents) Crash(rsc, machine string) { delete(a.active[rsc], machine) }

func (a *Agents) set(rsc, machine string, on bool) {
	if a.active[rsc] == nil {
		a.active[rsc] = map[string]bool{}
	}
	if on {
		a.active[rsc][machine] = true
	} else {
		delete(a.active[rsc], machine)
	}
}

// powerLost ends everything on a machine.
func (a *Agents) powerLost(machine string) {
	for _, on := range a.active { //order: each resource by itself
		delete(on, machine)
	}
}

func (a *Agents) faultOf(rsc, op, machine string) *Fault {
	for _, k := range []fault{{rsc, op, machine}, {rsc, op, ""}} {
		if f := a.faults[k]; f != nil && f.Times != 0 {
			f.Times--
			return f
		}
	}
	return nil
}

// begin runs a command.
func (a *Agents) begin(m *Machine, p *process) {
	if strings.HasPrefix(path.Base(p.cmd.Path), "fence_") {
		a.beginFence(m, p)
		return
	}
	op := ""
	if len(p.cmd.Args) > 0 {
		op = p.cmd.Args[0]
	}
	a.beginResource(m, p, environment(p.cmd, "OCF_RESOURCE_INSTANCE"), op)
}

func environment(c host.Cmd, name string) string {
	for _, e := range c.Env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// codes of OCF agents
const (
	ocfOK         = 0
	ocfError      = 1
	ocfNotRunning = 7
)

// duration of an operation, and what it does to the world when it ends.
func (a *Agents) beginResource(m *Machine, p *process, rsc, op string) {
	w := m.world
	if op == "start" {
		w.checkStart(m, rsc)
	}
	took := 20*time.Millisecond + time.Duration(w.rng.Int64N(int64(60*time.Millisecond)))
	code := -1
	if f := a.faultOf(rsc, op, m.Name); f != nil {
		if f.Hang {
			took = p.cmd.Timeout
		}
		took += f.Slow
		code = f.Code
	}
	timedOut := p.cmd.Timeout > 0 && took >= p.cmd.Timeout
	if timedOut {
		took = p.cmd.Timeout
	}
	boots := m.boots
	w.after(took, func() {
		// The agent outlives the daemon, but not the machine.
		if m.boots != boots || !m.powered || p.ended {
			return
		}
		if op == "stop" && (timedOut || code > 0) {
			m.stopFailed = true
		}
		if timedOut {
			m.finish(p, host.Exited{Code: -1, Signal: 9, TimedOut: true})
			return
		}
		if code < 0 {
			code = a.act(m, rsc, op)
		}
		m.finish(p, host.Exited{Code: code})
	})
}

// act is what a healthy agent does.
func (a *Agents) act(m *Machine, rsc, op string) int {
	switch op {
	case "start":
		if !a.active[rsc][m.Name] {
			m.world.tell("%s: %s is started", m.Name, rsc)
			a.moves++
		}
		a.set(rsc, m.Name, true)
	case "stop":
		if a.active[rsc][m.Name] {
			m.world.tell("%s: %s is stopped", m.Name, rsc)
			a.moves++
		}
		a.set(rsc, m.Name, false)
	case "monitor", "status":
		if !a.active[rsc][m.Name] {
			return ocfNotRunning
		}
	case "meta-data", "validate-all", "notify", "reload", "reload-agent":
	default:
		return ocfError
	}
	return ocfOK
}

// beginFence presses the power switch of the machine that the parameters name.
func (a *Agents) beginFence(m *Machine, p *process) {
	w := m.world
	params := map[string]string{}
	for line := range strings.Lines(string(p.cmd.Stdin)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			params[k] = v
		}
	}
	target := params["port"]
	if target == "" {
		target = params["nodename"]
	}
	w.after(100*time.Millisecond, func() {
		code := a.press(w, params["action"], target, params["device"])
		m.finish(p, host.Exited{Code: code})
	})
}

func (a *Agents) press(w *World, action, target, device string) int {
	if action == "monitor" || action == "metadata" || action == "list" || action == "start" || action == "stop" {
		return 0
	}
	if n := a.device[device]; n > 0 {
		a.device[device] = n - 1
		w.tell("the fence device fails to switch %s", target)
		return 1
	}
	for _, t := range w.Machines {
		if t.Name != target {
			continue
		}
		switch action {
		case "off", "reboot":
			w.checkFence(t)
			t.PowerOff("fenced")
			if action == "reboot" {
				w.after(5*time.Second, t.PowerOn)
			}
		case "on":
			t.PowerOn()
		case "status":
			if !t.powered {
				return 2
			}
		}
		return 0
	}
	return 1
}

// check looks at the laws after every event.
func (w *World) check() {
	for rsc, on := range w.Agents.active { //order: every resource is checked; a broken law stops the run
		if len(on) > 1 && !strings.HasPrefix(rsc, "clone") {
			w.breakLaw("one owner: %s is active on %s", rsc, strings.Join(w.Agents.Owners(rsc), " and "))
			return
		}
	}
	w.checkMinorities()
}
