package replica

import (
	"testing"

	"mainstay/member"
)

// expected is what a node's CIB says of another one: "member" or "down".
func (w *world) expected(at, of member.NodeID) string {
	return w.nodes[at].r.Root().Child("status").ChildID("node_state", of.String()).Get("expected")
}

// leave has a node leave its view in order, as its members agree.
func (w *world) leave(name string, members ...member.NodeID) {
	for _, m := range members {
		w.step(m, Agreed{Update{Left: []string{name}}})
	}
	w.settle()
}

// A member that missed how another one left in order learns of it when the
// partitions merge, even if its own CIB wins.
func TestMergeKnowsWhoLeftInOrder(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.view(true, 1, 2)
	w.view(false, 3)
	w.leave("n1", 1, 2)
	w.view(true, 2)
	w.edit(3, "a", "1")
	w.edit(3, "b", "2") // the newer configuration, with n1 as a member that is lost
	if w.expected(2, 1) != "down" || w.expected(3, 1) != "member" {
		t.Fatalf("before the merge: %s %s", w.expected(2, 1), w.expected(3, 1))
	}
	w.view(true, 2, 3)
	w.equal(2, 3)
	if w.property(2, "b") != "2" || w.expected(2, 1) != "down" {
		t.Errorf("after the merge n1 is expected %s", w.expected(2, 1))
	}
	w.view(true, 2)
	if w.expected(2, 1) != "down" {
		t.Error("one view later it is forgotten")
	}
}

// Neither does a member that rebooted and knows of nobody have the leaver fenced.
func TestRebootedMemberLearnsWhoLeftInOrder(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.view(true, 1, 2)
	w.restart(3, false)
	w.view(false, 3)
	w.leave("n1", 1, 2)
	w.view(true, 2)
	w.edit(3, "a", "1")
	w.edit(3, "b", "2")
	if w.expected(3, 1) != "" {
		t.Fatalf("n3 remembers n1 as %s", w.expected(3, 1))
	}
	w.view(true, 2, 3)
	w.equal(2, 3)
	if w.property(2, "b") != "2" || w.expected(2, 1) != "down" {
		t.Errorf("after the merge n1 is expected %s", w.expected(2, 1))
	}
}

// A member that saw another one leave in order does not know better than who saw
// it come back.
func TestMergeKnowsWhoCameBack(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.leave("n1", 1, 2, 3)
	w.view(true, 2, 3)
	w.view(true, 2)
	w.edit(2, "a", "1")
	w.edit(2, "b", "2")
	w.view(true, 1, 3)
	w.view(false, 3)
	w.view(true, 2, 3)
	w.equal(2, 3)
	if w.property(3, "b") != "2" || w.expected(3, 1) != "member" {
		t.Errorf("n1 came back and is lost, but is expected %s", w.expected(3, 1))
	}
}

// While a member does not say what it saw, nobody's word counts, not even after
// that member was upgraded.
func TestOldMembersAreObeyed(t *testing.T) {
	w := newWorld(t, 3)
	w.nodes[3].r.cfg.Features = 1
	w.view(true, 1, 2, 3)
	if f := w.nodes[1].r.Features(); f != 1 {
		t.Fatalf("the view speaks version %d, its oldest member 1", f)
	}
	w.leave("n1", 1, 2, 3)
	w.view(true, 2, 3)
	w.view(true, 2)
	w.view(true, 1, 3)
	w.view(false, 3)
	w.edit(3, "a", "1")
	w.edit(3, "b", "2")
	w.view(true, 2, 3)
	w.equal(2, 3)
	w.restart(3, true)
	w.nodes[3].r.cfg.Features = Features
	w.view(true, 2, 3)
	w.equal(2, 3)
	if w.nodes[2].r.Features() != Features || w.expected(2, 1) != "member" {
		t.Errorf("version %d; n1 is lost, but is expected %s", w.nodes[2].r.Features(), w.expected(2, 1))
	}
}

// Two nodes leave, one right after the other: the goodbye of the second is agreed
// before the view without the first has come to one CIB, and the next view is
// without the second. Who is left knows all the same that both left in order.
func TestGoodbyeWhileTheViewIsNew(t *testing.T) {
	w := newWorld(t, 3)
	w.view(true, 1, 2, 3)
	w.leave("n3", 1, 2, 3)
	w.seq++
	v := member.View{Ring: member.RingID{Rep: 1, Seq: w.seq}, Members: []member.NodeID{1, 2}}
	for _, m := range v.Members {
		w.nodes[m].view = v
		w.step(m, Install{View: v, Quorate: true})
	}
	w.pending = nil // the heads are lost with the next change
	for _, m := range v.Members {
		w.step(m, Agreed{Update{Left: []string{"n2"}}})
	}
	w.view(false, 1)
	if w.expected(1, 3) != "down" || w.expected(1, 2) != "down" {
		t.Errorf("n3 is expected %s, n2 %s", w.expected(1, 3), w.expected(1, 2))
	}
	w.view(true, 1, 3)
	if w.expected(3, 2) != "down" {
		t.Errorf("n3 came back and expects n2 %s", w.expected(3, 2))
	}
	w.equal(1, 3)
}
