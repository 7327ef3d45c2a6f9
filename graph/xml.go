package graph

import (
	"strconv"

	"mainstay/cib"
)

// XML writes the graph as a <transition_graph> document, action for action as
// Pacemaker does. Reasons are not part of it.
func (g *Graph) XML() []byte {
	root := cib.New("transition_graph", g.attributes()...)
	at := make(map[int]*Action, len(g.Actions))
	for _, a := range g.Actions {
		at[a.ID] = a
	}
	kids := make([]*cib.Elem, len(g.Actions))
	for i, a := range g.Actions {
		kids[i] = synapse(i, a, at)
	}
	return root.WithKids(kids).AppendXML(nil, true)
}

// attributes are the graph's own; its number stands behind batch-limit.
func (g *Graph) attributes() []cib.Attr {
	out := make([]cib.Attr, 0, len(g.Attrs)+1)
	id := cib.Attr{Name: "transition_id", Value: strconv.Itoa(g.ID)}
	placed := false
	for _, a := range g.Attrs {
		out = append(out, a)
		if a.Name == "batch-limit" {
			out = append(out, id)
			placed = true
		}
	}
	if !placed {
		out = append(out, id)
	}
	return out
}

// synapse writes an action with what it waits for.
func synapse(number int, a *Action, at map[int]*Action) *cib.Elem {
	s := cib.New("synapse", cib.Attr{Name: "id", Value: strconv.Itoa(number)})
	if a.Priority != 0 {
		s = s.With("priority", strconv.Itoa(a.Priority))
	}
	var triggers []*cib.Elem
	for _, id := range a.Inputs {
		if in := at[id]; in != nil {
			triggers = append(triggers, cib.New("trigger").WithKids([]*cib.Elem{in.head()}))
		}
	}
	return s.WithKids([]*cib.Elem{
		cib.New("action_set").WithKids([]*cib.Elem{a.body()}),
		cib.New("inputs").WithKids(triggers),
	})
}

// head is the action's element without children, as triggers name it.
func (a *Action) head() *cib.Elem {
	attrs := []cib.Attr{{Name: "id", Value: strconv.Itoa(a.ID)}, {Name: "operation", Value: a.Task}, {Name: "operation_key", Value: a.Key}}
	for _, o := range []cib.Attr{
		{Name: "internal_operation_key", Value: a.Internal}, {Name: "on_node", Value: a.Node},
		{Name: "on_node_uuid", Value: a.NodeID}, {Name: "router_node", Value: a.Router},
	} {
		if o.Value != "" {
			attrs = append(attrs, o)
		}
	}
	return cib.New([]string{"pseudo_event", "rsc_op", "crm_event"}[a.Kind], attrs...)
}

// body is the action's element with everything in it.
func (a *Action) body() *cib.Elem {
	e := a.head()
	if a.Lock != "" {
		e = e.With("shutdown-lock", a.Lock)
	}
	var kids []*cib.Elem
	if r := a.Rsc; r != nil {
		attrs := []cib.Attr{{Name: "id", Value: r.ID}}
		if r.LongID != "" {
			attrs = append(attrs, cib.Attr{Name: "long-id", Value: r.LongID})
		}
		attrs = append(attrs, cib.Attr{Name: "class", Value: r.Class})
		if r.Provider != "" {
			attrs = append(attrs, cib.Attr{Name: "provider", Value: r.Provider})
		}
		kids = append(kids, cib.New("primitive", append(attrs, cib.Attr{Name: "type", Value: r.Type})...))
	}
	if len(a.Attrs) > 0 {
		kids = append(kids, attributes(a.Attrs))
	}
	if len(a.Downed) > 0 {
		var nodes []*cib.Elem
		for _, id := range a.Downed {
			nodes = append(nodes, cib.New("node", cib.Attr{Name: "id", Value: id}))
		}
		kids = append(kids, cib.New("downed").WithKids(nodes))
	}
	return e.WithKids(kids)
}

// attributes writes an action's attributes. Parameters whose names begin with
// a digit, which no name in XML may, stand in elements of their own.
func attributes(list []cib.Attr) *cib.Elem {
	attrs := make([]cib.Attr, 0, len(list))
	var params []*cib.Elem
	for _, a := range list {
		if a.Name != "" && a.Name[0] >= '0' && a.Name[0] <= '9' {
			params = append(params, cib.New("param", cib.Attr{Name: "name", Value: a.Name}, cib.Attr{Name: "value", Value: a.Value}))
		} else {
			attrs = append(attrs, a)
		}
	}
	return cib.New("attributes", attrs...).WithKids(params)
}
