//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/internal/device/qnetd"
	"mainstay/internal/playground"
	"mainstay/internal/web"
)

// ward is what the nodes keep running while their cluster falls apart.
const ward = "property stonith-enabled=false\nprimitive d ocf:pacemaker:Dummy op monitor interval=1s\n"

// TestHalves: clusters of two and four nodes whose ring falls into halves while each
// node reaches the arbiter, a witness of ours or the peer's qnetd: exactly one half
// has quorum and runs the service, at once, and loses it to nobody; when all is well
// again, so is the cluster.
func TestHalves(t *testing.T) {
	for _, c := range []struct {
		name      string
		nodes     int
		algorithm string
		start     func(*testing.T, *rig, string) // makes the arbiter the cluster's device
	}{
		{"two nodes with a witness", 2, "ffsplit", withWitness},
		{"four nodes with qnetd", 4, "ffsplit", withQnetd},
		{"four nodes with a witness by lms", 4, "lms", withWitness},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := open(t, playground.Options{Plain: true, Engine: "ring", Nodes: c.nodes, Text: []byte(ward)})
			g := &rig{Room: r, ctx: t.Context()}
			c.start(t, g, c.algorithm)
			g.cluster(t, time.Minute, "the device to vote", func(s *web.StatusReply) bool {
				d := s.Node.Quorum.Device
				return d != nil && d.Cast && s.Node.Quorum.Quorate && place(s, "d") != ""
			})
			for round := range 2 {
				g.halves(t, c.nodes, round)
			}
		})
	}
}

// halves cuts the ring in the middle and mends it again.
func (g *rig) halves(t *testing.T, nodes, round int) {
	t.Helper()
	names := g.Nodes()
	left, right := names[:nodes/2], names[nodes/2:]
	begin := time.Now()
	g.apart(t, left, right)
	g.eventually(t, 15*time.Second, "one half to have quorum and the other not", func() bool {
		a, b := g.quorate(left), g.quorate(right)
		if a > 0 && b > 0 {
			t.Fatalf("both halves have quorum\n%s", g.describe())
		}
		return a == len(left) && g.apartNow(right) || b == len(right) && g.apartNow(left)
	})
	t.Logf("round %d: decided after %.1f s, detection included", round, time.Since(begin).Seconds())
	winners := left
	if g.quorate(left) == 0 {
		winners = right
	}
	g.eventually(t, time.Minute, "the service to run in the half with quorum", func() bool {
		c, err := g.Client(winners[0])
		if err != nil {
			return false
		}
		s, err := c.Status(g.ctx)
		return err == nil && strings.Contains(" "+strings.Join(winners, " ")+" ", " "+place(s, "d")+" ")
	})
	g.during(t, 2*time.Second, "the decision", func() bool {
		return g.quorate(winners) == len(winners) && g.apartNow(g.others(winners...))
	})
	g.together(t)
	g.eventually(t, time.Minute, "all to have quorum again", func() bool { return g.quorate(names) == nodes })
}

// apart has two groups of nodes hear nothing of each other; both reach the outside.
func (g *rig) apart(t *testing.T, left, right []string) {
	t.Helper()
	for i, n := range g.Nodes() {
		other := right
		if i >= len(left) {
			other = left
		}
		for _, o := range other {
			number := strings.TrimPrefix(o, "node")
			for _, net := range playground.Networks() {
				var k int
				if _, err := fmt.Sscan(number, &k); err != nil {
					t.Fatal(err)
				}
				g.run(t, n, "ip", "route", "add", "blackhole", net.Address(k).String()+"/32")
			}
		}
	}
}

func (g *rig) together(t *testing.T) {
	t.Helper()
	for _, n := range g.Nodes() {
		g.run(t, n, "ip", "route", "flush", "type", "blackhole")
	}
}

// quorate counts the nodes that have quorum in a view of these nodes only.
func (g *rig) quorate(nodes []string) int {
	k := 0
	for _, n := range nodes {
		if s, err := g.StatusOf(g.ctx, n); err == nil && s.Node.Quorum.Quorate && len(s.Node.View.Members) == len(nodes) {
			k++
		}
	}
	return k
}

// apartNow tells whether all of these nodes are in a view of their own, and know
// that it has no quorum.
func (g *rig) apartNow(nodes []string) bool {
	for _, n := range nodes {
		s, err := g.StatusOf(g.ctx, n)
		if err != nil || len(s.Node.View.Members) != len(nodes) || s.Node.Quorum.Quorate || s.Node.Quorum.Pending {
			return false
		}
	}
	return true
}

// beyond runs a command outside of the nodes until the test ends.
func (g *rig) beyond(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "outside.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := g.StartOutside(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("outside:\n%s", text)
		}
		log.Close()
	})
}

// withWitness has the cluster join a witness by a token.
func withWitness(t *testing.T, g *rig, algorithm string) {
	dir := t.TempDir()
	binary := filepath.Join(g.Dir(), "bin", "mainstay")
	addr := playground.Outside(playground.Networks()[0]).String()
	g.beyond(t, exec.Command(binary, "witness", "--dir", dir, "--listen", addr+":5403"))
	token, err := exec.Command(binary, "witness", "invite", "--dir", dir, "--addr", addr).Output()
	if err != nil {
		t.Fatal(err)
	}
	g.eventually(t, time.Minute, "the witness to take the cluster in", func() bool {
		_, err := g.Exec(g.ctx, "node1", "mainstay", "witness", "join", "--algorithm", algorithm, strings.TrimSpace(string(token)))
		return err == nil
	})
	if out, err := exec.Command(binary, "witness", "status", "--dir", dir).CombinedOutput(); err != nil || !strings.Contains(string(out), "cluster playground, invited") {
		t.Errorf("witness status: %v\n%s", err, out)
	}
}

// withQnetd writes the peer's arbiter into the configuration, gives every node the
// file that the peer's certutil made, and reloads.
func withQnetd(t *testing.T, g *rig, algorithm string) {
	dir := t.TempDir()
	nss := qnetd.Certificates(t, dir, "playground")
	addr := playground.Outside(playground.Networks()[1]).String()
	g.beyond(t, qnetd.Command(dir, addr, 5403, "req"))
	p12, err := os.ReadFile(filepath.Join(nss, "qdevice-net-node.p12"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range g.Nodes() {
		to, err := g.Path(n, "/etc/corosync/qdevice/net/nssdb")
		if err == nil {
			err = os.MkdirAll(to, 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, "qdevice-net-node.p12"), p12, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	device := fmt.Sprintf("quorum {\n device {\n model: net\n votes: 1\n net {\n host: %s\n algorithm: %s\n tls: required\n }\n }\n", addr, algorithm)
	g.run(t, "node1", "sh", "-c", "sed -i '/two_node/d' /etc/mainstay/cluster.conf && printf '%b' '"+strings.ReplaceAll(device, "\n", `\n`)+
		"' >/tmp/d && sed -i -e '/^quorum {/{r /tmp/d' -e 'd}' /etc/mainstay/cluster.conf && mainstay cluster reload")
}
