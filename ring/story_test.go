package ring

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"mainstay/member"
)

// story is one machine under the hands of a story: the story plays its peers,
// packet by packet, and sees what the machine does.
type story struct {
	t    *testing.T
	now  time.Duration
	m    *Machine
	last map[string][]byte // packets that the machine sent, by kind
	inc  map[member.NodeID]uint64
	join map[member.NodeID]uint64 // joins sent so far
}

// TestStories runs testdata: each file tells of one phase of the protocol.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		var s *story
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "node" {
				s = newStory(t, d)
				return s.step(Tick{})
			}
			return s.command(d)
		})
	})
}

func newStory(t *testing.T, d *datadriven.TestData) *story {
	s := &story{t: t, now: time.Second, last: map[string][]byte{}, inc: map[member.NodeID]uint64{}, join: map[member.NodeID]uint64{}}
	cfg := Config{Self: member.NodeID(argInt(t, d, "id")), Incarnation: 1, Seq: uint64(argInt(t, d, "seq"))}
	for i := range argInt(t, d, "of") {
		cfg.Nodes = append(cfg.Nodes, member.NodeID(i+1))
		s.inc[member.NodeID(i+1)] = 1
	}
	if d.HasArg("window") {
		cfg.Window = argInt(t, d, "window")
	}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.m = m
	return s
}

func argInt(t *testing.T, d *datadriven.TestData, key string) int {
	t.Helper()
	v := 0
	if d.HasArg(key) {
		d.ScanArgs(t, key, &v)
	}
	return v
}

func argIDs(d *datadriven.TestData, key string) []member.NodeID {
	var out []member.NodeID
	for _, a := range d.CmdArgs {
		if a.Key != key {
			continue
		}
		for _, v := range a.Vals {
			id, err := member.ParseNodeID(v)
			if err != nil {
				panic(err)
			}
			out = append(out, id)
		}
	}
	return out
}

// ringArg reads "ring=1.42": representative, and sequence in decimal.
func (s *story) ringArg(d *datadriven.TestData) member.RingID {
	var v string
	if !d.HasArg("ring") {
		if s.m.state == Operational {
			return s.m.cur.id
		}
		return s.m.forming.id
	}
	d.ScanArgs(s.t, "ring", &v)
	rep, seq, _ := strings.Cut(v, ".")
	id, _ := member.ParseNodeID(rep)
	n, _ := strconv.ParseUint(seq, 10, 64)
	return member.RingID{Rep: id, Seq: n}
}

func (s *story) command(d *datadriven.TestData) string {
	from := member.NodeID(argInt(s.t, d, "from"))
	node := member.NodeID(argInt(s.t, d, "node"))
	switch d.Cmd {
	case "wait": // until a time has passed, with all the ticks in between
		return s.wait(time.Duration(argInt(s.t, d, "ms"))*time.Millisecond + time.Duration(argInt(s.t, d, "us"))*time.Microsecond)
	case "submit":
		return s.step(Submit{Payload: []byte(strings.Repeat("x", max(argInt(s.t, d, "size"), 0)) + d.Input), Safe: d.HasArg("safe")})
	case "silence":
		return s.step(Silence{node})
	case "heard":
		return s.step(Heard{node})
	case "unreachable":
		return s.step(Unreachable{node})
	case "paused":
		d := time.Duration(argInt(s.t, d, "ms")) * time.Millisecond
		s.now += d
		return s.step(Paused{d})
	case "leave":
		return s.step(Leave{})
	case "reconfigure":
		return s.step(Configure{Config{Nodes: argIDs(d, "nodes")}})
	case "reincarnate":
		s.inc[node]++
		s.join[node] = 0
		return ""
	case "goodbye":
		return s.packet(from, goodbye{s.inc[from]}.encode())
	case "announce":
		a := announce{inc: s.inc[from], ring: s.ringArg(d), who: argIDs(d, "who"), claims: argIDs(d, "claims")}
		return s.packet(from, a.encode())
	case "join":
		return s.joinFrom(d, from)
	case "commit":
		return s.commitFrom(d, from)
	case "token":
		return s.tokenFrom(d, from)
	case "data":
		return s.dataFrom(d, from)
	case "wake":
		return s.packet(from, wake{s.ringArg(d)}.encode())
	case "ack":
		return s.packet(from, ack{s.ringArg(d), uint64(argInt(s.t, d, "tseq"))}.encode())
	case "state":
		return fmt.Sprintf("%v, view %v\n", s.m.State(), s.m.View())
	}
	s.t.Fatalf("unknown command %q", d.Cmd)
	return ""
}

// joinFrom: who= failed= sick= out= seq=
func (s *story) joinFrom(d *datadriven.TestData, from member.NodeID) string {
	s.join[from]++
	j := join{inc: s.inc[from], count: s.join[from], ringSeq: uint64(argInt(s.t, d, "seq")), fresh: d.HasArg("fresh"), waits: d.HasArg("waits"), paused: d.HasArg("paused"), claims: argIDs(d, "claims")}
	failed, out, sick := argIDs(d, "failed"), argIDs(d, "out"), argIDs(d, "sick")
	for _, id := range argIDs(d, "who") {
		j.who = j.who.put(candidate{
			seat:   seat{id, s.inc[id]},
			failed: slices.Contains(failed, id) || slices.Contains(sick, id),
			sick:   slices.Contains(sick, id), out: slices.Contains(out, id),
		})
	}
	return s.packet(from, j.encode())
}

// commitFrom: with lines "ID old=R.S aru=N high=N safe=N owes=MASK" or "ID" for a seat that is not filled.
func (s *story) commitFrom(d *datadriven.TestData, from member.NodeID) string {
	c := commit{ring: s.ringArg(d), tseq: uint64(argInt(s.t, d, "tseq")), round: byte(argInt(s.t, d, "round"))}
	for line := range strings.Lines(d.Input) {
		var id, rep, seq, aru, high, safe uint64
		n, _ := fmt.Sscanf(line, "%d old=%d.%d aru=%d high=%d safe=%d", &id, &rep, &seq, &aru, &high, &safe)
		a := account{seat: seat{member.NodeID(id), s.inc[member.NodeID(id)]}, aru: aru, high: high, safe: safe}
		if _, owes, ok := strings.Cut(line, "owes="); ok {
			a.owes, _ = strconv.ParseUint(strings.TrimSpace(owes), 10, 64)
		}
		a.old = member.RingID{Rep: member.NodeID(rep), Seq: seq}
		a.filled = n > 1 || strings.Contains(line, "filled")
		c.accounts = append(c.accounts, a)
	}
	return s.packet(from, c.encode())
}

// tokenFrom: tseq= seq= aru=(…) backlog=(…) rest= requests=(…) installed promised= told=(nodes)
func (s *story) tokenFrom(d *datadriven.TestData, from member.NodeID) string {
	t := token{ring: s.ringArg(d), tseq: uint64(argInt(s.t, d, "tseq")), seq: uint64(argInt(s.t, d, "seq")), installed: d.HasArg("installed")}
	t.rest, t.promised = member.NodeID(argInt(s.t, d, "rest")), uint64(argInt(s.t, d, "promised"))
	for _, id := range argIDs(d, "told") {
		t.told |= 1 << s.m.cur.index(id)
	}
	for _, a := range d.CmdArgs {
		for i, v := range a.Vals {
			n, _ := strconv.ParseUint(v, 10, 64)
			switch a.Key {
			case "aru":
				t.shares = append(t.shares, share{aru: n})
			case "backlog":
				t.shares[i].backlog = uint32(n)
			case "requests":
				t.requests = append(t.requests, n)
			}
		}
	}
	return s.packet(from, t.encode())
}

// dataFrom: seq= sender= tseq= safe with a message as input, or recovered with old= oldseq=
func (s *story) dataFrom(d *datadriven.TestData, from member.NodeID) string {
	sender := from
	if d.HasArg("sender") {
		sender = member.NodeID(argInt(s.t, d, "sender"))
	}
	body := appendChunk(make([]byte, dataHeader), chunkWhole, 0, []byte(d.Input))
	ring, seq, flags := s.ringArg(d), uint64(argInt(s.t, d, "seq")), byte(0)
	if d.HasArg("safe") {
		flags = flagSafe
	}
	if d.HasArg("oldseq") {
		putDataHeader(body, flags, s.m.cur.id, uint64(argInt(s.t, d, "oldseq")), 0, sender)
		body = append(make([]byte, dataHeader), body...)
		flags, sender = flagRecovered, from
	}
	putDataHeader(body, flags, ring, seq, uint64(argInt(s.t, d, "tseq")), sender)
	return s.packet(from, body)
}

func (s *story) packet(from member.NodeID, b []byte) string { return s.step(Packet{from, b}) }

// wait passes time from one wanted tick to the next.
func (s *story) wait(d time.Duration) string {
	end := s.now + d
	var out string
	began := s.now
	for w := s.m.Wake(); w != 0 && w <= end; w = s.m.Wake() {
		s.now = max(s.now, w)
		at := s.now - began
		if got := s.step(Tick{}); got != "" {
			out += fmt.Sprintf("after %v:\n%s", at.Round(10*time.Microsecond), got)
		}
	}
	s.now = end
	return out
}

// step gives an input and describes the effects.
func (s *story) step(in Input) string {
	s.now += 10 * time.Microsecond
	var b strings.Builder
	for _, e := range s.m.Step(s.now, in) {
		switch e := e.(type) {
		case Send:
			to := "all"
			if e.To != 0 {
				to = e.To.String()
			}
			fmt.Fprintf(&b, "  to %s: %s\n", to, describePacket(e.Data))
		case Deliver:
			safe := ""
			if e.Safe {
				safe = ", safe"
			}
			fmt.Fprintf(&b, "  deliver from %d%s: %s\n", e.From, safe, describePayload(e.Payload))
		case Transition:
			fmt.Fprintf(&b, "  transition of %v to %v\n", e.Ring, e.Members)
		case Install:
			fmt.Fprintf(&b, "  install %v joined %v left %v together %v", e.View, e.Joined, e.Left, e.Transitional)
			if e.Goodbye != nil {
				fmt.Fprintf(&b, " goodbye %v", e.Goodbye)
			}
			b.WriteByte('\n')
		case KeepSeq:
			fmt.Fprintf(&b, "  keep %d\n", e.Seq)
		case Note:
			fmt.Fprintf(&b, "  note: %s %v\n", e.Text, e.Attrs)
		case Gone:
			b.WriteString("  gone\n")
		}
	}
	return b.String()
}

func describePayload(p []byte) string {
	if len(p) > 30 {
		return fmt.Sprintf("%d bytes", len(p))
	}
	return strconv.Quote(string(p))
}

// describePacket tells what a packet says.
func describePacket(b []byte) string {
	kind, flags, body, _ := open(b)
	switch kind {
	case kindData:
		d, _ := parseData(b)
		if d.recovered {
			old, _ := parseData(d.body)
			return fmt.Sprintf("data %v #%d: #%d of %v", d.ring, d.seq, old.seq, old.ring)
		}
		safe := ""
		if d.safe {
			safe = ", safe"
		}
		return fmt.Sprintf("data %v #%d of %d, %d bytes%s", d.ring, d.seq, d.sender, len(b), safe)
	case kindToken:
		t, _ := parseToken(flags, body)
		out := fmt.Sprintf("token %v/%d seq %d rest %d", t.ring, t.tseq, t.seq, t.rest)
		for _, s := range t.shares {
			out += fmt.Sprintf(" [%d", s.aru)
			if s.backlog > 0 {
				out += fmt.Sprintf(" waits %d", s.backlog)
			}
			if s.sent > 0 {
				out += fmt.Sprintf(" sent %d", s.sent)
			}
			out += "]"
		}
		if len(t.requests) > 0 {
			out += fmt.Sprintf(" wanted %v", t.requests)
		}
		if t.installed {
			out += " installed"
		}
		if t.promised != 0 {
			out += fmt.Sprintf(" promised %d, told %b", t.promised, t.told)
		}
		return out
	case kindAck:
		a, _ := parseAck(body)
		return fmt.Sprintf("ack %v/%d", a.ring, a.tseq)
	case kindWake:
		k, _ := parseWake(body)
		return fmt.Sprintf("wake %v", k.ring)
	case kindCommit:
		return describeCommit(body)
	}
	return describeMembership(kind, flags, body)
}

func describeCommit(body []byte) string {
	c, _ := parseCommit(body)
	out := fmt.Sprintf("commit %v/%d round %d", c.ring, c.tseq, c.round)
	for _, a := range c.accounts {
		out += fmt.Sprintf(" %d", a.id)
		if a.filled {
			out += fmt.Sprintf("(%v aru %d high %d", a.old, a.aru, a.high)
			if a.safe != 0 {
				out += fmt.Sprintf(" safe %d", a.safe)
			}
			if a.owes != 0 {
				out += fmt.Sprintf(" owes %b", a.owes)
			}
			out += ")"
		}
	}
	return out
}

func describeMembership(kind, flags byte, body []byte) string {
	switch kind {
	case kindJoin:
		j, _ := parseJoin(flags, body)
		out := "join"
		for _, c := range j.who {
			out += fmt.Sprintf(" %d", c.id)
			if c.inc != 1 {
				out += fmt.Sprintf("/%d", c.inc)
			}
			switch {
			case c.sick:
				out += "(sick)"
			case c.failed:
				out += "(failed)"
			case c.out:
				out += "(out)"
			}
		}
		if j.waits {
			out += ", waits"
		}
		return fmt.Sprintf("%s, seq %d", out, j.ringSeq)
	case kindAnnounce:
		a, _ := parseAnnounce(body)
		return fmt.Sprintf("announce %v%v claims %v", a.ring, a.who, a.claims)
	case kindGoodbye:
		return "goodbye"
	case kindClaims:
		c, _ := parseClaims(body)
		return fmt.Sprintf("claims %v", c.claims)
	}
	return fmt.Sprintf("kind %d", kind)
}
