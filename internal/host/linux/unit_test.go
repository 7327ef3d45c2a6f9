package linux

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	godbus "github.com/godbus/dbus/v5"

	"mainstay/internal/host"
)

// fakeSystemd answers on a private system bus as systemd's manager does
// (org.freedesktop.systemd1(5)): jobs that end with a signal, units with states.
type fakeSystemd struct {
	t     *testing.T
	conn  *godbus.Conn
	mu    sync.Mutex
	units map[string]string // name → active state
	hang  map[string]bool   // jobs of the unit stay in the queue
	fail  map[string]string // result of a unit's jobs
	jobs  map[uint32]string
	last  uint32
	calls []string
	heard chan string
}

// jobTimeout is long enough for a call over the bus.
const jobTimeout = time.Second

const managerPath = "/org/freedesktop/systemd1"

// newFakeSystemd starts a bus and the manager on it.
func newFakeSystemd(t *testing.T) *fakeSystemd {
	t.Helper()
	c := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", "--address=unix:path="+t.TempDir()+"/bus")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatalf("%v; install dbus", err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", strings.TrimSpace(address))
	s := &fakeSystemd{t: t, units: map[string]string{}, hang: map[string]bool{}, fail: map[string]string{}, jobs: map[uint32]string{}, heard: make(chan string, 100)}
	if s.conn, err = godbus.ConnectSystemBus(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.conn.Close() })
	if err := s.conn.Export(s, managerPath, "org.freedesktop.systemd1.Manager"); err != nil {
		t.Fatal(err)
	}
	if r, err := s.conn.RequestName("org.freedesktop.systemd1", godbus.NameFlagDoNotQueue); err != nil || r != godbus.RequestNameReplyPrimaryOwner {
		t.Fatal(r, err)
	}
	return s
}

func (s *fakeSystemd) job(action, unit, state string) (godbus.ObjectPath, *godbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, action+" "+unit)
	s.heard <- action + " " + unit
	if _, there := s.units[unit]; !there {
		return "", godbus.NewError("org.freedesktop.systemd1.NoSuchUnit", []any{"Unit " + unit + " not found."})
	}
	s.last++
	id, path := s.last, godbus.ObjectPath(fmt.Sprintf("%s/job/%d", managerPath, s.last))
	s.jobs[id] = unit
	if s.hang[unit] {
		return path, nil
	}
	result := s.fail[unit]
	if result == "" {
		result, s.units[unit] = "done", state
	}
	go s.end(id, result)
	return path, nil
}

// end takes a job out of the queue and says so.
func (s *fakeSystemd) end(id uint32, result string) {
	s.mu.Lock()
	unit := s.jobs[id]
	delete(s.jobs, id)
	s.mu.Unlock()
	path := godbus.ObjectPath(fmt.Sprintf("%s/job/%d", managerPath, id))
	_ = s.conn.Emit(managerPath, "org.freedesktop.systemd1.Manager.JobRemoved", id, path, unit, result)
}

func (s *fakeSystemd) StartUnit(unit, _ string) (godbus.ObjectPath, *godbus.Error) {
	return s.job("start", unit, "active")
}

func (s *fakeSystemd) StopUnit(unit, _ string) (godbus.ObjectPath, *godbus.Error) {
	return s.job("stop", unit, "inactive")
}

func (s *fakeSystemd) ReloadUnit(unit, _ string) (godbus.ObjectPath, *godbus.Error) {
	return s.job("reload", unit, "active")
}

func (s *fakeSystemd) Subscribe() *godbus.Error { return nil }

func (s *fakeSystemd) Reload() *godbus.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, "daemon-reload")
	return nil
}

func (s *fakeSystemd) CancelJob(id uint32) *godbus.Error {
	s.mu.Lock()
	unit, there := s.jobs[id]
	s.calls = append(s.calls, fmt.Sprintf("cancel %s", unit))
	s.mu.Unlock()
	if !there {
		return godbus.NewError("org.freedesktop.systemd1.NoSuchJob", []any{"no such job"})
	}
	s.end(id, "canceled")
	return nil
}

// listed is a unit as ListUnitsByNames tells it.
type listed struct {
	Name, Description, LoadState, ActiveState, SubState, Followed string
	Path                                                          godbus.ObjectPath
	JobID                                                         uint32
	JobType                                                       string
	JobPath                                                       godbus.ObjectPath
}

func (s *fakeSystemd) ListUnitsByNames(names []string) ([]listed, *godbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []listed
	for _, n := range names {
		u := listed{Name: n, LoadState: "loaded", ActiveState: s.units[n], Path: "/x", JobPath: "/"}
		if u.ActiveState == "" {
			u.LoadState, u.ActiveState = "not-found", "inactive"
		}
		out = append(out, u)
	}
	return out, nil
}

// be looks at the manager, or makes it what the test needs, between two calls.
func (s *fakeSystemd) be(so func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	so()
}

func (s *fakeSystemd) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := strings.Join(s.calls, ", ")
	s.calls = nil
	return out
}

// TestUnits has systemd start, watch and stop units.
func TestUnits(t *testing.T) {
	s := newFakeSystemd(t)
	dir, jobs := t.TempDir(), filepath.Join(t.TempDir(), "jobs")
	m, err := New(Config{StateDir: t.TempDir(), Units: dir, Jobs: jobs, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s.be(func() {
		s.units["web.service"], s.units["bad.service"], s.units["sick.service"] = "inactive", "inactive", "failed"
		s.fail["bad.service"] = "failed"
	})
	tag := host.Tag(0)
	for _, x := range []struct {
		unit, action string
		code         int
		said, log    string
		told         string
	}{
		{"web.service", "status", 3, "inactive", "", ""},
		{"web.service", "start", 0, "done", "", "daemon-reload, start web.service"},
		{"web.service", "status", 0, "active", "", ""},
		{"web", "start", 0, "done", "", "start web.service"},
		{"web.service", "reload", 0, "done", "", "reload web.service"},
		{"web.service", "stop", 0, "done", "", "stop web.service, daemon-reload"},
		{"web.service", "status", 3, "inactive", "", ""},
		{"bad.service", "start", 1, "failed", "start of bad.service: failed", "daemon-reload, start bad.service"},
		{"sick.service", "status", 3, "failed", "", ""},
		{"none.service", "status", 4, "not-found", "", ""},
		{"none.service", "start", 1, "", "Unit none.service not found.", "daemon-reload, start none.service, daemon-reload"},
		{"web.service", "promote", 3, "", "not \"promote\"", ""},
	} {
		tag++
		m.Start(tag, host.Cmd{Unit: x.unit, UnitAction: x.action})
		e := next[host.Exited](t, m)
		if told := s.told(); e.Code != x.code || string(e.Stdout) != x.said || !strings.Contains(string(e.Stderr), x.log) || told != x.told {
			t.Errorf("%s of %s: code %d, %q, %q; systemd heard %q, want %q", x.action, x.unit, e.Code, e.Stdout, e.Stderr, told, x.told)
		}
		if x.action == "start" && x.code == 0 {
			text, err := os.ReadFile(filepath.Join(dir, "web.service.d", "50-mainstay.conf"))
			if err != nil || !strings.Contains(string(text), "Before=mainstay.service") {
				t.Errorf("%s %v", text, err)
			}
		}
	}
	if left, _ := os.ReadDir(jobs); len(left) > 0 {
		t.Errorf("noted after their end: %v", left)
	}
}

// TestUnitJobsDoNotOutlive: a job that is given up, by a timeout or because it is to be
// killed, leaves systemd's queue; and so does that of a daemon that died meanwhile.
func TestUnitJobsDoNotOutlive(t *testing.T) {
	s := newFakeSystemd(t)
	jobs := filepath.Join(t.TempDir(), "jobs")
	log := slog.New(slog.DiscardHandler)
	m, err := New(Config{StateDir: t.TempDir(), Units: t.TempDir() + "/none", Jobs: jobs, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s.be(func() { s.units["slow.service"], s.hang["slow.service"] = "inactive", true })

	m.Start(1, host.Cmd{Unit: "slow.service", UnitAction: "start", Timeout: jobTimeout})
	if e := next[host.Exited](t, m); !e.TimedOut || e.Code == 0 {
		t.Errorf("%+v", e)
	}
	if told := s.told(); told != "start slow.service, cancel slow.service" {
		t.Errorf("after the timeout systemd heard %q", told)
	}
	<-s.heard

	m.Start(2, host.Cmd{Unit: "slow.service", UnitAction: "start"})
	<-s.heard
	m.Kill(2)
	if e := next[host.Exited](t, m); e.Code == 0 {
		t.Errorf("%+v", e)
	}
	if told := s.told(); told != "start slow.service, cancel slow.service" {
		t.Errorf("after the kill systemd heard %q", told)
	}

	// what a daemon leaves that dies now
	if err := os.MkdirAll(jobs, 0o700); err != nil {
		t.Fatal(err)
	}
	path, _ := s.StartUnit("slow.service", "replace")
	id := filepath.Base(string(path))
	for _, n := range []string{id, strconv.Itoa(1 << 20)} { // and one that ended without it
		if err := os.WriteFile(filepath.Join(jobs, n), []byte("slow.service\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.told()
	if n := EndJobs(jobs, log); n != 2 {
		t.Errorf("%d jobs", n)
	}
	left := 0
	s.be(func() { left = len(s.jobs) })
	if told := s.told(); strings.Count(told, "cancel slow.service") != 1 || left != 0 {
		t.Errorf("systemd heard %q, %d jobs are left", told, left)
	}
	if n := EndJobs(jobs, log); n != 0 {
		t.Errorf("%d jobs once more", n)
	}
}
