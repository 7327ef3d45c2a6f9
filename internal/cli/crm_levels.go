package cli

import (
	"context"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/internal/face"
)

// crmLevels are the levels of the crm shell.
func crmLevels() []string {
	return []string{"configure", "resource", "node", "status", "cib", "ra", "site"}
}

// crmAct is one command of a level: the tool that does it, with the arguments that
// it gets. In them $1, $2 … are the command's own, $* all that are left, and $?N is
// left out if there is no Nth.
type crmAct struct {
	level, name string
	need        int // arguments at least
	usage       string
	argv        string
}

// crmCommands are the commands of all levels but configure.
func crmCommands() []crmAct {
	meta := "crm_resource --meta --resource $1 --set-parameter "
	attr := "crm_attribute --type nodes --node $1 --name "
	return []crmAct{
		{"", "status", 0, "status [bynode|inactive|ops|failcounts|full|xml|html|simple]", "crm_mon -1 $status"},
		{"", "verify", 0, "verify", "crm_verify -L -VV"},
		{"", "report", 0, "report [OPTION…]", "crm_report $*"},

		{"resource", "status", 0, "status [RESOURCE]", "crm_resource $list"},
		{"resource", "show", 0, "show [RESOURCE]", "crm_resource $list"},
		{"resource", "list", 0, "list", "crm_resource $list"},
		{"resource", "locate", 1, "locate RESOURCE", "crm_resource --locate --resource $1"},
		{"resource", "start", 1, "start RESOURCE", meta + "target-role --parameter-value Started"},
		{"resource", "stop", 1, "stop RESOURCE", meta + "target-role --parameter-value Stopped"},
		{"resource", "restart", 1, "restart RESOURCE", "crm_resource --restart --resource $1"},
		{"resource", "promote", 1, "promote RESOURCE", meta + "target-role --parameter-value Promoted"},
		{"resource", "demote", 1, "demote RESOURCE", meta + "target-role --parameter-value Unpromoted"},
		{"resource", "manage", 1, "manage RESOURCE", meta + "is-managed --parameter-value true"},
		{"resource", "unmanage", 1, "unmanage RESOURCE", meta + "is-managed --parameter-value false"},
		{"resource", "maintenance", 1, "maintenance RESOURCE [on|off]", meta + "maintenance --parameter-value $bool2"},
		{"resource", "move", 1, "move RESOURCE [NODE] [LIFETIME]", "crm_resource --quiet --move --resource $1 $?node2 $?lifetime3"},
		{"resource", "ban", 1, "ban RESOURCE [NODE] [LIFETIME]", "crm_resource --ban --resource $1 $?node2 $?lifetime3"},
		{"resource", "clear", 1, "clear RESOURCE [NODE]", "crm_resource --quiet --clear --resource $1 $?node2"},
		{"resource", "unmove", 1, "unmove RESOURCE [NODE]", "crm_resource --quiet --clear --resource $1 $?node2"},
		{"resource", "constraints", 1, "constraints RESOURCE", "crm_resource --constraints --resource $1"},
		{"resource", "operations", 0, "operations [RESOURCE] [NODE]", "crm_resource --list-operations $?resource1 $?node2"},
		{"resource", "scores", 0, "scores", "crm_simulate -sUL"},
		{"resource", "cleanup", 0, "cleanup [RESOURCE] [NODE]", "crm_resource --cleanup $?resource1 $?node2"},
		{"resource", "refresh", 0, "refresh [RESOURCE] [NODE]", "crm_resource --refresh $?resource1 $?node2"},
		{"resource", "failcount", 3, "failcount RESOURCE show|delete NODE", "crm_failcount $count2 --resource $1 --node $3"},
		{"resource", "param", 3, "param RESOURCE set|delete|show NAME [VALUE]", "crm_resource --resource $1 $pair2"},
		{"resource", "meta", 3, "meta RESOURCE set|delete|show NAME [VALUE]", "crm_resource --meta --resource $1 $pair2"},
		{"resource", "utilization", 3, "utilization RESOURCE set|delete|show NAME [VALUE]", "crm_resource --utilization --resource $1 $pair2"},

		{"node", "show", 0, "show", "crm_node --list"},
		{"node", "list", 0, "list", "crm_node --list"},
		{"node", "standby", 1, "standby NODE", attr + "standby --update on"},
		{"node", "online", 1, "online NODE", attr + "standby --update off"},
		{"node", "maintenance", 1, "maintenance NODE", attr + "maintenance --update on"},
		{"node", "ready", 1, "ready NODE", attr + "maintenance --update off"},
		{"node", "fence", 1, "fence NODE", "stonith_admin --reboot $1"},
		{"node", "clearstate", 1, "clearstate NODE", "stonith_admin --confirm $1"},
		{"node", "delete", 1, "delete NODE", "crm_node --force --remove $1"},
		{"node", "attribute", 3, "attribute NODE set|delete|show NAME [VALUE]", "crm_attribute --type nodes --node $1 $attr2"},
		{"node", "utilization", 3, "utilization NODE set|delete|show NAME [VALUE]", "crm_attribute --utilization --type nodes --node $1 $attr2"},
		{"node", "status-attr", 3, "status-attr NODE set|delete|show NAME [VALUE]", "crm_attribute --type status --node $1 $attr2"},

		{"cib", "new", 1, "new NAME", "crm_shadow --batch --create $1"},
		{"cib", "delete", 1, "delete NAME", "crm_shadow --batch --force --delete $1"},
		{"cib", "reset", 1, "reset NAME", "crm_shadow --batch --reset $1"},
		{"cib", "commit", 1, "commit NAME", "crm_shadow --batch --force --commit $1"},
		{"cib", "diff", 0, "diff", "crm_shadow --diff"},

		{"ra", "classes", 0, "classes", "crm_resource --list-standards"},
		{"ra", "list", 1, "list CLASS [PROVIDER]", "crm_resource --list-agents $agents1"},
		{"ra", "providers", 1, "providers TYPE", "crm_resource --list-ocf-alternatives $1"},
		{"ra", "info", 1, "info CLASS:PROVIDER:TYPE", "crm_resource --show-metadata $1"},
		{"ra", "meta", 1, "meta CLASS:PROVIDER:TYPE", "crm_resource --show-metadata $1"},

		{"site", "ticket", 2, "ticket grant|revoke|delete|standby|activate|show|time TICKET", "crm_ticket $ticket1 --ticket $2"},
	}
}

// command carries out a command of a level by the tool that does it.
func (s *crmShell) command(ctx context.Context, level string, words []string) error {
	if words[0] == "help" {
		return s.help(level, words[1:])
	}
	if level == "cib" && words[0] == "use" {
		return s.use(words[1:])
	}
	all := crmCommands()
	i := slices.IndexFunc(all, func(c crmAct) bool { return c.level == level && c.name == words[0] })
	if i < 0 {
		var names []string
		for _, c := range all {
			if c.level == level {
				names = append(names, c.name)
			}
		}
		if near := cib.Nearest(words[0], append(names, crmLevels()...)); near != "" {
			return face.Failf(face.Usage, "there is no command %q here; did you mean %q?", words[0], near)
		}
		return face.Failf(face.Usage, "there is no command %q here\n  remedy: \"help\" lists them", words[0])
	}
	act, args := all[i], words[1:]
	if len(args) < act.need {
		return face.Failf(face.Usage, "usage: %s", act.usage)
	}
	argv, err := s.argv(act, args)
	if err != nil {
		return err
	}
	env := *s.Env
	env.Name = argv[0]
	tool := lookup(argv[0])
	if tool == nil {
		return face.Failf(face.NotInstalled, "there is no tool %s", argv[0])
	}
	if code := tool(ctx, &env, argv[1:]); code != face.OK {
		s.failed = true
		return face.Silent(code)
	}
	return nil
}

// argv fills a command's arguments into those of its tool.
func (s *crmShell) argv(act crmAct, args []string) ([]string, error) {
	arg := func(i int) string {
		if i <= len(args) {
			return args[i-1]
		}
		return ""
	}
	var out []string
	for _, w := range strings.Fields(act.argv) {
		switch w {
		case "$*":
			out = append(out, args...)
		case "$1", "$2", "$3":
			out = append(out, arg(int(w[1]-'0')))
		case "$?node2":
			out = append(out, optional("--node", arg(2))...)
		case "$?lifetime3":
			out = append(out, optional("--lifetime", arg(3))...)
		case "$?resource1":
			out = append(out, optional("--resource", arg(1))...)
		case "$bool2":
			on, err := cib.ParseBool(orElse(arg(2), "on"))
			if err != nil {
				return nil, face.Failf(face.Usage, "usage: %s", act.usage)
			}
			out = append(out, map[bool]string{true: "true", false: "false"}[on])
		case "$list":
			if arg(1) == "" {
				out = append(out, "--list")
			} else {
				out = append(out, "--locate", "--resource", arg(1))
			}
		case "$status":
			out = append(out, monitorOptions(args)...)
		case "$agents1":
			out = append(out, strings.Trim(arg(1)+":"+arg(2), ":"))
		default:
			more, err := verbs(w, args, act.usage)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
	}
	return out, nil
}

// verbs are the arguments that follow from a word such as set, show or delete.
func verbs(w string, args []string, usage string) ([]string, error) {
	var words map[string][]string
	switch w {
	case "$pair2":
		words = map[string][]string{"set": {"--set-parameter", "$3", "--parameter-value", "$4"}, "delete": {"--delete-parameter", "$3"},
			"show": {"--get-parameter", "$3"}, "get": {"--get-parameter", "$3"}}
	case "$attr2":
		words = map[string][]string{"set": {"--name", "$3", "--update", "$4"}, "delete": {"--name", "$3", "--delete"},
			"show": {"--name", "$3", "--query"}, "get": {"--name", "$3", "--query"}}
	case "$count2":
		words = map[string][]string{"show": {"--query"}, "delete": {"--delete"}, "get": {"--query"}}
	case "$ticket1":
		words = map[string][]string{"grant": {"--grant", "--force"}, "revoke": {"--revoke", "--force"}, "delete": {"--cleanup", "--force"},
			"standby": {"--standby"}, "activate": {"--activate"}, "show": {"--get-attr", "granted"}, "time": {"--get-attr", "last-granted"}}
		args = append([]string{""}, args...)
	default:
		return []string{w}, nil
	}
	list, ok := words[args[1]]
	if !ok {
		return nil, face.Failf(face.Usage, "usage: %s", usage)
	}
	var out []string
	for _, x := range list {
		switch x {
		case "$3":
			x = args[2]
		case "$4":
			if len(args) < 4 {
				return nil, face.Failf(face.Usage, "usage: %s", usage)
			}
			x = args[3]
		}
		out = append(out, x)
	}
	return out, nil
}

// optional is an option with its value, or nothing.
func optional(name, value string) []string {
	if value == "" {
		return nil
	}
	return []string{name, value}
}

func orElse(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// monitorOptions are crm_mon's options for the words of "status".
func monitorOptions(words []string) []string {
	known := map[string][]string{"bynode": {"-n"}, "inactive": {"-r"}, "ops": {"-o"}, "timing": {"-t"}, "failcounts": {"-f"}, "verbose": {"-V"},
		"quiet": {"-Q"}, "html": {"--output-as=html"}, "xml": {"--output-as=xml"}, "simple": {"-s"}, "tickets": {"-c"}, "noheaders": {"-D"},
		"detail": {"-R"}, "brief": {"-b"}, "full": {"-n", "-r", "-o", "-f", "-t", "-c", "-A"}}
	if len(words) == 0 {
		return []string{"-r"}
	}
	var out []string
	for _, w := range words {
		if list, ok := known[w]; ok {
			out = append(out, list...)
		} else {
			out = append(out, w)
		}
	}
	return out
}

// use makes a shadow copy the configuration that all commands work on.
func (s *crmShell) use(args []string) error {
	name := ""
	if len(args) > 0 && args[0] != "live" {
		name = args[0]
		if _, err := face.ReadCIB(face.ShadowFile(s.Getenv, name)); err != nil {
			return face.Failf(face.NoSuch, "there is no shadow copy %q\n  remedy: \"cib new %s\" makes it", name, name)
		}
	}
	env := *s.Env
	old := s.Getenv
	env.Getenv = func(v string) string {
		if v == "CIB_shadow" {
			return name
		}
		return old(v)
	}
	s.app = &app{Env: &env, wait: s.wait, timeout: s.timeout}
	return nil
}

// help lists the commands of a level, or one of them.
func (s *crmShell) help(level string, names []string) error {
	if level == "" && len(names) == 0 {
		s.Printf("Levels: %s\n\n", strings.Join(crmLevels(), " "))
	}
	found := false
	for _, c := range crmCommands() {
		if c.level == level && (len(names) == 0 || slices.Contains(names, c.name)) {
			s.Printf("  %s\n", c.usage)
			found = true
		}
	}
	if len(names) > 0 && !found {
		return face.Failf(face.Usage, "there is no help on %s here\n  remedy: \"help\" lists the commands", strings.Join(names, " "))
	}
	if len(names) == 0 {
		s.Printf("  help [COMMAND]\n  ls\n  cd [..|../LEVEL]\n  up\n  quit\n")
	}
	return nil
}

// list lists the levels and commands that can be reached from here.
func (s *crmShell) list() {
	var out []string
	if s.level == "configure" {
		out = s.session.Complete("")
	} else {
		out = tidy(s.words(context.Background(), s.level, nil), "")
	}
	width := 80
	if s.terminal != nil {
		width = s.terminal.width()
	}
	s.Printf("%s", columns(out, width))
}
