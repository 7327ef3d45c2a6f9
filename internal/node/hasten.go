package node

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sys/unix"

	"mainstay/conf"
	"mainstay/internal/host/linux"
)

// threadsChecked is how often new threads of this process are looked for.
const threadsChecked = time.Second

// hasten has the kernel run this process before others, so that a busy machine
// is not taken for a dead one (system.sched_rr, system.priority). Go starts
// threads as it needs them; each gets its priority when it is first seen.
func hasten(ctx context.Context, c *conf.Config, log *slog.Logger) {
	roundRobin := c.System.SchedRR != "no"
	if err := linux.Hasten(roundRobin, c.System.Priority); err != nil {
		log.Warn("this process gets no priority over others", "error", err)
		return
	}
	go func() {
		var known uint64
		tick := time.NewTicker(threadsChecked)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			// The directory of threads has a link for each (proc(5)).
			var st unix.Stat_t
			if err := unix.Stat("/proc/self/task", &st); err != nil || st.Nlink == known {
				continue
			}
			known = st.Nlink
			if err := linux.Hasten(roundRobin, c.System.Priority); err != nil {
				log.Warn("a thread gets no priority over others", "error", err)
			}
		}
	}()
}
