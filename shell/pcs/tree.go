package pcs

import (
	"slices"
	"strings"
)

// command is one command of the language.
type command struct {
	path    string // its words: "resource op add"
	usage   string // what follows them
	run     func(s *shell, args []string) error
	instead string // what to use instead of an old spelling
	apart   bool   // works without a document
}

// commands are all commands. Of two that fit a line, the longer one is meant.
func commands() []command {
	return slices.Concat(resourceCommands(), relocateCommands(), operationCommands(), collectionCommands(), constraintCommands(), setCommands(),
		stonithCommands(), nodeCommands(), optionCommands(), defaultsCommands("resource"), defaultsCommands("stonith"), accessCommands(), alertCommands(), tagCommands(), clusterCommands(), statusCommands(), elsewhereCommands())
}

// lookup finds the command that a line begins with, and what follows it. Without one,
// the path says how far the words went.
func lookup(words []string) (c *command, args []string, path string) {
	all := commands()
	for n := min(len(words), 5); n > 0; n-- {
		path = strings.Join(words[:n], " ")
		for i := range all {
			if all[i].path == path && all[i].run != nil {
				return &all[i], words[n:], path
			}
		}
	}
	for n := len(words); n > 0; n-- {
		path = strings.Join(words[:n], " ")
		if slices.ContainsFunc(all, func(c command) bool { return strings.HasPrefix(c.path, path+" ") }) {
			return nil, nil, path
		}
	}
	return nil, nil, ""
}

// usageText lists the commands below a path, as pcs heads it.
func usageText(path string) string {
	var b strings.Builder
	all := commands()
	if path == "" {
		b.WriteString("\nUsage: pcs [-f file] [-h] [commands]...\nCommands:\n")
		seen := map[string]bool{}
		for _, c := range all {
			area, _, _ := strings.Cut(c.path, " ")
			if !seen[area] {
				seen[area] = true
				b.WriteString("    " + area + "\n")
			}
		}
		return b.String()
	}
	area, rest, _ := strings.Cut(path, " ")
	b.WriteString("\nUsage: pcs " + path + "...\n")
	for _, c := range all {
		if c.instead == "" && c.usage != "-" && (c.path == path || strings.HasPrefix(c.path, path+" ")) {
			_, words, _ := strings.Cut(c.path, " ")
			b.WriteString("    " + strings.TrimSpace(words+" "+c.usage) + "\n")
		}
	}
	if rest == "" {
		b.WriteString("\nSee \"man pcs\" or \"mainstay pcs " + area + " COMMAND --help\".\n")
	}
	return b.String()
}

// replaced makes the command that an old spelling became, with its warning.
func replaced(path, now string, run func(*shell, []string) error) command {
	return command{path: path, usage: "-", run: run, instead: "pcs " + now}
}

// bare makes a command that shows something when no word follows it; one that does is
// no command.
func bare(run func(*shell, []string) error, path string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if len(args) > 0 {
			return usageError{path}
		}
		return run(s, nil)
	}
}

// need ends with the usage of a command unless there are enough words.
func need(args []string, least, most int, path string) error {
	if len(args) < least || most >= 0 && len(args) > most {
		return usageError{path}
	}
	return nil
}
