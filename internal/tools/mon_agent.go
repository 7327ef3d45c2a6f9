package tools

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
)

// teller runs a program for every result of an operation that was not there before
// (crm_mon --external-agent; Pacemaker Explained, "ClusterMon"). What is there when
// it begins is old.
type teller struct {
	sink sink
	seen map[string]string // node and operation: transition-magic and call-id
}

func newTeller(s sink) *teller { return &teller{sink: s} }

// agentLimit bounds one run of the program.
const agentLimit = 5 * time.Minute

// tell runs the program once for each new result, in the document's order.
func (t *teller) tell(ctx context.Context, root *cib.Elem) {
	first := t.seen == nil
	now := map[string]string{}
	for state := range root.Child("status").Named("node_state") {
		node := state.Get("uname")
		for rsc := range state.Child("lrm").Child("lrm_resources").Named("lrm_resource") {
			for op := range rsc.Named("lrm_rsc_op") {
				key, mark := node+" "+op.ID(), op.Get("transition-magic")+" "+op.Get("call-id")+" "+op.Get("last-rc-change")
				now[key] = mark
				if !first && t.seen[key] != mark && op.Get("op-status") != strconv.Itoa(int(agent.Pending)) {
					t.run(ctx, node, rsc.ID(), op)
				}
			}
		}
	}
	t.seen = now
}

// run tells of one result. A program that fails has no effect on what follows.
func (t *teller) run(ctx context.Context, node, rsc string, op *cib.Elem) {
	ctx, cancel := context.WithTimeout(ctx, agentLimit)
	defer cancel()
	c := exec.CommandContext(ctx, t.sink.agent)
	c.Env = append(os.Environ(), "CRM_notify_recipient="+t.sink.recipient, "CRM_notify_node="+node, "CRM_notify_rsc="+rsc,
		"CRM_notify_task="+op.Get("operation"), "CRM_notify_desc="+resultText(op), "CRM_notify_rc="+op.Get("rc-code"),
		"CRM_notify_target_rc="+wanted(op), "CRM_notify_status="+op.Get("op-status"))
	_ = c.Run()
}

// resultText says in words how an operation ended.
func resultText(op *cib.Elem) string {
	rc, err := strconv.Atoi(op.Get("rc-code"))
	if err != nil {
		return op.Get("rc-code")
	}
	return agent.Code(rc).String()
}

// wanted is the result that the operation should have had: the third part of the
// transition key (ACTION:TRANSITION:RC:UUID).
func wanted(op *cib.Elem) string {
	parts := strings.Split(op.Get("transition-key"), ":")
	if len(parts) != 4 {
		return ""
	}
	return parts[2]
}
