package wire

import "time"

// lostLately is for how long a lost node is called as often as at first.
const lostLately = 5 * time.Second

// sign notes a sign of life of a peer on a link.
func (m *Mux) sign(p *peer, link int) {
	p.heardAt = m.now
	p.doubt = 0
	p.paths[link].heard = m.now
}

// timers does what is due.
func (m *Mux) timers() {
	beat := m.now >= m.beat
	if beat {
		m.beat += m.timing.beat
		if m.beat <= m.now {
			m.beat = m.now + m.timing.beat
		}
	}
	for _, p := range m.peers {
		if !p.heard {
			m.greet(p)
			continue
		}
		m.checkDoubt(p)
		m.checkLife(p)
		for i := range p.paths {
			if p.heard && p.paths[i].addr != "" {
				m.checkPath(p, i)
			}
		}
		if beat && p.heard {
			m.heartbeat(p)
		}
	}
}

// nextWake is when timers has to run again. Only what this step was about is worked
// out anew.
func (m *Mux) nextWake() time.Duration {
	var w time.Duration
	for _, p := range m.peers {
		if m.touched == nil || m.touched == p || !p.heard {
			p.wake = m.wakeFor(p)
		}
		if at := max(p.wake, m.now+time.Microsecond); w == 0 || at < w {
			w = at
		}
	}
	return w
}

// wakeFor is when something has to be done about a peer, now at the earliest.
func (m *Mux) wakeFor(p *peer) time.Duration {
	if !p.heard {
		return p.greeted + m.greetEvery(p)
	}
	heard := m.graced(p.heardAt, m.timing.token)
	w := min(m.beat, heard+m.timing.token, max(heard+m.timing.token/2, p.asked+m.timing.token/10))
	if p.doubt != 0 {
		w = min(w, max(p.asked+m.timing.doubt/3, p.doubt), p.doubt+m.doubtFor(p))
	}
	for i := range p.paths {
		if x := &p.paths[i]; x.addr != "" {
			w = x.wake(m.graced(x.heard, x.timeout), w)
		}
	}
	return w
}

// wake tells when checkPath has something to do, or w if that comes before.
func (x *path) wake(heard, w time.Duration) time.Duration {
	if x.interval > 0 {
		w = min(w, x.probed+x.interval)
	}
	if !x.up {
		return w
	}
	w = min(w, heard+x.timeout)
	if x.mtu.size != 0 {
		w = min(w, x.mtu.at+x.patience())
	}
	switch {
	case x.suspect != 0:
		w = min(w, max(x.probed+suspectFor/3, x.suspect))
	case x.asked != 0:
		w = min(w, x.asked+x.patience())
	}
	return w
}

// greetEvery is the time between two hellos to a node that is not there.
func (m *Mux) greetEvery(p *peer) time.Duration {
	if p.greeted == 0 {
		return 0
	}
	if m.now-p.lostAt > lostLately {
		return 4 * m.timing.hello
	}
	return m.timing.hello
}

// greet says hello to a node that is not there.
func (m *Mux) greet(p *peer) {
	if p.lostAt == 0 {
		p.lostAt = m.now
	}
	if p.greeted == 0 || m.now-p.greeted >= m.greetEvery(p) {
		p.greeted = m.now
		m.sayHello(p, p.all(), true)
		// It may hear us, or should know that we do not hear it.
		if p.connected(m.epoch) && m.now-p.heardAt < 10*m.timing.token {
			m.probe(p, p.all()&^m.down, true)
		}
	}
}

// heartbeat lets a peer know that we live. The link that has been quiet for
// longest carries it; if something was sent to the peer just now, and on each
// link within a round of them, none is needed.
func (m *Mux) heartbeat(p *peer) {
	oldest := -1
	for i := range p.paths {
		x := &p.paths[i]
		m.measureMTU(p, i)
		switch {
		case x.addr == "" || m.down&(1<<i) != 0:
		case !x.up || m.now-x.heard > x.timeout/2:
			m.probe(p, 1<<i, true)
		case m.now-x.probed >= 8*m.timing.beat:
			m.probe(p, 1<<i, false)
		case oldest < 0 || x.sent < p.paths[oldest].sent:
			oldest = i
		}
	}
	if oldest < 0 {
		return
	}
	round := time.Duration(len(p.order)) * m.timing.beat
	if m.now-p.sentAt >= m.timing.beat/2 || m.now-p.paths[oldest].sent >= round-m.timing.beat/2 {
		m.probe(p, 1<<oldest, false)
	}
}

// checkLife asks a node that was not heard for half the token time on all links,
// and gives it up after the whole.
func (m *Mux) checkLife(p *peer) {
	age := m.now - m.graced(p.heardAt, m.timing.token)
	switch {
	case age >= m.timing.token:
		m.silence(p, false)
	case age >= m.timing.token/2 && m.now-p.asked >= m.timing.token/10:
		p.asked = m.now
		m.probe(p, p.all()&^m.down, true)
	}
}

// silence gives a peer up that is not heard, or is heard and does not hear us.
func (m *Mux) silence(p *peer, heard bool) {
	p.silenced = true
	m.lose(p)
	m.emit(Silence{p.id, heard})
}

// lose notes that a peer is gone.
func (m *Mux) lose(p *peer) {
	p.heard, p.lostAt, p.greeted, p.doubt = false, m.now, 0, 0
	for i := range p.paths {
		m.pathDown(p, i)
	}
}

// bye takes a peer's word that it ends.
func (m *Mux) bye(p *peer) {
	was := p.heard
	p.retire()
	if was {
		m.lose(p)
		m.emit(Unreachable{p.id})
	}
}

// refused begins to doubt that a peer lives. Such a message is easy to forge, so
// it only makes us ask: who lives answers.
func (m *Mux) refused(link int, addr string) {
	o, ok := m.owners[addr]
	if !ok || link != o.link {
		return
	}
	p := o.peer
	p.paths[link].refused = m.now
	if p.heard && p.doubt == 0 {
		p.doubt, p.asked = m.now, m.now
		m.probe(p, p.all()&^m.down, true)
	}
}

// doubtFor is how long a doubted peer has to answer.
func (m *Mux) doubtFor(p *peer) time.Duration {
	d := m.timing.doubt
	for i := range p.paths {
		if x := &p.paths[i]; x.up {
			d = max(d, x.rtt+4*x.dev)
		}
	}
	return min(d, m.timing.token/2)
}

// checkDoubt asks a doubted peer again and at last gives it up, if every link
// that worked is refused. A link without refusal may only be slow.
func (m *Mux) checkDoubt(p *peer) {
	if p.doubt == 0 {
		return
	}
	if m.now-p.doubt < m.doubtFor(p) {
		if m.now-p.asked >= m.timing.doubt/3 {
			p.asked = m.now
			m.probe(p, p.all()&^m.down, true)
		}
		return
	}
	since := p.doubt - m.timing.token/4
	p.doubt = 0
	for i := range p.paths {
		if x := &p.paths[i]; x.up && m.down&(1<<i) == 0 && x.refused < since {
			return
		}
	}
	m.lose(p)
	m.emit(Unreachable{p.id})
}
