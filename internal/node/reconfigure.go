package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"mainstay/conf"
	"mainstay/engine"
	"mainstay/internal/host"
	"mainstay/internal/web"
)

// newCluster ties a loop to its API.
func newCluster(h host.Host, cfg Config, file configFile, self conf.Node, loop *Loop) *Cluster {
	c := &Cluster{host: h, config: cfg, static: static{cluster: file.conf.Totem.ClusterName, self: self.Name, build: cfg.Version,
		id: self.ID, started: h.Wall()}}
	c.file.Store(&file)
	loop.Publish = c.publish
	loop.Reconfigure = func(text string) { c.reconfigured(loop, text) }
	c.publish(loop.engine.State(), nil)
	return c
}

// peers are the configured nodes.
func (c *Cluster) peers() []web.Peer {
	var out []web.Peer
	for _, n := range c.file.Load().conf.Nodes {
		out = append(out, web.Peer{ID: n.ID, Name: n.Name, Addrs: n.Addrs, Votes: n.Votes})
	}
	return out
}

// reconfigured writes a configuration file that the cluster agreed on, and takes
// it over. It runs in the loop.
func (c *Cluster) reconfigured(loop *Loop, text string) {
	parsed, problems := conf.Parse([]byte(text), c.config.ConfigFile)
	if conf.Failed(problems) {
		c.config.Log.Error("the cluster agreed on a configuration that this node cannot read; it keeps its own", "problems", fmt.Sprint(problems))
		return
	}
	if err := renameio.WriteFile(c.config.ConfigFile, []byte(text), 0o644); err != nil {
		c.config.Log.Error("the new configuration could not be written", "error", err, "file", filepath.Base(c.config.ConfigFile))
		return
	}
	have := *c.file.Load()
	if err := resolve(parsed, have.conf, systemLookup()); err != nil {
		c.config.Log.Error("nodes cannot be reached until their names have addresses", "error", err)
	}
	if parsed.Totem.Encrypted && len(have.keys) > 0 {
		keys, err := readKeys(c.config, parsed)
		if err != nil {
			c.config.Log.Error("the cluster key cannot be read; the present one stays in use", "error", err)
		} else {
			have.keys, loop.setup.Key, loop.setup.OldKeys = keys, keys[0], keys[1:]
		}
	}
	have.text, have.conf = []byte(text), parsed
	c.file.Store(&have)
	loop.configure(parsed)
	c.config.Log.Info("the configuration was changed", "event", "config", "nodes", len(parsed.Nodes))
}

// Reload has all members take over this node's configuration file as it stands now.
func (c *Cluster) Reload(ctx context.Context) error {
	text, err := os.ReadFile(c.config.ConfigFile)
	if err != nil {
		return err
	}
	return c.spread(ctx, text)
}

// spread multicasts a configuration file if it can be used.
func (c *Cluster) spread(ctx context.Context, text []byte) error {
	_, problems := conf.Parse(text, c.config.ConfigFile)
	var errs []error
	for _, p := range problems {
		if p.Severity == conf.Error {
			errs = append(errs, errors.New(p.String()))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	_, err := c.ask(ctx, engine.Reconfigure{Text: string(text)})
	return err
}

// AddNode implements web.Cluster.
func (c *Cluster) AddNode(ctx context.Context, n web.Peer) error {
	text, err := conf.AddNode(c.file.Load().text, conf.Node{ID: n.ID, Name: n.Name, Addrs: n.Addrs, Votes: max(n.Votes, 1)})
	if err != nil {
		return err
	}
	return c.spread(ctx, text)
}

// RemoveNode implements web.Cluster.
func (c *Cluster) RemoveNode(ctx context.Context, name string) error {
	n, ok := c.file.Load().conf.ByName(name)
	if ok && c.state.Load().View.Has(n.ID) {
		return fmt.Errorf("node %s is a member: stop its daemon first", name)
	}
	text, err := conf.RemoveNode(c.file.Load().text, name)
	if err != nil {
		return err
	}
	return c.spread(ctx, text)
}
