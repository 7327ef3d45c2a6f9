package sched

import (
	"strconv"
	"strings"

	"mainstay/cib"
)

// opUse is what is configured for one operation of a resource. Nobody changes it.
type opUse struct {
	elem   *cib.Elem         // nil if there is none of its own
	values map[string]string // all properties with defaults applied; an action carries them, also those that only its agent knows
}

// operation works out what is configured for an operation of a resource on a node.
func (p *planner) operation(r *rsc, n *node, task string, interval int64) *opUse {
	from := r.elem
	switch {
	case r.isCollection() && r.ops == nil && p.memo.plainOps:
		from = p.memo.defaults // there is nothing of its own
	case !r.plain || r.bundleAddr:
		return p.readOperation(r, n, task, interval)
	}
	k, name := p.memo.of(from), opName{task, interval}
	if k.ops == nil || k.opsIn != p.memo.defaults {
		k.ops, k.opsIn, k.digests = map[opName]*opUse{}, p.memo.defaults, map[digestName]string{}
	}
	u := k.ops[name]
	if u == nil {
		u = p.readOperation(r, n, task, interval)
		k.ops[name] = u
	}
	return u
}

func (p *planner) readOperation(r *rsc, n *node, task string, interval int64) *opUse {
	u := &opUse{elem: p.findOp(r, task, interval, true)}
	u.values = p.opConfig(r, n, task, interval, u.elem)
	return u
}

// spanMS reads a duration in milliseconds; 0 if there is none or it is wrong.
func spanMS(s string) int64 {
	if s == "" {
		return 0
	}
	d, err := cib.ParseDuration(s)
	if err != nil || d < 0 {
		return 0
	}
	return d.Milliseconds()
}

// findOp returns the configured operation with a name and interval (ms), if it is enabled.
func (p *planner) findOp(r *rsc, task string, interval int64, disabledToo bool) *cib.Elem {
	for _, want := range []string{task, opAlias(task)} {
		if want == "" {
			continue
		}
		for op := range r.ops.Named("op") {
			if op = p.deref(op); op == nil || op.Get("name") != want || spanMS(op.Get("interval")) != interval {
				continue
			}
			if !disabledToo && !flagOr(op.Get("enabled"), true) {
				continue
			}
			return op
		}
	}
	return nil
}

// opAlias names the operation whose settings serve when a task has none of its own.
func opAlias(task string) string {
	switch task {
	case "migrate_to", "migrate_from":
		return "migrate"
	case "notified":
		return "notify"
	}
	return ""
}

// opConfig works out the properties of an operation: defaults of the cluster,
// the operation's own meta-attributes, then its own attributes.
func (p *planner) opConfig(r *rsc, n *node, task string, interval int64, op *cib.Elem) map[string]string {
	f := &cib.Facts{Now: p.now, IsRsc: true, Class: r.class, Provider: r.provider, Type: r.agent, IsOp: true, Op: task, IntervalMS: interval}
	m := map[string]string{}
	var own map[string]string
	if op != nil {
		own = p.evalSets(op, "meta_attributes", f, "")
		for _, a := range op.Attrs() {
			if a.Name != "id" {
				m[a.Name] = a.Value
			}
		}
		for k, v := range own {
			if _, ok := m[k]; !ok {
				m[k] = v
			}
		}
	}
	if v := strings.ToLower(m["on-fail"]); task == "stop" && (v == "standby" || v == "demote" || v == "stop") {
		delete(m, "on-fail") // a failed stop cannot end so
	}
	if task == "monitor" && interval == 0 && m["timeout"] == "" {
		if v := p.probeTimeout(r); v != "" {
			m["timeout"] = v
		}
	}
	p.mergeSets(m, p.conf.Child("op_defaults"), "meta_attributes", f, "")
	if interval > 0 {
		m["interval"] = strconv.FormatInt(interval, 10)
	} else {
		delete(m, "interval")
	}
	p.opTimeout(r, n, m, task)
	p.opStartDelay(m, op, interval)
	return m
}

// probeTimeout is the timeout of the recurring monitor with the shortest interval.
func (p *planner) probeTimeout(r *rsc) string {
	var best int64 = -1
	timeout := ""
	for op := range r.ops.Named("op") {
		if op = p.deref(op); op == nil || op.Get("name") != "monitor" {
			continue
		}
		if iv := spanMS(op.Get("interval")); iv > 0 && (best < 0 || iv < best) {
			f := &cib.Facts{Now: p.now}
			t := op.Get("timeout")
			if t == "" {
				t = p.evalSets(op, "meta_attributes", f, "")["timeout"]
			}
			best, timeout = iv, t
		}
	}
	return timeout
}

// opTimeout settles the timeout in milliseconds; 20 s if nothing is configured.
func (p *planner) opTimeout(r *rsc, n *node, m map[string]string, task string) {
	v := m["timeout"]
	if r.fenceDevice && (task == "monitor" || task == "start") {
		if t := p.paramsOn(r, n)["pcmk_monitor_timeout"]; t != "" {
			v = t
		}
	}
	ms := spanMS(v)
	if ms <= 0 {
		ms = 20000
	}
	m["timeout"] = strconv.FormatInt(ms, 10)
}

// opStartDelay settles start-delay, which interval-origin may give.
func (p *planner) opStartDelay(m map[string]string, op *cib.Elem, interval int64) {
	if v, ok := m["start-delay"]; ok {
		m["start-delay"] = strconv.FormatInt(spanMS(v), 10)
		return
	}
	origin, ok := m["interval-origin"]
	if !ok || interval <= 0 {
		return
	}
	t, err := cib.ParseTime(origin, p.now.Location())
	if err != nil {
		return
	}
	step := interval
	d := (p.now.UnixMilli()/1000*1000 - t.UnixMilli()) % step
	if d < 0 {
		d += step
	}
	delay := (step - d) % step
	m["start-delay"] = strconv.FormatInt(delay, 10)
}
