package sched

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"sort"
	"strings"

	"mainstay/cib"
)

// checkHistories compares what runs with what is configured now: recurring
// operations that no longer exist are cancelled, changed parameters restart.
// On a node in maintenance, recurring operations end.
func (p *planner) checkHistories() {
	owners := p.historyOwners()
	for _, n := range p.nodes {
		if !n.maintenance && !n.available() {
			continue
		}
		for _, rec := range p.recordsOf(n.state) {
			if len(rec.ops) == 0 {
				continue
			}
			for _, r := range owners[rec.id] {
				p.checkHistory(r, n, rec)
			}
		}
	}
}

// historyOwners lists the primitives by the names that records may have for
// them, the newest first.
func (p *planner) historyOwners() map[string][]*rsc {
	out := make(map[string][]*rsc, len(p.all))
	add := func(name string, r *rsc) { out[name] = append(out[name], r) }
	for i := len(p.top) - 1; i >= 0; i-- {
		l := p.top[i].prims(nil)
		for j := len(l) - 1; j >= 0; j-- {
			add(l[j].id, l[j])
			if l[j].seenAs != "" && l[j].seenAs != l[j].id {
				add(l[j].seenAs, l[j])
			}
		}
	}
	return out
}

func (p *planner) checkHistory(r *rsc, n *node, rec *record) {
	switch {
	case r.removed && r.anonymous():
		return
	case r.removed:
		p.scheduleCleanup(r, n, false)
		return
	case !r.isOn(n):
		if agentChanged(r, rec) {
			p.unfenceChanged(r, n, "Device definition changed")
			p.scheduleCleanup(r, n, false)
		}
		return
	}
	if agentChanged(r, rec) {
		p.unfenceChanged(r, n, "Device definition changed")
		p.stopAct(r, n, false)
		r.startPending = true
		p.scheduleCleanup(r, n, false)
	}
	if rec.start < rec.stop || p.agrees(rec, r, n) {
		return
	}
	same := r.plain && !r.bundleAddr && !p.in.Options.Sanitized
	for i, h := range p.judged(rec, r, n) {
		if i >= rec.start {
			same = p.checkOp(h) && same
		}
	}
	if same {
		rec.agreesWith, rec.agreesIn = r.elem, p.memo.defaults
	}
}

// agrees tells whether it is known already that what runs is what is configured.
func (p *planner) agrees(rec *record, r *rsc, n *node) bool {
	return rec.agreesWith == r.elem && rec.agreesIn == p.memo.defaults && r.plain && !r.bundleAddr &&
		!r.maintenance && !n.maintenance && len(r.restart) == 0
}

// agentChanged tells whether a record is of another agent than configured.
func agentChanged(r *rsc, rec *record) bool {
	return rec.class != r.class || rec.provider != r.provider || rec.agent != r.agent
}

// scheduleCleanup has a node forget a resource, between its stop and its start.
func (p *planner) scheduleCleanup(r *rsc, n *node, optional bool) {
	if r.failed || n.unclean || !n.online {
		return
	}
	kind := ordOptional
	if optional {
		kind = ordImpliesThen
	}
	p.act(r, "delete", 0, n, optional)
	p.orderTasks(r, "stop", r, "delete", kind)
	p.orderTasks(r, "delete", r, "start", kind)
}

// checkOp compares one operation's record with the configuration; false if they
// differ, or that shows only later.
func (p *planner) checkOp(h *history) bool {
	r, n := h.r, h.n
	switch {
	case h.interval > 0 && (r.maintenance || n.maintenance):
		p.cancelOrphan(h, "maintenance mode")
		return false
	case h.interval > 0, h.task == "monitor", h.task == "start", h.task == "promote", h.task == "migrate_from":
		if r.bundleAddr {
			p.checkLater = append(p.checkLater, func() { p.checkConfig(h) })
			return false
		}
		return p.checkConfig(h)
	}
	return true
}

// checkConfig forgets the failures of an operation that is configured otherwise
// now; false if it is.
func (p *planner) checkConfig(h *history) bool {
	if !p.configChanged(h) {
		return true
	}
	if c, _ := p.failCount(h.r, h.n, true, false); c > 0 {
		p.clearFailCount(h.r, h.n, "action definition changed")
	}
	return false
}

func (p *planner) cancelOrphan(h *history, why string) {
	c := p.cancelAct(h.r, h.n, h.task, h.interval, false)
	c.reason = why
	c.setMeta("call_id", h.elem.Get("call-id"))
	p.addOrder(order{firstR: h.r, firstTask: "stop", thenR: h.r, then: c, kind: ordOptional})
}

// difference is how the parameters of an operation's record compare with those
// configured now.
type difference int

const (
	sameParams     difference = iota
	reloadable                // the agent, or the next run, can take them over
	needsRestart              // it must be started anew
	unknownChanges            // the record does not tell
)

// compareParams compares a record's parameters, which it keeps as digests, with
// the configuration.
func (p *planner) compareParams(h *history) difference {
	all, restart := h.elem.Get("op-digest"), h.elem.Get("op-restart-digest")
	switch {
	case restart != "" && p.digest(h, "restart") != restart:
		return needsRestart
	case all == "":
		return unknownChanges
	case p.digest(h, "all") == all:
		return sameParams
	case h.interval == 0 && len(p.ownParams(h)) > 0:
		return needsRestart // lest they differ from what the record says
	}
	return reloadable
}

// configChanged tells whether an operation runs with other settings than
// configured, and has it done again if so.
func (p *planner) configChanged(h *history) bool {
	r, n := h.r, h.n
	if h.interval > 0 && p.findOp(r, h.task, h.interval, false) == nil {
		if p.opt.stopRemovedOps {
			p.cancelOrphan(h, "orphan")
		}
		return true
	}
	for _, k := range r.restart {
		if k.n == n && k.id == h.id && h.interval > 0 {
			p.reschedule(h)
			return true
		}
	}
	d := p.compareParams(h)
	if d == sameParams || d == unknownChanges {
		return false
	}
	if secure := h.elem.Get("op-secure-digest"); secure != "" && p.in.Options.Sanitized && p.digest(h, "secure") == secure {
		return false
	}
	switch {
	case d == needsRestart:
		p.forceRestart(h)
	case h.interval > 0:
		p.reschedule(h)
	case h.elem.Get("op-restart-digest") != "":
		p.unfenceChanged(r, n, "Device parameters changed (reload)")
		p.scheduleReload(r, n)
	default:
		p.forceRestart(h)
	}
	return true
}

// digestTask is the task by whose parameters a record's are judged.
func digestTask(h *history) string {
	if h.interval == 0 && (h.task == "monitor" || h.task == "migrate_from" || h.task == "promote") {
		return "start"
	}
	return h.task
}

// forceRestart has an operation done anew because its parameters changed; of
// what is done once, it is the start.
func (p *planner) forceRestart(h *history) {
	r, task := h.r, digestTask(h)
	a := p.act(r, task, h.interval, nil, false)
	a.reason = "resource definition change"
	p.unfenceChanged(r, h.n, "Device parameters changed")
}

// reschedule runs a recurring operation anew with its new settings.
func (p *planner) reschedule(h *history) {
	r := h.r
	p.act(r, h.task, h.interval, h.n, true).reschedule = true
}

// scheduleReload has the agent take new parameters over while running.
func (p *planner) scheduleReload(r *rsc, n *node) {
	if !r.managed || r.failed {
		return
	}
	if r.startPending { // it may not have them
		p.stopAct(r, n, false)
		return
	}
	a := p.act(r, "reload-agent", 0, n, false)
	a.setReason("resource definition change")
	r.reload = true
	for _, t := range []string{"stop", "demote"} {
		p.addOrder(order{firstR: r, first: a, thenR: r, thenTask: t, kind: ordOptional | ordThenCancels})
	}
}

// ownParams are the instance attributes of the operation itself.
func (p *planner) ownParams(h *history) map[string]string {
	op := p.operation(h.r, h.n, digestTask(h), h.interval).elem
	if op == nil || op.Child("instance_attributes") == nil {
		return nil
	}
	return p.evalSets(op, "instance_attributes", p.facts(h.r, h.n), "")
}

// digest is the MD5 sum of an operation's parameters, as the history keeps it:
// kind "all" of every one, "restart" of those whose change needs a restart,
// "secure" of those that anybody may see.
func (p *planner) digest(h *history, kind string) string {
	r := h.r
	if !r.plain || r.bundleAddr {
		return p.makeDigest(h, kind)
	}
	name := digestName{op: opName{h.task, h.interval}, kind: kind}
	switch kind {
	case "secure":
		name.list = h.elem.Get("op-secure-params")
	case "restart":
		if list, ok := h.elem.Lookup("op-force-restart"); ok {
			name.list = ":" + list
		}
	}
	p.operation(r, h.n, h.task, h.interval) // what is known is as new as that
	k := p.memo.of(r.elem)
	d, ok := k.digests[name]
	if !ok {
		d = p.makeDigest(h, kind)
		k.digests[name] = d
	}
	return d
}

func (p *planner) makeDigest(h *history, kind string) string {
	r, n := h.r, h.n
	m := map[string]string{}
	for k, v := range p.paramsOn(r, n) {
		m[k] = v
	}
	for k, v := range p.ownParams(h) {
		m[k] = v
	}
	for k := range m {
		if strings.HasPrefix(k, "CRM_meta_") || k == "pcmk_external_ip" {
			delete(m, k)
		}
	}
	switch kind {
	case "secure":
		private := strings.Fields(h.elem.Get("op-secure-params"))
		for k := range m {
			if slices.Contains(private, k) || len(private) == 0 && k == "passwd" || r.fenceDevice && strings.HasPrefix(k, "pcmk_") {
				delete(m, k)
			}
		}
	case "restart":
		if list, ok := h.elem.Lookup("op-force-restart"); ok {
			for k := range m {
				if !slices.Contains(strings.Fields(list), k) {
					delete(m, k)
				}
			}
			return paramsDigest(m)
		}
	}
	if h.interval > 0 && kind != "secure" {
		m["CRM_meta_timeout"] = p.operation(r, n, h.task, h.interval).values["timeout"]
	}
	return paramsDigest(m)
}

// paramsDigest is the sum over <parameters> with its attributes sorted, without those
// that records leave out: "id" and "crm_feature_set" cannot be told from the cluster's own.
func paramsDigest(m map[string]string) string {
	names := make([]string, 0, len(m))
	for k := range m {
		if k != "id" && k != "crm_feature_set" {
			names = append(names, k)
		}
	}
	sort.Strings(names)
	attrs := make([]cib.Attr, len(names))
	for i, k := range names {
		attrs[i] = cib.Attr{Name: k, Value: m[k]}
	}
	text := cib.New("parameters", attrs...).AppendXML([]byte(" "), false)
	sum := md5.Sum(append(text, '\n'))
	return hex.EncodeToString(sum[:])
}

// historyStale tells whether a failed operation was run with other parameters than are configured now.
func (p *planner) historyStale(h *history) bool {
	if h.task != "start" && h.task != "monitor" {
		return false
	}
	d := p.compareParams(h)
	return d == reloadable || d == needsRestart
}
