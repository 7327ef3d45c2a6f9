package sched

// createAll makes the actions of every resource.
func (p *planner) createAll() { p.eachTop(phaseCreate, p.create) }

func (p *planner) create(r *rsc) {
	switch r.kind {
	case group:
		p.createGroup(r)
	case clone:
		p.createClone(r)
	case bundle:
		p.createBundle(r)
	default:
		p.createPrimitive(r)
	}
}

// nextStep is the next role on the way from one role to another.
func nextStep(from, to role) role {
	switch {
	case from == to:
		return from
	case from == roleUnknown:
		return roleStopped
	case from == roleStopped:
		if to >= roleUnpromoted {
			return roleUnpromoted
		}
		return to
	case from == roleStarted:
		if to == roleUnknown {
			return roleStopped
		}
		return to
	case from == roleUnpromoted:
		if to == rolePromoted {
			return rolePromoted
		}
		return roleStopped
	}
	if to == roleUnknown {
		return roleStopped
	}
	return roleUnpromoted
}

// step makes the action that leads from one role to the next.
func (p *planner) step(r *rsc, from, to role, n *node, optional bool) {
	switch {
	case from == roleStopped && to >= roleStarted:
		p.doStart(r, n, optional)
	case to == roleStopped && from != roleStopped && from != roleUnknown:
		p.doStop(r, optional)
	case to == rolePromoted:
		p.doPromote(r, n, optional)
	case from == rolePromoted:
		p.doDemote(r, optional)
	}
}

func (p *planner) createPrimitive(r *rsc) {
	if r.nextRole == roleUnknown {
		r.nextRole = roleStopped
		if r.assignedTo != nil {
			r.nextRole = roleStarted
		}
	}
	n, cur := r.assignedTo, p.currentNode(r)
	for _, d := range r.dangling {
		p.stopAct(r, d, false).leftOver = true
	}
	moving := cur != nil && n != nil && cur != n && r.nextRole >= roleStarted
	needStop, migrate := p.activeTwice(r, cur, moving)
	if r.startPending && n != nil {
		p.startAct(r, n, true).printAlways = true
	}
	needPromote := false
	switch {
	case moving:
		needStop = true
	case r.failed && r.stopIfFailed:
		needStop = true
	case r.failed:
		needPromote = r.nextRole == rolePromoted
	case r.block:
		needStop = true
	case r.role > roleStarted && cur != nil && n != nil && !p.startAct(r, n, true).optional:
		needStop = true // what was promoted recovers
	}
	r.restarting = true
	p.restartActions(r, cur, needStop, needPromote)
	r.restarting = false
	rl := r.role
	for rl != r.nextRole {
		next := nextStep(rl, r.nextRole)
		p.step(r, rl, next, n, false)
		if next == rl {
			break
		}
		rl = next
	}
	p.recurring(r)
	if migrate {
		p.createMigration(r, cur)
	}
}

// activeTwice decides what becomes of a resource that is active on more than
// one node, or on its way between two: whether it must stop, and whether it
// moves by live migration.
func (p *planner) activeTwice(r *rsc, cur *node, moving bool) (needStop, migrate bool) {
	migrate = moving && p.canMigrate(r, cur)
	clean := 0
	for _, n := range r.runningOn {
		if n.online && !n.unclean {
			clean++
		}
	}
	many := clean > 1 // what needs no fencing is not counted where it is lost
	if r.needsFencing {
		many = len(r.runningOn) > 1
	}
	switch {
	case migrate && r.partialFrom != nil && r.partialTo != nil && len(r.runningOn) == 2 && cur == r.partialFrom && r.assignedTo == r.partialTo:
		return false, true // goes on
	case r.partialFrom != nil || r.partialTo != nil:
		r.partialFrom, r.partialTo = nil, nil
		return true, false
	}
	r.stopUnexpected = many && r.multipleUnexpected
	return many && !r.stopOnMultiple && !r.blockOnMultiple, migrate
}

// expectedOn tells whether, of a resource active more than once, a node is the
// one where it stays (multiple-active=stop_unexpected).
func (r *rsc) expectedOn(n *node) bool {
	return r.stopUnexpected && r.restarting && r.nextRole > roleStopped && r.assignedTo == n
}

// currentNode is where a resource is active now; during a live migration, its source.
func (p *planner) currentNode(r *rsc) *node {
	if r.partialFrom != nil && len(r.runningOn) == 2 {
		return r.partialFrom
	}
	var best *node
	for _, n := range r.runningOn {
		if r.remoteNode != nil || r.needsFencing {
			return n // fencing settles the others
		}
		if n.online && !n.unclean {
			return n
		}
		if best == nil {
			best = n
		}
	}
	return best
}

// restartActions makes what brings an active resource down and up again.
func (p *planner) restartActions(r *rsc, cur *node, needStop, needPromote bool) {
	rl := r.role
	for rl != roleStopped && rl != roleUnknown {
		next := nextStep(rl, roleStopped)
		p.step(r, rl, next, cur, !needStop)
		rl = next
	}
	for r.role <= r.nextRole && rl != r.role && !r.block {
		next := nextStep(rl, r.role)
		required := needStop || next == rolePromoted && needPromote
		p.step(r, rl, next, r.assignedTo, !required)
		if next == rl {
			break
		}
		rl = next
	}
}

func (p *planner) doStop(r *rsc, optional bool) {
	for _, n := range r.runningOn {
		if r.expectedOn(n) {
			continue
		}
		if r.partialTo != nil {
			if n == r.partialTo && n == r.assignedTo {
				continue // the migration goes on
			}
			optional = false
		}
		a := p.stopAct(r, n, optional)
		switch {
		case r.assignedTo == nil:
			a.reason = "node availability"
		case r.stopUnexpected && r.restarting:
			a.reason = "being multiply active"
		}
		if !r.managed {
			a.runnable = false
		}
		if r.needsUnfencing {
			p.unfenceAfter(r, n, a)
		}
	}
}

func (p *planner) doStart(r *rsc, n *node, optional bool) {
	if n == nil {
		return
	}
	a := p.startAct(r, n, true)
	p.unfenceBefore(r, n, a, ordImpliesThen)
	if a.runnable && !optional {
		a.optional = false
	}
	a.pseudo = a.pseudo || r.expectedOn(n)
}

func (p *planner) doPromote(r *rsc, n *node, optional bool) {
	if n == nil {
		return
	}
	ok := true
	for _, a := range r.named("start", 0).listed() {
		ok = ok && (a.n != n || a.runnable)
	}
	if ok {
		a := p.promoteAct(r, n, optional)
		p.unfenceBefore(r, n, a, ordImpliesThen)
		a.pseudo = a.pseudo || r.expectedOn(n)
		return
	}
	for _, a := range r.named("promote", 0).listed() {
		if a.n == n {
			a.runnable = false
		}
	}
}

func (p *planner) doDemote(r *rsc, optional bool) {
	for _, n := range r.runningOn {
		if !r.expectedOn(n) {
			p.demoteAct(r, n, optional)
		}
	}
}

// createGroup makes the members' actions and the group's milestones.
func (p *planner) createGroup(r *rsc) {
	for _, m := range r.kids {
		p.create(m)
	}
	for _, t := range []string{"start", "running", "stop", "stopped"} {
		p.pseudoAct(r, t, true, true)
	}
	if flagOr(r.uber(false).meta["promotable"], false) || r.uber(false).promotable {
		for _, t := range []string{"demote", "demoted", "promote", "promoted"} {
			p.pseudoAct(r, t, true, true)
		}
	}
}

// instState is what the instances of a clone are about to do.
type instState struct{ starting, stopping, restarting, active, promoting, demoting bool }

func (s *instState) add(r *rsc) {
	if r.kind != primitive {
		for _, k := range r.kids {
			s.add(k)
		}
		return
	}
	s.active = s.active || len(r.runningOn) > 0
	starts, stops := false, false
	for _, a := range r.acts.all {
		if a.optional {
			continue
		}
		switch a.task {
		case "stop": // only one that fencing implies is not done itself
			stops = stops || a.pseudo || a.runnable
		case "start":
			starts = starts || a.runnable
		case "promote":
			s.promoting = true
		case "demote":
			s.demoting = true
		}
	}
	s.starting, s.stopping = s.starting || starts, s.stopping || stops
	s.restarting = s.restarting || starts && stops
}

// createClone makes the instances' actions and the clone's milestones.
func (p *planner) createClone(r *rsc) {
	var s instState
	for _, k := range r.kids {
		p.create(k)
		s.add(k)
	}
	p.collectiveMilestones(r, s)
	if !r.promotable {
		return
	}
	p.promoteMilestones(r, s)
}

const infinity = 1000000

// collectiveMilestones makes start, running, stop and stopped of a clone or bundle.
func (p *planner) collectiveMilestones(r *rsc, s instState) {
	start := p.pseudoAct(r, "start", !s.starting, true)
	started := p.pseudoAct(r, "running", !s.starting, false)
	started.priority = infinity
	started.runnable = s.active || s.starting
	stop := p.pseudoAct(r, "stop", !s.stopping, true)
	stopped := p.pseudoAct(r, "stopped", !s.stopping, true)
	stopped.priority = infinity
	stop.migrateRunnable = !s.restarting // what migrates may do without an instance that only leaves
	if r.kind == clone {
		r.clone.notifyStart = p.newNotify(r, "start", start, started)
		r.clone.notifyStop = p.newNotify(r, "stop", stop, stopped)
		p.orderNotifyPair(r.clone.notifyStop, r.clone.notifyStart)
	}
}

func (p *planner) promoteMilestones(r *rsc, s instState) {
	promote := p.pseudoAct(r, "promote", !s.promoting, true)
	promoted := p.pseudoAct(r, "promoted", !s.promoting, true)
	promoted.priority = infinity
	r.clone.notifyPromote = p.newNotify(r, "promote", promote, promoted)
	demote := p.pseudoAct(r, "demote", !s.demoting, true)
	demoted := p.pseudoAct(r, "demoted", !s.demoting, true)
	demoted.priority = infinity
	r.clone.notifyDemote = p.newNotify(r, "demote", demote, demoted)
	p.orderPromotableNotify(r)
}
