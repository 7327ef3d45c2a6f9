package sched

import (
	"strings"

	"mainstay/cib"
)

// unpackConstraints reads <constraints>. What is wrong with one is reported,
// and that one ignored.
func (p *planner) unpackConstraints() {
	for i, e := range p.conf.Child("constraints").Kids() {
		if p.beginConstraint(i) {
			p.unpackConstraint(e)
			p.endConstraint()
		}
	}
}

func (p *planner) unpackConstraint(e *cib.Elem) {
	if e.Name() == cib.CommentName {
		return
	}
	if e.ID() == "" {
		p.warn("", e.Name()+" without id is ignored", "give it an id")
		return
	}
	if !cib.RulesHold(lifetime(e), &cib.Facts{Now: p.now, Find: p.find, Next: &p.recheck}) {
		return
	}
	switch e.Name() {
	case "rsc_location":
		p.unpackLocation(e)
	case "rsc_colocation":
		p.unpackColocation(e)
	case "rsc_order":
		p.unpackOrder(e)
	case "rsc_ticket":
		p.unpackTicketCons(e)
	default:
		p.warn(e.ID(), "unknown kind of constraint "+e.Name(), "remove it")
	}
}

func lifetime(e *cib.Elem) *cib.Elem { return e.Child("lifetime") }

// lookup finds what a constraint means by an id: a resource, or an instance
// by number; the plain id of what is inside of a clone means the clone once a
// history goes by that name, and nothing before.
func (p *planner) lookup(id string) *rsc {
	if r := p.byRsc[id]; r != nil {
		p.named(r)
		return r
	}
	if baseName(id) != id {
		return nil
	}
	r := p.byRsc[id+":0"]
	if r == nil {
		return nil
	}
	p.untraceable() // what it means depends on histories
	clo := r.uber(false)
	for _, m := range clo.prims(nil) {
		if m.seenAs == id {
			return clo
		}
	}
	return nil
}

// refs finds the resources that an id means: one, or those of a tag or template.
func (p *planner) refs(cons, id string) []*rsc {
	if r := p.lookup(id); r != nil {
		return append(p.slabs.rscs.list(1), r)
	}
	ids, ok := p.tagged[id]
	if !ok {
		p.warn(cons, "constraint names "+id+", which does not exist", "define it or remove the constraint")
		return nil
	}
	var out []*rsc
	for _, x := range ids {
		if r := p.lookup(x); r != nil {
			out = append(out, r)
		} else if _, nested := p.tagged[x]; nested && x != id {
			out = append(out, p.refs(cons, x)...)
		} else {
			p.warn(cons, "tag "+id+" names "+x+", which does not exist", "remove the reference")
		}
	}
	return out
}

// checkRole reports a role that does not exist; it counts as none.
func (p *planner) checkRole(id, text string) {
	if text != "" && parseRole(text) == roleUnknown {
		p.warn(id, "role "+text+" does not exist and is ignored", "use Started, Promoted, Unpromoted or Stopped")
	}
}

// scoreOf reads a score; what is wrong with it is reported.
func (p *planner) scoreOf(id, text string) int {
	n, err := cib.ParseScore(text)
	if err != nil && text != "" {
		p.warn(id, err.Error()+"; "+cib.FormatScore(n)+" is used", "correct the score")
	}
	return n
}

// rscSet is one <resource_set> of a constraint.
type rscSet struct {
	elem       *cib.Elem
	id         string
	sequential bool
	requireAll bool
	action     string
	role       role
	members    []*rsc
}

// readSets reads the resource sets of a constraint; nil if it has none.
func (p *planner) readSets(e *cib.Elem) []*rscSet {
	var out []*rscSet
	for k := range e.Named("resource_set") {
		s := p.deref(k)
		if s == nil {
			continue
		}
		set := &rscSet{elem: s, id: s.ID(), sequential: flagOr(s.Get("sequential"), true), requireAll: flagOr(s.Get("require-all"), true),
			action: s.Get("action"), role: parseRole(s.Get("role"))}
		for ref := range s.Named("resource_ref") {
			set.members = append(set.members, p.refs(e.ID(), ref.ID())...)
		}
		if s.Child("resource_ref") == nil {
			p.warn(s.ID(), "the set has no members and is ignored", "name resources in it or remove it")
		}
		p.checkRole(s.ID(), s.Get("role"))
		out = append(out, set)
	}
	return out
}

// ticketCons ties a resource to a ticket.
type ticketCons struct {
	id     string
	r      *rsc
	t      *ticket
	role   role
	policy string // stop, demote, fence, freeze
}

func (p *planner) unpackTicketCons(e *cib.Elem) {
	t := p.ticket(e.Get("ticket"))
	if e.Get("ticket") == "" {
		p.warn(e.ID(), "rsc_ticket without ticket is ignored", "name a ticket")
		return
	}
	if sets := p.readSets(e); sets != nil {
		for _, s := range sets {
			for _, r := range s.members {
				p.addTicket(e, t, r, s.role)
			}
		}
		return
	}
	for _, r := range p.refs(e.ID(), e.Get("rsc")) {
		p.addTicket(e, t, r, parseRole(e.Get("rsc-role")))
	}
}

func (p *planner) addTicket(e *cib.Elem, t *ticket, r *rsc, rl role) {
	if rl == roleStarted {
		rl = roleUnknown
	}
	c := &ticketCons{id: e.ID(), r: r, t: t, role: rl, policy: strings.ToLower(e.Get("loss-policy"))}
	switch {
	case c.policy == "fence" && p.opt.fencing, c.policy == "freeze", c.policy == "demote":
	case c.policy == "fence":
		c.policy = "stop"
	case c.policy == "stop":
	case rl == rolePromoted:
		c.policy = "demote"
	default:
		c.policy = "stop"
	}
	r.tickets = append(r.tickets, c)
	p.loseTicket(r, c)
}

// loseTicket does what a missing ticket requires.
func (p *planner) loseTicket(r *rsc, c *ticketCons) {
	if c.t.granted && !c.t.standby {
		return
	}
	for _, k := range r.kids {
		p.loseTicket(k, c)
	}
	if len(r.kids) > 0 {
		return
	}
	if len(r.runningOn) > 0 && c.role == rolePromoted && r.role != rolePromoted && c.policy != "stop" {
		return
	}
	promotedOnly := c.role == rolePromoted && c.policy != "stop"
	switch {
	case !c.t.granted && len(r.runningOn) > 0:
		switch c.policy {
		case "stop":
			p.locate(r, nil, -cib.Infinity, CauseTicket, c.id)
		case "demote":
			if c.role != rolePromoted {
				p.locate(r, nil, -cib.Infinity, CauseTicket, c.id)
			}
		case "fence":
			p.locate(r, nil, -cib.Infinity, CauseTicket, c.id)
			for _, n := range r.runningOn {
				p.condemn(n, "deadman ticket was lost", false)
			}
		case "freeze":
			r.managed, r.block = false, true
		}
	case !promotedOnly:
		p.locate(r, nil, -cib.Infinity, CauseTicket, c.id)
	}
}
