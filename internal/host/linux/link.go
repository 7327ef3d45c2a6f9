package linux

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// link is one UDP socket of this node. A reader goroutine feeds the machine's
// queue; send is called from the loop only.
type link struct {
	number int
	bind   string
	v4     bool
	conn   *net.UDPConn
	raw    syscall.RawConn
	queue  *queue
	log    *slog.Logger

	peers map[string]unix.Sockaddr // parsed destinations
	to    unix.Sockaddr            // what sendNow sends, and where
	data  []byte
	err   error
	now   func(fd uintptr) bool // sendNow, made once
}

// receiveBuffer is what the kernel may hold while the loop is busy, in bytes.
const receiveBuffer = 4 << 20

// SetLinks opens the links of this node anew: those whose address stays are left
// alone, the others are closed and opened. After an error all are as before. It
// is called from the loop's goroutine.
func (m *Machine) SetLinks(binds []string) error {
	next := make([]*link, len(binds))
	var opened []*link
	for i, bind := range binds {
		if i < len(m.links) && m.links[i] != nil && m.links[i].bind == bind {
			next[i] = m.links[i]
			continue
		}
		if bind == "" {
			continue
		}
		l, err := openLink(i, bind, m.queue, m.cfg.Log)
		if err != nil {
			for _, l := range opened {
				l.close()
			}
			return err
		}
		next[i] = l
		opened = append(opened, l)
	}
	for _, l := range m.links {
		if !slices.Contains(next, l) {
			l.close()
		}
	}
	m.links = next
	m.watch.follow(next)
	return nil
}

func openLink(number int, bind string, q *queue, log *slog.Logger) (*link, error) {
	ap, err := netip.ParseAddrPort(bind)
	if err != nil {
		return nil, fmt.Errorf("link %d: address %q: %w", number, bind, err)
	}
	l := &link{number: number, bind: bind, v4: ap.Addr().Unmap().Is4(), queue: q, log: log, peers: map[string]unix.Sockaddr{}}
	l.now = l.sendNow
	network := "udp6"
	if l.v4 {
		network = "udp4"
	}
	lc := net.ListenConfig{Control: l.tune}
	conn, err := lc.ListenPacket(context.Background(), network, bind)
	if err != nil {
		return nil, fmt.Errorf("link %d cannot be opened on %s: %w; does another daemon have the port?", number, bind, err)
	}
	l.conn = conn.(*net.UDPConn)
	if l.raw, err = l.conn.SyscallConn(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("link %d: %w", number, err)
	}
	if !here(ap.Addr()) {
		log.Warn("the address of a link is not on this machine", "event", "link", "link", number, "address", bind)
	}
	go l.read()
	return l, nil
}

// here tells whether an address belongs to this machine.
func here(a netip.Addr) bool {
	if a.IsUnspecified() || a.IsLoopback() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return true // it cannot be told
	}
	return slices.ContainsFunc(addrs, func(x net.Addr) bool {
		n, ok := x.(*net.IPNet)
		if !ok {
			return false
		}
		have, ok := netip.AddrFromSlice(n.IP)
		return ok && have.Unmap() == a.Unmap().WithZone("")
	})
}

// tune prepares a socket before it is bound: it may have an address that comes
// later, large packets are cut to pieces instead of refused, buffers are large,
// and the errors that peers' hosts send back are kept.
func (l *link) tune(_, _ string, raw syscall.RawConn) error {
	var opt error
	err := raw.Control(func(p uintptr) {
		fd := int(p)
		// Beyond the limit of ordinary users where root may; the kernel's limit otherwise.
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
			opt = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
		}
		if l.v4 {
			opt = errors.Join(opt,
				unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_FREEBIND, 1),
				unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT),
				unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_RECVERR, 1))
		} else {
			opt = errors.Join(opt,
				unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_FREEBIND, 1),
				unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT),
				unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_RECVERR, 1))
		}
	})
	return errors.Join(err, opt)
}

// close closes the socket; the reader ends by itself.
func (l *link) close() {
	if l != nil {
		l.conn.Close()
	}
}

// send never blocks: a full socket buffer loses the packet, as a network may.
func (l *link) send(addr string, data []byte) {
	if l == nil {
		return
	}
	to, ok := l.peers[addr]
	if !ok {
		if to = l.sockaddr(addr); to == nil {
			return
		}
		l.peers[addr] = to
	}
	l.to, l.data = to, data
	// Errors of earlier packets are reported by later calls, which then send nothing.
	for range 4 {
		if l.raw.Write(l.now) != nil || l.err == nil || l.err == unix.EAGAIN {
			break
		}
		l.drainErrors()
	}
	l.data = nil
}

// sendNow sends l.data to l.to.
func (l *link) sendNow(fd uintptr) bool {
	l.err = unix.Sendto(int(fd), l.data, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, l.to)
	return true
}

// sockaddr parses a destination; nil if the socket cannot reach it.
func (l *link) sockaddr(addr string) unix.Sockaddr {
	ap, err := netip.ParseAddrPort(addr)
	a := ap.Addr().Unmap()
	switch {
	case err != nil || a.Is4() != l.v4:
		return nil
	case a.Is4():
		return &unix.SockaddrInet4{Port: int(ap.Port()), Addr: a.As4()}
	}
	sa := &unix.SockaddrInet6{Port: int(ap.Port()), Addr: a.As16()}
	if z := a.Zone(); z != "" {
		if ifi, err := net.InterfaceByName(z); err == nil {
			sa.ZoneId = uint32(ifi.Index)
		}
	}
	return sa
}

// drainErrors reads the socket's error queue: refused packets tell that a host
// lives where no daemon does.
func (l *link) drainErrors() {
	buf, oob := make([]byte, 64), make([]byte, 512)
	// The error is that the socket was closed meanwhile.
	_ = l.raw.Control(func(fd uintptr) {
		for {
			_, n, _, from, err := unix.Recvmsg(int(fd), buf, oob, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
			if err != nil {
				return
			}
			if !refused(oob[:n]) {
				continue
			}
			if ap, ok := addrPort(from); ok {
				l.queue.put(host.Refused{Link: l.number, Addr: ap.String()})
			}
		}
	})
}

// refused tells whether an error message says "port unreachable" (ip(7),
// IP_RECVERR: struct sock_extended_err begins with the error number).
func refused(oob []byte) bool {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return false
	}
	for _, msg := range msgs {
		isErr := msg.Header.Level == unix.SOL_IP && msg.Header.Type == unix.IP_RECVERR ||
			msg.Header.Level == unix.SOL_IPV6 && msg.Header.Type == unix.IPV6_RECVERR
		if isErr && len(msg.Data) >= 4 && unix.Errno(uint32(msg.Data[0])|uint32(msg.Data[1])<<8) == unix.ECONNREFUSED {
			return true
		}
	}
	return false
}

func addrPort(sa unix.Sockaddr) (netip.AddrPort, bool) {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)), true
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(withZone(netip.AddrFrom16(sa.Addr).Unmap(), sa.ZoneId), uint16(sa.Port)), true
	}
	return netip.AddrPort{}, false
}

// withZone names the interface of a link-local address.
func withZone(a netip.Addr, index uint32) netip.Addr {
	if index == 0 || !a.Is6() {
		return a
	}
	ifi, err := net.InterfaceByIndex(int(index))
	if err != nil {
		return a
	}
	return a.WithZone(ifi.Name)
}
