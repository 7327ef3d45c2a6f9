package ring

import "time"

// choose decides who of the candidates is to be in the view. Each node knows
// whom it cannot be with, and says so in its join; from the same joins all draw
// the same conclusion, so that no evidence has to be believed for longer than it
// is given, and one node that cannot hear does not turn the others against each
// other:
//
//   - Who is accused and has not joined is out: it is most likely dead.
//   - Of nodes that have joined and cannot be with each other, those with most
//     broken relations are out. Among equals it is who has been together with
//     fewer others for long; then who accuses others of silence (its own hearing
//     may be bad), or is accused of not doing its part; then the higher id.
//   - Those who are out choose among themselves in the same way.
func (m *Machine) choose() {
	who := m.gather.who
	open := make([]bool, len(who)) // not yet in a group
	for i, c := range who {
		open[i] = !m.accusedAbsent(c)
		who[i].out = true
	}
	me, _ := who.find(m.self.id)
	open[me] = true
	for open[me] {
		group := m.group(open)
		for i, in := range group {
			if in {
				open[i] = false
				who[i].out = !group[me]
			}
		}
	}
}

// accusedAbsent tells whether a candidate has not joined and somebody who has
// cannot be with it.
func (m *Machine) accusedAbsent(c candidate) bool {
	if m.joined(c) {
		return false
	}
	if c.failed {
		return true
	}
	if m.now < m.gather.began+m.grace() && m.cur != nil && m.cur.seats.has(c.seat) {
		return false // it was here a moment ago and may be about to join
	}
	for _, o := range m.gather.who {
		if yes, _ := m.accuses(o, c); yes {
			return true
		}
	}
	return false
}

// grace is how long what others say of a member is not believed: its own join
// may be on its way.
func (m *Machine) grace() time.Duration {
	return min(max(4*m.relay.rtt, 5*time.Millisecond), m.cfg.Token/4)
}

// joined tells whether a candidate takes part in this gathering, and did so a
// short while ago: joins are repeated.
func (m *Machine) joined(c candidate) bool {
	if c.seat == m.self {
		return true
	}
	p := m.peer(c.id)
	return p != nil && p.inc == c.inc && p.join != nil && m.now-p.joinAt < max(2*m.cfg.Join, min(4*m.cfg.Join, m.cfg.Token/2))
}

// accuses tells whether one candidate says that it cannot be with another, and
// whether because that one is sick.
func (m *Machine) accuses(by, c candidate) (yes, sick bool) {
	if by.seat == m.self {
		return c.failed, c.sick
	}
	p := m.peer(by.id)
	if p == nil || p.join == nil || p.inc != by.inc {
		return false, false
	}
	return p.join.who.fails(c.seat)
}

// group returns which of the open candidates can all be with each other,
// leaving out as few as possible.
func (m *Machine) group(open []bool) []bool {
	in := make([]bool, len(open))
	copy(in, open)
	for {
		worst, most := -1, 0
		for i := range in {
			if in[i] {
				if w := m.trouble(i, in); w > 0 && w >= most {
					worst, most = i, w
				}
			}
		}
		if worst < 0 {
			return in
		}
		in[worst] = false
	}
}

// trouble weighs a candidate's broken relations with the others of a group; 0
// means that it can be with all of them.
func (m *Machine) trouble(i int, in []bool) int {
	who := m.gather.who
	broken, guilt := 0, 0
	for j := range who {
		if !in[j] || i == j {
			continue
		}
		by, bySick := m.accuses(who[i], who[j])
		of, ofSick := m.accuses(who[j], who[i])
		if by || of {
			broken++
		}
		if (by && !bySick) || ofSick {
			guilt++
		}
	}
	if broken == 0 {
		return 0
	}
	return (broken*(MaxMembers+1)+MaxMembers-m.tenure(who[i]))*2*MaxMembers + guilt
}

// tenure is how many others a candidate has been together with for long.
func (m *Machine) tenure(c candidate) int {
	if c.seat == m.self {
		return m.gather.tenure
	}
	if p := m.peer(c.id); p != nil && p.join != nil {
		return p.join.tenure
	}
	return 0
}

// ownTenure counts the members of the installed view that have been there for
// long.
func (m *Machine) ownTenure() int {
	n := 0
	for _, p := range m.peers {
		if m.cur != nil && m.cur.seats.hasID(p.id) && p.since+10*m.cfg.Token < m.now {
			n++
		}
	}
	return n
}
