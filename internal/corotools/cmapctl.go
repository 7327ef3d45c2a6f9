package corotools

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"mainstay/conf"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

const cmapUsage = `
usage:  corosync-cmapctl [-b] [-DdghsqTCt] [-p filename] [-m map] [params...]

    -b show binary values

    -m select map to use
          'icmap', the default, has the configuration and what runs now, 'stats' the links.
Set key:
    corosync-cmapctl -s key_name type value
        (here: quorum.cancel_wait_for_all and quorum.expected_votes; the rest is set in the
        configuration file, see corosync-cfgtool -R)

Get key:
    corosync-cmapctl [-b] -g key_name...

Quiet mode:
    corosync-cmapctl [-b] -q -g key_name...

Display all keys:
    corosync-cmapctl [-b]

Display keys with prefix key_name:
    corosync-cmapctl [-b] key_name...

Track changes on keys with key_name:
    corosync-cmapctl [-b] -t key_name

Track changes on keys with key prefix:
    corosync-cmapctl [-b] -T key_prefix

`

// noCmap is what the tool says without a daemon.
const noCmap = "Failed to initialize the cmap API. Error CS_ERR_LIBRARY"

// CmapCtl is corosync-cmapctl(8): its read side, and the two keys that are set to
// make something happen.
func CmapCtl(ctx context.Context, env *face.Env, args []string) face.Code {
	opts, ok := getopt(env, args, "m:hgsdDtTbqp:C:")
	if !ok {
		env.Printf("%s", cmapUsage)
		return failed
	}
	command, quiet, which := byte(0), false, "icmap"
	var names []string
	for _, x := range opts {
		switch x.name {
		case 'h':
			env.Printf("%s", cmapUsage)
			return face.OK
		case 'm':
			which = x.arg
		case 'q':
			quiet = true
		case 'b':
		case 0:
			names = append(names, x.arg)
		default:
			command = x.name
			if x.arg != "" {
				names = append(names, x.arg)
			}
		}
	}
	if which != "icmap" && which != "stats" {
		env.Errorf("invalid map name: %q\n", which)
		return failed
	}
	return runCmap(ctx, env, command, which, quiet, names)
}

func runCmap(ctx context.Context, env *face.Env, command byte, which string, quiet bool, names []string) face.Code {
	entries, ok := mapOf(ctx, env, which)
	if !ok {
		return failed
	}
	switch command {
	case 'g':
		return getKeys(env, entries, quiet, names)
	case 's':
		return setKey(ctx, env, names)
	case 't', 'T':
		return track(ctx, env, which, entries, command == 'T', names)
	case 'd', 'D':
		for _, n := range names {
			env.Errorf("Can't delete key %s. Error CS_ERR_ACCESS\n", n)
		}
		ourWord(env, "keys are taken out of the configuration file, and corosync-cfgtool -R has all members read it")
		return failed
	case 'p':
		ourWord(env, "keys are set in the configuration file, and corosync-cfgtool -R has all members read it")
		return failed
	case 'C':
		ourWord(env, "counters are not set back; what counts is how they change")
		return face.OK
	}
	found := len(names) == 0
	for _, n := range orAll(names) {
		for _, e := range entries {
			if strings.HasPrefix(e.Name, n) {
				found = true
				show(env, e)
			}
		}
	}
	if !found {
		return failed
	}
	return face.OK
}

func orAll(names []string) []string {
	if len(names) == 0 {
		return []string{""}
	}
	return names
}

func show(env *face.Env, e conf.Entry) { env.Printf("%s (%s) = %s\n", e.Name, e.Type, e.Value) }

func getKeys(env *face.Env, entries []conf.Entry, quiet bool, names []string) face.Code {
	code := face.OK
	for _, n := range names {
		i := slices.IndexFunc(entries, func(e conf.Entry) bool { return e.Name == n })
		switch {
		case i < 0:
			env.Errorf("Can't get key %s. Error CS_ERR_NOT_EXIST\n", n)
			code = failed
		case quiet:
			env.Printf("%s\n", entries[i].Value)
		default:
			show(env, entries[i])
		}
	}
	return code
}

// setKey does what setting a key would make happen; keys themselves are in the
// configuration file.
func setKey(ctx context.Context, env *face.Env, args []string) face.Code {
	if len(args) != 3 {
		env.Errorf("Set requires key_name, type and value\n")
		return failed
	}
	var c web.VotesChange
	var n int
	_, err := fmt.Sscan(args[2], &n)
	switch {
	case args[0] == "quorum.cancel_wait_for_all" && err == nil:
		c.Unblock = n != 0
	case args[0] == "quorum.expected_votes" && err == nil:
		c.Expected = &n
	default:
		env.Errorf("Failed to set key %s. Error CS_ERR_ACCESS\n", args[0])
		ourWord(env, "keys are set in the configuration file, and corosync-cfgtool -R has all members read it")
		return failed
	}
	if err := env.Client().ChangeVotes(ctx, c); err != nil {
		env.Errorf("Failed to set key %s. Error CS_ERR_INVALID_PARAM\n", args[0])
		ourWord(env, "%s", face.Describe(err))
		return failed
	}
	return face.OK
}

// trackStep is how often -t and -T look.
const trackStep = 500 * time.Millisecond

// track prints what changes until it is interrupted or standard input ends.
func track(ctx context.Context, env *face.Env, which string, before []conf.Entry, prefix bool, names []string) face.Code {
	env.Printf("Type \"q\" to finish\n")
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		b := make([]byte, 1)
		for {
			if n, err := env.Stdin.Read(b); err != nil && !isTerminal(env) || n == 1 && b[0] == 'q' {
				stop()
				return
			}
		}
	}()
	tick := time.NewTicker(trackStep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return face.OK
		case <-tick.C:
		}
		now, ok := mapOf(ctx, env, which)
		if !ok {
			return failed
		}
		for _, line := range changes(before, now, prefix, names) {
			env.Printf("%s\n", line)
		}
		before = now
	}
}

// isTerminal tells whether somebody may still type.
func isTerminal(env *face.Env) bool {
	f, ok := env.Stdin.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// changes lists how two states of the map differ, as the peer words it.
func changes(before, after []conf.Entry, prefix bool, names []string) []string {
	wanted := func(key string) bool {
		return slices.ContainsFunc(orAll(names), func(n string) bool { return key == n || prefix && strings.HasPrefix(key, n) })
	}
	find := func(list []conf.Entry, name string) (conf.Entry, bool) {
		i, ok := slices.BinarySearchFunc(list, name, func(e conf.Entry, n string) int { return strings.Compare(e.Name, n) })
		if !ok {
			return conf.Entry{}, false
		}
		return list[i], true
	}
	var out []string
	for _, e := range after {
		was, ok := find(before, e.Name)
		switch {
		case !wanted(e.Name) || ok && was == e:
		case !ok:
			out = append(out, fmt.Sprintf("create> %s (%s) = %s", e.Name, e.Type, e.Value))
		default:
			out = append(out, fmt.Sprintf("modify> %s (%s) = %s\t was (%s) = %s", e.Name, e.Type, e.Value, was.Type, was.Value))
		}
	}
	for _, e := range before {
		if _, ok := find(after, e.Name); !ok && wanted(e.Name) {
			out = append(out, fmt.Sprintf("delete> %s", e.Name))
		}
	}
	return out
}

// mapOf builds a map from the daemon's configuration and state.
func mapOf(ctx context.Context, env *face.Env, which string) ([]conf.Entry, bool) {
	s, ok := node(ctx, env, noCmap)
	if !ok {
		return nil, false
	}
	if which == "stats" {
		return sorted(statsMap(s)), true
	}
	file, err := env.Client().ConfigFile(ctx)
	if err != nil {
		complain(env, noCmap, err)
		return nil, false
	}
	c, _ := conf.Parse([]byte(file.Text), file.Path)
	m := entryList{list: conf.Entries([]byte(file.Text))}
	m.add("config.reload_in_progress", "u8", 0)
	m.add("config.totemconfig_reload_in_progress", "u8", 0)
	runtimeTotem(&m, c)
	runtimeMembers(&m, s, c)
	runtimeVotes(&m, s, c)
	return sorted(m.list), true
}

func sorted(list []conf.Entry) []conf.Entry {
	slices.SortStableFunc(list, func(a, b conf.Entry) int { return strings.Compare(a.Name, b.Name) })
	return list
}
