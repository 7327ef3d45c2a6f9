package sim

import "time"

// clock is a machine's monotonic clock: it may run fast or slow, and it stands
// still while the whole machine is paused from outside.
type clock struct {
	base  time.Duration // what it showed at mark
	mark  time.Duration // in true time
	rate  float64       // seconds that it shows per true second; 0: it stands
	drift float64       // the rate when it does not stand
}

func newClock() clock { return clock{rate: 1, drift: 1} }

// now is what the clock shows at a true time.
func (c *clock) now(t time.Duration) time.Duration {
	if c.rate == 1 {
		return c.base + t - c.mark
	}
	return c.base + time.Duration(float64(t-c.mark)*c.rate)
}

// at is the true time at which the clock will show at least a time.
func (c *clock) at(shown time.Duration) time.Duration {
	if c.rate == 1 || c.rate == 0 {
		return shown - c.base + c.mark
	}
	at := c.mark + time.Duration(float64(shown-c.base)/c.rate)
	for c.now(at) < shown {
		at += max(1, shown-c.now(at))
	}
	return at
}

// set changes the rate from a true time on.
func (c *clock) set(t time.Duration, rate float64) {
	c.base, c.mark, c.rate = c.now(t), t, rate
}

func (c *clock) stop(t time.Duration) { c.set(t, 0) }

func (c *clock) resume(t time.Duration) {
	if c.rate != c.drift {
		c.set(t, c.drift)
	}
}

// run makes the clock show rate seconds per true second.
func (c *clock) run(t time.Duration, rate float64) {
	c.drift = rate
	if c.rate != 0 {
		c.set(t, rate)
	}
}
