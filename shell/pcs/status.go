package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
)

// statusCommands are those that tell how things stand.
func statusCommands() []command {
	return []command{
		{path: "status", usage: "[status] [--full] [--hide-inactive]", run: (*shell).status},
		{path: "status status", usage: "-", run: (*shell).status},
		{path: "status resources", usage: "[<resource id | tag id>] [node=<node>] [--hide-inactive]", run: (*shell).resourceStatus},
		{path: "status groups", usage: "-", run: (*shell).groupList},
		{path: "status cluster", run: (*shell).clusterStatus},
		{path: "status corosync", run: (*shell).corosyncStatus, apart: true},
		{path: "status quorum", run: (*shell).quorumStatus, apart: true},
		{path: "status nodes", usage: "[corosync | both | config]", run: (*shell).nodesStatus},
		{path: "status xml", run: (*shell).xmlStatus},
		{path: "config", run: (*shell).config},
		{path: "config show", usage: "-", run: (*shell).config},
		{path: "resource restart", usage: "<resource id> [node] [--wait=n]", run: (*shell).restart},
		{path: "resource move", usage: "<resource id> [destination node] [--promoted] [--wait[=n]]", run: (*shell).move},
		{path: "resource move-with-constraint", usage: "<resource id> [destination node] [lifetime=<lifetime>] [--promoted] [--wait[=n]]", run: placing("--move", "resource move-with-constraint")},
		{path: "resource ban", usage: "<resource id> [node] [--promoted] [lifetime=<lifetime>] [--wait[=n]]", run: placing("--ban", "resource ban")},
		{path: "resource clear", usage: "<resource id> [node] [--promoted] [--expired] [--wait[=n]]", run: placing("--clear", "resource clear")},
		{path: "resource cleanup", usage: "[<resource id | stonith id>] [node=<node>] [operation=<operation> [interval=<interval>]] [--strict]", run: (*shell).cleanup},
		{path: "resource refresh", usage: "[<resource id | stonith id>] [node=<node>] [--strict]", run: (*shell).refresh},
		{path: "resource failcount", usage: "[show [<resource id>] [node=<node>]] [--full]", run: (*shell).allFailcounts},
		{path: "resource failcount show", usage: "-", run: (*shell).failcount},
		replaced("resource failcount reset", "resource cleanup", (*shell).cleanup),
		{path: "resource debug-start", usage: "<resource id> [--full]", run: forced("start")},
		{path: "resource debug-stop", usage: "<resource id> [--full]", run: forced("stop")},
		{path: "resource debug-promote", usage: "<resource id> [--full]", run: forced("promote")},
		{path: "resource debug-demote", usage: "<resource id> [--full]", run: forced("demote")},
		{path: "resource debug-monitor", usage: "<resource id> [--full]", run: forced("check")},
	}
}

// tool runs a tool and passes on what it says; a failure of it is ours.
func (s *shell) tool(name string, args ...string) error {
	r := s.call(name, args...)
	s.out.WriteString(r.Out)
	if r.Code != 0 {
		return fmt.Errorf("%s", strings.TrimSpace(orElse(r.Err, name+" failed")))
	}
	s.err.WriteString(r.Err)
	return nil
}

func orElse(text, other string) string {
	if strings.TrimSpace(text) == "" {
		return other
	}
	return text
}

// mon runs crm_mon.
func (s *shell) mon(args ...string) (string, error) {
	r := s.call("crm_mon", append([]string{"--one-shot"}, args...)...)
	if r.Code != 0 {
		return "", fmt.Errorf("error running crm_mon, is pacemaker running?\n  %s", strings.ReplaceAll(strings.TrimSpace(r.Out+r.Err), "\n", "\n  "))
	}
	return r.Out, nil
}

// inactive asks crm_mon for what does not run, unless the user does not want it.
func (s *shell) inactive() []string {
	if s.opt.has("hide-inactive") {
		return nil
	}
	return []string{"--inactive"}
}

// status is the whole state: cluster, nodes, resources and daemons.
func (s *shell) status(args []string) error {
	if len(args) > 0 {
		return usageError{"status"}
	}
	more := s.inactive()
	if s.opt.has("full") {
		more = append(more, "--show-detail", "--show-node-attributes", "--failcounts")
	}
	text, err := s.mon(more...)
	if err != nil {
		return err
	}
	s.print("Cluster name: %s\n%s%s", s.clusterName(), s.noFencing(), text)
	s.print("\nDaemon Status:\n%s", s.daemons())
	return nil
}

// clusterName is the name of the cluster, as its configuration has it.
func (s *shell) clusterName() string { return cib.Property(s.root, "cluster-name", "") }

// noFencing warns of a cluster that cannot fence.
func (s *shell) noFencing() string {
	on, err := cib.ParseBool(cib.Property(s.root, "stonith-enabled", "true"))
	if err != nil || !on || slices.ContainsFunc(allPrimitives(s.conf("resources")), isStonith) {
		return ""
	}
	return "\nWARNINGS:\nNo stonith devices and stonith-enabled is not false\n\n"
}

// daemons are the daemons of pcs' world and what became of them here.
func (s *shell) daemons() string {
	state := "inactive/disabled"
	if r := s.call("crmadmin", "--dc_lookup"); r.Code == 0 {
		state = "active/enabled"
	}
	return "  corosync: " + state + "\n  pacemaker: " + state + "\n  mainstay: " + state + "\n"
}

// resourceStatus shows the resources but for fence devices, or those with a name.
func (s *shell) resourceStatus(args []string) error { return s.listStatus(args, false) }

// stonithStatus shows the fence devices and their levels.
func (s *shell) stonithStatus(args []string) error {
	if err := s.listStatus(args, true); err != nil || len(args) > 0 {
		return err
	}
	if levels := s.levelsText(" "); levels != "" {
		s.print("\nFencing Levels:\n%s", levels)
	}
	return nil
}

// listStatus shows resources or fence devices as crm_mon does.
func (s *shell) listStatus(args []string, stonith bool) error {
	flags := append([]string{"--exclude", "all", "--include", "resources"}, s.inactive()...)
	name := ""
	for _, a := range args {
		switch node, ok := strings.CutPrefix(a, "node="); {
		case ok:
			flags = append(flags, "--node", node)
		case name == "":
			name = a
			flags = append(flags, "--resource", a)
		default:
			return usageError{"resource status"}
		}
	}
	text, err := s.mon(flags...)
	if err != nil {
		return err
	}
	var keep []string
	hold := ""
	for line := range strings.Lines(text) {
		switch {
		case strings.HasSuffix(line, "Resources:\n") && !strings.HasPrefix(line, " "):
			continue
		case strings.TrimSpace(line) == "":
			continue
		}
		if !strings.HasPrefix(line, "    ") {
			hold = line
		}
		if name != "" || strings.Contains(hold, "(stonith:") == stonith {
			keep = append(keep, line)
		}
	}
	if len(keep) == 0 || len(keep) == 1 && strings.Contains(keep[0], "No ") {
		switch {
		case stonith:
			s.print("NO stonith devices configured\n")
		case s.opt.has("hide-inactive"):
			s.print("NO active resources\n")
		default:
			s.print("NO resources configured\n")
		}
		return nil
	}
	s.print("%s", strings.Join(keep, ""))
	return nil
}

// resourceShow is how 0.9 spells status and config.
func (s *shell) resourceShow(args []string) error {
	if len(args) > 0 || s.opt.has("full") {
		s.warn("Deprecation Warning: This command is deprecated and will be removed. Please use 'pcs resource config' instead.")
		return configOf(false)(s, args)
	}
	s.warn("Deprecation Warning: This command is deprecated and will be removed. Please use 'pcs resource status' instead.")
	return s.resourceStatus(args)
}

// stonithShow is how 0.9 spells status and config of fence devices.
func (s *shell) stonithShow(args []string) error {
	if len(args) > 0 || s.opt.has("full") {
		s.warn("Deprecation Warning: This command is deprecated and will be removed. Please use 'pcs stonith config' instead.")
		return configOf(true)(s, args)
	}
	s.warn("Deprecation Warning: This command is deprecated and will be removed. Please use 'pcs stonith status' instead.")
	return s.stonithStatus(args)
}

// clusterStatus shows cluster and nodes.
func (s *shell) clusterStatus(args []string) error {
	if len(args) > 0 {
		return usageError{"status cluster"}
	}
	text, err := s.mon("--exclude", "resources")
	if err != nil {
		return err
	}
	s.print("Cluster Status:\n")
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		if strings.TrimSpace(line) != "" {
			s.print(" %s", strings.TrimRight(line, "\n")+"\n")
		}
	}
	return nil
}

// nodesStatus sorts the nodes by what they do.
func (s *shell) nodesStatus(args []string) error {
	kind := ""
	if len(args) > 0 {
		kind = args[0]
	}
	switch kind {
	case "config":
		s.print("Corosync Nodes:\n%s\nPacemaker Nodes:\n%s", nameLine(s.memberNames()), nameLine(s.memberNames()))
		return nil
	case "", "both", "corosync":
	default:
		return usageError{"status nodes"}
	}
	r := s.call("crm_mon", "--one-shot", "--output-as=xml")
	if r.Code != 0 {
		return fmt.Errorf("error running crm_mon, is pacemaker running?\n  %s", strings.TrimSpace(r.Err))
	}
	doc, err := cib.Parse([]byte(r.Out))
	if err != nil {
		return fmt.Errorf("crm_mon: %w", err)
	}
	if kind != "" {
		s.print("Corosync Nodes:\n Online:%s\n Offline:%s\n", listOf(doc, "member", "online", true), listOf(doc, "member", "online", false))
		if kind == "corosync" {
			return nil
		}
	}
	s.print("Pacemaker Nodes:\n%s", nodeGroups(doc, false))
	s.print("Pacemaker Remote Nodes:\n%s", nodeGroups(doc, true))
	return nil
}

// memberNames are the names of the configured nodes, sorted.
func (s *shell) memberNames() []string {
	var out []string
	for n := range s.conf("nodes").Named("node") {
		if n.Get("type") != "remote" {
			out = append(out, n.Get("uname"))
		}
	}
	slices.Sort(out)
	return out
}

func nameLine(names []string) string { return " " + strings.Join(names, " ") + "\n" }

// listOf are the nodes of a kind for which an attribute is true, or is not.
func listOf(doc *cib.Elem, kind, name string, want bool) string {
	var out []string
	for n := range doc.Child("nodes").Named("node") {
		if n.Get("type") == kind && (n.Get(name) == "true") == want {
			out = append(out, n.Get("name"))
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		return ""
	}
	return " " + strings.Join(out, " ")
}

// nodeGroups sorts members, or remote nodes, into groups.
func nodeGroups(doc *cib.Elem, remote bool) string {
	groups := []string{"Online", "Standby", "Standby with resource(s) running", "Maintenance", "Offline"}
	in := map[string][]string{}
	for n := range doc.Child("nodes").Named("node") {
		if (n.Get("type") != "member") != remote {
			continue
		}
		group := "Offline"
		switch {
		case n.Get("online") != "true":
		case n.Get("maintenance") == "true":
			group = "Maintenance"
		case n.Get("standby") == "true" && n.Get("resources_running") != "0":
			group = "Standby with resource(s) running"
		case n.Get("standby") == "true":
			group = "Standby"
		default:
			group = "Online"
		}
		in[group] = append(in[group], n.Get("name"))
	}
	b := ""
	for _, g := range groups {
		slices.Sort(in[g])
		b += strings.TrimRight(" "+g+": "+strings.Join(in[g], " "), " ") + "\n"
	}
	return b
}

// xmlStatus is the state as XML.
func (s *shell) xmlStatus([]string) error {
	return s.tool("crm_mon", append([]string{"--one-shot"}, append(s.inactive(), "--output-as=xml")...)...)
}

// corosyncStatus lists the members with their votes.
func (s *shell) corosyncStatus([]string) error {
	r := s.call("corosync-quorumtool", "-l")
	if r.Code > 1 {
		return fmt.Errorf("corosync not running")
	}
	s.print("%s", r.Out)
	return nil
}

// quorumStatus tells how the votes stand. The tool's exit code tells of quorum, not of
// failure.
func (s *shell) quorumStatus([]string) error {
	r := s.call("corosync-quorumtool", "-p")
	if strings.TrimSpace(r.Out) == "" {
		return fmt.Errorf("Unable to get quorum status: %s", strings.TrimSpace(r.Err))
	}
	s.print("%s", r.Out)
	return nil
}

// config is the whole configuration.
func (s *shell) config([]string) error {
	s.print("Cluster Name: %s\nCorosync Nodes:\n%sPacemaker Nodes:\n%s\nResources:\n", s.clusterName(), nameLine(s.memberNames()), nameLine(s.memberNames()))
	for _, e := range byKind(s.configured(false)) {
		s.print("%s", resourceText(e, "  "))
	}
	s.print("\nStonith Devices:\n")
	for _, e := range s.configured(true) {
		s.print("%s", resourceText(e, "  "))
	}
	s.print("Fencing Levels:\n%s\n%s\n%s\n", s.levelsText("  "), s.constraintsText(true), s.alertsText())
	for _, d := range []struct{ section, title string }{{"rsc_defaults", "Resources Defaults"}, {"op_defaults", "Operations Defaults"}} {
		text := s.defaultsText(d.section)
		if text == "" {
			text = "No defaults set\n"
		}
		s.print("%s:\n", d.title)
		for line := range strings.Lines(text) {
			s.print("  %s", line)
		}
	}
	s.print("\n")
	if err := s.properties(nil); err != nil {
		return err
	}
	s.print("\nTags:\n")
	tags := slices.Collect(s.conf("tags").Named("tag"))
	for _, t := range tags {
		s.print(" %s\n", t.ID())
		for r := range t.Named("obj_ref") {
			s.print("   %s\n", r.ID())
		}
	}
	if len(tags) == 0 {
		s.print(" No tags defined\n")
	}
	s.print("\nQuorum:\n  Options:\n")
	return nil
}
