package corosync

import (
	"fmt"

	"mainstay/group"
	"mainstay/member"
)

// Requests and events of the closed process group service.
const (
	cpgJoin      = 0
	cpgLeave     = 1
	cpgMulticast = 2
	cpgLocalNode = 4

	cpgChanged = 4
	cpgMessage = 5
	cpgRing    = 13
)

const (
	cpgNameSize  = 128
	cpgAgreed    = 2 // CPG_TYPE_AGREED
	cpgTellRing  = 1 // CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF
	maxAddresses = 128
)

// groupName is the name of the process group of all Mainstay daemons.
const groupName = "mainstay"

// localNode asks for the id of this node.
func (c *conn) localNode() (member.NodeID, error) {
	r, err := c.ask(newRequest(cpgLocalNode))
	if err != nil {
		return 0, err
	}
	id := member.NodeID(r.u32())
	return id, r.err()
}

// join joins the group; changes, rings and messages come as events from then on.
func (c *conn) join(pid uint32) error {
	_, err := c.ask(newRequest(cpgJoin).text(groupName, cpgNameSize).number(pid).number(cpgTellRing))
	return err
}

// leave leaves the group.
func (c *conn) leave(pid uint32) error {
	_, err := c.ask(newRequest(cpgLeave).text(groupName, cpgNameSize).number(pid))
	return err
}

// multicast sends a message to the group in agreed order.
func (c *conn) multicast(p []byte) error {
	return c.send(newRequest(cpgMulticast).number(0).number(cpgAgreed).number(uint32(len(p))).raw(p))
}

// parseCPG reads an event of the service; nil if it is of no interest.
func parseCPG(p []byte) (group.Input, error) {
	r, err := parseEvent(p)
	if err != nil {
		return nil, err
	}
	switch r.id {
	case cpgChanged:
		r.skip(8 + cpgNameSize)
		members := r.number()
		r.skip(16) // how many joined, how many left
		if members > maxAddresses {
			return nil, fmt.Errorf("corosync: a group of %d processes", members)
		}
		x := group.Changed{}
		for range members {
			x.Procs = append(x.Procs, group.Proc{Node: member.NodeID(r.number()), PID: r.number()})
			r.skip(8) // the reason
		}
		return x, r.err()
	case cpgRing:
		node := member.NodeID(r.number())
		x := group.Ring{ID: member.RingID{Rep: node, Seq: r.long()}}
		n := r.u32()
		if n > maxAddresses {
			return nil, fmt.Errorf("corosync: a ring of %d nodes", n)
		}
		for range n {
			x.Nodes = append(x.Nodes, member.NodeID(r.u32()))
		}
		return x, r.err()
	case cpgMessage:
		r.skip(8 + cpgNameSize)
		size := r.number()
		x := group.Received{From: group.Proc{Node: member.NodeID(r.number()), PID: r.number()}}
		x.Data = r.skip(int(size))
		return x, r.err()
	}
	return nil, nil
}
