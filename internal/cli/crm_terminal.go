package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"mainstay/internal/face"
	"mainstay/shell/crm"
)

// errInterrupted is what a line becomes when the user presses Ctrl-C.
var errInterrupted = errors.New("interrupted")

// The keys that have a meaning here.
const (
	keyInterrupt = 3  // Ctrl-C
	keySearch    = 18 // Ctrl-R
)

// terminal reads lines from the user, with completion and a history that outlives it.
type terminal struct {
	in       *os.File
	out      io.Writer
	keys     keys
	past     *past
	line     *term.Terminal // nil until the first line, and after Ctrl-C
	complete func(line string) []string
	wanted   string // what Ctrl-R looks for
	found    int    // and how far back it has come
}

// keys hands on what is typed, up to each Ctrl-C, and remembers that it was one: the
// line editor calls both that and Ctrl-D the end.
type keys struct {
	in          io.Reader
	held        []byte
	interrupted bool
}

// Read implements io.Reader.
func (k *keys) Read(p []byte) (int, error) {
	k.interrupted = false
	if len(k.held) == 0 {
		buf := make([]byte, len(p))
		n, err := k.in.Read(buf)
		if n == 0 {
			return 0, err
		}
		k.held = buf[:n]
	}
	n := min(len(p), len(k.held))
	if i := bytes.IndexByte(k.held[:n], keyInterrupt); i >= 0 {
		n, k.interrupted = i+1, true
	}
	copy(p, k.held[:n])
	k.held = k.held[n:]
	return n, nil
}

// pastLimit is how many lines the history keeps.
const pastLimit = 1000

// past is the history: lines, oldest first, kept in a file if there is one.
type past struct {
	lines []string
	file  string
	quiet bool // what is answered to a question is not kept
}

// openPast reads the history of earlier shells. Without a readable file it begins anew.
func openPast(file string) *past {
	p := &past{file: file}
	f, err := os.Open(file)
	if err != nil {
		return p
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		p.lines = append(p.lines, in.Text())
	}
	p.lines = p.lines[max(0, len(p.lines)-pastLimit):]
	return p
}

// Add implements term.History: no empty lines, none twice in a row.
func (p *past) Add(line string) {
	if line = strings.TrimSpace(line); line == "" || p.quiet || len(p.lines) > 0 && p.lines[len(p.lines)-1] == line {
		return
	}
	p.lines = append(p.lines, line)
	p.lines = p.lines[max(0, len(p.lines)-pastLimit):]
}

// Len implements term.History.
func (p *past) Len() int { return len(p.lines) }

// At implements term.History: 0 is the newest.
func (p *past) At(i int) string { return p.lines[len(p.lines)-1-i] }

// keep writes the history for the next shell.
func (p *past) keep() error {
	if p.file == "" || len(p.lines) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(p.file), 0o700); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := os.WriteFile(p.file, []byte(strings.Join(p.lines, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// pastFile is where the history is kept, by the XDG base directory specification; ""
// for a user without a home.
func (a *app) pastFile() string {
	state := a.Getenv("XDG_STATE_HOME")
	if home := a.Getenv("HOME"); state == "" && home != "" {
		state = filepath.Join(home, ".local", "state")
	}
	if state == "" {
		return ""
	}
	return filepath.Join(state, "mainstay", "crm_history")
}

// newTerminal makes the user's terminal one that reads lines.
func (a *app) newTerminal(in *os.File, complete func(string) []string) *terminal {
	return &terminal{in: in, out: a.Stdout, keys: keys{in: in}, past: openPast(a.pastFile()), complete: complete}
}

// read reads one line. The terminal is in raw mode only meanwhile, so that commands and
// editors find it as it was. Ctrl-C gives errInterrupted, Ctrl-D on an empty line io.EOF.
func (t *terminal) read(prompt string) (string, error) {
	old, err := term.MakeRaw(int(t.in.Fd()))
	if err != nil {
		return "", fmt.Errorf("terminal: %w", err)
	}
	// A terminal that cannot be restored is gone.
	defer func() { _ = term.Restore(int(t.in.Fd()), old) }()
	if t.line == nil {
		t.line = term.NewTerminal(struct {
			io.Reader
			io.Writer
		}{&t.keys, t.out}, prompt)
		t.line.History = t.past
		t.line.AutoCompleteCallback = t.key
	}
	t.line.SetPrompt(prompt)
	width, height, err := term.GetSize(int(t.in.Fd()))
	if err == nil && width > 0 && height > 0 {
		if err := t.line.SetSize(width, height); err != nil {
			return "", fmt.Errorf("terminal: %w", err)
		}
	}
	t.wanted, t.found = "", -1
	line, err := t.line.ReadLine()
	if err == nil || errors.Is(err, term.ErrPasteIndicator) {
		return line, nil
	}
	t.line = nil // it keeps what was typed before Ctrl-C
	if t.keys.interrupted {
		fmt.Fprint(t.out, "^C\r\n")
		return "", errInterrupted
	}
	return "", err
}

// key is asked about each key: the tabulator completes, Ctrl-R finds the newest line of
// the history that has what was typed, and again the one before that.
func (t *terminal) key(line string, pos int, key rune) (string, int, bool) {
	switch {
	case key == keySearch:
		if t.found < 0 {
			t.wanted = line
		}
		for i := t.found + 1; i < t.past.Len(); i++ {
			if l := t.past.At(i); strings.Contains(l, t.wanted) && l != line {
				t.found = i
				return l, len(l), true
			}
		}
		return line, pos, true
	case key == '\t' && pos == len(line):
		next, all := extend(line, t.complete(line))
		if next == line && len(all) > 1 {
			fmt.Fprint(t.line, columns(all, t.width()))
		}
		return next, len(next), true
	case key == '\t':
		return line, pos, true
	}
	t.found = -1
	return "", 0, false
}

// width is the terminal's, in columns.
func (t *terminal) width() int {
	if w, _, err := term.GetSize(int(t.in.Fd())); err == nil && w > 0 {
		return w
	}
	return 80
}

// columns lays words out below each other, as many columns as fit.
func columns(words []string, width int) string {
	longest := 0
	for _, w := range words {
		longest = max(longest, len(w))
	}
	n := max(1, width/(longest+2))
	rows := (len(words) + n - 1) / n
	var b strings.Builder
	for r := range rows {
		for i := r; i < len(words); i += rows {
			if i+rows >= len(words) {
				b.WriteString(words[i])
				continue
			}
			fmt.Fprintf(&b, "%-*s", longest+2, words[i])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// extend lengthens a line by what all candidates for its last word have in common.
func extend(line string, all []string) (string, []string) {
	if len(all) == 0 {
		return line, nil
	}
	common := all[0]
	for _, c := range all[1:] {
		for !strings.HasPrefix(c, common) {
			common = common[:len(common)-1]
		}
	}
	cut := strings.LastIndexByte(line, ' ') + 1
	if len(common) < len(line)-cut {
		return line, all
	}
	next := line[:cut] + common
	if len(all) == 1 && !strings.HasSuffix(next, "=") && !strings.HasSuffix(next, ":") {
		next += " "
	}
	return next, all
}

// interactive reads commands from a terminal until the user leaves.
func (s *crmShell) interactive(ctx context.Context, in *os.File) error {
	s.terminal = s.newTerminal(in, s.complete)
	defer func() {
		if err := s.terminal.past.keep(); err != nil {
			s.Errorf("WARNING: %v\n", err)
		}
	}()
	for {
		line, err := s.statement()
		switch {
		case errors.Is(err, errInterrupted):
			continue
		case err != nil: // Ctrl-D, or the terminal is gone
			s.Printf("\n")
			line = "quit"
		}
		gone := err != nil && !errors.Is(err, io.EOF)
		if err := s.interruptible(ctx, line); errors.Is(err, errLeave) {
			return nil
		} else if errors.Is(err, errGone) || gone {
			return s.rescue()
		} else if err != nil && !errors.Is(err, errInterrupted) {
			s.complain(err)
		}
	}
}

// statement reads a line with those that continue it.
func (s *crmShell) statement() (string, error) {
	line, err := s.terminal.read(s.promptText())
	for err == nil && crm.Unfinished(line[strings.LastIndexByte(line, '\n')+1:]) {
		var more string
		more, err = s.terminal.read("   > ")
		line += "\n" + more
	}
	return line, err
}

// promptText names what commands work on, and the level.
func (s *crmShell) promptText() string {
	what := "live"
	if name := s.Getenv("CIB_shadow"); name != "" {
		what = name
	}
	return "crm(" + what + ")" + s.level + "# "
}

// interruptible carries out a line; Ctrl-C meanwhile ends the command, not the shell.
func (s *crmShell) interruptible(ctx context.Context, line string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return s.line(ctx, line)
}

// errGone says that nobody answers any more.
var errGone = errors.New("nobody answers")

// ask asks the user a question of yes or no. Whoever presses Ctrl-C wants neither.
func (s *crmShell) ask(question string) (bool, error) {
	s.terminal.past.quiet = true
	defer func() { s.terminal.past.quiet = false }()
	for {
		line, err := s.terminal.read(question + " (y/n)? ")
		if errors.Is(err, errInterrupted) {
			return false, err
		}
		if err != nil {
			return false, errGone
		}
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}

// rescue keeps what was changed and not committed when the user cannot be asked.
func (s *crmShell) rescue() error {
	if s.session == nil || !s.session.Changed() {
		return nil
	}
	name, err := s.tempFile(crm.Format(s.session.Root()))
	if err != nil {
		return err
	}
	return face.Failf(face.Error, "your changes are not committed\n  remedy: they are in %s: \"mainstay crm configure load replace %s\"", name, name)
}

// tidy makes the names of a list unique and sorted, and leaves out those that do not
// begin as wanted.
func tidy(list []string, prefix string) []string {
	list = slices.DeleteFunc(list, func(w string) bool { return w == "" || !strings.HasPrefix(w, prefix) })
	slices.Sort(list)
	return slices.Compact(list)
}
