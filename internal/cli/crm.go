package cli

import (
	"bufio"
	"context"
	"errors"
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
			return asCrmsh((&crmShell{app: a}).main(c.Context(), args))
		},
	}
}

// asCrmsh makes an error one that ends the shell as crmsh ends: with 1, whatever it was.
func asCrmsh(err error) error {
	switch {
	case err == nil:
		return nil
	case face.Describe(err) == "":
		return face.Silent(face.Error)
	}
	return &face.Failure{Code: face.Error, Err: err}
}

// crmShell is one run of the shell.
type crmShell struct {
	*app
	level    string       // "" is the top
	session  *crm.Session // of the configure level, nil outside of it
	terminal *terminal    // nil if commands do not come from one
	shelf    *shelf       // what is known of agents, for completion
	force    bool
	failed   bool // a command failed; the exit code says so
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

// line carries out one line.
func (s *crmShell) line(ctx context.Context, line string) error {
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	switch words[0] {
	case "..", "up", "end":
		return s.up(ctx)
	case "cd":
		return s.cd(ctx, strings.Join(words[1:], " "))
	case "ls":
		s.list()
		return nil
	case "quit", "exit", "bye":
		if err := s.up(ctx); err != nil {
			return err
		}
		return errLeave
	}
	switch {
	case s.level == "":
		return s.top(ctx, words, line)
	case s.level == "configure" && len(words) > 1 && slices.Contains([]string{"ra", "cib", "history"}, words[0]):
		return s.visit(ctx, words)
	case s.level == "configure":
		return s.configure(ctx, line)
	}
	return s.command(ctx, s.level, words)
}

// top carries out a command of the top level: the name of a level enters it, with a
// command behind it the level is only visited.
func (s *crmShell) top(ctx context.Context, words []string, line string) error {
	switch name := words[0]; {
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
	case isLevel(name) && len(words) == 1:
		return s.enter(ctx, name)
	}
	return s.visit(ctx, words)
}

// visit carries out a command of another level, or of the top.
func (s *crmShell) visit(ctx context.Context, words []string) error {
	switch name := words[0]; {
	case name == "history":
		return s.history(ctx, words[1:])
	case isLevel(name):
		return s.command(ctx, name, words[1:])
	}
	return s.command(ctx, "", words)
}

// isLevel tells whether a name is that of a level that can be entered.
func isLevel(name string) bool { return name != "status" && slices.Contains(crmLevels(), name) }

// cd goes to another level: "..", "../LEVEL", "LEVEL", "/" or nothing, which is up.
func (s *crmShell) cd(ctx context.Context, path string) error {
	target := strings.TrimPrefix(strings.TrimPrefix(path, "/"), "../")
	switch {
	case path == "" || path == ".." || path == "/":
		return s.up(ctx)
	case path == ".":
		return nil
	case !isLevel(target):
		return face.Failf(face.Usage, "cd: there is no level %q\n  remedy: \"ls\" lists them", target)
	case target == path && s.level != "":
		return face.Failf(face.Usage, "cd: there is no level %s in %s; did you mean \"cd ../%s\"?", target, s.level, target)
	}
	if err := s.up(ctx); err != nil {
		return err
	}
	return s.enter(ctx, target)
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
		s.session = s.newSession(root)
	}
	s.level = level
	return nil
}

// up leaves a level. What was changed in the configuration is committed; on a terminal
// the user is asked. If it is refused, the level is not left.
func (s *crmShell) up(ctx context.Context) error {
	if s.session != nil && s.session.Changed() {
		wanted, err := true, error(nil)
		if s.terminal != nil && !s.force {
			wanted, err = s.ask("There are changes pending. Do you want to commit them")
		}
		if err == nil && wanted {
			err = s.commit(ctx)
		}
		if err != nil {
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
		if s.terminal != nil && !s.force && s.session.Changed() {
			if sure, err := s.ask("All changes will be dropped. Do you want to proceed"); err != nil || !sure {
				return keepOn(err)
			}
		}
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

// keepOn is an error of a question, but for Ctrl-C, which is an answer.
func keepOn(err error) error {
	if errors.Is(err, errInterrupted) {
		return nil
	}
	return err
}

// commit sends the changes to the cluster, unless it changed meanwhile.
func (s *crmShell) commit(ctx context.Context) error {
	edits := s.session.Edits()
	if len(edits) == 0 {
		return nil
	}
	if err := s.change(ctx, edits); err != nil {
		if s.terminal != nil {
			s.complain(err)
			err = face.Silent(face.CodeOf(err))
			s.Errorf("nothing is committed, and your changes are still here: \"show changed\" lists them, \"edit\" mends them, \"save FILE\" keeps them, \"refresh\" drops them\n")
		}
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

// editText lets the user's editor change a text. What cannot be taken is, on a
// terminal, edited again if the user wants to; else it stays in its file.
func (s *crmShell) editText(ctx context.Context, e crm.EditText) error {
	name, err := s.tempFile(e.Text)
	if err != nil {
		return err
	}
	for {
		if err := s.runEditor(ctx, name); err != nil {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return &face.Failure{Code: face.NoInput, Err: err}
		}
		err = s.say(ctx, s.session.Edited(e, string(text)))
		if err == nil {
			return os.Remove(name)
		}
		if s.terminal != nil {
			if again, _ := s.ask("Do you want to edit it again"); again {
				continue
			}
		}
		s.Errorf("nothing is changed; your text is in %s\n", name)
		return err
	}
}
