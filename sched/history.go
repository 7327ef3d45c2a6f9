package sched

import (
	"slices"
	"strconv"
	"strings"

	"mainstay/cib"
	"mainstay/status"
)

// onFail is what a failed operation leads to, milder first.
type onFail int

const (
	failIgnore onFail = iota
	failDemote
	failRestart
	failResetRemote
	failRestartContainer
	failBan
	failBlock
	failStop
	failStandby
	failFence
)

// history is one lrm_rsc_op being judged.
type history struct {
	r          *rsc
	n          *node
	elem       *cib.Elem
	id, key    string
	task       string
	interval   int64
	call       int64
	status, rc int
	want       int // expected rc, -1 if the record does not say
	exitReason string
	changed    int64 // last-rc-change, Unix seconds
}

const (
	execUnknown      = -2
	execPending      = -1
	execDone         = 0
	execCancel       = 1
	execTimeout      = 2
	execNotSupported = 3
	execError        = 4
	execHard         = 5
	execFatal        = 6
	execNoAgent      = 7
	execNotConnected = 8
	execInvalid      = 9
)

// unpackHistory reads what a node remembers of every resource.
func (p *planner) unpackHistory(n *node, state *cib.Elem) {
	var afterwards []*rsc
	for i, rec := range p.recordsOf(state) {
		p.skipRecords(state, i)
		from := p.lastID
		p.counted = true
		r := p.unpackLRM(n, rec)
		p.counted = false
		p.noteRecord(rec, r, p.lastID-from)
		if r != nil && r.removed {
			afterwards = append(afterwards, r)
		}
	}
	p.skipRecords(state, -1)
	for _, r := range afterwards {
		p.linkRemovedFiller(r)
	}
}

// linkRemovedFiller ties the removed connection of a guest node to the resource that it ran in.
func (p *planner) linkRemovedFiller(r *rsc) {
	cont := r.elem.Get("container")
	if cont == "" || r.container != nil {
		return
	}
	if c := p.byRsc[cont]; c != nil {
		r.container = c
		c.fillers = append(c.fillers, r)
		if r.remoteNode != nil {
			r.remoteNode.kind = status.Guest
		}
	}
}

// unpackLRM judges one resource's history on one node.
func (p *planner) unpackLRM(n *node, rec *record) *rsc {
	if len(rec.ops) == 0 && !rec.locked {
		return nil
	}
	r := p.historyRsc(n, rec.id)
	if r != nil && rec.id != r.id && r.seenAs != rec.id {
		r.seenAs = rec.id
	}
	if r == nil {
		if len(rec.ops) == 0 {
			return nil
		}
		r = p.removedRsc(n, rec.elem)
	}
	if p.opt.shutdownLock {
		p.shutdownLock(r, n, rec.elem)
	}
	saved := r.role
	r.role = roleUnknown
	fail := failIgnore
	if !p.judgeCalm(rec, r, n) {
		var last *history
		for _, h := range p.judged(rec, r, n) {
			last = p.unpackOp(h, last, &fail)
		}
	}
	p.recurringInHistory(r, n, rec)
	p.afterHistory(r, n, fail)
	if want, ok := p.targetRole(r); ok {
		if r.nextRole == roleUnknown || want < r.nextRole {
			r.nextRole = want
		}
	}
	if saved > r.role {
		r.role = saved
	}
	return r
}

func readHistory(n *node, e *cib.Elem) *history {
	h := &history{n: n}
	h.read(e)
	return h
}

// read unpacks an lrm_rsc_op, in one pass over its attributes.
func (h *history) read(e *cib.Elem) {
	h.elem, h.status, h.rc, h.want = e, execUnknown, 193, -1
	tkey, magic := "", ""
	list := e.Attrs()
	for i := range list {
		v := list[i].Value
		switch list[i].Name {
		case "id":
			h.id = v
		case "operation":
			h.task = v
		case "operation_key":
			h.key = v
		case "exit-reason":
			h.exitReason = v
		case "interval":
			h.interval = int64(atoi(v, 0))
		case "call-id":
			h.call = int64(atoi(v, 0))
		case "op-status":
			h.status = atoi(v, execUnknown)
		case "rc-code":
			h.rc = atoi(v, 193)
		case "last-rc-change":
			h.changed = int64(atoi(v, 0))
		case "transition-key":
			tkey = v
		case "transition-magic":
			magic = v
		}
	}
	if h.key == "" {
		h.key = h.id
	}
	if want, ok := wantIn(tkey); ok {
		h.want = atoi(want, -1)
	} else if _, key, ok := strings.Cut(magic, ";"); ok {
		want, _ = wantIn(key)
		h.want = atoi(want, -1)
	}
}

// wantIn is the expected return code in a transition key, ACTION:TRANSITION:RC:UUID.
func wantIn(key string) (string, bool) {
	_, rest, _ := strings.Cut(key, ":")
	_, rest, _ = strings.Cut(rest, ":")
	want, _, ok := strings.Cut(rest, ":")
	return want, ok
}

func atoi(s string, fallback int) int {
	if s == "" { // an error costs memory
		return fallback
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return fallback
	}
	return n
}

// sortHistory puts operations in the order in which they happened.
func sortHistory(ops []*history) {
	slices.Reverse(ops)
	mergeSort(ops, cmpHistory)
}

func cmpHistory(a, b *history) int {
	switch {
	case a.id == b.id:
		return 0
	case a.call == -1 && b.call == -1:
		return 0
	case a.call >= 0 && b.call >= 0 && a.call != b.call:
		return sign(a.call - b.call)
	case a.call >= 0 && a.call == b.call:
		if a.changed != b.changed {
			return sign(a.changed - b.changed)
		}
		return 0
	}
	// One of them is pending: its transition says which is newer.
	ta, okA := transitionOf(a.elem)
	tb, okB := transitionOf(b.elem)
	switch {
	case !okA || !okB:
		return 0
	case ta.uuid != tb.uuid || ta.num == tb.num:
		if b.call == -1 {
			return -1
		}
		return 1
	case ta.num >= 0 && ta.num < tb.num || tb.num == -1: // -1: a shutdown, always last
		return -1
	}
	return 1
}

type transitionRef struct {
	num  int
	uuid string
}

func transitionOf(e *cib.Elem) (transitionRef, bool) {
	_, key, ok := strings.Cut(e.Get("transition-magic"), ";")
	if !ok {
		key = e.Get("transition-key")
	}
	f := strings.SplitN(key, ":", 4)
	if len(f) != 4 {
		return transitionRef{}, false
	}
	return transitionRef{atoi(f[1], -1), f[3]}, true
}

func sign(d int64) int {
	switch {
	case d < 0:
		return -1
	case d > 0:
		return 1
	}
	return 0
}

// historyRsc finds the instance that a node's record is about. Records of
// anonymous clones carry no number: the instance already counted as active
// there is taken, else one that nobody claimed yet, else a new one.
func (p *planner) historyRsc(n *node, id string) *rsc {
	r := p.byRsc[id]
	var clo *rsc
	if r == nil {
		inst := p.byRsc[baseName(id)+":0"]
		if inst == nil || !inst.anonymous() {
			return nil
		}
		r, clo = inst, inst.cloneAround()
	} else if c := r.cloneAround(); c != nil && r.anonymous() {
		clo = c
	}
	if clo == nil || clo.kind != clone || !r.anonymous() {
		if (n.isGuest() || n.isRemote()) && r.inBundle() { // its address may have been probed there, too
			if b := p.bundledOn(r, n); b != nil {
				return b
			}
		}
		return r
	}
	if clo.parent != nil && clo.parent.kind == bundle {
		return p.bundledOn(r, n)
	}
	return p.anonymousInstance(clo, n, baseName(id))
}

func (p *planner) anonymousInstance(clo *rsc, n *node, id string) *rsc {
	var found, spare *rsc
	skip := false
	for _, inst := range clo.kids {
		if len(inst.runningOn) > 0 {
			if !inst.isOn(n) || inst.runningOn[0] != n && !inst.isOn(n) {
				continue
			}
			if inst.runningOn[0] != n {
				continue
			}
			if m := member(inst, id); m != nil {
				if len(m.runningOn) > 0 {
					skip = true
				} else {
					found = m
				}
			}
			break
		}
		if !skip && spare == nil && !inst.block {
			m := member(inst, id)
			if m == nil {
				continue
			}
			if m.pendingNode != nil && m.pendingNode != n {
				continue
			}
			spare = m
		}
	}
	if found == nil && !skip {
		found = spare
	}
	if found != nil && !found.needsFencing && (!n.online || n.unclean) && !n.isGuest() && clo.clone.max < len(p.nodes) {
		found = nil
	}
	if found == nil {
		found = p.extraInstance(clo, n, id)
	}
	return found
}

// member finds the primitive of an instance by its configured id.
func member(inst *rsc, id string) *rsc {
	if inst.kind == primitive {
		if inst.elem.ID() == id {
			return inst
		}
		return nil
	}
	for _, k := range inst.kids {
		if m := member(k, id); m != nil {
			return m
		}
	}
	return nil
}

// extraInstance makes an instance beyond clone-max for something found active.
func (p *planner) extraInstance(clo *rsc, n *node, id string) *rsc {
	inst := p.addInstance(clo)
	if inst == nil {
		return nil
	}
	inst.each(func(x *rsc) { x.removed = true; p.allowTable(x) })
	return member(inst, id)
}

// removedRsc makes a resource for a record that no configuration explains.
func (p *planner) removedRsc(n *node, e *cib.Elem) *rsc {
	id := e.ID()
	x := cib.New("primitive", cib.Attr{Name: "id", Value: id}, cib.Attr{Name: "class", Value: e.Get("class")},
		cib.Attr{Name: "provider", Value: e.Get("provider")}, cib.Attr{Name: "type", Value: e.Get("type")})
	if e.Get("provider") == "" {
		x = x.Without("provider")
	}
	if c := e.Get("container"); c != "" {
		x = x.With("container", c)
	}
	if isRemoteAgent(x) && p.nodeByID[id] == nil {
		rn := p.addNode(id, id, "remote")
		rn.unclean, p.haveRemote = false, true
		for _, r := range p.all {
			r.allowed = append(r.allowed, cand{}) // unpacked before the node was known
		}
	}
	r := p.makeRsc(x, nil, "")
	p.haveFencing = p.haveFencing || x.Get("class") == "stonith" // what runs can fence until it is stopped
	if isRemoteAgent(x) {
		if rn := p.nodeByID[id]; rn != nil {
			rn.remoteRsc, r.remoteNode = r, rn
			rn.shutdown = true
		}
	}
	r.removed = true
	p.allowTable(r)
	p.top = append(p.top, r)
	if !p.opt.stopRemoved {
		r.managed = false
	} else {
		p.banEverywhere(r, CauseBlocked, "__orphan_do_not_run__")
	}
	return r
}

// targetRole returns the role that target-role limits the resource to.
func (p *planner) targetRole(r *rsc) (role, bool) {
	switch parseRole(r.meta["target-role"]) {
	case roleStopped:
		return roleStopped, true
	case roleUnpromoted:
		return roleUnpromoted, r.uber(false).promotable
	}
	return roleUnknown, false
}

// parseRole reads a role in either vocabulary.
func parseRole(s string) role {
	switch strings.ToLower(s) {
	case "stopped":
		return roleStopped
	case "started":
		return roleStarted
	case "unpromoted", "slave":
		return roleUnpromoted
	case "promoted", "master":
		return rolePromoted
	}
	return roleUnknown
}

// recurringInHistory notes the recurring operations that are under way, so
// that they are not scheduled again.
func (p *planner) recurringInHistory(r *rsc, n *node, rec *record) {
	if !n.online {
		return
	}
	for _, op := range rec.recurring {
		p.act(r, op.task, op.interval, n, true)
	}
}

// recurringOf lists the recurring operations that were begun since the last start.
func recurringOf(ops []*history, start, stop int) []opName {
	var out []opName
	for i, h := range ops {
		if start < stop && i <= stop || i < start || h.interval == 0 || h.elem.Get("op-status") == "-1" {
			continue
		}
		out = append(out, opName{h.task, h.interval})
	}
	return out
}

// activeSpan finds the last start and the last stop in a history.
func activeSpan(ops []*history) (start, stop int) {
	start, stop = -1, -1
	monitor, roleChange := -1, -1
	for i, h := range ops {
		switch {
		case h.task == "stop" && h.elem.Get("op-status") == "0": // as reported, whatever was made of it
			stop = i
		case h.task == "start" || h.task == "migrate_from":
			start = i
		case monitor <= stop && h.task == "monitor":
			if rc := h.elem.Get("rc-code"); rc == "0" || rc == "8" {
				monitor = i
			}
		case h.task == "promote" || h.task == "demote":
			roleChange = i
		}
	}
	if start == -1 {
		if roleChange != -1 {
			start = roleChange
		} else if monitor != -1 {
			start = monitor
		}
	}
	return start, stop
}

// shutdownLock reads the lock that keeps a resource on a node that was shut down cleanly.
func (p *planner) shutdownLock(r *rsc, n *node, e *cib.Elem) {
	t := int64(atoi(e.Get("shutdown-lock"), 0))
	if t == 0 {
		return
	}
	if limit := int64(p.opt.shutdownLockLimit.Seconds()); limit > 0 && p.now.Unix() > t+limit {
		p.clearHistory(r, n)
		return
	}
	r.lockNode, r.lockTime = n, t
}

// clearHistory asks for the record of a resource on a node to be deleted.
func (p *planner) clearHistory(r *rsc, n *node) {
	p.act(r, "delete", 0, n, false)
}
