package control

import "testing"

// A count that does not come back while something else is under way, as when the
// members change, is waited for no longer than is set: the control does not want to
// be woken for it again and again.
func TestALostCountIsNotWaitedFor(t *testing.T) {
	s := newStage(t, "", "")
	s.sync(false, 1, 2) // what it orders is under way
	s.c.count(nil)      // and is not seen again
	if !s.c.counting() {
		t.Fatal("no count is under way")
	}
	s.wait(countPatience)
	if w := s.c.Wake(); w <= s.now {
		t.Errorf("it wakes at %v, now is %v", w, s.now)
	}
	if s.c.counting() || s.c.transit.Active() == nil {
		t.Error("the wait has not ended, or the transition has")
	}
}
