package engine

import (
	"testing"
	"time"
)

// TestLinkEvents: a link that comes up or goes down is an event, its measurements
// are not, and both are in the state.
func TestLinkEvents(t *testing.T) {
	r := newRig(t)
	r.run(2 * time.Second)
	e := r.nodes[1].e
	for _, s := range []struct {
		in    LinkState
		event string
	}{
		{LinkState{Node: 2, Up: true}, "link 0 to n2 is up"},
		{LinkState{Node: 2, Up: true, RTT: time.Millisecond, Loss: .1, MTU: 1400}, ""},
		{LinkState{Node: 2, RTT: time.Millisecond, Loss: .1, MTU: 1400}, "link 0 to n2 is down"},
		{LinkState{Node: 2, Link: 5, Up: true}, ""},
	} {
		e.Changed()
		r.step(1, s.in)
		text := ""
		dirty, events := e.Changed()
		for _, x := range events {
			if x.Kind == "link" {
				text += x.Text
			}
		}
		if text != s.event || !dirty {
			t.Errorf("%+v: %q, want %q", s.in, text, s.event)
		}
	}
	for _, l := range e.State().Links {
		if l.Node == 2 && (l.Up || l.RTT != time.Millisecond || l.Loss != .1 || l.MTU != 1400) {
			t.Errorf("link: %+v", l)
		}
	}
}
