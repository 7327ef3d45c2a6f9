package conf

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/member"
)

// builder turns sections into settings.
type builder struct {
	*reader
	c      *Config
	old    []entry // multicast-era keys that say where the nodes are
	bound  []entry // bindnetaddr
	unit   string  // path of the section being read
	setTok bool
	coefOK bool
}

func (b *builder) build(root *section) {
	b.c.Totem = Totem{Transport: "knet", Token: DefaultToken, Encrypted: true, LinkMode: "passive", Interfaces: map[int]Interface{}}
	b.c.Quorum = Quorum{Provider: "corosync_votequorum", Window: 10 * time.Second}
	for _, e := range root.keys {
		b.say(e.line, Warning, e.name, "put it into its section", "a key outside of any section is ignored")
	}
	for _, s := range root.subs {
		b.unit = s.name
		switch s.name {
		case "totem":
			b.totem(s)
		case "nodelist":
			b.nodelist(s)
		case "quorum":
			b.quorum(s)
		case "logging":
			b.logging(s)
		case "system":
			b.system(s)
		case "service", "amf", "aisexec", "uidgid", "resources", "nozzle":
			b.retired(s)
		default:
			b.say(s.line, Warning, s.name, near(s.name, sectionNames), "this section is not known and is ignored")
		}
	}
	b.finish(root)
}

var sectionNames = []string{"totem", "nodelist", "quorum", "logging", "system", "service", "amf", "aisexec", "uidgid", "resources", "nozzle"}

// retired explains the sections that have no meaning here.
func (b *builder) retired(s *section) {
	why := map[string]string{
		"service":   "Corosync 1 started Pacemaker by it; the daemon here is both",
		"amf":       "the Availability Management Framework is gone since Corosync 2",
		"aisexec":   "the daemon runs as root, as its agents need",
		"uidgid":    "access is by the group of the API socket and by ACLs",
		"resources": "the watchdog is fed by the daemon itself",
		"nozzle":    "a tap device over the links is not offered",
	}
	b.say(s.line, Info, s.name, "it can be removed", "not needed: %s", why[s.name])
}

func (b *builder) finish(root *section) {
	slices.SortStableFunc(b.c.Nodes, func(x, y Node) int { return cmp.Compare(x.ID, y.ID) })
	if len(b.c.Nodes) == 0 {
		b.withoutNodes()
	}
	b.duplicates()
	if n := len(b.c.Nodes); n > 2 && b.c.Totem.TokenCoefficient > 0 {
		b.c.Totem.Token += time.Duration(n-2) * b.c.Totem.TokenCoefficient
	}
	if b.c.Quorum.TwoNode && len(b.c.Nodes) != 2 && len(b.c.Nodes) != 0 {
		b.say(0, Error, "quorum.two_node", "remove two_node, or list exactly two nodes", "two_node is set, but the nodelist has %d nodes", len(b.c.Nodes))
	}
}

// withoutNodes explains what a multicast-era file lacks.
func (b *builder) withoutNodes() {
	if len(b.bound) == 0 {
		b.say(0, Error, "nodelist", "add a nodelist with a node section (name, nodeid, ring0_addr) for each node", "the file names no nodes")
		return
	}
	for i, e := range b.bound {
		b.say(e.line, Error, "nodelist", "add a nodelist with a node section (name, nodeid, ring"+strconv.Itoa(i)+"_addr) for each node, with its address in that network",
			"the file finds its nodes by multicast on network %s; here nodes are listed by address", e.value)
	}
}

func (b *builder) duplicates() {
	ids, names, addrs := map[member.NodeID]bool{}, map[string]bool{}, map[string]bool{}
	for _, n := range b.c.Nodes {
		if ids[n.ID] {
			b.say(0, Error, "nodelist.node.nodeid", "give each node a number of its own", "nodeid %s stands twice", n.ID)
		}
		if names[n.Name] {
			b.say(0, Error, "nodelist.node.name", "give each node a name of its own", "name %q stands twice", n.Name)
		}
		ids[n.ID], names[n.Name] = true, true
		for _, a := range n.Addrs {
			if addrs[a] {
				b.say(0, Error, "nodelist.node.ring_addr", "give each link of each node an address of its own", "address %s stands twice", a)
			}
			addrs[a] = true
		}
	}
}

func (b *builder) nodelist(s *section) {
	for _, e := range s.keys {
		b.say(e.line, Warning, "nodelist."+e.name, "put it into a node section", "a key outside of a node section is ignored")
	}
	for i, sub := range s.subs {
		if sub.name != "node" {
			b.say(sub.line, Warning, "nodelist."+sub.name, near(sub.name, []string{"node"}), "this section is not known and is ignored")
			continue
		}
		b.node(sub, i)
	}
}

func (b *builder) node(s *section, at int) {
	b.unit = "nodelist.node"
	n := Node{Votes: 1}
	addrs := map[int]string{}
	for _, e := range s.keys {
		link, isAddr := ringAddr(e.name)
		switch {
		case isAddr:
			addrs[link] = e.value
		case e.name == "nodeid":
			id, err := member.ParseNodeID(e.value)
			if err != nil {
				b.say(e.line, Error, "nodelist.node.nodeid", "", "%v", err)
			}
			n.ID = id
		case e.name == "name":
			n.Name = e.value
		case e.name == "quorum_votes":
			n.Votes = b.number(e)
		default:
			b.unknown(e, []string{"nodeid", "name", "quorum_votes", "ring0_addr", "ring1_addr"})
		}
	}
	for i := range 8 {
		a, ok := addrs[i]
		if !ok {
			break
		}
		n.Addrs = append(n.Addrs, a)
	}
	switch {
	case len(n.Addrs) != len(addrs):
		b.say(s.line, Error, "nodelist.node", "number the links from ring0_addr without gaps", "the node's links are not numbered without gaps")
	case len(n.Addrs) == 0:
		b.say(s.line, Error, "nodelist.node.ring0_addr", "add ring0_addr with the node's address", "the node has no address")
	}
	if n.ID == 0 {
		n.ID = member.NodeID(at + 1)
		b.say(s.line, Warning, "nodelist.node.nodeid", "write nodeid: "+n.ID.String(), "the node has no nodeid; its place in the list is taken")
	}
	if n.Name == "" && len(n.Addrs) > 0 {
		n.Name = n.Addrs[0]
		b.say(s.line, Warning, "nodelist.node.name", "write name: HOSTNAME", "the node has no name; its address is taken")
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
	return n, ok && err == nil && n >= 0 && n < 8
}

// unknown says that a key is not known here.
func (b *builder) unknown(e entry, known []string) {
	b.say(e.line, Warning, b.unit+"."+e.name, near(e.name, known), "this key is not known and is ignored")
}

func (b *builder) number(e entry) int {
	n, err := strconv.Atoi(e.value)
	if err != nil || n < 0 {
		b.say(e.line, Error, b.unit+"."+e.name, "write a number", "%q is not a number", e.value)
		return 0
	}
	return n
}

func (b *builder) millis(e entry) time.Duration {
	n, err := strconv.Atoi(e.value)
	if err != nil || n < 0 {
		b.say(e.line, Error, b.unit+"."+e.name, "write a number without a unit; it counts milliseconds", "%q is not a number of milliseconds", e.value)
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

func (b *builder) yes(e entry) bool {
	switch strings.ToLower(e.value) {
	case "1", "yes", "on", "true":
		return true
	case "0", "no", "off", "false":
		return false
	}
	b.say(e.line, Error, b.unit+"."+e.name, "write yes or no", "%q is neither yes nor no", e.value)
	return false
}

// near suggests the known word that differs least, if one is close.
func near(word string, known []string) string {
	best, dist := "", 3
	for _, k := range known {
		if d := distance(word, k); d < dist {
			best, dist = k, d
		}
	}
	if best == "" {
		return "remove it"
	}
	return "did you mean " + best + "?"
}

// distance is the number of letters to change, add or remove (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		left := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			d := left
			if a[i-1] != b[j-1] {
				d++
			}
			left = row[j]
			row[j] = min(d, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
