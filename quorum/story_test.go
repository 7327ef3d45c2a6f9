package quorum

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"mainstay/member"
)

// cluster is a set of machines that live through a story: who is connected to
// whom is told by the story, and what a machine tells reaches its view.
type cluster struct {
	t     *testing.T
	cfg   Config
	now   time.Duration
	nodes map[member.NodeID]*Machine
	saved map[member.NodeID]Saved
	ids   []member.NodeID
	parts [][]member.NodeID
	seq   uint64 // of views
	queue []Peer // told and not yet heard, in order
}

// TestStories runs testdata: each file is a story of one feature.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var c *cluster
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "cluster" {
				c = newCluster(t, d)
				return c.show()
			}
			return c.command(d)
		})
	})
}

// newCluster reads "cluster nodes=4 two_node wait_for_all=0 …"; no node runs.
func newCluster(t *testing.T, d *datadriven.TestData) *cluster {
	c := &cluster{t: t, now: time.Second, nodes: map[member.NodeID]*Machine{}, saved: map[member.NodeID]Saved{}}
	for _, a := range d.CmdArgs {
		v := 1
		if len(a.Vals) > 0 {
			v, _ = strconv.Atoi(a.Vals[0])
		}
		configure(&c.cfg, a, v)
	}
	for _, n := range c.cfg.Nodes {
		c.ids = append(c.ids, n.ID)
	}
	return c
}

func configure(cfg *Config, a datadriven.CmdArg, v int) {
	switch a.Key {
	case "nodes":
		for i := range v {
			cfg.Nodes = append(cfg.Nodes, Node{member.NodeID(i + 1), 1})
		}
	case "votes":
		for i, s := range a.Vals {
			cfg.Nodes[i].Votes, _ = strconv.Atoi(s)
		}
	case "expected_votes":
		cfg.ExpectedVotes = v
	case "two_node":
		cfg.TwoNode = v == 1
	case "wait_for_all":
		on := v == 1
		cfg.WaitForAll = &on
	case "auto_tie_breaker":
		cfg.AutoTieBreaker = v == 1
	case "auto_tie_breaker_node":
		switch a.Vals[0] {
		case "highest":
			cfg.TieBreaker = Highest
		case "lowest":
			cfg.TieBreaker = Lowest
		default:
			cfg.TieBreaker = Listed
			for _, s := range a.Vals {
				id, _ := member.ParseNodeID(s)
				cfg.TieBreakerNodes = append(cfg.TieBreakerNodes, id)
			}
		}
	case "last_man_standing":
		cfg.LastManStanding = v == 1
	case "allow_downscale":
		cfg.AllowDownscale = v == 1
	case "expected_votes_tracking":
		cfg.ExpectedTracking = v == 1
	case "device":
		cfg.Device, cfg.DeviceVotes = true, v
	case "master_wins":
		cfg.DeviceMasterWins = v == 1
	default:
		panic("unknown key " + a.Key)
	}
}

// ids reads "1,2,3" as datadriven splits it, or all node arguments.
func ids(vals []string) []member.NodeID {
	var out []member.NodeID
	for _, s := range vals {
		for w := range strings.FieldsSeq(strings.ReplaceAll(s, ",", " ")) {
			id, err := member.ParseNodeID(w)
			if err != nil {
				panic(err)
			}
			out = append(out, id)
		}
	}
	return out
}

func (c *cluster) command(d *datadriven.TestData) string {
	num := func(key string) int {
		var v int
		if d.HasArg(key) {
			d.ScanArgs(c.t, key, &v)
		}
		return v
	}
	switch d.Cmd {
	case "views": // views (1,2) (3): who sees whom now; others do not run. Order: lines of input
		c.views(d.Input, nil)
	case "leave": // like views; node= left on purpose
		c.views(d.Input, []member.NodeID{member.NodeID(num("node"))})
	case "forget": // the nodes are restarted, with or without their disk
		for _, id := range ids(d.CmdArgs[0].Vals) {
			delete(c.nodes, id)
			if d.HasArg("disk") {
				delete(c.saved, id)
			}
			if d.HasArg("boot") {
				s := c.saved[id]
				s.SeenAll = false
				c.saved[id] = s
			}
		}
		return ""
	case "after":
		c.now += time.Duration(num("ms")) * time.Millisecond
		for _, p := range c.parts {
			for _, id := range p {
				c.step(id, Tick{})
			}
		}
	case "expected":
		id := member.NodeID(num("node"))
		if err := c.nodes[id].CheckExpected(num("votes")); err != nil {
			return "refused: " + err.Error() + "\n"
		}
		c.step(id, SetExpected{num("votes")})
	case "setvotes":
		c.step(member.NodeID(num("node")), SetVotes{member.NodeID(num("of")), num("votes")})
	case "device":
		for _, id := range ids(d.CmdArgs[0].Vals) {
			in := Device{Until: c.now + time.Hour, Ring: c.nodes[id].ring}
			switch {
			case d.HasArg("dead"):
				in.Until = 0
			case d.HasArg("cast"):
				in.Verdict = Granted
			case d.HasArg("denied"):
				in.Verdict = Denied
			}
			if d.HasArg("ms") {
				in.Until = c.now + time.Duration(num("ms"))*time.Millisecond
			}
			c.step(id, in)
		}
	case "forgetdevice":
		for _, id := range c.ids {
			c.step(id, ForgetDevice{})
		}
	case "cancel":
		c.step(member.NodeID(num("node")), CancelWaitForAll{})
	case "goodbye": // the node is about to leave in order
		c.step(member.NodeID(num("node")), Leave{})
	case "reconfigure":
		c.reconfigure(d)
	case "validate":
		return c.validate()
	default:
		c.t.Fatalf("unknown command %q", d.Cmd)
	}
	return c.show()
}

// reconfigure gives all running nodes a changed configuration.
func (c *cluster) reconfigure(d *datadriven.TestData) {
	for _, a := range d.CmdArgs {
		v := 1
		if len(a.Vals) > 0 {
			v, _ = strconv.Atoi(a.Vals[0])
		}
		if a.Key == "nodes" {
			c.cfg.Nodes = nil
		}
		configure(&c.cfg, a, v)
	}
	for _, p := range c.parts {
		for _, id := range p {
			cfg := c.cfg
			cfg.Self = id
			c.step(id, Configure{cfg})
		}
	}
}

// validate lists what is wrong with the configuration.
func (c *cluster) validate() string {
	var out string
	c.cfg.Self = 1
	for _, err := range c.cfg.Validate() {
		out += err.Error() + "\n"
	}
	for _, w := range c.cfg.Warnings() {
		out += "warning: " + w + "\n"
	}
	if out == "" {
		out = "ok\n"
	}
	return out
}

// views gives each line's nodes their view.
func (c *cluster) views(input string, goodbye []member.NodeID) {
	c.parts = nil
	for line := range strings.Lines(input) {
		c.parts = append(c.parts, ids([]string{strings.TrimSpace(line)}))
	}
	running := map[member.NodeID]bool{}
	for _, p := range c.parts {
		for _, id := range p {
			running[id] = true
		}
	}
	for _, id := range c.ids {
		if !running[id] {
			delete(c.nodes, id)
		}
	}
	c.seq++
	for _, p := range c.parts {
		for _, id := range p { // all install the view before anybody hears anything
			if c.nodes[id] == nil {
				cfg := c.cfg
				cfg.Self, cfg.Saved = id, c.saved[id]
				c.nodes[id] = New(cfg)
			}
			c.take(id, View{Ring: member.RingID{Rep: p[0], Seq: c.seq}, Members: p, Goodbye: goodbye})
		}
		c.spread()
	}
}

// step gives a machine an input and spreads what it tells.
func (c *cluster) step(id member.NodeID, in Input) {
	c.take(id, in)
	c.spread()
}

// spread lets all hear what was told, in the same order.
func (c *cluster) spread() {
	for len(c.queue) > 0 {
		p := c.queue[0]
		c.queue = c.queue[1:]
		for _, part := range c.parts {
			if slices.Contains(part, p.Node) {
				for _, id := range part {
					c.take(id, Heard{p})
				}
			}
		}
	}
}

func (c *cluster) take(id member.NodeID, in Input) {
	for _, e := range c.nodes[id].Step(c.now, in) {
		switch e := e.(type) {
		case Tell:
			c.queue = append(c.queue, e.Peer)
		case Keep:
			c.saved[id] = e.Saved
		}
	}
}

// show prints the state of each part once, or of each node where they differ.
func (c *cluster) show() string {
	var b strings.Builder
	for _, p := range c.parts {
		var lines []string
		for _, id := range p {
			lines = append(lines, describe(c.nodes[id].State()))
		}
		if len(slices.Compact(slices.Clone(lines))) == 1 {
			fmt.Fprintf(&b, "%v: %s\n", p, lines[0])
			continue
		}
		for i, id := range p {
			fmt.Fprintf(&b, "%v at %d: %s\n", p, id, lines[i])
		}
	}
	return b.String()
}

func describe(s State) string {
	out := fmt.Sprintf("votes %d of %d, quorum %d", s.Votes, s.Expected, s.Quorum)
	if s.Highest != s.Expected {
		out += fmt.Sprintf(", highest %d", s.Highest)
	}
	f := s.Flags
	for _, x := range []struct {
		on   bool
		name string
	}{
		{s.Quorate, "Quorate"}, {f.TwoNode, "2Node"}, {f.WaitForAll, "WaitForAll"}, {f.LastManStanding, "LastManStanding"},
		{s.Pending, "Pending"}, {f.AutoTieBreaker, "AutoTieBreaker"}, {f.AllowDownscale, "AllowDownscale"}, {f.Device, "Qdevice"},
	} {
		if x.on {
			out += " " + x.name
		}
	}
	if s.WhyNot != "" {
		out += "\n    " + s.WhyNot
	}
	return out
}
