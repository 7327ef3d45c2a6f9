package playground

import (
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// hub is the network namespace with a bridge per network, and another with a
// client that is on both networks without being a node.
type hub struct {
	ns, client space
	wires      *netlink.Handle // in ns
}

// newHub makes bridges and client.
func newHub() (*hub, error) {
	h := &hub{}
	if err := h.build(); err != nil {
		h.close()
		return nil, fmt.Errorf("networks: %w", err)
	}
	return h, nil
}

func (h *hub) build() (err error) {
	if h.ns, err = newNetns(); err != nil {
		return err
	}
	if h.client, err = newNetns(); err != nil {
		return err
	}
	if h.wires, err = netlink.NewHandleAt(netns.NsHandle(h.ns.fd()), unix.NETLINK_ROUTE); err != nil {
		return explain("talk to the kernel about links", err)
	}
	for _, n := range Networks() {
		off := false
		br := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: n.Nic}, MulticastSnooping: &off}
		if err := h.wires.LinkAdd(br); err != nil {
			return explain("make bridge "+n.Nic, err)
		}
		if err := h.wires.LinkSetUp(br); err != nil {
			return fmt.Errorf("bridge %s: %w", n.Nic, err)
		}
	}
	return h.plug("client", 0, h.client)
}

// port names the bridge's end of a machine's cable.
func port(machine string, n Network) string { return fmt.Sprintf("%s.%d", machine, n.Link) }

// plug connects a machine to both networks: a cable each, the address of the
// number (0: the client's) on its inner end.
func (h *hub) plug(machine string, number int, to space) error {
	inside, err := netlink.NewHandleAt(netns.NsHandle(to.fd()), unix.NETLINK_ROUTE)
	if err != nil {
		return explain("talk to the kernel about links", err)
	}
	defer inside.Close()
	if lo, err := inside.LinkByName("lo"); err == nil {
		if err := inside.LinkSetUp(lo); err != nil {
			return fmt.Errorf("lo: %w", err)
		}
	}
	for _, n := range Networks() {
		if err := h.cable(machine, number, to, n, inside); err != nil {
			return fmt.Errorf("connect %s to %s: %w", machine, n.Nic, err)
		}
	}
	return nil
}

func (h *hub) cable(machine string, number int, to space, n Network, inside *netlink.Handle) error {
	br, err := h.wires.LinkByName(n.Nic)
	if err != nil {
		return err
	}
	mac, addr := n.MAC(number), n.Address(number)
	if number == 0 {
		addr = n.address(clientHost)
	}
	pair := &netlink.Veth{
		LinkAttrs: netlink.LinkAttrs{Name: port(machine, n), MasterIndex: br.Attrs().Index},
		PeerName:  n.Nic, PeerHardwareAddr: net.HardwareAddr(mac[:]), PeerNamespace: netlink.NsFd(to.fd()),
	}
	if err := h.wires.LinkAdd(pair); err != nil {
		return err
	}
	outer, err := h.wires.LinkByName(pair.Name)
	if err != nil {
		return err
	}
	if err := h.wires.LinkSetUp(outer); err != nil {
		return err
	}
	nic, err := inside.LinkByName(n.Nic)
	if err != nil {
		return err
	}
	ip := &netlink.Addr{IPNet: &net.IPNet{IP: addr.AsSlice(), Mask: net.CIDRMask(n.Prefix.Bits(), 32)}}
	if err := inside.AddrAdd(nic, ip); err != nil {
		return err
	}
	return inside.LinkSetUp(nic)
}

// set raises or cuts the machine's cable to a network.
func (h *hub) set(machine string, n Network, up bool) error {
	l, err := h.wires.LinkByName(port(machine, n))
	if err == nil && up {
		err = h.wires.LinkSetUp(l)
	} else if err == nil {
		err = h.wires.LinkSetDown(l)
	}
	if err != nil {
		return fmt.Errorf("link %d of %s: %w", n.Link, machine, err)
	}
	return nil
}

// unplug removes the machine's cables, if there are any.
func (h *hub) unplug(machine string) error {
	var errs []error
	for _, n := range Networks() {
		l, err := h.wires.LinkByName(port(machine, n))
		if errors.As(err, &netlink.LinkNotFoundError{}) {
			continue
		}
		if err == nil {
			err = h.wires.LinkDel(l)
		}
		if errors.Is(err, unix.ENODEV) {
			continue // the kernel was faster: the pair goes with the machine's namespace
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// close lets go of the namespaces; with them go bridges and cables.
func (h *hub) close() {
	if h.wires != nil {
		h.wires.Close()
	}
	h.ns.close()
	h.client.close()
}
