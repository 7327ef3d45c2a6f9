package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/engine"
)

// The checkers are tested by doing what they forbid.

func settled(t *testing.T) *Cluster {
	t.Helper()
	c, err := NewCluster(7, Options{Nodes: 3, Token: time.Second, CIB: Sample(3)})
	if err != nil {
		t.Fatal(err)
	}
	c.Boot()
	if !c.Settle(60*time.Second) || len(c.Broken()) > 0 {
		t.Fatalf("the cluster does not come up: %v", c.Broken())
	}
	return c
}

func wantBroken(t *testing.T, c *Cluster, law string) {
	t.Helper()
	if !slices.ContainsFunc(c.Broken(), func(b Breach) bool { return strings.Contains(b.String(), law) }) {
		t.Errorf("nobody noticed %q; broken: %v\n%s", law, c.Broken(), c.Story())
	}
}

// What a daemon holds that lost its disk and has met nobody yet is not the
// configuration that services are judged by; nor is it if it stays alone.
func TestCheckerHeedsNoEmptyConfiguration(t *testing.T) {
	c := settledRich(t, Options{})
	empty, err := cib.Parse([]byte(`<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="0" num_updates="0"><configuration/><status/></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	for _, synced := range []bool{false, true} {
		s := *c.state["n2"]
		s.CIB, s.Synced, s.Quorum.Quorate = empty, synced, false
		c.observe(c.Machine("n2"), &s, nil)
		c.checkOwners("db")
		if len(c.Broken()) > 0 {
			t.Errorf("synced %v: %v", synced, c.Broken())
		}
	}
}

// restive is a daemon that waits for a time that has passed.
type restive struct{ Daemon }

func (restive) Wake() time.Duration { return 1 }

func TestCheckerSeesADaemonThatDoesNotRest(t *testing.T) {
	c := settled(t)
	m := c.Machine("n2")
	m.daemon = restive{m.daemon}
	m.poke()
	c.Run(c.Now + time.Second)
	wantBroken(t, c, "it ends: n2 wants to be woken at once")
}

func TestCheckerSeesFencingWithoutNeed(t *testing.T) {
	c := settled(t)
	c.Run(c.Now + 5*time.Second)
	c.Agents.press(c.World, press{action: "reboot", target: "n2", device: "switch", needless: c.needless(c.Machine("n2"))})
	wantBroken(t, c, "fenced without need: n2")
}

func TestCheckerAllowsFencingOfTheLost(t *testing.T) {
	c := settled(t)
	c.Inject(Fault{Kind: LinkCut, Node: "n2", Link: AllLinks})
	c.Run(c.Now + 20*time.Second)
	if len(c.Broken()) > 0 || c.Machine("n2").boots != 2 {
		t.Errorf("n2 was booted %d times, want 2; broken: %v\n%s", c.Machine("n2").boots, c.Broken(), c.Story())
	}
}

func TestCheckerSeesStartWithoutQuorum(t *testing.T) {
	c := settled(t)
	c.Agents.BreakDevice("switch", DeviceFault{Times: -1, Fail: true})
	c.Inject(Fault{Kind: LinkCut, Node: "n2", Link: AllLinks})
	c.Run(c.Now + 5*time.Second)
	c.checkStart(c.Machine("n1"), call{op: "start", service: "new"})
	if len(c.Broken()) > 0 {
		t.Fatalf("a start with quorum is blamed: %v", c.Broken())
	}
	c.checkStart(c.Machine("n2"), call{op: "start", service: "new"})
	wantBroken(t, c, "no quorum, no start: n2")
}

func TestCheckerSeesServicesOutliveQuorum(t *testing.T) {
	c := settled(t)
	c.Agents.BreakDevice("switch", DeviceFault{Times: -1, Fail: true})
	c.Inject(Fault{Kind: LinkCut, Node: "n2", Link: AllLinks})
	c.Run(c.Now + stopBound)
	if len(c.Broken()) > 0 {
		t.Fatalf("the minority did not obey: %v\n%s", c.Broken(), c.Story())
	}
	c.Agents.set(c.World, "stray", "n2", Started)
	c.Run(c.Now + 10*time.Second)
	wantBroken(t, c, "no quorum: n2 still runs stray")
}

func TestCheckerSeesTwoHistories(t *testing.T) {
	c := settled(t)
	s := *c.state["n1"]
	s.CIB = s.CIB.With("remote-tls-port", "1")
	s.Transitions = nil
	c.checkState(c.Machine("n1"), &s)
	wantBroken(t, c, "one history")
}

// A machine that was frozen wakes in a part of its own, where the stops that it may not
// make come up again and again until it hears the others: rest is promised where there
// is quorum.
func TestCheckerAsksRestOfTheQuorum(t *testing.T) {
	c := settled(t)
	c.whole = true
	s := *c.state["n1"]
	s.Transitions = nil
	s.Alarms = append(slices.Clone(s.Alarms), engine.Alarm{Kind: "restless", Text: "the same again and again"})
	s.Quorum.Quorate = false
	c.checkRest(c.Machine("n1"), &s)
	if len(c.Broken()) > 0 {
		t.Fatalf("a part without quorum is held to rest: %v", c.Broken())
	}
	s.Quorum.Quorate = true
	c.checkRest(c.Machine("n1"), &s)
	wantBroken(t, c, "it ends: n1")
}

func TestCheckerSeesActionWithoutReason(t *testing.T) {
	c := settled(t)
	res := c.Plan()
	g := *res.Graph
	for _, tr := range c.state["n1"].Transitions {
		g = *tr.Graph
	}
	for _, name := range []string{"n1", "n2", "n3"} {
		for _, tr := range c.state[name].Transitions {
			g = *tr.Graph
		}
	}
	bare := *g.Actions[0]
	bare.Kind, bare.Reason = 0, ""
	for _, a := range g.Actions {
		if a.Reason != "" {
			bare = *a
			bare.Reason = ""
		}
	}
	g.Actions = append(slices.Clone(g.Actions), &bare)
	c.checkReasons(c.Machine("n1"), &engine.Transition{Number: 1000, Graph: &g})
	wantBroken(t, c, "no action without a reason")
}

func TestCheckerSeesUnkeptPromise(t *testing.T) {
	c := settled(t)
	c.constrain(c.Machine("n2"), "db", "n1")
	if !c.RunWhile(func() bool { return !c.operator.acked["op-1"] }, c.Now+5*time.Second) {
		t.Fatalf("the edit is not answered\n%s", c.Story())
	}
	if lost := c.Unkept(); len(lost) > 0 {
		t.Fatalf("kept, but %v is called lost", lost)
	}
	for _, m := range c.Machines { // all lose their power at once, and keep what was acknowledged
		m.PowerOff("all at once")
	}
	for _, m := range c.Machines {
		m.PowerOn()
	}
	if !c.Settle(60*time.Second) || len(c.Unkept()) > 0 {
		t.Fatalf("the power loss took %v; %v", c.Unkept(), c.Broken())
	}
	c.operator.asked, c.operator.acked["op-2"] = 2, true
	if lost := c.Unkept(); !slices.Equal(lost, []string{"op-2"}) {
		t.Errorf("lost are %v, want op-2", lost)
	}
}

func TestOrderlyLeaving(t *testing.T) {
	for _, name := range []string{"n1", "n2", "n3"} {
		c := settled(t)
		c.Inject(Fault{Kind: Leave, Node: name})
		c.Run(c.Now + 30*time.Second)
		if len(c.Broken()) > 0 || c.Machine(name).daemon != nil || c.Machine(name).boots != 1 {
			t.Fatalf("%s: broken %v, runs %v, boots %d\n%s", name, c.Broken(), c.Machine(name).daemon != nil, c.Machine(name).boots, c.Story())
		}
		for _, rsc := range singles {
			if n := len(c.Agents.Owners(rsc)); n != 1 {
				t.Errorf("%s left: %s is active on %d machines\n%s", name, rsc, n, c.Story())
			}
		}
		c.Machine(name).StartDaemon()
		c.whole = true
		if !c.Settle(60 * time.Second) {
			t.Fatalf("%s does not come back: %v", name, c.Broken())
		}
		if p := c.Verify(); len(p) > 0 {
			t.Errorf("%s came back: %v\n%s", name, p, c.Story())
		}
	}
}

func TestStandbyAndBack(t *testing.T) {
	c := settled(t)
	owner := c.Agents.Owners("db")[0]
	c.Edit("n1", func(error) {}, c.standbyEdit(c.Machine(owner), "on"))
	c.Run(c.Now + time.Second)
	if !c.Settle(30*time.Second) || len(c.Agents.On(owner)) > 0 {
		t.Errorf("%s in standby still runs %v\n%s", owner, c.Agents.On(owner), c.Story())
	}
	if !c.Undo(10*time.Second) || !c.Settle(30*time.Second) {
		t.Fatalf("no way back: %v", c.Broken())
	}
	if p := c.Verify(); len(p) > 0 {
		t.Errorf("after standby: %v", p)
	}
	if have := cib.Property(c.state["n1"].CIB, "maintenance-mode", ""); have != "false" {
		t.Errorf("maintenance-mode is %q", have)
	}
}

func TestCheckerSeesRecoveryWithoutFencing(t *testing.T) {
	c := settled(t)
	c.Agents.BreakDevice("switch", DeviceFault{Times: -1, Fail: true})
	owner := c.Agents.Owners("db")[0]
	c.Inject(Fault{Kind: LinkCut, Node: owner, Link: AllLinks})
	c.Run(c.Now + 20*time.Second)
	if len(c.Broken()) > 0 || len(c.Agents.Owners("db")) > 0 {
		t.Fatalf("db runs on %v; broken: %v", c.Agents.Owners("db"), c.Broken())
	}
	for _, m := range c.Machines {
		if m.Name != owner {
			c.checkStart(m, call{op: "start", service: "db"})
			break
		}
	}
	wantBroken(t, c, "fence, then recover")
}
