package sim

import (
	"fmt"
	"slices"
	"time"
)

// steps draws what happens, by time.
func (d *drawer) steps() []Step {
	n := d.profile.Steps
	if n == 0 {
		n = d.between(4, 14)
	}
	at := time.Duration(0)
	var out []Step
	for range n {
		at += d.gap()
		s := Step{At: at}
		if d.profile.Calm || !d.profile.NoWish && d.rng.IntN(5) < 2 {
			s.Wish = d.wishOf(d.profile.Wishes)
		} else {
			s.Fault, s.For = d.faultOf(d.profile.Kinds)
		}
		out = append(out, s)
		if !d.profile.Calm || d.profile.Together {
			more := d.company(s)
			out = append(out, more...)
			if n := len(more); n > 0 {
				at = more[n-1].At
			}
		}
	}
	if d.profile.Upgrade {
		for i, node := range d.nodes {
			out = append(out, Step{At: at * time.Duration(i+1) / time.Duration(len(d.nodes)+1), Wish: Wish{Kind: Upgrade, Node: node}})
		}
	}
	if d.profile.Rolling {
		out = d.comeAndGo(out, at)
	}
	slices.SortStableFunc(out, func(a, b Step) int { return int(a.At - b.At) })
	for i := range out {
		out[i].Number = i + 1
	}
	return out
}

// comeAndGo has a node join before the steps, and another thing or two happen to all
// of them in turn; what joined is taken out in the end.
func (d *drawer) comeAndGo(steps []Step, end time.Duration) []Step {
	const joined = 8 * time.Second // it is a member by then, and has started what it should
	for i := range steps {
		steps[i].At += joined
	}
	end += joined
	by, name := pick(d, d.nodes...), fmt.Sprintf("n%d", len(d.nodes)+1)
	if len(d.nodes) > 2 { // of two, with two_node, nobody makes three without a word
		steps = append(steps, Step{Wish: Wish{Kind: Join, By: by, Node: name}})
	}
	steps = append(steps, Step{At: d.time(joined, end), Wish: Wish{Kind: Roll, After: d.time(time.Second, 10*time.Second)}})
	for range 2 {
		steps = append(steps, Step{At: d.time(joined, end), Wish: Wish{Kind: Mark, By: pick(d, d.nodes...), Node: pick(d, d.nodes...), Value: pick(d, "", "yes")}})
	}
	if len(d.nodes) > 2 && d.rng.IntN(2) == 0 {
		steps = append(steps, Step{At: end + time.Second, Wish: Wish{Kind: Expel, By: by, Node: name, After: 2 * time.Minute}})
	}
	return steps
}

// company draws what happens together with a step, because the two are worse than
// one: a fence device that fails when it is needed, a blackout when something was
// just acknowledged.
func (d *drawer) company(s Step) []Step {
	if out := d.occasion(s); out != nil {
		return out
	}
	switch {
	case !d.profile.Together && d.rng.IntN(3) > 0:
	case s.Wish.Kind == Prefer:
		var out []Step
		if d.rng.IntN(2) == 0 {
			for _, n := range d.nodes {
				out = append(out, Step{At: s.At, For: 2 * time.Second, Fault: Fault{Kind: DiskSlow, Node: n, By: d.time(0, 500*time.Millisecond)}})
			}
		}
		return append(out, Step{At: s.At + d.time(0, 100*time.Millisecond), Fault: Fault{Kind: Blackout}, For: d.time(time.Second, 10*time.Second)})
	case s.Fault.Kind == LinkCut, s.Fault.Kind == PowerLoss, s.Fault.Kind == Freeze, s.Fault.Kind == OpFails:
		return []Step{{At: s.At, Fault: Fault{Kind: DeviceFails, Times: d.between(1, 6)}, For: d.time(time.Second, 30*time.Second)}}
	}
	return nil
}

// occasion draws what makes a fault felt: nobody starts what runs, switches off who is
// well, or reads and writes for nothing.
func (d *drawer) occasion(s Step) []Step {
	f := s.Fault
	only := func(k Kind) bool { // one that is not drawn
		return d.profile.Kinds != nil && !slices.Contains(d.profile.Kinds, k)
	}
	switch {
	case f.Kind == DiskUnread || f.Kind == DiskTorn:
		if k := pick(d, DaemonKill, PowerLoss, PowerLoss); f.Kind == DiskTorn || k == PowerLoss {
			return []Step{{At: s.At, For: d.time(time.Second, 20*time.Second), Fault: Fault{Kind: PowerLoss, Node: f.Node}}}
		}
		return []Step{{At: s.At, For: d.time(100*time.Millisecond, 3*time.Second), Fault: Fault{Kind: DaemonKill, Node: f.Node}}}
	case d.rng.IntN(2) == 0:
		return nil
	case f.spoils() && f.Op != "monitor" && !only(Crash):
		return []Step{{At: s.At, For: time.Millisecond, Fault: Fault{Kind: Crash, Resource: f.Resource}}}
	case (f.Kind == DeviceFails || f.Kind == DeviceSlow) && !only(PowerLoss):
		return []Step{{At: s.At, For: d.time(5*time.Second, 20*time.Second), Fault: Fault{Kind: PowerLoss, Node: pick(d, d.nodes...)}}}
	case (f.Kind == DiskFull || f.Kind == DiskBroken || f.Kind == DiskSlow) && !d.profile.NoWish:
		return []Step{{At: s.At + d.time(0, time.Second), Wish: d.wishOf([]WishKind{Prefer, Swap})}}
	}
	return nil
}

// gap draws how long until the next step: often so short that the cluster is
// still busy with the last one.
func (d *drawer) gap() time.Duration {
	switch d.rng.IntN(4) {
	case 0:
		return d.time(0, 300*time.Millisecond)
	case 1:
		return d.time(0, 3*time.Second)
	}
	return d.time(0, 20*time.Second)
}

// faultOf draws a fault of one of some kinds; those that are not drawn otherwise
// come half of the time.
func (d *drawer) faultOf(kinds []Kind) (Fault, time.Duration) {
	for _, k := range []Kind{Blackout, Dead} {
		if slices.Contains(kinds, k) && d.rng.IntN(2) == 0 {
			f := Fault{Kind: k}
			if f.needsNode() {
				f.Node = pick(d, d.nodes...)
			}
			return f, d.time(time.Second, 30*time.Second)
		}
	}
	for {
		if f, long := d.fault(); kinds == nil || slices.Contains(kinds, f.Kind) {
			return f, long
		}
	}
}

// wishOf draws a wish of one of some kinds.
func (d *drawer) wishOf(kinds []WishKind) Wish {
	for {
		if w := d.wish(); kinds == nil || slices.Contains(kinds, w.Kind) {
			return w
		}
	}
}

// fault draws a fault and how long it lasts.
func (d *drawer) fault() (Fault, time.Duration) {
	n := pick(d, d.nodes...)
	if d.profile.Mid && d.rng.IntN(4) == 0 {
		f := Fault{Kind: pick(d, PowerMid, DaemonMid), Node: n, Op: pick(d, "", doesPacket, doesWrite, doesAgent, doesAnswer)}
		f.Times = d.between(0, pick(d, 3, 30))
		return f, d.time(time.Second, 20*time.Second)
	}
	switch d.rng.IntN(10) {
	case 0, 1:
		return Fault{Kind: PowerLoss, Node: n}, d.time(3*time.Second, 25*time.Second)
	case 2, 3:
		return Fault{Kind: DaemonKill, Node: n}, pick(d, d.time(0, 300*time.Millisecond), d.time(0, 3*time.Second))
	case 4, 5:
		return d.linkFault(n)
	case 6, 7:
		return d.serviceFault(n)
	case 8:
		return d.machineFault(n)
	}
	return d.otherFault(n)
}

func (d *drawer) linkFault(n string) (Fault, time.Duration) {
	f := Fault{Kind: LinkCut, Node: n, Link: AllLinks}
	long := d.time(100*time.Millisecond, pick(d, 3*time.Second, 40*time.Second))
	switch d.rng.IntN(6) {
	case 0, 1:
	case 2:
		f.Link = d.rng.IntN(d.links)
	case 3:
		f.Peer = pick(d, slices.DeleteFunc(slices.Clone(d.nodes), func(x string) bool { return x == n })...)
	case 4:
		f.OneWay = true
	case 5:
		f.Kind = Unplug
		f.Link = pick(d, AllLinks, d.rng.IntN(d.links))
	}
	return f, long
}

func (d *drawer) serviceFault(n string) (Fault, time.Duration) {
	rsc := pick(d, d.all...)
	op := pick(d, "start", "stop", "monitor", "promote", "demote")
	if d.profile.Ops != nil {
		op = pick(d, d.profile.Ops...)
	}
	long := d.time(10*time.Second, 30*time.Second) // a monitor looks meanwhile
	switch d.rng.IntN(6) {
	case 0, 1:
		return Fault{Kind: Crash, Resource: rsc}, time.Millisecond
	case 2, 3:
		return Fault{Kind: OpFails, Resource: rsc, Op: op, Node: pick(d, n, ""), Times: d.between(1, 3)}, long
	case 4:
		return Fault{Kind: OpHangs, Resource: rsc, Op: op, Node: pick(d, n, ""), Times: 1}, long
	}
	if d.rng.IntN(2) == 0 {
		return Fault{Kind: OpLies, Resource: rsc, Op: pick(d, "start", "promote", "monitor"), Node: pick(d, n, ""), Times: 1}, long
	}
	return Fault{Kind: OpSlow, Resource: rsc, Op: op, Node: pick(d, n, ""), Times: d.between(1, 3), By: d.time(0, 12*time.Second)}, long
}

func (d *drawer) machineFault(n string) (Fault, time.Duration) {
	long := d.time(0, 20*time.Second)
	switch d.rng.IntN(9) {
	case 0:
		return Fault{Kind: Freeze, Node: n}, d.time(0, 5*time.Second)
	case 1:
		return Fault{Kind: Pause, Node: n}, d.time(0, 5*time.Second)
	case 2:
		return Fault{Kind: pick(d, DiskFull, DiskBroken), Node: n}, long
	case 3:
		return Fault{Kind: DiskSlow, Node: n, By: d.time(0, 2*time.Second)}, long
	case 4:
		if !d.torn { // of two torn disks both may have held the only copy
			d.torn = true
			return Fault{Kind: DiskTorn, Node: n}, 0
		}
	case 5:
		return Fault{Kind: ClockStep, Node: n, By: d.time(-10*time.Minute, 10*time.Minute)}, long
	case 7:
		return Fault{Kind: DiskUnread, Node: n}, long
	case 6:
		return Fault{Kind: ClockDrift, Node: n, By: d.time(-20*time.Millisecond, 20*time.Millisecond)}, long
	}
	return Fault{Kind: Freeze, Node: n}, d.time(0, 2*time.Second)
}

func (d *drawer) otherFault(string) (Fault, time.Duration) {
	long := d.time(0, 20*time.Second)
	share := func(most float64) float64 { return most * float64(d.between(1, 10)) / 10 }
	switch d.rng.IntN(7) {
	case 0:
		return Fault{Kind: Loss, Share: share(0.04)}, long
	case 1:
		return Fault{Kind: Duplicate, Share: share(0.1)}, long
	case 2:
		return Fault{Kind: Reorder, Share: share(0.1)}, long
	case 3:
		return Fault{Kind: Corrupt, Share: share(0.02)}, long
	case 4:
		return Fault{Kind: Delay, By: d.time(0, 5*time.Millisecond)}, long
	case 5:
		return Fault{Kind: DeviceFails, Times: d.between(1, 4)}, long
	}
	return Fault{Kind: DeviceSlow, Times: d.between(1, 4), By: d.time(0, 10*time.Second)}, long
}

// wish draws what an operator does.
func (d *drawer) wish() Wish {
	w := Wish{By: pick(d, d.nodes...), Node: pick(d, d.nodes...)}
	if len(d.singles) > 0 {
		w.Resource = pick(d, d.singles...)
	} else {
		w.Resource = pick(d, d.all...)
	}
	w.Kind = pick(d, Standby, Unstandby, Unstandby, Maintenance, Prefer, Prefer, Property, Stop, Start, Cleanup, Restart, Restart, FenceNode, Swap, Swap, Add, Remove)
	switch w.Kind {
	case Maintenance:
		w.Value, w.Node, w.Resource = pick(d, "true", "false", "false"), "", ""
	case Property:
		w.Name, w.Value = pick(d, "batch-limit", "stop-all-resources", "cluster-recheck-interval"), ""
		w.Value = map[string]string{"batch-limit": "5", "stop-all-resources": "false", "cluster-recheck-interval": "60s"}[w.Name]
		w.Node, w.Resource = "", ""
	case Swap:
		d.notes++
		w.Value, w.Node, w.Resource = fmt.Sprintf("%d", d.notes), "", ""
	case Restart:
		w.By, w.Resource, w.After = "", "", d.time(5*time.Second, 30*time.Second)
	case Standby, Unstandby, FenceNode:
		w.Resource = ""
	case Add, Remove:
		w.Resource, w.Node = fmt.Sprintf("x%d", d.between(1, 3)), ""
	case Stop, Start, Cleanup:
		w.Node = ""
	}
	return w
}
