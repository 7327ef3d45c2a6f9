package playground

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// machine is one node: what an operator could do to a box in a rack. Its methods
// may be called from any goroutine.
type machine struct {
	number int // from 1
	name   string
	plan   plan
	hub    *hub
	group  group

	daemons sync.Mutex // one order to pid 1 at a time; taken before mu

	mu        sync.Mutex
	init      *exec.Cmd // nil while the power is off
	room      *os.File  // to pid 1
	replies   *json.Decoder
	exited    chan struct{} // closed when pid 1 has been collected
	unplugged bool          // the operator cut the power: no fence agent can turn it on
	frozen    bool
	cut       [2]bool // links that are cut
}

// bootTimeout bounds how long pid 1 may take to make its mounts.
const bootTimeout = 20 * time.Second

// powerOn boots the machine; nothing happens if it is on.
func (m *machine) powerOn() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unplugged = false
	return m.on()
}

// restore is powerOn for a fence agent, which cannot plug in what an operator unplugged.
func (m *machine) restore() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unplugged {
		return fmt.Errorf("%s is unplugged", m.name)
	}
	return m.on()
}

func (m *machine) on() error {
	if m.init != nil {
		return nil
	}
	if err := m.spawn(); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	err := m.introduce()
	if err != nil {
		m.off()
		return fmt.Errorf("%s: %w", m.name, err)
	}
	return nil
}

// spawn starts pid 1 in new namespaces.
func (m *machine) spawn() error {
	if err := os.MkdirAll(m.plan.Dir, 0o755); err != nil {
		return err
	}
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	// Nonblocking, so that deadlines work on our end.
	if err := unix.SetNonblock(pair[0], true); err != nil {
		return err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "init"), os.NewFile(uintptr(pair[1]), "room")
	defer theirs.Close()
	console, err := os.OpenFile(filepath.Join(m.plan.Dir, "console.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer console.Close()
	cmd := exec.Command("/proc/self/exe", initCommand)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = nodeEnv(), "/", console, console
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET |
		unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWCGROUP}
	dir, err := m.group.open()
	if err != nil {
		return err
	}
	if dir != nil {
		defer dir.Close()
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
	}
	if err := cmd.Start(); err != nil {
		ours.Close()
		return explain("make namespaces", errno(err))
	}
	m.init, m.room, m.replies, m.exited = cmd, ours, json.NewDecoder(ours), make(chan struct{})
	go func(done chan struct{}) {
		// How a machine ended is of no interest: its power was cut.
		_ = cmd.Wait()
		close(done)
	}(m.exited)
	return nil
}

// errno digs the kernel's answer out of an error, if there is one.
func errno(err error) error {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	return err
}

// introduce tells pid 1 its plan, plugs the cables in and starts the payload.
func (m *machine) introduce() error {
	if err := json.NewEncoder(m.room).Encode(word{Op: "plan", Plan: &m.plan}); err != nil {
		return err
	}
	w, err := answer(m.room, m.replies, bootTimeout)
	if err != nil {
		return fmt.Errorf("pid 1 does not answer, see %s/console.log: %w", m.plan.Dir, err)
	}
	if w.Op != "mounted" {
		return errors.New(w.Err)
	}
	ns, err := openNetns(fmt.Sprintf("/proc/%d/ns/net", m.init.Process.Pid))
	if err != nil {
		return err
	}
	defer ns.close()
	if err := m.hub.plug(m.name, m.number, ns); err != nil {
		return err
	}
	for _, n := range Networks() {
		if m.cut[n.Link] {
			if err := m.hub.set(m.name, n, false); err != nil {
				return err
			}
		}
	}
	return tell(m.room, "start")
}

func tell(room *os.File, op string) error { return json.NewEncoder(room).Encode(word{Op: op}) }

func answer(room *os.File, replies *json.Decoder, timeout time.Duration) (word, error) {
	var w word
	if err := room.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return w, err
	}
	err := replies.Decode(&w)
	if errors.Is(err, io.EOF) {
		err = errors.New("it ended")
	}
	return w, err
}

// powerOff pulls the plug: the cables are dead and every process is gone when it
// returns. A machine that an operator unplugs stays off until powerOn.
func (m *machine) powerOff(operator bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unplugged = m.unplugged || operator
	return m.off()
}

func (m *machine) off() error {
	if m.init == nil {
		return nil
	}
	for _, n := range Networks() {
		// A machine that failed to boot may have no cables yet.
		_ = m.hub.set(m.name, n, false)
	}
	if err := m.init.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill pid 1 of %s: %w", m.name, err)
	}
	if m.frozen && m.group.dir == "" {
		continueAll(m.init.Process.Pid)
	}
	select {
	case <-m.exited:
	case <-time.After(bootTimeout):
		return fmt.Errorf("%s does not die", m.name)
	}
	if m.frozen && m.group.dir != "" {
		if err := m.group.freeze(false); err != nil {
			return err
		}
	}
	m.room.Close()
	m.init, m.room, m.replies, m.frozen = nil, nil, nil, false
	return m.hub.unplug(m.name)
}

// link cuts one of the machine's links, or heals it.
func (m *machine) link(n Network, up bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cut[n.Link] = !up
	if m.init == nil {
		return nil
	}
	return m.hub.set(m.name, n, up)
}

// freeze stops everything on the machine, or lets it go on; its addresses stay up
// in the meantime, since the kernel answers for them.
func (m *machine) freeze(on bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.init == nil {
		return fmt.Errorf("%s is off", m.name)
	}
	if m.frozen == on {
		return nil
	}
	pid := m.init.Process.Pid
	var err error
	switch {
	case m.group.dir != "":
		err = m.group.freeze(on)
	case on:
		err = stopAll(pid)
	default:
		continueAll(pid)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	m.frozen = on
	return nil
}

// daemonTimeout bounds an orderly stop of the payload, which moves resources away.
const daemonTimeout = 2 * time.Minute

// daemon starts or stops (in good order) what the machine runs.
func (m *machine) daemon(run bool) error {
	m.daemons.Lock()
	defer m.daemons.Unlock()
	m.mu.Lock()
	room, replies := m.room, m.replies
	m.mu.Unlock()
	if room == nil {
		return fmt.Errorf("%s is off", m.name)
	}
	if run {
		return tell(room, "start")
	}
	if err := tell(room, "stop"); err != nil {
		return err
	}
	// The power may be cut while this waits: then the answer is an error.
	w, err := answer(room, replies, daemonTimeout)
	if err == nil && w.Op != "stopped" {
		err = fmt.Errorf("unexpected word %q of pid 1", w.Op)
	}
	return err
}

// Health is what can be said of a machine from outside.
type Health struct {
	Name   string `json:"name"`
	Power  string `json:"power"` // "on", "off", "unplugged"
	PID    int    `json:"pid"`   // of its pid 1 as numbered here, 0 if off
	Frozen bool   `json:"frozen"`
	Cut    []int  `json:"cut"`   // links that are cut
	Group  string `json:"group"` // control group, "" if none
}

func (m *machine) health() Health {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := Health{Name: m.name, Power: "off", Frozen: m.frozen, Group: m.group.dir}
	switch {
	case m.init != nil:
		h.Power, h.PID = "on", m.init.Process.Pid
	case m.unplugged:
		h.Power = "unplugged"
	}
	for i, c := range m.cut {
		if c {
			h.Cut = append(h.Cut, i)
		}
	}
	return h
}
