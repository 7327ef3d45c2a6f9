package sched

import (
	"slices"
	"strconv"
	"strings"

	"mainstay/cib"
)

// metaName maps an action's properties to the names that the executor knows.
func metaName(k string) string { return "CRM_meta_" + strings.ReplaceAll(k, "-", "_") }

// graphAttrs are the attributes of an action: what its executor needs to know,
// sorted by name. Most of it follows from what the action is named after, so
// that the probes of a resource differ by their nodes only.
func (p *planner) graphAttrs(a *action) []cib.Attr {
	var own [3]cib.Attr
	if !p.sharesAttrs(a) {
		m := p.commonAttrs(a)
		for _, at := range placeOf(a, own[:0]) {
			m[at.Name] = at.Value
		}
		return p.sortedAttrs(m)
	}
	if a.op.attrs == nil {
		a.op.attrs = p.sortedAttrs(p.commonAttrs(a))
	}
	return p.withAttrs(a.op.attrs, placeOf(a, own[:0]))
}

// sharesAttrs tells whether what an action carries follows from the element of
// its resource and its name, but for its node.
func (p *planner) sharesAttrs(a *action) bool {
	r := a.r
	return r != nil && r.plain && !r.bundleAddr && !a.ownMeta && a.notifyVars == nil && a.task == a.op.task &&
		(a.n == nil || !a.n.isGuest())
}

// commonAttrs are the attributes of an action that do not say where it is done.
func (p *planner) commonAttrs(a *action) map[string]string {
	m := map[string]string{"crm_feature_set": featureSet}
	for k, v := range a.meta {
		m[metaName(k)] = v
	}
	if a.r != nil {
		p.rscAttrs(a, m)
	} else if a.task == "stonith" {
		delete(m, "CRM_meta_timeout")
	}
	return m
}

// placeOf adds the attributes that say where an action is done, and what a
// monitor must find there, in the order of their names.
func placeOf(a *action, l []cib.Attr) []cib.Attr {
	if a.n != nil && !a.pseudo && !a.isStonith {
		l = append(l, cib.Attr{Name: "CRM_meta_on_node", Value: a.n.name}, cib.Attr{Name: "CRM_meta_on_node_uuid", Value: a.n.id})
	}
	if a.wantRC != rcActive {
		l = append(l, cib.Attr{Name: "CRM_meta_op_target_rc", Value: strconv.Itoa(int(a.wantRC))})
	}
	return l
}

// sortedAttrs lists attributes by name.
func (p *planner) sortedAttrs(m map[string]string) []cib.Attr {
	out := p.slabs.attrs.list(len(m))
	for k, v := range m { // sorted below
		out = append(out, cib.Attr{Name: k, Value: v})
	}
	slices.SortFunc(out, byName)
	return out
}

func byName(a, b cib.Attr) int { return strings.Compare(a.Name, b.Name) }

// withAttrs merges two sorted lists; of two with one name, that of more counts.
func (p *planner) withAttrs(common, more []cib.Attr) []cib.Attr {
	if len(more) == 0 {
		return common
	}
	out := p.slabs.attrs.list(len(common) + len(more))
	for _, c := range common {
		for len(more) > 0 && more[0].Name < c.Name {
			out, more = append(out, more[0]), more[1:]
		}
		if len(more) == 0 || more[0].Name != c.Name {
			out = append(out, c)
		}
	}
	return append(out, more...)
}

// featureSet is the level of the protocol between coordinator and executors.
const featureSet = "3.20.5"

// rscAttrs adds what an action of a resource carries.
func (p *planner) rscAttrs(a *action, m map[string]string) {
	r := a.r
	if v, ok := m["CRM_meta_interval"]; ok && (v == "0" || v == "") {
		delete(m, "CRM_meta_interval")
	}
	if a.interval == 0 {
		if a.task != "cancel" {
			delete(m, "CRM_meta_interval")
		}
	}
	for i := range a.notifyVars {
		m["CRM_meta_notify_"+a.notifyVars[i][0]] = a.notifyVars[i][1]
	}
	if r.kind == primitive {
		for k, v := range p.paramsOn(r, a.n) {
			if _, taken := m[k]; !taken {
				m[k] = v
			}
		}
		for k, v := range p.opParams(a) {
			m[k] = v
		}
	}
	p.cloneAttrs(a, m)
	if r.kind == primitive {
		p.placeAttrs(a, m)
	}
	guestAttrs(a, m)
}

// placeAttrs adds what an agent, or its executor, needs to know of where a
// primitive is: inside of which resource, and on which host a guest node runs.
func (p *planner) placeAttrs(a *action, m map[string]string) {
	r := a.r
	for at := r; at != nil; at = at.parent {
		if at.container != nil {
			m["CRM_meta_container"] = at.container.id
		}
	}
	if v := r.meta["remote-node"]; v != "" {
		m["CRM_meta_remote_node"] = v
	}
	if v := r.meta["external-ip"]; v != "" {
		m["pcmk_external_ip"] = v
	}
}

// guestAttrs adds the host of the guest node on which an action is carried
// out: where it is now for what ends, where it will be for what begins.
func guestAttrs(a *action, m map[string]string) {
	n := a.n
	if n == nil || !n.isGuest() || n.remoteRsc == nil || n.remoteRsc.container == nil {
		return
	}
	task := a.task
	if isNotify(task) {
		task = a.meta["notify_operation"]
	}
	var host *node
	switch task {
	case "stop", "stopped", "demote", "demoted":
		host = firstRunning(n.remoteRsc.container)
	case "start", "running", "promote", "promoted", "monitor":
		host = n.remoteRsc.container.assignedTo
	}
	if host == nil {
		return
	}
	m["CRM_meta_physical_host"] = host.name
	if v, ok := a.r.meta["container-attribute-target"]; ok {
		m["CRM_meta_container_attribute_target"] = v
	}
}

// opParams are the instance attributes of the operation itself.
func (p *planner) opParams(a *action) map[string]string {
	op := p.operationOf(a).elem
	if op == nil || op.Child("instance_attributes") == nil {
		return nil
	}
	return p.evalSets(op, "instance_attributes", p.facts(a.r, a.n), "")
}

// cloneAttrs adds the clone options that an action of an instance (or of the clone) carries.
func (p *planner) cloneAttrs(a *action, m map[string]string) {
	c := a.r
	for c != nil && c.kind != clone {
		c = c.parent
	}
	if c == nil {
		return
	}
	if a.r.kind == primitive {
		m["CRM_meta_clone"] = strconv.Itoa(instanceNumber(a.r))
	}
	if a.r.kind == group {
		delete(m, "CRM_meta_clone")
	}
	m["CRM_meta_clone_max"] = strconv.Itoa(c.clone.max)
	m["CRM_meta_clone_node_max"] = strconv.Itoa(c.clone.nodeMax)
	m["CRM_meta_globally_unique"] = boolText(c.unique)
	m["CRM_meta_notify"] = boolText(c.notify)
	if c.promotable {
		mx, nm := strconv.Itoa(c.clone.promotedMax), strconv.Itoa(c.clone.promotedNodeMax)
		m["CRM_meta_promoted_max"], m["CRM_meta_promoted_node_max"] = mx, nm
		m["CRM_meta_master_max"], m["CRM_meta_master_node_max"] = mx, nm
	}
}
