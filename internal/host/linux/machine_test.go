package linux

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// roleVariable makes a copy of the test program do one thing in namespaces of its own.
const roleVariable = "MAINSTAY_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := roles[role](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var roles = map[string]func() error{
	"first process": func() error {
		cmd := self("panic", 0)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		return errors.Join(cmd.Run(), errors.New("the namespace outlived the panic"))
	},
	"panic": func() error {
		ns, err := os.Readlink("/proc/self/ns/pid")
		if err != nil || ns == initialPIDs {
			return fmt.Errorf("not in a pid namespace of its own: %s %v", ns, err)
		}
		m := &Machine{cfg: Config{Log: slog.New(slog.DiscardHandler)}}
		m.Panic("test", true)
		return errors.New("Panic returned")
	},
	"watch":  watchRole,
	"hasten": hastenRole,
}

// self is a copy of this program in another role, in new namespaces.
func self(role string, namespaces uintptr) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if os.Getuid() != 0 && namespaces != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
	}
	return cmd
}

// TestPanicEndsANamespace: in a pid namespace of its own a node can only end that.
func TestPanicEndsANamespace(t *testing.T) {
	out, err := self("first process", syscall.CLONE_NEWPID).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, out)
	}
	// reboot(2): the parent sees SIGHUP if it was to be started anew.
	if ws := exit.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGHUP {
		t.Errorf("the first process ended with %v: %s", exit, out)
	}
}

func TestInterfacesAreWatched(t *testing.T) {
	if out, err := self("watch", syscall.CLONE_NEWNET).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// watchRole runs in a network namespace of its own, with a pair of interfaces.
func watchRole() error {
	veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "a"}, PeerName: "b"}
	addr, err := netlink.ParseAddr("10.9.8.7/24")
	if err != nil {
		return err
	}
	if err := netlink.LinkAdd(veth); err != nil {
		return err
	}
	peer, err := netlink.LinkByName("b")
	if err != nil {
		return err
	}
	if err := errors.Join(netlink.AddrAdd(veth, addr), netlink.LinkSetUp(veth), netlink.LinkSetUp(peer)); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "watch")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m, err := New(Config{StateDir: dir, Binds: []string{"127.0.0.1:5405", "10.9.8.7:5406"}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer m.Close()
	await := func(what string, down bool) error {
		for deadline := m.Now() + patience; ; {
			switch c := m.Next(deadline).(type) {
			case host.LinkDown:
				if c.Link == 1 && c.Down == down {
					return nil
				}
			case host.Timeout:
				return fmt.Errorf("%s: it was not told", what)
			}
		}
	}
	// The interface may just be coming up while the watch begins.
	if err := errors.Join(netlink.LinkSetDown(peer), await("cable pulled", true)); err != nil {
		return err
	}
	if err := errors.Join(netlink.LinkSetUp(peer), await("cable in", false)); err != nil {
		return err
	}
	if err := errors.Join(netlink.AddrDel(veth, addr), await("address gone", true)); err != nil {
		return err
	}
	return errors.Join(netlink.AddrAdd(veth, addr), await("address back", false))
}

func TestHasten(t *testing.T) {
	if out, err := self("hasten", 0).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	for _, bad := range []string{"fast", "-21", "20"} {
		if _, err := scheduling(false, bad); err == nil {
			t.Errorf("priority %q was taken", bad)
		}
	}
}

func hastenRole() error {
	runtime.LockOSThread()
	for _, c := range []struct {
		roundRobin bool
		priority   string
		policy     uint32
		nice       int32
	}{{false, "5", unix.SCHED_NORMAL, 5}, {true, "", unix.SCHED_RR, 0}, {false, "max", unix.SCHED_NORMAL, -20}} {
		err := Hasten(c.roundRobin, c.priority)
		if errors.Is(err, unix.EPERM) {
			continue // this user may not; that is said
		}
		if err != nil {
			return err
		}
		a, err := unix.SchedGetAttr(0, 0)
		if err != nil || a.Policy != c.policy || a.Nice != c.nice {
			return fmt.Errorf("asked for %+v, got %+v %v", c, a, err)
		}
		out, err := exec.Command("/bin/sh", "-c", "cut -d' ' -f19,40,41 /proc/self/stat").Output()
		if err != nil || c.nice < 0 && string(out) != "0 0 0\n" || c.roundRobin && string(out) != "0 0 0\n" {
			return fmt.Errorf("children have nice, priority, policy %q %v", out, err)
		}
	}
	return nil
}

func TestLargeAndManyDatagrams(t *testing.T) {
	a, b := address(t, "127.0.0.1"), address(t, "127.0.0.1")
	from, to := newMachine(t, a), newMachine(t, b)
	large := bytes.Repeat([]byte("0123456789"), 6000)
	from.Send(0, b, large)
	if d := next[host.Datagram](t, to); !bytes.Equal(d.Data, large) {
		t.Errorf("%d bytes came, want %d", len(d.Data), len(large))
	}
	for round := range 20 {
		for i := range 100 {
			from.Send(0, b, fmt.Appendf(nil, "%d", round*100+i))
		}
		for i := range 100 {
			if d := next[host.Datagram](t, to); string(d.Data) != fmt.Sprint(round*100+i) {
				t.Fatalf("got %s, want %d", d.Data, round*100+i)
			}
		}
	}
}

// TestFloodLeavesTheRest: packets that nobody takes are dropped; nothing else is,
// and nobody waits.
func TestFloodLeavesTheRest(t *testing.T) {
	a := address(t, "127.0.0.1")
	m, noise := newMachine(t, a), newMachine(t, address(t, "127.0.0.1"))
	const flood = 50_000
	for range flood {
		noise.Send(0, a, make([]byte, 1000))
	}
	for i := range 5000 {
		m.Write(host.Tag(i), "file", nil)
		m.Inject(i)
	}
	m.disk.close()
	var packets, injected, written int
	for written < 5000 || injected < 5000 || packets == 0 {
		switch m.Next(m.Now() + patience).(type) {
		case host.Datagram:
			packets++
		case host.Written:
			written++
		case int:
			injected++
		case host.Timeout:
			t.Fatalf("%d packets, %d injected, %d writes", packets, injected, written)
		}
	}
	for {
		if _, ok := m.Next(1).(host.Datagram); !ok {
			break
		}
		packets++
	}
	if packets == flood || injected != 5000 || written != 5000 {
		t.Errorf("%d packets, %d injected, %d writes", packets, injected, written)
	}
}

func TestLinksCanBeChanged(t *testing.T) {
	a, b, c := address(t, "127.0.0.1"), address(t, "127.0.0.1"), address(t, "::1")
	m, other := newMachine(t, a), newMachine(t, c)
	first := m.links[0]
	if err := m.SetLinks([]string{a, "", c}); err == nil {
		t.Fatal("a link was opened on a port that is taken")
	}
	if len(m.links) != 1 || m.links[0] != first {
		t.Error("an error changed the links")
	}
	d := address(t, "::1")
	if err := m.SetLinks([]string{a, b, d}); err != nil {
		t.Fatal(err)
	}
	if m.links[0] != first {
		t.Error("a link that did not change was opened anew")
	}
	m.Send(2, c, []byte("x"))
	if got := next[host.Datagram](t, other); got.Addr != d {
		t.Errorf("came from %s, want %s", got.Addr, d)
	}
	if err := m.SetLinks([]string{"", b}); err != nil {
		t.Fatal(err)
	}
	m.Send(0, c, []byte("x"))
	m.Send(2, c, []byte("x"))
	m.Send(1, c, []byte("wrong family"))
	m.Send(1, "nonsense", []byte("x"))
	l, err := net.ListenPacket("udp", a)
	if err != nil {
		t.Fatalf("the address of a closed link is still taken: %v", err)
	}
	l.Close()
}

func TestAddressesThatComeLater(t *testing.T) {
	newMachine(t, "192.0.2.77:5405")
	for _, bad := range []string{"nonsense", "192.0.2.77", "node1:5405"} {
		if _, err := New(Config{StateDir: t.TempDir(), Binds: []string{bad}, Log: slog.New(slog.DiscardHandler)}); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestRefusedPortIPv6(t *testing.T) {
	m := newMachine(t, address(t, "::1"))
	nobody := address(t, "::1")
	m.Send(0, nobody, []byte("anybody there?"))
	if r := next[host.Refused](t, m); r.Addr != nobody {
		t.Errorf("refused by %s, want %s", r.Addr, nobody)
	}
	// A refusal does not swallow what is sent next.
	to := newMachine(t, nobody)
	for i := range 10 {
		m.Send(0, nobody, fmt.Appendf(nil, "%d", i))
	}
	for i := range 10 {
		if d := next[host.Datagram](t, to); string(d.Data) != fmt.Sprint(i) {
			t.Errorf("got %s, want %d", d.Data, i)
		}
	}
}

func TestNamesStayInside(t *testing.T) {
	m := newMachine(t)
	m.Write(1, "../outside", nil)
	if w := next[host.Written](t, m); w.Err == nil {
		t.Error("a file outside of the state directory was written")
	}
	if _, err := m.Read("../../etc/passwd"); err == nil {
		t.Error("a file outside of the state directory was read")
	}
	if _, err := m.List("/etc"); err == nil {
		t.Error("a directory outside of the state directory was listed")
	}
}

func TestHalfWrittenFilesAreSwept(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{dir + "/sub/file.new", dir + "/file.new"} {
		if err := errors.Join(os.MkdirAll(dir+"/sub", 0o755), os.WriteFile(name, []byte("half"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	m, err := New(Config{StateDir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if names, err := m.List("sub"); err != nil || len(names) != 0 {
		t.Errorf("left: %v %v", names, err)
	}
	if _, err := os.Stat(dir + "/file.new"); err == nil {
		t.Error("a half written file was left")
	}
}

func TestKillBeforeItBegan(t *testing.T) {
	m := newMachine(t)
	for i := range 50 {
		m.Start(host.Tag(i), sh("sleep 100"))
		m.Kill(host.Tag(i))
	}
	for range 50 {
		if x := next[host.Exited](t, m); x.Signal != int(syscall.SIGKILL) {
			t.Fatalf("%+v", x)
		}
	}
	m.Kill(12345)
}

func TestDeafCommandIsEndedAfterGrace(t *testing.T) {
	m, err := New(Config{StateDir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Grace: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := sh(`trap "" TERM; while :; do sleep 0.01; done`)
	c.Timeout = 100 * time.Millisecond
	m.Start(1, c)
	x := next[host.Exited](t, m)
	if !x.TimedOut || x.Signal != int(syscall.SIGKILL) || x.Took < 150*time.Millisecond {
		t.Errorf("%+v", x)
	}
}

func TestOutputIsTheEndOfIt(t *testing.T) {
	m := newMachine(t)
	m.Start(1, sh(`i=0; while [ $i -lt 30000 ]; do echo "line $i of much"; i=$((i+1)); done; echo end`))
	x := next[host.Exited](t, m)
	if len(x.Stdout) != keepOutput || !strings.HasSuffix(string(x.Stdout), "line 29999 of much\nend\n") {
		t.Errorf("%d bytes, ending in %q, code %d, %q", len(x.Stdout), x.Stdout[max(0, len(x.Stdout)-30):], x.Code, x.Stderr)
	}
	large := bytes.Repeat([]byte("input "), 50_000)
	c := sh("wc -c")
	c.Stdin = large
	m.Start(2, c)
	if x := next[host.Exited](t, m); strings.TrimSpace(string(x.Stdout)) != fmt.Sprint(len(large)) {
		t.Errorf("%s bytes were read, want %d", x.Stdout, len(large))
	}
}

// TestServiceMayWriteOn: a service that was left behind writes to the output of
// the start that nobody reads any more, and lives.
func TestServiceMayWriteOn(t *testing.T) {
	m := newMachine(t)
	dir := t.TempDir()
	m.Start(1, sh(fmt.Sprintf(`mkfifo %[1]s/go %[1]s/done; (read x <%[1]s/go; echo more; echo more >&2; echo lives >%[1]s/done) & echo started`, dir)))
	if x := next[host.Exited](t, m); x.Code != 0 || string(x.Stdout) != "started\n" {
		t.Fatalf("%+v", x)
	}
	done := make(chan string)
	go func() {
		b, err := os.ReadFile(dir + "/done")
		done <- fmt.Sprint(string(b), err)
	}()
	if err := os.WriteFile(dir+"/go", []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	select {
	case said := <-done:
		if said != "lives\n<nil>" {
			t.Errorf("the service said %q", said)
		}
	case <-time.After(patience):
		t.Error("the service did not survive writing")
	}
}

func TestUnitWithoutSystemd(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+t.TempDir()+"/none")
	m := newMachine(t)
	m.Start(7, host.Cmd{Unit: "nginx.service", UnitAction: "start"})
	x := next[host.Exited](t, m)
	if x.Tag != 7 || x.Code == 0 || !strings.Contains(string(x.Stderr), "systemd cannot be reached") {
		t.Errorf("%+v %s", x, x.Stderr)
	}
}

func TestExists(t *testing.T) {
	m := newMachine(t)
	for path, want := range map[string]bool{"/bin/sh": true, "/etc/passwd": false, "/etc": false, "/nothing": false} {
		if m.Exists(path) != want {
			t.Errorf("Exists(%s) is not %v", path, want)
		}
	}
}

func TestDeadlinesAreExact(t *testing.T) {
	m := newMachine(t)
	best := time.Hour
	for range 20 {
		at := m.Now() + 3*time.Millisecond
		if _, ok := m.Next(at).(host.Timeout); !ok {
			t.Fatal("no timeout")
		}
		late := m.Now() - at
		if late < 0 {
			t.Fatalf("%v too early", -late)
		}
		best = min(best, late)
	}
	if best > time.Millisecond {
		t.Errorf("at best %v late", best)
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	open := func() (*Machine, string) {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		a := c.LocalAddr().String()
		c.Close()
		m, err := New(Config{StateDir: b.TempDir(), Binds: []string{a}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		return m, a
	}
	m, ma := open()
	echo, ea := open()
	defer m.Close()
	go func() {
		for {
			d, ok := echo.Next(0).(host.Datagram)
			if !ok {
				return
			}
			echo.Send(0, d.Addr, d.Data)
		}
	}()
	data := make([]byte, 100)
	b.ReportAllocs()
	for range b.N {
		m.Send(0, ea, data)
		m.Next(0)
	}
	echo.Inject("end")
	echo.Close()
	_ = ma
}
