package control

import (
	"strings"
	"testing"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/replica"
)

// away sends db away from nodes with the attribute "here".
const away = `<rsc_location id="away" rsc="db"><rule id="away-r" score="-50"><expression id="away-e" attribute="here" operation="defined"/></rule></rsc_location>`

// configure creates a constraint, as an operator does.
func (s *stage) configure(xml string) {
	s.t.Helper()
	e, err := cib.Parse([]byte(xml))
	if err != nil {
		s.t.Fatal(err)
	}
	s.update(replica.Update{Origin: 2, User: "operator", Edits: replica.WireEdits([]cib.Edit{{Op: cib.OpCreate, Scope: "constraints", Elem: e}})})
}

// told takes what the control said of rest since the last call.
func (s *stage) told() (plans []string, notes int) {
	for _, e := range s.out {
		switch e := e.(type) {
		case Restless:
			plans = append(plans, e.Plan)
		case Note:
			if strings.Contains(e.Text, "does not come to rest") {
				notes++
			}
		}
	}
	return plans, notes
}

// An agent sets an attribute where db runs, and a rule sends db away from where it
// is set: one plan moves it there, the next one back.
func TestPlansThatAlternateAreGivenUp(t *testing.T) {
	s := running(t, "", `<nvpair id="m-1" name="resource-stickiness" value="0"/>`)
	s.update(replica.Update{Origin: 2, Attributes: []replica.Attribute{{Node: s.owner(), Name: "here", Value: "1"}}})
	s.out = nil
	s.configure(away)
	starts := map[string]int{}
	var plans []string
	notes := 0
	for range 100 {
		p, n := s.told()
		plans, notes = append(plans, p...), notes+n
		orders := s.orders()
		if len(orders) == 0 {
			break
		}
		for _, o := range orders {
			if o.Action.Key == "db_start_0" {
				starts[o.Node]++
				other := map[string]string{"n1": "n2", "n2": "n1"}[o.Node]
				s.update(replica.Update{Origin: 2, Attributes: []replica.Attribute{{Node: o.Node, Name: "here", Value: "1"}, {Node: other, Name: "here", Delete: true}}})
			}
			s.answer(o, agent.Done, o.Key.Target)
		}
	}
	if starts["n1"] < 2 || starts["n2"] < 2 || starts["n1"] > maxRepeats+1 || starts["n2"] > maxRepeats+1 {
		t.Fatalf("db was started %v times", starts)
	}
	if s.c.State() != Idle || notes != 1 || len(plans) != 1 || !strings.Contains(plans[0], "db_stop_0 on "+s.owner()) {
		t.Fatalf("state %s, %d notes, alarms %q", s.c.State(), notes, plans)
	}
	s.update(replica.Update{Origin: 2, Attributes: []replica.Attribute{{Node: "n1", Name: "other", Value: "1"}}})
	s.wait(firstPause - time.Second)
	if plans, notes = s.told(); len(plans) != 0 || notes != 0 || len(s.orders()) != 0 {
		t.Fatalf("while it waits: %d notes, alarms %q", notes, plans)
	}
	s.wait(time.Second)
	if len(s.c.transit.InFlight()) == 0 {
		t.Fatal("after the wait it is not tried again")
	}
	s.update(replica.Update{Origin: 2, User: "operator", Edits: replica.WireEdits([]cib.Edit{{Op: cib.OpDelete, Scope: "constraints", Elem: cib.New("rsc_location", cib.Attr{Name: "id", Value: "away"})}})})
	s.obey(nil) // the last plan was cut off half way
	s.wait(calmTime)
	if plans, _ := s.told(); len(plans) != 1 || plans[0] != "" {
		t.Errorf("without the rule: alarms %q", plans)
	}
}

// A start that fails and is not fatal is tried until migration-threshold is reached,
// however often the same plan comes up for it.
func TestFailuresThatAreCountedAreNoRepetition(t *testing.T) {
	s := newStage(t, prop("start-failure-is-fatal", "false"), `<nvpair id="m-1" name="migration-threshold" value="7"/>`)
	s.sync(false, 1, 2)
	fails := map[string]int{}
	first := ""
	s.obey(func(o Order) bool {
		if o.Action.Key != "db_start_0" || first != "" && o.Node != first {
			return false
		}
		first = o.Node
		fails[first]++
		s.answer(o, agent.Done, agent.GenericError)
		return true
	})
	if fails[first] != 7 || s.owner() == first || s.owner() == "" {
		t.Errorf("it failed %v times on %s and is on %q", fails, first, s.owner())
	}
}

// An operator who puts a node in standby and takes it out, again and again, is obeyed.
func TestAnOperatorMayRepeatHimself(t *testing.T) {
	s := running(t, "", `<nvpair id="m-1" name="resource-stickiness" value="0"/>`)
	home := s.owner()
	other := map[string]string{"n1": "n2", "n2": "n1"}[home]
	for i := range 20 {
		s.update(replica.Update{Origin: 2, Attributes: []replica.Attribute{{Node: home, Name: "standby", Value: map[bool]string{true: "on", false: "off"}[i%2 == 0]}}})
		s.obey(nil)
		if want := map[bool]string{true: other, false: home}[i%2 == 0]; s.owner() != want {
			t.Fatalf("wish %d: db is on %q, want %s", i+1, s.owner(), want)
		}
	}
}

// Somebody who sets an attribute of his own is obeyed for a while, and after a pause.
func TestReturnsAreSlowedDown(t *testing.T) {
	s := running(t, "", `<nvpair id="m-1" name="resource-stickiness" value="0"/>`)
	s.configure(away)
	s.obey(nil)
	home := s.owner()
	for i := range 2*maxReturns + 1 {
		s.update(replica.Update{Origin: 2, Attributes: []replica.Attribute{{Node: home, Name: "here", Value: "1", Delete: i%2 == 1}}})
		s.obey(nil)
		if moved := s.owner() != home; moved != (i%2 == 0 && i < 2*maxReturns) {
			t.Fatalf("after %d changes db is on %q", i+1, s.owner())
		}
	}
	s.wait(firstPause)
	s.obey(nil)
	if s.owner() == home {
		t.Error("after the pause db is still where it should not be")
	}
}
