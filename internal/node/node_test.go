package node

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/host/linux"
)

// daemon is a real node daemon in this process, on loopback addresses.
type daemon struct {
	name   string
	socket string
	stop   context.CancelFunc
	ended  chan error
}

// freePort finds a UDP port that no loopback address uses.
func freePort(t *testing.T) int {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

type testCluster struct {
	t    *testing.T
	dir  string
	conf string
	// keyFile is each node's key file; relative: to its directory.
	keyFile string
}

func newTestCluster(t *testing.T, nodes int) *testCluster {
	t.Helper()
	dir := t.TempDir()
	text := "totem {\n cluster_name: test\n token: 1000\n"
	for link := range 2 {
		text += fmt.Sprintf(" interface {\n linknumber: %d\n mcastport: %d\n }\n", link, freePort(t))
	}
	text += "}\nnodelist {\n"
	for i := 1; i <= nodes; i++ {
		text += fmt.Sprintf(" node {\n name: t%[1]d\n nodeid: %[1]d\n ring0_addr: 127.1.0.%[1]d\n ring1_addr: 127.1.1.%[1]d\n }\n", i)
	}
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "authkey"), key, 0o400); err != nil {
		t.Fatal(err)
	}
	c := &testCluster{t: t, dir: dir, conf: filepath.Join(dir, "cluster.conf"), keyFile: filepath.Join(dir, "authkey")}
	if err := os.WriteFile(c.conf, []byte(text+"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *testCluster) start(i int) *daemon {
	c.t.Helper()
	name := fmt.Sprintf("t%d", i)
	dir := filepath.Join(c.dir, name)
	ctx, cancel := context.WithCancel(context.Background())
	d := &daemon{name: name, socket: filepath.Join(dir, "s"), stop: cancel, ended: make(chan error, 1)}
	own := filepath.Join(dir, "cluster.conf")
	text, err := os.ReadFile(c.conf)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(own, text, 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	go func() {
		d.ended <- Run(ctx, Config{ConfigFile: own, KeyFile: c.keyFile, StateDir: dir, RunDir: filepath.Join(dir, "run"),
			Socket: d.socket, Name: name, Version: "test", Log: slog.New(slog.DiscardHandler)})
	}()
	return d
}

// eventually waits, by the daemon's own events, until a condition holds.
func (d *daemon) eventually(t *testing.T, what string, cond func(*client.Client) bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	c := client.New(d.socket, "test")
	for {
		select {
		case <-deadline:
			t.Fatalf("%s: not in time: %s", d.name, what)
		case <-tick.C:
			if cond(c) {
				return
			}
		}
	}
}

func (d *daemon) member(t *testing.T, n int) {
	t.Helper()
	d.eventually(t, fmt.Sprintf("a view of %d", n), func(c *client.Client) bool {
		s, err := c.Node(context.Background())
		return err == nil && len(s.View.Members) == n && s.Coordinator != ""
	})
}

func TestClusterOfRealDaemons(t *testing.T) {
	c := newTestCluster(t, 3)
	var ds []*daemon
	for i := 1; i <= 3; i++ {
		ds = append(ds, c.start(i))
	}
	for _, d := range ds {
		d.member(t, 3)
	}
	edit := cib.Edit{Op: cib.OpModify, Scope: "crm_config", Elem: mustParse(t,
		`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="b" name="batch-limit" value="7"/></cluster_property_set></crm_config>`)}
	if _, err := client.New(ds[1].socket, "test").Edit(context.Background(), []cib.Edit{edit}, nil); err != nil {
		t.Fatal(err)
	}
	// Done means on the disk of every member.
	for _, d := range ds {
		file, err := afterPowerCut(t, filepath.Join(c.dir, d.name)).Read("cib.xml")
		if err != nil || !strings.Contains(string(file), `value="7"`) {
			t.Errorf("%s acknowledged a change that is not on its disk: %v", d.name, err)
		}
	}
	ds[2].stop()
	if err := <-ds[2].ended; err != nil {
		t.Fatal(err)
	}
	ds[0].member(t, 2)
	back := c.start(3)
	back.member(t, 3)
	for _, d := range []*daemon{ds[0], ds[1], back} {
		d.stop()
	}
	for _, d := range []*daemon{ds[0], ds[1], back} {
		if err := <-d.ended; err != nil {
			t.Error(err)
		}
	}
}

// afterPowerCut is a machine that starts with what is on a daemon's disk now.
func afterPowerCut(t *testing.T, dir string) *linux.Machine {
	t.Helper()
	after := t.TempDir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(after, e.Name()), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := linux.New(linux.Config{StateDir: after, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func mustParse(t *testing.T, doc string) *cib.Elem {
	t.Helper()
	e, err := cib.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return e
}
