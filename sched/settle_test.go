package sched_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/internal/simulate"
	"mainstay/sched"
	"mainstay/status"
)

// world is a small random cluster in the words of the stories.
func world(t *rapid.T) string {
	var b strings.Builder
	say := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	nodes := []string{"a", "b", "c", "d"}[:rapid.IntRange(1, 4).Draw(t, "nodes")]
	say("option stonith-enabled false")
	if rapid.Bool().Draw(t, "sticky") {
		say("option no-quorum-policy %s", pick("policy", "stop", "ignore", "freeze", "demote"))
	}
	say("nodes %s", strings.Join(nodes, " "))
	var top []string
	many := map[string]bool{} // has instances
	for i := range rapid.IntRange(1, 5).Draw(t, "resources") {
		id := fmt.Sprint("r", i)
		prim := func(id string) {
			say("rsc %s %s", id, pick("settings", "", "mon=10s", "mon=10s resource-stickiness=100", "priority=5", "allow-migrate=true", "resource-stickiness=INFINITY"))
		}
		kind := pick("kind", "primitive", "primitive", "group", "clone", "promotable", "cloned group")
		many[id] = kind != "primitive" && kind != "group"
		switch kind {
		case "primitive":
			prim(id)
		case "group":
			prim(id + "x")
			prim(id + "y")
			say("group %s %sx %sy", id, id, id)
		case "clone":
			prim(id + "x")
			say("clone %s %sx %s", id, id, pick("clone", "interleave=true", "clone-max=2", "notify=true", "ordered=true"))
		case "promotable":
			prim(id + "x")
			say("clone %s %sx promotable=true %s", id, id, pick("clone", "interleave=true", "notify=true", "promoted-max=2"))
			for _, n := range nodes {
				say("attr %s master-%sx %d", n, id, rapid.IntRange(0, 3).Draw(t, "wish")*5)
			}
		case "cloned group":
			prim(id + "x")
			prim(id + "y")
			say("group %sg %sx %sy", id, id, id)
			say("clone %s %sg %s", id, id, pick("clone", "interleave=true", "clone-max=1"))
		}
		top = append(top, id)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "constraints") {
		x, y := rapid.IntRange(0, len(top)-1).Draw(t, "one"), rapid.IntRange(0, len(top)-1).Draw(t, "other")
		score := pick("score", "INFINITY", "-INFINITY", "50", "-50", "200")
		switch kind := pick("constraint", "location", "colocation", "order"); {
		case kind == "location":
			say("location c%d %s %s %s", i, top[x], pick("node", nodes...), score)
		case x <= y: // no loops
		case kind == "colocation" && many[top[x]] && many[top[y]] && score[0] == '-':
			// The instances of two clones that shun each other have nowhere to go where
			// both have one for each node, and move to and fro for ever, in Pacemaker too.
		case kind == "colocation":
			say("colocation c%d %s %s %s", i, top[x], top[y], score)
		default:
			say("order c%d %s %s %s", i, top[y], top[x], pick("order", "", "kind=Optional", "symmetrical=false", "kind=Serialize"))
		}
	}
	return b.String()
}

// due lists what a plan does to resources: milestones aside, and what the simulated
// execution leaves no trace of (records deleted, digests of recurring monitors).
func due(res *sched.Result) []string {
	var out []string
	for _, a := range res.Graph.Actions {
		if a.Kind != graph.Pseudo && a.Task != "delete" && a.Task != "cancel" && !(a.Task == "monitor" && !strings.HasSuffix(a.Key, "_0")) {
			out = append(out, a.Key+" "+a.Node)
		}
	}
	return out
}

// settle carries plans out until nothing is due, at most so many; the last plan
// is returned with the CIB that it is of.
func settle(in sched.Input, most int) (sched.Input, *sched.Result) {
	res := sched.Schedule(in)
	for range most {
		if len(due(res)) == 0 {
			break
		}
		in.CIB = simulate.Outcome(in, res.Graph)
		res = sched.Schedule(in)
	}
	return in, res
}

// oneOwner checks that no plan starts something on two nodes that is to run once.
func oneOwner(t rapid.TB, root *cib.Elem, res *sched.Result) {
	cloned := map[string]bool{}
	for _, top := range root.Path("configuration", "resources").Kids() {
		if top.Name() == "clone" || top.Name() == "bundle" || top.Name() == "master" {
			top.Walk(func(e *cib.Elem) bool { cloned[e.ID()] = true; return true })
		}
	}
	at := map[string]string{}
	for _, a := range res.Graph.Actions {
		if a.Kind == graph.Pseudo || a.Rsc == nil || a.Task != "start" && a.Task != "migrate_from" || cloned[a.Rsc.ID] {
			continue
		}
		if n, twice := at[a.Rsc.ID]; twice && n != a.Node {
			t.Fatalf("%s starts on %s and on %s\n%s", a.Rsc.ID, n, a.Node, sched.PlanText(res))
		}
		at[a.Rsc.ID] = a.Node
	}
}

// rounds is how many transitions a cluster may need to come to rest. As with the
// peer, what restarts only because of what it waits for is promoted by the one
// after; what that moves, by a third.
const rounds = 3

// TestSettles: when plans have been carried out, soon nothing is due; and so again
// when something changed.
func TestSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := world(t)
		in := sched.LawInput(sched.Tell(text))
		for i, change := range []string{"", "standby a", "option maintenance-mode true", "location late r0 a -INFINITY"} {
			if i > 0 { // the same world with one thing said besides, and what runs
				status := in.CIB.Child("status")
				conf := sched.Tell(text + change + "\n").Child("configuration")
				in.CIB = in.CIB.Put(conf)
				if strings.HasPrefix(change, "standby") {
					status = status.WithKids(append([]*cib.Elem{onStandby(status.Kids()[0])}, status.Kids()[1:]...))
				}
				in.CIB = in.CIB.Put(status)
			}
			first := sched.Schedule(in)
			oneOwner(t, in.CIB, first)
			if i == 0 && len(due(first)) == 0 {
				t.Fatalf("nothing is started in\n%s", text)
			}
			after, last := settle(in, rounds)
			if left := due(last); len(left) > 0 && !blocked(first) {
				t.Fatalf("after %q, %d left to do:\n%s\nthe plan before:\n%s\nof\n%s\n%s", change, len(left), sched.PlanText(last), sched.PlanText(first), text, in.CIB.AppendXML(nil, true))
			}
			in.CIB = after.CIB
		}
	})
}

// TestIslandsSettle: what sleeps is planned as if it were awake while plans are
// carried out, operations are reported anew and the configuration changes.
func TestIslandsSettle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := sched.LawInput(sched.Tell(world(t)))
		in.Options = sched.Options{}
		var kept sched.Planner
		for range rapid.IntRange(3, 10).Draw(t, "steps") {
			res := kept.Schedule(in)
			if got, want := sched.Outcome(t, res), sched.Outcome(t, sched.Schedule(in)); got != want {
				t.Fatalf("with islands asleep the plan is another\n%s\nwant\n%s\n%s", got, want, in.CIB.AppendXML(nil, true))
			}
			switch rapid.IntRange(0, 9).Draw(t, "then") {
			case 0:
				in.CIB = sched.Disturbed(t, in.CIB)
			case 1, 2, 3:
				in.CIB = sched.Reported(t, in.CIB)
			default:
				in.CIB = simulate.Outcome(in, res.Graph)
			}
		}
	})
}

// TestSettlesCases: the information bases as they are come to rest, too, unless
// something is blocked, failed or pending.
func TestSettlesCases(t *testing.T) {
	for _, s := range sched.Subjects(t) {
		in := sched.LawInput(s.Root())
		first := sched.Schedule(in)
		oneOwner(t, in.CIB, first)
		if troubled(first) {
			continue
		}
		_, last := settle(in, rounds)
		if left := due(last); len(left) > 0 && restless(in.CIB, first, last) == "" {
			t.Errorf("%s: still due:\n%s\nthe first plan:\n%s", s.Name(), sched.PlanText(last), sched.PlanText(first))
		}
	}
}

// restless tells why an information base does not come to rest in a simulation, if
// it need not: as the peer's own simulator, fed with its own outcome again and again,
// goes on for ever there.
func restless(root *cib.Elem, first, last *sched.Result) string {
	for _, why := range []struct {
		text string
		is   bool
	}{
		{"an operation was under way", anyRecord(root, func(op *cib.Elem) bool { return op.Get("op-status") == "-1" })},
		{"records with ids of Pacemaker 0.x stay beside those of results", anyRecord(root, func(op *cib.Elem) bool {
			return strings.HasSuffix(op.ID(), "_start_0")
		})},
		{"being unfenced leaves no digest in a simulation", unfences(first)},
		{"orders wait for each other", slices.ContainsFunc(last.Warnings, func(w sched.Warning) bool { return strings.Contains(w.Text, "none of them starts") })},
		{"without quorum nothing starts again", blocked(last)},
		{"what waits for a clone waits for an instance that cannot start, too", waitsForStopped(last)},
	} {
		if why.is {
			return why.text
		}
	}
	return ""
}

func anyRecord(root *cib.Elem, is func(*cib.Elem) bool) bool {
	return !root.Child("status").Walk(func(e *cib.Elem) bool { return e.Name() != "lrm_rsc_op" || !is(e) })
}

func unfences(res *sched.Result) bool {
	return slices.ContainsFunc(res.Graph.Actions, func(a *graph.Action) bool { return a.Task == "stonith" && a.Attr("CRM_meta_stonith_action") == "on" })
}

// waitsForStopped tells whether something is restarted for a clone of which an
// instance is down and stays so.
func waitsForStopped(res *sched.Result) bool {
	return slices.ContainsFunc(res.Summary, func(l sched.SummaryLine) bool {
		clone, ok := strings.CutPrefix(strings.TrimSuffix(l.Reason, " running"), "required ")
		return ok && l.Verb == "Restart" && slices.ContainsFunc(res.Status.Resources, func(r *status.Resource) bool {
			return r.ID == clone && slices.ContainsFunc(r.Children, func(k *status.Resource) bool { return len(k.Places) == 0 })
		})
	})
}

// troubled tells whether a cluster's state is such that it may not come to rest.
func troubled(res *sched.Result) bool {
	c := res.Status
	if blocked(res) || len(c.Failures) > 0 || len(c.FailCounts) > 0 || c.Blocked > 0 || c.Maintenance {
		return true
	}
	return slices.ContainsFunc(c.Nodes, func(n status.Node) bool { return n.Unclean || n.Pending || n.Shutdown || n.Maintenance })
}

func onStandby(e *cib.Elem) *cib.Elem {
	nv := cib.New("nvpair", cib.Attr{Name: "id", Value: "late-standby"}, cib.Attr{Name: "name", Value: "standby"}, cib.Attr{Name: "value", Value: "true"})
	set := cib.New("instance_attributes", cib.Attr{Name: "id", Value: "late"}).Append(nv)
	return e.Append(cib.New("transient_attributes", cib.Attr{Name: "id", Value: e.ID()}).Append(set))
}

// blocked tells whether something in a plan cannot be done.
func blocked(res *sched.Result) bool {
	return slices.ContainsFunc(res.Summary, func(l sched.SummaryLine) bool { return l.Blocked })
}
