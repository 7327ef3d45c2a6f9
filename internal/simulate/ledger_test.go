package simulate

import (
	"testing"
	"time"

	"mainstay/cib"
)

const before = `<cib><configuration><nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="r" uname="r" type="remote"/></nodes></configuration>
<status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources>
<lrm_resource id="db" class="ocf" provider="p" type="Db"><lrm_rsc_op id="db_last_0" operation_key="db_start_0" operation="start" call-id="7"/></lrm_resource>
</lrm_resources></lrm></node_state></status></cib>`

func open(t *testing.T) *ledger {
	t.Helper()
	root, err := cib.Parse([]byte(before))
	if err != nil {
		t.Fatal(err)
	}
	return newLedger(root, time.Unix(1700000000, 0))
}

// entry finds an operation in a finished ledger.
func entry(t *testing.T, l *ledger, node, rsc, id string) *cib.Elem {
	t.Helper()
	for ns := range l.close().Child("status").Named("node_state") {
		if ns.Get("uname") == node {
			return ns.Path("lrm", "lrm_resources").ChildID("lrm_resource", rsc).ChildID("lrm_rsc_op", id)
		}
	}
	return nil
}

func TestRecord(t *testing.T) {
	for _, c := range []struct {
		r       result
		entries []string
	}{
		{result{task: "stop"}, []string{"db_last_0"}},
		{result{task: "monitor", interval: 5000}, []string{"db_monitor_5000"}},
		{result{task: "migrate_to"}, []string{"db_migrate_to_0"}},
		{result{task: "monitor", interval: 5000, rc: 7}, []string{"db_last_failure_0"}},
		{result{task: "start", rc: 1}, []string{"db_last_failure_0", "db_last_0"}},
		{result{task: "monitor", rc: 7, targetRC: 7}, []string{"db_last_0"}},
	} {
		l := open(t)
		b := l.node("n1", "1")
		l.record(b, b.resource("db:0", "db", "ocf", "p", "Db"), c.r)
		for _, id := range c.entries {
			op := entry(t, l, "n1", "db", id)
			if op.Get("operation") != c.r.task || op.Get("call-id") != "8" {
				t.Errorf("%+v: entry %s is %s", c.r, id, op)
			}
		}
		if n := len(l.close().Path("status", "node_state", "lrm", "lrm_resources", "lrm_resource").Kids()); n > 2 {
			t.Errorf("%+v: %d entries", c.r, n)
		}
	}
}

func TestNewNodeAndResource(t *testing.T) {
	l := open(t)
	b := l.node("n2", "")
	if b.state.ID() != "2" || b.state.Get("remote_node") != "" {
		t.Errorf("n2: %s", b.state)
	}
	if r := l.node("r", ""); r.state.ID() != "r" || r.state.Get("remote_node") != "true" {
		t.Errorf("r: %s", r.state)
	}
	l.record(b, b.resource("vip", "vip", "systemd", "", "x"), result{task: "start", node: "n2"})
	if op := entry(t, l, "n2", "vip", "vip_last_0"); op.Get("transition-magic") != "0:0;0:-1:0:"+fakeUUID || op.Get("on_node") != "n2" {
		t.Errorf("op: %s", op)
	}
}

func TestMigration(t *testing.T) {
	l := open(t)
	b := l.node("n2", "")
	ends := []cib.Attr{{Name: "CRM_meta_migrate_source", Value: "n1"}, {Name: "CRM_meta_migrate_target", Value: "n2"}}
	l.record(b, b.resource("vm", "vm", "ocf", "heartbeat", "x"), result{task: "migrate_from", node: "n2", attrs: ends})
	if op := entry(t, l, "n2", "vm", "vm_migrate_from_0"); op.Get("migrate_source") != "n1" || op.Get("migrate_target") != "n2" {
		t.Errorf("a migration's record does not tell its ends: %s", op)
	}
}

func TestCountFailure(t *testing.T) {
	value := func(l *ledger, name string) string {
		for ns := range l.close().Child("status").Named("node_state") {
			for nv := range ns.Path("transient_attributes", "instance_attributes").Named("nvpair") {
				if nv.Get("name") == name {
					return nv.Get("value")
				}
			}
		}
		return ""
	}
	l := open(t)
	b := l.node("n1", "1")
	l.countFailure(b, "db", "monitor", 0, 7, false) // a probe that found nothing
	l.countFailure(b, "db", "start", 0, 0, false)   // success
	if b.state.Child("transient_attributes") != nil {
		t.Errorf("counted what is no failure: %s", b.state)
	}
	l.countFailure(b, "db", "monitor", 5000, 7, false)
	l.countFailure(b, "db", "monitor", 5000, 1, false)
	l.countFailure(b, "db", "start", 0, 1, true)
	l.countFailure(b, "db", "start", 0, 1, false)
	for name, want := range map[string]string{
		"fail-count-db#monitor_5000": "2", "last-failure-db#monitor_5000": "1700000000", "fail-count-db#start_0": "INFINITY",
	} {
		if got := value(l, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestUpAndDown(t *testing.T) {
	l := open(t)
	l.setUp("n2", true)
	l.setUp("n1", false).forget()
	root := l.close()
	for ns := range root.Child("status").Named("node_state") {
		up := ns.Get("uname") == "n2"
		if (ns.Get("in_ccm") == "true") != up || (ns.Get("crmd") == "online") != up || (ns.Get("join") == "member") != up {
			t.Errorf("%s", ns)
		}
		if ns.Child("lrm") != nil {
			t.Errorf("history is not forgotten: %s", ns)
		}
	}
}

func TestTickets(t *testing.T) {
	l := open(t)
	l.setTicket("tA", "granted", "true")
	l.setTicket("tA", "standby", "true")
	l.setTicket("tB", "granted", "false")
	got := l.close().Path("status", "tickets").String()
	want := "<tickets>\n  <ticket_state id=\"tA\" granted=\"true\" standby=\"true\"/>\n  <ticket_state id=\"tB\" granted=\"false\"/>\n</tickets>"
	if got[:len(want)] != want {
		t.Errorf("%s", got)
	}
}
