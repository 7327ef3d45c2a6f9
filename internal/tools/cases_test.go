package tools

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/cib"
	"mainstay/internal/face"
)

// cases is where many CIBs lie that the peer's tools and ours are compared on.
var cases = flag.String("cases", "", "directory with CIBs for TestDigestsAsThePeer and TestUpgradeAsThePeer (default: the one in peer)")

// documents are the CIBs to compare on.
func documents(t *testing.T) []string {
	t.Helper()
	pattern := "peer/cib.xml"
	if *cases != "" {
		pattern = filepath.Join(*cases, "*.xml")
	}
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no documents match %s (%v)", pattern, err)
	}
	return names
}

func TestDigestsAsThePeer(t *testing.T) {
	names := documents(t)
	for _, name := range names {
		name, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, option := range []string{"--md5-sum", "--md5-sum-versioned"} {
			words := []string{"cibadmin", option, "-x", name}
			out, errs, rc := runPeer(t, t.TempDir(), words)
			ours, oursErrs, oursRC := runOurs(t, t.TempDir(), words)
			if out != ours || errs != oursErrs || rc != oursRC {
				t.Errorf("%s of %s: %d %s%s, peer's %d %s%s", option, name, oursRC, oursErrs, ours, rc, errs, out)
			}
		}
	}
	t.Logf("%d documents, two digests each", len(names))
}

// TestUpgradeAsThePeer compares what cibadmin --upgrade makes of documents. Those that
// the peer refuses because its schemas are older or stricter are counted, not compared.
func TestUpgradeAsThePeer(t *testing.T) {
	names, refused := documents(t), 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		words := []string{"cibadmin", "--upgrade", "--force"}
		peer, rc := upgraded(t, text, words, runPeer)
		if rc != 0 {
			refused++
			continue
		}
		ours, rc := upgraded(t, text, words, runOurs)
		if rc != 0 || !peer.Equal(ours) {
			t.Errorf("%s: exit code %d; from the peer's result to ours:\n%s", name, rc, cib.DiffUnversioned(peer, ours))
		}
	}
	t.Logf("%d documents compared, %d refused by the peer", len(names)-refused, refused)
}

// upgraded is a document after a command, without what tells when and by whom.
func upgraded(t *testing.T, text []byte, words []string, by func(*testing.T, string, []string) (string, string, int)) (*cib.Elem, int) {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "cib.xml")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs, rc := by(t, dir, words)
	root, err := face.ReadCIB(name)
	if err != nil {
		t.Fatalf("after %s: %v %s", strings.Join(words, " "), err, errs)
	}
	for _, a := range []string{"epoch", "num_updates", "cib-last-written", "update-origin", "update-client", "update-user"} {
		root = root.Without(a)
	}
	return root, rc
}
