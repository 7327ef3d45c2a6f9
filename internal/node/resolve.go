package node

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mainstay/conf"
)

// lookupTime bounds the search for one host name. At run time it happens in the
// loop, so it must end well before others take this node for dead.
const lookupTime = 400 * time.Millisecond

// lookup finds the addresses of a host name, as net.Resolver.LookupNetIP does.
type lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

// resolve puts addresses in the place of the host names in a nodelist, as
// totem.ip_version says. What was found before (known, may be nil) is not looked
// for again: a name server that fails does not change a running cluster.
func resolve(c, known *conf.Config, find lookup) error {
	var missing []string
	for i := range c.Nodes {
		n := &c.Nodes[i]
		n.Addrs = slices.Clone(n.Addrs)
		for link, name := range n.Addrs {
			if _, err := netip.ParseAddr(name); err == nil {
				continue
			}
			if a, ok := knownAddr(known, *n, link); ok {
				n.Addrs[link] = a
				continue
			}
			a, err := find1(find, name, c.Totem.IPVersion)
			if err != nil {
				missing = append(missing, fmt.Sprintf("node %s: ring%d_addr %s: %v", n.Name, link, name, err))
				continue
			}
			n.Addrs[link] = a
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("host names in the nodelist have no address: %s; write addresses, or add the names to /etc/hosts", strings.Join(missing, "; "))
	}
	return nil
}

// knownAddr is the address that a node had on a link.
func knownAddr(known *conf.Config, n conf.Node, link int) (string, bool) {
	if known == nil {
		return "", false
	}
	old, ok := known.Node(n.ID)
	if !ok || old.Name != n.Name || link >= len(old.Addrs) {
		return "", false
	}
	_, err := netip.ParseAddr(old.Addrs[link])
	return old.Addrs[link], err == nil
}

// find1 finds one address of the wanted kind (corosync.conf(5), ip_version).
func find1(find lookup, name, version string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	network := map[string]string{"ipv4": "ip4", "ipv6": "ip6"}[version]
	if network == "" {
		network = "ip"
	}
	found, err := find(ctx, network, name)
	if err != nil {
		return "", err
	}
	slices.SortStableFunc(found, func(a, b netip.Addr) int {
		if x, y := a.Unmap().Is4(), b.Unmap().Is4(); x != y {
			if x == (version == "ipv4-6") {
				return -1
			}
			return 1
		}
		return 0
	})
	if len(found) == 0 {
		return "", fmt.Errorf("no address was found")
	}
	return found[0].Unmap().String(), nil
}

// systemLookup asks the system: /etc/hosts, then name servers.
func systemLookup() lookup { return net.DefaultResolver.LookupNetIP }
