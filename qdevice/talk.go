package qdevice

import (
	"fmt"
	"reflect"
	"slices"
)

// data takes what came; a stream that is not understood ends the connection.
func (c *Client) data(b []byte) {
	c.stream = append(c.stream, b...)
	for c.state >= Greeting {
		m, n, err := Cut(c.stream)
		if err != nil {
			c.hangup(err.Error())
			return
		}
		if n == 0 {
			return
		}
		c.stream = c.stream[n:]
		if c.state == Securing {
			c.hangup("it speaks before TLS is agreed on")
			return
		}
		c.message(&m)
	}
}

// message handles one message of the arbiter.
func (c *Client) message(m *Message) {
	switch {
	case m.Type == ServerError:
		c.hangup("it says: " + m.Error.String())
	case m.Type == PreinitReply && c.state == Greeting:
		c.greeted(m)
	case m.Type == InitReply && c.state == Joining:
		c.joined(m)
	case c.state != Up:
		c.hangup(fmt.Sprintf("%s while %s", m.Type, c.state))
	case m.Type == EchoReply:
		c.echoed(m.Seq)
	case m.Type == EchoRequest:
		c.send(Message{Type: EchoReply, Seq: m.Seq}.With(OptSeq))
	case m.Type == VoteInfo:
		c.voted(m, m.Seq)
	case m.Type == NodeListReply, m.Type == AskForVoteReply, m.Type == HeuristicsChangeReply:
		c.voted(m, 0)
	case m.Type == SetOptionReply:
	default:
		c.hangup("unexpected: " + m.Type.String())
	}
}

// greeted agrees on TLS.
func (c *Client) greeted(m *Message) {
	want := c.cfg.TLS != TLSOff && c.cfg.Certificate
	switch {
	case c.cfg.TLS == TLSRequired && m.TLS == TLSOff:
		c.hangup("it offers no TLS, and tls: required asks for it")
	case c.cfg.TLS == TLSRequired && !want, m.TLS == TLSRequired && c.cfg.TLS != TLSOff && !want:
		c.hangup("TLS is needed, but this node has no certificate for it")
	case m.TLS == TLSRequired && !want:
		c.hangup("it wants TLS, and the configuration says tls: off")
	case m.TLS != TLSOff && want:
		c.plain = false
		c.request(Message{Type: StartTLS})
		c.state = Securing
		c.emit(Secure{})
	default:
		c.join()
	}
}

// join introduces the node.
func (c *Client) join() {
	m := Message{Type: Init, Node: c.cfg.Self, Algorithm: c.cfg.Algorithm, Heartbeat: c.cfg.Heartbeat, TieBreaker: c.cfg.TieBreaker,
		Ring: c.view.Ring}
	for t := Preinit; t <= HeuristicsChangeReply; t++ {
		m.Messages = append(m.Messages, t)
	}
	for o := range options {
		m.Options = append(m.Options, o)
	}
	c.state = Joining
	c.request(m.With(OptMessages, OptOptions, OptNode, OptAlgorithm, OptHeartbeat, OptTieBreaker, OptRing))
}

// joined sends what the arbiter decides by.
func (c *Client) joined(m *Message) {
	if m.Error != NoError {
		c.hangup("it says: " + m.Error.String())
		return
	}
	if !slices.Contains(m.Algorithms, c.cfg.Algorithm) {
		c.hangup("it does not offer the algorithm " + c.cfg.Algorithm.String())
		return
	}
	c.state, c.echo, c.echoes, c.list = Up, 0, nil, Message{}
	c.failed = ""
	c.echoAt = c.now
	way := "with TLS"
	if c.plain {
		way = "without TLS"
	}
	c.emit(Note{false, "the quorum device is reached, " + way})
	if slices.Contains(m.Options, OptKeepActive) {
		c.request(Message{Type: SetOption, KeepActive: c.cfg.KeepActive}.With(OptKeepActive))
	}
	c.sendConfig(InitialConfig)
	c.check(true)
	c.tickUp()
}

// echoed prolongs the lease from when the message that is answered was sent.
func (c *Client) echoed(seq uint32) {
	first := c.echo - uint32(len(c.echoes)) + 1
	if seq < first || seq > c.echo {
		return
	}
	sent := c.echoes[seq-first]
	c.echoes = c.echoes[seq-first+1:]
	if until := sent + c.cfg.Heartbeat*leaseShare/10; until > c.now {
		c.lease = until
		c.say(c.said.Vote, 0)
	}
}

// voted takes a vote over if it is for the present view; another one is void, but
// confirmed, so that the arbiter goes on. A vote counts as long as heartbeats are
// answered: what a node finds in its buffers after a pause counts for nothing.
func (c *Client) voted(m *Message, confirm uint32) {
	if m.Has(OptError) && m.Error != NoError {
		c.hangup("it says: " + m.Error.String())
		return
	}
	current := !m.Has(OptRing) || m.Ring == c.view.Ring
	decided := m.Vote == Ack || m.Vote == Nack
	switch {
	case current && decided:
		c.say(m.Vote, confirm)
	case confirm != 0:
		c.send(Message{Type: VoteInfoReply, Seq: confirm}.With(OptSeq))
	}
}

func (c *Client) sendConfig(t ListType) {
	m := Message{Type: NodeList, ListType: t, ConfigVersion: c.cfg.Version}.With(OptListType, OptNodeInfo)
	if c.cfg.Version != 0 {
		m = m.With(OptConfigVersion)
	}
	for _, id := range c.cfg.Nodes {
		m.Nodes = append(m.Nodes, NodeInfo{Node: id})
	}
	c.request(m)
}

// sendMembership tells the arbiter who this node is with.
func (c *Client) sendMembership() {
	m := Message{Type: NodeList, ListType: Membership, Ring: c.view.Ring, Heuristics: c.checks}.With(OptListType, OptRing, OptNodeInfo)
	if c.cfg.Heuristics.On {
		m = m.With(OptHeuristics)
	}
	for _, id := range c.view.Members {
		m.Nodes = append(m.Nodes, NodeInfo{Node: id})
	}
	c.request(m)
	c.sendQuorum()
}

// sendQuorum tells the arbiter what was concluded, if it is news.
func (c *Client) sendQuorum() {
	m := Message{Type: NodeList, ListType: QuorumList, Quorate: c.quorum.Quorate, Nodes: c.quorum.Nodes}.With(OptListType, OptQuorate, OptNodeInfo)
	if c.state != Up || len(m.Nodes) == 0 || reflect.DeepEqual(m, c.list) {
		return
	}
	c.list = m
	c.request(m)
}
