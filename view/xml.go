package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/status"
)

// apiVersion is the version of Pacemaker's output schema that the XML keeps to
// (/usr/share/pacemaker/api/api-result.rng); pcs checks it against that.
const apiVersion = "2.25"

// Reply is what surrounds every XML answer: the command that was asked, and
// how it ended.
type Reply struct {
	Request string   // "crm_mon --output-as=xml"
	Code    int      // exit code
	Message string   // its name: "OK"
	Errors  []string // what went wrong
}

// XML is the cluster's state as crm_mon --output-as=xml writes it. Without
// chosen sections everything is in it.
func XML(f *Frame, opt Options, r Reply) string {
	if opt.Sections == nil {
		opt.Sections = allSections()
	}
	opt.Inactive = true
	s := newScreen(f, opt)
	kids := []*cib.Elem{s.xmlSummary()}
	if opt.has(Nodes) {
		kids = append(kids, s.xmlNodes())
	}
	if opt.has(Resources) {
		kids = append(kids, s.xmlResources())
	}
	if opt.has(Attributes) {
		kids = append(kids, s.xmlAttributes())
	}
	if opt.has(Operations) || opt.has(Failcounts) {
		kids = append(kids, s.xmlHistory())
	}
	if opt.has(Failures) {
		kids = append(kids, s.xmlFailures())
	}
	if opt.has(FencingFailures) || opt.has(FencingPendings) || opt.has(FencingSuccesses) {
		kids = append(kids, s.xmlFencing())
	}
	if opt.has(Tickets) {
		kids = append(kids, s.xmlTickets())
	}
	if opt.has(Bans) {
		kids = append(kids, s.xmlBans())
	}
	return XMLReply(r, kids...)
}

// allSections is what XML shows when nothing is chosen.
func allSections() map[Section]bool {
	all := map[Section]bool{}
	for _, s := range []Section{Attributes, Bans, Counts, DC, Failcounts, Failures, FencingFailures, FencingPendings, FencingSuccesses,
		MaintMode, Nodes, Operations, ClusterOptions, Resources, Stack, Tickets, Times} {
		all[s] = true
	}
	return all
}

// XMLReply wraps elements into a <pacemaker-result>; nil ones are left out.
func XMLReply(r Reply, kids ...*cib.Elem) string {
	state := elem("status", "code", itoa(r.Code), "message", orElse(r.Message, "OK"))
	if len(r.Errors) > 0 {
		var list []*cib.Elem
		for _, e := range r.Errors {
			list = append(list, cib.New("error").WithText(e))
		}
		state = state.WithKids([]*cib.Elem{elem("errors").WithKids(list)})
	}
	kids = slices.DeleteFunc(append(slices.Clone(kids), state), func(e *cib.Elem) bool { return e == nil })
	return elem("pacemaker-result", "api-version", apiVersion, "request", r.Request).WithKids(kids).String()
}

// elem makes an element from names and values.
func elem(name string, kv ...string) *cib.Elem {
	attrs := make([]cib.Attr, 0, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		attrs = append(attrs, cib.Attr{Name: kv[i], Value: kv[i+1]})
	}
	return cib.New(name, attrs...)
}

// yes writes a boolean.
func yes(b bool) string { return strconv.FormatBool(b) }

// xmlSummary is <summary>.
func (s *screen) xmlSummary() *cib.Elem {
	c := s.c
	var kids []*cib.Elem
	if s.opt.has(Stack) {
		kids = append(kids, elem("stack", "type", orElse(c.Stack, "unknown")))
	}
	if s.opt.has(DC) {
		if c.DC == "" {
			kids = append(kids, elem("current_dc", "present", "false"))
		} else {
			kids = append(kids, elem("current_dc", "present", "true", "version", c.DCVersion, "name", c.DC, "id", c.DCID,
				"with_quorum", yes(c.Quorate), "mixed_version", "false"))
		}
	}
	if s.opt.has(Times) {
		kids = append(kids, elem("last_update", "time", s.stamp(s.f.Now)),
			elem("last_change", "time", c.LastChange, "user", c.LastChangeUser, "client", c.LastChangeTool, "origin", c.LastChangeNode))
	}
	if s.opt.has(Counts) {
		kids = append(kids, elem("nodes_configured", "number", itoa(c.NodesConfigured)),
			elem("resources_configured", "number", itoa(c.Instances), "disabled", itoa(c.Disabled), "blocked", itoa(c.Blocked)))
	}
	if s.opt.has(ClusterOptions) {
		kids = append(kids, elem("cluster_options", "stonith-enabled", yes(c.FencingEnabled), "symmetric-cluster", yes(c.Symmetric),
			"no-quorum-policy", orElse(c.NoQuorumPolicy, "stop"), "maintenance-mode", yes(c.Maintenance), "stop-all-resources", yes(c.StopAll),
			"stonith-timeout-ms", millisOption(s.f.CIB, "stonith-timeout", "60s"),
			"priority-fencing-delay-ms", millisOption(s.f.CIB, "priority-fencing-delay", "0")))
	}
	return elem("summary").WithKids(kids)
}

// millisOption reads a cluster option that is a time span, in milliseconds.
func millisOption(root *cib.Elem, name, def string) string {
	d, err := cib.ParseDuration(cib.Property(root, name, def))
	if err != nil {
		d, _ = cib.ParseDuration(def)
	}
	return strconv.FormatInt(int64(d/time.Millisecond), 10)
}

// xmlNodes is <nodes>.
func (s *screen) xmlNodes() *cib.Elem {
	var kids []*cib.Elem
	for _, n := range s.nodes() {
		e := elem("node", "name", n.Name, "id", n.ID, "online", yes(n.Online), "standby", yes(n.Standby), "standby_onfail", yes(n.StandbyOnFail),
			"maintenance", yes(n.Maintenance), "pending", yes(n.Pending), "unclean", yes(n.Unclean), "health", orElse(n.Health, "green"))
		if n.FeatureSet != "" && n.Online {
			e = e.With("feature_set", n.FeatureSet)
		}
		e = e.With("shutdown", yes(n.Shutdown)).With("expected_up", yes(n.ExpectedUp)).With("is_dc", yes(n.IsDC)).
			With("resources_running", itoa(n.Running)).With("type", string(n.Kind))
		if n.Kind == status.Guest {
			e = e.With("id_as_resource", n.Container)
		}
		if s.opt.GroupByNode {
			var list []*cib.Elem
			for _, r := range s.runningOn(n.Name) {
				list = append(list, s.xmlPrimitive(r))
			}
			e = e.WithKids(list)
		}
		kids = append(kids, e)
	}
	return elem("nodes").WithKids(kids)
}

// xmlResources is <resources>.
func (s *screen) xmlResources() *cib.Elem {
	var kids []*cib.Elem
	for _, r := range s.c.Resources {
		if s.listed(r) {
			kids = append(kids, s.xmlResource(r))
		}
	}
	return elem("resources").WithKids(kids)
}

// xmlResource is a resource of any kind.
func (s *screen) xmlResource(r *status.Resource) *cib.Elem {
	switch r.Kind {
	case status.Group:
		return elem("group", "id", r.ID, "number_resources", itoa(len(r.Children)), "managed", yes(r.Managed), "disabled", yes(r.Disabled)).
			WithKids(s.xmlChildren(r))
	case status.Clone:
		e := elem("clone", "id", r.ID, "multi_state", yes(r.Promotable), "unique", yes(r.Unique), "managed", yes(r.Managed),
			"disabled", yes(r.Disabled), "failed", yes(r.Failed), "failure_ignored", yes(r.FailIgnored))
		if r.TargetRole != "" {
			e = e.With("target_role", string(r.TargetRole))
		}
		return e.WithKids(s.xmlChildren(r))
	case status.Bundle:
		e := elem("bundle", "id", r.ID, "type", orElse(r.BundleType, "podman"), "image", r.Image, "unique", yes(r.Unique),
			"managed", yes(r.Managed), "failed", yes(r.Failed))
		var reps []*cib.Elem
		for i, k := range r.Children {
			reps = append(reps, elem("replica", "id", itoa(i)).WithKids(s.xmlChildren(k)))
		}
		return e.WithKids(reps)
	}
	return s.xmlPrimitive(r)
}

func (s *screen) xmlChildren(r *status.Resource) []*cib.Elem {
	var kids []*cib.Elem
	for _, k := range r.Children {
		if k.Orphan && !s.active(k) {
			continue
		}
		kids = append(kids, s.xmlResource(k))
	}
	return kids
}

// xmlPrimitive is <resource>.
func (s *screen) xmlPrimitive(r *status.Resource) *cib.Elem {
	role := string(r.Role)
	if changing(r.Pending) {
		role = r.Pending
	}
	e := elem("resource", "id", r.ID, "resource_agent", r.Agent, "role", role)
	if r.TargetRole != "" {
		e = e.With("target_role", string(r.TargetRole))
	}
	for _, a := range [][2]string{
		{"active", yes(s.active(r))}, {"orphaned", yes(r.Orphan)}, {"blocked", yes(r.Blocked)}, {"managed", yes(r.Managed)},
		{"failed", yes(r.Failed)}, {"failure_ignored", yes(r.FailIgnored)}, {"nodes_running_on", itoa(len(r.Places))},
	} {
		e = e.With(a[0], a[1])
	}
	if r.Pending != "" {
		e = e.With("pending", r.Pending)
	}
	if r.LockedTo != "" {
		e = e.With("locked_to", r.LockedTo)
	}
	var places []*cib.Elem
	for _, p := range r.Places {
		cached := "true"
		if n := s.where[p.Node]; n != nil && !n.Online {
			cached = "false"
		}
		places = append(places, elem("node", "name", p.Node, "id", p.NodeID, "cached", cached))
	}
	return e.WithKids(places)
}

// xmlAttributes is <node_attributes>.
func (s *screen) xmlAttributes() *cib.Elem {
	var kids []*cib.Elem
	for _, n := range s.nodes() {
		list := sortedAttributes(n.Attributes)
		if len(list) == 0 || !n.Online {
			continue
		}
		var attrs []*cib.Elem
		for _, a := range list {
			e := elem("attribute", "name", a.Name, "value", a.Value)
			if a.Expected != "" {
				e = e.With("expected", a.Expected)
			}
			attrs = append(attrs, e)
		}
		kids = append(kids, elem("node", "name", n.Name).WithKids(attrs))
	}
	return orNone("node_attributes", kids)
}

// orNone makes an element, or nil if it would be empty.
func orNone(name string, kids []*cib.Elem) *cib.Elem {
	if len(kids) == 0 {
		return nil
	}
	return elem(name).WithKids(kids)
}

// xmlHistory is <node_history>; operations only if they were chosen.
func (s *screen) xmlHistory() *cib.Elem {
	var kids []*cib.Elem
	for _, h := range History(s.f.CIB) {
		if n := s.where[h.Node]; n == nil || !n.Online || !s.shows(h.Node) {
			continue
		}
		var list []*cib.Elem
		for _, r := range h.Resources {
			list = append(list, s.xmlResourceHistory(h.Node, r))
		}
		kids = append(kids, elem("node", "name", h.Node).WithKids(list))
	}
	return orNone("node_history", kids)
}

func (s *screen) xmlResourceHistory(node string, r ResourceHistory) *cib.Elem {
	fc := s.failCount(node, r.ID)
	e := elem("resource_history", "id", r.ID, "orphan", yes(r.Orphan), "migration-threshold", s.threshold(r.ID, fc))
	if fc != nil && fc.Count > 0 {
		e = e.With("fail-count", cib.FormatScore(fc.Count))
		if fc.LastFailure > 0 {
			e = e.With("last-failure", s.stampUnix(fc.LastFailure))
		}
	}
	if !s.opt.has(Operations) {
		return e
	}
	var ops []*cib.Elem
	for _, o := range r.Operations {
		op := elem("operation_history", "call", itoa(o.Call), "task", o.Task, "rc", itoa(o.RC), "rc_text", agent.Code(o.RC).String())
		if o.IntervalMS > 0 {
			op = op.With("interval", itoa(o.IntervalMS)+"ms")
		}
		if o.LastChange > 0 {
			op = op.With("last-rc-change", s.stampUnix(o.LastChange))
		}
		if o.timed {
			op = op.With("exec-time", itoa(o.ExecMS)+"ms").With("queue-time", itoa(o.QueueMS)+"ms")
		}
		ops = append(ops, op)
	}
	return e.WithKids(ops)
}

// xmlFailures is <failures>.
func (s *screen) xmlFailures() *cib.Elem {
	var kids []*cib.Elem
	for i := range s.c.Failures {
		f := &s.c.Failures[i]
		if !s.shows(f.Node) {
			continue
		}
		e := elem("failure", "op_key", f.Key, "node", f.Node, "exitstatus", f.RCText, "exitreason", orElse(f.ExitReason, "none"),
			"exitcode", itoa(f.RC), "call", itoa(f.CallID), "status", f.StatusText)
		if f.LastChange > 0 {
			e = e.With("last-rc-change", isoStamp(time.Unix(f.LastChange, 0).In(s.location()))).With("queued", itoa(f.QueueMS)).
				With("exec", itoa(f.ExecMS)).With("interval", itoa(f.IntervalMS)).With("task", f.Task)
		}
		kids = append(kids, e)
	}
	return orNone("failures", kids)
}

// isoStamp writes a moment as Pacemaker's XML does: "2023-11-14 22:13:20Z".
func isoStamp(t time.Time) string { return strings.Replace(t.Format(time.RFC3339), "T", " ", 1) }

// xmlFencing is <fence_history>.
func (s *screen) xmlFencing() *cib.Elem {
	var kids []*cib.Elem
	for _, f := range s.f.Fencing {
		if !s.shows(f.Target) {
			continue
		}
		e := elem("fence_event", "status", string(f.State))
		if f.ExitReason != "" {
			e = e.With("exit-reason", f.ExitReason)
		}
		if f.Delegate != "" {
			e = e.With("delegate", f.Delegate)
		}
		e = e.With("action", f.Action).With("target", f.Target).With("client", f.Client).With("origin", f.Origin)
		if !f.Completed.IsZero() {
			e = e.With("completed", isoStamp(f.Completed.In(s.location())))
		}
		kids = append(kids, e)
	}
	return orNone("fence_history", kids)
}

// xmlTickets is <tickets>.
func (s *screen) xmlTickets() *cib.Elem {
	var kids []*cib.Elem
	for _, t := range s.c.Tickets {
		e := elem("ticket", "id", t.ID, "status", either(t.Granted, "granted", "revoked"), "standby", yes(t.Standby))
		if at := s.ticketTime(t.LastGranted); at != "" {
			e = e.With("last-granted", at)
		}
		kids = append(kids, e)
	}
	return orNone("tickets", kids)
}

// xmlBans is <bans>.
func (s *screen) xmlBans() *cib.Elem {
	var kids []*cib.Elem
	for _, b := range s.c.Bans {
		if strings.HasPrefix(b.ID, s.opt.BanPrefix) && s.shows(b.Node) {
			kids = append(kids, elem("ban", "id", b.ID, "resource", b.Resource, "node", b.Node, "weight", score(b.Score),
				"promoted-only", yes(b.PromotedOnly), "master_only", yes(b.PromotedOnly)))
		}
	}
	return orNone("bans", kids)
}

// XMLState is the state within an answer of crm_simulate: nodes and resources
// below an element of a given name.
func XMLState(name string, f *Frame, opt Options) *cib.Elem {
	opt.Inactive = true
	s := newScreen(f, opt)
	kids := []*cib.Elem{s.xmlNodes(), s.xmlResources()}
	if s.opt.has(Attributes) {
		if e := s.xmlAttributes(); e != nil {
			kids = append(kids, e)
		}
	}
	if s.opt.has(Failcounts) {
		if e := s.xmlHistory(); e != nil {
			kids = append(kids, e)
		}
	}
	return elem(name).WithKids(kids)
}
