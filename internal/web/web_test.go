package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
