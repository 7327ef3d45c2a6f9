package tools

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mainstay/cib"
)

func TestOldOutput(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"-d -h /run/x.html -i 5", "-d --output-as=html --output-to=/run/x.html -i 5"},
		{"--as-html=/run/x.html", "--output-as=html --output-to=/run/x.html"},
		{"-h", "-h"},
		{"-h -1", "-h -1"},
	} {
		if got := oldOutput(strings.Fields(c.in)); !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%s: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestDaemonNeedsOutput(t *testing.T) {
	if err := (&sink{daemonize: true}).check(); err == nil || !strings.Contains(err.Error(), "--output-to") {
		t.Errorf("a daemon that shows nothing to nobody: %v", err)
	}
	if err := (&sink{daemonize: true, file: "x"}).check(); err != nil {
		t.Error(err)
	}
}

// TestExternalAgent has a program told of results: of each once, and of none that
// were there before it watched or have not ended.
func TestExternalAgent(t *testing.T) {
	dir := t.TempDir()
	script, log := filepath.Join(dir, "agent"), filepath.Join(dir, "log")
	text := "#!/bin/sh\necho $CRM_notify_recipient $CRM_notify_node $CRM_notify_rsc $CRM_notify_task $CRM_notify_rc $CRM_notify_target_rc $CRM_notify_status $CRM_notify_desc >>" + log + "\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	status := func(ops string) *cib.Elem {
		root, err := cib.Parse(fmt.Appendf(nil, `<cib><status><node_state id="1" uname="n1"><lrm><lrm_resources><lrm_resource id="db">%s</lrm_resource></lrm_resources></lrm></node_state></status></cib>`, ops))
		if err != nil {
			t.Fatal(err)
		}
		return root
	}
	op := func(id, call, rc, status string) string {
		return fmt.Sprintf(`<lrm_rsc_op id="%s" operation="monitor" call-id="%s" rc-code="%s" op-status="%s" transition-key="3:1:0:u" transition-magic="%s:%s;3:1:0:u"/>`, id, call, rc, status, status, rc)
	}
	told := newTeller(sink{agent: script, recipient: "ops"})
	for _, ops := range []string{
		op("db_last_0", "1", "0", "0"),
		op("db_last_0", "1", "0", "0") + op("db_monitor_10000", "2", "7", "0"),
		op("db_last_0", "1", "0", "0") + op("db_monitor_10000", "2", "7", "0"),
		op("db_last_0", "3", "193", "-1") + op("db_monitor_10000", "2", "7", "0"),
		op("db_last_0", "3", "0", "0") + op("db_monitor_10000", "2", "7", "0"),
	} {
		told.tell(t.Context(), status(ops))
	}
	got, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	want := "ops n1 db monitor 7 0 0 not running\nops n1 db monitor 0 0 0 ok\n"
	if string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
