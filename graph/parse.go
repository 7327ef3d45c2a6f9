package graph

import (
	"fmt"
	"strconv"

	"mainstay/cib"
)

// Parse reads a <transition_graph> as Pacemaker writes it. Actions keep the
// order of their synapses; reasons are not part of the XML and stay empty.
func Parse(doc []byte) (*Graph, error) {
	root, err := cib.Parse(doc)
	if err != nil {
		return nil, fmt.Errorf("transition graph: %w", err)
	}
	if root.Name() != "transition_graph" {
		return nil, fmt.Errorf("transition graph: root is <%s>, want <transition_graph>", root.Name())
	}
	g := &Graph{}
	for _, a := range root.Attrs() {
		if a.Name == "transition_id" {
			if g.ID, err = strconv.Atoi(a.Value); err != nil {
				return nil, fmt.Errorf("transition graph: transition_id %q is no number", a.Value)
			}
			continue
		}
		g.Attrs = append(g.Attrs, a)
	}
	for syn := range root.Named("synapse") {
		if err := g.addSynapse(syn); err != nil {
			return nil, fmt.Errorf("transition graph: line %d: %w", syn.Line(), err)
		}
	}
	return g, nil
}

// addSynapse adds the synapse's actions; all of them wait for all of its inputs.
func (g *Graph) addSynapse(syn *cib.Elem) error {
	priority := 0
	if p, ok := syn.Lookup("priority"); ok {
		n, err := cib.ParseScore(p)
		if err != nil {
			return fmt.Errorf("synapse priority: %w", err)
		}
		priority = n
	}
	var inputs []int
	for trigger := range syn.Child("inputs").Named("trigger") {
		for _, k := range trigger.Kids() {
			if k.Name() == cib.CommentName {
				continue
			}
			id, err := strconv.Atoi(k.ID())
			if err != nil {
				return fmt.Errorf("trigger id %q is no number", k.ID())
			}
			inputs = append(inputs, id)
		}
	}
	for _, k := range syn.Child("action_set").Kids() {
		if k.Name() == cib.CommentName {
			continue
		}
		a, err := parseAction(k)
		if err != nil {
			return err
		}
		a.Priority, a.Inputs = priority, inputs
		g.Actions = append(g.Actions, a)
	}
	return nil
}

// parseAction reads one pseudo_event, rsc_op or crm_event.
func parseAction(e *cib.Elem) (*Action, error) {
	a := &Action{
		Task: e.Get("operation"), Key: e.Get("operation_key"), Internal: e.Get("internal_operation_key"),
		Node: e.Get("on_node"), NodeID: e.Get("on_node_uuid"), Router: e.Get("router_node"), Lock: e.Get("shutdown-lock"),
	}
	switch e.Name() {
	case "pseudo_event":
		a.Kind = Pseudo
	case "rsc_op":
		a.Kind = Resource
	case "crm_event":
		a.Kind = Cluster
	default:
		return nil, fmt.Errorf("<%s> is no action", e.Name())
	}
	var err error
	if a.ID, err = strconv.Atoi(e.ID()); err != nil {
		return nil, fmt.Errorf("action id %q is no number", e.ID())
	}
	if p := e.Child("primitive"); p != nil {
		a.Rsc = &Rsc{ID: p.ID(), LongID: p.Get("long-id"), Class: p.Get("class"), Provider: p.Get("provider"), Type: p.Get("type")}
	}
	for x := range e.Child("attributes").Named("param") {
		a.Attrs = append(a.Attrs, cib.Attr{Name: x.Get("name"), Value: x.Get("value")})
	}
	a.Attrs = append(a.Attrs, e.Child("attributes").Attrs()...)
	for n := range e.Child("downed").Named("node") {
		a.Downed = append(a.Downed, n.ID())
	}
	return a, nil
}
