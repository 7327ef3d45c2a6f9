package sim

// mutant is a fault that somebody might have made. It is planted in a copy of the
// source that is laid over the real one for one build (go help build, -overlay).
type mutant struct {
	what     string
	file     string
	old, new string  // in new, @ stands for "this mutant is on"
	where    Profile // the histories in which it is looked for
}

// planted are the faults, across the rooms that decide.
func planted() []mutant {
	const few = 3
	kinds := func(nodes int, kinds ...Kind) Profile {
		return Profile{Nodes: nodes, Items: few, Steps: 6, NoWish: true, Kinds: kinds}
	}
	power := kinds(3, PowerLoss, LinkCut)
	split := kinds(3, LinkCut, Unplug, DeviceFails)
	merge := kinds(3, LinkCut)
	merge.Together = true
	two := kinds(2, LinkCut, Blackout, Dead)
	two.Steps = 12
	ops := kinds(3, OpFails, OpHangs, OpSlow, Crash)
	stops := Profile{Nodes: 3, Items: few, Steps: 10, Kinds: []Kind{OpFails, OpHangs}, Ops: []string{"stop", "demote"}, Wishes: []WishKind{Standby, Unstandby, Prefer}}
	starts := Profile{Nodes: 3, Items: 6, Steps: 10, Kinds: []Kind{OpFails, OpHangs, Crash}, Ops: []string{"start", "promote", "stop"}, Wishes: []WishKind{Standby, Unstandby, Restart}}
	crash := kinds(3, Crash)
	daemons := kinds(3, DaemonKill, LinkCut)
	acked := Profile{Nodes: 3, Items: few, Steps: 6, Calm: true, Wishes: []WishKind{Prefer}, Together: true}
	wishes := Profile{Nodes: 3, Items: few, Steps: 8, Calm: true}
	return []mutant{
		{"a fencing that failed counts as done", "control/dispatch.go", "	if in.OK {\n		c.holds = 0", "	if in.OK || @ {\n		c.holds = 0", split},
		{"an operation that failed counts as done", "control/dispatch.go", "	if mine {\n", "	if mine && @ {\n		r.status, r.rc = agent.Done, r.from.Target\n	}\n	if mine {\n", ops},
		{"who does not coordinate any more goes on planning", "control/control.go", "	c.become(NotCoordinator)\n}", "	if !@ {\n		c.become(NotCoordinator)\n	}\n}", split},
		{"a change is acknowledged before it is on the disks", "replica/persist.go", "		safe = min(safe, r.persisted[m])", "		if !@ {\n			safe = min(safe, r.persisted[m])\n		}", acked},
		{"one node leaves attributes out", "replica/replica.go", "	for _, a := range u.Attributes {\n", "	for _, a := range u.Attributes {\n		if @ && r.cfg.Self == 2 {\n			break\n		}\n", wishes},
		{"who is not in the view is still taken to be there", "replica/membership.go", "		root = nodeState(root, ns.ID(), absent)", "		if !@ {\n			root = nodeState(root, ns.ID(), absent)\n		}", power},
		{"what members tell of what they run is not taken over", "replica/membership.go", "	if have := ns.Child(\"lrm\"); have == nil || h.LRMHash == \"\" || hashOf(have) != h.LRMHash {", "	if have := ns.Child(\"lrm\"); have == nil || !@ && (h.LRMHash == \"\" || hashOf(have) != h.LRMHash) {", merge},
		{"actions do not wait for each other", "transit/run.go", "		if r.steps[i].missing == 0 {\n			r.sweep.add(i)", "		if r.steps[i].missing == 0 || @ {\n			r.sweep.add(i)", ops},
		{"what waits for something that failed goes on", "transit/run.go", "	r.land(i, failed)\n	r.abortAt(min(a", "	if @ {\n		r.land(i, done)\n		return\n	}\n	r.land(i, failed)\n	r.abortAt(min(a", starts},
		{"the plan goes on when fencing fails", "transit/run.go", "		if in.OK {\n			r.land(i, done)", "		if in.OK || @ {\n			r.land(i, done)", split},
		{"a probe answers without looking", "lrm/queue.go", "	if j.Agent.Class != \"stonith\" || j.Interval > 0 {\n", "	if @ && j.Op == \"monitor\" && j.Interval == 0 {\n		return agent.Result{RC: agent.NotRunning}, true\n	}\n	if j.Agent.Class != \"stonith\" || j.Interval > 0 {\n", daemons},
		{"a monitor that finds something new does not say so", "lrm/queue.go", "j.owed || !j.seen || j.rc != d.Result.RC || j.status != d.Result.Status {", "j.owed || !@ && (!j.seen || j.rc != d.Result.RC || j.status != d.Result.Status) {", crash},
		{"every stop is taken to have stopped", "lrm/queue.go", "	delete(m.jobs, d.Tag)\n	if j.Interval == 0 {", "	delete(m.jobs, d.Tag)\n	if @ && j.Op == \"stop\" {\n		d.Result.Status, d.Result.RC = agent.Done, agent.OK\n	}\n	if j.Interval == 0 {", stops},
		{"monitors go on when a service is stopped", "lrm/machine.go", "	} else if changesState(o.Op) {", "	} else if changesState(o.Op) && !@ {", wishes},
		{"a device that failed is believed", "fence/machine.go", "	case in.OK:\n", "	case in.OK || @:\n", split},
		{"nobody presses the button", "fence/machine.go", "	if by == m.cfg.Self {\n		m.execute", "	if by == m.cfg.Self && @ {\n		m.emit(Announce{Attempted{ID: r.ID, Seq: r.seq, By: by, Device: s.device.ID, OK: true}})\n		return\n	}\n	if by == m.cfg.Self {\n		m.execute", split},
		{"when no device is left, the node is taken to be off", "fence/machine.go", "	m.conclude(r, false, 0, \"\", r.reason, wall)\n", "	m.conclude(r, @, 0, \"\", r.reason, wall)\n", split},
		{"one vote less is enough", "quorum/count.go", "	s.Quorum = max(s.Expected, s.Votes)/2 + 1\n", "	s.Quorum = max(s.Expected, s.Votes)/2 + 1\n	if @ {\n		s.Quorum--\n	}\n", split},
		{"quorum is never lost", "quorum/count.go", "		s.Quorate = s.Votes >= s.Quorum ||", "		s.Quorate = @ && m.state.Quorate || s.Votes >= s.Quorum ||", split},
		{"nobody waits for all", "quorum/machine.go", "	m.waiting = m.cfg.waitForAll() &&", "	m.waiting = !@ && m.cfg.waitForAll() &&", two},
		{"a read is answered without asking the others", "engine/request.go", "	case Read:\n", "	case Read:\n		if @ {\n			e.emit(Reply{ID: in.ID, Body: e.replica.Root()})\n			return\n		}\n", registers()},
		{"a change of the status is acknowledged before others have it", "replica/replica.go", "[]Effect{Multicast{in.Update, in.Safe}}", "[]Effect{Multicast{in.Update, in.Safe && !@}}", registers()},
		{"attributes that others changed since are said again", "engine/route.go", "		case replica.Own:\n", "		case replica.Own:\n			if @ {\n				continue\n			}\n", registers()},
		{"tickets come with the newest configuration", "replica/tickets.go", "	if r.Features() < ticketsFeature {", "	if r.Features() < ticketsFeature || @ {", registers()},
	}
}
