package ring

import (
	"fmt"
	"slices"

	"mainstay/member"
)

// check looks for breaches of what the ring promises in everything that all
// lives of all nodes have seen.
func (s *sim) check() error {
	viewMembers := map[string][]member.NodeID{}
	deliveredIn := map[uint64]string{}
	for _, l := range s.lives {
		if err := l.check(s, viewMembers, deliveredIn); err != nil {
			return fmt.Errorf("node %d life %d: %w", l.id, l.inc, err)
		}
	}
	for _, l := range s.lives {
		if err := s.checkSafe(l); err != nil {
			return fmt.Errorf("node %d life %d: %w", l.id, l.inc, err)
		}
	}
	for i, a := range s.lives {
		for _, b := range s.lives[i+1:] {
			if err := checkPair(a, b); err != nil {
				return fmt.Errorf("nodes %d/%d and %d/%d: %w", a.id, a.inc, b.id, b.inc, err)
			}
		}
	}
	return nil
}

// check looks at one life: no duplicates, order of each sender, one view per
// message, ring numbers that grow.
func (l *life) check(s *sim, viewMembers map[string][]member.NodeID, deliveredIn map[uint64]string) error {
	var prev *lifeView
	last := map[uint64]uint64{} // by sender and incarnation
	for _, v := range l.views {
		number := v.View.Ring.String()
		if s.disksLost {
			number = v.key // numbers may be used again when those who knew them forgot
		}
		if known, ok := viewMembers[number]; ok && !slices.Equal(known, v.View.Members) {
			return fmt.Errorf("view %v has members %v elsewhere", v.View, known)
		}
		viewMembers[number] = v.View.Members
		if !v.View.Has(l.id) {
			return fmt.Errorf("not in its own view %v", v.View)
		}
		if err := checkInstall(l.id, prev, v); err != nil {
			return err
		}
		for i, msg := range v.msgs {
			sender := msg >> 32
			if !v.View.Has(member.NodeID(msg >> 48)) {
				return fmt.Errorf("message %x of a stranger in %v", msg, v.View)
			}
			if msg <= last[sender] {
				return fmt.Errorf("message %x after %x", msg, last[sender])
			}
			last[sender] = msg
			if own := msg>>48 == uint64(l.id) && msg>>32&0xffff == l.inc; own && v.safe[i] != l.safe[msg] {
				return fmt.Errorf("message %x is delivered safe: %v", msg, v.safe[i])
			}
			if r, ok := deliveredIn[msg]; ok && r != v.key {
				return fmt.Errorf("message %x delivered in %v and in %v", msg, r, v.key)
			}
			deliveredIn[msg] = v.key
		}
		prev = v
	}
	return l.checkOwn()
}

// checkOwn looks for own messages that were skipped.
func (l *life) checkOwn() error {
	var own []uint64
	for _, v := range l.views {
		for _, msg := range v.msgs {
			if msg>>48 == uint64(l.id) && msg>>32&0xffff == l.inc {
				own = append(own, msg)
			}
		}
	}
	for i, msg := range own {
		if i >= len(l.submitted) || l.submitted[i] != msg {
			return fmt.Errorf("own message %x was skipped", l.submitted[min(i, len(l.submitted)-1)])
		}
	}
	return nil
}

// checkInstall looks at the lists of an Install.
func checkInstall(id member.NodeID, prev, v *lifeView) error {
	var old []member.NodeID
	if prev != nil {
		old = prev.View.Members
		if !prev.View.Ring.Less(v.View.Ring) {
			return fmt.Errorf("view %v after %v", v.View, prev.View)
		}
		if !slices.Contains(v.Transitional, id) {
			return fmt.Errorf("view %v: not together with itself", v.View)
		}
		if !slices.Equal(prev.transition, v.Transitional) {
			return fmt.Errorf("view %v: transition to %v, install says %v", v.View, prev.transition, v.Transitional)
		}
	}
	for _, o := range old {
		if slices.Contains(v.Left, o) == slices.Contains(v.Transitional, o) {
			return fmt.Errorf("view %v: %d of the old view neither left nor came along, or both", v.View, o)
		}
	}
	for _, n := range v.View.Members {
		if slices.Contains(v.Joined, n) == slices.Contains(v.Transitional, n) {
			return fmt.Errorf("view %v: %d neither joined nor came along, or both", v.View, n)
		}
	}
	return nil
}

// checkPair compares two lives: one order, and virtual synchrony.
func checkPair(a, b *life) error {
	pos := map[uint64]int{}
	i := 0
	for _, v := range a.views {
		for _, msg := range v.msgs {
			pos[msg] = i
			i++
		}
	}
	last := -1
	for _, v := range b.views {
		for _, msg := range v.msgs {
			p, ok := pos[msg]
			if !ok {
				continue
			}
			if p < last {
				return fmt.Errorf("message %x is ordered differently", msg)
			}
			last = p
		}
	}
	if err := checkNoHoles(a, b); err != nil {
		return err
	}
	if err := checkNoHoles(b, a); err != nil {
		return err
	}
	return checkSynchrony(a, b)
}

// checkNoHoles: of a sender's messages in a view, another member delivers the
// first ones, without a hole.
func checkNoHoles(sender, other *life) error {
	at := map[string]*lifeView{}
	for _, v := range sender.views {
		at[v.key] = v
	}
	of := func(v *lifeView) []uint64 {
		var out []uint64
		for _, msg := range v.msgs {
			if msg>>32 == uint64(sender.id)<<16|sender.inc {
				out = append(out, msg)
			}
		}
		return out
	}
	for _, w := range other.views {
		v := at[w.key]
		if v == nil {
			continue
		}
		mine, theirs := of(v), of(w)
		for i, msg := range theirs {
			if i >= len(mine) {
				break // the sender did not live to deliver it itself
			}
			if msg != mine[i] {
				return fmt.Errorf("in %v: message %x without %x", v.View, msg, mine[i])
			}
		}
	}
	return nil
}

// checkSynchrony: who goes together from one view to the next has delivered the
// same in the first; in one view, what both deliver has no holes.
func checkSynchrony(a, b *life) error {
	at := map[string]int{}
	for i, v := range a.views {
		at[v.key] = i
	}
	for j, w := range b.views {
		i, ok := at[w.key]
		if !ok || i+1 >= len(a.views) || j+1 >= len(b.views) {
			continue
		}
		v := a.views[i]
		next, other := a.views[i+1], b.views[j+1]
		if next.key != other.key {
			continue
		}
		if !slices.Equal(next.Transitional, other.Transitional) {
			return fmt.Errorf("from %v to %v: together %v and %v", v.View, next.View, next.Transitional, other.Transitional)
		}
		if v.split != w.split {
			return fmt.Errorf("from %v to %v: %d and %d messages before the transition", v.View, next.View, v.split, w.split)
		}
		if !slices.Equal(v.msgs, w.msgs) {
			return fmt.Errorf("from %v to %v: delivered %d and %d messages, the same up to number %d", v.View, next.View, len(v.msgs), len(w.msgs), same(v.msgs, w.msgs))
		}
	}
	return nil
}

// same is how many messages two lists have in common at their beginning.
func same(a, b []uint64) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// checkEnd is for the end, when the network has been whole and quiet: who is up
// has delivered all that it submitted, and all have the same of the last view.
func (s *sim) checkEnd() error {
	var first *simNode
	for _, n := range s.nodes {
		if !n.up {
			continue
		}
		own := 0
		for _, v := range n.life.views {
			for _, msg := range v.msgs {
				if msg>>32 == uint64(n.id)<<16|n.inc {
					own++
				}
			}
		}
		if own != len(n.life.submitted) {
			return fmt.Errorf("node %d delivered %d of its %d messages", n.id, own, len(n.life.submitted))
		}
		v := n.life.views[len(n.life.views)-1]
		if first == nil {
			first = n
		} else if w := first.life.views[len(first.life.views)-1]; !slices.Equal(v.msgs, w.msgs) {
			return fmt.Errorf("in the last view %v nodes %d and %d delivered different messages", v.View, first.id, n.id)
		}
	}
	return nil
}

// checkSafe: what is delivered as safe, all have: before the transition all
// members of the view, after it all who come along. They deliver it in the same
// view, unless they die.
func (s *sim) checkSafe(l *life) error {
	for _, v := range l.views {
		for i, msg := range v.msgs {
			if !v.safe[i] {
				continue
			}
			scope := v.View.Members
			if v.split >= 0 && i >= v.split {
				scope = v.transition
			}
			for _, id := range scope {
				if !s.deliveredOrDied(id, v, msg) {
					return fmt.Errorf("in %v: message %x was safe, but node %d did not deliver it", v.View, msg, id)
				}
			}
		}
	}
	return nil
}

// deliveredOrDied tells whether a member of a view delivered a message in it, or
// ended in it.
func (s *sim) deliveredOrDied(id member.NodeID, v *lifeView, msg uint64) bool {
	for _, l := range s.lives {
		if l.id != id {
			continue
		}
		w := l.view(v)
		if w != nil && (w.has(msg) || (l.ended && l.views[len(l.views)-1] == w)) {
			return true
		}
	}
	return false
}

// has tells whether a message was delivered in a view that is over or will get no
// more messages.
func (v *lifeView) has(msg uint64) bool {
	if v.set == nil {
		v.set = map[uint64]bool{}
		for _, m := range v.msgs {
			v.set[m] = true
		}
	}
	return v.set[msg]
}

// view returns a view as this life saw it, or nil.
func (l *life) view(v *lifeView) *lifeView {
	for _, w := range l.views {
		if w.key == v.key {
			return w
		}
	}
	return nil
}
