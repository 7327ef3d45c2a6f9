package ring

import (
	"fmt"
	"slices"
	"time"

	"mainstay/member"
)

// Config says who may be a member and how patient the protocol is. Zero
// durations and sizes mean the default. The names in parentheses are the keys
// of corosync.conf(5).
type Config struct {
	Self  member.NodeID
	Nodes []member.NodeID // all configured nodes; Self is added if missing

	// Incarnation tells this start of the node from all earlier ones; it should
	// grow from start to start (wall clock in nanoseconds will do).
	Incarnation uint64
	// Seq is what the last KeepSeq of the previous start said; 0 if lost.
	Seq uint64

	Token      time.Duration // (token) silence for so long is evidence; without the token for half as long again, it is lost; default 1 s
	Retransmit time.Duration // (token_retransmit) longest wait before the token is sent again; default Token/5
	Hold       time.Duration // (hold) how long an idle token rests; default Token/3
	Linger     time.Duration // how long a lone sender keeps the token before others acknowledge; default 1 ms
	Join       time.Duration // (join) between two join messages; default 50 ms
	Consensus  time.Duration // (consensus) wait for agreement without evidence; default 1.2 Token
	Merge      time.Duration // (merge) between two announcements to absent nodes; default 200 ms

	MTU         int // largest packet in bytes, all of it; default 1400
	Window      int // (window_size) data packets in one rotation of the token; default 64
	MaxMessages int // (max_messages) data packets in one visit of the token; default Window
}

// Default values of Config.
const (
	DefaultToken  = time.Second
	DefaultLinger = time.Millisecond
	DefaultJoin   = 50 * time.Millisecond
	DefaultMerge  = 200 * time.Millisecond
	DefaultMTU    = 1400
	DefaultWindow = 64

	minToken = 20 * time.Millisecond
	minMTU   = 1000
	maxMTU   = 65000
)

// Validate reports what is wrong with a configuration, or nil. Defaults are
// those of the zero values.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case c.Self == 0:
		return fmt.Errorf("ring: node id of this node is 0")
	case slices.Contains(c.Nodes, 0):
		return fmt.Errorf("ring: node id 0 among the nodes")
	case len(c.Nodes) > MaxMembers:
		return fmt.Errorf("ring: %d nodes, want at most %d", len(c.Nodes), MaxMembers)
	case c.Token < minToken:
		return fmt.Errorf("ring: token %v, want at least %v", c.Token, minToken)
	case c.MTU < minMTU || c.MTU > maxMTU:
		return fmt.Errorf("ring: mtu %d, want %d to %d", c.MTU, minMTU, maxMTU)
	case c.Hold >= c.Token:
		return fmt.Errorf("ring: hold %v, want less than token %v", c.Hold, c.Token)
	case c.Retransmit >= c.Token:
		return fmt.Errorf("ring: token_retransmit %v, want less than token %v", c.Retransmit, c.Token)
	case c.Window < 1 || c.MaxMessages < 1:
		return fmt.Errorf("ring: window_size %d, max_messages %d: want at least 1", c.Window, c.MaxMessages)
	}
	return nil
}

// withDefaults fills in what is zero and sorts the nodes.
func (c Config) withDefaults() Config {
	c.Nodes = slices.Clone(c.Nodes)
	if !slices.Contains(c.Nodes, c.Self) {
		c.Nodes = append(c.Nodes, c.Self)
	}
	slices.Sort(c.Nodes)
	c.Nodes = slices.Compact(c.Nodes)
	orElse(&c.Token, DefaultToken)
	orElse(&c.Retransmit, c.Token/5)
	orElse(&c.Hold, c.Token/3)
	orElse(&c.Linger, DefaultLinger)
	orElse(&c.Join, min(DefaultJoin, c.Token/4))
	orElse(&c.Consensus, c.Token*6/5)
	orElse(&c.Merge, DefaultMerge)
	orElse(&c.MTU, DefaultMTU)
	orElse(&c.Window, DefaultWindow)
	orElse(&c.MaxMessages, c.Window)
	return c
}

// orElse sets v to def if it is zero or less.
func orElse[T ~int | ~int64](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}
