package view

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/status"
)

// Operation is one entry of the operation history.
type Operation struct {
	Call            int
	Task            string // "probe" for a monitor without interval
	IntervalMS      int
	RC              int
	LastChange      int64 // Unix seconds, 0 if unknown
	ExecMS, QueueMS int
	timed           bool
}

// ResourceHistory is what a node did for one resource.
type ResourceHistory struct {
	ID         string
	Orphan     bool
	Operations []Operation
}

// NodeHistory is what one node did.
type NodeHistory struct {
	Node, NodeID string
	Resources    []ResourceHistory
}

// History reads the operation history from the status section, nodes and
// resources in its order, operations in the order in which they were done.
func History(root *cib.Elem) []NodeHistory {
	var out []NodeHistory
	for ns := range root.Child("status").Named("node_state") {
		h := NodeHistory{Node: ns.Get("uname"), NodeID: ns.ID()}
		for lr := range ns.Path("lrm", "lrm_resources").Named("lrm_resource") {
			r := ResourceHistory{ID: lr.ID()}
			for op := range lr.Named("lrm_rsc_op") {
				if o, ok := readOperation(op); ok {
					r.Operations = append(r.Operations, o)
				}
			}
			sort.SliceStable(r.Operations, func(i, j int) bool { return r.Operations[i].Call < r.Operations[j].Call })
			if len(r.Operations) > 0 {
				h.Resources = append(h.Resources, r)
			}
		}
		if len(h.Resources) > 0 {
			out = append(out, h)
		}
	}
	return out
}

// readOperation reads one lrm_rsc_op. Notifications, and probes that found
// nothing, are not worth telling.
func readOperation(op *cib.Elem) (Operation, bool) {
	num := func(name string) int { n, _ := strconv.Atoi(op.Get(name)); return n }
	o := Operation{
		Call: num("call-id"), Task: op.Get("operation"), IntervalMS: num("interval"), RC: num("rc-code"),
		ExecMS: num("exec-time"), QueueMS: num("queue-time"),
	}
	o.LastChange, _ = strconv.ParseInt(op.Get("last-rc-change"), 10, 64)
	_, o.timed = op.Lookup("exec-time")
	probe := o.Task == "monitor" && o.IntervalMS == 0
	switch {
	case o.Task == "notify":
		return o, false
	case probe && agent.Code(o.RC) == agent.NotRunning:
		return o, false
	case probe:
		o.Task = "probe"
	}
	return o, true
}

// operations is the block on what each node did.
func (s *screen) operations() {
	hist := History(s.f.CIB)
	if len(hist) == 0 {
		return
	}
	s.out.gap()
	s.out.open("Operations")
	defer s.out.close()
	for _, h := range hist {
		n := s.where[h.Node]
		if n == nil || !n.Online || !s.shows(h.Node) {
			continue
		}
		s.out.openNode(s.nodeName(n))
		for _, r := range h.Resources {
			s.resourceHistory(h.Node, r)
		}
		s.out.close()
	}
}

// resourceHistory is what one node did for a resource.
func (s *screen) resourceHistory(node string, r ResourceHistory) {
	s.out.open(s.historyTitle(node, r.ID))
	defer s.out.close()
	for _, o := range r.Operations {
		text := fmt.Sprintf("(%d) %s", o.Call, o.Task)
		var parts []string
		if o.IntervalMS > 0 {
			parts = append(parts, fmt.Sprintf(`interval="%dms"`, o.IntervalMS))
		}
		if s.opt.Timing {
			if o.LastChange > 0 {
				parts = append(parts, `last-rc-change="`+s.stampUnix(o.LastChange)+`"`)
			}
			if o.timed {
				parts = append(parts, fmt.Sprintf(`exec-time="%dms"`, o.ExecMS), fmt.Sprintf(`queue-time="%dms"`, o.QueueMS))
			}
			parts = append(parts, fmt.Sprintf("rc=%d (%s)", o.RC, agent.Code(o.RC)))
		}
		if len(parts) > 0 {
			text += ": " + strings.Join(parts, " ")
		}
		s.out.item(text)
	}
}

// historyTitle is a resource with its migration-threshold and failures on a node.
func (s *screen) historyTitle(node, rsc string) string {
	fc := s.failCount(node, rsc)
	text := rsc + ": migration-threshold=" + s.threshold(rsc, fc)
	if fc != nil && fc.Count > 0 {
		text += " fail-count=" + cib.FormatScore(fc.Count)
		if fc.LastFailure > 0 {
			text += " last-failure='" + s.stampUnix(fc.LastFailure) + "'"
		}
	}
	return text
}

// threshold is how many failures of a resource a node bears.
func (s *screen) threshold(rsc string, fc *status.FailCount) string {
	n := 0
	if r := s.find(rsc); r != nil {
		n = r.Threshold
	}
	if fc != nil && fc.Threshold > 0 {
		n = fc.Threshold
	}
	if n == 0 {
		n = cib.Infinity
	}
	return itoa(n)
}

// failCount finds the failures of a resource on a node, or nil.
func (s *screen) failCount(node, rsc string) *status.FailCount {
	for i := range s.c.FailCounts {
		if fc := &s.c.FailCounts[i]; fc.Node == node && fc.Resource == rsc {
			return fc
		}
	}
	return nil
}

// failCounts is the block "Migration Summary". crm_mon shows its title also when nothing
// has failed, crm_simulate does not.
func (s *screen) failCounts(empty bool) {
	if !s.opt.has(Failcounts) {
		return
	}
	by := map[string][]string{}
	for i := range s.c.FailCounts {
		if fc := &s.c.FailCounts[i]; fc.Count > 0 && s.shows(fc.Node) {
			by[fc.Node] = append(by[fc.Node], s.historyTitle(fc.Node, fc.Resource))
		}
	}
	if len(by) == 0 && !empty {
		return
	}
	s.out.gap()
	s.out.open("Migration Summary")
	defer s.out.close()
	for _, n := range s.nodes() {
		if len(by[n.Name]) == 0 {
			continue
		}
		s.out.openNode(s.nodeName(n))
		for _, line := range by[n.Name] {
			s.out.item(line)
		}
		s.out.close()
	}
}
