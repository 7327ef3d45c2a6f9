package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"mainstay/conf"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/node"
	"mainstay/internal/setup"
	"mainstay/internal/web"
	"mainstay/shell/pcs"
)

// auth says of each node whether it is known. Mainstay has no password for nodes: a
// member is known by the cluster's key, and gets that with a token.
func (s *pcsShell) auth(nodes []string) error {
	members, err := s.members()
	if err != nil && !errors.Is(err, client.ErrNoDaemon) {
		return err
	}
	here, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("this machine's name: %w", err)
	}
	for _, n := range nodes {
		if n == here || slices.Contains(members, n) {
			s.Printf("%s: Authorized\n", n)
			continue
		}
		s.Printf("%s: Authorized by the token that \"cluster setup\" prints for it: no password is needed\n", n)
	}
	return nil
}

// members are the names of the cluster's members as the running daemon knows them.
func (s *pcsShell) members() ([]string, error) {
	n, err := s.Client().Node(s.ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range n.Peers {
		if m.Member {
			out = append(out, m.Name)
		}
	}
	return out, nil
}

// setup makes a cluster with this machine as its first node, and prints for each
// further one the command that lets it in.
func (s *pcsShell) setup(e pcs.Setup) error {
	here, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("this machine's name: %w", err)
	}
	if v := s.Getenv("MAINSTAY_NAME"); v != "" {
		here = v
	}
	i := slices.IndexFunc(e.Nodes, func(n pcs.SetupNode) bool { return n.Name == here })
	if i < 0 {
		return fmt.Errorf("this machine, %s, is not among the nodes: run the command on one of them", here)
	}
	own := e.Nodes[i]
	if len(own.Addrs) == 0 {
		if own.Addrs, err = resolve(s, own.Name); err != nil {
			return err
		}
	}
	o := &setupOptions{name: own.Name, cluster: e.Name, engine: "ring", addrs: own.Addrs, force: e.Force, noStart: true,
		valid: time.Hour, etc: s.Getenv("MAINSTAY_ETC"), state: node.DefaultStateDir, port: setup.Port}
	if v := s.Getenv("MAINSTAY_STATE"); v != "" {
		o.state = v
	}
	text := setup.NewConfig(e.Name, "ring", conf.Node{ID: 1, Name: own.Name, Addrs: own.Addrs})
	if err := s.writeNode(o, text, setup.NewKey()); err != nil {
		return fmt.Errorf("%s: %s; --force overwrites it", own.Name, face.Describe(err))
	}
	s.Printf("%s: Succeeded\n", own.Name)
	for _, n := range e.Nodes {
		if n.Name == own.Name {
			continue
		}
		token, err := desk(o.state, s.Now).Invite(own.Addrs, portOf(o), o.valid)
		if err != nil {
			return err
		}
		s.Printf("%s: within an hour of \"pcs cluster start\" here, run there: mainstay join %s\n", n.Name, token)
	}
	if e.Start {
		return s.startHere()
	}
	return nil
}

// resolve finds the addresses of a node by its name, else those of this machine.
func resolve(s *pcsShell, name string) ([]string, error) {
	ips, err := net.DefaultResolver.LookupHost(s.ctx, name)
	ips = slices.DeleteFunc(ips, func(ip string) bool { a := net.ParseIP(ip); return a == nil || a.IsLoopback() })
	if err == nil && len(ips) > 0 {
		return ips[:1], nil
	}
	own, err := setup.OwnAddrs(nil)
	if err != nil {
		return nil, err
	}
	if len(own) == 0 {
		return nil, fmt.Errorf("%s: no address that others could reach; give addr=ADDRESS behind its name", name)
	}
	return own, nil
}

// power starts, stops and so on daemons. Only this machine's is reached directly; the
// members of the running cluster by it.
func (s *pcsShell) power(e pcs.Power) error {
	self, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("this machine's name: %w", err)
	}
	if n, err := s.Client().Node(s.ctx); err == nil {
		self = n.Self
	}
	nodes := e.Nodes
	if e.All {
		if nodes, err = s.configured(); err != nil {
			return err
		}
	}
	if len(nodes) == 0 {
		return s.powerHere(e.Verb, "")
	}
	bad := 0
	for _, n := range nodes {
		if n == self {
			err = s.powerHere(e.Verb, n+": ")
		} else {
			err = s.powerThere(e.Verb, n)
		}
		if err != nil {
			s.Errorf("%s: %s\n", n, face.Describe(err))
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("unable to %s all nodes", e.Verb)
	}
	return nil
}

// configured are the names of all nodes: as the daemon has them, else as the file does.
func (s *pcsShell) configured() ([]string, error) {
	if n, err := s.Client().Node(s.ctx); err == nil {
		var out []string
		for _, m := range n.Peers {
			out = append(out, m.Name)
		}
		slices.Sort(out)
		return out, nil
	}
	text, name, err := readConfig("")
	if err != nil {
		return nil, err
	}
	c, problems := conf.Parse(text, name)
	if conf.Failed(problems) {
		return nil, fmt.Errorf("%s is not usable; see \"mainstay config check\"", name)
	}
	var out []string
	for _, n := range c.Nodes {
		out = append(out, n.Name)
	}
	return out, nil
}

// powerHere does it on this machine; prefix is the node's name where several are meant.
func (s *pcsShell) powerHere(verb, prefix string) error {
	switch verb {
	case "start":
		s.Printf("%sStarting Cluster...\n", prefix)
		return s.startHere()
	case "stop", "kill":
		c := s.Client()
		if _, err := c.Node(s.ctx); errors.Is(err, client.ErrNoDaemon) {
			return nil
		}
		if verb == "kill" {
			n, err := c.Node(s.ctx)
			if err != nil {
				return err
			}
			return c.Kill(s.ctx, n.Self)
		}
		s.Printf("%sStopping Cluster...\n", prefix)
		return s.leave(c)
	case "reload":
		return s.Client().Reload(s.ctx)
	}
	s.Printf("%sCluster %sd\n", prefix, strings.TrimSuffix(verb, "d"))
	if bestStart() != startSystemd {
		return nil // what starts at boot is not systemd's matter here
	}
	if out, err := exec.CommandContext(s.ctx, "systemctl", verb, "mainstay.service").CombinedOutput(); err != nil {
		return fmt.Errorf("systemctl %s mainstay.service: %w: %s", verb, err, out)
	}
	return nil
}

// leaveWait is how long a node may take to stop what it runs.
const leaveWait = 15 * time.Minute

// leave has this node leave the cluster, and waits until its daemon is gone.
func (s *pcsShell) leave(c *client.Client) error {
	if err := c.Leave(s.ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, leaveWait)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := c.Node(ctx); errors.Is(err, client.ErrNoDaemon) {
			return nil
		}
		select {
		case <-ctx.Done():
			return face.Failf(face.Timeout, "the daemon has not ended after %s; it goes on stopping what it runs", leaveWait)
		case <-tick.C:
		}
	}
}

// startHere starts this machine's daemon, if it does not run.
func (s *pcsShell) startHere() error {
	if _, err := s.Client().Node(s.ctx); err == nil {
		return nil
	}
	here, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("this machine's name: %w", err)
	}
	o := &setupOptions{name: here, engine: "ring", etc: s.Getenv("MAINSTAY_ETC"), state: node.DefaultStateDir, start: bestStart()}
	if !exists(o.configFile()) && !exists(corosyncFile) {
		return errors.New("this machine has no cluster configuration: \"pcs cluster setup\" makes one, \"mainstay join\" fetches one")
	}
	if err := s.startNode(s.ctx, o); err != nil {
		return err
	}
	return s.awaitNode(s.ctx, s.Client())
}

// powerThere does it on another member, which the running cluster reaches.
func (s *pcsShell) powerThere(verb, name string) error {
	n, err := s.Client().Node(s.ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(n.Peers, func(m web.Peer) bool { return m.Name == name })
	if i < 0 {
		return fmt.Errorf("it is no node of this cluster")
	}
	switch member := n.Peers[i].Member; {
	case verb == "start" && member:
		s.Printf("%s: Starting Cluster...\n", name)
		return nil
	case verb == "stop" && !member:
		return nil
	case verb == "kill" && member:
		return s.Client().Kill(s.ctx, name)
	}
	return fmt.Errorf("no way from here: run \"mainstay pcs cluster %s\" there", verb)
}

// showFile prints the configuration file of the membership layer.
func (s *pcsShell) showFile(name string) error {
	if f, err := s.Client().ConfigFile(s.ctx); err == nil {
		s.Printf("%s", f.Text)
		return nil
	}
	if name != "" {
		return fmt.Errorf("%s cannot be asked: no cluster runs here", name)
	}
	text, _, err := readConfig("")
	if err != nil {
		return err
	}
	s.Printf("%s", text)
	return nil
}
