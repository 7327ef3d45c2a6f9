package sched

import (
	"mainstay/cib"
	"mainstay/status"
)

// Schedule plans the transition from the present state to the wanted one.
func Schedule(in Input) *Result {
	m := &memo{}
	m.begin(in.CIB.Child("configuration"))
	return schedule(start(in, m, nil))
}

func schedule(p *planner) *Result { return p.unloop(p.plan()) }

// plan goes through the phases behind start.
func (p *planner) plan() *Result {
	res := &Result{Status: p.clusterStatus()}
	p.beforePlacement()
	p.banStatus(res.Status)
	p.lockToShutdown()
	p.placeAll()
	p.afterPlacement()
	p.applyOrders()
	p.notifyAll()
	res.Summary = p.summary()
	res.Graph = p.emitGraph()
	if p.in.Options.Dot {
		res.Dot = p.dotLines()
	}
	res.Scores, res.Reasons, res.Warnings = p.scores, p.reasons, p.warnings
	res.RecheckAt = p.recheck
	return res
}

// Unpack only works out the state of the cluster.
func Unpack(in Input) *status.Cluster { return new(Planner).Unpack(in) }

// start reads configuration and status: the phases unpack and status. The trace,
// if there is one, is that of the plan before, or empty.
func start(in Input, m *memo, t *trace) *planner {
	p := &planner{in: in, now: in.Now, root: in.CIB, conf: m.conf, memo: m, unique: map[string]*action{}}
	p.trace, p.partial = t, t != nil && t.conf != nil
	p.unpackOptions()
	p.unpackNodes()
	if p.partial {
		p.wake()
		if p.lost {
			return p
		}
	}
	p.findFencing()
	p.unpackResources()
	p.beginTrace()
	for _, r := range p.all {
		p.allowTable(r)
		if want, ok := p.targetRole(r); ok {
			r.nextRole = want
		}
		r.prio0 = r.priority
	}
	p.unpackStatus()
	p.checkNodes()
	for _, c := range p.stopLater {
		for _, n := range c.runningOn {
			p.stopAct(c, n, false)
		}
	}
	return p
}

// findFencing notes whether the cluster has means to fence.
func (p *planner) findFencing() {
	if p.partial {
		p.haveFencing = p.trace.haveFencing
		return
	}
	p.haveFencing = p.opt.haveWatchdog
	p.conf.Child("resources").Walk(func(e *cib.Elem) bool {
		if (e.Name() == "primitive" || e.Name() == "template") && e.Get("class") == "stonith" {
			p.haveFencing = true
			if p.deviceUnfences(e) {
				p.haveUnfencing = true
			}
		}
		return true
	})
}

// deviceUnfences tells whether a device must press "on" before a node may run resources.
func (p *planner) deviceUnfences(e *cib.Elem) bool {
	v := p.evalSets(e, "meta_attributes", &cib.Facts{Now: p.now}, "")["provides"]
	return v == "unfencing"
}

// beforePlacement reads the constraints and lets preferences count.
func (p *planner) beforePlacement() {
	p.applyHealth()
	p.unpackConstraints()
	p.applyLocations()
	p.markFailures()
	p.applyStickiness()
	for _, r := range p.top {
		p.applyExclusive(r)
	}
	p.impliedConstraints()
	p.checkHistories()
}

// lockToShutdown keeps resources on the node that was shut down cleanly.
func (p *planner) lockToShutdown() {
	if !p.opt.shutdownLock {
		return
	}
	for _, r := range p.all {
		if r.kind == primitive && r.lockNode != nil {
			p.applyLock(r)
		}
	}
	for _, r := range p.top {
		p.newLock(r)
	}
}

// afterPlacement makes the actions.
func (p *planner) afterPlacement() {
	for _, check := range p.checkLater {
		check()
	}
	p.probeAll()
	p.forgetRemoved()
	p.createAll()
	p.orderRemote()
	p.fenceAndShutDown()
}
