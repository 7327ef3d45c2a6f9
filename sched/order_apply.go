package sched

import "strings"

// order makes one action wait for another.
func (p *planner) order(first, then *action, kind orderKind) bool {
	if first == nil || then == nil || first == then || kind == 0 {
		return false
	}
	for i := range then.before {
		if e := &then.before[i]; e.to == first && e.kind&kind == kind {
			return false
		}
	}
	then.before = append(then.before, edge{to: first, kind: kind})
	first.after = append(first.after, then)
	return true
}

// applyOrders turns the orderings of tasks into orderings of actions, then
// works out what they imply until nothing changes.
func (p *planner) applyOrders() {
	for _, o := range p.orders {
		p.applyOrder(o)
	}
	for i := 0; i < len(p.acts); i++ {
		p.blockDependents(p.acts[i])
	}
	p.orderProbes()
	for i := len(p.acts) - 1; i >= 0; i-- {
		p.update(p.acts[i])
	}
	p.disableInvalid()
}

func (p *planner) applyOrder(o *order) {
	if o.firstR == nil && o.first != nil || o.first != nil && o.thenR == nil {
		p.applyThen(o, o.first)
		return
	}
	if o.firstR == nil {
		p.applyThen(o, nil)
		return
	}
	var firsts []*action
	if o.first != nil {
		firsts = []*action{o.first}
	} else {
		firsts = p.actsByTask(o.firstR, o.firstKey, o.firstTask)
	}
	if len(firsts) == 0 {
		if o.firstR == o.thenR {
			return
		}
		switch rl := instRole(o.firstR, true); {
		case o.firstTask == "stop" && rl <= roleStopped:
			return
		case o.firstTask == "demote" && rl != rolePromoted:
			return
		case o.firstTask == "delete", o.firstTask == "monitor" && false:
			return
		}
		firsts = []*action{p.act(o.firstR, opKey(o.firstR.id, o.firstTask, 0), o.firstTask, nil, true)}
		if o.firstR.isCollection() {
			firsts[0].pseudo = true
		}
	}
	for _, f := range firsts {
		p.applyThen(o, f)
	}
}

// notActive tells whether nothing of a resource is active.
func notActive(r *rsc) bool {
	_, n := whereActive(r)
	return n == 0
}

func (p *planner) applyThen(o *order, first *action) {
	kind := o.kind
	if o.thenR == nil {
		if o.then != nil {
			p.order(first, o.then, kind)
		}
		return
	}
	if first != nil && first.r == o.thenR && len(o.thenR.dangling) > 0 {
		kind &^= ordImpliesThen
		kind |= ordOptional
	}
	var thens []*action
	if o.then != nil {
		thens = []*action{o.then}
	} else {
		thens = p.actsByTask(o.thenR, o.thenKey, o.thenTask)
	}
	for _, t := range thens {
		if first != nil {
			p.order(first, t, kind)
		} else {
			t.runnable = false
		}
	}
}

// actsByTask lists a resource's actions with a key.
func (p *planner) actsByTask(r *rsc, key, task string) []*action {
	var out []*action
	for i := len(r.acts) - 1; i >= 0; i-- {
		if a := r.acts[i]; a.key == key {
			out = append(out, a)
		}
	}
	return out
}

// expand maps an action of a collection to the milestone that others wait for:
// the end of what it begins.
func (p *planner) expand(a *action) *action {
	r := a.r
	if r == nil || r.kind == primitive || isNotify(a.task) || a.interval > 0 {
		return a
	}
	task := a.task
	switch task {
	case "start":
		task = "running"
	case "stop":
		task = "stopped"
	case "promote":
		task = "promoted"
	case "demote":
		task = "demoted"
	case "running", "stopped", "promoted", "demoted":
	default:
		return a
	}
	key := opKey(r.id, task, 0)
	if r.kind >= clone && r.notify {
		key = notifyKey(r.id, "confirmed-post", task)
	}
	for _, b := range r.acts {
		if b.key == key {
			return b
		}
	}
	return a
}

func within(r, up *rsc) bool {
	for x := r; x != nil; x = x.parent {
		if x == up {
			return true
		}
	}
	return false
}

// flags of an action as an ordering sees them.
type actFlags struct{ optional, runnable bool }

// update works out what the orderings before an action imply for it, and what
// it implies for those after it.
func (p *planner) update(then *action) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > 10000 {
		return
	}
	wasRunnable := then.runnable
	if then.needAny {
		then.runnableBefore = 0
		if then.minBefore == 0 {
			then.minBefore = 1
		}
		then.runnable = false
	}
	thenChanged := false
	for i := 0; i < len(then.before); i++ {
		e := &then.before[i]
		if e.kind == 0 {
			continue
		}
		first := e.to
		fn, tn := nodeOf(first), nodeOf(then)
		if e.kind&ordSameNode != 0 && fn != nil && tn != nil && fn != tn {
			e.kind = 0
			continue
		}
		if first.r != nil && e.kind&ordThenCancels != 0 && !then.optional {
			first.optional = true
		}
		orig := first
		if first.r != nil && then.r != nil && first.r != then.r && !within(then.r, first.r) {
			first = p.expand(first)
		}
		if first != orig {
			kind := e.kind
			if p.order(first, then, kind) {
				thenChanged = true
			}
			then.before[i].kind = 0
			continue
		}
		ff, tf := p.flagsFor(first, tn), p.flagsFor(then, fn)
		fc, tc := p.imply2(first, then, ff, tf, e)
		if fc {
			for _, a := range append([]*action(nil), first.after...) {
				p.update(a)
			}
			p.update(first)
		}
		thenChanged = thenChanged || tc
	}
	if then.needAny {
		thenChanged = thenChanged || wasRunnable != then.runnable
	}
	if !thenChanged {
		return
	}
	if wasRunnable && !then.runnable {
		p.blockDependents(then)
	}
	p.update(then)
	for _, a := range append([]*action(nil), then.after...) {
		p.update(a)
	}
}

// nodeOf is where an action is carried out; for a group's milestones, where the group will be.
func nodeOf(a *action) *node {
	if a.r != nil && a.r.kind == group && (a.task == "start" || a.task == "running" || a.task == "stop" || a.task == "stopped") {
		if a.task == "start" || a.task == "running" {
			return placedOn(a.r)
		}
		n, _ := whereActive(a.r)
		if n != nil && false {
			return n
		}
		return placedOn(a.r)
	}
	return a.n
}

// flagsFor are an action's flags, seen from a node if it is a clone's.
func (p *planner) flagsFor(a *action, n *node) actFlags {
	if a.r == nil || a.r.kind == primitive {
		return actFlags{a.optional, a.runnable}
	}
	f := p.flagsOn(a, nil)
	if n == nil || a.r.kind < clone {
		return f
	}
	runnable := f.runnable
	f = p.flagsOn(a, n)
	f.runnable = f.runnable || runnable
	return f
}

// flagsOn sums the flags of a collection's action up from its members.
func (p *planner) flagsOn(a *action, n *node) actFlags {
	if a.r == nil {
		return actFlags{a.optional, a.runnable}
	}
	switch a.r.kind {
	case primitive:
		return actFlags{a.optional, a.runnable}
	case group:
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

func memberAct(m *rsc, task string, n *node) *action {
	for i := len(m.acts) - 1; i >= 0; i-- {
		a := m.acts[i]
		if a.task == task && a.interval == 0 && (n == nil || a.n == n || a.n == nil) {
			return a
		}
	}
	return nil
}

func (p *planner) groupFlags(a *action, n *node) actFlags {
	f := actFlags{true, true}
	task := baseTask(a.task)
	for _, m := range a.r.kids {
		ma := memberAct(m, task, n)
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

func (p *planner) collectiveFlags(a *action, n *node) actFlags {
	f := actFlags{true, true}
	task := baseTask(a.task)
	if isNotify(a.task) {
		task = notifyTask(a.key)
	}
	any := false
	for _, k := range p.flagInstances(a.r, a.task) {
		at := n
		if k.kind != primitive {
			at = nil
		}
		ia := memberAct(k, task, at)
		if ia == nil {
			continue
		}
		inf := p.flagsOn(ia, n)
		if f.optional && !inf.optional {
			f.optional, a.optional = false, false
		}
		runnable := inf.runnable
		if task != a.task && k.kind == group {
			runnable = runnable && p.wholeRunnable(k, task)
		}
		any = any || runnable
	}
	if !any {
		f.runnable = false
		if n == nil {
			a.runnable = false
		}
	}
	return f
}

// wholeRunnable tells whether a task can be done by every member of a group.
func (p *planner) wholeRunnable(g *rsc, task string) bool {
	for _, m := range g.kids {
		if a := memberAct(m, task, nil); a != nil && !p.flagsOn(a, nil).runnable {
			return false
		}
	}
	return true
}

// instancesOf lists the instances of a clone, or the containers of a bundle.
func (p *planner) instancesOf(r *rsc) []*rsc {
	if r.kind == bundle {
		return r.bundle.containers()
	}
	return r.kids
}

// notifyTask takes the task out of a notification's key.
func notifyTask(key string) string {
	i := strings.Index(key, "notify_")
	if i < 0 {
		return ""
	}
	t := key[i+len("notify_"):]
	if j := strings.LastIndexByte(t, '_'); j > 0 {
		t = t[:j]
	}
	return baseTask(t)
}
