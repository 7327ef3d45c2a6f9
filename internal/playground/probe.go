package playground

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Answer is one answer to the question who has an address.
type Answer struct {
	At   time.Time
	Node string // by the hardware address that the answer came from
}

// Probe is a client outside of the cluster that keeps asking by ARP who has an
// address. Hardware addresses do not lie: two owners at once would show.
type Probe struct {
	mac    net.HardwareAddr
	addr   netip.Addr
	packet *os.File
	done   sync.WaitGroup
	stop   context.CancelFunc

	mu      sync.Mutex
	answers []Answer
}

// arpFrame is the length of an ARP packet for IPv4 on Ethernet.
const arpFrame = 42

// StartProbe asks every step who has an address on the network; Stop ends it.
func (r *Room) StartProbe(n Network, addr netip.Addr, step time.Duration) (*Probe, error) {
	return startProbe(r.hub.client, n, addr, step)
}

func startProbe(ns space, n Network, addr netip.Addr, step time.Duration) (*Probe, error) {
	p := &Probe{addr: addr}
	err := ns.do(func() error {
		nic, err := net.InterfaceByName(n.Nic)
		if err != nil {
			return err
		}
		p.mac = nic.HardwareAddr
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(swap(unix.ETH_P_ARP)))
		if err != nil {
			return explain("open a raw socket", err)
		}
		if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: swap(unix.ETH_P_ARP), Ifindex: nic.Index}); err != nil {
			unix.Close(fd)
			return err
		}
		p.packet = os.NewFile(uintptr(fd), "arp")
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("probe of %s: %w", addr, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	question := p.question(n.address(clientHost))
	p.done.Go(p.listen)
	p.done.Go(func() { p.ask(ctx, question, step) })
	return p, nil
}

// swap puts a 16-bit number into the order of the network.
func swap(v uint16) uint16 { return v<<8 | v>>8 }

// question is the frame that asks who has the address.
func (p *Probe) question(from netip.Addr) []byte {
	f := make([]byte, 0, arpFrame)
	f = append(f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	f = append(f, p.mac...)
	f = binary.BigEndian.AppendUint16(f, unix.ETH_P_ARP)
	f = append(f, 0, 1, 8, 0, 6, 4, 0, 1) // Ethernet, IPv4, lengths, request
	f = append(f, p.mac...)
	f = append(f, from.AsSlice()...)
	f = append(f, 0, 0, 0, 0, 0, 0)
	return append(f, p.addr.AsSlice()...)
}

func (p *Probe) ask(ctx context.Context, question []byte, step time.Duration) {
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// A question that could not be sent gets no answer, which is what counts.
			_, _ = p.packet.Write(question)
		}
	}
}

func (p *Probe) listen() {
	buf := make([]byte, 2048)
	for {
		n, err := p.packet.Read(buf)
		at := time.Now()
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil || n < arpFrame {
			continue
		}
		if node := p.answer(buf[:n]); node != "" {
			p.mu.Lock()
			p.answers = append(p.answers, Answer{at, node})
			p.mu.Unlock()
		}
	}
}

// answer names the node that a frame is an answer of, "" if it is none.
func (p *Probe) answer(f []byte) string {
	reply := f[20] == 0 && f[21] == 2
	sender, ok := netip.AddrFromSlice(f[28:32])
	if !reply || !ok || sender != p.addr || string(f[0:6]) != string(p.mac) {
		return ""
	}
	return nodeName(int(f[11]))
}

// Stop ends the probe.
func (p *Probe) Stop() {
	p.stop()
	p.packet.Close()
	p.done.Wait()
}

// Answers returns the answers since a moment, in order.
func (p *Probe) Answers(since time.Time) []Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := len(p.answers)
	for i > 0 && p.answers[i-1].At.After(since) {
		i--
	}
	return append([]Answer(nil), p.answers[i:]...)
}

// Owner names who answers now: "" if nobody did within the last window.
func (p *Probe) Owner(window time.Duration) string {
	a := p.Answers(time.Now().Add(-window))
	if len(a) == 0 {
		return ""
	}
	return a[len(a)-1].Node
}

// WaitFor waits for an answer after a moment for which ok holds.
func (p *Probe) WaitFor(ctx context.Context, since time.Time, ok func(node string) bool) (Answer, error) {
	tick := time.NewTicker(pollStep)
	defer tick.Stop()
	for {
		for _, a := range p.Answers(since) {
			if ok(a.Node) {
				return a, nil
			}
		}
		select {
		case <-ctx.Done():
			return Answer{}, fmt.Errorf("nobody else answered for %s: %w", p.addr, ctx.Err())
		case <-tick.C:
		}
	}
}

// Overlap finds two owners at once in a list of answers: a node that answers, then
// another, then the first again within the window. It returns how often that happened.
func Overlap(answers []Answer, window time.Duration) int {
	last := map[string]time.Time{}
	n := 0
	for i, a := range answers {
		before, seen := last[a.Node]
		if seen && i > 0 && answers[i-1].Node != a.Node && a.At.Sub(before) < window {
			n++
		}
		last[a.Node] = a.At
	}
	return n
}

// LongestGap is the longest time between two successive answers, and where it began.
func LongestGap(answers []Answer) (time.Duration, time.Time) {
	var gap time.Duration
	var at time.Time
	for i := 1; i < len(answers); i++ {
		if d := answers[i].At.Sub(answers[i-1].At); d > gap {
			gap, at = d, answers[i-1].At
		}
	}
	return gap, at
}
