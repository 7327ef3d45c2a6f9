package crm

import (
	"strings"
	"testing"

	"mainstay/cib"
)

// Each text has one mistake; the message must name its line, the thing, and
// what to do.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		line int
		says string // parts separated by |
	}{
		{"primitve A Dummy", 1, `unknown statement "primitve"|did you mean primitive?`},
		{"hello world", 1, `unknown statement "hello"|begins with one of`},
		{"\n\nprimitive", 3, "the statement ends where resource name is expected"},
		{"primitive A", 1, "the statement ends where an agent"},
		{"primitive 1A Dummy", 1, `"1A" is not a valid resource name|begins with a letter`},
		{"primitive A ofc:heartbeat:Dummy", 1, `unknown class of agents "ofc"|did you mean ocf?`},
		{"primitive A ocf:Dummy", 1, "names no provider|ocf:heartbeat:Dummy"},
		{"primitive A Dummy parms a=1", 1, `found "parms"|did you mean params?`},
		{"primitive A Dummy \\\n  params a=1 \\\n  mata b=2", 3, `found "mata"|did you mean meta?`},
		{"primitive A Dummy params fake", 1, "found \"fake\" where NAME=VALUE is expected"},
		{"primitive A Dummy params a=1 a=2", 1, "a is set twice"},
		{"primitive A Dummy op monitor interval=10 interval=20", 1, "interval of operation monitor is given twice"},
		{"primitive A Dummy op", 1, "ends where operation is expected"},
		{"primitive A Dummy op monitor interval=10x", 1, `interval of operation monitor of A: "10x" is not a duration`},
		{"primitive A Dummy op monitor interval=10 on-fail=restrat", 1, "did you mean restart?"},
		{"primitive A Dummy op monitor interval=10 op monitor interval=10s timeout=3", 1, "two operations monitor"},
		{"primitive A Dummy meta is-managed=ture", 1, "is-managed of A|not a boolean"},
		{"primitive A Dummy operations foo", 1, "$id=NAME"},
		{"primitive A @T", 1, "A: there is no template T"},
		{"primitive A Dummy params \"a=1", 1, `the quote " is never closed`},
		{"primitive A Dummy\nprimitive A Dummy", 2, "the name is already taken on line 1"},
		{"primitive A Dummy params $id-ref=nobody", 1, "$id-ref=nobody: there is no object"},
		{"group g", 1, "the resources of group g"},
		{"primitive Ab Dummy\ngroup g Ab Ac", 2, "group g: there is no resource Ac|did you mean Ab?"},
		{"primitive A Dummy\ngroup g A A", 2, "A is listed twice"},
		{"primitive A Dummy\ngroup g A\ngroup h A", 3, "A is in both g and h"},
		{"primitive A Dummy\nprimitive B Dummy\nclone c A B", 3, `found "B"`},
		{"primitive A Dummy\ngroup g A\nclone c g\nclone d c", 4, "a clone cannot contain c, which is a clone"},
		{"primitive A Dummy\nlocation l A", 2, "SCORE: NODE or rule is expected"},
		{"primitive A Dummy\nlocation l A lots: n1", 2, `"lots" is not a score`},
		{"primitive A Dummy\nlocation l A inf:", 2, "the name of a node"},
		{"primitive A Dummy\nlocation l AA inf: n1", 2, "there is no resource AA|did you mean A?"},
		{"primitive A Dummy\nlocation l A role=Boss 1: n1", 2, `unknown role "Boss"`},
		{"primitive A Dummy\nlocation l A resource-discovery=no 1: n1", 2, "always, never or exclusive"},
		{"primitive A Dummy\nlocation l A rule 1: #uname is n1", 2, `found "is" where a comparison`},
		{"primitive A Dummy\nlocation l A rule 1: defined x and defined y or defined z", 2, "and and or are mixed"},
		{"primitive A Dummy\nlocation l A rule 1: date spec foo=1", 2, "one of hours"},
		{"primitive A Dummy\nlocation l A rule 1: date in", 2, "start=DATE"},
		{"primitive A Dummy\nlocation l A rule 1: date sometimes", 2, "lt, gt, in or spec"},
		{"primitive A Dummy\ncolocation c inf: A A", 2, "colocation c puts A with itself"},
		{"primitive A Dummy\ncolocation c inf: A", 2, "names 1 of at least 2 resources"},
		{"primitive A Dummy\nprimitive B Dummy\ncolocation c foo: A B", 3, `"foo" is not a score`},
		{"primitive A Dummy\nprimitive B Dummy\ncolocation c inf: A B:Mastr", 3, `unknown role "Mastr"`},
		{"primitive A Dummy\nprimitive B Dummy\ncolocation c inf: A ( B", 3, "the set opened by ( is never closed"},
		{"primitive A Dummy\nprimitive B Dummy\ncolocation c inf: A ( ( B ) )", 3, "sets cannot be nested"},
		{"primitive A Dummy\nprimitive B Dummy\ncolocation c inf: A ( )", 3, "an empty set"},
		{"primitive A Dummy\nprimitive B Dummy\norder o Mandtory: A B", 3, `unknown kind "Mandtory"|did you mean Mandatory?`},
		{"primitive A Dummy\nprimitive B Dummy\norder o A:begin B", 3, `unknown action "begin"`},
		{"primitive A Dummy\nprimitive B Dummy\norder o A B symmetrical=perhaps", 3, "not a boolean"},
		{"primitive A Dummy\norder o A A", 2, "before itself"},
		{"primitive A Dummy\nrsc_ticket t A", 2, "TICKET: is expected"},
		{"primitive A Dummy\nrsc_ticket t tA: A loss-policy=cry", 2, "unknown loss-policy"},
		{"property stonith-enable=true", 1, "unknown cluster option stonith-enable|did you mean stonith-enabled?"},
		{"property xyzzy=1", 1, "unknown cluster option xyzzy"},
		{"property batch-limit=many", 1, "batch-limit of the cluster options"},
		{"property no-quorum-policy=stopp", 1, "did you mean stop?"},
		{"property", 1, "NAME=VALUE"},
		{"fencing_topology n1: A", 1, "there is no resource A"},
		{"fencing_topology n1:", 1, "ends where fence devices is expected"},
		{"role r allow xpath:/cib", 1, "read, write or deny is expected"},
		{"role r read something", 1, "xpath:, ref:"},
		{"role r read", 1, "what may be read"},
		{"acl_target joe r", 1, "there is no role r"},
		{"user joe read xpath:/cib", 1, "acl_target joe"},
		{"tag t", 1, "the objects of tag t"},
		{"tag t A", 1, "tag t: there is no resource A"},
		{"alert a", 1, "the path of the alert program"},
		{"alert a /x to", 1, "a recipient"},
		{"alert a /x to { /y", 1, "} is expected"},
		{"alert a /x select", 1, "nodes, fencing, resources"},
		{"bundle b", 1, "docker or podman with the image"},
		{"bundle b docker image=x primitive A", 1, "there is no resource A"},
		{"monitor A 10s", 1, "there is no primitive A"},
		{"monitor A", 1, "INTERVAL[:TIMEOUT]"},
		{"monitor A 10q", 1, "not a duration"},
		{"xml <primitive id=\"A\"", 1, "xml: line 1"},
		{"xml <lrm id=\"A\"/>", 1, "<lrm> is not an object"},
		{"node n1:boss", 1, `unknown type "boss"`},
		{"delete nobody", 1, "delete: there is no object nobody"},
	} {
		root, edits, problems := Load(c.text, cib.Empty(), Update)
		if root != nil || edits != nil {
			t.Errorf("%q is loaded", c.text)
		}
		found := false
		for _, p := range problems {
			ok := p.Severity == cib.Error && p.Line == c.line
			for _, part := range strings.Split(c.says, "|") {
				ok = ok && strings.Contains(p.Msg+"; "+p.Remedy, part)
			}
			found = found || ok
		}
		if !found {
			t.Errorf("%q: want line %d saying %q, got %v", c.text, c.line, c.says, problems)
		}
	}
}

// What crmsh writes in its own ways is read: a list without values, an unordered set of
// a location, the whole document as what may be read.
func TestWaysOfCrmsh(t *testing.T) {
	for text, want := range map[string]string{
		"primitive A Dummy params":                             "primitive A Dummy\n",
		"primitive A Dummy\nclone c A meta x=1 meta":           "primitive A Dummy\nclone c A \\\n\tmeta x=1\n",
		"primitive A Dummy\nlocation l { ( A ) } 10: n2":       "primitive A Dummy\nlocation l { A sequential=false } 10: n2\n",
		"node n1 attributes attributes a=b":                    "node n1 \\\n\tattributes a=b\n",
		"role r read cib deny cib":                             "role r \\\n\tread cib \\\n\tdeny cib\n",
		"primitive A Dummy\nlocation l A rule #uname eq n1":    "primitive A Dummy\nlocation l A \\\n\trule inf: #uname eq n1\n",
		"primitive A Dummy params meta is-managed=true params": "primitive A Dummy \\\n\tmeta is-managed=true\n",
	} {
		root, _, problems := Load("property stonith-enabled=false\n"+text, cib.Empty(), Update)
		if root == nil {
			t.Errorf("%q: %v", text, problems)
			continue
		}
		got, _, _ := strings.Cut(Format(root), "property ")
		if role := strings.Index(Format(root), "role "); role >= 0 {
			got = Format(root)[role:]
		}
		if got != want {
			t.Errorf("%q is written as\n%s", text, got)
		}
	}
}

// All mistakes of a text come at once.
func TestSeveralErrors(t *testing.T) {
	_, _, problems := Load("primitve A Dummy\nprimitive B Dummy\ngroup\nlocation l B foo\n", cib.Empty(), Update)
	var lines []int
	for _, p := range problems {
		if p.Severity == cib.Error {
			lines = append(lines, p.Line)
		}
	}
	if len(lines) != 3 || lines[0] != 1 || lines[1] != 3 || lines[2] != 4 {
		t.Errorf("%v", problems)
	}
}

func TestDelete(t *testing.T) {
	root, _, problems := Load("property stonith-enabled=false\nprimitive A Dummy\nprimitive B Dummy\nprimitive C Dummy\ngroup g A B\nlocation l C 1: n1\nnode n1\nnode n2", cib.Empty(), Update)
	if cib.HasErrors(problems) {
		t.Fatal(problems)
	}
	root, _, problems = Load("delete g A l n2", root, Update)
	if cib.HasErrors(problems) {
		t.Fatal(problems)
	}
	if got, want := Format(root), "node n1\nprimitive B Dummy\nprimitive C Dummy\nproperty cib-bootstrap-options: \\\n\tstonith-enabled=false\n"; got != want {
		t.Errorf("%s", got)
	}
	if _, _, problems := Load("location l B 1: n1\ndelete B", root, Update); !cib.HasErrors(problems) {
		t.Error("a resource is deleted while a constraint needs it")
	}
}

func TestFormatObjects(t *testing.T) {
	root, _, problems := Load("primitive A Dummy\nprimitive B Dummy\nnode n1", cib.Empty(), Update)
	if cib.HasErrors(problems) {
		t.Fatal(problems)
	}
	text, missing := FormatObjects(root, "n1", "B", "X")
	if text != "node n1\nprimitive B Dummy\n" || len(missing) != 1 || missing[0] != "X" {
		t.Errorf("%q, missing %v", text, missing)
	}
}

// Whatever is read leads to a CIB that can be written and read again.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		"primitive A Dummy params a=\"b c\" op monitor interval=10 role=Master\nclone c A meta x=1",
		"location l A rule $role=Promoted inf: #uname eq n1 and date spec hours=1-2",
		"colocation c inf: A ( B C ) [ D E:Promoted ]\norder o Mandatory: A:start B",
		"xml <primitive id=\"A\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\" x=\"y\"/>",
		"alert a /x select nodes attributes { a b } to { /y meta timeout=3 }\nrole r read xpath:/cib",
		"# c\nproperty x: rule date lt 2030 a=b\nnode 1: n1 attributes a=b\nfencing_topology pattern:.* a,b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		root, edits, problems := Load(text, cib.Empty(), Update)
		if root == nil {
			if !cib.HasErrors(problems) {
				t.Fatalf("nothing is loaded, without an error: %v", problems)
			}
			return
		}
		if applied, err := cib.Apply(cib.Empty(), edits); err != nil || !applied.Equal(root) {
			t.Fatalf("the edits do not lead to the root: %v", err)
		}
		again := Format(root)
		sts, problems := Parse(again)
		edits, more := Compile(sts, root, Update)
		if cib.HasErrors(append(problems, more...)) || len(edits) > 0 {
			t.Fatalf("%q is written as\n%s\nwhich, read again: %v %v %v", text, again, problems, more, edits)
		}
	})
}
