package view

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"mainstay/graph"
	"mainstay/status"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Simulation tells a simulated transition in crm_simulate's layout.
type Simulation struct {
	ShowAll     bool // resources that stay as they are, too (-a)
	Pending     bool // tasks under way (-j)
	Attributes  bool
	FailCounts  bool
	Inactive    bool
	GroupByNode bool
}

// SimStatus is a block "Current cluster status" or "Revised Cluster Status"
// (the title is given) with the nodes and all resources.
func SimStatus(f *Frame, title string, opt Options) string {
	opt.Inactive = true
	s := newScreen(f, opt)
	s.sim = true
	s.out.open(title)
	s.nodeList()
	s.resourceList("Full List of Resources")
	s.attributes()
	s.failCounts(false)
	return s.out.String()
}

// SimCounts is the line about disabled and blocked instances that
// crm_simulate begins with, or "" if there are none.
func SimCounts(c *status.Cluster) string {
	if c.Disabled == 0 && c.Blocked == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d resource instances DISABLED and %d BLOCKED from further action due to failure\n", c.Disabled, c.Instances, c.Blocked)
}

// Summary is the block "Transition Summary".
func Summary(lines []status.Change, all bool) string {
	var o outline
	o.open("Transition Summary")
	width, detail := summaryWidths(lines, all)
	for _, l := range lines {
		switch {
		case l.Leave && !all:
		case l.Resource == "":
			o.item(nodeChange(l))
		default:
			o.item(fmt.Sprintf("%-8s   %-*s   ( %*s )%s", l.Verb, width, l.Resource, detail, l.Detail, because(l)))
		}
	}
	return o.String()
}

// summaryWidths are the widths of the columns: a resource longer than the
// column so far makes it two wider than itself.
func summaryWidths(lines []status.Change, all bool) (int, int) {
	width, detail := 5, 5
	for _, l := range lines {
		if l.Resource == "" || (l.Leave && !all) {
			continue
		}
		if len(l.Resource) > width {
			width = len(l.Resource) + 2
		}
		detail = max(detail, len(l.Detail))
	}
	return width, detail
}

// nodeChange is a line about a node.
func nodeChange(l status.Change) string {
	if l.Verb != "Fence" {
		return l.Verb + " " + l.Node
	}
	text := "Fence (" + l.Action + ") " + l.Node
	if l.Detail != "" {
		text += " (resource: " + l.Detail + ")"
	}
	if l.Reason != "" {
		text += " '" + l.Reason + "'"
	}
	return text
}

// because is the end of a line about a resource.
func because(l status.Change) string {
	switch {
	case l.Reason != "" && l.Blocked:
		return "  due to " + l.Reason + " (blocked)"
	case l.Reason != "":
		return "  due to " + l.Reason
	case l.Blocked:
		return "  blocked"
	}
	return ""
}

// Executing is the bullet that crm_simulate prints when it pretends to carry
// an action out. name is what the resource is called.
func Executing(a *graph.Action, name string) string {
	switch {
	case a.Kind == graph.Pseudo && a.Node != "":
		return "Pseudo action:   " + a.Key + " on " + a.Node
	case a.Kind == graph.Pseudo:
		return "Pseudo action:   " + a.Key
	case a.Kind == graph.Cluster && a.Task == "stonith":
		return "Fencing " + a.Node + " (" + fencingAction(a) + ")"
	case a.Kind == graph.Cluster && name != "":
		return "Cluster action:  " + a.Task + " for " + name + " on " + a.Node
	case a.Kind == graph.Cluster:
		return "Cluster action:  " + a.Task + " on " + a.Node
	}
	task := a.Task
	if iv := a.Attr("CRM_meta_interval"); iv != "" && iv != "0" && task != "notify" && task != "delete" {
		task += "=" + iv
	}
	return "Resource action: " + name + strings.Repeat(" ", max(0, 15-utf8.RuneCountInString(name))) + " " + task + " on " + a.Node
}

// fencingAction is what fencing does to the node: reboot, off or on.
func fencingAction(a *graph.Action) string {
	if op := a.Attr("CRM_meta_fencing_action"); op != "" {
		return op
	}
	return a.Attr("CRM_meta_stonith_action")
}

// Plan tells a transition in sentences, one action a line, in an order in
// which they can run: "start vip on n2 because …". Milestones are left out.
func Plan(g *graph.Graph) string {
	var b strings.Builder
	for _, a := range ordered(g) {
		if a.Kind == graph.Pseudo {
			continue
		}
		b.WriteString(PlanLine(a) + "\n")
	}
	return b.String()
}

// PlanLine is one action as a sentence.
func PlanLine(a *graph.Action) string {
	text := planVerb(a)
	if a.Node != "" && a.Task != "stonith" {
		text += " on " + a.Node
	}
	if a.Reason != "" {
		text += " because " + a.Reason
	}
	return text
}

// planVerb is what is done to what.
func planVerb(a *graph.Action) string {
	what := ""
	if a.Rsc != nil {
		what = a.Rsc.ID
		if a.Rsc.LongID != "" {
			what = a.Rsc.LongID
		}
	}
	iv, _ := strconv.Atoi(a.Attr("CRM_meta_interval"))
	switch a.Task {
	case "stonith":
		return "fence " + a.Node + " (" + fencingAction(a) + ")"
	case "do_shutdown":
		return "shut the cluster down"
	case "monitor":
		if iv > 0 {
			return "monitor " + what + " every " + millis(iv)
		}
		return "probe " + what
	case "cancel":
		return "stop monitoring " + what + " every " + millis(iv)
	case "clear_failcount":
		return "forget the failures of " + what
	case "delete", "lrm_delete":
		return "forget the history of " + what
	case "migrate_to":
		return "move " + what + " live to " + a.Attr("CRM_meta_migrate_target")
	case "migrate_from":
		return "take " + what + " over from " + a.Attr("CRM_meta_migrate_source")
	case "notify":
		kind := a.Attr("CRM_meta_notify_type") + "-" + a.Attr("CRM_meta_notify_operation")
		return strings.TrimSuffix("notify "+what+" ("+strings.Trim(kind, "-")+")", " ()")
	}
	return strings.TrimSpace(a.Task + " " + what)
}

// ordered returns the actions so that each comes after all it waits for, in
// graph order otherwise; what is part of a circle comes last.
func ordered(g *graph.Graph) []*graph.Action {
	at := make(map[int]int, len(g.Actions))
	for i, a := range g.Actions {
		at[a.ID] = i
	}
	seen := make([]bool, len(g.Actions))
	var out []*graph.Action
	var visit func(i int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, in := range g.Actions[i].Inputs {
			if j, ok := at[in]; ok {
				visit(j)
			}
		}
		out = append(out, g.Actions[i])
	}
	for i := range g.Actions {
		visit(i)
	}
	return out
}
