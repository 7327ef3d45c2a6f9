package lrm

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
)

// record is one lrm_rsc_op of the history.
type record struct {
	id       string
	op       string
	interval time.Duration
	elem     *cib.Elem
	before   *cib.Elem // of an operation under way: what was known before it, nil if nothing
}

// History is the node's <lrm> element.
func (m *Machine) History() *cib.Elem {
	var rscs []*cib.Elem
	for _, id := range m.ids() {
		r := m.rscs[id]
		if len(r.history) == 0 {
			continue
		}
		ops := make([]*cib.Elem, len(r.history))
		for i, h := range r.history {
			ops[i] = h.told()
		}
		rscs = append(rscs, r.elem().WithKids(ops))
	}
	return cib.New("lrm", cib.Attr{Name: "id", Value: m.cfg.NodeID}).
		Append(cib.New("lrm_resources").WithKids(rscs))
}

// underWay tells whether the record only says that its operation has begun.
func (h record) underWay() bool { return h.elem.Get("op-status") == "-1" }

// told is what a history says of a record to who was not there. An operation that
// is under way hides what was before it; of a stop that would be all that tells
// that the resource is active, and a coordinator that does not wait for it would
// take the node for empty.
func (h record) told() *cib.Elem {
	if h.before != nil && (h.op == "stop" || h.op == "demote" || h.op == "monitor") {
		return h.before
	}
	return h.elem
}

// find looks for a record by its id.
func (r *resource) find(id string) (int, bool) {
	return slices.BinarySearchFunc(r.history, id, func(h record, id string) int { return strings.Compare(h.id, id) })
}

// elem is the <lrm_resource> without its operations.
func (r *resource) elem() *cib.Elem {
	attrs := []cib.Attr{{Name: "id", Value: r.id}, {Name: "class", Value: r.agent.Class}}
	if r.agent.Provider != "" {
		attrs = append(attrs, cib.Attr{Name: "provider", Value: r.agent.Provider})
	}
	attrs = append(attrs, cib.Attr{Name: "type", Value: r.agent.Type})
	if r.container != "" {
		attrs = append(attrs, cib.Attr{Name: "container", Value: r.container})
	}
	return cib.New("lrm_resource", attrs...)
}

// put stores a record and tells the cluster.
func (m *Machine) put(r *resource, h record, out Record) {
	i, found := r.find(h.id)
	if found {
		r.history[i] = h
	} else {
		r.history = slices.Insert(r.history, i, h)
	}
	out.Rsc, out.Resource, out.Elem = r.id, r.elem(), h.elem
	m.emit(out)
}

func (m *Machine) erase(r *resource, gone func(record) bool) {
	var ids []string
	r.history = slices.DeleteFunc(r.history, func(h record) bool {
		if gone(h) {
			ids = append(ids, h.id)
			return true
		}
		return false
	})
	if len(ids) > 0 {
		m.emit(Erase{Rsc: r.id, Ops: ids})
	}
}

// opKey is an operation_key: "vip_monitor_10000".
func opKey(rsc, op string, interval time.Duration) string {
	return rsc + "_" + op + "_" + strconv.FormatInt(interval.Milliseconds(), 10)
}

// recordID is the id under which an operation is kept: recurring ones and
// migrations have their own, all others share one.
func recordID(rsc, op string, interval time.Duration) string {
	if interval > 0 || op == "migrate_to" || op == "migrate_from" {
		return opKey(rsc, op, interval)
	}
	return rsc + "_last_0"
}

// pending records that an ordered operation has begun.
func (m *Machine) pending(j *job, wall int64) {
	if j.Op == "notify" {
		return
	}
	d := Done{Wall: wall, Result: agent.Result{Status: agent.Pending, RC: agent.Unknown}}
	h := record{id: recordID(j.Rsc, j.Op, j.Interval), op: j.Op, interval: j.Interval}
	h.elem = m.opElem(j, h, d, -1, 0)
	if i, found := j.rsc.find(h.id); found {
		h.before = j.rsc.history[i].elem
		if h.before.Get("op-status") == "-1" { // the same operation, ordered once more
			h.before = j.rsc.history[i].before
		}
	}
	m.put(j.rsc, h, Record{Key: j.Key, Pending: true})
}

// result records the end of an operation, twice if it failed: the second
// record, of the last failure, stays until it is cleaned up.
func (m *Machine) result(j *job, d Done) {
	r := d.Result
	j.owed, j.seen, j.rc, j.status = false, true, r.RC, r.Status
	probe := j.Op == "monitor" && j.Interval == 0
	failed := agent.Judge(j.Op, probe, r.Status, r.RC, targetRC(j.Key)) != agent.None
	op := j.Op
	if isReload(op) {
		// a reload took up the parameters as a start would; one that failed
		// says no more than a failed monitor: the service is there, but wrong
		op = "start"
		if failed {
			op = "monitor"
		}
	}
	h := record{id: recordID(j.Rsc, op, j.Interval), op: op, interval: j.Interval}
	h.elem = m.opElem(j, h, d, j.call, j.began-j.asked)
	m.put(j.rsc, h, Record{Key: j.Key, Failed: failed})
	if failed {
		h.id = j.Rsc + "_last_failure_0"
		h.elem = h.elem.With("id", h.id)
		m.put(j.rsc, h, Record{Key: j.Key, Failed: true})
	}
	if op == "stop" && !failed {
		m.migrated(j)
	}
}

// migrated forgets migrations that went well, once the resource is stopped here: they
// are over. A record of one would have the next plan start the resource anew if the
// other node knows its part only from a probe, as after its daemon was killed. A stop
// of another transition than the one that sent the resource away ends nothing: it was
// planned when nobody knew that the resource would arrive elsewhere, where it runs now.
func (m *Machine) migrated(j *job) {
	to, from := opKey(j.rsc.id, "migrate_to", 0), opKey(j.rsc.id, "migrate_from", 0)
	m.erase(j.rsc, func(h record) bool {
		over := h.id == from || h.id == to && transition(h.elem.Get("transition-key")) == transition(j.Key)
		return over && h.elem.Get("op-status") == "0" && h.elem.Get("rc-code") == "0"
	})
}

// transition is what is the same in all keys "ACTION:TRANSITION:TARGETRC:UUID" of one.
func transition(key string) [2]string {
	w := strings.SplitN(key, ":", 4)
	if len(w) < 4 {
		return [2]string{key, ""}
	}
	return [2]string{w[1], w[3]}
}

// targetRC reads the expected code out of a transition key; 0 if it has none.
func targetRC(key string) agent.Code {
	w := strings.SplitN(key, ":", 4)
	if len(w) < 4 {
		return agent.OK
	}
	n, err := strconv.Atoi(w[2])
	if err != nil {
		return agent.OK
	}
	return agent.Code(n)
}

// opElem writes an <lrm_rsc_op> with the attributes of feature set 3.20.
func (m *Machine) opElem(j *job, h record, d Done, call int, queued time.Duration) *cib.Elem {
	rc, status := strconv.Itoa(int(d.Result.RC)), strconv.Itoa(int(d.Result.Status))
	attrs := []cib.Attr{
		{Name: "id", Value: h.id},
		{Name: "operation_key", Value: opKey(j.Rsc, h.op, h.interval)},
		{Name: "operation", Value: h.op},
		{Name: "crm-debug-origin", Value: "lrm"},
		{Name: "crm_feature_set", Value: m.cfg.FeatureSet},
		{Name: "transition-key", Value: j.Key},
		{Name: "transition-magic", Value: status + ":" + rc + ";" + j.Key},
		{Name: "exit-reason", Value: d.Result.Reason},
		{Name: "on_node", Value: m.cfg.NodeName},
		{Name: "call-id", Value: strconv.Itoa(call)},
		{Name: "rc-code", Value: rc},
		{Name: "op-status", Value: status},
		{Name: "interval", Value: strconv.FormatInt(h.interval.Milliseconds(), 10)},
		{Name: "last-rc-change", Value: strconv.FormatInt(d.Wall, 10)},
		{Name: "exec-time", Value: strconv.FormatInt(d.Result.Took.Milliseconds(), 10)},
		{Name: "queue-time", Value: strconv.FormatInt(queued.Milliseconds(), 10)},
	}
	if h.op == "migrate_to" || h.op == "migrate_from" {
		attrs = append(attrs,
			cib.Attr{Name: "migrate_source", Value: param(j.Params, "CRM_meta_migrate_source")},
			cib.Attr{Name: "migrate_target", Value: param(j.Params, "CRM_meta_migrate_target")})
	}
	return cib.New("lrm_rsc_op", append(attrs, m.digests(j, h)...)...)
}

func param(params []cib.Attr, name string) string {
	return agent.Call{Params: params}.Param(name)
}

// digests makes the op-digest family: of all parameters, of those whose change
// needs a restart, and of those that are not secret.
func (m *Machine) digests(j *job, h record) []cib.Attr {
	params := digested(j.Params, h.interval > 0)
	attrs := []cib.Attr{{Name: "op-digest", Value: digest(params, func(string) bool { return true })}}
	f := m.facts[j.Agent]
	if f == nil {
		return attrs
	}
	if names, ok := f.meta.RestartParams(); ok && h.interval == 0 {
		attrs = append(attrs,
			cib.Attr{Name: "op-force-restart", Value: nameList(names)},
			cib.Attr{Name: "op-restart-digest", Value: digest(params, func(n string) bool { return slices.Contains(names, n) })})
	}
	if names := f.secrets(j); len(names) > 0 {
		fencing := j.Agent.Class == "stonith"
		attrs = append(attrs,
			cib.Attr{Name: "op-secure-params", Value: nameList(names)},
			cib.Attr{Name: "op-secure-digest", Value: digest(params, func(n string) bool {
				return !slices.Contains(names, n) && !(fencing && strings.HasPrefix(n, "pcmk_"))
			})})
	}
	return attrs
}

// nameList writes names between two spaces on each side, as they are searched for " name ".
func nameList(names []string) string { return "  " + strings.Join(names, " ") + "  " }

// digested selects and sorts the parameters that a digest covers: the
// resource's own, and the timeout of a recurring operation.
func digested(params []cib.Attr, recurring bool) []cib.Attr {
	var list []cib.Attr
	for _, p := range params {
		switch {
		case p.Name == "CRM_meta_timeout" && recurring:
		case ofCluster(p.Name):
			continue
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b cib.Attr) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// digest is the MD5 of the chosen parameters in the byte format that every
// recorded history since 2007 has: one XML element between a space and a newline.
func digest(params []cib.Attr, keep func(name string) bool) string {
	var kept []cib.Attr
	for _, p := range params {
		if keep(p.Name) {
			kept = append(kept, p)
		}
	}
	text := cib.New("parameters", kept...).AppendXML([]byte{' '}, false)
	sum := md5.Sum(append(text, '\n'))
	return hex.EncodeToString(sum[:])
}

// fail records a failure that an operator reported.
func (m *Machine) fail(in Fail) {
	r := m.rscs[in.Rsc]
	if r == nil {
		return
	}
	m.call++
	j := &job{Order: Order{Rsc: in.Rsc, Agent: r.agent, Op: "asyncmon", Key: "0:0:0:" + operatorUUID}, rsc: r, call: m.call}
	h := record{id: in.Rsc + "_last_failure_0", op: j.Op}
	d := Done{Wall: in.Wall, Result: agent.Result{Status: agent.Done, RC: agent.GenericError, Reason: in.Reason}}
	h.elem = m.opElem(j, h, d, j.call, 0)
	m.put(r, h, Record{Key: j.Key, Failed: true})
}

// operatorUUID stands in the transition keys of results that no transition asked for.
const operatorUUID = "00000000-0000-0000-0000-000000000000"

// inherit fills the history from an <lrm> element; call-ids go on from there.
func (m *Machine) inherit(lrm *cib.Elem) {
	for lr := range lrm.Child("lrm_resources").Named("lrm_resource") {
		r := m.resource(Order{
			Rsc:       lr.ID(),
			Agent:     agent.Name{Class: lr.Get("class"), Provider: lr.Get("provider"), Type: lr.Get("type")},
			Container: lr.Get("container"),
		})
		for op := range lr.Named("lrm_rsc_op") {
			ms, _ := strconv.ParseInt(op.Get("interval"), 10, 64)
			h := record{id: op.ID(), op: op.Get("operation"), interval: time.Duration(ms) * time.Millisecond, elem: op}
			r.history = append(slices.DeleteFunc(r.history, func(o record) bool { return o.id == h.id }), h)
			if call, err := strconv.Atoi(op.Get("call-id")); err == nil {
				m.call = max(m.call, call)
			}
		}
		slices.SortFunc(r.history, func(a, b record) int { return strings.Compare(a.id, b.id) })
	}
}
