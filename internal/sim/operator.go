package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/conf"
	"mainstay/engine"
	"mainstay/internal/node"
)

// operator is who works on the cluster while faults happen.
type operator struct {
	asked int
	acked map[string]bool // ids of the constraints whose creation was answered "done"
	moved bool            // there may be something to undo
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
	c.Ask(name, engine.Edit{Edits: edits, User: "operator", Client: "sim"}, func(r engine.Reply) { answer(r.Err) })
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

// Operate lets the operator do something to a random machine.
func (c *Cluster) Operate() {
	m := c.Machines[c.rng.IntN(len(c.Machines))]
	at := c.Machines[c.rng.IntN(len(c.Machines))]
	rsc := singles[c.rng.IntN(len(singles))]
	nothing := func(error) {}
	c.operator.moved = true
	switch c.rng.IntN(7) {
	case 0:
		c.tell("scenario: %s is put in standby, by %s", m.Name, at.Name)
		c.Edit(at.Name, nothing, c.standbyEdit(m, "on"))
	case 1:
		c.tell("scenario: %s leaves standby, by %s", m.Name, at.Name)
		c.Edit(at.Name, nothing, c.standbyEdit(m, "off"))
	case 2:
		value := []string{"true", "false"}[c.rng.IntN(2)]
		c.tell("scenario: maintenance-mode is %s, by %s", value, at.Name)
		c.laws.excused = true
		c.Edit(at.Name, nothing, propertyEdit("maintenance-mode", value))
	case 3, 4:
		c.constrain(at, rsc, m.Name)
	case 5:
		c.tell("scenario: %s is cleaned up, by %s", rsc, at.Name)
		c.Ask(at.Name, engine.Forget{Resource: rsc}, func(engine.Reply) {})
	case 6:
		c.Stop(m)
		c.after(5*time.Second+time.Duration(c.rng.Int64N(int64(25*time.Second))), m.StartDaemon)
	}
}

// Stop asks a machine's daemon to leave the cluster.
func (c *Cluster) Stop(m *Machine) {
	if m.awake() {
		c.tell("scenario: %s is asked to leave", m.Name)
		m.Inject(node.Stop{})
	}
}

// constrain adds a preference that must not be lost once it was acknowledged.
func (c *Cluster) constrain(at *Machine, rsc, where string) {
	c.operator.asked++
	id := fmt.Sprintf("op-%d", c.operator.asked)
	who, whole := c.side(at)
	counts := whole && 2*len(who) > len(c.Machines)
	c.tell("scenario: %s prefers %s (%s), by %s", rsc, where, id, at.Name)
	c.Edit(at.Name, func(err error) {
		if err == nil && counts {
			c.operator.acked[id] = true
		}
	}, edit(cib.OpCreate, "constraints", fmt.Sprintf(`<rsc_location id="%s" rsc="%s" node="%s" score="150"/>`, id, rsc, where)))
}

// Undo has the operator take back what keeps services from running everywhere; it
// tells whether that was answered in time.
func (c *Cluster) Undo(limit time.Duration) bool {
	if !c.operator.moved {
		return true
	}
	edits := []cib.Edit{propertyEdit("maintenance-mode", "false")}
	for _, m := range c.Machines {
		edits = append(edits, c.standbyEdit(m, "off"))
	}
	c.tell("scenario: the operator takes everything back")
	done := false
	c.Edit(c.Machines[0].Name, func(err error) {
		if done = err == nil; err != nil {
			c.breakLaw("the operator is refused", "%v", err)
		}
	}, edits...)
	ok := c.RunWhile(func() bool { return !done }, c.Now+limit)
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
