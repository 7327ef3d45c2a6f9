//go:build e2e

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/internal/playground"
)

var rounds = flag.Int("rounds", 6, "how often TestDurable ends every daemon or every machine right after an answer")

// TestDurable changes the configuration and, the moment the change is acknowledged,
// kills every daemon or cuts every machine's power. What was acknowledged must be
// there afterwards, on every node. A machine of the playground loses its processes
// and its memory file systems; that unsynced writes are lost too is what the
// simulator's disks do.
func TestDurable(t *testing.T) {
	t.Parallel()
	g := &rig{Room: openIn(t, *dir+"-durable", playground.Options{Plain: true}), ctx: context.Background()}
	g.load(t, "property stonith-enabled=false\n")
	for i := range *rounds {
		node, value := g.Nodes()[i%len(g.Nodes())], fmt.Sprint(i+1)
		g.run(t, node, "/run/mainstay/tools/crm_attribute", "-t", "crm_config", "-n", "round", "-v", value)
		if i%2 == 0 {
			g.killAll(t, "mainstay")
		} else {
			g.cutPower(t, g.Nodes()...)
			g.restorePower(t, g.Nodes()...)
		}
		for _, n := range g.Nodes() {
			g.says(t, 30*time.Second, n, value, "/run/mainstay/tools/crm_attribute -t crm_config -n round -G -q")
		}
		g.eventually(t, 30*time.Second, "all nodes to be members again", func() bool {
			s, err := g.Look(g.ctx)
			return err == nil && s.Cluster.Quorate && allOnline(s)
		})
	}
}

// killAll ends the processes of that name on every node as nearly at once as can be.
func (g *rig) killAll(t *testing.T, comm string) {
	t.Helper()
	var pids []int
	for _, n := range g.Nodes() {
		pids = append(pids, g.Processes(n, comm)...)
	}
	if len(pids) < len(g.Nodes()) {
		t.Fatalf("%d of %d nodes run %s", len(pids), len(g.Nodes()), comm)
	}
	for _, p := range pids {
		if err := unix.Kill(p, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Fatal(err)
		}
	}
}
