// Package device is the hand of the quorum device's client: it dials the arbiter,
// does TLS, runs the node's own checks (heuristics), and carries what the node
// concludes to the client and what the device says to the node.
package device

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"mainstay/member"
	"mainstay/qdevice"
	"mainstay/quorum"
)

// Config says where the arbiter is and how it is spoken to.
type Config struct {
	Client  qdevice.ClientConfig
	Host    string
	Port    int    // 0: qdevice.Port
	Network string // "tcp", "tcp4" or "tcp6"
	// TLS makes the client's side of TLS for one connection; nil: there is no
	// certificate.
	TLS    func() (*tls.Config, error)
	Checks Checks
	Now    func() time.Duration // the node's monotonic clock
	// Vote takes what the device says to the node; it returns when it counts, or
	// when the context ends.
	Vote func(context.Context, quorum.Device)
	Log  *slog.Logger
}

// Device is a running client. Its methods may be called from any goroutine.
type Device struct {
	cfg    Config
	client *qdevice.Client
	life   context.Context
	end    context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	waits  []input // not handled yet
	bell   chan struct{}
	status Status

	conn net.Conn // of the loop's goroutine, as is the rest
	gen  int      // of the connection; what comes from an older one is void
	ring member.RingID
}

// input is an input for the client; gen is that of the connection it is about, 0
// for none.
type input struct {
	gen  int
	in   qdevice.ClientInput
	conn net.Conn
}

// Status is what displays show of the device.
type Status struct {
	State   string `json:"state"`
	Host    string `json:"host"`
	Failure string `json:"failure"` // why it is not reached; "" if it is
	Vote    string `json:"vote"`    // what it said last
}

// Start runs a client until Stop.
func Start(cfg Config) *Device {
	life, end := context.WithCancel(context.Background())
	cfg.Client.Certificate = cfg.TLS != nil
	d := &Device{cfg: cfg, client: qdevice.NewClient(cfg.Client), life: life, end: end, done: make(chan struct{}), bell: make(chan struct{}, 1)}
	d.status.Host = cfg.Host
	go d.run()
	return d
}

// Stop ends the client and its connection. It waits for that, so the loop that
// counts the votes must not call it itself.
func (d *Device) Stop() {
	d.end()
	<-d.done
}

// Status tells how the device is.
func (d *Device) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status
}

// Stand tells the client where the node stands; all lists the configured nodes. It
// does not block.
func (d *Device) Stand(v member.View, votes quorum.State, all []member.NodeID) {
	if v.Ring.IsZero() {
		return
	}
	q := qdevice.Quorum{Quorate: votes.Quorate}
	for _, id := range all {
		state := qdevice.Dead
		if slices.Contains(v.Members, id) {
			state = qdevice.Member
		}
		q.Nodes = append(q.Nodes, qdevice.NodeInfo{Node: id, State: state})
	}
	d.put(0, qdevice.View{View: v}, nil)
	d.put(0, q, nil)
}

func (d *Device) put(gen int, in qdevice.ClientInput, conn net.Conn) {
	d.mu.Lock()
	d.waits = append(d.waits, input{gen, in, conn})
	d.mu.Unlock()
	select {
	case d.bell <- struct{}{}:
	default:
	}
}

func (d *Device) take() []input {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.waits
	d.waits = nil
	return w
}

// run is the one goroutine that steps the client.
func (d *Device) run() {
	defer close(d.done)
	defer d.hangup()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if w := d.client.Wake(); w != 0 {
			timer.Reset(max(w-d.cfg.Now(), 0))
		} else {
			timer.Stop()
		}
		select {
		case <-d.life.Done():
			return
		case <-timer.C:
			d.step(qdevice.Tick{})
		case <-d.bell:
			for _, i := range d.take() {
				d.handle(i)
			}
		}
	}
}

// handle steps the client with an input if it is not about a connection of the past.
func (d *Device) handle(i input) {
	if i.gen != 0 && i.gen != d.gen {
		if i.conn != nil {
			i.conn.Close()
		}
		return
	}
	switch in := i.in.(type) {
	case qdevice.View:
		if in.View.Ring == d.ring {
			return
		}
		d.ring = in.View.Ring
	case qdevice.Connected, qdevice.Secured:
		d.conn = i.conn
		go d.listen(i.gen, i.conn, in)
	}
	d.step(i.in)
}

func (d *Device) step(in qdevice.ClientInput) {
	for _, e := range slices.Clone(d.client.Step(d.cfg.Now(), in)) {
		switch e := e.(type) {
		case qdevice.Dial:
			d.gen++
			go d.dial(d.gen, e.Timeout)
		case qdevice.Secure:
			// The reader of the plain connection ends at its deadline and hands over.
			d.conn.SetReadDeadline(time.Unix(1, 0))
		case qdevice.Send:
			d.send(e.Bytes)
		case qdevice.Hangup:
			d.hangup()
		case qdevice.Check:
			go d.check(e.Changed)
		case qdevice.Verdict:
			d.cfg.Vote(d.life, device(e))
			d.step(qdevice.Applied{Number: e.Number})
		case qdevice.Note:
			level := slog.LevelInfo
			if e.Warn {
				level = slog.LevelWarn
			}
			d.cfg.Log.Log(d.life, level, e.Text, "event", "device", "host", d.cfg.Host)
		}
	}
	d.note(in)
}

// device translates what the device says for the count of votes.
func device(v qdevice.Verdict) quorum.Device {
	out := quorum.Device{Until: v.Until, Ring: v.Ring}
	switch v.Vote {
	case qdevice.Ack:
		out.Verdict = quorum.Granted
	case qdevice.Nack:
		out.Verdict = quorum.Denied
	}
	return out
}

// note remembers what displays show.
func (d *Device) note(qdevice.ClientInput) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status.State, d.status.Failure, d.status.Vote = d.client.State().String(), d.client.Failure(), d.client.Vote().String()
}

// send writes; the deadline keeps a full buffer from stopping the client.
func (d *Device) send(b []byte) {
	if d.conn == nil {
		return
	}
	d.conn.SetWriteDeadline(time.Now().Add(d.cfg.Client.Heartbeat + time.Second))
	if _, err := d.conn.Write(b); err != nil {
		d.put(d.gen, qdevice.Closed{Why: err.Error()}, nil)
	}
}

func (d *Device) hangup() {
	if d.conn != nil {
		d.conn.Close()
		d.conn = nil
	}
	d.gen++
}

// dial connects; it runs on its own.
func (d *Device) dial(gen int, timeout time.Duration) {
	port := d.cfg.Port
	if port == 0 {
		port = qdevice.Port
	}
	dialer := net.Dialer{Timeout: timeout}
	conn, err := dialer.DialContext(d.life, d.cfg.Network, net.JoinHostPort(d.cfg.Host, strconv.Itoa(port)))
	if err != nil {
		d.put(gen, qdevice.Closed{Why: err.Error()}, nil)
		return
	}
	d.put(gen, qdevice.Connected{}, conn)
}

// listen reads a connection to its end. The reader of a plain connection is stopped
// by a deadline when TLS begins; what it has read by then was before that.
func (d *Device) listen(gen int, conn net.Conn, began qdevice.ClientInput) {
	_, plain := began.(qdevice.Connected)
	buf := make([]byte, 16<<10)
	for {
		n, err := conn.Read(buf)
		if n > 0 {
			d.put(gen, qdevice.Data{Bytes: slices.Clone(buf[:n])}, nil)
		}
		var late net.Error
		switch {
		case err == nil:
		case plain && errors.As(err, &late) && late.Timeout():
			d.secure(gen, conn)
			return
		case errors.Is(err, io.EOF):
			d.put(gen, qdevice.Closed{Why: "the arbiter closed the connection"}, nil)
			return
		default:
			d.put(gen, qdevice.Closed{Why: err.Error()}, nil)
			return
		}
	}
}

// secure does the client's side of TLS.
func (d *Device) secure(gen int, plain net.Conn) {
	cfg, err := d.cfg.TLS()
	if err == nil {
		plain.SetDeadline(time.Now().Add(d.cfg.Client.ConnectTimeout + time.Second))
		conn := tls.Client(plain, cfg)
		if err = conn.HandshakeContext(d.life); err == nil {
			plain.SetDeadline(time.Time{})
			d.put(gen, qdevice.Secured{}, conn)
			return
		}
	}
	d.put(gen, qdevice.Closed{Why: "TLS: " + err.Error()}, nil)
}
