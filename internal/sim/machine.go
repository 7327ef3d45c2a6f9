package sim

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"mainstay/internal/host"
)

// Daemon is what runs on a machine: the shipped loop.
type Daemon interface {
	Wake() time.Duration
	Feed(host.Completion)
	Exited() (string, bool)
}

// Machine is one simulated computer. Its disk outlives everything, its agents
// outlive the daemon, and nothing else outlives its power.
type Machine struct {
	Name  string
	Addrs []string      // per link, "ip:port"
	Skew  time.Duration // of the wall clock

	world   *World
	boot    func(m *Machine, sameBoot bool) Daemon
	daemon  Daemon
	life    int // counts starts of the daemon; what belongs to an earlier one is void
	powered bool
	boots   int
	frozen  bool
	waiting []host.Completion // what came while it was frozen
	alarm   time.Duration     // for when the next Timeout is planned
	disk    map[string][]byte
	pending []pendingWrite
	full    bool // no space left on the disk
	running map[host.Tag]*process

	// What the checkers know of it.
	trouble    time.Duration // when something last happened to it that others may think ill of
	stopFailed bool          // a stop failed since it was switched on
	ordered    bool          // an operator wants it fenced
	left       bool          // its daemon left the cluster in order
}

type pendingWrite struct {
	tag  host.Tag
	name string
	data []byte
}

// process is an agent under way.
type process struct {
	tag     host.Tag
	life    int
	cmd     host.Cmd
	started time.Duration
	ended   bool
}

// AddMachine adds a machine; boot makes its daemon.
func (w *World) AddMachine(name string, addrs []string, boot func(m *Machine, sameBoot bool) Daemon) *Machine {
	m := &Machine{Name: name, Addrs: addrs, world: w, boot: boot, disk: map[string][]byte{}}
	w.Machines = append(w.Machines, m)
	return m
}

// Powered tells whether the machine has power.
func (m *Machine) Powered() bool { return m.powered }

// PowerOn boots a machine and starts its daemon.
func (m *Machine) PowerOn() {
	if m.powered {
		return
	}
	m.powered = true
	m.boots++
	m.stopFailed, m.ordered = false, false
	m.troubled()
	m.world.tell("%s is switched on", m.Name)
	m.startDaemon(false)
}

// PowerOff takes the power away: what was not synced to disk is lost.
func (m *Machine) PowerOff(why string) {
	if !m.powered {
		return
	}
	m.world.tell("%s loses power: %s", m.Name, why)
	m.powered, m.frozen, m.left = false, false, false
	m.stopDaemon()
	m.running = nil
	m.world.Agents.powerLost(m.Name)
}

// KillDaemon ends the daemon as kill -9 does; its agents live on.
func (m *Machine) KillDaemon() {
	if m.daemon != nil {
		m.world.tell("%s: the daemon is killed", m.Name)
		m.stopDaemon()
	}
}

// StartDaemon starts the daemon again.
func (m *Machine) StartDaemon() {
	if m.powered && m.daemon == nil {
		m.startDaemon(true)
	}
}

func (m *Machine) startDaemon(sameBoot bool) {
	m.world.tell("%s: the daemon starts", m.Name)
	m.life++
	m.left = false
	m.troubled()
	m.running = map[host.Tag]*process{}
	m.alarm = 0
	m.daemon = m.boot(m, sameBoot)
	m.feed(host.Timeout{})
}

func (m *Machine) stopDaemon() {
	m.troubled()
	m.daemon = nil
	m.life++
	m.pending, m.waiting = nil, nil
}

// Freeze stops the machine's processes; Thaw lets them go on.
func (m *Machine) Freeze() {
	m.world.tell("%s is frozen", m.Name)
	m.troubled()
	m.frozen = true
}

// Thaw ends Freeze; what came meanwhile is handled now.
func (m *Machine) Thaw() {
	if !m.frozen {
		return
	}
	m.world.tell("%s thaws", m.Name)
	m.frozen = false
	m.troubled()
	held := m.waiting
	m.waiting = nil
	m.feed(host.Timeout{})
	for _, c := range held {
		m.feed(c)
	}
}

// feed gives the daemon a completion and plans its next wake-up.
func (m *Machine) feed(c host.Completion) {
	if m.daemon == nil {
		return
	}
	if m.frozen {
		if len(m.waiting) < 1000 {
			m.waiting = append(m.waiting, c)
		}
		return
	}
	m.daemon.Feed(c)
	if m.daemon == nil {
		return
	}
	if why, left := m.daemon.Exited(); left {
		m.world.tell("%s: the daemon ends: %s", m.Name, why)
		m.world.checkLeave(m)
		m.stopDaemon()
		return
	}
	m.plan()
}

// plan arranges for the daemon's next Timeout.
func (m *Machine) plan() {
	at := m.daemon.Wake()
	if at == 0 || m.alarm != 0 && m.alarm <= at && m.alarm > m.world.Now {
		return
	}
	m.alarm = max(at, m.world.Now)
	due, life := m.alarm, m.life
	m.world.after(m.alarm-m.world.Now, func() {
		if m.life != life || m.alarm != due {
			return
		}
		m.alarm = 0
		m.feed(host.Timeout{})
	})
}

// The six seams.

// Now implements host.Clock.
func (m *Machine) Now() time.Duration { return m.world.Now }

// epoch is when simulated time begins.
const epoch = 1_700_000_000

// Wall implements host.Clock.
func (m *Machine) Wall() time.Time { return time.Unix(epoch, 0).UTC().Add(m.world.Now + m.Skew) }

// Send implements host.Net.
func (m *Machine) Send(link int, addr string, data []byte) { m.world.carry(m, link, addr, data) }

// Read implements host.Disk.
func (m *Machine) Read(name string) ([]byte, error) {
	if b, ok := m.disk[name]; ok {
		return slices.Clone(b), nil
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// List implements host.Disk.
func (m *Machine) List(dir string) ([]string, error) {
	var out []string
	for name := range m.disk {
		if path.Dir(name) == strings.TrimSuffix(dir, "/") {
			out = append(out, path.Base(name))
		}
	}
	slices.Sort(out)
	return out, nil
}

// errFull is what a full disk answers.
type errFull struct{ name string }

func (e errFull) Error() string { return e.name + ": no space left on device" }

// Write implements host.Disk: the data is safe when Written comes, not before.
func (m *Machine) Write(tag host.Tag, name string, data []byte) {
	m.pending = append(m.pending, pendingWrite{tag, name, slices.Clone(data)})
	life := m.life
	m.world.after(500*time.Microsecond+time.Duration(m.world.rng.Int64N(int64(2*time.Millisecond))), func() {
		if m.life != life {
			return
		}
		p := m.pending[0]
		m.pending = m.pending[1:]
		if m.full {
			m.feed(host.Written{Tag: p.tag, Err: errFull{p.name}})
			return
		}
		m.disk[p.name] = p.data
		m.feed(host.Written{Tag: p.tag})
	})
}

// Remove implements host.Disk.
func (m *Machine) Remove(name string) { delete(m.disk, name) }

// Start implements host.Proc.
func (m *Machine) Start(tag host.Tag, c host.Cmd) {
	p := &process{tag: tag, life: m.life, cmd: c, started: m.world.Now}
	m.running[tag] = p
	m.world.Agents.begin(m, p)
}

// Kill implements host.Proc.
func (m *Machine) Kill(tag host.Tag) {
	if p := m.running[tag]; p != nil {
		m.finish(p, host.Exited{Code: -1, Signal: 9})
	}
}

// finish reports the end of an agent to the daemon that started it, if that lives.
func (m *Machine) finish(p *process, x host.Exited) {
	if p.ended {
		return
	}
	p.ended = true
	if m.life != p.life {
		return
	}
	delete(m.running, p.tag)
	x.Tag, x.Took = p.tag, m.world.Now-p.started
	m.feed(x)
}

// Exists implements host.Proc: every agent that has a model is installed.
func (m *Machine) Exists(string) bool { return true }

// Panic implements host.Power.
func (m *Machine) Panic(reason string, reboot bool) {
	m.PowerOff("panic: " + reason)
	if reboot {
		m.world.after(5*time.Second, m.PowerOn)
	}
}

// Uint64 implements host.Rand.
func (m *Machine) Uint64() uint64 { return m.world.rng.Uint64() }

// Next is not used: the world feeds the daemon.
func (m *Machine) Next(time.Duration) host.Completion { panic("sim: the world feeds the daemon") }

// Inject hands the daemon something from outside, such as a client's request.
func (m *Machine) Inject(c host.Completion) {
	life := m.life
	m.world.after(0, func() {
		if m.life == life {
			m.feed(c)
		}
	})
}
