package corosync

import (
	"mainstay/member"
	"mainstay/quorum"
)

// Requests and events of the quorum service, and of votequorum behind it.
const (
	quorumTrack   = 1
	quorumModel   = 4
	quorumCounted = 6

	votesInfo = 0
)

const (
	quorumModelV1 = 1
	// trackAll is CS_TRACK_CURRENT and CS_TRACK_CHANGES.
	trackAll = 3
	// typeFree says that no quorum provider is configured: everything is quorate.
	typeFree = 0
)

// Flags of votequorum (votequorum.h).
const (
	flagTwoNode    = 1
	flagQuorate    = 2
	flagWait       = 4
	flagLastMan    = 8
	flagTieBreaker = 16
	flagDownscale  = 32
	flagDevice     = 64
	flagDeviceUp   = 128
	flagDeviceCast = 256
)

// trackQuorum asks for an event with each count of the votes. It returns whether
// votes are counted at all.
func (c *conn) trackQuorum() (bool, error) {
	r, err := c.ask(newRequest(quorumModel).number(quorumModelV1))
	if err != nil {
		return false, err
	}
	counts := r.u32() != typeFree
	if err := r.err(); err != nil {
		return false, err
	}
	_, err = c.ask(newRequest(quorumTrack).number(trackAll))
	return counts, err
}

// counted is an event of the quorum service: the verdict on a ring.
type counted struct {
	quorate bool
	ring    member.RingID
}

// parseCounted reads it; false if it is another event.
func parseCounted(p []byte) (counted, bool, error) {
	r, err := parseEvent(p)
	if err != nil || r.id != quorumCounted {
		return counted{}, false, err
	}
	x := counted{quorate: r.number() != 0}
	x.ring = member.RingID{Rep: member.NodeID(r.number()), Seq: r.long()}
	return x, true, r.err()
}

// votes asks votequorum for the count, as a node sees it.
func (c *conn) votes(node member.NodeID) (quorum.State, error) {
	r, err := c.ask(newRequest(votesInfo).number(uint32(node)))
	if err != nil {
		return quorum.State{}, err
	}
	return parseVotes(r)
}

func parseVotes(r *reply) (quorum.State, error) {
	r.skip(12) // node, its state, its votes
	s := quorum.State{Expected: int(r.u32()), Highest: int(r.u32()), Votes: int(r.u32()), Quorum: int(r.u32())}
	flags := r.u32()
	has := func(bit uint32) bool { return flags&bit != 0 }
	s.Quorate = has(flagQuorate)
	s.Flags = quorum.Flags{TwoNode: has(flagTwoNode), WaitForAll: has(flagWait), LastManStanding: has(flagLastMan),
		AutoTieBreaker: has(flagTieBreaker), AllowDownscale: has(flagDownscale), Device: has(flagDevice)}
	s.Device = quorum.DeviceState{Configured: has(flagDevice), Alive: has(flagDeviceUp), Cast: has(flagDeviceCast), Votes: int(r.u32())}
	return s, r.err()
}
