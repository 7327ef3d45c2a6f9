package sched

import (
	"maps"
	"sort"
	"strconv"
	"strings"
	"time"
)

// action is one thing that may have to be done. It is optional until something
// requires it, and runnable until something makes it impossible.
type action struct {
	id        int
	task, key string
	r         *rsc
	n         *node
	interval  int64
	meta      map[string]string
	reason    string
	priority  int

	optional, runnable, pseudo bool
	onDC                       bool // carried out by the coordinator: a crm_event
	printAlways                bool
	reschedule                 bool
	migrateRunnable            bool // part of a live migration
	migratePrevent             bool
	needAny                    bool // enough that minBefore of what it waits for is runnable
	minBefore, runnableBefore  int
	targetRC                   string
	noDigest                   bool
	leftOver                   bool // a stop of what a migration left behind
	needs                      need
	isStonith                  bool
	extraTo                    string // notifications and migrations: other node
	notifyVars                 [][2]string
	sensitive                  bool

	before    []edge // the newest last; the newest counts first
	after     []edge
	impliedBy *action // the fencing that does it
	synapse   int
	state     emitState
	downed    bool
	callID    string
}

type emitState uint8

const (
	emitUnseen emitState = iota
	emitVisiting
	emitDone
)

// need is what an action requires of the cluster.
type need int

const (
	needNothing need = iota
	needQuorum
	needFencing
)

// edge is something that an action waits for.
type edge struct {
	to      *action
	kind    orderKind // 0 once it was found void
	was     orderKind // as it was made
	inGraph bool
	judged  bool // waiting for capacity: whether it would be a loop was looked at
}

func unixTime(s int64) time.Time { return time.Unix(s, 0).UTC() }

// opKey writes an operation key: resource, task, interval in ms.
func opKey(name, task string, interval int64) string {
	return name + "_" + task + "_" + strconv.FormatInt(interval, 10)
}

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

// act finds or makes an action of a resource (or of the cluster, r nil) and
// requires it unless optional is set.
func (p *planner) act(r *rsc, key, task string, n *node, optional bool) *action {
	a := p.findAct(r, key, n)
	if a == nil {
		a = p.newAct(r, key, task, n)
	}
	if !optional {
		a.optional = false
	}
	if r != nil {
		p.settle(a)
	}
	return a
}

// findAct finds an action by key and node; one that has no node yet gets it.
// Without a node, any will do.
func (p *planner) findAct(r *rsc, key string, n *node) *action {
	if r == nil {
		return p.unique[key]
	}
	for _, a := range r.acts {
		if a.key != key {
			continue
		}
		if n != nil && a.n == nil {
			a.n = n
		}
		if n == nil || a.n == n {
			return a
		}
	}
	return nil
}

func (p *planner) newAct(r *rsc, key, task string, n *node) *action {
	a := &action{id: len(p.acts) + 1, task: task, key: key, r: r, n: n, optional: true, runnable: true}
	p.acts = append(p.acts, a)
	if r == nil {
		p.unique[key] = a
		return a
	}
	if i := strings.LastIndexByte(key, '_'); i >= 0 {
		a.interval, _ = strconv.ParseInt(key[i+1:], 10, 64)
	}
	r.acts = append(r.acts, a)
	p.unpackAct(a)
	return a
}

// unpackAct reads what is configured for an action's operation.
func (p *planner) unpackAct(a *action) {
	r := a.r
	task := a.task
	a.meta = maps.Clone(p.operation(r, a.n, task, a.interval).meta)
	if task == "start" || task == "promote" {
		switch {
		case r.needsFencing:
			a.needs = needFencing
		case r.needsQuorum:
			a.needs = needQuorum
		}
	}
	if task == "migrate_to" && r.remoteNode == nil { // a connection has no pending state
		a.meta["record-pending"] = "true"
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
	a := p.act(r, opKey(r.id, task, 0), task, nil, optional)
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
	a := &action{id: len(p.acts) + 1, task: key, key: key, optional: true, runnable: true, pseudo: true}
	p.acts = append(p.acts, a)
	p.unique[key] = a
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
	return p.act(r, opKey(r.id, "stop", 0), "stop", n, optional)
}

func (p *planner) startAct(r *rsc, n *node, optional bool) *action {
	return p.act(r, opKey(r.id, "start", 0), "start", n, optional)
}

func (p *planner) promoteAct(r *rsc, n *node, optional bool) *action {
	return p.act(r, opKey(r.id, "promote", 0), "promote", n, optional)
}

func (p *planner) demoteAct(r *rsc, n *node, optional bool) *action {
	return p.act(r, opKey(r.id, "demote", 0), "demote", n, optional)
}
