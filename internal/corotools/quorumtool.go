package corotools

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/member"
)

const quorumUsage = `usage: 
corosync-quorumtool <options>

  options:

  -s             show quorum status
  -m             constantly monitor quorum status
  -l             list nodes
  -a             show all names or addresses for each node
  -p             when used with -s or -l, generates machine parsable output
  -v <votes>     change the number of votes for a node (*)
  -n <nodeid>    optional nodeid of node for -v
  -e <expected>  change expected votes for the cluster (*)
  -H             show nodeids in hexadecimal rather than decimal
  -i             show node IP addresses instead of the resolved name
  -o <a|n|i>     order by [a] IP address (default), [n] name, [i] nodeid
  -f             forcefully unregister a quorum device *DANGEROUS* (*)
  -h             show this help text
  -V             show version and exit

  (*) Starred items only work if votequorum is the quorum provider for corosync

`

// notQuorate is the exit code of -s where there is no quorum.
const notQuorate face.Code = 2

// noVotes is what the tool says without a daemon.
const noVotes = "Cannot initialize CMAP service"

// quorumOptions are those of one call.
type quorumOptions struct {
	command         byte // s, l, m, e, v, f
	hex, addrs, all bool
	parsable        bool // -p: the same columns with and without a device
	order           byte
	expected, votes string
	node            string
}

// QuorumTool is corosync-quorumtool(8).
func QuorumTool(ctx context.Context, env *face.Env, args []string) face.Code {
	opts, ok := getopt(env, args, "VHaslmfe:v:hin:o:p")
	if !ok {
		env.Printf("%s", quorumUsage)
		return failed
	}
	o := quorumOptions{command: 's', order: 'a'}
	for _, x := range opts {
		switch x.name {
		case 'h':
			env.Printf("%s", quorumUsage)
			return face.OK
		case 'V':
			env.Printf("corosync-quorumtool version: %s\n", peerVersion)
			return face.OK
		case 's', 'l', 'm', 'f':
			o.command = x.name
		case 'e', 'v':
			o.command = x.name
			if n, err := strconv.Atoi(x.arg); err != nil || n < 0 || n == 0 && x.name == 'e' {
				env.Errorf("New %s value was not valid, try a positive number\n", map[byte]string{'e': "expected votes", 'v': "votes"}[x.name])
				return failed
			}
			if x.name == 'e' {
				o.expected = x.arg
			} else {
				o.votes = x.arg
			}
		case 'n':
			if n, err := strconv.ParseUint(x.arg, 0, 32); err != nil || n == 0 {
				env.Errorf("The nodeid was not valid, try a positive number\n")
				return failed
			}
			o.node = x.arg
		case 'o':
			if x.arg != "a" && x.arg != "n" && x.arg != "i" {
				env.Errorf("Invalid ordering option. valid orders are a(address), i(node ID) or n(name)\n")
				return failed
			}
			o.order = x.arg[0]
		case 'p':
			o.parsable = true
		case 'H':
			o.hex = true
		case 'i':
			o.addrs = true
		case 'a':
			o.all = true
		}
	}
	return o.run(ctx, env)
}

func (o quorumOptions) run(ctx context.Context, env *face.Env) face.Code {
	s, ok := node(ctx, env, noVotes)
	if !ok {
		return failed
	}
	switch o.command {
	case 'l':
		o.list(env, s)
		return face.OK
	case 'm':
		return o.monitor(ctx, env, s)
	case 'e', 'v', 'f':
		return o.change(ctx, env, s)
	}
	return o.status(env, s)
}

// change changes the votes.
func (o quorumOptions) change(ctx context.Context, env *face.Env, s *web.Snapshot) face.Code {
	var c web.VotesChange
	what := ""
	switch o.command {
	case 'f':
		if s.Quorum.Device == nil {
			env.Errorf("Unable to unregister quorum device: CS_ERR_NOT_EXIST\n")
			return failed
		}
		c.ForgetDevice, what = true, "unregister quorum device"
	case 'e':
		n, _ := strconv.Atoi(o.expected) // it was read before
		c.Expected, what = &n, "set expected votes"
	case 'v':
		n, _ := strconv.Atoi(o.votes) // it was read before
		id := s.SelfID
		if o.node != "" {
			v, _ := strconv.ParseUint(o.node, 0, 32) // it was read before
			id = member.NodeID(v)
		}
		c.Votes, c.Node, what = &n, id, fmt.Sprintf("set votes %d for nodeid: %d", n, id)
		if !s.View.Has(id) {
			env.Errorf("Unable to %s: CS_ERR_NAME_NOT_FOUND\n", what)
			return failed
		}
	}
	if err := env.Client().ChangeVotes(ctx, c); err != nil {
		env.Errorf("Unable to %s: CS_ERR_INVALID_PARAM\n", what)
		ourWord(env, "%s", face.Describe(err))
		return failed
	}
	return face.OK
}

// status shows everything; the code tells whether there is quorum.
func (o quorumOptions) status(env *face.Env, s *web.Snapshot) face.Code {
	q := s.Quorum
	yes := map[bool]string{true: "Yes", false: "No"}
	env.Printf("Quorum information\n------------------\n")
	env.Printf("Date:             %s\n", env.Now().Format(time.ANSIC))
	env.Printf("Quorum provider:  corosync_votequorum\nNodes:            %d\nNode ID:          %s\n", len(s.View.Members), o.id(s.SelfID, 0))
	env.Printf("Ring ID:          %s\nQuorate:          %s\n\n", s.View.Ring, yes[q.Quorate])
	blocked := " "
	if !q.Quorate {
		blocked = "Activity blocked"
	}
	env.Printf("Votequorum information\n----------------------\nExpected votes:   %d\nHighest expected: %d\nTotal votes:      %d\n", q.Expected, max(q.Highest, q.Expected), q.Votes)
	env.Printf("Quorum:           %d %s\nFlags:            ", q.Needed, blocked)
	for _, f := range q.Flags {
		env.Printf("%s ", f)
	}
	env.Printf("\n")
	o.list(env, s)
	if !q.Quorate {
		return notQuorate
	}
	return face.OK
}

// id writes a node id; width 0 is without padding.
func (o quorumOptions) id(id member.NodeID, width int) string {
	if o.hex {
		return fmt.Sprintf("0x%08x", uint32(id))
	}
	return fmt.Sprintf("%*d", width, uint32(id))
}

// list shows the members.
func (o quorumOptions) list(env *face.Env, s *web.Snapshot) {
	env.Printf("\nMembership information\n----------------------\n")
	d := s.Quorum.Device
	env.Printf("%10s %10s ", "Nodeid", "Votes")
	column := d != nil || o.parsable
	if column {
		env.Printf("%10s ", "Qdevice")
	}
	env.Printf("Name\n")
	voters := slices.Clone(s.Quorum.Voters)
	slices.SortStableFunc(voters, func(a, b web.Voter) int {
		switch o.order {
		case 'n':
			return strings.Compare(o.name(s, a.Node), o.name(s, b.Node))
		case 'i':
			return cmp.Compare(a.Node, b.Node)
		}
		return byAddr(s, a.Node, b.Node)
	})
	for _, v := range voters {
		env.Printf("%s %10d ", o.id(v.Node, 10), v.Votes)
		switch {
		case d != nil:
			env.Printf("%10s ", deviceFlags(v))
		case column:
			env.Printf("%10s ", "NR") // no device is registered
		}
		local := ""
		if v.Node == s.SelfID {
			local = " (local)"
		}
		env.Printf("%s%s\n", o.name(s, v.Node), local)
	}
	if d == nil {
		return
	}
	if d.Cast {
		env.Printf("%s %10d            Qdevice\n", o.id(0, 10), d.Votes)
		return
	}
	env.Printf("%s %10d            Qdevice (votes %d)\n", o.id(0, 10), 0, d.Votes)
}

// deviceFlags tells whether a member reaches the device (A), whether that votes (V),
// and that its vote alone does not decide (NMW).
func deviceFlags(v web.Voter) string {
	s := "NA,"
	if v.DeviceAlive {
		s = "A,"
	}
	if v.Cast {
		return s + "V,NMW"
	}
	return s + "NV,NMW"
}

// name is how a node is called: by name or address, of the first link or of all.
func (o quorumOptions) name(s *web.Snapshot, id member.NodeID) string {
	p, ok := peerOf(s, id.String())
	switch {
	case !ok:
		return id.String()
	case o.addrs && o.all:
		return strings.Join(p.Addrs, ", ")
	case o.addrs && len(p.Addrs) > 0:
		return p.Addrs[0]
	}
	return p.Name
}

// byAddr orders two nodes by their first addresses.
func byAddr(s *web.Snapshot, a, b member.NodeID) int {
	addr := func(id member.NodeID) (netip.Addr, bool) {
		p, ok := peerOf(s, id.String())
		if !ok || len(p.Addrs) == 0 {
			return netip.Addr{}, false
		}
		ip, err := netip.ParseAddr(p.Addrs[0])
		return ip, err == nil
	}
	x, okX := addr(a)
	y, okY := addr(b)
	if okX && okY && x != y {
		return x.Compare(y)
	}
	return cmp.Compare(a, b)
}

// monitorStep is how often -m looks.
const monitorStep = 500 * time.Millisecond

// monitor shows the status now and whenever the members or the votes changed.
func (o quorumOptions) monitor(ctx context.Context, env *face.Env, s *web.Snapshot) face.Code {
	tick := time.NewTicker(monitorStep)
	defer tick.Stop()
	shown := ""
	for {
		if now := fmt.Sprintf("%v %+v", s.View, s.Quorum.Voters); now != shown {
			shown = now
			o.status(env, s)
			env.Printf("\n")
		}
		select {
		case <-ctx.Done():
			return face.OK
		case <-tick.C:
		}
		var ok bool
		if s, ok = node(ctx, env, noVotes); !ok {
			return failed
		}
	}
}
