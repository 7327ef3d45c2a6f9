package simulate

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/graph"
	"mainstay/sched"
	"mainstay/transit"
	"mainstay/view"
)

// execution pretends to carry a graph out.
type execution struct {
	s       *session
	book    *ledger
	known   map[string]bool // names of resources and of histories, as they were at first
	failing []opSpec
	fatal   map[string]bool // tasks whose failure counts at once as infinite
}

// execute runs the graph through the transition machine, one action at a time
// and each with the result that the graph wants (or with --op-fail's), and
// returns the CIB with the results in it.
func (s *session) execute(res *sched.Result) *cib.Elem {
	x := &execution{s: s, book: newLedger(s.root, s.now), known: knownNames(s.root, res), fatal: map[string]bool{}}
	for _, spec := range s.o.failing {
		op, _ := parseOp(spec) // checked when the options were read
		x.failing = append(x.failing, op)
	}
	x.fatal["start"] = attr(res.Graph.Attrs, "failed-start-offset") == "INFINITY"
	x.fatal["stop"] = attr(res.Graph.Attrs, "failed-stop-offset") == "INFINITY"
	s.out.executing()
	m := transit.New(transit.Config{OneByOne: true})
	queue := []transit.Input{transit.Start{Graph: res.Graph}}
	for len(queue) > 0 {
		in := queue[0]
		queue = queue[1:]
		for _, e := range m.Step(0, in) {
			switch e := e.(type) {
			case transit.Passed:
				s.out.action(e.Action, "")
			case transit.Dispatch:
				queue = append(queue, x.perform(e.Action)...)
			case transit.Finished:
				s.stuck = e.Outcome == transit.Stopped && e.Failed == 0
			case transit.Refused:
				s.out.remark("The plan cannot be carried out: " + e.Reason)
			}
		}
	}
	return x.book.close()
}

// perform pretends one action and returns what the machine is to be told.
func (x *execution) perform(a *graph.Action) []transit.Input {
	rc := a.TargetRC()
	switch {
	case a.Kind == graph.Resource && a.Rsc != nil:
		rc = x.operation(a)
	case a.Kind == graph.Cluster && a.Task == "stonith":
		x.s.out.action(a, "")
		x.fence(a)
	default:
		name := ""
		if a.Rsc != nil {
			name = a.Rsc.ID
		}
		x.s.out.action(a, name)
	}
	end := transit.Completed{Action: a.ID, Status: agent.Done, RC: agent.Code(rc)}
	if rc != a.TargetRC() {
		return []transit.Input{transit.Abort{Reason: "an operation failed", Priority: transit.Infinity}, end}
	}
	return []transit.Input{end}
}

// fence takes a node down and forgets what it did, unless it is switched on.
func (x *execution) fence(a *graph.Action) {
	op := a.Attr("CRM_meta_fencing_action")
	if op == "" {
		op = a.Attr("CRM_meta_stonith_action")
	}
	if op != "on" {
		x.book.setUp(a.Node, false).forget()
	}
}

// operation pretends an operation of a resource, records it, and returns its
// return code. Forgetting a history and reading metadata leave no trace.
func (x *execution) operation(a *graph.Action) int {
	name := x.nameOf(a.Rsc)
	x.s.out.action(a, name)
	if a.Task == "delete" || a.Task == "meta-data" {
		return a.TargetRC()
	}
	interval, _ := strconv.Atoi(a.Attr("CRM_meta_interval"))
	if a.Task == "cancel" || a.Task == "notify" {
		return x.quietly(a, name, interval)
	}
	id := ""
	if a.Router == "" {
		id = a.NodeID
	} else {
		id = a.Node
	}
	b := x.book.node(a.Node, id)
	at := b.resource(name, a.Rsc.ID, a.Rsc.Class, a.Rsc.Provider, a.Rsc.Type)
	r := result{task: a.Task, interval: interval, rc: a.TargetRC(), targetRC: a.TargetRC(), actionID: a.ID, node: a.Node, attrs: a.Attrs}
	if spec := x.failure(a, name, interval); spec != nil {
		r.rc = spec.rc
		x.s.out.note(fmt.Sprintf("Pretending action %d failed with rc=%d", a.ID, spec.rc))
		x.book.countFailure(b, spec.rsc, a.Task, interval, spec.rc, x.fatal[a.Task])
	}
	x.book.record(b, at, r)
	return r.rc
}

// quietly pretends an operation that leaves the resource as it is: ending a
// recurring operation takes that out of the history.
func (x *execution) quietly(a *graph.Action, name string, interval int) int {
	b := x.book.node(a.Node, a.NodeID)
	at := b.resource(name, a.Rsc.ID, a.Rsc.Class, a.Rsc.Provider, a.Rsc.Type)
	if a.Task == "cancel" {
		h := b.opened(at)
		key := fmt.Sprintf("%s_%s_%d", h.rsc.ID(), a.Attr("CRM_meta_operation"), interval)
		h.entries = slices.DeleteFunc(h.entries, func(op *cib.Elem) bool { return op.Get("operation_key") == key && op.ID() == key })
	}
	return a.TargetRC()
}

// failure finds the --op-fail for an operation, nil if it is to succeed.
func (x *execution) failure(a *graph.Action, name string, interval int) *opSpec {
	for i := range x.failing {
		f := &x.failing[i]
		if f.task == a.Task && f.interval == interval && f.node == a.Node && (f.rsc == name || f.rsc == a.Rsc.ID) {
			return f
		}
	}
	return nil
}

// nameOf is what a resource is called in the output: the configured id if
// anything goes by that name, else the instance's.
func (x *execution) nameOf(r *graph.Rsc) string {
	if r.LongID == "" || x.known[r.ID] {
		return r.ID
	}
	return r.LongID
}

// knownNames are the names that histories in the input go by. (An instance
// whose history uses the configured id is known by it.)
func knownNames(root *cib.Elem, _ *sched.Result) map[string]bool {
	known := map[string]bool{}
	for ns := range root.Child("status").Named("node_state") {
		for r := range ns.Path("lrm", "lrm_resources").Named("lrm_resource") {
			if r.Child("lrm_rsc_op") != nil {
				known[r.ID()] = true
			}
		}
	}
	return known
}

// Outcome carries a graph out on a CIB with the results that the graph wants
// and returns the CIB after it. It is how a plan's effect is previewed.
func Outcome(in sched.Input, g *graph.Graph) *cib.Elem {
	s := &session{o: &options{}, root: in.CIB, now: in.Now, out: newTextOutput(&options{quiet: true}, io.Discard)}
	return s.execute(&sched.Result{Graph: g}).Sealed()
}

var _ = view.Executing
