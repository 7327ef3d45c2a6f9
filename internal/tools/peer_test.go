package tools

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/internal/simulate"
)

// peerDir is where Pacemaker's tools are (Debian package pacemaker-cli-utils).
const peerDir = "/usr/sbin"

// answer is what a command said and left behind.
type answer struct {
	out, errs, rc string
	doc           *cib.Elem
	kept          bool // the document is byte for byte what it was
}

// TestAsThePeer runs each command of peer/commands.txt and peer/bad.txt by Pacemaker's own tool and
// by ours, on the same document.
func TestAsThePeer(t *testing.T) {
	if _, err := os.Stat(filepath.Join(peerDir, "crm_resource")); err != nil {
		t.Fatalf("this test compares with Pacemaker's tools: install pacemaker-cli-utils (%v)", err)
	}
	var text []byte
	for _, list := range []string{"commands.txt", "bad.txt"} {
		more, err := os.ReadFile(filepath.Join("peer", list))
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, more...)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		how, line := comparison(line)
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			peerSays := run(t, dir, line, runPeer)
			weSay := run(t, dir, line, runOurs)
			compareAnswers(t, peerSays, weSay, how)
		})
	}
}

// The ways to compare two answers, besides whole: what a line of the lists may begin with.
const (
	whole    = ""     // text for text
	codeOnly = "rc"   // exit code and document: the words differ on purpose
	lastLine = "tail" // these and the last line of standard error: above are a validator's words
	onlyOurs = "own"  // we answer with the exit code that follows, and change nothing unless it is 0
)

// comparison takes the way to compare off a line: "rc", "tail" or "own CODE".
func comparison(line string) (how, rest string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case codeOnly, lastLine:
		return word, rest
	case onlyOurs:
		code, rest, _ := strings.Cut(rest, " ")
		return onlyOurs + " " + code, rest
	}
	return whole, line
}

func compareAnswers(t *testing.T, peer, ours answer, how string) {
	t.Helper()
	if code, own := strings.CutPrefix(how, onlyOurs+" "); own {
		switch {
		case ours.rc != code:
			t.Errorf("exit code %s, want %s\nours: %s%s\npeer's %s: %s%s", ours.rc, code, ours.out, ours.errs, peer.rc, peer.out, peer.errs)
		case code != "0" && !ours.kept:
			t.Error("a command that failed changed the document")
		case ours.rc == peer.rc && peer.doc.Equal(ours.doc):
			t.Error("the peer does the same: compare the words as well")
		}
		return
	}
	if peer.rc != ours.rc {
		t.Errorf("exit code %s, peer's %s\nours: %s%s\npeer's: %s%s", ours.rc, peer.rc, ours.out, ours.errs, peer.out, peer.errs)
	}
	if !peer.doc.Equal(ours.doc) {
		t.Errorf("the document differs (from peer's to ours):\n%s", cib.DiffUnversioned(peer.doc, ours.doc))
	}
	if ours.rc != "0" && peer.kept && !ours.kept {
		t.Error("a command that failed changed the document")
	}
	switch how {
	case codeOnly:
		return
	case lastLine:
		if peer, ours := last(peer.errs), last(ours.errs); peer != ours {
			t.Errorf("the last line is %q, peer's is %q", ours, peer)
		}
		return
	}
	if peer.out != ours.out {
		t.Errorf("standard output is\n%s\npeer's is\n%s", ours.out, peer.out)
	}
	if peer.errs != plain(ours.errs, peer.errs) {
		t.Errorf("standard error is\n%s\npeer's is\n%s", ours.errs, peer.errs)
	}
}

// last is the last line of a text.
func last(text string) string {
	text = strings.TrimRight(text, "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// run prepares the document, has a command run, and reads what it left.
func run(t *testing.T, dir, line string, by func(*testing.T, string, []string) (string, string, int)) answer {
	t.Helper()
	files, err := filepath.Glob("peer/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	document := filepath.Join(dir, "cib.xml")
	// On a cluster of nothing; on several sets of one kind; on bans and tickets; on units; with access lists; on no document.
	for _, doc := range []string{"empty", "sets", "bans", "units", "acl", "truncated", "nothing"} {
		rest, ok := strings.CutPrefix(line, doc+" ")
		if !ok {
			continue
		}
		line = rest
		if err := os.Rename(filepath.Join(dir, doc+".xml"), document); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	out, errs, rc := by(t, dir, split(strings.ReplaceAll(line, "$DIR", dir)))
	a.out, a.errs, a.rc = timeless(out), timeless(errs), strconv.Itoa(rc)
	after, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	a.kept = bytes.Equal(before, after)
	root, err := cib.Parse(after)
	if err != nil {
		root = cib.New("none").WithText(string(after))
	}
	for _, name := range []string{"epoch", "num_updates", "cib-last-written", "update-origin", "update-client", "update-user"} {
		root = root.Without(name)
	}
	// The two commands may run in different seconds.
	doc := regexp.MustCompile(`last-granted="\d+"`).ReplaceAllStringFunc(root.String(), func(s string) string {
		if at, err := strconv.ParseInt(s[len(`last-granted="`):len(s)-1], 10, 64); err == nil && time.Since(time.Unix(at, 0)) < time.Hour {
			return `last-granted="now"`
		}
		return s
	})
	if a.doc, err = cib.Parse([]byte(doc)); err != nil {
		t.Fatal(err)
	}
	return a
}

// plain leaves out the details that ours tells below the peer's words: lines that
// begin with two blanks.
func plain(ours, peer string) string {
	var b strings.Builder
	for line := range strings.Lines(ours) {
		if !strings.HasPrefix(line, "  ") || strings.Contains(peer, line) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// timeless blots out what tells the present time.
func timeless(s string) string {
	s = regexp.MustCompile(`(cib-last-written|update-origin|update-client|update-user)="[^"]*" ?`).ReplaceAllString(s, "")
	return regexp.MustCompile(`last-granted="\d+"`).ReplaceAllString(s, "last-granted")
}

func runPeer(t *testing.T, dir string, words []string) (string, string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, filepath.Join(peerDir, words[0]), words[1:]...)
	c.Env = append(os.Environ(), "CIB_file="+filepath.Join(dir, "cib.xml"), "CIB_shadow_dir="+dir, "LC_ALL=C.UTF-8", "TZ=UTC")
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	// The peer repeats the name that it was called by, with its directory.
	clean := func(b bytes.Buffer) string { return strings.ReplaceAll(b.String(), peerDir+"/", "") }
	return clean(out), clean(errs), c.ProcessState.ExitCode()
}

func runOurs(t *testing.T, dir string, words []string) (string, string, int) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &face.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Name: words[0], Version: "test",
		Now: func() time.Time { return time.Now().UTC() }, Socket: filepath.Join(dir, "none.sock"),
		Getenv: func(name string) string {
			return map[string]string{"CIB_file": filepath.Join(dir, "cib.xml"), "CIB_shadow_dir": dir}[name]
		}}
	tool := Lookup(words[0])
	if words[0] == "crm_simulate" {
		tool = simulate.Tool
	}
	if tool == nil {
		t.Fatalf("there is no %s", words[0])
	}
	code := tool(t.Context(), env, words[1:])
	return out.String(), errs.String(), int(code)
}

// split splits a command line at blanks outside of single quotes.
func split(line string) []string {
	var out []string
	word, quoted, any := strings.Builder{}, false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, any = !quoted, true
		case r == ' ' && !quoted:
			if any {
				out = append(out, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteRune(r)
			any = true
		}
	}
	if any {
		out = append(out, word.String())
	}
	return out
}
