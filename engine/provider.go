package engine

import (
	"fmt"
	"time"

	"mainstay/conf"
	"mainstay/group"
	"mainstay/member"
	"mainstay/ring"
)

// provider gives views and agreed messages, and takes what is to be multicast: the
// built-in ring, or an installed Corosync. It speaks the ring's words; safe delivery
// and transitions only the ring has.
type provider interface {
	Step(now time.Duration, in ring.Input) []ring.Effect
	Wake() time.Duration
}

// OnCorosync tells whether a configuration puts an installed Corosync in the ring's
// place. Packets, silences and the quorum decider play no part then: Group and
// Votes come instead, and a Send goes to the process group.
func OnCorosync(c *conf.Config) bool { return c.Engine == "corosync" }

// newProvider makes the provider that the configuration names.
func (e *Engine) newProvider() error {
	if !OnCorosync(e.cfg.Conf) {
		r, err := ring.New(ringConfig(e.cfg))
		e.ring = r
		return err
	}
	e.group = &closedGroup{Machine: group.New(groupConfig(e.cfg)), putOut: func(n member.NodeID) { e.emit(PutOut{n}) }}
	e.ring = e.group
	return nil
}

// How long Corosync may be away, and a daemon keep others waiting, in tokens and at
// least.
const (
	awayTokens = 3
	leastAway  = 5 * time.Second
)

func groupConfig(cfg Config) group.Config {
	away := max(awayTokens*cfg.Conf.Totem.Token, leastAway)
	return group.Config{Self: cfg.Self, Seq: cfg.RingSeq, Patience: away, Stall: away}
}

// closedGroup is a process group of Corosync as a provider.
type closedGroup struct {
	*group.Machine
	putOut func(member.NodeID)
}

// Step implements provider.
func (c *closedGroup) Step(now time.Duration, in ring.Input) []ring.Effect {
	switch in := in.(type) {
	case ring.Tick:
		if w := c.Wake(); w != 0 && w <= now {
			return c.feed(now, group.Tick{})
		}
	case ring.Submit:
		return c.feed(now, group.Submit{Payload: in.Payload})
	case ring.Leave:
		return c.feed(now, group.Leave{})
	case ring.Configure, ring.Paused:
		// Corosync has its own configuration, and notices a pause itself.
	default:
		panic(fmt.Sprintf("engine: %T has no meaning for a group", in))
	}
	return nil
}

// feed gives the machine an input; its effects in the ring's words.
func (c *closedGroup) feed(now time.Duration, in group.Input) []ring.Effect {
	var out []ring.Effect
	for _, x := range c.Machine.Step(now, in) {
		switch x := x.(type) {
		case group.Multicast:
			out = append(out, ring.Send{Data: x.Data})
		case group.Deliver:
			out = append(out, ring.Deliver{From: x.From, Payload: x.Payload})
		case group.Install:
			out = append(out, ring.Install{View: x.View, Left: x.Left, Joined: x.Joined, Transitional: x.Transitional})
		case group.KeepSeq:
			out = append(out, ring.KeepSeq(x))
		case group.Note:
			out = append(out, ring.Note{Level: ring.Level(x.Level), Text: x.Text, Attrs: x.Attrs})
		case group.PutOut:
			c.putOut(x.Node)
		case group.Gone:
			if x.Why != "" {
				out = append(out, ring.Note{Level: ring.Error, Text: x.Why})
			}
			out = append(out, ring.Gone{})
		default:
			panic(fmt.Sprintf("engine: unknown effect %T of the group", x))
		}
	}
	return out
}

// groupIn takes what Corosync reports.
func (e *Engine) groupIn(in group.Input) {
	if r, ok := in.(group.Ring); ok {
		e.hear(r.Nodes)
	}
	e.ringOut = append(e.ringOut, e.group.feed(e.now.Mono, in)...)
}

// hear notes which machines Corosync is in touch with.
func (e *Engine) hear(nodes []member.NodeID) {
	reached := map[member.NodeID]bool{}
	for _, n := range nodes {
		reached[n] = true
	}
	for _, n := range e.cfg.Conf.Nodes {
		switch {
		case n.ID == e.cfg.Self:
		case reached[n.ID]:
			e.audible[n.ID] = true
		default:
			e.deaf(n.ID)
		}
	}
}

// loneVotes is the verdict on a node without Corosync.
func (e *Engine) loneVotes() {
	if e.group != nil && e.group.State() == group.Alone {
		s := e.votes
		s.Quorate, s.Votes, s.WhyNot = false, 0, "Corosync does not run on this node; start it: systemctl start corosync"
		e.voted(s)
	}
}
