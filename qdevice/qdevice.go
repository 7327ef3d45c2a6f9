// Package qdevice is the quorum device with the model net: the protocol that
// corosync-qdevice(8) and corosync-qnetd(8) speak, the node's side of it (Client)
// and the arbiter's (Arbiter), with the algorithms ffsplit and lms. All of it is
// pure: connections, clocks and commands are the hands'.
//
// The protocol is a stream of messages over TCP (port 5403), each a type, a length
// and a list of options (type, length, value), all numbers big-endian. It was
// learned from the manual pages, from "corosync-qnetd -v", which lists messages and
// algorithms with their numbers, and from what a corosync-qdevice 3.0.3 and a
// corosync-qnetd 3.0.3 say to each other.
package qdevice

import (
	"fmt"
	"time"

	"mainstay/member"
)

// Port is the arbiter's TCP port.
const Port = 5403

// ServerName is the common name in the certificate of every arbiter.
const ServerName = "Qnetd Server"

// MessageType tells what a message is about.
type MessageType uint16

// The messages, as "corosync-qnetd -v" numbers them.
const (
	Preinit MessageType = iota
	PreinitReply
	StartTLS
	Init
	InitReply
	ServerError
	SetOption
	SetOptionReply
	EchoRequest
	EchoReply
	NodeList
	NodeListReply
	AskForVote
	AskForVoteReply
	VoteInfo
	VoteInfoReply
	HeuristicsChange
	HeuristicsChangeReply
)

// String is the message's name.
func (t MessageType) String() string {
	names := []string{"preinit", "preinit reply", "start tls", "init", "init reply", "server error", "set option",
		"set option reply", "echo request", "echo reply", "node list", "node list reply", "ask for vote",
		"ask for vote reply", "vote info", "vote info reply", "heuristics change", "heuristics change reply"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("message type %d", uint16(t))
}

// Option is the type of an option of a message.
type Option uint16

// The options.
const (
	OptSeq Option = iota
	OptCluster
	OptTLS
	OptCertRequired
	OptMessages
	OptOptions
	OptError
	OptMaxRequest
	OptMaxReply
	OptNode
	OptAlgorithms
	OptAlgorithm
	OptHeartbeat
	OptRing
	OptConfigVersion
	OptDataCenter
	OptNodeState
	OptNodeInfo
	OptListType
	OptVote
	OptQuorate
	OptTieBreaker
	OptHeuristics
	OptKeepActive
	options // their number
)

// TLS is what an arbiter or node does about TLS.
type TLS byte

// The values of tls.
const (
	TLSOff TLS = iota
	TLSOn
	TLSRequired
)

// ListType tells what a node list is.
type ListType byte

// The node lists.
const (
	InitialConfig ListType = iota // the configured nodes, on connecting
	ChangedConfig                 // the configured nodes, later
	Membership                    // the members of the ring
	QuorumList                    // all nodes with their states, and whether there is quorum
)

// Vote is the arbiter's answer.
type Vote byte

// The votes.
const (
	NoVote   Vote = iota // none was given
	Ack                  // the device votes for this node's partition
	Nack                 // it votes for another one, or nobody
	AskLater             // ask again
	Wait                 // a vote info will follow
	NoChange             // as before
)

// String is the vote's name.
func (v Vote) String() string {
	return [...]string{"none", "ACK", "NACK", "ask later", "wait for reply", "no change"}[min(v, NoChange)]
}

// TieMode tells which of two equal partitions is chosen.
type TieMode byte

// The tie breakers.
const (
	Lowest TieMode = 1 + iota
	Highest
	Named // the partition of a certain node
)

// TieBreaker chooses between equal partitions.
type TieBreaker struct {
	Mode TieMode
	Node member.NodeID // with Named
}

// Heuristics is the result of a node's own checks.
type Heuristics byte

// The results.
const (
	Undefined Heuristics = iota
	Passed
	Failed
)

// Algorithm is how the arbiter decides.
type Algorithm uint16

// The algorithms; Test and TwoNodeLMS are for developers of the peer and not offered.
const (
	Test Algorithm = iota
	FFSplit
	TwoNodeLMS
	LMS
)

// String is the algorithm's name in corosync.conf.
func (a Algorithm) String() string {
	return [...]string{"test", "ffsplit", "2nodelms", "lms"}[min(a, LMS)]
}

// NodeState is the state of a node in a quorum list.
type NodeState byte

// The states.
const (
	NotSet NodeState = iota
	Member
	Dead
	Leaving
)

// NodeInfo is a node of a list.
type NodeInfo struct {
	Node       member.NodeID
	DataCenter uint32
	State      NodeState
}

// ErrorCode is why an arbiter refuses.
type ErrorCode uint16

// Message is a message with the options that Has names.
type Message struct {
	Type          MessageType
	has           uint32
	Seq           uint32
	Cluster       string
	TLS           TLS
	CertRequired  bool
	Messages      []MessageType
	Options       []Option
	Error         ErrorCode
	MaxRequest    uint32 // bytes
	MaxReply      uint32 // bytes
	Node          member.NodeID
	Algorithms    []Algorithm
	Algorithm     Algorithm
	Heartbeat     time.Duration // in milliseconds on the wire
	Ring          member.RingID
	ConfigVersion uint64
	DataCenter    uint32
	ListType      ListType
	Vote          Vote
	Quorate       bool
	TieBreaker    TieBreaker
	Heuristics    Heuristics
	KeepActive    bool
	Nodes         []NodeInfo
}

// Has tells whether the message has an option.
func (m *Message) Has(o Option) bool { return m.has&(1<<o) != 0 }

// With marks options as present; their values are the fields'.
func (m Message) With(opts ...Option) Message {
	for _, o := range opts {
		m.has |= 1 << o
	}
	return m
}

// The codes, found out by provoking them.
const (
	NoError ErrorCode = iota
	UnsupportedNeededMessage
	UnsupportedNeededOption
	NeedTLS
	UnsupportedMessage
	TooLong
	NeedPreinit
	MissingOption
	Unexpected
	Malformed
	InternalError
	NeedInit
	UnsupportedAlgorithm
	BadHeartbeat
	UnsupportedAlgorithmMessage
	OtherTieBreaker
	OtherAlgorithm
	DuplicateNode
	BadConfigList
	BadMembershipList
)

// String says it to people.
func (c ErrorCode) String() string {
	texts := []string{"no error", "a message that it needs is not supported", "an option that it needs is not supported",
		"it wants TLS", "it does not support the message", "the message is too long", "preinit has to come first",
		"an option is missing", "the message comes at the wrong time", "the message is malformed", "it has an error of its own",
		"init has to come first", "it does not support the algorithm", "it does not accept the heartbeat interval",
		"the algorithm does not know the message", "other nodes of the cluster have another tie breaker",
		"other nodes of the cluster have another algorithm", "a node of the same cluster name and number is connected already",
		"it does not accept the list of nodes", "it does not accept the list of members"}
	if int(c) < len(texts) {
		return texts[c]
	}
	return fmt.Sprintf("error %d", uint16(c))
}
