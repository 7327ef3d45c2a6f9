package sched

import (
	"strings"

	"mainstay/cib"
)

// orderKind says what an ordering means for its two actions; kinds combine.
type orderKind uint32

const (
	ordOptional             orderKind = 1 << iota // if both happen, in this order
	ordImpliesThen                                // first required → then required
	ordImpliesFirst                               // then required → first required
	ordPromotedImpliesFirst                       // the same, while the resource is promoted
	ordUnrunnable                                 // first impossible → then impossible
	ordAsymmetric                                 // then cannot begin unless first happens or has happened
	ordSerialize                                  // not at the same time
	ordMinRunnable                                // then needs some of several
	ordRestart                                    // stop then start of the same: both or neither
	ordSameNode                                   // only if both are on one node
	ordShowThen                                   // first required → then is shown in the graph
	ordShowFirst                                  // then required → first is shown in the graph
	ordThenCancels                                // then required → first is not needed
	ordUnmigratableBlocks                         // then impossible → first impossible
	ordSameNodeImplies                            // first required → then required on first's node
	ordIfMigrating                                // only if first is not part of a live migration
	ordLoad                                       // first frees capacity that then needs on the same node
	ordNestedProbe                                // probes inside of a guest
	ordFirstElse                                  // first impossible → then needs nothing done
	ordGuest                                      // made by the cluster for guest nodes
	ordIfRequiredSameNode                         // only if first is required, on one node
)

// order is one ordering of two actions, which are named by resource and task
// until they are known.
type order struct {
	firstR, thenR       *rsc
	firstTask, thenTask string
	first, then         *action
	kind                orderKind
	unit                int32 // where it comes from, see trace
}

// ordersAtOnce is how many orderings are made room for at once.
const ordersAtOnce = 256

// orderTasks orders a task of one resource before a task of another.
func (p *planner) orderTasks(first *rsc, firstTask string, then *rsc, thenTask string, kind orderKind) {
	p.addOrder(order{firstR: first, firstTask: firstTask, thenR: then, thenTask: thenTask, kind: kind})
}

func (p *planner) addOrder(o order) {
	if o.unit = p.unit; o.unit < p.lastUnit {
		p.untraceable()
	}
	p.lastUnit = o.unit
	last := len(p.orders) - 1
	if last < 0 || len(p.orders[last]) == cap(p.orders[last]) {
		p.orders = append(p.orders, make([]order, 0, ordersAtOnce))
		last++
	}
	p.orders[last] = append(p.orders[last], o)
	p.migrationOrder(&o)
}

type symmetry int

const (
	asymmetric symmetry = iota
	symmetric
	inverse
)

// kindFlags turns kind and symmetry into what they mean.
func kindFlags(kind, firstTask string, sym symmetry) orderKind {
	switch kind {
	case "Optional":
		return ordOptional
	case "Serialize":
		return ordSerialize
	}
	f := ordOptional
	switch sym {
	case asymmetric:
		f |= ordAsymmetric
	case symmetric:
		f |= ordImpliesThen
		if firstTask == "start" || firstTask == "promote" {
			f |= ordUnrunnable
		}
	case inverse:
		f |= ordImpliesFirst
	}
	return f
}

// invertTask is the task that undoes another.
func invertTask(t string) string {
	switch t {
	case "start":
		return "stop"
	case "stop":
		return "start"
	case "promote":
		return "demote"
	case "demote":
		return "promote"
	case "promoted":
		return "demoted"
	case "demoted":
		return "promoted"
	case "running":
		return "stopped"
	case "stopped":
		return "running"
	}
	return ""
}

func (p *planner) orderKindOf(e *cib.Elem) string {
	switch strings.ToLower(e.Get("kind")) {
	case "optional":
		return "Optional"
	case "serialize":
		return "Serialize"
	case "mandatory":
		return "Mandatory"
	case "":
		if v, ok := e.Lookup("score"); ok {
			if n, _ := cib.ParseScore(v); n == 0 {
				return "Optional"
			}
		}
		return "Mandatory"
	}
	p.warn(e.ID(), "order kind "+e.Get("kind")+" is unknown; Mandatory is used", "use Mandatory, Optional or Serialize")
	return "Mandatory"
}

func symmetryOf(e *cib.Elem, kind string, parent symmetry) symmetry {
	v, ok := e.Lookup("symmetrical")
	if !ok {
		if kind == "Serialize" {
			return asymmetric
		}
		return parent
	}
	if truthy(v) && kind != "Serialize" {
		return symmetric
	}
	return asymmetric
}

func (p *planner) unpackOrder(e *cib.Elem) {
	if sets := p.readSets(e); sets != nil {
		p.orderSets(e, sets)
		return
	}
	kind := p.orderKindOf(e)
	sym := symmetryOf(e, kind, symmetric)
	first, then := e.Get("first-action"), e.Get("then-action")
	if first == "" {
		first = "start"
	}
	if then == "" {
		then = first
	}
	for _, f := range p.refs(e.ID(), e.Get("first")) {
		for _, t := range p.refs(e.ID(), e.Get("then")) {
			p.simpleOrder(e, f, first, t, then, kind, sym)
		}
	}
}

// simpleOrder adds one ordering and, if it is symmetric, its inverse.
func (p *planner) simpleOrder(e *cib.Elem, f *rsc, firstTask string, t *rsc, thenTask, kind string, sym symmetry) {
	if f == t && firstTask == thenTask {
		p.warn(e.ID(), f.id+" cannot "+firstTask+" after itself: that is ignored", "name another resource or remove the constraint")
		return
	}
	flags := kindFlags(kind, firstTask, sym)
	if n := p.minFirst(e, f); n > 0 {
		p.orderMin(e.ID(), f, firstTask, t, thenTask, flags, n)
	} else {
		p.orderTasks(f, firstTask, t, thenTask, flags)
	}
	if sym != symmetric {
		return
	}
	fi, ti := invertTask(firstTask), invertTask(thenTask)
	if fi == "" || ti == "" {
		p.warn(e.ID(), "order cannot be inverted", "set symmetrical=false")
		return
	}
	p.orderTasks(t, ti, f, fi, kindFlags(kind, firstTask, inverse))
}

// minFirst is how many instances of a clone must be up before what follows it:
// clone-min, or one with require-all=false; 0 means all.
func (p *planner) minFirst(e *cib.Elem, f *rsc) int {
	if f.kind != clone && f.kind != bundle {
		return 0
	}
	if v, ok := f.meta["clone-min"]; ok {
		return countOr(v, 0)
	}
	if v, ok := e.Lookup("require-all"); ok && !flagOr(v, true) {
		return 1
	}
	return 0
}

// orderMin orders through a milestone that enough instances reach.
func (p *planner) orderMin(id string, f *rsc, firstTask string, t *rsc, thenTask string, flags orderKind, n int) {
	met := p.bare("clone-one-or-more:" + id)
	met.minBefore, met.needAny = int32(n), true
	for _, k := range f.kids {
		p.addOrder(order{firstR: k, firstTask: firstTask, then: met, kind: ordMinRunnable | ordShowThen})
	}
	p.addOrder(order{first: met, thenR: t, thenTask: thenTask, kind: flags | ordUnrunnable})
}

func (p *planner) orderSets(e *cib.Elem, sets []*rscSet) {
	kind := p.orderKindOf(e)
	sym := symmetryOf(e, kind, symmetric)
	var last *rscSet
	for _, s := range sets {
		p.orderWithin(e, s, kind, sym)
		if last != nil {
			p.orderBetween(e, last, s, kind, sym)
			if sym == symmetric {
				p.orderBetween(e, s, last, kind, inverse)
			}
		}
		last = s
	}
}

// orderWithin orders the members of a set one after the other.
func (p *planner) orderWithin(e *cib.Elem, s *rscSet, kind string, parent symmetry) {
	if v, ok := s.elem.Lookup("kind"); ok && v != "" {
		kind = p.orderKindOf(s.elem)
	}
	sym := symmetryOf(s.elem, kind, parent)
	task := s.action
	if task == "" {
		task = "start"
	}
	flags := kindFlags(kind, task, sym)
	for i, r := range s.members {
		if kind == "Serialize" {
			for _, later := range s.members[i+1:] {
				p.orderTasks(r, task, later, task, flags)
			}
		} else if s.sequential && i > 0 {
			p.orderTasks(s.members[i-1], task, r, task, flags)
		}
	}
	if sym != symmetric || !s.sequential || kind == "Serialize" {
		return
	}
	inv := invertTask(task)
	flags = kindFlags(kind, task, inverse)
	for i := 1; i < len(s.members); i++ {
		p.orderTasks(s.members[i], inv, s.members[i-1], inv, flags)
	}
}

// orderBetween orders a set before the next (or, inverse, the undoing of the next before the undoing of it).
func (p *planner) orderBetween(e *cib.Elem, a, b *rscSet, kind string, sym symmetry) {
	ta, tb := a.action, b.action
	if ta == "" {
		ta = "start"
	}
	if tb == "" {
		tb = "start"
	}
	flags := kindFlags(kind, ta, sym)
	if sym == inverse {
		ta, tb = invertTask(ta), invertTask(tb)
	}
	if len(a.members) == 0 || len(b.members) == 0 {
		return
	}
	if !a.requireAll && sym != inverse {
		any := p.bare("one-or-more:" + a.id)
		any.needAny, any.minBefore = true, 1
		for _, r := range a.members {
			p.addOrder(order{firstR: r, firstTask: ta, then: any, kind: ordMinRunnable | ordShowThen})
		}
		for _, r := range b.members {
			p.addOrder(order{first: any, thenR: r, thenTask: tb, kind: flags | ordUnrunnable})
		}
		return
	}
	firsts, thens := a.members, b.members
	if a.sequential {
		if sym == inverse {
			firsts = firsts[:1]
		} else {
			firsts = firsts[len(firsts)-1:]
		}
	}
	if b.sequential {
		if sym == inverse {
			thens = thens[len(thens)-1:]
		} else {
			thens = thens[:1]
		}
	}
	for _, f := range firsts {
		for _, t := range thens {
			p.orderTasks(f, ta, t, tb, flags)
		}
	}
}
