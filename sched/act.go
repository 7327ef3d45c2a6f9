package sched

import (
	"maps"
	"sort"
	"strings"
	"time"
)

// action is one thing that may have to be done. It is optional until something
// requires it, and runnable until something makes it impossible.
type action struct {
	id       int
	task     string
	op       *opActs // its name, and the others with it
	r        *rsc
	n        *node
	interval int64
	meta     map[string]string // of others as well, unless ownMeta; see setMeta
	reason   string
	priority int

	optional, runnable, pseudo bool
	onDC                       bool // carried out by the coordinator: a crm_event
	printAlways                bool
	reschedule                 bool
	migrateRunnable            bool // part of a live migration
	needAny                    bool // enough that minBefore of what it waits for is runnable
	leftOver                   bool // a stop of what a migration left behind
	isStonith                  bool
	ownMeta                    bool
	needs                      need
	wantRC                     int8 // what a monitor must find, if it is not that the resource is active
	minBefore, runnableBefore  int32
	walk                       int32 // the last walk along the orderings that passed here

	notifyVars    [][2]string
	before, after []edge // the newest last; the newest counts first
}

// What a monitor finds, as agents say it.
const (
	rcActive   = 0
	rcStopped  = 7
	rcPromoted = 8
)

// need is what an action requires of the cluster.
type need uint8

const (
	needNothing need = iota
	needQuorum
	needFencing
)

// edge is something that an action waits for.
type edge struct {
	to   *action
	kind orderKind // 0 once it was found void
	was  orderKind // as it was made, and the marks
}

// Marks of an edge while the graph is written.
const (
	markInGraph orderKind = 1 << (31 - iota)
	markJudged            // waiting for capacity: whether it would be a loop was looked at
)

func unixTime(s int64) time.Time { return time.Unix(s, 0).UTC() }

// sortedKeys returns, sorted, the keys that begin with one of the prefixes.
func sortedKeys(m map[string]string, prefixes ...string) []string {
	var out []string
	for k := range m { //order: sorted below
		for _, p := range prefixes {
			if strings.HasPrefix(k, p) {
				out = append(out, k)
				break
			}
		}
	}
	sort.Strings(out)
	return out
}

// act finds or makes the action of a resource that is named after a task and an
// interval (ms, 0 for what is done once), and requires it unless optional is set.
func (p *planner) act(r *rsc, task string, interval int64, n *node, optional bool) *action {
	return p.actAs(r, opName{task, interval}, task, n, optional)
}

// actAs is act for an action whose task is not what it is named after.
func (p *planner) actAs(r *rsc, name opName, task string, n *node, optional bool) *action {
	a := p.findAct(r, name, n)
	if a == nil {
		a = p.newAct(r, name, task, n)
	}
	if !optional {
		a.optional = false
	}
	p.settle(a)
	return a
}

// findAct finds an action by name and node; one that has no node yet gets it.
// Without a node, any will do.
func (p *planner) findAct(r *rsc, name opName, n *node) *action {
	t := r.named(name.task, name.interval)
	if t == nil {
		return nil
	}
	if a := t.list[0]; n == nil || a.n == nil {
		if a.n == nil {
			a.n = n
		}
		return a
	}
	return t.on(n)
}

func (p *planner) newAct(r *rsc, name opName, task string, n *node) *action {
	a := p.addAct(r, task, n)
	a.r, a.interval = r, name.interval
	p.addToTable(a, name)
	p.unpackAct(a)
	return a
}

// addAct adds an action to the plan.
func (p *planner) addAct(r *rsc, task string, n *node) *action {
	a := p.slabs.acts.one()
	a.id, a.task, a.n, a.optional, a.runnable = p.nextID(r), task, n, true, true
	p.acts = append(p.acts, a)
	return a
}

// addUnique adds an action of the cluster, of which there is one by its name.
func (p *planner) addUnique(name, task string, n *node) *action {
	a := p.addAct(nil, task, n)
	a.op = p.slabs.tables.one()
	a.op.key = name
	p.unique[name] = a
	return a
}

// setMeta sets a property of this action. What is configured for an operation is
// the same for many of them: they share it until one is different.
func (a *action) setMeta(key, value string) {
	if !a.ownMeta {
		m := make(map[string]string, len(a.meta)+4)
		maps.Copy(m, a.meta)
		a.meta, a.ownMeta = m, true
	}
	a.meta[key] = value
}

// unpackAct reads what is configured for an action's operation.
func (p *planner) unpackAct(a *action) {
	r := a.r
	task := a.task
	a.meta = p.operationOf(a).values
	if task == "start" || task == "promote" {
		switch {
		case r.needsFencing:
			a.needs = needFencing
		case r.needsQuorum:
			a.needs = needQuorum
		}
	}
	if task == "migrate_to" && r.remoteNode == nil { // a connection has no pending state
		a.setMeta("record-pending", "true")
	}
}

// settle works out whether an action of a resource can be carried out at all,
// as far as its node and quorum go. What needs neither quorum nor fencing
// has no reason of its own.
func (p *planner) settle(a *action) {
	if a.pseudo {
		return
	}
	r, n := a.r, a.n
	if n != nil && !r.managed && a.interval == 0 && a.task != "clear_failcount" && a.task != "delete" {
		a.optional = true
	}
	if a.task == "clear_failcount" {
		return
	}
	switch {
	case n == nil:
		a.runnable = false
	case !n.online && (!n.isGuest() || n.resetNeeded):
		a.runnable = false
		if r.managed && a.task == "stop" && !n.unclean {
			p.condemn(n, "resource actions are unrunnable", false)
		}
	case n.pending:
		a.runnable = false
	case a.needs == needNothing:
		a.reason = ""
		a.runnable = !n.isGuest() || p.canFence(n)
	default:
		p.settleQuorum(a)
	}
}

// settleQuorum does what no-quorum-policy says of a start or promotion. With
// "demote", what has a role may keep it up to the unpromoted one.
func (p *planner) settleQuorum(a *action) {
	r := a.r
	policy := p.opt.noQuorum
	switch {
	case p.quorate:
		policy = "ignore"
	case policy == "demote" && r.role >= roleUnpromoted:
		r.nextRole = min(r.nextRole, roleUnpromoted)
		policy = "ignore"
	case policy == "demote":
		policy = "stop"
	}
	switch policy {
	case "stop":
		a.runnable, a.reason = false, "no quorum"
	case "freeze":
		if !p.activeAll(r) || r.nextRole > r.role {
			a.runnable, a.reason = false, "quorum freeze"
		}
	default:
		a.runnable = true
	}
}

func isNotify(task string) bool { return task == "notify" || task == "notified" }

// setReason keeps the first reason.
func (a *action) setReason(why string) {
	if a.reason == "" {
		a.reason = why
	}
}

// pseudoAct finds or makes a milestone of a collection.
func (p *planner) pseudoAct(r *rsc, task string, optional, runnable bool) *action {
	a := p.act(r, task, 0, nil, optional)
	a.pseudo = true
	if runnable {
		a.runnable = true
	}
	return a
}

// bare makes a cluster-wide milestone.
func (p *planner) bare(key string) *action {
	if a := p.unique[key]; a != nil {
		return a
	}
	a := p.addUnique(key, key, nil)
	a.pseudo = true
	return a
}

// activeAll tells whether a resource is active: all of a group's members, any of a clone's instances.
func (p *planner) activeAll(r *rsc) bool {
	switch r.kind {
	case primitive:
		return active(r)
	case group:
		for _, k := range r.kids {
			if !p.activeAll(k) {
				return false
			}
		}
		return true
	}
	for _, k := range r.kids {
		if p.activeAll(k) {
			return true
		}
	}
	return false
}

// active tells whether a primitive is active on a node where that can be believed.
func active(r *rsc) bool {
	for _, n := range r.runningOn {
		if n.unclean || !n.isGuest() && !n.online && r.managed {
			if n.unclean {
				return true
			}
			continue
		}
		return true
	}
	return false
}

func (p *planner) stopAct(r *rsc, n *node, optional bool) *action {
	return p.act(r, "stop", 0, n, optional)
}

func (p *planner) startAct(r *rsc, n *node, optional bool) *action {
	return p.act(r, "start", 0, n, optional)
}

func (p *planner) promoteAct(r *rsc, n *node, optional bool) *action {
	return p.act(r, "promote", 0, n, optional)
}

func (p *planner) demoteAct(r *rsc, n *node, optional bool) *action {
	return p.act(r, "demote", 0, n, optional)
}
