package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/internal/web"
	"mainstay/internal/web/fake"
)

const doc = `<cib admin_epoch="0" epoch="3" num_updates="1" validate-with="pacemaker-4.0">
  <configuration>
    <crm_config/>
    <nodes><node id="1" uname="node1"/><node id="2" uname="node2"/><node id="3" uname="node3"/></nodes>
    <resources>
      <primitive id="a" class="ocf" provider="heartbeat" type="Dummy"/>
      <primitive id="b" class="ocf" provider="heartbeat" type="Dummy"/>
    </resources>
    <constraints/>
  </configuration>
  <status/>
</cib>`

// start serves a fake cluster on a socket of its own.
func start(t *testing.T, text string) (*fake.Cluster, *Client, string) {
	t.Helper()
	root, err := cib.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	cluster := fake.New(root, "node1", "node2", "node3")
	socket := fake.Serve(t, cluster)
	return cluster, New(socket, "test"), socket
}

func TestQueryAndEdit(t *testing.T) {
	cluster, c, _ := start(t, doc)
	ctx := t.Context()
	root, err := c.CIB(ctx)
	if err != nil || cib.VersionOf(root).String() != "0.3.1" {
		t.Fatalf("CIB: %v, %v", root, err)
	}
	if asked := cluster.Asked(); len(asked) != 0 {
		t.Errorf("what the node has was asked of the others: %v", asked)
	}
	if e, err := c.Agreed(ctx, "", ""); err != nil || cib.VersionOf(e) != cib.VersionOf(root) || !slices.Equal(cluster.Asked(), []string{"read"}) {
		t.Errorf("agreed: %v, %v, asked %v", e, err, cluster.Asked())
	}
	res, err := c.Query(ctx, "resources", "")
	if err != nil || res.Name() != "resources" || len(res.Kids()) != 2 {
		t.Errorf("scope: %v, %v", res, err)
	}
	if e, err := c.Query(ctx, "", "//primitive[@id='b']"); err != nil || e.ID() != "b" {
		t.Errorf("xpath with one match: %v, %v", e, err)
	}
	if e, err := c.Query(ctx, "", "//primitive"); err != nil || e.Name() != "xpath-query" || len(e.Kids()) != 2 {
		t.Errorf("xpath with two matches: %v, %v", e, err)
	}
	base := cib.VersionOf(root)
	edits := []cib.Edit{{Op: cib.OpDelete, Scope: "resources", Elem: cib.New("primitive", cib.Attr{Name: "id", Value: "a"})}}
	if err := c.TryEdit(ctx, edits); err != nil {
		t.Errorf("dry run: %v", err)
	}
	v, err := c.Edit(ctx, edits, &base)
	if err != nil || v.String() != "0.4.0" {
		t.Errorf("edit: %v, %v; want 0.4.0", v, err)
	}
	if cluster.CIB().Path("configuration", "resources").ChildID("primitive", "a") != nil {
		t.Error("the edit did not arrive")
	}
	if u := cluster.CIB().Get("update-user"); u == "" {
		t.Error("the user at the other end of the socket is not known")
	}
}

func TestProblems(t *testing.T) {
	_, c, _ := start(t, doc)
	ctx := t.Context()
	old := cib.Version{Epoch: 2}
	create := []cib.Edit{{Op: cib.OpCreate, Scope: "resources", Elem: cib.New("primitive", cib.Attr{Name: "id", Value: "a"})}}
	for _, test := range []struct {
		name string
		err  func() error
		kind web.ProblemKind
		says string
	}{
		{"stale", func() error { _, err := c.Edit(ctx, nil, &old); return err }, web.Stale, "0.3.1"},
		{"exists", func() error { _, err := c.Edit(ctx, create, nil); return err }, web.Exists, `id="a"`},
		{"no section", func() error { _, err := c.Query(ctx, "attic", ""); return err }, web.NotFound, "attic"},
		{"no match", func() error { _, err := c.Query(ctx, "", "//ticket"); return err }, web.NotFound, "//ticket"},
		{"bad xpath", func() error { _, err := c.Query(ctx, "", "//["); return err }, web.Invalid, ""},
		{"no transition", func() error { _, err := c.Transition(ctx, 9); return err }, web.NotFound, "9"},
		{"fence what", func() error { _, err := c.Fence(ctx, "node2", "hug", time.Second); return err }, web.Invalid, "hug"},
		{"no name", func() error { return c.SetAttribute(ctx, web.AttributeBody{}) }, web.Invalid, "name"},
	} {
		err := test.err()
		var p *web.Problem
		if !errors.As(err, &p) || p.Kind != test.kind || !strings.Contains(p.Error(), test.says) {
			t.Errorf("%s: got %v, want %s that says %q", test.name, err, test.kind, test.says)
		}
	}
}

func TestCommands(t *testing.T) {
	cluster, c, _ := start(t, doc)
	ctx := t.Context()
	delay := 0
	for _, err := range []error{
		c.SetAttribute(ctx, web.AttributeBody{Name: "pingd", Value: "3", DelayMS: &delay}),
		c.SetAttribute(ctx, web.AttributeBody{Name: "pingd", Value: "2", Node: "node2"}),
		c.Cleanup(ctx, "a/b", web.ForgetBody{Node: "node1"}),
		c.Refresh(ctx, "", web.ForgetBody{}),
		c.ConfirmOff(ctx, "node3"),
		c.AddNode(ctx, web.Peer{ID: 4, Name: "node4", Addrs: []string{"10.0.0.4", "10.1.0.4"}}),
		c.RemoveNode(ctx, "node4"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if e, err := c.Fence(ctx, "node2", "off", time.Minute); err != nil || !e.OK || e.Client != "test" {
		t.Errorf("fence: %+v, %v", e, err)
	}
	attrs, err := c.Attributes(ctx, "node2", "")
	if err != nil || len(attrs) != 1 || attrs[0].Value != "2" {
		t.Errorf("attributes of node2: %v, %v", attrs, err)
	}
	want := []string{"attribute node1 pingd=3", "attribute node2 pingd=2", "cleanup a/b node1", "refresh", "confirm node3",
		"add 4 node4 10.0.0.4,10.1.0.4", "remove node4", "fence node2 off"}
	if got := cluster.Asked(); !slices.Equal(got, want) {
		t.Errorf("asked:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestHistory(t *testing.T) {
	cluster, c, _ := start(t, doc)
	in, g := cluster.CIB(), &graph.Graph{ID: 7, Actions: []*graph.Action{{ID: 1, Key: "a_start_0", Reason: "it is wanted"}}}
	cluster.Keep(web.Transition{Number: 7, Trigger: "CIB 0.3.1", Summary: []string{"Start a"}, Actions: 1, Input: in, Graph: g})
	list, err := c.History(t.Context())
	if err != nil || len(list) != 1 || list[0].Number != 7 || list[0].Input != nil {
		t.Fatalf("history: %+v, %v", list, err)
	}
	for _, n := range []int{0, 7} {
		one, err := c.Transition(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if !one.Input.Equal(in) || len(one.Graph.Actions) != 1 || one.Graph.Actions[0].Reason != "it is wanted" {
			t.Errorf("transition %d lost its input or its graph: %+v", n, one)
		}
	}
}

func TestWatch(t *testing.T) {
	cluster, c, _ := start(t, doc)
	var seen []web.EventKind
	err := c.Watch(t.Context(), func(e web.Event) bool {
		seen = append(seen, e.Kind)
		if e.Kind == "" {
			cluster.Emit(web.Event{Kind: web.EventView, Text: "1.8{1,2}"})
		}
		return e.Kind != web.EventView
	})
	if err != nil || len(seen) != 2 {
		t.Errorf("saw %q, %v", seen, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = c.Watch(ctx, func(web.Event) bool { cancel(); return true })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
}

func TestNobodyThere(t *testing.T) {
	c := New(filepath.Join(t.TempDir(), "none.sock"), "test")
	if _, err := c.CIB(t.Context()); !errors.Is(err, ErrNoDaemon) || !strings.Contains(err.Error(), "none.sock") {
		t.Errorf("got %v, want ErrNoDaemon that names the socket", err)
	}
}

func TestSecondDaemonIsRefused(t *testing.T) {
	_, _, socket := start(t, doc)
	if _, err := web.Listen(socket, ""); err == nil || !strings.Contains(err.Error(), "another node daemon") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestACLShutsOthersOut(t *testing.T) {
	cluster, _, _ := start(t, strings.Replace(doc, "<crm_config/>",
		`<crm_config><cluster_property_set id="o"><nvpair id="o-acl" name="enable-acl" value="true"/></cluster_property_set></crm_config>`, 1))
	h := web.New(web.Config{Cluster: cluster}).Handler()
	for method, want := range map[string]int{http.MethodGet: http.StatusForbidden, http.MethodPost: http.StatusForbidden} {
		if got := ask(t, h, method, "/v1/cib"); got != want {
			t.Errorf("%s without credentials: %d, want %d", method, got, want)
		}
	}
}

func TestMetrics(t *testing.T) {
	_, c, _ := start(t, doc)
	body, err := c.do(t.Context(), http.MethodGet, "/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"mainstay_quorate 1", "mainstay_members 3", "mainstay_cib_epoch 3", "mainstay_open_fds", `ha_cluster_corosync_quorum_votes{type="quorum"} 2`} {
		if !strings.Contains(string(text), line) {
			t.Errorf("metrics lack %q", line)
		}
	}
}
