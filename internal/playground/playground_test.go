package playground

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mainstay/conf"
)

func TestLayers(t *testing.T) {
	info := `22 28 0:21 / /proc rw - proc proc rw
28 1 8:1 / / rw - ext4 /dev/sda1 rw
30 28 8:2 / /usr rw - xfs /dev/sda2 rw
31 28 0:25 / /run rw - tmpfs tmpfs rw
32 28 8:3 / /home rw - ext4 /dev/sda3 rw
33 28 8:4 / /var/tmp/scratch rw - ext4 /dev/sda4 rw
34 28 0:44 / /no/such/place rw - ext4 /dev/sda5 rw
`
	if d := cmp.Diff([]string{"/", "/usr"}, layers(info)); d != "" {
		t.Error(d)
	}
}

func TestGroupRoot(t *testing.T) {
	for _, c := range []struct{ info, want string }{
		{"29 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup"},
		{"40 39 0:36 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n41 39 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/unified"},
		{"28 1 8:1 / / rw - ext4 /dev/sda1 rw\n", ""},
	} {
		if got := groupRoot(c.info); got != c.want {
			t.Errorf("%q: %q, want %q", c.info, got, c.want)
		}
	}
}

// TestNodeFiles reads the configuration of the nodes as a node does.
func TestNodeFiles(t *testing.T) {
	files, err := nodeFiles(Options{Nodes: 5, Token: 700 * time.Millisecond, Plain: true}, 2, "key")
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]string{}
	for _, f := range files {
		text[f.Path] = f.Text
	}
	c, problems := conf.Parse([]byte(text["/etc/mainstay/cluster.conf"]), "cluster.conf")
	for _, p := range problems {
		if p.Severity == conf.Error {
			t.Error(p)
		}
	}
	if len(c.Nodes) != 5 || c.Links() != 2 || c.Totem.Token != 700*time.Millisecond {
		t.Errorf("%d nodes, %d links, token %v", len(c.Nodes), c.Links(), c.Totem.Token)
	}
	n, ok := c.ByName("node2")
	if !ok || !cmp.Equal(n.Addrs, []string{"10.107.2.12", "172.18.94.12"}) {
		t.Errorf("node2: %v", n)
	}
	if text["/etc/hostname"] != "node2\n" || !strings.Contains(text["/etc/hosts"], "10.107.2.15 node5\n") {
		t.Errorf("hostname %q, hosts %q", text["/etc/hostname"], text["/etc/hosts"])
	}
}

func TestDefaults(t *testing.T) {
	for _, o := range []Options{{Nodes: -1}, {Nodes: MaxNodes + 1}, {Config: "/no/such/file"}} {
		if _, err := o.defaults(); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
	o, err := Options{}.defaults()
	if err != nil || o.Nodes != DefaultNodes || o.Payload[0] != programPath {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestOverlap(t *testing.T) {
	at := func(ms int, node string) Answer { return Answer{time.UnixMilli(int64(ms)), node} }
	for _, c := range []struct {
		name    string
		answers []Answer
		want    int
	}{
		{"one owner", []Answer{at(0, "a"), at(5, "a"), at(10, "a")}, 0},
		{"handed over", []Answer{at(0, "a"), at(5, "a"), at(900, "b"), at(905, "b")}, 0},
		{"handed over and back", []Answer{at(0, "a"), at(900, "b"), at(2000, "a")}, 0},
		{"both", []Answer{at(0, "a"), at(1, "b"), at(5, "a"), at(6, "b")}, 2},
	} {
		if got := Overlap(c.answers, 100*time.Millisecond); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	d, from := LongestGap([]Answer{at(0, "a"), at(5, "a"), at(905, "b"), at(910, "b")})
	if d != 900*time.Millisecond || from != time.UnixMilli(5) {
		t.Errorf("longest gap %v from %v", d, from)
	}
}

// TestClearSparesStrangers checks that a directory that was given by mistake loses
// only what a playground makes.
func TestClearSparesStrangers(t *testing.T) {
	b := base{t.TempDir()}
	for _, n := range []string{"state.json", "lock", "precious", "nodes", "node1x"} {
		if err := os.WriteFile(b.path(n), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(b.path("node12", "upper"), 0o755); err != nil {
		t.Fatal(err)
	}
	if found, err := b.clear(); !found || err != nil {
		t.Fatalf("%v %v", found, err)
	}
	left, err := filepath.Glob(b.path("*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	if d := cmp.Diff([]string{"lock", "node1x", "nodes", "precious"}, left); d != "" {
		t.Error(d)
	}
}

func TestProcess(t *testing.T) {
	p := processOf(os.Getpid())
	if !p.alive() {
		t.Error("this process is not alive")
	}
	p.Start += "1"
	if p.alive() {
		t.Error("a process with another start time is taken for this one")
	}
}

// fakeSwitch answers like the power switch.
func fakeSwitch(t *testing.T, answers map[string]string) string {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 300)
			n, _ := c.Read(buf)
			c.Write([]byte(answers[strings.TrimSpace(string(buf[:n]))] + "\n"))
			c.Close()
		}
	}()
	return path
}

func TestFenceAgent(t *testing.T) {
	s := fakeSwitch(t, map[string]string{"list": "ok node1 node2", "status node1": "ok on", "status node2": "ok off",
		"reboot node1": "ok", "off node9": `error there is no node "node9"`})
	for _, c := range []struct {
		name, stdin string
		args        []string
		code        int
		out, err    string
	}{
		{"list", "action=list\n", nil, 0, "node1,\nnode2,\n", ""},
		{"list-status", "action=list-status\n", nil, 0, "node1,,on\nnode2,,off\n", ""},
		{"monitor", "action=monitor\n", nil, 0, "", ""},
		{"on", "action=status\nplug=node1\n", nil, 0, "", ""},
		{"off", "action=status\nport=node2\n", nil, 2, "", ""},
		{"reboot is the default", "plug=node1\n", nil, 0, "", ""},
		{"options", "", []string{"--action=status", "-n", "node2", "--socket=" + s}, 2, "", ""},
		{"comments and unknown names", "# hello\nnonsense\naction=reboot\nnodename=node1\nverbose=1\n", nil, 0, "", ""},
		{"no such node", "action=off\nplug=node9\n", nil, 1, "", "there is no node"},
		{"no node", "action=off\n", nil, 1, "", "which node?"},
		{"no such action", "action=explode\nplug=node1\n", nil, 1, "", "no such action"},
		{"unknown option", "", []string{"-x"}, 1, "", "unknown option"},
		{"option without value", "", []string{"-o"}, 1, "", "needs a value"},
		{"no switch", "action=monitor\nsocket=/no/such/socket\n", nil, 1, "", "does not answer"},
	} {
		stdin := c.stdin
		if !strings.Contains(stdin, "socket=") {
			stdin += "socket=" + s + "\n"
		}
		var out, errs bytes.Buffer
		if code := FenceAgent(c.args, strings.NewReader(stdin), &out, &errs); code != c.code {
			t.Errorf("%s: exit code %d, want %d (%s)", c.name, code, c.code, &errs)
		}
		if out.String() != c.out || !strings.Contains(errs.String(), c.err) {
			t.Errorf("%s: printed %q and %q", c.name, &out, &errs)
		}
	}
}

func TestMetadata(t *testing.T) {
	var out bytes.Buffer
	if code := FenceAgent([]string{"-o", "metadata"}, nil, &out, nil); code != 0 || !strings.Contains(out.String(), `<resource-agent name="fence_playground"`) {
		t.Errorf("exit code %d, %s", code, &out)
	}
}

func TestWriteRound(t *testing.T) {
	var out bytes.Buffer
	WriteRound(&out, &Round{Victim: "node2", Successor: "node3", Coordinator: true, Detected: 900 * time.Millisecond,
		Planned: 901 * time.Millisecond, Fenced: 950 * time.Millisecond, Answered: 1100 * time.Millisecond,
		Outage: 1102 * time.Millisecond, Acked: 77})
	for _, want := range []string{"node2 (the coordinator); node3 took over", "0.049 s    0.950 s", "1.102 s", "rows acknowledged"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if err := (&Round{Lost: 1}).Verdict(); err == nil {
		t.Error("a lost row is no failure")
	}
}

func TestHas(t *testing.T) {
	if !has("node1 node2", "node2") || has("node12", "node1") || has("", "node1") {
		t.Error("names are not told apart")
	}
}
