package corosync

import (
	"mainstay/conf"
	"mainstay/member"
)

// Requests of the service that administers Corosync.
const (
	cfgKill   = 2
	cfgReload = 7
	cfgStatus = 9
)

const (
	cfgStatusV1 = 1
	cfgHostSize = 256
	cfgNameSize = 256
)

// kill has Corosync end on a node; why goes into its log.
func (c *conn) kill(node member.NodeID, why string) error {
	if len(why) >= cfgNameSize {
		why = why[:cfgNameSize-1]
	}
	text := make([]byte, 2+cfgNameSize+6)
	text[0], text[1] = byte(len(why)+1), byte((len(why)+1)>>8)
	copy(text[2:], why)
	_, err := c.ask(newRequest(cfgKill).number(uint32(node)).raw(text))
	return err
}

// reload has Corosync on all nodes read its configuration again.
func (c *conn) reload() error {
	_, err := c.ask(newRequest(cfgReload))
	return err
}

// linkStatus is one link to a node, as this node sees it.
type linkStatus struct {
	link int
	up   bool
}

// links asks for the links to a node. Corosync has this since 3.1; before, it does
// not answer and the caller should not ask.
func (c *conn) links(node member.NodeID) ([]linkStatus, error) {
	r, err := c.ask(newRequest(cfgStatus).number(uint32(node)).number(cfgStatusV1))
	if err != nil {
		return nil, err
	}
	return parseLinks(r)
}

func parseLinks(r *reply) ([]linkStatus, error) {
	r.skip(16) // version, node, whether it can be reached, versions of its protocol
	var out []linkStatus
	for link := range conf.MaxLinks {
		b := r.skip(3)
		r.skip(1 + 4 + 2*cfgHostSize) // MTU, addresses
		if r.bad {
			return nil, r.err()
		}
		if enabled := b[0] != 0; enabled {
			out = append(out, linkStatus{link, b[1] != 0})
		}
	}
	return out, nil
}
