package crm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mainstay/cib"
)

// TestSessions plays the stories of testdata: lines that begin with > are typed,
// what follows must be answered. "> :edited" and "> :loaded" give back what
// an effect asked for: the lines after it that begin with |.
func TestSessions(t *testing.T) {
	files, err := filepath.Glob("testdata/*.session")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(string(b))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(b) {
				t.Errorf("the story is now:\n%s", got)
			}
		})
	}
}

// play types the lines of a story and writes it anew with the answers.
func play(story string) string {
	s := NewSession(cib.Empty())
	var out strings.Builder
	var last Effect
	lines := strings.Split(strings.TrimSuffix(story, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		typed, ok := strings.CutPrefix(lines[i], "> ")
		if !ok {
			if strings.HasPrefix(lines[i], "//") || i == 0 {
				out.WriteString(lines[i] + "\n")
			}
			continue
		}
		out.WriteString(lines[i] + "\n")
		var body strings.Builder
		for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "| ") {
			i++
			out.WriteString(lines[i] + "\n")
			body.WriteString(lines[i][2:] + "\n")
		}
		r := answer(s, typed, body.String(), last)
		last = r.Effect
		out.WriteString(told(r))
	}
	return out.String()
}

func answer(s *Session, typed, body string, last Effect) Reply {
	switch typed {
	case ":edited":
		return s.Edited(last.(EditText), body)
	case ":loaded":
		if l := last.(LoadFile); l.XML {
			return s.LoadedXML(body, l.Mode)
		}
		return s.Loaded(body, last.(LoadFile).Mode)
	case ":committed":
		root, _, err := cib.Commit(s.base, last.(Commit).Edits, cib.Stamp{})
		if err != nil {
			return failed(err.Error(), "")
		}
		s.Committed(root)
		return Reply{Text: fmt.Sprintf("version %s, changed: %v\n", cib.VersionOf(root), s.Changed())}
	case ":refreshed":
		s.Refreshed(s.base)
		return Reply{}
	}
	if line, ok := strings.CutPrefix(typed, ":tab "); ok {
		return Reply{Text: strings.Join(s.Complete(strings.Trim(line, "'")), " ") + "\n"}
	}
	return s.Run(strings.ReplaceAll(typed, "⏎", "\n"))
}

// told writes a reply.
func told(r Reply) string {
	var b strings.Builder
	b.WriteString(r.Text)
	for _, p := range r.Problems {
		b.WriteString(p.String() + "\n")
	}
	switch e := r.Effect.(type) {
	case nil:
	case EditText:
		fmt.Fprintf(&b, "(edit %v)\n%s", e.Names, e.Text)
	case LoadFile:
		fmt.Fprintf(&b, "(load %s mode %d xml %v)\n", e.Name, e.Mode, e.XML)
	case SaveFile:
		fmt.Fprintf(&b, "(save %s)\n%s", e.Name, e.Text)
	case Commit:
		fmt.Fprintf(&b, "(commit %d edits)\n", len(e.Edits))
	case Quit:
		fmt.Fprintf(&b, "(quit with %d edits)\n", len(e.Edits))
	default:
		fmt.Fprintf(&b, "(%T)\n", e)
	}
	return b.String()
}

func TestRenameKeepsReferences(t *testing.T) {
	s := NewSession(cib.Empty())
	r := s.Loaded("property stonith-enabled=false\nprimitive A Dummy meta a=1\nprimitive F stonith:null\nprimitive B Dummy meta $id-ref=A\ngroup g A\nlocation l A 1: n1\ncolocation c inf: A ( B F )\norder o A B\ntag t A\nfencing_topology n1: F\nrole r read ref:A", Update)
	if cib.HasErrors(r.Problems) {
		t.Fatal(r.Problems)
	}
	for _, args := range [][2]string{{"A", "X"}, {"F", "Y"}, {"g", "h"}} {
		if r := s.Run("rename " + args[0] + " " + args[1]); cib.HasErrors(r.Problems) {
			t.Fatal(r.Problems)
		}
	}
	text := Format(s.Root())
	for _, want := range []string{"primitive X ", "meta $id-ref=X-meta_attributes", "group h X", "location l X ", "inf: X ( B Y )", "order o X B", "tag t X", "n1: Y", "ref:X"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, p := range cib.Validate(s.Root()) {
		if p.Severity == cib.Error {
			t.Error(p)
		}
	}
}

func TestComplete(t *testing.T) {
	s := NewSession(cib.Empty())
	r := s.Loaded("property stonith-enabled=false\nnode n1\nnode n2\nrsc_template tmpl Dummy\nprimitive alpha Dummy\nprimitive beta Dummy\ngroup grp beta", Update)
	if cib.HasErrors(r.Problems) {
		t.Fatal(r.Problems)
	}
	for line, want := range map[string]string{
		"loc": "location", "sho": "show", "show al": "alpha", "edit g": "grp", "delete n": "n1 n2",
		"primitive x @": "@tmpl", "primitive x oc": "ocf:heartbeat: ocf:pacemaker:", "primitive x Dummy m": "meta",
		"primitive x Dummy op mon": "monitor", "primitive x Dummy op monitor inter": "interval-origin= interval=", "primitive x Dummy op monitor op_p": "op_params",
		"primitive x Dummy meta target": "target-role=", "group g a": "alpha", "group g alpha m": "meta", "clone c g": "grp", "clone c grp meta inter": "interleave=",
		"location l al": "alpha", "location l alpha in": "inf:", "location l alpha inf: n": "n1 n2 not_defined", "location l alpha ro": "role=Promoted role=Started role=Unpromoted",
		"colocation c -": "-inf:", "colocation c inf: b": "beta", "colocation c inf: alpha beta node-": "node-attribute=",
		"order o S": "Serialize:", "order o alpha sym": "symmetrical=false", "rsc_ticket t alpha loss-policy=d": "loss-policy=demote", "order ": "",
		"monitor a": "alpha", "node n": "n1 n2", "tag t g": "grp", "property stonith-en": "stonith-enabled=", "get_property stonith-en": "stonith-enabled",
		"rsc_defaults res": "resource-failure-stickiness= resource-stickiness= restart-type=", "op_defaults tim": "timeout= timestamp=",
		"modgroup g": "grp", "modgroup grp a": "add", "modgroup grp add a": "alpha", "modgroup grp add alpha be": "before", "modgroup grp add alpha before b": "beta",
		"load ": "push replace update xml", "help mod": "modgroup", "verify ": "", "primitive": "primitive", "primitive ": "", "location ": "",
	} {
		if got := strings.Join(s.Complete(line), " "); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestCompleteIsSorted(t *testing.T) {
	s := NewSession(cib.Empty())
	for _, line := range []string{"", "p", "primitive ", "primitive x Dummy ", "primitive x Dummy op ", "property st", "location l ", "order o ", "nonsense "} {
		if got := s.Complete(line); !slices.IsSorted(got) {
			t.Errorf("%q: %v", line, got)
		}
	}
}
