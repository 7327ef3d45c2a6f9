package sim

import (
	"slices"
	"strings"
	"time"

	"mainstay/internal/host"
)

// DeviceFault is how a fence device misbehaves.
type DeviceFault struct {
	Times int           // how many presses; negative: all
	Lie   bool          // it says that it did, and did not
	Slow  time.Duration // how much longer it takes; without Fail it then does its work
	Fail  bool          // it says that it could not
}

// kind is what a fault counts as.
func (f DeviceFault) kind() Kind {
	switch {
	case f.Lie:
		return DeviceLies
	case f.Fail:
		return DeviceFails
	}
	return DeviceSlow
}

// BreakDevice makes the next presses of a fence device misbehave.
func (a *Agents) BreakDevice(id string, f DeviceFault) { a.devices[id] = &f }

// MendDevice ends BreakDevice.
func (a *Agents) MendDevice(id string) { delete(a.devices, id) }

// rebootTime is how long a machine is off when it is fenced with "reboot", unless
// Options.RebootTime says otherwise.
const rebootTime = 5 * time.Second

// pressTime is how long a fence device takes.
const pressTime = 100 * time.Millisecond

// beginFence presses the power switch of the machine that the parameters name.
func (a *Agents) beginFence(m *Machine, p *process) {
	w := m.world
	params := map[string]string{}
	for line := range strings.Lines(string(p.cmd.Stdin)) {
		if k, v, ok := strings.Cut(strings.TrimRight(line, "\n"), "="); ok {
			params[k] = v
		}
	}
	b := press{action: params["action"], device: a.services.device(p.cmd.Path, params)}
	b.target = a.services.plug(b.device, params)
	if i := slices.IndexFunc(w.Machines, func(t *Machine) bool { return t.Name == b.target }); i >= 0 {
		b.needless = w.needless(w.Machines[i])
	}
	took := pressTime
	f := a.devices[b.device]
	if f != nil && f.Times != 0 && b.switches() {
		f.Times--
		took += f.Slow
		b.fail, b.lie = f.Fail, f.Lie
		w.struck.add(f.kind(), 1)
	}
	timedOut := p.cmd.Timeout > 0 && took >= p.cmd.Timeout
	if timedOut {
		took = p.cmd.Timeout
	}
	m.after(took, func() {
		if p.ended {
			return
		}
		if timedOut {
			m.finish(p, host.Exited{Code: -1, Signal: 9, TimedOut: true})
			return
		}
		m.finish(p, host.Exited{Code: a.press(w, b), Stdout: []byte(a.listing(w, b))})
	})
}

// press is one run of a fence agent.
type press struct {
	action, target, device string
	fail, lie              bool
	needless               string // why there was no reason to, when it began
}

// switches tells whether it is about power and not about the device.
func (b press) switches() bool {
	return b.action == "off" || b.action == "reboot" || b.action == "on"
}

// listing is what the actions that list answer with.
func (a *Agents) listing(w *World, b press) string {
	if b.action != "list" && b.action != "list-status" {
		return ""
	}
	var out strings.Builder
	for _, m := range w.Machines {
		out.WriteString(m.Name + ",\n")
	}
	return out.String()
}

// press does what a fence agent is asked for; it returns its exit code.
func (a *Agents) press(w *World, b press) int {
	i := slices.IndexFunc(w.Machines, func(m *Machine) bool { return m.Name == b.target })
	switch {
	case b.action == "status" && i >= 0 && !w.Machines[i].powered:
		return 2
	case !b.switches():
		return 0
	}
	f := Fencing{At: w.Now, Target: b.target, Action: b.action, Device: b.device, OK: !b.fail && i >= 0, Done: !b.fail && !b.lie && i >= 0}
	w.fencing = append(w.fencing, f)
	if !f.OK {
		w.tell("the fence device %s fails to switch %s", b.device, b.target)
		return 1
	}
	if !f.Done {
		w.tell("the fence device %s lies about %s", b.device, b.target)
		return 0
	}
	t := w.Machines[i]
	if b.action == "on" {
		t.PowerOn()
		return 0
	}
	if b.needless != "" && t.powered {
		w.breakLaw("fenced without need", "%s", b.needless)
	}
	t.PowerOff("fenced")
	t.reboots, t.returns = t.reboots+1, 0 // what was under way is over
	if b.action == "reboot" {
		t.restart()
	}
	return 0
}
