package ring

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mainstay/member"
)

var exports = cmp.AllowUnexported(token{}, share{}, join{}, candidate{}, seat{}, commit{}, account{}, announce{}, claimList{}, goodbye{}, ack{}, wake{}, dataInfo{}, packet{})

func TestCodecRoundTrips(t *testing.T) {
	ring := member.RingID{Rep: 7, Seq: 1 << 40}
	check := func(b []byte, want any, parse func(flags byte, body []byte) (any, bool)) {
		t.Helper()
		_, flags, body, ok := open(b)
		if !ok {
			t.Fatalf("%T: header", want)
		}
		got, ok := parse(flags, body)
		if !ok {
			t.Fatalf("%T: not parsed", want)
		}
		if d := cmp.Diff(want, got, exports); d != "" {
			t.Errorf("%T: %s", want, d)
		}
		for i := range body {
			if _, ok := parse(flags, body[:i]); ok {
				t.Errorf("%T: %d of %d bytes are taken for the whole", want, i, len(body))
			}
		}
	}
	tok := &token{ring: ring, tseq: 99, seq: 1000, rest: 3, installed: true,
		shares: []share{{aru: 1000}, {aru: 7, backlog: 5, sent: 64, claims: []member.NodeID{3, 1 << 31}}}, requests: []uint64{8, 999}, promised: 990, told: 2}
	check(tok.encode(), tok, func(f byte, b []byte) (any, bool) { return parseToken(f, b) })
	j := &join{inc: 1 << 63, count: 5, ringSeq: 77, fresh: true, waits: true, tenure: 4, claims: []member.NodeID{2},
		who: proposal{{seat: seat{1, 5}}, {seat: seat{2, 6}, failed: true, sick: true}, {seat: seat{9, 7}, out: true}}}
	check(j.encode(), j, func(f byte, b []byte) (any, bool) { return parseJoin(f, b) })
	c := &commit{ring: ring, tseq: 3, round: 2, goodbye: []member.NodeID{4},
		accounts: []account{{seat: seat{1, 5}, filled: true, old: ring, aru: 10, high: 12, safe: 8, owes: 5}, {seat: seat{2, 5}}}}
	check(c.encode(), c, func(_ byte, b []byte) (any, bool) { return parseCommit(b) })
	a := &announce{inc: 4, ring: ring, who: []member.NodeID{1, 2}, claims: []member.NodeID{3}}
	check(a.encode(), a, func(_ byte, b []byte) (any, bool) { return parseAnnounce(b) })
	check(claimList{4, []member.NodeID{1}}.encode(), claimList{4, []member.NodeID{1}}, func(_ byte, b []byte) (any, bool) { return parseClaims(b) })
	check(goodbye{4}.encode(), goodbye{4}, func(_ byte, b []byte) (any, bool) { return parseGoodbye(b) })
	check(ack{ring, 5}.encode(), ack{ring, 5}, func(_ byte, b []byte) (any, bool) { return parseAck(b) })
	check(wake{ring}.encode(), wake{ring}, func(_ byte, b []byte) (any, bool) { return parseWake(b) })
}

// TestPacketsFit: with the most members and the longest numbers, the packets of
// the protocol still fit the smallest MTU that is allowed, or the default one.
func TestPacketsFit(t *testing.T) {
	tok := &token{ring: member.RingID{Rep: 1 << 31, Seq: 1 << 50}, tseq: 1 << 50, seq: 1 << 50, rest: 1 << 31, promised: 1<<50 - 100, told: 1<<MaxMembers - 1}
	c := &commit{ring: tok.ring, tseq: 1 << 30, round: 1}
	j := &join{inc: 1, count: 1 << 40, ringSeq: 1 << 50}
	for i := range MaxMembers {
		s := seat{member.NodeID(i + 1), 1 << 62}
		tok.shares = append(tok.shares, share{aru: tok.seq - 200, backlog: 900, sent: 64})
		c.accounts = append(c.accounts, account{seat: s, filled: true, old: member.RingID{Rep: 30, Seq: 1 << 30}, aru: 1 << 40, high: 1<<40 + 100, safe: 1<<40 - 200, owes: 1<<MaxMembers - 1})
		j.who = append(j.who, candidate{seat: s})
		j.claims = append(j.claims, s.id)
	}
	for i := range maxRequests {
		tok.requests = append(tok.requests, tok.seq-uint64(i+150))
	}
	for name, b := range map[string][]byte{"token": tok.encode(), "join": j.encode(), "commit": c.encode()} {
		if len(b) > minMTU {
			t.Errorf("%s takes %d bytes", name, len(b))
		}
		t.Logf("%s takes %d bytes", name, len(b))
	}
}

func FuzzPacket(f *testing.F) {
	s := newSim(1, 3, Config{})
	var seen [][]byte
	s.node(2).deaf = func(b []byte) bool { seen = append(seen, b); return false }
	for id := 1; id <= 3; id++ {
		s.start(id)
	}
	s.run(100 * time.Millisecond)
	s.submit(1, 3000)
	s.run(100 * time.Millisecond)
	s.step(s.node(3), Leave{})
	s.run(300 * time.Millisecond)
	kinds := map[byte]int{}
	for _, b := range seen {
		if kinds[b[2]]++; kinds[b[2]] <= 3 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newSim(1, 3, Config{})
		for id := 1; id <= 3; id++ {
			s.start(id)
		}
		s.run(100 * time.Millisecond)
		m := s.node(2).m
		for range 2 { // twice: what it changed may matter
			m.Step(s.now, Packet{From: 1, Data: bytes.Clone(b)})
			m.Step(s.now, Packet{From: 3, Data: bytes.Clone(b)})
		}
		m.Step(s.now+10*time.Second, Tick{})
	})
}

// FuzzChunks: a body of chunks never makes more than what was put in.
func FuzzChunks(f *testing.F) {
	var o outbox
	o.push([]byte("hello"), false)
	o.push(make([]byte, 3000), true)
	for _, room := range []int{1000, 1000, 2000, 2000} {
		b, _ := o.fill(nil, room)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _ := New(Config{Self: 1})
		m.deliverPacket(&packet{sender: 2, body: b})
		total := 0
		for _, e := range m.out {
			total += len(e.(Deliver).Payload)
		}
		if total > len(b) {
			t.Errorf("%d bytes out of %d", total, len(b))
		}
	})
}

func TestOutbox(t *testing.T) {
	var o outbox
	sizes := []int{0, 1, 62, 63, 64, 100, 127, 128, 1000, 1300, 1328, 1329, 5000, MaxPayload, 3}
	for _, n := range sizes {
		o.push(bytes.Repeat([]byte{byte(n)}, n), n%3 == 1)
	}
	m, _ := New(Config{Self: 1})
	packets := 0
	for !o.empty() {
		b, safe := o.fill(nil, 1328)
		if len(b) == 0 || len(b) > 1328 {
			t.Fatalf("a body of %d bytes", len(b))
		}
		m.deliverPacket(&packet{sender: 2, body: b, safe: safe})
		packets++
	}
	for i, e := range m.out {
		if p := e.(Deliver).Payload; len(p) != sizes[i] || (len(p) > 0 && p[len(p)-1] != byte(sizes[i])) {
			t.Errorf("message %d has %d bytes, want %d", i, len(p), sizes[i])
		}
		if e.(Deliver).Safe != (sizes[i]%3 == 1) {
			t.Errorf("message %d is safe: %v", i, e.(Deliver).Safe)
		}
	}
	if len(m.out) != len(sizes) {
		t.Errorf("%d messages out of %d", len(m.out), len(sizes))
	}
	if want := (MaxPayload + 11000) / 1320; packets > want+15 {
		t.Errorf("%d packets, want about %d", packets, want)
	}
	if o.bytes != 0 {
		t.Errorf("%d bytes left", o.bytes)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, c := range []Config{
		{}, {Self: 1, Nodes: []member.NodeID{0}}, {Self: 1, Token: time.Millisecond}, {Self: 1, MTU: 100},
		{Self: 1, Hold: 2 * time.Second}, {Self: 1, Retransmit: time.Second}, {Self: 1, Nodes: make([]member.NodeID, 1)},
	} {
		if c.Validate() == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if err := (Config{Self: 1}).Validate(); err != nil {
		t.Error(err)
	}
}
