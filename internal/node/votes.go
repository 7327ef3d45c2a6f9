package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mainstay/conf"
	"mainstay/engine"
	"mainstay/internal/device"
	"mainstay/internal/web"
	"mainstay/member"
	"mainstay/quorum"
)

// votes is what displays show of the count of votes.
func (c *Cluster) votes(s quorum.State) web.Quorum {
	q := web.Quorum{Quorate: s.Quorate, Votes: s.Votes, Expected: s.Expected, Needed: s.Quorum, WhyNot: s.WhyNot,
		Pending: s.Pending, Highest: s.Highest}
	for _, f := range []struct {
		on   bool
		name string
	}{{s.Flags.TwoNode, "2Node"}, {s.Quorate, "Quorate"}, {s.Flags.WaitForAll, "WaitForAll"}, {s.Flags.LastManStanding, "LastManStanding"},
		{s.Flags.AutoTieBreaker, "AutoTieBreaker"}, {s.Flags.AllowDownscale, "AllowDownscale"}, {s.Flags.Device, "Qdevice"}} {
		if f.on {
			q.Flags = append(q.Flags, f.name)
		}
	}
	for _, v := range s.Members {
		q.Voters = append(q.Voters, web.Voter{Node: v.Node, Votes: v.Votes, DeviceAlive: v.DeviceUp, Cast: v.Cast})
	}
	if d := c.arbiter.status(); d != nil && s.Device.Configured {
		q.Device = &web.Device{Votes: s.Device.Votes, Alive: s.Device.Alive, Cast: s.Device.Cast, Host: d.Host, State: d.State, Failure: d.Failure}
	}
	return q
}

// ChangeVotes implements web.Cluster.
func (c *Cluster) ChangeVotes(ctx context.Context, v web.VotesChange) error {
	var wishes []any
	if v.Expected != nil {
		wishes = append(wishes, engine.SetExpected{Votes: *v.Expected})
	}
	if v.Votes != nil {
		if v.Node == 0 {
			v.Node = c.static.id
		}
		wishes = append(wishes, engine.SetVotes{Node: v.Node, Votes: *v.Votes})
	}
	if v.ForgetDevice {
		wishes = append(wishes, engine.ForgetDevice{})
	}
	if v.Unblock {
		wishes = append(wishes, engine.Unblock{})
	}
	for _, w := range wishes {
		if _, err := c.ask(ctx, w); err != nil {
			return &web.Problem{Kind: web.Invalid, Msg: err.Error()}
		}
	}
	return nil
}

// JoinWitness implements web.Cluster.
func (c *Cluster) JoinWitness(ctx context.Context, r web.WitnessRequest) error {
	token, err := device.ParseToken(r.Token)
	if err != nil {
		return &web.Problem{Kind: web.Invalid, Msg: err.Error(), Remedy: "\"mainstay witness invite\" on the witness prints a token"}
	}
	file := c.file.Load()
	if file.newest() == nil {
		return web.Problemf(web.Invalid, "a witness knows the cluster by its key, and this cluster has none (secauth: off)")
	}
	n := conf.Net{Host: token.Addrs[0], Port: token.Port, Algorithm: r.Algorithm, TieBreaker: r.TieBreaker, TLS: "required",
		Fingerprint: fmt.Sprintf("%x", token.Fingerprint)}
	if _, err := conf.SetDevice(file.text, n); err != nil { // before the token is spent
		return &web.Problem{Kind: web.Invalid, Msg: err.Error()}
	}
	host, print, err := device.Enrol(ctx, token, file.conf.Totem.ClusterName, file.newest())
	if err != nil {
		return &web.Problem{Kind: web.Failed, Msg: err.Error()}
	}
	n.Host, n.Fingerprint = host, print
	text, err := conf.SetDevice(c.file.Load().text, n)
	if err != nil {
		return &web.Problem{Kind: web.Invalid, Msg: err.Error()}
	}
	return c.spread(ctx, text)
}

// RemoveDevice implements web.Cluster.
func (c *Cluster) RemoveDevice(ctx context.Context) error {
	file := c.file.Load()
	if file.conf.Quorum.Device == nil {
		return web.Problemf(web.NotFound, "the configuration has no quorum device")
	}
	return c.spread(ctx, conf.RemoveDevice(file.text))
}

// Kill implements web.Cluster.
func (c *Cluster) Kill(ctx context.Context, id member.NodeID) error {
	if !slices.Contains(c.state.Load().View.Members, id) {
		return web.Problemf(web.NotFound, "node %s is not a member", id)
	}
	_, err := c.ask(ctx, engine.KillDaemon{Node: id})
	if errors.Is(err, context.DeadlineExceeded) && id == c.static.id {
		return nil // it was itself
	}
	return err
}

// Leave implements web.Cluster.
func (c *Cluster) Leave(context.Context) error {
	c.host.Inject(Stop{})
	return nil
}

// ConfigFile implements web.Cluster.
func (c *Cluster) ConfigFile() web.ConfigFile {
	return web.ConfigFile{Path: c.config.ConfigFile, Text: string(c.file.Load().text)}
}
