package tools

import (
	"context"
	"errors"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/sched"
	"mainstay/status"
)

// crmadmin is crmadmin: who coordinates, who is there, how they are.
func crmadmin(ctx context.Context, env *face.Env, args []string) face.Code {
	var node, kinds, command string
	var quiet, bash bool
	f := newFlags(env, "query the controller of the cluster")
	r := f.withOutput(args)
	f.command([4]string{"status", "S", "=", "state of the controller on a node"}, func(v string) { command, node = "status", v })
	f.command([4]string{"pacemakerd", "P", "", "state of the local daemon"}, func(string) { command = "pacemakerd" })
	f.command([4]string{"dc_lookup", "D", "", "name of the coordinator"}, func(string) { command = "dc" })
	f.command([4]string{"nodes", "N", "?", "names of nodes: all, cluster, guest or remote"}, func(v string) { command, kinds = "nodes", v })
	f.StringP("timeout", "t", "", "how long to wait")
	f.BoolVarP(&bash, "bash-export", "B", false, "nodes as shell commands")
	f.StringP("ipc-name", "i", "", "")
	f.BoolVarP(&quiet, "quiet", "q", false, "only what was asked for")
	f.hide("ipc-name")
	if code, done := f.parse(joinOptional(args, "-N", "--nodes")); done {
		return code
	}
	if command == "" {
		env.Errorf("error: Must specify a command option\n%s", f.helpText())
		return face.Usage
	}
	a := &administration{reply: r, quiet: quiet, bash: bash}
	var err error
	switch command {
	case "status":
		err = a.controller(ctx, node)
	case "pacemakerd":
		err = a.daemon(ctx)
	case "dc":
		err = a.coordinator(ctx)
	case "nodes":
		err = a.nodes(ctx, kinds)
	}
	if errors.Is(err, client.ErrNoDaemon) {
		r.warnf("error: Could not connect to controller: Connection refused\nerror: Command failed: Connection refused\n")
		return r.end(face.Silent(face.Disconnected))
	}
	return r.end(err)
}

// administration is one run of crmadmin.
type administration struct {
	*reply
	quiet, bash bool
}

// controller tells how a node's part of the cluster is.
func (a *administration) controller(ctx context.Context, node string) error {
	s, err := a.env.Client().Node(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.Peers, func(p web.Peer) bool { return p.Name == node })
	if i < 0 || !s.Peers[i].Member {
		a.warnf("error: No reply received from controller before timeout (30000ms)\nerror: Command failed: Connection timed out\n")
		return face.Silent(face.Timeout)
	}
	state := "S_NOT_DC"
	if node == s.Coordinator {
		state = "S_IDLE"
		root, err := a.env.Client().CIB(ctx)
		if err != nil {
			return err
		}
		if s.Transition.Busy || !idle(root, a.env.Now()) {
			state = "S_TRANSITION_ENGINE"
		}
	}
	a.add(element("crmd", "node_name", node, "state", state, "result", "ok"))
	if a.quiet {
		a.printf("%s\n", state)
		return nil
	}
	a.printf("Controller on %s in state %s: ok\n", node, state)
	return nil
}

// daemon tells how the local daemon is.
func (a *administration) daemon(ctx context.Context) error {
	s, err := a.env.Client().Node(ctx)
	if err != nil {
		return err
	}
	when := s.Taken.UTC().Format("2006-01-02 15:04:05Z")
	a.add(element("pacemakerd", "sys_from", "pacemakerd", "state", "running", "last_updated", when))
	if a.quiet {
		a.printf("running\n")
		return nil
	}
	a.printf("Status of pacemakerd: 'Pacemaker is running' (last updated %s)\n", when)
	return nil
}

// coordinator names the node that coordinates.
func (a *administration) coordinator(ctx context.Context) error {
	s, err := a.env.Client().Node(ctx)
	if err != nil {
		return err
	}
	a.add(element("dc", "node_name", s.Coordinator))
	switch {
	case a.quiet:
		a.printf("%s\n", s.Coordinator)
	case s.Coordinator == "":
		a.printf("Designated Controller is: not yet elected\n")
	default:
		a.printf("Designated Controller is: %s\n", s.Coordinator)
	}
	return nil
}

// nodes lists nodes of some kinds.
func (a *administration) nodes(ctx context.Context, kinds string) error {
	root, err := a.env.CIB(ctx)
	if err != nil {
		return err
	}
	words := strings.Split(kinds, ",")
	all := kinds == "" || slices.Contains(words, "all")
	var list []*cib.Elem
	for _, n := range sched.Unpack(sched.Input{CIB: root, Now: a.env.Now()}).Nodes {
		kind := map[status.NodeKind]string{status.Member: "cluster", status.Remote: "remote", status.Guest: "guest"}[n.Kind]
		if !all && !slices.Contains(words, kind) {
			continue
		}
		list = append(list, element("node", "type", kind, "name", n.Name, "id", n.ID))
		switch {
		case a.bash:
			a.printf("export %s=%s\n", n.Name, n.ID)
		case a.quiet:
			a.printf("%s\n", n.Name)
		default:
			a.printf("%s node: %s (%s)\n", kind, n.Name, n.ID)
		}
	}
	if len(list) == 0 {
		a.printf("No nodes configured\n")
	}
	a.add(cib.New("nodes").WithKids(list))
	return nil
}
