package linux

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// keepOutput is how many bytes of a command's output are kept.
const keepOutput = 64 << 10

// pipeSize is how much output may wait to be read, in bytes.
const pipeSize = 256 << 10

// capture collects what a command writes to one of its outputs.
//
// The command's end of the pipe is open for reading too. So a service that a
// start leaves behind, or an agent whose daemon was killed, does not get SIGPIPE
// when nobody reads any more; and it does not block: when the pipe is full the
// rest is lost. For the same reason nobody waits for the pipe to be closed: what
// is in it when the command has ended is all that the command wrote.
type capture struct {
	child int // the command's end
	pipe  *os.File
	done  chan struct{}
	tail  []byte
}

func newCapture() (*capture, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	// A smaller pipe works too, if the limit of the user is reached.
	_, _ = unix.FcntlInt(uintptr(p[1]), unix.F_SETPIPE_SZ, pipeSize)
	child := p[1]
	both, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", p[1]), unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(p[1])
		child = both
	}
	return &capture{child: child, pipe: os.NewFile(uintptr(p[0]), "output"), done: make(chan struct{})}, nil
}

// started lets go of the command's end and begins to read.
func (c *capture) started() {
	unix.Close(c.child)
	go func() {
		defer close(c.done)
		buf := make([]byte, 16<<10)
		for {
			n, err := c.pipe.Read(buf)
			c.add(buf[:n])
			if err != nil {
				return
			}
		}
	}()
}

// add keeps the end of what came.
func (c *capture) add(b []byte) {
	c.tail = append(c.tail, b...)
	if over := len(c.tail) - keepOutput; over > keepOutput {
		c.tail = append(c.tail[:0], c.tail[over:]...)
	}
}

// abandon closes everything; the command was not started.
func (c *capture) abandon() {
	unix.Close(c.child)
	c.pipe.Close()
}

// finish returns the end of the output; the command has ended.
func (c *capture) finish() []byte {
	defer c.pipe.Close()
	if err := c.pipe.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return nil // cannot be: the pipe can be polled
	}
	<-c.done
	if err := errors.Join(c.pipe.SetReadDeadline(time.Time{}), c.rest()); err != nil {
		return nil
	}
	if over := len(c.tail) - keepOutput; over > 0 {
		c.tail = c.tail[over:]
	}
	return c.tail
}

// rest takes what is in the pipe, at most its size: a child that writes on and on
// must not keep us.
func (c *capture) rest() error {
	raw, err := c.pipe.SyscallConn()
	if err != nil {
		return err
	}
	buf := make([]byte, 16<<10)
	return raw.Read(func(fd uintptr) bool {
		for got := 0; got < 2*pipeSize; {
			n, err := unix.Read(int(fd), buf)
			if err == unix.EINTR {
				continue
			}
			if err != nil || n <= 0 {
				return true
			}
			got += n
			c.add(buf[:n])
		}
		return true
	})
}
