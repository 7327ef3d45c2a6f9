package view

import (
	"slices"
	"strings"

	"mainstay/status"
)

// nodeState is a node's condition in words, and the remark on its health.
func nodeState(n *status.Node) string { return plight(n) + nodeHealth(n) }

// plight is a node's condition in words, most urgent first.
func plight(n *status.Node) string {
	switch {
	case n.Unclean && n.Online:
		return "UNCLEAN (online)"
	case n.Unclean && n.Pending:
		return "UNCLEAN (pending)"
	case n.Unclean:
		return "UNCLEAN (offline)"
	case n.Pending:
		return "pending"
	case n.StandbyOnFail && n.Online:
		return "standby (on-fail)"
	case n.Standby && !n.Online:
		return "OFFLINE (standby)"
	case n.Standby && n.Running > 0:
		return "standby (with active resources)"
	case n.Standby:
		return "standby"
	case n.Maintenance && n.Online:
		return "maintenance"
	case n.Maintenance:
		return "OFFLINE (maintenance)"
	case n.Online:
		return "online"
	}
	return "OFFLINE"
}

// nodeHealth is the remark on a node that is not healthy.
func nodeHealth(n *status.Node) string {
	if n.Health == "red" || n.Health == "yellow" {
		return " (health is " + strings.ToUpper(n.Health) + ")"
	}
	return ""
}

// nodeTitle begins a line about one node: its kind, name and, if wanted, its
// host and id.
func (s *screen) nodeTitle(n *status.Node) string {
	return nodePrefix(n) + "Node " + s.nodeName(n)
}

// nodePrefix marks nodes that are no members.
func nodePrefix(n *status.Node) string {
	switch n.Kind {
	case status.Guest:
		return "Guest"
	case status.Remote:
		return "Remote"
	}
	return ""
}

// nodeName is a node's name with its host if it is a guest, and its id if
// details are wanted.
func (s *screen) nodeName(n *status.Node) string {
	name := n.Name
	if n.Kind == status.Guest && s.opt.Detail {
		if host := s.hostOf(n); host != "" {
			name += "@" + host
		}
	}
	if s.opt.Detail && n.ID != "" && n.ID != n.Name {
		name += " (" + n.ID + ")"
	}
	return name
}

// hostOf is the node on which a guest's container runs, or "".
func (s *screen) hostOf(n *status.Node) string {
	r := s.find(n.Container)
	if r == nil || len(r.Places) == 0 {
		return ""
	}
	return r.Places[0].Node
}

// sortedNodes returns the nodes by name; digits in names compare as numbers.
func sortedNodes(c *status.Cluster) []*status.Node {
	out := make([]*status.Node, len(c.Nodes))
	for i := range c.Nodes {
		out[i] = &c.Nodes[i]
	}
	slices.SortStableFunc(out, func(a, b *status.Node) int { return compareNames(a.Name, b.Name) })
	return out
}

// nodeList writes the block about nodes: those with something to tell one a
// line, then the rest as lists of names.
func (s *screen) nodeList() {
	if s.out.page != nil {
		s.htmlNodes()
		return
	}
	s.out.open("Node List")
	defer s.out.close()
	if s.opt.GroupByNode {
		for _, n := range s.nodes() {
			s.nodeBlock(n)
		}
		return
	}
	if s.opt.Detail {
		for _, n := range s.nodes() {
			s.out.item(s.nodeTitle(n) + ": " + nodeState(n) + featureSet(n))
		}
		return
	}
	var lists [6][]string
	for _, n := range s.nodes() {
		if at := listFor(n); at >= 0 {
			lists[at] = append(lists[at], n.Name)
		} else {
			s.out.item(s.nodeTitle(n) + ": " + nodeState(n))
		}
	}
	for i, title := range []string{"Online", "OFFLINE", "RemoteOnline", "RemoteOFFLINE", "GuestOnline"} {
		if len(lists[i]) > 0 {
			s.out.item(title + ": " + names(lists[i]))
		}
	}
}

// listFor is the index of the list of names that a node belongs to, or -1 if
// it gets a line of its own.
func listFor(n *status.Node) int {
	switch {
	case n.Unclean || n.Pending || n.Standby || n.StandbyOnFail || n.Maintenance:
		return -1
	case n.Online && nodeHealth(n) != "":
		return -1
	case n.Online && n.Kind == status.Guest:
		return 4
	case n.Online && n.Kind == status.Remote:
		return 2
	case n.Online:
		return 0
	case n.Kind == status.Remote:
		return 3
	case n.Kind == status.Guest:
		return 5 // a guest that is down is not worth a line
	}
	return 1
}

// featureSet is the remark on the node's feature set in detailed lines.
func featureSet(n *status.Node) string {
	switch {
	case !n.Online:
		return ""
	case n.FeatureSet == "": // nodes tell it since then
		return ", feature set <3.15.1"
	}
	return ", feature set " + n.FeatureSet
}

// compareNames compares without case, runs of digits as numbers.
func compareNames(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	for a != "" && b != "" {
		if digit(a[0]) && digit(b[0]) {
			var x, y string
			x, a = number(a)
			y, b = number(b)
			if c := compareNumbers(x, y); c != 0 {
				return c
			}
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// number cuts the digits that s begins with.
func number(s string) (string, string) {
	i := 0
	for i < len(s) && digit(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

// compareNumbers compares runs of digits of any length.
func compareNumbers(x, y string) int {
	x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(x, y)
}
