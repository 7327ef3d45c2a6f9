package sched

import (
	"strings"

	"mainstay/cib"
)

// imply2 works out what one ordering means for its two actions, and tells which of them changed.
func (p *planner) imply2(first, then *action, ff, tf actFlags, e *edge) (fc, tc bool) {
	n := then.n
	kind := e.kind
	both := func(k orderKind, node *node, f actFlags, onRunnable bool) {
		c1, c2 := p.ordered(then.r, first, then, node, f, k)
		fc, tc = fc || c1, tc || c2
	}
	if kind&ordSameNodeImplies != 0 {
		kind = kind&^ordSameNodeImplies | ordImpliesThen
		n = first.n
	}
	if kind&ordImpliesThen != 0 {
		if then.r != nil {
			both(ordImpliesThen, n, ff, false)
		} else if !ff.optional && then.optional {
			then.optional, tc = false, true
		}
	}
	if kind&ordRestart != 0 && then.r != nil {
		both(ordRestart, n, ff, false)
	}
	if kind&ordImpliesFirst != 0 {
		if first.r != nil {
			c1, c2 := p.ordered(first.r, first, then, n, ff, ordImpliesFirst)
			fc, tc = fc || c1, tc || c2
		} else if !tf.optional && first.optional {
			first.optional, fc = false, true
		}
	}
	if kind&ordPromotedImpliesFirst != 0 && then.r != nil {
		both(ordPromotedImpliesFirst, n, ff, false)
	}
	if kind&ordMinRunnable != 0 {
		if then.r != nil {
			both(ordMinRunnable, n, ff, true)
		} else if ff.runnable {
			then.runnableBefore++
			if then.runnableBefore >= then.minBefore && !then.runnable {
				then.runnable = true
			}
		}
	}
	if kind&ordNestedProbe != 0 && then.r != nil {
		if !ff.runnable && first.r != nil && len(first.r.runningOn) > 0 {
			e.kind = 0 // it is stopping, not about to start
		} else {
			both(ordUnrunnable, n, ff, true)
		}
	}
	if kind&ordUnrunnable != 0 {
		if then.r != nil {
			both(ordUnrunnable, n, ff, true)
		} else if !ff.runnable && then.runnable {
			then.runnable, tc = false, true
		}
	}
	if kind&ordUnmigratableBlocks != 0 && then.r != nil {
		both(ordUnmigratableBlocks, n, ff, false)
	}
	if kind&ordFirstElse != 0 && then.r != nil {
		both(ordFirstElse, n, ff, false)
	}
	if kind&ordOptional != 0 && then.r != nil && then.r.kind >= clone {
		both(ordOptional, n, ff, true)
	}
	if kind&ordAsymmetric != 0 && then.r != nil {
		both(ordAsymmetric, n, ff, true)
	}
	return fc, p.implyShown(first, then, ff, tf, kind) || tc
}

// implyShown notes what an ordering makes visible in the graph, and keeps what
// follows a blocked stop from happening; it tells whether then changed.
func (p *planner) implyShown(first, then *action, ff, tf actFlags, kind orderKind) (tc bool) {
	if first.runnable && kind&ordShowThen != 0 && !ff.optional {
		then.printAlways = true
	}
	if kind&ordShowFirst != 0 && !tf.optional {
		first.printAlways = true
	}
	if kind&(ordImpliesThen|ordImpliesFirst|ordRestart) != 0 && first.r != nil && !first.r.managed && first.r.block && !first.runnable && first.task == "stop" && then.runnable {
		then.runnable, tc = false, true
		then.because(first, "unrunnable")
	}
	return tc
}

// because notes which other action is behind a change.
func (a *action) because(o *action, how string) {
	if a.reason != "" || o == nil || a.r != nil && a.r == o.r {
		return
	}
	name := o.key
	if o.r != nil {
		name = o.r.id + " " + o.task
	} else if o.task == "stonith" {
		name = "stonith"
	}
	if o.r == nil && o.pseudo {
		name = o.key
	}
	a.reason = how + " " + name
}

// ordered applies one kind of ordering for the resource r, to the action itself
// and to the like actions of what is inside of it.
func (p *planner) ordered(r *rsc, first, then *action, n *node, ff actFlags, kind orderKind) (fc, tc bool) {
	switch r.kind {
	case primitive:
		return p.orderedOne(first, then, n, ff, kind)
	case group:
		fc, tc = p.orderedOne(first, then, n, ff, kind)
		for _, m := range r.kids {
			if ma := memberAct(m, then.task, n); ma != nil {
				c1, c2 := p.ordered(m, first, ma, n, ff, kind)
				fc, tc = fc || c1, tc || c2
				if c2 {
					p.changed(ma)
				}
			}
		}
		return fc, tc
	}
	if then.r == nil {
		return false, false
	}
	if p.interleavedActs(first, then) {
		return p.orderedPairs(first, then, n, kind)
	}
	fc, tc = p.orderedOne(first, then, n, ff, kind)
	for _, k := range p.instancesOf(then.r) {
		ka := memberAct(k, then.task, n)
		if ka == nil || !p.flagsOn(ka, n).runnable {
			continue
		}
		_, c2 := p.ordered(k, first, ka, n, ff, kind)
		if c2 {
			tc = true
			p.changed(ka)
		}
	}
	return fc, tc
}

// changed passes a change of an action on to what waits for it.
func (p *planner) changed(a *action) {
	for _, x := range append([]*action(nil), a.after...) {
		p.update(x)
	}
}

// interleavedActs tells whether two clones' actions wait instance by instance.
func (p *planner) interleavedActs(first, then *action) bool {
	if first.r == nil || then.r == nil || first.r == then.r || first.r.kind < clone || then.r.kind < clone {
		return false
	}
	r := then.r
	if strings.HasSuffix(then.key, "_stop_0") || strings.HasSuffix(then.key, "_demote_0") {
		r = first.r
	}
	return flagOr(r.meta["interleave"], false)
}

func (p *planner) orderedPairs(first, then *action, n *node, kind orderKind) (fc, tc bool) {
	current := strings.HasSuffix(first.key, "_stopped_0") || strings.HasSuffix(first.key, "_demoted_0")
	firstTask := baseTask(first.task)
	if isNotify(first.task) {
		firstTask = notifyTask(first.key)
		current = current || firstTask == "stop" || firstTask == "demote"
	}
	for _, tk := range p.instancesOf(then.r) {
		fk := p.compatible(tk, first.r, roleUnknown, current)
		if fk == nil {
			if !current && kind&(ordUnrunnable|ordImpliesThen) != 0 && placedOn(tk) != nil {
				p.assign(tk, nil, true, true)
				tc = true
			}
			continue
		}
		fa, ta := memberAct(fk, firstTask, nil), memberAct(tk, then.task, nil)
		fa = p.within(first.r, fk, fa, firstTask, n)
		ta = p.within(then.r, tk, ta, then.task, n)
		if fa == nil || ta == nil {
			continue
		}
		if p.order(fa, ta, kind) {
			fc, tc = true, true
		}
		c1, c2 := p.ordered(tk, fa, ta, nil, p.flagsOn(fa, nil), kind)
		if c1 {
			fc = true
			p.changed(fa)
		}
		if c2 {
			tc = true
			p.changed(ta)
			p.update(ta)
		}
	}
	return fc, tc
}

// within finds an instance's action; of a bundle, that of what it contains if that has the task.
func (p *planner) within(up, k *rsc, a *action, task string, n *node) *action {
	if up.kind != bundle {
		return a
	}
	if c := roleRsc(k); c != k && (task == "promote" || task == "demote" || task == "promoted" || task == "demoted") {
		return memberAct(c, baseTask(task), nil)
	}
	return a
}

// orderedOne applies one kind of ordering to two actions themselves.
func (p *planner) orderedOne(first, then *action, n *node, ff actFlags, kind orderKind) (fc, tc bool) {
	f0, t0 := *first, *then
	switch kind {
	case ordAsymmetric:
		p.asymmetric(first, then)
	case ordImpliesFirst:
		// A stop that follows from another comes about through the start that
		// becomes impossible; only what collections sum up counts here.
		if !ff.optional && !then.optional && first.optional {
			first.optional = false
			first.because(then, "required")
		}
		if !then.optional && first.migrateRunnable && !then.migrateRunnable {
			first.migrateRunnable = false
		}
	case ordPromotedImpliesFirst:
		if then.r != nil && then.r.role == rolePromoted && !then.optional && first.optional {
			first.optional = false
		}
		if then.r != nil && then.r.role == rolePromoted && !then.optional && first.migrateRunnable && !then.migrateRunnable {
			first.migrateRunnable = false
		}
	case ordUnmigratableBlocks:
		if !(then.migrateRunnable && then.runnable) && first.runnable {
			first.runnable = false
			first.because(then, "unmigrateable")
		}
		if !then.optional && first.optional {
			first.optional = false
		}
	case ordFirstElse:
		if !first.runnable {
			then.migrateRunnable = false
			then.pseudo = false
		}
	case ordMinRunnable:
		if ff.runnable {
			then.runnableBefore++
			if then.runnableBefore >= then.minBefore {
				then.runnable = true
			}
		}
	case ordUnrunnable:
		if then.runnable && !ff.runnable {
			then.runnable, then.migrateRunnable = false, false
			then.because(first, "unrunnable")
		}
	case ordImpliesThen:
		if then.optional && !ff.optional && !first.migrateRunnable {
			then.optional = false
			then.because(first, "required")
		}
	case ordRestart:
		p.restart(first, then)
	}
	return flagsDiffer(&f0, first), flagsDiffer(&t0, then)
}

func flagsDiffer(a *action, b *action) bool {
	return a.optional != b.optional || a.runnable != b.runnable || a.migrateRunnable != b.migrateRunnable || a.pseudo != b.pseudo
}

// restart binds two actions of a restart to each other, a stop and what it is
// stopped for: if that must be done, or cannot be done with the same resource,
// the stop must be done too; if the stop cannot be done, neither can that.
func (p *planner) restart(first, then *action) {
	impossible := !then.runnable && then.r != nil && then.r.managed
	if then.optional && !impossible {
		return
	}
	if first.optional && (first.runnable || !then.optional) {
		first.optional = false
		if !then.runnable && then.reason != "" {
			first.setReason(then.reason)
		}
		first.because(then, "required")
	}
	if first.migrateRunnable && !then.migrateRunnable && !then.optional {
		first.migrateRunnable = false
	}
	if !first.optional && !first.runnable && then.runnable {
		then.runnable = false
		then.because(first, "unrunnable")
	}
}

// asymmetric: a start after something impossible is impossible too, unless it is done already.
func (p *planner) asymmetric(first, then *action) {
	if then.r == nil || first.runnable {
		return
	}
	if then.optional {
		rl := instRole(then.r, true)
		if then.task == "stop" && rl == roleStopped {
			return
		}
		if then.task == "start" && rl >= roleStarted && len(then.r.runningOn) == 1 {
			return
		}
	}
	if then.runnable {
		then.runnable = false
		then.because(first, "unrunnable")
	}
	if !first.optional || !then.optional {
		return
	}
	then.optional = false
}

// blockDependents: what must be with something that cannot start (or be promoted) cannot either.
func (p *planner) blockDependents(a *action) {
	if a.runnable || a.r == nil || a.task != "start" && a.task != "promote" {
		return
	}
	r := a.r
	isStart := a.task == "start"
	if c := r.cloneAround(); c != nil {
		for _, k := range p.instancesOf(c) {
			x := memberAct(k, a.task, nil)
			if x == nil || p.flagsOn(x, nil).runnable {
				return
			}
		}
		r = c
	}
	p.blockWith(r, isStart, a.r)
}

// blockWith blocks what depends on r and what is inside of it; cause is what cannot run.
func (p *planner) blockWith(r *rsc, isStart bool, cause *rsc) {
	for _, k := range r.kids {
		p.blockWith(k, isStart, cause)
	}
	for _, c := range r.consWith {
		if c.score < cib.Infinity || !isStart && c.primRole != rolePromoted {
			continue
		}
		if c.primRole == rolePromoted && isStart && false {
			continue
		}
		task := "start"
		if c.depRole == rolePromoted {
			task = "promote"
		}
		p.markBlocked(c.dep, task, cause)
	}
}

func (p *planner) markBlocked(dep *rsc, task string, prim *rsc) {
	for _, k := range dep.kids {
		p.markBlocked(k, task, prim)
	}
	for _, x := range dep.acts {
		if x.task != task || !x.runnable {
			continue
		}
		x.runnable = false
		x.setReason("colocation with " + prim.id)
		p.blockDependents(x)
		p.update(x)
	}
}

// disableInvalid drops orderings of a guest's resource with the guest's container that would be a loop.
func (p *planner) disableInvalid() {
	for _, a := range p.acts {
		for i := range a.before {
			e := &a.before[i]
			if e.kind&ordGuest != 0 || a.r == nil || e.to.r == nil || e.to.n == nil || a.n == nil || !e.to.n.isGuest() || e.to.n.remoteRsc == nil {
				continue
			}
			if e.to.n.remoteRsc.container == a.r && e.to.r != e.to.n.remoteRsc && !within(a.r, e.to.r) {
				e.kind = 0
			}
		}
	}
}
