package sched

import "strings"

// order makes one action wait for another. If it does already in one of the
// ways asked for, nothing is added.
func (p *planner) order(first, then *action, kind orderKind) bool {
	if first == nil || then == nil || first == then || kind == 0 {
		return false
	}
	if len(first.after) < len(then.before) {
		for i := range first.after {
			if e := &first.after[i]; e.to == then && e.was&kind != 0 {
				return false
			}
		}
	} else {
		for i := range then.before {
			if e := &then.before[i]; e.to == first && e.was&kind != 0 {
				return false
			}
		}
	}
	then.before = p.slabs.edges.push(then.before, edge{to: first, kind: kind, was: kind})
	first.after = p.slabs.edges.push(first.after, edge{to: then, kind: kind, was: kind})
	return true
}

// applyOrders turns the orderings of tasks into orderings of actions, then
// works out what they imply until nothing changes. The newest action counts first.
func (p *planner) applyOrders() {
	if p.trace != nil {
		p.applyTurns()
	} else {
		for _, piece := range p.orders {
			for i := range piece {
				p.applyOrder(&piece[i])
			}
		}
	}
	for i := len(p.acts) - 1; i >= 0; i-- {
		p.blockDependents(p.acts[i])
	}
	p.orderProbes()
	for i := len(p.acts) - 1; i >= 0; i-- {
		p.update(p.acts[i])
	}
	for _, a := range p.late { // what waits for it may have been looked at before it was blocked
		p.changed(a)
	}
	p.disableInvalid()
}

func (p *planner) applyOrder(o *order) {
	if o.firstR == nil {
		if o.thenR == nil {
			p.order(o.first, o.then, o.kind)
			return
		}
		p.applyThen(o, o.first)
		return
	}
	var firsts []*action
	if o.first != nil {
		firsts = []*action{o.first}
	} else {
		firsts = o.firstR.named(o.firstTask, 0).listed()
	}
	if len(firsts) == 0 {
		if o.firstR == o.thenR || !p.canHappen(o.firstR, o.firstTask) {
			return
		}
		firsts = []*action{p.act(o.firstR, o.firstTask, 0, nil, true)}
		if o.firstR.isCollection() {
			firsts[0].pseudo = true
		}
	}
	for _, f := range firsts {
		if o.thenR == nil {
			p.order(f, o.then, o.kind)
		} else {
			p.applyThen(o, f)
		}
	}
}

// canHappen tells whether a task that nobody asked for makes sense at all.
func (p *planner) canHappen(r *rsc, task string) bool {
	switch rl := instRole(r, true); task {
	case "stop":
		return rl > roleStopped
	case "demote":
		return rl != roleUnpromoted
	}
	return true
}

func (p *planner) applyThen(o *order, first *action) {
	kind := o.kind
	thens := []*action{o.then}
	if o.then == nil {
		thens = o.thenR.named(o.thenTask, 0).listed()
	}
	if first != nil && first.r == o.thenR && first.leftOver {
		kind &^= ordImpliesThen
	}
	if first == nil && kind&ordImpliesThen == 0 {
		return
	}
	for _, t := range thens {
		if first != nil {
			p.order(first, t, kind)
		} else {
			t.runnable = false
		}
	}
}

// notActive tells whether nothing of a resource is active.
func notActive(r *rsc) bool {
	_, n := whereActive(r)
	return n == 0
}

// expand maps an action of a collection to the milestone that others wait for:
// the end of what it begins.
func (p *planner) expand(a *action) *action {
	r := a.r
	if r == nil || r.kind == primitive || isNotify(a.task) || a.interval > 0 {
		return a
	}
	task := milestone(a.task)
	if task == "" {
		return a
	}
	if r.notify && (r.kind >= clone || r.bundled()) {
		task = notifyName("confirmed-post", task).task
	}
	if l := r.named(task, 0).listed(); len(l) > 0 {
		return l[len(l)-1]
	}
	return a
}

// milestone is the end of what a task begins, "" if it has none.
func milestone(task string) string {
	switch task {
	case "start", "running":
		return "running"
	case "stop", "stopped":
		return "stopped"
	case "promote", "promoted":
		return "promoted"
	case "demote", "demoted":
		return "demoted"
	}
	return ""
}

func within(r, up *rsc) bool {
	for x := r; x != nil; x = x.parent {
		if x == up {
			return true
		}
	}
	return false
}

// actFlags are an action's flags as an ordering sees them.
type actFlags struct{ optional, runnable, pseudo, migratable bool }

func flagsOf(a *action) actFlags {
	return actFlags{a.optional, a.runnable, a.pseudo, a.migrateRunnable}
}

// update works out what the orderings before an action imply for it, and what
// it implies for those after it. Orderings that come up meanwhile have their
// turn when it is looked at again.
func (p *planner) update(then *action) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > 10000 {
		return
	}
	last := flagsOf(then)
	if then.needAny {
		then.runnableBefore = 0
		then.minBefore = max(1, then.minBefore)
		then.runnable = false
	}
	thenChanged := false
	for i := len(then.before) - 1; i >= 0; i-- {
		first, fc, tc := p.updateEdge(then, i)
		thenChanged = thenChanged || tc
		if fc {
			p.changed(first)
			p.update(first)
		}
	}
	if then.needAny {
		thenChanged = last != flagsOf(then)
	}
	if !thenChanged {
		return
	}
	if last.runnable && !then.runnable {
		p.blockDependents(then)
	}
	p.update(then)
	p.changed(then)
}

// changed passes a change of an action on to what waits for it.
func (p *planner) changed(a *action) {
	for i := len(a.after) - 1; i >= 0; i-- {
		p.update(a.after[i].to)
	}
}

// updateEdge looks at one ordering before an action: at its first action, which
// of the two changed.
func (p *planner) updateEdge(then *action, i int) (first *action, fc, tc bool) {
	e := then.before[i]
	first = e.to
	fn, tn := nodeOf(first), nodeOf(then)
	if e.kind&ordSameNode != 0 && fn != nil && tn != nil && fn != tn {
		then.before[i].kind = 0
		return first, false, false
	}
	if first.r != nil && e.kind&ordThenCancels != 0 && !then.optional {
		first.optional = true
		if first.task == "reload-agent" {
			first.r.reload = false
		}
	}
	if first.r != nil && then.r != nil && first.r != then.r && !within(then.r, first.r) {
		first = p.expand(first)
	}
	if first != e.to {
		if p.order(first, then, e.kind) {
			tc = true
			then.before[i].kind = 0
		}
		return first, false, tc
	}
	ff, tf := p.flagsFor(first, tn), p.flagsFor(then, fn)
	fc, tc = p.imply2(first, then, ff, tf, i)
	return first, fc, tc
}

// nodeOf is where an action is carried out; for the start of a group, where the group will be.
func nodeOf(a *action) *node {
	if a.r != nil && a.r.kind == group && a.task == "start" {
		return placedOn(a.r)
	}
	return a.n
}

// flagsFor are an action's flags, seen from a node if it is a clone's.
func (p *planner) flagsFor(a *action, n *node) actFlags {
	if a.r == nil || a.r.kind == primitive {
		return flagsOf(a)
	}
	f := p.flagsOn(a, nil)
	if n == nil || a.r.kind != clone {
		return f
	}
	runnable := f.runnable
	f = p.flagsOn(a, n)
	f.runnable = f.runnable || runnable
	return f
}

// flagsOn sums the flags of a collection's action up from its members.
func (p *planner) flagsOn(a *action, n *node) actFlags {
	switch {
	case a.r == nil || a.r.kind == primitive:
		return flagsOf(a)
	case a.r.kind == group:
		return p.groupFlags(a, n)
	}
	return p.collectiveFlags(a, n)
}

// baseTask is the task whose end a milestone marks.
func baseTask(t string) string {
	switch t {
	case "running":
		return "start"
	case "stopped":
		return "stop"
	case "promoted":
		return "promote"
	case "demoted":
		return "demote"
	}
	return t
}

// taskIn is the task of a member that counts for a collection's: of a
// primitive the one whose end is meant, of a group the same milestone.
func taskIn(m *rsc, task string) string {
	if m.kind == primitive {
		return baseTask(task)
	}
	return task
}

// groupFlags: a group's action is required if a member's is; its milestone is
// reached only if all members can do their part.
func (p *planner) groupFlags(a *action, n *node) actFlags {
	f := actFlags{optional: true, runnable: true, pseudo: true}
	for _, m := range a.r.kids {
		task := taskIn(m, a.task)
		ma := m.newest(task, n)
		if ma == nil {
			if task != "stop" && task != "demote" {
				f.runnable = false
			}
			continue
		}
		mf := p.flagsOn(ma, n)
		if f.optional && !mf.optional {
			f.optional, a.optional = false, false
		}
		if task != a.task && f.runnable && !mf.runnable {
			f.runnable, a.runnable = false, false
		}
	}
	return f
}

// collectiveFlags: a clone's action is required if an instance's is, and
// runnable if one instance's is.
func (p *planner) collectiveFlags(a *action, n *node) actFlags {
	f := actFlags{optional: true, runnable: true, pseudo: true}
	name := a.task
	if isNotify(a.task) {
		name = notifyTask(a)
	}
	any := false
	for _, k := range p.flagInstances(a.r, a.task) {
		at := n
		if k.kind != primitive {
			at = nil
		}
		ia := k.newest(taskIn(k, name), at)
		if ia == nil {
			continue
		}
		inf := p.flagsOn(ia, n)
		if f.optional && !inf.optional {
			f.optional, a.optional = false, false
		}
		any = any || inf.runnable
	}
	if !any {
		f.runnable = false
		if n == nil {
			a.runnable = false
		}
	}
	return f
}

// instancesOf lists the instances of a clone, or the containers of a bundle.
func (p *planner) instancesOf(r *rsc) []*rsc {
	if r.kind == bundle {
		return r.bundle.containers()
	}
	return r.kids
}

// notifyTask is the task that a notification is about, "" of other actions.
func notifyTask(a *action) string {
	_, task, _ := strings.Cut(a.op.task, "_notify_")
	return task
}
