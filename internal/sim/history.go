package sim

import (
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"mainstay/cib"
	"mainstay/engine"
)

// exchange is one change of the configuration that a client asked for, and what
// became of it.
type exchange struct {
	client   string
	asked    time.Duration
	answered time.Duration // 0: never
	base     *cib.Version  // the change holds for this version only
	got      cib.Version
	err      error
	quorate  bool // the node that answered had quorum
}

// ticket is a version number as a register's value.
func ticket(v cib.Version) int { return v.AdminEpoch<<32 | v.Epoch }

// register is the configuration's version as porcupine sees it: every accepted
// change makes a higher one (or none, if it says what is so already), and one that was made against a version is accepted
// only if nothing came between. Herlihy and Wing, "Linearizability", TOPLAS 1990.
func register() porcupine.Model {
	type in = *exchange
	return porcupine.Model{
		Init: func() any { return 0 },
		Step: func(state, input, _ any) (bool, any) {
			have, x := state.(int), input.(in)
			switch {
			case x.answered == 0 || !x.quorate: // it may have happened, or happen yet
				return true, have
			case x.err != nil:
				return true, have
			case x.base != nil && have > ticket(*x.base):
				return false, have
			}
			return ticket(x.got) >= have, ticket(x.got)
		},
		Equal: func(a, b any) bool { return a == b },
	}
}

// linear tells whether the changes that clients asked for can have happened one
// after the other, each between its question and its answer.
func (c *Cluster) linear() bool {
	var ops []porcupine.Operation
	for i, x := range c.operator.log {
		end := int64(x.answered)
		if x.answered == 0 {
			end = int64(c.Now) + 1
		}
		ops = append(ops, porcupine.Operation{ClientId: i, Input: x, Call: int64(x.asked), Output: nil, Return: end})
	}
	result, _ := porcupine.CheckOperationsVerbose(register(), ops, time.Minute)
	return result != porcupine.Illegal
}

// manyAnswered tells whether clients were answered by more than one part of the
// cluster, of which only one goes on. (Where both parts were asked for the same,
// nothing is lost.)
func (c *Cluster) manyAnswered() bool { return c.operator.apart || c.lostAny() }

// apart tells whether a machine has quorum without another that has it too: with
// two_node both do while they do not see each other, until one is fenced
// (votequorum(5)).
func (c *Cluster) apart(m *Machine, s *engine.State) bool {
	if !s.Quorum.Quorate || !s.Quorum.Flags.TwoNode || len(s.View.Members) > 1 {
		return false
	}
	return slices.ContainsFunc(c.Machines, func(o *Machine) bool {
		os := c.state[o.Name]
		return o != m && o.daemon != nil && os != nil && os.Quorum.Quorate && len(os.View.Members) == 1
	})
}

// lostAny tells whether a merge had a configuration give way to another: changes
// that were acknowledged on the side that lost are kept aside, not in force.
func (c *Cluster) lostAny() bool {
	for _, m := range c.Machines {
		if names, err := m.List("lost"); err == nil && len(names) > 0 {
			return true
		}
	}
	return false
}
