package sched

import (
	"mainstay/cib"
	"mainstay/status"
)

// Planner schedules again and again and keeps, from one call to the next, what
// it unpacked from those parts of the information base that did not change. The
// tree is immutable, so that an element that is the same pointer has the same
// content: what is kept is kept by element (see memo). It is for one caller at a
// time; the zero value is ready. Its results are those of Schedule and Unpack.
type Planner struct {
	memo memo
	kept *trace // of the last plan, if something may sleep in the next
}

// Schedule plans the transition from the present state to the wanted one. What
// the result holds is not changed by later calls, and shared with their results.
func (s *Planner) Schedule(in Input) *Result {
	s.memo.begin(in.CIB.Child("configuration"))
	if !in.Options.plain() {
		return schedule(start(in, &s.memo, nil))
	}
	if s.kept != nil && s.kept.holds(in) {
		p := start(in, &s.memo, s.kept)
		if !p.lost {
			res := schedule(p)
			if s.kept = p.keep(); s.kept != nil {
				return res
			}
		}
	}
	p := start(in, &s.memo, &trace{})
	res := schedule(p)
	s.kept = p.keep()
	return res
}

// Unpack only works out the state of the cluster.
func (s *Planner) Unpack(in Input) *status.Cluster {
	s.memo.begin(in.CIB.Child("configuration"))
	p := start(in, &s.memo, nil)
	c := p.clusterStatus()
	for e := range p.conf.Child("constraints").Named("rsc_location") {
		p.unpackConstraint(e)
	}
	p.banStatus(c)
	return c
}

// memo is what was unpacked in former calls. Nothing in it is ever changed once
// it is there: what a later phase changes (histories being judged, a resource's
// state, the properties of an action) is copied out first. What depends on more
// than one element is kept only while all of these are the same; what depends on
// the time or on node attributes, by a rule, is not kept at all.
type memo struct {
	conf     *cib.Elem            // the configuration of this call
	still    bool                 // it has no rules outside of constraints: time does not change what resources are
	byID     map[string]*cib.Elem // its elements; nil if nobody asked yet
	defaults *cib.Elem            // its op_defaults
	plainOps bool                 // op_defaults hold always

	calls  int
	fresh  map[*cib.Elem]*known // what was used since the last turn
	former map[*cib.Elem]*known // what was used before that
	nodes  map[string]*nodeRecords
}

// known is what follows from one element of the configuration.
type known struct {
	sets     map[setKey]setValue
	template *cib.Elem // with which expanded was made
	expanded *cib.Elem

	model            *rsc // a resource as its element, and those around it, make it
	modelIn, modelUp *cib.Elem

	ops     map[opName]*opUse
	opsIn   *cib.Elem // the op_defaults by which ops were made
	digests map[digestName]string
	plain   *bool // its operations hold always
}

type setKey struct{ name, first string }

type setValue struct {
	plain  bool // the same at any time, on any node
	values map[string]string
}

type opName struct {
	task     string
	interval int64
}

type digestName struct {
	op         opName
	kind, list string
}

// forgetAfter is after how many calls what was not used is forgotten.
const forgetAfter = 200

// begin prepares for a call.
func (m *memo) begin(conf *cib.Elem) {
	m.calls++
	if m.conf != conf || m.fresh == nil {
		m.conf, m.byID = conf, nil
		m.still = isStill(conf)
		m.defaults = conf.Child("op_defaults")
		m.plainOps = plainSets(m.defaults, "meta_attributes")
	} else if m.calls%forgetAfter != 0 {
		return
	}
	m.former, m.fresh = m.fresh, map[*cib.Elem]*known{}
	kept := map[string]*nodeRecords{}
	for id, n := range m.nodes { //order: each is looked at for itself
		if n.used >= m.calls-forgetAfter {
			kept[id] = n
		}
	}
	m.nodes = kept
}

// isStill tells whether a configuration means the same at any time and whatever
// the status says: no rules but in constraints.
func isStill(conf *cib.Elem) bool {
	for _, k := range conf.Kids() {
		if k.Name() != "constraints" && !k.Walk(func(e *cib.Elem) bool { return e.Name() != "rule" }) {
			return false
		}
	}
	return true
}

// of returns what is known of an element.
func (m *memo) of(e *cib.Elem) *known {
	if k := m.fresh[e]; k != nil {
		return k
	}
	k := m.former[e]
	if k == nil {
		k = &known{}
	}
	m.fresh[e] = k
	return k
}

// plainSets tells whether the sets of a name below an element are the same at
// any time and on any node, and stand there themselves.
func plainSets(owner *cib.Elem, name string) bool {
	for set := range owner.Named(name) {
		if set.Get("id-ref") != "" {
			return false
		}
		for _, k := range set.Kids() {
			if k.Name() == "rule" || k.Get("id-ref") != "" {
				return false
			}
		}
	}
	return true
}

// plainOps tells whether what is configured for a resource's operations is the
// same at any time and on any node, and stands in its element.
func (p *planner) plainOps(r *rsc) bool {
	if !p.memo.plainOps || r.ops != r.elem.Child("operations") {
		return false
	}
	k := p.memo.of(r.elem)
	if k.plain == nil {
		plain := true
		for op := range r.ops.Named("op") {
			plain = plain && op.Get("id-ref") == "" && op.Get("interval-origin") == "" &&
				plainSets(op, "meta_attributes") && plainSets(op, "instance_attributes")
		}
		k.plain = &plain
	}
	return *k.plain
}

// isPlain tells whether a primitive's parameters and operations follow from its
// element (and op_defaults) alone.
func (p *planner) isPlain(r *rsc) bool {
	if r.fenceDevice || r.nodeParams || !plainSets(r.elem, "instance_attributes") || !p.plainOps(r) {
		return false
	}
	for up := r.parent; up != nil; up = up.parent {
		if up.kind == bundle || up.elem.Child("instance_attributes") != nil {
			return false
		}
	}
	return true
}

// modelled fills a resource in from what the same element made before, if
// nothing that matters to it changed since.
func (p *planner) modelled(r *rsc, e *cib.Elem) bool {
	if !p.memo.still {
		return false
	}
	k := p.memo.of(e)
	if k.model == nil || k.modelIn != p.conf || k.modelUp != parentElem(r) {
		return false
	}
	idx, id, parent := r.idx, r.id, r.parent
	*r = *k.model
	r.idx, r.id, r.parent = idx, id, parent
	return true
}

// keepModel remembers a resource that has just been read from its element.
func (p *planner) keepModel(r *rsc, e *cib.Elem) {
	if !p.memo.still {
		return
	}
	for up := r; up != nil; up = up.parent {
		if up.kind == bundle {
			return
		}
	}
	k := p.memo.of(e)
	m := *r
	m.parent = nil
	k.model, k.modelIn, k.modelUp = &m, p.conf, parentElem(r)
}

func parentElem(r *rsc) *cib.Elem {
	if r.parent == nil {
		return nil
	}
	return r.parent.elem
}
