package corotools

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/member"
)

const cfgUsage = `corosync-cfgtool [[-i <interface ip>] [-b] -s] [-R] [-L] [-k nodeid] [-a nodeid] [-h] [-H]

A tool for displaying and configuring active parameters within corosync.
options:
	-i	Finds only information about the specified interface IP address or link id when used with -s..
	-s	Displays the status of the current links on this node.
	-n	Displays the status of the connected nodes and their links.
	-b	Displays the brief status of the current links on this node when used with -s.
	-R	Tell all instances of corosync in this cluster to reload corosync.conf.
	-L	Tell corosync to reopen all logging files.
	-k	Kill a node identified by node id.
	-a	Display the IP address(es) of a node
	-h	Print basic usage.
	-H	Shutdown corosync cleanly on this node.
		--force will shut down corosync regardless of daemon vetos
`

// noCfg is what the tool says without a daemon.
const noCfg = "Could not initialize corosync configuration API error 2"

// CfgTool is corosync-cfgtool(8).
func CfgTool(ctx context.Context, env *face.Env, args []string) face.Code {
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--force" })
	opts, ok := getopt(env, args, "i:snbrRLk:a:hH")
	if !ok {
		return failed
	}
	only, brief, command, arg := "", false, byte('h'), ""
	for _, x := range opts {
		switch x.name {
		case 'i':
			only = x.arg
		case 'b':
			brief = true
		case 0:
		case 'k', 'a':
			command, arg = x.name, x.arg
			if _, err := member.ParseNodeID(arg); err != nil {
				env.Errorf("The nodeid was not valid, try a positive number\n")
				return failed
			}
		default:
			command = x.name
		}
	}
	if command == 'h' {
		env.Printf("%s", cfgUsage)
		return face.OK
	}
	s, ok := node(ctx, env, noCfg)
	if !ok {
		return failed
	}
	switch command {
	case 's':
		return linkStatus(env, s, only, brief)
	case 'n':
		nodeStatus(env, s)
		return face.OK
	case 'a':
		return nodeAddresses(env, s, arg)
	}
	return cfgChange(ctx, env, s, command, arg)
}

// cfgChange does what changes something.
func cfgChange(ctx context.Context, env *face.Env, s *web.Snapshot, command byte, arg string) face.Code {
	switch command {
	case 'R':
		env.Printf("Reloading corosync.conf...\n")
		if err := env.Client().Reload(ctx); err != nil {
			env.Errorf("Could not reload configuration. Error CS_ERR_INVALID_PARAM\n")
			ourWord(env, "%s", face.Describe(err))
			return failed
		}
		env.Printf("Done\n")
	case 'L':
		ourWord(env, "log files are written line by line and need not be reopened; after a rotation that moves them use copytruncate")
	case 'r':
		ourWord(env, "links come back by themselves as soon as packets arrive; nothing was reset")
	case 'H':
		env.Printf("Shutting down corosync\n")
		if err := env.Client().Leave(ctx); err != nil {
			complain(env, noCfg, err)
			return failed
		}
	case 'k':
		env.Printf("Killing node %s\n", arg)
		p, ok := peerOf(s, arg)
		if !ok || !p.Member {
			env.Errorf("Could not kill node (error = CS_ERR_NOT_EXIST)\n")
			return failed
		}
		if err := env.Client().Kill(ctx, p.Name); err != nil && p.ID != s.SelfID {
			complain(env, noCfg, err)
			return failed
		}
	}
	return face.OK
}

// linkTo finds the link to a node.
func linkTo(s *web.Snapshot, p web.Peer, link int) (web.Link, bool) {
	for _, l := range s.Links {
		if l.Node == p.Name && l.Link == link {
			return l, true
		}
	}
	return web.Link{}, false
}

func own(s *web.Snapshot) web.Peer {
	p, _ := peerOf(s, s.SelfID.String())
	return p
}

// linkStatus shows each link with every node on it. The code does not tell whether
// links are down, as it does not with the peer's tool, whatever its manual says.
func linkStatus(env *face.Env, s *web.Snapshot, only string, brief bool) face.Code {
	env.Printf("Local node ID %s, transport knet\n", s.SelfID)
	for link, addr := range own(s).Addrs {
		if only != "" && only != addr && only != strconv.Itoa(link) {
			continue
		}
		env.Printf("LINK ID %d udp\n\taddr\t= %s\n", link, addr)
		digits := ""
		for _, p := range s.Peers {
			state, digit := "disconnected", "1"
			if l, ok := linkTo(s, p, link); p.ID == s.SelfID {
				state, digit = "localhost", "n"
			} else if ok && l.Up {
				state, digit = "connected", "3"
			}
			digits += digit
			if !brief {
				if digits == digit {
					env.Printf("\tstatus:\n")
				}
				env.Printf("\t\tnodeid: %10s:\t%s\n", p.ID, state)
			}
		}
		if brief {
			env.Printf("\tstatus\t= %s\n", digits)
		}
	}
	return face.OK
}

// nodeStatus shows each other member with its links.
func nodeStatus(env *face.Env, s *web.Snapshot) {
	env.Printf("Local node ID %s, transport knet\n", s.SelfID)
	for _, p := range s.Peers {
		if p.ID == s.SelfID || !p.Member {
			continue
		}
		env.Printf("nodeid: %s reachable\n", p.ID)
		for link, addr := range p.Addrs {
			l, ok := linkTo(s, p, link)
			from := own(s).Addrs
			if !ok || link >= len(from) {
				continue
			}
			env.Printf("   LINK: %d udp (%s->%s) enabled", link, from[link], addr)
			if l.Up {
				env.Printf(" connected")
			}
			env.Printf(" mtu: %d\n", l.MTU)
		}
		env.Printf("\n")
	}
}

func nodeAddresses(env *face.Env, s *web.Snapshot, id string) face.Code {
	p, ok := peerOf(s, id)
	if !ok {
		env.Errorf("Could not get node address for nodeid %s\n", id)
		return failed
	}
	env.Printf("%s\n", strings.Join(p.Addrs, " "))
	return face.OK
}
