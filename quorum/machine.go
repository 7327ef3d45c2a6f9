package quorum

import (
	"slices"
	"strings"
	"time"

	"mainstay/member"
)

// voter is what this node knows of a node, this one included.
type voter struct {
	id    member.NodeID
	votes int
	told  *Peer // what it told in the current view; nil: nothing yet
}

// Machine is one node's count of votes. It is not safe for concurrent use.
type Machine struct {
	cfg      Config
	now      time.Duration
	state    State
	told     Peer // what was told last
	out      []Effect
	voters   []voter         // of all nodes ever seen or configured, by id
	members  []member.NodeID // of the view, sorted
	expected int
	waiting  bool            // for all
	leaving  bool            // in order (Leave)
	last     []member.NodeID // members of the last quorate view that this node was in
	epoch    uint64          // how recent that is
	known    uint64          // how recent a quorate view expected is from
	windowAt time.Duration   // end of last_man_standing_window; 0: not running
	away     string          // nodes that left on purpose and are not expected (allow_downscale)
	ring     member.RingID
	device   Device
	// waitUntil ends the wait for the device's verdict on this view (sync_timeout).
	waitUntil time.Duration
	saved     Saved
}

// New returns a machine that has no view yet and is not quorate.
func New(cfg Config) *Machine {
	m := &Machine{cfg: cfg.resolve(), saved: cfg.Saved}
	for _, n := range m.cfg.Nodes {
		m.voter(n.ID).votes = n.Votes
	}
	m.voter(m.cfg.Self)
	m.expected = m.cfg.configuredExpected()
	if m.cfg.ExpectedTracking {
		m.expected = max(m.expected, m.saved.HighestExpected)
	}
	m.waiting = m.cfg.waitForAll() && !m.saved.SeenAll
	m.state = m.conclude()
	return m
}

// Step takes one input at the given monotonic time and returns what follows.
// The returned slice is valid until the next Step.
func (m *Machine) Step(now time.Duration, in Input) []Effect {
	m.now = max(m.now, now)
	m.out = m.out[:0]
	tell := false
	switch in := in.(type) {
	case View:
		m.onView(in)
		tell = true
	case Heard:
		m.onHeard(in.Peer)
	case SetExpected:
		if m.CheckExpected(in.Votes) == nil {
			m.expected = in.Votes
			m.told = Peer{} // so that it is told, even if nothing changes here
			m.recount(true)
			return m.out
		}
	case SetVotes:
		if in.Votes >= 0 && in.Node != 0 {
			m.voter(in.Node).votes = in.Votes
		}
	case Device:
		m.device = in
	case ForgetDevice:
		if m.cfg.Device {
			m.cfg.Device = false
			m.expected = max(m.cfg.configuredExpected(), m.votes())
			m.told = Peer{}
			m.recount(true)
			return m.out
		}
	case CancelWaitForAll:
		m.waiting = false
	case Leave:
		m.leaving = true
	case Configure:
		m.onConfigure(in.Config)
	}
	if m.windowAt != 0 && m.now >= m.windowAt {
		m.windowEnds()
	}
	if tell {
		m.told = Peer{}
	}
	m.recount(false)
	return m.out
}

// Wake returns the time at which a Tick is wanted; 0 means never.
func (m *Machine) Wake() time.Duration {
	w := m.windowAt
	sooner := func(t time.Duration) {
		if t > m.now && (w == 0 || t < w) {
			w = t
		}
	}
	if m.cfg.Device {
		sooner(m.device.Until)
		if m.state.Pending {
			sooner(m.waitUntil)
		}
	}
	return w
}

// State returns what the machine concluded last.
func (m *Machine) State() State { return m.state }

// voter returns what is known of a node, which becomes known by it.
func (m *Machine) voter(id member.NodeID) *voter {
	i, ok := slices.BinarySearchFunc(m.voters, id, func(v voter, id member.NodeID) int { return int(int64(v.id) - int64(id)) })
	if !ok {
		m.voters = slices.Insert(m.voters, i, voter{id: id, votes: m.cfg.configuredVotes(id)})
	}
	return &m.voters[i]
}

// onView takes a new set of members.
func (m *Machine) onView(v View) {
	lost := false
	for _, id := range m.members {
		lost = lost || !slices.Contains(v.Members, id)
	}
	v.Goodbye = slices.DeleteFunc(slices.Clone(v.Goodbye), func(id member.NodeID) bool { return !slices.Contains(m.members, id) })
	m.members = slices.Clone(v.Members)
	slices.Sort(m.members)
	m.ring, m.waitUntil = v.Ring, m.now+m.cfg.DeviceWait
	for i := range m.voters {
		m.voters[i].told = nil
	}
	for _, id := range m.members {
		m.voter(id)
	}
	if m.cfg.AllowDownscale && m.state.Quorate {
		m.downscale(v.Goodbye)
	}
	m.windowAt = 0
	if m.cfg.LastManStanding && (lost || m.votes() < m.expected) {
		m.windowAt = m.now + m.cfg.Window
	}
}

// downscale takes the votes of those who left on purpose out of the expected ones,
// down to what is configured, and puts those of who came back in again: else a node
// that comes back while another is absent would be counted, but not expected.
func (m *Machine) downscale(goodbye []member.NodeID) {
	away := slices.DeleteFunc(nodesOf(m.away), func(id member.NodeID) bool {
		back := slices.Contains(m.members, id)
		if back {
			m.expected += m.voter(id).votes
		}
		return back
	})
	for _, id := range goodbye {
		least := max(m.cfg.configuredExpected(), m.votes())
		if slices.Contains(m.members, id) || m.expected-m.voter(id).votes < least {
			continue
		}
		m.expected -= m.voter(id).votes
		away = append(away, id)
	}
	m.away = listOf(away)
}

// nodesOf reads what listOf writes.
func nodesOf(list string) []member.NodeID {
	var out []member.NodeID
	for _, w := range strings.Fields(list) {
		if id, err := member.ParseNodeID(w); err == nil {
			out = append(out, id)
		}
	}
	return out
}

// listOf writes nodes as one word that can be compared.
func listOf(ids []member.NodeID) string {
	slices.Sort(ids)
	var words []string
	for _, id := range ids {
		words = append(words, id.String())
	}
	return strings.Join(words, " ")
}

// windowEnds counts expected votes down to those who are left, if they are
// quorate: the last ones may stand (last_man_standing).
func (m *Machine) windowEnds() {
	m.windowAt = 0
	if m.state.Quorate && m.votes() < m.expected {
		m.expected = m.votes()
	}
}

// onHeard takes what a member told. On expected votes, an operator's order is
// one for all; else those from the more recent quorate view know better, and of
// those the ones who are quorate; among equals the highest number counts.
func (m *Machine) onHeard(p Peer) {
	if p.Node == m.cfg.Self || !slices.Contains(m.members, p.Node) {
		return
	}
	if p.Ring != m.ring {
		p.Verdict = Undecided // it was said of another view
	}
	v := m.voter(p.Node)
	v.votes = p.Votes
	v.told = &p
	switch {
	case p.Order, p.Epoch > m.known, p.Epoch == m.known && p.Quorate && !m.state.Quorate:
		m.expected, m.away, m.known = p.Expected, p.Away, max(m.known, p.Epoch)
	case p.Epoch == m.known && (p.Quorate || !m.state.Quorate):
		m.expected = max(m.expected, p.Expected)
	}
	if p.Quorate && !p.Waiting {
		m.waiting = false // all were seen by those who went before
	}
}

// onConfigure takes what can change at run time.
func (m *Machine) onConfigure(c Config) {
	before := m.cfg.configuredExpected()
	c = c.resolve()
	m.cfg.Nodes, m.cfg.Votes, m.cfg.TwoNode, m.cfg.ExpectedVotes = c.Nodes, c.Votes, c.TwoNode, c.ExpectedVotes
	if c.Device == m.cfg.Device || !m.cfg.AutoTieBreaker && !m.cfg.LastManStanding && !m.cfg.TwoNode {
		m.cfg.Device, m.cfg.DeviceVotes, m.cfg.DeviceWait = c.Device, c.DeviceVotes, c.DeviceWait
	}
	for i := range m.voters {
		v := &m.voters[i]
		if v.told == nil {
			v.votes = m.cfg.configuredVotes(v.id)
		}
	}
	if after := m.cfg.configuredExpected(); after != before {
		m.expected = after
	}
}
