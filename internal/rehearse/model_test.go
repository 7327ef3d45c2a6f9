package rehearse

import (
	"slices"
	"strings"
	"testing"

	"mainstay/cib"
)

// A bundle with a promotable service in it, one without a service, a remote node, a
// guest node, and what refers to them.
const mixed = `<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/>
<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/><node id="far" uname="far" type="remote"/></nodes><resources>
<primitive id="power" class="stonith" type="fence_ipmilan"/>
<bundle id="dbs"><podman image="db" promoted-max="1" replicas="2"/><network ip-range-start="10.0.0.5"/>
 <primitive class="ocf" id="db" provider="heartbeat" type="pgsql"><operations><op id="m1" name="monitor" interval="10s" role="Promoted"/><op id="m2" name="monitor" interval="11s" role="Unpromoted"/></operations></primitive></bundle>
<bundle id="box"><docker image="box"/></bundle>
<primitive id="far" class="ocf" provider="pacemaker" type="remote"/>
<primitive id="vm" class="ocf" provider="heartbeat" type="VirtualDomain"><meta_attributes id="vm-m"><nvpair id="vm-m-r" name="remote-node" value="guest"/></meta_attributes><operations><op id="vm-mon" name="monitor" interval="10s"/></operations></primitive>
<primitive id="app" class="systemd" type="app"><operations><op id="app-mon" name="monitor" interval="10s"/></operations></primitive>
<primitive id="pinned" class="systemd" type="pinned"><operations><op id="pinned-mon" name="monitor" interval="10s"/></operations></primitive>
</resources><constraints>
<rsc_location id="a" rsc="app" node="far" score="100"/><rsc_location id="f" rsc="far" node="n1" score="100"/>
<rsc_location id="p1" rsc="pinned" node="n1" score="-INFINITY"/><rsc_location id="p2" rsc="pinned" node="n2" score="-INFINITY"/><rsc_location id="p3" rsc="pinned" node="n3" score="-INFINITY"/>
<rsc_colocation id="c" rsc="app" with-rsc="dbs" with-rsc-role="Promoted" score="INFINITY"/>
<rsc_order id="o"><resource_set id="o-s"><resource_ref id="far"/><resource_ref id="app"/></resource_set></rsc_order>
</constraints></configuration><status/></cib>`

func TestStandIn(t *testing.T) {
	root, err := cib.Parse([]byte(mixed))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSubject(root, Machines{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range s.Services {
		got = append(got, strings.TrimSpace(v.ID+" "+v.Clone))
	}
	if want := []string{"db dbs", "box-container box", "vm", "app", "pinned"}; !slices.Equal(got, want) {
		t.Errorf("services %q, want %q", got, want)
	}
	if db := s.service("db"); !db.Promotable || db.Max != 1 {
		t.Errorf("db is %+v", db)
	}
	if box := s.service("box-container"); box.Max != 1 || !box.Monitored {
		t.Errorf("box is %+v", box)
	}
	if s.Models["db"].Took["start"] <= habits()["pgsql"].start {
		t.Errorf("the start of db takes %v: its container takes no time", s.Models["db"].Took["start"])
	}
	constraints := s.CIB.Path("configuration", "constraints")
	for _, id := range []string{"a", "f", "o"} {
		if slices.ContainsFunc(constraints.Kids(), func(k *cib.Elem) bool { return k.ID() == id }) {
			t.Errorf("constraint %s is about a remote node and is still there", id)
		}
	}
	said := strings.Join(s.Assumed, "\n")
	for _, want := range []string{"bundle dbs is played as a clone of db with 2 replicas", "bundle box", "(far and guest)"} {
		if !strings.Contains(said, want) {
			t.Errorf("assumed lacks %q:\n%s", want, said)
		}
	}
	var cases []Case
	for _, id := range []string{"power:n1", "monitor:db", "monitor:app"} {
		c, err := s.ParseCase(id)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	rep, err := Run(t.Context(), s, Options{Seed: 1, Only: cases})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rep.Rows {
		if r.Level == Red || !r.Settled {
			t.Errorf("%s is %s: %+v\n%s", r.ID, r.Level, r.Findings, r.Timeline())
		}
	}
	if len(rep.Findings) > 0 || !strings.Contains(rep.summary(), "1 service could not be played without the remote nodes: pinned") {
		t.Errorf("findings %v\n%s", rep.Findings, rep.summary())
	}
}
