//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/internal/playground"
)

// tools is where a node's daemon links the tools.
const tools = "/run/mainstay/tools/"

// accessLists let the user daemon read the cluster's options and write the nodes.
const accessLists = `<acls><acl_role id="clerk">` +
	`<acl_permission id="clerk-1" kind="read" xpath="//crm_config"/>` +
	`<acl_permission id="clerk-2" kind="write" xpath="//nodes"/></acl_role>` +
	`<acl_target id="daemon"><role id="clerk"/></acl_target></acls>`

// TestAccess has a user of few rights use the tools on a live cluster: what may be read
// is shown, what may not is not, a refused change answers as the peer's tools do and
// changes nothing; and the same from a node whose configuration file was damaged while
// it was down.
func TestAccess(t *testing.T) {
	t.Parallel()
	g := &rig{Room: openIn(t, *dir+"-access", playground.Options{Plain: true}), ctx: context.Background()}
	g.load(t, "primitive d1 ocf:heartbeat:Dummy\nproperty stonith-enabled=false\n")
	first, last := g.Nodes()[0], g.Nodes()[2]
	g.run(t, first, tools+"cibadmin", "--modify", "--allow-create", "--scope", "configuration", "--xml-text", accessLists)
	g.run(t, first, tools+"crm_attribute", "-n", "enable-acl", "-v", "true")

	g.cutPower(t, last)
	file := filepath.Join(g.Dir(), last, "upper/root/var/lib/mainstay/cib.xml")
	damage(t, file)
	g.restorePower(t, last)
	// The others may not have missed it yet: only the node itself tells that it is back.
	aside := filepath.Join(filepath.Dir(file), "damaged", "cib-*.xml")
	g.eventually(t, time.Minute, "the damaged configuration to be set aside, and all nodes to be members again", func() bool {
		names, err := filepath.Glob(aside)
		s, lookErr := g.StatusOf(g.ctx, last)
		return err == nil && len(names) == 1 && lookErr == nil && s.Cluster.Quorate && allOnline(s)
	})
	for _, n := range []string{first, last} {
		g.clerk(t, n)
	}
}

// damage cuts a file in two, and takes away the journal, which could mend it.
func damage(t *testing.T, file string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(filepath.Dir(file), ".journal")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text[:len(text)/2], 0o600); err != nil {
		t.Fatal(err)
	}
}

// clerk tries on a node what the user daemon may and may not do.
func (g *rig) clerk(t *testing.T, node string) {
	t.Helper()
	version := func() string {
		return g.run(t, node, "sh", "-c", tools+"cibadmin -Q | grep -o ' epoch=\"[0-9]*\"'")
	}
	before := version()
	for _, c := range []struct {
		command, says, never string
		code                 string
	}{
		{"cibadmin -Q", "enable-acl", "d1", "0"},
		{"crm_attribute -n enable-acl -G", "value=true", "", "0"},
		{"crm_attribute -n enable-acl -v false", "Permission denied", "", "4"},
		{"cibadmin -D -o resources -X '<primitive id=\"d1\"/>'", "Permission denied", "", "4"},
		{"cibadmin -C -o resources -X '<primitive id=\"d2\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"/>'", "Permission denied", "", "4"},
		{"cibadmin -E --force", "Permission denied", "", "4"},
		{"crm_resource -r d1 -p target-role -m -v Stopped", "", "", "105"},
		{"stonith_admin -F " + node, "", "", "4"},
	} {
		for _, as := range []string{"as the user: runuser -u daemon -g haclient -- ", "on behalf: "} {
			how, prefix, _ := strings.Cut(as, ": ")
			command := tools + c.command
			if how == "on behalf" {
				if !strings.HasPrefix(c.command, "cibadmin") {
					continue
				}
				command = strings.Replace(command, "cibadmin", "cibadmin -U daemon", 1)
			}
			out := g.run(t, node, "sh", "-c", prefix+command+" 2>&1; echo code=$?")
			if !strings.Contains(out, c.says) || c.never != "" && strings.Contains(out, c.never) || !strings.Contains(out, "code="+c.code+"\n") {
				t.Errorf("%s on %s, %s: want %q, never %q, code %s; got\n%s", c.command, node, how, c.says, c.never, c.code, out)
			}
		}
	}
	if after := version(); after != before {
		t.Errorf("refused changes changed the configuration:%s then%s", before, after)
	}
	g.run(t, node, "runuser", "-u", "daemon", "-g", "haclient", "--", tools+"crm_attribute", "-N", node, "-n", "shelf", "-v", "7")
	if got := g.run(t, node, tools+"crm_attribute", "-N", node, "-n", "shelf", "-G", "-q"); strings.TrimSpace(got) != "7" {
		t.Errorf("what the user may write is %q", got)
	}
}
