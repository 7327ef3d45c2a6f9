package node

import (
	"log/slog"
	"net"
	"strconv"
	"time"

	"mainstay/conf"
	"mainstay/engine"
	"mainstay/internal/host"
	"mainstay/internal/runner"
	"mainstay/internal/wire"
	"mainstay/member"
)

// Setup is what a loop is made of, on a real machine or a simulated one.
type Setup struct {
	Self      member.NodeID
	Conf      *conf.Config
	Key       []byte   // nil: not encrypted
	OldKeys   [][]byte // taken too while the key is changed
	Boot      string   // names this boot of the machine
	SameBoot  bool     // another daemon ran before in this boot
	Version   string
	Features  int    // message version to speak at most, 0: the newest
	UUID      string // of this run
	Parallel  int    // operations at once
	Log       *slog.Logger
	Host      host.Host
	Env       []string       // what agents need besides, NAME=value
	Forgetful bool           // finished transitions are not written to disk
	Shared    *engine.Shared // with other nodes of this process; nil: nothing
	ToolDir   string         // where agents find the cluster's tools, "" for the usual place
	Group     Group          // an installed Corosync in the ring's place; nil: the ring
	// Elapsed measures how long planning takes; nil: it is not measured.
	Elapsed func() time.Duration
}

// node is the name of the node.
func (s Setup) node() string {
	n, _ := s.Conf.Node(s.Self)
	return n.Name
}

// NewLoop makes a node from its configuration and from what is on its disk.
func NewLoop(s Setup) (*Loop, error) {
	ec, alarms, err := saved(s.Host, s.Log, s.Boot)
	if err != nil {
		return nil, err
	}
	ec.Self, ec.Conf, ec.Version, ec.UUID = s.Self, s.Conf, s.Version, s.UUID
	ec.Features, ec.Shared, ec.Forgetful = s.Features, s.Shared, s.Forgetful
	ec.Boot, ec.SameBoot, ec.Parallel, ec.Rand = s.Boot, s.SameBoot, s.Parallel, s.Host.Uint64
	ec.MTU = s.Conf.Totem.Payload()
	ec.Incarnation = uint64(s.Host.Wall().UnixNano())
	dog := s.Host.WatchdogState()
	ec.Watchdog, ec.Abandoned, ec.AbandonedSince = dog.Present, dog.Abandoned, dog.Since
	ec.Elapsed = s.Elapsed
	if ec.Elapsed == nil {
		ec.Elapsed = monotonic()
	}
	e, err := engine.New(ec, engine.Time{Mono: s.Host.Now(), Wall: s.Host.Wall()})
	if err != nil {
		return nil, err
	}
	var links *wire.Mux
	if s.Group == nil {
		if links, err = wire.New(wireConfig(s)); err != nil {
			return nil, err
		}
	}
	l := &Loop{host: s.Host, wire: links, group: s.Group, engine: e, log: s.Log, token: s.Conf.Totem.Token, setup: s,
		runner: runner.New(runner.Config{Exists: s.Host.Exists, Node: s.node(), ToolDir: s.ToolDir, Env: s.Env}),
		runs:   map[host.Tag]run{}, tags: map[uint64]host.Tag{}, writes: map[host.Tag]uint64{},
		calls: map[uint64]func(engine.Reply){}}
	if err := l.prepareWatchdog(); err != nil {
		return nil, err
	}
	for _, a := range alarms {
		l.engineIn(engine.Trouble{Alarm: a})
	}
	l.engineIn(engine.Tick{})
	return l, nil
}

func wireConfig(s Setup) wire.Config {
	c := wire.Config{Self: s.Self, Cluster: s.Conf.Totem.ClusterName, Plain: s.Key == nil, MTU: s.Conf.Totem.Payload(),
		Mode: wire.Mode(s.Conf.Totem.LinkMode), Token: s.Conf.Totem.Token, Rand: s.Host.Uint64}
	if s.Key != nil {
		c.Keys = append([][]byte{s.Key}, s.OldKeys...)
	}
	for i := range s.Conf.Links() {
		f := s.Conf.Totem.Interfaces[i]
		c.Links = append(c.Links, wire.Link{Priority: f.Priority, PingInterval: f.PingInterval, PingTimeout: f.PingTimeout, PongCount: f.PongCount})
	}
	for _, n := range s.Conf.Nodes {
		p := wire.Peer{ID: n.ID}
		for i, a := range n.Addrs {
			p.Addrs = append(p.Addrs, net.JoinHostPort(a, strconv.Itoa(s.Conf.Port(i))))
		}
		c.Peers = append(c.Peers, p)
	}
	return c
}

// binds are the addresses of a node's own sockets, per link.
func binds(c *conf.Config, self conf.Node) []string {
	var out []string
	for i, a := range self.Addrs {
		out = append(out, net.JoinHostPort(a, strconv.Itoa(c.Port(i))))
	}
	return out
}

// rebind opens this node's links anew where its own addresses have changed. A
// simulated machine has no sockets.
func (l *Loop) rebind(c *conf.Config) {
	self, ok := c.Node(l.setup.Self)
	m, real := l.host.(interface{ SetLinks([]string) error })
	if !ok || !real || l.group != nil {
		return
	}
	if err := m.SetLinks(binds(c, self)); err != nil {
		l.log.Error("the new addresses of this node cannot be used; it keeps the old ones", "error", err)
	}
}

// Configure takes over another configuration at run time. It is called from the loop.
func (l *Loop) Configure(c *conf.Config) {
	l.setup.Conf, l.token = c, c.Totem.Token
	l.rebind(c)
	l.wireIn(wire.Reconfigure{Config: wireConfig(l.setup)})
	l.engineIn(engine.Configure{Conf: c})
}
