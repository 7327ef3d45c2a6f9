package qdevice

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"mainstay/member"
)

// Conn names one connection to an arbiter; the hand gives each another number.
type Conn uint64

// ArbiterConfig is what an arbiter needs to know.
type ArbiterConfig struct {
	TLS TLS
	// Granted are the decisions of an earlier run, as Keep asked for them.
	Granted []Grant
}

// Grant is a vote that was given to a partition of a cluster.
type Grant struct {
	Cluster   string
	Ring      member.RingID
	Members   []member.NodeID
	Heartbeat time.Duration // the longest of its clients
}

// ArbiterInput is what can happen to an arbiter: one of the types below.
type ArbiterInput interface{ arbiterInput() }

// The inputs of an arbiter; Tick is one too.
type (
	// Opened is a new connection.
	Opened struct{ Conn Conn }
	// Received is what came over a connection.
	Received struct {
		Conn  Conn
		Bytes []byte
	}
	// Known says that TLS stands and whose certificate was shown: the cluster's.
	Known struct {
		Conn    Conn
		Cluster string
	}
	// Ended says that a connection is gone.
	Ended struct{ Conn Conn }
)

func (Tick) arbiterInput()     {}
func (Opened) arbiterInput()   {}
func (Received) arbiterInput() {}
func (Known) arbiterInput()    {}
func (Ended) arbiterInput()    {}

// ArbiterEffect is what an arbiter wants done: one of the types below.
type ArbiterEffect interface{ arbiterEffect() }

// The effects of an arbiter; Note is one too.
type (
	// Reply asks for bytes to be sent over a connection.
	Reply struct {
		Conn  Conn
		Bytes []byte
	}
	// Shield asks for TLS on a connection; Known follows.
	Shield struct{ Conn Conn }
	// Drop asks for a connection to be closed when what was sent before is out;
	// Ended need not follow.
	Drop struct{ Conn Conn }
	// Keep asks for all grants to be on disk.
	Keep struct{ Granted []Grant }
)

func (Reply) arbiterEffect()  {}
func (Shield) arbiterEffect() {}
func (Drop) arbiterEffect()   {}
func (Keep) arbiterEffect()   {}
func (Note) arbiterEffect()   {}

// Limits of an arbiter, as corosync-qnetd(8) has them.
const (
	MinHeartbeat = time.Second
	MaxHeartbeat = 2 * time.Minute
	introduce    = 10 * time.Second // a connection must be through with init by then
	giveUpShare  = 15               // tenths of a heartbeat without a word: the node is gone
)

// Arbiter gives the device's vote to one partition of each cluster. It is not safe
// for concurrent use.
type Arbiter struct {
	cfg      ArbiterConfig
	now      time.Duration
	out      []ArbiterEffect
	clients  []*client // in order of connecting
	clusters []*cluster
}

// client is a connected node.
type client struct {
	conn    Conn
	stream  []byte
	cluster string // it says so
	shown   string // its certificate says so
	secure  bool   // TLS was asked for
	node    member.NodeID
	up      bool // init is done
	in      *cluster
	beat    time.Duration
	heard   time.Duration
	config  []member.NodeID
	ring    member.RingID
	members []member.NodeID // nil: not told yet
	checks  Heuristics
	algo    Algorithm
	tie     TieBreaker
	keep    bool
	seq     uint32
	vote    Vote // sent last …
	voteFor member.RingID
	unsaid  bool // … and not confirmed yet
}

// cluster is one cluster's decision.
type cluster struct {
	name    string
	grant   Grant
	closed  time.Duration   // no vote before: an earlier run's vote may still count
	winners []member.NodeID // get the vote once all others confirmed that they have none
	ring    member.RingID   // of the winners; zero: nobody is to get one
}

// NewArbiter returns an arbiter without connections.
func NewArbiter(cfg ArbiterConfig, now time.Duration) *Arbiter {
	a := &Arbiter{cfg: cfg, now: now}
	for _, g := range cfg.Granted {
		a.clusters = append(a.clusters, &cluster{name: g.Cluster, grant: g, closed: now + g.Heartbeat*giveUpShare/10})
	}
	return a
}

// Wake is when a Tick is wanted; 0: never.
func (a *Arbiter) Wake() time.Duration {
	var w time.Duration
	sooner := func(t time.Duration) {
		if t != 0 && (w == 0 || t < w) {
			w = t
		}
	}
	for _, c := range a.clients {
		sooner(c.deadline())
	}
	for _, k := range a.clusters {
		sooner(k.closed)
	}
	return w
}

// deadline is when a silent client is given up.
func (c *client) deadline() time.Duration {
	if !c.up {
		return c.heard + introduce
	}
	return c.heard + c.beat*giveUpShare/10
}

// Step takes one input at the given monotonic time. The returned slice is valid
// until the next Step.
func (a *Arbiter) Step(now time.Duration, in ArbiterInput) []ArbiterEffect {
	a.now, a.out = max(a.now, now), a.out[:0]
	switch in := in.(type) {
	case Tick:
		a.tick()
	case Opened:
		a.clients = append(a.clients, &client{conn: in.Conn, heard: a.now})
	case Received:
		if c := a.client(in.Conn); c != nil {
			a.received(c, in.Bytes)
		}
	case Known:
		if c := a.client(in.Conn); c != nil {
			a.known(c, in.Cluster)
		}
	case Ended:
		if c := a.client(in.Conn); c != nil {
			a.remove(c)
		}
	default:
		panic(fmt.Sprintf("qdevice: unknown input %T", in))
	}
	return a.out
}

func (a *Arbiter) emit(e ArbiterEffect) { a.out = append(a.out, e) }

func (a *Arbiter) client(conn Conn) *client {
	i := slices.IndexFunc(a.clients, func(c *client) bool { return c.conn == conn })
	if i < 0 {
		return nil
	}
	return a.clients[i]
}

func (a *Arbiter) tick() {
	for _, c := range slices.Clone(a.clients) {
		if a.now >= c.deadline() {
			if c.up {
				a.emit(Note{true, fmt.Sprintf("cluster %s: node %s is silent and given up", c.cluster, c.node)})
			}
			a.drop(c)
		}
	}
	for _, k := range a.clusters {
		if k.closed != 0 && a.now >= k.closed {
			k.closed = 0
			a.decide(k)
		}
	}
}

// drop closes a connection from this side.
func (a *Arbiter) drop(c *client) {
	a.emit(Drop{c.conn})
	a.remove(c)
}

// remove forgets a connection; the others may have to be decided on anew.
func (a *Arbiter) remove(c *client) {
	a.clients = slices.DeleteFunc(a.clients, func(x *client) bool { return x == c })
	if c.in != nil {
		a.decide(c.in)
	}
}

// of lists the nodes of a cluster that are connected, by number.
func (a *Arbiter) of(k *cluster) []*client {
	var out []*client
	for _, c := range a.clients {
		if c.in == k {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(x, y *client) int { return cmp.Compare(x.node, y.node) })
	return out
}

// cluster finds a cluster by name, or begins one.
func (a *Arbiter) cluster(name string) *cluster {
	for _, k := range a.clusters {
		if k.name == name {
			return k
		}
	}
	k := &cluster{name: name, grant: Grant{Cluster: name}}
	a.clusters = append(a.clusters, k)
	return k
}

// Seat is a connected node, for displays.
type Seat struct {
	Cluster   string
	Node      member.NodeID
	Conn      Conn
	Algorithm Algorithm
	Heartbeat time.Duration
	Ring      member.RingID
	Members   []member.NodeID
	Secure    bool
	Vote      Vote
}

// Seats lists the connected nodes by cluster and number.
func (a *Arbiter) Seats() []Seat {
	var out []Seat
	for _, c := range a.clients {
		if c.up {
			out = append(out, Seat{c.cluster, c.node, c.conn, c.algo, c.beat, c.ring, slices.Clone(c.members), c.shown != "", c.vote})
		}
	}
	slices.SortFunc(out, func(x, y Seat) int {
		return cmp.Or(cmp.Compare(x.Cluster, y.Cluster), cmp.Compare(x.Node, y.Node))
	})
	return out
}
