package conf

import (
	"slices"
	"strconv"
	"time"
)

// Limits of the totem section, in milliseconds.
const (
	leastToken = 20
	mostToken  = 600_000
)

// orDefault is a duration in effect: what is set, or a default and where it comes from.
func orDefault(d, def time.Duration, from string) (string, string) {
	if d > 0 {
		return ms(d), ""
	}
	return ms(def), from
}

// totemKeys are the keys of the totem section (corosync.conf(5)).
func totemKeys() []spec[Totem] {
	return slices.Concat(identityKeys(), linkKeys(), timeKeys(), goneKeys())
}

// identityKeys are about who may speak.
func identityKeys() []spec[Totem] {
	return []spec[Totem]{
		{name: "version", kind: number, lo: 2, hi: 2, what: "version of the syntax; there is one",
			set: func(*Totem, value) {}, get: func(*Totem) (string, string) { return "2", "" }},
		{name: "cluster_name", what: "name of the cluster; nodes of another name are not understood",
			set: func(t *Totem, v value) { t.ClusterName = v.text }, get: func(t *Totem) (string, string) { return t.ClusterName, "" }},
		{name: "config_version", kind: number, what: "version of this file, for people and tools",
			set: func(t *Totem, v value) { t.ConfigVersion = uint64(v.n) },
			get: func(t *Totem) (string, string) { return strconv.FormatUint(t.ConfigVersion, 10), "" }},
		{name: "transport", what: "how packets travel: always unicast UDP on all links",
			set: func(*Totem, value) {}, get: func(t *Totem) (string, string) { return t.Transport, "" }},
		{name: "secauth", kind: yesNo, what: "packets are protected with AES-256-GCM unless this says off",
			set: func(t *Totem, v value) { t.Encrypted = v.yes }, get: func(t *Totem) (string, string) { return yes(t.Encrypted), "" }},
		{name: "keyfile", what: "the cluster key, the same on all nodes",
			set: func(t *Totem, v value) { t.KeyFile = v.text },
			get: func(t *Totem) (string, string) {
				if t.KeyFile == "" && t.Encrypted && t.Key == "" {
					return "authkey", "the file beside this one"
				}
				return t.KeyFile, ""
			}},
		{name: "key", what: "the cluster key itself; keyfile counts if both are there",
			set: func(t *Totem, v value) { t.Key = v.text },
			get: func(t *Totem) (string, string) {
				if t.Key == "" {
					return "", ""
				}
				return "(not shown)", ""
			}},
	}
}

// linkKeys are about how packets travel.
func linkKeys() []spec[Totem] {
	return []spec[Totem]{
		{name: "link_mode", kind: word, words: []string{"passive", "active", "rr"}, what: "how several links are used: the best one, all at once, or in turns",
			set: func(t *Totem, v value) { t.LinkMode = v.text }, get: func(t *Totem) (string, string) { return t.LinkMode, "" }},
		{name: "rrp_mode", kind: word, words: []string{"none", "active", "passive"}, what: "older name of link_mode",
			set: func(t *Totem, v value) {
				if v.text == "active" && t.LinkMode == "passive" {
					t.LinkMode = "active"
				}
			}, get: func(*Totem) (string, string) { return "", "" }},
		{name: "ip_version", kind: word, words: []string{"ipv4", "ipv6", "ipv4-6", "ipv6-4"}, what: "which addresses host names in the nodelist are looked up for",
			set: func(t *Totem, v value) { t.IPVersion = v.text },
			get: func(t *Totem) (string, string) {
				if t.IPVersion == "" {
					return "ipv6-4", ""
				}
				return t.IPVersion, ""
			}},
		{name: "netmtu", kind: number, lo: 1100, hi: 65535, what: "largest packet in bytes, all headers included",
			set: func(t *Totem, v value) { t.MTU = v.n }, get: totemMTU},
		{name: "knet_mtu", kind: number, hi: 65535, what: "largest packet in bytes, all headers included; 0: as netmtu",
			set: func(t *Totem, v value) {
				if v.n > 0 {
					t.MTU = v.n
				}
			}, get: func(*Totem) (string, string) { return "", "" }},
	}
}

// timeKeys are about the protocol's patience.
func timeKeys() []spec[Totem] {
	return []spec[Totem]{
		{name: "token", kind: millis, lo: leastToken, hi: mostToken,
			what: "ms of silence on every link after which a node is lost, and without the token after which it is",
			set:  func(t *Totem, v value) { t.Token, t.TokenSet = v.d, true },
			get:  func(t *Totem) (string, string) { return ms(t.Token), "" }},
		{name: "token_coefficient", kind: millis, hi: mostToken, what: "ms added to token for each node beyond two; not added unless it is written here",
			set: func(t *Totem, v value) { t.TokenCoefficient = v.d }, get: func(t *Totem) (string, string) { return ms(t.TokenCoefficient), "" }},
		{name: "token_retransmit", kind: millis, lo: 1, hi: mostToken, what: "ms after which the token is sent again",
			set: func(t *Totem, v value) { t.TokenRetransmit = v.d },
			get: func(t *Totem) (string, string) { return orDefault(t.TokenRetransmit, t.Token/5, "token / 5") }},
		{name: "hold", kind: millis, lo: 1, hi: mostToken, what: "ms for which an idle token rests",
			set: func(t *Totem, v value) { t.Hold = v.d },
			get: func(t *Totem) (string, string) { return orDefault(t.Hold, t.Token/3, "token / 3") }},
		{name: "join", kind: millis, lo: 1, hi: mostToken, what: "ms between two attempts to form a view",
			set: func(t *Totem, v value) { t.Join = v.d },
			get: func(t *Totem) (string, string) {
				return orDefault(t.Join, min(50*time.Millisecond, t.Token/4), "50, or token / 4 if that is less")
			}},
		{name: "consensus", kind: millis, lo: 1, hi: mostToken, what: "ms to wait for agreement on a view when nothing proves that a node is gone",
			set: func(t *Totem, v value) { t.Consensus = v.d },
			get: func(t *Totem) (string, string) { return orDefault(t.Consensus, t.Token*6/5, "1.2 * token") }},
		{name: "merge", kind: millis, lo: 1, hi: mostToken, what: "ms between two calls for nodes outside of the view",
			set: func(t *Totem, v value) { t.Merge = v.d },
			get: func(t *Totem) (string, string) { return orDefault(t.Merge, 200*time.Millisecond, "") }},
		{name: "window_size", kind: number, lo: 1, hi: 4096, what: "packets that may be sent in one rotation of the token",
			set: func(t *Totem, v value) { t.WindowSize = v.n },
			get: func(t *Totem) (string, string) { return strconv.Itoa(either(t.WindowSize, 64)), "" }},
		{name: "max_messages", kind: number, lo: 1, hi: 4096, what: "packets that a node may send on one visit of the token",
			set: func(t *Totem, v value) { t.MaxMessages = v.n },
			get: func(t *Totem) (string, string) {
				if t.MaxMessages > 0 {
					return strconv.Itoa(t.MaxMessages), ""
				}
				return strconv.Itoa(either(t.WindowSize, 64)), "as window_size"
			}},
	}
}

// goneKeys are those that have no effect here.
func goneKeys() []spec[Totem] {
	return []spec[Totem]{
		gone[Totem]("vsftype", "views are filtered by quorum alone"),
		gone[Totem]("threads", "encryption needs no threads of its own"),
		gone[Totem]("clear_node_high_bit", "node ids are written in the nodelist"),
		gone[Totem]("nodeid", "node ids are written in the nodelist"),
		gone[Totem]("crypto_model", "AES-256-GCM is built in"),
		gone[Totem]("crypto_type", "AES-256-GCM is built in"),
		gone[Totem]("crypto_hash", "AES-256-GCM authenticates too"),
		{name: "crypto_cipher", what: "the cipher is always AES-256-GCM; only \"secauth: off\" switches it off",
			set: func(*Totem, value) {}, get: func(*Totem) (string, string) { return "", "" }},
		gone[Totem]("crypto_compat", "there is one format of packets"),
		gone[Totem]("token_retransmits_before_loss_const", "retransmission follows from token; token_retransmit changes it"),
		gone[Totem]("token_warning", "the worst gap is always measured and shown"),
		gone[Totem]("fail_recv_const", "a member that receives nothing is cut out by time"),
		gone[Totem]("seqno_unchanged_const", "an idle token rests at once"),
		gone[Totem]("heartbeat_failures_allowed", "every link is always watched by heartbeats"),
		gone[Totem]("max_network_delay", "delays are measured"),
		gone[Totem]("miss_count_const", "what is missing is asked for at once"),
		gone[Totem]("send_join", "attempts to form a view are not sent in bursts"),
		gone[Totem]("downcheck", "the links are watched all the time"),
		gone[Totem]("knet_compression_model", "packets are not compressed"),
		gone[Totem]("knet_compression_threshold", "packets are not compressed"),
		gone[Totem]("knet_compression_level", "packets are not compressed"),
		gone[Totem]("knet_pmtud_interval", "packets fit every Ethernet; netmtu changes that"),
		gone[Totem]("block_unlisted_ips", "packets from unlisted addresses are always dropped and reported"),
		gone[Totem]("cancel_token_hold_on_retransmit", "an idle token moves as soon as there is work"),
		gone[Totem]("ip_dscp", "packets carry no DSCP mark"),
		gone[Totem]("rrp_problem_count_timeout", "links are watched by heartbeats; see knet_ping_timeout"),
		gone[Totem]("rrp_problem_count_threshold", "links are watched by heartbeats; see knet_ping_timeout"),
		gone[Totem]("rrp_problem_count_mcast_threshold", "links are watched by heartbeats; see knet_ping_timeout"),
		gone[Totem]("rrp_token_expired_timeout", "links are watched by heartbeats; see knet_ping_timeout"),
		gone[Totem]("rrp_autorecovery_check_timeout", "links come back by themselves"),
	}
}

func totemMTU(t *Totem) (string, string) {
	if t.MTU == 0 {
		return "1500", "any Ethernet"
	}
	return strconv.Itoa(t.MTU), ""
}

func either(n, def int) int {
	if n > 0 {
		return n
	}
	return def
}

// interfaceKeys are the keys of totem.interface.
func interfaceKeys() []spec[Interface] {
	const unicast = "nodes speak to each other by unicast UDP"
	link := func(f *Interface, v value) { f.Link = v.n }
	none := func(*Interface) (string, string) { return "", "" }
	return []spec[Interface]{
		{name: "linknumber", kind: number, hi: MaxLinks - 1, what: "the link that this section is about", set: link, get: none},
		{name: "ringnumber", kind: number, hi: MaxLinks - 1, what: "older name of linknumber", set: link, get: none},
		{name: "mcastport", kind: number, lo: 1, hi: 65535, what: "UDP port of the link",
			set: func(f *Interface, v value) { f.Port = v.n },
			get: func(f *Interface) (string, string) {
				return strconv.Itoa(either(f.Port, DefaultPort+f.Link)), "5405 + link"
			}},
		{name: "knet_link_priority", kind: number, hi: 255, what: "in passive mode the working link with the highest one is used",
			set: func(f *Interface, v value) { f.Priority = v.n },
			get: func(f *Interface) (string, string) { return strconv.Itoa(f.Priority), "" }},
		{name: "knet_ping_interval", kind: millis, lo: 1, hi: mostToken, what: "ms between two heartbeats on the link",
			set: func(f *Interface, v value) { f.PingInterval = v.d },
			get: func(f *Interface) (string, string) {
				if f.PingInterval == 0 {
					return "adaptive", "token / 4, links take turns"
				}
				return ms(f.PingInterval), ""
			}},
		{name: "knet_ping_timeout", kind: millis, lo: 1, hi: mostToken, what: "ms without a heartbeat after which the link counts as down",
			set: func(f *Interface, v value) { f.PingTimeout = v.d },
			get: func(f *Interface) (string, string) {
				if f.PingTimeout == 0 {
					return "adaptive", "three heartbeats, at least token"
				}
				return ms(f.PingTimeout), ""
			}},
		{name: "knet_pong_count", kind: number, lo: 1, hi: 100, what: "heartbeats that must be answered before a link that was down is used",
			set: func(f *Interface, v value) { f.PongCount = v.n },
			get: func(f *Interface) (string, string) { return strconv.Itoa(either(f.PongCount, 2)), "" }},
		{name: "bindnetaddr", what: "network of the link; here the nodelist says the addresses",
			set: func(f *Interface, v value) { f.BindNet = v.text }, get: none},
		gone[Interface]("mcastaddr", unicast),
		gone[Interface]("broadcast", unicast),
		gone[Interface]("ttl", unicast),
		gone[Interface]("knet_transport", "links are UDP"),
		gone[Interface]("knet_ping_precision", "latency is smoothed over the last heartbeats"),
	}
}
