package wire

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mainstay/member"
)

// stream sends a numbered payload from one node to another regularly, and tells
// afterwards which were lost and how late the latest was.
type stream struct {
	l        *lab
	from, to member.NodeID
	sent     []time.Duration
}

func (l *lab) stream(from, to member.NodeID, gap time.Duration) *stream {
	s := &stream{l: l, from: from, to: to}
	l.every(gap, func() bool {
		l.nodes[from].step(Outgoing{to, fmt.Appendf(nil, "%d:%d", from, len(s.sent))})
		s.sent = append(s.sent, l.now)
		return true
	})
	return s
}

func (s *stream) result() (lost, doubled int, latest time.Duration) {
	seen := make([]int, len(s.sent))
	for _, g := range s.l.nodes[s.to].got {
		var from, i int
		if _, err := fmt.Sscanf(g.data, "%d:%d", &from, &i); err != nil || from != int(s.from) {
			continue
		}
		seen[i]++
		latest = max(latest, g.at-s.sent[i])
	}
	for i, n := range seen {
		if s.l.now-s.sent[i] < 500*time.Millisecond {
			continue // may be under way
		}
		if n == 0 {
			lost++
		}
		if n > 1 {
			doubled++
		}
	}
	return lost, doubled, latest
}

func (s *stream) check(within time.Duration) {
	s.l.t.Helper()
	lost, doubled, latest := s.result()
	if lost != 0 || doubled != 0 || latest > within {
		s.l.t.Errorf("%d of %d packets lost, %d doubled, the latest took %v, want at most %v\n%s", lost, len(s.sent), doubled, latest, within,
			strings.Join(s.l.nodes[s.from].log, "\n"))
	}
}

// TestFailover: a link breaks under traffic, in all ways in which it can; nothing
// is lost, and nothing comes later than 200 ms.
func TestFailover(t *testing.T) {
	ways := map[string]func(l *lab, cut bool){
		"both directions": func(l *lab, cut bool) { l.cutBoth(1, 2, 0, cut) },
		"there":           func(l *lab, cut bool) { l.cut(1, 2, 0, cut) },
		"back":            func(l *lab, cut bool) { l.cut(2, 1, 0, cut) },
	}
	gaps := map[string]time.Duration{"busy": time.Millisecond, "steady": 30 * time.Millisecond, "sparse": 333 * time.Millisecond}
	for way, cut := range ways {
		for load, gap := range gaps {
			for _, back := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %s %v", way, load, back), func(t *testing.T) {
					l := newLab(t, 21, 2, 2, nil)
					l.run(time.Second)
					there := l.stream(1, 2, gap)
					var return2 *stream
					if back {
						return2 = l.stream(2, 1, gap)
					}
					for range 5 {
						l.run(7123 * time.Millisecond)
						cut(l, true)
						l.run(7 * time.Second)
						cut(l, false)
					}
					l.run(3 * time.Second)
					there.check(200 * time.Millisecond)
					if back {
						return2.check(200 * time.Millisecond)
					}
					l.want(1, "silence", 0)
					l.want(1, "link 2/0 up=false", 5)
					l.want(1, "link 2/0 up=true", 6)
					l.want(1, "link 2/1 up=false", 0)
				})
			}
		}
	}
}

func TestLinkDownMovesTrafficAtOnce(t *testing.T) {
	l := newLab(t, 22, 2, 2, nil)
	l.run(time.Second)
	s := l.stream(1, 2, time.Millisecond)
	l.run(time.Second)
	l.cutBoth(1, 2, 0, true)
	l.nodes[1].step(LinkDown{0, true})
	l.run(3 * time.Second)
	s.check(60 * time.Millisecond)
	l.cutBoth(1, 2, 0, false)
	l.nodes[1].step(LinkDown{0, false})
	l.run(2 * time.Second)
	l.want(1, "link 2/0 up=true", 2)
	l.nodes[1].step(LinkDown{99, true})
}

// used counts data packets per link while f runs.
func (l *lab) used(f func()) (n [MaxLinks]int) {
	l.tap = func(_, _ *labNode, link int, data []byte) {
		if kind(data[3]) == kindData {
			n[link]++
		}
	}
	f()
	l.tap = nil
	return n
}

func TestModes(t *testing.T) {
	for _, c := range []struct {
		mode  Mode
		links []Link
		want  [3]int
	}{
		{Passive, nil, [3]int{100, 0, 0}},
		{Passive, []Link{{Priority: 1}, {Priority: 7}, {Priority: 3}}, [3]int{0, 100, 0}},
		{RoundRobin, nil, [3]int{34, 33, 33}},
		{Active, nil, [3]int{100, 100, 100}},
	} {
		l := newLab(t, 23, 2, 3, func(x *Config) { x.Mode, x.Links = c.mode, c.links })
		l.run(2 * time.Second)
		used := l.used(func() {
			for range 100 {
				l.nodes[1].step(Outgoing{2, []byte("x")})
				l.run(time.Millisecond)
			}
		})
		sum := 0
		for i, w := range c.want {
			if d := used[i] - w; d < -1 || d > 1 {
				t.Errorf("%s: %v packets per link, want %v", c.mode, used, c.want)
			}
			sum += used[i]
		}
		if n := len(l.nodes[2].got); n != 100 {
			t.Errorf("%s: %d packets delivered, want 100", c.mode, n)
		}
	}
}

func TestLossIsMeasured(t *testing.T) {
	l := newLab(t, 24, 2, 1, nil)
	l.latency, l.loss = 10*time.Millisecond, 0.3
	var loss float64
	for range 20 {
		l.run(20 * time.Second)
		s := l.nodes[1].mux.Links()
		if len(s) != 1 || s[0].RTT < 20*time.Millisecond || s[0].RTT > 21*time.Millisecond {
			t.Fatalf("links: %+v", s)
		}
		loss += s[0].Loss / 20
	}
	if loss < 0.25 || loss > 0.35 {
		t.Errorf("loss %.2f, want about 0.3", loss)
	}
}

// TestLossyLinksDoNotFlap: duplicates are sent in doubt, but links stay up.
func TestLossyLinksDoNotFlap(t *testing.T) {
	l := newLab(t, 25, 2, 2, nil)
	l.loss = 0.02
	l.run(time.Second)
	l.stream(1, 2, 20*time.Millisecond)
	l.run(5 * time.Minute)
	l.want(1, "up=false", 0)
}

func TestPingTimesOfTheConfiguration(t *testing.T) {
	l := newLab(t, 26, 2, 2, func(c *Config) {
		c.Links = []Link{{PingInterval: 50 * time.Millisecond, PingTimeout: 200 * time.Millisecond, PongCount: 5}, {}}
	})
	l.run(time.Second)
	l.cutBoth(1, 2, 0, true)
	l.run(210 * time.Millisecond)
	l.want(1, "link 2/0 up=false", 1)
	l.cutBoth(1, 2, 0, false)
	l.run(100 * time.Millisecond)
	l.want(1, "link 2/0 up=true", 1)
	l.run(400 * time.Millisecond)
	l.want(1, "link 2/0 up=true", 2)
}

func TestBroadcastReachesAllButSelf(t *testing.T) {
	l := newLab(t, 27, 4, 2, nil)
	l.run(time.Second)
	l.nodes[3].step(Outgoing{0, []byte("all")})
	l.run(time.Millisecond)
	for id, n := range l.nodes {
		want := 1
		if id == 3 {
			want = 0
		}
		if len(n.got) != want {
			t.Errorf("node %d got %d packets, want %d", id, len(n.got), want)
		}
	}
}

func TestIPv6Addresses(t *testing.T) {
	for in, want := range map[string]string{
		"[2001:DB8::1]:5405":     "[2001:db8::1]:5405",
		"[2001:db8:0:0::1]:5405": "[2001:db8::1]:5405",
		"[::ffff:10.0.0.1]:5405": "10.0.0.1:5405",
		"10.0.0.1:5405":          "10.0.0.1:5405",
		"node1.example:5405":     "node1.example:5405",
		"[fe80::1%eth0]:5405":    "[fe80::1%eth0]:5405",
		"":                       "",
	} {
		if got := canonical(in); got != want {
			t.Errorf("canonical(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestLargePacketsAreLost: a tunnel with a smaller MTU that drops what does not
// fit; heartbeats pass, so nothing else would notice.
func TestLargePacketsAreLost(t *testing.T) {
	l := newLab(t, 28, 2, 2, nil)
	l.run(time.Second)
	if s := l.nodes[1].mux.Links(); s[0].MTU != DefaultMTU {
		t.Errorf("links: %+v", s)
	}
	l.narrow = map[int]int{0: 1300}
	l.run(8 * time.Second)
	l.want(1, "alarm narrow-link from 10.0.0.2:5405", 1)
	l.want(1, "alarm", 1)
	used := l.used(func() {
		for range 100 {
			l.nodes[1].step(Outgoing{2, make([]byte, 1400)})
			l.run(time.Millisecond)
		}
	})
	if used[1] != 100 || used[0] != 0 {
		t.Errorf("packets per link: %v, want all on link 1", used)
	}
	l.narrow = nil
	l.run(20 * time.Second)
	if s := l.nodes[1].mux.Links(); s[0].MTU != DefaultMTU {
		t.Errorf("after it was mended: %+v", s)
	}
	l.want(1, "up=false", 0)
}
