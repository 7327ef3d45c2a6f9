// Package linux is the real machine behind the six seams of package host:
// CLOCK_BOOTTIME, UDP sockets, files that survive a power cut, child processes
// in groups of their own, systemd by D-Bus, and the reset button.
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
	Binds    []string // "address:port" of this node on each link
	Log      *slog.Logger
}

// Machine implements host.Host.
type Machine struct {
	cfg   Config
	queue chan host.Completion
	timer *time.Timer
	links []*link
	disk  *disk
	procs *procs
	quit  chan struct{}
}

// queueLength is how many completions may wait for the loop; a flood of packets
// beyond it is dropped, everything else waits.
const queueLength = 4096

// New opens the links and prepares the state directory.
func New(cfg Config) (*Machine, error) {
	m := &Machine{cfg: cfg, queue: make(chan host.Completion, queueLength), timer: time.NewTimer(time.Hour), quit: make(chan struct{})}
	var err error
	if m.disk, err = openDisk(cfg.StateDir, m.put); err != nil {
		return nil, err
	}
	m.procs = newProcs(m.put)
	for i, bind := range cfg.Binds {
		l, err := openLink(i, bind, m)
		if err != nil {
			m.Close()
			return nil, err
		}
		m.links = append(m.links, l)
	}
	return m, nil
}

// Close closes the links and ends the writer; agents go on.
func (m *Machine) Close() {
	close(m.quit)
	for _, l := range m.links {
		l.close()
	}
	m.disk.close()
}

// put queues a completion; it waits if the loop is behind.
func (m *Machine) put(c host.Completion) {
	select {
	case m.queue <- c:
	case <-m.quit:
	}
}

// Inject implements host.Host.
func (m *Machine) Inject(c host.Completion) { m.put(c) }

// Next implements host.Host.
func (m *Machine) Next(deadline time.Duration) host.Completion {
	select {
	case c := <-m.queue:
		return c
	default:
	}
	if deadline == 0 {
		return <-m.queue
	}
	wait := deadline - m.Now()
	if wait <= 0 {
		return host.Timeout{}
	}
	m.timer.Reset(wait)
	defer m.timer.Stop()
	select {
	case c := <-m.queue:
		return c
	case <-m.timer.C:
		return host.Timeout{}
	}
}

// Now implements host.Clock.
func (m *Machine) Now() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic("linux: CLOCK_BOOTTIME cannot be read: " + err.Error())
	}
	return time.Duration(ts.Nano())
}

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

// Remove implements host.Disk.
func (m *Machine) Remove(name string) { m.disk.remove(name) }

// Start implements host.Proc.
func (m *Machine) Start(tag host.Tag, c host.Cmd) { m.procs.start(tag, c) }

// Kill implements host.Proc.
func (m *Machine) Kill(tag host.Tag) { m.procs.kill(tag) }

// Exists implements host.Proc.
func (m *Machine) Exists(path string) bool { return unix.Access(path, unix.X_OK) == nil }
