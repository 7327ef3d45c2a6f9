package sched

// orderProbes makes a resource's probes come before whatever its start could
// bring about: the restart of what follows it, and what follows its stop.
func (p *planner) orderProbes() {
	for _, top := range p.top {
		top.each(func(r *rsc) {
			if r.kind != primitive {
				return
			}
			for _, a := range r.acts {
				if a.task == "monitor" && a.interval == 0 {
					p.probeBeforeRestarts(a)
				}
			}
		})
	}
	for _, o := range p.orders {
		p.probeBeforeStops(o)
	}
}

// probeBeforeStops: of "stop A, then X", the probes of A come before X too.
func (p *planner) probeBeforeStops(o *order) {
	if o.firstR == nil || o.firstR == o.thenR || o.kind == 0 {
		return
	}
	task := o.firstTask
	if o.first != nil {
		task = o.first.task
	}
	if task != "stop" || o.thenR == nil && o.then == nil || o.kind&(ordIfRequiredSameNode|ordOptional|ordImpliesThen|ordImpliesFirst|ordShowThen|ordUnrunnable) == 0 {
		return
	}
	if o.then != nil && o.then.task != "stop" && o.thenR == nil {
		return
	}
	kind := ordOptional
	if o.kind == ordIfRequiredSameNode {
		kind = o.kind
	}
	if o.thenR != nil && o.firstR.container == o.thenR {
		kind = ordNestedProbe
	}
	var thens []*action
	if o.then != nil {
		thens = []*action{o.then}
	} else {
		thens = p.actsByTask(o.thenR, o.thenKey, o.thenTask)
	}
	for _, a := range o.firstR.acts {
		if a.task != "monitor" || a.interval != 0 {
			continue
		}
		for _, t := range thens {
			if t.r != a.r {
				p.order(a, t, kind)
			}
		}
	}
}

// probeBeforeRestarts follows what the start after a probe requires.
func (p *planner) probeBeforeRestarts(probe *action) {
	seen := map[*action]bool{probe: true}
	var follow func(a *action)
	follow = func(a *action) {
		for _, t := range a.after {
			if seen[t] {
				continue
			}
			kind := kindBetween(a, t)
			if a != probe && kind&ordImpliesThen == 0 {
				if a.r == nil || t.r == nil || a.r.kind < group || probe.r.parent == a.r || t.r.kind > group || t.r.parent != a.r {
					continue
				}
				if a.r.kind > group && flagOr(a.r.meta["interleave"], false) && p.compatible(probe.r, a.r, roleUnknown, false) != t.r {
					continue
				}
			}
			if a == probe && (t.r != probe.r || t.task != "start") && !(t.r != nil && t.r == probe.r.cloneAround() && t.task == "start") {
				continue
			}
			seen[t] = true
			if t.r != nil && t.r != probe.r && !within(probe.r, t.r) && (t.task == "start" || t.task == "promote") {
				p.beforeDown(probe, t)
			}
			follow(t)
		}
	}
	follow(probe)
}

// beforeDown orders a probe before the stop or demotion of what a start or promotion may restart.
func (p *planner) beforeDown(probe, up *action) {
	down := map[string]string{"start": "stop", "promote": "demote"}[up.task]
	for _, a := range up.r.acts {
		if a.task == down {
			p.order(probe, a, ordOptional)
		}
	}
}

// kindBetween is what the ordering of two actions means.
func kindBetween(first, then *action) orderKind {
	var k orderKind
	for i := range then.before {
		if then.before[i].to == first {
			k |= then.before[i].kind
		}
	}
	return k
}
