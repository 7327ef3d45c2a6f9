package linux

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// Sizes of what is received by one system call.
const (
	batchSize = 32
	maxPacket = 65536 // larger than any packet that the links send
)

// message is the kernel's struct mmsghdr (recvmmsg(2)).
type message struct {
	head unix.Msghdr
	n    uint32
	_    [4]byte
}

// receiver takes packets from a socket, several at once. Buffers that packets
// of usual size do not reach never become real memory.
type receiver struct {
	messages [batchSize]message
	vectors  [batchSize]unix.Iovec
	names    [batchSize]unix.RawSockaddrInet6
	buffers  []byte
	texts    map[netip.AddrPort]string // senders as text
	n        int
	err      error
}

func newReceiver() *receiver {
	r := &receiver{buffers: make([]byte, batchSize*maxPacket), texts: map[netip.AddrPort]string{}}
	for i := range r.messages {
		r.vectors[i].Base = &r.buffers[i*maxPacket]
		r.vectors[i].SetLen(maxPacket)
		h := &r.messages[i].head
		h.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		h.Iov = &r.vectors[i]
		h.SetIovlen(1)
	}
	return r
}

// take receives what is there; it returns false if that is nothing.
func (r *receiver) take(fd uintptr) bool {
	for i := range r.messages {
		r.messages[i].head.Namelen = unix.SizeofSockaddrInet6
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.messages)), batchSize, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			r.n, r.err = int(n), nil
			return true
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			r.n, r.err = 0, errno
			return true
		}
	}
}

// datagrams adds copies of what was received.
func (r *receiver) datagrams(link int, out []host.Datagram) []host.Datagram {
	for i := range r.n {
		from, ok := r.from(i)
		if !ok {
			continue
		}
		at := i * maxPacket
		data := append([]byte(nil), r.buffers[at:at+int(r.messages[i].n)]...)
		out = append(out, host.Datagram{Link: link, Addr: r.text(from), Data: data})
	}
	return out
}

// from reads the sender of a packet. The fields of both address families begin
// with the family and the port.
func (r *receiver) from(i int) (netip.AddrPort, bool) {
	sa := &r.names[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:])
	switch sa.Family {
	case unix.AF_INET:
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port), true
	case unix.AF_INET6:
		return netip.AddrPortFrom(withZone(netip.AddrFrom16(sa.Addr).Unmap(), sa.Scope_id), port), true
	}
	return netip.AddrPort{}, false
}

// maxTexts bounds the senders that are remembered as text.
const maxTexts = 1024

func (r *receiver) text(ap netip.AddrPort) string {
	s, ok := r.texts[ap]
	if !ok {
		if len(r.texts) >= maxTexts {
			clear(r.texts)
		}
		s = ap.String()
		r.texts[ap] = s
	}
	return s
}

// read receives what is there, up to a batch, and adds it to out.
func (l *link) read(r *receiver, out []host.Datagram, events uint32) []host.Datagram {
	if events&unix.EPOLLERR != 0 {
		l.drainErrors()
	}
	// An error belongs to one packet: the next time there is another.
	if !r.take(uintptr(l.fd)) || r.err != nil {
		return out
	}
	return r.datagrams(l.number, out)
}
