package conf

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/member"
)

// nodeKeys are the keys of nodelist.node; ringX_addr is read elsewhere.
func nodeKeys() []spec[Node] {
	return []spec[Node]{
		{name: "nodeid", what: "number of the node", set: func(*Node, value) {}, get: func(n *Node) (string, string) { return n.ID.String(), "its place in the list" }},
		{name: "name", what: "name of the node, as its host name is",
			set: func(n *Node, v value) { n.Name = v.text }, get: func(n *Node) (string, string) { return n.Name, "its address" }},
		{name: "quorum_votes", kind: number, hi: 1000, what: "votes of the node",
			set: func(n *Node, v value) { n.Votes = v.n }, get: func(n *Node) (string, string) { return strconv.Itoa(n.Votes), "" }},
	}
}

// quorumKeys are the keys of the quorum section (votequorum(5)).
func quorumKeys() []spec[Quorum] {
	return []spec[Quorum]{
		{name: "provider", what: "quorum is the majority of votes",
			set: func(*Quorum, value) {}, get: func(q *Quorum) (string, string) { return q.Provider, "" }},
		{name: "expected_votes", kind: number, lo: 1, hi: 100_000, what: "votes of the whole cluster",
			set: func(q *Quorum, v value) { q.ExpectedVotes = v.n },
			get: func(q *Quorum) (string, string) {
				if q.ExpectedVotes == 0 {
					return "sum", "the votes of the nodelist"
				}
				return strconv.Itoa(q.ExpectedVotes), ""
			}},
		{name: "votes", kind: number, hi: 1000, what: "votes of nodes without quorum_votes (older form)",
			set: func(q *Quorum, v value) { q.votes = &v.n }, get: func(*Quorum) (string, string) { return "", "" }},
		{name: "two_node", kind: yesNo, what: "one of two nodes is enough; fencing decides which",
			set: func(q *Quorum, v value) { q.TwoNode = v.yes }, get: func(q *Quorum) (string, string) { return yes(q.TwoNode), "" }},
		{name: "wait_for_all", kind: yesNo, what: "a cluster that starts needs to see all nodes once",
			set: func(q *Quorum, v value) { q.WaitForAll = &v.yes },
			get: func(q *Quorum) (string, string) {
				if q.WaitForAll == nil {
					return yes(q.TwoNode), "as two_node"
				}
				return yes(*q.WaitForAll), ""
			}},
		{name: "auto_tie_breaker", kind: yesNo, what: "of two equal halves one goes on",
			set: func(q *Quorum, v value) { q.AutoTieBreaker = v.yes }, get: func(q *Quorum) (string, string) { return yes(q.AutoTieBreaker), "" }},
		{name: "auto_tie_breaker_node", what: "whose half that is: lowest, highest, or node ids in order of preference",
			set: func(q *Quorum, v value) { q.TieBreakerNode = v.text },
			get: func(q *Quorum) (string, string) {
				if !q.AutoTieBreaker && q.TieBreakerNode == "" {
					return "", ""
				}
				if q.TieBreakerNode == "" {
					return "lowest", ""
				}
				return q.TieBreakerNode, ""
			}},
		{name: "last_man_standing", kind: yesNo, what: "after a loss that left a majority, the rest counts anew",
			set: func(q *Quorum, v value) { q.LastManStanding = v.yes }, get: func(q *Quorum) (string, string) { return yes(q.LastManStanding), "" }},
		{name: "last_man_standing_window", kind: millis, lo: 1, hi: 86_400_000, what: "… this many ms later",
			set: func(q *Quorum, v value) { q.Window = v.d }, get: func(q *Quorum) (string, string) { return ms(q.Window), "" }},
		{name: "allow_downscale", kind: yesNo, what: "nodes that leave on purpose are no longer expected",
			set: func(q *Quorum, v value) { q.AllowDownscale = v.yes }, get: func(q *Quorum) (string, string) { return yes(q.AllowDownscale), "" }},
		{name: "expected_votes_tracking", kind: yesNo, what: "the highest expected votes ever seen are kept on disk",
			set: func(q *Quorum, v value) { q.ExpectedTracking = v.yes },
			get: func(q *Quorum) (string, string) {
				if q.AllowDownscale && !q.ExpectedTracking {
					return "yes", "allow_downscale"
				}
				return yes(q.ExpectedTracking), ""
			}},
	}
}

// loggingKeys are the keys of the logging section.
func loggingKeys() []spec[Logging] {
	const structured = "every line is structured and carries its time"
	return []spec[Logging]{
		{name: "to_logfile", kind: yesNo, what: "lines go to logfile",
			set: func(l *Logging, v value) { l.ToFile = v.yes }, get: func(l *Logging) (string, string) { return yes(l.ToFile), "" }},
		{name: "logfile", what: "where they go",
			set: func(l *Logging, v value) { l.File = v.text }, get: func(l *Logging) (string, string) { return l.File, "" }},
		{name: "to_syslog", kind: yesNo, what: "lines go to the system log",
			set: func(l *Logging, v value) { l.ToSyslog = v.yes }, get: func(l *Logging) (string, string) { return yes(l.ToSyslog), "" }},
		{name: "to_stderr", kind: yesNo, what: "lines go to standard error, so to the journal under systemd",
			set: func(l *Logging, v value) { l.ToStderr = v.yes }, get: func(l *Logging) (string, string) { return yes(l.ToStderr), "" }},
		{name: "debug", kind: word, words: []string{"on", "off", "trace", "yes", "no", "1", "0", "true", "false"}, what: "lines of level debug are written too",
			set: func(l *Logging, v value) {
				l.Debug = slices.Contains([]string{"on", "trace", "yes", "1", "true"}, v.text)
			}, get: func(l *Logging) (string, string) { return yes(l.Debug), "" }},
		gone[Logging]("timestamp", structured),
		gone[Logging]("fileline", structured),
		gone[Logging]("function_name", structured),
		gone[Logging]("tags", structured),
		gone[Logging]("blackbox", "the history of transitions and the system log are kept"),
		gone[Logging]("syslog_facility", "the facility is daemon"),
		gone[Logging]("syslog_priority", "each line has its own level; see debug"),
		gone[Logging]("logfile_priority", "each line has its own level; see debug"),
	}
}

// systemKeys are the keys of the system section.
func systemKeys() []spec[System] {
	return []spec[System]{
		{name: "engine", kind: word, words: []string{"ring", "corosync"}, what: "who does membership and messages: the built-in ring, or an installed Corosync",
			set: func(s *System, v value) { s.engine = v.text }, get: func(s *System) (string, string) { return either2(s.engine, "ring"), "" }},
		{name: "sched_rr", kind: word, words: []string{"yes", "no", "maybe"}, what: "realtime scheduling, so that a busy machine is not taken for a dead one",
			set: func(s *System, v value) { s.SchedRR = v.text }, get: func(s *System) (string, string) { return either2(s.SchedRR, "yes"), "" }},
		{name: "priority", what: "priority as of nice(1): max, min or a number; if sched_rr is no",
			set: func(s *System, v value) { s.Priority = v.text }, get: func(s *System) (string, string) { return s.Priority, "" }},
		gone[System]("state_dir", "state is kept in /var/lib/mainstay; \"mainstay run --state\" changes that"),
		gone[System]("move_to_root_cgroup", "the daemon stays in the control group of its unit"),
		gone[System]("qb_ipc_type", "clients speak HTTP over a Unix socket"),
		gone[System]("allow_knet_handle_fallback", "links need no privileges"),
	}
}

// watchdogKeys are the keys of the resources section.
func watchdogKeys() []spec[Watchdog] {
	secs := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return strconv.Itoa(int(d / time.Second))
	}
	return []spec[Watchdog]{
		{name: "watchdog_device", what: "the device that resets this machine when the daemon does not feed it; unset: /dev/watchdog, if the cluster option stonith-watchdog-timeout is set; off: none",
			set: func(w *Watchdog, v value) { w.Device = v.text }, get: func(w *Watchdog) (string, string) { return w.Device, "" }},
		{name: "watchdog_timeout", kind: number, lo: 1, hi: 120, what: "seconds without food until the reset; unset: as stonith-watchdog-timeout and token allow, else 6",
			set: func(w *Watchdog, v value) { w.Timeout = time.Duration(v.n) * time.Second }, get: func(w *Watchdog) (string, string) { return secs(w.Timeout), "" }},
		{name: "watchdog_pretimeout", kind: number, lo: 0, hi: 119, what: "so many seconds before the reset the kernel does what its pretimeout governor says (a crash dump)",
			set: func(w *Watchdog, v value) { w.Pretimeout = time.Duration(v.n) * time.Second }, get: func(w *Watchdog) (string, string) { return secs(w.Pretimeout), "" }},
	}
}

func either2(s, def string) string {
	if s != "" {
		return s
	}
	return def
}

// retired explains the sections that have no meaning here.
var retired = map[string]string{
	"service": "Corosync 1 started Pacemaker by it; the daemon here is both",
	"amf":     "the Availability Management Framework is gone since Corosync 2",
	"aisexec": "the daemon runs as root, as its agents need",
	"uidgid":  "access is by the group of the API socket and by ACLs",
	"nozzle":  "a network device over the links is not offered; use a tunnel of the system's",
	"event":   "the event service is gone since Corosync 2",
	"cluster": "it belongs to cman",
}

// sectionNames are the sections at the top of a file.
var sectionNames = []string{"totem", "nodelist", "quorum", "logging", "system", "service", "amf", "aisexec", "uidgid", "resources", "nozzle"}

func (b *builder) totem(s *section) {
	b.deprecated(s)
	read(b, s, "totem", totemKeys(), &b.c.Totem)
	if line, old := b.lines["totem.rrp_mode"]; old && b.lines["totem.link_mode"] == 0 {
		b.lines["totem.link_mode"] = line
	}
	for _, sub := range s.subs {
		if sub.name == "interface" {
			b.iface(sub)
			continue
		}
		b.strange(sub, "totem", []string{"interface"})
	}
}

// deprecated looks at keys whose meaning depends on others.
func (b *builder) deprecated(s *section) {
	values := map[string]entry{}
	for _, e := range s.keys {
		values[e.name] = e
	}
	if e, ok := values["transport"]; ok && e.value != "knet" {
		b.say(e.line, Warning, "totem.transport", "write knet or remove it", "links are unicast and encrypted whatever the transport; %q is read as knet", e.value)
	}
	cipher, has := values["crypto_cipher"]
	if !has {
		return
	}
	off := cipher.value == "none"
	_, sec := values["secauth"]
	switch {
	case off && !sec:
		b.say(cipher.line, Warning, "totem.crypto_cipher", `write "secauth: off" if packets are not to be protected`, "packets are protected all the same")
		return
	case !off && sec:
		b.cipher = true // it overrides secauth
	}
	b.say(cipher.line, Info, "totem.crypto_cipher", "it can be removed", "not needed: the cipher is always AES-256-GCM; only \"secauth: off\" switches it off")
}

func (b *builder) iface(s *section) {
	f := Interface{Link: b.ifaces}
	b.ifaces++
	for _, e := range s.keys { // the path needs the link's number
		if n, err := strconv.Atoi(e.value); err == nil && (e.name == "linknumber" || e.name == "ringnumber") {
			f.Link = n
		}
	}
	path := "totem.interface"
	at := len(b.problems)
	lines := b.lines
	b.lines = map[string]int{}
	read(b, s, path, interfaceKeys(), &f)
	for _, k := range interfaceKeys() {
		if line, ok := b.lines[path+"."+k.name]; ok {
			lines[path+"."+strconv.Itoa(f.Link)+"."+k.name] = line
		}
	}
	b.lines = lines
	b.memberSections(s, f.Link)
	if Failed(b.problems[at:]) {
		return
	}
	if _, twice := b.c.Totem.Interfaces[f.Link]; twice {
		b.say(s.line, Error, path+".linknumber", "number each interface section differently", "link %d is described twice", f.Link)
	}
	if f.BindNet != "" {
		b.bound = append(b.bound, bound{f, b.lines[path+"."+strconv.Itoa(f.Link)+".bindnetaddr"]})
	}
	b.c.Totem.Interfaces[f.Link] = f
}

func (b *builder) quorum(s *section) {
	q := &b.c.Quorum
	read(b, s, "quorum", quorumKeys(), q)
	for _, e := range s.keys {
		if e.name == "provider" && e.value != "corosync_votequorum" && e.value != "" {
			b.say(e.line, Warning, "quorum.provider", "write corosync_votequorum", "quorum is the majority of votes whatever the provider; %q is read as corosync_votequorum", e.value)
		}
	}
	for _, sub := range s.subs {
		if sub.name != "device" {
			b.strange(sub, "quorum", []string{"device"})
			continue
		}
		q.Device = newDevice()
		b.device(sub, q.Device)
	}
}

func (b *builder) nodelist(s *section) {
	for _, e := range s.keys {
		b.say(e.line, Warning, "nodelist."+e.name, "put it into a node section", "a key outside of a node section is ignored")
	}
	place := 0
	for _, sub := range s.subs {
		if sub.name != "node" {
			b.strange(sub, "nodelist", []string{"node"})
			continue
		}
		place++
		b.node(sub, place)
	}
}

func (b *builder) node(s *section, place int) {
	n := Node{Votes: -1}
	var rest section
	var addrs [MaxLinks]string
	count := 0
	for _, e := range s.keys {
		link, isAddr := ringAddr(e.name)
		switch {
		case isAddr && (link < 0 || link >= MaxLinks):
			b.say(e.line, Error, "nodelist.node."+e.name, "number the links from 0 to 7", "there are at most %d links", MaxLinks)
		case isAddr:
			if why := badAddr(e.value); why != "" {
				b.say(e.line, Error, "nodelist.node."+e.name, "write an IP address or a host name, without a port", "%q %s", e.value, why)
			}
			if addrs[link] == "" {
				count++
			}
			addrs[link] = e.value
			b.claimed = append(b.claimed, claim{e.value, link, e.line})
		case e.name == "nodeid":
			id, err := member.ParseNodeID(e.value)
			if err != nil {
				b.say(e.line, Error, "nodelist.node.nodeid", "give the node a number of its own", "%v", err)
			}
			n.ID = id
			rest.keys = append(rest.keys, e)
		default:
			rest.keys = append(rest.keys, e)
		}
	}
	lines := b.lines
	b.lines = map[string]int{}
	read(b, &rest, "nodelist.node", nodeKeys(), &n)
	mine := b.lines
	b.lines = lines
	for _, a := range addrs[:] {
		if a == "" {
			break
		}
		n.Addrs = append(n.Addrs, a)
	}
	b.addNode(s, n, place, count, mine)
}

// addNode completes a node from what its section says and lists it.
func (b *builder) addNode(s *section, n Node, place, count int, lines map[string]int) {
	for _, sub := range s.subs {
		b.strange(sub, "nodelist.node", nil)
	}
	switch {
	case len(n.Addrs) != count:
		b.say(s.line, Error, "nodelist.node", "number the links from ring0_addr without gaps", "the node's links are not numbered without gaps")
	case count == 0:
		b.say(s.line, Error, "nodelist.node.ring0_addr", "add ring0_addr with the node's address", "the node has no address")
	}
	if n.ID == 0 {
		n.ID = member.NodeID(place)
		if lines["nodelist.node.nodeid"] == 0 {
			b.say(s.line, Warning, "nodelist.node.nodeid", "write nodeid: "+n.ID.String(), "the node has no nodeid; its place in the list is taken")
		}
	}
	if n.Name == "" && len(n.Addrs) > 0 {
		n.Name = n.Addrs[0]
		b.say(s.line, Warning, "nodelist.node.name", "write name: HOSTNAME", "the node has no name; its address is taken")
	}
	b.nodeLines = append(b.nodeLines, placed{n.ID, n.Name, s.line})
	for _, k := range nodeKeys() {
		if l, ok := lines["nodelist.node."+k.name]; ok {
			b.lines["nodelist.node."+n.ID.String()+"."+k.name] = l
		}
	}
	b.c.Nodes = append(b.c.Nodes, n)
}

// ringAddr reads the link's number of a ringX_addr key.
func ringAddr(key string) (int, bool) {
	s, ok := strings.CutPrefix(key, "ring")
	if !ok {
		return 0, false
	}
	s, ok = strings.CutSuffix(s, "_addr")
	n, err := strconv.Atoi(s)
	return n, ok && err == nil
}

// badAddr says what is wrong with an address or host name, or "".
func badAddr(a string) string {
	if isIP(a) {
		return ""
	}
	if a == "" {
		return "is no address"
	}
	for _, r := range a {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_') {
			return "is neither an IP address nor a host name"
		}
	}
	if strings.Trim(a, "0123456789.") == "" {
		return "is not an IP address"
	}
	return ""
}

func (b *builder) logging(s *section) {
	read(b, s, "logging", loggingKeys(), &b.c.Logging)
	for _, sub := range s.subs {
		if sub.name == "logger_subsys" || sub.name == "logger" {
			b.say(sub.line, Info, "logging."+sub.name, "it can be removed", "not needed: lines are told apart by their keys")
			continue
		}
		b.strange(sub, "logging", []string{"logger_subsys"})
	}
	if l := b.c.Logging; l.ToFile && l.File == "" {
		b.say(s.line, Error, "logging.logfile", "add logfile: /var/log/mainstay.log", "to_logfile is set, but no logfile is named")
	}
}

func (b *builder) system(s *section) {
	read(b, s, "system", systemKeys(), &b.c.System)
	if e := b.c.System.engine; e != "" {
		b.c.Engine = e
		if e == "corosync" {
			b.say(b.lines["system.engine"], Info, "system.engine", "change them as its manual page says; what is set here is what it reads, if this is its file",
				"an installed Corosync does membership, messages and votes: totem, quorum and addresses in nodelist are its settings")
		}
	}
	if p := b.c.System.Priority; p != "" && p != "max" && p != "min" {
		if n, err := strconv.Atoi(p); err != nil || n < -20 || n > 19 {
			b.say(b.lines["system.priority"], Error, "system.priority", "write max, min, or a number from -20 to 19", "%q is not a priority", p)
		}
	}
}

func (b *builder) watchdog(s *section) {
	read(b, s, "resources", watchdogKeys(), &b.c.Watchdog)
	for _, sub := range s.subs {
		b.say(sub.line, Info, "resources."+sub.name, "it can be removed", "not needed: memory and load are watched by agents such as ocf:pacemaker:SysInfo")
	}
	w := b.c.Watchdog
	if w.Timeout > 0 && w.Pretimeout >= w.Timeout {
		b.say(b.lines["resources.watchdog_pretimeout"], Error, "resources.watchdog_pretimeout", "make it smaller than watchdog_timeout", "the warning has to come before the reset")
	}
}
