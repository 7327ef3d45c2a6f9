package lint

import (
	"slices"
	"strconv"
	"strings"
)

// The layers that rows of the table speak of.
var (
	nouns    = []string{"member", "cib", "agent", "graph", "status", "conf"}
	deciders = []string{"sched", "transit", "ring", "group", "quorum", "qdevice", "replica", "lrm", "fence", "attr", "ticket", "colo", "control"}
	speakers = []string{"intent", "view", "shell/crm", "shell/pcs", "blueprint"}
)

// everyone, as a row, allows every package of the module but the commands.
const everyone = "*"

// allowed is the import graph of the house: who may import which of our own
// packages. A package without a row is a finding: give it one, with thought.
// Nouns first, then deciders, speakers and hands; see design and ARCHITECTURE.md.
func allowed() map[string][]string {
	return map[string][]string{
		"member": {},
		"cib":    {},
		"agent":  {"cib"},
		"graph":  {"cib", "agent"},
		"status": {"cib", "agent"},
		"conf":   {"member"},

		"ring":         {"member"},
		"group":        {"member"},
		"quorum":       {"member"},
		"qdevice":      {"member"},
		"replica":      {"cib", "member"},
		"sched":        {"cib", "agent", "graph", "status"},
		"sched/whatif": {"cib", "sched", "status"},
		"transit":      {"cib", "agent", "graph"},
		"lrm":          {"cib", "agent"},
		"fence":        {"member", "cib", "agent"},
		"attr":         {"member", "cib"},
		"ticket":       {"member", "cib"},
		"colo":         {"member", "agent"},
		"control":      slices.Concat(nouns, []string{"sched", "transit", "replica"}),
		"engine":       slices.Concat(nouns, deciders),

		"intent":    {"cib"},
		"view":      nouns,
		"blueprint": nouns,
		"shell/crm": slices.Concat(nouns, []string{"intent", "view", "blueprint"}),
		"shell/pcs": slices.Concat(nouns, []string{"intent", "view", "blueprint"}),

		"internal/host":          {},
		"internal/host/linux":    hand(),
		"internal/wire":          hand(),
		"internal/store":         hand(),
		"internal/runner":        hand(),
		"internal/agents":        hand(),
		"internal/corosync":      append(hand(), "group", "quorum"),
		"internal/device":        append(hand(), "qdevice", "quorum", "internal/token"),
		"internal/device/qnetd":  {},
		"internal/token":         {},
		"internal/witness":       append(hand(), "qdevice", "internal/device"),
		"internal/setup":         face("internal/face", "internal/host", "internal/token"),
		"internal/web":           slices.Concat(nouns, []string{"view"}),
		"internal/web/fake":      slices.Concat(nouns, []string{"internal/web"}),
		"internal/client":        slices.Concat(nouns, []string{"internal/web"}),
		"internal/face":          face(),
		"internal/face/facetest": face("internal/face", "internal/web/fake", "internal/simulate"),
		"internal/tools":         face("internal/face", "internal/runner"),
		"internal/corotools":     face("internal/face"),
		"internal/simulate":      slices.Concat(nouns, speakers, []string{"sched", "transit", "internal/face"}),
		"internal/conformance":   slices.Concat(nouns, speakers, []string{"sched", "transit", "internal/simulate", "internal/face"}),
		"internal/playground":    face("internal/face", "internal/setup", "internal/host", "examples"),
		"internal/node":          {everyone, "-internal/cli", "-internal/playground", "-internal/sim"},
		"internal/sim":           {everyone, "-internal/cli", "-internal/playground", "-internal/rehearse"},
		"internal/rehearse":      slices.Concat(nouns, []string{"sched", "control", "engine", "internal/sim"}),
		"internal/cli":           {everyone},
		"internal/lint":          {},
		"cmd/mainstay":           {"internal/cli"},
		"test/e2e":               {everyone},
		"test/vm":                {},
		"test/shells":            {everyone},
		"test/messages":          {"internal/node", "member"},
	}
}

// hand is the row of a package that touches the machine and has no opinion.
func hand() []string { return slices.Concat(nouns, []string{"internal/host"}) }

// face is the row of a package that talks to a running cluster as its user does.
func face(more ...string) []string {
	return slices.Concat(nouns, speakers, []string{"sched", "internal/client", "internal/web"}, more)
}

// checkImports compares every import of our own packages, outside of tests, with
// the table.
func checkImports(m *Module) []Finding {
	table := allowed()
	var out []Finding
	for _, p := range m.Packages {
		code := p.Code()
		row, known := table[p.Path]
		if !known && len(code) > 0 && !strings.HasPrefix(p.Path, "examples") {
			out = append(out, m.at("imports", code[0].AST.Package,
				"package %s has no row in the import table; give it one in internal/lint/imports.go", p.Path))
			continue
		}
		for _, f := range code {
			for _, imp := range f.AST.Imports {
				to, ours := ownImport(imp.Path.Value)
				if ours && !permits(row, to) {
					out = append(out, m.at("imports", imp.Pos(), "%s must not import %s", p.Path, to))
				}
			}
		}
	}
	return out
}

// permits tells whether a row lets its package import another one.
func permits(row []string, to string) bool {
	if slices.Contains(row, "-"+to) {
		return false
	}
	return slices.Contains(row, to) || slices.Contains(row, everyone)
}

// ownImport strips the quotes and the module's name off an import path and tells
// whether it is one of ours.
func ownImport(quoted string) (string, bool) {
	s, err := strconv.Unquote(quoted)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(s, ModuleName+"/")
}
