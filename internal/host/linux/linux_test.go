package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mainstay/internal/host"
)

// patience bounds every wait; nothing here takes nearly as long.
const patience = 20 * time.Second

func newMachine(t *testing.T, binds ...string) *Machine {
	t.Helper()
	m, err := New(Config{StateDir: t.TempDir(), Binds: binds, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// next returns the next completion of a type.
func next[T any](t *testing.T, m *Machine) T {
	t.Helper()
	deadline := m.Now() + patience
	for {
		switch c := m.Next(deadline).(type) {
		case T:
			return c
		case host.Timeout:
			var want T
			t.Fatalf("no %T came", want)
		}
	}
}

func address(t *testing.T, ip string) string {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(ip)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().String()
}

func TestDatagrams(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "::1"} {
		a, b := address(t, ip), address(t, ip)
		from, to := newMachine(t, a), newMachine(t, b)
		from.Send(0, b, []byte("hello"))
		d := next[host.Datagram](t, to)
		if string(d.Data) != "hello" || d.Addr != a || d.Link != 0 {
			t.Errorf("%s: got %q from %s on link %d", ip, d.Data, d.Addr, d.Link)
		}
	}
}

func TestRefusedPort(t *testing.T) {
	m := newMachine(t, address(t, "127.0.0.1"))
	nobody := address(t, "127.0.0.1")
	m.Send(0, nobody, []byte("anybody there?"))
	if r := next[host.Refused](t, m); r.Addr != nobody || r.Link != 0 {
		t.Errorf("refused by %s on link %d, want %s", r.Addr, r.Link, nobody)
	}
}

func TestAddressInUseIsNamed(t *testing.T) {
	a := address(t, "127.0.0.1")
	newMachine(t, a)
	_, err := New(Config{StateDir: t.TempDir(), Binds: []string{a}, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), a) {
		t.Errorf("error %v does not name %s", err, a)
	}
}

func TestNextKeepsItsDeadline(t *testing.T) {
	m := newMachine(t)
	before := m.Now()
	if _, ok := m.Next(before + 20*time.Millisecond).(host.Timeout); !ok || m.Now() < before+20*time.Millisecond {
		t.Error("Next returned before its deadline")
	}
	if _, ok := m.Next(before).(host.Timeout); !ok {
		t.Error("a deadline that has passed must return at once")
	}
	m.Inject("x")
	if c := m.Next(before); c != "x" {
		t.Errorf("what waits comes before the deadline: got %v", c)
	}
}

func TestWritesEndInOrderAndAreWhole(t *testing.T) {
	m := newMachine(t)
	for i := range 20 {
		m.Write(host.Tag(i), "dir/file", []byte(strconv.Itoa(i)))
	}
	for i := range 20 {
		if w := next[host.Written](t, m); w.Err != nil || w.Tag != host.Tag(i) {
			t.Fatalf("write %d ended as %+v", i, w)
		}
	}
	if b, err := m.Read("dir/file"); err != nil || string(b) != "19" {
		t.Errorf("content %q, %v", b, err)
	}
	if names, err := m.List("dir"); err != nil || len(names) != 1 {
		t.Errorf("files left behind: %v, %v", names, err)
	}
	m.Remove("dir/file")
	m.Write(1, "other", nil)
	next[host.Written](t, m)
	if _, err := m.Read("dir/file"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}
}

func TestFailedWriteIsReported(t *testing.T) {
	m := newMachine(t)
	if err := os.WriteFile(filepath.Join(m.cfg.StateDir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	m.Write(1, "file/below", []byte("x"))
	if w := next[host.Written](t, m); w.Err == nil {
		t.Error("a write below a file succeeded")
	}
}

func TestWriteToAFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("this test mounts a small file system and needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	m, err := New(Config{StateDir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	m.Write(1, "file", []byte("old"))
	next[host.Written](t, m)
	m.Write(2, "file", make([]byte, 1<<20))
	if w := next[host.Written](t, m); !errors.Is(w.Err, syscall.ENOSPC) {
		t.Errorf("want no space left, got %v", w.Err)
	}
	if b, err := m.Read("file"); err != nil || string(b) != "old" {
		t.Errorf("the old content is gone: %q %v", b, err)
	}
}

func sh(script string) host.Cmd {
	return host.Cmd{Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=/usr/bin:/bin"}}
}

func TestCommandEnds(t *testing.T) {
	m := newMachine(t)
	c := sh(`read x; echo "$x on stdout"; echo oops >&2; exit 7`)
	c.Stdin = []byte("word\n")
	m.Start(3, c)
	x := next[host.Exited](t, m)
	if x.Tag != 3 || x.Code != 7 || string(x.Stdout) != "word on stdout\n" || string(x.Stderr) != "oops\n" || x.Err != nil {
		t.Errorf("%+v", x)
	}
	m.Start(4, host.Cmd{Path: "/no/such/agent"})
	if x := next[host.Exited](t, m); x.Err == nil || x.Code != -1 {
		t.Errorf("a missing program: %+v", x)
	}
}

// A service that a start leaves running keeps the output open; the start has
// ended all the same.
func TestCommandLeavesAServiceBehind(t *testing.T) {
	m := newMachine(t)
	m.Start(1, sh(`sleep 100 & echo $!`))
	x := next[host.Exited](t, m)
	pid, err := strconv.Atoi(strings.TrimSpace(string(x.Stdout)))
	if err != nil || x.Code != 0 || x.Took > 10*time.Second {
		t.Fatalf("%+v %v", x, err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("the service did not survive its start: %v", err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func TestTimeoutEndsTheWholeGroup(t *testing.T) {
	m := newMachine(t)
	mark := filepath.Join(t.TempDir(), "pid")
	c := sh(fmt.Sprintf(`sleep 100 & echo $! >%s; wait`, mark))
	c.Timeout = 300 * time.Millisecond
	m.Start(1, c)
	x := next[host.Exited](t, m)
	if !x.TimedOut || x.Took < c.Timeout {
		t.Fatalf("%+v", x)
	}
	b, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
}

func TestKill(t *testing.T) {
	m := newMachine(t)
	m.Start(9, sh(`trap "" TERM; echo ready >&2; sleep 100`))
	// Killing what has not begun yet does nothing, so it is repeated until it ends.
	deadline := m.Now() + patience
	for m.Now() < deadline {
		m.Kill(9)
		if x, ok := m.Next(m.Now() + 10*time.Millisecond).(host.Exited); ok {
			if x.Signal != int(syscall.SIGKILL) {
				t.Errorf("%+v", x)
			}
			return
		}
	}
	t.Error("it did not end")
}

// gone waits until a process is no more, or only waits to be reaped.
func gone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(b), ") Z ") {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("process %d is still there: %s", pid, b)
		case <-tick.C:
		}
	}
}
