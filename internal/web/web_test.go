package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/member"
	"mainstay/status"
)

const doc = `<cib epoch="2" num_updates="0" admin_epoch="0" validate-with="pacemaker-4.0">
  <configuration>
    <crm_config/>
    <nodes/>
    <resources><primitive id="a" class="ocf" provider="heartbeat" type="Dummy"/></resources>
    <constraints/>
  </configuration>
  <status/>
</cib>`

func parse(t *testing.T, text string) *cib.Elem {
	t.Helper()
	e, err := cib.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSelect(t *testing.T) {
	root := parse(t, doc)
	for _, c := range []struct{ scope, xpath, want string }{
		{"", "", "cib"}, {"all", "", "cib"}, {"configuration", "", "configuration"}, {"status", "", "status"},
		{"resources", "", "resources"}, {"", "//primitive", "primitive"}, {"", "//*[@id] | //nodes", ""},
		{"tickets", "", ""}, {"", "//nvpair", ""}, {"nonsense", "", ""},
	} {
		e, err := Select(root, c.scope, c.xpath)
		if c.want == "" {
			if err == nil && e.Name() != "xpath-query" {
				t.Errorf("%q %q: %v, want a refusal", c.scope, c.xpath, e)
			}
			continue
		}
		if err != nil || e.Name() != c.want {
			t.Errorf("%q %q: %v, %v; want <%s>", c.scope, c.xpath, e, err, c.want)
		}
	}
}

func TestRefuse(t *testing.T) {
	before := parse(t, doc)
	if err := Refuse(before, before.With("num_updates", "5")); err != nil {
		t.Errorf("a change of the version only: %v", err)
	}
	bad := parse(t, strings.Replace(doc, "<constraints/>", `<constraints><rsc_location id="l" rsc="b" node="n" score="1"/></constraints>`, 1))
	var p *Problem
	if err := Refuse(before, bad); !errors.As(err, &p) || p.Kind != Invalid || len(p.Details) == 0 {
		t.Errorf("a dangling reference: %v", err)
	}
	worse := bad.With("epoch", "3").Put(bad.Child("configuration").Put(cib.New("tags")))
	if err := Refuse(bad, worse); err != nil {
		t.Errorf("what was broken before must not stand in the way: %v", err)
	}
}

func TestAsProblem(t *testing.T) {
	for _, c := range []struct {
		err    error
		kind   ProblemKind
		status int
	}{
		{Problemf(NoQuorum, "x"), NoQuorum, http.StatusServiceUnavailable},
		{fmt.Errorf("edit 1: %w", &cib.EditError{Kind: cib.ErrNotFound}), NotFound, http.StatusNotFound},
		{&cib.EditError{Kind: cib.ErrOld}, Stale, http.StatusConflict},
		{&cib.EditError{Kind: cib.ErrInvalid}, Invalid, http.StatusBadRequest},
		{&cib.SyntaxError{Line: 7, Msg: "x"}, Invalid, http.StatusBadRequest},
		{context.DeadlineExceeded, TimedOut, http.StatusGatewayTimeout},
		{context.Canceled, Unavailable, http.StatusServiceUnavailable},
		{errors.New("oops"), Internal, http.StatusInternalServerError},
	} {
		p := AsProblem(c.err)
		if p.Kind != c.kind || p.Kind.status() != c.status {
			t.Errorf("%v: %s, %d; want %s, %d", c.err, p.Kind, p.Kind.status(), c.kind, c.status)
		}
	}
}

func TestACL(t *testing.T) {
	with := func(v string) *cib.Elem {
		return parse(t, strings.Replace(doc, "<crm_config/>",
			`<crm_config><cluster_property_set id="o"><nvpair id="x" name="enable-acl" value="`+v+`"/></cluster_property_set></crm_config>`, 1))
	}
	for v, want := range map[string]bool{"true": true, "1": true, "false": false, "no": false, "perhaps": true} {
		if got := aclEnabled(with(v)); got != want {
			t.Errorf("enable-acl=%s: %v", v, got)
		}
	}
	if aclEnabled(parse(t, doc)) {
		t.Error("ACLs are on although nothing says so")
	}
}

func TestFrame(t *testing.T) {
	at := time.Unix(1000, 0)
	s := &Snapshot{View: member.View{Ring: member.RingID{Rep: 1, Seq: 4}}, Quorum: Quorum{Votes: 1, Expected: 3, Needed: 2, WhyNot: "alone"},
		Links:  []Link{{Node: "b", Link: 1, Up: true, RTT: time.Millisecond}},
		Alarms: []Alarm{{Source: "10.0.0.9", Text: "foreign key", Count: 3, Since: at}, {Text: "disk full"}},
		Fencing: []FenceEvent{{Node: "b", Action: "off", Done: true, OK: true, Ended: at}, {Node: "c", Done: true, Output: "no answer"},
			{Node: "d", Action: "reboot"}}}
	f := Frame(s, &status.Cluster{}, at)
	if f.Quorum.Why != "alone" || f.Quorum.Ring != "1.4" || len(f.Links) != 1 || !strings.HasPrefix(f.Alarms[0], "10.0.0.9: foreign key (3 times since ") || f.Alarms[1] != "disk full" {
		t.Errorf("%+v", f)
	}
	if f.Fencing[0].State != "success" || f.Fencing[1].State != "failed" || f.Fencing[1].ExitReason != "no answer" || f.Fencing[2].State != "pending" {
		t.Errorf("fencing: %+v", f.Fencing)
	}
}

// aclDoc lets joe see and change resource a, and nothing of b.
const aclDoc = `<cib epoch="2" num_updates="0" admin_epoch="0" validate-with="pacemaker-3.9">
  <configuration>
    <crm_config><cluster_property_set id="o"><nvpair id="x" name="enable-acl" value="true"/></cluster_property_set></crm_config>
    <nodes/>
    <resources><primitive id="a" class="ocf" provider="heartbeat" type="Dummy"/><primitive id="b" class="ocf" provider="heartbeat" type="Dummy"/></resources>
    <constraints/>
    <acls>
      <acl_target id="joe"><role id="r"/></acl_target>
      <acl_role id="r"><acl_permission id="p1" kind="write" reference="a"/></acl_role>
    </acls>
  </configuration>
  <status/>
</cib>`

// asUser is a request of a user who was told from the socket.
func asUser(name, method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	return r.WithContext(context.WithValue(r.Context(), peerKey{}, name))
}

func TestAccessLists(t *testing.T) {
	edited := 0
	c := &stub{snap: &Snapshot{CIB: parse(t, aclDoc), Attributes: []Attribute{{"n1", "secret", "1"}}}, edit: func(r Request) {
		edited++
		if r.User == "joe" && r.Base == nil {
			t.Error("a restricted change is not bound to the version that was judged")
		}
	}}
	s := New(Config{Cluster: c})
	change := func(id string) string {
		return `{"edits":[{"op":"modify","scope":"resources","xml":"<primitive id=\"` + id + `\" description=\"x\"/>"}]}`
	}
	for _, q := range []struct {
		user, method, path, body string
		code                     int
		has, hasNot              string
	}{
		{"root", "GET", "/v1/cib", "", 200, `id="b"`, "nothing"},
		{"joe", "GET", "/v1/cib", "", 200, `id="a"`, `id="b"`},
		{"eve", "GET", "/v1/cib", "", 403, "", `id="a"`},
		{"joe", "GET", "/v1/node", "", 200, "", "secret"},
		{"joe", "GET", "/v1/status", "", 403, "", "nothing"},
		{"joe", "POST", "/v1/cleanup", "", 403, "", "nothing"},
		{"joe", "POST", "/v1/cib", change("a"), 200, "", "nothing"},
		{"joe", "POST", "/v1/cib", change("b"), 403, "", "nothing"},
		{"eve", "POST", "/v1/cib", change("a"), 403, "", "nothing"},
		{"root", "POST", "/v1/cib", change("b"), 200, "", "nothing"},
	} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, asUser(q.user, q.method, q.path, q.body))
		if w.Code != q.code || !strings.Contains(w.Body.String(), q.has) || strings.Contains(w.Body.String(), q.hasNot) {
			t.Errorf("%s %s %s: %d %s", q.user, q.method, q.path, w.Code, w.Body)
		}
	}
	if edited != 2 {
		t.Errorf("%d changes were made, not 2", edited)
	}
}

// stub is a cluster that only has a state.
type stub struct {
	Cluster
	snap *Snapshot
	edit func(Request)
}

func (c *stub) Snapshot() *Snapshot { return c.snap }
func (c *stub) CIB() *cib.Elem      { return c.snap.CIB }

func (c *stub) Edit(_ context.Context, r Request) (cib.Version, error) {
	c.edit(r)
	return cib.VersionOf(c.snap.CIB), nil
}
