package runner

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/internal/host"
)

// machine runs commands of a Runner on this machine, one at a time.
type machine struct {
	t *testing.T
	r *Runner
}

func executable(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}

func newMachine(t *testing.T, cfg Config) *machine {
	t.Helper()
	cfg.Exists = executable
	cfg.Node = "n1"
	return &machine{t, New(cfg)}
}

func (m *machine) call(c agent.Call) agent.Result {
	m.t.Helper()
	cmd, err := m.r.Command(c)
	if err != nil {
		return Failed(err)
	}
	return m.r.Result(c, m.exec(cmd))
}

func (m *machine) exec(c host.Cmd) host.Exited {
	m.t.Helper()
	ctx := m.t.Context()
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Env, cmd.Stdin, cmd.Dir = c.Env, bytes.NewReader(c.Stdin), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	begin := time.Now()
	err := cmd.Run()
	x := host.Exited{Stdout: out.Bytes(), Stderr: errs.Bytes(), Took: time.Since(begin)}
	var ee *exec.ExitError
	switch {
	case ctx.Err() != nil:
		x.TimedOut, x.Code = true, -1
	case errors.As(err, &ee):
		x.Code = ee.ExitCode()
		if ws, ok := ee.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			x.Signal, x.Code = int(ws.Signal()), -1
		}
	case err != nil:
		x.Err, x.Code = err, -1
	}
	return x
}

func params(kv ...string) []cib.Attr {
	var list []cib.Attr
	for i := 0; i < len(kv); i += 2 {
		list = append(list, cib.Attr{Name: kv[i], Value: kv[i+1]})
	}
	return list
}

// script writes an executable file.
func script(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// rscTmp makes the directory that resource-agents keep their state in, as a
// booting machine does, inside the test's own directory.
func rscTmp(t *testing.T) string {
	t.Helper()
	return "HA_RSCTMP=" + t.TempDir()
}

// TestDummies drives Debian's own agents through a life.
func TestDummies(t *testing.T) {
	for _, provider := range []string{"heartbeat", "pacemaker"} {
		t.Run(provider, func(t *testing.T) {
			dir := t.TempDir()
			m := newMachine(t, Config{Env: []string{rscTmp(t)}})
			name := agent.Name{Class: "ocf", Provider: provider, Type: "Dummy"}
			call := func(op string, kv ...string) agent.Result {
				kv = append(kv, "state", filepath.Join(dir, "state"))
				return m.call(agent.Call{Name: name, Rsc: "d", Op: op, Timeout: 20 * time.Second, Params: params(kv...)})
			}
			want := func(op string, rc agent.Code) {
				t.Helper()
				if res := call(op); res.RC != rc || res.Status != agent.Done {
					t.Fatalf("%s: %v %v (%q, %s), want %v", op, res.Status, res.RC, res.Reason, res.Output, rc)
				}
			}
			want("monitor", agent.NotRunning)
			want("start", agent.OK)
			want("monitor", agent.OK)
			want("stop", agent.OK)
			want("monitor", agent.NotRunning)
			want("no-such-op", agent.Unimplemented)

			res := m.call(agent.Call{Name: name, Op: "meta-data", Timeout: 20 * time.Second})
			md, err := agent.ParseMetadata([]byte(res.Output))
			if err != nil {
				t.Fatal(err)
			}
			if md.Name != "Dummy" || md.Action("monitor") == nil || md.Parameter("state") == nil {
				t.Errorf("metadata: %+v", md)
			}
		})
	}
}

// TestEnvironment lets Debian's Dummy show what it was given.
func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	m := newMachine(t, Config{Env: []string{rscTmp(t)}, ToolDir: "/opt/tools"})
	dump := filepath.Join(dir, "env")
	res := m.call(agent.Call{Name: agent.Name{Class: "ocf", Provider: "pacemaker", Type: "Dummy"}, Rsc: "d:1", Op: "start",
		Interval: 0, Timeout: 20 * time.Second, Params: params(
			"CRM_meta_notify_type", "post", "CRM_meta_notify_start_uname", "n1 n2", "CRM_meta_clone", "1",
			"CRM_meta_timeout", "20000", "CRM_meta_op_target_rc", "7", "OCF_CHECK_LEVEL", "10", "envfile", dump, "odd", `a "quoted" $value`,
			"state", filepath.Join(dir, "state"))})
	if res.RC != agent.OK {
		t.Fatalf("start: %+v", res)
	}
	text, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"OCF_ROOT=/usr/lib/ocf", "OCF_RESOURCE_INSTANCE=d:1", "OCF_RESOURCE_TYPE=Dummy", "OCF_RESOURCE_PROVIDER=pacemaker",
		"OCF_RA_VERSION_MAJOR=1", "OCF_RA_VERSION_MINOR=1", "OCF_CHECK_LEVEL=10", "OCF_EXIT_REASON_PREFIX=ocf-exit-reason:",
		"OCF_RESKEY_CRM_meta_notify_type=post", "OCF_RESKEY_CRM_meta_notify_start_uname=n1 n2", "OCF_RESKEY_CRM_meta_clone=1",
		"OCF_RESKEY_CRM_meta_timeout=20000", `OCF_RESKEY_odd=a "quoted" $value`,
		"HA_SBIN_DIR=/opt/tools", "OCF_OUTPUT_FORMAT=text", "LC_ALL=C", "PCMK_quorum_type=corosync",
	} {
		if !strings.Contains("\n"+string(text), "\n"+want+"\n") {
			t.Errorf("no %s in the agent's environment:\n%s", want, text)
		}
	}
	for _, never := range []string{"OCF_RESKEY_CRM_meta_op_target_rc=", "OCF_RESKEY_OCF_CHECK_LEVEL="} {
		if strings.Contains(string(text), never) {
			t.Errorf("%s in the agent's environment, where Pacemaker has none", never)
		}
	}
	if !strings.Contains(string(text), "\nPATH=/opt/tools:") {
		t.Errorf("the tools are not first in PATH:\n%s", text)
	}
}

func TestExitReason(t *testing.T) {
	dir := t.TempDir()
	script(t, dir, "resource.d/x/moody", `#!/bin/sh
echo "ocf-exit-reason:first" >&2
echo "ocf-exit-reason: the	last one" >&2
echo chatter >&2
exit 6
`)
	m := newMachine(t, Config{OCFRoot: dir})
	res := m.call(agent.Call{Name: agent.Name{Class: "ocf", Provider: "x", Type: "moody"}, Rsc: "r", Op: "start"})
	if res.RC != agent.NotConfigured || res.Reason != "the last one" || !strings.HasSuffix(res.Output, "chatter") {
		t.Errorf("%+v", res)
	}
}

func TestTimeoutAndSignal(t *testing.T) {
	dir := t.TempDir()
	script(t, dir, "resource.d/x/slow", "#!/bin/sh\n[ $1 = stop ] && kill -9 $$\nexec tail -f /dev/null\n")
	m := newMachine(t, Config{OCFRoot: dir})
	name := agent.Name{Class: "ocf", Provider: "x", Type: "slow"}
	res := m.call(agent.Call{Name: name, Rsc: "r", Op: "start", Timeout: 50 * time.Millisecond})
	if res.Status != agent.TimedOut || res.RC != agent.GenericError || !strings.Contains(res.Reason, "50ms") {
		t.Errorf("timeout: %+v", res)
	}
	res = m.call(agent.Call{Name: name, Rsc: "r", Op: "stop", Timeout: time.Minute})
	if res.Status != agent.ExecError || !strings.Contains(res.Reason, "signal 9") {
		t.Errorf("signal: %+v", res)
	}
}

func TestNotInstalled(t *testing.T) {
	m := newMachine(t, Config{InitDir: t.TempDir(), HeartbeatDir: t.TempDir()})
	for _, n := range []agent.Name{
		{Class: "ocf", Provider: "mirantis", Type: "absent"}, {Class: "lsb", Type: "absent"},
		{Class: "stonith", Type: "fence_absent"}, {Class: "heartbeat", Type: "absent"}, {Class: "nagios", Type: "check_ping"},
	} {
		res := m.call(agent.Call{Name: n, Rsc: "r", Op: "monitor"})
		if res.Status != agent.NoAgent || res.RC != agent.NotInstalled || res.Reason == "" {
			t.Errorf("%s: %+v", n, res)
		}
	}
	for _, n := range []agent.Name{{Class: "ocf", Provider: "..", Type: "x"}, {Class: "lsb", Type: "../sh"}, {Class: "lsb"}} {
		if res := m.call(agent.Call{Name: n, Op: "start"}); res.Status != agent.FatalError {
			t.Errorf("%s: %+v", n, res)
		}
	}
}

// initScript is an LSB script that keeps its state in a file beside it.
const initScript = `#!/bin/sh
state="$0.state"
case "$1" in
start) touch "$state" ;;
stop) rm -f "$state" ;;
status) [ -e "$state.dead" ] && exit 1; [ -e "$state" ] && exit 0; exit 3 ;;
*) exit 3 ;;
esac
`

func TestLSB(t *testing.T) {
	dir := t.TempDir()
	path := script(t, dir, "svc", initScript)
	m := newMachine(t, Config{InitDir: dir})
	for _, class := range []string{"lsb", "service"} {
		for _, step := range []struct {
			op string
			rc agent.Code
		}{{"monitor", agent.NotRunning}, {"start", agent.OK}, {"monitor", agent.OK}, {"stop", agent.OK}, {"monitor", agent.NotRunning},
			{"promote", agent.Unimplemented}, {"reload", agent.Unimplemented}} {
			res := m.call(agent.Call{Name: agent.Name{Class: class, Type: "svc"}, Rsc: "s", Op: step.op, Timeout: 20 * time.Second})
			if res.RC != step.rc {
				t.Errorf("%s %s: %+v, want %v", class, step.op, res, step.rc)
			}
		}
	}
	script(t, filepath.Dir(path), "svc.state.dead", "")
	if res := m.call(agent.Call{Name: agent.Name{Class: "lsb", Type: "svc"}, Op: "monitor"}); res.RC != agent.NotRunning {
		t.Errorf("dead with pid file: %+v", res)
	}
}

func TestHeartbeatScript(t *testing.T) {
	dir := t.TempDir()
	script(t, dir, "Thing", `#!/bin/sh
state="${0%/*}/$1-$2"
case "$3" in
start) touch "$state" ;;
stop) rm -f "$state" ;;
status) [ -e "$state" ] && echo "Thing is running" || echo "Thing is stopped"; exit 0 ;;
esac
`)
	m := newMachine(t, Config{HeartbeatDir: dir})
	for _, step := range []struct {
		op string
		rc agent.Code
	}{{"monitor", agent.NotRunning}, {"start", agent.OK}, {"monitor", agent.OK}, {"stop", agent.OK}, {"monitor", agent.NotRunning}} {
		res := m.call(agent.Call{Name: agent.Name{Class: "heartbeat", Type: "Thing"}, Op: step.op, Params: params("1", "10.0.0.1", "2", "eth0")})
		if res.RC != step.rc {
			t.Errorf("%s: %+v, want %v", step.op, res, step.rc)
		}
	}
}

// TestFenceDummy presses the switch of Debian's dummy.
func TestFenceDummy(t *testing.T) {
	m := newMachine(t, Config{})
	file := filepath.Join(t.TempDir(), "switch")
	name := agent.Name{Class: "stonith", Type: "fence_dummy"}
	call := func(op string, kv ...string) agent.Result {
		kv = append(kv, "status_file", file, "pcmk_host_list", "n1 n2", "pcmk_target", "n2")
		return m.call(agent.Call{Name: name, Rsc: "f", Op: op, Timeout: 20 * time.Second, Params: params(kv...)})
	}
	if res := call("meta-data"); res.RC != agent.OK {
		t.Fatalf("metadata: %+v", res)
	}
	for _, step := range []struct {
		op string
		rc agent.Code
	}{{"start", agent.OK}, {"on", agent.OK}, {"status", agent.OK}, {"off", agent.OK}, {"status", agent.NotRunning},
		{"monitor", agent.OK}, {"reboot", agent.OK}, {"list", agent.GenericError}} {
		if res := call(step.op); res.RC != step.rc {
			t.Errorf("%s: %+v, want %v", step.op, res, step.rc)
		}
	}
	if res := call("start", "pcmk_monitor_action", "status"); res.RC != agent.OK {
		t.Errorf("a device that watches a plug that may be off: %+v", res)
	}
	if res := call("list"); !strings.Contains(res.Reason, "-h") {
		t.Errorf("reason: %+v", res)
	}
	if res := call("stop"); res.RC != agent.OK || res.Status != agent.Done {
		t.Errorf("stop: %+v", res)
	}
}
