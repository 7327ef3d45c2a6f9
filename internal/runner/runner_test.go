package runner

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/internal/host"
)

func everything(string) bool { return true }
func nothing(string) bool    { return false }

func TestFenceInput(t *testing.T) {
	name := agent.Name{Class: "stonith", Type: "fence_x"}
	for _, c := range []struct {
		what   string
		op     string
		params []cib.Attr
		meta   string
		want   string
	}{
		{"plain", "off", params("ip", "10.0.0.9", "pcmk_host_list", "a", "pcmk_target", "a"), "",
			"action=off\nip=10.0.0.9\nport=a\n"},
		{"another argument", "off", params("pcmk_host_argument", "uuid", "pcmk_target", "a"), "", "action=off\nuuid=a\n"},
		{"no argument", "off", params("pcmk_host_argument", "none", "pcmk_target", "a"), "", "action=off\n"},
		{"static port", "off", params("pcmk_target", "a", "port", "7"), "", "action=off\nport=7\n"},
		{"dynamic port", "off", params("pcmk_target", "a", "port", "dynamic"), "", "action=off\nport=a\n"},
		{"another action", "reboot", params("action", "ignored", "pcmk_reboot_action", "off"), "", "action=off\n"},
		{"monitor by status", "start", params("pcmk_monitor_action", "status"), "", "action=status\n"},
		{"cluster's own", "monitor", params("CRM_meta_timeout", "5", "crm_feature_set", "3.20", "a", "b\nc=d"), "", "action=monitor\na=b c=d\n"},
		{"plug", "off", params("pcmk_target", "a"), `<parameter name="plug"/>`, "action=off\nplug=a\n"},
		{"plug and port", "off", params("pcmk_target", "a"), `<parameter name="plug"/><parameter name="port"/>`, "action=off\nport=a\n"},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := New(Config{Exists: everything})
			if c.meta != "" {
				r.Result(agent.Call{Name: name, Op: "meta-data"}, host.Exited{Stdout: []byte(
					`<resource-agent name="fence_x"><parameters>` + c.meta + `</parameters></resource-agent>`)})
			}
			cmd, err := r.Command(agent.Call{Name: name, Op: c.op, Params: c.params})
			if err != nil {
				t.Fatal(err)
			}
			if string(cmd.Stdin) != c.want {
				t.Errorf("standard input:\n%swant:\n%s", cmd.Stdin, c.want)
			}
		})
	}
}

func TestUnits(t *testing.T) {
	r := New(Config{Exists: nothing})
	for _, c := range []struct {
		name, op, unit, action string
	}{
		{"nginx", "start", "nginx.service", "start"},
		{"data.mount", "monitor", "data.mount", "status"},
		{"web@1", "stop", "web@1.service", "stop"},
		{"nginx", "reload-agent", "nginx.service", "reload"},
	} {
		for _, class := range []string{"systemd", "service"} {
			cmd, err := r.Command(agent.Call{Name: agent.Name{Class: class, Type: c.name}, Op: c.op, Timeout: time.Second})
			if err != nil || cmd.Unit != c.unit || cmd.UnitAction != c.action || cmd.Timeout != time.Second {
				t.Errorf("%s %s: %+v, %v", c.name, c.op, cmd, err)
			}
		}
	}
	for _, c := range []struct {
		op  string
		x   host.Exited
		rc  agent.Code
		why string
	}{
		{"monitor", host.Exited{Stdout: []byte("active\n")}, agent.OK, ""},
		{"monitor", host.Exited{Stdout: []byte("inactive\n"), Code: 3}, agent.NotRunning, ""},
		{"monitor", host.Exited{Stdout: []byte("failed\n"), Code: 3}, agent.NotRunning, ""},
		{"monitor", host.Exited{Stdout: []byte("activating\n"), Code: 3}, agent.GenericError, "the unit is activating"},
		{"monitor", host.Exited{Stdout: []byte("not-found"), Code: 4}, agent.NotInstalled, "no unit x.service"},
		// a systemd that cannot be asked has not said that the unit is down
		{"monitor", host.Exited{Code: 1, Stderr: []byte("no bus\n")}, agent.GenericError, "no bus"},
		{"start", host.Exited{Code: 1, Stderr: []byte("a\nJob failed\n")}, agent.GenericError, "Job failed"},
		{"start", host.Exited{Code: 1, Stderr: []byte("Unit x.service not found.\n")}, agent.NotInstalled, "no unit x.service"},
		{"stop", host.Exited{}, agent.OK, ""},
	} {
		res := r.Result(agent.Call{Name: agent.Name{Class: "systemd", Type: "x"}, Op: c.op}, c.x)
		if res.RC != c.rc || res.Reason != c.why || (res.Status == agent.Done) != (c.rc != agent.NotInstalled) {
			t.Errorf("%s %+v: %+v", c.op, c.x, res)
		}
	}
}

func TestCannotStart(t *testing.T) {
	r := New(Config{Exists: everything})
	c := agent.Call{Name: agent.Name{Class: "ocf", Provider: "x", Type: "y"}, Op: "start"}
	if res := r.Result(c, host.Exited{Code: -1, Err: errors.New("fork: permission denied")}); res.RC != agent.NoPermission {
		t.Errorf("%+v", res)
	}
	if res := r.Result(c, host.Exited{Code: -1, Err: errors.New("fork: no memory")}); res.Status != agent.ExecError || res.Reason != "fork: no memory" {
		t.Errorf("%+v", res)
	}
	if res := Failed(errors.New("odd")); res.Status != agent.ExecError {
		t.Errorf("%+v", res)
	}
}

// FuzzReason checks that whatever an agent writes makes a reason that is one
// short line of XML text.
func FuzzReason(f *testing.F) {
	f.Add([]byte("ocf-exit-reason:x\x00\x01\xff\n"))
	f.Add([]byte("a\nb\r\n"))
	f.Fuzz(func(t *testing.T, stderr []byte) {
		for _, s := range []string{exitReason(stderr), lastLine(stderr)} {
			if len(s) > 256 || strings.ContainsAny(s, "\n\r\t\x00\x01") {
				t.Errorf("%q", s)
			}
			doc := cib.New("x", cib.Attr{Name: "r", Value: s}).AppendXML(nil, false)
			back, err := cib.Parse(doc)
			if err != nil || back.Get("r") != s {
				t.Errorf("%q: %v, %q", s, err, back.Get("r"))
			}
		}
	})
}
