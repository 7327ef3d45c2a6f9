package wire

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/member"
)

func TestNodesMeetAtOnce(t *testing.T) {
	for links := 1; links <= MaxLinks; links++ {
		l := newLab(t, uint64(links), 3, links, nil)
		l.run(5 * time.Millisecond)
		for id := range l.nodes {
			for other := range l.nodes {
				if id != other {
					l.want(id, "heard "+other.String(), 1)
				}
			}
			if up := l.nodes[id].count("up=true"); up != 2*links {
				t.Errorf("%d links: node %d sees %d links up, want %d", links, id, up, 2*links)
			}
		}
	}
}

func TestPlainNodesMeet(t *testing.T) {
	l := newLab(t, 1, 2, 1, func(c *Config) { c.Plain, c.Keys = true, nil })
	l.run(5 * time.Millisecond)
	l.want(1, "heard 2", 1)
	l.nodes[1].step(Outgoing{2, []byte("hello")})
	l.run(5 * time.Millisecond)
	if got := l.nodes[2].got; len(got) != 1 || got[0].data != "hello" || got[0].from != 1 {
		t.Errorf("got %v", got)
	}
}

func TestPowerLossIsSilenceAfterToken(t *testing.T) {
	for seed := range uint64(20) {
		l := newLab(t, seed, 3, 2, nil)
		l.run(time.Duration(3000+37*seed) * time.Millisecond)
		l.nodes[3].kill(false)
		l.run(999*time.Millisecond - 300*time.Millisecond)
		l.want(1, "silence", 0)
		l.run(310 * time.Millisecond)
		l.want(1, "silence 3", 1)
		l.want(2, "silence 3", 1)
		l.want(1, "silence 2", 0)
	}
}

func TestShortTokens(t *testing.T) {
	l := newLab(t, 1, 3, 2, func(c *Config) { c.Token = 60 * time.Millisecond })
	l.run(time.Minute)
	l.want(1, "silence", 0)
	l.nodes[3].kill(false)
	l.run(70 * time.Millisecond)
	l.want(1, "silence 3", 1)
}

func TestBadNetworkIsNoFalseAlarm(t *testing.T) {
	l := newLab(t, 7, 3, 1, nil)
	l.latency, l.jitter, l.loss, l.double = 50*time.Millisecond, 10*time.Millisecond, 0.05, 0.02
	l.run(30 * time.Minute)
	for id := range l.nodes {
		l.want(id, "silence", 0)
		l.want(id, "unreachable", 0)
		l.want(id, "heard", 2)
	}
}

func TestStopsOfAProcessAreNoFalseAlarm(t *testing.T) {
	l := newLab(t, 8, 3, 2, nil)
	l.every(5*time.Second, func() bool { l.nodes[2].freeze(300 * time.Millisecond); return true })
	l.run(30 * time.Minute)
	for id := range l.nodes {
		l.want(id, "silence", 0)
		l.want(id, "unreachable", 0)
	}
}

func TestWhoWasFrozenAccusesNobody(t *testing.T) {
	l := newLab(t, 9, 3, 2, nil)
	l.run(3 * time.Second)
	l.nodes[2].freeze(4 * time.Second)
	l.run(10 * time.Second)
	l.want(1, "silence 2", 1)
	l.want(3, "silence 2", 1)
	l.want(2, "silence", 0)
	l.want(1, "heard 2", 2)
	l.want(1, "silence 3", 0)
}

// A cluster without work costs next to nothing on the wire.
func TestIdleLinksAreQuiet(t *testing.T) {
	l := newLab(t, 30, 3, 2, nil)
	l.run(5 * time.Second)
	for id := range l.nodes {
		l.nodes[id].step(Outgoing{0, []byte("traffic that ends")})
	}
	l.run(2 * time.Second)
	before := l.carried
	l.run(10 * time.Second)
	// Two peers, a heartbeat and sometimes an answer each quarter of a token.
	if perNode := (l.carried - before) / 10 / 3; perNode > 20 {
		t.Errorf("%d packets a second and node, want at most 20", perNode)
	}
}

func TestGoodbyeIsUnreachableAtOnce(t *testing.T) {
	l := newLab(t, 10, 2, 2, nil)
	l.run(3 * time.Second)
	l.nodes[2].step(Leave{})
	l.nodes[2].kill(false)
	l.run(time.Millisecond)
	l.want(1, "unreachable 2", 1)
	l.run(3 * time.Second)
	l.want(1, "silence", 0)
	l.want(1, "heard 2", 1)
}

func TestKilledProcessIsUnreachableSoon(t *testing.T) {
	for seed := range uint64(20) {
		l := newLab(t, 11, 3, 2, nil)
		l.run(time.Duration(3000+29*seed) * time.Millisecond)
		l.nodes[2].kill(true)
		l.nodes[1].step(Outgoing{0, []byte("anything")})
		l.nodes[3].step(Outgoing{0, []byte("anything")})
		l.run(400 * time.Millisecond)
		l.want(1, "unreachable", 0) // it may only be started again
		l.run(200 * time.Millisecond)
		l.want(1, "unreachable 2", 1)
		l.want(3, "unreachable 2", 1)
		l.run(3 * time.Second)
		l.want(1, "silence", 0)
	}
}

func TestForgedRefusalHarmsNobody(t *testing.T) {
	l := newLab(t, 12, 3, 2, nil)
	l.run(3 * time.Second)
	l.every(3*time.Millisecond, func() bool {
		l.nodes[1].step(Refused{0, labAddr(2, 0)})
		l.nodes[1].step(Refused{1, labAddr(2, 1)})
		l.nodes[1].step(Refused{0, "192.0.2.1:1"})
		l.nodes[1].step(Refused{1, labAddr(2, 0)})
		return l.now < 30*time.Second
	})
	l.run(30 * time.Second)
	l.want(1, "unreachable", 0)
	l.want(1, "silence", 0)
}

func TestRefusalOfOneLinkIsNotEnough(t *testing.T) {
	l := newLab(t, 13, 2, 2, nil)
	l.run(3 * time.Second)
	l.nodes[2].kill(false) // no answer on link 1
	l.nodes[1].step(Refused{0, labAddr(2, 0)})
	l.run(700 * time.Millisecond)
	l.want(1, "unreachable", 0)
	l.run(310 * time.Millisecond)
	l.want(1, "silence 2", 1)
}

func TestRestartedPeerIsTakenAtOnce(t *testing.T) {
	l := newLab(t, 14, 3, 2, nil)
	l.run(3 * time.Second)
	l.nodes[2].kill(false)
	l.run(50 * time.Millisecond)
	l.nodes[2].start()
	l.run(3 * time.Millisecond)
	for _, id := range []member.NodeID{1, 3} {
		l.want(id, "unreachable", 0) // the ring learns of the new life by itself
		l.want(id, "heard 2", 2)
	}
	l.nodes[1].step(Outgoing{2, []byte("to the new life")})
	l.nodes[2].step(Outgoing{1, []byte("from the new life")})
	l.run(time.Millisecond)
	if n := len(l.nodes[2].got); n != 1 {
		t.Errorf("the new life got %d packets, want 1", n)
	}
	if n := len(l.nodes[1].got); n != 1 {
		t.Errorf("node 1 got %d packets, want 1", n)
	}
	l.run(5 * time.Second)
	l.want(1, "silence", 0)
}

func TestPartitionAndHeal(t *testing.T) {
	l := newLab(t, 15, 3, 2, nil)
	l.run(3 * time.Second)
	set := func(cut bool) {
		for _, a := range []int{1, 2} {
			for link := range 2 {
				l.cutBoth(a, 3, link, cut)
			}
		}
	}
	set(true)
	l.run(1010 * time.Millisecond)
	l.want(1, "silence 3", 1)
	l.want(3, "silence 1", 1)
	l.want(3, "silence 2", 1)
	l.run(20 * time.Second)
	set(false)
	l.run(1100 * time.Millisecond)
	l.want(1, "heard 3", 2)
	l.want(3, "heard 1", 2)
	l.want(1, "silence", 1)
	l.want(1, "unreachable", 0)
}

// TestDeafNodeIsSilentBothWays: what a node sends arrives, but it hears nothing.
func TestDeafNodeIsSilentBothWays(t *testing.T) {
	l := newLab(t, 16, 2, 2, nil)
	l.run(3 * time.Second)
	l.cut(1, 2, 0, true)
	l.cut(1, 2, 1, true)
	l.run(1500 * time.Millisecond)
	l.want(2, "silence 1", 1)
	l.want(1, "silence 2", 1)
	l.run(20 * time.Second)
	l.want(1, "heard 2", 1)
	l.want(2, "heard 1", 1)
	l.cut(1, 2, 0, false)
	l.run(1100 * time.Millisecond)
	l.want(1, "heard 2", 2)
	l.want(2, "heard 1", 2)
}

func TestIdleClusterIsCheap(t *testing.T) {
	l := newLab(t, 17, 3, 2, nil)
	l.run(2 * time.Second)
	before := l.carried
	l.run(100 * time.Second)
	perPeer := float64(l.carried-before) / 100 / 6
	if perPeer > 5.2 {
		t.Errorf("%.1f packets per second from each node to each other, want at most 5", perPeer)
	}
}

func TestAbsentNodeCostsLittle(t *testing.T) {
	l := newLab(t, 18, 2, 2, nil)
	l.run(time.Second)
	l.nodes[2].kill(false)
	l.run(20 * time.Second)
	before := l.carried
	l.run(100 * time.Second)
	if n := l.carried - before; n > 250 {
		t.Errorf("%d packets in 100 s to a node that is off", n)
	}
}

func TestReconfigureAddsAndRemovesNodes(t *testing.T) {
	l := newLab(t, 19, 2, 1, nil)
	l.run(time.Second)
	three := labConfig(1, 3, 1)
	l.nodes[1].step(Reconfigure{three})
	two := labConfig(2, 3, 1)
	l.nodes[2].step(Reconfigure{two})
	l.add(labConfig(3, 3, 1)).start()
	l.run(300 * time.Millisecond)
	for _, id := range []member.NodeID{1, 2} {
		l.want(id, "heard 3", 1)
		l.want(id, "unreachable", 0)
	}
	l.nodes[1].step(Reconfigure{labConfig(1, 2, 1)})
	l.nodes[3].step(Outgoing{1, []byte("x")})
	l.run(10 * time.Millisecond)
	if len(l.nodes[1].got) != 0 {
		t.Error("a packet of a removed node was taken")
	}
	l.want(1, "alarm unknown-node", 1)
	l.run(10 * time.Second)
	l.want(1, "silence 2", 0)
	bad := labConfig(1, 2, 1)
	bad.Mode = "both"
	l.nodes[1].step(Reconfigure{bad})
	l.want(1, "alarm bad-configuration", 1)
}

func TestNewRefusesBadConfigurations(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"random":      func(c *Config) { c.Rand = nil },
		"id of this":  func(c *Config) { c.Self = 0 },
		"no cluster":  func(c *Config) { c.Keys = nil },
		"5 cluster":   func(c *Config) { c.Keys = slices.Repeat([][]byte{labKey}, 5) },
		"at least 16": func(c *Config) { c.Keys = [][]byte{[]byte("short")} },
		"link mode":   func(c *Config) { c.Mode = "both" },
		"9 links":     func(c *Config) { c.Peers[1].Addrs = make([]string, 9) },
	} {
		c := labConfig(1, 2, 1)
		c.Rand = func() uint64 { return 1 }
		change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestSparseTrafficIsCheap: a payload now and then is proven to arrive by one
// question and one answer, and no more.
func TestSparseTrafficIsCheap(t *testing.T) {
	l := newLab(t, 29, 2, 2, nil)
	l.run(2 * time.Second)
	l.stream(1, 2, 333*time.Millisecond)
	l.stream(2, 1, 333*time.Millisecond)
	before := l.carried
	l.run(60 * time.Second)
	// 3 payloads, each with a question and an answer, and 4 heartbeats, per second and node.
	if perNode := float64(l.carried-before) / 60 / 2; perNode > 15 {
		t.Errorf("%.1f packets per second and node", perNode)
	}
}

// TestWhoWasFrozenIsGivenUpByNobody: a process that stops for most of the token time
// has not read what came meanwhile when it first speaks. It does not say that it
// hears nobody.
func TestWhoWasFrozenIsGivenUpByNobody(t *testing.T) {
	for after := range 25 {
		l := newLab(t, 9, 3, 2, nil)
		l.run(3*time.Second + time.Duration(after)*10*time.Millisecond)
		l.nodes[2].step(Outgoing{1, []byte("a last word")})
		l.nodes[2].step(Outgoing{3, []byte("a last word")})
		l.nodes[2].freeze(900 * time.Millisecond)
		l.run(3 * time.Second)
		for id := range l.nodes {
			l.want(id, "silence", 0)
		}
	}
}
