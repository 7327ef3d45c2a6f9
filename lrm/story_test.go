package lrm

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"mainstay/agent"
	"mainstay/cib"
)

// TestStories runs the stories below testdata. Commands, each "at=SECONDS":
//
//	new parallel=N
//	order rsc=ID op=NAME [interval=S] [delay=S] [timeout=S] [key=KEY] [agent=A] — one parameter "name=value" per line
//	done tag=N [rc=N] [status=N] [took=MS] [reason=TEXT] — what it wrote below
//	cancel | forget rsc=ID op=NAME interval=S key=KEY, fail rsc=ID, tick, limit parallel=N
//	cleared rsc=ID
//	history, list, wake
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &story{}
		datadriven.RunTest(t, path, s.run)
	})
}

type story struct {
	m       *Machine
	verbose bool
}

func (s *story) run(t *testing.T, d *datadriven.TestData) string {
	arg := func(name, def string) string {
		if d.HasArg(name) {
			var v string
			d.ScanArgs(t, name, &v)
			return v
		}
		return def
	}
	sec := func(name string) time.Duration {
		f, err := strconv.ParseFloat(arg(name, "0"), 64)
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(f * float64(time.Second))
	}
	num := func(name, def string) int {
		n, err := strconv.Atoi(arg(name, def))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	at := sec("at")
	wall := 1000000 + int64(at/time.Second)
	var in Input
	switch d.Cmd {
	case "new":
		s.m, s.verbose = New(Config{NodeID: "1", NodeName: "n1", Parallel: num("parallel", "4")}), d.HasArg("verbose")
		return ""
	case "history":
		return s.m.History().String()
	case "list":
		return s.list()
	case "wake":
		return fmt.Sprintln(s.m.Wake())
	case "tick":
		in = Tick{Wall: wall}
	case "order":
		name, err := agent.ParseName(arg("agent", "lsb:dummy"))
		if err != nil {
			t.Fatal(err)
		}
		o := Order{Key: arg("key", "1:1:0:u"), Rsc: arg("rsc", ""), Agent: name, Op: arg("op", ""),
			Interval: sec("interval"), Timeout: sec("timeout"), StartDelay: sec("delay"), Wall: wall}
		for _, l := range strings.Fields(d.Input) {
			k, v, _ := strings.Cut(l, "=")
			o.Params = append(o.Params, cib.Attr{Name: k, Value: v})
		}
		in = o
	case "done":
		in = Done{Tag: uint64(num("tag", "0")), Wall: wall, Result: agent.Result{RC: agent.Code(num("rc", "0")),
			Status: agent.Status(num("status", "0")), Reason: arg("reason", ""), Output: d.Input,
			Took: time.Duration(num("took", "0")) * time.Millisecond}}
	case "cancel":
		in = Cancel{Key: arg("key", ""), Rsc: arg("rsc", ""), Op: arg("op", ""), Interval: sec("interval"), Wall: wall}
	case "forget":
		in = Forget{Key: arg("key", ""), Rsc: arg("rsc", ""), Op: arg("op", ""), Interval: sec("interval"), Wall: wall}
	case "cleared":
		in = Cleared{Rsc: arg("rsc", "")}
	case "fail":
		in = Fail{Rsc: arg("rsc", ""), Reason: arg("reason", ""), Wall: wall}
	case "limit":
		in = Limit{Parallel: num("parallel", "1"), Wall: wall}
	case "inherit":
		e, err := cib.Parse([]byte(d.Input))
		if err != nil {
			t.Fatal(err)
		}
		in = Inherit{LRM: e}
	default:
		t.Fatalf("unknown command %q", d.Cmd)
	}
	return s.show(s.m.Step(at, in))
}

func (s *story) show(effects []Effect) string {
	var b strings.Builder
	for _, e := range effects {
		switch e := e.(type) {
		case Run:
			fmt.Fprintf(&b, "run #%d %s %s %s timeout=%v params=%d%s\n", e.Tag, e.Call.Rsc, e.Call.Name,
				opKey("", e.Call.Op, e.Call.Interval)[1:], e.Call.Timeout, len(e.Call.Params), own(e.Call.Params))
		case Kill:
			fmt.Fprintf(&b, "kill #%d\n", e.Tag)
		case Record:
			flags := ""
			if e.Pending {
				flags += " pending"
			}
			if e.Failed {
				flags += " failed"
			}
			fmt.Fprintf(&b, "record %s %s call=%s at=%s exec=%s queue=%s%s\n", e.Elem.ID(), e.Elem.Get("transition-magic"),
				e.Elem.Get("call-id"), e.Elem.Get("last-rc-change"), e.Elem.Get("exec-time"), e.Elem.Get("queue-time"), flags)
			if s.verbose {
				b.WriteString(e.Elem.String())
			}
		case Erase:
			fmt.Fprintf(&b, "erase %s %v\n", e.Rsc, e.Ops)
		case Answer:
			fmt.Fprintf(&b, "answer %s %s %s %d:%d\n", e.Key, e.Rsc, e.Op, e.Status, e.RC)
		}
	}
	if b.Len() == 0 {
		return "nothing\n"
	}
	return b.String()
}

// own shows a resource's own parameters, if they are few.
func own(params []cib.Attr) string {
	text := ""
	for _, p := range params {
		if !ofCluster(p.Name) {
			text += " " + p.Name + "=" + p.Value
		}
	}
	return text
}

func (s *story) list() string {
	var b strings.Builder
	for _, a := range s.m.Activities() {
		fmt.Fprintf(&b, "%s since=%v due=%v\n", opKey(a.Rsc, a.Op, a.Interval)+" "+a.State, a.Since, a.Due)
	}
	if b.Len() == 0 {
		return "idle\n"
	}
	return b.String()
}
