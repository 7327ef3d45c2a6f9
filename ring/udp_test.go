package ring

import (
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mainstay/member"
)

// udpNode runs a machine over a real socket on the loopback, without
// encryption: what the protocol does when time is real.
type udpNode struct {
	m         *Machine
	conn      *net.UDPConn
	peers     []*net.UDPAddr // by id-1
	began     time.Time
	delivered atomic.Int64
	members   atomic.Int64
	quota     int64 // full is closed when so many are delivered
	full      chan struct{}
	sender    func(n *udpNode) // called after each step, may submit
	mine      func(payload []byte)
	stop      atomic.Bool
}

func (n *udpNode) now() time.Duration { return time.Since(n.began) + time.Second }

func (n *udpNode) step(in Input) {
	for _, e := range n.m.Step(n.now(), in) {
		switch e := e.(type) {
		case Send:
			for i, a := range n.peers {
				if i+1 != int(n.m.self.id) && (e.To == 0 || int(e.To) == i+1) {
					n.conn.WriteToUDP(e.Data, a)
				}
			}
		case Deliver:
			if n.delivered.Add(1) == n.quota {
				close(n.full)
			}
			if n.mine != nil && e.From == n.m.self.id {
				n.mine(e.Payload)
			}
		case Install:
			n.members.Store(int64(len(e.View.Members)))
		}
	}
}

func (n *udpNode) run() {
	buf := make([]byte, 65536)
	for !n.stop.Load() {
		if n.sender != nil {
			n.sender(n)
		}
		wait := 2 * time.Millisecond
		if w := n.m.Wake(); w != 0 {
			wait = min(wait, w-n.now())
		}
		n.conn.SetReadDeadline(time.Now().Add(max(wait, 0)))
		k, from, err := n.conn.ReadFromUDP(buf)
		if err != nil {
			n.step(Tick{})
			continue
		}
		for i, a := range n.peers {
			if a.Port == from.Port {
				n.step(Packet{member.NodeID(i + 1), slices.Clone(buf[:k])})
			}
		}
	}
}

// udpCluster starts nodes on the loopback.
func udpCluster(t testing.TB, count int) ([]*udpNode, func()) {
	t.Helper()
	var nodes []*udpNode
	var addrs []*net.UDPAddr
	cfg := Config{}
	for i := range count {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		c.SetReadBuffer(4 << 20)
		nodes = append(nodes, &udpNode{conn: c, began: time.Now()})
		addrs = append(addrs, c.LocalAddr().(*net.UDPAddr))
		cfg.Nodes = append(cfg.Nodes, member.NodeID(i+1))
	}
	for i, n := range nodes {
		cfg.Self, cfg.Incarnation = member.NodeID(i+1), uint64(i+1)
		m, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		n.m, n.peers = m, addrs
	}
	return nodes, func() {
		for _, n := range nodes {
			n.conn.Close()
		}
	}
}

// benchmarkUDP measures messages per second that all nodes deliver.
func benchmarkUDP(b *testing.B, senders, size int) {
	nodes, stop := udpCluster(b, 3)
	defer stop()
	var wg sync.WaitGroup
	quota := int64(b.N)
	var given atomic.Int64
	for i, n := range nodes {
		n.quota, n.full = quota, make(chan struct{})
		if i < senders {
			n.sender = func(n *udpNode) {
				if n.members.Load() < 3 {
					return
				}
				for n.m.outbox.count() < 200 && given.Add(1) <= quota {
					n.step(Submit{Payload: make([]byte, size)})
				}
			}
		}
		wg.Go(n.run)
	}
	for _, n := range nodes {
		<-n.full
	}
	b.ReportMetric(float64(quota)/b.Elapsed().Seconds(), "msg/s")
	var re uint64
	for _, n := range nodes {
		n.stop.Store(true)
	}
	wg.Wait()
	for _, n := range nodes {
		re += n.m.Stats().Retransmitted
	}
	b.ReportMetric(float64(re)/float64(b.N), "resent/msg")
}

func BenchmarkUDP3Senders100B(b *testing.B)  { benchmarkUDP(b, 3, 100) }
func BenchmarkUDP3Senders1000B(b *testing.B) { benchmarkUDP(b, 3, 1000) }

// BenchmarkUDPLatency: one message in flight; time until the sender has delivered
// it itself.
func BenchmarkUDPLatency(b *testing.B) {
	nodes, stop := udpCluster(b, 3)
	defer stop()
	var wg sync.WaitGroup
	var own []time.Duration
	var sentAt time.Time
	s := nodes[1]
	waiting, k := false, int64(0)
	s.mine = func([]byte) { own = append(own, time.Since(sentAt)) }
	done := make(chan struct{})
	s.sender = func(n *udpNode) {
		if n.members.Load() < 3 || k > int64(b.N) {
			return
		}
		if waiting {
			if nodes[0].delivered.Load() < k || nodes[2].delivered.Load() < k {
				return
			}
		}
		if k++; k > int64(b.N) {
			close(done)
			return
		}
		waiting, sentAt = true, time.Now()
		p := make([]byte, 100)
		binary.BigEndian.PutUint64(p, uint64(k))
		n.step(Submit{Payload: p})
	}
	for _, n := range nodes {
		wg.Go(n.run)
	}
	<-done
	for _, n := range nodes {
		n.stop.Store(true)
	}
	wg.Wait()
	slices.Sort(own)
	b.ReportMetric(float64(own[len(own)/2].Nanoseconds())/1e3, "own-p50-µs")
	b.ReportMetric(float64(own[len(own)*99/100].Nanoseconds())/1e3, "own-p99-µs")
}
