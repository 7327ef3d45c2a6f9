//go:build e2e

// Package e2e does to a real cluster what happens to machines, and looks from
// outside at what becomes of its services: who answers for the addresses, which rows
// the database has, which processes are alive.
package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/examples"
	"mainstay/internal/playground"
	"mainstay/internal/web"
	"mainstay/status"
)

var (
	program = flag.String("program", "", "mainstay program to test (default: build it)")
	dir     = flag.String("dir", "/var/tmp/mainstay-e2e", "directory of the playground")
	provide = flag.String("engine", "ring", "who does membership and messages: ring or corosync")
	long    = flag.Bool("long", false, "also what takes minutes and tells little more")
	verbose = flag.Bool("progress", false, "print the playground's progress")
)

func TestMain(m *testing.M) {
	if code, handled := playground.Entry(os.Args); handled {
		os.Exit(code)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// extra is what the tests need besides the example: two resources that go wrong on
// request.
const extra = `
primitive f1 ocf:playground:faulty op monitor interval="1" timeout="2" op start interval="0" timeout="5" op stop interval="0" timeout="3" meta migration-threshold="2" failure-timeout="1h"
primitive f2 ocf:playground:faulty op monitor interval="2" timeout="5" op start interval="0" timeout="10" op stop interval="0" timeout="5"
`

// The example's addresses.
var (
	publicVIP     = netip.MustParseAddr("172.18.94.46")
	managementVIP = netip.MustParseAddr("10.107.2.254")
)

// rig is a cluster under test with its observers.
type rig struct {
	*playground.Room
	ctx        context.Context
	public     *playground.Probe
	management *playground.Probe
	writer     *playground.Writer

	stop  context.CancelFunc
	watch sync.WaitGroup
	mu    sync.Mutex
	twice []string // moments at which a thing that may run once ran twice
}

// build makes the program under test.
func build(t *testing.T) string {
	t.Helper()
	if *program != "" {
		return *program
	}
	out := filepath.Join(t.TempDir(), "mainstay")
	c := exec.Command("go", "build", "-o", out, "mainstay/cmd/mainstay")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
	return out
}

// open makes a playground that ends with the test.
func open(t *testing.T, o playground.Options) *playground.Room {
	t.Helper()
	return openIn(t, *dir, o)
}

// openIn makes one in a directory of its own, beside others.
func openIn(t *testing.T, dir string, o playground.Options) *playground.Room {
	t.Helper()
	o.Binary, o.Dir = build(t), dir
	if o.Engine == "" {
		o.Engine = *provide
	}
	if *verbose {
		o.Out = os.Stdout
	}
	r, err := playground.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			keepLogs(t, r)
		}
		if err := r.Close(); err != nil {
			t.Errorf("close the playground: %v", err)
		}
	})
	if err := r.Bring(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// keepLogs copies the daemons' logs and what they have on disk to where that
// survives the playground.
func keepLogs(t *testing.T, r *playground.Room) {
	to := filepath.Join(os.TempDir(), "mainstay-e2e-logs", t.Name())
	for _, n := range r.Nodes() {
		for _, what := range []string{"log", "lib"} {
			from := filepath.Join(r.Dir(), n, "upper/root/var", what, "mainstay")
			if err := os.MkdirAll(filepath.Join(to, n, what), 0o755); err != nil {
				t.Log(err)
				return
			}
			if out, err := exec.Command("cp", "-rT", from, filepath.Join(to, n, what)).CombinedOutput(); err != nil {
				t.Logf("%s of %s: %v %s", what, n, err, out)
			}
		}
	}
	t.Logf("the daemons' logs are in %s", to)
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := open(t, playground.Options{Token: time.Second, Text: append(examples.Controllers, extra...)})
	ctx, stop := context.WithCancel(context.Background())
	g := &rig{Room: r, ctx: ctx, stop: stop}
	nets := playground.Networks()
	var err error
	if g.management, err = r.StartProbe(nets[0], managementVIP, 5*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.management.Stop)
	if g.public, err = r.StartProbe(nets[1], publicVIP, 5*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.public.Stop)
	if g.writer, err = r.StartWriter(netip.AddrPortFrom(publicVIP, 3306), 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.writer.Stop)
	g.watch.Go(g.watchOwners)
	t.Cleanup(func() { stop(); g.watch.Wait() })
	return g
}

// watchOwners looks all the time whether something that may run once runs twice.
func (g *rig) watchOwners() {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-g.ctx.Done():
			return
		case <-tick.C:
		}
		var db, f1 []string
		for _, n := range g.Nodes() {
			if len(g.Processes(n, "mariadbd")) > 0 {
				db = append(db, n)
			}
			if g.faultyRuns(n, "f1") {
				f1 = append(f1, n)
			}
		}
		if len(db) > 1 || len(f1) > 1 {
			g.mu.Lock()
			g.twice = append(g.twice, fmt.Sprintf("%s: database on %v, f1 on %v", time.Now().Format("15:04:05.000"), db, f1))
			g.mu.Unlock()
		}
	}
}

func (g *rig) faultyRuns(node, rsc string) bool {
	p, err := g.Path(node, "/run/faulty/"+rsc+".running")
	if err != nil {
		return false
	}
	_, err = os.Stat(p)
	return err == nil
}

// run executes a command in a node and fails the test if that fails.
func (g *rig) run(t *testing.T, node string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, time.Minute)
	defer cancel()
	out, err := g.Exec(ctx, node, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// mainstay gives a command at any node that is alive.
func (g *rig) mainstay(t *testing.T, args ...string) string {
	t.Helper()
	return g.run(t, g.coordinator(t), append([]string{"mainstay"}, args...)...)
}

// look is the state of the cluster.
func (g *rig) look(t *testing.T) *web.StatusReply {
	t.Helper()
	s, err := g.Look(g.ctx)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (g *rig) coordinator(t *testing.T) string {
	t.Helper()
	return g.look(t).Node.Coordinator
}

// others lists the nodes but some.
func (g *rig) others(but ...string) []string {
	var out []string
	for _, n := range g.Nodes() {
		if !strings.Contains(" "+strings.Join(but, " ")+" ", " "+n+" ") {
			out = append(out, n)
		}
	}
	return out
}

// find returns a resource of the cluster's state by id, also one inside of another.
func find(list []*status.Resource, id string) *status.Resource {
	for _, r := range list {
		if r.ID == id {
			return r
		}
		if c := find(r.Children, id); c != nil {
			return c
		}
	}
	return nil
}

// place names the node that a primitive runs on, "" if none.
func place(s *web.StatusReply, id string) string {
	r := find(s.Cluster.Resources, id)
	if r == nil || len(r.Places) != 1 || r.Pending != "" {
		return ""
	}
	return r.Places[0].Node
}

// eventually waits until something is so.
func (g *rig) eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for !ok() {
		select {
		case <-end:
			t.Fatalf("waited %v in vain: %s\n%s", limit, what, g.describe())
		case <-tick.C:
		}
	}
}

// during checks that something stays so.
func (g *rig) during(t *testing.T, span time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(span)
	for {
		if !ok() {
			t.Fatalf("did not stay so: %s\n%s", what, g.describe())
		}
		select {
		case <-end:
			return
		case <-tick.C:
		}
	}
}

// cluster waits for a state of the cluster.
func (g *rig) cluster(t *testing.T, limit time.Duration, what string, ok func(*web.StatusReply) bool) {
	t.Helper()
	if err := g.WaitFor(g.ctx, limit, what, ok); err != nil {
		t.Fatalf("%v\n%s", err, g.describe())
	}
}

// describe shows the cluster as an operator would see it.
func (g *rig) describe() string {
	out := ""
	for _, n := range g.Nodes() {
		ctx, cancel := context.WithTimeout(g.ctx, 5*time.Second)
		text, err := g.Exec(ctx, n, "mainstay", "status")
		cancel()
		if out += "--- " + n + "\n" + string(text); err != nil {
			out += err.Error() + "\n"
		}
	}
	return out
}

// whole mends everything and waits until all nodes are back and at rest.
func (g *rig) whole(t *testing.T) {
	t.Helper()
	g.FailFencing(0, 0)
	if err := g.Heal(""); err != nil {
		t.Fatal(err)
	}
	for _, n := range g.Nodes() {
		h, err := g.HealthOf(n)
		if err == nil && h.Frozen {
			err = g.Thaw(n)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := g.PowerOn(); err != nil {
		t.Fatal(err)
	}
	g.cluster(t, 40*time.Second, "all nodes to be back and at rest", g.rested)
}

// rested tells whether all nodes are there and everything runs.
func (g *rig) rested(s *web.StatusReply) bool {
	if !s.Cluster.Quorate || s.Node.Transition.Busy {
		return false
	}
	for _, n := range s.Cluster.Nodes {
		if !n.Online || n.Pending || n.Unclean {
			return false
		}
	}
	for _, id := range []string{"power", "vip__public_old", "vip__management_old", "p_mysql", "f1", "f2"} {
		if place(s, id) == "" {
			return false
		}
	}
	c := find(s.Cluster.Resources, "clone_p_haproxy")
	active := 0
	for _, i := range c.Children {
		if i.Pending != "" {
			return false
		}
		active += len(i.Places)
	}
	return active == len(s.Cluster.Nodes)
}

// kill ends a node's processes of that name as one: they are stopped first, so that
// none acts upon the end of another. A database that lost its senders but not yet
// itself tells its agent that no replica follows.
func (g *rig) kill(t *testing.T, node, comm string) {
	t.Helper()
	if len(g.Processes(node, comm)) == 0 {
		t.Fatalf("no %s runs on %s", comm, node)
	}
	// The second time round also stops what was born in the first.
	for _, sig := range []unix.Signal{unix.SIGSTOP, unix.SIGSTOP, unix.SIGKILL} {
		for _, p := range g.Processes(node, comm) {
			if err := unix.Kill(p, sig); err != nil && !errors.Is(err, unix.ESRCH) {
				t.Fatal(err)
			}
		}
	}
}

// misbehave tells the faulty agent of a node what to do with an operation; "" is to
// behave.
func (g *rig) misbehave(t *testing.T, node, rsc, op, what string) {
	t.Helper()
	p, err := g.Path(node, "/run/faulty")
	if err == nil {
		err = os.MkdirAll(p, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(p, rsc+"."+op)
	if what == "" {
		err = os.Remove(name)
	} else {
		err = os.WriteFile(name, []byte(what+"\n"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
