package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"mainstay/internal/host"
	"mainstay/internal/node"
)

// Kind is what goes wrong.
type Kind string

// The faults. In brackets, the fields of Fault that count besides Kind.
const (
	PowerLoss  Kind = "power"      // a machine loses its power; repaired: it is switched on [Node]
	Blackout   Kind = "blackout"   // all machines lose their power at once; repaired: they are switched on
	Dead       Kind = "dead"       // a machine loses its power, and no fence device gives it back; repaired: it is switched on [Node]
	DaemonKill Kind = "daemon"     // the daemon is killed; repaired: it is started again [Node]
	PowerMid   Kind = "power-mid"  // as power, in the middle of a step of the daemon: so many effects later [Node, Op, Times]
	DaemonMid  Kind = "daemon-mid" // as daemon, in the middle of a step of the daemon: so many effects later [Node, Op, Times]
	Leave      Kind = "leave"      // the daemon is asked to leave the cluster; repaired: it is started again [Node]
	Freeze     Kind = "freeze"     // all processes stop; repaired: they go on [Node]
	Pause      Kind = "pause"      // the machine stops, its clocks too; repaired: it goes on [Node]

	LinkCut Kind = "link"   // packets to and from a node are lost [Node, Peer, Link, OneWay]
	Unplug  Kind = "unplug" // a link of a node has no carrier, and its system says so [Node, Link]

	Loss      Kind = "loss"      // a share of all packets is lost [Share]
	Duplicate Kind = "duplicate" // a share arrives twice [Share]
	Reorder   Kind = "reorder"   // a share arrives late [Share]
	Corrupt   Kind = "corrupt"   // a share arrives damaged [Share]
	Delay     Kind = "delay"     // all packets take longer [By]

	OpFails Kind = "fails" // an operation fails [Resource, Op, Node, Times, Code]
	OpHangs Kind = "hangs" // an operation does not end [Resource, Op, Node, Times]
	OpSlow  Kind = "slow"  // an operation takes longer [Resource, Op, Node, Times, By]
	OpLies  Kind = "lies"  // an operation says that it did, and did nothing [Resource, Op, Node, Times]
	Crash   Kind = "crash" // a service ends by itself; not repaired [Resource, Node]

	DeviceFails Kind = "fence-fails" // a fence device fails [Device, Times]
	DeviceSlow  Kind = "fence-slow"  // a fence device takes longer [Device, Times, By]
	DeviceLies  Kind = "fence-lies"  // a fence device says that it did, and did nothing [Device, Times]

	DiskFull   Kind = "disk-full"  // writes fail for want of room [Node]
	DiskBroken Kind = "disk-error" // writes fail [Node]
	DiskUnread Kind = "disk-read"  // reads fail [Node]
	DiskSlow   Kind = "disk-slow"  // writes take longer [Node, By]
	DiskTorn   Kind = "disk-torn"  // the next power cut damages the file that was written last [Node]

	ClockStep  Kind = "clock-step"  // the wall clock jumps; repaired: it jumps back [Node, By]
	ClockDrift Kind = "clock-drift" // the clocks run fast by By per second (slow, if negative) [Node, By]
)

// Kinds lists all faults.
func Kinds() []Kind {
	return []Kind{PowerLoss, Dead, Blackout, DaemonKill, PowerMid, DaemonMid, Leave, Freeze, Pause, LinkCut, Unplug, Loss, Duplicate, Reorder, Corrupt, Delay,
		OpFails, OpHangs, OpSlow, OpLies, Crash, DeviceFails, DeviceSlow, DeviceLies,
		DiskFull, DiskBroken, DiskUnread, DiskSlow, DiskTorn, ClockStep, ClockDrift}
}

// AllLinks, as Fault.Link, stands for every link of the node.
const AllLinks = -1

// Fault is one thing that goes wrong. Its zero fields mean: Peer all others, Node
// any (where a resource is meant), Device all, Times always, Code 1
// (generic error). For a crash in the middle of a step, Op is the kind of effect that
// counts (packet, write, agent, answer; "": any), and Times 0 is before the next one.
type Fault struct {
	Kind     Kind
	Node     string
	Peer     string
	Link     int // number, or AllLinks
	OneWay   bool
	Resource string
	Op       string
	Device   string
	Times    int
	Code     int
	By       time.Duration
	Share    float64
}

// String says what goes wrong in a few words.
func (f Fault) String() string {
	w := []string{string(f.Kind)}
	add := func(format string, args ...any) { w = append(w, fmt.Sprintf(format, args...)) }
	if f.Op != "" {
		add("%s of", f.Op)
	}
	if f.Resource != "" {
		add("%s", f.Resource)
	}
	if f.Device != "" {
		add("%s", f.Device)
	}
	if f.Node != "" {
		add("%s", f.Node)
	}
	switch {
	case f.Kind == LinkCut && f.OneWay:
		add("to %s", cmp.Or(f.Peer, "all"))
	case f.Kind == LinkCut:
		add("from %s", cmp.Or(f.Peer, "all"))
	}
	if f.Kind == LinkCut || f.Kind == Unplug {
		if f.Link == AllLinks {
			add("on all links")
		} else {
			add("on link %d", f.Link)
		}
	}
	if f.By != 0 {
		add("by %v", f.By)
	}
	if f.Share != 0 {
		add("%.1f %%", 100*f.Share)
	}
	if f.Times > 0 {
		add("%d times", f.Times)
	}
	return strings.Join(w, " ")
}

// Check tells what is wrong with a fault for this cluster.
func (c *Cluster) Check(f Fault) error {
	for _, n := range []string{f.Node, f.Peer} {
		if n != "" && !slices.ContainsFunc(c.Machines, func(m *Machine) bool { return m.Name == n }) {
			return fmt.Errorf("fault %s: there is no node %s", f, n)
		}
	}
	if f.Node == "" && f.needsNode() {
		return fmt.Errorf("fault %s: it needs a node", f)
	}
	if f.Resource == "" && (f.spoils() || f.Kind == Crash) {
		return fmt.Errorf("fault %s: it needs a resource", f)
	}
	if !slices.Contains(Kinds(), f.Kind) {
		return fmt.Errorf("fault %s: there is no fault %q", f, f.Kind)
	}
	return nil
}

// spoils tells whether a fault is one of operations.
func (f Fault) spoils() bool {
	return f.Kind == OpFails || f.Kind == OpHangs || f.Kind == OpSlow || f.Kind == OpLies
}

func (f Fault) needsNode() bool {
	switch f.Kind {
	case PowerLoss, Dead, DaemonKill, PowerMid, DaemonMid, Leave, Freeze, Pause, LinkCut, Unplug, DiskFull, DiskBroken, DiskUnread, DiskSlow, DiskTorn, ClockStep, ClockDrift:
		return true
	}
	return false
}

// Inject makes something go wrong now; a fault that Check refuses is a bug of the caller.
func (c *Cluster) Inject(f Fault) { c.apply(f, true) }

// Repair ends what Inject began with the same fault.
func (c *Cluster) Repair(f Fault) { c.apply(f, false) }

func (c *Cluster) apply(f Fault, on bool) {
	if err := c.Check(f); err != nil {
		panic("sim: " + err.Error())
	}
	word := map[bool]string{true: "", false: "is repaired: "}[on]
	c.tell("%s%s%s", c.scene(), word, f)
	if f.Node != "" && f.needsNode() {
		c.machineFault(c.Machine(f.Node), f, on)
		return
	}
	switch f.Kind {
	case Blackout:
		c.struck.when(on, f.Kind)
		for _, m := range c.Machines {
			m.power(on)
		}
	case Loss:
		c.Net.Loss = share(f, on)
	case Duplicate:
		c.Net.Duplicate = share(f, on)
	case Reorder:
		c.Net.Reorder = share(f, on)
	case Corrupt:
		c.Net.Corrupt = share(f, on)
	case Delay:
		c.Net.Latency = usualLatency
		if on {
			c.Net.Latency += f.By
		}
	case DeviceFails, DeviceSlow, DeviceLies:
		c.deviceFault(f, on)
	default:
		c.opFault(f, on)
	}
	for _, m := range c.Machines { // what befalls the network befalls all
		if f.Kind == Loss || f.Kind == Reorder || f.Kind == Delay || f.Kind == Corrupt {
			m.troubled()
		}
	}
}

func share(f Fault, on bool) float64 {
	if on {
		return f.Share
	}
	return 0
}

// times is how often a fault happens: 0 means always.
func (f Fault) times() int {
	if f.Times == 0 {
		return -1
	}
	return f.Times
}

func (c *Cluster) deviceFault(f Fault, on bool) {
	for _, d := range c.Agents.services.stonith {
		switch {
		case f.Device != "" && f.Device != d.id:
		case on:
			c.Agents.BreakDevice(d.id, DeviceFault{Times: f.times(), Lie: f.Kind == DeviceLies, Fail: f.Kind == DeviceFails, Slow: f.By})
		default:
			c.Agents.MendDevice(d.id)
		}
	}
}

func (c *Cluster) opFault(f Fault, on bool) {
	if f.Kind == Crash {
		if on {
			c.crash(f)
		}
		return
	}
	if !on {
		c.Agents.Mend(f.Resource, f.Op, f.Node)
		return
	}
	x := OpFault{Times: f.times(), Slow: f.By, Hang: f.Kind == OpHangs, Lie: f.Kind == OpLies}
	if f.Kind == OpFails {
		x.Code = max(f.Code, ocfError)
	}
	c.Agents.Break(f.Resource, f.Op, f.Node, x)
}

// crash ends the instances of a resource.
func (c *Cluster) crash(f Fault) {
	for _, m := range c.Machines {
		if f.Node != "" && m.Name != f.Node {
			continue
		}
		for _, s := range c.Agents.On(m.Name) {
			if base, _, _ := strings.Cut(s, ":"); base == f.Resource || s == f.Resource {
				c.Agents.Crash(c.World, s, m.Name)
			}
		}
	}
}

// machineFault is a fault of one machine.
func (c *Cluster) machineFault(m *Machine, f Fault, on bool) {
	switch f.Kind {
	case PowerLoss, Dead, DaemonKill, PowerMid, DaemonMid, Leave, Freeze, Pause:
		m.lifeFault(f, on)
	case LinkCut:
		c.cutFault(m, f, on)
	case Unplug:
		m.unplug(f.Link, on)
	case ClockStep:
		c.struck.when(on, f.Kind)
		m.Skew += map[bool]time.Duration{true: f.By, false: -f.By}[on]
	case ClockDrift:
		c.struck.when(on, f.Kind)
		rate := 1.0
		if on {
			rate += f.By.Seconds()
		}
		m.clock.run(c.Now, rate)
		m.alarm = 0
		m.poke()
	default:
		m.disk.set(f, on)
	}
}

// lifeFault ends or begins something of a machine's life.
func (m *Machine) lifeFault(f Fault, on bool) {
	if f.Kind != PowerMid && f.Kind != DaemonMid && f.Kind != Leave { // these count where they come
		m.world.struck.when(on && m.powered && (m.daemon != nil || f.Kind != DaemonKill), f.Kind)
	}
	switch {
	case f.Kind == Dead:
		m.dead = on
		if on {
			m.PowerOff("fault")
		} else {
			m.PowerOn()
		}
	case f.Kind == PowerLoss:
		m.power(on)
	case on && f.Kind == DaemonKill:
		m.KillDaemon()
	case on && f.Kind == Leave:
		m.stop()
	case f.Kind == PowerMid || f.Kind == DaemonMid:
		m.midFault(f, on)
	case on:
		m.Freeze(f.Kind == Pause)
	case f.Kind == Freeze || f.Kind == Pause:
		m.Thaw()
	default:
		m.StartDaemon()
	}
}

// power takes a machine's power away, or gives it back.
func (m *Machine) power(off bool) {
	if off {
		m.PowerOff("fault")
	} else {
		m.PowerOn()
	}
}

// stop asks the daemon to leave the cluster.
func (m *Machine) stop() {
	if m.awake() {
		m.world.struck.add(Leave, 1)
		m.asked = true
		m.Inject(node.Stop{})
	}
}

// cutFault breaks or mends links between a machine and others.
func (c *Cluster) cutFault(m *Machine, f Fault, on bool) {
	for _, o := range c.Machines {
		if o == m || f.Peer != "" && f.Peer != o.Name {
			continue
		}
		for l := range m.Addrs {
			if f.Link != AllLinks && f.Link != l {
				continue
			}
			c.Net.Cut(m.Name, o.Name, l, on)
			if !f.OneWay {
				c.Net.Cut(o.Name, m.Name, l, on)
			}
		}
		o.troubled()
	}
	m.troubled()
}

// unplug takes a link's carrier away or gives it back.
func (m *Machine) unplug(link int, on bool) {
	m.troubled()
	for l := range m.Addrs {
		if link != AllLinks && link != l || slices.Contains(m.unplugged, l) == on {
			continue
		}
		if on {
			m.unplugged = append(m.unplugged, l)
		} else {
			m.unplugged = slices.DeleteFunc(m.unplugged, func(x int) bool { return x == l })
		}
		m.Inject(host.LinkDown{Link: l, Down: on})
	}
}
