package ring

import (
	"slices"
	"testing"
	"time"
)

// TestLatency measures agreed delivery in virtual time, on a network whose
// packets take 50 µs: what the protocol's order costs besides.
func TestLatency(t *testing.T) {
	for _, c := range []struct {
		name           string
		senders        []int
		gap            time.Duration // between the end of one message and the next
		senderP50, p99 time.Duration // limits
	}{
		{"one sender, one in flight", []int{2}, 0, 200 * time.Microsecond, 800 * time.Microsecond},
		{"one sender, now and then", []int{2}, 3 * time.Millisecond, 200 * time.Microsecond, 800 * time.Microsecond},
		{"three senders, one in flight each", []int{1, 2, 3}, 0, 500 * time.Microsecond, 1200 * time.Microsecond},
		{"two senders in turn", []int{1, 3}, 5 * time.Millisecond, 200 * time.Microsecond, 800 * time.Microsecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := up(t, 5, 3, Config{})
			s.base, s.jitter = 45*time.Microsecond, 10*time.Microsecond
			s.run(time.Second)
			var own, worst []time.Duration
			began := s.now
			var next func(id int)
			next = func(id int) {
				if s.now > began+300*time.Millisecond {
					return
				}
				at := s.now
				s.submit(id, 100)
				k := len(s.node(id).life.submitted)
				s.whenAll(id, k, func(mine, last time.Duration) {
					own, worst = append(own, mine-at), append(worst, last-at)
					s.at(max(c.gap, time.Microsecond), func() { next(id) })
				})
			}
			for _, id := range c.senders {
				next(id)
			}
			s.run(2 * time.Second)
			slices.Sort(own)
			slices.Sort(worst)
			p50, p99 := own[len(own)/2], worst[len(worst)*99/100]
			t.Logf("%d messages: sender p50 %v, worst receiver p50 %v p99 %v", len(own), p50, worst[len(worst)/2], p99)
			if p50 > c.senderP50 || p99 > c.p99 {
				t.Errorf("want at most %v and %v", c.senderP50, c.p99)
			}
		})
	}
}

// whenAll calls then when all have delivered a node's k-th message, with the
// times at which the sender and the last receiver did.
func (s *sim) whenAll(id, k int, then func(mine, last time.Duration)) {
	var mine time.Duration
	var poll func()
	poll = func() {
		if mine == 0 && s.node(id).has(s.node(id), k) {
			mine = s.now
		}
		for _, n := range s.nodes {
			if !n.has(s.node(id), k) {
				s.at(2*time.Microsecond, poll)
				return
			}
		}
		then(mine, s.now)
	}
	poll()
}

// TestLatencyOfAnswers measures, in virtual time on the same network, a message that
// every member answers once it has done something with it that takes 400 to 700 µs:
// a change, and everybody's word that it is on disk. The next one comes when all is
// quiet again, from the same member or another.
func TestLatencyOfAnswers(t *testing.T) {
	for _, c := range []struct {
		name     string
		askers   []int
		gap      time.Duration
		p50, p99 time.Duration // limits
	}{
		{"one asks, at once again", []int{2}, time.Microsecond, 1300 * time.Microsecond, 1600 * time.Microsecond},
		{"one asks, now and then", []int{2}, 5 * time.Millisecond, 1300 * time.Microsecond, 1600 * time.Microsecond},
		{"they ask in turn", []int{1, 2, 3}, 5 * time.Millisecond, 1300 * time.Microsecond, 1600 * time.Microsecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := up(t, 5, 3, Config{})
			s.base, s.jitter = 45*time.Microsecond, 10*time.Microsecond
			s.run(time.Second)
			var took []time.Duration
			began := s.now
			var ask func(n int)
			ask = func(n int) {
				if s.now > began+300*time.Millisecond {
					return
				}
				at, asker := s.now, c.askers[n%len(c.askers)]
				s.submit(asker, 400)
				asked := len(s.node(asker).life.submitted)
				left := 3
				for id := 1; id <= 3; id++ {
					s.when(id, asker, asked, func() {
						s.at(400*time.Microsecond+time.Duration(s.rng.Intn(300))*time.Microsecond, func() {
							s.submit(id, 40)
							s.when(asker, id, len(s.node(id).life.submitted), func() {
								if left--; left == 0 {
									took = append(took, s.now-at)
									s.at(c.gap, func() { ask(n + 1) })
								}
							})
						})
					})
				}
			}
			ask(0)
			s.run(2 * time.Second)
			slices.Sort(took)
			p50, p99 := took[len(took)/2], took[len(took)*99/100]
			t.Logf("%d answered: p50 %v, p99 %v", len(took), p50, p99)
			if p50 > c.p50 || p99 > c.p99 {
				t.Errorf("want at most %v and %v", c.p50, c.p99)
			}
		})
	}
}

// when calls then when a node has delivered another's k-th message.
func (s *sim) when(at, from, k int, then func()) {
	var poll func()
	poll = func() {
		if s.node(at).has(s.node(from), k) {
			then()
			return
		}
		s.at(2*time.Microsecond, poll)
	}
	poll()
}
