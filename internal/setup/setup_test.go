package setup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/conf"
	"mainstay/internal/web"
)

// host is a cluster of one node with an enrolment port on loopback.
type host struct {
	*Enrolment
	now   time.Time
	added []web.Peer
	fail  error
	port  int
}

func (m *host) AddNode(_ context.Context, p web.Peer) error {
	if m.fail != nil {
		return m.fail
	}
	m.added = append(m.added, p)
	text, err := os.ReadFile(m.ConfigFile)
	if err != nil {
		return err
	}
	if text, err = conf.AddNode(text, conf.Node{ID: p.ID, Name: p.Name, Addrs: p.Addrs, Votes: p.Votes}); err != nil {
		return err
	}
	return os.WriteFile(m.ConfigFile, text, 0o644)
}

func newMember(t *testing.T, addrs ...string) *host {
	t.Helper()
	dir := t.TempDir()
	m := &host{now: time.Unix(1e9, 0)}
	m.Enrolment = &Enrolment{Desk: &Desk{Dir: filepath.Join(dir, "enrol"), Now: func() time.Time { return m.now }}, Cluster: m,
		ConfigFile: filepath.Join(dir, "etc", "cluster.conf"), KeyFile: filepath.Join(dir, "etc", "authkey"), Log: slog.New(slog.DiscardHandler)}
	text := NewConfig("lab", "ring", conf.Node{ID: 1, Name: "node1", Addrs: addrs})
	if err := WriteFiles(m.ConfigFile, m.KeyFile, text, NewKey(), false); err != nil {
		t.Fatal(err)
	}
	return m
}

// listen serves until the test ends.
func (m *host) listen(t *testing.T) {
	t.Helper()
	cert, err := m.Desk.certificate()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.port = l.Addr().(*net.TCPAddr).Port
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.serveOn(ctx, l, cert) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func (m *host) invite(t *testing.T) Token {
	t.Helper()
	tok, err := m.Desk.Invite([]string{"127.0.0.1"}, m.port, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestConfigIsValid(t *testing.T) {
	for _, engine := range []string{"ring", "corosync"} {
		text := NewConfig("lab", engine, conf.Node{ID: 1, Name: "node1", Addrs: []string{"10.0.0.1", "10.1.0.1"}})
		c, problems := conf.Parse([]byte(text), "cluster.conf")
		for _, p := range problems {
			if p.Severity != conf.Info {
				t.Error(p)
			}
		}
		if c.Totem.ClusterName != "lab" || c.Engine != engine || len(c.Nodes) != 1 || c.Nodes[0].Name != "node1" || c.Links() != 2 || !c.Totem.Encrypted {
			t.Errorf("%+v", c)
		}
	}
}

func TestFiles(t *testing.T) {
	m := newMember(t, "127.0.0.1")
	info, err := os.Stat(m.KeyFile)
	if err != nil || info.Mode().Perm() != 0o400 || info.Size() != keyBytes {
		t.Errorf("key file: %v, %v", info, err)
	}
	if err := WriteFiles(m.ConfigFile, m.KeyFile, "x", []byte("y"), false); !errors.Is(err, ErrExists) {
		t.Errorf("a second time: %v, want ErrExists", err)
	}
	if err := WriteFiles(m.ConfigFile, m.KeyFile, "x", []byte("y"), true); err != nil {
		t.Errorf("overwriting: %v", err)
	}
}

func TestJoin(t *testing.T) {
	m := newMember(t, "127.0.0.1")
	m.listen(t)
	tok, err := ParseToken(" " + m.invite(t).String()[:20] + "\n")
	if err == nil {
		t.Errorf("half a token was taken: %+v", tok)
	}
	tok, err = ParseToken(m.invite(t).String())
	if err != nil {
		t.Fatal(err)
	}
	j, err := Join(t.Context(), tok, "node2", []string{"127.0.0.2"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(m.KeyFile)
	if err != nil || string(key) != string(j.Key) {
		t.Errorf("another key: %v", err)
	}
	c, problems := conf.Parse([]byte(j.Config), "cluster.conf")
	if conf.Failed(problems) || len(c.Nodes) != 2 {
		t.Fatalf("configuration: %v %v", problems, c.Nodes)
	}
	if n, ok := c.ByName("node2"); !ok || n.ID != 2 || n.Addrs[0] != "127.0.0.2" {
		t.Errorf("node2: %+v", n)
	}
}

func TestRefusals(t *testing.T) {
	m := newMember(t, "127.0.0.1")
	m.listen(t)
	used := m.invite(t)
	if _, err := Join(t.Context(), used, "node2", []string{"127.0.0.2"}); err != nil {
		t.Fatal(err)
	}
	forged, expired := m.invite(t), m.invite(t)
	forged.Secret = newSecret()
	other := m.invite(t)
	other.Fingerprint = make([]byte, 32)
	for _, c := range []struct {
		name  string
		token Token
		node  string
		addrs []string
		says  string
		wait  time.Duration
	}{
		{"used", used, "node3", nil, "was used", 0},
		{"forged", forged, "node3", nil, "not known here", 0},
		{"no name", m.invite(t), "", nil, "no name", 0},
		{"too many addresses", m.invite(t), "node3", []string{"127.0.0.3", "127.0.1.3"}, "1 links", 0},
		{"another's name", m.invite(t), "node2", []string{"127.0.0.9"}, "node \"node2\"", 0},
		{"another's address", m.invite(t), "node3", []string{"127.0.0.2"}, "belongs to node \"node2\"", 0},
		{"another member", other, "node3", nil, "certificate differs", 0},
		{"expired", expired, "node3", nil, "expired", 2 * time.Hour},
	} {
		m.now = m.now.Add(c.wait)
		_, err := Join(t.Context(), c.token, c.node, c.addrs)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		}
	}
	if len(m.added) != 1 {
		t.Errorf("%d nodes were added, want 1: %+v", len(m.added), m.added)
	}
}

// A node that lost its disk comes back under its old name, address and id; a
// failed attempt does not use the invitation up.
func TestJoinAgain(t *testing.T) {
	m := newMember(t, "127.0.0.1")
	m.listen(t)
	if _, err := Join(t.Context(), m.invite(t), "node2", []string{"127.0.0.2"}); err != nil {
		t.Fatal(err)
	}
	tok := m.invite(t)
	m.fail = errors.New("no quorum")
	if _, err := Join(t.Context(), tok, "node2", []string{"127.0.0.2"}); err == nil || !strings.Contains(err.Error(), "no quorum") {
		t.Fatalf("got %v", err)
	}
	m.fail = nil
	if _, err := Join(t.Context(), tok, "node2", []string{"127.0.0.2"}); err != nil {
		t.Fatal(err)
	}
	if m.added[0].ID != 2 || m.added[1].ID != 2 {
		t.Errorf("added %+v, want id 2 twice", m.added)
	}
}

// The port is open only while an invitation is.
func TestServeOpensAndCloses(t *testing.T) {
	m := newMember(t, "127.0.0.9")
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.port = probe.Addr().(*net.TCPAddr).Port
	probe.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Serve(ctx, m.port) }()
	addr := fmt.Sprintf("127.0.0.1:%d", m.port)
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Error("the port is open without an invitation")
	}
	tok := m.invite(t)
	until(t, func() bool {
		_, err := Join(t.Context(), tok, "node2", nil)
		return err == nil || errors.Is(err, ErrStranger)
	})
	until(t, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(m.added) != 1 || m.added[0].Addrs[0] != "127.0.0.1" {
		t.Errorf("added %+v", m.added)
	}
}

// until waits for a condition.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not happen")
		}
	}
}

func TestMatchAddrs(t *testing.T) {
	var own []*net.IPNet
	for _, s := range []string{"127.0.0.1/8", "10.0.0.7/24", "10.1.0.7/24", "fe80::1/64"} {
		ip, n, err := net.ParseCIDR(s)
		if err != nil {
			t.Fatal(err)
		}
		n.IP = ip
		own = append(own, n)
	}
	for _, c := range []struct{ peers, want []string }{
		{nil, []string{"10.0.0.7"}},
		{[]string{"10.0.0.1", "10.1.0.1"}, []string{"10.0.0.7", "10.1.0.7"}},
		{[]string{"10.1.0.1"}, []string{"10.1.0.7"}},
		{[]string{"192.168.0.1", "10.1.0.1"}, nil},
	} {
		if got := matchAddrs(own, c.peers); !slices.Equal(got, c.want) {
			t.Errorf("for peers %v: %v, want %v", c.peers, got, c.want)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(Token{Addrs: []string{"10.0.0.1"}, Fingerprint: make([]byte, 32), Secret: make([]byte, 16)}.String())
	f.Add("mainstay1-e30")
	f.Fuzz(func(t *testing.T, s string) {
		tok, err := ParseToken(s)
		if err != nil {
			return
		}
		again, err := ParseToken(tok.String())
		if err != nil || !slices.Equal(again.Addrs, tok.Addrs) {
			t.Errorf("%q does not survive: %v", s, err)
		}
	})
}
