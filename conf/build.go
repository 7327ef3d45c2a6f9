package conf

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/member"
)

// builder turns sections into settings.
type builder struct {
	*reader
	c          *Config
	lines      map[string]int // where a key was set, by path
	ifaces     int            // interface sections so far
	bound      []bound
	listed     [MaxLinks][]entry // memberaddr keys, per link
	claimed    []claim
	nodeLines  []placed // in file order
	deviceLine int
	cipher     bool // crypto_cipher names one
}

// bound is a network that a multicast-era file names in place of nodes.
type bound struct {
	Interface
	line int
}

// claim is an address that a node has.
type claim struct {
	addr string
	link int
	line int
}

// placed is where a node stands.
type placed struct {
	id   member.NodeID
	name string
	line int
}

func (b *builder) build(root *section) {
	b.lines = map[string]int{}
	b.c.Totem = Totem{Transport: "knet", Token: DefaultToken, Encrypted: true, LinkMode: "passive", Interfaces: map[int]Interface{}}
	b.c.Quorum = Quorum{Provider: "corosync_votequorum", Window: 10 * time.Second}
	for _, e := range root.keys {
		if e.name == "compatibility" {
			b.say(e.line, Info, e.name, "it can be removed", "not needed: there is one version of the protocol")
			continue
		}
		b.say(e.line, Warning, e.name, "put it into its section", "a key outside of any section is ignored")
	}
	for _, s := range root.subs {
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
		case "resources":
			b.watchdog(s)
		default:
			if why, ok := retired[s.name]; ok {
				b.say(s.line, Info, s.name, "it can be removed", "not needed: %s", why)
				continue
			}
			b.say(s.line, Warning, s.name, near(s.name, sectionNames), "this section is not known and is ignored")
		}
	}
	b.finish()
}

// strange reports a section that is not known where it stands.
func (b *builder) strange(s *section, path string, known []string) {
	b.say(s.line, Warning, path+"."+s.name, near(s.name, known), "this section is not known and is ignored")
}

// unknown reports a key that is not known where it stands.
func (b *builder) unknown(e entry, path string, known []string) {
	b.say(e.line, Warning, path+"."+e.name, near(e.name, known), "this key is not known and is ignored")
}

// finish looks at what can only be judged when all is read.
func (b *builder) finish() {
	c := b.c
	if b.cipher {
		c.Totem.Encrypted = true
	}
	if c.Totem.Encrypted && c.Totem.Key != "" && c.Totem.KeyFile == "" {
		b.say(b.lines["totem.key"], Warning, "totem.key", "write it to a file that only root may read, and name that with keyfile",
			"who may read this file has the cluster key")
	}
	for i := range c.Nodes {
		if c.Nodes[i].Votes < 0 {
			c.Nodes[i].Votes = 1
			if c.Quorum.votes != nil {
				c.Nodes[i].Votes = *c.Quorum.votes
			}
		}
	}
	slices.SortStableFunc(c.Nodes, func(x, y Node) int { return cmp.Compare(x.ID, y.ID) })
	if len(c.Nodes) == 0 {
		b.withoutNodes()
	}
	b.duplicates()
	b.sameLinks()
	b.timing()
	b.votes()
	if c.Engine == "corosync" {
		b.leaveToCorosync()
	}
}

// leaveToCorosync keeps from judging what an installed Corosync reads: which of its
// keys it needs, and which values it takes, is its own matter.
func (b *builder) leaveToCorosync() {
	b.problems = slices.DeleteFunc(b.problems, func(p Problem) bool {
		section, _, _ := strings.Cut(p.Key, ".")
		return (section == "totem" || section == "quorum") && p.Severity != Error || p.Severity == Info && p.Key != "system.engine"
	})
	for i := range b.problems {
		section, _, _ := strings.Cut(b.problems[i].Key, ".")
		if section == "totem" || section == "quorum" {
			b.problems[i].Severity = Warning
		}
	}
}

// withoutNodes explains what a multicast-era file lacks.
func (b *builder) withoutNodes() {
	if b.fromMembers() {
		return
	}
	if len(b.bound) == 0 {
		b.say(0, Error, "nodelist", "add a nodelist with a node section (name, nodeid, ring0_addr) for each node", "the file names no nodes")
		return
	}
	for _, f := range b.bound {
		b.say(f.line, Error, "nodelist", "add a nodelist with a node section (name, nodeid, ring"+strconv.Itoa(f.Link)+"_addr) for each node, with its address in that network",
			"the file finds its nodes by multicast on network %s; here nodes are listed by address", f.BindNet)
	}
}

// memberSections gathers the member sections of an interface, by which files of
// Corosync 1 listed the addresses of all nodes where there was no multicast.
func (b *builder) memberSections(s *section, link int) {
	for _, sub := range s.subs {
		if sub.name != "member" {
			b.strange(sub, "totem.interface", []string{"member"})
			continue
		}
		for _, e := range sub.keys {
			switch {
			case e.name != "memberaddr":
				b.unknown(e, "totem.interface.member", []string{"memberaddr"})
			case badAddr(e.value) != "":
				b.say(e.line, Error, "totem.interface.member.memberaddr", "write an IP address or a host name, without a port", "%q %s", e.value, badAddr(e.value))
			case link >= 0 && link < MaxLinks:
				b.listed[link] = append(b.listed[link], e)
			}
		}
	}
}

// fromMembers makes the nodelist of a file that lists members per interface: the
// n-th member of each is one node, and n its number.
func (b *builder) fromMembers() bool {
	first := b.listed[0]
	if len(first) == 0 {
		return false
	}
	for i, e := range first {
		n := Node{ID: member.NodeID(i + 1), Name: e.value, Votes: 1}
		if v := b.c.Quorum.votes; v != nil {
			n.Votes = *v
		}
		for link := range MaxLinks {
			if i < len(b.listed[link]) {
				a := b.listed[link][i]
				n.Addrs = append(n.Addrs, a.value)
				b.claimed = append(b.claimed, claim{a.value, link, a.line})
			}
		}
		b.nodeLines = append(b.nodeLines, placed{n.ID, n.Name, e.line})
		b.c.Nodes = append(b.c.Nodes, n)
	}
	b.say(first[0].line, Warning, "nodelist", "write a nodelist with name, nodeid and ring0_addr for each node; the nodes' names in the cluster follow from it",
		"the nodes are taken from the member sections, numbered in their order, and named by their addresses")
	return true
}

// duplicates looks for nodes that share what must be their own.
func (b *builder) duplicates() {
	ids, names := map[member.NodeID]int{}, map[string]int{}
	for _, n := range b.nodeLines {
		if first, twice := ids[n.id]; twice {
			b.say(n.line, Error, "nodelist.node.nodeid", "give each node a number of its own", "nodeid %s stands twice: the node of line %d has it too", n.id, first)
		}
		if first, twice := names[n.name]; twice && n.name != "" {
			b.say(n.line, Error, "nodelist.node.name", "give each node a name of its own", "name %q stands twice: the node of line %d has it too", n.name, first)
		}
		ids[n.id], names[n.name] = n.line, n.line
	}
	addrs := map[string]int{}
	for _, a := range b.claimed {
		key := a.addr
		if ip, err := netip.ParseAddr(a.addr); err == nil {
			key = ip.Unmap().String()
		}
		if first, twice := addrs[key]; twice {
			b.say(a.line, Error, "nodelist.node.ring"+strconv.Itoa(a.link)+"_addr", "give each link of each node an address of its own", "address %s stands twice: line %d has it too", a.addr, first)
			continue
		}
		addrs[key] = a.line
	}
}

// sameLinks checks that all nodes are on the same links, each with one kind of address.
func (b *builder) sameLinks() {
	if len(b.c.Nodes) == 0 {
		return
	}
	links := b.c.Links()
	for _, n := range b.c.Nodes {
		if len(n.Addrs) != links && len(n.Addrs) > 0 {
			i := slices.IndexFunc(b.nodeLines, func(p placed) bool { return p.id == n.ID })
			b.say(b.nodeLines[i].line, Error, "nodelist.node", "give it an address on every link, or remove the link from all nodes",
				"node %s has %d addresses, others have %d", n.Name, len(n.Addrs), links)
		}
	}
	family := map[int]bool{} // link → is IPv4
	for _, a := range b.claimed {
		ip, err := netip.ParseAddr(a.addr)
		if err != nil {
			continue
		}
		is4 := ip.Unmap().Is4()
		if first, ok := family[a.link]; ok && first != is4 {
			b.say(a.line, Error, "nodelist.node.ring"+strconv.Itoa(a.link)+"_addr", "use one kind of address on each link", "link %d has IPv4 and IPv6 addresses", a.link)
			return
		}
		family[a.link] = is4
	}
	b.strayInterfaces(links)
}

// strayInterfaces looks for settings of links on which no node is.
func (b *builder) strayInterfaces(links int) {
	for link := range MaxLinks {
		f, ok := b.c.Totem.Interfaces[link]
		if !ok {
			continue
		}
		at := b.lines["totem.interface."+strconv.Itoa(link)+".linknumber"] + b.lines["totem.interface."+strconv.Itoa(link)+".ringnumber"]
		if link >= links {
			b.say(at, Warning, "totem.interface", "add ring"+strconv.Itoa(link)+"_addr to every node, or remove the section", "link %d is described, but no node is on it", link)
		}
		if f.PingInterval > 0 && f.PingTimeout > 0 && f.PingTimeout <= f.PingInterval {
			b.say(b.lines["totem.interface."+strconv.Itoa(link)+".knet_ping_timeout"], Error, "totem.interface.knet_ping_timeout",
				"make it at least three times knet_ping_interval", "%v is not more than knet_ping_interval %v", f.PingTimeout, f.PingInterval)
		}
	}
}

// timing applies the coefficient and looks for times that contradict each other.
func (b *builder) timing() {
	t := &b.c.Totem
	if n := len(b.c.Nodes); n > 2 && t.TokenCoefficient > 0 {
		t.Token += time.Duration(n-2) * t.TokenCoefficient
	}
	for _, x := range []struct {
		key string
		d   time.Duration
	}{{"token_retransmit", t.TokenRetransmit}, {"hold", t.Hold}, {"join", t.Join}} {
		if x.d >= t.Token {
			b.say(b.lines["totem."+x.key], Error, "totem."+x.key, "remove it: it follows from token", "%v is not less than token %v", x.d, t.Token)
		}
	}
	if t.Consensus > 0 && t.Consensus < t.Token*6/5 && len(b.c.Nodes) != 2 {
		b.say(b.lines["totem.consensus"], Info, "totem.consensus", "remove it: it follows from token", "%v is less than 1.2 * token; it only matters where nothing proves that a node is gone", t.Consensus)
	}
}

// votes looks for settings of the quorum section that contradict each other or the nodelist.
func (b *builder) votes() {
	q, nodes := &b.c.Quorum, b.c.Nodes
	if q.TwoNode && len(nodes) != 2 && len(nodes) != 0 {
		b.say(b.lines["quorum.two_node"], Error, "quorum.two_node", "remove two_node, or list exactly two nodes", "two_node is set, but the nodelist has %d nodes", len(nodes))
	}
	if q.TwoNode && q.ExpectedVotes != 0 && q.ExpectedVotes != 2 {
		b.say(b.lines["quorum.expected_votes"], Error, "quorum.expected_votes", "remove expected_votes", "two_node is set, so 2 votes are expected, not %d", q.ExpectedVotes)
	}
	sum, uneven := 0, false
	for _, n := range nodes {
		sum += n.Votes
		uneven = uneven || n.Votes != 1
	}
	if len(nodes) > 0 && sum == 0 {
		b.say(0, Error, "nodelist.node.quorum_votes", "give at least one node a vote", "no node has a vote")
	}
	if q.ExpectedVotes != 0 && len(nodes) > 0 && q.ExpectedVotes < sum {
		b.say(b.lines["quorum.expected_votes"], Warning, "quorum.expected_votes", "remove it: the nodelist says it",
			"%d votes are expected, but the nodes have %d: two halves could both have a majority", q.ExpectedVotes, sum)
	}
	if q.LastManStanding && uneven {
		b.say(b.lines["quorum.last_man_standing"], Error, "quorum.last_man_standing", "give each node one vote, or remove it", "it needs nodes with one vote each")
	}
	if q.TieBreakerNode != "" && !q.AutoTieBreaker {
		b.say(b.lines["quorum.auto_tie_breaker_node"], Warning, "quorum.auto_tie_breaker_node", "write auto_tie_breaker: yes", "it has no effect without auto_tie_breaker")
	}
	b.tieBreaker()
	if q.Device == nil {
		return
	}
	for _, x := range []struct {
		key string
		on  bool
	}{{"auto_tie_breaker", q.AutoTieBreaker}, {"last_man_standing", q.LastManStanding}, {"two_node", q.TwoNode}} {
		if x.on {
			b.say(b.lines["quorum."+x.key], Error, "quorum."+x.key, "remove it, or the device section", "it cannot be combined with a quorum device")
		}
	}
	b.checkDevice(sum, uneven)
}

// tieBreaker checks auto_tie_breaker_node.
func (b *builder) tieBreaker() {
	list := b.c.Quorum.TieBreakerNode
	if list == "" || list == "lowest" || list == "highest" {
		return
	}
	for _, w := range strings.Fields(strings.ReplaceAll(list, ",", " ")) {
		id, err := member.ParseNodeID(w)
		_, listed := b.c.Node(id)
		if err != nil || !listed {
			b.say(b.lines["quorum.auto_tie_breaker_node"], Error, "quorum.auto_tie_breaker_node", "write lowest, highest, or node ids of the nodelist", "%q is not a node id of the nodelist", w)
		}
	}
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}
