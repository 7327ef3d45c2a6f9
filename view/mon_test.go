package view

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mainstay/cib"
	"mainstay/status"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files that are our own")

// lab is the state of testdata/mon/cib.xml: one node lost, a failed monitor, a
// start that timed out, a ban, a ticket.
func lab(t *testing.T) *Frame {
	t.Helper()
	text, err := os.ReadFile("testdata/mon/cib.xml")
	if err != nil {
		t.Fatal(err)
	}
	root, err := cib.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	at := func(nodes ...string) []status.Place {
		var out []status.Place
		for _, n := range nodes {
			out = append(out, status.Place{Node: n, NodeID: n[1:], Role: status.Started})
		}
		return out
	}
	prim := func(id, agent string, role status.Role, nodes ...string) *status.Resource {
		return &status.Resource{ID: id, BaseID: id, Kind: status.Primitive, Agent: agent, Role: role, Managed: true, Places: at(nodes...)}
	}
	failed := prim("ha", "systemd:haproxy", status.Started, "n2")
	failed.Failed = true
	disabled := prim("g2", "ocf:pacemaker:Dummy", status.Stopped)
	disabled.TargetRole, disabled.Disabled = status.Stopped, true
	all := []string{"n1", "n2", "n3"}
	c := &status.Cluster{
		Name: "fuel", Stack: "corosync", DC: "n1", DCID: "1", DCVersion: "2.1.5-a3f44794f94", Quorate: true,
		LastChange: "Fri Nov 20 13:51:19 2026", LastChangeUser: "hacluster", LastChangeTool: "crm_attribute", LastChangeNode: "n1",
		FencingEnabled: true, Symmetric: true, NoQuorumPolicy: "stop", NodesConfigured: 3, Instances: 10, Disabled: 1,
		Nodes: []status.Node{
			{Name: "n1", ID: "1", Kind: status.Member, Online: true, ExpectedUp: true, IsDC: true, Running: 3, FeatureSet: "3.16.2", Attributes: []status.Attribute{
				{Name: "pingd", Value: "100"}, {Name: "master-db", Value: "10"}, {Name: "fail-count-vip#monitor_10000", Value: "2"}}},
			{Name: "n2", ID: "2", Kind: status.Member, Online: true, ExpectedUp: true, Running: 2, FeatureSet: "3.16.2",
				Attributes: []status.Attribute{{Name: "rack", Value: "r2"}}},
			{Name: "n3", ID: "3", Kind: status.Member, Unclean: true, ExpectedUp: true},
		},
		Resources: []*status.Resource{
			prim("st", "stonith:fence_dummy", status.Stopped),
			prim("vip", "ocf:heartbeat:IPaddr2", status.Started, "n1"),
			{ID: "c", BaseID: "c", Kind: status.Clone, Managed: true, Max: 3, Allowed: all, Children: []*status.Resource{
				prim("ha", "systemd:haproxy", status.Started, "n1"), failed, prim("ha", "systemd:haproxy", status.Stopped)}},
			{ID: "ms", BaseID: "ms", Kind: status.Clone, Promotable: true, Managed: true, Max: 3, Allowed: all, Children: []*status.Resource{
				prim("db", "ocf:pacemaker:Stateful", status.Promoted, "n1"), prim("db", "ocf:pacemaker:Stateful", status.Unpromoted, "n2"),
				prim("db", "ocf:pacemaker:Stateful", status.Stopped)}},
			{ID: "g", BaseID: "g", Kind: status.Group, Managed: true, Children: []*status.Resource{
				prim("g1", "ocf:pacemaker:Dummy", status.Stopped), disabled}},
		},
		Failures: []status.Failure{
			{Resource: "vip", Node: "n1", Key: "vip_monitor_10000", Task: "monitor", IntervalMS: 10000, RC: 7, RCText: "not running",
				StatusText: "complete", ExitReason: "no address", CallID: 4, LastChange: 1700000000, ExecMS: 20, QueueMS: 1},
			{Resource: "ha", Node: "n2", Key: "ha_start_0", Task: "start", RC: 198, RCText: "unknown", Status: 2, StatusText: "Timed Out",
				CallID: 7, LastChange: 1700000000, ExecMS: 2000, QueueMS: 1},
		},
		FailCounts: []status.FailCount{{Resource: "vip", Node: "n1", Count: 2, Threshold: 3, LastFailure: 1700000000}},
		Bans:       []status.Ban{{ID: "ban1", Resource: "vip", Node: "n3", Score: -cib.Infinity}},
		Tickets:    []status.Ticket{{ID: "tA", Standby: true, LastGranted: "1700000000"}},
	}
	return &Frame{Cluster: c, CIB: root, Now: time.Date(2026, 11, 21, 8, 31, 43, 0, time.UTC)}
}

// with are the default sections and some more.
func with(more ...Section) map[Section]bool {
	s := DefaultSections()
	for _, m := range more {
		s[m] = true
	}
	return s
}

// TestAsCrmMon compares with what crm_mon itself prints for the same state
// with the options named.
func TestAsCrmMon(t *testing.T) {
	for name, opt := range map[string]Options{
		"plain.txt":           {},                                                                                                // -1
		"inactive.txt":        {Inactive: true},                                                                                  // -r
		"bynode.txt":          {GroupByNode: true},                                                                               // -n
		"bynode-inactive.txt": {GroupByNode: true, Inactive: true},                                                               // -rn
		"everything.txt":      {Inactive: true, Timing: true, Sections: with(Failcounts, Attributes, Tickets, Bans, Operations)}, // -rfAtcL
		"operations.txt":      {Sections: with(Operations)},                                                                      // -o
		"failcounts.txt":      {GroupByNode: true, Sections: with(Failcounts)},                                                   // -nf
		"brief.txt":           {Inactive: true, Brief: true},                                                                     // -rb
		"detail.txt":          {Inactive: true, Detail: true},                                                                    // -rR
		"detail-timing.txt":   {Detail: true, Timing: true, Sections: with(Operations)},                                          // -otR
		"bynode-brief.txt":    {GroupByNode: true, Brief: true},                                                                  // -nb
		"bynode-detail.txt":   {GroupByNode: true, Detail: true},                                                                 // -nR
		"options.txt":         {Sections: with(ClusterOptions)},                                                                  // --include=options
		"resource.txt":        {Inactive: true, Resource: "vip"},                                                                 // -r --resource=vip
		"node.txt":            {Inactive: true, Node: "n1"},                                                                      // -r --node=n1
		"headers.txt":         {Sections: map[Section]bool{Nodes: true, Resources: true, Failures: true}},                        // -D
	} {
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join("testdata/mon", name))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), Text(lab(t), opt)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestXMLAsCrmMon(t *testing.T) {
	want, err := os.ReadFile("testdata/mon/all.xml")
	if err != nil {
		t.Fatal(err)
	}
	got := XML(lab(t), Options{}, Reply{Request: "crm_mon --output-as=xml"})
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

// golden compares with a file of our own.
func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

// rich is the lab with everything that Pacemaker does not know.
func rich(t *testing.T) *Frame {
	f := lab(t)
	f.Daemon = "running"
	f.Quorum = &Quorum{Quorate: true, Votes: 2, Expected: 3, Needed: 2, Why: "n3 is missing", Ring: "1.4"}
	f.Links = []Link{{Node: "n2", Link: 0, Up: true, RTT: 312 * time.Microsecond}, {Node: "n2", Link: 1, Up: true, RTT: 2 * time.Millisecond, Loss: .015}, {Node: "n3", Link: 0}}
	f.Alarms = []string{"10.0.0.9: packets with a wrong key (17 times)"}
	f.Cluster.Notes = []status.Note{{About: "st", Text: "not running: no node may run it"}, {Text: "maintenance of n3 is due"}}
	f.Fencing = []Fencing{
		{Action: "reboot", Target: "n3", Client: "coordinator", Origin: "n1", State: FencingPending},
		{Action: "off", Target: "n2", Delegate: "n1", Client: "admin", Origin: "n1", State: FencingFailed, ExitReason: "timed out", Completed: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)},
		{Action: "off", Target: "n2", Delegate: "n1", Client: "admin", Origin: "n1", State: FencingFailed, Completed: time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)},
		{Action: "reboot", Target: "n2", Delegate: "n1", Client: "admin", Origin: "n3", State: FencingSuccess, Completed: time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)},
	}
	return f
}

func TestOwnFormats(t *testing.T) {
	sections := with(FencingSuccesses, Notes, Connections)
	golden(t, "rich.txt", Text(rich(t), Options{Inactive: true, Sections: sections}))
	golden(t, "rich-full-fencing.txt", Text(rich(t), Options{FullFencing: true, Sections: map[Section]bool{FencingFailures: true, FencingSuccesses: true}}))
	golden(t, "rich.json", JSON(rich(t)))
	golden(t, "rich.xml", XML(rich(t), Options{}, Reply{Request: "crm_mon --output-as=xml"}))
	golden(t, "rich.html", HTML(rich(t), Options{Inactive: true, Sections: sections}, Page{}))
	golden(t, "rich.prom", Metrics(rich(t)))
}
