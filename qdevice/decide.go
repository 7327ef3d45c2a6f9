package qdevice

import (
	"fmt"
	"slices"

	"mainstay/member"
)

// decide gives the vote of a cluster to one partition, if what its nodes say fits
// together; while it does not, nobody gets anything new. Who loses is told first,
// and the winners only when all losers that are connected have confirmed: so no two
// partitions have the vote at once (corosync-qdevice(8), model net algorithms; the
// order is that of the peer's ffsplit).
func (a *Arbiter) decide(k *cluster) {
	k.ring, k.winners = member.RingID{}, nil
	clients := a.of(k)
	if k.closed != 0 || !settled(clients) {
		return
	}
	best := choose(partitions(clients), len(clients[0].config), clients[0], k.grant.Members)
	if best != nil {
		k.ring, k.winners = best.ring, best.members
	}
	for _, c := range clients {
		if best == nil || c.ring != best.ring {
			a.tell(c, Nack)
		}
	}
	a.crown(k)
}

// crown gives the winners their vote when nobody else can have it any more.
func (a *Arbiter) crown(k *cluster) {
	clients := a.of(k)
	for _, c := range clients {
		if k.ring.IsZero() || c.ring != k.ring && (c.vote != Nack || c.unsaid) {
			return
		}
	}
	g := Grant{k.name, k.ring, k.winners, k.grant.Heartbeat}
	if g.Ring != k.grant.Ring || !slices.Equal(g.Members, k.grant.Members) {
		k.grant = g
		a.emit(Note{false, fmt.Sprintf("cluster %s: the vote goes to %v (ring %s)", k.name, k.winners, k.ring)})
		a.keep()
	}
	for _, c := range clients {
		if c.ring == k.ring {
			a.tell(c, Ack)
		}
	}
}

// keep has the decisions written down before they are told.
func (a *Arbiter) keep() {
	var all []Grant
	for _, k := range a.clusters {
		if len(k.grant.Members) > 0 {
			all = append(all, k.grant)
		}
	}
	a.emit(Keep{all})
}

// tell sends a vote to a node unless it has it.
func (a *Arbiter) tell(c *client, v Vote) {
	if c.vote == v && c.voteFor == c.ring {
		return
	}
	c.vote, c.voteFor, c.unsaid = v, c.ring, true
	c.seq++
	a.reply(c, Message{Type: VoteInfo, Seq: c.seq, Vote: v, Ring: c.ring}.With(OptSeq, OptVote, OptRing))
}

// settled tells whether what the nodes say fits together: they know the same
// configuration, and whoever is said to be in a partition says so too.
func settled(clients []*client) bool {
	if len(clients) == 0 {
		return false
	}
	for _, c := range clients {
		if c.members == nil || c.config == nil || !slices.Equal(c.config, clients[0].config) {
			return false
		}
		for _, o := range clients {
			together := slices.Contains(c.members, o.node)
			if together && (o.ring != c.ring || !slices.Equal(o.members, c.members)) || !together && o.ring == c.ring {
				return false
			}
		}
	}
	return true
}

// partition is a set of nodes that see each other.
type partition struct {
	ring      member.RingID
	members   []member.NodeID
	connected int
	score     int
}

// partitions lists those of which a node is connected.
func partitions(clients []*client) []*partition {
	var out []*partition
	for _, c := range clients {
		i := slices.IndexFunc(out, func(p *partition) bool { return p.ring == c.ring })
		if i < 0 {
			i = len(out)
			out = append(out, &partition{ring: c.ring, members: c.members})
		}
		p := out[i]
		p.connected++
		p.score++
		switch c.checks {
		case Passed:
			p.score++
		case Failed:
			p.score--
		}
	}
	return out
}

// choose picks the partition that gets the vote, nil for none. The rules are those
// of corosync-qdevice(8): ffsplit looks at the number of members, which must be half
// at least, then at the score, then at the number of connected nodes; lms at the
// score, then at the number of connected nodes. A tie goes to whom the vote belonged
// before (with lms always), then to the tie breaker.
func choose(parts []*partition, nodes int, c *client, active []member.NodeID) *partition {
	if c.algo == FFSplit {
		parts = slices.DeleteFunc(parts, func(p *partition) bool { return 2*len(p.members) < nodes })
		parts = most(parts, func(p *partition) int { return len(p.members) })
	}
	parts = most(parts, func(p *partition) int { return p.score })
	parts = most(parts, func(p *partition) int { return p.connected })
	if c.keep || c.algo == LMS {
		parts = most(parts, func(p *partition) int { return shared(p.members, active) })
	}
	parts = most(parts, func(p *partition) int { return preferred(p.members, c.tie) })
	if len(parts) == 0 {
		return nil
	}
	return parts[0]
}

// most keeps the partitions for which rank is highest.
func most(parts []*partition, rank func(*partition) int) []*partition {
	if len(parts) == 0 {
		return nil
	}
	best := rank(parts[0])
	for _, p := range parts {
		best = max(best, rank(p))
	}
	return slices.DeleteFunc(slices.Clone(parts), func(p *partition) bool { return rank(p) < best })
}

// shared is how many of the members were in the partition that had the vote.
func shared(members, active []member.NodeID) int {
	n := 0
	for _, id := range members {
		if slices.Contains(active, id) {
			n++
		}
	}
	return n
}

// preferred ranks a partition by the tie breaker.
func preferred(members []member.NodeID, t TieBreaker) int {
	switch {
	case len(members) == 0:
	case t.Mode == Highest:
		return int(members[len(members)-1])
	case t.Mode == Named && slices.Contains(members, t.Node):
		return 1
	case t.Mode == Lowest:
		return -int(members[0])
	}
	return 0
}
