package sched

import (
	"slices"
	"sort"
	"strings"
)

// notifyData are the milestones of one notified operation of a clone, and who
// takes part in what.
type notifyData struct {
	r                            *rsc
	task                         string
	pre, preDone, post, postDone *action
	active, inactive             []notifyEntry
	promoted, unpromoted         []notifyEntry
	start, stop, promote, demote []notifyEntry
	vars                         [][2]string
}

type notifyEntry struct {
	r *rsc
	n *node
}

// notifyName is what a notification about a task is named after.
func notifyName(typ, task string) opName { return opName{typ + "_notify_" + task, 0} }

func notifyKey(id, typ, task string) string { return opKey(id, notifyName(typ, task).task, 0) }

// newNotify makes the milestones around an operation (act) and its end (done)
// of a clone that wants notifications; nil for others. act may be nil.
func (p *planner) newNotify(r *rsc, task string, act, done *action) *notifyData {
	if !r.notify {
		return nil
	}
	d := &notifyData{r: r, task: task}
	if act != nil {
		d.pre = p.notifyMilestone(r, act, task, "notify", "pre", "pre")
		d.pre.runnable = true
		d.preDone = p.notifyMilestone(r, act, task, "notified", "confirmed-pre", "pre")
		d.preDone.runnable = true
		p.order(d.pre, d.preDone, ordOptional)
		p.order(d.preDone, act, ordOptional)
	}
	if done != nil {
		d.post = p.notifyMilestone(r, done, task, "notify", "post", "post")
		d.postDone = p.notifyMilestone(r, done, task, "notified", "confirmed-post", "post")
		for _, a := range []*action{d.post, d.postDone} {
			a.priority, a.runnable = infinity, done.runnable
		}
		p.order(done, d.post, ordImpliesThen)
		p.order(d.post, d.postDone, ordImpliesThen)
	}
	if act != nil && done != nil {
		p.order(d.preDone, d.post, ordOptional)
	}
	return d
}

func (p *planner) notifyMilestone(r *rsc, of *action, task, kind, keyType, typ string) *action {
	a := p.actAs(r, notifyName(keyType, of.task), kind, nil, of.optional)
	a.pseudo = true
	a.setMeta("notify_key_type", keyType)
	a.setMeta("notify_key_operation", of.task)
	a.setMeta("notify_type", typ)
	a.setMeta("notify_operation", task)
	return a
}

// orderNotifyPair: what begins is announced once the end of what ends is told.
func (p *planner) orderNotifyPair(stop, start *notifyData) {
	if stop != nil && start != nil {
		p.order(stop.postDone, start.pre, ordOptional)
	}
}

func (p *planner) orderPromotableNotify(r *rsc) {
	c := &r.clone
	p.orderNotifyPair(c.notifyStop, c.notifyPromote)
	p.orderNotifyPair(c.notifyStart, c.notifyPromote)
	p.orderNotifyPair(c.notifyDemote, c.notifyPromote)
	p.orderNotifyPair(c.notifyDemote, c.notifyStart)
	p.orderNotifyPair(c.notifyDemote, c.notifyStop)
}

// notifyAfterFence tells the others of a stop that fencing does.
func (p *planner) notifyAfterFence(a *action, r *rsc, f *action) {
	d := p.newNotify(r, "stop", nil, f)
	if d == nil {
		return
	}
	p.collectNotify(r, false, d)
	d.vars = [][2]string{{"stop_resource", r.id}, {"stop_uname", a.n.name}}
	p.notifyInstance(r.uber(false), d)
}

// notifyAll makes the notifications of every clone, once it is known what its
// instances do.
func (p *planner) notifyAll() {
	p.eachTop(phaseNotify, func(top *rsc) {
		top.each(func(r *rsc) {
			if r.kind != clone {
				return
			}
			for i := len(r.acts.all) - 1; i >= 0; i-- {
				p.flagsOn(r.acts.all[i], nil)
			}
			c := &r.clone
			for _, d := range []*notifyData{c.notifyStart, c.notifyStop, c.notifyPromote, c.notifyDemote} {
				if d != nil {
					p.collectNotify(r, true, d)
					p.notifyVars(d)
					p.notifyInstance(r, d)
				}
			}
		})
	})
}

// collectNotify gathers who is what now, and what will be done to whom.
func (p *planner) collectNotify(r *rsc, activity bool, d *notifyData) {
	if r.kind != primitive {
		for _, k := range r.kids {
			p.collectNotify(k, activity, d)
		}
		return
	}
	e := notifyEntry{r, firstRunning(r)}
	switch r.role {
	case roleStopped, roleUnknown:
		d.inactive = append(d.inactive, e)
	case roleStarted:
		d.active = append(d.active, e)
	case roleUnpromoted:
		d.unpromoted = append(d.unpromoted, e)
		d.active = append(d.active, e)
	case rolePromoted:
		d.promoted = append(d.promoted, e)
		d.active = append(d.active, e)
	}
	if !activity {
		return
	}
	for i := len(r.acts.all) - 1; i >= 0; i-- {
		a := r.acts.all[i]
		if a.optional || a.n == nil || !a.runnable && !(a.task == "stop" && a.n.unclean) {
			continue
		}
		e := notifyEntry{r, a.n}
		switch a.task {
		case "start":
			d.start = append(d.start, e)
		case "stop":
			d.stop = append(d.stop, e)
		case "promote":
			d.promote = append(d.promote, e)
		case "demote":
			d.demote = append(d.demote, e)
		}
	}
}

// notifyVars writes what was gathered as the variables that agents get.
func (p *planner) notifyVars(d *notifyData) {
	d.vars = nil
	add := func(name string, l []notifyEntry, nodes bool) {
		ids, names := entryText(l)
		d.vars = append(d.vars, [2]string{name + "_resource", ids})
		if nodes {
			d.vars = append(d.vars, [2]string{name + "_uname", names})
		}
	}
	add("active", d.active, true)
	add("inactive", d.inactive, false)
	add("promoted", d.promoted, true)
	add("master", d.promoted, true)
	add("unpromoted", d.unpromoted, true)
	add("slave", d.unpromoted, true)
	add("start", d.start, true)
	add("stop", d.stop, true)
	add("promote", d.promote, true)
	add("demote", d.demote, true)
	var all, avail []string
	clo := d.r.uber(false)
	for i, n := range p.nodes {
		all = append(all, n.name)
		if clo.allowed[i].ok {
			avail = append(avail, n.name)
		}
	}
	d.vars = append(d.vars, [2]string{"available_uname", orBlank(strings.Join(avail, " "))}, [2]string{"all_uname", orBlank(strings.Join(all, " "))})
	if d.r.meta["container-attribute-target"] == "host" {
		d.vars = append(d.vars, [2]string{"all_hosts", p.hostNames()})
	}
}

// hostNames lists every node, guests by the name of their host.
func (p *planner) hostNames() string {
	var out []string
	for _, n := range p.nodes {
		name := n.name
		if n.isGuest() && n.remoteRsc != nil && n.remoteRsc.container != nil {
			if h := firstRunning(n.remoteRsc.container); h != nil {
				name = h.name
			}
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func orBlank(s string) string {
	if s == "" {
		return " "
	}
	return s
}

// entryText lists resources (each once) and nodes, by resource id.
func entryText(l []notifyEntry) (ids, nodes string) {
	l = slices.Clone(l)
	sort.SliceStable(l, func(i, j int) bool { return l[i].r.id < l[j].r.id })
	var a, b []string
	for i, e := range l {
		if i > 0 && l[i-1].r == e.r {
			continue
		}
		a = append(a, e.r.id)
		if e.n != nil {
			b = append(b, e.n.name)
		}
	}
	return orBlank(strings.Join(a, " ")), orBlank(strings.Join(b, " "))
}

// notifyInstance makes the notifications of one instance about an operation.
func (p *planner) notifyInstance(r *rsc, d *notifyData) {
	if r.kind != primitive {
		for _, k := range r.kids {
			p.notifyInstance(k, d)
		}
		return
	}
	for _, a := range r.acts.all {
		if !a.optional && a.n != nil && (a.task == "start" || a.task == "stop" || a.task == "promote" || a.task == "demote") {
			a.tell(d)
		}
	}
	if d.task == "start" && len(d.start) == 0 || d.task == "promote" && len(d.promote) == 0 || d.task == "demote" && len(d.demote) == 0 {
		return
	}
	if r.role != roleStopped {
		p.notifyActive(r, d)
	}
	if r.nextRole != roleStopped && (d.task == "start" || d.task == "promote") {
		if r.assignedTo == nil {
			return
		}
		start := r.findTask("start")
		if start != nil && !start.optional && !start.runnable {
			return // it will not be there to be told
		}
		if d.task != "start" || start == nil || start.optional {
			p.notifyOne(r, r.assignedTo, d, d.pre, d.preDone)
		}
		p.notifyPost(r, r.assignedTo, d)
	}
}

// tell has an action carry a notification's variables; what it carries already stays.
func (a *action) tell(d *notifyData) {
	known := len(a.notifyVars)
	for _, v := range d.vars {
		if !slices.ContainsFunc(a.notifyVars[:known], func(o [2]string) bool { return o[0] == v[0] }) {
			a.notifyVars = append(a.notifyVars, v)
		}
	}
}

// notifyActive notifies an active instance of a stop or demotion somewhere.
func (p *planner) notifyActive(r *rsc, d *notifyData) {
	if d.task != "stop" && d.task != "demote" {
		return
	}
	for _, n := range r.runningOn {
		stop := actOn(r, "stop", n)
		if stop != nil && stop.pseudo && (n.unclean || n.resetNeeded) {
			continue
		}
		p.notifyOne(r, n, d, d.pre, d.preDone)
		if d.task == "demote" || stop == nil || stop.optional {
			p.notifyPost(r, n, d)
		}
	}
}

func (p *planner) notifyPost(r *rsc, n *node, d *notifyData) {
	if !n.online {
		return
	}
	if a := p.notifyOne(r, n, d, d.post, d.postDone); a != nil {
		a.priority = infinity
	}
	if d.postDone == nil {
		return
	}
	for _, m := range r.acts.all {
		if m.interval > 0 && m.task != "cancel" {
			p.order(d.postDone, m, ordOptional)
		}
	}
}

// notifyOne makes one notification between two milestones.
func (p *planner) notifyOne(r *rsc, n *node, d *notifyData, from, to *action) *action {
	if from == nil || to == nil || !n.online && !n.isGuest() || !n.online || !from.runnable {
		return nil
	}
	a := p.actAs(r, notifyName(from.meta["notify_type"], from.meta["notify_operation"]), "notify", n, from.optional)
	for _, k := range []string{"notify_key_type", "notify_key_operation", "notify_type", "notify_operation"} {
		if _, set := a.meta[k]; !set {
			a.setMeta(k, from.meta[k])
		}
	}
	a.tell(d)
	p.order(from, a, ordOptional)
	p.order(a, to, ordOptional)
	return a
}
