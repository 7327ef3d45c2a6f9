package quorum

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/member"
)

var peerSeeds = flag.Int("peer-seeds", 1, "stories per setting that are compared with Corosync's votequorum")

// option is a setting as both sides know it.
type option struct {
	keys string // lines of the quorum section
	set  func(*Config)
}

func yes() *bool { v := true; return &v }

// peerOptions are settings that do not depend on time or on a disk.
func peerOptions() []option {
	return []option{
		{"", func(*Config) {}},
		{"auto_tie_breaker: 1", func(c *Config) { c.AutoTieBreaker = true }},
		{"auto_tie_breaker: 1\nauto_tie_breaker_node: highest", func(c *Config) { c.AutoTieBreaker, c.TieBreaker = true, Highest }},
		{"auto_tie_breaker: 1\nauto_tie_breaker_node: 2 3", func(c *Config) {
			c.AutoTieBreaker, c.TieBreaker, c.TieBreakerNodes = true, Listed, []member.NodeID{2, 3}
		}},
		{"wait_for_all: 1", func(c *Config) { c.WaitForAll = yes() }},
		{"wait_for_all: 1\nauto_tie_breaker: 1", func(c *Config) { c.WaitForAll, c.AutoTieBreaker = yes(), true }},
		{"expected_votes: 5", func(c *Config) { c.ExpectedVotes = 5 }},
		{"two_node: 1", func(c *Config) { c.TwoNode = true }},
	}
}

// peer is a running corosync-vqsim(8), which is Corosync's own votequorum with its
// nodes as processes.
type peer struct {
	t      *testing.T
	in     io.Writer
	blocks chan map[string]string // what it shows: "partition of nodes" of a node → quorate
}

func newPeer(t *testing.T, votes []int, keys string) *peer {
	t.Helper()
	var conf bytes.Buffer
	conf.WriteString("totem {\nversion: 2\ncluster_name: lab\n}\nnodelist {\n")
	for i, v := range votes {
		fmt.Fprintf(&conf, "node {\nring0_addr: 10.0.0.%d\nnodeid: %d\nquorum_votes: %d\n}\n", i+1, i+1, v)
	}
	conf.WriteString("}\nquorum {\nprovider: corosync_votequorum\n" + keys + "\n}\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "c"), conf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("corosync-vqsim", "-c", "c") // it takes short paths only
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, in: in, blocks: make(chan map[string]string, 1000)}
	go p.read(out)
	t.Cleanup(func() {
		io.WriteString(in, "exit\n")
		in.Close()
		cmd.Wait()
	})
	return p
}

// read cuts what is shown into blocks: one line per node.
func (p *peer) read(out io.Reader) {
	block := map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var partition, id, q int
		line := lines.Text()
		if n, _ := fmt.Sscanf(line, "%d:%d: q=%d", &partition, &id, &q); n == 3 {
			_, nodes, _ := strings.Cut(line, "nodes=[")
			block[fmt.Sprintf("%d of %s", id, strings.TrimSuffix(strings.TrimSpace(nodes), "]"))] = fmt.Sprintf("%d=%d", id, q)
		} else if strings.HasPrefix(line, "#autofence") {
			p.blocks <- block
			block = map[string]string{}
		}
	}
	close(p.blocks)
}

// patience is how many times in a row the peer must say the same other than we do,
// before that is its last word: its nodes count at their own pace.
const patience = 100

// quorate puts nodes where they are to be, waits until all of them have noticed, and
// tells who has quorum. What we expect is believed sooner than anything else.
func (p *peer) quorate(where map[member.NodeID]int, ids []member.NodeID, ours string) string {
	p.t.Helper()
	want := map[string]bool{}
	for _, id := range ids {
		fmt.Fprintf(p.in, "move %d:%s\n", where[id], id)
		var with []string
		for _, o := range ids {
			if where[o] == where[id] {
				with = append(with, o.String())
			}
		}
		want[id.String()+" of "+strings.Join(with, " ")] = true
	}
	end := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last map[string]string
	same := 0
	for {
		select {
		case <-tick.C:
			io.WriteString(p.in, "show\n")
		case b := <-p.blocks:
			if maps.Equal(b, last) {
				same++
			} else {
				last, same = b, 0
			}
		case <-end:
			p.t.Fatalf("the peer's nodes do not come to see what they should, %v: %v", want, last)
		}
		missing := slices.ContainsFunc(slices.Collect(maps.Keys(want)), func(k string) bool { return last[k] == "" })
		if shown := strings.Join(slices.Sorted(maps.Values(last)), " "); !missing && (same > 5 && shown == ours || same > patience) {
			return shown
		}
	}
}

// quorate is the same of ours.
func (c *cluster) quorate() string {
	var list []string
	for _, id := range c.ids {
		if m := c.nodes[id]; m != nil {
			q := 0
			if m.State().Quorate {
				q = 1
			}
			list = append(list, fmt.Sprintf("%d=%d", id, q))
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// TestAsThePeerCounts: where the peer's answer is consistent, ours is the same. It
// deals nodes out to partitions at random.
func TestAsThePeerCounts(t *testing.T) {
	for i, o := range peerOptions() {
		for seed := range int64(*peerSeeds) {
			// The peer's nodes hear of a change one after the other, in an order of their
			// own, and at times end otherwise for it: what it says every time counts.
			said := ""
			for range 3 {
				if said = deal(t, o, rand.New(rand.NewSource(100*int64(i)+seed))); said == "" {
					break
				}
			}
			if said != "" {
				t.Error(said)
			}
		}
	}
}

// deal draws a cluster and compares its story.
func deal(t *testing.T, o option, rng *rand.Rand) string {
	t.Helper()
	n := 2 + rng.Intn(4)
	if strings.Contains(o.keys, "two_node") {
		n = 2
	}
	votes := make([]int, n)
	for k := range votes {
		votes[k] = 1 + rng.Intn(2)*rng.Intn(2)
		if strings.Contains(o.keys, "two_node") || strings.Contains(o.keys, "expected_votes") {
			votes[k] = 1
		}
	}
	even(o, votes)
	return compare(t, o, votes, rng)
}

// contradicts tells whether both partitions have quorum, or one has it in part.
func contradicts(shown string, where map[member.NodeID]int) bool {
	said := map[int]byte{}
	for _, w := range strings.Fields(shown) {
		var id member.NodeID
		var q byte
		if n, _ := fmt.Sscanf(w, "%d=%c", &id, &q); n != 2 {
			return true
		}
		if was, ok := said[where[id]]; ok && was != q {
			return true
		}
		said[where[id]] = q
	}
	return said[0] == '1' && said[1] == '1'
}

// even makes the sum of the votes even where there is a tie breaker: of an odd sum
// the peer takes the smaller part for a half, so that both parts may have quorum.
func even(o option, votes []int) {
	sum := 0
	for _, v := range votes {
		sum += v
	}
	if strings.Contains(o.keys, "auto_tie_breaker") {
		votes[0] += sum % 2
	}
}

// compare tells one story to both, and returns where they differ, if they do.
func compare(t *testing.T, o option, votes []int, rng *rand.Rand) string {
	t.Helper()
	c := &cluster{t: t, now: time.Second, nodes: map[member.NodeID]*Machine{}, saved: map[member.NodeID]Saved{}}
	for i, v := range votes {
		id := member.NodeID(i + 1)
		c.cfg.Nodes = append(c.cfg.Nodes, Node{id, v})
		c.ids = append(c.ids, id)
	}
	o.set(&c.cfg)
	p := newPeer(t, votes, o.keys)
	where := map[member.NodeID]int{}
	story := []string{}
	for step := range 6 {
		if step > 0 {
			where[c.ids[rng.Intn(len(c.ids))]] = rng.Intn(2)
		}
		parts := make([]string, 2)
		for _, id := range c.ids {
			parts[where[id]] += id.String() + " "
		}
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
		c.views(strings.Join(parts, "\n")+"\n", nil)
		story = append(story, strings.Join(parts, "| "))
		ours := c.quorate()
		theirs := p.quorate(where, c.ids, ours)
		if contradicts(theirs, where) {
			return "" // two parts that go on, or one that is not of one mind: nothing to be like
		}
		if theirs != ours {
			return fmt.Sprintf("%q, votes %v, after %q:\n peer %s\n ours %s", o.keys, votes, story, theirs, ours)
		}
	}
	return ""
}
