package attr

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestStories runs the stories below testdata. Commands:
//
//	new [blind]           a machine on n1; blind: it cannot see the status
//	set at=S name=N [value=V] [node=N] [delay=S] [only=delay|both] [delete] [private] [set=ID]
//	tick|flush|joined at=S, forget node=N
//	lose                  what is written from now on does not arrive
//	arrive                it does again
//	reached name=N [value=V]         what was written of n1 is made
//	status node=N name=N [value=V]   somebody else writes (no value: deletes)
//	held, wake
type story struct {
	m      *Machine
	status map[string]string
	losing bool
}

func (s *story) present(node, set, name string) (string, bool) {
	v, ok := s.status[node+"/"+set+"/"+name]
	return v, ok
}

func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &story{}
		datadriven.RunTest(t, path, s.run)
	})
}

func (s *story) run(t *testing.T, d *datadriven.TestData) string {
	arg := func(name string) string {
		if !d.HasArg(name) {
			return ""
		}
		var v string
		d.ScanArgs(t, name, &v)
		return v
	}
	sec := func(name string, def float64) time.Duration {
		f := def
		if v := arg(name); v != "" {
			var err error
			if f, err = strconv.ParseFloat(v, 64); err != nil {
				t.Fatal(err)
			}
		}
		return time.Duration(f * float64(time.Second))
	}
	now := sec("at", 0)
	var in Input
	switch d.Cmd {
	case "new":
		s.status, s.losing = map[string]string{}, false
		cfg := Config{Self: "n1", Present: s.present}
		if d.HasArg("blind") {
			cfg.Present = nil
		}
		s.m = New(cfg)
		return ""
	case "lose", "arrive":
		s.losing = d.Cmd == "lose"
		return ""
	case "status":
		key := arg("node") + "//" + arg("name")
		if s.status[key] = arg("value"); !d.HasArg("value") {
			delete(s.status, key)
		}
		return ""
	case "held":
		var b strings.Builder
		for _, a := range s.m.Attributes() {
			fmt.Fprintf(&b, "%s %s=%q delay=%v deleted=%v private=%v pending=%v\n", a.Node, a.Name, a.Value, a.Delay, a.Deleted, a.Private, a.Pending)
		}
		return b.String()
	case "wake":
		return fmt.Sprintln(s.m.Wake())
	case "set":
		set := Set{Node: arg("node"), Name: arg("name"), Value: arg("value"), Delete: d.HasArg("delete"), SetID: arg("set"),
			Private: d.HasArg("private"), Delay: sec("delay", -1), User: arg("user")}
		switch arg("only") {
		case "delay":
			set.Only = Delay
		case "both":
			set.Only = Both
		}
		in = set
	case "tick":
		in = Tick{}
	case "flush":
		in = Flush{}
	case "reached":
		in = Reached{Node: "n1", Change: Change{Name: arg("name"), Value: arg("value"), Delete: !d.HasArg("value")}}
	case "joined":
		in = Joined{}
	case "forget":
		in = Forget{Node: arg("node")}
	default:
		t.Fatalf("unknown command %q", d.Cmd)
	}
	return s.show(s.m.Step(now, in))
}

func (s *story) show(effects []Effect) string {
	var b strings.Builder
	for _, e := range effects {
		w := e.(Write)
		fmt.Fprintf(&b, "write %s:", w.Node)
		for _, c := range w.Changes {
			key := w.Node + "/" + c.SetID + "/" + c.Name
			if c.Delete {
				fmt.Fprintf(&b, " -%s%s", c.SetID, c.Name)
			} else {
				fmt.Fprintf(&b, " %s%s=%q", c.SetID, c.Name, c.Value)
			}
			switch {
			case s.losing:
			case c.Delete:
				delete(s.status, key)
			default:
				s.status[key] = c.Value
			}
		}
		b.WriteString("\n")
	}
	if b.Len() == 0 {
		return "nothing\n"
	}
	return b.String()
}
