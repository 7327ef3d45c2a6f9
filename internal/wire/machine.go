package wire

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"mainstay/member"
)

// Mux is the links of one node. Its methods are called from one goroutine.
type Mux struct {
	cfg    Config
	timing timing
	now    time.Duration
	wake   time.Duration // what Wake said at the end of the last step
	out    []Effect      // of this step; the memory is used again

	epoch   uint64        // of this life
	counter uint64        // of the last packet, hellos excepted
	hellos  uint64        // counter of the last hello
	keys    []*clusterKey // the newest first
	tag     uint32
	peers   []*peer // by id
	owners  map[string]owner
	down    uint8 // links that the operating system reports as down, as a set
	recent  history
	alarms  alarms
	beat    time.Duration // when the next heartbeats are due
	resumed time.Duration // when this process last noticed that it had not run
	slept   time.Duration // and for how long
	left    bool
	touched *peer  // whom this step is about alone, nil: anybody
	body    []byte // scratch for bodies of heartbeats
}

// owner says whose address it is, and on which link.
type owner struct {
	peer *peer
	link int
}

// timing is what follows from the configured token.
type timing struct {
	token time.Duration
	beat  time.Duration // between two heartbeats to a node
	hello time.Duration // between two attempts to reach a node that is not there
	doubt time.Duration // a node whose host refuses packets has so long to prove it wrong
}

func timingOf(token time.Duration) timing {
	return timing{
		token: token,
		beat:  token / 4,
		hello: min(max(token/4, 20*time.Millisecond), 250*time.Millisecond),
		// A daemon that is only started again must not be taken for dead.
		doubt: max(token/2, 15*time.Millisecond),
	}
}

// New makes the links of a node.
func New(cfg Config) (*Mux, error) {
	if cfg.Rand == nil {
		return nil, errors.New("wire: no source of random numbers")
	}
	m := &Mux{epoch: nonzero(cfg.Rand)}
	if err := m.configure(cfg); err != nil {
		return nil, err
	}
	return m, nil
}

// nonzero draws a number that is not zero.
func nonzero(rand func() uint64) uint64 {
	for {
		if v := rand(); v != 0 {
			return v
		}
	}
}

// validate reports what is wrong with a configuration.
func (c Config) validate() error {
	switch {
	case c.Self == 0:
		return errors.New("wire: node id of this node is 0")
	case !c.Plain && len(c.Keys) == 0:
		return errors.New("wire: no cluster key")
	case len(c.Keys) > maxKeys:
		return fmt.Errorf("wire: %d cluster keys, want at most %d", len(c.Keys), maxKeys)
	case !slices.Contains([]Mode{"", Passive, Active, RoundRobin}, c.Mode):
		return fmt.Errorf("wire: link mode %q, want %s, %s or %s", c.Mode, Passive, Active, RoundRobin)
	}
	for _, p := range c.Peers {
		if len(p.Addrs) > MaxLinks {
			return fmt.Errorf("wire: node %s has %d links, want at most %d", p.ID, len(p.Addrs), MaxLinks)
		}
	}
	return nil
}

// configure takes a configuration; what it does not change is kept.
func (m *Mux) configure(cfg Config) error {
	if err := cfg.validate(); err != nil {
		return err
	}
	if cfg.Token <= 0 {
		cfg.Token = time.Second
	}
	if cfg.MTU <= 0 {
		cfg.MTU = DefaultMTU
	}
	if cfg.Mode == "" {
		cfg.Mode = Passive
	}
	secrets := cfg.Keys
	if cfg.Plain {
		secrets = [][]byte{nil}
	}
	var keys []*clusterKey
	for _, s := range secrets {
		k, err := newKey(s, cfg.Cluster)
		if err != nil {
			return err
		}
		k.send = k.session(cfg.Self, m.epoch)
		keys = append(keys, k)
	}
	m.cfg, m.keys, m.tag, m.timing = cfg, keys, nameTag(cfg.Cluster), timingOf(cfg.Token)
	m.setPeers()
	return nil
}

// setPeers makes the peers those of the configuration.
func (m *Mux) setPeers() {
	old := m.peers
	m.peers, m.owners = nil, map[string]owner{}
	for _, c := range m.cfg.Peers {
		if c.ID == m.cfg.Self {
			continue
		}
		i := slices.IndexFunc(old, func(p *peer) bool { return p.id == c.ID })
		var p *peer
		if i >= 0 {
			p = old[i]
		} else {
			p = &peer{id: c.ID, challenge: nonzero(m.cfg.Rand)}
		}
		p.setPaths(m.cfg, c.Addrs)
		p.setKeys(m.keys)
		m.peers = append(m.peers, p)
		for i := range p.paths {
			if a := p.paths[i].addr; a != "" {
				m.owners[a] = owner{p, i}
			}
		}
	}
	slices.SortFunc(m.peers, func(a, b *peer) int { return cmp.Compare(a.id, b.id) })
}

// canonical writes an address as the machine's network code reports senders.
func canonical(addr string) string {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return addr
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()).String()
}

// peer finds a peer by id, or nil.
func (m *Mux) peer(id member.NodeID) *peer {
	i, ok := slices.BinarySearchFunc(m.peers, id, func(p *peer, id member.NodeID) int { return cmp.Compare(p.id, id) })
	if !ok {
		return nil
	}
	return m.peers[i]
}

func (m *Mux) emit(e Effect) { m.out = append(m.out, e) }

// Step handles an input at a time (monotonic) and returns what is to be done.
// The effects are the caller's.
func (m *Mux) Step(now time.Duration, in Input) []Effect {
	m.out, m.touched = m.out[:0], nil
	if m.left {
		return nil
	}
	m.now = max(now, m.now)
	paused := m.wake != 0 && m.now > m.wake+m.timing.token/4
	if paused {
		m.pausedSelf()
	}
	switch in := in.(type) {
	case Tick:
	case Incoming:
		m.incoming(in.Link, in.Addr, in.Data)
	case Outgoing:
		m.touched = m.peer(in.To)
		m.outgoing(in.To, in.Data)
	case LinkDown:
		m.linkDown(in.Link, in.Down)
	case Refused:
		m.refused(in.Link, in.Addr)
	case TooBig:
		m.tooBig(in.Link, in.Addr, in.Size)
	case Reconfigure:
		m.reconfigure(in.Config)
	case Leave:
		m.leave()
	default:
		panic(fmt.Sprintf("wire: unknown input %T", in))
	}
	if paused || m.wake == 0 || m.wake <= m.now {
		m.touched = nil
	}
	if m.wake == 0 || m.wake <= m.now {
		m.timers()
	}
	m.wake = m.nextWake()
	out := slices.Clone(m.out)
	clear(m.out)
	return out
}

// Wake is the time at which Tick is wanted; 0 if never.
func (m *Mux) Wake() time.Duration { return m.wake }

// Epoch is the random number of this life of the node.
func (m *Mux) Epoch() uint64 { return m.epoch }

// reconfigure takes another configuration at run time.
func (m *Mux) reconfigure(cfg Config) {
	cfg.Self, cfg.Cluster, cfg.Plain, cfg.Rand = m.cfg.Self, m.cfg.Cluster, m.cfg.Plain, m.cfg.Rand
	if err := m.configure(cfg); err != nil {
		m.emit(Alarm{Kind: BadConfig, Count: 1, Text: err.Error() + "; the links go on as they were"})
		return
	}
	m.wake = 0
	for _, p := range m.peers {
		m.sayHello(p, p.all(), true)
	}
}

// pausedSelf notices that this process did not run for a while. What it did not
// hear meanwhile is not the others' fault: they get time to be heard (see graced).
func (m *Mux) pausedSelf() {
	m.resumed, m.slept = m.now, m.now-m.wake
	for _, p := range m.peers {
		p.doubt = 0
		for i := range p.paths {
			x := &p.paths[i]
			x.unproved, x.asked, x.suspect = 0, 0, 0
		}
	}
}

// unread is when something was heard on a path, for its other end. What came during
// a pause of our own may not be read yet: if the pause was too short for others to
// give us up, they do not learn from us that they should.
func (m *Mux) unread(x *path) time.Duration {
	if x.heard == 0 || m.slept >= m.timing.token {
		return x.heard
	}
	return m.graced(x.heard, x.timeout)
}

// graced is when something was heard, as far as giving up is concerned: after a
// pause of our own half of the patience is left to the others.
func (m *Mux) graced(heard, patience time.Duration) time.Duration {
	if m.resumed == 0 {
		return heard
	}
	return max(heard, m.resumed-patience/2)
}

// leave says goodbye; two packets on each link, since nobody will repeat them.
func (m *Mux) leave() {
	for _, p := range m.peers {
		if !p.connected(m.epoch) {
			continue
		}
		for range 2 {
			if data := m.pack(kindBye, p, nil); data != nil {
				m.transmit(p, p.all()&^m.down, data)
			}
		}
	}
	m.left = true
	m.wake = 0
}

// KeyLag lists the nodes that are there and do not have this node's newest
// cluster key, as far as they have said.
func (m *Mux) KeyLag() []member.NodeID {
	var out []member.NodeID
	for _, p := range m.peers {
		if p.heard && !slices.Contains(p.shown, m.keys[0].id) {
			out = append(out, p.id)
		}
	}
	return out
}

// Links tells the present state of all links to all nodes, by node and link.
func (m *Mux) Links() []LinkState {
	var out []LinkState
	for _, p := range m.peers {
		for i := range p.paths {
			if p.paths[i].addr != "" {
				out = append(out, m.linkState(p, i))
			}
		}
	}
	return out
}
