package simulate

import (
	"io"
	"strconv"
	"strings"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/internal/face"
	"mainstay/sched"
	"mainstay/status"
	"mainstay/view"
)

// xmlOutput collects a <pacemaker-result> as Pacemaker's output schema has it.
type xmlOutput struct {
	o       *options
	out     io.Writer
	kids    []*cib.Elem
	mods    *cib.Elem
	actions []*cib.Elem     // of the execution
	printed strings.Builder // files that went to standard output
}

func newXMLOutput(o *options, w io.Writer) *xmlOutput { return &xmlOutput{o: o, out: w} }

func (x *xmlOutput) remark(string) {}
func (x *xmlOutput) note(string)   {}

func (x *xmlOutput) options() view.Options {
	return view.Options{Sections: map[view.Section]bool{view.Attributes: x.o.attrs, view.Failcounts: x.o.failCounts}}
}

func (x *xmlOutput) states() bool { return true }

func (x *xmlOutput) before(f *view.Frame) {
	x.kids = append(x.kids, view.XMLState("cluster_status", f, x.options()))
}

func (x *xmlOutput) after(f *view.Frame) {
	settled(f)
	x.kids = append(x.kids, elem("transition").WithKids(x.actions), view.XMLState("revised_cluster_status", f, x.options()))
}

// injecting writes all changes at once, from the command line.
func (x *xmlOutput) injecting() {
	m := elem("modifications")
	if x.o.quorum != "" {
		m = m.With("quorum", x.o.quorum)
	}
	if x.o.watchdog != "" {
		m = m.With("watchdog", x.o.watchdog)
	}
	var kids []*cib.Elem
	for _, c := range []struct {
		list      []string
		tag, verb string
		object    string
	}{
		{x.o.up, "modify_node", "Online", "node"}, {x.o.down, "modify_node", "Offline", "node"}, {x.o.fail, "modify_node", "Failing", "node"},
		{x.o.grant, "modify_ticket", "Granting", "ticket"}, {x.o.revoke, "modify_ticket", "Revoking", "ticket"},
		{x.o.standby, "modify_ticket", "Standby", "ticket"}, {x.o.active, "modify_ticket", "Activating", "ticket"},
	} {
		for _, v := range c.list {
			kids = append(kids, elem(c.tag, "action", c.verb, c.object, v))
		}
	}
	for _, spec := range x.o.inject {
		kids = append(kids, elem("inject_spec", "spec", spec))
	}
	x.kids = append(x.kids, m.WithKids(kids))
}

func (x *xmlOutput) injected(string) {}

func (x *xmlOutput) plan(res *sched.Result) {
	if x.o.scores {
		x.kids = append(x.kids, xmlScores(res))
	}
	var nodes, rscs []*cib.Elem
	for _, c := range changes(res) {
		switch {
		case c.Leave && !x.o.allActions:
		case c.Resource == "":
			nodes = append(nodes, xmlNodeChange(c))
		default:
			rscs = append(rscs, xmlChange(c))
		}
	}
	x.kids = append(x.kids, elem("actions").WithKids(append(nodes, rscs...)))
}

// xmlScores is <allocations>.
func xmlScores(res *sched.Result) *cib.Elem {
	var kids []*cib.Elem
	for _, s := range res.Scores {
		switch {
		case s.Text != "":
		case s.Promotion:
			e := elem("promotion_score", "id", s.Resource, "score", cib.FormatScore(s.Amount))
			if s.Node != "" {
				e = e.With("node", s.Node)
			}
			kids = append(kids, e)
		default:
			kids = append(kids, elem("node_weight", "function", s.Method, "node", s.Node, "score", cib.FormatScore(s.Amount), "id", s.Resource))
		}
	}
	return elem("allocations").WithKids(kids)
}

// xmlNodeChange is <node_action>.
func xmlNodeChange(c status.Change) *cib.Elem {
	task := c.Verb
	if c.Verb == "Fence" {
		task = "Fence (" + c.Action + ")"
	}
	return elem("node_action", "task", task, "node", c.Node, "reason", c.Reason)
}

// xmlChange is <rsc_action>.
func xmlChange(c status.Change) *cib.Elem {
	e := elem("rsc_action", "action", strings.ToLower(c.Verb), "resource", c.Resource)
	add := func(name, value string) {
		if value != "" {
			e = e.With(name, value)
		}
	}
	roles := c.FromRole == status.Promoted || c.FromRole == status.Unpromoted || c.ToRole == status.Promoted || c.ToRole == status.Unpromoted
	if roles {
		add("role", string(c.FromRole))
		if c.From == "" || c.To != "" && c.ToRole != c.FromRole {
			add("next-role", string(c.ToRole))
		}
	}
	switch {
	case c.From == "" && roles:
		add("dest", c.To)
	case c.From == "":
		add("node", c.To)
	case c.To == "":
		add("node", c.From)
	default:
		add("source", c.From)
		if c.To != c.From {
			add("dest", c.To)
		}
	}
	add("reason", c.Reason)
	if c.Blocked {
		add("blocked", "true")
	}
	return e
}

func (x *xmlOutput) executing() {}

func (x *xmlOutput) action(a *graph.Action, rsc string) {
	var e *cib.Elem
	switch {
	case a.Kind == graph.Pseudo:
		e = elem("pseudo_action", "task", a.Key)
		if a.Node != "" {
			e = e.With("node", a.Node)
		}
	case a.Kind == graph.Cluster && a.Task == "stonith":
		op := a.Attr("CRM_meta_fencing_action")
		if op == "" {
			op = a.Attr("CRM_meta_stonith_action")
		}
		e = elem("fencing_action", "op", op, "target", a.Node)
	case a.Kind == graph.Cluster:
		e = elem("cluster_action", "task", a.Task, "node", a.Node)
		if rsc != "" {
			e = e.With("id", rsc)
		}
	default:
		e = elem("rsc_action", "resource", rsc, "op", a.Task, "node", a.Node)
		if ms, _ := strconv.Atoi(a.Attr("CRM_meta_interval")); ms > 0 && a.Task != "notify" {
			e = e.With("interval", strconv.Itoa(ms))
		}
	}
	x.actions = append(x.actions, e)
}

func (x *xmlOutput) raw(text string) { x.printed.WriteString(text) }

func (x *xmlOutput) finish(code face.Code) error {
	_, err := io.WriteString(x.out, x.text(code))
	return err
}

// text is the reply, or the files that were asked for in its place.
func (x *xmlOutput) text(code face.Code) string {
	if x.printed.Len() > 0 {
		return x.printed.String()
	}
	message := "OK"
	for _, m := range face.Meanings() {
		if m.Code == code {
			message = m.Text
		}
	}
	if code == face.OK {
		message = "OK"
	}
	request := strings.TrimSpace("crm_simulate " + strings.Join(x.o.raw, " "))
	return view.XMLReply(view.Reply{Request: request, Code: int(code), Message: message}, x.kids...)
}

// elem makes an element from names and values.
func elem(name string, kv ...string) *cib.Elem {
	attrs := make([]cib.Attr, 0, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		attrs = append(attrs, cib.Attr{Name: kv[i], Value: kv[i+1]})
	}
	return cib.New(name, attrs...)
}
