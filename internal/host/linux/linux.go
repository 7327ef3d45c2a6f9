// Package linux is the real machine behind the seams of package host:
// CLOCK_BOOTTIME, UDP sockets, files that survive a power cut, child processes
// in groups of their own that outlive the daemon, systemd by D-Bus, and the
// reset button.
package linux

import (
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// Config says what the machine is to offer.
type Config struct {
	StateDir string   // where Disk keeps its files
	Binds    []string // "address:port" of this node on each link; "" for a link without this node
	Log      *slog.Logger
	// Watchdog is the device; "": DefaultWatchdog, "off": none. WatchdogMark is a
	// file that a boot forgets.
	Watchdog, WatchdogMark string
	// Jobs is a directory that a boot forgets, for the jobs that systemd has from this
	// daemon; "": they are not noted.
	Jobs string
	// Units is systemd's directory for units that a boot forgets; "": /run/systemd/system.
	Units string
	// Grace is the time between asking a command that took too long to end
	// (SIGTERM) and ending it (SIGKILL); 0: 5 s.
	Grace time.Duration
}

// defaultGrace is Config.Grace by default.
const defaultGrace = 5 * time.Second

// Machine implements host.Host.
type Machine struct {
	cfg   Config
	queue *queue
	poll  *poll
	clock clock
	links []*link // per link; nil: this node is not on it
	watch *watch
	disk  *disk
	later *disk // for what nobody waits for
	procs *procs
	dog   *watchdog
}

// New opens the links and prepares the state directory.
func New(cfg Config) (*Machine, error) {
	if cfg.Grace <= 0 {
		cfg.Grace = defaultGrace
	}
	if cfg.Units == "" {
		cfg.Units = runtimeUnits
	}
	p, err := newPoll()
	if err != nil {
		return nil, err
	}
	m := &Machine{cfg: cfg, poll: p, queue: newQueue(p.ring)}
	m.clock.look()
	if m.disk, err = openDisk(cfg.StateDir, m.queue.put); err != nil {
		p.close()
		return nil, err
	}
	m.later = startDisk(cfg.StateDir, m.queue.put, true)
	m.procs = newProcs(m.queue.put, cfg.Grace, &units{jobs: cfg.Jobs, dir: cfg.Units, own: daemonUnit, log: cfg.Log})
	m.dog = newWatchdog(cfg.Watchdog, cfg.WatchdogMark, boottime, cfg.Log)
	m.watch = newWatch(m.queue.put, cfg.Log)
	if err := m.SetLinks(cfg.Binds); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// Close closes the links and waits until all writes are done; agents go on.
func (m *Machine) Close() {
	m.watch.close()
	for _, l := range m.links {
		l.close()
	}
	m.disk.close()
	m.later.close()
	m.poll.close()
}

// Inject implements host.Host.
func (m *Machine) Inject(c host.Completion) { m.queue.put(c) }

// Now implements host.Clock.
func (m *Machine) Now() time.Duration { return m.clock.now() }

// Wall implements host.Clock.
func (m *Machine) Wall() time.Time { return time.Now() }

// Uint64 implements host.Rand.
func (m *Machine) Uint64() uint64 {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("linux: no random numbers: " + err.Error())
	}
	return binary.NativeEndian.Uint64(b[:])
}

// Send implements host.Net.
func (m *Machine) Send(link int, addr string, data []byte) {
	if link >= 0 && link < len(m.links) {
		m.links[link].send(addr, data)
	}
}

// Read implements host.Disk.
func (m *Machine) Read(name string) ([]byte, error) { return m.disk.read(name) }

// List implements host.Disk.
func (m *Machine) List(dir string) ([]string, error) { return m.disk.list(dir) }

// Write implements host.Disk.
func (m *Machine) Write(tag host.Tag, name string, data []byte) { m.disk.write(tag, name, data) }

// Keep implements host.Disk.
func (m *Machine) Keep(tag host.Tag, name string, data []byte) { m.later.write(tag, name, data) }

// Remove implements host.Disk.
func (m *Machine) Remove(name string) { m.disk.remove(name) }

// Start implements host.Proc.
func (m *Machine) Start(tag host.Tag, c host.Cmd) { m.procs.start(tag, c) }

// Kill implements host.Proc.
func (m *Machine) Kill(tag host.Tag) { m.procs.kill(tag) }

// WatchdogState implements host.Watchdog.
func (m *Machine) WatchdogState() host.WatchdogState { return m.dog.state() }

// Arm implements host.Watchdog.
func (m *Machine) Arm(timeout, pretimeout time.Duration) error { return m.dog.arm(timeout, pretimeout) }

// Feed implements host.Watchdog.
func (m *Machine) Feed(stakes bool) { m.dog.feed(stakes) }

// Disarm implements host.Watchdog.
func (m *Machine) Disarm() { m.dog.disarm() }

// Exists implements host.Proc.
func (m *Machine) Exists(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && unix.Access(path, unix.X_OK) == nil
}
