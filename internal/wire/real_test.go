package wire_test

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"mainstay/internal/host"
	"mainstay/internal/host/linux"
	"mainstay/internal/wire"
	"mainstay/member"
)

const patience = 20 * time.Second

// real is a node with real sockets on the loopback interface, in a goroutine.
type real struct {
	id   member.NodeID
	m    *linux.Machine
	news chan string
	done chan struct{}
}

type stop struct{}

// realConfigs makes the configurations of nodes with two links.
func realConfigs(t *testing.T, nodes int) []wire.Config {
	var peers []wire.Peer
	for id := range nodes {
		p := wire.Peer{ID: member.NodeID(id + 1)}
		for range 2 {
			c, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			p.Addrs = append(p.Addrs, c.LocalAddr().String())
			defer c.Close()
		}
		peers = append(peers, p)
	}
	key := make([]byte, 128)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	var out []wire.Config
	for _, p := range peers {
		out = append(out, wire.Config{Self: p.ID, Cluster: "real", Peers: peers, Keys: [][]byte{key}, Token: time.Second})
	}
	return out
}

func startReal(t *testing.T, c wire.Config) *real {
	t.Helper()
	m, err := linux.New(linux.Config{StateDir: t.TempDir(), Binds: c.Peers[c.Self-1].Addrs, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.Rand = m.Uint64
	mux, err := wire.New(c)
	if err != nil {
		t.Fatal(err)
	}
	n := &real{id: c.Self, m: m, news: make(chan string, 100_000), done: make(chan struct{})}
	go n.loop(mux)
	return n
}

func (n *real) loop(mux *wire.Mux) {
	defer close(n.done)
	n.step(mux, wire.Tick{})
	for {
		switch c := n.m.Next(mux.Wake()).(type) {
		case host.Timeout:
			n.step(mux, wire.Tick{})
		case host.Datagram:
			n.step(mux, wire.Incoming{Link: c.Link, Addr: c.Addr, Data: c.Data})
		case host.Refused:
			n.step(mux, wire.Refused{Link: c.Link, Addr: c.Addr})
		case host.TooBig:
			n.step(mux, wire.TooBig{Link: c.Link, Addr: c.Addr, Size: c.Size})
		case host.LinkDown:
			n.step(mux, wire.LinkDown{Link: c.Link, Down: c.Down})
		case wire.Input:
			n.step(mux, c)
		case stop:
			n.m.Close()
			return
		}
	}
}

func (n *real) step(mux *wire.Mux, in wire.Input) {
	for _, e := range mux.Step(n.m.Now(), in) {
		switch e := e.(type) {
		case wire.Transmit:
			n.m.Send(e.Link, e.Addr, e.Data)
		case wire.Received:
			n.news <- fmt.Sprintf("received %s from %d", e.Data, e.From)
		case wire.Silence:
			n.news <- fmt.Sprintf("silence %d", e.Node)
		case wire.Heard:
			n.news <- fmt.Sprintf("heard %d", e.Node)
		case wire.Unreachable:
			n.news <- fmt.Sprintf("unreachable %d", e.Node)
		case wire.Alarm:
			n.news <- fmt.Sprintf("alarm %s %s", e.Kind, e.Source)
		}
	}
}

// kill ends a node as kill -9 does: nobody says goodbye, the port is closed.
func (n *real) kill() {
	n.m.Inject(stop{})
	<-n.done
}

// await waits for news, and returns how long it took.
func (n *real) await(t *testing.T, what string) time.Duration {
	t.Helper()
	began := time.Now()
	limit := time.After(patience)
	var other []string
	for {
		select {
		case s := <-n.news:
			if strings.Contains(s, what) {
				return time.Since(began)
			}
			other = append(other, s)
		case <-limit:
			t.Fatalf("node %d: no %q came, but %v", n.id, what, other[max(0, len(other)-10):])
		}
	}
}

// TestRealSockets: two nodes on the loopback interface meet, talk, and know at
// once when the other was killed, said goodbye, or is back, under a flood.
func TestRealSockets(t *testing.T) {
	configs := realConfigs(t, 2)
	a, b := startReal(t, configs[0]), startReal(t, configs[1])
	defer a.kill()
	a.await(t, "heard 2")
	b.await(t, "heard 1")
	a.m.Inject(wire.Outgoing{Data: []byte("hello")})
	b.await(t, "received hello from 1")

	b.kill()
	a.m.Inject(wire.Outgoing{Data: []byte("anybody there?")})
	if d := a.await(t, "unreachable 2"); d > 900*time.Millisecond {
		t.Errorf("it took %v to see that the process was killed", d)
	}
	b = startReal(t, configs[1])
	a.await(t, "heard 2")

	flood, err := net.Dial("udp", configs[0].Peers[0].Addrs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer flood.Close()
	noise := make([]byte, 200)
	copy(noise, "MS\x01\x01")
	for i := range 100_000 {
		noise[11], noise[40] = byte(i%4), byte(i)
		// What the kernel has no room for is lost, which is what a flood does.
		_, _ = flood.Write(noise)
		if i%10_000 == 0 {
			b.m.Inject(wire.Outgoing{To: 1, Data: fmt.Appendf(nil, "through the flood %d", i)})
		}
	}
	b.m.Inject(wire.Outgoing{To: 1, Data: []byte("after the flood")})
	a.await(t, "alarm")
	a.await(t, "received after the flood from 2")
	b.m.Inject(wire.Leave{})
	if d := a.await(t, "unreachable 2"); d > 500*time.Millisecond {
		t.Errorf("it took %v to hear goodbye", d)
	}
	b.kill()
}
