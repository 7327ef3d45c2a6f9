package simulate

import (
	"fmt"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/status"
)

// changes tells whether the input is to be changed before planning.
func (o *options) changes() bool {
	return o.quorum != "" || o.watchdog != "" ||
		len(o.up)+len(o.down)+len(o.fail)+len(o.inject)+len(o.grant)+len(o.revoke)+len(o.standby)+len(o.active) > 0
}

// plans tells whether a plan is asked for, in whatever form.
func (o *options) plans() bool {
	return o.run || o.execute || o.scores || o.saveGraph != "" || o.saveDot != ""
}

// inject changes the input as the command line asks for, in a fixed order.
func (s *session) inject() error {
	s.out.injecting()
	if q := s.o.quorum; q != "" {
		s.out.injected("Setting quorum: " + q)
		s.root = s.root.With("have-quorum", q)
	}
	if w := s.o.watchdog; w != "" {
		s.out.injected("Setting watchdog: " + w)
		s.root = withProperty(s.root, "have-watchdog", w)
	}
	l := newLedger(s.root, s.now)
	s.injectNodes(l)
	s.injectTickets(l)
	for _, spec := range s.o.inject {
		s.out.injected("Injecting " + spec + " into the configuration")
		op, err := parseOp(spec)
		if err != nil {
			return err
		}
		if err := s.injectOp(l, op); err != nil {
			return err
		}
	}
	s.root = l.close()
	return nil
}

// injectNodes brings nodes up and takes them down.
func (s *session) injectNodes(l *ledger) {
	for _, n := range s.o.up {
		s.out.injected("Bringing node " + n + " online")
		l.setUp(n, true)
	}
	for _, n := range s.o.down {
		s.out.injected("Taking node " + n + " offline")
		l.setUp(n, false).forget()
	}
	for _, n := range s.o.fail {
		s.out.injected("Failing node " + n)
		b := l.setUp(n, true)
		b.state = b.state.With("in_ccm", "false")
	}
}

// injectTickets changes what is known of tickets.
func (s *session) injectTickets(l *ledger) {
	for _, c := range []struct {
		list              []string
		text, name, value string
	}{
		{s.o.grant, "Granting ticket %s", "granted", "true"},
		{s.o.revoke, "Revoking ticket %s", "granted", "false"},
		{s.o.standby, "Making ticket %s standby", "standby", "true"},
		{s.o.active, "Activating ticket %s", "standby", "false"},
	} {
		for _, id := range c.list {
			s.out.injected(fmt.Sprintf(c.text, id))
			l.setTicket(id, c.name, c.value)
		}
	}
}

// setTicket changes one attribute of a ticket's state.
func (l *ledger) setTicket(id, name, value string) {
	tickets := cib.New("tickets")
	at := -1
	for i, e := range l.other {
		if e.Name() == "tickets" {
			tickets, at = e, i
		}
	}
	t := tickets.ChildID("ticket_state", id)
	if t == nil {
		t = cib.New("ticket_state", cib.Attr{Name: "id", Value: id})
	}
	tickets = tickets.Put(t.With(name, value))
	if at < 0 {
		l.other = append(l.other, tickets)
		return
	}
	l.other[at] = tickets
}

// injectOp writes the result of an operation that nobody planned.
func (s *session) injectOp(l *ledger, op opSpec) error {
	base, agent := s.agentOf(op.rsc)
	if agent == nil {
		return face.Failf(face.NoSuch, "operation on %s: there is no such resource", op.rsc)
	}
	b := l.node(op.node, "")
	l.countFailure(b, op.rsc, op.task, op.interval, op.rc, false)
	at := b.resource(op.rsc, base, agent.Get("class"), agent.Get("provider"), agent.Get("type"))
	l.record(b, at, result{task: op.task, interval: op.interval, rc: op.rc, targetRC: 0, actionID: -1, node: op.node})
	return nil
}

// agentOf finds the primitive of a resource instance, by instance or
// configured name, and the name under which its history goes.
func (s *session) agentOf(name string) (string, *cib.Elem) {
	base := ""
	var visit func([]*status.Resource)
	visit = func(list []*status.Resource) {
		for _, r := range list {
			if base == "" && len(r.Children) == 0 && (r.ID == name || r.BaseID == name) {
				base = r.BaseID
			}
			visit(r.Children)
		}
	}
	visit(s.planner.Unpack(s.input(false)).Resources)
	if base == "" {
		base = name
	}
	found := findPrimitive(s.root, base)
	if found == nil {
		if i := indexColon(name); i > 0 {
			base = name[:i]
			found = findPrimitive(s.root, base)
		}
	}
	return base, found
}

// findPrimitive finds a primitive by id, with its template's agent.
func findPrimitive(root *cib.Elem, id string) *cib.Elem {
	var found *cib.Elem
	root.Path("configuration", "resources").Walk(func(e *cib.Elem) bool {
		if e.Name() == "primitive" && e.ID() == id {
			found = e
		}
		return found == nil
	})
	if t := found.Get("template"); t != "" {
		return root.Path("configuration", "resources").ChildID("template", t)
	}
	return found
}

// indexColon is the place of the colon before an instance number, or -1.
func indexColon(name string) int {
	i := len(name) - 1
	for i > 0 && name[i] >= '0' && name[i] <= '9' {
		i--
	}
	if i > 0 && i < len(name)-1 && name[i] == ':' {
		return i
	}
	return -1
}

// withProperty sets a cluster option in the first set of options.
func withProperty(root *cib.Elem, name, value string) *cib.Elem {
	conf := root.Child("configuration")
	crm := conf.Child("crm_config")
	if crm == nil {
		crm = cib.New("crm_config")
	}
	set := crm.Child("cluster_property_set")
	if set == nil {
		set = cib.New("cluster_property_set", cib.Attr{Name: "id", Value: "cib-bootstrap-options"})
	}
	pair := cib.New("nvpair", cib.Attr{Name: "id", Value: set.ID() + "-" + name}, cib.Attr{Name: "name", Value: name})
	for p := range set.Named("nvpair") {
		if p.Get("name") == name {
			pair = p
		}
	}
	crm = replaceChild(crm, set.Put(pair.With("value", value)))
	return replaceChild(root, replaceChild(conf, crm))
}
