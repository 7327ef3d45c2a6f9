package wire

import (
	"time"
)

// Packets are sent with "don't fragment": a path's own limit is found with
// heartbeats that are padded to a size, and payloads beyond it go in pieces
// (pieces.go). The first heartbeat tries the largest size; if that does not arrive
// where small ones do, the limit is found by halving the interval in which it must
// lie, down to floor, which every network must carry (RFC 791: 576 bytes with all
// headers). A host on the way may also say what fits (RFC 1191); that is tried
// first. See RFC 4821 and 8899 for why not to rely on it.
const (
	floor = 500 // bytes of payload that arrive on any path
	exact = 8   // bytes between what arrives and what does not that end the search

	largeEvery  = 16                     // heartbeats between two that are large, while all is well
	largeBusy   = 200 * time.Millisecond // large payloads on a path are without proof for so long at most
	largeDoubt  = 2                      // large heartbeats without answer after which payloads go in pieces
	largeTries  = 6                      // … after which the largest size does not fit
	searchTries = 4                      // … after which another size does not fit
)

// pathMTU is what is known of the largest payload on one path. It is at rest,
// with size 0, or trying a size.
type pathMTU struct {
	found   int           // arrived; 0: not known
	beyond  int           // did not arrive; 0: nothing did not
	size    int           // under test; 0: none
	seq     uint32        // of the last heartbeat of that size
	tries   int           // of the size, without answer
	at      time.Duration // of the last
	mostAt  time.Duration // when the largest size was tried last
	proved  time.Duration // when one of the size found arrived last
	alarmed bool
}

// narrow tells whether the largest payloads do not fit.
func (u *pathMTU) narrow() bool { return u.beyond != 0 }

// limit is the size of the largest payload that is sent in one piece.
func (u *pathMTU) limit(most int) int {
	switch {
	case u.narrow():
		return max(u.found, floor)
	case u.size != 0 && u.tries > largeDoubt:
		return floor
	}
	return most
}

// measureMTU begins to try the largest size if that is due.
func (m *Mux) measureMTU(p *peer, i int) {
	x := &p.paths[i]
	u := &x.mtu
	if !x.up || m.down&(1<<i) != 0 || u.size != 0 || u.mostAt != 0 && m.now-u.mostAt < largeEvery*m.timing.beat {
		return
	}
	m.trySize(p, i, m.cfg.MTU)
}

// proveMTU begins to try the size in use because large payloads go over the path
// and nothing has shown for a while that they arrive.
func (m *Mux) proveMTU(p *peer, i int) {
	x := &p.paths[i]
	if u := &x.mtu; x.up && u.size == 0 && m.now-max(u.proved, u.at) >= largeBusy {
		m.trySize(p, i, u.limit(m.cfg.MTU))
	}
}

// trySize sends the first heartbeat of a size.
func (m *Mux) trySize(p *peer, i, size int) {
	u := &p.paths[i].mtu
	u.size, u.tries = size, 0
	if size >= m.cfg.MTU {
		u.mostAt = m.now
	}
	m.tryAgain(p, i)
}

// tryAgain sends a heartbeat of the size that is tried.
func (m *Mux) tryAgain(p *peer, i int) {
	u := &p.paths[i].mtu
	u.tries++
	u.at = m.now
	u.seq = m.probeOne(p, i, true, u.size)
}

// checkMTU looks whether a large heartbeat was answered in time. Only where small
// packets arrive does it mean something if it was not.
func (m *Mux) checkMTU(p *peer, i int) {
	x := &p.paths[i]
	u := &x.mtu
	if u.size == 0 || m.now < u.at+x.patience() {
		return
	}
	most := searchTries
	if u.size == m.cfg.MTU {
		most = largeTries
	}
	switch {
	case x.heard <= u.at && u.tries > 1:
		u.tries-- // nothing arrives at all; not the size's fault
		m.tryAgain(p, i)
	case u.tries < most:
		m.tryAgain(p, i)
		m.probe(p, 1<<i, true) // a small one, to compare
	default:
		m.tooLarge(p, i, u.size)
	}
}

// largeArrived takes the peer's word that a large heartbeat came.
func (m *Mux) largeArrived(p *peer, i int, seq uint32) {
	u := &p.paths[i].mtu
	if u.size == 0 || seq != u.seq {
		return
	}
	u.found, u.proved = u.size, m.now
	if u.found >= m.cfg.MTU || u.beyond <= u.found {
		u.beyond = 0
	}
	m.search(p, i)
}

// tooLarge notes that a size does not fit.
func (m *Mux) tooLarge(p *peer, i, size int) {
	u := &p.paths[i].mtu
	u.beyond = size
	if u.found >= size {
		u.found = 0
	}
	m.search(p, i)
}

// search tries the next size, or ends the search.
func (m *Mux) search(p *peer, i int) {
	u := &p.paths[i].mtu
	low := max(u.found, floor)
	if u.narrow() && u.beyond-low > exact {
		m.trySize(p, i, low+(u.beyond-low)/2)
		return
	}
	u.size = 0
	if u.narrow() {
		u.found = low
	}
	m.settledMTU(p, i)
}

// settledMTU tells of a limit that has changed.
func (m *Mux) settledMTU(p *peer, i int) {
	x := &p.paths[i]
	u := &x.mtu
	if u.narrow() != u.alarmed {
		u.alarmed = u.narrow()
		if u.alarmed {
			m.alarm(Narrow, x.addr, "packets of %d bytes do not arrive at node %s over link %d, those of %d bytes do; larger ones are sent in pieces: set the MTU of the network right on all hosts and switches, or netmtu in the configuration",
				m.cfg.MTU+Overhead+48, p.id, i, u.found+Overhead+48)
		}
	}
	if x.up && x.told.MTU != u.found && x.told.MTU != 0 {
		m.tellNow(p, i)
	}
}

// tooBig takes the word of this host, or of one on the way to an address, that
// datagrams of more than size bytes do not pass. It is easy to forge, so it only
// says what to try first; meanwhile smaller pieces do no harm.
func (m *Mux) tooBig(link int, addr string, size int) {
	o, ok := m.owners[addr]
	if !ok || link != o.link || link >= len(o.peer.paths) {
		return
	}
	u := &o.peer.paths[link].mtu
	fits := max(size-Overhead, floor)
	if fits >= u.limit(m.cfg.MTU) || u.size != 0 && fits >= u.size {
		return
	}
	u.beyond = fits + 1
	if u.found >= u.beyond {
		u.found = 0
	}
	m.trySize(o.peer, link, fits)
}
