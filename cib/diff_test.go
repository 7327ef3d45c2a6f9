package cib

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustParse(t testing.TB, doc string) *Elem {
	t.Helper()
	e, err := Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func orderDoc(ids string, epoch int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<cib epoch="%d" num_updates="0" admin_epoch="0"><configuration><crm_config/><resources>`, epoch)
	for _, r := range ids {
		fmt.Fprintf(&b, `<primitive id="%c"/>`, r)
	}
	return b.String() + `</resources></configuration><status/></cib>`
}

// The moves that the peer writes for the same documents.
func TestDiffMoves(t *testing.T) {
	for _, c := range []struct{ from, to, moves string }{
		{"ABCD", "DABC", "D0 A1"},
		{"ABC", "CBA", "C0 A2"},
		{"ABCDE", "BXDAE", "B0 +X1 A3"},
		{"ABCDE", "EDCBA", "E0 D1 B3 A4"},
		{"ABCD", "BADCX", "B0 A1 D2 C3 +X4"},
		{"ABCD", "ABCD", ""},
	} {
		a, b := mustParse(t, orderDoc(c.from, 1)), mustParse(t, orderDoc(c.to, 2))
		d := Diff(a, b)
		var got []string
		for ch := range d.Named("change") {
			switch ch.Get("operation") {
			case "move":
				id := strings.TrimSuffix(ch.Get("path")[len("/cib/configuration/resources/primitive[@id='"):], "']")
				got = append(got, id+ch.Get("position"))
			case "create":
				got = append(got, "+"+ch.Kids()[0].ID()+ch.Get("position"))
			}
		}
		if s := strings.Join(got, " "); s != c.moves {
			t.Errorf("%s → %s: %q, want %q", c.from, c.to, s, c.moves)
		}
		if back, err := Patch(a, d); err != nil || !back.Equal(b) {
			t.Errorf("%s → %s: the patch gives %v\n%s", c.from, c.to, err, back)
		}
	}
}

// genTree draws a small tree with few names, ids and comments, so that moves,
// creations and deletions all happen.
func genTree(t *rapid.T, name, id string, depth int) *Elem {
	e := New(name)
	if id != "" {
		e = e.With("id", id)
	}
	for _, a := range []string{"x", "y", "z"} {
		if v := rapid.IntRange(0, 3).Draw(t, a); v > 0 {
			e = e.With(a, fmt.Sprint(v))
		}
	}
	if depth == 0 {
		return e
	}
	ids := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "#a", "#b", "-"}), 0, 7, rapid.ID).Draw(t, "kids")
	var kids []*Elem
	for _, k := range ids {
		switch {
		case k[0] == '#':
			kids = append(kids, Comment(k))
		case k == "-":
			kids = append(kids, genTree(t, "plain", "", depth-1))
		default:
			kids = append(kids, genTree(t, "item", k, depth-1))
		}
	}
	return e.WithKids(kids)
}

// Whatever two trees look like, the diff of them turns one into the other.
func TestDiffPatchRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genTree(t, "cib", "", 3), genTree(t, "cib", "", 3)
		d := DiffUnversioned(a, b)
		if d == nil {
			if !a.Equal(b) {
				t.Fatal("no difference between different trees")
			}
			return
		}
		again, err := Parse(d.AppendXML(nil, true))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Patch(a, again)
		if err != nil {
			t.Fatalf("%v\n%s\n%s\n%s", err, a, b, d)
		}
		if !got.Equal(b) {
			t.Fatalf("patched:\n%s\nwant:\n%s\nfrom:\n%s\ndiff:\n%s", got, b, a, d)
		}
	})
}

// Every order of six children is reached from every other by the moves of the
// diff, also with one gone and one new.
func TestDiffAllOrders(t *testing.T) {
	var orders []string
	var permute func(head, rest string)
	permute = func(head, rest string) {
		if rest == "" {
			orders = append(orders, head)
		}
		for i := range rest {
			permute(head+rest[i:i+1], rest[:i]+rest[i+1:])
		}
	}
	permute("", "ABCDEF")
	a, gone := mustParse(t, orderDoc("ABCDEF", 1)), mustParse(t, orderDoc("AXBCDEYF", 1))
	for _, order := range orders {
		for _, from := range []*Elem{a, gone} {
			for _, to := range []string{order, order[:3] + "N" + order[3:]} {
				b := mustParse(t, orderDoc(to, 2))
				if got, err := Patch(from, Diff(from, b)); err != nil || !got.Equal(b) {
					t.Fatalf("to %s: %v\n%s", to, err, Diff(from, b))
				}
			}
		}
	}
}

func TestPatchErrors(t *testing.T) {
	root := mustParse(t, baseDoc)
	for _, c := range []struct{ doc, says string }{
		{`<diff format="1"/>`, `format "1"`},
		{`<patch/>`, "expected a <diff"},
		{`<diff format="2"><version><source admin_epoch="1" epoch="4" num_updates="0"/><target/></version></diff>`, "for version 1.4.0, the present one is 1.5.3"},
		{`<diff format="2"><change operation="delete" path="/cib/nowhere"/></diff>`, "there is no /cib/nowhere"},
		{`<diff format="2"><change operation="delete" path="/cib"/></diff>`, "the root cannot be deleted"},
		{`<diff format="2"><change operation="delete" path="//comment()" position="0"/></diff>`, "there is no //comment()"},
		{`<diff format="2"><change operation="delete" path="/cib/configuration/comment" position="0"/></diff>`, "no comment at position 0"},
		{`<diff format="2"><change operation="modify" path="/cib/status"/></diff>`, "has no result"},
		{`<diff format="2"><change operation="create" path="/cib/status"/></diff>`, "nothing to create"},
		{`<diff format="2"><change operation="create" path="/cib/gone"><x/></change></diff>`, "there is no /cib/gone"},
		{`<diff format="2"><change operation="move" path="/cib" position="1"/></diff>`, "the root cannot be moved"},
		{`<diff format="2"><change operation="move" path="/cib/gone" position="1"/></diff>`, "there is no /cib/gone"},
		{`<diff format="2"><change operation="move" path="/cib/status" position="first"/></diff>`, `"first" is not a number`},
		{`<diff format="2"><change operation="twist" path="/cib/status"/></diff>`, `unknown operation "twist"`},
		{`<diff format="2" digest="0"><change operation="delete" path="/cib/status/node_state[@id='1']"/></diff>`, "fetch the whole configuration"},
		{`<diff format="2"><change operation="delete" path="status"/></diff>`, "not a path from the root"},
	} {
		got, err := Patch(root, mustParse(t, c.doc))
		if err == nil || got != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.doc, err, c.says)
		}
	}
	// A digest that fits is accepted, whatever the path looks like.
	ok := `<diff format="2" digest="` + VersionedDigest(mergeDoc(t, root, `<node_state id="1" uname="n9"/>`), "3.16.1") + `">
		<change operation="modify" path="//node_state[@uname='n1']"><change-result><node_state id="1" uname="n9"/></change-result></change></diff>`
	if _, err := Patch(root, mustParse(t, ok)); err != nil {
		t.Error(err)
	}
}
