package sched

import (
	"slices"
	"strings"

	"mainstay/cib"
)

// holds tells whether a trace is of the same configuration and cluster.
func (t *trace) holds(in Input) bool {
	root := in.CIB
	if t.conf != root.Child("configuration") || !in.Options.plain() || t.quorum != root.Get("have-quorum") ||
		t.panicked != root.Get("no-quorum-panic") || t.dc != root.Get("dc-uuid") || t.tickets != root.Path("status", "tickets") {
		return false
	}
	return true
}

// plain tells whether nothing but the plan is asked for.
func (o Options) plain() bool {
	o.TransitionID = 0
	return o == Options{}
}

// wake finds out which islands must be looked at again; the run is lost if more
// changed than islands.
func (p *planner) wake() {
	t := p.trace
	for i := range t.awake {
		t.awake[i] = false
	}
	for i := range t.turns {
		if t.turns[i].stirred {
			t.awake[t.turns[i].island] = true
		}
	}
	i := 0
	for e := range p.root.Child("status").Named("node_state") {
		if i >= len(t.states) || !p.wakeState(&t.states[i], e) {
			p.lost = true
			return
		}
		i++
	}
	if i != len(t.states) {
		p.lost = true
		return
	}
	p.waking = make(map[string]*wakingRecords, len(t.states))
	for i := range t.states {
		p.waking[t.states[i].elem.ID()] = t.awakeRecords(t.states[i].records)
	}
	p.drift = make([]int, len(p.nodes))
}

// wakeState compares a node_state with the one before; false if that is not
// about islands.
func (p *planner) wakeState(s *stateTrace, e *cib.Elem) bool {
	old := s.elem
	if old == e {
		return true
	}
	if !sameAttrs(old, e) || !p.wakeByAttributes(old.Child("transient_attributes"), e.Child("transient_attributes")) {
		return false
	}
	now := p.recordsOf(e)
	if !p.trace.wakeRecords(s.records, now) {
		return false
	}
	s.elem, s.records = e, now
	return true
}

// sameAttrs compares what two node_states say themselves.
func sameAttrs(a, b *cib.Elem) bool {
	said := func(e *cib.Elem) []cib.Attr {
		return slices.DeleteFunc(slices.Clone(e.Attrs()), func(a cib.Attr) bool { return a.Name == "crm-debug-origin" })
	}
	return slices.Equal(a.Attrs(), b.Attrs()) || slices.Equal(said(a), said(b))
}

// wakeByAttributes wakes the islands that changed transient attributes are about:
// failures and promotion scores name their resource. Others are about the node.
func (p *planner) wakeByAttributes(old, now *cib.Elem) bool {
	if old == now {
		return true
	}
	if old.Child("utilization") != now.Child("utilization") {
		return false
	}
	f := &cib.Facts{Now: p.now}
	was, is := p.evalSets(old, "instance_attributes", f, ""), p.evalSets(now, "instance_attributes", f, "")
	ok := true
	for name, v := range is { //order: each is looked at for itself
		if w, there := was[name]; !there || w != v {
			ok = p.trace.wakeName(attributed(name)) && ok
		}
	}
	for name := range was { //order: each is looked at for itself
		if _, there := is[name]; !there {
			ok = p.trace.wakeName(attributed(name)) && ok
		}
	}
	return ok
}

// attributed is the name of the resource that a node attribute is about, or "".
func attributed(attr string) string {
	for _, prefix := range []string{"fail-count-", "last-failure-"} {
		if rest, ok := strings.CutPrefix(attr, prefix); ok {
			id, _, _ := strings.Cut(rest, "#")
			return id
		}
	}
	rest, _ := strings.CutPrefix(attr, "master-")
	if rest == attr {
		return ""
	}
	return rest
}

// wakeName wakes the island of the resource to which records of a name belong;
// false if there is none.
func (t *trace) wakeName(name string) bool {
	i, ok := t.owner[name]
	if !ok {
		i, ok = t.owner[baseName(name)]
	}
	if ok {
		t.awake[t.turns[i].island] = true
	}
	return ok
}

// wakeRecords compares the records of a node with those before and wakes the
// islands of those that differ; false if there is none for one of them.
func (t *trace) wakeRecords(old, now []*record) bool {
	at := 0
	for _, rec := range now {
		if at < len(old) && old[at] == rec {
			at++
			continue
		}
		if at < len(old) && old[at].id == rec.id {
			if !t.says(rec, old[at]) && !t.wakeName(rec.id) {
				return false
			}
			at++
			continue
		}
		if gone := slices.Index(old[at:min(at+4, len(old))], rec); gone >= 0 {
			for ; gone >= 0; gone-- {
				if old[at] != rec && !t.wakeName(old[at].id) {
					return false
				}
				at++
			}
			continue
		}
		if !t.wakeName(rec.id) {
			return false
		}
	}
	for _, rec := range old[at:] {
		if !t.wakeName(rec.id) {
			return false
		}
	}
	return true
}

// says tells whether a record says what another said of a resource that may sleep,
// and lets it take its place if so: only when it was, and how long it took, differ.
func (t *trace) says(rec, old *record) bool {
	if old.trace != t || !rec.calm.is || rec.calm != old.calm || rec.locked || rec.noAgent || agentsDiffer(rec, old) || len(rec.ops) != len(old.ops) {
		return false
	}
	for i := range rec.ops {
		a, b := &rec.ops[i], &old.ops[i]
		if a.task != b.task || a.interval != b.interval || a.rc != b.rc || a.want != b.want {
			return false
		}
		for _, d := range []string{"op-digest", "op-restart-digest", "op-force-restart", "op-secure-digest", "op-secure-params", "op-status"} {
			v, ok := a.elem.Lookup(d)
			if w, there := b.elem.Lookup(d); v != w || ok != there {
				return false
			}
		}
	}
	rec.trace, rec.turn, rec.made = old.trace, old.turn, old.made
	return true
}

func agentsDiffer(a, b *record) bool {
	return a.class != b.class || a.provider != b.provider || a.agent != b.agent
}

// awakeRecords lists those records that do not sleep.
func (t *trace) awakeRecords(all []*record) *wakingRecords {
	w := &wakingRecords{}
	skip := 0
	for _, rec := range all {
		if rec.trace == t && !t.awake[t.turns[rec.turn].island] {
			skip += rec.made
			continue
		}
		w.list, w.skip = append(w.list, rec), append(w.skip, skip)
		skip = 0
	}
	w.skip = append(w.skip, skip)
	return w
}
