package conf

import (
	"fmt"
	"slices"
	"strings"
)

// Change is one setting that differs between two configurations.
type Change struct {
	Key      string
	Old, New string // "" if it is not there
	// Live tells whether running daemons take it over by a reload; if not, Why
	// says what it needs.
	Live bool
	Why  string
}

// String is for people: "totem.token: 1000 → 2000".
func (c Change) String() string {
	s := fmt.Sprintf("%s: %s → %s", c.Key, either2(c.Old, "(none)"), either2(c.New, "(none)"))
	if !c.Live {
		s += " (" + c.Why + ")"
	}
	return s
}

// restart says of the settings that no reload takes over what they need.
var restart = []struct{ prefix, why string }{
	{"totem.cluster_name", "all nodes have to be stopped: nodes of another cluster's name are not understood"},
	{"totem.secauth", "all nodes have to be stopped: they must all protect their packets, or none"},
	{"totem.keyfile", "the key is read when the daemon starts"},
	{"totem.key", "the key is read when the daemon starts"},
	{"quorum.wait_for_all", "it is read when the daemon starts"},
	{"quorum.auto_tie_breaker", "it is read when the daemon starts"},
	{"quorum.last_man_standing", "it is read when the daemon starts"},
	{"quorum.allow_downscale", "it is read when the daemon starts"},
	{"quorum.expected_votes_tracking", "it is read when the daemon starts"},
	{"logging.", "it is read when the daemon starts"},
	{"system.", "it is read when the daemon starts"},
	{"resources.", "it is read when the daemon starts"},
}

// Diff tells what differs between two configurations, and what of it running
// daemons take over by a reload. That a node's own addresses or ports change
// needs a restart of that node; nodes can be added and removed.
func Diff(before, after *Config) []Change {
	olds, news := flat(before), flat(after)
	var out []Change
	for _, s := range olds {
		if v, ok := find(news, s.Key); !ok || v != s.Value {
			out = append(out, change(s.Key, s.Value, v, before, after))
		}
	}
	for _, s := range news {
		if _, ok := find(olds, s.Key); !ok {
			out = append(out, change(s.Key, "", s.Value, before, after))
		}
	}
	return out
}

func change(key, from, to string, before, after *Config) Change {
	c := Change{Key: key, Old: from, New: to, Live: true}
	for _, r := range restart {
		if strings.HasPrefix(key, r.prefix) {
			c.Live, c.Why = false, r.why
			return c
		}
	}
	if rest, ok := strings.CutPrefix(key, "nodelist.node."); ok && strings.Contains(rest, ".ring") && from != "" && to != "" {
		c.Live, c.Why = false, "the node whose address it is has to be started anew"
	}
	if strings.HasSuffix(key, ".mcastport") && before.Links() == after.Links() {
		c.Live, c.Why = false, "all nodes have to be started anew"
	}
	return c
}

func find(list []Setting, key string) (string, bool) {
	i := slices.IndexFunc(list, func(s Setting) bool { return s.Key == key })
	if i < 0 {
		return "", false
	}
	return list[i].Value, true
}

// flat lists the settings of a configuration that is not a file.
func flat(c *Config) []Setting {
	out, _ := Explain(c.Format(), "")
	return slices.DeleteFunc(out, func(s Setting) bool { return s.Key == "totem.config_version" || s.Key == "totem.version" })
}
