package node

import (
	"fmt"
	"time"

	"mainstay/engine"
)

// guard feeds the machine's watchdog from the loop: a loop that is stuck does not.
type guard struct {
	asked time.Duration // as armed; see engine.WatchdogAsked
	armed bool
	every time.Duration
	next  time.Duration // when it wants food
	hurt  bool          // it is known that it cannot be armed
}

// feedings is how often it is fed in the time of its timeout.
const feedings = 4

// prepareWatchdog arms the watchdog of a node that starts, or tells why it cannot run.
func (l *Loop) prepareWatchdog() error {
	if err := l.engine.CheckWatchdog(); err != nil {
		return err
	}
	return l.armWatchdog()
}

func (l *Loop) armWatchdog() error {
	l.guard.asked = l.engine.WatchdogAsked()
	if l.guard.asked == 0 {
		if l.guard.armed {
			l.host.Disarm()
		}
		l.guard = guard{}
		return nil
	}
	w := l.engine.Watchdog(l.host.Now())
	if w.Err != nil {
		return w.Err
	}
	if err := l.engine.CheckWatchdog(); err != nil {
		return err
	}
	if err := l.host.Arm(w.Timeout, w.Pretimeout); err != nil {
		return err
	}
	l.guard.armed, l.guard.every, l.guard.next = true, w.Timeout/feedings, l.host.Now()
	return nil
}

// watchdog feeds the watchdog if the node may live; where it cannot be armed the
// node leaves, for the others would count on it.
func (l *Loop) watchdog() {
	if l.exit != "" {
		return
	}
	if l.engine.WatchdogAsked() != l.guard.asked {
		if err := l.armWatchdog(); err != nil && !l.guard.hurt {
			l.guard.hurt = true
			l.log.Error("this node leaves the cluster: its watchdog cannot be used", "error", err)
			l.engineIn(engine.Trouble{Alarm: engine.Alarm{Kind: "watchdog", Source: l.setup.node(), Text: err.Error(), Remedy: "see the text; then start the node again"}})
			l.engineIn(engine.Shutdown{})
		}
	}
	now := l.host.Now()
	if !l.guard.armed || l.guard.next > now && !l.starved {
		return // a starved one is fed as soon as it may be
	}
	l.guard.next = now + l.guard.every
	switch w := l.engine.Watchdog(now); {
	case w.Live:
		l.host.Feed(w.Stakes)
		l.hungry(false, w)
	case w.Overdue:
		l.host.Panic("the watchdog was left alone for too long: others may have taken over what ran here", true)
	default:
		l.hungry(true, w)
	}
}

// hungry logs that the watchdog is not fed any more, or fed again.
func (l *Loop) hungry(is bool, w engine.Watchdog) {
	if is == l.starved {
		return
	}
	l.starved = is
	if is {
		l.log.Error(fmt.Sprintf("the watchdog is not fed: this machine is reset in at most %v unless quorum returns", w.Timeout), "event", "watchdog")
		return
	}
	l.log.Info("the watchdog is fed again", "event", "watchdog")
}

// wakeWatchdog is when the watchdog wants food; 0: never.
func (l *Loop) wakeWatchdog() time.Duration {
	if !l.guard.armed {
		return 0
	}
	return l.guard.next
}

// release disarms the watchdog of a node that ends and has left nothing to be taken over.
func (l *Loop) release(clean bool) {
	if l.guard.armed && (clean || !l.engine.Watchdog(l.host.Now()).Stakes) {
		l.host.Disarm()
		l.guard = guard{}
	}
}
