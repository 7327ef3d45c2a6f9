package engine

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"mainstay/conf"
	"mainstay/member"
	"mainstay/quorum"
	"mainstay/ring"
)

// Files of the state directory that an engine writes.
const (
	CIBFile        = "cib.xml"
	RingFile       = "ring.seq"
	QuorumFile     = "quorum.json"
	TransitionFile = "transition.number"
)

// ringConfig is the ring's part of the configuration file.
func ringConfig(cfg Config) ring.Config {
	t := cfg.Conf.Totem
	c := ring.Config{
		Self: cfg.Self, Incarnation: cfg.Incarnation, Seq: cfg.RingSeq,
		Token: t.Token, Retransmit: t.TokenRetransmit, Hold: t.Hold, Join: t.Join,
		Consensus: t.Consensus, Merge: t.Merge, Window: t.WindowSize, MaxMessages: t.MaxMessages,
		MTU: cfg.MTU,
	}
	for _, n := range cfg.Conf.Nodes {
		c.Nodes = append(c.Nodes, n.ID)
	}
	return c
}

// quorumConfig is the quorum section.
func quorumConfig(cfg Config) quorum.Config {
	q := cfg.Conf.Quorum
	c := quorum.Config{
		Self: cfg.Self, ExpectedVotes: q.ExpectedVotes, TwoNode: q.TwoNode, WaitForAll: q.WaitForAll,
		AutoTieBreaker: q.AutoTieBreaker, LastManStanding: q.LastManStanding, Window: q.Window,
		AllowDownscale: q.AllowDownscale, ExpectedTracking: q.ExpectedTracking, Saved: cfg.Quorum,
	}
	for _, n := range cfg.Conf.Nodes {
		c.Nodes = append(c.Nodes, quorum.Node{ID: n.ID, Votes: n.Votes})
	}
	switch q.TieBreakerNode {
	case "", "lowest":
		c.TieBreaker = quorum.Lowest
	case "highest":
		c.TieBreaker = quorum.Highest
	default:
		c.TieBreaker = quorum.Listed
		c.TieBreakerNodes = nodeIDs(q.TieBreakerNode)
	}
	if d := q.Device; d != nil {
		c.Device, c.DeviceVotes, c.DeviceWait = true, d.Votes, d.SyncTimeout
	}
	return c
}

func nodeIDs(list string) []member.NodeID {
	var out []member.NodeID
	for _, w := range strings.Fields(strings.ReplaceAll(list, ",", " ")) {
		if id, err := member.ParseNodeID(w); err == nil {
			out = append(out, id)
		}
	}
	return out
}

// savedQuorum is QuorumFile's content: what quorum keeps, and in which boot.
type savedQuorum struct {
	quorum.Saved
	Boot string `json:",omitempty"`
}

func encodeSaved(s quorum.Saved, boot string) []byte {
	b, err := json.Marshal(savedQuorum{s, boot})
	if err != nil {
		panic("engine: encoding the quorum's state failed: " + err.Error())
	}
	return append(b, '\n')
}

// DecodeQuorum reads QuorumFile. What all nodes saw holds within one boot of the
// machine only, also if no daemon of this boot has written the file yet. (Corosync's
// votequorum(5) waits for all whenever it starts.)
func DecodeQuorum(file []byte, boot string) (quorum.Saved, error) {
	var s savedQuorum
	if err := json.Unmarshal(file, &s); err != nil {
		return quorum.Saved{}, fmt.Errorf("%s: %w", QuorumFile, err)
	}
	if boot == "" || s.Boot != boot {
		s.SeenAll = false
	}
	return s.Saved, nil
}

// DecodeNumber reads RingFile or TransitionFile.
func DecodeNumber(file []byte) (uint64, error) {
	return strconv.ParseUint(strings.TrimSpace(string(file)), 10, 64)
}

// names of the configured nodes, by id.
func names(c *conf.Config) map[member.NodeID]string {
	m := map[member.NodeID]string{}
	for _, n := range c.Nodes {
		m[n.ID] = n.Name
	}
	return m
}

// configure takes over another configuration.
func (e *Engine) configure(c *conf.Config) {
	e.cfg.Conf = c
	e.links.keep(newLinks(c, e.cfg.Self))
	e.replica.Rename(names(c))
	e.control.Expect(len(c.Nodes))
	e.dirty = true
	e.ringIn(ring.Configure{Config: ringConfig(e.cfg)})
	e.quorumIn(quorum.Configure{Config: quorumConfig(e.cfg)})
}
