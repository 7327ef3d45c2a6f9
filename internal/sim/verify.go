package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mainstay/graph"
	"mainstay/sched"
	"mainstay/status"
)

// Verify checks what must be true when all is mended and the cluster is quiet:
// everything runs that should, the cluster knows what runs, nothing is left to do,
// and no law was broken on the way.
func (c *Cluster) Verify() []string {
	out := texts(c.broken)
	for _, s := range c.Agents.services.list {
		if !s.Stopped {
			out = append(out, c.missing(s)...)
		}
	}
	for _, id := range c.Unkept() {
		out = append(out, "what was acknowledged stays: "+id+" is gone")
	}
	out = append(out, c.mistaken()...)
	out = append(out, c.unended()...)
	for _, a := range c.Plan().Graph.Actions {
		if a.Kind != graph.Pseudo {
			out = append(out, fmt.Sprintf("it does not end: the quiet cluster still plans %s on %s (%s)", a.Key, a.Node, a.Reason))
		}
	}
	return out
}

// unended lists fencings that some member takes to be under way and another not.
func (c *Cluster) unended() []string {
	ended := map[string]string{} // id → who says that it ended
	for _, m := range c.Running() {
		for _, e := range c.state[m.Name].Fencing {
			if e.State != "pending" {
				ended[e.ID] = m.Name
			}
		}
	}
	var out []string
	for _, m := range c.Running() {
		for _, e := range c.state[m.Name].Fencing {
			if by := ended[e.ID]; e.State == "pending" && by != "" {
				out = append(out, fmt.Sprintf("fencing %s of %s ended as %s knows, but not as %s knows", e.ID, e.Target, by, m.Name))
			}
		}
	}
	return out
}

// missing tells how many instances of a service are not where they should be.
func (c *Cluster) missing(s Service) []string {
	var out []string
	active, promoted := 0, 0
	for _, id := range slices.Sorted(maps.Keys(c.Agents.roles)) {
		if base, _, _ := strings.Cut(id, ":"); base == s.ID {
			active += len(c.Agents.Owners(id))
			promoted += len(c.Agents.Promoted(id))
		}
	}
	if want := min(s.Max, len(c.Machines)); active != want {
		out = append(out, fmt.Sprintf("%s is active on %d machines in the end, want %d", s.ID, active, want))
	}
	if promoted != s.PromotedMax {
		out = append(out, fmt.Sprintf("%s is promoted on %d machines in the end, want %d", s.ID, promoted, s.PromotedMax))
	}
	return out
}

// mistaken compares what the cluster believes with the world.
func (c *Cluster) mistaken() []string {
	believed := map[string]bool{}
	var walk func(list []*status.Resource)
	walk = func(list []*status.Resource) {
		for _, r := range list {
			walk(r.Children)
			if r.Kind != status.Primitive || strings.HasPrefix(r.Agent, "stonith") {
				continue
			}
			s, _ := c.Agents.services.find(r.BaseID)
			id := r.BaseID
			if s.Unique {
				id = r.ID
			}
			for _, p := range r.Places {
				believed[id+" on "+p.Node] = true
			}
		}
	}
	first := c.Running()[0]
	walk(c.plan.Unpack(sched.Input{CIB: c.state[first.Name].CIB, Now: first.Wall()}).Resources)
	var out []string
	for _, id := range slices.Sorted(maps.Keys(c.Agents.roles)) {
		for _, m := range c.Agents.Owners(id) {
			at := id + " on " + m
			if !believed[at] {
				out = append(out, "the cluster does not know of "+at)
			}
			delete(believed, at)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(believed)) {
		out = append(out, "the cluster believes in "+at)
	}
	return out
}
