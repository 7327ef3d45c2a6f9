package playground

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// The functions of this file ask the playground that is running: dir is its
// directory, "" for $MAINSTAY_PLAYGROUND or the usual place. They fail with ErrNone if
// there is none.

// Status tells the state of the machines.
func Status(dir string) (*Report, error) { return order(dir, request{Op: "status"}) }

// Power boots a node, or cuts its power.
func Power(dir, node string, on bool) error {
	return orderly(dir, request{Op: pick(on, "on", "off"), Node: node})
}

// Cut takes a link of a node down.
func Cut(dir, node string, link int) error {
	return orderly(dir, request{Op: "cut", Node: node, Link: link})
}

// Heal brings the links of a node up again; "" means all nodes.
func Heal(dir, node string) error { return orderly(dir, request{Op: "heal", Node: node}) }

// Freeze stops every process of a node.
func Freeze(dir, node string) error { return orderly(dir, request{Op: "freeze", Node: node}) }

// Thaw lets a frozen node go on.
func Thaw(dir, node string) error { return orderly(dir, request{Op: "thaw", Node: node}) }

// Daemon starts a node's daemon, or stops it in good order.
func Daemon(dir, node string, run bool) error {
	return orderly(dir, request{Op: pick(run, "start", "stop"), Node: node})
}

// FailFencing makes the next requests of fence agents fail, and each take longer.
func FailFencing(dir string, next int, delay time.Duration) error {
	return orderly(dir, request{Op: "fail-fencing", Count: next, Delay: delay})
}

// Down ends the playground and removes every trace of it, also of one that crashed.
// It returns ErrNone if there was nothing.
func Down(dir string) error {
	b, err := findBase(dir)
	if err != nil {
		return err
	}
	if b.dir == "" {
		return ErrNone
	}
	_, err = b.ask(request{Op: "down"})
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	if err := poll(time.Minute, "the machine room to end", func() bool { return !b.running() }); err != nil {
		return err
	}
	asked := err == nil
	if _, err := os.Stat(b.dir); errors.Is(err, fs.ErrNotExist) {
		if asked {
			return nil
		}
		return ErrNone
	}
	lock, err := b.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	found, err := b.clear()
	if err == nil {
		err = b.remove()
	}
	if err == nil && !found && !asked {
		err = ErrNone
	}
	return err
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func order(dir string, q request) (*Report, error) {
	b, err := findBase(dir)
	if err != nil {
		return nil, err
	}
	return b.ask(q)
}

func orderly(dir string, q request) error {
	_, err := order(dir, q)
	return err
}

// WriteReport tells a report to people.
func WriteReport(w io.Writer, r *Report) {
	fmt.Fprintf(w, "playground in %s, machine room pid %d, up %s\n", r.Dir, r.PID, time.Since(r.Started).Round(time.Second))
	for _, h := range r.Nodes {
		note := ""
		if h.Frozen {
			note += " frozen"
		}
		for _, l := range h.Cut {
			note += fmt.Sprintf(" link %d cut", l)
		}
		fmt.Fprintf(w, "  %-8s %s%s\n", h.Name, h.Power, note)
	}
	fmt.Fprintf(w, "client outside: nsenter --net=%s\n", r.Client)
}
