package corosync

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Where the daemon listens: an abstract Unix socket with the service's name, filled
// up with zeros; or, on machines that have the mark, a socket file.
const (
	socketFiles = "/etc/libqb/force-filesystem-sockets"
	socketDir   = "/var/run"
	sunPath     = 108
)

// The handshake: requests and answers begin with a header of three numbers in 8
// bytes each: what it is, its size, and in answers an error.
const (
	requestHeader = 16
	replyHeader   = 24
	authenticate  = -1
	bySharedMem   = 1
	maxMessage    = 1 << 20
	pathMax       = 4096
	welcomeSize   = replyHeader + 16 + 3*pathMax
)

// answerTimeout is how long the daemon may take to answer a request.
const answerTimeout = 5 * time.Second

// errGone says that the daemon has closed the connection.
var errGone = errors.New("the connection to Corosync is closed")

// conn is a connection to one service of the daemon. Requests may come from any
// goroutine; events are read by one.
type conn struct {
	service                  string
	sock                     *net.UnixConn
	request, response, event *buffer

	mu   sync.Mutex // one request at a time
	gone chan struct{}
	once sync.Once
	work sync.WaitGroup // who uses the buffers
	wake chan struct{}  // the socket said that there is an event
}

// dial connects to a service; sockets is the directory of the sockets, "" for where
// this machine's Corosync has them.
func dial(sockets, service string) (*conn, error) {
	if strconv.IntSize != 64 {
		return nil, errors.New("an installed Corosync can be used on 64-bit machines only; write engine: ring")
	}
	name := "@" + service + strings.Repeat("\x00", sunPath-1-len(service))
	if _, err := os.Stat(socketFiles); err == nil && sockets == "" {
		sockets = socketDir
	}
	if sockets != "" {
		name = filepath.Join(sockets, service)
	}
	s, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("corosync does not run on this machine (nobody listens for %s); start it: systemctl start corosync", service)
		}
		return nil, fmt.Errorf("corosync, service %s: %w", service, err)
	}
	c := &conn{service: service, sock: s, gone: make(chan struct{}), wake: make(chan struct{}, 1)}
	if err := c.greet(); err != nil {
		c.close()
		return nil, fmt.Errorf("corosync, service %s: %w", service, err)
	}
	c.work.Add(1)
	go c.listen()
	return c, nil
}

// greet is the handshake: who we are is told by the kernel.
func (c *conn) greet() error {
	if err := c.sock.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	hello := make([]byte, requestHeader+8)
	auth := int32(authenticate)
	binary.NativeEndian.PutUint32(hello, uint32(auth))
	binary.NativeEndian.PutUint32(hello[8:], uint32(len(hello)))
	binary.NativeEndian.PutUint32(hello[16:], maxMessage)
	if _, err := c.sock.Write(hello); err != nil {
		return err
	}
	b := make([]byte, welcomeSize)
	if n, err := io.ReadFull(c.sock, b); err != nil && n < replyHeader {
		return fmt.Errorf("it closed the connection: it lets only root, and who its uidgid files name, talk to it (%w)", err)
	}
	w, err := parseWelcome(b)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		to   **buffer
		path string
	}{{&c.request, w.request}, {&c.response, w.response}, {&c.event, w.event}} {
		if *x.to, err = openBuffer(x.path); err != nil {
			return err
		}
	}
	return c.sock.SetDeadline(time.Time{})
}

// welcome is the answer to the handshake: where the buffers are.
type welcome struct{ request, response, event string }

func parseWelcome(b []byte) (welcome, error) {
	var w welcome
	if len(b) < welcomeSize {
		return w, fmt.Errorf("a greeting of %d bytes", len(b))
	}
	e := int32(binary.NativeEndian.Uint32(b[16:]))
	if e == -int32(syscall.EAGAIN) {
		return w, errors.New("it is still starting")
	}
	if e < 0 {
		return w, fmt.Errorf("it refuses the connection: %w", syscall.Errno(-e))
	}
	if t := binary.NativeEndian.Uint32(b[24:]); t != bySharedMem {
		return w, errors.New("it wants to talk by sockets; remove system.qb_ipc_type from its configuration, so that it uses shared memory")
	}
	for i, to := range []*string{&w.request, &w.response, &w.event} {
		at := replyHeader + 16 + i*pathMax
		*to = cString(b[at : at+pathMax])
		if !strings.HasPrefix(*to, "/") {
			*to = "/dev/shm/" + *to
		}
	}
	return w, nil
}

// listen waits for the daemon's word that there is an event, and for its end.
func (c *conn) listen() {
	defer c.work.Done()
	b := make([]byte, 256)
	for {
		if _, err := c.sock.Read(b); err != nil {
			c.hangUp()
			return
		}
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// hangUp marks the connection as gone.
func (c *conn) hangUp() { c.once.Do(func() { close(c.gone) }) }

// close ends the connection. Nobody may be reading events any more.
func (c *conn) close() {
	c.hangUp()
	c.sock.Close()
	c.work.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range []*buffer{c.request, c.response, c.event} {
		if b != nil {
			b.close()
		}
	}
	c.request, c.response, c.event = nil, nil, nil
}

// Waiting for room in the request buffer: the daemon does not tell when it has
// taken something out.
const (
	firstRetry = 50 * time.Microsecond
	lastRetry  = 5 * time.Millisecond
)

// put writes a request and tells the daemon of it; it waits while there is no room.
func (c *conn) put(p []byte) error {
	if c.request == nil {
		return errGone
	}
	if len(p) > maxMessage {
		return fmt.Errorf("a request of %d bytes is too large", len(p))
	}
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := errFull
		if !c.request.refusing() {
			err = c.request.write(p)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, errFull) {
			return err
		}
		t := time.NewTimer(pause)
		select {
		case <-c.gone:
			t.Stop()
			return errGone
		case <-t.C:
		}
	}
	if _, err := c.sock.Write([]byte{1}); err != nil {
		c.hangUp()
		return errGone
	}
	return nil
}

// send makes a request that has no answer.
func (c *conn) send(r *request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.put(r.bytes())
}

// ask makes a request and waits for the answer. While Corosync forms a ring it is
// asked again and again.
func (c *conn) ask(r *request) (*reply, error) {
	for end := time.Now().Add(answerTimeout); ; {
		a, err := c.askOnce(r)
		if !errors.Is(err, codeTryAgain) || time.Now().After(end) {
			return a, err
		}
		t := time.NewTimer(askAgain)
		select {
		case <-c.gone:
			t.Stop()
			return nil, errGone
		case <-t.C:
		}
	}
}

// askAgain is the pause after "try again".
const askAgain = 20 * time.Millisecond

func (c *conn) askOnce(r *request) (*reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.put(r.bytes()); err != nil {
		return nil, err
	}
	end := time.Now().Add(answerTimeout)
	for time.Now().Before(end) {
		p, err := c.response.read()
		if err != nil {
			return nil, err
		}
		if p != nil {
			return parseReply(p)
		}
		select {
		case <-c.gone:
			return nil, errGone
		default:
		}
		c.response.wait(100 * time.Millisecond)
	}
	// An answer that comes later would be taken for that of another request.
	c.hangUp()
	return nil, fmt.Errorf("corosync, service %s: no answer to request %d within %v", c.service, r.id, answerTimeout)
}

// next waits for the next event.
func (c *conn) next() ([]byte, error) {
	for {
		if c.event == nil {
			return nil, errGone
		}
		p, err := c.event.read()
		if p != nil || err != nil {
			return p, err
		}
		select {
		case <-c.wake:
		case <-c.gone:
			return nil, errGone
		}
	}
}
