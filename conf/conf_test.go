package conf

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const three = `# three nodes, two links
totem {
  version: 2
  cluster_name: lab
  token: 1000
  interface {
    linknumber: 1
    mcastport: 6000
  }
}
nodelist {
  node {
    name: n2
    nodeid: 2
    ring0_addr: 10.0.0.2
    ring1_addr: 10.0.1.2
  }
  node {
    name: n1
    nodeid: 1
    ring0_addr: 10.0.0.1
    ring1_addr: 10.0.1.1
    quorum_votes: 2
  }
}
quorum {
  provider: corosync_votequorum
  wait_for_all: 1
}
`

func TestParse(t *testing.T) {
	c, ps := Parse([]byte(three), "f")
	if Failed(ps) {
		t.Fatal(ps)
	}
	if c.Totem.ClusterName != "lab" || c.Totem.Token != time.Second || !c.Totem.Encrypted {
		t.Errorf("totem: %+v", c.Totem)
	}
	if len(c.Nodes) != 2 || c.Nodes[0].Name != "n1" || c.Nodes[0].Votes != 2 || c.Nodes[1].Addrs[1] != "10.0.1.2" {
		t.Errorf("nodes: %+v", c.Nodes)
	}
	if c.Port(0) != 5405 || c.Port(1) != 6000 || c.Links() != 2 {
		t.Errorf("ports %d %d, links %d", c.Port(0), c.Port(1), c.Links())
	}
	if c.Quorum.WaitForAll == nil || !*c.Quorum.WaitForAll {
		t.Error("wait_for_all was not read")
	}
}

func TestProblemsNameThePlaceAndTheRemedy(t *testing.T) {
	for _, c := range []struct{ edit, want string }{
		{"token: 1000|token: 1s", `f:5: error: totem.token: "1s" is not a number of milliseconds; write a number without a unit`},
		{"token: 1000|tokn: 1000", `f:5: warning: totem.tokn: this key is not known and is ignored; did you mean token?`},
		{"nodeid: 2|nodeid: 1", `f:18: error: nodelist.node.nodeid: nodeid 1 stands twice: the node of line 12 has it too`},
		{"ring0_addr: 10.0.0.2|ring0_addr: 10.0.0.1", `address 10.0.0.1 stands twice`},
		{"ring0_addr: 10.0.0.2|# nothing", `numbered without gaps`},
		{"name: n2|name n2", `f:13: error: "name n2" is neither a key nor a section`},
		{"quorum {|quorum {\n two_node: maybe", `"maybe" is neither yes nor no`},
		{"wait_for_all: 1\n}|wait_for_all: 1", `quorum: the section is never closed`},
		{"nodelist {|nodelists {", `did you mean nodelist?`},
		{"provider: corosync_votequorum|provider: x", `"x" is read as corosync_votequorum`},
		{"token: 1000|secauth: perhaps", `"perhaps" is neither yes nor no`},
	} {
		from, to, _ := strings.Cut(c.edit, "|")
		_, ps := Parse([]byte(strings.Replace(three, from, to, 1)), "f")
		all := ""
		for _, p := range ps {
			all += p.String() + "\n"
		}
		if !strings.Contains(all, c.want) {
			t.Errorf("%s: want %q in\n%s", c.edit, c.want, all)
		}
	}
}

// The totem section of Fuel's document, with the nodelist that it lacks.
const fuel = `totem {
    version:                             2
    token:                               3000
    token_retransmits_before_loss_const: 10
    join:                                60
    consensus:                           3600
    vsftype:                             none
    max_messages:                        20
    clear_node_high_bit:                 yes
    rrp_mode:                            none
    secauth:                             off
    threads:                             0
    interface {
      ringnumber:  0
      bindnetaddr: 10.107.0.8
      mcastaddr:   239.1.1.2
      mcastport:   5405
    }
}
service {
  name: pacemaker
  ver: 1
}
`

func TestMulticastEraFile(t *testing.T) {
	_, ps := Parse([]byte(fuel), "corosync.conf")
	if !Failed(ps) {
		t.Fatal("a file without nodes was accepted")
	}
	said := ""
	for _, p := range ps {
		said += p.String() + "\n"
	}
	if !strings.Contains(said, "multicast on network 10.107.0.8") || !strings.Contains(said, "ring0_addr") {
		t.Errorf("the missing nodelist is not explained:\n%s", said)
	}
	c, ps := Parse([]byte(fuel+"nodelist {\n node {\n name: a\n nodeid: 1\n ring0_addr: 10.107.0.8\n }\n}\n"), "corosync.conf")
	if Failed(ps) {
		t.Fatal(ps)
	}
	if c.Totem.Token != 3*time.Second || c.Totem.Join != 60*time.Millisecond || c.Totem.Encrypted || c.Totem.MaxMessages != 20 {
		t.Errorf("totem: %+v", c.Totem)
	}
	for _, p := range ps {
		if p.Severity == Warning {
			t.Errorf("a key of the document is not explained: %s", p)
		}
	}
}

func TestAddAndRemoveNode(t *testing.T) {
	n := Node{ID: 3, Name: "n3", Addrs: []string{"10.0.0.3", "10.0.1.3"}, Votes: 1}
	more, err := AddNode([]byte(three), n)
	if err != nil {
		t.Fatal(err)
	}
	c, ps := Parse(more, "f")
	if got, ok := c.ByName("n3"); Failed(ps) || !ok || got.Addrs[1] != "10.0.1.3" || !strings.HasPrefix(string(more), "# three nodes") {
		t.Fatalf("after adding: %v %v\n%s", ps, got, more)
	}
	if again, err := AddNode(more, n); err != nil || string(again) != string(more) {
		t.Errorf("adding the same node again: %v", err)
	}
	n.Name = "n2"
	if _, err := AddNode(more, n); err == nil {
		t.Error("a second n2 was accepted")
	}
	n.Name, n.ID, n.Addrs = "n4", 4, n.Addrs[:1]
	if _, err := AddNode(more, n); err == nil || !strings.Contains(err.Error(), "2 links") {
		t.Errorf("a node with one address in a cluster of two links: %v", err)
	}
	less, err := RemoveNode(more, "n3")
	if err != nil || string(less) != three {
		t.Errorf("after removing: %v\n%s", err, less)
	}
	if _, err := RemoveNode(less, "n3"); err == nil {
		t.Error("a node that is not there was removed")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(three))
	f.Add([]byte(fuel))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, ps := Parse(text, "f")
		if c == nil {
			t.Fatal("no configuration")
		}
		for _, p := range ps {
			if p.Msg == "" || p.Line < 0 {
				t.Fatalf("a problem without words: %+v", p)
			}
		}
	})
}

// TestMembersBecomeNodes: files of Corosync 1 for networks without multicast list the
// nodes' addresses, so a nodelist follows from them; what else is in such files is
// passed over with a word.
func TestMembersBecomeNodes(t *testing.T) {
	const iface = "interface {\nringnumber: %d\nbindnetaddr: 10.0.%d.0\nmember {\nmemberaddr: 10.0.%d.1\n}\nmember {\nmemberaddr: 10.0.%d.2\n}\n}\n"
	text := "compatibility: whitetank\ntotem {\nversion: 2\nsecauth: off\ntransport: udpu\n" +
		strings.ReplaceAll(iface, "%d", "0") + strings.ReplaceAll(iface, "%d", "1") + "}\namf {\nmode: disabled\n}\n" +
		"quorum {\nprovider: corosync_quorum_ykd\n}\nlogging {\nlogger {\nident: AMF\n}\n}\nevent {\n}\n"
	c, ps := Parse([]byte(text), "f")
	if Failed(ps) || len(c.Nodes) != 2 || c.Links() != 2 || c.Nodes[1].Addrs[1] != "10.0.1.2" || c.Nodes[1].ID != 2 {
		t.Fatalf("%v\n%+v", ps, c.Nodes)
	}
	all := fmt.Sprint(ps)
	for _, want := range []string{"compatibility: not needed", "the nodes are taken from the member sections", "read as corosync_votequorum", "logging.logger: not needed", "event: not needed"} {
		if !strings.Contains(all, want) {
			t.Errorf("not said: %s\n%s", want, all)
		}
	}
	bad := strings.Replace(text, "memberaddr: 10.0.1.2", "memberaddr: 10.0.1.2:5405", 1)
	if _, ps := Parse([]byte(bad), "f"); !Failed(ps) {
		t.Error("an address with a port was taken")
	}
	short := strings.Replace(text, "member {\nmemberaddr: 10.0.1.2\n}\n", "", 1)
	if _, ps := Parse([]byte(short), "f"); !Failed(ps) || !strings.Contains(fmt.Sprint(ps), "others have 2") {
		t.Errorf("a node on one link only: %v", ps)
	}
}
