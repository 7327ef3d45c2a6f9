package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
)

// agents looks for agents on this machine.
type agents struct {
	ocf     string // directory of OCF providers
	scripts string // of LSB scripts
	fence   []string
	units   []string
	env     []string
	missing bool // what is missing here is only warned of
}

// allow makes missing agents a warning: other nodes may have them.
func (g agents) allow(missing bool) agents {
	g.missing = missing
	return g
}

// agents is where this machine has its agents.
func (a *app) agents() agents {
	root := a.Getenv("OCF_ROOT")
	if root == "" {
		root = "/usr/lib/ocf"
	}
	return agents{
		ocf: filepath.Join(root, "resource.d"), scripts: "/etc/init.d",
		fence: []string{"/usr/sbin", "/sbin", "/usr/libexec/mainstay"},
		units: []string{"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"},
		env:   []string{"OCF_ROOT=" + root, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "OCF_RA_VERSION_MAJOR=1", "OCF_RA_VERSION_MINOR=1", "LC_ALL=C"},
	}
}

// metadataTime is how long an agent may take to describe itself.
const metadataTime = 10 * time.Second

// judge finds resources that are new or changed and whose agent is not installed
// here, or does not take the parameters that they have. An agent that is missing is
// an error, unless its absence is allowed and its name does not look misspelt.
func (g agents) judge(before, after *cib.Elem) []cib.Problem {
	var out []cib.Problem
	seen := map[agent.Name]*agent.Metadata{}
	after.Path("configuration", "resources").Walk(func(e *cib.Elem) bool {
		if e.Name() != "primitive" && e.Name() != "template" || e.Get("type") == "" {
			return true
		}
		old := placeOf(before, e.ID())
		if old != nil && old.Elem.Equal(e) {
			return true
		}
		n := agentOf(e)
		near, ok := g.find(n)
		switch {
		case !ok && near != "":
			out = append(out, cib.Problem{ID: e.ID(), Severity: cib.Error, Msg: "resource " + e.ID() + ": there is no agent " + n.String(),
				Remedy: "did you mean " + agent.Name{Class: n.Class, Provider: n.Provider, Type: near}.String() + "?"})
		case !ok && (g.missing || n.Class == "systemd" || n.Class == "service" || old != nil && agentOf(old.Elem) == n):
			out = append(out, cib.Problem{ID: e.ID(), Severity: cib.Warning, Msg: "resource " + e.ID() + ": agent " + n.String() + " is not installed on this node",
				Remedy: "install it where the resource shall run; there it is reported as not installed until then"})
		case !ok:
			out = append(out, cib.Problem{ID: e.ID(), Severity: cib.Error, Msg: "resource " + e.ID() + ": agent " + n.String() + " is not installed on this node",
				Remedy: "install it, or give --missing-agents if only other nodes have it"})
		case e.Get("template") == "" && e.Name() == "primitive":
			if _, done := seen[n]; !done {
				seen[n] = g.metadata(n)
			}
			out = append(out, parameters(e, n, seen[n])...)
		}
		return true
	})
	return out
}

// list lists the agents that are installed, sorted.
func (g agents) list() []agent.Name {
	var out []agent.Name
	add := func(class, provider, dir string, is func(name string) (string, bool)) {
		list, err := os.ReadDir(dir)
		if err != nil {
			return // nothing of that kind is installed
		}
		for _, f := range list {
			if t, ok := is(f.Name()); ok {
				out = append(out, agent.Name{Class: class, Provider: provider, Type: t})
			}
		}
	}
	plain := func(name string) (string, bool) { return name, !strings.HasPrefix(name, ".") && name != "README" }
	providers, err := os.ReadDir(g.ocf)
	if err == nil {
		for _, p := range providers {
			add("ocf", p.Name(), filepath.Join(g.ocf, p.Name()), plain)
		}
	}
	add("lsb", "", g.scripts, plain)
	add("service", "", g.scripts, plain)
	if exists("/run/systemd/system") {
		for _, d := range g.units {
			add("systemd", "", d, func(name string) (string, bool) { return strings.CutSuffix(name, ".service") })
		}
	}
	for _, d := range g.fence {
		add("stonith", "", d, func(name string) (string, bool) {
			return name, strings.HasPrefix(name, "fence_") && !slices.Contains([]string{"fence_legacy", "fence_sanlockd", "fence_watchdog"}, name)
		})
	}
	slices.SortFunc(out, func(a, b agent.Name) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(out)
}

// agentOf names the agent of a primitive or template.
func agentOf(e *cib.Elem) agent.Name {
	return agent.Name{Class: e.Get("class"), Provider: e.Get("provider"), Type: e.Get("type")}
}

// find tells whether an agent is installed, and which installed one has nearly its
// name if it is not.
func (g agents) find(n agent.Name) (near string, ok bool) {
	var dirs []string
	switch n.Class {
	case "ocf":
		dirs = []string{filepath.Join(g.ocf, n.Provider)}
	case "lsb":
		dirs = []string{g.scripts}
	case "stonith":
		dirs = g.fence
	case "systemd", "service":
		return "", g.unit(n.Type) || n.Class == "service" && exists(filepath.Join(g.scripts, n.Type))
	default:
		return "", true // others are for cib.Validate to judge
	}
	var names []string
	for _, d := range dirs {
		if exists(filepath.Join(d, n.Type)) {
			return "", true
		}
		list, err := os.ReadDir(d)
		if err != nil {
			continue // no such provider here
		}
		for _, f := range list {
			if n.Class != "stonith" || strings.HasPrefix(f.Name(), "fence_") {
				names = append(names, f.Name())
			}
		}
	}
	return closeTo(n.Type, names), false
}

// closeTo returns the name that differs from a word by one letter only, or by its
// case, or "": an agent that is merely not installed must not be taken for a misspelt
// one, as cib.Nearest would.
func closeTo(word string, names []string) string {
	for _, n := range names {
		a, b := strings.ToLower(word), strings.ToLower(n)
		for a != "" && b != "" && a[0] == b[0] {
			a, b = a[1:], b[1:]
		}
		for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
			a, b = a[:len(a)-1], b[:len(b)-1]
		}
		swapped := len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
		if len(word) > 3 && (len(a) <= 1 && len(b) <= 1 || swapped) {
			return n
		}
	}
	return ""
}

func (g agents) unit(name string) bool {
	if !strings.Contains(name, ".") {
		name += ".service"
	}
	base := name
	if stem, _, ok := strings.Cut(name, "@"); ok {
		base = stem + "@" + filepath.Ext(name)
	}
	return slices.ContainsFunc(g.units, func(d string) bool {
		return exists(filepath.Join(d, name)) || exists(filepath.Join(d, base))
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// metadata asks an OCF or fence agent what it takes; nil if it does not say.
func (g agents) metadata(n agent.Name) *agent.Metadata {
	ctx, cancel := context.WithTimeout(context.Background(), metadataTime)
	defer cancel()
	var cmd *exec.Cmd
	switch n.Class {
	case "ocf":
		cmd = exec.CommandContext(ctx, filepath.Join(g.ocf, n.Provider, n.Type), "meta-data")
	case "stonith":
		for _, d := range g.fence {
			if p := filepath.Join(d, n.Type); exists(p) {
				cmd = exec.CommandContext(ctx, p, "-o", "metadata")
				break
			}
		}
	}
	if cmd == nil {
		return nil
	}
	cmd.Env = g.env
	cmd.Stdin = bytes.NewReader(nil)
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	m, err := agent.ParseMetadata(out)
	if err != nil {
		return nil
	}
	return m
}

// parameters compares a resource's parameters with those that its agent takes.
func parameters(e *cib.Elem, n agent.Name, m *agent.Metadata) []cib.Problem {
	if m == nil || len(m.Parameters) == 0 {
		return nil
	}
	var known []string
	for _, p := range m.Parameters {
		known = append(known, p.Name)
	}
	var out []cib.Problem
	given := map[string]bool{}
	shared := false
	for set := range e.Named("instance_attributes") {
		shared = shared || set.Get("id-ref") != ""
		for nv := range set.Named("nvpair") {
			name := nv.Get("name")
			given[name] = true
			shared = shared || nv.Get("id-ref") != ""
			if m.Parameter(name) != nil || n.Class == "stonith" || strings.HasPrefix(name, "trace_") || name == "" {
				continue // fence agents also take what the cluster adds: pcmk_… and the like
			}
			p := cib.Problem{ID: e.ID(), Severity: cib.Error, Msg: "resource " + e.ID() + ": agent " + n.String() + " has no parameter " + name}
			if near := cib.Nearest(name, known); near != "" {
				p.Remedy = "did you mean " + near + "?"
			} else {
				p.Remedy = "it takes " + strings.Join(known, ", ")
			}
			out = append(out, p)
		}
	}
	for _, p := range m.Parameters {
		if p.Required && !p.HasDefault && !given[p.Name] && !shared && n.Class == "ocf" {
			out = append(out, cib.Problem{ID: e.ID(), Severity: cib.Error, Msg: "resource " + e.ID() + ": agent " + n.String() + " needs parameter " + p.Name,
				Remedy: strings.TrimSuffix("add params "+p.Name+"=… ("+p.Short+")", " ()")})
		}
	}
	return out
}
