package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/member"
)

// record keeps every packet that is carried.
type recording struct {
	from, to member.NodeID
	link     int
	data     []byte
}

func (l *lab) record() *[]recording {
	var tape []recording
	l.tap = func(from, to *labNode, link int, data []byte) {
		tape = append(tape, recording{from.id, to.id, link, slices.Clone(data)})
	}
	return &tape
}

func (l *lab) replay(tape []recording) {
	for _, r := range tape {
		if n := l.nodes[r.to]; n.mux != nil {
			n.step(Incoming{r.link, labAddr(r.from, r.link), slices.Clone(r.data)})
		}
	}
}

func TestRecordingsAreWorthless(t *testing.T) {
	l := newLab(t, 31, 2, 2, nil)
	tape := l.record()
	l.nodes[1].kill(false)
	l.nodes[1].start()
	l.run(time.Second)
	for range 50 {
		l.nodes[1].step(Outgoing{2, []byte("secret payload")})
		l.nodes[1].step(Outgoing{0, []byte("secret payload")})
		l.run(time.Millisecond)
	}
	l.tap = nil
	for _, r := range *tape {
		if bytes.Contains(r.data, []byte("secret")) {
			t.Fatal("the payload can be read on the wire")
		}
	}
	if n := len(l.nodes[2].got); n != 100 {
		t.Fatalf("%d packets delivered, want 100", n)
	}
	step := func(what string) {
		log := len(l.nodes[2].log)
		l.replay(*tape)
		l.run(2 * time.Second)
		if n := len(l.nodes[2].got); n != 100 {
			t.Fatalf("%s: %d packets were taken from a recording", what, n-100)
		}
		if more := l.nodes[2].log[log:]; len(more) != 0 {
			t.Errorf("%s: a recording had an effect: %v", what, more)
		}
	}
	step("same life")
	l.nodes[1].kill(false)
	l.nodes[1].start()
	l.run(time.Second)
	step("next life of the sender")
	l.nodes[2].kill(false)
	l.nodes[2].start()
	l.run(time.Second)
	step("next life of the receiver")
	l.nodes[1].kill(false)
	l.run(5 * time.Second)
	step("sender is dead")
	l.want(1, "alarm", 0)
	l.want(2, "alarm", 0)
}

func TestPacketToAnotherIsNotTaken(t *testing.T) {
	l := newLab(t, 32, 3, 1, nil)
	l.run(time.Second)
	tape := l.record()
	l.nodes[1].step(Outgoing{2, []byte("for two")})
	l.nodes[3].step(Incoming{0, labAddr(1, 0), slices.Clone((*tape)[0].data)})
	forged := slices.Clone((*tape)[0].data)
	forged[15] = 3
	l.nodes[3].step(Incoming{0, labAddr(1, 0), forged})
	if len(l.nodes[3].got) != 0 {
		t.Error("node 3 took a packet for node 2")
	}
	l.want(3, "alarm damaged-packet", 1)
}

func TestAlarms(t *testing.T) {
	// node 2 is a stranger in each of these ways.
	for want, change := range map[string]func(*Config){
		"wrong-key":         func(c *Config) { c.Keys = [][]byte{[]byte("another key of 32 bytes ........")} },
		"wrong-cluster":     func(c *Config) { c.Cluster = "other" },
		"not-encrypted":     func(c *Config) { c.Plain = true },
		"unknown-node":      func(c *Config) { c.Self = 9; c.Peers[1].ID = 9 },
		"duplicate-node-id": func(c *Config) { c.Self = 1; c.Peers[0].ID, c.Peers[1].ID = 2, 1 },
	} {
		l := newLab(t, 33, 1, 1, func(c *Config) { c.Peers = labConfig(1, 2, 1).Peers })
		c := labConfig(2, 2, 1)
		change(&c)
		if c.Self == 1 {
			// It has node 1's id, and reaches node 1 under another address.
			m, err := New(Config{Self: 1, Cluster: "lab", Keys: c.Keys, Rand: l.rng.Uint64, Peers: []Peer{{ID: 2, Addrs: []string{labAddr(1, 0)}}}})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range m.Step(l.now, Tick{}) {
				l.nodes[1].step(Incoming{0, labAddr(2, 0), e.(Transmit).Data})
			}
		} else {
			l.add(c).start()
		}
		l.run(11 * time.Second)
		l.want(1, "heard", 0)
		if n := l.nodes[1].count("alarm " + want + " from 10.0.0.2:5405"); n < 1 || n > 2 {
			t.Errorf("%d alarms %s, want 1 or 2:\n%s", n, want, strings.Join(l.nodes[1].log, "\n"))
		}
		if n := l.nodes[1].count("alarm"); n > 2 {
			t.Errorf("%s: other alarms too:\n%s", want, strings.Join(l.nodes[1].log, "\n"))
		}
	}
}

func TestSealedPacketsAtAPlainNode(t *testing.T) {
	l := newLab(t, 34, 2, 1, func(c *Config) { c.Plain = c.Self == 1 })
	l.run(time.Second)
	l.want(1, "alarm encrypted from 10.0.0.2:5405", 1)
	l.want(2, "alarm not-encrypted from 10.0.0.1:5405", 1)
}

// TestTwoMachinesOneID: a second machine has the id of node 2 and its own address.
func TestTwoMachinesOneID(t *testing.T) {
	l := newLab(t, 35, 2, 1, nil)
	l.run(time.Second)
	twin := labConfig(2, 2, 1)
	twin.Rand = l.rng.Uint64
	m, err := New(twin)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range m.Step(l.now, Tick{}) {
		l.nodes[1].step(Incoming{0, "10.0.0.77:5405", e.(Transmit).Data})
	}
	l.want(1, "alarm duplicate-node-id from 10.0.0.77:5405 count=1", 1)
	l.want(1, "unreachable", 0)
}

// TestCloneTakesTurns: a copy of a machine, with its address too.
func TestCloneTakesTurns(t *testing.T) {
	l := newLab(t, 36, 2, 1, nil)
	l.run(time.Second)
	first := l.nodes[2]
	twin := &labNode{lab: l, id: 2, cfg: first.cfg}
	twin.start()
	l.every(700*time.Millisecond, func() bool {
		if l.nodes[2] == first {
			l.nodes[2] = twin
		} else {
			l.nodes[2] = first
		}
		return l.now < 20*time.Second
	})
	l.run(20 * time.Second)
	if l.nodes[1].count("alarm duplicate-node-id") == 0 {
		t.Errorf("no alarm:\n%s", strings.Join(l.nodes[1].log, "\n"))
	}
}

func TestKeyRotation(t *testing.T) {
	old, young := labKey, []byte("a younger key of thirty-two byte")
	l := newLab(t, 37, 3, 2, nil)
	l.run(time.Second)
	a, b := l.stream(1, 2, 5*time.Millisecond), l.stream(3, 1, 5*time.Millisecond)
	give := func(keys ...[]byte) {
		for id := member.NodeID(1); id <= 3; id++ {
			c := labConfig(id, 3, 2)
			c.Keys = keys
			l.nodes[id].step(Reconfigure{c})
			l.nodes[id].cfg.Keys = keys
			l.run(1500 * time.Millisecond)
		}
	}
	keyInUse := func() uint32 {
		var id uint32
		l.tap = func(_, _ *labNode, _ int, data []byte) {
			if kind(data[3]) == kindData {
				id = readHeader(data).key
			}
		}
		l.run(10 * time.Millisecond)
		l.tap = nil
		return id
	}
	id := func(secret []byte) uint32 {
		k, err := newKey(secret, "lab")
		if err != nil {
			t.Fatal(err)
		}
		return k.id
	}
	if keyInUse() != id(old) {
		t.Error("the old key is not in use")
	}
	give(young, old)
	if keyInUse() != id(young) {
		t.Error("all have the new key, but it is not in use")
	}
	give(young)
	// A node that has only the new key, or both, comes back.
	l.nodes[2].kill(false)
	l.run(2 * time.Second)
	l.nodes[2].cfg.Keys = [][]byte{young, old}
	sent := len(a.sent)
	l.nodes[2].start()
	l.run(2 * time.Second)
	l.want(1, "heard 2", 2)
	if lost, doubled, _ := b.result(); lost != 0 || doubled != 0 {
		t.Errorf("%d packets lost, %d doubled", lost, doubled)
	}
	got := 0
	for _, g := range l.nodes[2].got {
		if g.from == 1 && g.at > l.now-time.Second {
			got++
		}
	}
	if got < 150 || sent == 0 {
		t.Errorf("only %d packets reached the node with both keys", got)
	}
	l.want(1, "alarm", 0)
	l.want(1, "silence", 1)
	l.want(3, "silence", 1)
}

func TestFloodIsRejectedCheaply(t *testing.T) {
	l := newLab(t, 38, 2, 2, nil)
	l.run(time.Second)
	tape := l.record()
	l.nodes[2].step(Outgoing{1, bytes.Repeat([]byte("x"), 1400)})
	l.tap = nil
	i := slices.IndexFunc(*tape, func(r recording) bool { return kind(r.data[3]) == kindData })
	data := (*tape)[i].data
	rng := rand.New(rand.NewPCG(1, 2))
	answers := 0
	for i := range 200_000 {
		d := slices.Clone(data)
		addr := labAddr(2, 0)
		switch i % 6 {
		case 0: // noise from anywhere
			addr = fmt.Sprintf("192.0.2.%d:%d", i%256, i%65536)
			for j := range 32 {
				d[j] = byte(rng.Uint32())
			}
		case 1: // another epoch
			d[20] ^= byte(1 + i%255)
		case 2: // a recording
		case 3: // forged under a new counter
			d[30] ^= byte(i)
			d[100] ^= 1
		case 4: // unknown sender
			d[8] = byte(1 + i%250)
			addr = fmt.Sprintf("198.51.100.%d:5405", i%256)
		case 5: // a hello that is none
			d[3] = byte(kindHello)
		}
		for _, e := range l.nodes[1].mux.Step(l.now, Incoming{0, addr, d}) {
			switch e.(type) {
			case Transmit:
				answers++
			case Received:
				if i%6 != 2 || i > 2 {
					t.Fatalf("packet %d of the flood was taken", i)
				}
			}
		}
		l.now += 2 * time.Microsecond
	}
	if answers > 100 {
		t.Errorf("the flood made %d answers", answers)
	}
	if n := len(l.nodes[1].mux.alarms.items); n > alarmSources+10 {
		t.Errorf("%d sources are remembered", n)
	}
	l.run(5 * time.Second)
	l.want(1, "silence", 0)
}

func TestWindow(t *testing.T) {
	var w window
	rng := rand.New(rand.NewPCG(3, 4))
	seen := map[uint64]bool{}
	var top uint64
	for range 200_000 {
		c := uint64(1)
		switch rng.IntN(10) {
		case 0:
			c = top + uint64(rng.IntN(20000))
		case 1, 2:
			c = top + uint64(rng.IntN(3))
		default:
			if d := uint64(rng.IntN(9000)); d < top {
				c = top - d
			}
		}
		fresh := w.fresh(c)
		known := c > 0 && (c > top || top-c < windowBits-64)
		if want := known && !seen[c]; fresh != want {
			t.Fatalf("counter %d, top %d: fresh %v, want %v", c, top, fresh, want)
		}
		if fresh {
			w.mark(c)
			seen[c] = true
			top = max(top, c)
		}
	}
	if w.fresh(0) {
		t.Error("counter 0 is never used")
	}
}

func TestBodiesSurviveTheWire(t *testing.T) {
	h := hello{challenge: 1, echo: 2, accepted: 3, answer: true, keys: []uint32{7, 8}}
	if got, ok := readHello(h.append(nil)); !ok || fmt.Sprint(got) != fmt.Sprint(h) {
		t.Errorf("hello %+v became %+v", h, got)
	}
	p := probe{link: 3, answer: true, seq: 1, sent: 2, echo: 3, delay: 4, got: 5, expected: 6, ages: []uint16{1, never}, keys: []uint32{9}}
	b := p.append(nil)
	if got, ok := readProbe(append(b, "of a later version"...)); !ok || fmt.Sprint(got) != fmt.Sprint(p) {
		t.Errorf("probe %+v became %+v", p, got)
	}
	for n := range len(b) {
		if _, ok := readProbe(b[:n]); ok {
			t.Errorf("a probe of %d bytes was read", n)
		}
	}
}

func FuzzIncoming(f *testing.F) {
	l := newLab(f, 39, 3, 2, nil)
	tape := l.record()
	l.run(2 * time.Second)
	l.nodes[2].step(Outgoing{1, []byte("seed")})
	for _, r := range (*tape)[:min(len(*tape), 20)] {
		f.Add(r.data, uint8(r.link))
	}
	f.Add([]byte("MS\x01\x01"), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, link uint8) {
		m, now := l.nodes[1].mux, l.now
		for _, addr := range []string{labAddr(2, 0), labAddr(3, 1), "192.0.2.1:9"} {
			for _, e := range m.Step(now, Incoming{int(link) - 1, addr, slices.Clone(data)}) {
				if r, ok := e.(Received); ok && string(r.Data) != "seed" {
					t.Fatalf("took %q", r.Data)
				}
			}
		}
	})
}

func FuzzBodies(f *testing.F) {
	f.Add(hello{keys: []uint32{1}}.append(nil))
	f.Add(append(binary.BigEndian.AppendUint64(nil, 1<<40), "\x00\x02piece"...))
	f.Add(probe{ages: []uint16{1, 2}, keys: []uint32{1}}.append(nil))
	l := newLab(f, 40, 2, 2, nil)
	l.run(time.Second)
	f.Fuzz(func(t *testing.T, b []byte) {
		// What an authentic peer sends must not crash us either.
		n := l.nodes[1]
		p := n.mux.peers[0]
		for _, k := range []kind{kindProbe, kindPiece, kindHello} {
			h := header{kind: k, epoch: p.epoch, counter: p.helloSeen + 1}
			if k == kindHello {
				n.mux.onHello(p, 0, labAddr(2, 0), h, n.mux.keys[0], b)
			} else {
				n.mux.authentic(p, 1, labAddr(2, 0), h, b)
			}
		}
		n.mux.Step(l.now, Tick{})
	})
}

func BenchmarkSeal(b *testing.B) {
	k, err := newKey(labKey, "lab")
	if err != nil {
		b.Fatal(err)
	}
	s := k.session(1, 7)
	buf := make([]byte, headerSize+1400, 2000)
	b.ReportAllocs()
	b.SetBytes(1400)
	for i := range b.N {
		h := header{kind: kindData, key: k.id, from: 1, epoch: 7, counter: uint64(i)}
		h.put(buf)
		s.close(buf, headerSize, h)
	}
}

func BenchmarkOpen(b *testing.B) {
	k, err := newKey(labKey, "lab")
	if err != nil {
		b.Fatal(err)
	}
	s := k.session(1, 7)
	h := header{kind: kindData, key: k.id, from: 1, epoch: 7, counter: 9}
	sealed := s.packet(h, make([]byte, 1400))
	buf := make([]byte, len(sealed))
	b.ReportAllocs()
	b.SetBytes(1400)
	for range b.N {
		copy(buf, sealed)
		if _, ok := s.open(buf, headerSize, h); !ok {
			b.Fatal("does not open")
		}
	}
}

func BenchmarkOutgoingToTwo(b *testing.B) {
	l := newLab(b, 41, 3, 2, nil)
	l.run(time.Second)
	m, data := l.nodes[1].mux, make([]byte, 1400)
	b.ReportAllocs()
	for range b.N {
		m.Step(l.now, Outgoing{0, data})
	}
}

func BenchmarkRejectUnknown(b *testing.B) {
	l := newLab(b, 42, 2, 2, nil)
	l.run(time.Second)
	m := l.nodes[1].mux
	h := header{kind: kindData, from: 77, key: m.keys[0].id}
	data := m.keys[0].send.packet(h, make([]byte, 1400))
	b.ReportAllocs()
	for range b.N {
		m.Step(l.now, Incoming{0, "192.0.2.1:5405", data})
	}
}

// TestLinkBreaksWhileKeysRotate: a link to a node breaks when that node has shown a
// younger key just now. What was sent to all under both keys before reaches it once.
func TestLinkBreaksWhileKeysRotate(t *testing.T) {
	young := []byte("a younger key of thirty-two byte")
	for after := time.Duration(0); after < 400*time.Millisecond; after += 10 * time.Millisecond {
		l := newLab(t, 38, 3, 2, nil)
		l.run(time.Second)
		s := &stream{l: l, from: 1, to: 3}
		l.every(2*time.Millisecond, func() bool {
			l.nodes[1].step(Outgoing{0, fmt.Appendf(nil, "1:%d", len(s.sent))})
			s.sent = append(s.sent, l.now)
			return true
		})
		for id := member.NodeID(1); id <= 3; id++ {
			l.run(time.Second)
			c := labConfig(id, 3, 2)
			c.Keys = [][]byte{young, labKey}
			l.nodes[id].step(Reconfigure{c})
			l.nodes[id].cfg.Keys = c.Keys
		}
		l.run(after)
		l.cutBoth(1, 3, 0, true)
		l.run(3 * time.Second)
		if lost, doubled, _ := s.result(); lost != 0 || doubled != 0 {
			t.Errorf("the link breaks %v after the key came: %d packets lost, %d doubled", after, lost, doubled)
		}
	}
}
