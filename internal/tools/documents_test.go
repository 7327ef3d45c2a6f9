package tools

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mainstay/cib"
	"mainstay/internal/face"
)

// The flags of "make documents".
var (
	documentDir   = flag.String("documents", "", "directory of CIBs (*.xml); some of peer/ if it is empty")
	documentEdits = flag.Int("documents.edits", 4, "random changes in each pair of documents")
	documentSeeds = flag.Uint64("documents.seeds", 1, "pairs made of each document")
)

// documentCounts is how often both sides agreed, by what was compared.
type documentCounts struct{ same, different map[string]int }

func (c documentCounts) note(t *testing.T, what, file string, equal bool, format string, args ...any) {
	t.Helper()
	if equal {
		c.same[what]++
		return
	}
	c.different[what]++
	t.Errorf("%s of %s: %s", what, filepath.Base(file), fmt.Sprintf(format, args...))
}

// TestDocumentsAsThePeer has Pacemaker's tools and ours upgrade documents, tell their
// digests, and write and read differences between each and a random change of it.
func TestDocumentsAsThePeer(t *testing.T) {
	files := []string{"peer/cib.xml", "peer/empty.xml", "peer/sets.xml", "peer/new.xml", "peer/old.xml"}
	if *documentDir != "" {
		var err error
		if files, err = filepath.Glob(filepath.Join(*documentDir, "*.xml")); err != nil {
			t.Fatal(err)
		}
	}
	counts := documentCounts{map[string]int{}, map[string]int{}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root, err := cib.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		work := t.TempDir()
		compareDigests(t, counts, work, file)
		// Of newer ones the peer takes no change, for older ones it writes another format.
		root = root.With("crm_feature_set", "3.16.1")
		compareUpgrade(t, counts, work, file, []byte(root.String()))
		for seed := range *documentSeeds {
			next := changed(root, rand.New(rand.NewPCG(seed, uint64(len(text)))), *documentEdits)
			compareDifferences(t, counts, work, file, root, next)
		}
	}
	for _, what := range []string{"upgrade", "digest", "crm_diff", "our patch, read by the peer", "the peer's patch, read by us", "its own patch, read by the peer"} {
		t.Logf("%-30s %5d equal, %d different", what, counts.same[what], counts.different[what])
	}
	if counts.same["upgrade"] == 0 {
		t.Error("there are no documents")
	}
}

// compareUpgrade compares what cibadmin --upgrade makes of a document.
func compareUpgrade(t *testing.T, counts documentCounts, work, file string, text []byte) {
	t.Helper()
	document := filepath.Join(work, "cib.xml")
	var rcs []int
	var made []*cib.Elem
	for _, by := range []func(*testing.T, string, []string) (string, string, int){runPeer, runOurs} {
		if err := os.WriteFile(document, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, rc := by(t, work, []string{"cibadmin", "--upgrade", "--force"})
		root, err := face.ReadCIB(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"epoch", "num_updates", "cib-last-written", "update-origin", "update-client", "update-user"} {
			root = root.Without(name)
		}
		rcs, made = append(rcs, rc), append(made, root)
	}
	if rcs[0] != rcs[1] {
		counts.note(t, "upgrade", file, false, "exit code %d, the peer's %d", rcs[1], rcs[0])
		return
	}
	counts.note(t, "upgrade", file, made[0].Equal(made[1]), "from the peer's to ours:\n%s", cib.Diff(made[0], made[1]))
}

func compareDigests(t *testing.T, counts documentCounts, work, file string) {
	t.Helper()
	for _, kind := range []string{"--md5-sum", "--md5-sum-versioned"} {
		args := []string{"cibadmin", kind, "--xml-file", file}
		peer, _, _ := runPeer(t, work, args)
		ours, _, _ := runOurs(t, work, args)
		counts.note(t, "digest", file, peer == ours, "%s: %q, the peer's %q", kind, ours, peer)
	}
}

// compareDifferences compares crm_diff's answers for two documents, and has each side
// read what the other wrote.
func compareDifferences(t *testing.T, counts documentCounts, work, file string, before, after *cib.Elem) {
	t.Helper()
	save := func(name, text string) string {
		name = filepath.Join(work, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	old, now := save("old.xml", before.String()), save("now.xml", after.String())
	args := []string{"crm_diff", "--cib", "-o", old, "-n", now}
	peer, _, _ := runPeer(t, work, args)
	ours, _, _ := runOurs(t, work, args)
	counts.note(t, "crm_diff", file, peer == ours, "ours\n%s\nthe peer's\n%s", ours, peer)
	if before.Equal(after) {
		return
	}
	reads := func(patch string, by func(*testing.T, string, []string) (string, string, int)) (bool, string) {
		out, errs, rc := by(t, work, []string{"crm_diff", "-o", old, "-p", save("patch.xml", patch)})
		root, err := cib.Parse([]byte(out))
		return rc == 0 && err == nil && root.Equal(after), fmt.Sprintf("exit code %d %v %s\n%s", rc, err, errs, patch)
	}
	good, why := reads(peer, runOurs)
	counts.note(t, "the peer's patch, read by us", file, good, "%s", why)
	if good, why = reads(ours, runPeer); !good && ours == peer {
		counts.different["its own patch, read by the peer"]++ // a loss of its own; it writes the same text
		return
	}
	counts.note(t, "our patch, read by the peer", file, good, "%s", why)
}

// changed makes random changes below the configuration and the status of a document,
// and raises its epoch.
func changed(root *cib.Elem, rng *rand.Rand, n int) *cib.Elem {
	for range n {
		var all []*cib.Elem
		root.Walk(func(e *cib.Elem) bool {
			if e.ID() != "" {
				all = append(all, e)
			}
			return true
		})
		if len(all) == 0 {
			break
		}
		target := all[rng.IntN(len(all))]
		done := false // elements that are the same stand in several places
		root = rebuilt(root, func(kids []*cib.Elem) []*cib.Elem {
			i := slices.Index(kids, target)
			if i < 0 || done {
				return kids
			}
			done = true
			return changeOne(slices.Clone(kids), i, rng)
		})
	}
	v := cib.VersionOf(root)
	return root.With("epoch", fmt.Sprint(v.Epoch+1))
}

// rebuilt changes lists of children, from the root down.
func rebuilt(e *cib.Elem, change func([]*cib.Elem) []*cib.Elem) *cib.Elem {
	kids := slices.Clone(change(e.Kids()))
	for i, k := range kids {
		kids[i] = rebuilt(k, change)
	}
	return e.WithKids(kids)
}

// changeOne changes one of several siblings: an attribute, its place, a twin, or it goes.
func changeOne(kids []*cib.Elem, i int, rng *rand.Rand) []*cib.Elem {
	e := kids[i]
	switch rng.IntN(6) {
	case 0:
		return slices.Delete(kids, i, i+1)
	case 1:
		twin := renamed(e, fmt.Sprintf("-twin%d", rng.IntN(1000)))
		return slices.Insert(kids, rng.IntN(len(kids)+1), twin)
	case 2:
		kids = slices.Delete(kids, i, i+1)
		return slices.Insert(kids, rng.IntN(len(kids)+1), e)
	case 3:
		for _, a := range e.Attrs() {
			if a.Name != "id" {
				kids[i] = e.Without(a.Name)
				break
			}
		}
	case 4:
		kids[i] = e.With("description", `a <b> & "c" 'd'`+strings.Repeat("é", rng.IntN(3)))
	default:
		for _, a := range e.Attrs() {
			if a.Name != "id" {
				kids[i] = e.With(a.Name, a.Value+"x")
			}
		}
	}
	return kids
}

// renamed gives an element and all below it other ids.
func renamed(e *cib.Elem, suffix string) *cib.Elem {
	if e.ID() != "" {
		e = e.With("id", e.ID()+suffix)
	}
	kids := slices.Clone(e.Kids())
	for i, k := range kids {
		kids[i] = renamed(k, suffix)
	}
	return e.WithKids(kids)
}
