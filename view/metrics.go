package view

import (
	"fmt"
	"slices"
	"strings"

	"mainstay/cib"
	"mainstay/status"
)

// Metrics is the cluster's state in Prometheus' text format. Names and labels
// are those of ClusterLabs' ha_cluster_exporter, so that its dashboards and
// alerts keep working.
func Metrics(f *Frame) string {
	m := &metrics{seen: map[string]bool{}}
	c := f.Cluster
	m.family("ha_cluster_pacemaker_nodes", "The nodes and their conditions; 1 means that the condition holds.")
	for _, n := range sortedNodes(c) {
		for _, st := range nodeConditions(n) {
			m.sample("ha_cluster_pacemaker_nodes", 1, "node", n.Name, "status", st, "type", string(n.Kind))
		}
	}
	m.family("ha_cluster_pacemaker_node_attributes", "Node attributes; always 1.")
	for _, n := range sortedNodes(c) {
		for _, a := range sortedAttributes(n.Attributes) {
			m.sample("ha_cluster_pacemaker_node_attributes", 1, "name", a.Name, "node", n.Name, "value", a.Value)
		}
	}
	m.family("ha_cluster_pacemaker_resources", "Resource instances and their conditions; 1 means that the condition holds.")
	m.resources(c.Resources, "", "")
	m.family("ha_cluster_pacemaker_stonith_enabled", "Whether fencing is enabled.")
	m.sample("ha_cluster_pacemaker_stonith_enabled", bit(c.FencingEnabled))
	m.family("ha_cluster_pacemaker_fail_count", "Failures of a resource on a node; +Inf for INFINITY.")
	for _, fc := range c.FailCounts {
		m.sample("ha_cluster_pacemaker_fail_count", infinite(fc.Count), "node", fc.Node, "resource", fc.Resource)
	}
	m.family("ha_cluster_pacemaker_migration_threshold", "Failures after which a resource leaves a node.")
	for _, fc := range c.FailCounts {
		if fc.Threshold > 0 {
			m.sample("ha_cluster_pacemaker_migration_threshold", infinite(fc.Threshold), "node", fc.Node, "resource", fc.Resource)
		}
	}
	m.family("ha_cluster_pacemaker_location_constraints", "Constraints that keep a resource off a node; the value is the score.")
	for _, b := range c.Bans {
		m.sample("ha_cluster_pacemaker_location_constraints", infinite(b.Score), "constraint", b.ID, "node", b.Node, "resource", b.Resource,
			"role", either(b.PromotedOnly, "Promoted", ""))
	}
	m.family("ha_cluster_corosync_quorate", "Whether this node's partition has quorum.")
	m.sample("ha_cluster_corosync_quorate", bit(c.Quorate))
	if q := f.Quorum; q != nil {
		m.family("ha_cluster_corosync_quorum_votes", "Votes of this node's partition.")
		m.sample("ha_cluster_corosync_quorum_votes", float64(q.Votes), "type", "total_votes")
		m.sample("ha_cluster_corosync_quorum_votes", float64(q.Expected), "type", "expected_votes")
		m.sample("ha_cluster_corosync_quorum_votes", float64(q.Needed), "type", "quorum")
	}
	m.links(f.Links)
	return m.b.String()
}

// metrics writes samples, each set of labels once: instances of a clone that
// are stopped cannot be told apart.
type metrics struct {
	b    strings.Builder
	seen map[string]bool
}

// family begins a metric.
func (m *metrics) family(name, help string) {
	fmt.Fprintf(&m.b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

// sample writes one value; labels are names and values in turn.
func (m *metrics) sample(name string, value float64, labels ...string) {
	for i := 0; i+1 < len(labels); i += 2 {
		name += either(i == 0, "{", ",") + labels[i] + `="` + escapeLabel(labels[i+1]) + `"`
	}
	if len(labels) > 0 {
		name += "}"
	}
	if m.seen[name] {
		return
	}
	m.seen[name] = true
	m.b.WriteString(name + " " + number64(value) + "\n")
}

// escapeLabel escapes a label's value.
func escapeLabel(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(s)
}

// number64 writes a number; what stands for infinity is written as such.
func number64(v float64) string {
	switch {
	case v >= cib.Infinity:
		return "+Inf"
	case v <= -cib.Infinity:
		return "-Inf"
	}
	return fmt.Sprintf("%g", v)
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func infinite(n int) float64 { return float64(n) }

// nodeConditions are the conditions that hold for a node.
func nodeConditions(n *status.Node) []string {
	var out []string
	for _, c := range []struct {
		name  string
		holds bool
	}{
		{"dc", n.IsDC}, {"expected_up", n.ExpectedUp}, {"maintenance", n.Maintenance}, {"online", n.Online}, {"pending", n.Pending},
		{"shutdown", n.Shutdown}, {"standby", n.Standby}, {"standby_onfail", n.StandbyOnFail}, {"unclean", n.Unclean},
	} {
		if c.holds {
			out = append(out, c.name)
		}
	}
	return out
}

// resources writes the instances below a list.
func (m *metrics) resources(list []*status.Resource, clone, group string) {
	for _, r := range list {
		switch r.Kind {
		case status.Clone, status.Bundle:
			m.resources(r.Children, r.ID, group)
		case status.Group:
			m.resources(r.Children, clone, r.ID)
		case status.Replica:
			m.resources(r.Children, clone, group)
		default:
			m.instance(r, clone, group)
		}
	}
}

// instance writes the conditions of one instance on each of its nodes.
func (m *metrics) instance(r *status.Resource, clone, group string) {
	nodes := []string{""}
	if len(r.Places) > 0 {
		nodes = nil
		for _, p := range r.Places {
			nodes = append(nodes, p.Node)
		}
	}
	var conditions []string
	for _, c := range []struct {
		name  string
		holds bool
	}{
		{"active", len(r.Places) > 0}, {"blocked", r.Blocked}, {"failed", r.Failed}, {"failure_ignored", r.FailIgnored}, {"orphaned", r.Orphan},
	} {
		if c.holds {
			conditions = append(conditions, c.name)
		}
	}
	if len(conditions) == 0 {
		conditions = []string{"stopped"}
	}
	slices.Sort(nodes)
	for _, n := range nodes {
		for _, st := range conditions {
			m.sample("ha_cluster_pacemaker_resources", 1, "agent", r.Agent, "clone", clone, "group", group, "managed", yes(r.Managed),
				"node", n, "resource", r.ID, "role", strings.ToLower(string(r.Role)), "status", st)
		}
	}
}

// links writes the state of the links.
func (m *metrics) links(list []Link) {
	if len(list) == 0 {
		return
	}
	m.family("mainstay_link_up", "Whether a link to a peer works.")
	for _, l := range list {
		m.sample("mainstay_link_up", bit(l.Up), "link", itoa(l.Link), "node", l.Node)
	}
	m.family("mainstay_link_rtt_seconds", "Round trip time of a link.")
	for _, l := range list {
		m.sample("mainstay_link_rtt_seconds", l.RTT.Seconds(), "link", itoa(l.Link), "node", l.Node)
	}
	m.family("mainstay_link_loss_ratio", "Share of packets lost on a link.")
	for _, l := range list {
		m.sample("mainstay_link_loss_ratio", l.Loss, "link", itoa(l.Link), "node", l.Node)
	}
}
