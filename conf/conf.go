// Package conf reads the cluster's configuration file in the syntax of
// corosync.conf(5) and votequorum(5) into typed settings, and says of every key
// what became of it.
package conf

import (
	"slices"
	"time"

	"mainstay/member"
)

// Config is a whole configuration file with defaults filled in.
type Config struct {
	Totem   Totem
	Nodes   []Node // sorted by id
	Quorum  Quorum
	Logging Logging
	System  System
	// Watchdog is the resources section.
	Watchdog Watchdog
	// Engine says who does membership and messages: "ring", which is built in. Key system.engine.
	Engine string
}

// Totem is the totem section.
type Totem struct {
	ClusterName      string
	ConfigVersion    uint64
	Transport        string        // always "knet": encrypted unicast over up to 8 links
	Token            time.Duration // with the coefficient applied
	TokenSet         bool          // the file sets it
	TokenCoefficient time.Duration
	TokenRetransmit  time.Duration // 0: the ring's default
	Hold             time.Duration // 0: the ring's default
	Join             time.Duration // 0: the ring's default
	Consensus        time.Duration // 0: the ring's default
	Merge            time.Duration // 0: the ring's default
	WindowSize       int           // 0: the ring's default
	MaxMessages      int           // 0: the ring's default
	MTU              int           // netmtu, knet_mtu: bytes of an IP packet; 0: default (see Payload)
	Encrypted        bool          // false only if the file says "secauth: off" or "crypto_cipher: none"
	KeyFile          string        // keyfile; "" for the default place
	Key              string        // the key itself, if the file has it; KeyFile counts if both are set
	LinkMode         string        // passive, active, rr
	IPVersion        string
	Interfaces       map[int]Interface // per link number, where the file says something
}

// Interface is one interface section: settings of one link.
type Interface struct {
	Link         int
	Port         int // mcastport; 0: 5405 + link
	Priority     int // knet_link_priority
	PingInterval time.Duration
	PingTimeout  time.Duration
	PongCount    int
	BindNet      string // bindnetaddr of a multicast-era file
}

// Node is a node section.
type Node struct {
	ID    member.NodeID
	Name  string
	Addrs []string // per link, without port
	Votes int      // quorum_votes, default 1
}

// Quorum is the quorum section.
type Quorum struct {
	Provider         string
	ExpectedVotes    int // 0: sum of the nodes' votes
	TwoNode          bool
	WaitForAll       *bool // nil: as TwoNode
	AutoTieBreaker   bool
	TieBreakerNode   string // auto_tie_breaker_node: lowest, highest or a list of ids
	LastManStanding  bool
	Window           time.Duration // last_man_standing_window
	AllowDownscale   bool
	ExpectedTracking bool
	Device           *Device
	votes            *int // of nodes without quorum_votes
}

// Logging is the logging section.
type Logging struct {
	ToFile   bool
	File     string
	ToSyslog bool
	ToStderr bool
	Debug    bool
}

// System is the system section.
type System struct {
	SchedRR  string // yes, no, maybe; "": yes
	Priority string
	engine   string
}

// Watchdog is the resources section: the device that resets this machine when
// nobody feeds it.
type Watchdog struct {
	Device     string        // watchdog_device; "": /dev/watchdog if the cluster asks for one; "off": none
	Timeout    time.Duration // watchdog_timeout, whole seconds; 0: by stonith-watchdog-timeout
	Pretimeout time.Duration // watchdog_pretimeout, whole seconds before the reset; 0: none
}

// Asked tells whether the file itself asks for a watchdog, whatever the cluster says.
func (w Watchdog) Asked() bool { return w.Device != "" && w.Device != "off" }

// MaxLinks is the largest number of links.
const MaxLinks = 8

// Payload is how many bytes of a packet are left to the ring below MTU: the rest
// is for IPv6 and UDP (48) and for the links' header and seal (48). 0: default.
func (t Totem) Payload() int {
	if t.MTU == 0 {
		return 0
	}
	return max(t.MTU-96, 1000)
}

// DefaultPort is the UDP port of link 0; link n uses the n-th after it.
const DefaultPort = 5405

// DefaultToken is Mainstay's own token timeout: silence on every link for so
// long is evidence enough, so no further consensus time is added to it.
const DefaultToken = time.Second

// Node finds a node by id.
func (c *Config) Node(id member.NodeID) (Node, bool) {
	i := slices.IndexFunc(c.Nodes, func(n Node) bool { return n.ID == id })
	if i < 0 {
		return Node{}, false
	}
	return c.Nodes[i], true
}

// ByName finds a node by name.
func (c *Config) ByName(name string) (Node, bool) {
	i := slices.IndexFunc(c.Nodes, func(n Node) bool { return n.Name == name })
	if i < 0 {
		return Node{}, false
	}
	return c.Nodes[i], true
}

// Links is the number of links of the cluster.
func (c *Config) Links() int {
	n := 0
	for _, node := range c.Nodes {
		n = max(n, len(node.Addrs))
	}
	return n
}

// Port is the UDP port of a link.
func (c *Config) Port(link int) int {
	if p := c.Totem.Interfaces[link].Port; p != 0 {
		return p
	}
	return DefaultPort + link
}
