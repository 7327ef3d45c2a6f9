package transit

import (
	"slices"
	"strconv"
	"time"

	"mainstay/cib"
	"mainstay/graph"
)

// The attribute names are those that Pacemaker's graphs use.

// timeoutOf is the time an action may take: its timeout and its start delay.
func timeoutOf(a *graph.Action) time.Duration {
	return millis(a.Attr("CRM_meta_timeout")) + millis(a.Attr("CRM_meta_start_delay"))
}

// canFail tells whether the graph goes on whatever the result.
func canFail(a *graph.Action) bool {
	b, err := cib.ParseBool(a.Attr("CRM_meta_can_fail"))
	return err == nil && b
}

// isFencing tells whether the action fences its node.
func isFencing(a *graph.Action) bool { return a.Kind == graph.Cluster && a.Task == "stonith" }

// isShutdown tells whether the action asks its node to leave; its end is that the node is gone.
func isShutdown(a *graph.Action) bool { return a.Kind == graph.Cluster && a.Task == "do_shutdown" }

// leaveLast has each request to leave wait for what else the node is to do, unless that
// waits for the request itself.
func (r *run) leaveLast() {
	for i, a := range r.g.Actions {
		if !isShutdown(a) {
			continue
		}
		after := r.reached(i)
		for j, o := range r.g.Actions {
			if o.Kind == graph.Resource && concerns(o, a.Node) && !after[j] && !slices.Contains(a.Inputs, o.ID) {
				r.steps[i].missing++
				r.steps[j].next = append(r.steps[j].next, i)
			}
		}
	}
}

// reached are the steps that wait for a step, directly or not, and itself.
func (r *run) reached(from int) map[int]bool {
	seen := map[int]bool{from: true}
	for todo := []int{from}; len(todo) > 0; {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, n := range r.steps[last].next {
			if !seen[n] {
				seen[n] = true
				todo = append(todo, n)
			}
		}
	}
	return seen
}

// concerns tells whether a node, by name or id, carries the action out or routes it.
func concerns(a *graph.Action, node string) bool {
	return a.Node == node || a.NodeID == node || a.Router == node
}

// onNode is " on NODE", or nothing.
func onNode(a *graph.Action) string {
	if a.Node == "" {
		return ""
	}
	return " on " + a.Node
}

// graphAttr returns one attribute of the transition_graph element, or "".
func graphAttr(g *graph.Graph, name string) string {
	for _, at := range g.Attrs {
		if at.Name == name {
			return at.Value
		}
	}
	return ""
}

// duration reads a time span, 0 if it is none.
func duration(s string) time.Duration {
	d, err := cib.ParseDuration(s)
	if err != nil {
		return 0
	}
	return d
}

// millis reads a number of milliseconds, 0 if it is none.
func millis(s string) time.Duration {
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > int64(1<<53) {
		return 0
	}
	return time.Duration(min(n, 1<<42)) * time.Millisecond
}
