package lrm

import (
	"slices"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
)

// tick moves the jobs whose time has come into their queues.
func (m *Machine) tick(now time.Duration, wall int64) {
	m.study(now)
	for len(m.timers) > 0 && m.timers[0].due <= now {
		j := m.timers[0]
		m.timers.remove(j)
		j.asked = now
		m.enqueue(j)
		m.pump(now, j.rsc, wall)
	}
}

func (m *Machine) enqueue(j *job) {
	j.state = queued
	j.rsc.queue = append(j.rsc.queue, j)
	if j.Interval == 0 {
		m.backlg = append(m.backlg, j)
	}
}

// pump starts the next job of a resource if it may run now: one at a time per
// resource, and one-off jobs within the node's limit. Recurring jobs are not
// limited: a service that is not watched is worse than a busy node.
func (m *Machine) pump(now time.Duration, r *resource, wall int64) {
	if r.busy != nil || len(r.queue) == 0 {
		return
	}
	j := r.queue[0]
	if j.Interval == 0 {
		if m.active >= m.cfg.Parallel {
			return
		}
		m.active++
		m.backlg = slices.DeleteFunc(m.backlg, func(q *job) bool { return q == j })
	}
	r.queue = r.queue[1:]
	if res, ok := atOnce(j); ok {
		j.began, j.rsc.busy = now, j
		if j.Interval == 0 {
			m.active--
		}
		m.finish(now, j, Done{Result: res, Wall: wall})
		return
	}
	m.run(now, j, wall)
}

// atOnce is the result of an operation for which nothing need be run: a fence
// device is a registration only, so stopping it does nothing, and a probe asks
// whether it was started here.
func atOnce(j *job) (agent.Result, bool) {
	if j.Agent.Class != "stonith" || j.Interval > 0 {
		return agent.Result{}, false
	}
	switch j.Op {
	case "stop":
		j.rsc.registered = false
		return agent.Result{}, true
	case "monitor":
		if !j.rsc.registered {
			return agent.Result{RC: agent.NotRunning}, true
		}
	}
	return agent.Result{}, false
}

// drain fills the free places of the node with the longest waiting jobs.
func (m *Machine) drain(now time.Duration, wall int64) {
	for i := 0; i < len(m.backlg) && m.active < m.cfg.Parallel; {
		before := len(m.backlg)
		m.pump(now, m.backlg[i].rsc, wall)
		if len(m.backlg) == before {
			i++
		}
	}
}

func (m *Machine) run(now time.Duration, j *job, wall int64) {
	m.tag++
	j.state, j.began, j.tag = running, now, m.tag
	j.rsc.busy = j
	m.jobs[j.tag] = j
	if j.owed {
		m.pending(j, wall)
	}
	m.emit(Run{Tag: j.tag, Call: m.callOf(j)})
}

func (m *Machine) callOf(j *job) agent.Call {
	op := j.Op
	if f := m.facts[j.Agent]; isReload(op) && f != nil && f.meta.ReloadOp() != "" {
		op = f.meta.ReloadOp()
	}
	return agent.Call{Name: j.Agent, Rsc: j.Rsc, Op: op, Interval: j.Interval, Timeout: j.Timeout, Params: j.rsc.with(j)}
}

// with are the parameters of a job. A stop takes the resource's own from what has it
// running here: those that are configured by now may name another address or file,
// and what is there would stay. What the cluster says of the operation is of today.
func (r *resource) with(j *job) []cib.Attr {
	switch {
	case j.Op == "start", j.Op == "migrate_from", j.Op == "monitor" && j.Interval == 0, isReload(j.Op):
		r.running = &j.Order
	case j.Op == "stop" && r.running != nil && r.running.Agent == j.Agent:
		list := slices.DeleteFunc(slices.Clone(j.Params), func(p cib.Attr) bool { return !ofCluster(p.Name) })
		for _, p := range r.running.Params {
			if !ofCluster(p.Name) {
				list = append(list, p)
			}
		}
		slices.SortFunc(list, func(a, b cib.Attr) int { return strings.Compare(a.Name, b.Name) })
		return list
	}
	return j.Params
}

// ofCluster tells the parameters that are not the resource's own.
func ofCluster(name string) bool {
	return strings.HasPrefix(name, "CRM_meta_") || name == "crm_feature_set" || name == "op_target_rc" || name == "id"
}

func isReload(op string) bool { return op == "reload" || op == "reload-agent" }

// done takes the end of a run: of a job, or of a metadata call.
func (m *Machine) done(now time.Duration, d Done) {
	if f := m.probes[d.Tag]; f != nil {
		delete(m.probes, d.Tag)
		m.learned(now, f, d)
		return
	}
	j := m.jobs[d.Tag]
	if j == nil {
		return
	}
	delete(m.jobs, d.Tag)
	if j.Interval == 0 {
		m.active--
		defer m.drain(now, d.Wall)
	}
	if f := m.facts[j.Agent]; f != nil && !f.known && !j.dropped && needsFacts(j, d.Result) {
		m.fetch(f)
		j.state = holding
		f.held = append(f.held, heldResult{j, d})
		return
	}
	m.finish(now, j, d)
}

// finish records a result, sets the clock of a recurring job and goes on with the queue.
func (m *Machine) finish(now time.Duration, j *job, d Done) {
	r := j.rsc
	r.busy = nil
	switch {
	case j.dropped:
		j.state = over
	case j.Interval > 0:
		if j.owed || !j.seen || j.rc != d.Result.RC || j.status != d.Result.Status {
			m.result(j, d)
		}
		j.state, j.due = waiting, now+j.Interval
		m.timers.push(j)
	case j.Op == "notify":
		j.state = over
		m.emit(Answer{Key: j.Key, Rsc: j.Rsc, Op: j.Op, Status: d.Result.Status, RC: d.Result.RC})
	default:
		j.state = over
		if j.Op == "start" {
			r.registered = d.Result.Status == agent.Done && d.Result.RC == agent.OK
		}
		m.result(j, d)
	}
	m.pump(now, r, d.Wall)
	m.tidy(r)
}

// heap is a binary heap of jobs by due time, ties by call-id; jobs know their place.
type heap []*job

func (h heap) less(a, b int) bool {
	if h[a].due != h[b].due {
		return h[a].due < h[b].due
	}
	return h[a].call < h[b].call
}

func (h heap) swap(a, b int) {
	h[a], h[b] = h[b], h[a]
	h[a].place, h[b].place = a, b
}

func (h *heap) push(j *job) {
	j.place = len(*h)
	*h = append(*h, j)
	h.up(j.place)
}

// remove takes a job out, wherever it stands.
func (h *heap) remove(j *job) {
	i, last := j.place, len(*h)-1
	h.swap(i, last)
	(*h)[last] = nil
	*h = (*h)[:last]
	j.place = -1
	if i < last {
		h.down(i)
		h.up(i)
	}
}

func (h heap) up(i int) {
	for i > 0 && h.less(i, (i-1)/2) {
		h.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (h heap) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(h) {
			return
		}
		if c+1 < len(h) && h.less(c+1, c) {
			c++
		}
		if !h.less(c, i) {
			return
		}
		h.swap(i, c)
		i = c
	}
}
