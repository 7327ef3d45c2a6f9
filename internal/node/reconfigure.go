package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"

	"mainstay/conf"
	"mainstay/engine"
	"mainstay/intent"
	"mainstay/internal/host"
	"mainstay/internal/web"
	"mainstay/internal/wire"
)

// newCluster ties a loop to its API.
func newCluster(h host.Host, cfg Config, file configFile, self conf.Node, loop *Loop) *Cluster {
	c := &Cluster{host: h, config: cfg, static: static{cluster: file.conf.Totem.ClusterName, self: self.Name, build: cfg.Version,
		id: self.ID, started: h.Wall()}}
	c.file.Store(&file)
	loop.Publish = c.publish
	loop.Adopted = func(now *conf.Config) {
		have := *c.file.Load()
		have.conf = now
		c.file.Store(&have)
	}
	loop.Reconfigure = func(text string) { c.reconfigured(loop, text) }
	loop.Rekey = func(key []byte) { c.rekeyed(loop, key) }
	c.arbiter = &arbiter{config: cfg, host: h, self: self.ID}
	loop.Standing = c.arbiter.standing
	c.arbiter.configure(func() configFile { return file })
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
	if parsed.Engine != have.conf.Engine {
		c.config.Log.Warn("who does membership changes when the daemon is started again", "key", "system.engine")
		parsed.Engine = have.conf.Engine
	}
	if err := resolve(parsed, have.conf, systemLookup()); err != nil {
		c.config.Log.Error("nodes cannot be reached until their names have addresses", "error", err)
	}
	if parsed.Totem.Encrypted && len(have.keys) > 0 {
		keys, err := readKeys(c.config, parsed)
		if err != nil {
			c.config.Log.Error("the cluster key cannot be read; the present one stays in use", "error", err)
		} else {
			have.keys = withPrevious(keys, have.keys[0])
			loop.setup.Key, loop.setup.OldKeys = have.keys[0], have.keys[1:]
		}
	}
	have.text, have.conf = []byte(text), parsed
	c.file.Store(&have)
	loop.Configure(parsed)
	go c.outside.reload(c.config.Log)
	go c.arbiter.configure(func() configFile { return *c.file.Load() })
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
	if err := c.outside.ownFile(); err != nil {
		return err
	}
	_, problems := conf.Parse(text, c.config.ConfigFile)
	if conf.Failed(problems) {
		p := &web.Problem{Kind: web.Invalid, Msg: c.config.ConfigFile + " cannot be used", Remedy: "mend it; \"mainstay config check\" explains it"}
		for _, x := range problems {
			if x.Severity == conf.Error {
				p.Details = append(p.Details, x.String())
			}
		}
		return p
	}
	_, err := c.ask(ctx, engine.Reconfigure{Text: string(text)})
	return err
}

// rekeyed takes over a new cluster key beside the present one, or forgets the one
// before the present. It runs in the loop.
func (c *Cluster) rekeyed(loop *Loop, key []byte) {
	have := *c.file.Load()
	path := keyPath(c.config, have.conf)
	if len(have.keys) == 0 || path == "" {
		c.config.Log.Error("the cluster agreed on a key, but this node has no key file; it keeps what it has")
		return
	}
	var err error
	if len(key) == 0 {
		have.keys = have.keys[:1]
		err = forgetOldKey(path)
	} else {
		err = writeKey(path, key, have.keys[0])
		have.keys = [][]byte{key, have.keys[0]}
	}
	if err != nil {
		// In memory the change is made: who is left out of it cannot be a member.
		c.config.Log.Error("the key file could not be written: write it by hand before this daemon ends", "error", err)
	}
	loop.setup.Key, loop.setup.OldKeys = have.keys[0], have.keys[1:]
	c.file.Store(&have)
	loop.wireIn(wire.Reconfigure{Config: wireConfig(loop.setup)})
	c.config.Log.Info("the cluster key was changed", "event", "key", "old_ones", len(have.keys)-1)
}

// Rekey implements web.Cluster.
func (c *Cluster) Rekey(ctx context.Context) error {
	if err := c.mayRekey(); err != nil {
		return err
	}
	key, err := NewKey()
	if err != nil {
		return err
	}
	if _, err := c.ask(ctx, engine.Rekey{Key: key}); err != nil {
		return err
	}
	if err := c.awaitKey(ctx); err != nil {
		return err
	}
	_, err = c.ask(ctx, engine.Rekey{})
	return err
}

// mayRekey refuses what would leave a node behind.
func (c *Cluster) mayRekey() error {
	f := c.file.Load()
	switch {
	case engine.OnCorosync(f.conf):
		return &web.Problem{Kind: web.Invalid, Msg: "the links and their key are Corosync's",
			Remedy: "make a key with corosync-keygen, copy it to all nodes and run \"corosync-cfgtool -R\""}
	case !f.conf.Totem.Encrypted:
		return &web.Problem{Kind: web.Invalid, Msg: "packets are not encrypted, so there is no cluster key", Remedy: "remove secauth: off from the totem section"}
	case keyPath(c.config, f.conf) == "":
		return &web.Problem{Kind: web.Invalid, Msg: "the cluster key stands in the configuration file (totem.key)",
			Remedy: "change it there and run \"mainstay cluster reload\""}
	}
	for _, n := range f.conf.Nodes {
		if !c.state.Load().View.Has(n.ID) {
			return &web.Problem{Kind: web.Unavailable, Msg: fmt.Sprintf("node %s is not a member, and would not get the new key", n.Name),
				Remedy: "start it, or remove it from the cluster"}
		}
	}
	return nil
}

// awaitKey waits until all members have the new key, and for as long again as
// heartbeats take to tell everybody.
func (c *Cluster) awaitKey(ctx context.Context) error {
	token := c.file.Load().conf.Totem.Token
	tick := time.NewTicker(token / 4)
	defer tick.Stop()
	for had := 0; had < 3; {
		select {
		case <-ctx.Done():
			return &web.Problem{Kind: web.TimedOut, Msg: "not all members use the new key; the old one is good, too", Remedy: "ask again"}
		case <-tick.C:
		}
		l, err := c.look(ctx)
		if err == nil && len(l.Lag) == 0 {
			had++
		} else {
			had = 0
		}
	}
	return nil
}

// AddNode implements web.Cluster.
func (c *Cluster) AddNode(ctx context.Context, n web.Peer) error {
	c.awaitMembers(ctx)
	have, err := c.nodeList()
	if err != nil {
		return err
	}
	text, err := conf.AddNode(have, conf.Node{ID: n.ID, Name: n.Name, Addrs: n.Addrs, Votes: max(n.Votes, 1)})
	if err != nil {
		return err
	}
	return c.spread(ctx, text)
}

// membersWithin is how long a change of the node list waits for nodes that were
// let in just before.
const membersWithin = 10 * time.Second

// awaitMembers waits until all configured nodes are members, so that none misses a
// change of the node list. Some may be off for good: then it is made without them.
func (c *Cluster) awaitMembers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, membersWithin)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		view, missing := c.state.Load().View, false
		for _, n := range c.file.Load().conf.Nodes {
			missing = missing || !view.Has(n.ID)
		}
		if !missing {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// nodeList is the configuration file to be changed: the one in force, on Corosync the
// one on the disk, which other programs change too.
func (c *Cluster) nodeList() ([]byte, error) {
	if c.outside == nil {
		return c.file.Load().text, nil
	}
	return os.ReadFile(c.config.ConfigFile)
}

// RemoveNode implements web.Cluster. The CIB forgets the node, too: one that nobody
// has seen since all daemons started would have to be fenced. One that is out of the
// node list already, by Corosync's own tools for instance, is only forgotten.
func (c *Cluster) RemoveNode(ctx context.Context, name string) error {
	n, inForce := c.file.Load().conf.ByName(name)
	state := c.state.Load()
	switch {
	case inForce && state.View.Has(n.ID):
		return fmt.Errorf("node %s is a member: stop its daemon first", name)
	case inForce || !slices.Contains(intent.Nodes(state.CIB), name):
		if err := c.unlist(ctx, name, inForce); err != nil {
			return err
		}
	}
	if _, err := c.ask(ctx, engine.Edit{Edits: intent.WithoutNode(name), Client: "node remove"}); err != nil {
		return fmt.Errorf("node %s is out of the node list, but still in the CIB: %w", name, err)
	}
	return nil
}

// unlist takes a node out of the node list on all members. inForce tells whether it is
// in the list that is in force.
func (c *Cluster) unlist(ctx context.Context, name string, inForce bool) error {
	text, err := c.nodeList()
	if err != nil {
		return err
	}
	less, err := conf.RemoveNode(text, name)
	switch {
	case err == nil:
		text = less
	case c.outside == nil || !inForce:
		return err
	default: // somebody took it out of the file, and Corosync has yet to read that
	}
	err = c.spread(ctx, text)
	var p *web.Problem
	if errors.As(err, &p) && c.outside.ownFile() != nil {
		p.Remedy += "; then ask once more: the CIB forgets the node then"
	}
	return err
}
