package sim

import (
	"fmt"
	"time"

	"mainstay/attr"
	"mainstay/engine"
	"mainstay/internal/node"
)

// table is the database behind a promotable resource: rows come in at the promoted
// instance and are copied to the instances that it reaches.
type table struct {
	rows     map[string]int // machine → replication position
	promoted string         // the machine that took the last row
	lost     int            // rows that no later promoted instance had
}

// rowEvery is how often a row is written to a promoted instance, and so by how
// much others may lag behind when they hear of it.
const rowEvery = 500 * time.Millisecond

// table finds or makes the database of a promotable resource.
func (a *Agents) table(rsc string) *table {
	if a.tables[rsc] == nil {
		a.tables[rsc] = &table{rows: map[string]int{}}
	}
	return a.tables[rsc]
}

// Rows is the replication position of a promotable resource on a machine.
func (a *Agents) Rows(rsc, machine string) int { return a.table(rsc).rows[machine] }

// Lost counts the rows of a promotable resource that were written and are gone,
// because an instance was promoted that did not have them.
func (a *Agents) Lost(rsc string) int { return a.table(rsc).lost }

// score is what the agent of a promotable resource does besides: it copies what
// the promoted instance has, and says by its promotion score how far it is.
func (a *Agents) score(m *Machine, c call) {
	if !a.services.promotable[c.rsc] {
		return
	}
	w, t := m.world, a.table(c.rsc)
	switch role := a.Role(c.service, m.Name); {
	case role == Stopped:
		return
	case role == Promoted:
		if t.promoted != m.Name {
			t.lost += max(0, t.rows[t.promoted]-t.rows[m.Name])
			t.promoted = m.Name
		}
		t.rows[m.Name]++
	default:
		for _, o := range w.Machines {
			if a.Role(c.service, o.Name) == Promoted && w.reaches(m, o) {
				t.rows[m.Name] = t.rows[o.Name]
			}
		}
	}
	best := 0
	for _, o := range w.Machines {
		if a.Role(c.service, o.Name) != Stopped && w.reaches(m, o) {
			best = max(best, t.rows[o.Name])
		}
	}
	value := "10"
	if t.rows[m.Name] >= best {
		value = "100"
	}
	m.say(fmt.Sprintf("master-%s", c.rsc), value)
}

// say sets a transient attribute of a machine's node, as crm_attribute does.
func (m *Machine) say(name, value string) {
	m.Inject(node.Call{Body: engine.SetAttribute{Set: attr.Set{Node: m.Name, Name: name, Value: value, Delay: -1}},
		Answer: func(engine.Reply) {}})
}
