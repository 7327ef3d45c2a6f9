package sched

import (
	"mainstay/cib"
)

// imply2 works out what one ordering (the one at i before then) means for its
// two actions, and tells which of them changed.
func (p *planner) imply2(first, then *action, ff, tf actFlags, i int) (fc, tc bool) {
	n := then.n
	kind := then.before[i].kind
	if kind&ordSameNodeImplies != 0 {
		kind = kind&^ordSameNodeImplies | ordImpliesThen
		then.before[i].kind = kind
		n = first.n
	}
	apply := func(k orderKind) {
		c1, c2 := p.ordered(then.r, first, then, n, ff, k)
		fc, tc = fc || c1, tc || c2
	}
	if then.r == nil {
		tc = p.implyPlain(first, then, ff, kind)
	}
	for _, k := range implications {
		switch {
		case kind&k == 0:
		case k == ordImpliesFirst:
			switch {
			case first.r != nil:
				c1, c2 := p.ordered(first.r, first, then, n, ff, k)
				fc, tc = fc || c1, tc || c2
			case !ff.optional && first.runnable:
				first.runnable, fc = false, true
			}
		case then.r == nil:
		case k == ordOptional: // says nothing of the actions but, of interleaved clones, which instances pair
			if then.r.kind > group && p.interleavedActs(first, then) {
				apply(k)
			}
		case k == ordNestedProbe:
			if !ff.runnable && first.r != nil && len(first.r.runningOn) > 0 {
				then.before[i].kind = 0 // it is stopping, not about to start
			} else {
				apply(ordUnrunnable)
			}
		default:
			apply(k)
		}
	}
	return fc, p.implyShown(first, then, ff, tf, kind) || tc
}

// implications are the kinds of ordering that change actions, in the order in
// which they count.
var implications = [...]orderKind{ordImpliesThen, ordRestart, ordImpliesFirst, ordPromotedImpliesFirst, ordNestedProbe,
	ordUnrunnable, ordUnmigratableBlocks, ordFirstElse, ordOptional, ordAsymmetric}

// implyPlain is what an ordering means for an action of no resource.
func (p *planner) implyPlain(first, then *action, ff actFlags, kind orderKind) (tc bool) {
	if kind&ordImpliesThen != 0 && !ff.optional && then.optional {
		then.optional, tc = false, true
	}
	if kind&ordMinRunnable != 0 && ff.runnable {
		then.runnableBefore++
		if then.runnableBefore >= then.minBefore && !then.runnable {
			then.runnable, tc = true, true
		}
	}
	if kind&ordUnrunnable != 0 && !ff.runnable && then.runnable {
		then.runnable, tc = false, true
	}
	return tc
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
	if a.r != nil && a.r == o.r || a.reason != "" {
		return
	}
	if o.r != nil {
		a.reason = how + " " + o.r.id + " " + o.task
	} else {
		a.reason = how + " " + o.task
	}
}

// ordered applies one kind of ordering for the resource r, to the action itself
// and to the like actions of what is inside of it.
func (p *planner) ordered(r *rsc, first, then *action, n *node, ff actFlags, kind orderKind) (fc, tc bool) {
	if r.kind == primitive {
		return p.orderedOne(first, then, n, ff, kind)
	}
	if then.r == nil {
		return false, false
	}
	if r.kind > group && p.interleavedActs(first, then) {
		return p.orderedPairs(first, then, n, kind)
	}
	fc, tc = p.orderedOne(first, then, n, ff, kind)
	if r.kind == group {
		for _, m := range then.r.kids {
			if ma := m.newest(then.task, n); ma != nil {
				c1, c2 := p.ordered(m, first, ma, n, ff, kind)
				fc, tc = fc || c1, tc || c2
			}
		}
		return fc, tc
	}
	for _, k := range p.instancesOf(then.r) {
		ka := k.newest(then.task, n)
		if ka == nil || !p.flagsOn(ka, n).runnable {
			continue
		}
		c1, c2 := p.ordered(k, first, ka, n, ff, kind)
		fc, tc = fc || c1, tc || c2
		if c2 {
			p.changed(ka)
		}
	}
	return fc, tc
}

// interleavedActs tells whether two clones' actions wait instance by instance.
func (p *planner) interleavedActs(first, then *action) bool {
	if first.r == nil || then.r == nil || first.r == then.r || first.r.kind < clone || then.r.kind < clone {
		return false
	}
	r := then.r
	if then.keyEnds("stop") || then.keyEnds("demote") {
		r = first.r
	}
	return truthy(r.meta["interleave"])
}

func (p *planner) orderedPairs(first, then *action, n *node, kind orderKind) (fc, tc bool) {
	current := first.keyEnds("stopped") || first.keyEnds("demoted")
	task := first.task
	if isNotify(task) {
		task = notifyTask(first)
	}
	if len(first.r.kids) > 0 {
		task = taskIn(first.r.kids[0], task)
	}
	for _, tk := range p.instancesOf(then.r) {
		fk := p.compatible(tk, first.r, roleUnknown, current)
		if fk == nil {
			if !current && kind&(ordUnrunnable|ordImpliesThen) != 0 && p.takeOff(tk) {
				tc = true
			}
			continue
		}
		fa := p.pairAct(first, fk, task, n, true)
		ta := p.pairAct(then, tk, then.task, n, false)
		if fa == nil || ta == nil {
			continue
		}
		if p.order(fa, ta, kind) {
			fc, tc = true, true
		}
		c1, c2 := p.ordered(tk, fa, ta, n, p.flagsOn(fa, n), kind)
		fc, tc = fc || c1, tc || c2
	}
	return fc, tc
}

// takeOff leaves an instance without a node, and tells whether it had one.
func (p *planner) takeOff(k *rsc) bool {
	had := placedOn(k) != nil
	p.assign(k, nil, true, true)
	return had
}

// pairAct finds the action of an instance that stands for its collection's. Of
// a bundle's replica, what is inside of the container counts, except where
// starting or stopping the container itself is meant.
func (p *planner) pairAct(of *action, k *rsc, task string, n *node, asFirst bool) *action {
	inside := asFirst && of.task != "stop" && of.task != "stopped"
	switch of.task {
	case "promote", "promoted", "demote", "demoted":
		inside = true
	}
	if c := roleRsc(k); inside && c != k {
		return c.newest(task, nil)
	}
	return k.newest(task, n)
}

// orderedOne applies one kind of ordering to two actions themselves.
func (p *planner) orderedOne(first, then *action, n *node, ff actFlags, kind orderKind) (fc, tc bool) {
	f0, t0 := flagsOf(first), flagsOf(then)
	switch kind {
	case ordAsymmetric:
		p.asymmetric(first, then)
	case ordImpliesFirst:
		p.impliesFirst(first, then, ff)
	case ordPromotedImpliesFirst:
		if then.r != nil && then.r.role == rolePromoted && !then.optional {
			first.require(then)
			if first.migrateRunnable && !then.migrateRunnable {
				first.noMigration(then)
			}
		}
	case ordUnmigratableBlocks:
		if !then.migrateRunnable || !then.runnable {
			first.prevent(then)
		}
		if !then.optional {
			first.require(then)
		}
	case ordFirstElse:
		if !first.runnable {
			then.noMigration(first)
			then.pseudo = false
		}
	case ordUnrunnable:
		if then.runnable && !ff.runnable {
			then.prevent(first)
			then.noMigration(first)
		}
	case ordImpliesThen:
		if then.optional && !ff.optional && !first.migrateRunnable {
			then.require(first)
		}
	case ordRestart:
		p.restart(first, then)
	}
	fc, tc = f0 != flagsOf(first), t0 != flagsOf(then)
	if tc && then.r != nil && then.r.parent != nil {
		p.update(then)
	}
	return fc, tc
}

// impliesFirst: what then needs must be done if then must be done.
func (p *planner) impliesFirst(first, then *action, ff actFlags) {
	if then.optional {
		return
	}
	if !ff.optional {
		first.require(then)
	}
	if ff.migratable && !then.migrateRunnable {
		first.noMigration(then)
	}
}

// require makes an action required because of another.
func (a *action) require(why *action) {
	if a.optional {
		a.optional = false
		a.because(why, "required")
	}
}

// prevent makes an action impossible because of another.
func (a *action) prevent(why *action) {
	if a.runnable {
		a.runnable = false
		a.because(why, "unrunnable")
	}
}

// noMigration makes an action unfit for a live migration because of another.
func (a *action) noMigration(why *action) {
	if a.migrateRunnable {
		a.migrateRunnable = false
		a.because(why, "unmigrateable")
	}
}

// restart binds two actions of a restart to each other, a stop and what it is
// stopped for: if that must be done, or cannot be done with the same resource being
// managed, the stop must be done too; if the stop cannot be done, neither can that.
func (p *planner) restart(first, then *action) {
	impossible := !then.runnable && then.r != nil && then.r.managed && then.r == first.r
	if then.optional && !impossible {
		return
	}
	if first.runnable || !then.optional {
		first.require(then)
	}
	if !then.migrateRunnable {
		first.noMigration(then)
	}
	if !first.optional && !first.runnable {
		then.prevent(first)
	}
}

// asymmetric: what comes after something impossible is impossible too, unless it is done already.
func (p *planner) asymmetric(first, then *action) {
	if then.r == nil || first.runnable {
		return
	}
	if then.optional {
		rl := instRole(then.r, true)
		if then.task == "stop" && rl == roleStopped {
			return
		}
		if n, active := whereActive(then.r); then.task == "start" && rl >= roleStarted && active == 1 && n == then.n {
			return
		}
	}
	then.require(first)
	then.prevent(first)
}

// blockDependents: what must be with something that cannot start (or be
// promoted) cannot either, once nothing in the same collection can.
func (p *planner) blockDependents(a *action) {
	if a.runnable || a.r == nil || a.task != "start" && a.task != "promote" {
		return
	}
	r := a.r.uber(true)
	for _, k := range r.kids {
		if x := k.newest(a.task, nil); x == nil || x.runnable {
			return
		}
	}
	for _, c := range p.withThis(r) {
		if c.score < cib.Infinity || a.task != "start" && c.primRole != rolePromoted {
			continue
		}
		task := "start"
		if c.depRole == rolePromoted {
			task = "promote"
		}
		p.markBlocked(c.dep, task, a.r)
	}
}

func (p *planner) markBlocked(dep *rsc, task string, prim *rsc) {
	for i := len(dep.acts.all) - 1; i >= 0; i-- {
		x := dep.acts.all[i]
		if x.task != task || !x.runnable {
			continue
		}
		x.runnable = false
		x.setReason("colocation with " + prim.id)
		p.blockDependents(x)
		p.update(x)
		p.dropRecurring(x)
		p.late = append(p.late, x)
	}
	for _, k := range dep.kids {
		p.markBlocked(k, task, prim)
	}
}

// dropRecurring: nothing is watched that is not going to run. The monitor's turn
// may have been before its start was blocked.
func (p *planner) dropRecurring(start *action) {
	for i := range start.after {
		if e := &start.after[i]; e.kind&ordUnrunnable != 0 && e.to.r == start.r && e.to.interval > 0 {
			p.update(e.to)
		}
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
