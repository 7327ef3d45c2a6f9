package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/internal/simulate"
	"mainstay/shell/crm"
)

// crmCommand is "mainstay crm …": the crm shell's levels, one command at a time or
// interactively.
func (a *app) crmCommand() *cobra.Command {
	return &cobra.Command{
		Use: "crm [LEVEL [COMMAND...]]", Short: "The crm shell: configure, resource, node, status, cib, ra", GroupID: "change",
		Long: "Carries out one command of the crm shell, or, without one, reads commands: from the\n" +
			"terminal with completion, else from standard input. Several commands of the\n" +
			"configure level are committed together at its end.",
		Example: "  mainstay crm configure primitive vip ocf:heartbeat:IPaddr2 params ip=10.0.0.9\n" +
			"  mainstay crm resource move vip node2\n  mainstay crm",
		DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
				return c.Help()
			}
			return (&crmShell{app: a}).main(c.Context(), args)
		},
	}
}

// crmShell is one run of the shell.
type crmShell struct {
	*app
	level   string       // "" is the top
	session *crm.Session // of the configure level, nil outside of it
	force   bool
	failed  bool // a command failed; the exit code says so
}

// errLeave ends the shell.
var errLeave = errors.New("leave the shell")

// main runs one command, or reads them.
func (s *crmShell) main(ctx context.Context, args []string) error {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch {
		case args[0] == "-F" || args[0] == "--force":
			s.force, args = true, args[1:]
		case args[0] == "-f" && len(args) == 2:
			text, err := s.Input(args[1])
			if err != nil {
				return err
			}
			return s.lines(ctx, strings.NewReader(string(text)))
		default:
			return face.Failf(face.Usage, "crm: unknown option %s\n  remedy: see \"mainstay crm --help\"", args[0])
		}
	}
	if len(args) > 0 {
		err := s.line(ctx, quoted(args))
		return s.over(ctx, err)
	}
	if in, ok := s.Stdin.(*os.File); ok && s.Terminal && term.IsTerminal(int(in.Fd())) {
		return s.interactive(ctx, in)
	}
	return s.lines(ctx, s.Stdin)
}

// quoted joins words so that the shell's own language reads the same words.
func quoted(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		if name, value, ok := strings.Cut(a, "="); ok && strings.ContainsAny(value, " \t\"") && !strings.ContainsAny(name, " \t\"") {
			out[i] = name + `="` + strings.ReplaceAll(value, `"`, `\"`) + `"`
			continue
		}
		out[i] = a
	}
	return strings.Join(out, " ")
}

// over ends the shell: what is not committed yet is.
func (s *crmShell) over(ctx context.Context, err error) error {
	if errors.Is(err, errLeave) {
		err = nil
	}
	if err == nil && s.session != nil && s.session.Changed() {
		err = s.commit(ctx)
	}
	if err == nil && s.failed {
		return face.Silent(face.Error)
	}
	return err
}

// lines carries out commands one a line. A backslash at its end continues a line; where
// one is missing in a statement, its next line tells.
func (s *crmShell) lines(ctx context.Context, from io.Reader) error {
	in := bufio.NewScanner(from)
	in.Buffer(nil, 1<<24)
	whole, more := "", in.Scan()
	for more {
		whole += in.Text()
		unfinished := crm.Unfinished(in.Text())
		more = in.Scan()
		lost := more && s.level == "configure" && crm.Continues(in.Text()) && strings.TrimSpace(whole) != ""
		if more && (unfinished || lost) {
			whole += "\n"
			continue
		}
		if err := s.line(ctx, whole); errors.Is(err, errLeave) {
			break
		} else if err != nil {
			s.complain(err)
		}
		whole = ""
	}
	if err := in.Err(); err != nil {
		return &face.Failure{Code: face.NoInput, Err: err}
	}
	return s.over(ctx, nil)
}

// complain tells an error and goes on.
func (s *crmShell) complain(err error) {
	s.failed = true
	if text := face.Describe(err); text != "" {
		s.Errorf("ERROR: %s\n", text)
	}
}

// interactive reads commands from a terminal.
func (s *crmShell) interactive(ctx context.Context, in *os.File) error {
	for {
		line, err := s.prompt(in)
		for more := ""; err == nil && crm.Unfinished(line[strings.LastIndexByte(line, '\n')+1:]); line += "\n" + more {
			more, err = s.prompt(in)
		}
		if err != nil {
			s.Printf("\n")
			return s.over(ctx, nil)
		}
		if err := s.line(ctx, line); errors.Is(err, errLeave) {
			return s.over(ctx, nil)
		} else if err != nil {
			s.complain(err)
		}
	}
}

// prompt reads one line, with completion at the tabulator; the terminal is in raw
// mode only meanwhile, so that commands find it as it was.
func (s *crmShell) prompt(in *os.File) (string, error) {
	old, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return "", fmt.Errorf("terminal: %w", err)
	}
	// A terminal that cannot be restored is gone.
	defer func() { _ = term.Restore(int(in.Fd()), old) }()
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, s.Stdout}, "crm("+orTop(s.level)+")# ")
	t.AutoCompleteCallback = func(line string, pos int, key rune) (string, int, bool) {
		if key != '\t' || pos != len(line) {
			return "", 0, false
		}
		next, all := extend(line, s.complete(line))
		if next == line && len(all) > 1 {
			fmt.Fprintf(t, "%s\n", strings.Join(all, "  "))
		}
		return next, len(next), true
	}
	return t.ReadLine()
}

func orTop(level string) string {
	if level == "" {
		return "live"
	}
	return level
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
	if len(all) == 1 && !strings.HasSuffix(next, "=") {
		next += " "
	}
	return next, all
}

// complete lists what the last word of a line may become.
func (s *crmShell) complete(line string) []string {
	words := strings.Fields(line)
	last := ""
	if len(words) > 0 && !strings.HasSuffix(line, " ") {
		last, words = words[len(words)-1], words[:len(words)-1]
	}
	level := s.level
	if level == "" && len(words) > 0 && slices.Contains(crmLevels(), words[0]) {
		level, words, line = words[0], words[1:], strings.TrimPrefix(strings.TrimLeft(line, " "), words[0]+" ")
	}
	var out []string
	switch {
	case level == "configure":
		session := s.session
		if session == nil {
			root, err := s.CIB(context.Background())
			if err != nil {
				return nil
			}
			session = crm.NewSession(root)
		}
		return session.Complete(line)
	case level == "" && len(words) == 0:
		out = append(crmLevels(), "help", "quit", "verify", "report", "history")
	case len(words) == 0:
		for _, c := range crmCommands() {
			if c.level == level {
				out = append(out, c.name)
			}
		}
		out = append(out, "up", "help", "quit")
	default:
		out = s.objects(level)
	}
	out = slices.DeleteFunc(out, func(w string) bool { return !strings.HasPrefix(w, last) })
	slices.Sort(out)
	return slices.Compact(out)
}

// line carries out one line.
func (s *crmShell) line(ctx context.Context, line string) error {
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	if s.level == "" {
		return s.top(ctx, words, line)
	}
	switch words[0] {
	case "up", "end", "cd", "..":
		return s.up(ctx)
	case "quit", "exit", "bye":
		if err := s.up(ctx); err != nil {
			return err
		}
		return errLeave
	}
	if s.level == "configure" {
		return s.configure(ctx, line)
	}
	return s.command(ctx, s.level, words)
}

// top carries out a command of the top level: the name of a level enters it, with a
// command behind it the level is only visited.
func (s *crmShell) top(ctx context.Context, words []string, line string) error {
	switch name := words[0]; {
	case slices.Contains([]string{"quit", "exit", "bye"}, name):
		return errLeave
	case name == "up" || name == "end" || name == "cd":
		return nil
	case name == "history":
		return s.history(ctx, words[1:])
	case name == "configure" && len(words) > 1:
		if err := s.enter(ctx, name); err != nil {
			return err
		}
		rest := strings.TrimPrefix(strings.TrimLeft(line, " \t"), name)
		err := s.configure(ctx, rest)
		if err == nil && s.session != nil && s.session.Changed() {
			err = s.commit(ctx)
		}
		s.level, s.session = "", nil
		return err
	case slices.Contains(crmLevels(), name) && name != "status" && len(words) == 1:
		return s.enter(ctx, name)
	case slices.Contains(crmLevels(), name) && name != "status":
		return s.command(ctx, name, words[1:])
	}
	return s.command(ctx, "", words)
}

// history tells what the cluster did. It needs no ssh and no logs of other nodes: the
// transitions are kept.
func (s *crmShell) history(ctx context.Context, words []string) error {
	root := s.root()
	root.SetArgs(append([]string{"history"}, words...))
	return root.ExecuteContext(ctx)
}

// enter goes into a level.
func (s *crmShell) enter(ctx context.Context, level string) error {
	if level == "configure" {
		root, err := s.CIB(ctx)
		if err != nil {
			return err
		}
		s.session = crm.NewSession(root)
	}
	s.level = level
	return nil
}

// up leaves a level; what was changed in the configuration is committed.
func (s *crmShell) up(ctx context.Context) error {
	if s.session != nil && s.session.Changed() {
		if err := s.commit(ctx); err != nil {
			return err
		}
	}
	s.level, s.session = "", nil
	return nil
}

// configure carries out a line of the configure level.
func (s *crmShell) configure(ctx context.Context, line string) error {
	return s.say(ctx, s.session.Run(strings.TrimLeft(line, " \t")))
}

// say prints a reply and does what it asks for.
func (s *crmShell) say(ctx context.Context, r crm.Reply) error {
	s.Printf("%s", r.Text)
	wrong := 0
	for _, p := range r.Problems {
		if p.Severity == cib.Error {
			wrong++
		}
		text := p.Msg
		if p.Remedy != "" {
			text += "\n    remedy: " + p.Remedy
		}
		s.Errorf("%s: %s\n", strings.ToUpper(p.Severity.String()), text)
	}
	if wrong > 0 {
		s.failed = true
		return face.Silent(face.BadData)
	}
	switch e := r.Effect.(type) {
	case crm.Commit:
		return s.commit(ctx)
	case crm.Refresh:
		return s.refresh(ctx)
	case crm.EditText:
		return s.editText(ctx, e)
	case crm.LoadFile:
		text, err := s.Input(e.Name)
		if err != nil {
			return err
		}
		if e.XML {
			return s.say(ctx, s.session.LoadedXML(string(text), e.Mode))
		}
		return s.say(ctx, s.session.Loaded(string(text), e.Mode))
	case crm.SaveFile:
		if e.Name == "-" {
			s.Printf("%s", e.Text)
			return nil
		}
		if err := os.WriteFile(e.Name, []byte(e.Text), 0o600); err != nil {
			return &face.Failure{Code: face.CantCreate, Err: err}
		}
	case crm.Simulate:
		env := *s.Env
		env.Stdin = strings.NewReader(string(e.Root.AppendXML(nil, true)))
		if code := simulate.Tool(ctx, &env, []string{"--simulate", "--xml-pipe"}); code != face.OK {
			return face.Silent(code)
		}
	case crm.Quit:
		return s.up(ctx)
	}
	return nil
}

// commit sends the changes to the cluster, unless it changed meanwhile.
func (s *crmShell) commit(ctx context.Context) error {
	edits := s.session.Edits()
	if len(edits) == 0 {
		return nil
	}
	if err := s.change(ctx, edits); err != nil {
		return err
	}
	root, err := s.CIB(ctx)
	if err != nil {
		return err
	}
	s.session.Committed(root)
	return nil
}

// refresh takes what the cluster has now.
func (s *crmShell) refresh(ctx context.Context) error {
	root, err := s.CIB(ctx)
	if err == nil {
		s.session.Refreshed(root)
	}
	return err
}

// editText lets the user's editor change a text.
func (s *crmShell) editText(ctx context.Context, e crm.EditText) error {
	name, err := s.tempFile(e.Text)
	if err != nil {
		return err
	}
	if err := s.runEditor(ctx, name); err != nil {
		return err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return &face.Failure{Code: face.NoInput, Err: err}
	}
	if err := s.say(ctx, s.session.Edited(e, string(text))); err != nil {
		return fmt.Errorf("%w\n  your text is in %s", err, name)
	}
	return os.Remove(name)
}
