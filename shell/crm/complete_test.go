package crm

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/agent"
	"mainstay/cib"
)

// shelf is a catalog of one agent.
type shelf struct{}

func (shelf) Agents() []agent.Name {
	return []agent.Name{{Class: "ocf", Provider: "heartbeat", Type: "IPaddr2"}, {Class: "stonith", Type: "fence_dummy"}}
}

func (shelf) Metadata(n agent.Name) (*agent.Metadata, error) {
	if n.String() != "ocf:heartbeat:IPaddr2" {
		return nil, errors.New("no such agent")
	}
	return &agent.Metadata{
		Parameters: []agent.Parameter{{Name: "ip"}, {Name: "nic"}, {Name: "lvs", Type: "boolean"}, {Name: "old", Deprecated: true},
			{Name: "hash", Options: []string{"src", "dst"}}, {Name: "mask", HasDefault: true, Default: "24"}},
		Actions: []agent.Action{{Name: "monitor", Interval: 10 * time.Second, Timeout: 1500 * time.Millisecond}, {Name: "reload"}, {Name: "meta-data"}},
	}, nil
}

// Completion knows what agents say about themselves, and leaves out what is there.
func TestCompleteAgents(t *testing.T) {
	s := NewSession(cib.Empty())
	s.Catalog = shelf{}
	if r := s.Loaded("property stonith-enabled=false\nrsc_template tmpl IPaddr2", Update); cib.HasErrors(r.Problems) {
		t.Fatal(r.Problems)
	}
	for line, want := range map[string]string{
		"primitive x ocf:heartbeat:I": "ocf:heartbeat:IPaddr2", "primitive x stonith:f": "stonith:fence_dummy",
		"primitive x IPaddr2 params ":                      "hash= ip= lvs= mask= meta nic= op operations params utilization",
		"primitive x ocf:heartbeat:IPaddr2 params ip=1 n":  "nic=",
		"primitive x ocf:heartbeat:IPaddr2 params ip=1 ip": "",
		"primitive x @tmpl params i":                       "ip=", "primitive x @none params i": "", "primitive x Dummy params i": "",
		"primitive x IPaddr2 params lvs=": "lvs=false lvs=true", "primitive x IPaddr2 params hash=d": "hash=dst", "primitive x IPaddr2 params mask=": "mask=24",
		"primitive x IPaddr2 params none=": "", "primitive x IPaddr2 op ": "monitor reload",
		"primitive x IPaddr2 op monitor interval=": "interval=10s", "primitive x IPaddr2 op monitor timeout=": "timeout=1.5s",
		"primitive x IPaddr2 op monitor interval=10s i": "interval-origin= id=", "primitive x IPaddr2 op monitor on-fail=f": "on-fail=fence",
		"primitive x IPaddr2 op monitor start-delay=": "", "primitive x IPaddr2 meta target-role=St": "target-role=Started target-role=Stopped",
		"primitive x IPaddr2 meta is-managed=": "is-managed=false is-managed=true", "property stonith-enabled=t": "stonith-enabled=true",
		"property no-quorum-policy=f": "no-quorum-policy=freeze no-quorum-policy=fence", "rsc_defaults is-managed=f": "is-managed=false",
		"property batch-limit=": "", "x=": "", "order o tmpl symmetrical=": "symmetrical=false",
	} {
		got := strings.Join(s.Complete(line), " ")
		if want = strings.Join(sorted(strings.Fields(want)), " "); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// Every statement has a form, and every form is a statement's.
func TestForms(t *testing.T) {
	s := NewSession(cib.Empty())
	for _, k := range keywords() {
		if kinds[k] != k || k == "delete" {
			continue // another spelling, or a command
		}
		r := s.Run("help " + k)
		if len(r.Problems) > 0 || !strings.HasPrefix(r.Text, k+" ") {
			t.Errorf("help %s: %q %v", k, r.Text, r.Problems)
		}
	}
	for k := range forms() {
		if kinds[k] == "" {
			t.Errorf("%s is no statement", k)
		}
	}
	if r := s.Run("help nonsense"); len(r.Problems) != 1 {
		t.Errorf("help nonsense: %q", r.Text)
	}
}

// A topology without levels is what crmsh writes of an empty one.
func TestEmptyTopology(t *testing.T) {
	root, _, problems := Load("property stonith-enabled=false\nprimitive f stonith:null\nfencing_topology n1: f", cib.Empty(), Update)
	if cib.HasErrors(problems) {
		t.Fatal(problems)
	}
	root, _, problems = Load("fencing_topology", root, Update)
	if cib.HasErrors(problems) {
		t.Fatal(problems)
	}
	if text := Format(root); strings.Contains(text, "n1") {
		t.Errorf("levels are left:\n%s", text)
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
