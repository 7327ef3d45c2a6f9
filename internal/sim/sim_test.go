package sim

import (
	"crypto/sha256"
	"flag"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	seeds = flag.Uint64("seeds", 5, "how many seeds to run")
	from  = flag.Uint64("from", 1, "the first of them")
	seed  = flag.Uint64("seed", 0, "run this seed alone, and tell its story with -v")
	once  = flag.Bool("once", false, "TestSimSame plays each seed once")
	logs  = flag.Bool("log", false, "show what the daemons log in the story")
)

// eachSeed runs a test for the wanted seeds until one fails.
func eachSeed(t *testing.T, test func(t *testing.T, seed uint64)) {
	t.Helper()
	if *seed != 0 {
		test(t, *seed)
		return
	}
	for s := *from; s < *from+*seeds && !t.Failed(); s++ {
		test(t, s)
	}
}

func newTest(t *testing.T, seed uint64, o Options) *Cluster {
	t.Helper()
	c, err := NewCluster(seed, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d\n%s", seed, c.Story())
		}
	})
	return c
}

func TestSimNodesFindEachOther(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		c := newTest(t, seed, Options{Nodes: 3, Token: time.Second, Log: true})
		c.Boot()
		start := c.Now
		if !c.RunWhile(func() bool { return !c.Quiet() || len(c.state["n1"].View.Members) < 3 }, start+time.Second) {
			t.Fatalf("seed %d: no common view within a second; broken: %v", seed, c.Broken())
		}
	})
}

// play runs a drawn scenario and fails the test with what was wrong.
func play(t *testing.T, seed uint64, p Profile) Result {
	t.Helper()
	s := Draw(seed, p)
	s.Options.Log = *logs
	r := s.Play()
	for _, x := range r.Problems {
		t.Errorf("seed %d: %s", seed, x)
	}
	if t.Failed() {
		t.Logf("seed %d\n%s\n%s", seed, s.List(), r.Story)
	}
	t.Logf("seed %d: %d events in %.0f simulated seconds", seed, r.Events, r.Virtual.Seconds())
	return r
}

// TestSimRemembered plays histories that broke a law once: what befell clusters that
// seeds draw.
func TestSimRemembered(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for _, x := range []struct {
		seed  uint64
		was   string
		steps []Step
		drop  []string
	}{
		{500171, "two nodes left 3 ms apart, and one of them was fenced when the other came back", []Step{
			{At: ms(16068), For: ms(571), Fault: Fault{Kind: DaemonKill, Node: "n1"}},
			{At: ms(43184), Wish: Wish{Kind: Restart, Node: "n3", After: ms(10000)}},
			{At: ms(43379), Wish: Wish{Kind: Restart, Node: "n2", After: ms(15000)}},
			{At: ms(51513), Wish: Wish{Kind: Swap, Value: "1", By: "n2"}},
			{At: ms(61148), For: ms(1949), Fault: Fault{Kind: DaemonKill, Node: "n2"}},
		}, nil},
		{7064, "a daemon that came back while somebody was fenced was not told how that ended", []Step{
			{At: ms(19626), For: ms(27), Fault: Fault{Kind: DaemonKill, Node: "n3"}},
			{At: ms(38828), For: ms(9311), Fault: Fault{Kind: LinkCut, Node: "n2", Link: AllLinks}},
			{At: ms(57336), For: ms(14826), Fault: Fault{Kind: PowerLoss, Node: "n4"}},
			{At: ms(58097), For: ms(2863), Fault: Fault{Kind: DaemonKill, Node: "n3"}},
			{At: ms(65756), For: ms(32840), Fault: Fault{Kind: LinkCut, Node: "n2", Link: AllLinks, OneWay: true}},
			{At: ms(67260), Wish: Wish{Kind: Cleanup, Resource: "p2", By: "n5"}},
		}, nil},
		{101714, "the alarm of a part without quorum, that it does not come to rest, stood at the begin of the next view", []Step{
			{At: 17935717354, Wish: Wish{Kind: Roll, After: 5729217413}},
			{At: 18568230788, For: 18887759082, Fault: Fault{Kind: DiskUnread, Node: "n3"}},
			{At: 18568230788, For: 378567876, Fault: Fault{Kind: DaemonKill, Node: "n3"}},
		}, []string{"n5", "n4", "g0-1", "g0-2", "cib-bootstrap-options-dc-deadtime", "rd-resource-stickiness", "rd-migration-threshold", "rd-failure-timeout"}},
		{100530, "a live migration was forgotten when a plan that did not know of it stopped the service where it came from", []Step{
			{Wish: Wish{Kind: Join, By: "n1", Node: "n4"}},
			{At: 18426073336, Wish: Wish{Kind: Roll, After: 2168585234}},
			{At: 28859946223, For: 7397518556, Fault: Fault{Kind: PowerLoss, Node: "n1"}},
		}, nil},
	} {
		s := Draw(x.seed, Usual(x.seed))
		s.Steps = x.steps
		for _, p := range s.Drop(x.drop).Play().Problems {
			t.Errorf("seed %d (once: %s): %s", x.seed, x.was, p)
		}
	}
}

// TestSimChaos has faults happen to small clusters of many shapes.
func TestSimChaos(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) { play(t, seed, Profile{NoWish: true}) })
}

// TestSimOperator has an operator work on the cluster while faults happen.
func TestSimOperator(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) { play(t, seed, Profile{}) })
}

// TestSimUsual plays what "mainstay sim" plays for a seed.
func TestSimUsual(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) { play(t, seed, Usual(seed)) })
}

// TestSimUpgrade replaces the nodes' daemons by newer ones, one after the other,
// while faults happen.
func TestSimUpgrade(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) { play(t, seed, Profile{Upgrade: true}) })
}

// TestSimDaemonIsNotTheService kills daemons and starts them again at once: no
// service may notice (law 6).
func TestSimDaemonIsNotTheService(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		c := newTest(t, seed, Options{Nodes: 3, Token: time.Second, CIB: Sample(3), Log: *logs})
		c.Boot()
		if !c.Settle(60 * time.Second) {
			t.Fatalf("seed %d: the cluster does not come up: %v", seed, c.Broken())
		}
		before := c.Agents.moves
		c.whole = true
		for round := range 4 {
			for _, m := range c.Machines {
				if round == 3 || m == c.Machines[round] { // one after the other, then all at once
					m.KillDaemon()
					c.after(time.Duration(c.rng.Int64N(int64(300*time.Millisecond))), m.StartDaemon)
				}
			}
			c.Run(c.Now + time.Duration(c.rng.Int64N(int64(3*time.Second))))
		}
		if !c.Settle(60 * time.Second) {
			t.Fatalf("seed %d: the cluster does not become quiet: %v", seed, c.Broken())
		}
		for _, p := range c.Verify() {
			t.Errorf("seed %d: %s", seed, p)
		}
		if n := c.Agents.moves - before; n != 0 {
			t.Errorf("seed %d: the daemons' restarts started or stopped %d resources", seed, n)
		}
	})
}

// TestSimSameSeedSameHistory plays each seed twice, side by side with others: what
// a history is depends on its seed alone, not on how this process is scheduled. With
// -once it only tells what the histories are, for other processes to compare.
func TestSimSameSeedSameHistory(t *testing.T) {
	first := hashes(1)
	if !*once {
		again := hashes(4)
		for i := range first {
			if first[i] != again[i] {
				t.Errorf("seed %d: two runs differ: %s %s", *from+uint64(i), first[i], again[i])
			}
		}
	}
	for i, some := range slices.Collect(slices.Chunk(first, 50)) { // small enough to look for the one that differs
		sum := sha256.Sum256([]byte(strings.Join(some, "\n")))
		t.Logf("the histories of %d seeds from %d on: %x", len(some), *from+uint64(50*i), sum[:16])
	}
}

// hashes plays the wanted seeds, so many at once, and returns what became of each.
func hashes(atOnce int) []string {
	out := make([]string, *seeds)
	var next atomic.Uint64
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < *seeds; i = next.Add(1) - 1 {
				seed := *from + i
				out[i] = Draw(seed, Usual(seed)).Play().Hash
			}
		})
	}
	wg.Wait()
	return out
}

// singles are the resources of Sample that run once.
var singles = []string{"db", "web", "ip", "app"}

// TestSimClients has clients at all nodes write and read while links break, processes
// stop, daemons and machines die: their answers are those of one register each.
func TestSimClients(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) { play(t, seed, registers()) })
}

// registers is the profile of histories in which clients write and read.
func registers() Profile {
	return Profile{Nodes: 3, Items: 3, Clients: 6, Mid: true, Kinds: []Kind{LinkCut, Unplug, Freeze, Pause, DaemonKill, DaemonMid}}
}

// TestSimClientsSeeAll has any fault come. Of two nodes both have quorum until one is
// fenced, so that nothing is promised of their answers meanwhile.
func TestSimClientsSeeAll(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		play(t, seed, Profile{Nodes: 3 + 2*int(seed%2), Clients: 5, Mid: true})
	})
}
