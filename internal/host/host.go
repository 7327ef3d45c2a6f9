// Package host declares the seams between a node and the machine it runs on:
// Clock, Net, Disk, Proc, Power, Watchdog and Rand. The node's loop asks for things
// by calling a seam and hears of their end by Next; nothing blocks but Next.
// host/linux is the real machine, internal/sim a simulated one.
package host

import (
	"time"
)

// Tag ties a request to its completion. The node's loop chooses it.
type Tag uint64

// Host is the machine as the node's loop sees it. All methods but Wake are
// called from the loop's one goroutine.
type Host interface {
	Clock
	Net
	Disk
	Proc
	Power
	Watchdog
	Rand

	// Next returns the next completion, or Timeout{} when the monotonic clock
	// has reached deadline (zero: no deadline).
	Next(deadline time.Duration) Completion
	// Inject hands the loop a completion from another goroutine (an API
	// request, a signal); it is the only method that others may call.
	Inject(c Completion)
}

// Clock tells the time.
type Clock interface {
	// Now is monotonic, does not stop while the machine is suspended
	// (CLOCK_BOOTTIME), and starts anywhere above zero.
	Now() time.Duration
	// Wall is the time of day; it may jump.
	Wall() time.Time
}

// Net sends and receives datagrams on the links of the node.
type Net interface {
	// Send sends data to addr on a link. It never blocks; what cannot be sent is
	// lost, as on any network. Data is not kept after the call.
	Send(link int, addr string, data []byte)
}

// Disk keeps the node's files, below its state directory.
type Disk interface {
	// Read returns the whole content of a file; it is used at start only and
	// returns an error that wraps fs.ErrNotExist if there is none.
	Read(name string) ([]byte, error)
	// List returns the names of the files in a directory, sorted.
	List(dir string) ([]string, error)
	// Write replaces a file: after Written{Tag} without error the new content
	// survives a power cut, before it the file has either content, never a mix.
	// Writes end in the order in which they were asked for.
	Write(tag Tag, name string, data []byte)
	// Keep is a Write that nobody waits for and that holds no other up: a power cut
	// some time later may still find the old content. It ends like a Write, but in no
	// order with others.
	Keep(tag Tag, name string, data []byte)
	// Remove deletes a file, in order with the writes; no completion.
	Remove(name string)
}

// Cmd is a program to run as a child in its own process group.
type Cmd struct {
	Path    string
	Args    []string // without the program's name
	Env     []string // the whole environment
	Stdin   []byte
	Timeout time.Duration // 0: none; afterwards the process group is killed
	// Unit is used in place of Path for systemd: "start nginx.service".
	Unit, UnitAction string
}

// Proc runs programs.
type Proc interface {
	// Start runs a command; Exited{Tag} reports its end.
	Start(tag Tag, c Cmd)
	// Kill ends the process group of a command; Exited follows.
	Kill(tag Tag)
	// Exists tells whether there is an executable file at path.
	Exists(path string) bool
}

// Power is the last resort.
type Power interface {
	// Panic stops this machine at once, without cleaning up (reboot=false: off).
	Panic(reason string, reboot bool)
}

// Watchdog is the machine's own switch, which resets it unless it is fed.
type Watchdog interface {
	// WatchdogState tells what there is, before anything is armed.
	WatchdogState() WatchdogState
	// Arm starts the watchdog, or changes its times: timeout without food until the
	// reset, and how long before that the kernel warns (0: never), in whole seconds.
	Arm(timeout, pretimeout time.Duration) error
	// Feed puts the reset off. With stakes something may run here that others would
	// take over: if this daemon dies, the next one must not feed before it may.
	Feed(stakes bool)
	// Disarm stops the watchdog.
	Disarm()
}

// WatchdogState is what a daemon finds when it starts.
type WatchdogState struct {
	Present bool
	// Abandoned says that an earlier daemon of this boot fed it with stakes and did
	// not disarm it; Since is the monotonic time at which that was found out first.
	Abandoned bool
	Since     time.Duration
}

// Rand is the source of all random numbers.
type Rand interface {
	Uint64() uint64
}

// Completion is what Next returns: one of the types below, or whatever was injected.
type Completion any

// The completions.
type (
	// Timeout says that the deadline given to Next has come.
	Timeout struct{}
	// Datagram is a packet that came in on a link.
	Datagram struct {
		Link int
		Addr string // sender
		Data []byte // the receiver's to keep
	}
	// Refused says that addr answered "port unreachable" on a link.
	Refused struct {
		Link int
		Addr string
	}
	// TooBig says that this machine, or a router on the way to Addr, does not pass
	// datagrams of more than Size bytes.
	TooBig struct {
		Link int
		Addr string
		Size int
	}
	// LinkDown says that the operating system reports a link as down, or as up again.
	LinkDown struct {
		Link int
		Down bool
	}
	// Written ends a Disk.Write.
	Written struct {
		Tag Tag
		Err error
	}
	// Exited ends a Proc.Start.
	Exited struct {
		Tag      Tag
		Code     int    // exit code; -1 if Signal or Err is set
		Signal   int    // signal that ended it
		TimedOut bool   // Cmd.Timeout passed
		Err      error  // it could not be started at all
		Stdout   []byte // at most 64 KiB, the end of it
		Stderr   []byte // at most 64 KiB, the end of it
		Took     time.Duration
	}
)
