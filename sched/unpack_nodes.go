package sched

import (
	"sort"
	"strings"

	"mainstay/cib"
	"mainstay/status"
)

// unpackNodes reads <nodes> and makes the nodes that resources imply: remote
// nodes (ocf:pacemaker:remote primitives) and guest nodes (remote-node).
func (p *planner) unpackNodes() {
	p.nodeByID, p.nodeNamed = map[string]*node{}, map[string]*node{}
	for e := range p.conf.Child("nodes").Named("node") {
		id, name := e.ID(), e.Get("uname")
		if id == "" {
			continue
		}
		kind := status.Member
		switch e.Get("type") {
		case "remote":
			kind = status.Remote
			p.haveRemote = true
		case "", "member":
		default:
			continue
		}
		if name == "" {
			name = id
		}
		n := p.addNode(id, name, kind)
		n.elem = e
		n.base, _ = cib.ParseScore(e.Get("score"))
		p.nodeAttributes(n)
		if n.kind == status.Member && (!p.opt.startupFencing && p.opt.fencing || !p.opt.fencing) {
			n.unclean = false
		} else if n.kind == status.Member && p.opt.fencing {
			n.unclean = true // until it is seen
		}
	}
}

// addNode makes a node; nothing is known of it yet.
func (p *planner) addNode(id, name string, kind status.NodeKind) *node {
	n := &node{idx: len(p.nodes), id: id, name: name, kind: kind, unseen: kind == status.Member, attrs: map[string]string{}, util: map[string]int{}}
	p.nodes = append(p.nodes, n)
	p.nodeByID[id] = n
	if _, dup := p.nodeNamed[strings.ToLower(name)]; !dup {
		p.nodeNamed[strings.ToLower(name)] = n
	}
	n.attrs["#uname"] = name
	n.attrs["#id"] = id
	n.attrs["#kind"] = map[status.NodeKind]string{status.Member: "cluster", status.Remote: "remote", status.Guest: "container"}[kind]
	if p.root.Get("dc-uuid") == id && kind == status.Member {
		p.dc = n
	}
	n.attrs["#is_dc"] = boolText(p.dc == n)
	if cn := p.opt.raw["cluster-name"]; cn != "" {
		n.attrs["#cluster-name"] = cn
	}
	if site := p.opt.raw["site-name"]; site != "" {
		n.attrs["#site-name"] = site
	}
	return n
}

// nodeAttributes reads a node's permanent attributes and its capacity.
func (p *planner) nodeAttributes(n *node) {
	f := &cib.Facts{Now: p.now, Node: func(name string) (string, bool) { v, ok := n.attrs[name]; return v, ok }}
	p.mergeSets(n.attrs, n.elem, "instance_attributes", f, "")
	if _, ok := n.attrs["#site-name"]; !ok {
		if v, ok := n.attrs["site-name"]; ok {
			n.attrs["#site-name"] = v
		} else if cn := p.opt.raw["cluster-name"]; cn != "" {
			n.attrs["#site-name"] = cn
		}
	}
	for k, v := range p.evalSets(n.elem, "utilization", f, "") {
		n.util[k], _ = cib.ParseScore(v)
	}
}

func (p *planner) nodeByName(name string) *node { return p.nodeNamed[strings.ToLower(name)] }

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// truthy reads a boolean that counts as false when it is missing or wrong.
func truthy(s string) bool {
	b, _ := cib.ParseBool(s)
	return b
}

// unpackTickets reads the tickets in the status section.
func (p *planner) unpackTickets() {
	p.ticketNamed = map[string]*ticket{}
	for e := range p.root.Path("status", "tickets").Named("ticket_state") {
		t := p.ticket(e.ID())
		t.elem = e
		t.granted = truthy(e.Get("granted"))
		t.standby = truthy(e.Get("standby"))
	}
}

// ticket is a site ticket.
type ticket struct {
	id               string
	granted, standby bool
	elem             *cib.Elem
}

// ticket returns the ticket with an id; one that nobody spoke of is not granted.
func (p *planner) ticket(id string) *ticket {
	if t := p.ticketNamed[id]; t != nil {
		return t
	}
	t := &ticket{id: id}
	p.ticketNamed[id] = t
	p.tickets = append(p.tickets, t)
	return t
}

// sortNodesByName puts the nodes in the order in which everything is done for
// each node: by name, numbers in it by value.
func (p *planner) sortNodesByName() {
	sort.SliceStable(p.nodes, func(i, j int) bool { return cmpNames(p.nodes[i].name, p.nodes[j].name) < 0 })
	for i, n := range p.nodes {
		n.idx = i
	}
}

// cmpNames compares names without regard to case, runs of digits by value.
func cmpNames(a, b string) int {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			x, y := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if c := strings.Compare(strings.ToLower(a[:1]), strings.ToLower(b[:1])); c != 0 {
			return c
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func digits(s string) int {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}
