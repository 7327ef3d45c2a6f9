package linux

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// link is one UDP socket. A reader goroutine feeds the machine's queue.
type link struct {
	number int
	conn   *net.UDPConn
	m      *Machine

	mu    sync.Mutex
	addrs map[string]netip.AddrPort // parsed destinations
}

// receiveBuffer is what the kernel may hold while the loop is busy.
const receiveBuffer = 4 << 20

func openLink(number int, bind string, m *Machine) (*link, error) {
	ap, err := netip.ParseAddrPort(bind)
	if err != nil {
		return nil, fmt.Errorf("link %d: address %q: %w", number, bind, err)
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(ap))
	if err != nil {
		return nil, fmt.Errorf("link %d cannot be opened on %s: %w; is the address of this node configured, and no other daemon on the port?", number, bind, err)
	}
	l := &link{number: number, conn: conn, m: m, addrs: map[string]netip.AddrPort{}}
	if err := l.tune(ap.Addr().Is4()); err != nil {
		conn.Close()
		return nil, fmt.Errorf("link %d: %w", number, err)
	}
	go l.read()
	return l, nil
}

// tune asks for large buffers and for the errors that peers' hosts send back.
func (l *link) tune(v4 bool) error {
	raw, err := l.conn.SyscallConn()
	if err != nil {
		return err
	}
	var opt error
	err = raw.Control(func(fd uintptr) {
		// Beyond the limit of ordinary users where root may; the kernel's limit otherwise.
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
			opt = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
		}
		if v4 {
			opt = errors.Join(opt, unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_RECVERR, 1))
		} else {
			opt = errors.Join(opt, unix.SetsockoptInt(int(fd), unix.SOL_IPV6, unix.IPV6_RECVERR, 1))
		}
	})
	return errors.Join(err, opt)
}

func (l *link) close() { l.conn.Close() }

// send never blocks: a full socket buffer loses the packet, as a network may.
func (l *link) send(addr string, data []byte) {
	ap, ok := l.addrs[addr]
	if !ok {
		parsed, err := netip.ParseAddrPort(addr)
		if err != nil {
			return
		}
		ap = parsed
		l.addrs[addr] = ap
	}
	if _, err := l.conn.WriteToUDPAddrPort(data, ap); err != nil {
		l.complain()
	}
}

// complain collects what the error queue says about earlier packets.
func (l *link) complain() {
	raw, err := l.conn.SyscallConn()
	if err != nil {
		return
	}
	ctrl := raw.Control(func(fd uintptr) { l.drainErrors(int(fd)) })
	if ctrl != nil && !errors.Is(ctrl, net.ErrClosed) {
		l.m.cfg.Log.Warn("link", "link", l.number, "error", ctrl)
	}
}

// drainErrors reads the socket's error queue: refused packets tell that a host
// lives where no daemon does.
func (l *link) drainErrors(fd int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	buf, oob := make([]byte, 64), make([]byte, 512)
	for {
		_, oobn, _, from, err := unix.Recvmsg(fd, buf, oob, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err != nil {
			return
		}
		if !refused(oob[:oobn]) {
			continue
		}
		if ap, ok := addrPort(from); ok {
			l.m.put(host.Refused{Link: l.number, Addr: ap.String()})
		}
	}
}

// refused tells whether an error message says "port unreachable".
func refused(oob []byte) bool {
	msgs, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return false
	}
	for _, msg := range msgs {
		isErr := msg.Header.Level == unix.SOL_IP && msg.Header.Type == unix.IP_RECVERR ||
			msg.Header.Level == unix.SOL_IPV6 && msg.Header.Type == unix.IPV6_RECVERR
		// struct sock_extended_err begins with the error number.
		if isErr && len(msg.Data) >= 4 && syscall.Errno(uint32(msg.Data[0])|uint32(msg.Data[1])<<8) == syscall.ECONNREFUSED {
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
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port)), true
	}
	return netip.AddrPort{}, false
}

// maxPacket is larger than any packet that the links send.
const maxPacket = 65536

func (l *link) read() {
	buf := make([]byte, maxPacket)
	for {
		n, from, err := l.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			l.complain()
			continue
		}
		addr := netip.AddrPortFrom(from.Addr().Unmap(), from.Port()).String()
		d := host.Datagram{Link: l.number, Addr: addr, Data: append([]byte(nil), buf[:n]...)}
		select {
		case l.m.queue <- d:
		default: // the loop is far behind: a network may lose packets
		}
	}
}
