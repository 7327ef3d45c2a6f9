package wire

// windowBits is how far behind the newest a packet may be and still be taken.
// Counters are spent on packets to all nodes, so each sees gaps.
const windowBits = 8192

// window remembers which counters of an epoch were seen (RFC 6479's ring of words).
type window struct {
	top   uint64 // the highest counter seen
	words [windowBits / 64]uint64
}

// fresh tells whether a counter was not seen and is not too old to know.
func (w *window) fresh(c uint64) bool {
	switch {
	case c == 0:
		return false
	case c > w.top:
		return true
	case w.top-c >= windowBits-64:
		return false
	}
	return w.words[c/64%uint64(len(w.words))]&(1<<(c%64)) == 0
}

// mark notes a fresh counter as seen.
func (w *window) mark(c uint64) {
	n := uint64(len(w.words))
	if c > w.top {
		from, to := w.top/64, c/64
		for i := from + 1; i <= min(to, from+n); i++ {
			w.words[i%n] = 0
		}
		w.top = c
	}
	w.words[c/64%n] |= 1 << (c % 64)
}
