package conf

import (
	"strings"
	"time"
)

// obsolete says what became of a key that other stacks need and this one does not.
var obsolete = map[string]string{
	"version":                             "the syntax has one version",
	"vsftype":                             "views are filtered by quorum alone",
	"rrp_mode":                            "links are used as link_mode says",
	"threads":                             "encryption needs no threads of its own",
	"clear_node_high_bit":                 "node ids are written in the nodelist",
	"nodeid":                              "node ids are written in the nodelist",
	"crypto_model":                        "AES-256-GCM is built in",
	"crypto_cipher":                       "AES-256-GCM is built in",
	"crypto_hash":                         "AES-256-GCM authenticates too",
	"token_retransmits_before_loss_const": "retransmission is derived from token; set token_retransmit to change it",
	"token_warning":                       "the worst gap is always measured and shown",
	"fail_recv_const":                     "a member that receives nothing is cut out by time",
	"seqno_unchanged_const":               "an idle token rests",
	"heartbeat_failures_allowed":          "every link is watched by heartbeats",
	"max_network_delay":                   "delays are measured",
	"miss_count_const":                    "what is missing is asked for at once",
	"send_join":                           "joins are spread by the protocol",
	"downcheck":                           "the links are watched all the time",
	"knet_compression_model":              "messages are not compressed on the wire",
	"knet_compression_threshold":          "messages are not compressed on the wire",
	"knet_compression_level":              "messages are not compressed on the wire",
	"knet_pmtud_interval":                 "packets fit every Ethernet",
	"block_unlisted_ips":                  "packets that are not authentic are always dropped",
	"cancel_token_hold_on_retransmit":     "an idle token moves as soon as there is work",
	"ip_dscp":                             "packets carry no DSCP mark",
}

func (b *builder) totem(s *section) {
	t := &b.c.Totem
	for _, e := range s.keys {
		b.unit = "totem"
		switch e.name {
		case "cluster_name":
			t.ClusterName = e.value
		case "config_version":
			t.ConfigVersion = uint64(b.number(e))
		case "transport":
			if e.value != "knet" {
				b.say(e.line, Warning, "totem.transport", "write knet or remove it", "links are unicast and encrypted whatever the transport; %q is read as knet", e.value)
			}
		case "token":
			t.Token, t.TokenSet = b.millis(e), true
		case "token_coefficient":
			t.TokenCoefficient = b.millis(e)
		case "token_retransmit":
			t.TokenRetransmit = b.millis(e)
		case "hold":
			t.Hold = b.millis(e)
		case "join":
			t.Join = b.millis(e)
		case "consensus":
			t.Consensus = b.millis(e)
		case "merge":
			t.Merge = b.millis(e)
		case "window_size":
			t.WindowSize = b.number(e)
		case "max_messages":
			t.MaxMessages = b.number(e)
		case "netmtu", "knet_mtu":
			t.MTU = b.number(e)
		case "secauth":
			t.Encrypted = b.yes(e)
		case "keyfile":
			t.KeyFile = e.value
		case "link_mode":
			b.linkMode(e)
		case "ip_version":
			t.IPVersion = e.value
		default:
			b.oldTotem(e)
		}
	}
	for i, sub := range s.subs {
		if sub.name == "interface" {
			b.iface(sub, i)
			continue
		}
		b.say(sub.line, Warning, "totem."+sub.name, near(sub.name, []string{"interface"}), "this section is not known and is ignored")
	}
}

func (b *builder) linkMode(e entry) {
	switch e.value {
	case "passive", "active", "rr":
		b.c.Totem.LinkMode = e.value
	default:
		b.say(e.line, Error, "totem.link_mode", "write passive, active or rr", "%q is not a link mode", e.value)
	}
}

func (b *builder) oldTotem(e entry) {
	if why, ok := obsolete[e.name]; ok {
		sev := Info
		if e.name == "crypto_cipher" && e.value == "none" {
			why += `; to switch encryption off, write "secauth: off"`
			sev = Warning
		}
		b.say(e.line, sev, "totem."+e.name, "it can be removed", "not needed: %s", why)
		return
	}
	b.unknown(e, []string{"cluster_name", "config_version", "token", "token_coefficient", "token_retransmit", "hold", "join",
		"consensus", "merge", "window_size", "max_messages", "netmtu", "knet_mtu", "secauth", "keyfile", "link_mode", "ip_version", "transport"})
}

func (b *builder) iface(s *section, at int) {
	b.unit = "totem.interface"
	f := Interface{Link: at}
	for _, e := range s.keys {
		switch e.name {
		case "linknumber", "ringnumber":
			f.Link = b.number(e)
		case "mcastport":
			f.Port = b.number(e)
		case "bindnetaddr":
			b.bound = append(b.bound, e)
		case "knet_link_priority":
			f.Priority = b.number(e)
		case "knet_ping_interval":
			f.PingInterval = b.millis(e)
		case "knet_ping_timeout":
			f.PingTimeout = b.millis(e)
		case "knet_pong_count":
			f.PongCount = b.number(e)
		case "mcastaddr", "broadcast", "ttl", "knet_transport", "knet_ping_precision":
			b.say(e.line, Info, b.unit+"."+e.name, "it can be removed", "not needed: nodes speak to each other by unicast UDP")
		default:
			b.unknown(e, []string{"linknumber", "mcastport", "knet_link_priority", "knet_ping_interval", "knet_ping_timeout", "knet_pong_count"})
		}
	}
	if _, twice := b.c.Totem.Interfaces[f.Link]; twice {
		b.say(s.line, Error, "totem.interface.linknumber", "number each interface section differently", "link %d is described twice", f.Link)
	}
	b.c.Totem.Interfaces[f.Link] = f
}

func (b *builder) quorum(s *section) {
	q := &b.c.Quorum
	for _, e := range s.keys {
		b.unit = "quorum"
		switch e.name {
		case "provider":
			if e.value != "corosync_votequorum" && e.value != "" {
				b.say(e.line, Error, "quorum.provider", "write corosync_votequorum", "%q is not a provider", e.value)
			}
		case "expected_votes":
			q.ExpectedVotes = b.number(e)
		case "two_node":
			q.TwoNode = b.yes(e)
		case "wait_for_all":
			v := b.yes(e)
			q.WaitForAll = &v
		case "auto_tie_breaker":
			q.AutoTieBreaker = b.yes(e)
		case "auto_tie_breaker_node":
			q.TieBreakerNode = e.value
		case "last_man_standing":
			q.LastManStanding = b.yes(e)
		case "last_man_standing_window":
			q.Window = b.millis(e)
		case "allow_downscale":
			q.AllowDownscale = b.yes(e)
		case "expected_votes_tracking":
			q.ExpectedTracking = b.yes(e)
		default:
			b.unknown(e, []string{"provider", "expected_votes", "two_node", "wait_for_all", "auto_tie_breaker", "auto_tie_breaker_node",
				"last_man_standing", "last_man_standing_window", "allow_downscale", "expected_votes_tracking"})
		}
	}
	for _, sub := range s.subs {
		if sub.name == "device" {
			b.device(sub)
			continue
		}
		b.say(sub.line, Warning, "quorum."+sub.name, near(sub.name, []string{"device"}), "this section is not known and is ignored")
	}
}

func (b *builder) device(s *section) {
	b.unit = "quorum.device"
	d := &Device{Votes: 1, Timeout: 10 * time.Second, SyncTimeout: 30 * time.Second, Net: map[string]string{}, Heuristics: map[string]string{}}
	b.c.Quorum.Device = d
	for _, e := range s.keys {
		switch e.name {
		case "model":
			d.Model = e.value
		case "votes":
			d.Votes = b.number(e)
		case "timeout":
			d.Timeout = b.millis(e)
		case "sync_timeout":
			d.SyncTimeout = b.millis(e)
		default:
			b.unknown(e, []string{"model", "votes", "timeout", "sync_timeout"})
		}
	}
	for _, sub := range s.subs {
		into := map[string]map[string]string{"net": d.Net, "heuristics": d.Heuristics}[sub.name]
		for _, e := range sub.keys {
			if into != nil {
				into[e.name] = e.value
			}
		}
	}
	b.say(s.line, Warning, "quorum.device", "the cluster decides by its own votes until then", "a quorum device is not asked by this version")
}

func (b *builder) logging(s *section) {
	l := &b.c.Logging
	for _, e := range s.keys {
		b.unit = "logging"
		switch e.name {
		case "to_logfile":
			l.ToFile = b.yes(e)
		case "logfile":
			l.File = e.value
		case "to_syslog":
			l.ToSyslog = b.yes(e)
		case "to_stderr":
			l.ToStderr = b.yes(e)
		case "debug":
			l.Debug = e.value == "trace" || b.yes(e)
		case "timestamp", "fileline", "function_name", "blackbox", "syslog_facility", "syslog_priority", "logfile_priority", "tags":
			b.say(e.line, Info, "logging."+e.name, "it can be removed", "not needed: every line is structured and carries its time")
		default:
			b.unknown(e, []string{"to_logfile", "logfile", "to_syslog", "to_stderr", "debug", "timestamp"})
		}
	}
	for _, sub := range s.subs {
		b.say(sub.line, Info, "logging."+sub.name, "it can be removed", "not needed: lines are told apart by their keys")
	}
}

func (b *builder) system(s *section) {
	for _, e := range s.keys {
		b.unit = "system"
		switch e.name {
		case "engine":
			if e.value != "ring" {
				b.say(e.line, Error, "system.engine", "write ring or remove it", "%q is not an engine that this version has", e.value)
			}
			b.c.Engine = e.value
		case "sched_rr":
			b.c.System.SchedRR = strings.ToLower(e.value)
		case "priority":
			b.c.System.Priority = e.value
		case "state_dir":
			b.c.System.StateDir = e.value
		case "move_to_root_cgroup", "qb_ipc_type", "allow_knet_handle_fallback":
			b.say(e.line, Info, "system."+e.name, "it can be removed", "not needed here")
		default:
			b.unknown(e, []string{"engine", "sched_rr", "priority", "state_dir"})
		}
	}
}
