package sched

import (
	"strings"

	"mainstay/cib"
)

// record is what one node remembers of one resource: an lrm_resource, unpacked.
// What it says does not change; phases judge copies of its operations.
type record struct {
	elem                       *cib.Elem
	id, class, provider, agent string
	ops                        []history // in the order in which they happened
	start, stop                int       // the last of each among them, as activeSpan finds it
	recurring                  []opName  // under way since the last start
	locked                     bool      // it has a shutdown lock
	noAgent                    bool      // among them is a probe that found no agent to ask
	calm                       calm

	trace *trace // in which it was judged last,
	turn  int    // for the resource that has this turn there,
	made  int    // which gave rise to so many actions

	agreesWith, agreesIn *cib.Elem // the resource with whose parameters, and the op_defaults by which, it was run
}

// nodeRecords are the records of one node, in the order of the document.
type nodeRecords struct {
	elem *cib.Elem // the lrm_resources that they were read from
	list []*record
	used int // the call in which somebody asked last
}

// recordsOf returns the records in a node_state. Those whose element is the same
// as in the call before are not read again; those that sleep are left out.
func (p *planner) recordsOf(state *cib.Elem) []*record {
	if p.waking != nil {
		if w := p.waking[state.ID()]; w != nil {
			return w.list
		}
		return nil
	}
	e := state.Path("lrm", "lrm_resources")
	if e == nil {
		return nil
	}
	m := p.memo
	if m.nodes == nil {
		m.nodes = map[string]*nodeRecords{}
	}
	old := m.nodes[state.ID()]
	if old == nil || old.elem != e {
		n := &nodeRecords{elem: e}
		if old == nil {
			n.list = readRecords(e, nil)
		} else {
			n.list = readRecords(e, old.list)
		}
		m.nodes[state.ID()], old = n, n
	}
	old.used = m.calls
	return old.list
}

// readRecords unpacks an lrm_resources, by the help of what was unpacked before:
// most of it is in the same order as then.
func readRecords(e *cib.Elem, old []*record) []*record {
	list := make([]*record, 0, len(e.Kids()))
	at := 0 // in old
	for _, k := range e.Kids() {
		if k.Name() != "lrm_resource" {
			continue
		}
		found := -1
		for i := at; i < len(old) && i < at+4; i++ {
			if old[i].elem == k {
				found = i
				break
			}
		}
		switch {
		case found >= 0:
			list = append(list, old[found])
			at = found + 1
		default:
			list = append(list, readRecord(k))
			if at < len(old) && old[at].id == k.ID() {
				at++ // in its place
			}
		}
	}
	return list
}

func readRecord(e *cib.Elem) *record {
	rec := &record{elem: e, id: e.ID(), class: e.Get("class"), provider: e.Get("provider"), agent: e.Get("type")}
	_, rec.locked = e.Lookup("shutdown-lock")
	read := make([]history, 0, len(e.Kids()))
	for op := range e.Named("lrm_rsc_op") {
		read = append(read, history{})
		read[len(read)-1].read(op)
		rec.noAgent = rec.noAgent || noAgentProbe(op)
	}
	var room [4]*history // for most: their list needs no memory of its own
	ops := room[:0]
	for i := range read {
		ops = append(ops, &read[i])
	}
	rec.ops = read
	if len(ops) > 1 {
		sortHistory(ops)
		rec.ops = make([]history, len(ops))
		for i, h := range ops {
			rec.ops[i] = *h
		}
	}
	rec.start, rec.stop = activeSpan(ops)
	rec.recurring = recurringOf(ops, rec.start, rec.stop)
	rec.calm = calmOf(rec.ops)
	return rec
}

// calm is what a record comes to in which nothing failed, is under way or moved:
// what it says of the resource then depends on nothing else.
type calm struct {
	is     bool
	clears bool // what was planned because of a failure is void
	// role is the resource's by this record, promotable the same if it is in a
	// promotable clone; roleUnknown if the record does not tell.
	role, promotable role
}

// calmOf judges a record without knowing the resource; calm.is is false if it
// takes more.
func calmOf(ops []history) calm {
	c := calm{is: true, role: roleUnknown, promotable: roleUnknown}
	for i := range ops {
		h := &ops[i]
		probe := h.task == "monitor" && h.interval == 0
		switch {
		case h.task == "" || h.task == "notify" || h.task == "meta-data":
			continue
		case h.status != execDone || h.want < 0 || strings.HasSuffix(h.id, "_last_failure_0"):
			return calm{}
		case h.rc == 0 && probe && h.want == 7: // found active, which is no failure
		case h.rc != h.want:
			return calm{}
		}
		switch {
		case h.rc == 7 && (h.task == "monitor" || h.task == "stop"):
			c.role, c.promotable, c.clears = roleStopped, roleStopped, true
		case h.rc == 8 && h.task == "monitor":
			c.role, c.promotable = rolePromoted, rolePromoted
		case h.rc != 0:
			return calm{}
		}
		if h.rc != 0 {
			continue
		}
		switch h.task {
		case "monitor":
			if c.role < roleStarted {
				c.role = roleStarted
			}
			if c.promotable < roleStarted {
				c.promotable = roleUnpromoted
			}
		case "start":
			c.role, c.promotable, c.clears = roleStarted, roleStarted, true
		case "stop":
			c.role, c.promotable, c.clears = roleStopped, roleStopped, true
		case "promote":
			c.role, c.promotable, c.clears = rolePromoted, rolePromoted, true
		case "demote":
			c.role, c.promotable = roleUnpromoted, roleUnpromoted
		default:
			return calm{}
		}
	}
	return c
}

// judgeCalm judges a calm record for a resource on a node; false if it takes more
// because of what else is known of the resource.
func (p *planner) judgeCalm(rec *record, r *rsc, n *node) bool {
	if !rec.calm.is || r.pendingTask != "" || r.failTimeout > 0 && len(n.failuresOf(r.name)) > 0 {
		return false
	}
	r.role = rec.calm.role
	if r.uber(false).promotable {
		r.role = rec.calm.promotable
	}
	if rec.calm.clears {
		r.nextRole = roleUnknown
	}
	return true
}

// judged copies a record's operations, to be judged for a resource on a node.
// The list is used again by the next call; what it points to is not.
func (p *planner) judged(rec *record, r *rsc, n *node) []*history {
	l := p.judging[:0]
	for i := range rec.ops {
		if len(p.histories) == cap(p.histories) {
			p.histories = make([]history, 0, 256)
		}
		p.histories = append(p.histories, rec.ops[i])
		h := &p.histories[len(p.histories)-1]
		h.r, h.n = r, n
		l = append(l, h)
	}
	p.judging = l
	return l
}
