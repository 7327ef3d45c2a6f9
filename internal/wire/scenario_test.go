package wire_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vishvananda/netlink"

	"mainstay/internal/wire"
)

// Addresses of a node on a link.
const (
	v4 = "10.9.%d.%d:%d"
	v6 = "[fd00:9:%d::%d]:%d"
)

// scenarios are run by TestNetwork, each in a network of its own.
func scenarios() map[string]func() error {
	out := map[string]func() error{
		"key rotation": keyRotation, "wrong key": wrongKey, "MTU of the interface": interfaceShrinks, "MTU on the way": wayShrinks,
	}
	for _, mode := range []wire.Mode{wire.Passive, wire.Active, wire.RoundRobin} {
		out[fmt.Sprintf("cut %s", mode)] = func() error { return linkCut(mode, 2, v4) }
	}
	out["cut IPv6"] = func() error { return linkCut(wire.Passive, 2, v6) }
	out["cut of eight"] = func() error { return linkCut(wire.Passive, wire.MaxLinks, v4) }
	out["one link"] = func() error { return oneLink(v6) }
	return out
}

// ask has a node report.
func (b *box) ask() (report, error) {
	var r report
	if err := b.in.Encode(order{Report: true}); err != nil {
		return r, err
	}
	return r, b.out.Decode(&r)
}

// tell gives all nodes an order.
func (w *network) tell(o order) error {
	var errs []error
	for _, b := range w.nodes {
		errs = append(errs, b.in.Encode(o))
	}
	return errors.Join(errs...)
}

// after waits, and takes the reports of all nodes about that time.
func (w *network) after(d time.Duration) ([]report, error) {
	if _, err := w.reports(); err != nil {
		return nil, err
	}
	<-time.After(d)
	return w.reports()
}

func (w *network) reports() ([]report, error) {
	var out []report
	for _, b := range w.nodes {
		r, err := b.ask()
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// until waits for a condition on the reports of all nodes.
func (w *network) until(what string, cond func(report) bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for {
		rs, err := w.reports()
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(rs, func(r report) bool { return !cond(r) }) {
			return nil
		}
		select {
		case <-end:
			return fmt.Errorf("not in time: %s: %+v", what, rs)
		case <-tick.C:
		}
	}
}

// up tells whether all links work and all measurements are there.
func up(r report) bool {
	return !slices.ContainsFunc(r.Links, func(l wire.LinkState) bool { return !l.Up || l.RTT <= 0 || l.MTU == 0 })
}

// sound checks that nobody was lost, and that everybody was heard without a gap.
func sound(rs []report, gap time.Duration) error {
	for i, r := range rs {
		if len(r.Lost) > 0 || len(r.From) != len(rs)-1 {
			return fmt.Errorf("node %d lost %v, heard of %d", i+1, r.Lost, len(r.From))
		}
		for from, s := range r.From {
			if s.Longest > gap || s.Doubled > 0 {
				return fmt.Errorf("node %d heard nothing of node %d for %v, %d payloads twice", i+1, from, s.Longest, s.Doubled)
			}
		}
	}
	return nil
}

// begin makes three nodes that talk.
func begin(links int, format string, size int, change func(*wire.Config)) (*network, error) {
	w, err := newNetwork(3, links, format, change)
	if err == nil {
		err = w.until("all links work", up)
	}
	if err == nil {
		err = w.tell(order{Rate: 5 * time.Millisecond, Size: size})
	}
	if err == nil {
		err = w.until("all talk", func(r report) bool { return len(r.From) == 2 })
	}
	return w, err
}

// failover bounds the time until traffic goes on over another link: less than the
// smallest usual token. It takes less than 200 ms where nothing else runs.
const failover = 900 * time.Millisecond

// linkCut cuts each link once, silently (the bridge forgets the port), once with
// the loss of the carrier at the other end, and mends it.
func linkCut(mode wire.Mode, links int, format string) error {
	w, err := begin(links, format, 100, func(c *wire.Config) { c.Mode = mode })
	if err != nil {
		return err
	}
	for _, silent := range []bool{true, false} {
		for l := range min(links, 2) {
			port, err := netlink.LinkByName(cable(0, l))
			if err != nil {
				return err
			}
			cut, mend := netlink.LinkSetDown, netlink.LinkSetUp
			if silent {
				cut = netlink.LinkSetNoMaster
				mend = func(p netlink.Link) error { return netlink.LinkSetMaster(p, w.bridges[l]) }
			}
			if _, err := w.reports(); err != nil {
				return err
			}
			if err := cut(port); err != nil {
				return err
			}
			rs, err := w.after(time.Second)
			if err == nil {
				err = sound(rs, failover)
			}
			if err != nil {
				return fmt.Errorf("link %d, silent %v: %w", l, silent, err)
			}
			err = w.until("the cut link is shown to be down", func(r report) bool {
				return slices.ContainsFunc(r.Links, func(x wire.LinkState) bool { return x.Link == l && !x.Up })
			})
			if err := errors.Join(err, mend(port), w.until("the link is back", up)); err != nil {
				return err
			}
		}
	}
	return nil
}

// oneLink: nodes with a single link talk, and payloads of all sizes arrive.
func oneLink(format string) error {
	w, err := begin(1, format, 100, nil)
	for _, size := range []int{1400, 4000, 60000} {
		if err == nil {
			err = w.tell(order{Rate: 20 * time.Millisecond, Size: size})
		}
		var rs []report
		if err == nil {
			rs, err = w.after(500 * time.Millisecond)
		}
		if err == nil {
			err = sound(rs, failover)
		}
	}
	return err
}

// keyRotation: a new key comes to one node after the other, then the old one goes.
func keyRotation() error {
	w, err := begin(2, v4, 100, nil)
	if err != nil {
		return err
	}
	old, young := w.configs[0].Keys[0], []byte("a younger key of 32 bytes, for it")
	for _, keys := range [][][]byte{{young, old}, {young}} {
		for i := range w.nodes {
			c := w.configs[i]
			c.Keys = keys
			if err := w.nodes[i].in.Encode(order{Config: &settings{Config: c}}); err != nil {
				return err
			}
			rs, err := w.after(700 * time.Millisecond)
			if err == nil {
				err = sound(rs, failover)
			}
			if err != nil {
				return fmt.Errorf("node %d has %d keys: %w", i+1, len(keys), err)
			}
			for _, r := range rs {
				if len(r.Alarms) > 0 {
					return fmt.Errorf("alarms: %v", r.Alarms)
				}
			}
		}
	}
	return nil
}

// wrongKey: a node with another key is reported with its address and counted; the
// others do not mind.
func wrongKey() error {
	w, err := newNetwork(3, 1, v4, func(c *wire.Config) {
		if c.Self == 3 {
			c.Keys = [][]byte{[]byte("another key of 32 bytes, a thief")}
		}
	})
	if err != nil {
		return err
	}
	told := 0
	err = w.until("the wrong key is reported", func(r report) bool {
		for what, n := range r.Alarms {
			if strings.HasPrefix(what, "wrong-key 10.9.0.3:") {
				told += n
			}
		}
		return told >= 2
	})
	if err != nil {
		return err
	}
	return w.until("the others talk", func(r report) bool { return len(r.Lost) == 0 })
}

// interfaceShrinks: this node's interface takes less than before.
func interfaceShrinks() error {
	return shrinks(func(w *network) error { return w.nodes[0].in.Encode(order{MTU: 1300}) })
}

// wayShrinks: something on the way drops what is too large, and says nothing.
func wayShrinks() error {
	return shrinks(func(w *network) error {
		port, err := netlink.LinkByName(cable(0, 0))
		if err != nil {
			return err
		}
		return netlink.LinkSetMTU(port, 1300)
	})
}

// shrinks: payloads of full size go on over a single link whose MTU shrinks to
// 1300 bytes, and the limit is found.
func shrinks(how func(*network) error) error {
	w, err := begin(1, v4, wire.DefaultMTU, nil)
	if err == nil {
		_, err = w.reports()
	}
	if err == nil {
		err = how(w)
	}
	if err != nil {
		return err
	}
	rs, err := w.after(3 * time.Second)
	if err == nil {
		err = sound(rs, failover)
	}
	if err != nil {
		return err
	}
	const fits = 1300 - 28 - wire.Overhead
	for _, l := range rs[0].Links {
		if l.MTU > fits || l.MTU < fits-8 {
			return fmt.Errorf("payloads of %d bytes to node %s, want %d", l.MTU, l.Node, fits)
		}
	}
	return nil
}
