//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/internal/playground"
	"mainstay/internal/web"
	"mainstay/status"
)

// switchboard fences by the playground's power switch; every site below has it.
const switchboard = `
primitive power stonith:fence_playground op monitor interval=60 timeout=20
property stonith-enabled=true no-quorum-policy=stop
`

// site is a cluster that runs one kind of service with an unmodified agent of
// Debian's packages. prepare gets every node ready before the configuration is
// loaded, and the site is handed over when ready says that the service is whole.
type site struct {
	prepare func(t *testing.T, g *rig, node string)
	crm     string
	ready   func(*web.StatusReply) bool
	limit   time.Duration // for the first start, and for every recovery
	systemd bool          // the nodes have one
}

func (x site) open(t *testing.T) *rig {
	t.Helper()
	g := &rig{Room: openIn(t, *dir+"-"+strings.ToLower(t.Name()), playground.Options{Plain: true, Systemd: x.systemd}), ctx: context.Background()}
	for _, n := range g.Nodes() {
		if x.prepare != nil {
			x.prepare(t, g, n)
		}
	}
	g.load(t, switchboard+x.crm)
	g.cluster(t, x.limit, "the service to be whole", func(s *web.StatusReply) bool { return calm(s) && x.ready(s) })
	return g
}

// whole waits until all nodes are members again and the service is as it was at first.
func (x site) whole(t *testing.T, g *rig) {
	t.Helper()
	g.cluster(t, x.limit, "the service to be whole again", func(s *web.StatusReply) bool { return allOnline(s) && calm(s) && x.ready(s) })
}

// load replaces nothing: it adds a configuration text to the cluster's.
func (g *rig) load(t *testing.T, text string) {
	t.Helper()
	if out, err := g.ExecInput(g.ctx, g.Nodes()[0], []byte(text), "mainstay", "configure", "load", "-"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// put writes a file inside of a node.
func (g *rig) put(t *testing.T, node, path, text string) {
	t.Helper()
	if _, err := g.ExecInput(g.ctx, node, []byte(text), "/bin/sh", "-c", `mkdir -p "$(dirname "$0")" && cat >"$0"`, path); err != nil {
		t.Fatal(err)
	}
}

// sh runs a shell command in a node and returns what it prints, without the line end.
func (g *rig) sh(t *testing.T, node, format string, args ...any) string {
	t.Helper()
	return strings.TrimSpace(g.run(t, node, "/bin/sh", "-c", fmt.Sprintf(format, args...)))
}

// says waits until a shell command in a node succeeds and prints exactly that.
func (g *rig) says(t *testing.T, limit time.Duration, node, want, format string, args ...any) {
	t.Helper()
	var out []byte
	var err error
	g.eventually(t, limit, fmt.Sprintf("%s says %q to: %s", node, want, fmt.Sprintf(format, args...)), func() bool {
		ctx, cancel := context.WithTimeout(g.ctx, 10*time.Second)
		defer cancel()
		out, err = g.Exec(ctx, node, "/bin/sh", "-c", fmt.Sprintf(format, args...))
		return err == nil && string(bytes.TrimSpace(out)) == want
	})
}

// calm tells whether the cluster has a quorum and nothing to do.
func calm(s *web.StatusReply) bool { return s.Cluster.Quorate && !s.Node.Transition.Busy }

func allOnline(s *web.StatusReply) bool {
	return !slices.ContainsFunc(s.Cluster.Nodes, func(n statusNode) bool { return !n.Online || n.Pending || n.Unclean })
}

// in lists the nodes, sorted, where an instance of a resource has that role.
func in(s *web.StatusReply, id string, role status.Role) []string {
	var out []string
	var walk func([]*status.Resource)
	walk = func(list []*status.Resource) {
		for _, r := range list {
			if r.Kind == status.Primitive && r.BaseID == id && r.Role == role && r.Pending == "" && !r.Failed {
				for _, p := range r.Places {
					out = append(out, p.Node)
				}
			}
			walk(r.Children)
		}
	}
	walk(s.Cluster.Resources)
	slices.Sort(out)
	return out
}

// roles makes a condition: so many promoted and so many unpromoted instances.
func roles(id string, promoted, unpromoted int) func(*web.StatusReply) bool {
	return func(s *web.StatusReply) bool {
		return len(in(s, id, status.Promoted)) == promoted && len(in(s, id, status.Unpromoted)) == unpromoted
	}
}

// started makes a condition: so many running instances.
func started(id string, n int) func(*web.StatusReply) bool {
	return func(s *web.StatusReply) bool { return len(in(s, id, status.Started)) == n }
}

// leader is the node of the one promoted instance.
func (g *rig) leader(t *testing.T, id string) string {
	t.Helper()
	var p []string
	g.cluster(t, time.Minute, id+" to be promoted on one node", func(s *web.StatusReply) bool {
		p = in(s, id, status.Promoted)
		return len(p) == 1
	})
	return p[0]
}

// at is the node that a resource runs on, as soon as the node that is asked knows it.
func (g *rig) at(t *testing.T, id string) string {
	t.Helper()
	where := ""
	g.cluster(t, time.Minute, id+" to run", func(s *web.StatusReply) bool {
		where = place(s, id)
		return where != ""
	})
	return where
}

// cutPower takes nodes' power away.
func (g *rig) cutPower(t *testing.T, nodes ...string) {
	t.Helper()
	if err := g.PowerOff(nodes...); err != nil {
		t.Fatal(err)
	}
}

// restorePower gives nodes their power back.
func (g *rig) restorePower(t *testing.T, nodes ...string) {
	t.Helper()
	if err := g.PowerOn(nodes...); err != nil {
		t.Fatal(err)
	}
}

// allOff cuts the power of all nodes at once, restores it, and waits until the service
// is as it was at first.
func (x site) allOff(t *testing.T, g *rig) {
	t.Helper()
	g.cutPower(t, g.Nodes()...)
	g.restorePower(t, g.Nodes()...)
	x.whole(t, g)
}

// outlive kills the cluster's daemon on a node: services of these programs, or with
// these pid files, go on there as the same processes, children that they make and end
// aside.
func (x site) outlive(t *testing.T, g *rig, node string, programs ...string) {
	t.Helper()
	before, daemon := map[string]string{}, g.Processes(node, "mainstay")
	heads := func(p string) string {
		if p[0] == '/' {
			return "[" + g.sh(t, node, "cat %s && kill -0 $(cat %s)", p, p) + "]"
		}
		return fmt.Sprint(g.heads(node, p))
	}
	for _, p := range programs {
		if before[p] = heads(p); before[p] == "[]" {
			t.Fatalf("no %s runs on %s", p, node)
		}
	}
	g.kill(t, node, "mainstay")
	g.eventually(t, time.Minute, "the daemon is back", func() bool {
		now := g.Processes(node, "mainstay")
		_, err := g.StatusOf(g.ctx, node)
		return len(now) == 1 && !slices.Equal(now, daemon) && err == nil
	})
	x.whole(t, g)
	for _, p := range programs {
		if now := heads(p); now != before[p] {
			t.Errorf("law 6: the daemon of %s was killed; %s was %s there, now it is %s", node, p, before[p], now)
		}
	}
}

// heads are the processes of a program on a node that are not children of others of it.
func (g *rig) heads(node, program string) []int {
	all := g.Processes(node, program)
	heads := slices.DeleteFunc(slices.Clone(all), func(pid int) bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return true // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		f := strings.Fields(rest)
		return len(f) > 1 && slices.ContainsFunc(all, func(p int) bool { return f[1] == fmt.Sprint(p) })
	})
	slices.Sort(heads)
	return heads
}

// failed waits until a failure of a resource on a node is on record.
func (g *rig) failed(t *testing.T, id, node string) {
	t.Helper()
	g.cluster(t, time.Minute, "the failure of "+id+" on "+node+" to be shown", func(s *web.StatusReply) bool {
		return slices.ContainsFunc(s.Cluster.FailCounts, func(f failCount) bool { return strings.HasPrefix(f.Resource, id) && f.Node == node })
	})
}
