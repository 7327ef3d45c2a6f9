package wire

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"mainstay/member"
)

// peer is another node and what is known of it.
type peer struct {
	id    member.NodeID
	paths []path // per link
	order []int  // links, the best first

	// The session: see session.go.
	epoch     uint64           // of its life that we take packets of; 0: none
	retired   [4]uint64        // epochs that ended, the last first
	changed   [3]time.Duration // when the last epochs were taken
	seen      window
	partial   []assembly
	seals     []keyedSeal   // of its epoch, per cluster key
	challenge uint64        // who repeats it lives now
	theirs    uint64        // its challenge
	accepted  uint64        // our epoch that it takes packets of
	helloSeen uint64        // counter of its last hello
	shown     []uint32      // ids of the cluster keys that it has
	sealedBy  uint32        // id of the key that payloads to it are sealed with, since rekeyed
	formerly  uint32        // and of the one before
	rekeyed   time.Duration // when that changed
	tried     int           // for keys, while it has shown none
	greeted   time.Duration // when we last said hello by ourselves; 0: say it now
	replies   int           // hellos that answered or renewed, since repliesAt
	repliesAt time.Duration

	// Its life: see life.go.
	heard    bool          // Heard was told
	silenced bool          // Silence was told in this session, and Heard not since
	heardAt  time.Duration // last sign of life
	metAt    time.Duration // when it was last told as Heard
	lostAt   time.Duration // when it was lost, or first called
	sentAt   time.Duration // last packet to it
	deaf     bool          // it says that it does not hear us
	doubt    time.Duration // since when its host refuses packets; 0: it does not
	asked    time.Duration // last urgent question on all links
	wake     time.Duration // when something has to be done about it, as of its last step
	turn     int           // for RoundRobin
	unsure   time.Duration // until then packets go over several links
}

// keyedSeal is a session's seal under one cluster key.
type keyedSeal struct {
	key uint32
	seal
}

// path is one link to one peer.
type path struct {
	addr     string // "": the peer is not on this link
	priority int
	interval time.Duration // between two heartbeats at the latest; 0: when it is its turn
	timeout  time.Duration
	pongs    int // answered heartbeats that make it come up

	up       bool
	proven   int           // answered heartbeats in a row since it went down
	tested   bool          // it was up once
	downAt   time.Duration // when it went down
	heard    time.Duration // last sign of life on it
	sent     time.Duration // last packet on it
	carried  time.Duration // last payload on it, where that is watched
	probed   time.Duration // last heartbeat sent on it
	replied  time.Duration // last answer to one of the peer's heartbeats
	used     time.Duration // when the last packet was sent on it that has to be proven
	unproved time.Duration // when the first packet was sent on it of which we do not know that it arrived; 0: none
	asked    time.Duration // when the peer was asked whether it did; 0: not yet
	suspect  time.Duration // since when it is thought to be broken; 0: it is not
	refused  time.Duration // last "port unreachable"

	seq      uint32 // of our last heartbeat
	lastSeq  uint32 // of its last heartbeat
	lastSent uint32 // what that said
	lastAt   time.Duration
	arrived  uint32 // which of its last 32 heartbeats came; bit 0 is the last
	gotLarge uint32 // seq of its last large heartbeat
	mtu      pathMTU
	rtt, dev time.Duration
	loss     float64
	told     LinkState
	toldAt   time.Duration
}

// setPaths takes addresses and settings; a path that keeps its address keeps its state.
func (p *peer) setPaths(cfg Config, addrs []string) {
	old := p.paths
	p.paths = make([]path, len(addrs))
	links := time.Duration(0)
	for i, a := range addrs {
		a = canonical(a)
		if i < len(old) && old[i].addr == a {
			p.paths[i] = old[i]
		}
		p.paths[i].addr = a
		if a != "" {
			links++
		}
	}
	beat := timingOf(cfg.Token).beat
	p.order = p.order[:0]
	for i := range p.paths {
		x := &p.paths[i]
		var l Link
		if i < len(cfg.Links) {
			l = cfg.Links[i]
		}
		x.priority, x.interval, x.timeout, x.pongs = l.Priority, l.PingInterval, l.PingTimeout, l.PongCount
		if x.timeout <= 0 {
			x.timeout = max(cfg.Token, 3*links*beat)
		}
		if x.interval >= x.timeout {
			x.interval = x.timeout / 2
		}
		if x.pongs <= 0 {
			x.pongs = 2
		}
		if x.addr != "" {
			p.order = append(p.order, i)
		}
	}
	slices.SortStableFunc(p.order, func(a, b int) int { return cmp.Compare(p.paths[b].priority, p.paths[a].priority) })
}

// setKeys derives the seals of the peer's present epoch.
func (p *peer) setKeys(keys []*clusterKey) {
	p.seals = p.seals[:0]
	if p.epoch == 0 {
		return
	}
	for _, k := range keys {
		p.seals = append(p.seals, keyedSeal{k.id, k.session(p.id, p.epoch)})
	}
}

// all is the set of links on which the peer is.
func (p *peer) all() uint8 {
	var set uint8
	for i := range p.paths {
		if p.paths[i].addr != "" {
			set |= 1 << i
		}
	}
	return set
}

// working is the set of links that are up.
func (p *peer) working() uint8 {
	var set uint8
	for i := range p.paths {
		if p.paths[i].up {
			set |= 1 << i
		}
	}
	return set
}

// doubtful is the set of links that are suspected.
func (p *peer) doubtful() uint8 {
	var set uint8
	for i := range p.paths {
		if p.paths[i].suspect != 0 {
			set |= 1 << i
		}
	}
	return set
}

// cramped is the set of links on which only small packets arrive.
func (p *peer) cramped() uint8 {
	var set uint8
	for i := range p.paths {
		if p.paths[i].mtu.narrow() {
			set |= 1 << i
		}
	}
	return set
}

// best is the best link of a set, or -1.
func (p *peer) best(set uint8) int {
	for _, i := range p.order {
		if set&(1<<i) != 0 {
			return i
		}
	}
	return -1
}

// connected tells whether each side takes the other's packets.
func (p *peer) connected(epoch uint64) bool { return p.epoch != 0 && p.accepted == epoch }

// each calls f for the links of a set, in ascending order.
func each(set uint8, f func(link int)) {
	for set != 0 {
		i := bits.TrailingZeros8(set)
		set &^= 1 << i
		f(i)
	}
}
