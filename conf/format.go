package conf

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Format writes a configuration as a file: what differs from the defaults, in
// the order of the manual page. Reading it gives the same configuration.
func (c *Config) Format() []byte {
	w := &writer{}
	c.formatTotem(w)
	if len(c.Nodes) > 0 {
		w.open("nodelist")
		for _, n := range c.Nodes {
			w.open("node")
			w.text("name", n.Name)
			w.text("nodeid", n.ID.String())
			for i, a := range n.Addrs {
				w.text(fmt.Sprintf("ring%d_addr", i), a)
			}
			if n.Votes != 1 {
				w.text("quorum_votes", strconv.Itoa(n.Votes))
			}
			w.close()
		}
		w.close()
	}
	c.formatQuorum(w)
	l := c.Logging
	w.section("logging", func() {
		w.flag("to_logfile", l.ToFile)
		w.text("logfile", l.File)
		w.flag("to_syslog", l.ToSyslog)
		w.flag("to_stderr", l.ToStderr)
		w.flag("debug", l.Debug)
	})
	w.section("system", func() {
		w.text("engine", c.System.engine)
		w.text("sched_rr", c.System.SchedRR)
		w.text("priority", c.System.Priority)
	})
	w.section("resources", func() {
		w.text("watchdog_device", c.Watchdog.Device)
		w.number("watchdog_timeout", int(c.Watchdog.Timeout/time.Second))
		w.number("watchdog_pretimeout", int(c.Watchdog.Pretimeout/time.Second))
	})
	return []byte(w.out.String())
}

func (c *Config) formatTotem(w *writer) {
	t := c.Totem
	w.open("totem")
	w.text("version", "2")
	w.text("cluster_name", t.ClusterName)
	if t.ConfigVersion != 0 {
		w.text("config_version", strconv.FormatUint(t.ConfigVersion, 10))
	}
	if !t.Encrypted {
		w.text("secauth", "off")
	}
	w.text("keyfile", t.KeyFile)
	w.text("key", t.Key)
	if t.LinkMode != "passive" {
		w.text("link_mode", t.LinkMode)
	}
	w.text("ip_version", t.IPVersion)
	w.number("netmtu", t.MTU)
	if t.TokenSet {
		token := t.Token
		if n := len(c.Nodes); n > 2 {
			token -= time.Duration(n-2) * t.TokenCoefficient
		}
		w.text("token", ms(token))
	}
	w.millis("token_coefficient", t.TokenCoefficient)
	w.millis("token_retransmit", t.TokenRetransmit)
	w.millis("hold", t.Hold)
	w.millis("join", t.Join)
	w.millis("consensus", t.Consensus)
	w.millis("merge", t.Merge)
	w.number("window_size", t.WindowSize)
	w.number("max_messages", t.MaxMessages)
	for link := range MaxLinks {
		f, ok := t.Interfaces[link]
		if !ok {
			continue
		}
		w.open("interface")
		w.text("linknumber", strconv.Itoa(link))
		w.number("mcastport", f.Port)
		w.number("knet_link_priority", f.Priority)
		w.millis("knet_ping_interval", f.PingInterval)
		w.millis("knet_ping_timeout", f.PingTimeout)
		w.number("knet_pong_count", f.PongCount)
		w.text("bindnetaddr", f.BindNet)
		w.close()
	}
	w.close()
}

func (c *Config) formatQuorum(w *writer) {
	q := c.Quorum
	w.open("quorum")
	w.text("provider", q.Provider)
	w.number("expected_votes", q.ExpectedVotes)
	if q.votes != nil {
		w.text("votes", strconv.Itoa(*q.votes))
	}
	w.flag("two_node", q.TwoNode)
	if q.WaitForAll != nil {
		w.text("wait_for_all", yes(*q.WaitForAll))
	}
	w.flag("auto_tie_breaker", q.AutoTieBreaker)
	w.text("auto_tie_breaker_node", q.TieBreakerNode)
	w.flag("last_man_standing", q.LastManStanding)
	w.text("last_man_standing_window", ms(q.Window))
	w.flag("allow_downscale", q.AllowDownscale)
	w.flag("expected_votes_tracking", q.ExpectedTracking)
	c.formatDevice(w)
	w.close()
}

// writer writes sections and keys.
type writer struct {
	out   strings.Builder
	depth int
}

func (w *writer) line(s string) {
	w.out.WriteString(strings.Repeat("\t", w.depth) + s + "\n")
}

func (w *writer) open(name string) {
	w.line(name + " {")
	w.depth++
}

func (w *writer) close() {
	w.depth--
	w.line("}")
}

// section writes a section unless nothing is in it.
func (w *writer) section(name string, body func()) {
	before := w.out.String()
	w.open(name)
	inside := w.out.Len()
	body()
	if w.out.Len() > inside {
		w.close()
		return
	}
	w.out.Reset()
	w.out.WriteString(before)
	w.depth--
}

func (w *writer) text(key, value string) {
	if value != "" {
		w.line(key + ": " + value)
	}
}

func (w *writer) flag(key string, v bool) {
	if v {
		w.text(key, "yes")
	}
}

func (w *writer) number(key string, n int) {
	if n != 0 {
		w.text(key, strconv.Itoa(n))
	}
}

func (w *writer) millis(key string, d time.Duration) {
	if d != 0 {
		w.text(key, ms(d))
	}
}
