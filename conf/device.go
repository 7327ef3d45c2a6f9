package conf

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/member"
)

// Device is the quorum.device section (corosync-qdevice(8)).
type Device struct {
	Model       string
	Votes       int           // in effect: 0 only if the file says so
	Timeout     time.Duration // 0: it follows from token, see Config.Heartbeat
	SyncTimeout time.Duration
	Net         Net
	Heuristics  Heuristics
	votesSet    bool
}

// Net is the net section of the device.
type Net struct {
	Host           string
	Port           int
	Algorithm      string // ffsplit, lms
	TieBreaker     string // lowest, highest or a node id
	TLS            string // on, off, required
	ConnectTimeout time.Duration
	IPVersion      int  // 4, 6; 0: any
	ForgetActive   bool // keep_active_partition_tie_breaker: off
	// Fingerprint is the SHA-256 of the certificate of a witness that knows this
	// cluster by its key ("mainstay witness join" writes it).
	Fingerprint string
}

// Heuristics is the heuristics section of the device.
type Heuristics struct {
	Mode        string // off, sync, on
	Timeout     time.Duration
	SyncTimeout time.Duration
	Interval    time.Duration
	Exec        []Exec // by name
}

// Exec is a command by which a node checks itself.
type Exec struct{ Name, Command string }

// Limits and defaults of the device, as its manual page has them.
const (
	leastHeartbeat = time.Second
	mostHeartbeat  = 2 * time.Minute
	defaultSync    = 30 * time.Second
	defaultPort    = 5403
)

func newDevice() *Device {
	return &Device{SyncTimeout: defaultSync, Net: Net{Port: defaultPort, Algorithm: "ffsplit", TieBreaker: "lowest", TLS: "on"}, Heuristics: Heuristics{Mode: "off"}}
}

// Heartbeat is how often the arbiter wants to hear from a node; it gives a node up
// after one and a half. It is 0.8 times timeout if the file sets that, as the peer
// has it. By default it is as short as arbiters take, but longer than token: a
// member that freezes must be out of the view before its vote can go to others.
func (c *Config) Heartbeat() time.Duration {
	d := c.Totem.Token * 6 / 5
	if q := c.Quorum.Device; q != nil && q.Timeout > 0 {
		d = q.Timeout * 4 / 5
	}
	return min(max(d, leastHeartbeat), mostHeartbeat)
}

// deviceKeys are the keys of quorum.device (corosync-qdevice(8)).
func deviceKeys() []spec[Device] {
	return []spec[Device]{
		{name: "model", kind: word, words: []string{"net"}, what: "how the device is asked: at a host in the network",
			set: func(d *Device, v value) { d.Model = v.text }, get: func(d *Device) (string, string) { return d.Model, "" }},
		{name: "votes", kind: number, hi: 100_000, what: "votes of the device",
			set: func(d *Device, v value) { d.Votes, d.votesSet = v.n, true },
			get: func(d *Device) (string, string) {
				if d.Net.Algorithm == "lms" {
					return strconv.Itoa(d.Votes), "one less than the nodes have"
				}
				return strconv.Itoa(d.Votes), "what ffsplit needs"
			}},
		{name: "timeout", kind: millis, lo: 1, hi: mostToken, what: "the arbiter hears from the node every 0.8 times that",
			set: func(d *Device, v value) { d.Timeout = v.d },
			get: func(d *Device) (string, string) {
				if d.Timeout == 0 {
					return "adaptive", "1.2 * token, at least 1000, between two heartbeats"
				}
				return ms(d.Timeout), ""
			}},
		{name: "sync_timeout", kind: millis, lo: 1, hi: mostToken, what: "how long a new view waits for the device's vote where that decides",
			set: func(d *Device, v value) { d.SyncTimeout = v.d }, get: func(d *Device) (string, string) { return ms(d.SyncTimeout), "" }},
		gone[Device]("master_wins", "it belongs to quorum disks (cman)"),
	}
}

// netKeys are the keys of quorum.device.net.
func netKeys() []spec[Net] {
	return []spec[Net]{
		{name: "host", what: "the arbiter: a host with corosync-qnetd or \"mainstay witness\"",
			set: func(n *Net, v value) { n.Host = v.text }, get: func(n *Net) (string, string) { return n.Host, "" }},
		{name: "port", kind: number, lo: 1, hi: 65535, what: "its TCP port",
			set: func(n *Net, v value) { n.Port = v.n }, get: func(n *Net) (string, string) { return strconv.Itoa(n.Port), "" }},
		{name: "algorithm", kind: word, words: []string{"ffsplit", "lms"}, what: "who gets the vote: the larger half, or the last one that is there",
			set: func(n *Net, v value) { n.Algorithm = v.text }, get: func(n *Net) (string, string) { return n.Algorithm, "" }},
		{name: "tie_breaker", what: "who gets it of equal parts: the one with the lowest or the highest node id, or with a certain one",
			set: func(n *Net, v value) { n.TieBreaker = v.text }, get: func(n *Net) (string, string) { return n.TieBreaker, "" }},
		{name: "tls", kind: word, words: []string{"on", "off", "required"}, what: "TLS to the arbiter: where it offers it and there is a certificate, never, or always",
			set: func(n *Net, v value) { n.TLS = v.text }, get: func(n *Net) (string, string) { return n.TLS, "" }},
		{name: "connect_timeout", kind: millis, lo: 1000, hi: 120_000, what: "ms in which the arbiter has to answer",
			set: func(n *Net, v value) { n.ConnectTimeout = v.d },
			get: func(n *Net) (string, string) { return orDefault(n.ConnectTimeout, 8*time.Second, "") }},
		{name: "force_ip_version", kind: word, words: []string{"0", "4", "6"}, what: "which addresses of the host are used; 0 is any",
			set: func(n *Net, v value) { n.IPVersion, _ = strconv.Atoi(v.text) },
			get: func(n *Net) (string, string) { return strconv.Itoa(n.IPVersion), "" }},
		{name: "keep_active_partition_tie_breaker", kind: yesNo, what: "of equal parts the one that had the vote before is preferred",
			set: func(n *Net, v value) { n.ForgetActive = !v.yes }, get: func(n *Net) (string, string) { return yes(!n.ForgetActive), "" }},
		{name: "fingerprint", what: "SHA-256 of the certificate of a Mainstay witness, which knows this cluster by its key",
			set: func(n *Net, v value) { n.Fingerprint = v.text }, get: func(n *Net) (string, string) { return n.Fingerprint, "" }},
	}
}

// heuristicsKeys are the keys of quorum.device.heuristics, beside exec_NAME.
func heuristicsKeys() []spec[Heuristics] {
	return []spec[Heuristics]{
		{name: "mode", kind: word, words: []string{"off", "sync", "on"}, what: "when the node checks itself: never, when the view changes, or regularly too",
			set: func(h *Heuristics, v value) { h.Mode = v.text }, get: func(h *Heuristics) (string, string) { return h.Mode, "" }},
		{name: "timeout", kind: millis, lo: 1000, hi: 120_000, what: "ms in which regular checks have to succeed",
			set: func(h *Heuristics, v value) { h.Timeout = v.d },
			get: func(h *Heuristics) (string, string) { return orDefault(h.Timeout, 5*time.Second, "") }},
		{name: "sync_timeout", kind: millis, lo: 1000, hi: 120_000, what: "the same when the view changed",
			set: func(h *Heuristics, v value) { h.SyncTimeout = v.d },
			get: func(h *Heuristics) (string, string) { return orDefault(h.SyncTimeout, 15*time.Second, "") }},
		{name: "interval", kind: millis, lo: 1000, hi: 3_600_000, what: "ms between two regular checks",
			set: func(h *Heuristics, v value) { h.Interval = v.d },
			get: func(h *Heuristics) (string, string) { return orDefault(h.Interval, 30*time.Second, "") }},
	}
}

// device reads the section.
func (b *builder) device(s *section, d *Device) {
	b.deviceLine = s.line
	read(b, s, "quorum.device", deviceKeys(), d)
	for _, sub := range s.subs {
		switch sub.name {
		case "net":
			read(b, sub, "quorum.device.net", netKeys(), &d.Net)
		case "heuristics":
			b.heuristics(sub, &d.Heuristics)
		default:
			b.strange(sub, "quorum.device", []string{"net", "heuristics"})
		}
	}
	if d.Model == "" {
		b.say(s.line, Error, "quorum.device.model", "write model: net", "the device has no model")
	}
	if d.Model == "net" && d.Net.Host == "" {
		b.say(s.line, Error, "quorum.device.net.host", "add net { host: ADDRESS } to the device section", "the device's host is not named")
	}
}

func (b *builder) heuristics(s *section, h *Heuristics) {
	rest := *s
	rest.keys = nil
	for _, e := range s.keys {
		name, ok := strings.CutPrefix(e.name, "exec_")
		switch {
		case !ok:
			rest.keys = append(rest.keys, e)
		case e.value == "":
			b.say(e.line, Error, "quorum.device.heuristics."+e.name, "write a command with its path, or remove the key", "the value is missing")
		default:
			b.lines["quorum.device.heuristics."+e.name] = e.line
			h.Exec = slices.DeleteFunc(h.Exec, func(x Exec) bool { return x.Name == name })
			h.Exec = append(h.Exec, Exec{name, e.value})
		}
	}
	slices.SortFunc(h.Exec, func(x, y Exec) int { return strings.Compare(x.Name, y.Name) })
	read(b, &rest, "quorum.device.heuristics", heuristicsKeys(), h)
	if h.Mode != "off" && len(h.Exec) == 0 {
		b.say(s.line, Warning, "quorum.device.heuristics.mode", "add exec_NAME: COMMAND, or remove the section", "there is no command to check with")
	}
}

// checkDevice looks for settings of the device that contradict each other or the
// rest of the file, and fills in its votes.
func (b *builder) checkDevice(sum int, uneven bool) {
	d := b.c.Quorum.Device
	lms := d.Net.Algorithm == "lms"
	most := max(sum-1, 1)
	line := func(key string) int { return max(b.lines["quorum.device."+key], b.deviceLine) }
	if !d.votesSet {
		d.Votes = 1
		if lms {
			d.Votes = most
		}
	}
	switch {
	case b.c.Totem.ClusterName == "":
		b.say(b.deviceLine, Error, "totem.cluster_name", "add cluster_name to the totem section", "a quorum device tells clusters by their names, and this one has none")
	case !lms && uneven:
		b.say(line("net.algorithm"), Error, "quorum.device.net.algorithm", "give each node one vote, or write algorithm: lms", "ffsplit needs nodes with one vote each")
	case !lms && d.Votes != 1:
		b.say(line("votes"), Error, "quorum.device.votes", "write votes: 1", "ffsplit needs a device with one vote")
	case lms && d.Votes != most:
		b.say(line("votes"), Warning, "quorum.device.votes", "remove it: it follows from the nodes' votes", "with lms the device needs %d votes for the last node to go on", most)
	}
	if t := d.Net.TieBreaker; t != "lowest" && t != "highest" {
		id, err := member.ParseNodeID(t)
		if _, known := b.c.Node(id); err != nil || !known {
			b.say(line("net.tie_breaker"), Error, "quorum.device.net.tie_breaker", "write lowest, highest, or a node id of the nodelist", "%q is not a node id of the nodelist", t)
		}
	}
	if beat := b.c.Heartbeat(); beat*5/6 < b.c.Totem.Token {
		b.say(line("timeout"), Warning, "quorum.device.timeout", "remove it: it follows from token",
			"a heartbeat of %v is short for a token of %v: the vote of a member that freezes may go to others while it is still counted", beat, b.c.Totem.Token)
	}
	if f := d.Net.Fingerprint; f != "" && !isFingerprint(f) {
		b.say(line("net.fingerprint"), Error, "quorum.device.net.fingerprint", "copy it from \"mainstay witness status\"", "%q is not a SHA-256 in hexadecimal", f)
	}
}

func isFingerprint(s string) bool {
	s = strings.ReplaceAll(s, ":", "")
	return len(s) == 64 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// formatDevice writes the section.
func (c *Config) formatDevice(w *writer) {
	d := c.Quorum.Device
	if d == nil {
		return
	}
	w.open("device")
	w.text("model", d.Model)
	if d.votesSet {
		w.text("votes", strconv.Itoa(d.Votes))
	}
	w.millis("timeout", d.Timeout)
	w.text("sync_timeout", ms(d.SyncTimeout))
	w.open("net")
	for _, k := range netKeys() {
		if v, from := k.get(&d.Net); v != "" && from == "" {
			w.text(k.name, v)
		}
	}
	w.close()
	w.section("heuristics", func() {
		h := d.Heuristics
		if h.Mode != "off" {
			w.text("mode", h.Mode)
		}
		w.millis("timeout", h.Timeout)
		w.millis("sync_timeout", h.SyncTimeout)
		w.millis("interval", h.Interval)
		for _, x := range h.Exec {
			w.text("exec_"+x.Name, x.Command)
		}
	})
	w.close()
}
