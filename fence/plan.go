package fence

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"mainstay/member"
)

// watchdogDevice is the name by which the topology calls self-fencing.
const watchdogDevice = "watchdog"

// step is one device that has to act.
type step struct {
	device   Device
	action   string
	run      []member.NodeID // who may run it, in order of preference
	timeout  time.Duration
	optional bool // its failure does not matter
	watchdog bool
}

// plan is what a request will try: level after level until all steps of one succeed.
type plan [][]step

// plan finds the ways to fence. It depends on agreed things only.
func (m *Machine) plan(r *Request, members []member.NodeID) plan {
	maker := planner{setup: &m.setup, req: r, members: members, def: r.Timeout}
	if maker.def <= 0 {
		maker.def = m.setup.Timeout
	}
	if maker.def <= 0 {
		maker.def = m.cfg.DefaultTimeout
	}
	for _, n := range m.setup.Nodes {
		if n.Name == r.Target {
			maker.target = n
		}
	}
	if r.Action == "on" {
		return maker.unfencing()
	}
	if levels := maker.topology(); levels != nil {
		return maker.byTopology(levels)
	}
	return maker.anyDevice()
}

type planner struct {
	setup   *Setup
	req     *Request
	members []member.NodeID
	target  Node // zero if it is not configured
	def     time.Duration
}

// topology lists the levels for the target, by index: those that name it, else
// those of the first pattern or attribute that fits.
func (p *planner) topology() []Level {
	var named, fitting []Level
	for _, l := range p.setup.Levels {
		switch {
		case l.Target != "":
			if strings.EqualFold(l.Target, p.req.Target) {
				named = append(named, l)
			}
		case p.fits(l) && (len(fitting) == 0 || fitting[0].Pattern == l.Pattern && fitting[0].Attribute == l.Attribute && fitting[0].Value == l.Value):
			fitting = append(fitting, l)
		}
	}
	if named == nil {
		named = fitting
	}
	slices.SortStableFunc(named, func(a, b Level) int { return cmp.Compare(a.Index, b.Index) })
	return named
}

func (p *planner) fits(l Level) bool {
	if l.Pattern != "" {
		re, err := regexp.Compile(l.Pattern)
		return err == nil && re.MatchString(p.req.Target)
	}
	v, ok := p.target.Attrs[l.Attribute]
	return ok && l.Attribute != "" && v == l.Value
}

// byTopology makes a way of each level. Levels of the same index are one.
func (p *planner) byTopology(levels []Level) plan {
	var out plan
	for i := 0; i < len(levels); {
		var ids []string
		index := levels[i].Index
		for ; i < len(levels) && levels[i].Index == index; i++ {
			ids = append(ids, levels[i].Devices...)
		}
		out = append(out, p.level(ids))
	}
	return out
}

// level has all of its devices act. To reboot by several devices, all have to
// be off at the same time before the first is on again; then the node is
// fenced, and a device that will not go on is no reason to call that off.
func (p *planner) level(ids []string) []step {
	var steps []step
	if p.req.Action != "reboot" || len(ids) < 2 {
		for _, id := range ids {
			steps = append(steps, p.named(id, p.req.Action))
		}
		return steps
	}
	for _, id := range ids {
		steps = append(steps, p.named(id, "off"))
	}
	for _, id := range ids {
		if id != watchdogDevice {
			s := p.named(id, "on")
			s.optional = true
			steps = append(steps, s)
		}
	}
	return steps
}

// named makes the step of a device; one that is not there can be run by nobody, and
// neither can one whose list of hosts does not have the target: it would press the
// wrong plug, or none, and call that fenced.
func (p *planner) named(id, action string) step {
	for _, d := range p.setup.Devices {
		if d.ID == id && d.mayFence(p.req.Target) {
			return p.step(d, action)
		}
	}
	if id == watchdogDevice && p.setup.Watchdog > 0 {
		return p.watchdog(action)
	}
	return step{device: Device{ID: id}, action: action}
}

func (p *planner) step(d Device, action string) step {
	if d.isWatchdog() {
		s := p.watchdog(action)
		s.device = d
		if d.Disabled || p.setup.Watchdog <= 0 {
			s.run = nil
		}
		return s
	}
	s := step{device: d, action: action, timeout: d.timeout(action, p.def)}
	if !d.Disabled {
		s.run = p.executors(d)
	}
	return s
}

func (p *planner) watchdog(action string) step {
	s := step{device: Device{ID: watchdogDevice}, action: action, timeout: p.setup.Watchdog, watchdog: true}
	for _, n := range p.members {
		if n != p.target.ID {
			s.run = append(s.run, n)
		}
	}
	return s
}

// preferred tells whether the origin saw a device running on a member.
func (r *Request) preferred(device string, n member.NodeID) bool {
	for _, p := range r.Prefer {
		if p.Device == device {
			return slices.Contains(p.Nodes, n)
		}
	}
	return false
}

// executors lists the members that may run a device: where it is monitored
// first, since there it is known to work, then the others; the target itself
// only if it is alone.
func (p *planner) executors(d Device) []member.NodeID {
	var first, rest []member.NodeID
	for _, n := range p.members {
		switch {
		case slices.Contains(d.Banned, n), n == p.target.ID && len(p.members) > 1:
		case p.req.preferred(d.ID, n):
			first = append(first, n)
		default:
			rest = append(rest, n)
		}
	}
	return append(first, rest...)
}

// anyDevice tries each device that may know the target, the one with the highest
// priority first; then, if there is a watchdog, its patience.
func (p *planner) anyDevice() plan {
	var out plan
	devices := slices.Clone(p.setup.Devices)
	slices.SortStableFunc(devices, func(a, b Device) int {
		// a device that has to be asked comes after those that are sure, patience last
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Priority, a.Priority), cmp.Compare(asks(a), asks(b)), cmp.Compare(a.ID, b.ID))
	})
	implied := p.setup.Watchdog > 0
	for _, d := range devices {
		implied = implied && !d.isWatchdog() // a device says which nodes have one
		if !d.Disabled && d.mayFence(p.req.Target) {
			out = append(out, []step{p.step(d, p.req.Action)})
		}
	}
	if implied {
		out = append(out, []step{p.watchdog(p.req.Action)})
	}
	return out
}

func rank(d Device) int {
	if d.isWatchdog() {
		return 1
	}
	return 0
}

func asks(d Device) int {
	if c := d.check(); c == checkStatic || c == checkNone {
		return 0
	}
	return 1
}

// unfencing has every device act that must know about a node that joins, from
// the node itself if it can; without such devices any device may switch it on.
func (p *planner) unfencing() plan {
	var steps []step
	for _, d := range p.setup.Devices {
		if !d.Unfencing || d.Disabled || !d.mayFence(p.req.Target) {
			continue
		}
		s := p.step(d, "on")
		if slices.Contains(p.members, p.target.ID) {
			s.run = append([]member.NodeID{p.target.ID}, slices.DeleteFunc(s.run, func(n member.NodeID) bool { return n == p.target.ID })...)
		}
		steps = append(steps, s)
	}
	if steps != nil {
		return plan{steps}
	}
	out := p.anyDevice()
	return slices.DeleteFunc(out, func(l []step) bool { return l[0].watchdog })
}
