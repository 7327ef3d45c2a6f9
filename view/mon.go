package view

import (
	"fmt"
	"strings"

	"mainstay/status"
)

// Text is the cluster's state in the layout of crm_mon -1.
func Text(f *Frame, opt Options) string {
	s := newScreen(f, opt)
	s.show()
	return s.out.String()
}

// show writes every section that is chosen.
func (s *screen) show() {
	s.clusterSummary()
	if s.opt.has(Nodes) || s.opt.GroupByNode {
		s.out.gap()
		s.nodeList()
	}
	if s.opt.has(Resources) {
		s.monResources()
	}
	if s.opt.has(Attributes) {
		s.attributes()
	}
	if s.opt.has(Operations) {
		s.operations()
	} else if s.opt.has(Failcounts) {
		s.failCounts(true)
	}
	if s.opt.has(Failures) {
		s.failures()
	}
	s.fencingFailures()
	if s.opt.has(Tickets) {
		s.tickets()
	}
	if s.opt.has(Bans) {
		s.bans()
	}
	s.fencingRest()
	s.notes()
	s.connections()
}

// clusterSummary is the block on the cluster as a whole.
func (s *screen) clusterSummary() {
	c := s.c
	if s.opt.HideHeaders || !(s.opt.has(Stack) || s.opt.has(DC) || s.opt.has(Times) || s.opt.has(Counts) || s.opt.has(ClusterOptions)) {
		return
	}
	if s.out.page != nil {
		s.htmlSummary()
		return
	}
	s.out.open("Cluster Summary")
	defer s.out.close()
	if s.opt.has(Stack) {
		s.out.item("Stack: " + orElse(c.Stack, "unknown") + daemonState(s.f.Daemon))
	}
	if s.opt.has(DC) {
		s.out.item("Current DC: " + s.dcLine())
	}
	if s.opt.has(Times) {
		s.out.item("Last updated: " + s.stamp(s.f.Now))
		s.out.item("Last change:  " + lastChange(c))
	}
	if s.opt.has(Counts) {
		s.out.item(plural(c.NodesConfigured, "node") + " configured")
		s.out.item(plural(c.Instances, "resource instance") + " configured" + inhibited(c))
	}
	if s.opt.has(ClusterOptions) {
		s.clusterOptions()
	}
	if s.opt.has(MaintMode) {
		s.maintenanceNotice()
	}
}

// daemonState is the remark on the manager's own state.
func daemonState(state string) string {
	if state == "" {
		return ""
	}
	return " (Pacemaker is " + state + ")"
}

// dcLine names the coordinator and says whether the partition has quorum.
func (s *screen) dcLine() string {
	c := s.c
	if c.DC == "" {
		return "NONE"
	}
	name := c.DC
	if s.opt.Detail && c.DCID != "" && c.DCID != c.DC {
		name += " (" + c.DCID + ")"
	}
	quorum := "with quorum"
	if !c.Quorate {
		quorum = "WITHOUT quorum"
	}
	return name + " (version " + orElse(c.DCVersion, "unknown") + ") - partition " + quorum
}

// lastChange tells when, by whom, with what and where the configuration was changed.
func lastChange(c *status.Cluster) string {
	text := c.LastChange
	if c.LastChangeUser != "" {
		text += " by " + c.LastChangeUser
	}
	if c.LastChangeTool != "" {
		text += " via " + c.LastChangeTool
	}
	if c.LastChangeNode != "" {
		text += " on " + c.LastChangeNode
	}
	return text
}

// inhibited is the remark on instances that are disabled or blocked.
func inhibited(c *status.Cluster) string {
	switch {
	case c.Disabled > 0 && c.Blocked > 0:
		return fmt.Sprintf(" (%d DISABLED, %d BLOCKED from further action due to failure)", c.Disabled, c.Blocked)
	case c.Disabled > 0:
		return fmt.Sprintf(" (%d DISABLED)", c.Disabled)
	case c.Blocked > 0:
		return fmt.Sprintf(" (%d BLOCKED from further action due to failure)", c.Blocked)
	}
	return ""
}

// clusterOptions are the options that change how everything else is read.
func (s *screen) clusterOptions() {
	c := s.c
	s.out.item("STONITH of failed nodes " + either(c.FencingEnabled, "enabled", "disabled"))
	s.out.item("Cluster is " + either(c.Symmetric, "symmetric", "asymmetric"))
	switch c.NoQuorumPolicy {
	case "freeze":
		s.out.item("No quorum policy: Freeze resources")
	case "demote":
		s.out.item("No quorum policy: Demote promotable resources and stop all other resources")
	case "ignore":
		s.out.item("No quorum policy: Ignore")
	case "fence", "suicide":
		s.out.item("No quorum policy: Fence")
	default:
		s.out.item("No quorum policy: Stop ALL resources")
	}
	switch {
	case c.Maintenance:
		s.out.item("Resource management: DISABLED (the cluster will not attempt to start, stop or recover services)")
	case c.StopAll:
		s.out.item("Resource management: STOPPED (the cluster will keep all resources stopped)")
	}
}

// maintenanceNotice says that the cluster keeps its hands off, if it does.
func (s *screen) maintenanceNotice() { s.out.b.WriteString(MaintenanceNotice(s.c)) }

// MaintenanceNotice says that the cluster keeps its hands off all resources,
// "" if it does not.
func MaintenanceNotice(c *status.Cluster) string {
	switch {
	case c.Maintenance:
		return "\n              *** Resource management is DISABLED ***\n  The cluster will not attempt to start, stop or recover services\n"
	case c.StopAll:
		return "\n    *** Resource management is DISABLED ***\n  The cluster will keep all resources stopped\n"
	}
	return ""
}

// monResources is the block, or the blocks, of resources.
func (s *screen) monResources() {
	switch {
	case s.opt.GroupByNode && !s.opt.Inactive:
		return
	case s.opt.GroupByNode:
		s.resourceList("Inactive Resources")
	case s.opt.Inactive:
		s.resourceList("Full List of Resources")
	default:
		s.resourceList("Active Resources")
	}
}

// resourceList writes resources in configuration order below a title; no
// title if there are none.
func (s *screen) resourceList(title string) {
	var list []*status.Resource
	for _, r := range s.c.Resources {
		if s.listed(r) {
			list = append(list, r)
		}
	}
	s.out.gap()
	if len(list) == 0 {
		s.emptyList(title)
		return
	}
	s.out.open(title)
	defer s.out.close()
	if s.opt.Brief {
		list = s.brief(list)
	}
	for _, r := range list {
		s.resource(r)
	}
}

// emptyList says that there is nothing of the kind.
func (s *screen) emptyList(title string) {
	s.out.open(title)
	defer s.out.close()
	switch {
	case title == "Active Resources" && !s.sim:
		s.out.item("No active resources")
	case title == "Inactive Resources" && !s.sim:
		s.out.item("No inactive resources")
	default:
		s.out.item("No resources")
	}
}

// listed tells whether a top-level resource belongs in the list.
func (s *screen) listed(r *status.Resource) bool {
	if s.opt.Resource != "" && !anyOf(r, func(k *status.Resource) bool { return k.ID == s.opt.Resource || k.BaseID == s.opt.Resource }) {
		return false
	}
	if s.sim && r.Orphan && !s.active(r) {
		return false
	}
	switch {
	case s.opt.GroupByNode && s.opt.Inactive:
		return !s.fullyActive(r)
	case s.opt.Inactive:
		return !r.Orphan || s.active(r)
	}
	return s.active(r) && s.activeHere(r)
}

// visible tells whether an instance is worth a line: it is active on a node
// that is shown, or active nowhere.
func (s *screen) visible(r *status.Resource) bool { return !s.active(r) || s.activeHere(r) }

// activeHere tells whether the resource is active on a node that is shown.
func (s *screen) activeHere(r *status.Resource) bool {
	for _, n := range allPlaces(r) {
		if s.shows(n) {
			return true
		}
	}
	return false
}

// orElse is s, or a substitute if it is empty.
func orElse(s, substitute string) string {
	if s == "" {
		return substitute
	}
	return s
}

func either(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// plural writes a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return itoa(n) + " " + noun + "s"
}

// indent puts two spaces before each line.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}
