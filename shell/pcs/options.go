package pcs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// options are the words that begin with a dash, wherever they stand.
type options struct {
	set map[string]string
}

// Options without and with a value. "wait" and "simulate" may have one.
var (
	flags = []string{"force", "skip-offline", "full", "all", "disabled", "start", "enable", "local", "config", "debug", "help", "version",
		"autodelete", "no-default-ops", "agent-validation", "nodesc", "hide-inactive", "promoted", "master", "off", "monitor", "safe", "no-strict",
		"brief", "strict", "expired", "no-check-expired", "defaults", "no-keys-sync", "overwrite", "no-cluster-uuid", "no-watchdog-validation",
		"no-expire-check", "enable-sbd", "clone", "no-deprecated", "wait", "simulate"}
	valued = []string{"group", "before", "after", "name", "output-format", "from", "to", "corosync_conf", "cluster_conf", "request-timeout",
		"booth-conf", "booth-key", "node", "token", "watchdog", "device", "addr0", "addr1", "rrpmode", "transport"}
	short = map[string]string{"-h": "help", "-V": "full"}
)

// has tells whether an option was given.
func (o *options) has(name string) bool { _, ok := o.set[name]; return ok }

// get is the value of an option, "" if it was not given.
func (o *options) get(name string) string { return o.set[name] }

// read takes the options out of a command line.
func (o *options) read(args []string) (words []string, err error) {
	o.set = map[string]string{}
	for i := 0; i < len(args); i++ {
		a := args[i]
		name, value, has := strings.Cut(strings.TrimPrefix(a, "--"), "=")
		switch {
		case a == "--":
			return append(words, args[i+1:]...), nil
		case short[a] != "":
			o.set[short[a]] = ""
		case a == "-u" || a == "-p":
			i++ // name and password of other nodes: Mainstay asks for none
		case !strings.HasPrefix(a, "--") || len(a) < 3:
			if len(a) > 1 && a[0] == '-' && !isNumber(a) {
				return nil, fmt.Errorf("option %s not recognized", a)
			}
			words = append(words, a)
		case slices.Contains(flags, name) && (!has || name == "wait" || name == "simulate"):
			o.set[name] = value
		case slices.Contains(flags, name):
			return nil, fmt.Errorf("option --%s must not have an argument", name)
		case slices.Contains(valued, name) && has:
			o.set[name] = value
		case slices.Contains(valued, name) && i+1 < len(args):
			i++
			o.set[name] = args[i]
		case slices.Contains(valued, name):
			return nil, fmt.Errorf("option --%s requires argument", name)
		default:
			return nil, fmt.Errorf("option --%s not recognized", name)
		}
	}
	return words, nil
}

// isNumber tells whether a word that begins with a dash is a score.
func isNumber(a string) bool {
	_, err := strconv.Atoi(a)
	return err == nil || strings.HasPrefix(strings.ToUpper(a), "-INF")
}

// waiting reads --wait[=SECONDS]; without seconds it is an hour.
func (s *shell) waiting() error {
	if !s.opt.has("wait") {
		return nil
	}
	n := 3600
	if v := s.opt.get("wait"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil || n < 0 {
			return fmt.Errorf("'%s' is not a valid interval value, use an integer greater or equal to 0", v)
		}
	}
	s.wait = &Wait{Seconds: n}
	return nil
}

// waitingFor is waiting, and tells afterwards where resources run.
func (s *shell) waitingFor(ids ...string) error {
	err := s.waiting()
	if err == nil && s.wait != nil {
		s.wait.Tell = ids
	}
	return err
}

// pair is a name with its value.
type pair struct{ name, value string }

// pairs reads NAME=VALUE words.
func pairs(words []string) ([]pair, error) {
	var out []pair
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		switch {
		case !ok:
			return nil, fmt.Errorf("missing value of '%s' option", w)
		case name == "":
			return nil, fmt.Errorf("missing key in '%s' option", w)
		}
		i := slices.IndexFunc(out, func(p pair) bool { return p.name == name })
		if i < 0 {
			out = append(out, pair{name, value})
		} else if out[i].value != value {
			return nil, fmt.Errorf("duplicate option '%s' with different values '%s' and '%s'", name, out[i].value, value)
		}
	}
	return out, nil
}

// value is the value of a name among pairs.
func value(ps []pair, name string) (string, bool) {
	for _, p := range ps {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// without are the pairs but for some names.
func without(ps []pair, names ...string) []pair {
	return slices.DeleteFunc(slices.Clone(ps), func(p pair) bool { return slices.Contains(names, p.name) })
}

// sorted are pairs in the order of their names.
func sorted(ps []pair) []pair {
	out := slices.Clone(ps)
	slices.SortStableFunc(out, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	return out
}

// split cuts words at keywords: what stands before the first, and what follows each
// keyword, in order of appearance.
func split(words []string, keywords ...string) (head []string, parts []part) {
	at := -1
	for _, w := range words {
		switch {
		case slices.Contains(keywords, w):
			parts = append(parts, part{key: w})
			at = len(parts) - 1
		case at < 0:
			head = append(head, w)
		default:
			parts[at].words = append(parts[at].words, w)
		}
	}
	return head, parts
}

// part is what follows a keyword.
type part struct {
	key   string
	words []string
}

// quote puts names in quotes and joins them with commas, in order of the alphabet.
func quote(names []string) string {
	list := slices.Clone(names)
	slices.Sort(list)
	for i, n := range list {
		list[i] = "'" + n + "'"
	}
	return strings.Join(list, ", ")
}
