package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mainstay/attr"
	"mainstay/cib"
	"mainstay/conf"
	"mainstay/engine"
)

// WishKind is what an operator does.
type WishKind string

// The wishes. In brackets, the fields of Wish that count besides Kind and By.
const (
	Standby     WishKind = "standby"     // a node gives its resources away [Node]
	Unstandby   WishKind = "unstandby"   // and may have some again [Node]
	Maintenance WishKind = "maintenance" // the cluster keeps its hands off [Value: true, false]
	Prefer      WishKind = "prefer"      // a location constraint that must not be lost [Resource, Node]
	Property    WishKind = "property"    // a cluster property gets a value [Name, Value]
	Stop        WishKind = "stop"        // a resource is switched off [Resource]
	Start       WishKind = "start"       // and on again [Resource]
	Cleanup     WishKind = "cleanup"     // the history of a resource is forgotten [Resource]
	Restart     WishKind = "restart"     // a node leaves, and comes back [Node, After]
	Upgrade     WishKind = "upgrade"     // a node's daemon is replaced by one of the newest version [Node]
	FenceNode   WishKind = "fence"       // a node is fenced [Node]
	Swap        WishKind = "swap"        // an edit that holds only for the version that the operator saw [Value]
	Add         WishKind = "add"         // a resource is added [Resource]
	Remove      WishKind = "remove"      // a resource that was added is removed [Resource]
	Roll        WishKind = "roll"        // all nodes leave and come back, one after the other [After: how long each is away]
	Mark        WishKind = "mark"        // a node gets an attribute that rules ask for, or loses it [Node, Value]
	Join        WishKind = "join"        // a node joins [Node]
	Expel       WishKind = "expel"       // a node that joined is taken out, when all is quiet [Node, After: how long that is waited for]
	Put         WishKind = "put"         // a register gets a value [Name, Value]
	Get         WishKind = "get"         // a register is read, as all agree that it is [Name]
)

// WishKinds lists all wishes.
func WishKinds() []WishKind {
	return []WishKind{Standby, Unstandby, Maintenance, Prefer, Property, Stop, Start, Cleanup, Restart, Upgrade, FenceNode, Swap, Add, Remove, Roll, Mark, Join, Expel}
}

// Wish is what an operator asks a node for.
type Wish struct {
	Kind     WishKind
	By       string // the node that is asked
	Node     string
	Resource string
	Name     string
	Value    string
	After    time.Duration
}

// String says what is wished for.
func (w Wish) String() string {
	s := []string{string(w.Kind)}
	for _, x := range []string{w.Resource, w.Node, w.Name, w.Value} {
		if x != "" {
			s = append(s, x)
		}
	}
	if w.By != "" {
		s = append(s, "by "+w.By)
	}
	return strings.Join(s, " ")
}

// operator is who works on the cluster while faults happen.
type operator struct {
	asked   int
	acked   map[string]bool // ids of the constraints whose creation was answered "done"
	stopped map[string]bool // resources that were switched off
	added   map[string]bool
	log     []*exchange
	apart   bool // there were two halves with quorum at once

	accesses []*access
}

// edit parses one edit of the CIB.
func edit(op cib.EditOp, scope, xml string) cib.Edit {
	e, err := cib.Parse([]byte(xml))
	if err != nil {
		panic("sim: an operator's edit does not parse: " + err.Error())
	}
	return cib.Edit{Op: op, Scope: scope, Elem: e}
}

// Edit asks a node for a change of the configuration.
func (c *Cluster) Edit(name string, answer func(error), edits ...cib.Edit) {
	c.change(name, nil, answer, edits...)
}

// change asks for an edit and keeps what was asked and answered for the checkers.
func (c *Cluster) change(name string, base *cib.Version, answer func(error), edits ...cib.Edit) {
	x := &exchange{client: name, asked: c.Now, base: base}
	c.operator.log = append(c.operator.log, x)
	c.Ask(name, engine.Edit{Edits: edits, Base: base, User: "operator", Client: "sim"}, func(r engine.Reply) {
		x.answered, x.err = c.Now, r.Err
		if v, ok := r.Body.(cib.Version); ok {
			x.got = v
			c.later = append(c.later, func() { c.shown(name, v) })
		}
		x.quorate = c.state[name] != nil && c.state[name].Quorum.Quorate
		answer(r.Err)
	})
}

// shown looks whether what a node answered is what all members of its view have; at
// the end of the step in which it answered: a view may begin with the answers for
// which the last one was too short.
func (c *Cluster) shown(name string, v cib.Version) {
	at := c.state[name]
	if at == nil {
		return
	}
	for _, m := range c.Running() {
		s := c.state[m.Name]
		if s == nil || !s.Synced || s.View.Ring != at.View.Ring {
			continue
		}
		if have := cib.VersionOf(s.CIB); have.AdminEpoch < v.AdminEpoch || have.AdminEpoch == v.AdminEpoch && have.Epoch < v.Epoch {
			c.breakLaw("answered before all have it", "%s answered %s, %s has %s", name, v, m.Name, have)
		}
	}
}

// standbyEdit puts a node in standby or takes it out.
func (c *Cluster) standbyEdit(m *Machine, value string) cib.Edit {
	i := slices.IndexFunc(c.conf.Nodes, func(n conf.Node) bool { return n.Name == m.Name })
	n := c.conf.Nodes[i]
	return edit(cib.OpModify, "nodes", fmt.Sprintf(`<node id="%[1]s"><instance_attributes id="nodes-%[1]s"><nvpair id="nodes-%[1]s-standby" name="standby" value="%[2]s"/></instance_attributes></node>`, n.ID, value))
}

func propertyEdit(name, value string) cib.Edit {
	return edit(cib.OpModify, "crm_config", fmt.Sprintf(
		`<cluster_property_set id="cib-bootstrap-options"><nvpair id="o-%[1]s" name="%[1]s" value="%[2]s"/></cluster_property_set>`, name, value))
}

// roleEdit sets the target-role of a resource; tag is its element's name.
func roleEdit(tag, id, role string) cib.Edit {
	return edit(cib.OpModify, "resources", fmt.Sprintf(
		`<%[1]s id="%[2]s"><meta_attributes id="%[2]s-op"><nvpair id="%[2]s-op-role" name="target-role" value="%[3]s"/></meta_attributes></%[1]s>`, tag, id, role))
}

// wish carries out an operator's wish.
func (c *Cluster) wish(w Wish) {
	c.tell("%s%s", c.scene(), w)
	nothing := func(error) {}
	switch w.Kind {
	case Standby:
		c.Edit(w.By, nothing, c.standbyEdit(c.Machine(w.Node), "on"))
	case Unstandby:
		c.Edit(w.By, nothing, c.standbyEdit(c.Machine(w.Node), "off"))
	case Maintenance:
		c.laws.excused = true
		c.Edit(w.By, nothing, propertyEdit("maintenance-mode", w.Value))
	case Prefer:
		c.constrain(c.Machine(w.By), w.Resource, w.Node)
	case Property:
		c.Edit(w.By, nothing, propertyEdit(w.Name, w.Value))
	case Swap:
		if s := c.state[w.By]; s != nil {
			v := cib.VersionOf(s.CIB)
			c.change(w.By, &v, nothing, propertyEdit("sim-note", w.Value))
		}
	case Stop:
		c.operator.stopped[w.Resource] = true
		c.Edit(w.By, nothing, roleEdit("primitive", w.Resource, "Stopped"))
	case Start:
		c.Edit(w.By, nothing, roleEdit("primitive", w.Resource, "Started"))
	case Add:
		c.operator.added[w.Resource] = true
		c.Edit(w.By, nothing, cib.Edit{Op: cib.OpCreate, Scope: "resources", Elem: parse(primitive(w.Resource, 0, ""))})
	case Remove:
		c.Edit(w.By, nothing, cib.Edit{Op: cib.OpDelete, Scope: "resources", Elem: parse(`<primitive id="` + w.Resource + `"/>`)})
	case Put, Get:
		c.access(w)
	case Cleanup:
		c.Ask(w.By, engine.Forget{Resource: w.Resource}, func(engine.Reply) {})
	default:
		c.nodeWish(w)
	}
}

// nodeWish is about machines and not about the configuration.
func (c *Cluster) nodeWish(w Wish) {
	switch w.Kind {
	case Roll:
		c.roll(w.After)
		return
	case Join:
		if c.atRest() && len(c.conf.Nodes) != 2 { // two_node is in the way
			c.Join(w.By, w.Node)
		}
		return
	case Expel:
		c.expelAtRest(w, c.Now+w.After)
		return
	}
	m := c.Machine(w.Node)
	switch w.Kind {
	case Mark:
		c.Ask(w.By, engine.SetAttribute{Set: attr.Set{Node: w.Node, Name: favour, Value: w.Value, Delete: w.Value == ""}}, func(engine.Reply) {})
	case Restart:
		m.stop()
		c.after(w.After, m.StartDaemon)
	case Upgrade:
		m.features = 0
		m.KillDaemon()
		m.StartDaemon()
	case FenceNode:
		m.ordered = true
		c.Ask(w.By, engine.FenceNode{Node: w.Node, Action: "reboot", Timeout: time.Minute}, func(engine.Reply) {})
	default:
		panic("sim: nobody knows how to " + string(w.Kind))
	}
}

// roll has the machines leave and come back, one after the other, as an operator
// does who updates them.
func (c *Cluster) roll(away time.Duration) {
	for i, m := range slices.Clone(c.Machines) {
		c.after(time.Duration(i)*(away+rollGap), func() {
			m.back = away
			m.stop()
		})
	}
}

// rollGap is how long an operator waits until the next machine's turn.
const rollGap = 3 * time.Second

// atRest tells whether every machine runs and the cluster has nothing to do: an
// operator changes the list of nodes then only.
func (c *Cluster) atRest() bool {
	return len(c.Running()) == len(c.Machines) && c.Quiet()
}

// expelAtRest takes a machine out when the cluster is at rest, if it comes to rest in time.
func (c *Cluster) expelAtRest(w Wish, until time.Duration) {
	switch {
	case c.whole || !slices.ContainsFunc(c.Machines, func(m *Machine) bool { return m.Name == w.Node }):
	case c.atRest():
		c.Expel(w.By, w.Node)
	case c.Now < until:
		c.after(time.Second, func() { c.expelAtRest(w, until) })
	}
}

// constrain adds a preference that must not be lost once it was acknowledged.
func (c *Cluster) constrain(at *Machine, rsc, where string) {
	c.operator.asked++
	id := fmt.Sprintf("op-%d", c.operator.asked)
	who, whole := c.side(at)
	counts := whole && 2*len(who) > len(c.Machines)
	c.Edit(at.Name, func(err error) {
		if err == nil && counts {
			c.operator.acked[id] = true
		}
	}, edit(cib.OpCreate, "constraints", fmt.Sprintf(`<rsc_location id="%s" rsc="%s" node="%s" score="150"/>`, id, rsc, where)))
}

// Undo has the operator take back what keeps services from running everywhere; it
// tells whether that was answered in time.
func (c *Cluster) Undo(limit time.Duration) bool {
	edits := []cib.Edit{propertyEdit("maintenance-mode", "false")}
	for _, m := range c.Machines {
		edits = append(edits, c.standbyEdit(m, "off"))
	}
	for _, s := range c.Agents.services.list {
		if c.operator.stopped[s.ID] {
			edits = append(edits, roleEdit("primitive", s.ID, "Started"))
		}
	}
	c.tell("scenario: the operator takes everything back")
	done := false
	c.Edit(c.Machines[0].Name, func(err error) {
		if done = err == nil; err != nil {
			c.breakLaw("the operator is refused", "%v", err)
		}
	}, edits...)
	ok := c.RunWhile(func() bool { return !done }, c.Now+limit)
	c.Ask(c.Machines[0].Name, engine.Forget{FailuresOnly: true}, func(engine.Reply) {})
	for _, s := range c.Agents.services.list {
		if !s.Watched { // nobody else would notice if it has crashed
			c.Ask(c.Machines[0].Name, engine.Forget{Resource: s.ID}, func(engine.Reply) {})
		}
	}
	c.laws.excused = false
	return ok
}

// Unkept lists the acknowledged constraints that are gone: neither in the CIB nor
// in one that a node kept because it lost at a merge.
func (c *Cluster) Unkept() []string {
	var out []string
	have := string(c.state[c.Running()[0].Name].CIB.AppendXML(nil, false))
	for _, m := range c.Machines {
		for name, data := range m.disk.files { //order: all are searched
			if strings.HasPrefix(name, "lost/") {
				have += string(data)
			}
		}
	}
	for i := 1; i <= c.operator.asked; i++ {
		id := fmt.Sprintf("op-%d", i)
		if c.operator.acked[id] && !strings.Contains(have, `id="`+id+`"`) {
			out = append(out, id)
		}
	}
	return out
}
