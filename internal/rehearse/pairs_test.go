package rehearse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// plainPair is two nodes with one service.
const plainPair = `node n1
node n2
primitive db ocf:heartbeat:pgsql op monitor interval=10s timeout=20s
primitive power stonith:fence_ipmilan params pcmk_host_list="n1 n2" op monitor interval=60s
`

// playPairs plays pairs of faults, budget of them at most, and hands each row over
// with the laws that were broken meanwhile.
func playPairs(t *testing.T, s *Subject, budget int, look func(c Case, r *Row, broken []string)) {
	t.Helper()
	cases := (&Report{}).sample(Pairs(s.Faults()), Options{Seed: 1, Budget: budget})
	played := 0
	idle, err := chain(t.Context(), s, 1, 0, len(cases), func(st *stage, i int) {
		played++
		r := st.play(cases[i])
		var broken []string
		for _, b := range st.Broken() {
			broken = append(broken, b.String())
		}
		look(cases[i], r, broken)
	})
	if err != nil || len(idle) > 0 || played != len(cases) {
		t.Fatalf("%d of %d rows, at rest %v, %v", played, len(cases), idle, err)
	}
}

// sound is what is true of every row.
func sound(r *Row) error {
	for _, f := range r.Findings {
		if f.Why == "" || f.Do == "" || f.Subject() == "" && f.Kind != Restless {
			return fmt.Errorf("a finding without reason, remedy or subject: %+v", f)
		}
	}
	for _, o := range r.Outages {
		if o.Lasts && !slices.ContainsFunc(r.Down, func(d Down) bool { return base(d.Service) == base(o.Service) && d.Why != "" }) {
			return fmt.Errorf("%s is away for good, and nobody says why", o.Service)
		}
	}
	if !r.Settled && r.Level != Red {
		return fmt.Errorf("the cluster never came to rest, and the level is %s", r.Level)
	}
	if (r.Level == Red) != (len(r.Findings) > 0) && r.Level != Void {
		return fmt.Errorf("level %s with findings %v", r.Level, r.Findings)
	}
	return nil
}

// Where nodes can be cut off, no two faults bring a service to run twice, whatever
// else they bring, and no law is broken. The device alone cannot be trusted to work.
func TestPairsWithFencing(t *testing.T) {
	seen := map[string]int{}
	for name, text := range map[string]string{"two nodes": plainPair, "three nodes": "node n3\n" + strings.Replace(plainPair, "n1 n2", "n1 n2 n3", 1)} { //order: each by itself
		s := subject(t, text, Machines{})
		playPairs(t, s, 60, func(c Case, r *Row, broken []string) {
			if len(broken) > 0 || slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Kind == DoubleOwner }) {
				t.Errorf("%s: %s: broken %v, findings %v\n%s", name, r.ID, broken, r.Findings, r.Timeline())
			}
			if err := sound(r); err != nil {
				t.Errorf("%s: %s: %v", name, r.ID, err)
			}
			lost := slices.ContainsFunc(c.Faults, func(f Fault) bool { return f.Kind == Power || f.Kind == Fence || f.Kind == Isolate || f.Kind == Stop })
			if !lost && r.Level == Red && c.Faults[0].Kind != Link && c.Faults[0].Kind != Start {
				t.Errorf("%s: %s is red, and no node was lost: %v", name, r.ID, r.Findings)
			}
			seen[string(r.Level)]++
		})
	}
	if seen["green"] == 0 || seen["yellow"] == 0 || seen["red"] == 0 {
		t.Errorf("the rows are %v: not everything was seen", seen)
	}
}

// A side of a split that has not noticed yet that its instance died starts it again:
// the play waits for that.
func TestPairWaitsForBothSides(t *testing.T) {
	text, _, _ := strings.Cut(plainPair, "primitive power")
	s := subject(t, text+"property stonith-enabled=false no-quorum-policy=ignore\n", Machines{})
	c, err := s.ParseCase("isolate:n1+monitor:db@recovery")
	if err != nil {
		t.Fatal(err)
	}
	rep, err := Run(t.Context(), s, Options{Seed: 1, Only: []Case{c}})
	if err != nil {
		t.Fatal(err)
	}
	if r := rep.Rows[0]; len(r.Findings) != 1 || r.Findings[0].Kind != DoubleOwner {
		t.Errorf("findings %v\n%s", r.Findings, r.Timeline())
	}
}

// Two nodes that cannot be cut off and ignore quorum have a service twice whenever they
// lose touch and both live, be it by one fault or by two.
func TestPairsWithoutFencing(t *testing.T) {
	text, _, _ := strings.Cut(plainPair, "primitive power")
	s := subject(t, text+"property stonith-enabled=false no-quorum-policy=ignore\n", Machines{})
	twice := 0
	playPairs(t, s, 150, func(c Case, r *Row, _ []string) {
		if err := sound(r); err != nil {
			t.Errorf("%s: %v", r.ID, err)
		}
		double := slices.ContainsFunc(r.Findings, func(f Finding) bool {
			return f.Kind == DoubleOwner && strings.Contains(f.Why, "stonith-enabled=false") && strings.Contains(f.Do, "configure a fence device")
		})
		split, whole := parted(c)
		switch {
		case split && !double:
			t.Errorf("%s: the nodes lost touch, and the report says %v\n%s", r.ID, r.Findings, r.Timeline())
		case whole && double:
			t.Errorf("%s: the nodes never lost touch, and the report says %v\n%s", r.ID, r.Findings, r.Timeline())
		}
		if double {
			twice++
		}
	})
	if twice < 15 {
		t.Errorf("only %d rows have a double owner", twice)
	}
}

// parted tells whether a pair surely leaves two nodes that live without a link between
// them for long, or surely does not.
func parted(c Case) (split, whole bool) {
	links := map[int]bool{}
	isolated, harmless := false, true
	for _, f := range c.Faults {
		switch f.Kind {
		case Isolate:
			isolated = true
		case Link:
			links[f.Link] = true
		case Disk, Monitor, Daemon:
		default: // it takes a node, or the service from one
			harmless = false
		}
	}
	cut := isolated || len(links) == 2
	return cut && harmless, !cut
}

// A node that was cut off once, came back, and can then not be cut off when it is lost
// again is a finding, also if nothing but an instance of a clone is missing.
func TestPairsFencedOnce(t *testing.T) {
	s := subject(t, "node n1\nnode n2\nnode n3\nprimitive web ocf:heartbeat:nginx op monitor interval=10s timeout=20s\nclone webs web\n"+
		"primitive power stonith:fence_ipmilan params pcmk_host_list=\"n1 n2 n3\" op monitor interval=60s\n", Machines{})
	c, err := s.ParseCase("stop:web+fence:power@degraded")
	if err != nil {
		t.Fatal(err)
	}
	rep, err := Run(t.Context(), s, Options{Seed: 1, Only: []Case{c}})
	if err != nil {
		t.Fatal(err)
	}
	r := rep.Rows[0]
	if err := sound(r); err != nil || len(r.Findings) != 1 || r.Findings[0].Kind != NotFenced || len(r.Fenced) != 1 || r.Fenced[0].Times == 0 {
		t.Errorf("%v: fenced %v, findings %v\n%s", err, r.Fenced, r.Findings, r.Timeline())
	}
}
