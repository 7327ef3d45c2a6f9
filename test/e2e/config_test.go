//go:build e2e

package e2e

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/examples"
	"mainstay/internal/playground"
	"mainstay/internal/web"
	"mainstay/status"
)

type (
	failure   = status.Failure
	failCount = status.FailCount
)

func longestGap(g *rig, since time.Time) (time.Duration, time.Time) {
	return playground.LongestGap(g.public.Answers(since))
}

// changeWhileBusy changes the configuration while a slow start is under way.
func changeWhileBusy(t *testing.T, g *rig) {
	home := g.at(t, "f2")
	g.mainstay(t, "resource", "stop", "f2", "--wait")
	for _, n := range g.Nodes() {
		g.misbehave(t, n, "f2", "start", "hang")
	}
	g.mainstay(t, "resource", "start", "f2")
	g.cluster(t, time.Minute, "f2's start to be under way", func(s *web.StatusReply) bool {
		r := find(s.Cluster.Resources, "f2")
		return r != nil && r.Pending != ""
	})
	if _, err := g.ExecInput(g.ctx, home, []byte("primitive f3 ocf:playground:faulty op monitor interval=2\n"), "mainstay", "configure", "load", "-"); err != nil {
		t.Fatal(err)
	}
	for _, n := range g.Nodes() {
		g.misbehave(t, n, "f2", "start", "")
	}
	g.cluster(t, time.Minute, "the new resource to run", func(s *web.StatusReply) bool { return place(s, "f3") != "" })
	g.mainstay(t, "resource", "cleanup")
	g.cluster(t, time.Minute, "rest", g.rested)
	g.mainstay(t, "resource", "stop", "f3", "--wait")
	g.run(t, home, "cibadmin", "--delete", "--xml-text", `<primitive id="f3"/>`)
	g.cluster(t, time.Minute, "f3 to be gone", func(s *web.StatusReply) bool { return find(s.Cluster.Resources, "f3") == nil })
}

// badConfigurations are refused with a message that names the thing, and nothing changes.
func badConfigurations(t *testing.T, g *rig) {
	node := g.coordinator(t)
	before := g.run(t, node, "cibadmin", "--query", "--scope", "configuration")
	for _, c := range []struct{ name, text, want string }{
		{"syntax error", "primitive x ocf:heartbeat:Dummy\nprimitve y ocf:heartbeat:Dummy\n", "2"},
		{"unknown agent", "primitive x ocf:heartbeat:Nonesuch\n", "Nonesuch"},
		{"dangling reference", "colocation c1 inf: nowhere p_mysql\n", "nowhere"},
		{"bad unit", "primitive x ocf:heartbeat:Dummy op monitor interval=10parsecs\n", "parsecs"},
		{"duplicate id", "primitive x ocf:heartbeat:Dummy\nprimitive x ocf:heartbeat:Dummy\n", "x"},
		{"unknown option", "property stonith-enabeld=true\n", "stonith-enabeld"},
	} {
		out, err := g.ExecInput(g.ctx, node, []byte(c.text), "mainstay", "configure", "load", "-")
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Errorf("%s: was accepted: %s", c.name, out)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the message does not name %q: %v", c.name, c.want, err)
		}
	}
	if after := g.run(t, node, "cibadmin", "--query", "--scope", "configuration"); after != before {
		t.Errorf("a refused configuration changed something:\n%s", after)
	}
}

// TestFuel loads the listing of the Fuel document as it stands: the agents that this
// machine lacks are reported, and do not disturb the others.
func TestFuel(t *testing.T) {
	r := open(t, playground.Options{Plain: true, Token: time.Second})
	text := append([]byte("property stonith-enabled=false\n"), examples.Fuel...)
	if err := r.Load(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	missing := []string{"p_haproxy", "p_mysql", "p_quantum-dhcp-agent", "p_quantum-l3-agent", "p_quantum-metadata-agent", "p_quantum-openvswitch-agent"}
	err := r.WaitFor(t.Context(), time.Minute, "addresses to be up and missing agents to be reported", func(s *web.StatusReply) bool {
		if place(s, "vip__public_old") == "" || place(s, "vip__management_old") == "" {
			return false
		}
		for _, m := range missing {
			if !slices.ContainsFunc(s.Cluster.Failures, func(f failure) bool {
				return strings.HasPrefix(f.Resource, m) && f.RCText == "not installed"
			}) {
				return false
			}
		}
		return true
	})
	if err != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		out, _ := r.Exec(ctx, "node1", "mainstay", "status")
		t.Fatalf("%v\n%s", err, out)
	}
}
