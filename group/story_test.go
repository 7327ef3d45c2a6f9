package group

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

// story is a few machines and a service that does what the script says.
type story struct {
	now   time.Duration
	m     map[member.NodeID]*Machine
	out   map[member.NodeID][][]byte // multicast, not ordered yet
	proc  map[member.NodeID]Proc
	procs []Proc // of the group
	b     strings.Builder
}

func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &story{m: map[member.NodeID]*Machine{}, out: map[member.NodeID][][]byte{}, proc: map[member.NodeID]Proc{}}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.b.Reset()
			for line := range strings.Lines(d.Cmd + " " + args(d) + "\n" + d.Input) {
				if f := strings.Fields(line); len(f) > 0 {
					s.do(t, f)
				}
			}
			if s.b.Len() == 0 {
				return "ok"
			}
			return s.b.String()
		})
	})
}

func args(d *datadriven.TestData) string {
	var out []string
	for _, a := range d.CmdArgs {
		out = append(out, a.Key)
	}
	return strings.Join(out, " ")
}

// do carries out one line of a script:
//
//	start PROC…        makes machines, and connects them as these processes
//	connect PROC…      connects machines that are there
//	quorum SEQ NODE…   the same, with quorum
//	group PROC…        tells the processes named that they are the group
//	ring SEQ NODE…     tells nodes that they are in ring 1.SEQ
//	count SEQ NODE…    tells nodes that its votes were counted
//	order NODE…        puts all that nodes have multicast into the order
//	submit NODE TEXT   has a node submit a message; *N after it makes it N bytes long
//	garbage NODE       has a node multicast nonsense
//	lost NODE          ends the service on a node
//	wait SECONDS       lets time pass
//	leave NODE
func (s *story) do(t *testing.T, f []string) {
	t.Helper()
	words := f[1:]
	switch f[0] {
	case "start", "connect":
		for _, w := range words {
			p := proc(t, w)
			if f[0] == "start" {
				s.m[p.Node] = New(Config{Self: p.Node, Patience: 5 * time.Second, Stall: 5 * time.Second})
			}
			s.proc[p.Node] = p
			s.step(p.Node, Connected{p})
		}
	case "group":
		s.procs = nil
		for _, w := range words {
			s.procs = append(s.procs, proc(t, w))
		}
		for _, p := range s.procs {
			if s.proc[p.Node] == p {
				s.step(p.Node, Changed{s.procs})
			}
		}
	case "ring", "count", "quorum":
		id := member.RingID{Rep: 1, Seq: uint64(number(t, words[0]))}
		for _, w := range words[1:] {
			if f[0] == "ring" {
				s.step(node(t, w), Ring{ID: id})
			} else {
				s.step(node(t, w), Counted{Ring: id, Quorate: f[0] == "quorum"})
			}
		}
	case "order":
		for _, w := range words {
			s.order(node(t, w))
		}
	case "submit":
		text, size, long := strings.Cut(words[1], "*")
		p := []byte(text)
		if long {
			p = append(p, make([]byte, number(t, size)-len(p))...)
		}
		s.step(node(t, words[0]), Submit{p})
	case "garbage":
		n := node(t, words[0])
		s.out[n] = append(s.out[n], []byte{7}, []byte{kindFragment, 1})
	case "lost":
		n := node(t, words[0])
		s.out[n] = nil
		s.step(n, Lost{})
	case "wait":
		s.wait(time.Duration(number(t, words[0])) * time.Second)
	case "leave":
		s.step(node(t, words[0]), Leave{})
	default:
		t.Fatalf("unknown word %q", f[0])
	}
}

func (s *story) wait(d time.Duration) {
	s.now += d
	for _, n := range s.ids() {
		if w := s.m[n].Wake(); w != 0 && w <= s.now {
			s.step(n, Tick{})
		}
	}
}

func (s *story) ids() []member.NodeID {
	var out []member.NodeID
	for n := range s.m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (s *story) order(n member.NodeID) {
	queue := s.out[n]
	s.out[n] = nil
	for _, data := range queue {
		for _, p := range s.procs {
			if s.proc[p.Node] == p {
				s.step(p.Node, Received{s.proc[n], slices.Clone(data)})
			}
		}
	}
}

func (s *story) step(n member.NodeID, in Input) {
	for _, x := range s.m[n].Step(s.now, in) {
		switch x := x.(type) {
		case Multicast:
			s.out[n] = append(s.out[n], x.Data)
			s.tell(n, "sends %s", describe(x.Data))
		case Deliver:
			text := strings.TrimRight(string(x.Payload), "\x00")
			if len(text) != len(x.Payload) {
				text += "*" + strconv.Itoa(len(x.Payload))
			}
			s.tell(n, "delivers %s of %d", text, x.From)
		case Install:
			s.tell(n, "installs %s left %v joined %v together %v", x.View, x.Left, x.Joined, x.Transitional)
		case KeepSeq:
		case PutOut:
			s.tell(n, "puts %d out", x.Node)
		case Note:
			s.tell(n, "notes: %s %v", x.Text, x.Attrs)
		case Gone:
			s.tell(n, "is gone %s", x.Why)
		}
	}
}

func (s *story) tell(n member.NodeID, format string, args ...any) {
	fmt.Fprintf(&s.b, "%d %s\n", n, strings.TrimSpace(fmt.Sprintf(format, args...)))
}

func describe(data []byte) string {
	x, err := decode(data)
	if err != nil {
		return err.Error()
	}
	switch x := x.(type) {
	case state:
		return fmt.Sprintf("state in ring %s of %v, comes from %s", x.Ring, x.Procs, x.Prev)
	case fragment:
		return fmt.Sprintf("%d to %d of %d bytes in view %s", x.Offset, int(x.Offset)+len(x.Data), x.Size, x.View)
	}
	return "?"
}

func number(t *testing.T, w string) int {
	n, err := strconv.Atoi(w)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func node(t *testing.T, w string) member.NodeID { return member.NodeID(number(t, w)) }

func proc(t *testing.T, w string) Proc {
	n, pid, _ := strings.Cut(w, "/")
	return Proc{node(t, n), uint32(number(t, pid))}
}

// FuzzDecode reads frames of anybody.
func FuzzDecode(f *testing.F) {
	f.Add(encodeState(state{Ring: member.RingID{Rep: 1, Seq: 4}, Procs: []Proc{{1, 2}}}))
	f.Add(encodeFragment(fragment{View: member.RingID{Rep: 1, Seq: 4}, Size: 5, Data: []byte("hello")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := New(Config{Self: 1, Patience: time.Second, Stall: time.Second})
		p := Proc{1, 10}
		m.Step(0, Connected{p})
		m.Step(0, Changed{[]Proc{p}})
		m.Step(0, Ring{ID: member.RingID{Rep: 1, Seq: 4}})
		m.Step(0, Received{Proc{2, 7}, b})
		for _, x := range m.Step(0, Counted{Ring: member.RingID{Rep: 1, Seq: 4}}) {
			if x, ok := x.(Multicast); ok {
				m.Step(0, Received{p, x.Data})
			}
		}
		if m.State() != Installed {
			t.Fatalf("%q keeps the machine in %s", b, m.State())
		}
		m.Step(0, Received{Proc{2, 7}, b})
	})
}
