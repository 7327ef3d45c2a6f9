package control

import (
	"testing"
	"time"
)

// A failure that has expired by a wall clock that was set is not waited for by the
// other clock.
func TestWallClockIsSet(t *testing.T) {
	s := running(t, "", `<nvpair id="ft" name="failure-timeout" value="10h"/>`)
	at := s.owner()
	s.monitorFails(at)
	s.obey(nil)
	s.ahead = 11 * time.Hour
	s.step(Jumped{})
	s.obey(nil)
	if got := s.failCount(at, "db#monitor_5000"); got != "" {
		t.Errorf("the count is %q eleven hours later", got)
	}
	n := count[Planned](s)
	s.step(Jumped{})
	if count[Planned](s) != n || s.c.State() != Idle {
		t.Errorf("the clock was set, nothing was due, and something was planned; state %s", s.c.State())
	}
}
