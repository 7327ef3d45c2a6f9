package playground

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// space is a network namespace that lives as long as this process has it open.
type space struct{ file *os.File }

// newNetns makes a network namespace.
func newNetns() (space, error) {
	var ns space
	err := onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return explain("make a network namespace", err)
		}
		f, err := os.Open("/proc/thread-self/ns/net")
		ns.file = f
		return err
	})
	return ns, err
}

// openNetns opens a namespace by path.
func openNetns(path string) (space, error) {
	f, err := os.Open(path)
	return space{f}, err
}

// fd is the namespace's file descriptor.
func (n space) fd() int { return int(n.file.Fd()) }

// path is where another process finds the namespace as long as this one lives.
func (n space) path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.fd()) }

// close lets go of the namespace.
func (n space) close() {
	if n.file != nil {
		n.file.Close()
	}
}

// do runs f on a thread inside of the namespace. Sockets made by f stay in it.
func (n space) do(f func() error) error {
	return onOwnThread(func() error {
		if err := unix.Setns(n.fd(), unix.CLONE_NEWNET); err != nil {
			return explain("enter a network namespace", err)
		}
		return f()
	})
}

// onOwnThread runs f on a thread of its own that ends afterwards, since what f does
// to the thread cannot be undone.
func onOwnThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		done <- f()
	}()
	return <-done
}

// explain says in the user's words why the kernel refuses.
func explain(what string, err error) error {
	switch err {
	case unix.EPERM, unix.EACCES:
		return fmt.Errorf("%s: %w; the playground needs root, and in a container --privileged (or CAP_SYS_ADMIN and CAP_NET_ADMIN)", what, err)
	case unix.ENOSPC, unix.EUSERS:
		return fmt.Errorf("%s: %w; raise the limits in /proc/sys/user/max_*_namespaces", what, err)
	case unix.ENOSYS, unix.EINVAL:
		return fmt.Errorf("%s: %w; this kernel does not support it", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
