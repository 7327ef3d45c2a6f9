package pcs

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"mainstay/agent"
	"mainstay/cib"
)

// world is a cluster that has a document, four agents, and tools that say how they
// were called.
type world struct {
	root  *cib.Elem
	dir   string
	steps []Step // what any other document leads to
}

func (w *world) CIB() (*cib.Elem, error) { return w.root, nil }

func (w *world) Agents() []agent.Name {
	return []agent.Name{{Class: "lsb", Type: "cron"}, {Class: "ocf", Provider: "heartbeat", Type: "Dummy"}, {Class: "ocf", Provider: "heartbeat", Type: "vip"},
		{Class: "ocf", Provider: "pacemaker", Type: "Dummy"}, {Class: "ocf", Provider: "pacemaker", Type: "Stateful"}, {Class: "stonith", Type: "fence_x"}}
}

// Metadata of the agents: times in the order of the actions.
func (w *world) Metadata(n agent.Name) (*agent.Metadata, error) {
	op := func(name string, interval, timeout int, role string) agent.Action {
		return agent.Action{Name: name, Interval: time.Duration(interval) * time.Second, Timeout: time.Duration(timeout) * time.Second, Role: role}
	}
	m := &agent.Metadata{Name: n.Type, Short: "the agent " + n.Type, Long: "Does nothing but exist."}
	m.Actions = []agent.Action{op("start", 0, 20, ""), op("stop", 0, 20, ""), op("monitor", 10, 20, ""), op("meta-data", 0, 5, "")}
	m.Parameters = []agent.Parameter{{Name: "state", Unique: true, Short: "where the state is"}, {Name: "fake", Long: "of no use"}}
	switch n.Type {
	case "Dummy":
	case "vip":
		m.Parameters = []agent.Parameter{{Name: "ip", Required: true}, {Name: "nic"}, {Name: "old", Deprecated: true}}
		m.Actions = append(m.Actions, op("monitor", 10, 0, ""))
		m.Actions[len(m.Actions)-1].Depth = "10"
	case "Stateful":
		m.Actions = append(m.Actions[:2], op("monitor", 10, 20, "Master"), op("monitor", 11, 20, "Slave"), op("promote", 0, 10, ""), op("demote", 0, 10, ""))
	case "fence_x":
		m.Parameters = []agent.Parameter{{Name: "action", Required: true}, {Name: "ipaddr", Required: true}, {Name: "ip", Required: true, Obsoletes: "ipaddr"}, {Name: "help"}}
		m.Actions = []agent.Action{op("on", 0, 0, ""), op("monitor", 0, 0, "")}
	default:
		return nil, errors.New("nobody knows it")
	}
	return m, nil
}

func (w *world) Call(tool string, args ...string) Called {
	if tool == "crm_mon" && len(args) > 1 && strings.HasSuffix(args[1], "xml") {
		return Called{Out: `<r><nodes><node name="n1" type="member" online="true"/><node name="n2" type="member" online="true" standby="true" resources_running="2"/><node name="n3" type="member" online="false"/><node name="r1" type="remote" online="true" maintenance="true"/></nodes></r>`}
	}
	for _, a := range args {
		if a == "nosuch" {
			return Called{Err: tool + ": there is no nosuch\n", Code: 105}
		}
	}
	return Called{Out: tool + " " + strings.Join(args, " ") + "\n"}
}

func (w *world) Foresee(root *cib.Elem, play bool) (Foreseen, error) {
	return Foreseen{Text: "what would be\n", Steps: w.steps}, nil
}

func (w *world) File(name string) ([]byte, error) {
	text, err := os.ReadFile(w.dir + "/" + name)
	if err != nil {
		return nil, fmt.Errorf("%s is not there", name)
	}
	return text, nil
}

func (w *world) Local() string { return "n1" }

// do carries a line out: what it prints, what else is to be done, and the exit code.
func (w *world) do(t *testing.T, line string) string {
	t.Helper()
	r := Run(w, words(line))
	out := r.Out + r.Err
	if r.Root != nil {
		if r.Code != 0 {
			t.Errorf("%s: fails, and changes the document", line)
		}
		if _, err := cib.Parse(r.Root.AppendXML(nil, true)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		w.root = r.Root
	}
	switch e := r.Effect.(type) {
	case nil:
	case Save:
		if err := os.WriteFile(w.dir+"/"+e.Name, []byte(e.Text), 0o600); err != nil {
			t.Fatal(err)
		}
	case Push:
		w.root = e.Root
	default:
		out += fmt.Sprintf("effect: %T %+v\n", e, e)
	}
	if r.Wait != nil {
		out += fmt.Sprintf("waits for %d s\n", r.Wait.Seconds)
	}
	if r.Code != 0 {
		out += fmt.Sprintf("exit %d\n", r.Code)
	}
	return out
}

// words splits a line; a text in single quotes is one word.
func words(line string) []string {
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	return out
}

// TestStories carries out command lines one after the other. Directives:
//
//	cib     the document that follows
//	plan    what the cluster would do with any document: lines of task, resource, node
//	pcs     the command lines that follow; prints each with its answer
//	show    the document's configuration, or what matches an XPath
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		w := &world{root: cib.Empty(), dir: t.TempDir()}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "cib":
				root, err := cib.Parse([]byte(d.Input))
				if err != nil {
					t.Fatal(err)
				}
				w.root = root
				return ""
			case "plan":
				w.steps = nil
				for line := range strings.Lines(d.Input) {
					f := strings.Fields(line)
					w.steps = append(w.steps, Step{f[0], f[1], f[2]})
				}
				return ""
			case "pcs":
				var b strings.Builder
				for line := range strings.Lines(d.Input) {
					b.WriteString("$ " + strings.TrimSpace(line) + "\n" + strings.ReplaceAll(w.do(t, strings.TrimSpace(line)), "\n\n", "\n.\n"))
				}
				return b.String()
			case "show":
				list, err := cib.Find(w.root, strings.TrimSpace(d.Input))
				if err != nil {
					t.Fatal(err)
				}
				var b strings.Builder
				for _, e := range list {
					b.WriteString(e.String())
				}
				return b.String()
			}
			t.Fatalf("no directive %s", d.Cmd)
			return ""
		})
	})
}

// Every command is found by its words, and has help that names it.
func TestEveryCommandHasHelp(t *testing.T) {
	w := &world{root: cib.Empty()}
	for _, c := range commands() {
		got, args, path := lookup(append(strings.Fields(c.path), "x"))
		if got == nil || path != c.path || len(args) != 1 {
			t.Errorf("%s is found as %q", c.path, path)
		}
		r := Run(w, append(strings.Fields(c.path), "--help"))
		if r.Code != 0 || r.Root != nil || r.Effect != nil || !strings.Contains(r.Out, "Usage: pcs "+c.path) {
			t.Errorf("%s --help: %d %s%s", c.path, r.Code, r.Out, r.Err)
		}
	}
}

// FuzzRun: no command line makes it fail other than by a message, and one that fails
// changes nothing.
func FuzzRun(f *testing.F) {
	const doc = `<cib validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0"><configuration><crm_config/>
<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
<resources><group id="g"><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></group>
<clone id="c"><primitive id="b" class="ocf" provider="pacemaker" type="Stateful"/></clone>
<bundle id="u"><docker image="i"/><primitive id="d" class="ocf" provider="pacemaker" type="Dummy"/></bundle>
<primitive id="f" class="stonith" type="fence_x"/></resources>
<constraints><rsc_location id="l" rsc="a"><rule id="r" score="5"><expression id="e" attribute="x" operation="defined"/></rule></rsc_location>
<rsc_order id="o"><resource_set id="s"><resource_ref id="a"/><resource_ref id="c"/></resource_set></rsc_order></constraints>
<tags><tag id="t"><obj_ref id="a"/></tag></tags></configuration><status/></cib>`
	root, err := cib.Parse([]byte(doc))
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range commands() {
		f.Add(c.path + " a b=c")
	}
	for _, line := range []string{"resource delete a", "resource unclone b", "resource ungroup g", "constraint location a rule score=5 ( x eq 1 or date in_range 2026-01-01 to duration weeks=2 ) and y lt number 5",
		"resource create z ocf:pacemaker:Dummy op monitor interval=5s clone", "stonith level add 1 n1 f", "constraint order set a set c setoptions kind=Mandatory",
		"resource bundle update u port-map add port=5 network ip-range-start=1.2.3.4", "tag update t add b remove a", "resource group add g f --before a --force"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		w := &world{root: root, dir: t.TempDir()}
		r := Run(w, words(line))
		if r.Code != 0 && (r.Root != nil || r.Effect != nil) {
			t.Errorf("%q fails and changes something", line)
		}
		if r.Code != 0 && r.Err == "" {
			t.Errorf("%q fails without a word", line)
		}
		if r.Root != nil {
			ids := map[string]bool{}
			r.Root.Child("configuration").Walk(func(e *cib.Elem) bool {
				if id := e.ID(); id != "" && !strings.HasSuffix(e.Name(), "_ref") && e.Name() != "role" {
					if ids[id] {
						t.Errorf("%q makes the id %s twice", line, id)
					}
					ids[id] = true
				}
				return true
			})
		}
	})
}
