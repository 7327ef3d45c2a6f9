package sched

// orderProbes makes a resource's probes come before whatever its start could
// bring about: the restart of what follows it, and what follows its stop.
func (p *planner) orderProbes() {
	for _, top := range p.top {
		top.each(func(r *rsc) {
			if r.kind != primitive {
				return
			}
			for _, a := range r.named("monitor", 0).listed() {
				for i := len(a.after) - 1; i >= 0; i-- {
					p.probeBeforeRestarts(a, a.after[i].to, p.walk())
				}
			}
		})
	}
	for _, piece := range p.orders {
		for i := range piece {
			p.probeBeforeStops(&piece[i])
		}
	}
}

// probeBeforeStops: of "stop A, then X", the probes of A come before X too.
func (p *planner) probeBeforeStops(o *order) {
	if o.kind == 0 || o.firstR == nil || o.firstR == o.thenR {
		return
	}
	task, thenTask := o.firstTask, o.thenTask
	if o.first != nil {
		task = o.first.task
	}
	if o.then != nil {
		thenTask = o.then.task
	}
	if task != "stop" || o.thenR == nil && thenTask != "load_stopped" || o.thenR != nil && o.firstR.container == o.thenR && thenTask == "stop" {
		return // inside of a container that stops, it would be probed only once it is up again
	}
	kind := ordOptional | o.kind&(ordIfMigrating|ordSameNode)
	if o.kind == ordIfRequiredSameNode || o.kind == ordLoad {
		kind = o.kind
	}
	var thens []*action
	for _, a := range o.firstR.named("monitor", 0).listed() {
		if thens == nil {
			if thens = []*action{o.then}; o.then == nil {
				thens = o.thenR.named(o.thenTask, 0).listed()
			}
		}
		for _, t := range thens {
			p.order(a, t, kind)
		}
	}
}

// probeBeforeRestarts puts a probe before the stops (or demotions) of what the
// start (or promotion) that follows it may require to restart, and so on along
// the chain of what requires what.
func (p *planner) probeBeforeRestarts(probe, after *action, walk int32) {
	if after.walk == walk {
		return
	}
	after.walk = walk
	r := after.r
	if r != nil && r.kind == primitive && r != probe.r {
		p.beforeDown(probe, after)
	}
	interleave := r != nil && r.kind > group && truthy(r.meta["interleave"])
	var pair *rsc
	if interleave {
		pair = p.compatible(probe.r, r, roleUnknown, false)
	}
	for i := len(after.after) - 1; i >= 0; i-- {
		e := after.after[i]
		if e.was&ordImpliesThen == 0 {
			// Else only from a collection to what is inside of it.
			k := e.to.r
			if r == nil || r.kind < group || probe.r.parent == r || k == nil || k.kind > group || k.parent != r {
				continue
			}
			if interleave && k != pair {
				continue
			}
		}
		p.probeBeforeRestarts(probe, e.to, walk)
	}
}

// beforeDown orders a probe before the stop or demotion of what a start or promotion may restart.
func (p *planner) beforeDown(probe, up *action) {
	var down string
	switch up.task {
	case "start", "promote":
		down = invertTask(up.task)
	default:
		return
	}
	for _, a := range up.r.named(down, 0).listed() {
		if !a.pseudo {
			p.order(probe, a, ordOptional)
		}
	}
}

// walk begins a walk along the orderings, on which no action is passed twice.
func (p *planner) walk() int32 {
	p.walks++
	return p.walks
}
