// Package witness is an arbiter for quorum devices in this binary: it speaks the
// protocol of corosync-qnetd, so that one small machine gives a vote to any number
// of clusters, ours and the peer's, without being a node of any.
package witness

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"mainstay/internal/device"
	"mainstay/qdevice"
)

// Config says how a witness serves.
type Config struct {
	Store *Store
	TLS   qdevice.TLS
	Now   func() time.Duration // monotonic, also while the machine is suspended
	Log   *slog.Logger
}

// Server is a running witness.
type Server struct {
	cfg     Config
	cert    tls.Certificate
	arbiter *qdevice.Arbiter
	work    chan func() // what the one goroutine does that steps the arbiter
	life    context.Context
	end     context.CancelFunc

	conns map[qdevice.Conn]*conn // of the loop's goroutine
	next  qdevice.Conn
}

// conn is one node's connection. What is to be sent waits in out, so that a node
// that does not read holds up nobody.
type conn struct {
	id    qdevice.Conn
	plain net.Conn
	out   chan []byte // nil: start TLS
	first *bufio.Reader
}

// sendQueue is how many messages may wait for a node before it is given up, and
// writeTimeout for how long one may.
const (
	sendQueue    = 64
	writeTimeout = 10 * time.Second
)

// New makes a witness of its directory.
func New(cfg Config) (*Server, error) {
	cert, print, err := cfg.Store.Certificate()
	if err != nil {
		return nil, err
	}
	grants, err := cfg.Store.Grants()
	if err != nil {
		cfg.Log.Warn("earlier decisions cannot be read; they only break ties", "error", err)
	}
	life, end := context.WithCancel(context.Background())
	s := &Server{cfg: cfg, cert: cert, life: life, end: end, work: make(chan func()), conns: map[qdevice.Conn]*conn{},
		arbiter: qdevice.NewArbiter(qdevice.ArbiterConfig{TLS: cfg.TLS, Granted: grants}, cfg.Now())}
	cfg.Log.Info("witness", "event", "start", "fingerprint", hex.EncodeToString(print), "clusters_decided", len(grants))
	return s, nil
}

// Serve answers on a listener until Close, or until the listener fails.
func (s *Server) Serve(l net.Listener) error {
	ended := make(chan struct{})
	go func() {
		s.run()
		close(ended)
	}()
	defer func() {
		s.end()
		<-ended // what it decided last is written
	}()
	stop := context.AfterFunc(s.life, func() { l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		if err != nil {
			if s.life.Err() != nil {
				return nil
			}
			return err
		}
		go s.greet(c)
	}
}

// Close ends the server and all connections.
func (s *Server) Close() { s.end() }

// Seats lists the connected nodes.
func (s *Server) Seats() []qdevice.Seat {
	out := make(chan []qdevice.Seat, 1)
	s.do(func() { out <- s.arbiter.Seats() })
	select {
	case seats := <-out:
		return seats
	case <-s.life.Done():
		return nil
	}
}

func (s *Server) do(f func()) {
	select {
	case s.work <- f:
	case <-s.life.Done():
	}
}

// run is the one goroutine that steps the arbiter.
func (s *Server) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if w := s.arbiter.Wake(); w != 0 {
			timer.Reset(max(w-s.cfg.Now(), 0))
		} else {
			timer.Stop()
		}
		select {
		case <-s.life.Done():
			for _, c := range s.conns {
				c.plain.Close()
			}
			return
		case <-timer.C:
			s.step(qdevice.Tick{})
		case f := <-s.work:
			f()
		}
	}
}

func (s *Server) step(in qdevice.ArbiterInput) {
	for _, e := range slices.Clone(s.arbiter.Step(s.cfg.Now(), in)) {
		switch e := e.(type) {
		case qdevice.Reply:
			s.send(e.Conn, slices.Clone(e.Bytes))
		case qdevice.Shield:
			s.send(e.Conn, nil)
		case qdevice.Drop:
			if c := s.conns[e.Conn]; c != nil {
				delete(s.conns, e.Conn)
				close(c.out)
			}
		case qdevice.Keep:
			if err := s.cfg.Store.KeepGrants(e.Granted); err != nil {
				s.cfg.Log.Error("a decision could not be written down; after a restart it does not break ties", "error", err)
			}
		case qdevice.Note:
			level := slog.LevelInfo
			if e.Warn {
				level = slog.LevelWarn
			}
			s.cfg.Log.Log(s.life, level, e.Text, "event", "witness")
		}
	}
}

func (s *Server) send(id qdevice.Conn, b []byte) {
	c := s.conns[id]
	if c == nil {
		return
	}
	select {
	case c.out <- b:
	default:
		c.plain.Close() // its reader notices
	}
}

// greet tells by the first byte what a connection is: TLS from the start is a
// cluster that wants to be taken in, anything else a node.
func (s *Server) greet(plain net.Conn) {
	plain.SetReadDeadline(time.Now().Add(writeTimeout))
	first := bufio.NewReader(plain)
	b, err := first.Peek(1)
	if err != nil {
		plain.Close()
		return
	}
	plain.SetReadDeadline(time.Time{})
	if b[0] == tlsHandshake {
		s.enrol(peeked{plain, first})
		return
	}
	s.do(func() {
		s.next++
		c := &conn{id: s.next, plain: plain, out: make(chan []byte, sendQueue), first: first}
		s.conns[c.id] = c
		s.step(qdevice.Opened{Conn: c.id})
		secured := make(chan net.Conn, 1)
		go s.read(c, secured)
		go s.write(c, secured)
	})
}

// tlsHandshake is the first byte of a TLS connection (RFC 8446, 5.1); a message of
// the protocol begins with 0.
const tlsHandshake = 0x16

// peeked is a connection whose first bytes are in a buffer.
type peeked struct {
	net.Conn
	first *bufio.Reader
}

// Read implements io.Reader.
func (p peeked) Read(b []byte) (int, error) { return p.first.Read(b) }

// write sends what waits; nil in the queue starts TLS: the reader, which stopped
// there, does the handshake.
func (s *Server) write(c *conn, secured chan<- net.Conn) {
	var w net.Conn = c.plain
	defer c.plain.Close()
	defer close(secured)
	for b := range c.out {
		w.SetWriteDeadline(time.Now().Add(writeTimeout))
		if b == nil {
			t := tls.Server(peeked{c.plain, c.first}, s.tls())
			secured <- t
			w = t
			continue
		}
		if _, err := w.Write(b); err != nil {
			return // its reader notices
		}
	}
}

func (s *Server) tls() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert}
}

// read hands everything that comes to the arbiter. Without TLS it takes one message
// at a time, because what follows the one that starts TLS is not for the arbiter.
func (s *Server) read(c *conn, secured <-chan net.Conn) {
	defer s.gone(c)
	for {
		b, err := oneMessage(c.first)
		if err != nil {
			return
		}
		s.do(func() { s.step(qdevice.Received{Conn: c.id, Bytes: b}) })
		if qdevice.MessageType(binary.BigEndian.Uint16(b)) == qdevice.StartTLS {
			break
		}
	}
	t, err := s.handshake(c, <-secured)
	if err != nil {
		s.cfg.Log.Warn("TLS with a node failed", "address", c.plain.RemoteAddr(), "error", err)
		return
	}
	buf := make([]byte, 16<<10)
	for {
		n, err := t.Read(buf)
		if n > 0 {
			b := slices.Clone(buf[:n])
			s.do(func() { s.step(qdevice.Received{Conn: c.id, Bytes: b}) })
		}
		if err != nil {
			return
		}
	}
}

// oneMessage reads one message as it is on the wire.
func oneMessage(r io.Reader) ([]byte, error) {
	b := make([]byte, 6)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(b[2:])
	if size > qdevice.MaxMessage {
		return nil, qdevice.ErrTooLong
	}
	b = append(b, make([]byte, size)...)
	_, err := io.ReadFull(r, b[6:])
	return b, err
}

// handshake makes a connection secure and tells the arbiter whose it is.
func (s *Server) handshake(c *conn, secure net.Conn) (net.Conn, error) {
	t, ok := secure.(*tls.Conn)
	if !ok {
		return nil, errors.New("it was refused")
	}
	c.plain.SetReadDeadline(time.Now().Add(writeTimeout))
	if err := t.HandshakeContext(s.life); err != nil {
		return nil, err
	}
	c.plain.SetReadDeadline(time.Time{})
	cluster := s.cfg.Store.Whose(t.ConnectionState().PeerCertificates)
	s.do(func() { s.step(qdevice.Known{Conn: c.id, Cluster: cluster}) })
	return t, nil
}

func (s *Server) gone(c *conn) {
	c.plain.Close()
	s.do(func() {
		if s.conns[c.id] == c {
			delete(s.conns, c.id)
			close(c.out)
		}
		s.step(qdevice.Ended{Conn: c.id})
	})
}

// enrol takes a cluster in over HTTPS: one request per connection.
func (s *Server) enrol(c net.Conn) {
	one := &oneListener{conn: tls.Server(c, s.tls()), done: make(chan struct{})}
	h := &http.Server{Handler: http.HandlerFunc(s.admit), ReadTimeout: writeTimeout, WriteTimeout: writeTimeout,
		ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				one.Close()
			}
		}}
	h.SetKeepAlivesEnabled(false)
	h.Serve(one) // ends with the one connection
}

func (s *Server) admit(w http.ResponseWriter, r *http.Request) {
	var q device.EnrolRequest
	var certs []*x509.Certificate
	if r.TLS != nil {
		certs = r.TLS.PeerCertificates
	}
	err := errNotInvited
	if r.Method == http.MethodPost && r.URL.Path == device.EnrolPath && len(certs) > 0 {
		if err = json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&q); err == nil {
			err = s.cfg.Store.Admit(q.Secret, q.Cluster, certs[0])
		}
	}
	if err != nil {
		s.cfg.Log.Warn("a cluster was not taken in", "event", "enrol", "address", r.RemoteAddr, "error", err)
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	s.cfg.Log.Info("a cluster was taken in", "event", "enrol", "cluster", q.Cluster, "address", r.RemoteAddr)
}

// oneListener is a listener of one connection that is there already.
type oneListener struct {
	conn net.Conn
	once sync.Once
	done chan struct{}
}

// Accept implements net.Listener.
func (l *oneListener) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	<-l.done
	return nil, os.ErrClosed
}

// Close implements net.Listener; it may be called more than once.
func (l *oneListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *oneListener) Addr() net.Addr { return &net.TCPAddr{} }
