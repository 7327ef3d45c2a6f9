// Package wire carries packets between the nodes of a cluster over one to eight
// links: it seals and opens them (AES-256-GCM, or a checksum where the owner
// asked for no protection), throws away what is foreign, replayed or doubled,
// watches the health of each link to each node, moves traffic to another link
// when one fails, and tells when a node is silent on all of them.
//
// It is a step machine like the deciders: no socket, clock or goroutine is in
// it, so it runs unchanged in the simulator. See format.go for the bytes,
// session.go for how two nodes come to trust each other's packets, health.go
// and send.go for the links.
package wire

import (
	"time"

	"mainstay/member"
)

// MaxLinks is the largest number of links.
const MaxLinks = 8

// DefaultMTU is the size in bytes of the largest payload that fits into an
// Ethernet frame together with all headers, over IPv4 or IPv6.
const DefaultMTU = 1400

// MaxPayload is the size in bytes of the largest payload that Outgoing takes.
const MaxPayload = 65000

// Config is all that the links need to know.
type Config struct {
	Self    member.NodeID
	Cluster string // its name; nodes of other clusters are not understood
	Peers   []Peer // all other nodes; Self is skipped if it is among them
	Links   []Link // per link number; missing ones have the defaults
	Mode    Mode

	// Keys are the cluster keys, the newest first; every node must have one that
	// all have. They are ignored if Plain is set.
	Keys [][]byte
	// Plain asks for no protection but a checksum (secauth: off).
	Plain bool

	// Token is the silence on every link after which a node is given up
	// (corosync.conf's token); default 1 s.
	Token time.Duration
	// MTU is the size of the largest payload that is sent in one piece to be
	// expected, in bytes; default DefaultMTU.
	MTU int

	// Rand is the source of session epochs and challenges; it must not repeat
	// itself from one start of the node to the next.
	Rand func() uint64
}

// Peer is another node.
type Peer struct {
	ID    member.NodeID
	Addrs []string // per link, "ip:port"; "" if it is not on that link
}

// Link is what is set for one link (corosync.conf's interface section).
type Link struct {
	Priority     int           // the highest that works carries the traffic in Passive mode
	PingInterval time.Duration // between two heartbeats on this link; default: links * Token/4
	PingTimeout  time.Duration // without a sign of life on a link for so long it counts as down; default Token
	PongCount    int           // heartbeats that must be answered before a link that was down is used; default 2
}

// Mode says how several links are used (link_mode).
type Mode string

// The modes.
const (
	Passive    Mode = "passive" // the best link carries all
	Active     Mode = "active"  // all links carry all
	RoundRobin Mode = "rr"      // links take turns
)

// Input is what can happen to the links: one of the types below.
type Input interface{ isInput() }

// The inputs.
type (
	// Tick says that the time of Wake has come.
	Tick struct{}
	// Incoming is a datagram from Addr on a link. The machine keeps Data and
	// writes to it.
	Incoming struct {
		Link int
		Addr string
		Data []byte
	}
	// Outgoing asks for a payload to be sent to a node, or to all if To is 0.
	// Data is not kept.
	Outgoing struct {
		To   member.NodeID
		Data []byte
	}
	// LinkDown says that the operating system reports this node's side of a link
	// as down, or as up again.
	LinkDown struct {
		Link int
		Down bool
	}
	// Refused says that the host of Addr answered "port unreachable".
	Refused struct {
		Link int
		Addr string
	}
	// TooBig says that this host, or one on the way to Addr, does not pass
	// datagrams of more than Size bytes.
	TooBig struct {
		Link int
		Addr string
		Size int
	}
	// Reconfigure changes everything but Self, Cluster, Plain and Rand.
	Reconfigure struct{ Config Config }
	// Leave says goodbye to all peers.
	Leave struct{}
)

func (Tick) isInput()        {}
func (Incoming) isInput()    {}
func (Outgoing) isInput()    {}
func (LinkDown) isInput()    {}
func (Refused) isInput()     {}
func (TooBig) isInput()      {}
func (Reconfigure) isInput() {}
func (Leave) isInput()       {}

// Effect is what the links want done or tell: one of the types below.
type Effect interface{ isEffect() }

// The effects.
type (
	// Transmit asks for a datagram to be sent. Several may share Data.
	Transmit struct {
		Link int
		Addr string
		Data []byte
	}
	// Received is a payload of a peer: authentic, not seen before, sent by its
	// present incarnation. Data belongs to the receiver.
	Received struct {
		From member.NodeID
		Data []byte
	}
	// Silence says that for Config.Token nothing came from Node on any link, or
	// nothing of ours reached it; then it may be Heard itself. A node that was never
	// heard is not told of.
	Silence struct {
		Node  member.NodeID
		Heard bool
	}
	// Heard says that a node is there, for the first time or again.
	Heard struct{ Node member.NodeID }
	// Unreachable says that the process which was Heard is no more: it said
	// goodbye, it was started anew (Heard follows at once), or its host refuses
	// packets and it does not answer on any link.
	Unreachable struct{ Node member.NodeID }
	// LinkState tells of a link to a node that came up, went down, or whose
	// measurements changed notably.
	LinkState struct {
		Node member.NodeID
		Link int
		Up   bool
		RTT  time.Duration // smoothed; 0 if not known
		Loss float64       // share of packets lost on the way to Node, 0 to 1
		MTU  int           // bytes of the largest payload that arrives in one piece; 0 if not known
	}
	// Alarm reports what should not be. The same kind from the same source is
	// reported at most once in ten seconds; Count is how often it happened since
	// the last report.
	Alarm struct {
		Kind   Kind
		Source string // address
		Count  int
		Text   string // for people: what was seen, what to do
	}
)

func (Transmit) isEffect()    {}
func (Received) isEffect()    {}
func (Silence) isEffect()     {}
func (Heard) isEffect()       {}
func (Unreachable) isEffect() {}
func (LinkState) isEffect()   {}
func (Alarm) isEffect()       {}

// Kind is a kind of alarm.
type Kind string

// The kinds.
const (
	Foreign        Kind = "foreign-packet"    // not our format: some other program's
	Damaged        Kind = "damaged-packet"    // our format, but cut off or changed on the way
	UnknownNode    Kind = "unknown-node"      // a sender that is not configured
	WrongCluster   Kind = "wrong-cluster"     // another cluster's name
	WrongKey       Kind = "wrong-key"         // sealed with a key that we do not have
	NotSealed      Kind = "not-encrypted"     // plain, but we are to protect packets
	Sealed         Kind = "encrypted"         // protected, but we are to send plain packets
	DuplicateID    Kind = "duplicate-node-id" // two machines say that they are the same node
	UnknownAddress Kind = "unknown-address"   // a node's packet from an address that is not its own
	Narrow         Kind = "narrow-link"       // large packets are lost where small ones arrive
	BadConfig      Kind = "bad-configuration" // Reconfigure could not be obeyed
)
