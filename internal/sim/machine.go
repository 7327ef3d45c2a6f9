package sim

import (
	"slices"
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

	world      *World
	clock      clock
	boot       func(m *Machine, sameBoot bool) (Daemon, error)
	daemon     Daemon
	life       int // counts starts of the daemon; what belongs to an earlier one is void
	powered    bool
	ranAlready bool // a daemon was started since it was switched on
	dead       bool // it cannot be switched on
	boots      int
	reboots    int           // reboots that began or ended
	returns    time.Duration // when the reboot under way is over, 0: there is none
	frozen     bool
	waiting    []host.Completion // what came while it was frozen
	alarm      time.Duration     // for when the next Timeout is planned
	atOnce     int               // how often in a row that was at once
	disk       disk
	running    map[host.Tag]*process
	orphans    []*process // agents that outlived their daemon
	dog        dog
	breaks     *breakOff // the crash that comes in the middle of a step, nil: none
	held       []func()  // what agents would have done while the machine was frozen

	unplugged []int         // links without carrier
	asked     bool          // its daemon was asked to leave
	back      time.Duration // how long after it left its daemon is started again, 0: it is not
	features  int           // message version that its daemon speaks, 0: the newest
	bootTime  time.Duration // from the moment it is switched on until its daemon starts

	// What the checkers know of it.
	trouble    time.Duration  // when something last happened to it that others may think ill of
	torn       time.Duration  // when it was last among machines that do not all reach each other
	stopFailed bool           // a stop failed since it was switched on
	ordered    bool           // an operator wants it fenced
	sawAll     bool           // its daemon saw all others since it was switched on
	left       bool           // its daemon left the cluster in order
	knowers    map[string]int // who knows of that: machine → life of its daemon
}

// process is an agent under way.
type process struct {
	tag     host.Tag
	life    int
	cmd     host.Cmd
	started time.Duration
	ended   bool
}

// AddMachine adds a machine; boot makes its daemon, or tells why it does not start.
func (w *World) AddMachine(name string, addrs []string, boot func(m *Machine, sameBoot bool) (Daemon, error)) *Machine {
	m := &Machine{Name: name, Addrs: addrs, world: w, boot: boot, disk: newDisk(), clock: newClock()}
	w.Machines = append(w.Machines, m)
	for l, a := range addrs {
		w.nets[socket{l, a}] = m
	}
	return m
}

// Powered tells whether the machine has power.
func (m *Machine) Powered() bool { return m.powered }

// PowerOn boots a machine; its daemon starts when it is up.
func (m *Machine) PowerOn() {
	if m.powered || m.dead {
		return
	}
	m.powered, m.returns = true, 0
	m.boots++
	m.reboots++
	m.stopFailed, m.ordered, m.sawAll = false, false, false
	m.troubled()
	m.world.tell("%s is switched on", m.Name)
	if m.bootTime == 0 {
		m.startDaemon(false)
		return
	}
	boots := m.boots
	m.world.after(m.bootTime, func() {
		if m.boots == boots && m.powered && m.daemon == nil {
			m.startDaemon(false)
		}
	})
}

// PowerOff takes the power away: what was not synced to disk may be lost.
func (m *Machine) PowerOff(why string) {
	if !m.powered {
		return
	}
	m.world.tell("%s loses power: %s", m.Name, why)
	m.powered, m.left, m.ranAlready = false, false, false
	m.unfreeze()
	m.held = nil
	m.dog = dog{fed: m.dog.fed + 1}
	m.stopDaemon(true)
	m.running = nil
	m.world.Agents.powerLost(m.world, m.Name)
}

// KillDaemon ends the daemon as kill -9 does; its agents live on.
func (m *Machine) KillDaemon() {
	if m.daemon != nil {
		m.world.tell("%s: the daemon is killed", m.Name)
		m.stopDaemon(false)
	}
}

// StartDaemon starts the daemon again.
func (m *Machine) StartDaemon() {
	if m.powered && m.daemon == nil {
		m.startDaemon(m.ranAlready)
	}
}

func (m *Machine) startDaemon(sameBoot bool) {
	m.world.tell("%s: the daemon starts", m.Name)
	m.life++
	m.left, m.asked, m.back = false, false, 0
	m.troubled()
	for _, p := range m.orphans { // the new daemon ends them first (linux.EndOrphans)
		p.ended = true
	}
	m.orphans = nil
	m.running = map[host.Tag]*process{}
	m.alarm = 0
	daemon, err := m.boot(m, sameBoot)
	if err != nil {
		m.failedStart(err)
		return
	}
	m.daemon, m.ranAlready = daemon, true
	m.feed(host.Timeout{})
}

// restartAfter is when a daemon that could not start is started again.
const restartAfter = time.Second

// failedStart has who looks after the daemon try again, as systemd does.
func (m *Machine) failedStart(err error) {
	m.world.tell("%s: the daemon does not start: %v", m.Name, err)
	life := m.life
	m.after(restartAfter, func() {
		if m.life == life {
			m.StartDaemon()
		}
	})
}

func (m *Machine) stopDaemon(power bool) {
	m.troubled()
	m.disk.cut(m.world, power)
	m.daemon, m.breaks = nil, nil
	m.life++
	m.waiting = nil
	for _, p := range m.running { //order: all are put there
		m.orphans = append(m.orphans, p)
	}
	if !slices.ContainsFunc(m.world.Machines, func(o *Machine) bool { return o.daemon != nil }) {
		m.world.dark = append(m.world.dark, m.world.Now)
	}
}

// Freeze stops the machine's processes; Thaw lets them go on. With the clock
// stopped too it is a paused virtual machine, which notices nothing afterwards.
func (m *Machine) Freeze(clock bool) {
	if !m.powered || m.frozen {
		return
	}
	m.world.tell("%s is frozen", m.Name)
	m.troubled()
	m.frozen = true
	if clock {
		m.clock.stop(m.world.Now)
	}
}

// Thaw ends Freeze; what came meanwhile is handled now.
func (m *Machine) Thaw() {
	if !m.frozen {
		return
	}
	m.world.tell("%s thaws", m.Name)
	m.unfreeze()
	m.troubled()
	waiting, held := m.waiting, m.held
	m.waiting, m.held = nil, nil
	m.alarm = 0
	m.feed(host.Timeout{})
	for _, c := range waiting {
		m.feed(c)
	}
	for _, do := range held {
		do()
	}
}

func (m *Machine) unfreeze() {
	m.frozen = false
	m.clock.resume(m.world.Now)
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
	if m.daemon == nil || m.brokeOff() {
		return
	}
	if why, left := m.daemon.Exited(); left {
		m.world.tell("%s: the daemon ends: %s", m.Name, why)
		m.world.checkLeave(m)
		m.stopDaemon(false)
		if m.back > 0 {
			m.after(m.back, m.StartDaemon)
		}
		return
	}
	m.plan()
}

// poke wakes the daemon, if it runs.
func (m *Machine) poke() {
	if m.powered {
		m.feed(host.Timeout{})
	}
}

// plan arranges for the daemon's next Timeout.
func (m *Machine) plan() {
	at := m.daemon.Wake()
	if at != 0 {
		at = m.clock.at(at)
	}
	if at == 0 || m.alarm != 0 && m.alarm <= at && m.alarm > m.world.Now {
		return
	}
	m.alarm = max(at, m.world.Now)
	m.restive(m.alarm == m.world.Now)
	due, life, stood := m.alarm, m.life, m.world.stood
	m.world.after(m.alarm-m.world.Now, func() {
		if m.life != life || m.alarm != due+m.world.stood-stood {
			return
		}
		m.alarm = 0
		m.feed(host.Timeout{})
	})
}

// maxAtOnce is how often in a row a daemon may want to be woken at once.
const maxAtOnce = 1000

// restive notes whether the daemon wants to be woken at once. One that always does,
// because a time that it waits for has passed and it does not notice, would take a whole
// core, and here no time would pass.
func (m *Machine) restive(atOnce bool) {
	if m.atOnce++; !atOnce {
		m.atOnce = 0
	}
	if m.atOnce == maxAtOnce {
		m.world.breakLaw("it ends", "%s wants to be woken at once %d times in a row", m.Name, maxAtOnce)
	}
}

// The six seams.

// epoch is when simulated time begins.
const epoch = 1_700_000_000

// Now implements host.Clock.
func (m *Machine) Now() time.Duration { return m.clock.now(m.world.Now) }

// Wall implements host.Clock.
func (m *Machine) Wall() time.Time {
	return time.Unix(epoch, 0).UTC().Add(m.Now() + m.Skew + m.world.skipped)
}

// Send implements host.Net.
func (m *Machine) Send(link int, addr string, data []byte) {
	if m.acts(doesPacket) {
		m.world.carry(m, link, addr, data)
	}
}

// Start implements host.Proc.
func (m *Machine) Start(tag host.Tag, c host.Cmd) {
	if !m.acts(doesAgent) {
		return
	}
	p := &process{tag: tag, life: m.life, cmd: c, started: m.world.Now}
	m.running[tag] = p
	m.world.Agents.begin(m, p)
}

// Kill implements host.Proc.
func (m *Machine) Kill(tag host.Tag) {
	if p := m.running[tag]; p != nil && m.acts(doesAgent) {
		m.world.after(0, func() { m.finish(p, host.Exited{Code: -1, Signal: 9}) })
	}
}

// after plans something that a process of this machine does: not if the power is
// lost before, and not while the machine is frozen.
func (m *Machine) after(d time.Duration, do func()) {
	boots := m.boots
	var attempt func()
	attempt = func() {
		switch {
		case m.boots != boots || !m.powered:
		case m.frozen:
			m.held = append(m.held, attempt)
		default:
			do()
		}
	}
	m.world.after(d, attempt)
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

// Exists implements host.Proc: every agent is installed, an init script only for a
// resource that names it.
func (m *Machine) Exists(path string) bool { return m.world.Agents.installed(path) }

// Panic implements host.Power.
func (m *Machine) Panic(reason string, reboot bool) {
	if !m.acts(doesPanic) {
		return
	}
	m.PowerOff("panic: " + reason)
	if reboot {
		m.restart()
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
