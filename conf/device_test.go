package conf

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// withDevice is the file of two nodes with a device section in it.
func withDevice(t *testing.T, device string) (*Config, string) {
	t.Helper()
	c, ps := Parse([]byte(strings.Replace(two, "provider:", "device {\n"+device+"\n}\nprovider:", 1)), "f")
	all := ""
	for _, p := range ps {
		all += p.String() + "\n"
	}
	return c, all
}

func TestDeviceSettings(t *testing.T) {
	const host = "model: net\nnet {\nhost: h\n"
	for _, c := range []struct{ device, want string }{
		{host + "algorithm: lms\n}", ""},
		{host + "}\nvotes: 1", ""},
		{host + "}\nvotes: 2", `f:22: error: quorum.device.votes: ffsplit needs a device with one vote; write votes: 1`},
		{host + "algorithm: lms\n}\nvotes: 3", `warning: quorum.device.votes: with lms the device needs 1 votes`},
		{host + "algorithm: test\n}", `"test" is not a value of this key; write ffsplit or lms`},
		{host + "tie_breaker: 3\n}", `"3" is not a node id of the nodelist; write lowest, highest, or a node id`},
		{host + "tie_breaker: 2\n}", ""},
		{host + "tls: maybe\n}", `write on, off or required`},
		{host + "port: 70000\n}", `70000 is out of range`},
		{host + "force_ip_version: 5\n}", `write 0, 4 or 6`},
		{host + "fingerprint: 12\n}", `"12" is not a SHA-256`},
		{host + "keep_active_partition_tie_breaker: off\n}", ""},
		{host + "}\ntimeout: 900", `warning: quorum.device.timeout: a heartbeat of 1s is short for a token of 1s`},
		{host + "}\nheuristics {\nmode: on\n}", `warning: quorum.device.heuristics.mode: there is no command`},
		{host + "}\nheuristics {\nmode: sync\nexec_a:\n}", `error: quorum.device.heuristics.exec_a: the value is missing`},
		{host + "}\nheuristics {\nmode: sync\nexec_a: /bin/true\ninterval: 5\n}", `5 is out of range`},
		{"model: disk\n", `"disk" is not a value of this key; write net`},
	} {
		_, got := withDevice(t, c.device)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: want %q in\n%s", c.device, c.want, got)
		}
	}
	if _, ps := Parse([]byte(strings.Replace(two, "cluster_name: lab", "", 1)+"quorum {\ndevice {\n"+host+"}\n}\n}"), "f"); !strings.Contains(fmt.Sprint(ps), "tells clusters by their names") {
		t.Errorf("no cluster name: %v", ps)
	}
	uneven := strings.Replace(two, "nodeid: 2", "nodeid: 2\nquorum_votes: 2", 1)
	if _, ps := Parse([]byte(strings.Replace(uneven, "provider:", "device {\n"+host+"}\n}\nprovider:", 1)), "f"); !strings.Contains(fmt.Sprint(ps), "ffsplit needs nodes with one vote each") {
		t.Errorf("uneven votes: %v", ps)
	}
}

// TestDeviceDefaults: what follows from what is not written.
func TestDeviceDefaults(t *testing.T) {
	c, _ := withDevice(t, "model: net\nnet {\nhost: h\n}")
	if d := c.Quorum.Device; d.Votes != 1 || d.Net.Port != 5403 || d.Net.ForgetActive || d.SyncTimeout != 30*time.Second || c.Heartbeat() != 1200*time.Millisecond {
		t.Errorf("%+v, heartbeat %v", d, c.Heartbeat())
	}
	if c, _ := withDevice(t, "model: net\ntimeout: 10000\nnet {\nhost: h\n}"); c.Heartbeat() != 8*time.Second {
		t.Errorf("timeout 10 s: a heartbeat of %v", c.Heartbeat())
	}
	three := strings.Replace(two, "quorum {", "nodelist {\nnode {\nname: c\nnodeid: 3\nquorum_votes: 4\nring0_addr: 10.0.0.3\n}\n}\nquorum {\ndevice {\nmodel: net\nnet {\nhost: h\nalgorithm: lms\n}\n}\n", 1)
	if c, ps := Parse([]byte(three), "f"); Failed(ps) || c.Quorum.Device.Votes != 5 {
		t.Errorf("lms, nodes of 6 votes: %+v %v", c.Quorum.Device, ps)
	}
}

func TestSetDevice(t *testing.T) {
	n := Net{Host: "w", Port: 7000, Algorithm: "lms", Fingerprint: strings.Repeat("ab", 32)}
	before := strings.Replace(two, "provider:", "# ours\n two_node: 1\n provider:", 1)
	once, err := SetDevice([]byte(before), n)
	if err != nil {
		t.Fatal(err)
	}
	c, ps := Parse(once, "f")
	if len(ps) != 0 || c.Quorum.TwoNode || c.Quorum.Device == nil || c.Quorum.Device.Net.Fingerprint != n.Fingerprint || !strings.Contains(string(once), "# ours") {
		t.Fatalf("%v\n%s", ps, once)
	}
	n.Port, n.Algorithm = 5403, "ffsplit"
	twice, err := SetDevice(once, n)
	if err != nil || strings.Count(string(twice), "device {") != 1 || strings.Contains(string(twice), "port:") {
		t.Errorf("%v\n%s", err, twice)
	}
	if got := string(RemoveDevice(twice)); got != strings.Replace(before, " two_node: 1\n", "", 1) {
		t.Errorf("removed:\n%s", got)
	}
	bare := two[:strings.Index(two, "quorum {")]
	if out, err := SetDevice([]byte(bare), n); err != nil || !strings.Contains(string(out), "quorum {") {
		t.Errorf("no quorum section: %v\n%s", err, out)
	}
	if _, err := SetDevice([]byte(strings.Replace(before, "provider:", "last_man_standing: 1\nprovider:", 1)), n); err == nil {
		t.Error("a device beside last_man_standing")
	}
}
