package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/intent"
)

// clusterCommands are those about the cluster as a whole.
func clusterCommands() []command {
	return append(agentCommands(), []command{
		{path: "cluster auth", usage: "[<node>...] [-u <username>] [-p <password>]", run: (*shell).auth, apart: true},
		{path: "host auth", usage: "(<host name> [addr=<address>])... [-u <username>] [-p <password>]", run: (*shell).auth, apart: true},
		{path: "cluster setup", usage: "<cluster name> (<node name> [addr=<node address>]...)... [--enable] [--start [--wait[=<n>]]] [--force]", run: (*shell).setup, apart: true},
		{path: "cluster start", usage: "[--all | <node>...] [--wait[=<n>]]", run: powerOf("start"), apart: true},
		{path: "cluster stop", usage: "[--all | <node>...]", run: powerOf("stop"), apart: true},
		{path: "cluster enable", usage: "[--all | <node>...]", run: powerOf("enable"), apart: true},
		{path: "cluster disable", usage: "[--all | <node>...]", run: powerOf("disable"), apart: true},
		{path: "cluster kill", run: powerOf("kill"), apart: true},
		{path: "cluster status", run: (*shell).clusterStatus},
		{path: "cluster cib", usage: "[filename] [scope=<scope> | --config]", run: (*shell).showCIB},
		{path: "cluster cib-push", usage: "<filename> [--wait[=<n>]] [diff-against=<filename_original> | scope=<scope> | --config]", run: (*shell).pushCIB},
		{path: "cluster cib-upgrade", run: (*shell).upgradeCIB},
		{path: "cluster edit", usage: "[scope=<scope> | --config]", run: (*shell).edit},
		{path: "cluster verify", usage: "[--full] [-f <filename>]", run: (*shell).verify},
		{path: "cluster corosync", usage: "[node]", run: (*shell).corosyncConf, apart: true},
		{path: "cluster config", usage: "[show]", run: (*shell).corosyncConf, apart: true},
		{path: "cluster report", usage: `[--from "YYYY-M-D H:M:S" [--to "YYYY-M-D H:M:S"]] <dest>`, run: (*shell).report, apart: true},
		{path: "cluster reload corosync", run: powerOf("reload"), apart: true},
		{path: "cluster sync", usage: "[corosync]", run: powerOf("reload"), apart: true},
		{path: "cluster node clear", usage: "<node name>", run: (*shell).clearNode, apart: true},
		{path: "quorum", usage: "[config | status]", run: (*shell).quorumConfig, apart: true},
		{path: "quorum config", usage: "-", run: (*shell).quorumConfig, apart: true},
		{path: "quorum status", usage: "-", run: (*shell).quorumStatus, apart: true},
		replaced("cluster quorum", "quorum", (*shell).quorumConfig),
	}...)
}

// auth makes nodes known to each other.
func (s *shell) auth(args []string) error {
	var nodes []string
	for _, a := range args {
		if !strings.HasPrefix(a, "addr=") {
			nodes = append(nodes, a)
		}
	}
	if len(nodes) == 0 {
		return fmt.Errorf("No host specified")
	}
	s.effect = Auth{nodes}
	return nil
}

// setup makes a cluster: NAME NODE [addr=ADDRESS]…, and in 0.9 --name NAME NODE….
func (s *shell) setup(args []string) error {
	name := s.opt.get("name")
	if name == "" {
		if len(args) < 2 {
			return usageError{"cluster setup"}
		}
		name, args = args[0], args[1:]
	}
	e := Setup{Name: name, Start: s.opt.has("start"), Enable: s.opt.has("enable"), Force: s.opt.has("force")}
	if len(name) > 15 {
		s.doubt("Cluster name '%s' is too long: at most 15 characters go into the names of GFS2 file systems", name)
	}
	for i, a := range args {
		switch v, ok := strings.CutPrefix(a, "addr="); {
		case ok && len(e.Nodes) > 0:
			n := &e.Nodes[len(e.Nodes)-1]
			n.Addrs = append(n.Addrs, v)
		case slices.Contains([]string{"transport", "totem", "quorum", "link", "crypto", "compression"}, a):
			return fmt.Errorf("cluster setup: '%s' is not done here; \"mainstay config check\" explains every setting, which the configuration file takes in corosync.conf's words", strings.Join(args[i:], " "))
		case strings.Contains(a, "="):
			return fmt.Errorf("Unexpected option '%s'", a)
		case slices.ContainsFunc(e.Nodes, func(n SetupNode) bool { return n.Name == a }):
			s.fault("Node name '%s' is specified more than once, they have to be unique", a)
		default:
			parts := strings.Split(a, ",") // 0.9: the addresses of two rings
			e.Nodes = append(e.Nodes, SetupNode{Name: parts[0], Addrs: parts[1:]})
		}
	}
	if len(e.Nodes) == 0 {
		return usageError{"cluster setup"}
	}
	if err := s.verdict(); err != nil {
		return err
	}
	s.effect = e
	return nil
}

// powerOf starts, stops and so on the daemons.
func powerOf(verb string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if s.opt.has("all") && len(args) > 0 {
			return fmt.Errorf("Cannot specify both --all and a list of nodes.")
		}
		if verb == "reload" {
			args = nil
		}
		s.effect = Power{Verb: verb, Nodes: args, All: s.opt.has("all")}
		return nil
	}
}

// scopes are the sections that can be shown and pushed by themselves.
var scopes = []string{"acls", "alerts", "configuration", "constraints", "crm_config", "fencing-topology", "nodes", "op_defaults", "resources", "rsc_defaults", "tags"}

// scope reads scope=SECTION and --config.
func (s *shell) scope(args []string) (scope string, rest []string, err error) {
	for _, a := range args {
		v, ok := strings.CutPrefix(a, "scope=")
		switch {
		case !ok:
			rest = append(rest, a)
		case !slices.Contains(scopes, v):
			return "", nil, fmt.Errorf("invalid CIB scope '%s'", v)
		default:
			scope = v
		}
	}
	if s.opt.has("config") {
		if scope != "" {
			return "", nil, fmt.Errorf("Only one of '--config', 'scope' can be used")
		}
		scope = "configuration"
	}
	return scope, rest, nil
}

// sectionOf is a section of a document, the document itself for "".
func sectionOf(root *cib.Elem, scope string) *cib.Elem {
	switch scope {
	case "":
		return root
	case "configuration":
		return root.Child(scope)
	}
	return root.Path("configuration", scope)
}

// showCIB prints the document, or writes it to a file.
func (s *shell) showCIB(args []string) error {
	scope, rest, err := s.scope(args)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return usageError{"cluster cib"}
	}
	e := sectionOf(s.root, scope)
	if e == nil {
		return fmt.Errorf("unable to get cib, the section '%s' is not in it", scope)
	}
	if len(rest) == 0 {
		s.print("%s", e.String())
		return nil
	}
	s.effect = Save{Name: rest[0], Text: e.String()}
	return nil
}

// pushCIB makes the document of the cluster what a file says.
func (s *shell) pushCIB(args []string) error {
	scope, rest, err := s.scope(args)
	if err != nil {
		return err
	}
	against := ""
	rest = slices.DeleteFunc(rest, func(a string) bool {
		v, ok := strings.CutPrefix(a, "diff-against=")
		if ok {
			against = v
		}
		return ok
	})
	if len(rest) != 1 {
		return usageError{"cluster cib-push"}
	}
	doc, err := s.document(rest[0], "new")
	if err != nil {
		return err
	}
	if against != "" {
		return s.pushDiff(against, doc)
	}
	switch {
	case scope != "" && doc.Name() == "cib":
		if doc = sectionOf(doc, scope); doc == nil {
			return fmt.Errorf("unable to push cib, the section '%s' is not in %s", scope, rest[0])
		}
	case scope != "" && doc.Name() != scope:
		return fmt.Errorf("unable to push cib, %s holds '%s', not '%s'", rest[0], doc.Name(), scope)
	}
	switch doc.Name() {
	case "cib":
		s.effect = Push{Root: doc}
	case "configuration":
		s.effect = Push{Root: s.root.Put(doc), Config: true}
	default:
		s.putConf(doc)
		s.effect = Push{Root: s.root, Config: true}
		s.root = s.base
	}
	s.warn("CIB updated")
	return nil
}

// document reads a document from a file.
func (s *shell) document(name, what string) (*cib.Elem, error) {
	text, err := s.c.File(name)
	if err != nil {
		return nil, fmt.Errorf("unable to parse %s cib: %w", what, err)
	}
	doc, err := cib.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("unable to parse %s cib: %s: %w", what, name, err)
	}
	return doc, nil
}

// pushDiff makes the change that leads from one file to another.
func (s *shell) pushDiff(against string, doc *cib.Elem) error {
	old, err := s.document(against, "original")
	if err != nil {
		return err
	}
	d := cib.DiffUnversioned(old, doc)
	if d == nil {
		s.warn("The new CIB is the same as the original CIB, nothing to push.")
		return nil
	}
	root, err := cib.Patch(s.root, d)
	if err != nil {
		return fmt.Errorf("unable to push cib\n%w", err)
	}
	s.effect = Push{Root: root, Config: true}
	s.warn("CIB updated")
	return nil
}

// upgradeCIB brings the document to the newest vocabulary.
func (s *shell) upgradeCIB([]string) error {
	root, err := cib.UpgradeTo(s.root, cib.FreshVocabulary)
	if err != nil {
		return fmt.Errorf("unable to upgrade cib: %w", err)
	}
	s.root = root
	s.warn("Cluster CIB has been upgraded to latest version")
	return nil
}

// edit lets the user change a section.
func (s *shell) edit(args []string) error {
	scope, _, err := s.scope(args)
	if err != nil {
		return err
	}
	if scope == "" {
		scope = "configuration"
	}
	s.effect = Edit{Scope: scope}
	return nil
}

// verify checks the document.
func (s *shell) verify(args []string) error {
	root := s.root
	if len(args) > 0 {
		var err error
		if root, err = s.document(args[0], "new"); err != nil {
			return err
		}
	}
	wrong := false
	for _, p := range cib.Validate(root) {
		if p.Severity == cib.Error {
			wrong = true
			s.warn("Error: %s", p.Msg)
		} else if s.opt.has("full") {
			s.warn("Warning: %s", p.Msg)
		}
	}
	if wrong {
		return fmt.Errorf("invalid cib")
	}
	probe := &shell{c: s.c, root: root, base: root}
	if err := probe.verifyLevels(nil); err != nil {
		s.err.WriteString(probe.err.String())
		return err
	}
	return nil
}

// corosyncConf shows the membership layer's file.
func (s *shell) corosyncConf(args []string) error {
	node := ""
	if len(args) > 0 && args[0] != "show" {
		node = args[0]
	}
	s.effect = Config{Node: node}
	return nil
}

// report gathers what explains a fault.
func (s *shell) report(args []string) error {
	if err := need(args, 1, 1, "cluster report"); err != nil {
		return err
	}
	var flags []string
	for _, name := range []string{"from", "to"} {
		if v := s.opt.get(name); v != "" {
			flags = append(flags, "--"+name, v)
		}
	}
	return s.tool("crm_report", append(flags, args[0])...)
}

// clearNode makes the cluster forget a node.
func (s *shell) clearNode(args []string) error {
	if err := need(args, 1, 1, "cluster node clear"); err != nil {
		return err
	}
	return s.tool("crm_node", "--force", "--remove", args[0])
}

// quorumConfig shows the options of the votes.
func (s *shell) quorumConfig([]string) error {
	r := s.call("corosync-cmapctl", "quorum.")
	s.print("Options:\n")
	var lines []string
	for line := range strings.Lines(r.Out) {
		key, v, ok := strings.Cut(strings.TrimSpace(line), " = ")
		key, _, _ = strings.Cut(strings.TrimPrefix(key, "quorum."), " ")
		if ok && slices.Contains([]string{"auto_tie_breaker", "last_man_standing", "last_man_standing_window", "wait_for_all"}, key) {
			lines = append(lines, "  "+key+": "+v+"\n")
		}
	}
	slices.Sort(lines)
	s.print("%s", strings.Join(lines, ""))
	return nil
}

// fence has a node cut off.
func (s *shell) fence(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("must specify one (and only one) node to fence")
	}
	verb := "-B"
	if s.opt.has("off") {
		verb = "-F"
	}
	r := s.call("stonith_admin", verb, args[0])
	if r.Code != 0 {
		return fmt.Errorf("unable to fence '%s'\n%s", args[0], strings.TrimSpace(r.Err+r.Out))
	}
	s.print("Node: %s fenced\n", args[0])
	return nil
}

// confirm says that a node is off.
func (s *shell) confirm(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("must specify one (and only one) node to confirm fenced")
	}
	if !s.opt.has("force") {
		return fmt.Errorf("If node '%s' is not powered off or it does have access to shared resources, data corruption and/or cluster failure may occur, use --force to override", args[0])
	}
	s.warn("Warning: If node '%s' is not powered off or it does have access to shared resources, data corruption and/or cluster failure may occur", args[0])
	r := s.call("stonith_admin", "-C", args[0])
	if r.Code != 0 {
		return fmt.Errorf("unable to confirm fencing of node '%s'\n%s", args[0], strings.TrimSpace(r.Err+r.Out))
	}
	s.print("Node: %s confirmed fenced\n", args[0])
	return nil
}

// fenceHistory tells who was cut off.
func (s *shell) fenceHistory(args []string) error {
	return s.history("show", "--verbose", args)
}

// cleanupHistory forgets who was cut off.
func (s *shell) cleanupHistory(args []string) error {
	return s.history("cleanup", "--cleanup", args)
}

// updateHistory asks all members what they know; here they know the same.
func (s *shell) updateHistory([]string) error {
	return s.history("update", "--broadcast", nil)
}

// history does something with the history of fencing, of one node or of all.
func (s *shell) history(verb, option string, nodes []string) error {
	node := "*"
	if len(nodes) > 0 {
		node = nodes[0]
	}
	r := s.call("stonith_admin", "--history", node, option)
	if r.Code != 0 {
		return fmt.Errorf("Unable to %s fence history: %s", verb, strings.TrimSpace(r.Err+r.Out))
	}
	s.print("%s", r.Out)
	return nil
}

// Names lists the words that may follow a beginning of a command line, for completion.
func Names(words []string) []string {
	var out []string
	head := strings.Join(append(slices.Clone(words), ""), " ")
	for _, c := range commands() {
		if rest, ok := strings.CutPrefix(c.path, head); ok && c.instead == "" {
			word, _, _ := strings.Cut(rest, " ")
			out = append(out, word)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Objects are what commands name: resources, nodes and constraints of a document.
func Objects(root *cib.Elem) []string {
	out := append(intent.Resources(root), intent.Nodes(root)...)
	for _, c := range root.Path("configuration", "constraints").Kids() {
		if c.ID() != "" {
			out = append(out, c.ID())
		}
	}
	return out
}
