package linux

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// cutPower copies a state directory as it is at this moment, and opens the copy.
func cutPower(t *testing.T, dir string) *Machine {
	t.Helper()
	after := t.TempDir()
	if err := os.CopyFS(after, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	m, err := New(Config{StateDir: after, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func TestWhatWasWrittenSurvivesAPowerCut(t *testing.T) {
	m := newMachine(t)
	// Large ones pass the journal by; together they fill it several times.
	size := func(i int) int { return []int{10, 40_000, 100_000, 300_000}[i%4] }
	for i := range 40 {
		name := "file" + strconv.Itoa(i%3)
		want := bytes.Repeat([]byte(strconv.Itoa(i%10)), size(i))
		m.Write(host.Tag(i), name, want)
		if w := next[host.Written](t, m); w.Err != nil {
			t.Fatal(w.Err)
		}
		if got, err := m.Read(name); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("write %d: read back %d bytes, %v", i, len(got), err)
		}
		if i%7 != 0 {
			continue
		}
		after := cutPower(t, m.cfg.StateDir)
		if got, err := after.Read(name); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("write %d: after the power cut there are %d bytes, %v", i, len(got), err)
		}
		if names, err := after.List("."); err != nil || len(names) != min(i+1, 3) {
			t.Fatalf("write %d: files after the power cut: %v, %v", i, names, err)
		}
	}
}

func TestRemovedStaysRemovedAfterAPowerCut(t *testing.T) {
	m := newMachine(t)
	for i := range 3 {
		m.Write(host.Tag(i), "file", []byte(strconv.Itoa(i)))
		next[host.Written](t, m)
	}
	m.Remove("file")
	m.Write(1, "other", nil)
	next[host.Written](t, m)
	if b, err := cutPower(t, m.cfg.StateDir).Read("file"); err == nil {
		t.Errorf("it is back with %q", b)
	}
}

func TestTheJournalEndsWithTheDaemon(t *testing.T) {
	m, err := New(Config{StateDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		m.Write(host.Tag(i), "file", []byte(strconv.Itoa(i)))
		next[host.Written](t, m)
	}
	m.Close()
	if b, err := os.ReadFile(filepath.Join(m.cfg.StateDir, "file")); err != nil || string(b) != "4" {
		t.Errorf("content %q, %v", b, err)
	}
	if _, err := os.Stat(filepath.Join(m.cfg.StateDir, journalFile)); err == nil {
		t.Error("the journal was left behind")
	}
}

func TestJournalIsPutInPlaceWhenThingsAreCalm(t *testing.T) {
	m := newMachine(t)
	for i := range 5 {
		m.Write(host.Tag(i), "file", []byte(strconv.Itoa(i)))
		next[host.Written](t, m)
	}
	path := filepath.Join(m.cfg.StateDir, "file")
	end := m.Now() + patience
	for b := []byte(nil); string(b) != "4"; {
		if m.Now() > end {
			t.Fatalf("it is still %q", b)
		}
		m.Next(m.Now() + calm/4)
		b, _ = os.ReadFile(path)
	}
}

func TestDamagedRecordsEndTheJournal(t *testing.T) {
	var text []byte
	var ends []int
	for i := range 4 {
		text = append(text, encodeRecord(uint64(7+i), "file", []byte{byte(i)})...)
		ends = append(ends, len(text))
	}
	text = append(text, make([]byte, 200)...)
	if got := decodeJournal(text); len(got) != 4 || got[3].data[0] != 3 {
		t.Fatalf("records: %v", got)
	}
	for at := range ends[3] {
		broken := bytes.Clone(text)
		broken[at] ^= 0x10
		whole := 0
		for whole < 4 && ends[whole] <= at {
			whole++
		}
		if got := decodeJournal(broken); len(got) != whole {
			t.Errorf("byte %d is wrong: %d records are read, want %d", at, len(got), whole)
		}
	}
	stale := append(bytes.Clone(text[:ends[0]]), encodeRecord(5, "file", nil)...)
	if got := decodeJournal(stale); len(got) != 1 {
		t.Errorf("a record of an earlier round counts: %v", got)
	}
}

func FuzzDecodeJournal(f *testing.F) {
	f.Add(encodeRecord(1, "file", []byte("content")))
	f.Add(append(encodeRecord(1, "a", nil), encodeRecord(2, "b", []byte("x"))...))
	f.Fuzz(func(t *testing.T, text []byte) {
		var again []byte
		for i, r := range decodeJournal(text) {
			if !filepath.IsLocal(r.name) {
				t.Fatalf("record %d is about %q", i, r.name)
			}
			again = append(again, encodeRecord(0, r.name, r.data)...)
		}
		if len(again) > len(text) {
			t.Fatalf("%d bytes hold %d bytes of records", len(text), len(again))
		}
	})
}

// What nobody waits for does not hold up what somebody waits for, and is there in the end.
func TestKeepHoldsNothingUp(t *testing.T) {
	m := newMachine(t)
	stuck := filepath.Join(m.cfg.StateDir, "stuck"+temporary)
	if err := unix.Mkfifo(stuck, 0o600); err != nil { // opening it waits for a reader
		t.Fatal(err)
	}
	m.Keep(1, "stuck", []byte("x"))
	m.Keep(2, "kept", []byte("old"))
	m.Keep(3, "kept", []byte("new"))
	m.Write(4, "file", []byte("y"))
	if w := next[host.Written](t, m); w.Tag != 4 || w.Err != nil {
		t.Fatalf("first ended %+v", w)
	}
	r, err := os.Open(stuck)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if w := next[host.Written](t, m); w.Tag != 1 || w.Err == nil {
		t.Errorf("what could not be kept ended %+v", w)
	}
	for range 2 {
		if w := next[host.Written](t, m); w.Err != nil {
			t.Error(w.Err)
		}
	}
	if got, err := cutPower(t, m.cfg.StateDir).Read("kept"); err != nil || string(got) != "new" {
		t.Errorf("kept %q, %v", got, err)
	}
}
