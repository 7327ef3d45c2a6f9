package rehearse

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"mainstay/cib"
	"mainstay/conf"
	"mainstay/control"
	"mainstay/engine"
	"mainstay/internal/sim"
	"mainstay/sched"
)

// stage is a simulated cluster on which one case after another is played.
type stage struct {
	*sim.Cluster
	subject *Subject
	planner sched.Planner
	rest    placement // who has what when nothing is wrong
	idle    []Down    // services that do not run even then
	epoch   string    // hash of the configuration at rest
}

// placement is the role of each instance of a service on each machine that has it.
type placement map[string]map[string]sim.Role

// Limits of simulated time.
const (
	formLimit   = 10 * time.Minute // until a fresh cluster has started everything
	repairLimit = 5 * time.Minute  // until a repaired one is well
	calm        = time.Second      // how long nothing happens in a cluster that is done
	step        = 100 * time.Millisecond
)

// newStage forms a cluster and lets it start everything.
func newStage(s *Subject, seed uint64) (*stage, error) {
	c, problems := conf.Parse(s.Conf, "corosync.conf")
	if conf.Failed(problems) {
		return nil, fmt.Errorf("corosync.conf: %v", problems)
	}
	cluster, err := sim.NewCluster(seed, sim.Options{Conf: c, CIB: s.CIB, Models: s.Models, RebootTime: s.Boot, GoOn: true, Forgetful: true, Shared: true, Plain: true})
	if err != nil {
		return nil, fmt.Errorf("rehearse: %w", err)
	}
	st := &stage{Cluster: cluster, subject: s}
	st.Boot()
	if !st.settle(formLimit) {
		return nil, fmt.Errorf("the cluster does not come to rest within %v of starting, before any fault\n  remedy: look at it with \"mainstay simulate\"", formLimit)
	}
	st.rest = st.present()
	st.epoch = st.config()
	for _, v := range s.Services {
		if !v.Disabled && !v.Unmanaged && st.owner(v.ID) == "" {
			st.idle = append(st.idle, st.why(v))
		}
	}
	return st, nil
}

// present is who has what now.
func (st *stage) present() placement {
	p := placement{}
	for _, m := range st.Machines {
		for _, v := range st.Agents.On(m.Name) {
			if p[v] == nil {
				p[v] = map[string]sim.Role{}
			}
			p[v][m.Name] = st.Agents.Role(v, m.Name)
		}
	}
	return p
}

// same tells whether two placements are equal.
func (p placement) same(o placement) bool {
	if len(p) != len(o) {
		return false
	}
	for v, on := range p { //order: a comparison
		if len(on) != len(o[v]) {
			return false
		}
		for m, r := range on { //order: a comparison
			if o[v][m] != r {
				return false
			}
		}
	}
	return true
}

// owner is the first machine that has a service in the role in which it serves, "" if
// none has it.
func (st *stage) owner(id string) string {
	v := st.subject.service(id)
	for _, m := range st.Machines {
		if !v.Unique {
			if r := st.Agents.Role(id, m.Name); r != sim.Stopped && r >= v.least() {
				return m.Name
			}
			continue
		}
		for _, s := range st.Agents.On(m.Name) {
			if base(s) == id && st.Agents.Role(s, m.Name) >= v.least() {
				return m.Name
			}
		}
	}
	return ""
}

// coordinator is the node that coordinates, "" if none does.
func (st *stage) coordinator() string {
	for _, m := range st.Running() {
		if s := st.State(m.Name); s != nil && s.Synced && s.Control != control.NotCoordinator {
			return m.Name
		}
	}
	return ""
}

// covered is a node that a fence device cuts off: the first of its targets.
func (st *stage) covered(device string) string {
	for _, d := range st.subject.Devices {
		if d.ID == device && len(d.Targets) > 0 {
			return d.Targets[0]
		}
	}
	return st.Machines[0].Name
}

// state is what the greatest side of the cluster thinks; nil if nobody runs.
func (st *stage) state() *engine.State {
	var best *engine.State
	for _, m := range st.Running() {
		s := st.State(m.Name)
		if s != nil && s.Synced && (best == nil || cmp.Compare(len(s.View.Members), len(best.View.Members)) > 0) {
			best = s
		}
	}
	return best
}

// done tells whether every running node is in a synced view, has no order left to
// carry out, and nobody plans or carries out anything.
func (st *stage) done() bool {
	for _, m := range st.Running() {
		s := st.State(m.Name)
		if s == nil || !s.Synced || s.Control != control.NotCoordinator && s.Control != control.Idle {
			return false
		}
		for _, a := range s.Activity {
			if a.Interval == 0 {
				return false
			}
		}
	}
	return true
}

// whole tells whether all nodes are in one view and hold equal CIBs.
func (st *stage) whole() bool {
	var first *engine.State
	for _, m := range st.Machines {
		s := st.State(m.Name)
		if !slices.Contains(st.Running(), m) || s == nil {
			return false
		}
		if first == nil {
			first = s
		}
		if len(s.View.Members) != len(st.Machines) || s.View.Ring != first.View.Ring || cib.Hash(s.CIB) != cib.Hash(first.CIB) {
			return false
		}
	}
	return true
}

// settle lets time pass until the whole cluster is done for a while; it tells whether
// it became so within the limit.
func (st *stage) settle(limit time.Duration) bool {
	quiet := time.Duration(0)
	for end := st.Now + limit; st.Now < end; {
		st.Run(st.Now + step)
		if !st.whole() || !st.done() {
			quiet = 0
			continue
		}
		if quiet += step; quiet >= calm/2 {
			return true
		}
	}
	return false
}

// config is a hash of the configuration as the cluster holds it.
func (st *stage) config() string {
	s := st.state()
	if s == nil {
		return ""
	}
	sum := cib.Hash(s.CIB.Child("configuration"))
	return string(sum[:])
}

// plan is what the scheduler makes of the present state, with reasons.
func (st *stage) plan() *sched.Result {
	s := st.state()
	if s == nil {
		return nil
	}
	return st.planner.Schedule(sched.Input{CIB: s.CIB, Now: st.Machines[0].Wall(), Options: sched.Options{Reasons: true}})
}
