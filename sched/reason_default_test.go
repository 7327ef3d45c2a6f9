package sched_test

import (
	"fmt"
	"testing"
	"time"

	"mainstay/cib"
	"mainstay/graph"
	"mainstay/sched"
)

// world is a cluster of two online nodes; lrm1 and lrm2 are what ran there.
func reasonWorld(t *testing.T, meta, lrm1, lrm2, quorum, attrs1 string) *sched.Result {
	t.Helper()
	node := func(id int, lrm string) string {
		return fmt.Sprintf(`<node_state id="%[1]d" uname="n%[1]d" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="%[1]d"><lrm_resources>%[2]s</lrm_resources></lrm></node_state>`, id, lrm)
	}
	root, err := cib.Parse([]byte(`<cib have-quorum="` + quorum + `" dc-uuid="1"><configuration><crm_config><cluster_property_set id="o">` +
		`<nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
		`<nodes><node id="1" uname="n1">` + attrs1 + `</node><node id="2" uname="n2"/></nodes><resources>` +
		`<primitive id="db" class="ocf" provider="sim" type="Dummy"><meta_attributes id="m">` + meta + `</meta_attributes>` +
		`<operations><op id="mon" name="monitor" interval="5s"/></operations></primitive></resources><constraints/></configuration><status>` +
		node(1, lrm1) + node(2, lrm2) + `</status></cib>`))
	if err != nil {
		t.Fatal(err)
	}
	return sched.Schedule(sched.Input{CIB: root, Now: time.Unix(1_700_000_000, 0)})
}

func record(op string, interval, want, rc int) string {
	return fmt.Sprintf(`<lrm_rsc_op id="db_%[1]s_%[2]d" operation_key="db_%[1]s_%[2]d" operation="%[1]s" crm_feature_set="3.20.1" `+
		`transition-key="1:1:%[3]d:u" transition-magic="0:%[4]d;1:1:%[3]d:u" call-id="%[5]d" rc-code="%[4]d" op-status="0" interval="%[2]d"/>`,
		op, interval, want, rc, 10+interval)
}

func ran(records string) string {
	return `<lrm_resource id="db" class="ocf" provider="sim" type="Dummy">` + records + `</lrm_resource>`
}

func TestEveryActionHasAReason(t *testing.T) {
	started, monitored := record("start", 0, 0, 0), record("monitor", 5000, 0, 0)
	stopped := ran(record("monitor", 0, 7, 7))
	standby := `<instance_attributes id="a"><nvpair id="s" name="standby" value="on"/></instance_attributes>`
	for _, c := range []struct {
		name, meta, lrm1, lrm2, quorum, attrs1 string
		want                                   map[string]string
	}{
		{"nothing is known", "", "", "", "1", "", map[string]string{
			"db_monitor_0 n1": "whether it runs on n1 is not known", "db_start_0 n1": "it runs nowhere and n1 is its best place",
			"db_monitor_5000 n1": "it is started on n1"}},
		{"stopped by the operator", `<nvpair id="x" name="target-role" value="Stopped"/>`, ran(started + monitored), stopped, "1", "",
			map[string]string{"db_stop_0 n1": "target-role is Stopped"}},
		{"no quorum", "", ran(started + monitored), stopped, "0", "", map[string]string{"db_stop_0 n1": "no quorum"}},
		{"standby", "", ran(started + monitored), stopped, "1", standby,
			map[string]string{"db_stop_0 n1": "n1 is in standby", "db_start_0 n2": "it moves from n1"}},
		{"failed", "", ran(started + record("monitor", 5000, 0, 7)), stopped, "1", "",
			map[string]string{"db_stop_0 n1": "it failed on n1", "db_start_0 n1": "it failed on n1"}},
		{"unwatched", "", ran(started), stopped, "1", "", map[string]string{"db_monitor_5000 n1": "it runs on n1 and nothing watches it"}},
		{"twice", "", ran(started), ran(started), "1", "", map[string]string{"db_stop_0 n2": "it runs on more than one node"}},
	} {
		res := reasonWorld(t, c.meta, c.lrm1, c.lrm2, c.quorum, c.attrs1)
		got := map[string]string{}
		for _, a := range res.Graph.Actions {
			if a.Kind == graph.Pseudo {
				continue
			}
			got[a.Key+" "+a.Node] = a.Reason
			if a.Reason == "" {
				t.Errorf("%s: %s on %s has no reason", c.name, a.Key, a.Node)
			}
		}
		for k, why := range c.want {
			if have, ok := got[k]; !ok || have != why && why != "" {
				t.Errorf("%s: the reason of %s is %q, want %q; all: %v", c.name, k, have, why, got)
			}
		}
	}
}
