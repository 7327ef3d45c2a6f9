package web

import (
	"context"
	"net/http"

	"mainstay/member"
)

// Quorum tells whether this side may act, and why not.
type Quorum struct {
	Quorate  bool   `json:"quorate"`
	Votes    int    `json:"votes"`
	Expected int    `json:"expected"`
	Needed   int    `json:"needed"`
	WhyNot   string `json:"why_not"` // "" if quorate
	// Pending says that the quorum device decides and has not spoken yet.
	Pending bool     `json:"pending"`
	Highest int      `json:"highest"` // expected votes, the highest among the members
	Flags   []string `json:"flags"`   // features in force, as corosync-quorumtool names them
	Voters  []Voter  `json:"voters"`  // the members, by id
	Device  *Device  `json:"device"`  // nil: none is configured
}

// Voter is a member and its votes.
type Voter struct {
	Node  member.NodeID `json:"node"`
	Votes int           `json:"votes"`
	// DeviceAlive tells whether it reaches the quorum device, Cast whether it has its vote.
	DeviceAlive bool `json:"device_alive"`
	Cast        bool `json:"cast"`
}

// Device is the quorum device as this node sees it.
type Device struct {
	Votes   int    `json:"votes"`
	Alive   bool   `json:"alive"` // some member reaches it
	Cast    bool   `json:"cast"`  // it votes for this partition
	Host    string `json:"host"`
	State   string `json:"state"`   // of this node's connection
	Failure string `json:"failure"` // why there is none; "" if there is
}

// VotesChange changes what is counted, at run time; what is nil or false stays.
type VotesChange struct {
	Expected     *int          `json:"expected,omitempty"` // expected votes of the cluster
	Node         member.NodeID `json:"node,omitempty"`     // whose votes; 0: this node
	Votes        *int          `json:"votes,omitempty"`
	ForgetDevice bool          `json:"forget_device,omitempty"` // take the quorum device out of the count
	Unblock      bool          `json:"unblock,omitempty"`       // end waiting for all
}

// WitnessRequest takes a witness as the cluster's quorum device.
type WitnessRequest struct {
	Token      string `json:"token"`                 // as "mainstay witness invite" prints it
	Algorithm  string `json:"algorithm,omitempty"`   // ffsplit (default) or lms
	TieBreaker string `json:"tie_breaker,omitempty"` // lowest (default), highest or a node id
}

// ConfigFile is the node's own configuration file, as it is in use.
type ConfigFile struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// Voting is the part of a Cluster that is about votes and about the daemons.
type Voting interface {
	// ChangeVotes changes what is counted.
	ChangeVotes(ctx context.Context, c VotesChange) error
	// JoinWitness makes a witness know this cluster, and names it in every member's
	// configuration.
	JoinWitness(ctx context.Context, r WitnessRequest) error
	// RemoveDevice takes the quorum device out of every member's configuration.
	RemoveDevice(ctx context.Context) error
	// Kill ends the daemon of a member at once; to the others it is lost.
	Kill(ctx context.Context, id member.NodeID) error
	// Leave has this node stop what it runs and leave the cluster; it returns when
	// that has begun.
	Leave(ctx context.Context) error
	// ConfigFile returns the configuration in use.
	ConfigFile() ConfigFile
}

func (s *Server) postQuorum(r *http.Request) (any, error) {
	var c VotesChange
	if err := decode(r, &c); err != nil {
		return nil, err
	}
	if c.Expected != nil && *c.Expected < 1 || c.Votes != nil && *c.Votes < 0 {
		return nil, Problemf(Invalid, "expected votes are 1 or more, votes 0 or more")
	}
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.ChangeVotes(ctx, c)
}

func (s *Server) postDevice(r *http.Request) (any, error) {
	var w WitnessRequest
	if err := decode(r, &w); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.JoinWitness(ctx, w)
}

func (s *Server) deleteDevice(r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.RemoveDevice(ctx)
}

func (s *Server) kill(r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	for _, p := range s.cluster.Snapshot().Peers {
		if p.Name == r.PathValue("name") {
			return struct{}{}, s.cluster.Kill(ctx, p.ID)
		}
	}
	return nil, Problemf(NotFound, "there is no node named %q", r.PathValue("name"))
}

func (s *Server) leave(r *http.Request) (any, error) {
	ctx, cancel := context.WithTimeout(r.Context(), editTimeout)
	defer cancel()
	return struct{}{}, s.cluster.Leave(ctx)
}

func (s *Server) getConfig(*http.Request) (any, error) { return s.cluster.ConfigFile(), nil }
