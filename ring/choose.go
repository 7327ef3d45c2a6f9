package ring

// choose decides who of the candidates is to be in the view. Each node knows
// whom it cannot be with, and says so in its join; from the same joins all draw
// the same conclusion, so that no evidence has to be believed for longer than it
// is given, and one node that cannot hear does not turn the others against each
// other:
//
//   - Who is accused and has not joined is out: it is most likely dead.
//   - Of nodes that have joined and cannot be with each other, those with most
//     broken relations are out. Among equals it is who accuses others of silence
//     (its own hearing may be bad), or is accused of not doing its part; then the
//     one with the higher id.
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
	for _, o := range m.gather.who {
		if yes, _ := m.accuses(o, c); yes {
			return true
		}
	}
	return false
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
	weight := 0
	for j := range who {
		if !in[j] || i == j {
			continue
		}
		by, bySick := m.accuses(who[i], who[j])
		of, ofSick := m.accuses(who[j], who[i])
		if by || of {
			weight += 2 * MaxMembers
		}
		if (by && !bySick) || ofSick {
			weight++
		}
	}
	return weight
}
