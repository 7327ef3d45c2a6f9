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
