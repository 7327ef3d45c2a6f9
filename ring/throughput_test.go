package ring

import (
	"testing"
	"time"

	"mainstay/member"
)

// fabric joins machines without delay or loss, for measuring what the protocol
// itself costs. Time advances by a fixed amount with each packet.
type fabric struct {
	now       time.Duration
	m         []*Machine
	queue     []parcel
	head      int
	delivered []int
	packets   int
}

type parcel struct {
	to   int
	from member.NodeID
	data []byte
}

func newFabric(n int, cfg Config) *fabric {
	f := &fabric{now: time.Second, delivered: make([]int, n)}
	for i := range n {
		cfg.Nodes = append(cfg.Nodes, member.NodeID(i+1))
	}
	for i := range n {
		cfg.Self, cfg.Incarnation = member.NodeID(i+1), uint64(i+1)
		m, err := New(cfg)
		if err != nil {
			panic(err)
		}
		f.m = append(f.m, m)
	}
	for i := range n {
		f.step(i, Tick{})
	}
	f.drain()
	return f
}

func (f *fabric) step(i int, in Input) {
	for _, e := range f.m[i].Step(f.now, in) {
		switch e := e.(type) {
		case Send:
			for j := range f.m {
				if j != i && (e.To == 0 || int(e.To) == j+1) {
					f.packets++
					f.queue = append(f.queue, parcel{j, member.NodeID(i + 1), e.Data})
				}
			}
		case Deliver:
			f.delivered[i]++
		}
	}
}

// drain lets packets travel until none is under way.
func (f *fabric) drain() {
	for f.one() {
	}
}

// one lets one packet arrive.
func (f *fabric) one() bool {
	if f.head == len(f.queue) {
		f.queue, f.head = f.queue[:0], 0
		return false
	}
	p := f.queue[f.head]
	f.queue[f.head] = parcel{}
	f.head++
	f.now += time.Microsecond
	f.step(p.to, Packet{p.from, p.data})
	return true
}

// tick lets the earliest timer fire.
func (f *fabric) tick() {
	first, at := -1, time.Duration(0)
	for i, m := range f.m {
		if w := m.Wake(); w != 0 && (first < 0 || w < at) {
			first, at = i, w
		}
	}
	f.now = max(f.now, at)
	f.step(first, Tick{})
}

func benchmarkThroughput(b *testing.B, senders, size int) {
	f := newFabric(3, Config{})
	msg := make([]byte, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	sent := 0
	for b.Loop() {
		f.step(sent%senders, Submit{Payload: msg})
		sent++
		for f.delivered[2] < sent-500 { // so many may be under way
			if !f.one() {
				f.tick()
			}
		}
	}
	for f.delivered[0] < sent || f.delivered[1] < sent || f.delivered[2] < sent {
		if !f.one() {
			f.tick()
		}
	}
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64(f.packets)/float64(sent), "packets/msg")
}

func BenchmarkThroughput3Senders100B(b *testing.B)  { benchmarkThroughput(b, 3, 100) }
func BenchmarkThroughput3Senders1000B(b *testing.B) { benchmarkThroughput(b, 3, 1000) }
func BenchmarkThroughput1Sender100B(b *testing.B)   { benchmarkThroughput(b, 1, 100) }
func BenchmarkThroughput1MiB(b *testing.B)          { benchmarkThroughput(b, 1, 1<<20) }
