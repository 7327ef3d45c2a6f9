package ring

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestNoFalseAlarms lives through half an hour of bad weather at default
// settings: no view may change.
func TestNoFalseAlarms(t *testing.T) {
	for name, weather := range map[string]func(s *sim){
		"5 % loss": func(s *sim) { s.everyLink(func(l *simLink) { l.loss = 0.05 }) },
		"50 ms":    func(s *sim) { s.everyLink(func(l *simLink) { l.delay = 50 * time.Millisecond }) },
		"5 % loss, 50 ms and pauses of 300 ms every 5 s": func(s *sim) {
			s.everyLink(func(l *simLink) { l.loss, l.delay = 0.05, 50*time.Millisecond })
			s.pauses(300*time.Millisecond, 5*time.Second)
		},
		"pauses of 300 ms every 5 s": func(s *sim) { s.pauses(300*time.Millisecond, 5*time.Second) },
		"pauses of 20 to 40 ms all the time": func(s *sim) {
			s.pauses(40*time.Millisecond, 50*time.Millisecond)
		},
	} {
		for seed := range int64(2) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) { fairWeather(t, seed, weather) })
		}
	}
}

// fairWeather lives through half an hour of some weather.
func fairWeather(t *testing.T, seed int64, weather func(s *sim)) {
	s := up(t, seed, 3, Config{})
	s.run(time.Second)
	views := s.nodes[0].m.Stats().Views
	if *flagTrace {
		s.trace = t.Logf
	}
	weather(s)
	for range 30 * 60 {
		s.submit(1+s.rng.Intn(3), 100)
		s.run(time.Second)
	}
	if got := s.nodes[0].m.Stats().Views - views; got != 0 {
		t.Errorf("%d views too many", got)
	}
	s.finish(t, seed)
}

// everyLink changes all links.
func (s *sim) everyLink(f func(*simLink)) {
	for a := range s.links {
		for b := range s.links[a] {
			f(&s.links[a][b])
		}
	}
}

// pauses stops one process after the other for a while, again and again.
func (s *sim) pauses(d, every time.Duration) {
	id := 1 + s.rng.Intn(len(s.nodes))
	s.freeze(id)
	s.at(d, func() { s.thaw(id) })
	s.at(every, func() { s.pauses(d, every) })
}

// TestSickMembers: one member that does not do its part may not stall the
// others for longer than a bounded time, nor again and again.
func TestSickMembers(t *testing.T) {
	only := func(kinds ...byte) func([]byte) bool {
		return func(b []byte) bool { return !slices.Contains(kinds, b[2]) }
	}
	for name, sick := range map[string]func(s *sim){
		"takes no token":        func(s *sim) { s.node(3).deaf = func(b []byte) bool { return b[2] == kindToken } },
		"takes no commit token": func(s *sim) { s.node(3).deaf = func(b []byte) bool { return b[2] == kindToken || b[2] == kindCommit } },
		"takes joins only":      func(s *sim) { s.node(3).deaf = only(kindJoin, kindAnnounce) },
		"sends joins only":      func(s *sim) { s.toOthers(3, func(l *simLink) { l.lose = only(kindJoin, kindAnnounce) }) },
		"sends no acks": func(s *sim) {
			s.toOthers(3, func(l *simLink) { l.lose = func(b []byte) bool { return b[2] == kindAck } })
		},
		"takes no data":          func(s *sim) { s.node(3).deaf = func(b []byte) bool { return b[2] == kindData } },
		"takes no joins":         func(s *sim) { s.node(3).deaf = func(b []byte) bool { return b[2] == kindJoin }; s.crash(4) },
		"takes no large packets": func(s *sim) { s.node(3).deaf = func(b []byte) bool { return len(b) > 600 } },
		"sends no large packets": func(s *sim) { s.toOthers(3, func(l *simLink) { l.maxSize = 600 }) },
		"hears nothing":          func(s *sim) { s.fromOthers(3, func(l *simLink) { l.cut = true }) },
		"is not heard":           func(s *sim) { s.toOthers(3, func(l *simLink) { l.cut = true }) },
		"does not hear 1":        func(s *sim) { s.links[0][2].cut = true },
		"is not heard by 1":      func(s *sim) { s.links[2][0].cut = true },
		"does not hear its pred": func(s *sim) { s.links[1][2].cut = true },
		"loses all but one in 20": func(s *sim) {
			s.toOthers(3, func(l *simLink) { l.loss = 0.95 })
			s.fromOthers(3, func(l *simLink) { l.loss = 0.95 })
		},
		"cannot talk to 1 at all": func(s *sim) { s.both(1, 3, func(l *simLink) { l.cut = true }) },
		"starts again and again":  func(s *sim) { s.again(500*time.Millisecond, func() { s.crash(3); s.start(3) }) },
		"is stopped again and again": func(s *sim) {
			s.again(1300*time.Millisecond, func() { s.freeze(3); s.at(1200*time.Millisecond, func() { s.thaw(3) }) })
		},
		"stands still again and again": func(s *sim) {
			s.again(1300*time.Millisecond, func() { s.stall(3); s.at(1200*time.Millisecond, func() { s.thaw(3) }) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			if longest, sum := stalls(t, 3, sick); longest > 2*DefaultToken || sum > 5*DefaultToken {
				t.Errorf("longest stall %v, %v in all", longest, sum)
			}
		})
	}
}

// TestPoorMembers: one member that loses two thirds of all packets takes part,
// though slowly. As long as it is heard it is not cut out (whether a link is good
// enough is for the wire to judge), but the others get on. How well is luck: what
// is measured is the median of a few seeds.
func TestPoorMembers(t *testing.T) {
	for name, poor := range map[string]func(s *sim){
		"hears one third":        func(s *sim) { s.fromOthers(3, func(l *simLink) { l.loss = 0.67 }) },
		"is heard one time in 3": func(s *sim) { s.toOthers(3, func(l *simLink) { l.loss = 0.67 }) },
		"loses two thirds both ways": func(s *sim) {
			s.toOthers(3, func(l *simLink) { l.loss = 0.67 })
			s.fromOthers(3, func(l *simLink) { l.loss = 0.67 })
		},
	} {
		t.Run(name, func(t *testing.T) {
			var longest, sum []time.Duration
			for seed := range int64(5) {
				l, s := stalls(t, seed, poor)
				longest, sum = append(longest, l), append(sum, s)
			}
			slices.Sort(longest)
			slices.Sort(sum)
			if longest[2] > 5*DefaultToken || sum[2] > 30*DefaultToken {
				t.Errorf("longest stalls %v, in all %v", longest, sum)
			}
		})
	}
}

// again does something now and every so often.
func (s *sim) again(every time.Duration, what func()) {
	what()
	s.at(every, func() { s.again(every, what) })
}

// stalls measures, for a minute, how long no message of a healthy majority got through: once
// for as long as it takes to find out, then now and then for a moment, when the
// sick member gets another chance.
func stalls(t *testing.T, seed int64, sick func(s *sim)) (longest, sum time.Duration) {
	s := up(t, seed, 5, Config{})
	s.run(15 * time.Second)
	if testing.Verbose() && *flagTrace {
		s.trace = t.Logf
	}
	sick(s)
	type gap struct{ at, took time.Duration }
	var gaps []gap
	began := s.now
	for s.now < began+60*time.Second {
		at := s.now
		want := len(s.node(2).life.submitted) + 1
		for s.submit(2, 1000); !s.reached(3, want, 1, 2, 4, 5); s.submit(2, 1000) {
			s.runUntil(s.now+20*time.Millisecond, func() bool { return s.reached(3, want, 1, 2, 4, 5) })
			if s.now > at+20*time.Second {
				t.Fatalf("stalled since %v", at-began)
			}
		}
		if took := s.now - at; took > 100*time.Millisecond {
			gaps = append(gaps, gap{at - began, took})
		}
		s.run(20 * time.Millisecond)
	}
	for _, g := range gaps {
		longest, sum = max(longest, g.took), sum+g.took
	}
	t.Logf("in 60 s: longest stall %v, %v in all, %d views: %v", longest, sum, s.nodes[1].m.Stats().Views, gaps)
	return longest, sum
}

// reached tells whether so many of some nodes delivered node 2's k-th message, or
// a later one.
func (s *sim) reached(want, k int, of ...int) bool {
	n := 0
	for _, id := range of {
		if s.node(id).up && s.node(id).has(s.node(2), k) {
			n++
		}
	}
	return n >= want
}

// has tells whether a node delivered another one's k-th message.
func (n *simNode) has(o *simNode, k int) bool {
	want := uint64(o.id)<<48 | o.inc<<32 | uint64(k)
	for i := len(n.life.views) - 1; i >= 0 && i >= len(n.life.views)-3; i-- {
		v := n.life.views[i]
		for j := len(v.msgs) - 1; j >= 0; j-- {
			if v.msgs[j]>>32 == want>>32 {
				return v.msgs[j] >= want
			}
		}
	}
	return false
}

func (s *sim) toOthers(id int, f func(*simLink)) {
	for b := range s.nodes {
		if b != id-1 {
			f(&s.links[id-1][b])
		}
	}
}

func (s *sim) fromOthers(id int, f func(*simLink)) {
	for a := range s.nodes {
		if a != id-1 {
			f(&s.links[a][id-1])
		}
	}
}
