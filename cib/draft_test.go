package cib

import "testing"

// A draft, and what is made of one, is hashed as if it were none.
func TestDraftHash(t *testing.T) {
	const doc = `<cib epoch="3"><!-- c --><configuration><nodes><node id="1" uname="a"/></nodes></configuration><status/></cib>`
	made, err := ParseString(doc)
	if err != nil {
		t.Fatal(err)
	}
	draft, err := ParseDraft(doc)
	if err != nil {
		t.Fatal(err)
	}
	for step, change := range []func(*Elem) *Elem{
		func(e *Elem) *Elem { return e },
		func(e *Elem) *Elem { return e.With("epoch", "4") },
		func(e *Elem) *Elem { return e.Without("epoch") },
		func(e *Elem) *Elem { return New("around", Attr{"a", "b"}).Append(New("x"), e, New("y")) },
	} {
		want, got := change(made), change(draft)
		if !got.draft || want.draft {
			t.Fatalf("%d: a draft is what comes of a draft, and of nothing else", step)
		}
		sealed := got.Sealed()
		if Hash(got) != Hash(want) || Hash(sealed) != Hash(want) || sealed.draft {
			t.Errorf("%d: a draft hashes to %x, sealed to %x, want %x", step, Hash(got), Hash(sealed), Hash(want))
		}
		sealed.Walk(func(e *Elem) bool {
			if e.unhashed() {
				t.Errorf("%d: <%s> is a draft within a sealed element", step, e.Name())
			}
			return true
		})
		if string(got.AppendXML(nil, true)) != string(want.AppendXML(nil, true)) {
			t.Errorf("%d: a draft is written differently", step)
		}
	}
	if Hash(Draft("x", Attr{"a", "b"})) != Hash(New("x", Attr{"a", "b"})) {
		t.Error("a made draft hashes differently")
	}
}
