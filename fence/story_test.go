package fence

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/member"
)

// TestStories runs the stories below testdata: a cluster of machines n1, n2, …
// fed from one agreed order. Commands, each with at=SECONDS where time matters:
//
//	cluster nodes=N               N members that see each other; the CIB's <configuration> and <status> below
//	ask id=ID target=NODE action=A from=N [timeout=S] [delay=S] [coordinates]
//	view members=(1,2) [on=(1,2)] [back=(2)] [joined=(3)]: who left and is back already, who came
//	done node=N tag=T [rc=N] [status=N] [reason=TEXT] — output below
//	restart node=N, remember from=N: it tells the others of its history
//	tick, confirm target=NODE, withdraw id=ID | origin=N, history node=N
//
// What all members conclude is printed once; that they agree is checked.
type story struct {
	t        *testing.T
	machines []*Machine
	root     *cib.Elem
	now      time.Duration
	group    []int // of each machine: who hears the same agreed order
	groups   int
	bus      []said
	verbose  bool
	out      strings.Builder
	outcomes map[string][]member.NodeID
	verdicts []string
}

func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &story{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			s.t = t
			s.out.Reset()
			s.outcomes, s.verdicts = map[string][]member.NodeID{}, nil
			s.command(d)
			s.flush()
			for _, text := range s.verdicts {
				fmt.Fprintf(&s.out, "%s  [%v]\n", text, s.outcomes[text])
			}
			if s.out.Len() == 0 {
				return "nothing\n"
			}
			return s.out.String()
		})
	})
}

// said is a message on its way to those who hear its sender.
type said struct {
	from member.NodeID
	msg  Message
}

type args struct {
	t *testing.T
	d *datadriven.TestData
}

func (a args) str(name, def string) string {
	if !a.d.HasArg(name) {
		return def
	}
	var v string
	a.d.ScanArgs(a.t, name, &v)
	return v
}

func (a args) num(name string, def int) int {
	n, err := strconv.Atoi(a.str(name, strconv.Itoa(def)))
	if err != nil {
		a.t.Fatal(err)
	}
	return n
}

func (a args) sec(name string) time.Duration {
	f, err := strconv.ParseFloat(a.str(name, "0"), 64)
	if err != nil {
		a.t.Fatal(err)
	}
	return time.Duration(f * float64(time.Second))
}

func (a args) ids(name string) []member.NodeID {
	var ids []member.NodeID
	for _, arg := range a.d.CmdArgs {
		if arg.Key == name {
			for _, v := range arg.Vals {
				id, err := member.ParseNodeID(v)
				if err != nil {
					a.t.Fatal(err)
				}
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func (s *story) command(d *datadriven.TestData) {
	a := args{s.t, d}
	if d.HasArg("at") {
		s.now = a.sec("at")
	}
	wall := 1000 + int64(s.now/time.Second)
	switch d.Cmd {
	case "cluster":
		s.cluster(a.num("nodes", 3), d.Input)
	case "ask":
		from := member.NodeID(a.num("from", 1))
		r := Request{ID: a.str("id", ""), Target: a.str("target", ""), Action: a.str("action", "off"), Origin: from,
			Client: "test", Timeout: a.sec("timeout"), Delay: a.sec("delay"), Wall: wall}
		if d.HasArg("coordinates") {
			r.Ring = member.RingID{Rep: from, Seq: 1}
		}
		r = Ask(r, s.root, s.machines[from-1].members)
		s.all(from, r)
	case "view":
		on := a.ids("on")
		if on == nil {
			on = a.ids("members")
		}
		s.groups++
		for _, id := range on {
			s.group[id-1] = s.groups
		}
		s.all(on[0], View{Members: a.ids("members"), Left: a.ids("back"), Joined: append(a.ids("back"), a.ids("joined")...), Wall: wall})
	case "done":
		s.feed(member.NodeID(a.num("node", 1)), Done{Tag: uint64(a.num("tag", 0)), Wall: wall, Result: agent.Result{
			RC: agent.Code(a.num("rc", 0)), Status: agent.Status(a.num("status", 0)), Reason: a.str("reason", ""), Output: d.Input}})
	case "tick":
		for i, m := range s.machines {
			if w := m.Wake(); w != 0 && w <= s.now {
				s.feed(member.NodeID(i+1), Tick{Wall: wall})
			}
		}
	case "restart":
		id := member.NodeID(a.num("node", 2))
		s.machines[id-1] = s.fresh(id, []member.NodeID{id})
	case "wake":
		for i, m := range s.machines {
			fmt.Fprintf(&s.out, "n%d: %v\n", i+1, m.Wake())
		}
	case "remember":
		from := member.NodeID(a.num("from", 1))
		s.all(from, Remember{Events: s.machines[from-1].History()})
	case "confirm":
		s.all(1, Confirm{Target: a.str("target", ""), Client: "admin", Wall: wall})
	case "withdraw":
		s.all(1, Withdraw{ID: a.str("id", ""), Origin: member.NodeID(a.num("origin", 0)), Met: a.num("met", 0) == 1, Reason: "no quorum", Wall: wall})
	case "history":
		for _, e := range s.machines[a.num("node", 1)-1].History() {
			fmt.Fprintf(&s.out, "%s %s of %s by %d for %s: %s %q %d-%d\n", e.ID, e.Action, e.Target, e.By, e.Client, e.State, e.Reason, e.Asked, e.Completed)
		}
	default:
		s.t.Fatalf("unknown command %q", d.Cmd)
	}
}

func (s *story) cluster(n int, conf string) {
	var nodes, ids strings.Builder
	var members []member.NodeID
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&nodes, `<node id="%d" uname="n%d"/>`, i, i)
		fmt.Fprint(&ids, " n", i)
		members = append(members, member.NodeID(i))
	}
	conf = strings.NewReplacer("NODES", nodes.String()).Replace(conf)
	root, err := cib.Parse([]byte("<cib>" + conf + "</cib>"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.root, s.machines, s.now, s.group = root, nil, 0, make([]int, n)
	for _, id := range members {
		s.machines = append(s.machines, s.fresh(id, members))
	}
}

func (s *story) fresh(id member.NodeID, members []member.NodeID) *Machine {
	m := New(Config{Self: id, Rand: func() uint64 { return 3_000_000_000 }})
	m.Step(0, FromCIB(s.root))
	m.Step(0, View{Members: members})
	return m
}

// all feeds an agreed input to everybody in the group of a node.
func (s *story) all(from member.NodeID, in Input) {
	for i := range s.machines {
		if s.group[i] == s.group[from-1] {
			s.feed(member.NodeID(i+1), in)
		}
	}
}

// flush delivers what was announced, in order.
func (s *story) flush() {
	for len(s.bus) > 0 {
		x := s.bus[0]
		s.bus = s.bus[1:]
		s.all(x.from, x.msg)
	}
}

func (s *story) feed(id member.NodeID, in Input) {
	m := s.machines[id-1]
	for _, e := range m.Step(s.now, in) {
		switch e := e.(type) {
		case Run:
			fmt.Fprintf(&s.out, "n%d: run #%d %s %s timeout=%v", id, e.Tag, e.Call.Rsc, e.Call.Op, e.Call.Timeout)
			for _, p := range e.Call.Params {
				if p.Name == "nodename" || p.Name == "pcmk_target" {
					fmt.Fprintf(&s.out, " %s=%s", p.Name, p.Value)
				}
			}
			s.out.WriteString("\n")
		case Kill:
			fmt.Fprintf(&s.out, "n%d: kill #%d\n", id, e.Tag)
		case SelfFence:
			fmt.Fprintf(&s.out, "n%d: SELF-FENCE reboot=%v: %s\n", id, e.Reboot, e.Reason)
		case Announce:
			fmt.Fprintf(&s.out, "n%d: says %s\n", id, sayMessage(e.Message))
			s.bus = append(s.bus, said{id, e.Message})
		case Outcome:
			verdict := "FENCED"
			if !e.OK {
				verdict = "NOT FENCED"
			}
			text := fmt.Sprintf("%s %s: %s (%s) by %d with %q %q", e.ID, verdict, e.Target, e.Action, e.By, e.Device, e.Reason)
			if s.outcomes[text] == nil {
				s.verdicts = append(s.verdicts, text)
			}
			s.outcomes[text] = append(s.outcomes[text], id)
		}
	}
}

func sayMessage(m Message) string {
	switch m := m.(type) {
	case Attempted:
		verdict := "failed"
		if m.OK {
			verdict = "ok"
		} else if m.Skip {
			verdict = "skipped"
		}
		return fmt.Sprintf("%s.%d %s %s %q", m.ID, m.Seq, m.Device, verdict, m.Output)
	case Expired:
		return m.ID + " expired"
	case Remember:
		said := "how it ended:"
		for _, e := range m.Events {
			said += fmt.Sprintf(" %s %s", e.ID, e.State)
		}
		return said
	}
	return "?"
}
