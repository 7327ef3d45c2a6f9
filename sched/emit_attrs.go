package sched

import (
	"sort"
	"strconv"
	"strings"

	"mainstay/cib"
)

// metaName maps an action's properties to the names that the executor knows.
func metaName(k string) string { return "CRM_meta_" + strings.ReplaceAll(k, "-", "_") }

// graphAttrs are the attributes of an action: what its executor needs to know.
func (p *planner) graphAttrs(a *action) []cib.Attr {
	m := map[string]string{"crm_feature_set": featureSet}
	for k, v := range a.meta {
		m[metaName(k)] = v
	}
	if a.r != nil {
		p.rscAttrs(a, m)
	} else if a.task == "stonith" {
		delete(m, "CRM_meta_timeout")
	}
	if a.n != nil && !a.pseudo && !a.isStonith {
		m["CRM_meta_on_node"], m["CRM_meta_on_node_uuid"] = a.n.name, a.n.id
	}
	out := make([]cib.Attr, 0, len(m))
	for k, v := range m { // sorted below
		out = append(out, cib.Attr{Name: k, Value: v})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
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
		delete(m, "CRM_meta_start_delay")
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
	if c := r.container; c != nil && r.kind == primitive && !a.pseudo {
		m["CRM_meta_container"] = c.id
	}
	if r.kind == primitive && !a.pseudo {
		if t := p.hostTarget(r, a.n); t != "" {
			m["CRM_meta_container_attribute_target"] = r.meta["container-attribute-target"]
			m["CRM_meta_physical_host"] = t
		}
		if rn := r.meta["remote-node"]; rn != "" && len(r.fillers) > 0 {
			m["CRM_meta_remote_node"] = rn
		}
	}
}

// opParams are the instance attributes of the operation itself.
func (p *planner) opParams(a *action) map[string]string {
	op := p.findOp(a.r, a.task, a.interval, true)
	if op == nil || op.Child("instance_attributes") == nil {
		return nil
	}
	return p.evalSets(op, "instance_attributes", p.facts(a.r, a.n), "")
}

// hostTarget is the member under a guest node, if the resource wants its attributes there.
func (p *planner) hostTarget(r *rsc, n *node) string {
	if n == nil || !n.isGuest() || n.remoteRsc == nil || n.remoteRsc.container == nil {
		return ""
	}
	if _, ok := r.meta["container-attribute-target"]; !ok {
		return ""
	}
	c := n.remoteRsc.container
	if c.assignedTo != nil {
		return c.assignedTo.name
	}
	if len(c.runningOn) > 0 {
		return c.runningOn[0].name
	}
	return ""
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
