package ring

import (
	"math/bits"
	"time"
)

// relations is what the candidates of a gathering hold against each other, in
// sets of places in the proposal.
type relations struct {
	all     uint64
	paused  uint64             // who did not run for a while, which is why others miss it
	joined  uint64             // who takes part in this gathering, and did so a short while ago
	accuses [MaxMembers]uint64 // whom the candidate cannot be with …
	sick    [MaxMembers]uint64 // … because they do not do their part
	accused [MaxMembers]uint64 // by whom the candidate is accused
	tenure  [MaxMembers]int    // with how many others it has been together for long
}

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
//     may be bad), unless the other says itself that it was paused, or is accused
//     of not doing its part; then the higher id.
//   - Those who are out choose among themselves in the same way.
func (m *Machine) choose() {
	who := m.gather.who
	r := m.relations()
	me, _ := who.find(m.self.id)
	open := r.all &^ m.accusedAbsent(r)
	open |= 1 << me
	chosen := r.group(open)
	for chosen>>me&1 == 0 {
		open &^= chosen
		chosen = r.group(open)
	}
	for i := range who {
		who[i].out = chosen>>i&1 == 0
	}
}

// relations gathers who accuses whom: this node's own view, and what the others
// say in their joins.
func (m *Machine) relations() *relations {
	who := m.gather.who
	r := &relations{all: 1<<len(who) - 1}
	for i, c := range who {
		from := who
		if c.seat == m.self {
			r.joined |= 1 << i
			r.paused |= bit(m.gather.paused) << i
			r.tenure[i] = m.gather.tenure
		} else {
			p := m.peer(c.id)
			if p == nil || p.join == nil || p.inc != c.inc {
				continue
			}
			if m.now-p.joinAt < m.freshness() {
				r.joined |= 1 << i
			}
			r.paused |= bit(p.join.paused) << i
			r.tenure[i] = p.join.tenure
			from = p.join.who
		}
		k := 0
		for _, o := range from {
			for k < len(who) && who[k].id < o.id {
				k++
			}
			if k == len(who) {
				break
			}
			if o.failed && who[k].seat == o.seat {
				r.accuses[i] |= 1 << k
				r.accused[k] |= 1 << i
				if o.sick {
					r.sick[i] |= 1 << k
				}
			}
		}
	}
	return r
}

// freshness is how old a join may be and still be a sign of life: joins are
// repeated.
func (m *Machine) freshness() time.Duration {
	return max(2*m.cfg.Join, min(4*m.cfg.Join, m.cfg.Token/2))
}

// bit is 1 for true.
func bit(b bool) uint64 { return uint64(boolByte(b)) }

// joined tells whether a peer takes part in this gathering, and did so a short
// while ago.
func (m *Machine) joined(p *peer, inc uint64) bool {
	return p.inc == inc && p.join != nil && m.now-p.joinAt < m.freshness()
}

// accusedAbsent returns the candidates that have not joined and that somebody
// who has cannot be with. Members of the last view are given some time to join.
func (m *Machine) accusedAbsent(r *relations) uint64 {
	grace := m.now < m.gather.began+m.grace() && m.cur != nil
	var out uint64
	for i, c := range m.gather.who {
		if r.joined>>i&1 == 1 {
			continue
		}
		if c.failed || (r.accused[i] != 0 && !(grace && m.cur.seats.has(c.seat))) {
			out |= 1 << i
		}
	}
	return out
}

// grace is how long what others say of a member is not believed: its own join
// may be on its way.
func (m *Machine) grace() time.Duration {
	return min(max(4*m.relay.rtt, 5*time.Millisecond), m.cfg.Token/4)
}

// group returns which of the open candidates can all be with each other,
// leaving out as few as possible.
func (r *relations) group(open uint64) uint64 {
	for {
		worst, most := -1, 0
		for s := open; s != 0; s &= s - 1 {
			i := bits.TrailingZeros64(s)
			if w := r.trouble(i, open); w > 0 && w >= most {
				worst, most = i, w
			}
		}
		if worst < 0 {
			return open
		}
		open &^= 1 << worst
	}
}

// trouble weighs a candidate's broken relations with the others of a group; 0
// means that it can be with all of them.
func (r *relations) trouble(i int, in uint64) int {
	in &^= 1 << i
	broken := bits.OnesCount64((r.accuses[i] | r.accused[i]) & in)
	if broken == 0 {
		return 0
	}
	guilty := r.accuses[i] &^ r.sick[i] &^ r.paused & in
	if r.paused>>i&1 == 1 {
		guilty |= r.accused[i] & in
	}
	for s := r.accused[i] & in; s != 0; s &= s - 1 {
		by := bits.TrailingZeros64(s)
		guilty |= r.sick[by] >> i & 1 << by
	}
	return (broken*(MaxMembers+1)+MaxMembers-r.tenure[i])*2*MaxMembers + bits.OnesCount64(guilty)
}

// ownTenure counts the members of the installed view that have been there for
// long.
func (m *Machine) ownTenure() int {
	n := 0
	for _, p := range m.peers {
		if m.cur != nil && m.cur.seats.hasID(p.id) && !m.new(p) {
			n++
		}
	}
	return n
}
