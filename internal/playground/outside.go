package playground

import (
	"net/netip"
	"os/exec"
)

// Outside is the address in a network at which nodes reach what StartOutside runs.
func Outside(n Network) netip.Addr { return n.address(clientHost) }

// StartOutside starts a command on the machine that is on both networks without
// being a node. It is the caller's to end.
func (r *Room) StartOutside(cmd *exec.Cmd) error {
	return r.hub.client.do(cmd.Start) // a child is in the network of the thread that made it
}
