package sim

import (
	"slices"
	"time"

	"mainstay/internal/host"
)

// Network is how packets fare. Shares are of 1.
type Network struct {
	Latency, Jitter time.Duration
	Loss            float64 // share of packets that are lost
	Duplicate       float64 // share that arrives twice
	Reorder         float64 // share that is held up, so that later ones overtake it
	Corrupt         float64 // share in which a bit is turned over
	cut             map[cable]int
}

// rough tells whether even sound machines may lose each other.
func (n *Network) rough() bool { return n.Loss > 0.05 || n.Latency > 50*usualLatency }

// heldUp bounds how long a reordered packet is late.
const heldUp = 20 * time.Millisecond

// cable is one direction of one link between two machines.
type cable struct {
	from, to string
	link     int
}

// socket is where a machine listens.
type socket struct {
	link int
	addr string
}

// Cut breaks one direction of a link, or mends one break: a link that was cut
// twice works again when both are mended.
func (n *Network) Cut(from, to string, link int, cut bool) {
	if n.cut == nil {
		n.cut = map[cable]int{}
	}
	k := cable{from, to, link}
	switch {
	case cut:
		n.cut[k]++
	case n.cut[k] > 1:
		n.cut[k]--
	default:
		delete(n.cut, k)
	}
}

// CutLinks breaks or mends both directions of links between two machines.
func (w *World) CutLinks(a, b *Machine, links []int, cut bool) {
	for _, l := range links {
		w.Net.Cut(a.Name, b.Name, l, cut)
		w.Net.Cut(b.Name, a.Name, l, cut)
	}
	a.troubled()
	b.troubled()
}

// Heal mends all links.
func (w *World) Heal() {
	w.Net.cut = nil
	for _, m := range w.Machines {
		m.unplug(AllLinks, false)
	}
}

// passes tells whether a direction of a link carries packets.
func (w *World) passes(from, to *Machine, link int) bool { return w.barrier(from, to, link) == "" }

// barrier is the fault that keeps packets from a direction of a link, "" if none does.
func (w *World) barrier(from, to *Machine, link int) Kind {
	switch {
	case slices.Contains(from.unplugged, link) || slices.Contains(to.unplugged, link):
		return Unplug
	case len(w.Net.cut) > 0 && w.Net.cut[cable{from.Name, to.Name, link}] > 0:
		return LinkCut
	}
	return ""
}

// befalls draws whether a packet meets with a kind of fault.
func (w *World) befalls(k Kind, share float64) bool {
	if !w.chance(share) {
		return false
	}
	w.struck.add(k, 1)
	return true
}

// chance draws whether something of a given share happens.
func (w *World) chance(share float64) bool { return share > 0 && w.rng.Float64() < share }

// delay is how long a packet travels.
func (w *World) delay() time.Duration {
	d := w.Net.Latency
	if w.Net.Jitter > 0 {
		d += time.Duration(w.rng.Int64N(int64(w.Net.Jitter)))
	}
	if w.Net.Latency > usualLatency {
		w.struck.add(Delay, 1)
	}
	if w.befalls(Reorder, w.Net.Reorder) {
		d += time.Duration(w.rng.Int64N(int64(heldUp)))
	}
	return d
}

// carry takes a packet from one machine towards an address.
func (w *World) carry(from *Machine, link int, addr string, data []byte) {
	to := w.nets[socket{link, addr}]
	if to == nil || link >= len(from.Addrs) {
		return
	}
	if why := w.barrier(from, to, link); why != "" {
		w.struck.add(why, 1)
		return
	}
	if w.befalls(Loss, w.Net.Loss) {
		return
	}
	packet := slices.Clone(data)
	if w.befalls(Corrupt, w.Net.Corrupt) && len(packet) > 0 {
		bit := w.rng.IntN(8 * len(packet))
		packet[bit/8] ^= 1 << (bit % 8)
	}
	if w.befalls(Duplicate, w.Net.Duplicate) {
		w.deliver(from, to, link, addr, slices.Clone(packet))
	}
	w.deliver(from, to, link, addr, packet)
}

// deliver hands a packet over when it has travelled; the receiver may write to it.
func (w *World) deliver(from, to *Machine, link int, addr string, packet []byte) {
	boots := to.boots
	w.after(w.delay(), func() {
		switch {
		case to.boots != boots || !to.powered:
		case to.daemon != nil:
			to.feed(host.Datagram{Link: link, Addr: from.Addrs[link], Data: packet})
		default:
			w.refuse(from, to, link, addr)
		}
	})
}

// refuse answers a packet to a port at which nobody listens (ICMP port unreachable).
func (w *World) refuse(from, to *Machine, link int, addr string) {
	life := from.life
	if !w.passes(to, from, link) || to.frozen {
		return
	}
	w.after(w.delay(), func() {
		if from.life == life {
			from.feed(host.Refused{Link: link, Addr: addr})
		}
	})
}
