package sched

import "mainstay/status"

// summary is the transition in one line per node and resource.
func (p *planner) summary() []SummaryLine {
	var out []SummaryLine
	for _, a := range p.acts {
		if a.r != nil || a.optional || !a.runnable && !a.pseudo {
			continue
		}
		switch {
		case a.isStonith:
			out = append(out, SummaryLine{Verb: "Fence", Action: a.meta["stonith_action"], Node: a.n.name, Reason: a.reason})
		case a.task == "do_shutdown":
			out = append(out, SummaryLine{Verb: "Shutdown", Node: a.n.name})
		}
	}
	for _, r := range p.top {
		out = p.summarize(r, out)
	}
	return out
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
	return append(out, p.line(r, cur, next)...)
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

// line works out what happens to one instance.
func (p *planner) line(r *rsc, cur, next *node) []SummaryLine {
	l := SummaryLine{Resource: r.id, From: nodeName(cur), To: nodeName(next), FromRole: r.role.status(), ToRole: r.nextRole.status()}
	stop := actOn(r, "stop", cur)
	demote := actOn(r, "demote", cur)
	start := actOn(r, "start", next)
	promote := actOn(r, "promote", next)
	migrate := actOn(r, "migrate_to", cur)
	if r.role == roleUnknown {
		l.FromRole = status.Stopped
	}
	switch {
	case r.nextRole == roleStopped || next == nil:
		return p.stopLines(r, l, cur)
	case cur == nil:
		return p.startLine(r, l, start, promote)
	case migrate != nil && migrate.runnable && !migrate.optional && cur != next:
		l.Verb = "Migrate"
		return p.finish(r, l, start, migrate)
	case r.role <= roleStarted && r.nextRole == rolePromoted && false:
	}
	return p.changeLines(r, l, cur, next, stop, start, demote, promote)
}

func actOn(r *rsc, task string, n *node) *action {
	if n == nil {
		return nil
	}
	for i := len(r.acts) - 1; i >= 0; i-- {
		if a := r.acts[i]; a.task == task && a.n == n && a.interval == 0 {
			return a
		}
	}
	return nil
}

// stopLines: the resource is to end, on each node where it is active.
func (p *planner) stopLines(r *rsc, l SummaryLine, cur *node) []SummaryLine {
	var out []SummaryLine
	if r.role == roleStopped || len(r.runningOn) == 0 {
		return nil
	}
	for _, n := range r.runningOn {
		x := l
		x.From, x.To = n.name, ""
		x.ToRole = status.Stopped
		stop := actOn(r, "stop", n)
		x.Verb = "Stop"
		if stop == nil || stop.optional {
			if stop == nil {
				continue
			}
			x.Verb, x.Leave = "Leave", true
		}
		x.Detail = roleText(r, r.role) + n.name
		p.explain(&x, r, stop, nil)
		if !stop.runnable && stop.r.managed {
			x.Blocked = true
		}
		out = append(out, x)
	}
	return out
}

// roleText is the role before a node's name, where roles matter.
func roleText(r *rsc, rl role) string {
	if rl == rolePromoted || rl == roleUnpromoted {
		return string(rl.status()) + " "
	}
	return ""
}

func (p *planner) startLine(r *rsc, l SummaryLine, start, promote *action) []SummaryLine {
	l.Verb = "Start"
	if promote != nil && !promote.optional && r.nextRole == rolePromoted {
		l.Verb = "Promote"
		l.Detail = string(status.Stopped) + " -> " + string(status.Promoted) + " " + l.To
		p.explain(&l, r, promote, start)
		if start != nil && !start.runnable {
			l.Verb = "Start"
			l.Detail = l.To
		}
		return []SummaryLine{l}
	}
	if start == nil || start.optional && !start.printAlways {
		return nil
	}
	l.Detail = roleText(r, r.nextRole) + l.To
	if r.nextRole == roleUnpromoted {
		l.Detail = l.To
	}
	p.explain(&l, r, start, nil)
	return []SummaryLine{l}
}

// changeLines: active before and after; what changes is the node, the role, or it restarts.
func (p *planner) changeLines(r *rsc, l SummaryLine, cur, next *node, stop, start, demote, promote *action) []SummaryLine {
	required := func(a *action) bool { return a != nil && !a.optional }
	moved := cur != next
	switch {
	case moved:
		l.Verb = "Move"
		if r.failed {
			l.Verb = "Recover"
		}
		l.Detail = l.From + " -> " + l.To
		switch {
		case r.role == rolePromoted && r.nextRole == rolePromoted:
			l.Detail = "Promoted " + l.Detail
			l.Detail = l.From + " -> Promoted " + l.To
			l.Detail = l.From + " -> " + l.To + " "
			l.Detail = "Promoted " + l.From + " -> " + l.To
		case r.role != r.nextRole && (r.role > roleStarted || r.nextRole > roleStarted):
			l.Detail = string(r.role.status()) + " " + l.From + " -> " + string(r.nextRole.status()) + " " + l.To
		case r.role > roleStarted:
			l.Detail = string(r.role.status()) + " " + l.From + " -> " + l.To
		}
		p.explain(&l, r, start, stop)
		if r.failed {
			l.Reason = ""
		}
	case required(start) || required(stop):
		if start == nil && stop == nil {
			return nil
		}
		l.Verb = "Restart"
		if r.failed {
			l.Verb = "Recover"
		}
		if start != nil && !start.runnable || start == nil {
			l.Verb = "Stop"
			l.Detail = roleText(r, r.role) + l.From
			p.explain(&l, r, stop, start)
			return []SummaryLine{l}
		}
		l.Detail = roleText(r, r.role) + l.From
		if r.role != r.nextRole && (r.role > roleStarted || r.nextRole > roleStarted) {
			l.Detail = string(r.role.status()) + " -> " + string(r.nextRole.status()) + " " + l.From
		}
		p.explain(&l, r, start, stop)
	case required(demote) && r.nextRole == rolePromoted && required(promote):
		l.Verb = "Re-promote"
		l.Detail = "Promoted " + l.To
		p.explain(&l, r, demote, promote)
	case required(demote) && r.nextRole < rolePromoted:
		l.Verb = "Demote"
		l.Detail = string(r.role.status()) + " -> " + string(r.nextRole.status()) + " " + l.To
		p.explain(&l, r, demote, nil)
	case required(promote):
		l.Verb = "Promote"
		l.Detail = string(r.role.status()) + " -> " + string(r.nextRole.status()) + " " + l.To
		p.explain(&l, r, promote, nil)
	case r.reload && required(r.findTask("reload-agent")):
		l.Verb = "Reload"
		l.Detail = roleText(r, r.role) + l.To
	default:
		l.Verb, l.Leave = "Leave", true
		l.Detail = roleText(r, r.role) + l.To
	}
	return []SummaryLine{l}
}

// finish fills in a migration.
func (p *planner) finish(r *rsc, l SummaryLine, start, migrate *action) []SummaryLine {
	l.Detail = l.From + " -> " + l.To
	p.explain(&l, r, start, migrate)
	return []SummaryLine{l}
}

// explain fills in why: the reason of the action, or of its source.
func (p *planner) explain(l *SummaryLine, r *rsc, main, other *action) {
	if main == nil {
		main, other = other, nil
	}
	if main == nil {
		return
	}
	l.Reason = main.reason
	if l.Reason == "" && other != nil {
		l.Reason = other.reason
	}
	l.Blocked = !main.runnable
}
