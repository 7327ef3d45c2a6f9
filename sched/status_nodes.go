package sched

import (
	"strconv"
	"strings"

	"mainstay/cib"
	"mainstay/status"
)

// unpackStatus reads the status section: which nodes are up, then what each
// node's history says of the resources, round by round, because the history of
// a remote node counts only once its connection is known to be active.
func (p *planner) unpackStatus() {
	p.unpackTickets()
	st := p.root.Child("status")
	for e := range st.Named("node_state") {
		p.unpackNodeState(e)
	}
	for _, n := range p.nodes {
		if n.kind == status.Member && n.state == nil {
			n.online = false
			if p.opt.fencing && p.opt.startupFencing {
				p.condemn(n, "node has never been seen", false)
				n.why = "node is unclean"
			} else {
				n.unclean = false
			}
		}
	}
	if !p.quorate && p.opt.noQuorum == "fence" && truthy(p.root.Get("no-quorum-panic")) {
		for _, n := range p.nodes {
			if n.kind == status.Member && n.online {
				p.condemn(n, "cluster does not have quorum", false)
			}
		}
	}
	for p.unpackHistories(false) {
	}
	p.unpackHistories(p.opt.fencing)
	for _, n := range p.nodes {
		if !n.isRemote() {
			continue
		}
		if n.shutdown && n.remoteRsc != nil {
			n.remoteRsc.nextRole = roleStopped
		}
		if !n.unpacked {
			p.remoteOnline(n)
		}
	}
}

// stateNode finds the node that a node_state is about.
func (p *planner) stateNode(e *cib.Elem) *node {
	if n := p.nodeByID[e.ID()]; n != nil {
		return n
	}
	if name := e.Get("uname"); name != "" {
		return p.nodeByName(name)
	}
	return nil
}

func (p *planner) unpackNodeState(e *cib.Elem) {
	n := p.stateNode(e)
	if n == nil {
		return
	}
	n.state = e
	if n.isRemote() {
		n.remoteFenced = atoi(e.Get("node_fenced"), 0) > 0 // the time of it
		return
	}
	p.transient(n, e)
	n.unclean, n.unseen = false, false
	n.standby = truthy(n.attrs["standby"])
	n.maintenance = truthy(n.attrs["maintenance"])
	if v := n.attrs["shutdown"]; v != "" && v != "0" {
		if t, err := strconv.ParseInt(v, 10, 64); err != nil || t != 0 {
			n.shutdown = true
		}
	}
	n.featureSet = n.attrs["#feature-set"]
	n.expectedUp = !n.shutdown && e.Get("expected") == "member"
	if p.opt.fencing {
		n.online = p.judgeFenced(n, e)
	} else {
		n.online = p.judgeUnfenced(n, e)
	}
}

// transient takes over a node's transient attributes.
func (p *planner) transient(n *node, e *cib.Elem) {
	f := &cib.Facts{Now: p.now}
	n.fails = nil
	for name, v := range p.evalSets(e.Child("transient_attributes"), "instance_attributes", f, "") {
		n.attrs[name] = v
	}
	for name, v := range p.evalSets(e.Child("transient_attributes"), "utilization", f, "") {
		n.util[name], _ = cib.ParseScore(v)
	}
}

// since reads in_ccm or crmd: a boolean, online/offline, or the time since when it is so.
// Negative means that nothing is known.
func since(s string) int64 {
	switch s {
	case "":
		return -1
	case "online":
		return 1
	case "offline":
		return 0
	}
	if b, err := cib.ParseBool(s); err == nil && len(s) > 1 {
		if b {
			return 1
		}
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// judgeUnfenced tells whether a node is up in a cluster without fencing.
func (p *planner) judgeUnfenced(n *node, e *cib.Elem) bool {
	member, crmd := since(e.Get("in_ccm")), max(0, since(e.Get("crmd")))
	join := e.Get("join")
	switch {
	case member <= 0:
		return false
	case crmd > 0:
		if join == "member" {
			return true
		}
		return false
	case !n.expectedUp:
		return false
	}
	p.condemn(n, "peer is unexpectedly down", false)
	return false
}

// judgeFenced tells whether a node is up, and condemns it if it is neither up nor known to be down.
func (p *planner) judgeFenced(n *node, e *cib.Elem) bool {
	member, crmd := since(e.Get("in_ccm")), max(0, since(e.Get("crmd")))
	join, expected := e.Get("join"), e.Get("expected")
	if expected == "" {
		expected = "down"
	}
	terminate := false
	if v := n.attrs["terminate"]; v != "" {
		b, err := cib.ParseBool(v)
		t, errT := strconv.ParseInt(v, 10, 64)
		terminate = err == nil && b || errT == nil && t > 0
	}
	switch {
	case n.shutdown:
		return crmd > 0
	case member < 0:
		p.condemn(n, "peer has not been seen by the cluster", false)
		return false
	case join == "banned":
		p.condemn(n, "peer failed Pacemaker membership criteria", false)
	case terminate:
		if member <= 0 && crmd <= 0 && join == "down" {
			return false
		}
		p.condemn(n, "fencing was requested", false)
	case expected == "down":
		if p.pendingTooLong(n, member, crmd) {
			p.condemn(n, "peer pending timed out on joining the process group", false)
		} else if member > 0 || crmd > 0 {
			n.standby, n.pending = true, true
		}
	case member <= 0:
		p.condemn(n, "peer is no longer part of the cluster", true)
	case crmd <= 0:
		p.condemn(n, "peer process is no longer available", false)
	case join == "member":
	case join == "pending", join == "down":
		n.standby, n.pending = true, true
	default:
		p.condemn(n, "peer was in an unknown state", false)
	}
	return member > 0
}

func (p *planner) pendingTooLong(n *node, member, crmd int64) bool {
	if p.opt.nodePendingTimeout <= 0 || member <= 1 || crmd > 0 {
		return false
	}
	limit := member + int64(p.opt.nodePendingTimeout.Seconds())
	if p.now.Unix() >= limit {
		return true
	}
	p.recheckAt(limit)
	return false
}

// condemn says that a node must be fenced before anything of it is recovered.
func (p *planner) condemn(n *node, why string, priorityDelay bool) {
	if n.isGuest() {
		p.condemnGuest(n, why)
		return
	}
	if n.kind == status.Remote {
		p.condemnRemote(n, why)
		return
	}
	if n.unclean {
		return
	}
	n.unclean, n.why = true, why
	if p.unique != nil && p.in.CIB != nil {
		p.fenceAction(n, "", false, why, priorityDelay)
	}
}

// condemnGuest recovers a guest node through the resource that runs it. The
// node is not unclean for that: it may run resources once it is recovered.
func (p *planner) condemnGuest(n *node, why string) {
	if n.remoteRsc == nil || n.remoteRsc.container == nil {
		return
	}
	if c := n.remoteRsc.container; !c.failed && c.managed {
		n.resetNeeded = true
		c.failed, c.stopIfFailed = true, true
	}
}

// condemnRemote fences a remote node; if that must be shows once connections
// are placed.
func (p *planner) condemnRemote(n *node, why string) {
	if r := n.remoteRsc; r == nil || r.managed {
		n.resetNeeded = true
	}
	n.unclean = true
	if n.why == "" {
		n.why = why
	}
	p.fenceAction(n, "", false, why, false)
}

// unpackHistories reads the histories that can be judged now, and tells whether
// that gave new knowledge, so that another round may find more.
func (p *planner) unpackHistories(fenced bool) bool {
	again := false
	for e := range p.root.Child("status").Named("node_state") {
		n := p.stateNode(e)
		if n == nil || n.unpacked {
			continue
		}
		r := n.remoteRsc
		switch {
		case fenced: // whatever is left
		case n.isGuest():
			if r == nil || r.role != roleStarted || r.container == nil || r.container.role != roleStarted {
				continue
			}
		case n.kind == status.Remote:
			if r == nil || !p.opt.shutdownLock && r.role != roleStarted {
				continue
			}
		case !p.opt.fencing && !p.opt.shutdownLock && !n.online:
			continue
		}
		if n.isRemote() {
			p.remoteOnline(n)
			p.remoteAttributes(n)
		}
		n.unpacked = true
		p.unpackHistory(n, e)
		again = true
	}
	return again
}

// remoteOnline works out from its connection whether a remote or guest node is up.
func (p *planner) remoteOnline(n *node) {
	r := n.remoteRsc
	if r == nil {
		n.online = false
		return
	}
	c := r.container
	var host *node
	if c != nil && len(r.runningOn) == 1 {
		host = r.runningOn[0]
	}
	if r.role == roleStarted {
		n.online = true
		if r.nextRole == roleStopped {
			n.shutdown = true
		}
	}
	switch {
	case c != nil && c.failed:
		n.online, n.resetNeeded = false, true
	case r.failed:
		n.online = false
	case r.role == roleStopped || c != nil && c.role == roleStopped:
		n.online, n.resetNeeded = false, false
	case host != nil && !host.online && host.unclean:
		n.online, n.resetNeeded = false, true
	case r.role == roleUnknown:
		n.online = false
	}
}

// asksToLeave tells whether a remote or guest node itself asks for its shutdown.
// Besides, it counts as shut down while its connection is to be down.
func (n *node) asksToLeave() bool {
	v := n.attrs["shutdown"]
	return v != "" && v != "0"
}

// remoteAttributes takes over the transient attributes of a remote or guest node.
func (p *planner) remoteAttributes(n *node) {
	if n.state == nil {
		return
	}
	if !n.resetNeeded {
		n.unclean, n.unseen = false, false
	}
	p.transient(n, n.state)
	n.shutdown = n.shutdown || n.asksToLeave()
	n.standby = n.standby || truthy(n.attrs["standby"])
	if truthy(n.attrs["maintenance"]) || n.remoteRsc != nil && !n.remoteRsc.managed {
		n.maintenance = true
	}
	if v, ok := n.attrs["resource-discovery-enabled"]; ok && !truthy(v) && (p.opt.fencing || n.isGuest()) {
		n.noProbes = true // what is active there can be fenced
	}
	n.featureSet = n.attrs["#feature-set"]
}

// recheckAt notes that the decision may change at an instant (Unix seconds).
func (p *planner) recheckAt(unix int64) {
	if unix <= p.now.Unix() {
		return
	}
	if p.recheck.IsZero() || unix < p.recheck.Unix() {
		p.recheck = unixTime(unix)
	}
}

// failCount adds up a resource's failures on a node, whichever operation
// failed, and returns when the last one happened (Unix seconds).
func (p *planner) failCount(r *rsc, n *node, effective, fillers bool) (count int, last int64) {
	count, last = rawFailCount(r, n)
	if effective && count > 0 && r.failTimeout > 0 && last > 0 && !p.blockedFailure(r, n) {
		if p.now.Unix() > last+(r.failTimeout+999)/1000 {
			count = 0
		}
	}
	if fillers {
		for _, f := range r.fillers {
			c, l := p.failCount(f, n, effective, false)
			count = cib.AddScores(count, c)
			last = max(last, l)
		}
	}
	return count, last
}

func rawFailCount(r *rsc, n *node) (count int, last int64) {
	name := r.name
	if !r.unique {
		name = baseName(r.name)
	}
	for _, k := range n.failuresOf(name) {
		if rest, ok := strings.CutPrefix(k, "fail-count-"+name); ok && attrOf(rest, r.unique) {
			v, _ := cib.ParseScore(n.attrs[k])
			count = cib.AddScores(count, v)
		}
		if rest, ok := strings.CutPrefix(k, "last-failure-"+name); ok && attrOf(rest, r.unique) {
			t, _ := strconv.ParseInt(n.attrs[k], 10, 64)
			last = max(last, t)
		}
	}
	return count, last
}

// failuresOf lists the attributes in which a node remembers failures of a
// resource, among them those of other instances.
func (n *node) failuresOf(name string) []string {
	if n.fails == nil {
		n.fails = map[string][]string{}
		for _, k := range sortedKeys(n.attrs, "fail-count-", "last-failure-") {
			id, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(k, "fail-count-"), "last-failure-"), "#")
			n.fails[baseName(id)] = append(n.fails[baseName(id)], k)
		}
	}
	if len(n.fails) == 0 {
		return nil
	}
	return n.fails[baseName(name)]
}

// attrOf tells whether what follows the resource name in a failure attribute
// still belongs to that resource: an operation, or the number of an instance.
func attrOf(rest string, unique bool) bool {
	if rest == "" || rest[0] == '#' {
		return true
	}
	if unique || rest[0] != ':' {
		return false
	}
	i := 1
	for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
		i++
	}
	return i > 1 && (i == len(rest) || rest[i] == '#')
}

// baseName takes the instance number off.
func baseName(id string) string {
	i := strings.LastIndexByte(id, ':')
	if i <= 0 {
		return id
	}
	if _, err := strconv.Atoi(id[i+1:]); err != nil {
		return id
	}
	return id[:i]
}
