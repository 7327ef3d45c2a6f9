package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/graph"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/simulate"
	"mainstay/shell/pcs"
)

// pcsCommand is "mainstay pcs …": the commands of pcs.
func (a *app) pcsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "pcs [-f FILE] [COMMAND...]", Short: "The commands of pcs 0.11 and 0.9: resource, constraint, stonith, node, cluster …", GroupID: "change",
		Long: "Carries out one command of pcs. With -f it works on a file with a CIB instead of the\n" +
			"cluster. \"mainstay pcs AREA --help\" lists the commands of an area.",
		Example: "  mainstay pcs resource create vip ocf:heartbeat:IPaddr2 ip=10.0.0.9 op monitor interval=10s\n" +
			"  mainstay pcs constraint colocation add web with vip\n  mainstay pcs status",
		DisableFlagParsing: true,
		ValidArgsFunction:  a.completePcs,
		RunE: func(c *cobra.Command, args []string) error {
			return (&pcsShell{app: a, ctx: c.Context()}).main(args)
		},
	}
}

// completePcs completes commands, then the names of what they are about.
func (a *app) completePcs(c *cobra.Command, args []string, last string) ([]string, cobra.ShellCompDirective) {
	out := pcs.Names(args)
	if len(out) == 0 {
		if root, err := a.CIB(c.Context()); err == nil {
			out = pcs.Objects(root)
		}
	}
	return slices.DeleteFunc(out, func(w string) bool { return !strings.HasPrefix(w, last) }), cobra.ShellCompDirectiveNoFileComp
}

// pcsShell is one command of pcs; it is the cluster that the language asks.
type pcsShell struct {
	*app
	ctx  context.Context
	file string // the document of -f, "" for the cluster
}

// main carries the command out.
func (s *pcsShell) main(args []string) error {
	args, err := s.takeFile(args)
	if err != nil {
		s.Errorf("Error: %v\n", err)
		return face.Silent(face.Error)
	}
	r := pcs.Run(s, args)
	if r.Code == 0 {
		err = s.carryOut(r)
	}
	s.Printf("%s", r.Out)
	s.Errorf("%s", r.Err)
	if err != nil {
		var silent *face.Failure
		if !errors.As(err, &silent) || silent.Err != nil {
			s.Errorf("Error: %s\n", face.Describe(err))
		}
		return face.Silent(face.Error)
	}
	if r.Code != 0 {
		return face.Silent(face.Code(r.Code))
	}
	return nil
}

// takeFile takes "-f FILE" off the command line.
func (s *pcsShell) takeFile(args []string) ([]string, error) {
	i := slices.Index(args, "-f")
	if i < 0 {
		return args, nil
	}
	if i+1 == len(args) {
		return nil, errors.New("option -f requires argument")
	}
	s.file = args[i+1]
	if !exists(s.file) {
		if err := os.WriteFile(s.file, cib.Empty().AppendXML(nil, true), 0o600); err != nil {
			return nil, fmt.Errorf("Unable to write to file: '%s': %w", s.file, err)
		}
	}
	return slices.Concat(args[:i], args[i+2:]), nil
}

// CIB implements pcs.Cluster.
func (s *pcsShell) CIB() (*cib.Elem, error) {
	if s.file != "" {
		root, err := face.ReadCIB(s.file)
		if err != nil {
			return nil, fmt.Errorf("unable to get cib: %s", face.Describe(err))
		}
		return root, nil
	}
	root, err := s.app.CIB(s.ctx)
	if errors.Is(err, client.ErrNoDaemon) {
		return nil, errors.New("unable to get cib, is the cluster running on this node? \"mainstay pcs cluster start\" starts it")
	}
	if err != nil {
		return nil, fmt.Errorf("unable to get cib: %s", face.Describe(err))
	}
	return root, nil
}

// Metadata implements pcs.Cluster.
func (s *pcsShell) Metadata(n agent.Name) (*agent.Metadata, error) {
	if m := s.agents().metadata(n); m != nil {
		return m, nil
	}
	if _, ok := s.agents().find(n); ok && (n.Class == "systemd" || n.Class == "lsb" || n.Class == "service") {
		return standardOps(n), nil
	}
	return nil, fmt.Errorf("crm_resource: Metadata query for %s failed: No such device or address, Error performing operation: No such object", n)
}

// standardOps are the operations of agents that describe none, with the times that
// Pacemaker's tools tell of them.
func standardOps(n agent.Name) *agent.Metadata {
	m := &agent.Metadata{Name: n.Type, Short: n.Type}
	limit := 15 * time.Second
	if n.Class == "systemd" {
		limit = 100 * time.Second
	}
	for _, name := range []string{"start", "stop", "monitor", "force-reload", "restart"} {
		if n.Class == "systemd" && (name == "force-reload" || name == "restart") {
			continue
		}
		a := agent.Action{Name: name, Timeout: limit}
		switch {
		case name == "monitor" && n.Class == "systemd":
			a.Interval = time.Minute
		case name == "monitor":
			a.Interval = 15 * time.Second
		}
		m.Actions = append(m.Actions, a)
	}
	return m
}

// Agents implements pcs.Cluster.
func (s *pcsShell) Agents() []agent.Name { return s.agents().list() }

// Call implements pcs.Cluster.
func (s *pcsShell) Call(tool string, args ...string) pcs.Called {
	var out, errs bytes.Buffer
	env := *s.Env
	env.Name, env.Stdin, env.Stdout, env.Stderr, env.Terminal = tool, strings.NewReader(""), &out, &errs, false
	if s.file != "" {
		env.Getenv = func(name string) string {
			if name == "CIB_file" {
				return s.file
			}
			return s.Getenv(name)
		}
	}
	run := lookup(tool)
	if run == nil {
		return pcs.Called{Err: "there is no tool " + tool, Code: 1}
	}
	code := run(s.ctx, &env, args)
	return pcs.Called{Out: out.String(), Err: errs.String(), Code: int(code)}
}

// Foresee implements pcs.Cluster.
func (s *pcsShell) Foresee(root *cib.Elem, play bool) (pcs.Foreseen, error) {
	text, plan, err := simulate.Try(s.Env, root, play)
	if err != nil {
		return pcs.Foreseen{}, fmt.Errorf("unable to simulate changes in CIB: %s", face.Describe(err))
	}
	f := pcs.Foreseen{Text: text}
	for _, a := range plan.Actions {
		if a.Kind == graph.Resource && a.Rsc != nil && slices.Contains([]string{"start", "stop", "promote", "demote", "migrate_to", "migrate_from"}, a.Task) {
			f.Steps = append(f.Steps, pcs.Step{Task: a.Task, Resource: a.Rsc.ID, Node: a.Node})
		}
	}
	return f, nil
}

// File implements pcs.Cluster.
func (s *pcsShell) File(name string) ([]byte, error) { return os.ReadFile(name) }

// Local implements pcs.Cluster.
func (s *pcsShell) Local() string {
	if name, err := s.self(s.ctx); err == nil && s.file == "" {
		return name
	}
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// carryOut makes the change that a command comes to, as a whole or not at all.
func (s *pcsShell) carryOut(r pcs.Reply) error {
	if r.Root != nil {
		base, err := s.CIB()
		if err != nil {
			return err
		}
		if err := s.push(base, r.Root); err != nil {
			return err
		}
	}
	if r.Effect != nil {
		if err := s.effect(r.Effect); err != nil {
			return err
		}
	}
	if r.Wait != nil && s.file == "" {
		s.Errorf("Waiting for the cluster to apply configuration changes (timeout: %d seconds)...\n", r.Wait.Seconds)
		s.timeout = time.Duration(r.Wait.Seconds) * time.Second
		if err := s.awaitIdle(s.ctx); err != nil {
			return err
		}
		for _, id := range r.Wait.Tell {
			s.Errorf("%s\n", s.running(id))
		}
	}
	return nil
}

// running tells where a resource runs.
func (s *pcsShell) running(id string) string {
	nodes := strings.Fields(s.Call("crm_resource", "--quiet", "--locate", "--resource", id).Out)
	for i, n := range nodes {
		nodes[i] = "'" + n + "'"
	}
	switch slices.Sort(nodes); len(nodes) {
	case 0:
		return "resource '" + id + "' is not running on any node"
	case 1:
		return "resource '" + id + "' is running on node " + nodes[0]
	}
	return "resource '" + id + "' is running on nodes " + strings.Join(nodes, ", ")
}

// push changes the document: what differs is sent, and what would not be valid is
// refused.
func (s *pcsShell) push(base, root *cib.Elem) error {
	known := map[string]bool{}
	for _, p := range cib.Validate(base) {
		known[p.Msg] = true
	}
	for _, p := range cib.Validate(root) {
		if p.Severity == cib.Error && !known[p.Msg] {
			return fmt.Errorf("Unable to update cib\n%s", p.Msg)
		}
	}
	d := cib.DiffUnversioned(base, root)
	if d == nil {
		return nil
	}
	edits := []cib.Edit{{Op: cib.OpPatch, Elem: d}}
	if s.file != "" {
		return s.changeFile(s.file, edits)
	}
	s.wait = false
	return s.change(s.ctx, edits)
}

// effect does what is to be done besides.
func (s *pcsShell) effect(e pcs.Effect) error {
	switch e := e.(type) {
	case pcs.Save:
		if err := os.WriteFile(e.Name, []byte(e.Text), 0o600); err != nil {
			return fmt.Errorf("Unable to write to file '%s': %w", e.Name, err)
		}
	case pcs.Push:
		return s.pushWhole(e)
	case pcs.Edit:
		return s.editSection(e.Scope)
	case pcs.Config:
		return s.showFile(e.Node)
	case pcs.Auth:
		return s.auth(e.Nodes)
	case pcs.Setup:
		return s.setup(e)
	case pcs.Power:
		return s.power(e)
	case pcs.Own:
		s.Printf("%s", e.Before)
		root := s.root()
		root.SetArgs(e.Args)
		return root.ExecuteContext(s.ctx)
	}
	return nil
}

// pushWhole makes the document what a file says.
func (s *pcsShell) pushWhole(e pcs.Push) error {
	base, err := s.CIB()
	if err != nil {
		return err
	}
	if e.Config {
		return s.push(base, e.Root)
	}
	if a, b := cib.VersionOf(e.Root), cib.VersionOf(base); a.Compare(b) < 0 {
		return fmt.Errorf("Unable to push cib\nthe document has version %s, the cluster %s: \"--config\" pushes the configuration whatever the version", a, b)
	}
	return s.push(base, base.Put(e.Root.Child("configuration")))
}

// editSection lets the user's editor change a section as XML.
func (s *pcsShell) editSection(scope string) error {
	root, err := s.CIB()
	if err != nil {
		return err
	}
	e := root.Path("configuration")
	if scope != "configuration" {
		e = e.Child(scope)
	}
	before := e.String()
	name, err := s.tempFile(before)
	if err != nil {
		return err
	}
	if err := s.runEditor(s.ctx, name); err != nil {
		return err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return &face.Failure{Code: face.NoInput, Err: err}
	}
	if string(text) == before {
		s.Errorf("CIB not updated, no changes detected\n")
		return os.Remove(name)
	}
	doc, err := cib.Parse(text)
	if err != nil {
		return fmt.Errorf("%w\n  your text is in %s", err, name)
	}
	next := root.Put(doc)
	if scope != "configuration" {
		next = root.Put(root.Child("configuration").Put(doc))
	}
	if err := s.push(root, next); err != nil {
		return fmt.Errorf("%w\n  your text is in %s", err, name)
	}
	s.Errorf("CIB updated\n")
	return os.Remove(name)
}
