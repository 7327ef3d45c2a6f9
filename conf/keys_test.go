package conf

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// manual is every key of corosync.conf(5), votequorum(5) and corosync-qdevice(8),
// with a value that the page allows.
const manual = `totem {
	version: 2
	clear_node_high_bit: yes
	crypto_model: nss
	crypto_hash: sha256
	crypto_cipher: aes256
	secauth: on
	keyfile: /etc/corosync/authkey
	key: secret
	link_mode: passive
	netmtu: 1500
	transport: knet
	cluster_name: lab
	config_version: 7
	ip_version: ipv4
	token: 3000
	token_warning: 75
	token_coefficient: 650
	token_retransmit: 238
	knet_compression_model: none
	knet_compression_threshold: 100
	knet_compression_level: 1
	hold: 180
	token_retransmits_before_loss_const: 4
	join: 50
	send_join: 0
	consensus: 5160
	merge: 200
	downcheck: 1000
	fail_recv_const: 2500
	seqno_unchanged_const: 30
	heartbeat_failures_allowed: 0
	max_network_delay: 50
	window_size: 50
	max_messages: 17
	miss_count_const: 5
	knet_pmtud_interval: 30
	knet_mtu: 0
	block_unlisted_ips: yes
	cancel_token_hold_on_retransmit: no
	interface {
		linknumber: 0
		knet_link_priority: 1
		knet_ping_interval: 500
		knet_ping_timeout: 1000
		knet_ping_precision: 2048
		knet_pong_count: 2
		knet_transport: udp
		bindnetaddr: 10.0.0.0
		broadcast: no
		mcastaddr: 239.255.1.1
		mcastport: 5405
		ttl: 1
	}
}
logging {
	timestamp: hires
	fileline: off
	function_name: off
	blackbox: on
	to_stderr: yes
	to_logfile: yes
	to_syslog: yes
	logfile: /var/log/x.log
	logfile_priority: info
	syslog_facility: daemon
	syslog_priority: info
	debug: off
	logger_subsys {
		subsys: CPG
		debug: on
	}
}
quorum {
	provider: corosync_votequorum
	expected_votes: 3
	votes: 1
	two_node: 0
	wait_for_all: 1
	last_man_standing: 0
	last_man_standing_window: 20000
	auto_tie_breaker: 0
	allow_downscale: 1
	expected_votes_tracking: 1
	device {
		model: net
		votes: 1
		timeout: 10000
		sync_timeout: 30000
		net {
			host: 10.0.0.9
			port: 5403
			tls: on
			algorithm: ffsplit
			tie_breaker: lowest
			connect_timeout: 8000
			force_ip_version: 4
			keep_active_partition_tie_breaker: on
		}
		heuristics {
			mode: sync
			timeout: 5000
			sync_timeout: 15000
			interval: 30000
			exec_ping: /bin/true
		}
	}
}
nodelist {
	node {
		ring0_addr: 10.0.0.1
		nodeid: 1
		name: n1
		quorum_votes: 1
	}
	node {
		ring0_addr: 10.0.0.2
		nodeid: 2
		name: n2
	}
	node {
		ring0_addr: 10.0.0.3
		nodeid: 3
		name: n3
	}
}
system {
	qb_ipc_type: native
	sched_rr: yes
	priority: max
	move_to_root_cgroup: auto
	allow_knet_handle_fallback: no
	state_dir: /var/lib/corosync
}
resources {
	watchdog_device: /dev/watchdog
	watchdog_timeout: 6
	watchdog_pretimeout: 2
}
nozzle {
	name: nozzle0
	ipaddr: 192.168.10.0
	ipprefix: 24
	macaddr: 54:54:01:00:00:00
}
`

func TestEveryKeyOfTheManualIsAnswered(t *testing.T) {
	c, ps := Parse([]byte(manual), "f")
	for _, p := range ps {
		if p.Severity == Error || strings.Contains(p.Msg, "not known") {
			t.Error(p)
		}
	}
	if c.Totem.Token != 3650*time.Millisecond || c.Quorum.Device.Net.Algorithm != "ffsplit" || c.Quorum.Device.Heuristics.Exec[0].Command != "/bin/true" {
		t.Errorf("%+v %+v", c.Totem, c.Quorum.Device)
	}
	settings, _ := Explain([]byte(manual), "f")
	answered := map[string]bool{}
	for _, s := range settings {
		source, _, _ := strings.Cut(s.Source, ",")
		answered[source] = true
	}
	for _, p := range ps {
		answered[fmt.Sprintf("line %d", p.Line)] = true
	}
	inside := "" // a section that is answered as a whole
	for i, line := range strings.Split(manual, "\n") {
		switch {
		case strings.HasSuffix(line, "{") && (strings.HasPrefix(line, "nozzle") || strings.Contains(line, "logger_subsys")):
			inside = line
		case strings.HasSuffix(line, "}"):
			inside = ""
		case inside != "" || !strings.Contains(line, ":"):
		// Those only say what another key or the section's place says as well.
		case strings.Contains(line, "linknumber") || strings.Contains(line, "bindnetaddr") || strings.Contains(line, "knet_mtu") || strings.Contains(line, "\tvotes"):
		case !answered[fmt.Sprintf("line %d", i+1)]:
			t.Errorf("line %d has no answer: %s", i+1, line)
		}
	}
}

// TestDocuments: the files of the two documents, and what is said of them.
func TestDocuments(t *testing.T) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		settings, ps := Explain(text, filepath.Base(name))
		var got strings.Builder
		for _, p := range ps {
			fmt.Fprintln(&got, p)
		}
		got.WriteString("\n" + Table(settings))
		golden := strings.TrimSuffix(name, ".conf") + ".explained"
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got.String()); d != "" {
			t.Errorf("%s: want -, got +\n%s", name, d)
		}
	}
}

// TestHAGuideWithNodes: its two rings become two links that are used at once.
func TestHAGuideWithNodes(t *testing.T) {
	text, err := os.ReadFile("testdata/ha-guide.conf")
	if err != nil {
		t.Fatal(err)
	}
	nodes := `
nodelist {
	node {
		name: a
		nodeid: 1
		ring0_addr: 192.168.42.1
		ring1_addr: 10.0.42.1
	}
	node {
		name: b
		nodeid: 2
		ring0_addr: 192.168.42.2
		ring1_addr: 10.0.42.2
	}
}
`
	c, ps := Parse(append(text, nodes...), "f")
	for _, p := range ps {
		if p.Severity != Info {
			t.Error(p)
		}
	}
	if c.Totem.LinkMode != "active" || c.Totem.Token != 10*time.Second || !c.Totem.Encrypted || c.Links() != 2 || c.Port(0) != 5405 || c.Port(1) != 5405 {
		t.Errorf("%+v, %d links, ports %d %d", c.Totem, c.Links(), c.Port(0), c.Port(1))
	}
	if !c.Logging.ToStderr || c.Logging.ToFile || c.Logging.Debug {
		t.Errorf("%+v", c.Logging)
	}
}

const two = `totem {
	cluster_name: lab
}
nodelist {
	node {
		name: a
		nodeid: 1
		ring0_addr: 10.0.0.1
	}
	node {
		name: b
		nodeid: 2
		ring0_addr: 10.0.0.2
	}
}
quorum {
	provider: corosync_votequorum
}
`

func TestContradictionsAreFound(t *testing.T) {
	for _, c := range []struct{ edit, want string }{
		{"cluster_name: lab|token: 10", `f:2: error: totem.token: 10 is out of range; write a number from 20 to 600000`},
		{"cluster_name: lab|token: 1000 # ms", `a comment needs a line of its own`},
		{"cluster_name: lab|hold: 2000", `f:2: error: totem.hold: 2s is not less than token 1s`},
		{"cluster_name: lab|token_retransmit: 1000", `totem.token_retransmit: 1s is not less than token 1s`},
		{"cluster_name: lab|cluster_name:", `f:2: error: totem.cluster_name: the value is missing`},
		{"cluster_name: lab|cluster_name: lab\n cluster_name: bal", `f:3: warning: totem.cluster_name: the key stands in line 2 too; this one counts`},
		{"cluster_name: lab|link_mode: both", `"both" is not a value of this key; write passive, active or rr`},
		{"cluster_name: lab|transport: udpu", `warning: totem.transport: links are unicast`},
		{"cluster_name: lab|version: 1", `1 is out of range`},
		{"cluster_name: lab|crypto_cipher: none", `f:2: warning: totem.crypto_cipher: packets are protected all the same; write "secauth: off"`},
		{"cluster_name: lab|key: abc", `f:2: warning: totem.key: who may read this file has the cluster key`},
		{"cluster_name: lab|interface {\n ringnumber: 0\n }\n interface {\n linknumber: 0\n }", `f:5: error: totem.interface.linknumber: link 0 is described twice`},
		{"cluster_name: lab|interface {\n linknumber: 8\n }", `8 is out of range; write a number from 0 to 7`},
		{"cluster_name: lab|interface {\n linknumber: 3\n }", `f:3: warning: totem.interface: link 3 is described, but no node is on it; add ring3_addr`},
		{"cluster_name: lab|interface {\n knet_ping_interval: 900\n knet_ping_timeout: 800\n }", `f:4: error: totem.interface.knet_ping_timeout: 800ms is not more than`},
		{"cluster_name: lab|interfaces {\n }", `did you mean interface?`},
		{"ring0_addr: 10.0.0.2|ring0_addr: 10.0.0.1", `f:13: error: nodelist.node.ring0_addr: address 10.0.0.1 stands twice: line 8 has it too`},
		{"ring0_addr: 10.0.0.2|ring0_addr: ::ffff:10.0.0.1", `address ::ffff:10.0.0.1 stands twice`},
		{"ring0_addr: 10.0.0.2|ring0_addr: fe80::2", `link 0 has IPv4 and IPv6 addresses`},
		{"ring0_addr: 10.0.0.2|ring0_addr: 10.0.0.2:5405", `"10.0.0.2:5405" is neither an IP address nor a host name`},
		{"ring0_addr: 10.0.0.2|ring0_addr: 10.0.0.256", `"10.0.0.256" is not an IP address`},
		{"ring0_addr: 10.0.0.2|ring0_addr: 10.0.0.2\n ring1_addr: 10.0.1.2", `f:5: error: nodelist.node: node a has 1 addresses, others have 2`},
		{"ring0_addr: 10.0.0.2|ring9_addr: 10.0.0.2", `f:13: error: nodelist.node.ring9_addr: there are at most 8 links`},
		{"nodeid: 2|nodeid: 0", `node id "0": want a number from 1`},
		{"nodeid: 2|nodid: 2", `did you mean nodeid?`},
		{"name: b|name: a", `f:10: error: nodelist.node.name: name "a" stands twice: the node of line 5 has it too`},
		{"name: b|# no name", `f:10: warning: nodelist.node.name: the node has no name; its address is taken; write name: HOSTNAME`},
		{"provider: corosync_votequorum|two_node: 1\n expected_votes: 3", `two_node is set, so 2 votes are expected, not 3`},
		{"provider: corosync_votequorum|expected_votes: 1", `1 votes are expected, but the nodes have 2`},
		{"provider: corosync_votequorum|votes: 0", `no node has a vote`},
		{"provider: corosync_votequorum|votes: 3\n last_man_standing: 1", `it needs nodes with one vote each`},
		{"provider: corosync_votequorum|auto_tie_breaker_node: lowest", `it has no effect without auto_tie_breaker`},
		{"provider: corosync_votequorum|auto_tie_breaker: 1\n auto_tie_breaker_node: 1 3", `f:18: error: quorum.auto_tie_breaker_node: "3" is not a node id of the nodelist`},
		{"provider: corosync_votequorum|device {\n }", `the device has no model`},
		{"provider: corosync_votequorum|device {\n model: net\n }", `the device's host is not named`},
		{"provider: corosync_votequorum|two_node: 1\n device {\n model: net\n net {\n host: x\n }\n }", `quorum.two_node: it cannot be combined with a quorum device`},
		{"provider: corosync_votequorum|device {\n model: net\n net {\n hots: x\n }\n }", `quorum.device.net.hots: this key is not known and is ignored; did you mean host?`},
		{"quorum {|logging {\n to_logfile: yes\n }\nquorum {", `f:16: error: logging.logfile: to_logfile is set, but no logfile is named`},
		{"quorum {|system {\n priority: fast\n }\nquorum {", `f:17: error: system.priority: "fast" is not a priority`},
		{"quorum {|system {\n engine: corosync\n }\nquorum {", `f:17: info: system.engine: an installed Corosync does membership`},
		{"quorum {|qourum {", `did you mean quorum?`},
		{"nodelist {|token: 5\nnodelist {", `f:4: warning: token: a key outside of any section is ignored`},
	} {
		from, to, _ := strings.Cut(c.edit, "|")
		text := strings.Replace(two, from, to, 1)
		if text == two {
			t.Fatalf("%q changes nothing", c.edit)
		}
		_, ps := Parse([]byte(text), "f")
		all := ""
		for _, p := range ps {
			all += p.String() + "\n"
		}
		if !strings.Contains(all, c.want) {
			t.Errorf("%s: want %q in\n%s", c.edit, c.want, all)
		}
	}
	third := strings.Replace(two, "quorum {", "nodelist {\n node {\n name: c\n nodeid: 3\n ring0_addr: 10.0.0.3\n }\n}\nquorum {\n two_node: 1", 1)
	if _, ps := Parse([]byte(third), "f"); !Failed(ps) || !strings.Contains(fmt.Sprint(ps), "the nodelist has 3 nodes") {
		t.Errorf("two_node with three nodes: %v", ps)
	}
}

func TestSecauth(t *testing.T) {
	for keys, want := range map[string]bool{
		"": true, "secauth: on": true, "secauth: off": false, "crypto_cipher: none": true,
		"secauth: off\ncrypto_cipher: aes256": true, "secauth: off\ncrypto_cipher: none": false,
	} {
		c, ps := Parse([]byte(strings.Replace(two, "cluster_name: lab", keys, 1)), "f")
		if Failed(ps) || c.Totem.Encrypted != want {
			t.Errorf("%q: encrypted %v, want %v; %v", keys, c.Totem.Encrypted, want, ps)
		}
	}
}

func TestFormatReadsBackAsTheSame(t *testing.T) {
	for _, text := range []string{manual, two, three} {
		c, ps := Parse([]byte(text), "f")
		if Failed(ps) {
			t.Fatal(ps)
		}
		again, ps := Parse(c.Format(), "g")
		if Failed(ps) || !reflect.DeepEqual(c, again) {
			t.Errorf("%v\n%+v\n%+v\n%s", ps, c, again, c.Format())
		}
	}
}

func TestDiff(t *testing.T) {
	for _, c := range []struct{ edit, want string }{
		{"cluster_name: lab|cluster_name: lab", ""},
		{"cluster_name: lab|cluster_name: lab\nconfig_version: 3", ""},
		{"cluster_name: lab|cluster_name: lab\ntoken: 2000", "totem.token: 1000 → 2000\ntotem.token_retransmit: 200 → 400\n" +
			"totem.hold: 333 → 666\ntotem.consensus: 1200 → 2400"},
		{"cluster_name: lab|cluster_name: bal", "totem.cluster_name: lab → bal (all nodes have to be stopped: nodes of another cluster's name are not understood)"},
		{"cluster_name: lab|cluster_name: lab\nsecauth: off", "totem.secauth: yes → no (all nodes have to be stopped: they must all protect their packets, or none)\n" +
			"totem.keyfile: authkey → (none) (the key is read when the daemon starts)"},
		{"provider: corosync_votequorum|two_node: 1", "quorum.two_node: no → yes\nquorum.wait_for_all: no → yes (it is read when the daemon starts)"},
		{"nodeid: 2|nodeid: 2\nquorum_votes: 3", "nodelist.node.b.quorum_votes: 1 → 3"},
		{"ring0_addr: 10.0.0.2|ring0_addr: 10.0.0.7", "nodelist.node.b.ring0_addr: 10.0.0.2 → 10.0.0.7 (the node whose address it is has to be started anew)"},
		{"name: b|name: c", "nodelist.node.b.nodeid: 2 → (none)\nnodelist.node.b.name: b → (none)\nnodelist.node.b.quorum_votes: 1 → (none)\n" +
			"nodelist.node.b.ring0_addr: 10.0.0.2 → (none)\nnodelist.node.c.nodeid: (none) → 2\nnodelist.node.c.name: (none) → c\n" +
			"nodelist.node.c.quorum_votes: (none) → 1\nnodelist.node.c.ring0_addr: (none) → 10.0.0.2"},
		{"cluster_name: lab|cluster_name: lab\ninterface {\nmcastport: 7000\n}", "totem.interface.0.mcastport: 5405 → 7000 (all nodes have to be started anew)"},
	} {
		from, to, _ := strings.Cut(c.edit, "|")
		before, _ := Parse([]byte(two), "f")
		after, ps := Parse([]byte(strings.Replace(two, from, to, 1)), "f")
		if Failed(ps) {
			t.Fatal(ps)
		}
		var got []string
		for _, x := range Diff(before, after) {
			got = append(got, x.String())
		}
		if d := cmp.Diff(c.want, strings.Join(got, "\n")); d != "" {
			t.Errorf("%s: want -, got +\n%s", c.edit, d)
		}
	}
}

func TestPayload(t *testing.T) {
	for mtu, want := range map[int]int{0: 0, 1500: 1404, 9000: 8904, 1100: 1004} {
		if got := (Totem{MTU: mtu}).Payload(); got != want {
			t.Errorf("packets of %d bytes: payload %d, want %d", mtu, got, want)
		}
	}
}

// FuzzFormat: what can be used is the same after it was written and read.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{manual, two, three, fuel} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, ps := Parse(text, "f")
		if Failed(ps) {
			return
		}
		again, ps := Parse(c.Format(), "g")
		if Failed(ps) || !reflect.DeepEqual(c, again) {
			t.Fatalf("%v\n%+v\n%+v\n%s", ps, c, again, c.Format())
		}
		if d := Diff(c, again); len(d) != 0 {
			t.Fatalf("differences: %v", d)
		}
	})
}

// On an installed Corosync its own sections are not judged.
func TestCorosyncsOwnKeys(t *testing.T) {
	text := "totem {\n version: 2\n crypto_cipher: aes256\n hold: 9000\n}\nnodelist {\n node {\n  name: a\n  nodeid: 1\n  ring0_addr: 10.0.0.1\n }\n}\n"
	_, problems := Parse([]byte(text), "f")
	if len(problems) < 2 || !Failed(problems) {
		t.Errorf("the ring accepts all that: %v", problems)
	}
	c, problems := Parse([]byte(text+"system {\n engine: corosync\n}\n"), "f")
	if c.Engine != "corosync" || Failed(problems) {
		t.Errorf("%v", problems)
	}
	for _, p := range problems {
		if p.Severity == Info && p.Key != "system.engine" {
			t.Errorf("Corosync's key is called needless: %s", p)
		}
	}
}
