package whatif

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"mainstay/cib"
	"mainstay/sched"
	"mainstay/shell/crm"
)

// TestStories runs testdata/*.story. A story is a configuration in the crm language,
// then words about the state after "state:", one line each:
//
//	run RSC NODE            it was started there
//	fail RSC NODE COUNT     its monitor failed there so many times
//	offline NODE
//
// and asks "RSC NODE" as the command's arguments. The answer is checked by carrying
// it out where it names a score.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			in := sched.Input{CIB: tell(t, d.Input), Now: time.Unix(1700000000, 0).UTC()}
			rsc, node := d.CmdArgs[0].Key, d.CmdArgs[1].Key
			var b strings.Builder
			fmt.Fprintf(&b, "now on %v\n", Place(sched.Schedule(in), rsc))
			for _, c := range For(in, rsc, node) {
				fmt.Fprintf(&b, "on %s if %s\n", node, c.Text)
			}
			return b.String()
		})
	})
}

// tell makes the information base of a story.
func tell(t *testing.T, text string) *cib.Elem {
	t.Helper()
	conf, state, _ := strings.Cut(text, "state:\n")
	statements, problems := crm.Parse(conf)
	root := cib.Empty()
	edits, more := crm.Compile(statements, root, crm.Update)
	if problems = append(problems, more...); len(problems) > 0 {
		t.Fatalf("%v", problems)
	}
	root, err := cib.Apply(root, edits)
	if err != nil {
		t.Fatal(err)
	}
	return root.With("have-quorum", "1").With("dc-uuid", "1").Put(states(root, state))
}

// states makes the status section.
func states(root *cib.Elem, text string) *cib.Elem {
	status, call := cib.New("status"), 0
	for node := range root.Path("configuration", "nodes").Named("node") {
		name := node.Get("uname")
		e := cib.New("node_state", attrs("id", node.ID(), "uname", name, "in_ccm", "true", "crmd", "online", "join", "member", "expected", "member")...)
		list, set := cib.New("lrm_resources"), cib.New("instance_attributes", attrs("id", "status-"+node.ID())...)
		for line := range strings.Lines(text) {
			w := strings.Fields(line)
			switch {
			case len(w) == 2 && w[0] == "offline" && w[1] == name:
				e = e.With("in_ccm", "false").With("crmd", "offline").With("join", "down").With("expected", "down")
			case len(w) > 2 && w[2] == name:
				call++
				list = list.Append(record(w[1], "start", "0", "0", call))
				if w[0] == "fail" {
					set = set.Append(cib.New("nvpair", attrs("id", "fc-"+w[1]+name, "name", "fail-count-"+w[1]+"#monitor_10000", "value", w[3])...),
						cib.New("nvpair", attrs("id", "lf-"+w[1]+name, "name", "last-failure-"+w[1]+"#monitor_10000", "value", "1699999000")...))
				}
			}
		}
		e = e.Append(cib.New("lrm", attrs("id", node.ID())...).Append(list))
		status = status.Append(e.Append(cib.New("transient_attributes", attrs("id", node.ID())...).Append(set)))
	}
	return status
}

func record(rsc, op, interval, rc string, call int) *cib.Elem {
	key := rsc + "_" + op + "_" + interval
	return cib.New("lrm_resource", attrs("id", rsc, "class", "ocf", "provider", "heartbeat", "type", "Dummy")...).Append(
		cib.New("lrm_rsc_op", attrs("id", rsc+"_last_0", "operation_key", key, "operation", op, "interval", interval, "rc-code", rc, "op-status", "0",
			"call-id", fmt.Sprint(call), "last-rc-change", "1699990000", "transition-key", "1:1:0:x", "transition-magic", "0:"+rc+";1:1:0:x")...))
}

func attrs(kv ...string) []cib.Attr {
	var out []cib.Attr
	for i := 0; i+1 < len(kv); i += 2 {
		out = append(out, cib.Attr{Name: kv[i], Value: kv[i+1]})
	}
	return out
}
