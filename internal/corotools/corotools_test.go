package corotools

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/internal/web/fake"
	"mainstay/member"
)

const config = `totem {
	version: 2
	cluster_name: lab
	token: 4300
}
nodelist {
	node {
		ring0_addr: 10.77.0.1
		name: qd1
		nodeid: 1
	}
	node {
		ring0_addr: 10.77.0.2
		name: qd2
		nodeid: 2
	}
}
quorum {
	provider: corosync_votequorum
	device {
		model: net
		votes: 1
		net {
			host: 10.78.0.9
			tls: off
			algorithm: ffsplit
		}
	}
}
`

// bench is a cluster in memory that stands as the peer's stood when its tools were
// recorded.
type bench struct {
	t       *testing.T
	cluster *fake.Cluster
	socket  string
}

func newBench(t *testing.T, nodes ...string) *bench {
	t.Helper()
	c := fake.New(cib.Empty(), nodes...)
	c.SetConfigFile(config)
	c.Change(func(s *web.Snapshot) {
		s.View.Ring = member.RingID{Rep: 1, Seq: 0x11}
		n := len(nodes)
		s.Quorum = web.Quorum{Quorate: true, Votes: n + 1, Expected: n + 1, Highest: n + 1, Needed: (n+1)/2 + 1, Flags: []string{"Quorate", "Qdevice"},
			Device: &web.Device{Votes: 1, Alive: true, Cast: true, Host: "10.78.0.9"}}
		for i := range s.Peers {
			p := &s.Peers[i]
			p.Addrs = []string{"10.77.0." + p.ID.String()}
			s.Quorum.Voters = append(s.Quorum.Voters, web.Voter{Node: p.ID, Votes: 1, DeviceAlive: true, Cast: true})
			if i > 0 {
				s.Links = append(s.Links, web.Link{Node: p.Name, Addr: p.Addrs[0] + ":5405", Up: true, RTT: 182 * time.Microsecond, MTU: 1446})
			}
		}
	})
	b := &bench{t: t, cluster: c, socket: filepath.Join(t.TempDir(), "api.sock")}
	l, err := web.Listen(b.socket, "")
	if err != nil {
		t.Fatal(err)
	}
	s := web.New(web.Config{Cluster: c, Log: slog.New(slog.DiscardHandler)})
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return b
}

// run runs a tool; what it prints comes first, errors after it.
func (b *bench) run(line string) (string, face.Code) {
	b.t.Helper()
	args := strings.Fields(line)
	var out, errs bytes.Buffer
	env := &face.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Socket: b.socket, Name: args[0],
		Now: func() time.Time { return time.Date(2026, 11, 21, 11, 10, 31, 0, time.UTC) }}
	code := Tools()[args[0]](context.Background(), env, args[1:])
	return out.String() + errs.String(), code
}

// TestRecorded: what the peer's tools printed on a cluster of Corosync 3.1.7 and
// corosync-qdevice 3.0.3, and their exit codes. Each file of testdata is one call:
// the command and the code in the first line.
func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	b := newBench(t, "qd1", "qd2", "qd3", "qd4")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		head, want, _ := strings.Cut(string(text), "\n")
		call, code, _ := strings.Cut(head, " => ")
		got, rc := b.run(call)
		if d := cmp.Diff(want, got); d != "" || code != string('0'+byte(rc)) {
			t.Errorf("%s: exit code %d, want %s; want -, got +\n%s", call, rc, code, d)
		}
	}
}

func TestQuorumIsLost(t *testing.T) {
	b := newBench(t, "qd1", "qd2", "qd3", "qd4")
	b.cluster.Change(func(s *web.Snapshot) {
		s.View.Members = []member.NodeID{3, 4}
		s.View.Ring = member.RingID{Rep: 3, Seq: 0x11}
		s.Self, s.SelfID = "qd3", 3
		d := *s.Quorum.Device
		d.Cast = false
		s.Quorum = web.Quorum{Votes: 2, Expected: 5, Highest: 5, Needed: 3, Flags: []string{"Qdevice"}, Device: &d,
			Voters: []web.Voter{{Node: 3, Votes: 1, DeviceAlive: true}, {Node: 4, Votes: 1, DeviceAlive: true}}}
	})
	got, code := b.run("corosync-quorumtool -s")
	for _, want := range []string{"Node ID:          3\nRing ID:          3.11\nQuorate:          No\n", "Quorum:           3 Activity blocked\nFlags:            Qdevice \n",
		"         3          1   A,NV,NMW qd3 (local)\n", "         0          0            Qdevice (votes 1)\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if code != notQuorate {
		t.Errorf("exit code %d", code)
	}
}

// TestChanges: what the tools change reaches the cluster.
func TestChanges(t *testing.T) {
	b := newBench(t, "qd1", "qd2")
	for _, c := range []struct {
		call string
		code face.Code
	}{
		{"corosync-quorumtool -e 5", 0}, {"corosync-quorumtool -v 2", 0}, {"corosync-quorumtool -n 2 -v 3", 0}, {"corosync-quorumtool -v 3 -n 9", 1},
		{"corosync-quorumtool -f", 0}, {"corosync-cfgtool -R", 0}, {"corosync-cfgtool -k 2", 0}, {"corosync-cfgtool -k 7", 1}, {"corosync-cfgtool -H --force", 0},
		{"corosync-cfgtool -L", 0}, {"corosync-cmapctl -s quorum.cancel_wait_for_all u8 1", 0}, {"corosync-cmapctl -s totem.token u32 5", 1}, {"corosync-cmapctl -d totem.token", 1},
		{"corosync-cmapctl -m nope", 1}, {"corosync-cmapctl -Z", 1},
	} {
		if out, code := b.run(c.call); code != c.code {
			t.Errorf("%s: exit code %d, want %d\n%s", c.call, code, c.code, out)
		}
	}
	want := []string{"expected 5", "votes 1 2", "votes 2 3", "forget device", "reload", "kill 2", "leave", "unblock"}
	if got := b.cluster.Asked(); !slices.Equal(got, want) {
		t.Errorf("asked: %q\nwant   %q", got, want)
	}
}

func TestMap(t *testing.T) {
	b := newBench(t, "qd1", "qd2")
	all, code := b.run("corosync-cmapctl")
	for _, want := range []string{"nodelist.local_node_pos (u32) = 0\n", "nodelist.node.1.nodeid (u32) = 2\n", "quorum.device.net.host (str) = 10.78.0.9\n",
		"quorum.device.votes (u32) = 1\n", "runtime.config.totem.token (u32) = 4300\n", "runtime.members.2.ip (str) = r(0) ip(10.77.0.2) \n",
		"runtime.members.2.status (str) = joined\n", "runtime.votequorum.qdevice_can_operate (u8) = 1\n", "totem.cluster_name (str) = lab\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if lines := strings.Split(strings.TrimSpace(all), "\n"); code != 0 || !slices.IsSortedFunc(lines, func(x, y string) int { return strings.Compare(strings.Fields(x)[0], strings.Fields(y)[0]) }) {
		t.Errorf("exit code %d, or not sorted:\n%s", code, all)
	}
	if got, code := b.run("corosync-cmapctl -m stats stats.knet.node2.link0.con"); code != 0 || got != "stats.knet.node2.link0.connected (u8) = 1\n" {
		t.Errorf("%d %q", code, got)
	}
	if got, code := b.run("corosync-cmapctl -q -g totem.cluster_name nope"); code != 1 || got != "lab\nCan't get key nope. Error CS_ERR_NOT_EXIST\n" {
		t.Errorf("%d %q", code, got)
	}
}

func TestNoDaemon(t *testing.T) {
	b := &bench{t: t, socket: filepath.Join(t.TempDir(), "none")}
	for call, want := range map[string]string{
		"corosync-quorumtool": "Cannot initialize CMAP service\n", "corosync-cfgtool -s": "Could not initialize corosync configuration API error 2\n",
		"corosync-cmapctl": "Failed to initialize the cmap API. Error CS_ERR_LIBRARY\n",
	} {
		if got, code := b.run(call); code != 1 || got != want {
			t.Errorf("%s: %d %q", call, code, got)
		}
	}
}
