package conf

import (
	"slices"
	"strconv"
	"strings"
)

// Entry is one key of a file as corosync-cmapctl(8) shows it: "totem.token",
// "nodelist.node.0.nodeid".
type Entry struct {
	Name  string
	Type  string // u8, u16, u32, u64, i32 or str
	Value string
}

// The keys that are numbers in the peer's map; every other one is a string.
var (
	bytesKeys = []string{"allow_downscale", "auto_tie_breaker", "expected_votes_tracking", "last_man_standing", "two_node", "wait_for_all",
		"knet_link_priority", "ttl", "master_wins"}
	wordKeys = []string{"version", "token", "token_warning", "token_coefficient", "token_retransmit", "hold",
		"token_retransmits_before_loss_const", "join", "send_join", "consensus", "merge", "downcheck", "fail_recv_const",
		"seqno_unchanged_const", "heartbeat_failures_allowed", "max_network_delay", "window_size", "max_messages",
		"miss_count_const", "knet_pmtud_interval", "knet_mtu", "netmtu", "threads", "knet_compression_threshold", "nodeid", "quorum_votes",
		"expected_votes", "votes", "last_man_standing_window", "knet_ping_interval", "knet_ping_timeout", "knet_ping_precision",
		"knet_pong_count", "sync_timeout", "timeout", "interval"}
)

// Entries lists the keys of a file as they stand there, sorted by name, without
// judging them; nodes are numbered from 0 in the order of the file, interfaces by
// their linknumber.
func Entries(text []byte) []Entry {
	r := &reader{}
	var out []Entry
	flatten(r.tree(text), "", &out)
	slices.SortStableFunc(out, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(out, func(a, b Entry) bool { return a.Name == b.Name })
}

func flatten(s *section, path string, out *[]Entry) {
	for _, e := range slices.Backward(s.keys) { // of two lines with one key the last counts
		if path == "totem.interface." || e.name == "linknumber" || e.name == "ringnumber" {
			continue
		}
		*out = append(*out, Entry{path + e.name, cmapType(path, e), e.value})
	}
	count := map[string]int{}
	for _, sub := range s.subs {
		name := path + sub.name + "."
		switch name {
		case "nodelist.node.":
			name += strconv.Itoa(count[name]) + "."
		case "totem.interface.":
			name += linkOf(sub, count[name]) + "."
		case "logging.logger_subsys.":
			name += keyOf(sub, "subsys", strconv.Itoa(count[name])) + "."
		}
		count[path+sub.name+"."]++
		flatten(sub, name, out)
	}
}

func linkOf(s *section, place int) string {
	return keyOf(s, "linknumber", keyOf(s, "ringnumber", strconv.Itoa(place)))
}

func keyOf(s *section, name, def string) string {
	for _, e := range s.keys {
		if e.name == name {
			return e.value
		}
	}
	return def
}

// cmapType is the type of a key in the peer's map; what is no number is a string.
func cmapType(path string, e entry) string {
	if _, err := strconv.Atoi(e.value); err != nil || strings.HasPrefix(path, "logging.") {
		return "str"
	}
	heuristics := strings.HasPrefix(path, "quorum.device.")
	switch {
	case e.name == "config_version":
		return "u64"
	case e.name == "mcastport":
		return "u16"
	case e.name == "knet_compression_level":
		return "i32"
	case slices.Contains(bytesKeys, e.name):
		return "u8"
	case slices.Contains(wordKeys, e.name) && (!heuristics || path == "quorum.device." || path == "quorum.device.heuristics."):
		return "u32"
	}
	return "str"
}
