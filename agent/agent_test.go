package agent

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mainstay/cib"
)

func TestNames(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"IPaddr2", "ocf:heartbeat:IPaddr2"},
		{"ocf:pacemaker:Dummy", "ocf:pacemaker:Dummy"},
		{"systemd:nginx", "systemd:nginx"},
		{"stonith:fence_x", "stonith:fence_x"},
	} {
		n, err := ParseName(c.text)
		if err != nil || n.String() != c.want {
			t.Errorf("%q: %v, %v; want %s", c.text, n, err, c.want)
		}
	}
	for _, bad := range []string{"", ":", "ocf:Dummy", "a:b:c:d", "ocf::Dummy", "lsb:"} {
		if n, err := ParseName(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, n)
		}
	}
}

// TestTexts pins the words to those of crm_mon 2.1.5.
func TestTexts(t *testing.T) {
	for c, want := range map[Code]string{
		0: "ok", 1: "error", 2: "invalid parameter", 3: "unimplemented feature", 4: "insufficient privileges", 5: "not installed",
		6: "not configured", 7: "not running", 8: "promoted", 9: "promoted (failed)", 190: "OCF_DEGRADED", 191: "promoted (degraded)",
		192: "unknown", 193: "unknown", 12: "unknown",
	} {
		if c.String() != want {
			t.Errorf("code %d: %q, want %q", c, c, want)
		}
	}
	for s, want := range map[Status]string{
		-1: "pending", 0: "complete", 1: "Cancelled", 2: "Timed Out", 3: "NOT SUPPORTED", 4: "Error", 5: "Hard error", 6: "Fatal error",
		7: "Not installed", 8: "Internal communication failure", 9: "Cannot execute now", 10: "No fence device",
		11: "CIB secrets unavailable", 12: "unknown",
	} {
		if s.String() != want {
			t.Errorf("status %d: %q, want %q", s, s, want)
		}
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		what   string
		op     string
		probe  bool
		status Status
		rc     Code
		target Code
		want   Severity
	}{
		{"as expected", "start", false, Done, OK, OK, None},
		{"pending", "start", false, Pending, Unknown, OK, None},
		{"cancelled", "monitor", false, Cancelled, Unknown, OK, None},
		{"died", "monitor", false, Done, NotRunning, OK, Soft},
		{"unpromoted", "monitor", false, Done, OK, RunningPromoted, Soft},
		{"degraded", "monitor", false, Done, Degraded, OK, None},
		{"promoted, degraded", "monitor", false, Done, DegradedPromoted, RunningPromoted, None},
		{"found running", "monitor", true, Done, OK, NotRunning, None},
		{"found promoted", "monitor", true, Done, RunningPromoted, NotRunning, None},
		{"found broken", "monitor", true, Done, GenericError, NotRunning, Soft},
		{"found failed promoted", "monitor", true, Done, FailedPromoted, NotRunning, Soft},
		{"bad arguments", "start", false, Done, BadArgs, OK, Hard},
		{"not installed", "monitor", true, Done, NotInstalled, NotRunning, Hard},
		{"no agent", "monitor", true, NoAgent, NotInstalled, NotRunning, Hard},
		{"not configured", "start", false, Done, NotConfigured, OK, Fatal},
		{"timed out", "stop", false, TimedOut, GenericError, OK, Soft},
		{"timed out though the code fits", "monitor", false, TimedOut, OK, OK, Soft},
		{"killed", "start", false, ExecError, GenericError, OK, Soft},
		{"fatal", "start", false, FatalError, NotConfigured, OK, Fatal},
	} {
		if got := Judge(c.op, c.probe, c.status, c.rc, c.target); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	for s, want := range []string{"none", "soft", "hard", "fatal"} {
		if Severity(s).String() != want {
			t.Errorf("severity %d: %s", s, Severity(s))
		}
	}
}

const sample = `some chatter
<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="db" version="1.2">
<version>1.1</version>
<longdesc lang="de">Lang</longdesc><longdesc lang="en">
Long &amp; wide
</longdesc>
<shortdesc lang="en">Short</shortdesc>
<vendor-url>http://example.com</vendor-url>
<parameters>
 <parameter name="mode" required="1" reloadable="1"><content type="select" default="a"><option value="a"/><option value="b"/></content></parameter>
 <parameter name="port" unique-group="addr"><content type="integer"/></parameter>
 <parameter name="old"><deprecated><replaced-with name="mode"/></deprecated><content type="string" default=""/></parameter>
 <parameter name="passwd" unique="1" reloadable="1"/>
</parameters>
<actions>
 <action name="monitor" timeout="20s" interval="10" start-delay="1m" depth="10" role="Promoted"/>
 <action name="reload-agent" timeout="whenever"/>
 <action name="on" automatic="1" on_target="1"/>
</actions>
</resource-agent>
trailing chatter`

func TestParseMetadata(t *testing.T) {
	m, err := ParseMetadata([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "db" || m.AgentVersion != "1.2" || m.API != "1.1" || m.Short != "Short" || m.Long != "Long & wide" || m.VendorURL != "http://example.com" {
		t.Errorf("%+v", m)
	}
	mode := m.Parameter("mode")
	if !mode.Required || !mode.Reloadable || mode.Type != "select" || mode.Default != "a" || !slices.Equal(mode.Options, []string{"a", "b"}) {
		t.Errorf("%+v", mode)
	}
	if p := m.Parameter("port"); p.HasDefault || p.UniqueGroup != "addr" || p.Type != "integer" {
		t.Errorf("%+v", p)
	}
	if p := m.Parameter("old"); !p.Deprecated || !p.HasDefault || !slices.Equal(p.ReplacedBy, []string{"mode"}) {
		t.Errorf("%+v", p)
	}
	a := m.Action("monitor")
	if a.Timeout != 20*time.Second || a.Interval != 10*time.Second || a.StartDelay != time.Minute || a.Depth != "10" || a.Role != "Promoted" {
		t.Errorf("%+v", a)
	}
	if a := m.Action("reload-agent"); a.Timeout != 0 {
		t.Errorf("%+v", a)
	}
	if !m.Unfences() || !m.Action("on").OnTarget {
		t.Error("it unfences")
	}
	if names, ok := m.RestartParams(); !ok || !slices.Equal(names, []string{"old", "port"}) {
		t.Errorf("restart: %v, %v", names, ok)
	}
	if s := m.SecretParams(); !slices.Equal(s, []string{"passwd"}) {
		t.Errorf("secret: %v", s)
	}
	if m.Parameter("none") != nil || m.Action("none") != nil {
		t.Error("something from nothing")
	}
}

func TestOldReload(t *testing.T) {
	m, err := ParseMetadata([]byte(`<resource-agent name="d" shortdesc="s"><parameters><parameter name="state" unique="1"/><parameter name="fake" unique="0"/></parameters>
<actions><action name="reload"/></actions></resource-agent>`))
	if err != nil {
		t.Fatal(err)
	}
	if names, ok := m.RestartParams(); !ok || !slices.Equal(names, []string{"state"}) || m.ReloadOp() != "reload" || m.Short != "s" {
		t.Errorf("%v %v %+v", names, ok, m)
	}
	// in OCF 1.1 "reload" is about the service's own configuration, not about parameters
	m.API = "1.1"
	if _, ok := m.RestartParams(); ok {
		t.Error("reloads")
	}
	var none *Metadata
	if none.ReloadOp() != "" || none.Unfences() || none.SecretParams() != nil || none.Parameter("x") != nil {
		t.Error("something from nothing")
	}
}

func TestBadMetadata(t *testing.T) {
	for _, bad := range []string{"", "nothing", "<", "<a/>", "<resource-agent>", "<resource-agent></b>"} {
		if m, err := ParseMetadata([]byte(bad)); err == nil {
			t.Errorf("%q is taken for %+v", bad, m)
		}
	}
}

// TestInstalledAgents reads the metadata of agents that Debian ships: of each
// that can be asked without side effects.
func TestInstalledAgents(t *testing.T) {
	type source struct {
		path string
		args []string
	}
	var list []source
	for _, a := range []string{"IPaddr2", "mysql", "galera", "Filesystem", "rabbitmq-cluster", "pgsql", "apache", "nginx", "VirtualDomain"} {
		list = append(list, source{"/usr/lib/ocf/resource.d/heartbeat/" + a, []string{"meta-data"}})
	}
	for _, a := range []string{"Dummy", "Stateful", "ping", "SysInfo"} {
		list = append(list, source{"/usr/lib/ocf/resource.d/pacemaker/" + a, []string{"meta-data"}})
	}
	for _, a := range []string{"fence_dummy", "fence_ipmilan", "fence_scsi"} {
		list = append(list, source{"/usr/sbin/" + a, []string{"-o", "metadata"}})
	}
	for _, s := range list {
		t.Run(filepath.Base(s.path), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), s.path, s.args...)
			cmd.Env = append(os.Environ(), "OCF_ROOT=/usr/lib/ocf")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v (the packages resource-agents and fence-agents must be installed)", err)
			}
			m, err := ParseMetadata(out)
			if err != nil {
				t.Fatal(err)
			}
			if m.Action("monitor") == nil || m.Name == "" || m.Short == "" {
				t.Errorf("%+v", m)
			}
			if filepath.Base(s.path) == "fence_scsi" && !m.Unfences() {
				t.Error("fence_scsi unfences")
			}
			for _, p := range m.Parameters {
				if p.Name == "" || strings.TrimSpace(p.Name) != p.Name {
					t.Errorf("parameter %+v", p)
				}
			}
		})
	}
}

func TestCallParam(t *testing.T) {
	c := Call{Params: []cib.Attr{{Name: "a", Value: "1"}}}
	if c.Param("a") != "1" || c.Param("b") != "" {
		t.Errorf("%+v", c)
	}
}

// FuzzMetadata checks that no agent can crash the parser and that what it says
// about reloading is consistent.
func FuzzMetadata(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`<resource-agent name="x"/>`))
	f.Add([]byte(`<resource-agent><actions><action name="reload"/></actions><parameters><parameter/></parameters></resource-agent>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		m, err := ParseMetadata(doc)
		if err != nil {
			return
		}
		names, ok := m.RestartParams()
		if ok != (m.ReloadOp() != "") || !slices.IsSorted(names) {
			t.Errorf("%v %v", names, ok)
		}
		for _, n := range names {
			if m.Parameter(n) == nil {
				t.Errorf("no parameter %q", n)
			}
		}
		for _, a := range m.Actions {
			if a.Timeout < 0 || a.Interval < 0 || a.StartDelay < 0 {
				t.Errorf("%+v", a)
			}
		}
	})
}
