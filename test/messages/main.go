// Command messages is a node daemon with a program in it that measures the
// cluster's ordered messages along their whole path: ring, links, sockets and
// the node's loop. It is told what to do by lines on its standard input,
//
//	MODE SIZE SECONDS SENDERS
//
// and prints one line of results for each. All nodes must get the same lines; the
// SENDERS nodes with the lowest ids send. MODE is lat (one message in flight),
// sparse (the same with 20 ms of silence before each message), or thr (as fast as
// it goes).
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/internal/node"
	"mainstay/member"
)

func main() {
	cfg := node.Config{Version: "messages"}
	nodes := flag.Int("nodes", 3, "how many nodes take part")
	flag.StringVar(&cfg.ConfigFile, "config", node.DefaultConfig, "configuration file")
	flag.StringVar(&cfg.StateDir, "state", node.DefaultStateDir, "state directory")
	flag.StringVar(&cfg.RunDir, "run", node.DefaultRunDir, "run directory")
	flag.StringVar(&cfg.Socket, "socket", node.DefaultSocket, "socket of the API")
	flag.StringVar(&cfg.Name, "name", "", "name of this node")
	profile := flag.String("profile", "", "write a CPU profile to this file")
	flag.Parse()
	cfg.Log = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	p := &program{nodes: *nodes, begun: make(chan struct{}), ready: map[uint32]int{}}
	cfg.Program = p
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go p.obey()
	if *profile != "" {
		defer record(*profile)()
	}
	if err := node.Run(ctx, cfg); err != nil {
		fmt.Fprintln(os.Stderr, "messages:", err)
		os.Exit(1)
	}
}

// record takes a CPU profile until what it returns is called.
func record(name string) (stop func()) {
	f, err := os.Create(name)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "messages: no profile:", err)
		return func() {}
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}
}

// A message begins with what it is, the number of its measurement, when it was
// sent (CLOCK_MONOTONIC, which all nodes on one machine share), and its place
// among those of its sender.
const headerSize = 24

const (
	ready = 1 + iota // the sender waits for the measurement to begin
	data
	done // the sender has sent its last message
)

// inFlight is how many messages a sender has under way at most.
const inFlight = 1000

// program takes measurements one after the other.
type program struct {
	nodes     int
	begun     chan struct{} // closed when self and multicast are set
	self      member.NodeID
	multicast func([]byte)

	mu    sync.Mutex
	run   uint32         // the present measurement, or the last
	ready map[uint32]int // how many nodes are ready for a measurement
	job   job
	got   result
}

// job is one line of orders.
type job struct {
	mode    string
	size    int
	seconds float64
	senders int
}

// result is what one measurement found so far.
type result struct {
	done                   int // senders
	sent, mine             uint64
	delivered, bytes, gaps uint64
	seen                   map[member.NodeID]uint64
	first, last, until     int64
	delays                 []int64
	over                   chan struct{}
}

// now is CLOCK_MONOTONIC in nanoseconds.
func now() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("messages: the clock cannot be read: " + err.Error())
	}
	return ts.Nano()
}

// Begin implements node.Program.
func (p *program) Begin(self member.NodeID, multicast func([]byte)) {
	p.self, p.multicast = self, multicast
	close(p.begun)
}

// obey takes the measurements that standard input asks for.
func (p *program) obey() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var j job
		if _, err := fmt.Sscan(lines.Text(), &j.mode, &j.size, &j.seconds, &j.senders); err != nil {
			fmt.Println("error", err)
			continue
		}
		j.size = max(j.size, headerSize)
		fmt.Println(p.measure(j))
	}
}

// measure takes one measurement.
func (p *program) measure(j job) string {
	<-p.begun
	over := make(chan struct{})
	p.mu.Lock()
	p.run++
	p.job, p.got = j, result{seen: map[member.NodeID]uint64{}, over: over}
	hello := p.message(ready, p.run, 0, headerSize)
	p.mu.Unlock()
	p.multicast(hello)
	<-over
	return p.tell()
}

func (p *program) message(kind byte, run uint32, seq uint64, size int) []byte {
	b := make([]byte, size)
	b[0] = kind
	binary.LittleEndian.PutUint32(b[4:], run)
	binary.LittleEndian.PutUint64(b[8:], uint64(now()))
	binary.LittleEndian.PutUint64(b[16:], seq)
	return b
}

// Deliver implements node.Program.
func (p *program) Deliver(from member.NodeID, b []byte) {
	if len(b) < headerSize {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	run := binary.LittleEndian.Uint32(b[4:])
	if b[0] == ready {
		// The last to be ready begins, and all see it at the same place of the order.
		if p.ready[run]++; p.ready[run] == p.nodes {
			p.got.until = now() + int64(p.job.seconds*1e9)
			if int(p.self) <= p.job.senders {
				p.send()
			}
		}
		return
	}
	if run != p.run {
		return
	}
	switch b[0] {
	case data:
		p.count(from, b)
	case done:
		if p.got.done++; p.got.done == p.job.senders {
			close(p.got.over)
		}
	}
}

// count takes a message that is measured, and sends the next.
func (p *program) count(from member.NodeID, b []byte) {
	g, t := &p.got, now()
	if g.first == 0 {
		g.first = t
	}
	g.last = t
	g.delivered++
	g.bytes += uint64(len(b))
	seq := binary.LittleEndian.Uint64(b[16:])
	if seq != g.seen[from]+1 {
		g.gaps++
	}
	g.seen[from] = seq
	g.delays = append(g.delays, t-int64(binary.LittleEndian.Uint64(b[8:])))
	if from != p.self {
		return
	}
	g.mine++
	p.send()
}

// send sends what the mode allows.
func (p *program) send() {
	g := &p.got
	if now() >= g.until {
		if g.mine == g.sent {
			p.multicast(p.message(done, p.run, 0, headerSize))
		}
		return
	}
	switch p.job.mode {
	case "lat":
		p.one()
	case "sparse":
		run := p.run
		time.AfterFunc(20*time.Millisecond, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.run == run {
				p.one()
			}
		})
	default:
		// In bursts, as a program does that has found its queue full.
		if g.sent-g.mine <= inFlight/2 {
			for g.sent-g.mine < inFlight {
				p.one()
			}
		}
	}
}

func (p *program) one() {
	p.got.sent++
	p.multicast(p.message(data, p.run, p.got.sent, p.job.size))
}

// tell writes the results, times in microseconds.
func (p *program) tell() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := &p.got
	slices.Sort(g.delays)
	at := func(q float64) float64 {
		if len(g.delays) == 0 {
			return 0
		}
		return float64(g.delays[min(int(q*float64(len(g.delays))), len(g.delays)-1)]) / 1000
	}
	rate := float64(g.delivered) / (float64(max(g.last-g.first, 1)) / 1e9)
	return fmt.Sprintf("sent=%d delivered=%d gaps=%d rate=%.0f p50=%.0f p99=%.0f max=%.0f", g.sent, g.delivered, g.gaps, rate, at(.5), at(.99), at(1))
}
