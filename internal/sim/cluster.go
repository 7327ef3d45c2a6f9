package sim

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
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
	// Conf is the configuration file's content. Without it there are Nodes nodes n1,
	// n2, … on Links links (0: two) with the given Token (0: the default).
	Conf  *conf.Config
	Nodes int
	Links int
	Token time.Duration
	// Lacks are names of such nodes that there are not.
	Lacks []string
	// CIB is the configuration that every node finds on its disk at the first boot.
	CIB *cib.Elem
	// Models are the timings of resources by id; Default is for those without, and
	// its zero value for 20 to 80 ms.
	Models  map[string]Model
	Default Model
	// BootTime is how long a machine takes from power to its daemon.
	BootTime time.Duration
	// RebootTime is how long a machine that is rebooted, as by a fence device, has no
	// power; 0: five seconds.
	RebootTime time.Duration
	// GoOn has a broken law noted only; otherwise it ends the run.
	GoOn bool
	// Forgetful has nodes keep no past transitions on their disks: a long run of a
	// large cluster would fill the memory with them.
	Forgetful bool
	// Shared has nodes work out together what all of them would come to by themselves
	// (engine.Shared): a large cluster is then much faster, but a node whose copy of
	// the CIB went another way would not be noticed.
	Shared bool
	// Plain has nodes not encrypt what they send each other.
	Plain bool
	// Log shows what the daemons log in the story.
	Log bool
	// Version is the software's, as nodes tell it.
	Version string
	// Features is the message version that nodes speak until they are upgraded; 0:
	// the newest.
	Features int
}

// usualLatency is how long a packet takes in the least.
const usualLatency = 200 * time.Microsecond

// Cluster is a world whose machines run nodes of one cluster.
type Cluster struct {
	*World
	opts Options
	conf *conf.Config
	// confText is the configuration file of plain nodes; nil if Options.Conf was given.
	confText []byte
	loops    map[string]*node.Loop
	state    map[string]*engine.State
	plan     sched.Planner // of Plan and of the checkers

	whole bool // everything is mended: a quiet cluster has all its nodes

	up       time.Duration // when a scenario began
	stepping int           // the step of it that happens now, 0: none

	operator operator
	entries  []Entry
	plans    []plan
	planAt   map[planKey]int
	shared   *engine.Shared
	known    *cib.Elem // the configuration that services were read from
	knownAs  cib.Version
}

// NewCluster makes a cluster whose machines are off.
func NewCluster(seed uint64, o Options) (*Cluster, error) {
	c := &Cluster{World: New(seed), opts: o, loops: map[string]*node.Loop{}, state: map[string]*engine.State{},
		operator: operator{acked: map[string]bool{}, stopped: map[string]bool{}, added: map[string]bool{}}, planAt: map[planKey]int{}, conf: o.Conf}
	c.goOn, c.members = o.GoOn, c.membersOf
	if o.Conf == nil {
		var err error
		if c.conf, c.confText, err = plainConf(o); err != nil {
			return nil, err
		}
	}
	c.reboot = cmp.Or(o.RebootTime, rebootTime)
	c.shared = engine.NewReadings()
	if o.Shared {
		c.shared = engine.NewShared()
	}
	c.laws = newLaws(c.conf.Totem.Token)
	if o.Models != nil {
		c.Agents.Models = o.Models
	}
	if o.Default.Took != nil {
		c.Agents.Default = o.Default
	}
	for _, n := range c.conf.Nodes {
		c.addNode(n)
	}
	if o.CIB != nil {
		c.learn(o.CIB)
	}
	return c, nil
}

// plainConf is the configuration of nodes without any of their own.
func plainConf(o Options) (*conf.Config, []byte, error) {
	links := max(o.Links, 1)
	if o.Links == 0 {
		links = 2
	}
	var b strings.Builder
	b.WriteString("totem {\n cluster_name: sim\n")
	if o.Token > 0 {
		fmt.Fprintf(&b, " token: %d\n", o.Token.Milliseconds())
	}
	b.WriteString("}\nnodelist {\n")
	nodes := 0
	for i := 1; i <= o.Nodes; i++ {
		if slices.Contains(o.Lacks, fmt.Sprintf("n%d", i)) {
			continue
		}
		nodes++
		fmt.Fprintf(&b, " node {\n name: n%d\n nodeid: %d\n", i, i)
		for l := range links {
			fmt.Fprintf(&b, " ring%d_addr: 10.0.%d.%d\n", l, l, i)
		}
		b.WriteString(" }\n")
	}
	b.WriteString("}\n")
	if nodes == 2 {
		b.WriteString("quorum {\n provider: corosync_votequorum\n two_node: 1\n}\n")
	}
	c, problems := conf.Parse([]byte(b.String()), "sim")
	if conf.Failed(problems) {
		return nil, nil, fmt.Errorf("sim: %v", problems)
	}
	return c, []byte(b.String()), nil
}

// addNode adds a machine for a configured node.
func (c *Cluster) addNode(n conf.Node) *Machine {
	var addrs []string
	for l, a := range n.Addrs {
		addrs = append(addrs, net.JoinHostPort(a, strconv.Itoa(c.conf.Port(l))))
	}
	m := c.AddMachine(n.Name, addrs, c.bootFunc(n.ID))
	m.bootTime, m.features = c.opts.BootTime, c.opts.Features
	if c.opts.CIB != nil {
		m.disk.files[engine.CIBFile] = c.opts.CIB.AppendXML(nil, true)
	}
	return m
}

// learn takes over what a configuration says of resources and laws.
func (c *Cluster) learn(root *cib.Elem) {
	conf := root.Child("configuration")
	if conf == c.known || c.known != nil && conf.Equal(c.known) {
		c.known = conf
		return
	}
	same := c.known != nil && cib.Hash(conf) == cib.Hash(c.known)
	c.known = conf
	if same { // another node's copy
		return
	}
	c.Agents.services = readServices(root)
	c.laws.read(root)
}

// membersOf lists whom a machine's daemon has in its view.
func (c *Cluster) membersOf(m *Machine) []*Machine {
	var out []*Machine
	if s := c.state[m.Name]; s != nil {
		for _, id := range s.View.Members {
			out = append(out, c.byID(id))
		}
	}
	return out
}

// bootFunc makes a node's daemon: the shipped loop on the simulated machine.
func (c *Cluster) bootFunc(id member.NodeID) func(*Machine, bool) (Daemon, error) {
	key := make([]byte, 128)
	if c.opts.Plain {
		key = nil
	}
	return func(m *Machine, sameBoot bool) (Daemon, error) {
		loop, err := node.NewLoop(node.Setup{Self: id, Conf: c.file(m), Key: key, Boot: fmt.Sprintf("%s-%d", m.Name, m.boots), SameBoot: sameBoot, Version: cmp.Or(c.opts.Version, "sim"), Features: m.features,
			UUID: fmt.Sprintf("sim-%s-%d", m.Name, m.life), Parallel: 4, Host: m, Shared: c.shared, Forgetful: c.opts.Forgetful,
			Log:     slog.New(&storyHandler{c.World, m.Name, c.opts.Log}),
			Elapsed: func() time.Duration { return 0 }})
		if err != nil {
			return nil, err
		}
		loop.Publish = func(s engine.State, events []engine.Event) { c.observe(m, &s, events) }
		loop.Reconfigure = func(text string) { c.adopt(m, loop, text) }
		c.loops[m.Name] = loop
		return loop, nil
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
	for c.Now < until && !c.stopped() {
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
	return c.plan.Schedule(sched.Input{CIB: s.CIB, Now: c.planner().Wall()})
}

// planner is the machine whose clock counts: the coordinator.
func (c *Cluster) planner() *Machine {
	first := c.Running()[0]
	if id := c.state[first.Name].Coordinator; id != 0 {
		return c.byID(id)
	}
	return first
}

// Ask sends a client's request to a node; answer is called when it is answered.
func (c *Cluster) Ask(name string, body any, answer func(engine.Reply)) {
	m := c.Machine(name)
	m.Inject(node.Call{Body: body, Answer: func(r engine.Reply) {
		if m.acts(doesAnswer) {
			answer(r)
		}
	}})
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
