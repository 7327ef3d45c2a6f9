package sched

// Every action carries a reason. What a phase noted while it decided comes
// first; for the rest, this file names what the action follows from. It decides
// nothing: all of it is read off the finished plan.

// reasonOf is why an action is in the plan, as one readable fragment.
func (p *planner) reasonOf(a *action) string {
	vague := a.task == "stop" && a.reason == "node availability" // as the summary says it
	if a.reason != "" && !vague || a.pseudo {
		return a.reason
	}
	switch a.task {
	case "stonith":
		return "the state of " + nodeName(a.n) + " is not known"
	case "do_shutdown":
		return nodeName(a.n) + " asks to leave"
	}
	if a.r == nil {
		return "the plan needs it"
	}
	switch a.task {
	case "monitor":
		return p.whyMonitor(a)
	case "start":
		return p.whyStart(a.r, a.n)
	case "stop":
		return p.whyStop(a.r, a.n)
	case "promote":
		return "its promoted role belongs on " + nodeName(a.n)
	case "demote":
		return p.whyDemote(a.r, a.n)
	case "migrate_to", "migrate_from":
		return "it moves to " + nodeName(a.r.assignedTo) + " while it runs"
	case "reload", "reload-agent":
		return "its parameters have changed"
	case "notify":
		return "the instances of " + a.r.uber(false).id + " are told what happens"
	case "cancel":
		return "the operation is not wanted there any more"
	case "delete":
		return "its history there is of no use"
	case "clear_failcount":
		return "its failures no longer count"
	}
	if a.interval > 0 {
		return "it is due while the resource runs there"
	}
	return "the plan needs it"
}

func (p *planner) whyMonitor(a *action) string {
	r, n := a.r, nodeName(a.n)
	switch {
	case a.interval == 0 && len(r.runningOn) > 0 && r.isOn(a.n):
		return "its state on " + n + " is to be looked at again"
	case a.interval == 0:
		if a.n != nil {
			return a.n.probeReason()
		}
		return "whether it runs is not known"
	case a.n != r.assignedTo || r.nextRole <= roleStopped:
		return "it is watched that it stays stopped on " + n
	}
	if s := actOn(r, "start", a.n); s != nil && !s.optional {
		return "it is started on " + n
	}
	if r.nextRole != r.role {
		return "its role on " + n + " changes"
	}
	return "it runs on " + n + " and nothing watches it"
}

// probeReason is why something is looked for on a node; it is said of every resource.
func (n *node) probeReason() string {
	if n.unknown == "" {
		n.unknown = "whether it runs on " + n.name + " is not known"
	}
	return n.unknown
}

func (p *planner) whyStart(r *rsc, n *node) string {
	if s := actOn(r, "stop", n); s != nil && !s.optional && r.isOn(n) {
		if s.reason != "" {
			return s.reason
		}
		return p.whyStop(r, n)
	}
	for _, from := range r.runningOn {
		if from != n {
			return "it moves from " + from.name
		}
	}
	return "it runs nowhere and " + nodeName(n) + " is its best place"
}

func (p *planner) whyStop(r *rsc, n *node) string {
	target, limited := p.targetRole(r)
	to := r.assignedTo
	switch {
	case r.removed:
		return "it is not configured any more"
	case limited && target == roleStopped:
		return "target-role is Stopped"
	case to == nil && !p.quorate && p.opt.noQuorum != "ignore":
		return "no quorum"
	case n != nil && n != to && n.shutdown:
		return n.name + " asks to leave"
	case n != nil && n != to && (n.standby || n.standbyOnFail):
		return n.name + " is in standby"
	case n != nil && n != to && n.unclean:
		return n.name + " is unclean"
	case r.failed && to == n:
		return "it failed on " + nodeName(n)
	case r.failed:
		return "it failed on " + nodeName(n) + whither(to)
	case to != nil && cannotStart(r) != "":
		return cannotStart(r)
	case len(r.runningOn) > 1:
		return "it runs on more than one node"
	case to == nil:
		return "no node may run it"
	case to != n:
		return "it moves to " + to.name
	}
	return "it is started anew after what it depends on"
}

// cannotStart is why a resource cannot start again.
func cannotStart(r *rsc) string {
	if a := r.findTask("start"); a != nil && !a.runnable {
		return a.reason
	}
	return ""
}

func whither(to *node) string {
	if to == nil {
		return " and no node may run it"
	}
	return " and moves to " + to.name
}

func (p *planner) whyDemote(r *rsc, n *node) string {
	switch {
	case r.nextRole <= roleStopped || r.assignedTo != n:
		return p.whyStop(r, n)
	case r.failed:
		return "it failed on " + nodeName(n)
	case r.nextRole == rolePromoted:
		return "it is promoted anew after what it depends on"
	}
	return "its promoted role belongs elsewhere"
}
