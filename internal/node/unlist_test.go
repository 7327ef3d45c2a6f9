package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/cib"
	"mainstay/conf"
	"mainstay/engine"
	"mainstay/internal/host"
	"mainstay/internal/web"
	"mainstay/member"
)

// asked is a host whose loop agrees to everything, and remembers it.
type asked struct {
	host.Host
	files   []string // configuration files that were multicast
	forgets int      // edits of the CIB
}

// Inject implements host.Host.
func (a *asked) Inject(c host.Completion) {
	call := c.(Call)
	switch x := call.Body.(type) {
	case engine.Reconfigure:
		a.files = append(a.files, x.Text)
	case engine.Edit:
		for _, e := range x.Edits {
			if e.Op == cib.OpDelete && strings.Contains(e.XPath, "'c'") {
				a.forgets++
			}
		}
	}
	call.Answer(engine.Reply{})
}

// corosyncConf is a configuration on an installed Corosync.
func corosyncConf(nodes string) string {
	text := "totem {\n version: 2\n cluster_name: test\n}\nsystem {\n engine: corosync\n}\nnodelist {\n"
	for i, n := range strings.Fields(nodes) {
		text += fmt.Sprintf("    node {\n        name: %s\n        nodeid: %d\n        ring0_addr: 10.0.0.%d\n    }\n", n, i+1, i+1)
	}
	return text + "}\n"
}

// onCorosync is a cluster of a, b and c on an installed Corosync, c of which is not
// there; Corosync lists some of them, and the file on the disk others.
func onCorosync(t *testing.T, own bool, lists, disk string) (*Cluster, *asked) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "corosync.conf")
	if err := os.WriteFile(file, []byte(disk), 0o600); err != nil {
		t.Fatal(err)
	}
	reads := file
	if !own {
		reads = filepath.Join(t.TempDir(), "another.conf")
	}
	old, problems := conf.Parse([]byte(corosyncConf(lists)), file)
	if conf.Failed(problems) {
		t.Fatal(problems)
	}
	root, err := cib.Parse([]byte(`<cib><configuration><nodes><node id="1" uname="a"/><node id="2" uname="b"/><node id="3" uname="c"/></nodes></configuration>` +
		`<status><node_state id="3" uname="c"/></status></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	h := &asked{}
	c := &Cluster{host: h, config: Config{ConfigFile: file}, outside: &outside{nil, file, reads}}
	c.file.Store(&configFile{conf: old, text: []byte(corosyncConf("a b c"))})
	c.state.Store(&engine.State{CIB: root, View: member.View{Members: []member.NodeID{1, 2}}})
	return c, h
}

// A node that is taken out on an installed Corosync goes out of the file that Corosync
// reads, on all members, as it is on the disk now, and out of the CIB.
func TestRemoveNodeOnCorosync(t *testing.T) {
	all := corosyncConf("a b c")
	changed := strings.Replace(all, "version: 2", "version: 2\n token: 5000", 1) // by hand, since the daemon started
	for name, x := range map[string]struct {
		lists, disk, want string
	}{ //order: each by itself
		"as it is":                   {"a b c", all, corosyncConf("a b")},
		"changed by others":          {"a b c", changed, strings.Replace(corosyncConf("a b"), "version: 2", "version: 2\n token: 5000", 1)},
		"written, not yet read":      {"a b c", corosyncConf("a b"), corosyncConf("a b")},
		"by Corosync's tools before": {"a b", corosyncConf("a b"), ""},
	} {
		c, h := onCorosync(t, true, x.lists, x.disk)
		if err := c.RemoveNode(context.Background(), "c"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := strings.Join(h.files, "---\n"); got != x.want {
			t.Errorf("%s: all members get\n%s\nwant\n%s", name, got, x.want)
		}
		if h.forgets != 2 {
			t.Errorf("%s: %d of the node's 2 traces in the CIB are deleted", name, h.forgets)
		}
	}
	c, h := onCorosync(t, true, "a b c", all)
	if err := c.RemoveNode(context.Background(), "b"); err == nil || !strings.Contains(err.Error(), "stop its daemon first") {
		t.Errorf("a member is removed: %v", err)
	}
	if err := c.RemoveNode(context.Background(), "d"); err == nil || h.forgets != 0 {
		t.Errorf("a node that never was is removed: %v", err)
	}
}

// Where Corosync reads another file than the daemon, its owner changes it; the CIB
// forgets the node when Corosync has.
func TestRemoveNodeFromForeignFile(t *testing.T) {
	c, h := onCorosync(t, false, "a b c", corosyncConf("a b c"))
	err := c.RemoveNode(context.Background(), "c")
	var p *web.Problem
	if !errors.As(err, &p) || !strings.Contains(p.Remedy, "another.conf on all nodes") || !strings.Contains(p.Remedy, "corosync-cfgtool -R") ||
		!strings.Contains(p.Remedy, "ask once more") || len(h.files) > 0 || h.forgets > 0 {
		t.Errorf("%v, files %q, %d forgotten", err, h.files, h.forgets)
	}
	if err := c.outside.ownFile(); strings.Contains(fmt.Sprint(err.(*web.Problem).Remedy), "once more") {
		t.Errorf("the remedy of others is changed: %v", err)
	}
	c, h = onCorosync(t, false, "a b", corosyncConf("a b c"))
	if err := c.RemoveNode(context.Background(), "c"); err != nil || len(h.files) > 0 || h.forgets != 2 {
		t.Errorf("%v, files %q, %d forgotten", err, h.files, h.forgets)
	}
}
