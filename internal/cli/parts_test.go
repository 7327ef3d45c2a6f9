package cli

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/internal/face"
	"mainstay/internal/face/facetest"
	"mainstay/internal/web"
	"mainstay/internal/web/fake"
	"mainstay/status"
)

func TestDiffLines(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"", "", ""},
		{"x\n", "x\n", ""},
		{"", "x\n", "+x"},
		{"a\nb\nc\n", "a\nc\nd\n", "-b +d"},
		{"a\nb\n", "b\na\n", "-a +a"},
	} {
		if got := strings.Join(diffLines(c.a, c.b), " "); got != c.want {
			t.Errorf("%q → %q: %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

// A misspelt agent is told from one that is merely not installed.
func TestCloseTo(t *testing.T) {
	names := []string{"IPaddr2", "IPsrcaddr", "apache", "mysql", "haproxy", "Dummy", "pgsql"}
	for word, want := range map[string]string{
		"IPaddr": "IPaddr2", "ipaddr2": "IPaddr2", "IPadr2": "IPaddr2", "Dumy": "Dummy", "apche": "apache",
		"nginx": "", "mariadb": "", "redis": "", "squid": "", "quantum-agent-ovs": "", "ping": "",
	} {
		if got := closeTo(word, names); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

// serve makes a cluster and a command line that talks to it.
func serve(t *testing.T) (*fake.Cluster, *face.Env, *bytes.Buffer) {
	t.Helper()
	c := fake.New(cib.Empty(), "node1", "node2")
	socket := fake.Serve(t, c)
	var out bytes.Buffer
	return c, &face.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: facetest.Now, Socket: socket, Version: "test",
		Getenv: func(string) string { return "" }}, &out
}

func TestHistory(t *testing.T) {
	c, env, out := serve(t)
	start := time.Date(2026, 11, 21, 10, 0, 0, 0, time.Local)
	c.Keep(web.Transition{Number: 6, Coordinator: "node1", Started: start, Ended: start.Add(1234 * time.Millisecond), Trigger: "node2 left",
		Outcome: "complete: the configuration changed", Summary: []string{"Move vip ( node2 -> node1 )"}, Actions: 2, Input: c.CIB(),
		Graph: &graph.Graph{ID: 6, Actions: []*graph.Action{
			{ID: 1, Kind: graph.Cluster, Task: "stonith", Key: "stonith-node2-reboot", Node: "node2", Reason: "peer is no longer part of the cluster"},
			{ID: 2, Kind: graph.Resource, Task: "start", Key: "vip_start_0", Node: "node1", Inputs: []int{1}},
			{ID: 3, Kind: graph.Pseudo, Key: "web_start_0"},
		}}})
	c.Keep(web.Transition{Number: 7, Started: start.Add(time.Minute), Trigger: "timer"})
	if code := Run(t.Context(), env, []string{"mainstay", "history"}); code != face.OK {
		t.Errorf("exit %d", code)
	}
	lines := strings.Split(out.String(), "\n")
	if !strings.HasPrefix(lines[0], "    6  2026-11-21 10:00:00   1.23s  complete ") || !strings.Contains(lines[1], "running") {
		t.Errorf("list:\n%s", out)
	}
	out.Reset()
	Run(t.Context(), env, []string{"mainstay", "history", "6"})
	for _, want := range []string{"why:     node2 left", "outcome: complete: the configuration changed", "* Move vip ( node2 -> node1 )",
		"stonith-node2-reboot on node2: peer is no longer part of the cluster", "vip_start_0 on node1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("transition 6 lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out.String(), "web_start_0") {
		t.Errorf("milestones are shown unasked:\n%s", out)
	}
	out.Reset()
	Run(t.Context(), env, []string{"mainstay", "history", "6", "--actions"})
	if !strings.Contains(out.String(), "[2] vip_start_0 on node1 after 1") || !strings.Contains(out.String(), "web_start_0") {
		t.Errorf("--actions:\n%s", out)
	}
	for args, want := range map[string]face.Code{"8": face.NoSuch, "x": face.Usage} {
		if code := Run(t.Context(), env, []string{"mainstay", "history", args}); code != want {
			t.Errorf("history %s: exit %d, want %d", args, code, want)
		}
	}
	out.Reset()
	Run(t.Context(), env, []string{"mainstay", "history", "6", "--input"})
	if e, err := cib.Parse(out.Bytes()); err != nil || !e.Equal(c.CIB()) {
		t.Errorf("--input: %v", err)
	}
}

// writer cancels when enough was written.
type writer struct {
	buf   bytes.Buffer
	after int
	stop  func()
	seen  func()
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.buf.Write(p)
	if strings.Count(w.buf.String(), "Node List:") >= w.after {
		w.stop()
	} else {
		w.seen()
	}
	return n, err
}

// Watching shows the state at once, and again after each event, until it is ended.
func TestWatch(t *testing.T) {
	c, env, _ := serve(t)
	c.Unpack = func(*cib.Elem) *status.Cluster {
		return &status.Cluster{Nodes: []status.Node{{Name: "node1", Online: true}}}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	w := &writer{after: 2, stop: cancel, seen: func() { c.Emit(web.Event{Kind: web.EventView}) }}
	env.Stdout, env.Terminal = w, true
	if code := Run(ctx, env, []string{"mainstay", "status", "--watch"}); code != face.OK {
		t.Errorf("exit %d", code)
	}
	if got := strings.Count(w.buf.String(), "\x1b[H"); got != 2 {
		t.Errorf("painted %d times, want 2:\n%q", got, w.buf.String())
	}
}

func TestStatusWithoutConfiguration(t *testing.T) {
	c, env, out := serve(t)
	c.Change(func(s *web.Snapshot) {
		s.CIB = nil
		s.Quorum = web.Quorum{WhyNot: "waiting for all"}
		s.Links = []web.Link{{Node: "node2", Link: 0, Addr: "10.0.0.2"}}
		s.Alarms = []web.Alarm{{Kind: "key", Text: "10.0.0.9 uses another key"}}
	})
	if code := Run(t.Context(), env, []string{"mainstay", "status"}); code != face.Unavailable {
		t.Errorf("exit %d, want %d", code, face.Unavailable)
	}
	for _, want := range []string{"no configuration yet", "waiting for all", "link 0 to node2 (10.0.0.2) is down", "another key", "remedy"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
}

func TestClusterCommands(t *testing.T) {
	c, env, out := serve(t)
	c.Change(func(s *web.Snapshot) {
		s.Links = []web.Link{{Node: "node2", Link: 0, Addr: "10.0.0.2", Up: true, RTT: 123456, Loss: .021, MTU: 1400}, {Node: "node3", Link: 1, Addr: "10.1.0.3"}}
	})
	for _, args := range []string{"cluster reload", "cluster rekey", "status --links", "status --links -o json"} {
		if code := Run(t.Context(), env, strings.Fields("mainstay "+args)); code != face.OK {
			t.Errorf("%s: exit %d", args, code)
		}
	}
	if got := strings.Join(c.Asked(), ", "); got != "reload, rekey" {
		t.Errorf("asked: %s", got)
	}
	for _, want := range []string{"node2  0     10.0.0.2  up     123µs       2.1 %  1400", "node3  1     10.1.0.3  DOWN", `"mtu": 1400`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
}

// The first node of a cluster, and one that joins it, without starting anything.
func TestInitAndJoin(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	env := &face.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Getenv: func(string) string { return "" }, Version: "test"}
	run := func(args ...string) face.Code {
		out.Reset()
		return Run(t.Context(), env, append([]string{"mainstay"}, args...))
	}
	one := []string{"--etc", dir + "/1/etc", "--state", dir + "/1/state", "--name", "node1"}
	if code := run(append([]string{"init", "--no-start", "--addr", "127.0.0.1", "--cluster", "lab"}, one...)...); code != face.OK {
		t.Fatalf("init: exit %d: %s", code, &out)
	}
	token := ""
	for _, w := range strings.Fields(out.String()) {
		if strings.HasPrefix(w, "mainstay1-") {
			token = w
		}
	}
	if token == "" || !strings.Contains(out.String(), "mainstay run --config "+dir+"/1/etc/cluster.conf") {
		t.Errorf("init said:\n%s", &out)
	}
	if code := run(append([]string{"init", "--no-start", "--addr", "127.0.0.1"}, one...)...); code != face.Exists {
		t.Errorf("init again: exit %d, want %d: %s", code, face.Exists, &out)
	}
	if code := run("config", "check", dir+"/1/etc/cluster.conf"); code != face.OK || !strings.Contains(out.String(), `cluster "lab", 1 nodes, 1 links`) {
		t.Errorf("config check: exit %d: %s", code, &out)
	}
	if code := run(append([]string{"invite"}, one...)...); code != face.OK || !strings.HasPrefix(out.String(), "mainstay1-") {
		t.Errorf("invite: exit %d: %s", code, &out)
	}
	if code := run("join", token[:30]); code != face.Usage || !strings.Contains(out.String(), "damaged") {
		t.Errorf("join with half a token: exit %d: %s", code, &out)
	}
	if code := run("join", "--etc", dir+"/1/etc", token); code != face.Exists {
		t.Errorf("join where a cluster is: exit %d: %s", code, &out)
	}
	if err := os.WriteFile(dir+"/bad.conf", []byte("totem {\n  tokn: 5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run("config", "check", dir+"/bad.conf"); code != face.BadConfig || !strings.Contains(out.String(), "bad.conf:") {
		t.Errorf("config check of nonsense: exit %d: %s", code, &out)
	}
}

// Every command has an example or belongs to a family that has one, and help.
func TestEveryCommandIsDocumented(t *testing.T) {
	a := &app{Env: &face.Env{Getenv: func(string) string { return "" }}}
	for _, c := range a.root().Commands() {
		if c.Short == "" || c.GroupID == "" && c.Run == nil && c.RunE == nil && c.Long == "" {
			t.Errorf("%s has no help", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			if sub.Short == "" {
				t.Errorf("%s has no help", sub.CommandPath())
			}
		}
	}
	codes := face.Meanings()
	if !slices.IsSortedFunc(codes, func(x, y face.Meaning) int { return int(x.Code - y.Code) }) {
		t.Error("exit codes are not in order")
	}
}

// An address that nobody owns any more must not keep a daemon from starting.
func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	again, err := web.Listen(path, "")
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
