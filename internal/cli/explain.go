package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mainstay/cib"
	"mainstay/intent"
	"mainstay/sched"
	"mainstay/sched/whatif"
	"mainstay/status"
)

// explainCommand tells why a resource is where it is, and not elsewhere.
func (a *app) explainCommand() *cobra.Command {
	at := 0
	c := &cobra.Command{
		Use: "explain RESOURCE [NODE]", Short: "Why is it here, why not there, what would change it", GroupID: "look",
		Long: "Has the scheduler judge the present state and prints, node by node, the score of a\n" +
			"resource and every constraint, failure and option that it is made of. Then it tries\n" +
			"what would have to be different for the resource to be on NODE (without NODE: on the\n" +
			"next best), and prints what it saw come true. --at judges the state that a past\n" +
			"transition was planned from instead; \"mainstay history\" lists them.",
		Example: "  mainstay explain vip__public\n  mainstay explain p_mysql node3\n  mainstay explain p_mysql --at 12\n  CIB_file=cib.xml mainstay explain vip",
		Args:    cobra.RangeArgs(1, 2), ValidArgsFunction: a.completeResourceNode,
		RunE: func(c *cobra.Command, args []string) error {
			in, err := a.situation(c.Context(), at)
			if err != nil {
				return err
			}
			p, err := intent.NeedResource(in.CIB, args[0])
			if err != nil {
				return err
			}
			node := ""
			if len(args) > 1 {
				n, err := intent.NeedNode(in.CIB, args[1])
				if err != nil {
					return err
				}
				node = n.Elem.Get("uname")
			}
			a.Printf("%s", explain(in, p.Elem.ID(), node))
			return nil
		},
	}
	c.Flags().IntVar(&at, "at", 0, "judge the state before this transition of the node's history, not the present one")
	return c
}

// situation is what the scheduler has to judge: the present state, or that before a
// past transition.
func (a *app) situation(ctx context.Context, at int) (sched.Input, error) {
	in := sched.Input{Now: a.Now(), Options: sched.Options{Scores: true, Reasons: true}}
	if at == 0 {
		root, err := a.CIB(ctx)
		in.CIB = root
		return in, err
	}
	t, err := a.Client().Transition(ctx, at)
	if err != nil {
		return in, err
	}
	in.CIB, in.Now = t.Input, t.Started
	return in, nil
}

// explain writes what the scheduler knows of a resource, and of each of its parts.
func explain(in sched.Input, id, node string) string {
	r := sched.Schedule(in)
	e := explainer{root: in.CIB, r: r, node: node}
	top := findStatus(r.Status.Resources, id)
	if top == nil {
		top = &status.Resource{ID: id, Kind: status.Primitive, Role: status.Stopped}
	}
	e.resource(top, 0)
	e.planned(id)
	e.warnings(id)
	e.changes(in, top)
	return e.b.String()
}

// changes tells what would bring the resource to the node that was asked about, else
// to the next best one.
func (e *explainer) changes(in sched.Input, top *status.Resource) {
	node := e.node
	if node == "" && top.Kind == status.Primitive {
		at := whatif.Place(e.r, top.ID)
		for _, n := range e.nodes(top.ID) {
			if node == "" && !slices.Contains(at, n) {
				node = n
			}
		}
	}
	if node == "" {
		return
	}
	list := whatif.For(in, top.ID, node)
	for _, c := range list {
		e.b.WriteString("on " + node + " if " + c.Text + "\n")
	}
	if e.node != "" && len(list) == 0 && !slices.Contains(whatif.Place(e.r, top.ID), node) {
		e.b.WriteString("no single score, constraint, role, failure or node state keeps it from " + node + "\n")
	}
}

// findStatus finds a resource by id or configured id.
func findStatus(list []*status.Resource, id string) *status.Resource {
	for _, r := range list {
		if r.ID == id || r.BaseID == id {
			return r
		}
		if found := findStatus(r.Children, id); found != nil {
			return found
		}
	}
	return nil
}

// explainer collects the text.
type explainer struct {
	b    strings.Builder
	root *cib.Elem
	r    *sched.Result
	node string // only this one, "" for all
}

// resource tells about one resource, then about what it consists of.
func (e *explainer) resource(r *status.Resource, depth int) {
	indent := strings.Repeat("  ", depth)
	e.b.WriteString(indent + headline(r) + "\n")
	e.general(r.ID, indent)
	for _, node := range e.nodes(r.ID) {
		e.onNode(r, node, indent)
	}
	for _, k := range r.Children {
		e.resource(k, depth+1)
	}
}

// headline says what a resource is doing.
func headline(r *status.Resource) string {
	line := r.ID
	if r.Agent != "" {
		line += " (" + r.Agent + ")"
	} else if r.Kind != status.Primitive {
		line += " (" + string(r.Kind) + ")"
	}
	var at []string
	for _, p := range r.Places {
		if r.Kind == status.Primitive {
			at = append(at, strings.ToLower(string(p.Role))+" on "+p.Node)
		} else {
			at = append(at, "active on "+p.Node)
		}
	}
	switch {
	case len(at) > 0:
		line += " is " + strings.Join(at, ", ")
	case r.Kind == status.Primitive:
		line += " is stopped"
	}
	for _, f := range []struct {
		on   bool
		word string
	}{{r.Failed, "failed"}, {r.Blocked, "blocked"}, {!r.Managed && r.Kind == status.Primitive, "unmanaged"}, {r.Disabled, "disabled"}, {r.Orphan, "no longer configured"}} {
		if f.on {
			line += ", " + f.word
		}
	}
	return line
}

// general writes the facts that hold on all nodes.
func (e *explainer) general(id, indent string) {
	for _, s := range e.r.Reasons {
		if s.Resource == id && s.Node == "" {
			e.b.WriteString(indent + "  " + reasonLine(s) + "\n")
		}
	}
}

// nodes lists the nodes that there is something to say about, best score first.
func (e *explainer) nodes(id string) []string {
	scores := map[string]int{}
	var names []string
	note := func(node string, score int, known bool) {
		if node == "" || e.node != "" && node != e.node {
			return
		}
		if _, seen := scores[node]; !seen {
			names = append(names, node)
			scores[node] = -cib.Infinity
		}
		if known {
			scores[node] = score
		}
	}
	for _, s := range e.r.Scores {
		if s.Resource == id && !s.Promotion && s.Text == "" {
			note(s.Node, s.Amount, true)
		}
	}
	for _, s := range e.r.Reasons {
		if s.Resource == id {
			note(s.Node, 0, false)
		}
	}
	slices.SortStableFunc(names, func(x, y string) int {
		return cmp.Or(cmp.Compare(scores[y], scores[x]), cmp.Compare(x, y))
	})
	return names
}

// onNode writes the score of a resource on a node and what it is made of.
func (e *explainer) onNode(r *status.Resource, node, indent string) {
	score, promotion := "-", ""
	for _, s := range e.r.Scores {
		if s.Resource != r.ID || s.Node != node || s.Text != "" {
			continue
		}
		if s.Promotion {
			promotion = ", promotion " + cib.FormatScore(s.Amount)
		} else {
			score = cib.FormatScore(s.Amount)
		}
	}
	mark := " "
	for _, p := range r.Places {
		if p.Node == node {
			mark = "*"
		}
	}
	told := false
	e.b.WriteString(indent + mark + " " + node + ": " + score + promotion + "\n")
	for _, s := range e.r.Reasons {
		if s.Resource == r.ID && s.Node == node {
			e.b.WriteString(indent + "      " + reasonLine(s) + "\n")
			told = told || s.Amount <= -cib.Infinity
		}
	}
	if why := e.nodeTrouble(node); why != "" && !told && r.Kind == status.Primitive {
		e.b.WriteString(indent + "      " + cib.FormatScore(-cib.Infinity) + "  " + why + "\n")
	}
}

// nodeTrouble says why nothing may run on a node, or "".
func (e *explainer) nodeTrouble(name string) string {
	for _, n := range e.r.Status.Nodes {
		if n.Name == name && (!n.Online || n.Standby || n.StandbyOnFail || n.Unclean || n.Shutdown || n.Pending) {
			return "node " + name + " is " + nodeState(n)
		}
	}
	return ""
}

// reasonLine tells one contribution: how much, what, from where.
func reasonLine(s sched.Reason) string {
	line := s.Text
	if line == "" {
		line = string(s.Kind)
	}
	if s.Amount != 0 {
		amount := cib.FormatScore(s.Amount)
		if s.Amount > 0 {
			amount = "+" + amount
		}
		line = amount + "  " + line
	}
	if s.Source != "" && !strings.Contains(line, s.Source) {
		line += " [" + s.Source + "]"
	}
	return line
}

// planned tells what the scheduler would do now.
func (e *explainer) planned(id string) {
	for _, c := range e.r.Summary {
		if c.Resource == id || strings.HasPrefix(c.Resource, id+":") {
			line := "next: " + c.Verb + " " + c.Resource
			if c.Detail != "" {
				line += " ( " + c.Detail + " )"
			}
			if c.Reason != "" {
				line += " due to " + c.Reason
			}
			if c.Blocked {
				line += " (blocked)"
			}
			if !c.Leave {
				e.b.WriteString(line + "\n")
			}
		}
	}
}

// warnings adds what was ignored or mended about a resource.
func (e *explainer) warnings(id string) {
	for _, w := range e.r.Warnings {
		if w.ID == id {
			e.b.WriteString("note: " + w.Text + "\n")
			if w.Fix != "" {
				e.b.WriteString("  remedy: " + w.Fix + "\n")
			}
		}
	}
}
