package sched

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"sort"
	"strconv"
	"strings"

	"mainstay/cib"
)

// checkHistories compares what runs with what is configured now: recurring
// operations that no longer exist are cancelled, changed parameters restart.
func (p *planner) checkHistories() {
	for e := range p.root.Child("status").Named("node_state") {
		n := p.stateNode(e)
		if n == nil || !n.available() && !n.maintenance || !n.online && true && !n.maintenance {
			if n == nil || !(n.online && n.maintenance) && !n.available() {
				continue
			}
		}
		for lr := range e.Path("lrm", "lrm_resources").Named("lrm_resource") {
			if lr.Child("lrm_rsc_op") == nil {
				continue
			}
			for _, r := range p.historyOwners(lr.ID(), n) {
				p.checkHistory(r, n, lr)
			}
		}
	}
}

// historyOwners finds the instances that a record may be about.
func (p *planner) historyOwners(id string, n *node) []*rsc {
	if r := p.byRsc[id]; r != nil && r.kind == primitive && !(r.anonymous() && r.cloneAround() != nil) {
		return []*rsc{r}
	}
	inst := p.byRsc[baseName(id)+":0"]
	if inst == nil {
		if r := p.byRsc[id]; r != nil {
			inst = r
		}
	}
	if inst == nil || inst.cloneAround() == nil {
		return nil
	}
	var out []*rsc
	for _, k := range inst.cloneAround().kids {
		if m := member(k, baseName(id)); m != nil && m.isOn(n) {
			out = append(out, m)
		}
	}
	return out
}

func (p *planner) checkHistory(r *rsc, n *node, lr *cib.Elem) {
	if r.removed {
		if r.anonymous() && r.parent != nil {
			return
		}
		p.scheduleCleanup(r, n, false)
		return
	}
	if !r.isOn(n) {
		if p.agentChanged(r, lr) {
			p.scheduleCleanup(r, n, false)
		}
		return
	}
	if p.agentChanged(r, lr) {
		p.stopAct(r, n, false)
		p.unfenceChanged(r, n, "Device definition changed")
		p.scheduleCleanup(r, n, false)
	}
	var ops []*history
	for op := range lr.Named("lrm_rsc_op") {
		h := readHistory(n, op)
		h.r = r
		ops = append(ops, h)
	}
	sortHistory(ops)
	start, stop := activeSpan(ops)
	for i, h := range ops {
		if start < stop || i < start {
			continue
		}
		p.checkOp(h)
	}
}

// agentChanged tells whether the running resource is of another agent than configured.
func (p *planner) agentChanged(r *rsc, lr *cib.Elem) bool {
	return lr.Get("class") != r.class || lr.Get("provider") != r.provider || lr.Get("type") != r.agent
}

// scheduleCleanup has a node forget a resource, after its stop.
func (p *planner) scheduleCleanup(r *rsc, n *node, optional bool) {
	if r.failed || n.unclean || !n.online || len(r.acts) == 0 && false {
		return
	}
	a := p.act(r, opKey(r.id, "delete", 0), "delete", n, optional)
	a.optional = optional
	p.addOrder(&order{firstR: r, firstTask: "stop", firstKey: opKey(r.id, "stop", 0), thenR: r, then: a, kind: ordOptional})
	p.addOrder(&order{firstR: r, first: a, thenR: r, thenTask: "start", thenKey: opKey(r.id, "start", 0), kind: ordUnrunnable})
}

// checkOp compares one operation's record with the configuration.
func (p *planner) checkOp(h *history) {
	r, n := h.r, h.n
	switch {
	case h.interval > 0 && (r.maintenance || n.maintenance):
		p.cancelOrphan(h, "maintenance mode")
	case h.interval > 0, h.task == "monitor", h.task == "start", h.task == "promote", h.task == "migrate_from":
		if p.configChanged(h) {
			if c, _ := p.failCount(r, n, true, false); c > 0 {
				p.clearFailCount(r, n, "action definition changed")
			}
		}
	}
}

func (p *planner) cancelOrphan(h *history, why string) {
	c := p.cancelAct(h.r, h.n, h.task, h.interval, false)
	c.reason = why
	c.meta["call_id"] = h.elem.Get("call-id")
	p.addOrder(&order{firstR: h.r, firstTask: "stop", firstKey: opKey(h.r.id, "stop", 0), thenR: h.r, then: c, kind: ordOptional})
}

// configChanged tells whether an operation runs with other settings than configured, and has it done again if so.
func (p *planner) configChanged(h *history) bool {
	r, n := h.r, h.n
	if h.interval > 0 && p.findOp(r, h.task, h.interval, true) == nil {
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
	all, restart := h.elem.Get("op-digest"), h.elem.Get("op-restart-digest")
	if restart != "" && p.digest(h, "restart") != restart {
		p.forceRestart(h)
		return true
	}
	if all == "" || p.digest(h, "all") == all {
		return false
	}
	if secure := h.elem.Get("op-secure-digest"); secure != "" && p.in.Options.Sanitized && p.digest(h, "secure") == secure {
		return false
	}
	switch {
	case h.interval > 0:
		p.reschedule(h)
	case restart != "":
		p.scheduleReload(r, n)
	default:
		p.forceRestart(h)
	}
	return true
}

// forceRestart restarts a resource whose parameters changed.
func (p *planner) forceRestart(h *history) {
	r := h.r
	p.unfenceChanged(r, h.n, "Device parameters changed")
	task, iv := "start", int64(0)
	_ = iv
	a := p.act(r, opKey(r.id, task, 0), task, nil, false)
	a.optional = false
	a.reason = "resource definition change"
}

// reschedule runs a recurring operation anew with its new settings.
func (p *planner) reschedule(h *history) {
	r := h.r
	a := p.act(r, opKey(r.id, h.task, h.interval), h.task, h.n, true)
	a.reschedule = true
}

// scheduleReload has the agent take new parameters over while running.
func (p *planner) scheduleReload(r *rsc, n *node) {
	for _, a := range r.acts {
		if a.task == "reload-agent" {
			return
		}
	}
	if !r.managed || r.failed || r.startPending {
		if r.failed {
			p.forceRestartNow(r)
		}
		return
	}
	a := p.act(r, opKey(r.id, "reload-agent", 0), "reload-agent", n, false)
	a.reason = "resource definition change"
	a.optional = false
	r.reload = true
	p.addOrder(&order{firstR: r, first: a, thenR: r, thenTask: "stop", thenKey: opKey(r.id, "stop", 0), kind: ordOptional | ordThenCancels})
	p.addOrder(&order{firstR: r, first: a, thenR: r, thenTask: "demote", thenKey: opKey(r.id, "demote", 0), kind: ordOptional | ordThenCancels})
}

func (p *planner) forceRestartNow(r *rsc) {
	a := p.act(r, opKey(r.id, "start", 0), "start", nil, false)
	a.optional = false
	a.reason = "resource definition change"
}

// digest is the MD5 sum of an operation's parameters, as the history keeps it:
// kind "all" of every one, "restart" of those whose change needs a restart.
func (p *planner) digest(h *history, kind string) string {
	r, n := h.r, h.n
	m := map[string]string{}
	for k, v := range p.paramsOn(r, n) {
		m[k] = v
	}
	op := p.findOp(r, h.task, h.interval, true)
	if op != nil && op.Child("instance_attributes") != nil && kind == "all" {
		for k, v := range p.evalSets(op, "instance_attributes", p.facts(r, n), "") {
			m[k] = v
		}
	}
	if kind == "restart" {
		list := strings.Fields(h.elem.Get("op-force-restart"))
		for k := range m {
			if !slices.Contains(list, k) {
				delete(m, k)
			}
		}
		return paramsDigest(m)
	}
	if kind == "secure" {
		private := strings.Fields(h.elem.Get("op-secure-params"))
		for k := range m {
			if slices.Contains(private, k) || len(private) == 0 && k == "passwd" || r.fenceDevice && strings.HasPrefix(k, "pcmk_") {
				delete(m, k)
			}
		}
	}
	for k := range m {
		if strings.HasPrefix(k, "CRM_meta_") || k == "pcmk_external_ip" {
			delete(m, k)
		}
	}
	if h.interval > 0 && kind == "all" {
		m["CRM_meta_timeout"] = p.opConfig(r, n, h.task, h.interval, op)["timeout"]
	}
	return paramsDigest(m)
}

// paramsDigest is the sum over <parameters> with its attributes sorted.
func paramsDigest(m map[string]string) string {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
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
	d := h.elem.Get("op-digest")
	if d == "" {
		return false
	}
	restart := h.elem.Get("op-restart-digest")
	if restart != "" && p.digest(h, "restart") != restart {
		return true
	}
	return p.digest(h, "all") != d
}

var _ = strconv.Itoa
