package playground

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// base is the directory of one playground:
//
//	lock          held by the machine room while it runs
//	state.json    what a later process needs to find or clear it
//	room.sock     what the command line asks; see socket.go
//	room/         seen by the nodes as /run/playground: the power switch
//	san/          seen by the nodes as /srv/san: the shared storage
//	bin/mainstay  the program that the nodes run
//	nodeN/        upper and work directory of the overlay, console.log
type base struct{ dir string }

// places are tried in turn when no directory is given: the overlay's upper layer
// must not lie on an overlay itself, which excludes / in most containers.
func places() []string {
	return []string{"/var/tmp/mainstay-playground", "/dev/shm/mainstay-playground", "/tmp/mainstay-playground"}
}

// findBase names the directory to use: the one asked for, the one in the
// environment, one where a playground is running, else the first usable one.
func findBase(asked string) (base, error) {
	if asked == "" {
		asked = os.Getenv("MAINSTAY_PLAYGROUND")
	}
	if asked != "" {
		dir, err := filepath.Abs(asked)
		return base{dir}, err
	}
	for _, p := range places() {
		if _, err := os.Stat(filepath.Join(p, "state.json")); err == nil {
			return base{p}, nil
		}
	}
	return base{}, nil
}

// chooseBase is findBase for a new playground.
func chooseBase(asked string) (base, error) {
	b, err := findBase(asked)
	if err != nil {
		return b, err
	}
	candidates := places()
	if b.dir != "" {
		candidates = []string{b.dir}
	}
	var errs []error
	for _, dir := range candidates {
		err := overlayWorks(dir)
		if err == nil {
			return base{dir}, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", dir, err))
	}
	return b, fmt.Errorf("no directory can hold the nodes' disks; name one on an ordinary file system with --dir\n%w", errors.Join(errs...))
}

func (b base) path(names ...string) string {
	return filepath.Join(append([]string{b.dir}, names...)...)
}

// state is what state.json holds.
type state struct {
	PID     int       `json:"pid"` // of the machine room
	Started time.Time `json:"started"`
	Nodes   []string  `json:"nodes"`
	Inits   []process `json:"inits"`   // pid 1 of each node that is on
	Cgroups []string  `json:"cgroups"` // directories of the nodes' control groups
	Hub     string    `json:"hub"`     // network namespace of the bridges: a path to enter
	Client  string    `json:"client"`  // network namespace of the client outside
}

// process names a process for as long as it lives: pids are used again, pairs of
// pid and start time are not.
type process struct {
	PID   int    `json:"pid"`
	Start string `json:"start"` // field 22 of /proc/PID/stat, clock ticks since boot
}

func processOf(pid int) process {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if len(f) < 20 {
		return process{}
	}
	return process{pid, f[19]}
}

func (p process) alive() bool { return p.PID != 0 && processOf(p.PID) == p }

func (b base) readState() (state, error) {
	var s state
	text, err := os.ReadFile(b.path("state.json"))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(text, &s)
}

func (b base) writeState(s state) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	tmp := b.path("state.json.new")
	if err := os.WriteFile(tmp, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, b.path("state.json"))
}

// lock takes the playground's lock, which the kernel gives back when the process
// ends. It fails with ErrRunning if another process has it.
func (b base) lock() (*os.File, error) {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(b.path("lock"), os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrRunning
		}
		return nil, err
	}
	return f, nil
}

// running tells whether a machine room holds the lock.
func (b base) running() bool {
	if b.dir == "" {
		return false
	}
	if _, err := os.Stat(b.path("lock")); err != nil {
		return false
	}
	f, err := b.lock()
	if err == nil {
		f.Close()
	}
	return errors.Is(err, ErrRunning)
}

// clear removes what a playground left behind: processes that a frozen control
// group kept from dying, control groups, directories. The lock must be held. It
// returns whether there was anything.
func (b base) clear() (bool, error) {
	s, err := b.readState()
	found := err == nil
	for _, p := range s.Inits {
		if p.alive() {
			unix.Kill(p.PID, unix.SIGKILL)
		}
	}
	for _, dir := range s.Cgroups {
		removeGroup(dir)
	}
	entries, err := os.ReadDir(b.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	var errs []error
	for _, e := range entries {
		if ours(e.Name()) {
			found = true
			errs = append(errs, os.RemoveAll(b.path(e.Name())))
		}
	}
	return found, errors.Join(errs...)
}

// ours tells whether a name in a playground's directory is one that it makes, so
// that a directory given by mistake does not lose anything else.
func ours(name string) bool {
	if slices.Contains([]string{"state.json", "state.json.new", "room.sock", "room", "san", "bin", "root", "database", "room.log"}, name) {
		return true
	}
	n, err := strconv.Atoi(strings.TrimPrefix(name, "node"))
	return strings.HasPrefix(name, "node") && err == nil && n >= 1
}

// remove takes the directory away after clear.
func (b base) remove() error {
	os.Remove(b.path("lock"))
	err := os.Remove(b.dir)
	if errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
