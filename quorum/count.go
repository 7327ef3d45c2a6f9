package quorum

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"mainstay/member"
)

// votes are those of the view's nodes, without the device.
func (m *Machine) votes() int {
	sum := 0
	for _, id := range m.members {
		sum += m.voter(id).votes
	}
	return sum
}

// deviceState gathers what the members say of the device: its vote counts for
// the view if it gives it to any of them.
func (m *Machine) deviceState() DeviceState {
	d := DeviceState{Configured: m.cfg.Device}
	if !m.cfg.Device || len(m.members) == 0 {
		return d
	}
	d.Votes = m.cfg.DeviceVotes
	for _, id := range m.members {
		up, verdict := m.deviceOf(id)
		d.Alive = d.Alive || up
		d.Cast = d.Cast || up && verdict == Granted
	}
	return d
}

// deviceOf is what the device says to one member about the present view.
func (m *Machine) deviceOf(id member.NodeID) (up bool, v Verdict) {
	if id == m.cfg.Self {
		if m.device.Until > m.now && m.device.Ring == m.ring {
			v = m.device.Verdict
		}
		return m.device.Until > m.now, v
	}
	p := m.voter(id).told
	if p == nil || !p.DeviceUp {
		return false, Undecided
	}
	return true, p.Verdict
}

// pending tells whether the device, which would decide, is yet to speak: somebody
// reaches it and nobody was answered.
func (m *Machine) pending(s State) bool {
	if !s.Device.Alive || m.now >= m.waitUntil || !m.cfg.DeviceMasterWins && s.Votes+s.Device.Votes < s.Quorum {
		return false
	}
	for _, id := range m.members {
		if _, v := m.deviceOf(id); v != Undecided {
			return false
		}
	}
	return true
}

// CheckExpected tells why expected votes cannot be set to n at run time: the
// view could not be quorate by it. nil: it can.
func (m *Machine) CheckExpected(n int) error {
	votes := m.votes()
	switch {
	case n < 1:
		return fmt.Errorf("expected votes %d: want 1 or more", n)
	case n < votes:
		return fmt.Errorf("expected votes %d: the members present have %d already", n, votes)
	case n/2+1 > max(votes, m.state.Votes):
		return fmt.Errorf("expected votes %d: %d would be needed and only %d are present, so that the cluster would lose its quorum", n, n/2+1, votes)
	}
	return nil
}

// recount draws the conclusions, and tells and keeps what is new.
func (m *Machine) recount(order bool) {
	if m.waiting && len(m.members) > 0 && m.allSeen() {
		m.waiting = false
	}
	m.expected = max(m.expected, m.votes(), 1)
	s := m.conclude()
	if s.Quorate && m.allHeard() && !slices.Equal(m.last, m.members) {
		m.last = slices.Clone(m.members)
		for _, id := range m.members {
			if p := m.voter(id).told; p != nil {
				m.epoch = max(m.epoch, p.Epoch)
			}
		}
		m.epoch++
		m.known = max(m.known, m.epoch)
	}
	if !reflect.DeepEqual(s, m.state) {
		m.state = s
		m.out = append(m.out, s)
	}
	m.keep()
	if len(m.members) == 0 {
		return
	}
	p := Peer{
		Node: m.cfg.Self, Votes: m.voter(m.cfg.Self).votes, Expected: m.expected, Quorate: s.Quorate,
		Waiting: m.waiting, Order: order, Ring: m.ring, Away: m.away, Epoch: m.epoch, Breaker: m.tieBreaker(),
	}
	p.DeviceUp, p.Verdict = m.deviceOf(m.cfg.Self)
	was := p
	was.Epoch, was.Breaker = m.told.Epoch, m.told.Breaker // they are news in the next view only
	if was != m.told {
		m.told = p
		m.told.Order = false
		m.out = append(m.out, Tell{p})
	}
}

// allSeen tells whether all nodes are in the view.
func (m *Machine) allSeen() bool {
	expected := m.expected
	if m.cfg.Device {
		expected -= m.cfg.DeviceVotes
	}
	return m.votes() >= expected
}

// keep asks for what must outlive a restart to be written, if it changed.
func (m *Machine) keep() {
	s := m.saved
	seen := s.SeenAll || len(m.members) > 0
	if m.leaving {
		seen = s.SeenAll && len(m.members) == 1 // the last one knows what all knew
	}
	s.SeenAll = m.cfg.waitForAll() && !m.waiting && seen
	if m.cfg.ExpectedTracking {
		s.HighestExpected = max(s.HighestExpected, m.expected)
	}
	if s != m.saved {
		m.saved = s
		m.out = append(m.out, Keep{s})
	}
}

// conclude counts.
func (m *Machine) conclude() State {
	s := State{Expected: m.expected, Highest: m.expected, Device: m.deviceState(), Votes: m.votes()}
	for _, id := range m.members {
		v := m.voter(id)
		up, verdict := m.deviceOf(id)
		s.Members = append(s.Members, Voter{id, v.votes, up, up && verdict == Granted})
		if v.told != nil {
			s.Highest = max(s.Highest, v.told.Expected)
		}
	}
	if s.Device.Cast {
		s.Votes += s.Device.Votes
	}
	s.Quorum = max(s.Expected, s.Votes)/2 + 1
	twoNode := m.cfg.TwoNode && m.expected == 2 && len(m.members) <= 2
	if twoNode {
		s.Quorum = 1
	}
	s.Flags = Flags{
		TwoNode: twoNode, WaitForAll: m.cfg.waitForAll(), LastManStanding: m.cfg.LastManStanding,
		AutoTieBreaker: m.cfg.AutoTieBreaker, AllowDownscale: m.cfg.AllowDownscale, Device: m.cfg.Device,
	}
	switch {
	case len(m.members) == 0:
		s.WhyNot = "there is no view of the members yet"
	case m.waiting:
		s.WhyNot = fmt.Sprintf("wait_for_all: %d of %d votes were seen at once so far, %s; cancel waiting if the others cannot come", s.Votes, s.Expected, m.absent())
	case m.cfg.AllowDownscale && !m.allHeard():
		s.WhyNot = "allow_downscale: the members are asked how many votes they expect"
	default:
		s.Quorate = s.Votes >= s.Quorum || m.masterWins(s) || m.winsTie(s)
		if s.Quorate {
			break
		}
		s.WhyNot = m.shortage(s)
		if s.Pending = m.pending(s); s.Pending {
			s.Until = m.waitUntil
		}
	}
	return s
}

// masterWins tells whether the device's vote alone is enough.
func (m *Machine) masterWins(s State) bool { return m.cfg.DeviceMasterWins && s.Device.Cast }

// allHeard tells whether all other members told about themselves.
func (m *Machine) allHeard() bool {
	for _, id := range m.members {
		if id != m.cfg.Self && m.voter(id).told == nil {
			return false
		}
	}
	return true
}

// winsTie tells whether exactly half of the votes is enough because the tie
// breaker is here. It is the one of the last quorate view, and of that view
// those know who were in the most recent one: so all members must be heard, or
// two halves with memories of different views could both go on.
func (m *Machine) winsTie(s State) bool {
	if !m.cfg.AutoTieBreaker || s.Votes*2 != s.Expected || !m.allHeard() {
		return false
	}
	b := m.agreedBreaker()
	return b != 0 && slices.Contains(m.members, b)
}

// agreedBreaker is the tie breaker according to the member that was in the most
// recent quorate view.
func (m *Machine) agreedBreaker() member.NodeID {
	epoch, b := m.epoch, m.tieBreaker()
	for _, id := range m.members {
		p := m.voter(id).told
		if id != m.cfg.Self && p != nil && (p.Epoch > epoch || p.Epoch == epoch && b == 0) {
			epoch, b = p.Epoch, p.Breaker
		}
	}
	return b
}

// tieBreaker is the node whose half goes on; 0 if there is none.
func (m *Machine) tieBreaker() member.NodeID {
	switch {
	case len(m.last) == 0:
		return 0
	case m.cfg.TieBreaker == Highest:
		return m.last[len(m.last)-1]
	case m.cfg.TieBreaker == Lowest:
		return m.last[0]
	}
	for _, id := range m.cfg.TieBreakerNodes {
		if slices.Contains(m.last, id) {
			return id
		}
	}
	return 0
}

// absent names the voters that are not in the view.
func (m *Machine) absent() string {
	var names []string
	for _, v := range m.voters {
		if v.votes > 0 && !slices.Contains(m.members, v.id) {
			names = append(names, v.id.String())
		}
	}
	if len(names) == 0 {
		return "all known nodes are here"
	}
	return "absent: node " + strings.Join(names, ", ")
}

// shortage says why the votes are not enough.
func (m *Machine) shortage(s State) string {
	why := fmt.Sprintf("%d of %d votes are present and %d are needed; %s", s.Votes, s.Expected, s.Quorum, m.absent())
	if m.cfg.AutoTieBreaker && s.Votes*2 == s.Expected {
		if b := m.agreedBreaker(); b != 0 {
			return why + fmt.Sprintf("; half would do where the tie breaker is, which is node %d", b)
		}
		return why + "; half would do for nodes that were quorate before"
	}
	switch {
	case m.pending(s):
		why += "; the quorum device is asked"
	case s.Device.Configured && !s.Device.Alive:
		why += "; the quorum device is not reachable"
	case s.Device.Configured && !s.Device.Cast:
		why += "; the quorum device gives its vote to others or to nobody"
	}
	return why
}
