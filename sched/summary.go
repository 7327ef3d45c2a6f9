package sched

// summary is the transition in one line per node and resource.
func (p *planner) summary() []SummaryLine {
	out := make([]SummaryLine, 0, len(p.all))
	for i := len(p.acts) - 1; i >= 0; i-- { // the newest first
		a := p.acts[i]
		if a.r != nil || a.optional || !a.runnable && !a.pseudo {
			continue
		}
		switch {
		case a.isStonith:
			out = append(out, SummaryLine{Verb: "Fence", Action: a.meta["stonith_action"], Node: a.n.name, Reason: a.reason, Detail: guestOf(a.n)})
		case a.task == "do_shutdown":
			out = append(out, SummaryLine{Verb: "Shutdown", Node: a.n.name, Leave: true})
		}
	}
	if p.trace != nil {
		return p.turnsSummary(out)
	}
	for _, r := range p.top {
		out = p.summarize(r, out)
	}
	return out
}

// guestOf names the resource that a guest node is.
func guestOf(n *node) string {
	if n.isGuest() && n.remoteRsc != nil && n.remoteRsc.container != nil {
		return n.remoteRsc.container.id
	}
	return ""
}

// summarize adds the lines of a resource and what is inside of it.
func (p *planner) summarize(r *rsc, out []SummaryLine) []SummaryLine {
	if r.kind != primitive {
		for _, k := range p.summaryKids(r) {
			out = p.summarize(k, out)
		}
		return out
	}
	cur := p.shownCurrent(r)
	next := r.assignedTo
	if cur == nil && next == nil {
		return out
	}
	if r.removed && !p.opt.stopRemoved && cur == nil {
		return out
	}
	return p.line(out, r, cur, next)
}

// shownCurrent is the node that the summary counts as present.
func (p *planner) shownCurrent(r *rsc) *node {
	if len(r.runningOn) == 0 {
		return nil
	}
	if r.partialFrom != nil && len(r.runningOn) > 1 {
		return r.partialFrom
	}
	return r.runningOn[0]
}

func (p *planner) summaryKids(r *rsc) []*rsc {
	if r.kind == bundle {
		return r.replicaKids()
	}
	return r.kids
}

func actOn(r *rsc, task string, n *node) *action {
	if n == nil {
		return nil
	}
	return r.newestIn(task, n, true)
}

// actionAt is actOn, but an action that would have to be done without anybody
// saying where counts as meant for the node in question.
func (p *planner) actionAt(r *rsc, task string, n *node) *action {
	if n == nil {
		return nil
	}
	return p.findAct(r, opName{task, 0}, n)
}

// line adds what happens to one instance.
func (p *planner) line(out []SummaryLine, r *rsc, cur, next *node) []SummaryLine {
	if !r.managed {
		return out
	}
	start, stop := p.actionAt(r, "start", next), p.actionAt(r, "stop", cur)
	promote, demote := p.actionAt(r, "promote", next), p.actionAt(r, "demote", cur)
	if stop == nil && r.stopUnexpected { // it stays here and stops elsewhere
		stop = r.findTask("stop")
	}
	migrate := actOn(r, "migrate_from", next)
	moving := cur != nil && next != nil && cur != next
	required := func(a *action) bool { return a != nil && !a.optional }
	failed := func(verb string) string {
		if r.failed {
			return "Recover"
		}
		return verb
	}
	one := func(verb string, from, to *node, why, alt *action) []SummaryLine {
		return append(out, p.summaryLine(r, verb, from, to, why, alt))
	}
	if r.role == r.nextRole || cur != nil && r.role == roleStopped && r.nextRole == roleStarted {
		switch {
		case migrate != nil && migrate.runnable && !(migrate.optional) && moving:
			return one("Migrate", cur, next, start, nil)
		case r.reload && required(r.findTask("reload-agent")):
			return one("Reload", cur, next, nil, nil)
		case !required(start):
			if required(demote) && required(promote) {
				return one("Re-promote", cur, next, promote, demote)
			}
			return append(out, leave(r, cur, next))
		case !start.runnable:
			why := stop
			if why == nil || why.reason == "" {
				why = start
			}
			return append(out, p.stopLine(r, cur, stop, why))
		case moving:
			return one(failed("Move"), cur, next, stop, nil)
		case r.failed:
			return one("Recover", cur, nil, stop, nil)
		}
		return one("Restart", cur, next, start, nil)
	}
	switch {
	case stop != nil && (r.nextRole == roleStopped || start != nil && !start.runnable):
		return p.stopLines(out, r, stop, start)
	case required(stop) && r.failed:
		return one("Recover", cur, next, stop, nil)
	case moving:
		return one("Move", cur, next, stop, nil)
	case required(stop):
		return one("Restart", cur, next, start, nil)
	case r.role == rolePromoted:
		return one("Demote", cur, next, demote, nil)
	case r.nextRole == rolePromoted:
		if promote == nil { // what it waits for cannot happen
			l := p.summaryLine(r, "Promote", cur, next, nil, nil)
			l.Blocked = true
			return append(out, l)
		}
		return one("Promote", cur, next, promote, nil)
	case r.nextRole > roleStopped && start != nil:
		return one("Start", cur, next, start, nil)
	}
	return out
}

// leave is the line of a resource to which nothing happens.
func leave(r *rsc, cur, next *node) SummaryLine {
	return SummaryLine{Verb: "Leave", Resource: r.id, From: nodeName(cur), To: nodeName(next), Leave: true,
		FromRole: r.role.status(), ToRole: r.nextRole.status(), Detail: nodeName(next)}
}

// stopLines adds that the resource is to end, on each node where it is active.
func (p *planner) stopLines(out []SummaryLine, r *rsc, stop, start *action) []SummaryLine {
	for _, n := range r.runningOn {
		s := actOn(r, "stop", n)
		if s == nil {
			continue
		}
		why := s
		if start != nil && !start.runnable && s.reason == "" {
			why = start
		}
		out = append(out, p.stopLine(r, n, s, why))
	}
	return out
}

func (p *planner) stopLine(r *rsc, n *node, stop, why *action) SummaryLine {
	l := p.summaryLine(r, "Stop", n, nil, why, nil)
	if stop != nil {
		l.Blocked = !stop.runnable
	}
	return l
}

// summaryLine writes one line: places and roles as far as they matter, and why.
func (p *planner) summaryLine(r *rsc, verb string, from, to *node, why, act *action) SummaryLine {
	l := SummaryLine{Verb: verb, Resource: r.id, From: nodeName(from), To: nodeName(to), FromRole: r.role.status(), ToRole: r.nextRole.status()}
	roles := r.role > roleStarted || r.nextRole == rolePromoted
	sameRole, sameHost := r.role == r.nextRole, from != nil && from == to
	if sameHost && r.role == roleStopped && r.nextRole == roleStarted {
		sameRole = true // what a migration left behind there counts as active
	}
	was, will := string(l.FromRole), string(l.ToRole)
	switch {
	case roles && from == nil:
		l.Detail = was + " -> " + will + " " + l.To
	case from == nil:
		l.Detail = l.To
	case roles && to == nil:
		l.Detail = was + " " + l.From
	case to == nil:
		l.Detail = l.From
	case roles && sameRole && sameHost:
		l.Detail = was + " " + l.From
	case sameRole && sameHost:
		l.Detail = l.From
	case roles && sameRole:
		l.Detail = l.From + " -> " + l.To + " " + was
	case sameRole, !roles && !sameHost:
		l.Detail = l.From + " -> " + l.To
	case sameHost:
		l.Detail = was + " -> " + will + " " + l.From
	default:
		l.Detail = was + " " + l.From + " -> " + will + " " + l.To
	}
	if why != nil {
		l.Reason = why.reason
		l.Blocked = !why.runnable
	}
	if act != nil {
		l.Blocked = !act.runnable
	}
	return l
}
