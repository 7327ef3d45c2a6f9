package wire

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"mainstay/member"
)

// pathMTUOf is what node 1 knows of its path to node 2 on a link.
func (l *lab) pathMTUOf(link int) int { return l.nodes[1].mux.Links()[link].MTU }

// wantMTU checks that the limit was found for packets of a size.
func (l *lab) wantMTU(link, packet int) {
	l.t.Helper()
	if got := l.pathMTUOf(link); got > packet-Overhead || got < packet-Overhead-exact {
		l.t.Errorf("link %d: payloads of %d bytes, want %d", link, got, packet-Overhead)
	}
}

func TestPathMTUIsFound(t *testing.T) {
	for _, packet := range []int{560, 900, 1232, 1300, 1440} {
		l := newLab(t, 61, 2, 1, nil)
		l.narrow = map[int]int{0: packet}
		l.run(6 * time.Second)
		l.wantMTU(0, packet)
		l.want(1, "alarm narrow-link", 1)
		l.narrow = nil
		l.run(15 * time.Second)
		l.wantMTU(0, DefaultMTU+Overhead)
		l.want(1, "up=false", 0)
	}
}

// TestPayloadsInPieces: whatever fits no packet of the path arrives in pieces, once.
func TestPayloadsInPieces(t *testing.T) {
	l := newLab(t, 62, 3, 2, func(c *Config) { c.Mode = Active })
	l.narrow = map[int]int{0: 700}
	l.run(6 * time.Second)
	sizes := []int{1, 499, 500, 651, 652, 653, 1400, 1401, 9000, MaxPayload}
	for _, n := range sizes {
		l.nodes[1].step(Outgoing{0, bytes.Repeat([]byte{byte(n)}, n)})
	}
	l.run(time.Second)
	for _, id := range []int{2, 3} {
		var got []int
		for _, g := range l.nodes[member.NodeID(id)].got {
			got = append(got, len(g.data))
			if bytes.Count([]byte(g.data), []byte{g.data[0]}) != len(g.data) {
				t.Errorf("node %d: a payload of %d bytes is damaged", id, len(g.data))
			}
		}
		if len(got) != len(sizes) {
			t.Errorf("node %d got payloads of %v bytes, want %v in any order", id, got, sizes)
		}
	}
	l.want(2, "alarm damaged", 0)
}

// TestPathShrinksUnderTraffic: a path that begins to lose large packets, silently,
// is found out long before the token is missed.
func TestPathShrinksUnderTraffic(t *testing.T) {
	l := newLab(t, 63, 2, 1, nil)
	l.run(5 * time.Second)
	sent := 0
	l.every(5*time.Millisecond, func() bool {
		sent++
		l.nodes[1].step(Outgoing{2, append(fmt.Appendf(nil, "%d ", sent), make([]byte, 1300)...)})
		return true
	})
	l.run(time.Second)
	l.narrow = map[int]int{0: 1000}
	cut := l.now
	l.run(3 * time.Second)
	longest, last := time.Duration(0), cut
	for _, g := range l.nodes[2].got {
		if g.at > cut {
			longest, last = max(longest, g.at-last), g.at
		}
	}
	if longest > 500*time.Millisecond || last < l.now-50*time.Millisecond {
		t.Errorf("nothing large arrived for %v", longest)
	}
	l.wantMTU(0, 1000)
	l.want(1, "silence", 0)
	l.want(1, "up=false", 0)
}

// TestHostsSayWhatFits: this host or a router refuses large packets and says so.
func TestHostsSayWhatFits(t *testing.T) {
	l := newLab(t, 64, 2, 2, nil)
	l.run(2 * time.Second)
	l.narrow = map[int]int{1: 1252}
	l.nodes[1].step(TooBig{Link: 1, Addr: labAddr(2, 1), Size: 1252})
	l.run(100 * time.Millisecond)
	if got := l.pathMTUOf(1); got != 1252-Overhead {
		t.Errorf("%d bytes after a word that 1252 fit", got)
	}
	// Who forges such a word only makes us look.
	for _, size := range []int{0, -1, 40, 1 << 40} {
		l.nodes[1].step(TooBig{Link: 0, Addr: labAddr(2, 0), Size: size})
		l.nodes[1].step(TooBig{Link: 7, Addr: labAddr(2, 0), Size: size})
		l.nodes[1].step(TooBig{Link: 0, Addr: "192.0.2.1:9", Size: size})
	}
	l.run(10 * time.Second)
	l.wantMTU(0, DefaultMTU+Overhead)
	l.want(1, "up=false", 0)
}

// TestLossIsNoLimit: where packets of all sizes are lost there is no limit to be found.
func TestLossIsNoLimit(t *testing.T) {
	l := newLab(t, 65, 2, 1, nil)
	l.loss = 0.05
	l.every(20*time.Millisecond, func() bool {
		l.nodes[1].step(Outgoing{2, make([]byte, 1400)})
		return true
	})
	l.run(10 * time.Minute)
	l.want(1, "alarm narrow-link", 0)
	l.wantMTU(0, DefaultMTU+Overhead)
}
