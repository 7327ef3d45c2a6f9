package engine

import (
	"bytes"
	"testing"

	"mainstay/replica"
)

// What is given is what is taken, by number; while too much waits to be sent, and
// for kinds that are rare, it is read from what was sent.
func TestShared(t *testing.T) {
	s := NewShared()
	var sent [][]byte
	for i := range 3 * maxUnread {
		sent = append(sent, s.encode(message{Update: &replica.Update{Seq: uint64(i + 1)}}))
	}
	twins := map[uint64]bool{}
	for i, p := range sent {
		if small := p[0] == numbered; small != (i < maxUnread) {
			t.Fatalf("message %d is sent as %.20q", i, p)
		}
		a, err := s.decode(p)
		b, again := s.decode(p)
		if err != nil || again != nil || a.Update != b.Update || a.Update.Seq != uint64(i+1) {
			t.Fatalf("message %d: %+v, %v; %+v, %v", i, a.Update, err, b.Update, again)
		}
		if a.Update.Twin == 0 || twins[a.Update.Twin] {
			t.Fatalf("message %d has the twin number %d", i, a.Update.Twin)
		}
		twins[a.Update.Twin] = true
	}
	if s.unread != 0 {
		t.Errorf("%d count as unread", s.unread)
	}
	if p := s.encode(message{Update: &replica.Update{}}); p[0] != numbered {
		t.Errorf("when all is taken, a message is sent as %.20q", p)
	}
	for _, m := range []message{{Head: &replica.Head{Name: "a"}}, {Part: &replica.Part{Of: 1}}, {Clean: &clean{Node: "a"}}} {
		got, err := s.decode(s.encode(m))
		if err != nil || (m.Head == nil) != (got.Head == nil) || (m.Part == nil) != (got.Part == nil) || (m.Clean == nil) != (got.Clean == nil) {
			t.Errorf("%+v comes as %+v, %v", m, got, err)
		}
	}
	for _, bad := range []string{"#", "#x", "#999999", "{"} {
		if _, err := s.decode([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	var none *Shared
	if got, err := none.decode(none.encode(message{Update: &replica.Update{Seq: 7}})); err != nil || got.Update.Seq != 7 || got.Update.Twin != 0 {
		t.Errorf("without sharing: %+v, %v", got.Update, err)
	}
}

// Of readings, the same bytes come to the same message, and nothing goes by number.
func TestReadings(t *testing.T) {
	s := NewReadings()
	sent := s.encode(message{Update: &replica.Update{Seq: 7}})
	if sent[0] != '{' || s.ofReplicas() != nil {
		t.Fatalf("a message is sent as %q", sent)
	}
	a, err := s.decode(sent)
	b, again := s.decode(bytes.Clone(sent))
	if err != nil || again != nil || a.Update != b.Update || a.Update.Seq != 7 || a.Update.Twin != 0 {
		t.Errorf("read as %+v, %v, then as %+v, %v", a.Update, err, b.Update, again)
	}
	if _, err := s.decode([]byte("#1")); err == nil {
		t.Error("a number is taken for a message")
	}
}
