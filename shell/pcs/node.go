package pcs

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/intent"
)

// nodeCommands are those about nodes.
func nodeCommands() []command {
	return []command{
		{path: "node attribute", usage: "[[<node>] [--name <name>] | <node> <name>=<value> ...]", run: (*shell).nodeAttribute},
		{path: "node utilization", usage: "[[<node>] [--name <name>] | <node> <name>=<value> ...]", run: (*shell).nodeUtilization},
		{path: "node maintenance", usage: "[--all | <node>...] [--wait[=n]]", run: nodeMode("maintenance", "on")},
		{path: "node unmaintenance", usage: "[--all | <node>...] [--wait[=n]]", run: nodeMode("maintenance", "")},
		{path: "node standby", usage: "[--all | <node>...] [--wait[=n]]", run: nodeMode("standby", "on")},
		{path: "node unstandby", usage: "[--all | <node>...] [--wait[=n]]", run: nodeMode("standby", "")},
		replaced("cluster standby", "node standby", nodeMode("standby", "on")),
		replaced("cluster unstandby", "node unstandby", nodeMode("standby", "")),
	}
}

// node finds a node: of the cluster, or one that a resource makes.
func (s *shell) node(name string) *cib.Place {
	if p := intent.Node(s.root, name); p != nil {
		return p
	}
	for _, e := range allPrimitives(s.conf("resources")) {
		remote := e.Get("class") == "ocf" && e.Get("type") == "remote" && e.ID() == name
		if remote || meta(e, "remote-node") == name {
			return s.resource(e.ID())
		}
	}
	return nil
}

// nodeMode sets or removes an attribute of nodes; without nodes of this one.
func nodeMode(name, v string) func(*shell, []string) error {
	return func(s *shell, args []string) error {
		if len(args) > 0 && s.opt.has("all") {
			return fmt.Errorf("Only one of '--all', node names can be used")
		}
		switch {
		case s.opt.has("all"):
			args = intent.Nodes(s.root)
		case len(args) == 0:
			args = []string{s.c.Local()}
		}
		for _, n := range args {
			if intent.Node(s.root, n) == nil {
				s.warn("Error: Node '%s' does not appear to exist in configuration", n)
				s.wrong++
			}
		}
		if s.wrong > 0 {
			return errDone
		}
		for _, n := range args {
			p := intent.Node(s.root, n)
			s.set(p, s.withPairs(p.Elem, "instance_attributes", "nodes-"+p.Elem.ID(), []pair{{name, v}}))
		}
		return s.waiting()
	}
}

// nodeAttribute shows or changes permanent attributes of nodes.
func (s *shell) nodeAttribute(args []string) error {
	if len(args) < 2 {
		s.print("Node Attributes:\n")
		s.showNodes("instance_attributes", args)
		return nil
	}
	ps, err := pairs(args[1:])
	if err != nil {
		return err
	}
	return s.setNodePairs(args[0], "instance_attributes", "", ps)
}

// nodeUtilization shows or changes what nodes offer.
func (s *shell) nodeUtilization(args []string) error {
	if len(args) < 2 {
		s.print("Node Utilization:\n")
		s.showNodes("utilization", args)
		return nil
	}
	ps, err := utilizations(args[1:])
	if err != nil {
		return err
	}
	return s.setNodePairs(args[0], "utilization", "-utilization", ps)
}

// showNodes lists the values of nodes, only of one node or one name if asked.
func (s *shell) showNodes(tag string, only []string) {
	var nodes []*cib.Elem
	for n := range s.conf("nodes").Named("node") {
		nodes = append(nodes, n)
	}
	slices.SortStableFunc(nodes, func(a, b *cib.Elem) int { return strings.Compare(a.Get("uname"), b.Get("uname")) })
	for _, n := range nodes {
		ps := pairsOf(n, tag)
		if name := s.opt.get("name"); name != "" {
			ps = slices.DeleteFunc(ps, func(p pair) bool { return p.name != name })
		}
		if len(ps) > 0 && (len(only) == 0 || only[0] == n.Get("uname")) {
			s.print(" %s: %s\n", n.Get("uname"), joined(ps))
		}
	}
}

// setNodePairs gives a node values; an empty one removes a name.
func (s *shell) setNodePairs(name, tag, suffix string, ps []pair) error {
	p := intent.Node(s.root, name)
	if p == nil {
		return fmt.Errorf("Unable to find a node: %s", name)
	}
	for _, x := range ps {
		if _, there := value(pairsOf(p.Elem, tag), x.name); x.value == "" && !there && tag == "instance_attributes" && !s.opt.has("force") {
			return fmt.Errorf("attribute: '%s' doesn't exist for node: '%s'", x.name, name)
		}
	}
	s.set(p, s.withPairs(p.Elem, tag, "nodes-"+p.Elem.ID()+suffix, ps))
	return nil
}
