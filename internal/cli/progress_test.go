package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"mainstay/internal/face"
)

const pairOfNodes = `node 1: alpha
node 2: beta
primitive vip ocf:heartbeat:IPaddr2 params ip=192.0.2.1 op monitor interval=10s
primitive a-database-with-a-rather-long-name ocf:heartbeat:pgsql op monitor interval=10s
property stonith-enabled=false no-quorum-policy=ignore
`

// rehearsed runs a rehearsal of a few rows whose clock goes a second forward each time
// that it is looked at.
func rehearsed(t *testing.T, stdout, stderr *os.File, flags ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pair.crm")
	if err := os.WriteFile(path, []byte(pairOfNodes), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_700_000_000, 0)
	env := &face.Env{Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr, Getenv: func(string) string { return "" },
		Now: func() time.Time { now = now.Add(time.Second); return now }}
	args := append([]string{"mainstay", "rehearse", path, "--phases", "idle", "--jobs", "1"}, flags...)
	if code := Run(t.Context(), env, args); code != face.OK {
		t.Errorf("exit %d", code)
	}
}

// piped is what a rehearsal writes to pipes.
func piped(t *testing.T, flags ...string) (stdout, stderr string) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	rehearsed(t, files[0], files[1], flags...)
	var text [2]string
	for i, f := range files {
		data, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		text[i] = string(data)
	}
	return text[0], text[1]
}

// typed is what a rehearsal writes to a terminal of so many columns.
func typed(t *testing.T, columns uint16, flags ...string) string {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(slave, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	done := make(chan string)
	go func() {
		var buf bytes.Buffer
		_, _ = buf.ReadFrom(master) // ends with EIO when nobody has the other side any more
		done <- buf.String()
	}()
	rehearsed(t, slave, slave, flags...)
	slave.Close()
	text := <-done
	master.Close()
	return text
}

// screen is what a terminal shows in the end, for as much as a rehearsal uses of it.
func screen(text string) string {
	lines := []string{""}
	for _, part := range regexp.MustCompile("\r\n|\r|\x1b\\[K|[^\r\x1b]+").FindAllString(text, -1) {
		last := &lines[len(lines)-1]
		switch part {
		case "\r\n":
			lines = append(lines, "")
		case "\r":
		case "\x1b[K": // always at the beginning of a line
			*last = ""
		default:
			*last += part
		}
	}
	return strings.Join(lines, "\n")
}

// On a terminal a bar shows rows done, of how many, how long it takes yet and what is
// being played; nothing of it stays, and the table is that of a pipe.
func TestProgressOnATerminal(t *testing.T) {
	want, _ := piped(t)
	text := typed(t, 200)
	if got := screen(text); got != want {
		t.Errorf("the terminal shows in the end\n%s\nwant\n%s", got, want)
	}
	for _, want := range []string{"\r\x1b[K" + strings.Repeat("░", 40) + " 0 of 20 rows: power:alpha@idle",
		"██████████████", " 10 of 20 rows, about ", "s left: ", " 20 of 20 rows\r\x1b[K"} {
		if !strings.Contains(text, want) {
			t.Errorf("the bar never shows %q:\n%q", want, text)
		}
	}
}

// A line that does not fit would become two, of which only one could be taken back.
func TestProgressFitsTheTerminal(t *testing.T) {
	text := typed(t, 50, "--json")
	bar, _, _ := strings.Cut(text, "{")
	lines := strings.Split(bar, "\r\x1b[K")
	cut := 0
	for _, line := range lines {
		if n := len([]rune(line)); n > 49 {
			t.Errorf("%d characters on a terminal of 50: %q", n, line)
		}
		if strings.HasSuffix(line, "…") {
			cut++
		}
	}
	if len(lines) < 20 || cut == 0 {
		t.Errorf("%d lines, %d of them shortened: %q", len(lines), cut, bar)
	}
}

// In a pipe there is no bar: a line per tenth on standard error, and the table alone
// on standard output.
func TestProgressInAPipe(t *testing.T) {
	stdout, stderr := piped(t)
	if strings.ContainsAny(stdout+stderr, "\r\x1b█░") {
		t.Errorf("a bar in a pipe:\n%q\n%q", stdout, stderr)
	}
	if strings.Contains(stdout, " of 20 rows") || strings.Count(stderr, " of 20 rows after ") != 10 || !strings.Contains(stderr, "\n20 of 20 rows after 10s\n") {
		t.Errorf("standard error:\n%s\nstandard output:\n%s", stderr, stdout)
	}
	if _, stderr := piped(t, "--only", "power:alpha"); stderr != "" {
		t.Errorf("one row: %q", stderr)
	}
}
