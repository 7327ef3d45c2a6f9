package sched

import (
	"strconv"

	"mainstay/cib"
)

// recurring makes the recurring operations of a primitive: those of its next
// role where it will be active, those for the stopped role where it will not.
func (p *planner) recurring(r *rsc) {
	if r.block {
		return
	}
	if r.maintenance && !p.recurInMaintenance(r) {
		return
	}
	n := r.assignedTo
	var start *action
	if r.nextRole > roleStopped && n != nil && !n.maintenance {
		start = p.startAct(r, n, true)
	}
	for _, op := range p.recurringOps(r) {
		iv := spanMS(op.Get("interval"))
		rl := parseRole(op.Get("role"))
		if rl == roleStopped {
			p.recurringStopped(r, op, iv, n)
			continue
		}
		if start != nil {
			p.recurringActive(r, op, iv, rl, n, start)
		}
	}
}

// recurInMaintenance is false: nothing is monitored anew while in maintenance.
func (p *planner) recurInMaintenance(r *rsc) bool { return false }

// recurringOps lists the operations with an interval; of two with the same
// name and interval, none.
func (p *planner) recurringOps(r *rsc) []*cib.Elem {
	var out []*cib.Elem
	for op := range r.ops.Named("op") {
		if op = p.deref(op); op == nil {
			continue
		}
		iv := spanMS(op.Get("interval"))
		name := op.Get("name")
		if _, err := cib.ParseDuration(op.Get("interval")); err != nil && op.Get("interval") != "" {
			p.warn(op.ID(), "interval "+err.Error()+"; the operation is not repeated", "correct the interval")
		}
		if iv <= 0 || name == "start" || name == "stop" || name == "promote" || name == "demote" {
			continue
		}
		if p.opsNamed(r, name, iv) > 1 {
			p.warn(op.ID(), "another operation has the same name and interval; both are ignored", "remove it or change its interval")
			continue
		}
		out = append(out, op)
	}
	return out
}

// opsNamed counts the operations with a name and an interval.
func (p *planner) opsNamed(r *rsc, name string, interval int64) int {
	count := 0
	for op := range r.ops.Named("op") {
		if op = p.deref(op); op != nil && op.Get("name") == name && spanMS(op.Get("interval")) == interval {
			count++
		}
	}
	return count
}

// recurringActive makes or cancels one recurring operation of an active role.
func (p *planner) recurringActive(r *rsc, op *cib.Elem, iv int64, rl role, n *node, start *action) {
	name := op.Get("name")
	if !flagOr(op.Get("enabled"), true) {
		// Disabled: what is still running is cancelled.
		if old := r.onRecord(name, iv, n); old != nil {
			p.cancelAct(r, n, name, iv, false)
			p.dropAct(r, old)
		}
		return
	}
	existing := r.onRecord(name, iv, n)
	wanted := rl == r.nextRole // "Started" is not "Unpromoted"
	if rl == roleUnknown {
		wanted = r.nextRole == roleStarted || r.nextRole == roleUnpromoted
	}
	if !wanted {
		if existing != nil && start.optional && !existing.reschedule {
			c := p.cancelAct(r, n, name, iv, true)
			c.optional = false
			p.dropAct(r, existing)
			p.afterCancel(r, c, rl, n)
		}
		return
	}
	a := p.act(r, name, iv, n, existing != nil)
	a.optional = existing != nil && start.optional && !a.reschedule
	if !start.runnable || !n.online {
		a.runnable = false
	}
	if r.nextRole == rolePromoted {
		a.wantRC = rcPromoted
	}
	if !r.managed {
		a.optional = existing != nil
		return
	}
	p.order(start, a, ordImpliesThen|ordUnrunnable)
	if re := actOn(r, "reload-agent", n); re != nil {
		p.order(re, a, ordOptional) // it looks at what the agent has taken over by then
	}
	switch {
	case r.nextRole == rolePromoted:
		if r.role != rolePromoted || !start.optional {
			if pr := p.findAct(r, opName{"promote", 0}, n); pr != nil {
				p.order(pr, a, ordOptional|ordUnrunnable)
			}
		}
	case r.role == rolePromoted:
		p.addOrder(order{firstR: r, firstTask: "demote", thenR: r, then: a, kind: ordOptional | ordUnrunnable})
	}
}

// onRecord finds the action that stands for a recurring operation under way.
func (r *rsc) onRecord(name string, iv int64, n *node) *action {
	for _, a := range r.named(name, iv).listed() {
		if a.task == name && a.n == n {
			return a
		}
	}
	return nil
}

// dropAct takes an action out of consideration.
func (p *planner) dropAct(r *rsc, a *action) {
	if a.task != "cancel" {
		a.optional = true
	}
}

// afterCancel: an operation of another role is cancelled before the role changes.
func (p *planner) afterCancel(r *rsc, c *action, rl role, n *node) {
	switch {
	case rl == roleUnknown, rl == roleStarted, rl == roleUnpromoted:
		if r.nextRole == rolePromoted {
			p.addOrder(order{first: c, firstR: r, thenR: r, thenTask: "promote", kind: ordUnrunnable})
		}
	case rl == rolePromoted:
		p.addOrder(order{first: c, firstR: r, thenR: r, thenTask: "demote", kind: ordUnrunnable})
	}
}

// recurringStopped makes a monitor that checks that a resource is not active, on every node where it will not be.
func (p *planner) recurringStopped(r *rsc, op *cib.Elem, iv int64, at *node) {
	if r.uniqueOrNot() && r.anonymous() {
		return
	}
	name := op.Get("name")
	if at != nil && r.nextRole > roleStopped {
		if old := r.onRecord(name, iv, at); old != nil && old.id > 0 {
			c := p.cancelAct(r, at, name, iv, true)
			c.optional = false
			p.dropAct(r, old)
			if r.nextRole == roleStarted || r.nextRole == roleUnpromoted || r.nextRole == rolePromoted {
				p.addOrder(order{first: c, firstR: r, thenR: r, thenTask: "start", kind: ordUnrunnable})
			}
		}
	}
	if !flagOr(op.Get("enabled"), true) {
		return
	}
	nodes := append([]*node(nil), p.nodes...)
	for _, n := range nodes {
		if n == at && r.nextRole > roleStopped {
			continue
		}
		p.monitorStopped(r, name, iv, n)
	}
}

func (r *rsc) uniqueOrNot() bool { return r.parent != nil }

func (p *planner) monitorStopped(r *rsc, name string, iv int64, n *node) {
	existing := r.onRecord(name, iv, n)
	optional := existing != nil
	var stops []*action
	for _, a := range r.named("stop", 0).listed() {
		if a.n == n {
			stops = append(stops, a)
			if !a.optional {
				optional = false
			}
		}
	}
	runnable := true
	for _, a := range stops {
		if !a.optional && !a.runnable {
			runnable = false
		}
	}
	a := p.act(r, name, iv, n, optional)
	a.optional = optional
	a.wantRC = rcStopped
	if !n.online || !runnable {
		a.runnable = false
	}
	if !r.managed {
		return
	}
	probe := p.findAct(r, opName{"monitor", 0}, n)
	if probe != nil {
		p.order(probe, a, ordUnrunnable)
	}
	for _, s := range stops {
		p.order(s, a, ordUnrunnable|ordOptional)
	}
}

// cancelAct makes the cancellation of a recurring operation out of the
// operation itself, if that is known.
func (p *planner) cancelAct(r *rsc, n *node, task string, iv int64, optional bool) *action {
	a := p.actAs(r, opName{task, iv}, "cancel", n, optional)
	a.task, a.wantRC, a.op.renamed = "cancel", rcActive, true
	a.setMeta("operation", task)
	a.setMeta("interval", strconv.FormatInt(iv, 10))
	return a
}
