package sched

// canMigrate tells whether a resource can move to its new node without a stop.
func (p *planner) canMigrate(r *rsc, cur *node) bool {
	return r.migratable && r.managed && !r.failed && !r.startPending && cur != nil && !cur.unclean &&
		r.assignedTo != nil && r.assignedTo.available()
}

// createMigration makes a live migration: migrate_to at the source,
// migrate_from at the target, then a stop at the source; the start is done by it.
func (p *planner) createMigration(r *rsc, cur *node) {
	start, stop := p.startAct(r, r.assignedTo, true), p.stopAct(r, cur, true)
	partial := r.partialTo != nil
	var to *action
	if !partial {
		to = p.act(r, opKey(r.id, "migrate_to", 0), "migrate_to", cur, true)
	}
	from := p.act(r, opKey(r.id, "migrate_from", 0), "migrate_from", r.assignedTo, true)
	start.migrateRunnable, stop.migrateRunnable, from.migrateRunnable = true, true, true
	start.pseudo = true
	from.needs = start.needs
	if to != nil {
		to.migrateRunnable = true
		to.needs = start.needs
		p.orderTasks(r, "monitor", r, "migrate_to", ordOptional)
		p.orderTasks(r, "migrate_to", r, "migrate_from", ordOptional|ordUnmigratableBlocks)
	} else {
		p.orderTasks(r, "monitor", r, "migrate_from", ordOptional)
	}
	p.orderTasks(r, "migrate_from", r, "stop", ordOptional|ordUnmigratableBlocks)
	p.orderTasks(r, "migrate_from", r, "start", ordOptional|ordUnmigratableBlocks|ordFirstElse)
	for _, a := range []*action{to, from} {
		if a != nil {
			a.meta["migrate_source"], a.meta["migrate_target"] = cur.name, r.assignedTo.name
			if r.remoteNode != nil {
				a.meta["record_pending"] = "true"
			}
		}
	}
}

// migrationOrders adds, to the orderings of starts and stops, those that hold
// when the resources migrate instead.
func (p *planner) migrationOrders() {
	for i := 0; i < len(p.orders); i++ {
		o := p.orders[i]
		f, t := o.firstR, o.thenR
		if f == nil || t == nil || f == t || within(f, t) || within(t, f) || !f.migratable && !t.migratable {
			continue
		}
		add := func(firstTask, thenTask string, kind orderKind) {
			p.orderTasksID(o.id, f, firstTask, t, thenTask, kind)
		}
		switch {
		case o.firstTask == "start" && o.thenTask == "start":
			if f.migratable && t.migratable {
				add("migrate_from", "migrate_to", o.kind)
			}
			if t.migratable {
				add("start", "migrate_to", o.kind|ifMigrating(f))
			}
		case t.migratable && o.firstTask == "stop" && o.thenTask == "stop":
			add("stop", "migrate_to", o.kind|ifMigrating(f))
			if t.partialTo != nil {
				add("stop", "migrate_from", o.kind|ifMigrating(f))
			}
		case t.migratable && o.firstTask == "promote" && o.thenTask == "start":
			add("promote", "migrate_to", o.kind)
		case t.migratable && o.firstTask == "demote" && o.thenTask == "stop":
			add("demote", "migrate_to", o.kind)
			if t.partialTo != nil {
				add("demote", "migrate_from", o.kind)
			}
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
