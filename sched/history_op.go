package sched

import (
	"strconv"
	"strings"
)

// probe tells whether the record is of a one-time monitor.
func (h *history) probe() bool { return h.task == "monitor" && h.interval == 0 }

// unpackOp judges one record: what it says of the resource's role, and, if the
// operation failed, what follows. It returns the last failure so far.
func (p *planner) unpackOp(h, last *history, fail *onFail) *history {
	if h.task == "" || h.task == "notify" || h.task == "meta-data" || h.status == execUnknown && h.rc == 193 && h.elem.Get("op-status") == "" && h.elem.Get("rc-code") == "" {
		return last
	}
	r, n := h.r, h.n
	if h.status == execUnknown {
		h.status = execDone
	}
	if h.want < 0 { // an old record does not say what was expected
		h.want = 0
		switch {
		case h.probe():
			h.want = 7
		case h.task == "monitor" && h.rc == 8:
			h.want = 8
		}
	}
	expired := false
	if h.status != execPending {
		expired = p.expired(h)
	}
	if h.probe() && (h.rc == 5 || h.status == execNoAgent) {
		if !expired {
			p.maskProbe(h)
		}
		return last
	}
	p.judge(h, fail, expired)
	if expired && h.rc != h.want && h.status != execDone && h.status != execPending {
		if h.interval > 0 {
			p.restartRecurring(h)
		}
		return last
	}
	switch h.status {
	case execCancel:
	case execPending:
		p.pendingOp(h)
	case execDone:
		p.succeeded(h, last, fail)
	case execNoAgent:
		strategy := p.failureOf(h)
		if strategy == failIgnore { // nothing can be ignored where there is no agent
			*fail = max(*fail, failBan)
		}
		last = p.failedOp(h, fail, strategy)
		p.banHere(r.anonymousClone(), n, CauseFailures, "hard-error")
	default:
		if h.status == execNotConnected && r.remoteNode != nil && r.container == nil {
			r.remoteNode.resetNeeded = true
		}
		last = p.handleFailure(h, last, fail)
	}
	return last
}

// anonymousClone returns the clone of an anonymous instance, else r itself.
func (r *rsc) anonymousClone() *rsc {
	if r.anonymous() {
		return r.uber(false)
	}
	return r
}

// maskProbe: a probe that found no agent says that the resource is not active
// there, and cannot be.
func (p *planner) maskProbe(h *history) {
	h.r.role = roleStopped
	p.failures = append(p.failures, h.elem)
	p.banHere(h.r.anonymousClone(), h.n, CauseFailures, "masked-probe-failure")
}

// judge turns what the agent returned into how the operation went.
func (p *planner) judge(h *history, fail *onFail, expired bool) {
	r := h.r
	switch h.rc { // degraded is running
	case 190:
		h.rc = 0
		p.degraded(h, expired)
	case 191:
		h.rc = 8
		p.degraded(h, expired)
	}
	if h.status != execDone && h.status != execError {
		return // the executor knows better
	}
	h.status = execError
	if h.rc == h.want {
		h.status = execDone
	}
	counts := !expired || h.rc == h.want
	switch h.rc {
	case 0:
		if h.probe() && h.want == 7 {
			h.status = execDone
		}
	case 7:
		if h.probe() || h.want == 7 || !r.managed {
			h.status = execDone
			r.role = roleStopped
			*fail = failIgnore
			r.nextRole = roleUnknown
		}
	case 8:
		if h.probe() && h.rc != h.want {
			h.status = execDone
		}
		if counts {
			r.role = rolePromoted
		}
	case 9:
		if counts {
			r.role = rolePromoted
		}
		h.status = execError
	case 6:
		h.status = execFatal
	case 3:
		if h.interval > 0 {
			h.status = execNotSupported
			break
		}
		fallthrough
	case 2, 4, 5:
		if !expired {
			p.blockUnstoppable(h)
		}
		h.status = execHard
	default:
		h.status = execError // expected or not, it says that something is wrong
	}
}

// blockUnstoppable: when a stop can never work and fencing cannot help, nothing
// more is done with the resource.
func (p *planner) blockUnstoppable(h *history) {
	if h.task == "stop" && !p.canFence(h.n) {
		h.r.managed, h.r.block = false, true
	}
}

// degraded notes that a resource works but not well.
func (p *planner) degraded(h *history, expired bool) {
	if !expired && (!h.n.shutdown || h.n.online) {
		p.failures = append(p.failures, h.elem)
	}
}

// expired tells whether a failure is so old that it no longer counts, and asks
// for its count to be cleared if so.
func (p *planner) expired(h *history) bool {
	r, n := h.r, h.n
	exp := false
	why := ""
	if r.failTimeout > 0 && h.changed > 0 {
		limit := h.changed + (r.failTimeout+999)/1000
		_, lastFail := rawFailCount(r, n)
		if p.now.Unix() >= limit && !p.waitsForFencing(h) {
			exp = true
		}
		switch c, _ := p.failCount(r, n, true, false); {
		case c > 0 && lastFail > 0:
			p.recheckAt(lastFail + (r.failTimeout+999)/1000 + 1)
		case lastFail > 0 && !exp: // the count is void, and cleared once this record is as old
			p.recheckAt(limit)
		}
	}
	isLast := strings.HasSuffix(h.id, "_last_failure_0")
	if exp {
		if c, _ := p.failCount(r, n, false, false); c > 0 {
			if c, _ := p.failCount(r, n, true, false); c == 0 {
				why = "it expired"
			} else {
				exp = false
			}
		} else if isLast && r.remoteSecs > 0 {
			why = "reconnect interval is set"
		}
	}
	if !exp && isLast && r.bundleAddr {
		p.checkLater = append(p.checkLater, func() {
			if p.historyStale(h) {
				p.clearFailCount(r, n, "resource parameters have changed")
			}
		})
	} else if !exp && isLast && p.historyStale(h) {
		why = "resource parameters have changed"
	}
	if why != "" {
		a := p.clearFailCount(r, n, why)
		if p.opt.fencing && r.remoteSecs > 0 && r.remoteNode != nil {
			p.clearAfterFencing(a, r.remoteNode)
		}
	}
	if exp && h.interval == 0 && h.task == "monitor" {
		switch h.rc {
		case 0, 7, 8, 190, 191:
			exp = false
		}
	}
	return exp
}

// waitsForFencing tells whether a failed monitor of a remote node's connection
// must be remembered until the node was fenced: nothing would report it again.
func (p *planner) waitsForFencing(h *history) bool {
	r := h.r
	return r.remoteSecs > 0 && p.opt.fencing && h.interval > 0 && h.task == "monitor" && r.remoteNode != nil && !r.remoteNode.remoteFenced
}

// clearAfterFencing: lest the connection be made anew too early, its failure is
// forgotten once a fencing of its node, if there is one, has ended.
func (p *planner) clearAfterFencing(clear *action, n *node) {
	p.order(p.fenceAction(n, "", false, "", false), clear, ordImpliesThen)
}

// clearFailCount asks for a fail count to be reset.
func (p *planner) clearFailCount(r *rsc, n *node, why string) *action {
	a := p.act(r, "clear_failcount", 0, n, false)
	a.onDC = true
	a.optional, a.runnable = false, true
	a.setReason(why)
	a.setMeta("op_no_wait", "true")
	return a
}

// restartRecurring forgets a recurring operation whose failure expired, so that it begins anew.
func (p *planner) restartRecurring(h *history) {
	h.r.restart = append(h.r.restart, restartKey{h.n, h.id})
}

// pendingOp: the operation has begun and nobody knows how it ended.
func (p *planner) pendingOp(h *history) {
	r, n := h.r, h.n
	switch h.task {
	case "start":
		r.startPending = true
		setActive(r)
	case "promote":
		r.role = rolePromoted
	case "migrate_to":
		if n.unclean {
			if t := p.nodeByName(h.elem.Get("migrate_target")); t != nil {
				p.stopAct(r, t, false)
			}
		}
	}
	if r.pendingTask == "" {
		if h.interval != 0 || !h.probe() {
			r.pendingTask = h.task
			r.pendingNode = n
		}
	}
}

// setActive: the resource is at least started.
func setActive(r *rsc) {
	if r.uber(false).promotable {
		r.role = roleUnpromoted
	} else {
		r.role = roleStarted
	}
}

// succeeded: the operation went as expected; the resource is what it made of it.
func (p *planner) succeeded(h, last *history, fail *onFail) {
	r := h.r
	clears := false
	switch {
	case h.rc == 5 || h.status == execNoAgent:
		r.role = roleStopped
	case h.rc == 7:
		clears = true
	case h.task == "monitor":
		if last != nil && last.key == h.key {
			clears = true
		}
		if r.role < roleStarted {
			setActive(r)
		}
	case h.task == "start":
		r.role, clears = roleStarted, true
	case h.task == "stop":
		r.role, clears = roleStopped, true
		if r.pendingNode == h.n && r.pendingTask == "monitor" {
			r.pendingTask, r.pendingNode = "", nil // what was under way has ended with it
		}
	case h.task == "promote":
		r.role, clears = rolePromoted, true
	case h.task == "demote":
		r.role, clears = roleUnpromoted, *fail == failDemote
	case h.task == "migrate_from":
		r.role, clears = roleStarted, true
	case h.task == "migrate_to":
		p.migrateToOK(h)
	default:
		if r.role < roleStarted {
			setActive(r)
		}
	}
	if !clears {
		return
	}
	switch *fail {
	case failStop, failBan, failStandby, failFence:
	case failResetRemote:
		if r.remoteSecs == 0 {
			*fail = failIgnore
			r.nextRole = roleUnknown
		}
	default:
		*fail = failIgnore
		r.nextRole = roleUnknown
	}
}

// handleFailure: the operation failed, which on-fail may say to ignore.
func (p *planner) handleFailure(h, last *history, fail *onFail) *history {
	r, n := h.r, h.n
	strategy := p.failureOf(h)
	if strategy == failIgnore || strategy == failRestartContainer && h.task == "stop" {
		h.status, h.rc = execDone, h.want
		p.succeeded(h, last, fail)
		h.status = execDone
		r.failureIgnored = true
		p.failures = append(p.failures, h.elem)
		if strategy == failRestartContainer && *fail <= failRestart {
			*fail = strategy
		}
		return last
	}
	out := p.failedOp(h, fail, strategy)
	target := r.anonymousClone()
	switch h.status {
	case execHard:
		p.banHere(target, n, CauseFailures, "hard-error")
	case execFatal:
		p.banEverywhere(target, CauseFailures, "fatal-error")
	}
	return out
}

// failedOp draws the consequences of a failure.
func (p *planner) failedOp(h *history, fail *onFail, strategy onFail) *history {
	r, n := h.r, h.n
	p.failures = append(p.failures, h.elem)
	if strategy > *fail {
		*fail = strategy
	}
	switch h.task {
	case "stop":
		p.banHere(r, n, CauseFailures, "__stop_fail__")
	case "migrate_to":
		p.migrateToFailed(h)
	case "migrate_from":
		p.migrateFromFailed(h)
	case "promote":
		r.role = rolePromoted
	case "demote":
		switch {
		case strategy == failBlock:
			r.role = rolePromoted
			r.nextRole = roleStopped
		case h.rc == 7:
			r.role = roleStopped
		default:
			r.role = roleUnpromoted
		}
	}
	if h.probe() && (h.rc == 5 || h.status == execNoAgent) {
		r.role = roleStopped
	} else if r.role < roleStarted {
		setActive(r)
	}
	fr := p.failRole(h, strategy)
	if fr != roleStarted && r.nextRole < fr {
		r.nextRole = fr
	}
	if fr == roleStopped {
		p.banEverywhere(r.anonymousCloneOrTop(), CauseFailures, "on-fail=stop")
	}
	return h
}

func (r *rsc) anonymousCloneOrTop() *rsc {
	if c := r.cloneAround(); c != nil && c.kind == clone && !c.unique {
		return c
	}
	return r
}

// failRole is the role that a resource may keep after a failure.
func (p *planner) failRole(h *history, strategy onFail) role {
	switch strategy {
	case failStop:
		return roleStopped
	case failResetRemote:
		if h.r.remoteSecs != 0 {
			return roleStopped
		}
	}
	if h.task == "promote" {
		return roleUnpromoted
	}
	return roleStarted
}

// failureOf works out on-fail for the operation of a record.
func (p *planner) failureOf(h *history) onFail {
	r := h.r
	use := p.operation(r, h.n, h.task, h.interval)
	v := use.values
	text := strings.ToLower(v["on-fail"])
	if text == "" && h.task == "demote" {
		text = p.demoteFollowsMonitor(r)
	}
	if r.remoteNode != nil && r.container == nil && h.task != "start" && !(h.probe()) {
		if h.task == "stop" && !p.opt.fencing {
			return failRestart
		}
		if text == "" || text == "restart" || text == "fence" || h.task == "monitor" {
			return failResetRemote
		}
	}
	return p.parseOnFail(r, h.task, h.interval, parseRole(v["role"]), text)
}

// demoteFollowsMonitor: a demote without on-fail of its own takes that of the monitor of the promoted role, if that is not to demote.
func (p *planner) demoteFollowsMonitor(r *rsc) string {
	for op := range r.ops.Named("op") {
		if op.Get("name") != "monitor" || parseRole(op.Get("role")) != rolePromoted || !flagOr(op.Get("enabled"), true) || spanMS(op.Get("interval")) == 0 {
			continue
		}
		if v := strings.ToLower(op.Get("on-fail")); v != "demote" {
			return v
		}
	}
	return ""
}

// parseOnFail reads on-fail and applies its defaults.
func (p *planner) parseOnFail(r *rsc, task string, interval int64, rl role, text string) onFail {
	if r.bundled() && r.container != nil && text == "restart-container" {
		return failRestartContainer
	}
	switch text {
	case "block":
		return failBlock
	case "fence":
		if p.opt.fencing {
			return failFence
		}
		return failStop
	case "standby":
		return failStandby
	case "ignore", "nothing":
		return failIgnore
	case "migrate":
		return failBan
	case "stop":
		return failStop
	case "restart":
		if task != "stop" {
			return failRestart
		}
	case "restart-container":
		if r.container != nil {
			return failRestartContainer
		}
	case "demote":
		if task == "promote" || task == "monitor" && interval > 0 && rl == rolePromoted {
			return failDemote
		}
	}
	if r.container != nil {
		return failRestartContainer
	}
	if task == "stop" {
		if p.opt.fencing {
			return failFence
		}
		return failBlock
	}
	return failRestart
}

// blockedFailure tells whether a failure that blocks its resource is on record.
func (p *planner) blockedFailure(r *rsc, n *node) bool {
	for op := range r.ops.Named("op") {
		if op = p.deref(op); op == nil || !strings.EqualFold(op.Get("on-fail"), "block") {
			continue
		}
		if p.failedOnRecord(r, n, op.Get("name"), spanMS(op.Get("interval"))) {
			return true
		}
	}
	return false
}

// failedOnRecord tells whether a node's record of one operation is of a failure.
func (p *planner) failedOnRecord(r *rsc, n *node, task string, interval int64) bool {
	for _, op := range p.records(r, n) {
		if op.Get("operation") != task || op.Get("interval") != strconv.FormatInt(interval, 10) {
			continue
		}
		if h := readHistory(n, op); h.want >= 0 && h.rc != h.want {
			return true
		}
	}
	return false
}
