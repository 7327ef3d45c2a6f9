package corosync

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The shared header of a ring buffer, byte offsets: where the writer and the reader
// are, and the size of the data, all counted in words of 4 bytes; two path names;
// then a POSIX semaphore (glibc and musl on 64-bit machines: a counter and, above
// it, the number of waiters), and in a request buffer whether the daemon wants no
// more requests for now.
const (
	atWrite   = 0
	atRead    = 4
	atWords   = 8
	atSem     = 0x2010
	atUser    = 0x2030
	headerMin = atUser + 8
)

// Marks of a chunk in the data: its length in bytes and one of these, then the
// bytes, up to a whole word.
const (
	markReady = 0xa1a1a1a1
	markSpent = 0xd0d0d0d0
	markTaken = 0xa110ced0
)

// chunkHeader is the size of a chunk's length and mark, in words; spare is how much
// is left free behind the last chunk, so that writer and reader never meet.
const (
	chunkHeader = 2
	spareWords  = 64
)

// buffer is a ring buffer in memory shared with the daemon: one writes, one reads.
type buffer struct {
	head, data []byte
	words      uint32
}

// openBuffer maps the ring buffer whose two files have names that begin with path.
func openBuffer(path string) (*buffer, error) {
	head, err := mapFile(path + "-header")
	if err != nil {
		return nil, err
	}
	b := &buffer{head: head}
	if len(head) < headerMin {
		b.close()
		return nil, fmt.Errorf("%s-header: %d bytes are too few", path, len(head))
	}
	if b.data, err = mapFile(path + "-data"); err != nil {
		b.close()
		return nil, err
	}
	b.words = atomic.LoadUint32(b.at(atWords))
	if b.words < spareWords || int(b.words)*4 != len(b.data) {
		b.close()
		return nil, fmt.Errorf("%s: %d words in a file of %d bytes", path, b.words, len(b.data))
	}
	return b, nil
}

func mapFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	i, err := f.Stat()
	if err != nil {
		return nil, err
	}
	m, err := unix.Mmap(int(f.Fd()), 0, int(i.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return m, nil
}

func (b *buffer) close() {
	for _, m := range [][]byte{b.head, b.data} {
		if m != nil {
			// What was mapped can be unmapped.
			_ = unix.Munmap(m)
		}
	}
	b.head, b.data = nil, nil
}

// at is a number of the header, to be read and written as one with the daemon.
func (b *buffer) at(offset int) *uint32 { return (*uint32)(unsafe.Pointer(&b.head[offset])) }

// word is a number of the data.
func (b *buffer) word(i uint32) *uint32 { return (*uint32)(unsafe.Pointer(&b.data[4*(i%b.words)])) }

// after is the word behind a chunk of so many bytes.
func (b *buffer) after(at uint32, size int) uint32 {
	return uint32((uint64(at) + chunkHeader + uint64(size+3)/4) % uint64(b.words))
}

// copyIn and copyOut go round the end of the data.
func (b *buffer) copyIn(at uint32, p []byte) {
	n := copy(b.data[4*(at%b.words):], p)
	copy(b.data, p[n:])
}

func (b *buffer) copyOut(at uint32, p []byte) {
	n := copy(p, b.data[4*(at%b.words):])
	copy(p[n:], b.data)
}

// errFull says that there is no room for a chunk now.
var errFull = errors.New("no room in the buffer")

// write puts a chunk in and counts it. It fails with errFull.
func (b *buffer) write(p []byte) error {
	w, r := atomic.LoadUint32(b.at(atWrite)), atomic.LoadUint32(b.at(atRead))
	if w >= b.words || r >= b.words {
		return fmt.Errorf("a buffer of %d words is at %d and %d", b.words, w, r)
	}
	used := (w + b.words - r) % b.words
	if uint64(used)+chunkHeader+uint64(len(p)+3)/4+spareWords > uint64(b.words) {
		return errFull
	}
	atomic.StoreUint32(b.word(w), 0)
	atomic.StoreUint32(b.word(w+1), markTaken)
	b.copyIn(w+chunkHeader, p)
	atomic.StoreUint32(b.word(w), uint32(len(p)))
	atomic.StoreUint32(b.at(atWrite), b.after(w, len(p)))
	atomic.StoreUint32(b.word(w+1), markReady)
	b.post()
	return nil
}

// read takes the next chunk out, nil if there is none.
func (b *buffer) read() ([]byte, error) {
	r := atomic.LoadUint32(b.at(atRead))
	if r >= b.words {
		return nil, fmt.Errorf("a buffer of %d words is at %d", b.words, r)
	}
	if !b.take() {
		return nil, nil
	}
	if mark := atomic.LoadUint32(b.word(r + 1)); mark != markReady {
		return nil, fmt.Errorf("a chunk with the mark %x", mark)
	}
	size := atomic.LoadUint32(b.word(r))
	if int(size) > len(b.data)-4*chunkHeader {
		return nil, fmt.Errorf("a chunk of %d bytes in a buffer of %d", size, len(b.data))
	}
	p := make([]byte, size)
	b.copyOut(r+chunkHeader, p)
	atomic.StoreUint32(b.word(r), 0)
	atomic.StoreUint32(b.word(r+1), markSpent)
	atomic.StoreUint32(b.at(atRead), b.after(r, int(size)))
	return p, nil
}

// sem is the semaphore: it counts chunks.
func (b *buffer) sem() *uint64 { return (*uint64)(unsafe.Pointer(&b.head[atSem])) }

// countOf is the half of the semaphore that is the counter, as the kernel waits for it.
func (b *buffer) countOf() *uint32 {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return b.at(atSem)
	}
	return b.at(atSem + 4)
}

// waiter is one waiter in the semaphore.
const waiter = 1 << 32

// post counts a chunk and wakes who waits for it.
func (b *buffer) post() {
	if atomic.AddUint64(b.sem(), 1)>>32 != 0 {
		// A waiter that cannot be woken finds out when its time is over.
		_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(b.countOf())), futexWake, 1, 0, 0, 0)
	}
}

// take counts a chunk off; false if there is none.
func (b *buffer) take() bool {
	for {
		v := atomic.LoadUint64(b.sem())
		if uint32(v) == 0 {
			return false
		}
		if atomic.CompareAndSwapUint64(b.sem(), v, v-1) {
			return true
		}
	}
}

// Operations of futex(2).
const (
	futexWait = 0
	futexWake = 1
)

// wait waits until there may be a chunk, at most for so long.
func (b *buffer) wait(limit time.Duration) {
	ts := unix.NsecToTimespec(limit.Nanoseconds())
	atomic.AddUint64(b.sem(), waiter)
	// Whatever it says, the caller looks whether there is a chunk.
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(b.countOf())), futexWait, 0, uintptr(unsafe.Pointer(&ts)), 0, 0)
	atomic.AddUint64(b.sem(), ^uint64(waiter-1))
}

// refusing tells whether the daemon wants no more requests for now.
func (b *buffer) refusing() bool { return atomic.LoadUint32(b.at(atUser)) != 0 }
