package sim

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/conf"
	"mainstay/engine"
	"mainstay/internal/node"
	"mainstay/member"
	"mainstay/sched"
)

// Options describe a simulated cluster.
type Options struct {
	Nodes int
	Token time.Duration
	// CIB is the configuration that every node finds on its disk at the first boot.
	CIB *cib.Elem
	// Log shows what the daemons log in the story.
	Log bool
}

// Cluster is a world with nodes n1, n2, … on two links.
type Cluster struct {
	*World
	opts  Options
	conf  *conf.Config
	loops map[string]*node.Loop
	state map[string]*engine.State
	whole bool // everything is mended: a quiet cluster has all its nodes

	operator operator
}

// NewCluster makes a cluster whose machines are off.
func NewCluster(seed uint64, o Options) (*Cluster, error) {
	c := &Cluster{World: New(seed), opts: o, loops: map[string]*node.Loop{}, state: map[string]*engine.State{},
		operator: operator{acked: map[string]bool{}}}
	c.laws = newLaws(o.Token)
	text := fmt.Sprintf("totem {\n cluster_name: sim\n token: %d\n}\nnodelist {\n", o.Token.Milliseconds())
	for i := 1; i <= o.Nodes; i++ {
		text += fmt.Sprintf(" node {\n name: n%d\n nodeid: %d\n ring0_addr: 10.0.0.%d\n ring1_addr: 10.0.1.%d\n }\n", i, i, i, i)
	}
	var problems []conf.Problem
	if c.conf, problems = conf.Parse([]byte(text+"}\n"), "sim"); conf.Failed(problems) {
		return nil, fmt.Errorf("sim: %v", problems)
	}
	for _, n := range c.conf.Nodes {
		addrs := []string{fmt.Sprintf("%s:%d", n.Addrs[0], c.conf.Port(0)), fmt.Sprintf("%s:%d", n.Addrs[1], c.conf.Port(1))}
		m := c.AddMachine(n.Name, addrs, c.bootFunc(n.ID))
		if o.CIB != nil {
			m.disk[engine.CIBFile] = o.CIB.AppendXML(nil, true)
		}
	}
	return c, nil
}

// bootFunc makes a node's daemon: the shipped loop on the simulated machine.
func (c *Cluster) bootFunc(id member.NodeID) func(*Machine, bool) Daemon {
	key := make([]byte, 128)
	return func(m *Machine, sameBoot bool) Daemon {
		loop, err := node.NewLoop(node.Setup{Self: id, Conf: c.conf, Key: key, SameBoot: sameBoot, Version: "sim",
			UUID: fmt.Sprintf("sim-%s-%d", m.Name, m.life), Parallel: 4, Host: m,
			Log:     slog.New(&storyHandler{c.World, m.Name, c.opts.Log}),
			Elapsed: func() time.Duration { return 0 }})
		if err != nil {
			panic("sim: a node does not start: " + err.Error())
		}
		loop.Publish = func(s engine.State, _ []engine.Event) {
			c.state[m.Name] = &s
			c.checkState(m, &s)
		}
		c.loops[m.Name] = loop
		return loop
	}
}

// Boot switches all machines on.
func (c *Cluster) Boot() {
	for _, m := range c.Machines {
		m.PowerOn()
	}
}

// Running lists the machines whose daemon runs.
func (c *Cluster) Running() []*Machine {
	var out []*Machine
	for _, m := range c.Machines {
		if m.daemon != nil && !m.frozen {
			out = append(out, m)
		}
	}
	return out
}

// State is what a node last published.
func (c *Cluster) State(name string) *engine.State { return c.state[name] }

// Quiet tells whether the running nodes form one synced view, hold equal CIBs, and
// have nothing to do.
func (c *Cluster) Quiet() bool {
	running := c.Running()
	if len(running) == 0 || c.whole && len(running) < len(c.Machines) {
		return false
	}
	first := c.state[running[0].Name]
	for _, m := range running {
		s := c.state[m.Name]
		if s == nil || !s.Synced || len(s.View.Members) != len(running) || s.View.Ring != first.View.Ring ||
			cib.Hash(s.CIB) != cib.Hash(first.CIB) {
			return false
		}
		if s.Control != "not coordinator" && s.Control != "idle" {
			return false
		}
		if len(m.running) > 0 {
			return false
		}
	}
	return true
}

// Settle lets time pass until the cluster is quiet for a while; it tells whether
// it became so within the limit.
func (c *Cluster) Settle(limit time.Duration) bool {
	until := c.Now + limit
	for c.Now < until && len(c.broken) == 0 {
		c.Run(c.Now + 100*time.Millisecond)
		if !c.Quiet() {
			continue
		}
		c.Run(c.Now + 2*time.Second)
		if c.Quiet() {
			return true
		}
	}
	return false
}

// Plan is what the scheduler wants of the present state: nothing, when all is well.
func (c *Cluster) Plan() *sched.Result {
	s := c.state[c.Running()[0].Name]
	return sched.Schedule(sched.Input{CIB: s.CIB, Now: c.Machines[0].Wall()})
}

// Ask sends a client's request to a node; answer is called when it is answered.
func (c *Cluster) Ask(name string, body any, answer func(engine.Reply)) {
	c.Machine(name).Inject(node.Call{Body: body, Answer: answer})
}

// storyHandler writes a daemon's log into the story.
type storyHandler struct {
	w    *World
	name string
	all  bool
}

// Enabled implements slog.Handler.
func (h *storyHandler) Enabled(_ context.Context, l slog.Level) bool {
	return h.all || l >= slog.LevelWarn
}

// Handle implements slog.Handler.
func (h *storyHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	h.w.tell("%s: %s%s", h.name, r.Message, b.String())
	return nil
}

// WithAttrs implements slog.Handler.
func (h *storyHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup implements slog.Handler.
func (h *storyHandler) WithGroup(string) slog.Handler { return h }
