package device

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		"/bin/true":                           {"/bin/true"},
		`/bin/ping -q -c 1 "www.example.org"`: {"/bin/ping", "-q", "-c", "1", "www.example.org"},
		`a\ b "c \"d" ""`:                     {"a b", `c "d`, ""},
		"  /usr/bin/test\t-f  /tmp/x ":        {"/usr/bin/test", "-f", "/tmp/x"},
		`"open`:                               nil,
		`x \`:                                 nil,
		" ":                                   nil,
	} {
		got, err := Split(line)
		if (err != nil) != (want == nil) || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v, want %q", line, got, err, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	if _, err := LoadIdentity(t.TempDir(), "/nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no certificate: %v", err)
	}
	key := make([]byte, 256)
	a, err := ClusterIdentity("lab", key, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ClusterIdentity("lab", key, nil)
	if err != nil || !slices.Equal(a.Certificate.Certificate[0], b.Certificate.Certificate[0]) {
		t.Errorf("two nodes of one cluster have two identities: %v", err)
	}
	key[0] = 1
	if c, err := ClusterIdentity("lab", key, nil); err != nil || slices.Equal(a.Certificate.Certificate[0], c.Certificate.Certificate[0]) {
		t.Errorf("another key, the same identity: %v", err)
	}
	if f, err := ParseFingerprint("AB:" + "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"); err != nil || f[0] != 0xab {
		t.Errorf("%x %v", f, err)
	}
	if _, err := ParseFingerprint("abc"); err == nil {
		t.Error("a short fingerprint was taken")
	}
}
