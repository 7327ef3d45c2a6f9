package rehearse

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"mainstay/cib"
	"mainstay/shell/crm"
)

// read makes a CIB of crm text.
func read(t *testing.T, text string) *cib.Elem {
	t.Helper()
	root, _, problems := crm.Load(text, cib.Empty(), crm.Update)
	if root == nil {
		t.Fatalf("the configuration does not load: %v", problems)
	}
	return root
}

// subject makes a subject of crm text.
func subject(t *testing.T, text string, m Machines) *Subject {
	t.Helper()
	s, err := NewSubject(read(t, text), m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// levels writes which rows came out how, and why the red ones did: what does not
// change when a timeout of the cluster does.
func levels(rep *Report) string {
	var b strings.Builder
	for _, l := range []Level{Green, Yellow, Red, Void} {
		var ids []string
		for _, r := range rep.Rows {
			if r.Level == l {
				ids = append(ids, r.ID)
			}
		}
		if len(ids) > 0 || l != Void {
			fmt.Fprintf(&b, "%s: %s\n", l, strings.Join(ids, " "))
		}
	}
	for _, g := range rep.grouped() {
		slices.Sort(g.kinds)
		fmt.Fprintf(&b, "%s: %s\n  why: %s\n  do: %s\n", strings.Join(g.kinds, ", "), strings.Join(g.Services, " "), g.whys[0], g.Do)
	}
	return b.String()
}

// TestStories plays configurations:
//
//	example NAME [phases=(idle,recovery)]   a file of the examples
//	crm [phases=(…)]                        crm text
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			text := d.Input
			if d.Cmd == "example" {
				data, err := os.ReadFile(filepath.Join("../../examples", d.CmdArgs[0].Key))
				if err != nil {
					t.Fatal(err)
				}
				text = string(data)
			}
			o := Options{Seed: 1, Phases: []Phase{Idle}, Workers: 2}
			for _, a := range d.CmdArgs {
				if a.Key == "phases" {
					o.Phases = nil
					for _, v := range a.Vals {
						o.Phases = append(o.Phases, Phase(v))
					}
				}
			}
			s := subject(t, text, Machines{})
			for _, a := range d.CmdArgs {
				if a.Key == "rows" {
					for _, v := range a.Vals {
						c, err := s.ParseCase(v)
						if err != nil {
							t.Fatal(err)
						}
						o.Only = append(o.Only, c)
					}
				}
			}
			rep, err := Run(t.Context(), s, o)
			if err != nil {
				return "error: " + err.Error() + "\n"
			}
			return levels(rep)
		})
	})
}
