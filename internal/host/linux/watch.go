package linux

import (
	"log/slog"
	"net/netip"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// watch hears from the kernel when the interface that has a link's address goes
// down or loses its cable, and when the address is taken away.
type watch struct {
	put  func(host.Completion)
	log  *slog.Logger
	done chan struct{}

	mu    sync.Mutex
	addrs []netip.Addr // per link; the zero value: not watched
	had   []bool       // the address was there
	down  []bool       // what was told
}

// newWatch subscribes to the kernel's news. Without them the machine works too:
// the links find out by themselves, only later.
func newWatch(put func(host.Completion), log *slog.Logger) *watch {
	w := &watch{put: put, log: log, done: make(chan struct{})}
	fail := func(err error) { log.Warn("network interfaces are not watched", "error", err) }
	links, addrs := make(chan netlink.LinkUpdate, 64), make(chan netlink.AddrUpdate, 64)
	if err := netlink.LinkSubscribeWithOptions(links, w.done, netlink.LinkSubscribeOptions{ErrorCallback: w.lost}); err != nil {
		fail(err)
		return w
	}
	if err := netlink.AddrSubscribeWithOptions(addrs, w.done, netlink.AddrSubscribeOptions{ErrorCallback: w.lost}); err != nil {
		fail(err)
		addrs = nil
	}
	go w.hear(links, addrs)
	return w
}

// lost notes that the kernel could not tell everything; the state is looked at anew.
func (w *watch) lost(err error) {
	select {
	case <-w.done:
	default:
		w.log.Debug("news of network interfaces were lost", "error", err)
		w.look()
	}
}

func (w *watch) close() { close(w.done) }

// hear looks anew after each piece of news.
func (w *watch) hear(links chan netlink.LinkUpdate, addrs chan netlink.AddrUpdate) {
	for {
		select {
		case <-w.done:
			return
		case _, ok := <-links:
			if !ok {
				return
			}
		case _, ok := <-addrs:
			if !ok {
				addrs = nil
			}
		}
		w.look()
	}
}

// follow sets the links to watch.
func (w *watch) follow(links []*link) {
	w.mu.Lock()
	w.addrs = make([]netip.Addr, len(links))
	had, down := make([]bool, len(links)), make([]bool, len(links))
	copy(had, w.had)
	copy(down, w.down)
	w.had, w.down = had, down
	for i, l := range links {
		if l == nil {
			continue
		}
		if ap, err := netip.ParseAddrPort(l.bind); err == nil && !ap.Addr().IsLoopback() && !ap.Addr().IsUnspecified() {
			w.addrs[i] = ap.Addr().Unmap().WithZone("")
		}
	}
	w.mu.Unlock()
	w.look()
}

// look compares the interfaces with what was told.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.addrs) == 0 {
		return
	}
	running, err := interfaces()
	if err != nil {
		w.log.Debug("network interfaces cannot be listed", "error", err)
		return
	}
	for i, a := range w.addrs {
		up, there := running[a]
		down := there && !up || !there && w.had[i]
		if !a.IsValid() {
			down = false
		}
		w.had[i] = w.had[i] || there
		if down != w.down[i] {
			w.down[i] = down
			w.put(host.LinkDown{Link: i, Down: down})
		}
	}
}

// interfaces tells for each address of this machine whether its interface works.
func interfaces() (map[netip.Addr]bool, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	works := map[int]bool{}
	for _, l := range links {
		works[l.Attrs().Index] = l.Attrs().RawFlags&(unix.IFF_UP|unix.IFF_RUNNING) == unix.IFF_UP|unix.IFF_RUNNING
	}
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, err
	}
	out := map[netip.Addr]bool{}
	for _, a := range addrs {
		if ip, ok := netip.AddrFromSlice(a.IP); ok {
			out[ip.Unmap()] = out[ip.Unmap()] || works[a.LinkIndex]
		}
	}
	return out, nil
}
