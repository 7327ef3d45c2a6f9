package linux

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// link is one UDP socket of this node. It is used by the loop's goroutine only.
type link struct {
	number int
	bind   string
	v4     bool
	fd     int
	queue  *queue
	log    *slog.Logger
	peers  map[string]*destination
}

// destination is an address as the kernel takes it (struct sockaddr_in or _in6).
type destination struct {
	sa   unix.RawSockaddrInet6
	size uintptr
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
		if err == nil {
			err = m.poll.add(l.fd, int32(i), unix.EPOLLIN)
		}
		if err != nil {
			l.close()
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
	l := &link{number: number, bind: bind, v4: ap.Addr().Unmap().Is4(), queue: q, log: log, peers: map[string]*destination{}}
	network := "udp6"
	if l.v4 {
		network = "udp4"
	}
	lc := net.ListenConfig{Control: l.tune}
	conn, err := lc.ListenPacket(context.Background(), network, bind)
	if err != nil {
		return nil, fmt.Errorf("link %d cannot be opened on %s: %w; does another daemon have the port?", number, bind, err)
	}
	// The socket itself, out of the sight of Go's poller; see poll.
	l.fd, err = own(conn.(*net.UDPConn))
	conn.Close()
	if err != nil {
		return nil, fmt.Errorf("link %d: %w", number, err)
	}
	if !here(ap.Addr()) {
		log.Warn("the address of a link is not on this machine", "event", "link", "link", number, "address", bind)
	}
	return l, nil
}

// own makes a descriptor of a socket that is the caller's.
func own(conn *net.UDPConn) (int, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd, dup := -1, error(nil)
	err = raw.Control(func(p uintptr) { fd, dup = unix.FcntlInt(p, unix.F_DUPFD_CLOEXEC, 0) })
	return fd, errors.Join(err, dup)
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
// later, no packet is cut to pieces on its way (the links find out what fits), buffers
// are large, and the errors that peers' hosts send back are kept.
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
				unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE),
				unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_RECVERR, 1))
		} else {
			opt = errors.Join(opt,
				unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_FREEBIND, 1),
				unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_PROBE),
				unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_RECVERR, 1))
		}
	})
	return errors.Join(err, opt)
}

// close closes the socket, which takes it out of the poll, too.
func (l *link) close() {
	if l != nil {
		unix.Close(l.fd)
	}
}

// send never blocks: a full socket buffer loses the packet, as a network may.
func (l *link) send(addr string, data []byte) {
	if l == nil {
		return
	}
	to, ok := l.peers[addr]
	if !ok {
		if to = l.destination(addr); to == nil {
			return
		}
		l.peers[addr] = to
	}
	// Errors of earlier packets are reported by later calls, which then send nothing.
	for range 4 {
		_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(l.fd), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&to.sa)), to.size)
		if errno == 0 || errno == unix.EAGAIN {
			break
		}
		l.drainErrors()
		if errno == unix.EMSGSIZE {
			break
		}
	}
}

// destination parses an address; nil if the socket cannot reach it.
func (l *link) destination(addr string) *destination {
	ap, err := netip.ParseAddrPort(addr)
	a := ap.Addr().Unmap()
	if err != nil || a.Is4() != l.v4 {
		return nil
	}
	d := &destination{size: unix.SizeofSockaddrInet6}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&d.sa.Port))[:], ap.Port())
	if a.Is4() {
		d.size = unix.SizeofSockaddrInet4
		d.sa.Family = unix.AF_INET
		(*unix.RawSockaddrInet4)(unsafe.Pointer(&d.sa)).Addr = a.As4()
		return d
	}
	d.sa.Family, d.sa.Addr = unix.AF_INET6, a.As16()
	if z := a.Zone(); z != "" {
		if ifi, err := net.InterfaceByName(z); err == nil {
			d.sa.Scope_id = uint32(ifi.Index)
		}
	}
	return d
}

// drainErrors reads the socket's error queue: refused packets tell that a host
// lives where no daemon does, packets that are too big how large they may be.
func (l *link) drainErrors() {
	buf, oob := make([]byte, 64), make([]byte, 512)
	for {
		_, n, _, from, err := unix.Recvmsg(l.fd, buf, oob, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err != nil {
			return
		}
		ap, ok := addrPort(from)
		if !ok {
			continue
		}
		switch what, info := trouble(oob[:n]); what {
		case unix.ECONNREFUSED:
			l.queue.put(host.Refused{Link: l.number, Addr: ap.String()})
		case unix.EMSGSIZE:
			l.queue.put(host.TooBig{Link: l.number, Addr: ap.String(), Size: int(info) - l.headers()})
		}
	}
}

// headers is the size of the IP and UDP headers.
func (l *link) headers() int {
	if l.v4 {
		return 20 + 8
	}
	return 40 + 8
}

// trouble reads an error message (ip(7), IP_RECVERR: struct sock_extended_err
// begins with the error number; its third number is the MTU, if that is it).
func trouble(oob []byte) (what unix.Errno, info uint32) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0, 0
	}
	for _, msg := range msgs {
		isErr := msg.Header.Level == unix.SOL_IP && msg.Header.Type == unix.IP_RECVERR ||
			msg.Header.Level == unix.SOL_IPV6 && msg.Header.Type == unix.IPV6_RECVERR
		if isErr && len(msg.Data) >= 12 {
			return unix.Errno(binary.NativeEndian.Uint32(msg.Data)), binary.NativeEndian.Uint32(msg.Data[8:])
		}
	}
	return 0, 0
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
