package sched

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/status"
)

// clusterStatus tells the state in the words of package status.
func (p *planner) clusterStatus() *status.Cluster {
	o := &p.opt
	c := &status.Cluster{Name: o.raw["cluster-name"], Stack: o.raw["cluster-infrastructure"], DCID: p.root.Get("dc-uuid"), DCVersion: o.raw["dc-version"],
		Quorate: p.quorate, LastChange: p.root.Get("cib-last-written"), LastChangeUser: p.root.Get("update-user"),
		LastChangeTool: p.root.Get("update-client"), LastChangeNode: p.root.Get("update-origin"), Maintenance: o.maintenance, StopAll: o.stopAll,
		FencingEnabled: o.fencing, Symmetric: o.symmetric, NoQuorumPolicy: o.noQuorum}
	if p.dc != nil {
		c.DC = p.dc.name
	}
	for _, n := range p.nodes {
		c.Nodes = append(c.Nodes, p.nodeStatus(n))
		c.NodesConfigured++
	}
	if p.trace != nil {
		p.turnsStatus(c)
	} else {
		for _, r := range p.shownOrder() {
			c.Resources = append(c.Resources, p.rscStatus(r))
		}
		for _, r := range p.top {
			for _, x := range r.prims(nil) {
				countInstance(x, &c.Instances, &c.Disabled, &c.Blocked)
			}
		}
	}
	p.failureStatus(c)
	p.ticketStatus(c)
	for _, w := range p.warnings {
		c.Notes = append(c.Notes, status.Note{About: w.ID, Text: w.Text})
	}
	return c
}

// countInstance counts a primitive for the summary of a status.
func countInstance(x *rsc, instances, disables, blocked *int) {
	if x.removed && x.role <= roleStopped {
		return
	}
	*instances++
	if disabled(x) {
		*disables++
	}
	if x.block {
		*blocked++
	}
}

// shownOrder returns the configured resources by priority, then the others;
// connections that a guest node implies are nobody's business.
func (p *planner) shownOrder() []*rsc {
	var configured, removed []*rsc
	for _, r := range p.top {
		switch {
		case r.removed:
			removed = append(removed, r)
		case r.container != nil && r.remoteNode != nil && p.implied(r):
		default:
			configured = append(configured, r)
		}
	}
	slices.SortStableFunc(configured, func(a, b *rsc) int { return b.prio0 - a.prio0 })
	return append(configured, removed...)
}

// implied tells whether a resource is not in the configuration, but follows from it.
func (p *planner) implied(r *rsc) bool { return r.meta["internal_rsc"] == "true" }

// featureSetOf is the feature set that a node tells by an attribute. Members of a
// Mainstay cluster tell none: they all speak that of the document.
func (p *planner) featureSetOf(n *node) string {
	if n.featureSet == "" && n.kind == status.Member && p.opt.raw["cluster-infrastructure"] == "mainstay" {
		return p.root.Get("crm_feature_set")
	}
	return n.featureSet
}

func (p *planner) nodeStatus(n *node) status.Node {
	s := status.Node{Name: n.name, ID: n.id, Kind: n.kind, Online: n.online, Pending: n.pending, Unclean: n.unclean, Standby: n.standby,
		StandbyOnFail: n.standbyOnFail, Maintenance: n.maintenance, Shutdown: n.shutdown, ExpectedUp: n.expectedUp, IsDC: n == p.dc,
		FeatureSet: p.featureSetOf(n), Running: len(n.running), Health: p.healthText(n)}
	if n.isGuest() && n.remoteRsc != nil && n.remoteRsc.container != nil {
		s.Container = n.remoteRsc.container.id
	}
	for _, k := range sortedKeys(n.attrs, "") {
		if !strings.HasPrefix(k, "#") {
			s.Attributes = append(s.Attributes, status.Attribute{Name: k, Value: n.attrs[k]})
		}
	}
	return s
}

// healthText is the worst colour among a node's health attributes.
func (p *planner) healthText(n *node) string {
	if p.opt.healthStrategy == "none" {
		return ""
	}
	worst := ""
	for _, k := range sortedKeys(n.attrs, "#health") {
		v := strings.ToLower(n.attrs[k])
		if v == "red" || v == "yellow" && worst != "red" || v == "green" && worst == "" {
			worst = v
		}
	}
	return worst
}

func disabled(r *rsc) bool {
	switch parseRole(r.meta["target-role"]) {
	case roleStopped:
		return true
	case roleUnpromoted:
		return r.uber(false).promotable
	}
	return false
}

// pendingText names a task under way.
func pendingText(task string) string {
	return map[string]string{"start": "Starting", "stop": "Stopping", "migrate_to": "Migrating", "migrate_from": "Migrating",
		"promote": "Promoting", "demote": "Demoting", "monitor": "Monitoring"}[task]
}

// shownRole is the role in the words of displays: what was never seen is
// stopped, and what is started in a promotable clone is unpromoted.
func shownRole(r *rsc) role {
	switch {
	case r.role == roleUnknown:
		return roleStopped
	case r.role == roleStarted && r.kind == primitive && r.cloneAround() != nil && r.cloneAround().promotable:
		return roleUnpromoted
	}
	return r.role
}

func (p *planner) rscStatus(r *rsc) *status.Resource {
	s := &status.Resource{ID: r.id, BaseID: r.elem.ID(), Role: shownRole(r).status(), Managed: r.managed, Maintenance: r.maintenance, Blocked: r.block,
		Failed: r.failed, FailIgnored: r.failureIgnored, Orphan: r.removed, Disabled: disabled(r), Unique: r.unique, Promotable: r.promotable,
		Description: r.elem.Get("description"), Threshold: r.threshold % cib.Infinity}
	if r.kind == primitive {
		s.Kind = status.Primitive
		s.Agent = agent.Name{Class: r.class, Provider: r.provider, Type: r.agent}.String()
		if r.anonymous() {
			s.ID = s.BaseID
		}
	}
	if t := parseRole(r.meta["target-role"]); t != roleUnknown {
		s.TargetRole = t.status()
	}
	if r.pendingTask != "" {
		s.Pending = pendingText(r.pendingTask)
		s.PendingNode = nodeName(r.pendingNode)
	}
	for _, n := range r.runningOn {
		s.Places = append(s.Places, status.Place{Node: n.name, NodeID: n.id, Role: s.Role})
	}
	s.NodesRunning = len(r.runningOn)
	if r.lockNode != nil {
		s.LockedTo = r.lockNode.name
	}
	switch r.kind {
	case group:
		s.Kind = status.Group
	case clone:
		s.Kind = status.Clone
		s.Max = r.clone.max
		s.Allowed = p.allowedNames(r)
	case bundle:
		p.bundleStatus(r, s)
		return s
	}
	for _, k := range r.kids {
		s.Children = append(s.Children, p.rscStatus(k))
	}
	if r.kind == clone && r.meta["target-role"] == "" && len(s.Children) > 0 {
		s.TargetRole = s.Children[0].TargetRole // what is inside of it says
	}
	return s
}

// allowedNames lists the nodes of a clone's table; if it is empty before there
// are constraints, those on which the clone was looked for.
func (p *planner) allowedNames(r *rsc) []string {
	var out, known []string
	for i, n := range p.nodes {
		if r.allowed[i].ok {
			out = append(out, n.name)
		}
		if knownAnywhere(r, n) {
			known = append(known, n.name)
		}
	}
	if out == nil {
		out = known
	}
	sort.Strings(out)
	return out
}

// knownAnywhere tells whether it is known of something in a collection how it stands on a node.
func knownAnywhere(r *rsc, n *node) bool {
	for _, m := range r.prims(nil) {
		if m.isKnownOn(n) {
			return true
		}
	}
	return false
}

// failureStatus tells the operations that failed, in the order of the status
// section: those that mattered, and probes that found no agent to ask.
func (p *planner) failureStatus(c *status.Cluster) {
	failed := make(map[*cib.Elem]bool, len(p.failures))
	for _, op := range p.failures {
		failed[op] = true
	}
	for e := range p.root.Child("status").Named("node_state") {
		n := p.stateNode(e)
		if n == nil {
			continue
		}
		for _, rec := range p.recordsOf(e) {
			if (len(failed) == 0 || rec.calm.is) && !rec.noAgent {
				p.failCountStatus(c, rec.id, n)
				continue
			}
			lr := rec.elem
			var told []string // the last operation may be the last failure, too
			for op := range lr.Named("lrm_rsc_op") {
				if !failed[op] && (!noAgentProbe(op) || p.outdated(lr.ID(), op)) {
					continue
				}
				if key := op.Get("operation_key") + " " + op.Get("call-id"); !slices.Contains(told, key) {
					c.Failures = append(c.Failures, failure(op, lr.ID(), n))
					told = append(told, key)
				}
			}
			p.failCountStatus(c, lr.ID(), n)
		}
	}
}

// outdated tells whether a failure is older than the resource's failure-timeout.
func (p *planner) outdated(id string, op *cib.Elem) bool {
	r := p.byRsc[id]
	if r == nil {
		r = p.byRsc[id+":0"]
	}
	changed := int64(atoi(op.Get("last-rc-change"), 0))
	return r != nil && r.failTimeout > 0 && changed > 0 && p.now.Unix()-changed >= r.failTimeout/1000
}

// noAgentProbe tells whether an operation is a probe that found that the agent
// is not installed: the resource just cannot run there.
func noAgentProbe(op *cib.Elem) bool {
	return op.Get("operation") == "monitor" && atoi(op.Get("interval"), 0) == 0 &&
		(op.Get("rc-code") == "5" || atoi(op.Get("op-status"), 0) == execNoAgent)
}

func (p *planner) failCountStatus(c *status.Cluster, id string, n *node) {
	if len(n.failuresOf(id)) == 0 {
		return
	}
	r := p.byRsc[id]
	if r == nil {
		if r = p.byRsc[id+":0"]; r == nil {
			return
		}
	}
	if count, last := p.failCount(r, n, false, false); count > 0 {
		c.FailCounts = append(c.FailCounts, status.FailCount{Resource: id, Node: n.name, Count: count, Threshold: r.threshold % cib.Infinity, LastFailure: last})
	}
}

func failure(op *cib.Elem, id string, n *node) status.Failure {
	h := readHistory(n, op)
	return status.Failure{Resource: id, Node: n.name, Key: h.key, Task: h.task, IntervalMS: int(h.interval), RC: h.rc, RCText: agent.Code(h.rc).String(),
		Status: h.status, StatusText: agent.Status(h.status).String(), ExitReason: h.exitReason, CallID: int(h.call), LastChange: h.changed,
		ExecMS: atoi(op.Get("exec-time"), 0), QueueMS: atoi(op.Get("queue-time"), 0)}
}

// banStatus tells what the locations in force forbid, the last first, as Pacemaker does. They
// are known once the constraints were read.
func (p *planner) banStatus(c *status.Cluster) {
	c.Bans = slices.Clone(p.bans)
	if p.trace != nil {
		for _, t := range p.trace.cons {
			c.Bans = append(c.Bans, t.bans...)
		}
	}
	slices.Reverse(c.Bans)
}

// ticketStatus tells the tickets: those with a state, then those that only constraints name.
func (p *planner) ticketStatus(c *status.Cluster) {
	for _, t := range p.tickets {
		if t.elem == nil {
			continue
		}
		s := status.Ticket{ID: t.id, Granted: t.granted, Standby: t.standby, LastGranted: t.elem.Get("last-granted")}
		for _, a := range t.elem.Attrs() {
			switch a.Name {
			case "id", "granted", "standby", "last-granted":
			default:
				s.Attributes = append(s.Attributes, status.Attribute{Name: a.Name, Value: a.Value})
			}
		}
		c.Tickets = append(c.Tickets, s)
	}
	for e := range p.conf.Child("constraints").Named("rsc_ticket") {
		id := e.Get("ticket")
		if id != "" && !slices.ContainsFunc(c.Tickets, func(t status.Ticket) bool { return t.ID == id }) {
			c.Tickets = append(c.Tickets, status.Ticket{ID: id})
		}
	}
}

// bundleStatus tells a bundle's replicas and their parts.
func (p *planner) bundleStatus(r *rsc, s *status.Resource) {
	s.Kind, s.Image, s.BundleType = status.Bundle, r.bundle.image, r.bundle.launcher
	for _, rep := range r.bundle.replicas {
		k := &status.Resource{ID: r.id + "-" + strconv.Itoa(rep.number), BaseID: r.id, Kind: status.Replica, IP: rep.addr, Managed: r.managed}
		for _, x := range []struct {
			r *rsc
			p status.Part
		}{{rep.ip, status.PartIP}, {rep.child, status.PartInner}, {rep.container, status.PartContainer}, {rep.remote, status.PartRemote}} {
			if x.r != nil {
				part := p.rscStatus(x.r)
				part.Part = x.p
				k.Children = append(k.Children, part)
			}
		}
		s.Children = append(s.Children, k)
	}
}
