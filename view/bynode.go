package view

import (
	"cmp"
	"slices"
	"sort"

	"mainstay/status"
)

// nodeBlock writes a node and what runs on it.
func (s *screen) nodeBlock(n *status.Node) {
	list := s.runningOn(n.Name)
	if s.opt.Brief && len(list) == 0 {
		return
	}
	s.out.open(s.nodeTitle(n) + ": " + nodeState(n) + s.detailFeature(n))
	defer s.out.close()
	s.out.open("Resources")
	defer s.out.close()
	if s.opt.Brief {
		s.countByAgent(list)
		return
	}
	for _, r := range list {
		s.out.item(s.line(r, r.ID, n.Name, false))
	}
}

// detailFeature is the node's feature set, if details are wanted.
func (s *screen) detailFeature(n *status.Node) string {
	if s.opt.Detail {
		return featureSet(n)
	}
	return ""
}

// runningOn returns the primitive instances that are active on a node.
func (s *screen) runningOn(node string) []*status.Resource {
	var list []*status.Resource
	walk(s.c.Resources, func(r *status.Resource) {
		if len(r.Children) > 0 {
			return
		}
		for _, p := range r.Places {
			if p.Node == node {
				list = append(list, r)
				return
			}
		}
	})
	order := map[string]int{} // in which its history knows them, if it is there
	for ns := range s.f.CIB.Child("status").Named("node_state") {
		if ns.Get("uname") != node {
			continue
		}
		for lr := range ns.Path("lrm", "lrm_resources").Named("lrm_resource") {
			order[lr.ID()] = len(order) + 1
		}
	}
	at := func(r *status.Resource) int { return max(order[r.ID], order[r.BaseID]) }
	slices.SortStableFunc(list, func(a, b *status.Resource) int {
		if at(a) == 0 || at(b) == 0 {
			return cmp.Compare(at(b), at(a)) // those without history last
		}
		return cmp.Compare(at(a), at(b))
	})
	return list
}

// countByAgent writes how many instances of each agent are there.
func (s *screen) countByAgent(list []*status.Resource) {
	count := map[string]int{}
	var agents []string
	for _, r := range list {
		if count[r.Agent] == 0 {
			agents = append(agents, r.Agent)
		}
		count[r.Agent]++
	}
	sort.Strings(agents)
	for _, a := range agents {
		s.out.item(itoa(count[a]) + "\t(" + a + "):\tActive ")
	}
}

// brief writes the primitives of a list as counts per agent and node, and
// returns the rest.
func (s *screen) brief(list []*status.Resource) []*status.Resource {
	var single, rest []*status.Resource
	for _, r := range list {
		if r.Kind == status.Primitive {
			single = append(single, r)
		} else {
			rest = append(rest, r)
		}
	}
	s.briefLines(single)
	return rest
}

// briefLines writes active/configured counts of primitives: "1/1 (agent): Active n1".
func (s *screen) briefLines(list []*status.Resource) {
	total := map[string]int{}
	on := map[string]map[string]int{}
	var agents []string
	for _, r := range list {
		if total[r.Agent] == 0 {
			agents = append(agents, r.Agent)
			on[r.Agent] = map[string]int{}
		}
		total[r.Agent]++
		if len(r.Places) > 0 {
			on[r.Agent][r.Places[0].Node]++
		}
	}
	sort.Strings(agents)
	for _, a := range agents {
		var nodes []string
		for n := range on[a] {
			nodes = append(nodes, n)
		}
		slices.SortFunc(nodes, compareNames)
		for _, n := range nodes {
			s.out.item(s.fraction(on[a][n], total[a]) + "\t(" + a + "):\tActive " + n)
		}
		if len(nodes) == 0 && s.opt.Inactive {
			s.out.item(s.fraction(0, total[a]) + "\t(" + a + "):\tActive")
		}
	}
}

// fraction is "active/configured", or only the first if inactive resources are not shown.
func (s *screen) fraction(n, of int) string {
	if s.opt.Inactive {
		return itoa(n) + "/" + itoa(of)
	}
	return itoa(n)
}
