package wire

import (
	"math"
	"math/bits"
	"time"
)

// Changes of measurements that are told.
const (
	tellEvery = 10 * time.Second
	tellRTT   = 2 * time.Millisecond
	tellLoss  = 0.1
)

// micros is the time in microseconds, as heartbeats carry it.
func micros(t time.Duration) uint32 { return uint32(t / time.Microsecond) }

// probe sends a heartbeat on each of a set of links.
func (m *Mux) probe(p *peer, links uint8, answer bool) {
	each(links, func(i int) { m.probeOne(p, i, answer, 0) })
}

// probeOne sends a heartbeat on a link, padded to a size if that is not 0, and
// returns its number.
func (m *Mux) probeOne(p *peer, i int, answer bool, size int) uint32 {
	x := &p.paths[i]
	x.seq++
	x.probed = m.now
	b := probe{link: i, answer: answer, large: size != 0, seq: x.seq, sent: micros(m.now), delay: noEcho, gotLarge: x.gotLarge, keys: m.keyIDs()}
	if x.lastAt != 0 {
		b.echo = x.lastSent
		b.delay = micros(min(m.now-x.lastAt, time.Hour))
		b.expected = uint8(min(x.lastSeq, 32))
		b.got = min(uint8(bits.OnesCount32(x.arrived)), b.expected)
	}
	var ages [MaxLinks]uint16
	for j := range p.paths {
		ages[j] = m.age(m.unread(&p.paths[j]))
	}
	b.ages = ages[:len(p.paths)]
	m.body = b.append(m.body[:0])
	m.body = append(m.body, make([]byte, max(0, size-len(m.body)))...)
	if data := m.pack(kindProbe, p, m.body); data != nil {
		m.transmit(p, 1<<i, data)
	}
	return x.seq
}

// age is how long ago something was, in milliseconds.
func (m *Mux) age(t time.Duration) uint16 {
	if t == 0 {
		return never
	}
	return uint16(min((m.now-t)/time.Millisecond, never-1))
}

// onProbe takes a heartbeat.
func (m *Mux) onProbe(p *peer, link int, in probe) {
	x := &p.paths[link]
	x.count(in, m.now)
	p.shown = in.keys
	if in.large {
		x.gotLarge = in.seq
	}
	m.largeArrived(p, link, in.gotLarge)
	if in.delay != noEcho {
		there := time.Duration(micros(m.now)-in.echo) * time.Microsecond
		x.measure(there - time.Duration(in.delay)*time.Microsecond)
		x.prove(m.now - there + time.Microsecond)
	}
	if in.expected > 0 {
		x.loss = 1 - float64(min(in.got, in.expected))/float64(in.expected)
	}
	if in.answer && (in.large || m.now-x.replied >= time.Millisecond || x.replied == 0) {
		x.replied = m.now
		m.probe(p, 1<<link, false)
	}
	m.reported(p, x, in)
	m.proven(p, link, in)
	m.tell(p, link)
}

// count keeps account of which heartbeats came.
func (x *path) count(in probe, now time.Duration) {
	switch ahead := in.seq - x.lastSeq; {
	case x.lastSeq == 0 || ahead < 1<<31 && ahead >= 32:
		x.arrived = 1
	case ahead > 0 && ahead < 32:
		x.arrived = x.arrived<<ahead | 1
	default: // overtaken by a later one
		if back := x.lastSeq - in.seq; back < 32 {
			x.arrived |= 1 << back
		}
		return
	}
	x.lastSeq, x.lastSent, x.lastAt = in.seq, in.sent, now
}

// measure takes a round trip (RFC 6298's smoothing).
func (x *path) measure(rtt time.Duration) {
	if rtt < 0 || rtt > time.Minute {
		return
	}
	if x.rtt == 0 {
		x.rtt, x.dev = rtt, rtt/2
		return
	}
	x.dev += ((x.rtt - rtt).Abs() - x.dev) / 4
	x.rtt += (rtt - x.rtt) / 8
}

// prove notes that packets sent on the path until a time arrive.
func (x *path) prove(until time.Duration) {
	if x.unproved == 0 || until < x.unproved || until < x.asked {
		return
	}
	x.asked, x.suspect = 0, 0
	x.unproved = until
	if x.used <= until {
		x.unproved = 0
	}
}

// reported takes what a peer says, by a heartbeat that came over a path, of how
// it hears us on each link.
func (m *Mux) reported(p *peer, from *path, in probe) {
	least := time.Duration(math.MaxInt64)
	for i := range p.paths {
		x := &p.paths[i]
		if x.addr == "" || i >= len(in.ages) || in.ages[i] == never {
			continue
		}
		age := time.Duration(in.ages[i]) * time.Millisecond
		least = min(least, age)
		// Whole milliseconds are reported, and the report was under way.
		x.prove(m.now - age - time.Millisecond - from.rtt - 4*from.dev)
		if x.up && x.unproved != 0 && x.asked == 0 && m.now-age < x.unproved && m.now-x.unproved > proveAfter+x.patience() {
			m.suspect(p, i)
		}
		if x.up && age >= x.timeout && m.now-m.resumed >= x.timeout {
			m.pathDown(p, i)
		}
	}
	limit := min(m.timing.token, time.Minute)
	switch {
	case least < limit:
		p.deaf, p.silenced = false, false
		m.met(p)
	case !p.heard || m.now-max(m.resumed, p.metAt) >= m.timing.token:
		p.deaf = true
		if p.heard {
			m.silence(p, true)
		}
	}
}

// proven counts heartbeats on a link by a peer that hears us there too, until a
// link that was down can be used.
func (m *Mux) proven(p *peer, link int, in probe) {
	x := &p.paths[link]
	if x.up || !p.heard {
		return
	}
	var age time.Duration
	if link < len(in.ages) {
		age = time.Duration(in.ages[link]) * time.Millisecond
	}
	if link >= len(in.ages) || in.ages[link] == never || age >= x.timeout/2 || x.tested && m.now-age <= x.downAt {
		x.proven = 0
		return
	}
	if x.proven++; x.proven >= x.pongs || !x.tested {
		x.up, x.tested, x.proven = true, true, 0
		p.unsure = m.now + unsureFor
		m.tellNow(p, link)
	}
}

// suspect takes a link for broken until it proves otherwise: what was sent on it
// lately goes out again over the others, and so does what follows.
func (m *Mux) suspect(p *peer, i int) {
	x := &p.paths[i]
	since := x.unproved
	x.suspect = m.now
	p.unsure = max(p.unsure, m.now+unsureFor)
	m.resend(p, i, since)
	m.probe(p, p.all()&^m.down, true)
}

// checkPath judges one link to a peer that is there.
func (m *Mux) checkPath(p *peer, i int) {
	x := &p.paths[i]
	if x.interval > 0 && m.now-x.probed >= x.interval && m.down&(1<<i) == 0 {
		m.probe(p, 1<<i, false)
	}
	if !x.up {
		return
	}
	m.checkMTU(p, i)
	switch {
	case m.now-m.graced(x.heard, x.timeout) >= x.timeout:
		m.pathDown(p, i)
	case x.suspect != 0:
		if m.now-x.suspect >= suspectFor && p.heardAt > x.suspect && p.working()&^m.down&^(1<<i) != 0 {
			m.pathDown(p, i)
		} else if m.now-x.probed >= suspectFor/3 {
			m.probe(p, 1<<i, true)
		}
	case x.asked != 0:
		if m.now-x.asked >= x.patience() {
			m.suspect(p, i)
		}
	}
}

// pathDown takes a link to a peer out of use.
func (m *Mux) pathDown(p *peer, i int) {
	x := &p.paths[i]
	x.unproved, x.asked, x.suspect, x.proven = 0, 0, 0, 0
	x.mtu.size = 0
	if !x.up {
		return
	}
	x.up, x.downAt = false, m.now
	p.unsure = max(p.unsure, m.now+unsureFor)
	m.tellNow(p, i)
}

// linkDown takes the operating system's word for the state of a link.
func (m *Mux) linkDown(link int, down bool) {
	if link < 0 || link >= MaxLinks {
		return
	}
	set := uint8(1) << link
	if down == (m.down&set != 0) {
		return
	}
	m.down ^= set
	m.wake = 0
	for _, p := range m.peers {
		if link >= len(p.paths) || p.paths[link].addr == "" {
			continue
		}
		if !down {
			p.greeted = 0
			if p.heard {
				m.probe(p, set, true)
			}
			continue
		}
		if x := &p.paths[link]; x.unproved != 0 {
			m.resend(p, link, x.unproved)
		}
		m.pathDown(p, link)
	}
}

func (m *Mux) linkState(p *peer, i int) LinkState {
	x := &p.paths[i]
	return LinkState{Node: p.id, Link: i, Up: x.up, RTT: x.rtt, Loss: x.loss, MTU: x.mtu.found}
}

// tellNow tells of a link that came up or went down.
func (m *Mux) tellNow(p *peer, i int) {
	x := &p.paths[i]
	x.told, x.toldAt = m.linkState(p, i), m.now
	m.emit(x.told)
}

// tell tells of measurements that changed notably.
func (m *Mux) tell(p *peer, i int) {
	x := &p.paths[i]
	if !x.up || m.now-x.toldAt < tellEvery {
		return
	}
	rtt := (x.rtt - x.told.RTT).Abs()
	if rtt >= tellRTT && rtt >= x.told.RTT/2 || math.Abs(x.loss-x.told.Loss) >= tellLoss {
		m.tellNow(p, i)
	}
}
