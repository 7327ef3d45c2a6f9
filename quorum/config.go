package quorum

import (
	"fmt"
	"slices"
	"time"

	"mainstay/member"
)

// DefaultWindow is the default of last_man_standing_window.
const DefaultWindow = 10 * time.Second

// DefaultDeviceWait is the default of device.sync_timeout.
const DefaultDeviceWait = 30 * time.Second

// Validate lists what is wrong or contradictory in a configuration, each error
// naming the keys of corosync.conf(5). A machine made of such a configuration
// still works: of two features that exclude each other, the machine leaves out
// two_node before auto_tie_breaker, and the device before either of
// auto_tie_breaker, last_man_standing and two_node.
func (c Config) Validate() []error {
	var errs []error
	bad := func(cond bool, format string, args ...any) {
		if cond {
			errs = append(errs, fmt.Errorf("quorum: "+format, args...))
		}
	}
	bad(c.Self == 0, "the id of this node is 0")
	bad(c.ExpectedVotes < 0, "expected_votes is %d, want 1 or more", c.ExpectedVotes)
	bad(len(c.Nodes) == 0 && c.ExpectedVotes == 0, "neither a nodelist nor expected_votes: one of them must tell how many votes there are")
	sum, asymmetric := 0, false
	for i, n := range c.Nodes {
		bad(n.ID == 0, "a node of the nodelist has no nodeid")
		bad(n.Votes < 0, "quorum_votes of node %d is %d, want 0 or more", n.ID, n.Votes)
		bad(slices.ContainsFunc(c.Nodes[:i], func(o Node) bool { return o.ID == n.ID }), "node %d is twice in the nodelist", n.ID)
		sum += n.Votes
		asymmetric = asymmetric || n.Votes != 1
	}
	bad(len(c.Nodes) > 0 && sum == 0, "no node has a vote: give quorum_votes to some")
	bad(c.Votes != nil && *c.Votes < 0, "votes is %d, want 0 or more", deref(c.Votes))
	expected := c.configuredExpected()
	bad(c.TwoNode && (expected != 2 || len(c.Nodes) > 2), "two_node needs expected_votes to be 2 (it is %d) and two nodes in the nodelist (there are %d)", expected, len(c.Nodes))
	bad(c.TwoNode && c.AutoTieBreaker, "two_node and auto_tie_breaker exclude each other: two_node leaves the decision to fencing")
	bad(c.TwoNode && c.LastManStanding, "two_node and last_man_standing exclude each other: two_node lets the last of two stand already")
	bad(c.TwoNode && c.Device, "two_node and device exclude each other: with a device, leave two_node out")
	bad(c.LastManStanding && asymmetric, "last_man_standing needs quorum_votes of every node to be 1")
	bad(c.LastManStanding && c.Device, "last_man_standing and device exclude each other")
	bad(c.AutoTieBreaker && c.Device, "auto_tie_breaker and device exclude each other")
	bad(!c.AutoTieBreaker && c.TieBreaker != Lowest, "auto_tie_breaker_node is of no use without auto_tie_breaker")
	bad(c.TieBreaker == Listed && len(c.TieBreakerNodes) == 0, "auto_tie_breaker_node names no node: want lowest, highest or node ids")
	bad(c.Window < 0, "last_man_standing_window is %v, want more than 0", c.Window)
	bad(c.Device && c.DeviceVotes < 0, "device.votes is %d, want 0 or more", c.DeviceVotes)
	for _, id := range c.TieBreakerNodes {
		known := slices.ContainsFunc(c.Nodes, func(n Node) bool { return n.ID == id })
		bad(len(c.Nodes) > 0 && !known, "auto_tie_breaker_node names node %d, which is not in the nodelist", id)
	}
	return errs
}

// Warnings lists what is allowed but dangerous.
func (c Config) Warnings() []string {
	var out []string
	if c.LastManStanding && !c.waitForAll() {
		out = append(out, "quorum: last_man_standing without wait_for_all: a part that starts alone may count itself down to a cluster; set wait_for_all: 1")
	}
	if c.TwoNode && !c.waitForAll() {
		out = append(out, "quorum: two_node with wait_for_all: 0: two nodes that start without seeing each other fence each other; leave wait_for_all out")
	}
	if c.AllowDownscale {
		out = append(out, "quorum: allow_downscale counts on nodes being stopped one after the other; see expected_votes_tracking")
	}
	return out
}

func deref(v *int) int {
	if v == nil {
		return 0
	}
	return *v
}

// resolve leaves out features that exclude each other and fills in defaults.
func (c Config) resolve() Config {
	c.Nodes = slices.Clone(c.Nodes)
	slices.SortFunc(c.Nodes, func(a, b Node) int { return int(int64(a.ID) - int64(b.ID)) })
	if c.AutoTieBreaker || c.LastManStanding || c.TwoNode {
		c.Device = false
	}
	if c.TwoNode && c.AutoTieBreaker {
		c.TwoNode = false
	}
	if c.Window <= 0 {
		c.Window = DefaultWindow
	}
	if c.Device && c.DeviceVotes == 0 {
		c.DeviceVotes = 1
	}
	if c.DeviceWait <= 0 {
		c.DeviceWait = DefaultDeviceWait
	}
	if c.AllowDownscale {
		c.ExpectedTracking = true // votequorum(5): allow_downscale enables it
	}
	return c
}

// waitForAll tells whether wait_for_all is on; two_node turns it on unless it
// is set.
func (c Config) waitForAll() bool {
	if c.WaitForAll != nil {
		return *c.WaitForAll
	}
	return c.TwoNode
}

// configuredExpected is expected_votes, or the sum of what there is.
func (c Config) configuredExpected() int {
	if c.ExpectedVotes > 0 {
		return c.ExpectedVotes
	}
	sum := 0
	for _, n := range c.Nodes {
		sum += n.Votes
	}
	if c.Device {
		sum += max(c.DeviceVotes, 1)
	}
	return max(sum, 1)
}

// configuredVotes are the votes of a node according to the configuration.
func (c Config) configuredVotes(id member.NodeID) int {
	for _, n := range c.Nodes {
		if n.ID == id {
			return n.Votes
		}
	}
	if c.Votes != nil {
		return *c.Votes
	}
	return 1
}
