package linux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"mainstay/internal/host"
)

// poll is where the loop waits: one epoll set with the sockets of all links, a
// timer and a bell for other goroutines. The loop's goroutine reads the sockets
// itself. A goroutine per socket costs an idle node more than all the rest: each
// packet would wake two more threads. For the same reason system calls that
// cannot block are made without telling Go's scheduler (unix.RawSyscall).
type poll struct {
	fd    int // epoll
	timer int // timerfd on the machine's clock
	bell  int // eventfd
	file  *os.File
	raw   syscall.RawConn

	armed   time.Duration // when the timer goes off; 0: it does not
	asleep  atomic.Bool   // the loop waits, or is about to
	closed  atomic.Bool
	events  [16]unix.EpollEvent
	n       int
	ready   func(fd uintptr) bool // wait, made once
	arrived []host.Datagram       // received, not taken yet
	next    int                   // of arrived
	receive *receiver
}

// What an event of the epoll set is about; links are their numbers.
const (
	aboutTimer = 1<<16 + iota
	aboutBell
)

func newPoll() (*poll, error) {
	p := &poll{fd: -1, timer: -1, bell: -1, receive: newReceiver()}
	var err error
	if p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	// Go's own poller waits for files that do not block; it then waits for this set.
	if err := unix.SetNonblock(p.fd, true); err != nil {
		return nil, errors.Join(fmt.Errorf("epoll: %w", err), unix.Close(p.fd))
	}
	p.file = os.NewFile(uintptr(p.fd), "epoll")
	if p.raw, err = p.file.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("epoll: %w", err), p.file.Close())
	}
	p.ready = p.look
	if p.timer, err = unix.TimerfdCreate(unix.CLOCK_BOOTTIME, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err == nil {
		p.bell, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	}
	if err == nil {
		err = p.add(p.timer, aboutTimer, unix.EPOLLIN)
	}
	if err == nil {
		err = p.add(p.bell, aboutBell, unix.EPOLLIN)
	}
	if err != nil {
		p.close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return p, nil
}

func (p *poll) close() {
	if p.closed.Swap(true) {
		return
	}
	p.file.Close()
	for _, fd := range []int{p.timer, p.bell} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// add has the set watch a file.
func (p *poll) add(fd int, about int32, events uint32) error {
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: about})
}

// look takes the events that are there; it returns false if there are none.
func (p *poll) look(fd uintptr) bool {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, fd, uintptr(unsafe.Pointer(&p.events)), uintptr(len(p.events)), 0, 0, 0)
	if errno != 0 {
		n = 0
	}
	p.n = int(n)
	return p.n > 0
}

// sleep waits until something happens, or the clock has reached deadline (0: none).
func (p *poll) sleep(deadline time.Duration) {
	p.n = 0
	if p.arm(deadline) {
		// The error is that the machine was closed.
		_ = p.raw.Read(p.ready)
	}
}

// arm sets the timer. One that goes off too early costs less than setting it at
// each step, so an earlier time is left as it is.
func (p *poll) arm(deadline time.Duration) bool {
	if deadline == 0 || p.armed != 0 && p.armed <= deadline {
		return true
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(deadline))}
	_, _, errno := unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(p.timer), unix.TFD_TIMER_ABSTIME, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	if errno != 0 {
		return false
	}
	p.armed = deadline
	return true
}

// drain empties the timer or the bell.
func (p *poll) drain(fd int) {
	var b [8]byte
	_, _, _ = unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b)), 8)
}

// ring wakes the loop if it waits. Others may call it.
func (p *poll) ring() {
	if p.asleep.Swap(false) && !p.closed.Load() {
		one := binary.NativeEndian.AppendUint64(nil, 1)
		_, _ = unix.Write(p.bell, one)
	}
}

// Next implements host.Host.
func (m *Machine) Next(deadline time.Duration) host.Completion {
	p := m.poll
	for {
		if c, ok := m.queue.pop(); ok {
			return c
		}
		if p.next < len(p.arrived) {
			p.next++
			return p.arrived[p.next-1]
		}
		if deadline != 0 && m.Now() >= deadline {
			// What has come in already comes before the deadline.
			if p.look(uintptr(p.fd)) {
				m.handle()
			}
			if m.queue.empty() && p.next == len(p.arrived) {
				return host.Timeout{}
			}
			continue
		}
		p.asleep.Store(true)
		if !m.queue.empty() {
			p.asleep.Store(false)
			continue
		}
		p.sleep(deadline)
		m.clock.look()
		p.asleep.Store(false)
		m.handle()
	}
}

// handle takes what the events of the set are about.
func (m *Machine) handle() {
	p := m.poll
	p.arrived, p.next = p.arrived[:0], 0
	for _, e := range p.events[:p.n] {
		switch {
		case e.Fd == aboutTimer:
			p.armed = 0
			p.drain(p.timer)
		case e.Fd == aboutBell:
			p.drain(p.bell)
		case int(e.Fd) < len(m.links) && m.links[e.Fd] != nil:
			p.arrived = m.links[e.Fd].read(p.receive, p.arrived, e.Events)
		}
	}
	p.n = 0
}
