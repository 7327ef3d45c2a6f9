package control

import (
	"fmt"
	"strconv"
	"strings"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/replica"
)

// Key is a transition key: which action of which transition of which
// coordinator's run an operation belongs to, and what result was hoped for
// ("ACTION:TRANSITION:TARGETRC:UUID" in an operation's record).
type Key struct {
	Action, Transition int
	Target             agent.Code
	UUID               string
}

// String writes the key as it stands in a record.
func (k Key) String() string {
	return fmt.Sprintf("%d:%d:%d:%s", k.Action, k.Transition, int(k.Target), k.UUID)
}

// ParseKey reads a transition key.
func ParseKey(s string) (Key, error) {
	w := strings.SplitN(s, ":", 4)
	if len(w) != 4 {
		return Key{}, fmt.Errorf("transition key %q: want action:transition:target-rc:uuid", s)
	}
	var n [3]int
	for i := range n {
		v, err := strconv.Atoi(w[i])
		if err != nil {
			return Key{}, fmt.Errorf("transition key %q: %w", s, err)
		}
		n[i] = v
	}
	return Key{n[0], n[1], agent.Code(n[2]), w[3]}, nil
}

// result is what an operation's record says.
type result struct {
	node, rsc string
	op        string
	key       string // operation key
	interval  int    // ms
	rc        agent.Code
	status    agent.Status
	from      Key
	known     bool // from could be read
	change    string
}

func readRecord(r replica.Record) (result, error) {
	e, err := cib.Parse([]byte(r.Op))
	if err != nil {
		return result{}, fmt.Errorf("operation record of %s on %s: %w", r.Rsc, r.Node, err)
	}
	res := result{
		node: r.Node, rsc: r.Rsc, op: e.Get("operation"), key: e.Get("operation_key"),
		interval: atoi(e.Get("interval")), rc: agent.Code(atoi(e.Get("rc-code"))),
		status: agent.Status(atoi(e.Get("op-status"))), change: e.Get("last-rc-change"),
	}
	if k, err := ParseKey(e.Get("transition-key")); err == nil {
		res.from, res.known = k, true
	}
	return res, nil
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// probe tells whether the operation only looked.
func (r result) probe() bool { return r.op == "monitor" && r.interval == 0 }

// failed tells whether the result is other than hoped for.
func (r result) failed() bool {
	switch r.status {
	case agent.Pending, agent.Cancelled:
		return false
	case agent.Done:
		if degraded(r.rc) && (r.from.Target == agent.OK || r.from.Target == agent.RunningPromoted) {
			return false
		}
		return r.rc != r.from.Target
	}
	return true
}

func degraded(rc agent.Code) bool { return rc == agent.Degraded || rc == agent.DegradedPromoted }

// infinity is a fail count that no migration-threshold exceeds.
const infinity = "INFINITY"

// failCounts are the attributes that a failure changes: the count of its
// operation on its node, and when it was last (Pacemaker Explained, "Failure Counts").
func failCounts(root *cib.Elem, r result, wall int64) []replica.Attribute {
	if !r.failed() || r.probe() || r.op == "notify" {
		return nil
	}
	name := fmt.Sprintf("%s#%s_%d", r.rsc, r.op, r.interval)
	value := infinity
	fatalStart := cib.Property(root, "start-failure-is-fatal", "true")
	if on, err := cib.ParseBool(fatalStart); r.op != "stop" && (r.op != "start" || err == nil && !on) {
		value = increment(transient(root, r.node, "fail-count-"+name))
	}
	return []replica.Attribute{
		{Node: r.node, Name: "fail-count-" + name, Value: value},
		{Node: r.node, Name: "last-failure-" + name, Value: strconv.FormatInt(wall, 10)},
	}
}

func increment(have string) string {
	if have == infinity {
		return infinity
	}
	n := atoi(have) + 1
	if n >= 1000000 {
		return infinity
	}
	return strconv.Itoa(n)
}

// transient reads a transient attribute of a node.
func transient(root *cib.Elem, node, name string) string {
	for ns := range root.Child("status").Named("node_state") {
		if ns.Get("uname") != node {
			continue
		}
		for set := range ns.Child("transient_attributes").Named("instance_attributes") {
			for nv := range set.Named("nvpair") {
				if nv.Get("name") == name {
					return nv.Get("value")
				}
			}
		}
	}
	return ""
}
