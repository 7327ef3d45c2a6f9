package sched

import "strings"

// Some fence devices must press "on" before a node may use what they guard
// (unfencing): before probes and starts there of what needs it.

// unfence is the unfencing of a node; it is optional until something asks for it.
func (p *planner) unfence(n *node) *action { return p.fenceAction(n, "on", false, "", false) }

// demandUnfencing has a node unfenced if it is up and may be.
func (p *planner) demandUnfencing(n *node, why string) {
	if p.haveUnfencing && n.online && !n.unclean && !n.shutdown {
		p.fenceAction(n, "on", true, why, false)
	}
}

// wasUnfenced tells whether a node was unfenced since it came up.
func wasUnfenced(n *node) bool {
	v := n.attrs["#node-unfenced"]
	return v != "" && v != "0"
}

// unfenceBefore orders the unfencing of a node before an action there, and
// asks for it if the node never was unfenced. It is not asked for otherwise,
// lest every new resource stop all others on the node.
func (p *planner) unfenceBefore(r *rsc, n *node, a *action, kind orderKind) {
	if !r.needsUnfencing && !(r.fenceDevice && p.haveUnfencing) {
		return
	}
	p.order(p.unfence(n), a, kind)
	if !wasUnfenced(n) {
		p.demandUnfencing(n, "required by "+r.id+" "+a.task)
	}
}

// unfenceAfter orders the unfencing of a node after a stop there.
func (p *planner) unfenceAfter(_ *rsc, n *node, a *action) {
	p.order(a, p.unfence(n), ordImpliesFirst)
}

// implyUnfencing orders a resource's stops before, and its starts after, the
// unfencing of their nodes.
func (p *planner) implyUnfencing(r *rsc) {
	if r.fenceDevice || !p.haveUnfencing || !r.needsUnfencing {
		return
	}
	for _, n := range p.nodes {
		if !r.allowed[n.idx].ok {
			continue
		}
		u := p.unfence(n)
		p.addOrder(order{firstR: r, firstTask: "stop", then: u, kind: ordOptional | ordSameNode})
		p.addOrder(order{first: u, thenR: r, thenTask: "start", kind: ordSameNodeImplies | ordSameNode})
	}
}

// unfenceChanged: a changed fence device makes unfencing necessary again, on
// one node or, n being nil, on all that may run the device.
func (p *planner) unfenceChanged(r *rsc, n *node, why string) {
	if !r.fenceDevice || !p.haveUnfencing {
		return
	}
	if n != nil && n.online && !n.unclean && !n.shutdown {
		p.demandUnfencing(n, why)
		return
	}
	for _, m := range p.nodes {
		if r.allowed[m.idx].ok {
			p.demandUnfencing(m, why)
		}
	}
}

// unfenceDigests notes with the unfencing of a node which devices, with which
// parameters, it stands for, and asks for it if those that the node was
// unfenced by have changed.
func (p *planner) unfenceDigests(n *node, a *action) {
	var all, secure strings.Builder
	for i := len(p.all) - 1; i >= 0; i-- {
		r := p.all[i]
		if r.kind != primitive || !r.fenceDevice || !r.needsUnfencing && r.meta["provides"] != "unfencing" {
			continue
		}
		x, y := p.deviceDigest(r, n, false), p.deviceDigest(r, n, true)
		head := r.id + ":" + r.agent + ":"
		all.WriteString(head + x + ",")
		secure.WriteString(head + y + ",")
		if known := n.attrs["#digests-all"]; known != "" && !listed(known, head+x) && !listed(n.attrs["#digests-secure"], head+y) {
			a.optional = false
			a.setReason("definition of " + r.id + " changed")
		}
	}
	if all.Len() > 0 {
		a.setMeta("digests-all", all.String())
		a.setMeta("digests-secure", secure.String())
	}
}

// listed tells whether a comma-separated list has an entry.
func listed(list, entry string) bool { return strings.Contains(","+list, ","+entry+",") }

// deviceDigest is the sum of a device's parameters, without those that nobody
// may see and those that only steer its use if secure is set.
func (p *planner) deviceDigest(r *rsc, n *node, secure bool) string {
	m := map[string]string{}
	for k, v := range p.paramsOn(r, n) {
		if secure && (k == "passwd" || strings.HasPrefix(k, "pcmk_")) {
			continue
		}
		m[k] = v
	}
	return paramsDigest(m)
}
