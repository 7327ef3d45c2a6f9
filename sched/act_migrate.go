package sched

// canMigrate tells whether a resource can move to its new node without a stop.
func (p *planner) canMigrate(r *rsc, cur *node) bool {
	return r.migratable && !p.stay[r.id] && r.managed && !r.failed && !r.startPending && cur != nil && !cur.unclean &&
		r.assignedTo != nil && r.assignedTo.available()
}

// createMigration makes a live migration: migrate_to at the source,
// migrate_from at the target, then a stop at the source; the start is done by it.
func (p *planner) createMigration(r *rsc, cur *node) {
	start, stop := p.startAct(r, r.assignedTo, true), p.stopAct(r, cur, true)
	partial := r.partialTo != nil
	var to *action
	if !partial {
		to = p.act(r, "migrate_to", 0, cur, true)
	}
	from := p.act(r, "migrate_from", 0, r.assignedTo, true)
	start.migrateRunnable, stop.migrateRunnable, from.migrateRunnable = true, true, true
	start.pseudo = true
	if to != nil {
		to.migrateRunnable = true
		to.needs = start.needs
		p.orderTasks(r, "monitor", r, "migrate_to", ordOptional)
		p.orderTasks(r, "migrate_to", r, "migrate_from", ordOptional|ordUnmigratableBlocks)
	} else {
		from.needs = start.needs
		p.orderTasks(r, "monitor", r, "migrate_from", ordOptional)
	}
	p.orderTasks(r, "migrate_from", r, "stop", ordOptional|ordUnmigratableBlocks)
	p.orderTasks(r, "migrate_from", r, "start", ordOptional|ordUnmigratableBlocks|ordFirstElse)
	for _, a := range []*action{to, from} {
		if a != nil {
			a.setMeta("migrate_source", cur.name)
			a.setMeta("migrate_target", r.assignedTo.name)
		}
	}
}

// migrationOrder adds, to an ordering of starts and stops of two resources,
// those that hold when the second one migrates instead.
func (p *planner) migrationOrder(o *order) {
	f, t := o.firstR, o.thenR
	if f == nil || t == nil || f == t || !t.migratable || within(f, t) || within(t, f) {
		return
	}
	add := func(firstTask, thenTask string, kind orderKind) { p.orderTasks(f, firstTask, t, thenTask, kind) }
	first, then := o.firstTask, o.thenTask
	if o.first != nil {
		first = o.first.task
	}
	if o.then != nil {
		then = o.then.task
	}
	switch {
	case first == "start" && then == "start":
		if f.migratable {
			add("migrate_from", "migrate_to", ordOptional)
		}
		add("start", "migrate_to", ordOptional|ifMigrating(f))
	case first == "promote" && then == "start":
		add("promote", "migrate_to", ordOptional)
	case (first == "stop" || first == "demote") && then == "stop":
		kind := ordOptional
		if first == "stop" {
			kind |= ifMigrating(f)
		}
		add(first, "migrate_to", kind)
		if t.partialTo != nil {
			add(first, "migrate_from", kind)
		}
	}
}

// ifMigrating: what waits for a resource that migrates need not wait for its start or stop.
func ifMigrating(f *rsc) orderKind {
	if f.migratable {
		return ordIfMigrating
	}
	return 0
}
