package sched

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mainstay/cib"
)

// The laws hold for any information base: those of the stories, those of a
// directory (-laws DIR: every *.xml in it), and what random changes make of them.

var lawsDir = flag.String("laws", "", "directory of information bases to test the laws with, besides the stories")

var dumpDir = flag.String("dump", "", "directory to write the information bases of the stories to, as xml/STORY-n.xml")

// TestDump writes the stories down for other programs, such as the peer's.
func TestDump(t *testing.T) {
	seen := map[string]int{}
	for _, s := range subjects(t) {
		seen[s.name]++
		name := fmt.Sprintf("%s-%03d.xml", strings.TrimSuffix(filepath.Base(s.name), filepath.Ext(s.name)), seen[s.name])
		root, err := cib.Parse(s.root.AppendXML(nil, true))
		if err != nil || !root.Equal(s.root) {
			t.Errorf("%s is another one when written and read: %v", name, err)
		}
		if *dumpDir == "" {
			continue
		}
		into := filepath.Join(*dumpDir, "xml", name)
		if err := os.MkdirAll(filepath.Dir(into), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(into, s.root.AppendXML(nil, true), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

type subjectCIB struct {
	name string
	root *cib.Elem
}

// subjects lists the information bases of the stories and of -laws.
func subjects(t testing.TB) []subjectCIB {
	var out []subjectCIB
	files, err := filepath.Glob("testdata/*.story")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range storyInputs(string(text)) {
			out = append(out, subjectCIB{f, tell(in)})
		}
	}
	if *lawsDir == "" {
		return out
	}
	files, err = filepath.Glob(filepath.Join(*lawsDir, "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no information bases in %s: %v", *lawsDir, err)
	}
	sort.Strings(files)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		root, err := cib.Parse(text)
		if err == nil {
			root, err = cib.Upgrade(root)
		}
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		out = append(out, subjectCIB{filepath.Base(f), root})
	}
	return out
}

// outcome is all that a plan says.
func outcome(t rapid.TB, res *Result) string {
	st, err := json.Marshal(res.Status)
	if err != nil {
		t.Fatal(err)
	}
	return planText(res) + scoreText(res) + reasonText(res) + string(res.Graph.XML()) + string(st) + res.RecheckAt.String()
}

var lawTime = time.Unix(1700000000, 0).UTC()

func lawInput(root *cib.Elem) Input {
	return Input{CIB: root, Now: lawTime, Options: Options{Scores: true, Utilization: true, Reasons: true}}
}

// TestRemembered: what is kept from former calls changes no plan, whatever
// happens to the information base between two calls.
func TestRemembered(t *testing.T) {
	all := subjects(t)
	var kept Planner // for all of them: it is as good for one cluster as for another
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(all).Draw(t, "subject")
		root := s.root
		for range rapid.IntRange(1, 6).Draw(t, "edits") {
			in := lawInput(root)
			if rapid.Bool().Draw(t, "later") {
				in.Now = in.Now.Add(time.Hour)
			}
			if got, want := outcome(t, kept.Schedule(in)), outcome(t, Schedule(in)); got != want {
				t.Fatalf("%s: remembering changes the plan\ngot  %s\nwant %s\n%s", s.name, got, want, root.AppendXML(nil, true))
			}
			root = disturbed(t, root)
		}
	})
}

// TestRememberedCases does the same with each information base as it is, and once more.
func TestRememberedCases(t *testing.T) {
	var kept Planner
	for _, s := range subjects(t) {
		in := lawInput(s.root)
		want := outcome(t, Schedule(in))
		for range 2 {
			if got := outcome(t, kept.Schedule(in)); got != want {
				t.Errorf("%s: remembering changes the plan\ngot  %s\nwant %s", s.name, got, want)
			}
		}
	}
}

// renamed is an information base whose nodes go by other names, in the same order.
func renamed(root *cib.Elem) *cib.Elem {
	names := map[string]bool{}
	for n := range root.Path("configuration", "nodes").Named("node") {
		names[n.Get("uname")] = true
	}
	var walk func(e *cib.Elem) *cib.Elem
	walk = func(e *cib.Elem) *cib.Elem {
		kids := make([]*cib.Elem, len(e.Kids()))
		for i, k := range e.Kids() {
			kids[i] = walk(k)
		}
		x := e.WithKids(kids)
		for _, a := range e.Attrs() {
			switch a.Name {
			case "value":
				if e.Name() != "expression" { // a parameter
					continue
				}
			case "uname", "node", "migrate_source", "migrate_target":
			default:
				continue
			}
			if names[a.Value] {
				x = x.With(a.Name, "host-"+a.Value)
			}
		}
		return x
	}
	return walk(root)
}

// steps lists what a plan does, in no order.
func steps(res *Result) []string {
	var out []string
	for _, l := range res.Summary {
		out = append(out, l.Verb+" "+l.Resource+l.Node+" "+l.Detail+" "+l.Reason)
	}
	for _, a := range res.Graph.Actions {
		if a.Rsc != nil || a.Task == "stonith" {
			out = append(out, a.Key+" "+a.Node)
		}
	}
	sort.Strings(out)
	return out
}

// TestNames: what nodes are called decides nothing but who is first among equals.
func TestNames(t *testing.T) {
	for _, s := range subjects(t) {
		if hasRemote(s.root) {
			continue // they have names of their own, among which the others are sorted
		}
		before, after := steps(Schedule(lawInput(s.root))), steps(Schedule(lawInput(renamed(s.root))))
		if got := strings.ReplaceAll(strings.Join(after, "\n"), "host-", ""); got != strings.Join(before, "\n") {
			t.Errorf("%s: with other names of nodes\n%s\nbefore\n%s", s.name, got, strings.Join(before, "\n"))
		}
	}
}

// TestUnrelated: a resource that nothing ties to the others, and that runs nowhere,
// changes nothing for them. (If it were managed where nothing else is, there would be
// a reason to fence.)
func TestUnrelated(t *testing.T) {
	meta := nvset("meta_attributes", "unrelated-meta", []string{"target-role=Stopped", "is-managed=false"})
	extra := cib.New("primitive", attrs("id", "unrelated", "class", "ocf", "provider", "heartbeat", "type", "Dummy")...).Append(meta)
	for _, s := range subjects(t) {
		if hasRemote(s.root) {
			continue // that something must be looked for on one may be why it is fenced
		}
		var others []string
		for _, x := range steps(Schedule(lawInput(replaced(s.root, resources(s.root), resources(s.root).Append(extra))))) {
			if !strings.Contains(x, "unrelated") {
				others = append(others, x)
			}
		}
		if before := steps(Schedule(lawInput(s.root))); strings.Join(others, "\n") != strings.Join(before, "\n") {
			t.Errorf("%s: with an unrelated resource\n%s\nbefore\n%s", s.name, strings.Join(others, "\n"), strings.Join(before, "\n"))
		}
	}
}

// hasRemote tells whether an information base may have remote or guest nodes.
func hasRemote(root *cib.Elem) bool {
	return resources(root).Child("bundle") != nil || strings.Contains(string(root.AppendXML(nil, false)), "remote")
}

func resources(root *cib.Elem) *cib.Elem { return root.Path("configuration", "resources") }

// TestPermuted: the order in which nodes and constraints stand in the document
// decides nothing.
func TestPermuted(t *testing.T) {
	all := subjects(t)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(all).Draw(t, "subject")
		root := s.root
		for _, at := range [][]string{{"configuration", "nodes"}, {"configuration", "constraints"}} {
			e := root.Path(at...)
			if e != nil && len(e.Kids()) > 1 {
				root = replaced(root, e, e.WithKids(rapid.Permutation(e.Kids()).Draw(t, at[len(at)-1])))
			}
		}
		before, after := steps(Schedule(lawInput(s.root))), steps(Schedule(lawInput(root)))
		if strings.Join(after, "\n") != strings.Join(before, "\n") {
			t.Fatalf("%s: permuted\n%s\nbefore\n%s", s.name, strings.Join(after, "\n"), strings.Join(before, "\n"))
		}
	})
}

// words are values that mean something somewhere in an information base.
var words = []string{"", "0", "1", "-1", "2", "5", "7", "8", "9", "193", "100", "-100", "INFINITY", "-INFINITY", "true", "false", "x",
	"Started", "Stopped", "Promoted", "Unpromoted", "start", "stop", "promote", "demote", "monitor", "migrate_to", "migrate_from",
	"10s", "block", "fence", "ignore", "standby", "restart", "Optional", "Mandatory", "Serialize", "member", "down", "offline", "online",
	"0:0;1:1:0:x", "4:1;1:1:0:x", "1699999000"}

// disturbed is an information base with one random change.
func disturbed(t *rapid.T, root *cib.Elem) *cib.Elem {
	var all []*cib.Elem
	var ids []string
	root.Walk(func(e *cib.Elem) bool {
		all = append(all, e)
		if id := e.ID(); id != "" {
			ids = append(ids, id)
		}
		return true
	})
	e := rapid.SampledFrom(all).Draw(t, "element")
	switch kids := e.Kids(); {
	case e == root, len(e.Attrs()) > 0 && rapid.IntRange(0, 3).Draw(t, "what") > 0:
		if len(e.Attrs()) == 0 {
			return root
		}
		a := rapid.SampledFrom(e.Attrs()).Draw(t, "attribute")
		v := rapid.SampledFrom(words).Draw(t, "value")
		if len(ids) > 0 && rapid.Bool().Draw(t, "by id") {
			v = rapid.SampledFrom(ids).Draw(t, "id")
		}
		return replaced(root, e, e.With(a.Name, v))
	case len(kids) > 1 && rapid.Bool().Draw(t, "swap"):
		i := rapid.IntRange(1, len(kids)-1).Draw(t, "place")
		l := append([]*cib.Elem(nil), kids...)
		l[i-1], l[i] = l[i], l[i-1]
		return replaced(root, e, e.WithKids(l))
	case len(kids) > 0:
		gone := rapid.SampledFrom(kids).Draw(t, "gone")
		return replaced(root, e, e.Drop(func(k *cib.Elem) bool { return k == gone }))
	}
	return replaced(root, e, e.With("x", "y"))
}

// storyInputs takes the descriptions out of a file of stories.
func storyInputs(text string) []string {
	var out []string
	var in []string
	inside := false
	for _, line := range strings.Split(text, "\n") {
		switch {
		case line == "plan", line == "scores", line == "reasons":
			in, inside = nil, true
		case line == "----":
			if inside {
				out = append(out, strings.Join(in, "\n"))
			}
			inside = false
		case inside:
			in = append(in, line)
		}
	}
	return out
}

// FuzzSchedule reads whatever is an information base: no crash, and an end.
func FuzzSchedule(f *testing.F) {
	for i, s := range subjects(f) {
		if i%8 == 0 {
			f.Add(s.root.AppendXML(nil, false))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		root, err := cib.Parse(text)
		if err != nil || root.Name() != "cib" {
			return
		}
		if root, err = cib.Upgrade(root); err != nil {
			return
		}
		res := Schedule(lawInput(root))
		if res.Graph == nil || res.Status == nil {
			t.Fatal("no plan")
		}
	})
}
