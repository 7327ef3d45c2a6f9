package linux

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// clock is CLOCK_BOOTTIME. Go reads CLOCK_MONOTONIC without a system call, but not
// this one; the two differ by how long the machine has been suspended. That is
// looked up when the loop was asleep: a loop that runs is not suspended.
type clock struct {
	origin time.Time     // with a reading of CLOCK_MONOTONIC
	start  time.Duration // CLOCK_BOOTTIME then
}

// now is the time.
func (c *clock) now() time.Duration { return c.start + time.Since(c.origin) }

// look looks up how the two clocks stand to each other.
func (c *clock) look() {
	var ts unix.Timespec
	_, _, errno := unix.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_BOOTTIME, uintptr(unsafe.Pointer(&ts)), 0)
	if errno != 0 {
		panic("linux: CLOCK_BOOTTIME cannot be read: " + errno.Error())
	}
	boot := time.Duration(ts.Nano())
	// What passes between the two readings must not make the clock go back or creep.
	if d := boot - c.now(); c.origin.IsZero() || d > suspended {
		c.origin, c.start = time.Now(), boot
	}
}

// suspended is the least difference that is taken for a suspension.
const suspended = 10 * time.Millisecond
