package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mainstay/cib"
	"mainstay/conf"
	"mainstay/intent"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/node"
	"mainstay/internal/setup"
)

// setupOptions are the flags of init, join and invite.
type setupOptions struct {
	name, cluster string
	engine        string // who does membership: "ring" or "corosync"
	addrs         []string
	force         bool
	start         startMode
	noStart       bool
	foreground    bool
	valid         time.Duration
	etc, state    string
	port          int
}

// startWait is how long a new node may take until its API answers with a CIB.
const startWait = 30 * time.Second

func (a *app) setupFlags(c *cobra.Command, o *setupOptions) *cobra.Command {
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "name of this node (default: the host name)")
	f.StringSliceVar(&o.addrs, "addr", nil, "addresses of this node, one per link, separated by commas (default: found)")
	f.BoolVar(&o.force, "force", false, "overwrite an existing configuration")
	f.BoolVar(&o.noStart, "no-start", false, "write the files, start nothing")
	f.BoolVar(&o.foreground, "foreground", false, "run the node daemon in this terminal")
	a.placeFlags(c, o)
	return c
}

// placeFlags say where files are; they are for tests and odd installations.
func (a *app) placeFlags(c *cobra.Command, o *setupOptions) {
	f := c.Flags()
	f.StringVar(&o.etc, "etc", "", "directory of configuration and key (default "+filepath.Dir(node.DefaultConfig)+"; on an installed Corosync "+filepath.Dir(node.CorosyncConfig)+")")
	f.StringVar(&o.state, "state", node.DefaultStateDir, "directory of the node's memory")
	f.IntVar(&o.port, "enrol-port", setup.Port, "TCP port for joining nodes")
}

// configFile is where the configuration belongs: where Corosync reads it, if it
// does membership.
func (o *setupOptions) configFile() string {
	usual := node.DefaultConfig
	if o.engine == "corosync" {
		usual = node.CorosyncConfig
	}
	if o.etc != "" {
		return filepath.Join(o.etc, filepath.Base(usual))
	}
	return usual
}

func (o *setupOptions) keyFile() string {
	return filepath.Join(filepath.Dir(o.configFile()), "authkey")
}

// desk is where invitations are kept below a state directory.
func desk(state string, now func() time.Time) *setup.Desk {
	return &setup.Desk{Dir: filepath.Join(state, "enrol"), Now: now}
}

// complete finds name and mode of starting where flags do not say.
func (o *setupOptions) complete() error {
	if o.name == "" {
		host, err := os.Hostname()
		if err != nil {
			return face.Failf(face.Usage, "this machine's name: %v\n  remedy: give --name", err)
		}
		o.name, _, _ = strings.Cut(host, ".")
	}
	switch {
	case o.noStart:
		o.start = startNothing
	case o.foreground:
		o.start = startHere
	default:
		o.start = startMode(bestStart())
	}
	return nil
}

func (a *app) initCommand() *cobra.Command {
	var o setupOptions
	c := &cobra.Command{
		Use: "init", Short: "Make a cluster: this machine is its first node", GroupID: "make",
		Long: "Writes configuration and key, starts the node daemon, sets the defaults of a new\n" +
			"cluster, and prints a join token for the next machine.",
		Example: "  mainstay init --cluster shop --addr 10.0.0.1,10.1.0.1",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.complete(); err != nil {
				return err
			}
			return a.initCluster(c.Context(), &o)
		},
	}
	c.Flags().StringVar(&o.cluster, "cluster", "mainstay", "name of the cluster")
	c.Flags().StringVar(&o.engine, "engine", "ring", "who does membership and messages: ring (built in) or corosync (installed on all nodes)")
	c.Flags().DurationVar(&o.valid, "valid", time.Hour, "how long the join token is good")
	return a.setupFlags(c, &o)
}

func (a *app) initCluster(ctx context.Context, o *setupOptions) error {
	if o.engine != "ring" && o.engine != "corosync" {
		return face.Failf(face.Usage, "engine %q is not known\n  remedy: write ring or corosync", o.engine)
	}
	if len(o.addrs) == 0 {
		var err error
		if o.addrs, err = setup.OwnAddrs(nil); err != nil {
			return err
		}
		if len(o.addrs) == 0 {
			return face.Failf(face.NoHost, "this machine has no address that others could reach\n  remedy: give --addr")
		}
	}
	text := setup.NewConfig(o.cluster, o.engine, conf.Node{ID: 1, Name: o.name, Addrs: o.addrs})
	if err := a.writeNode(o, text, setup.NewKey()); err != nil {
		return err
	}
	a.Printf("cluster %q: node %s (id 1) at %s\n", o.cluster, o.name, strings.Join(o.addrs, ", "))
	token, err := desk(o.state, a.Now).Invite(o.addrs, portOf(o), o.valid)
	if err != nil {
		return err
	}
	hint := fmt.Sprintf("On the next machine, within %s:\n\n  mainstay join %s\n\n", o.valid, token)
	if o.start == startHere {
		a.Printf("%s", hint)
		go a.firstSettings(ctx)
		return a.startNode(ctx, o)
	}
	if err := a.startNode(ctx, o); err != nil {
		return err
	}
	if o.start != startNothing {
		if err := a.firstSettings(ctx); err != nil {
			return err
		}
	}
	a.Printf("%s\"mainstay invite\" prints a token for each further machine.\n", hint)
	return nil
}

// portOf is the port for the token: 0 stands for the usual one.
func portOf(o *setupOptions) int {
	if o.port == setup.Port {
		return 0
	}
	return o.port
}

// writeNode writes the node's files.
func (a *app) writeNode(o *setupOptions, text string, key []byte) error {
	err := setup.WriteFiles(o.configFile(), o.keyFile(), text, key, o.force)
	if errors.Is(err, setup.ErrExists) {
		return face.Failf(face.Exists, "%v\n  remedy: --force overwrites it; to leave a cluster first: \"mainstay node remove\" on another member", err)
	}
	return err
}

// firstSettings waits for the new node and writes the defaults of new clusters into
// its CIB, where everyone can see and change them.
func (a *app) firstSettings(ctx context.Context) error {
	c := a.Client()
	a.timeout = startWait
	err := a.awaitNode(ctx, c)
	if err != nil {
		return err
	}
	root, err := c.CIB(ctx)
	if err != nil {
		return err
	}
	var edits []cib.Edit
	for _, d := range []struct{ name, value string }{{"resource-stickiness", "100"}, {"interleave", "true"}} {
		if _, there := intent.GetOption(root, intent.RscDefaults, d.name); !there {
			edits = append(edits, intent.SetOption(root, intent.RscDefaults, d.name, d.value).Edits...)
		}
	}
	if len(edits) == 0 {
		return nil
	}
	_, err = c.Edit(ctx, edits, nil)
	return err
}

// awaitNode waits until the node's API answers with a CIB.
func (a *app) awaitNode(ctx context.Context, c *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := c.CIB(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return face.Failf(face.Timeout, "the node daemon does not answer after %s: %v\n  remedy: see its log, %s", startWait, err, node.DefaultLog)
		case err := <-a.ended:
			return face.Failf(face.Error, "the node daemon ended at once: %v\n  remedy: its log says why: %s", err, node.DefaultLog)
		case <-tick.C:
		}
	}
}

func (a *app) joinCommand() *cobra.Command {
	var o setupOptions
	c := &cobra.Command{
		Use: "join TOKEN", Short: "Join a cluster with the token that a member printed", GroupID: "make",
		Long: "Asks the member that made the token to let this machine in, writes the configuration\n" +
			"and key that it gets, and starts the node daemon. The member is known by the\n" +
			"certificate that the token names; no ssh is needed.",
		Example: "  mainstay join mainstay1-eyJhIjpbIjEwLjAuMC4xIl0s...",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			token, err := setup.ParseToken(args[0])
			if err != nil {
				return face.Failf(face.Usage, "%v\n  remedy: copy the whole token; \"mainstay invite\" on a member prints a new one", err)
			}
			if err := o.complete(); err != nil {
				return err
			}
			return a.join(c.Context(), token, &o)
		},
	}
	return a.setupFlags(c, &o)
}

func (a *app) join(ctx context.Context, token setup.Token, o *setupOptions) error {
	if !o.force && exists(o.configFile()) {
		return face.Failf(face.Exists, "this machine has a cluster configuration already: %s\n  remedy: --force overwrites it", o.configFile())
	}
	if len(o.addrs) == 0 {
		found, err := setup.OwnAddrs(token.Addrs)
		if err != nil {
			return err
		}
		if len(found) == len(token.Addrs) {
			o.addrs = found
		}
	}
	j, err := setup.Join(ctx, token, o.name, o.addrs)
	if err != nil {
		return fmt.Errorf("cannot join: %w", err)
	}
	c, _ := conf.Parse([]byte(j.Config), o.configFile())
	o.engine = c.Engine
	if err := a.writeNode(o, j.Config, j.Key); err != nil {
		return err
	}
	a.Printf("node %s is let in; its configuration is %s\n", o.name, o.configFile())
	if len(c.Nodes) == 2 && !c.Quorum.TwoNode && c.Quorum.Device == nil {
		a.Printf("a cluster of two stops when one is lost: let a third join, or set two_node: 1 in its quorum section\n")
	}
	if err := a.startNode(ctx, o); err != nil || o.start == startHere || o.start == startNothing {
		return err
	}
	return a.awaitNode(ctx, a.Client())
}

func (a *app) inviteCommand() *cobra.Command {
	var o setupOptions
	c := &cobra.Command{
		Use: "invite", Short: "Print a token with which one more machine can join", GroupID: "make",
		Example: "  mainstay invite --valid 10m",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			file := o.configFile()
			if !exists(file) {
				file = ""
			}
			text, file, err := readConfig(file)
			if err != nil {
				return err
			}
			cfg, problems := conf.Parse(text, file)
			if conf.Failed(problems) {
				return face.Failf(face.BadConfig, "%s is not usable\n  remedy: see \"mainstay config check\"", file)
			}
			if len(o.addrs) == 0 {
				if o.addrs = ownNode(cfg, o.name); o.addrs == nil {
					return face.Failf(face.NoHost, "which node of %s is this machine?\n  remedy: give --name or --addr", file)
				}
			}
			token, err := desk(o.state, a.Now).Invite(o.addrs, portOf(&o), o.valid)
			if err != nil {
				return err
			}
			a.Printf("%s\n", token)
			return nil
		},
	}
	c.Flags().StringVar(&o.name, "name", "", "name of this node (default: found by host name)")
	c.Flags().StringSliceVar(&o.addrs, "addr", nil, "addresses at which this node is reached")
	c.Flags().DurationVar(&o.valid, "valid", time.Hour, "how long the token is good")
	a.placeFlags(c, &o)
	return c
}

// ownNode finds the addresses of this machine in a configuration.
func ownNode(c *conf.Config, name string) []string {
	if name == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil
		}
		name = host
	}
	for _, n := range []string{name, strings.SplitN(name, ".", 2)[0]} {
		if found, ok := c.ByName(n); ok {
			return found.Addrs
		}
	}
	return nil
}
