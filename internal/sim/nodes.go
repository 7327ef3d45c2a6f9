package sim

import (
	"fmt"
	"slices"
	"time"

	"mainstay/cib"
	"mainstay/conf"
	"mainstay/engine"
	"mainstay/intent"
	"mainstay/internal/node"
)

// confFile is the configuration file on a machine's disk.
const confFile = "cluster.conf"

// file is a machine's own configuration file; without one it is the cluster's.
func (c *Cluster) file(m *Machine) *conf.Config {
	text, ok := m.disk.files[confFile]
	if !ok {
		return c.conf
	}
	parsed, problems := conf.Parse(text, confFile)
	if conf.Failed(problems) {
		panic(fmt.Sprintf("sim: a configuration file cannot be read: %v", problems))
	}
	return parsed
}

// adopt has a daemon take over what the cluster agreed on, as a real node does.
func (c *Cluster) adopt(m *Machine, loop *node.Loop, text string) {
	m.disk.files[confFile] = []byte(text)
	loop.Configure(c.file(m))
	c.tell("%s: the node list is %d nodes long now", m.Name, len(c.file(m).Nodes))
}

// Join adds a machine to the cluster by way of a member, as "mainstay join" does: a
// fence device for it, its place in every member's node list, and then its power.
// The cluster has to be one of plain nodes (Options.Conf is nil).
func (c *Cluster) Join(by, name string) {
	n := conf.Node{Name: name, Votes: 1}
	for _, have := range c.conf.Nodes {
		n.ID = max(n.ID, have.ID+1)
	}
	for l := range c.conf.Nodes[0].Addrs {
		n.Addrs = append(n.Addrs, fmt.Sprintf("10.0.%d.%s", l, n.ID))
	}
	c.tell("scenario: %s joins by way of %s", name, by)
	text, err := conf.AddNode(c.confText, n)
	if err != nil {
		panic("sim: " + err.Error())
	}
	device := parse(`<primitive id="fence-` + name + `" class="stonith" type="fence_sim">` +
		pairs("instance_attributes", "fence-"+name+"-p", "pcmk_host_list", name, "device", "fence-"+name) + `</primitive>`)
	c.Edit(by, func(error) {}, cib.Edit{Op: cib.OpCreate, Scope: "resources", Elem: device})
	c.reconfigure(by, text, func() {
		if slices.ContainsFunc(c.Machines, func(m *Machine) bool { return m.Name == name }) {
			return
		}
		m := c.addNode(n)
		delete(m.disk.files, engine.CIBFile) // it gets the newest from the members
		m.disk.files[confFile] = text
		m.PowerOn()
	})
}

// Expel takes a machine out of the cluster for good: it leaves, then the members
// forget it.
func (c *Cluster) Expel(by, name string) {
	c.tell("scenario: %s is taken out by way of %s", name, by)
	m := c.Machine(name)
	m.stop()
	c.expelled(by, m, c.Now+answerLimit)
}

// expelled goes on when a machine has left, or when that takes too long.
func (c *Cluster) expelled(by string, m *Machine, limit time.Duration) {
	if m.daemon != nil && c.Now < limit {
		c.after(50*time.Millisecond, func() { c.expelled(by, m, limit) })
		return
	}
	name := m.Name
	m.PowerOff("taken out")
	text, err := conf.RemoveNode(c.confText, name)
	if err != nil {
		panic("sim: " + err.Error())
	}
	c.Edit(by, func(error) {}, cib.Edit{Op: cib.OpDelete, Scope: "resources", Elem: parse(`<primitive id="fence-` + name + `"/>`)})
	c.reconfigure(by, text, func() {
		c.Machines = slices.DeleteFunc(c.Machines, func(o *Machine) bool { return o == m })
		delete(c.state, name)
		delete(c.loops, name)
		c.Edit(by, func(error) {}, intent.WithoutNode(name)...)
	})
}

// reconfigure has the members agree on another configuration file.
func (c *Cluster) reconfigure(by string, text []byte, done func()) {
	c.Ask(by, engine.Reconfigure{Text: string(text)}, func(r engine.Reply) {
		if r.Err != nil {
			c.breakLaw("the operator is refused", "%v", r.Err)
			return
		}
		parsed, _ := conf.Parse(text, confFile) // every member has read it
		c.confText, c.conf = text, parsed
		done()
	})
}
