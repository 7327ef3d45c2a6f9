package node

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mainstay/conf"
)

func TestResolve(t *testing.T) {
	asked := 0
	find := func(_ context.Context, network, host string) ([]netip.Addr, error) {
		asked++
		all := map[string][]netip.Addr{
			"one":  {netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fd00::1")},
			"four": {netip.MustParseAddr("10.0.0.4")},
		}[host]
		all = slices.DeleteFunc(slices.Clone(all), func(a netip.Addr) bool {
			return network == "ip4" && !a.Is4() || network == "ip6" && a.Is4()
		})
		if len(all) == 0 {
			return nil, errors.New("no such host")
		}
		return all, nil
	}
	for _, c := range []struct{ version, name, want string }{
		{"", "one", "fd00::1"}, {"ipv6-4", "one", "fd00::1"}, {"ipv4-6", "one", "10.0.0.1"}, {"ipv4", "one", "10.0.0.1"},
		{"ipv6", "one", "fd00::1"}, {"", "four", "10.0.0.4"}, {"ipv6", "four", "no such host"}, {"", "none", "add the names to /etc/hosts"},
		{"", "192.0.2.1", "192.0.2.1"},
	} {
		cfg := &conf.Config{Nodes: []conf.Node{{ID: 1, Name: "n", Addrs: []string{c.name}}}}
		cfg.Totem.IPVersion = c.version
		err := resolve(cfg, nil, find)
		got := cfg.Nodes[0].Addrs[0]
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s as %q: got %s, want %s", c.name, c.version, got, c.want)
		}
	}
	asked = 0
	known := &conf.Config{Nodes: []conf.Node{{ID: 1, Name: "n", Addrs: []string{"10.9.9.9"}}}}
	cfg := &conf.Config{Nodes: []conf.Node{{ID: 1, Name: "n", Addrs: []string{"one"}}}}
	if err := resolve(cfg, known, find); err != nil || cfg.Nodes[0].Addrs[0] != "10.9.9.9" || asked != 0 {
		t.Errorf("what is known was looked for again: %v %v", cfg.Nodes, err)
	}
}
