package sched

import (
	"encoding/json"
	"flag"
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
