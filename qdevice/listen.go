package qdevice

import (
	"fmt"
	"slices"

	"mainstay/member"
)

// received takes what came over a connection.
func (a *Arbiter) received(c *client, b []byte) {
	c.stream = append(c.stream, b...)
	for a.client(c.conn) != nil {
		m, n, err := Cut(c.stream)
		switch {
		case err != nil:
			a.refuse(c, &m, Malformed)
			return
		case n == 0:
			return
		}
		c.stream = c.stream[n:]
		c.heard = a.now
		if code := a.message(c, &m); code != NoError {
			a.refuse(c, &m, code)
			return
		}
	}
}

// refuse tells why and closes the connection.
func (a *Arbiter) refuse(c *client, m *Message, code ErrorCode) {
	r := Message{Type: ServerError, Seq: m.Seq, Error: code}.With(OptError)
	if m.Type == Init {
		r.Type = InitReply
	}
	if m.Has(OptSeq) {
		r = r.With(OptSeq)
	}
	a.reply(c, r)
	a.emit(Note{true, fmt.Sprintf("cluster %s, node %s: refused: %s", c.cluster, c.node, code)})
	a.drop(c)
}

func (a *Arbiter) reply(c *client, m Message) { a.emit(Reply{c.conn, m.Append(nil)}) }

// message handles one message; a code other than NoError ends the connection.
func (a *Arbiter) message(c *client, m *Message) ErrorCode {
	switch {
	case m.Type == Preinit:
		return a.preinit(c, m)
	case c.cluster == "":
		return NeedPreinit
	case m.Type == StartTLS:
		if c.secure || a.cfg.TLS == TLSOff {
			return Unexpected
		}
		c.secure = true
		a.emit(Shield{c.conn})
		return NoError
	case m.Type == Init:
		return a.init(c, m)
	case !c.up:
		return NeedInit
	}
	switch m.Type {
	case EchoRequest:
		a.reply(c, Message{Type: EchoReply, Seq: m.Seq}.With(OptSeq))
	case EchoReply:
	case SetOption:
		return a.setOption(c, m)
	case NodeList:
		return a.nodeList(c, m)
	case HeuristicsChange:
		c.checks = m.Heuristics
		a.decide(c.in)
		a.reply(c, Message{Type: HeuristicsChangeReply, Seq: m.Seq, Heuristics: m.Heuristics, Ring: c.ring, Vote: c.answer()}.
			With(OptSeq, OptHeuristics, OptRing, OptVote))
	case AskForVote:
		a.decide(c.in)
		a.reply(c, Message{Type: AskForVoteReply, Seq: m.Seq, Ring: c.ring, Vote: c.answer()}.With(OptSeq, OptRing, OptVote))
	case VoteInfoReply:
		if c.unsaid && m.Seq == c.seq {
			c.unsaid = false
			a.crown(c.in)
		}
	default:
		return UnsupportedMessage
	}
	return NoError
}

func (a *Arbiter) preinit(c *client, m *Message) ErrorCode {
	switch {
	case c.cluster != "":
		return Unexpected
	case m.Cluster == "":
		return MissingOption
	}
	c.cluster = m.Cluster
	r := Message{Type: PreinitReply, Seq: m.Seq, TLS: a.cfg.TLS, CertRequired: true}.With(OptTLS, OptCertRequired)
	if m.Has(OptSeq) {
		r = r.With(OptSeq)
	}
	a.reply(c, r)
	return NoError
}

// known takes what the certificate says.
func (a *Arbiter) known(c *client, cluster string) {
	if c.cluster != cluster || cluster == "" {
		a.emit(Note{true, fmt.Sprintf("a node says that it is of cluster %s, but its certificate is for %q", c.cluster, cluster)})
		a.drop(c)
		return
	}
	c.shown, c.heard = cluster, a.now
}

// init seats a node.
func (a *Arbiter) init(c *client, m *Message) ErrorCode {
	switch {
	case c.up:
		return Unexpected
	case (a.cfg.TLS == TLSRequired || c.secure) && c.shown == "":
		return NeedTLS
	case !m.Has(OptNode) || m.Node == 0 || !m.Has(OptAlgorithm) || !m.Has(OptHeartbeat) || !m.Has(OptTieBreaker) || !m.Has(OptRing):
		return MissingOption
	case m.Algorithm != FFSplit && m.Algorithm != LMS:
		return UnsupportedAlgorithm
	case m.Heartbeat < MinHeartbeat || m.Heartbeat > MaxHeartbeat:
		return BadHeartbeat
	}
	k := a.cluster(c.cluster)
	for _, o := range a.of(k) {
		switch {
		case o.node == m.Node:
			return DuplicateNode
		case o.algo != m.Algorithm:
			return OtherAlgorithm
		case o.tie != m.TieBreaker:
			return OtherTieBreaker
		}
	}
	c.up, c.in, c.node, c.algo, c.beat, c.tie, c.ring = true, k, m.Node, m.Algorithm, m.Heartbeat, m.TieBreaker, m.Ring
	k.grant.Heartbeat = max(k.grant.Heartbeat, c.beat)
	r := Message{Type: InitReply, Seq: m.Seq, Error: NoError, MaxRequest: MaxMessage, MaxReply: MaxMessage, Algorithms: []Algorithm{FFSplit, LMS}}
	for t := Preinit; t <= HeuristicsChangeReply; t++ {
		r.Messages = append(r.Messages, t)
	}
	for o := range options {
		r.Options = append(r.Options, o)
	}
	r = r.With(OptError, OptMessages, OptOptions, OptMaxRequest, OptMaxReply, OptAlgorithms)
	if m.Has(OptSeq) {
		r = r.With(OptSeq)
	}
	a.reply(c, r)
	a.emit(Note{false, fmt.Sprintf("cluster %s: node %s is here", c.cluster, c.node)})
	return NoError
}

func (a *Arbiter) setOption(c *client, m *Message) ErrorCode {
	r := Message{Type: SetOptionReply, Seq: m.Seq}.With(OptSeq)
	if m.Has(OptHeartbeat) {
		if m.Heartbeat < MinHeartbeat || m.Heartbeat > MaxHeartbeat {
			return BadHeartbeat
		}
		c.beat, r.Heartbeat = m.Heartbeat, m.Heartbeat
		r = r.With(OptHeartbeat)
	}
	if m.Has(OptKeepActive) {
		c.keep, r.KeepActive = m.KeepActive, m.KeepActive
		r = r.With(OptKeepActive)
	}
	a.reply(c, r)
	return NoError
}

// nodeList takes a list; its answer is no vote by itself: those come as vote infos.
func (a *Arbiter) nodeList(c *client, m *Message) ErrorCode {
	if !m.Has(OptListType) {
		return MissingOption
	}
	var ids []member.NodeID
	for _, n := range m.Nodes {
		if slices.Contains(ids, n.Node) {
			return badList(m.ListType)
		}
		ids = append(ids, n.Node)
	}
	slices.Sort(ids)
	if len(ids) == 0 || m.ListType != QuorumList && !slices.Contains(ids, c.node) {
		return badList(m.ListType)
	}
	switch m.ListType {
	case InitialConfig, ChangedConfig:
		c.config = ids
		a.decide(c.in)
	case Membership:
		if !m.Has(OptRing) {
			return MissingOption
		}
		c.ring, c.members = m.Ring, ids
		if m.Has(OptHeuristics) {
			c.checks = m.Heuristics
		}
		c.vote, c.unsaid = NoVote, false // a vote is for one ring: the node dropped it with the last one
		a.decide(c.in)
	}
	a.reply(c, Message{Type: NodeListReply, Seq: m.Seq, ListType: m.ListType, Ring: c.ring, Vote: c.answer()}.
		With(OptSeq, OptListType, OptRing, OptVote))
	return NoError
}

func badList(t ListType) ErrorCode {
	if t == InitialConfig || t == ChangedConfig {
		return BadConfigList
	}
	return BadMembershipList
}

// answer is the vote in the reply to a message: the vote infos say the rest.
func (c *client) answer() Vote {
	if c.vote == NoVote {
		return Wait
	}
	return NoChange
}
