package sched

import "mainstay/status"

// What happens on a remote or guest node goes through the connection that a
// member holds to it, so it is ordered with that connection's start and stop;
// on a guest, also with the resource that the guest is.

// connection is how a remote node's connection stands.
type connection int

const (
	connected connection = iota // and will be
	resting                     // will be made again, elsewhere
	unknownConnection
	disconnected // stopped, as it should be
	broken       // failed, and cannot be made again
)

// orderRemote orders what happens on remote nodes with their connections.
func (p *planner) orderRemote() {
	if !p.haveRemote {
		return
	}
	acts := append([]*action(nil), p.acts...)
	for i := len(acts) - 1; i >= 0; i-- { // the newest first
		a := acts[i]
		if a.r == nil {
			continue
		}
		if a.r.remoteNode != nil && a.task == "clear_failcount" {
			p.addOrder(order{firstR: a.r, first: a, thenR: a.r, thenTask: "start", kind: ordOptional})
			continue
		}
		if a.n == nil || !a.n.isRemote() || a.pseudo || a.n.remoteRsc == nil || a.task == "cancel" {
			continue // what is cancelled runs there already
		}
		if a.task == "start" {
			p.stopAfterConnection(a)
		}
		if a.n.remoteRsc.container != nil {
			p.orderOnGuest(a)
		} else {
			p.orderOnRemote(a)
		}
	}
}

// stopAfterConnection: what moves to a remote node leaves its old place only
// once the new one can be reached.
func (p *planner) stopAfterConnection(a *action) {
	c := a.n.remoteRsc
	for _, s := range a.r.named("stop", 0).listed() {
		if s.n != a.n {
			p.addOrder(order{firstR: c, firstTask: "start", thenR: a.r, then: s, kind: ordOptional})
		}
	}
}

// afterStart orders an action after a resource's start.
func (p *planner) afterStart(c *rsc, a *action, extra orderKind) {
	p.addOrder(order{firstR: c, firstTask: "start", thenR: a.r, then: a, kind: ordGuest | ordUnrunnable | extra})
}

// beforeStop orders an action before a resource's stop.
func (p *planner) beforeStop(a *action, c *rsc, extra orderKind) {
	p.addOrder(order{firstR: a.r, first: a, thenR: c, thenTask: "stop", kind: ordGuest | extra})
}

// orderOnGuest orders an action on a guest node.
func (p *planner) orderOnGuest(a *action) {
	c := a.n.remoteRsc
	guest := c.container
	if guest.failed {
		p.condemn(a.n, "container failed", false)
	}
	switch a.task {
	case "start", "promote":
		p.afterStart(guest, a, ordImpliesThen)
		p.afterStart(c, a, 0)
	case "stop", "demote":
		if !guest.failed { // else the end of the guest is the end of this
			p.beforeStop(a, c, 0)
		}
	default:
		if a.interval > 0 {
			p.afterStart(c, a, ordImpliesThen)
		} else {
			p.afterStart(c, a, 0)
		}
	}
}

// orderOnRemote orders an action on a remote node.
func (p *planner) orderOnRemote(a *action) {
	c := a.n.remoteRsc
	state := p.connectionOf(a.n)
	switch a.task {
	case "start", "promote":
		extra := orderKind(0)
		if state == broken {
			extra = ordImpliesThen
		}
		p.afterStart(c, a, extra)
	case "stop":
		switch {
		case state == connected:
			p.beforeStop(a, c, ordImpliesFirst)
		case state == broken:
			p.condemn(a.n, "resources are active but connection is unrecoverable", false)
		case c.nextRole == roleStopped:
			p.beforeStop(a, c, ordImpliesFirst)
		default:
			p.afterStart(c, a, 0)
		}
	case "demote":
		if state == resting || state == unknownConnection {
			p.afterStart(c, a, 0)
		}
	default:
		p.orderOtherOnRemote(a, c, state)
	}
}

// orderOtherOnRemote orders monitors and the like.
func (p *planner) orderOtherOnRemote(a *action, c *rsc, state connection) {
	if a.interval > 0 {
		p.afterStart(c, a, ordImpliesThen)
		return
	}
	if a.task == "monitor" && state == broken {
		p.condemn(a.n, "resources are in unknown state and connection is unrecoverable", false)
	}
	if len(c.runningOn) > 0 && state == disconnected {
		p.beforeStop(a, c, ordUnrunnable)
		return
	}
	p.afterStart(c, a, 0)
}

// connectionOf tells how a remote node's connection stands.
func (p *planner) connectionOf(n *node) connection {
	c := n.remoteRsc
	cur := p.currentNode(c)
	if c.nextRole == roleStopped || c.assignedTo == nil {
		switch {
		case cur != nil && cur.unclean:
			return broken
		case !c.failed:
			return disconnected
		case c.nextRole == roleStopped && c.remoteSecs > 0 && n.remoteFenced && !n.asksToLeave():
			return unknownConnection
		}
		return broken
	}
	switch {
	case cur == nil:
		return unknownConnection
	case cur.unclean, !cur.online && cur.kind == status.Member:
		return resting
	case len(c.runningOn) > 1 && c.partialFrom != nil && c.partialTo != nil:
		return resting
	}
	return connected
}
