//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"mainstay/internal/playground"
)

// TestInitAndJoin makes a cluster of three bare machines with the commands that an
// operator uses: init on one, join with one token each on the others, no ssh. Then
// it has a resource run and move off a node in standby.
func TestInitAndJoin(t *testing.T) {
	r := open(t, playground.Options{Plain: true, Payload: []string{"/bin/sleep", "infinity"}})
	g := &rig{Room: r, ctx: t.Context()}
	addrs := func(node string) string {
		var out []string
		for line := range strings.Lines(g.run(t, node, "ip", "-4", "-o", "addr", "show", "scope", "global")) {
			addr, _, _ := strings.Cut(strings.Fields(line)[3], "/")
			out = append(out, addr)
		}
		return strings.Join(out, ",")
	}
	token := tokenIn(t, g.run(t, "node1", "mainstay", "init", "--force", "--engine", *provide, "--cluster", "bare", "--name", "node1", "--addr", addrs("node1")))
	g.run(t, "node2", "mainstay", "join", "--force", "--name", "node2", token)
	if _, err := g.Exec(t.Context(), "node3", "mainstay", "join", "--force", "--name", "node3", token); err == nil {
		t.Fatal("a token let two machines in")
	}
	token = tokenIn(t, g.run(t, "node1", "mainstay", "invite", "--name", "node1"))
	g.run(t, "node3", "mainstay", "join", "--force", "--name", "node3", "--addr", addrs("node3"), token)
	g.members(t, "node1", "node2", "node3")
	etc, name := "/etc/mainstay/", "cluster.conf"
	if *provide == "corosync" {
		etc, name = "/etc/corosync/", "corosync.conf"
	}
	for _, n := range []string{"node2", "node3"} {
		if a, b := g.run(t, "node1", "cat", etc+name), g.run(t, n, "cat", etc+name); a != b {
			t.Errorf("node1 and %s have different configurations:\n%s\n%s", n, a, b)
		}
		if mode := g.run(t, n, "stat", "-c", "%a %s", etc+"authkey"); mode != "400 256\n" {
			t.Errorf("key of %s: %s", n, mode)
		}
	}
	if _, err := g.ExecInput(t.Context(), "node2", []byte("property stonith-enabled=false\nprimitive d ocf:pacemaker:Dummy op monitor interval=1s\n"),
		"mainstay", "configure", "load", "-", "--wait", "--timeout", "30s"); err != nil {
		t.Fatal(err)
	}
	on := strings.TrimSpace(g.run(t, "node3", "mainstay", "resource", "locate", "d"))
	g.run(t, "node3", "mainstay", "node", "standby", on, "--wait")
	if now := strings.TrimSpace(g.run(t, "node1", "mainstay", "resource", "locate", "d")); now == on || now == "" {
		t.Errorf("d was on %s and is on %q although that is in standby", on, now)
	}
}

// tokenIn finds the join token in what a command said.
func tokenIn(t *testing.T, out string) string {
	t.Helper()
	for _, w := range strings.Fields(out) {
		if strings.HasPrefix(w, "mainstay1-") {
			return w
		}
	}
	t.Fatalf("no token in:\n%s", out)
	return ""
}

// members waits until a node sees exactly these as members, all online.
func (g *rig) members(t *testing.T, names ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	want := strings.Join(names, " ") + " \n1\n"
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := g.Exec(ctx, names[0], "/run/mainstay/tools/crm_node", "-p")
		quorum, err2 := g.Exec(ctx, names[0], "/run/mainstay/tools/crm_node", "-q")
		if err == nil && err2 == nil && string(out)+string(quorum) == want {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("members are %q, quorum %q, want %q: %v %v", out, quorum, want, err, err2)
		case <-tick.C:
		}
	}
}
