package rehearse

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/conf"
	"mainstay/internal/sim"
	"mainstay/sched"
)

// Subject is what is rehearsed: a configuration, and the machines that it runs on.
type Subject struct {
	CIB      *cib.Elem // configuration with an empty status
	Conf     []byte    // corosync.conf text
	Nodes    []string  // full members, in the order of their ids
	Links    int
	Token    time.Duration
	Boot     time.Duration // from the moment that a node is rebooted until its daemon runs again
	Services []Service
	Devices  []Device
	Watchdog bool                 // nodes may fence themselves (stonith-watchdog-timeout)
	Fencing  bool                 // nodes that are lost are to be fenced
	Policy   string               // no-quorum-policy
	Models   map[string]sim.Model // timings per resource
	Assumed  []string             // what the configuration leaves open, or is played otherwise, a sentence each

	contained []string // services that run in containers
	remote    []string // nodes that are not played
}

// Device is a configured fence device.
type Device struct {
	ID      string
	Targets []string // nodes that it says it can cut off; empty: all, or it is asked
}

// Machines is what NewSubject needs that the configuration does not tell.
type Machines struct {
	Conf  []byte   // corosync.conf; nil: one is assumed
	File  string   // its name in messages; "": corosync.conf
	Nodes []string // names; nil: those that Conf or the configuration name
	// Boot is how long a node that is rebooted takes until its daemon runs again; 0: UsualBoot.
	Boot time.Duration
}

// UsualBoot is how long a node takes to boot if nobody says: a virtual machine's
// time; a server that tests its memory takes minutes.
const UsualBoot = 30 * time.Second

// assumedNodes is how many nodes a configuration that names none is played on.
const assumedNodes = 3

// assumedLinks is how many links a cluster without a corosync.conf has: as many
// as the manual of each cluster manager asks for.
const assumedLinks = 2

// NewSubject makes a subject of a CIB, whose status section, if it has one, tells
// how long operations took. Errors are about the machines: nodes that do not fit
// together or a configuration file that is wrong.
func NewSubject(root *cib.Elem, m Machines) (*Subject, error) {
	s := &Subject{Boot: cmp.Or(m.Boot, UsualBoot)}
	if err := s.machines(root, m); err != nil {
		return nil, err
	}
	s.CIB = s.bare(root)
	s.inventory()
	if len(s.Services) == 0 {
		return nil, errors.New("the configuration has no resources, so there is nothing to rehearse")
	}
	s.timings(root)
	if ids := s.failing(root); len(ids) > 0 {
		s.assume("%s failed on record; it is played as if what made it fail is mended", counted(ids))
	}
	if m.Boot == 0 && s.Fencing && len(s.Devices) > 0 {
		s.assume("a node that is fenced is back after %v; --boot says otherwise", s.Boot)
	}
	return s, nil
}

// machines finds out who is in the cluster and by how many links.
func (s *Subject) machines(root *cib.Elem, m Machines) error {
	names, ids := m.Nodes, map[string]int{}
	if names == nil {
		names, ids = s.named(root)
	}
	text := m.Conf
	if text == nil {
		text = slices.Concat([]byte(assumedTotem), assumedQuorum(names), assumedNodelist(names, ids, assumedLinks))
		s.assume("%d links join the nodes, token is %v%s; --conf FILE takes your corosync.conf", assumedLinks, conf.DefaultToken, twoNodeText(len(names)))
	}
	file := cmp.Or(m.File, "corosync.conf")
	c, problems := conf.Parse(text, file)
	if c != nil && len(c.Nodes) == 0 { // of the days of multicast
		text = slices.Concat(text, []byte("\n"), assumedNodelist(names, ids, max(1, len(c.Totem.Interfaces))))
		s.assume("corosync.conf has no nodelist; the nodes are %s", strings.Join(names, ", "))
		c, problems = conf.Parse(text, file)
	}
	if conf.Failed(problems) {
		return unusable(file, problems)
	}
	s.Conf, s.Links, s.Token = text, c.Links(), c.Totem.Token
	for _, n := range c.Nodes {
		s.Nodes = append(s.Nodes, n.Name)
	}
	for _, n := range m.Nodes {
		if !slices.Contains(s.Nodes, n) {
			return fmt.Errorf("node %s is not in the nodelist of corosync.conf (%s)", n, strings.Join(s.Nodes, ", "))
		}
	}
	if len(s.Nodes) < 2 {
		return fmt.Errorf("%d node cannot take over from another\n  remedy: name at least two nodes with --nodes", len(s.Nodes))
	}
	return nil
}

// unusable is the error of a configuration file with errors, a line each.
func unusable(file string, problems []conf.Problem) error {
	text := file + " cannot be used"
	for _, p := range problems {
		if p.Severity == conf.Error {
			text += "\n  " + p.String()
		}
	}
	return errors.New(text)
}

// named finds the names of the nodes, and their ids where the CIB has them.
func (s *Subject) named(root *cib.Elem) (names []string, ids map[string]int) {
	if names, ids = nodesOf(root); len(names) > 0 {
		return names, ids
	}
	if names = mentioned(root); len(names) > 1 {
		s.assume("the nodes are those that the configuration mentions: %s", strings.Join(names, ", "))
		return names, ids
	}
	for i := 1; len(names) < assumedNodes; i++ {
		if n := fmt.Sprintf("node%d", i); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	s.assume("the configuration names no nodes; it is played on %d, --nodes says otherwise", assumedNodes)
	return names, ids
}

func (s *Subject) assume(format string, args ...any) {
	s.Assumed = append(s.Assumed, fmt.Sprintf(format, args...))
}

func twoNodeText(nodes int) string {
	if nodes == 2 {
		return ", two_node is set"
	}
	return ""
}

// nodesOf lists the full members that a CIB has, and their ids where these are numbers.
func nodesOf(root *cib.Elem) (names []string, ids map[string]int) {
	ids = map[string]int{}
	for n := range root.Path("configuration", "nodes").Named("node") {
		if t := n.Get("type"); t == "remote" || n.Get("uname") == "" {
			continue
		}
		names = append(names, n.Get("uname"))
		if id, err := strconv.Atoi(n.ID()); err == nil && id > 0 {
			ids[n.Get("uname")] = id
		}
	}
	return names, ids
}

// mentioned lists node names that constraints and fence devices mention, sorted.
func mentioned(root *cib.Elem) []string {
	var out []string
	root.Child("configuration").Walk(func(e *cib.Elem) bool {
		switch {
		case e.Name() == "rsc_location" && e.Get("node") != "":
			out = append(out, e.Get("node"))
		case e.Name() == "nvpair" && e.Get("name") == "pcmk_host_list":
			out = append(out, strings.FieldsFunc(e.Get("value"), func(r rune) bool { return strings.ContainsRune(" ,;\t", r) })...)
		case e.Name() == "expression" && e.Get("attribute") == "#uname" && e.Get("operation") == "eq":
			out = append(out, e.Get("value"))
		}
		return true
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// assumedTotem begins the corosync.conf of a cluster that has none here.
const assumedTotem = "totem {\n cluster_name: rehearsal\n secauth: off\n}\n"

// assumedQuorum is the quorum section that init and pcs write.
func assumedQuorum(names []string) []byte {
	if len(names) != 2 {
		return nil
	}
	return []byte("quorum {\n provider: corosync_votequorum\n two_node: 1\n}\n")
}

// assumedNodelist lists nodes of which only the names are known, and perhaps ids.
func assumedNodelist(names []string, ids map[string]int, links int) []byte {
	used := map[int]bool{}
	for _, n := range names {
		used[ids[n]] = true
	}
	var b strings.Builder
	b.WriteString("nodelist {\n")
	next := 1
	for i, n := range names {
		id := ids[n]
		for ; id == 0; next++ {
			if !used[next] {
				id = next
			}
		}
		fmt.Fprintf(&b, " node {\n name: %s\n nodeid: %d\n", n, id)
		for l := range links {
			fmt.Fprintf(&b, " ring%d_addr: 10.%d.%d.%d\n", l, l, (i+1)/250, (i+1)%250+1)
		}
		b.WriteString(" }\n")
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

// bare is the configuration alone, its nodes with the ids of the nodelist.
func (s *Subject) bare(root *cib.Elem) *cib.Elem {
	c, _ := conf.Parse(s.Conf, "corosync.conf")
	config := root.Child("configuration")
	var kept []*cib.Elem
	for _, k := range config.Child("nodes").Kids() {
		n, known := c.ByName(k.Get("uname"))
		switch {
		case known:
			kept = append(kept, k.With("id", n.ID.String()))
		case k.Get("type") == "remote": // see standIn
		case k.Name() == "node":
			s.assume("%s is in the CIB but not in the nodelist; it is left out", k.Get("uname"))
		}
	}
	config = config.Put(cib.New("nodes").WithKids(kept))
	config, by := standIn(config)
	s.stands(by)
	return root.Put(config).Put(cib.New("status"))
}

// watchdog tells whether a watchdog is relied on for fencing.
func watchdog(root *cib.Elem) bool {
	d, err := cib.ParseDuration(cib.Property(root, "fencing-watchdog-timeout", cib.Property(root, "stonith-watchdog-timeout", "0")))
	return err != nil || d != 0
}

// inventory lists services and fence devices.
func (s *Subject) inventory() {
	c := sched.Unpack(sched.Input{CIB: s.CIB})
	s.Fencing, s.Policy = c.FencingEnabled, c.NoQuorumPolicy
	s.Services = services(s.CIB, c)
	s.Watchdog = watchdog(s.CIB)
	for _, id := range deviceIDs(c) {
		s.Devices = append(s.Devices, Device{ID: id, Targets: targets(s.CIB, id, s.Nodes)})
	}
}
