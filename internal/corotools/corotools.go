// Package corotools answers to the names of Corosync's tools, with their options,
// output and exit codes, for the scripts, crmsh and pcs that call them. What they
// show is read from the node daemon; what can be changed by them is changed there.
package corotools

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/web"
)

// Tool is a program: its arguments without its name, in; an exit code, out.
type Tool = func(ctx context.Context, env *face.Env, args []string) face.Code

// Tools maps the names to the tools.
func Tools() map[string]Tool {
	return map[string]Tool{"corosync-quorumtool": QuorumTool, "corosync-cfgtool": CfgTool, "corosync-cmapctl": CmapCtl}
}

// peerVersion is the release of Corosync whose tools these are like.
const peerVersion = "3.1.7"

// failed is the one exit code of these tools for everything that goes wrong.
const failed = face.Error

// option is one option of a command line; 0 stands for an argument.
type option struct {
	name byte
	arg  string
}

// getopt reads a command line as getopt(3) does: letters of spec are options, those
// before a colon take an argument. It writes what is wrong as that does.
func getopt(env *face.Env, args []string, spec string) ([]option, bool) {
	var out []option
	var rest []option
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			for _, a := range args[i+1:] {
				rest = append(rest, option{0, a})
			}
			return append(out, rest...), true
		case len(a) < 2 || a[0] != '-':
			rest = append(rest, option{0, a})
			continue
		}
		for j := 1; j < len(a); j++ {
			at := strings.IndexByte(spec, a[j])
			if at < 0 || a[j] == ':' {
				env.Errorf("%s: invalid option -- '%c'\n", env.Name, a[j])
				return out, false
			}
			if at+1 == len(spec) || spec[at+1] != ':' {
				out = append(out, option{a[j], ""})
				continue
			}
			value := a[j+1:]
			if value == "" {
				if i++; i == len(args) {
					env.Errorf("%s: option requires an argument -- '%c'\n", env.Name, a[j])
					return out, false
				}
				value = args[i]
			}
			out = append(out, option{a[j], value})
			break
		}
	}
	return append(out, rest...), true
}

// node asks the daemon for its state; what it says where there is none is the
// peer's line.
func node(ctx context.Context, env *face.Env, noDaemon string) (*web.Snapshot, bool) {
	s, err := env.Client().Node(ctx)
	if err != nil {
		complain(env, noDaemon, err)
		return nil, false
	}
	return s, true
}

// complain writes an error: the peer's line if there is no daemon.
func complain(env *face.Env, noDaemon string, err error) {
	if errors.Is(err, client.ErrNoDaemon) {
		env.Errorf("%s\n", noDaemon)
		return
	}
	env.Errorf("%s: %s\n", env.Name, face.Describe(err))
}

// peerOf finds a configured node by id.
func peerOf(s *web.Snapshot, id string) (web.Peer, bool) {
	for _, p := range s.Peers {
		if p.ID.String() == id {
			return p, true
		}
	}
	return web.Peer{}, false
}

// ourWord tells that something has no meaning here, in one line.
func ourWord(env *face.Env, format string, args ...any) {
	env.Errorf("%s: %s\n", env.Name, fmt.Sprintf(format, args...))
}
