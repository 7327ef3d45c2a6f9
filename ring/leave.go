package ring

import (
	"slices"
	"time"
)

// onLeave begins to leave: at once if nothing is left to be sent.
func (m *Machine) onLeave() {
	if m.leaving {
		return
	}
	m.leaving = true
	m.set(timerLeave, m.cfg.Token/2)
	m.tryDepart()
}

// tryDepart leaves if that was asked for and nothing is left to be sent.
func (m *Machine) tryDepart() {
	if m.leaving && m.outbox.empty() {
		m.set(timerLeave, 0)
	}
}

// depart says goodbye. It says it twice: whoever misses it waits for silence.
func (m *Machine) depart() {
	g := goodbye{m.self.inc}.encode()
	m.send(0, g)
	m.send(0, g)
	m.leaveRing()
	m.state = Departed
	m.timers = [numTimers]time.Duration{}
	m.out = append(m.out, Gone{})
}

// onPaused takes the news that this process did not run for a while. A short
// pause stretches all waiting. After a long one the others may have gone on
// without us: nothing of the ring may be used any more. A long one is somewhat
// shorter than Token, since the pause began before it could be noticed.
func (m *Machine) onPaused(d time.Duration) {
	for i, at := range m.timers {
		if at != 0 {
			m.timers[i] = at + d
		}
	}
	if d < m.cfg.Token*3/4 {
		return
	}
	m.note(Warning, "this process was paused", "for", d)
	m.paused = true
	m.startGather("this process was paused")
	m.paused = false
}

// onConfigure takes a new configuration.
func (m *Machine) onConfigure(c Config) {
	c.Self, c.Incarnation, c.Seq, c.MTU = m.cfg.Self, m.cfg.Incarnation, m.cfg.Seq, m.cfg.MTU
	if !slices.Contains(c.Nodes, c.Self) && len(c.Nodes) > 0 {
		m.note(Warning, "this node is not configured any more and leaves")
		m.onLeave()
		return
	}
	if err := c.Validate(); err != nil {
		m.note(Error, "new configuration is not used", "error", err)
		return
	}
	m.cfg = c.withDefaults()
	m.setPeers(m.cfg.Nodes)
	if slices.ContainsFunc(m.peers, func(p *peer) bool { return p.retired }) {
		m.set(timerRetire, min(m.cfg.Token/8, retireAfter))
	}
	if m.state == Operational {
		m.announceSoon()
	}
}

// retireAfter is how long nodes that were taken out of the configuration stay in
// the view, unless they leave: time for the configuration to reach all members. If
// one went on without them before, the others would take it for sick.
const retireAfter = 50 * time.Millisecond

// retire forms a view without nodes that were taken out of the configuration.
func (m *Machine) retire() {
	for _, p := range m.peers {
		if p.retired && m.involved(p.id) {
			m.startGather("a node was taken out of the configuration")
			return
		}
	}
	m.dropRetired()
}

// dropRetired forgets nodes that are neither configured nor in the view.
func (m *Machine) dropRetired() {
	m.peers = slices.DeleteFunc(m.peers, func(p *peer) bool { return p.retired && !m.involved(p.id) })
}
