package control

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/graph"
	"mainstay/replica"
	"mainstay/transit"
)

// dispatch turns an action into an order, a fencing request or an update.
func (c *Control) dispatch(d transit.Dispatch) {
	a := d.Action
	key := Key{a.ID, c.number, target(a), c.cfg.UUID}
	switch {
	case a.Kind == graph.Resource:
		node := a.Node
		if a.Router != "" {
			node = a.Router
		}
		c.emit(Order{Node: node, Key: key, Action: a})
	case a.Task == "stonith":
		c.emit(c.fenceRequest(a))
	case a.Task == "do_shutdown":
		c.emit(Order{Node: a.Node, Key: key, Action: a})
	case a.Task == "clear_failcount":
		c.clearFailCount(a, key)
	default:
		c.emit(Note{"warning", "an action that this version does not know is taken as done: " + a.Key})
		c.run(transit.Completed{Action: a.ID, Status: agent.Done, RC: target(a)})
	}
}

func (c *Control) fenceRequest(a *graph.Action) Fence {
	action := a.Attr("CRM_meta_stonith_action")
	if action == "" {
		action = a.Attr("CRM_meta_fencing_action")
	}
	if action == "" {
		action = "reboot"
	}
	timeout := c.duration("fencing-timeout", 0)
	if timeout == 0 {
		timeout = c.duration("stonith-timeout", time.Minute)
	}
	delay := time.Duration(atoi(a.Attr("priority-fencing-delay"))) * time.Second
	return Fence{Target: a.Node, Action: action, Timeout: timeout, Delay: delay, Reason: a.Reason,
		Digests: a.Attr("CRM_meta_digests_all"), Secure: a.Attr("CRM_meta_digests_secure")}
}

// clearFailCount forgets the failures of one resource on one node.
func (c *Control) clearFailCount(a *graph.Action, key Key) {
	if a.Rsc == nil {
		c.run(transit.Completed{Action: a.ID, Status: agent.Done, RC: target(a)})
		return
	}
	u := replica.Update{Wall: c.now.Wall.Unix(), Completes: []string{key.String()}}
	for _, name := range failAttributes(c.root, a.Node, a.Rsc.ID) {
		u.Attributes = append(u.Attributes, replica.Attribute{Node: a.Node, Name: name, Delete: true})
	}
	u.Erasures = []replica.Erasure{{Node: a.Node, Rsc: a.Rsc.ID, Ops: []string{a.Rsc.ID + "_last_failure_0"}}}
	c.emit(Submit{u})
}

// failAttributes lists a node's failure attributes of one resource.
func failAttributes(root *cib.Elem, node, rsc string) []string {
	var out []string
	for ns := range root.Child("status").Named("node_state") {
		if ns.Get("uname") != node {
			continue
		}
		for set := range ns.Child("transient_attributes").Named("instance_attributes") {
			for nv := range set.Named("nvpair") {
				name := nv.Get("name")
				for _, p := range []string{"fail-count-", "last-failure-"} {
					if strings.HasPrefix(name, p+rsc+"#") {
						out = append(out, name)
					}
				}
			}
		}
	}
	return out
}

// changed judges a change of the CIB.
func (c *Control) changed(in Changed) {
	if c.state == NotCoordinator {
		return
	}
	u := in.Update
	c.moved(in)
	if u == nil {
		c.want("the membership changed")
		return
	}
	for _, k := range u.Completes {
		if key, err := ParseKey(k); err == nil && key.UUID == c.cfg.UUID && key.Transition == c.number {
			c.run(transit.Completed{Action: key.Action, Status: agent.Done, RC: key.Target})
		}
	}
	switch {
	case in.Config:
		c.reconfigured("the configuration changed" + by(u))
	case len(u.Edits) > 0:
		c.want("the status was edited" + by(u))
	case u.Quorate != nil:
		c.want("quorum changed")
	case len(u.Left) > 0 && c.transit.Active() == nil:
		c.want("node " + u.Left[0] + " left")
	case len(u.Gone) > 0 && c.transit.Active() == nil:
		c.want("node " + u.Gone[0] + " is known to run nothing")
	}
	for _, r := range u.Records {
		c.record(r)
	}
	if u.Counts {
		c.counted = 0 // what failed has asked for a plan already
	} else if len(u.Attributes) > 0 && len(u.Completes) == 0 {
		c.want(fmt.Sprintf("attribute %s of %s changed", u.Attributes[0].Name, u.Attributes[0].Node))
	}
	if len(u.Erasures) > 0 && len(u.Completes) == 0 {
		c.want("history was cleaned up" + by(u))
	}
}

// moved lets a plan that was given up as repeating be tried again when something
// other than its own results changed, or an operator's attribute did.
func (c *Control) moved(in Changed) {
	if in.Update == nil || in.Config || len(in.Update.Records) == 0 && len(in.Update.Completes) == 0 && len(in.Update.Attributes) == 0 ||
		slices.ContainsFunc(in.Update.Attributes, func(a replica.Attribute) bool { return slices.Contains(wishes, a.Name) }) {
		c.rounds.begin()
	}
}

// wishes are the transient attributes that operators set, and no agent does.
var wishes = []string{"standby", "maintenance", "terminate"}

func by(u *replica.Update) string {
	switch {
	case u.User != "" && u.Client != "":
		return " by " + u.User + " with " + u.Client
	case u.User != "":
		return " by " + u.User
	case u.Client != "":
		return " with " + u.Client
	}
	return ""
}

// record judges one result.
func (c *Control) record(rec replica.Record) {
	r, err := readRecord(rec)
	if err != nil {
		c.emit(Note{"error", err.Error()})
		return
	}
	if r.status == agent.Pending {
		return
	}
	mine := r.known && r.from.UUID == c.cfg.UUID && r.from.Transition == c.number && c.transit.Active() != nil
	if attrs := failCounts(c.root, r, c.now.Wall.Unix()); attrs != nil {
		c.rounds.begin() // the count ends it: migration-threshold
		c.count(attrs)
		c.want(fmt.Sprintf("%s failed on %s (%d)", r.key, r.node, r.rc))
	}
	if mine {
		c.run(transit.Completed{Action: r.from.Action, Status: r.status, RC: r.rc})
		return
	}
	if r.status != agent.Cancelled && rec.Last == "" {
		c.want(fmt.Sprintf("%s on %s ended by itself (%d)", r.key, r.node, r.rc))
	}
}

func (c *Control) fenced(in Fenced) {
	if c.state == NotCoordinator {
		return
	}
	if in.OK {
		c.holds = 0
		c.run(transit.Fenced{Target: in.Target, OK: true})
		if c.transit.Active() == nil {
			c.want("node " + in.Target + " was fenced")
		}
		return
	}
	c.holds++
	wait := min(time.Duration(c.holds)*2*time.Second, time.Minute)
	c.hold = c.now.Mono + wait
	c.rounds.begin()
	c.emit(Note{"error", fmt.Sprintf("fencing %s failed: %s; it is tried again in %v", in.Target, in.Reason, wait)})
	c.run(transit.Fenced{Target: in.Target, OK: false, Reason: in.Reason})
	c.want("fencing " + in.Target + " failed")
}

// lostRecord is the record of an operation that a node did not answer.
func lostRecord(a *graph.Action, key Key, wall int64) replica.Record {
	interval := a.Attr("CRM_meta_interval")
	if interval == "" {
		interval = "0"
	}
	id := a.Rsc.ID + "_last_failure_0"
	magic := fmt.Sprintf("%d:%d;%s", int(agent.TimedOut), int(agent.GenericError), key)
	pairs := []string{
		"id", id, "operation_key", a.Key, "operation", a.Task, "crm-debug-origin", "coordinator",
		"crm_feature_set", replica.FeatureSet, "transition-key", key.String(), "transition-magic", magic,
		"exit-reason", "the node did not answer", "on_node", a.Node, "call-id", "-1",
		"rc-code", strconv.Itoa(int(agent.GenericError)), "op-status", strconv.Itoa(int(agent.TimedOut)),
		"interval", interval, "last-rc-change", strconv.FormatInt(wall, 10), "exec-time", "0", "queue-time", "0",
	}
	op := cib.New("lrm_rsc_op")
	for i := 0; i < len(pairs); i += 2 {
		op = op.With(pairs[i], pairs[i+1])
	}
	return replica.Record{Node: a.Node, Rsc: a.Rsc.ID, Op: string(op.AppendXML(nil, false)), Attrs: []cib.Attr{
		{Name: "class", Value: a.Rsc.Class}, {Name: "provider", Value: a.Rsc.Provider}, {Name: "type", Value: a.Rsc.Type}}}
}
