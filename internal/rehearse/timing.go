package rehearse

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/agent"
	"mainstay/cib"
	"mainstay/internal/sim"
)

// habit is how long agents of a kind usually take where no history tells.
type habit struct{ start, stop, monitor, promote time.Duration }

// habits are by agent type; they are the order of magnitude that such services
// take on an idle machine, not measurements.
func habits() map[string]habit {
	ms, s := time.Millisecond, time.Second
	address := habit{200 * ms, 100 * ms, 50 * ms, 0}
	mount := habit{1 * s, 1 * s, 50 * ms, 0}
	database := habit{5 * s, 3 * s, 200 * ms, 3 * s}
	light := habit{500 * ms, 500 * ms, 50 * ms, 0}
	machine := habit{5 * s, 10 * s, 200 * ms, 0}
	return map[string]habit{
		"IPaddr": address, "IPaddr2": address, "IPv6addr": address, "IPsrcaddr": address, "Dummy": {50 * ms, 50 * ms, 20 * ms, 50 * ms}, "Stateful": {50 * ms, 50 * ms, 20 * ms, 50 * ms},
		"Filesystem": mount, "LVM": mount, "LVM-activate": mount, "exportfs": mount, "nfsserver": {3 * s, 3 * s, 100 * ms, 0},
		"drbd":  {1 * s, 1 * s, 100 * ms, 1 * s},
		"mysql": database, "mariadb": database, "pgsql": database, "galera": database, "redis": {1 * s, 1 * s, 50 * ms, 1 * s},
		"rabbitmq-server": {5 * s, 3 * s, 300 * ms, 0}, "rabbitmq-cluster": {8 * s, 4 * s, 500 * ms, 0}, "rabbitmq-server-ha": {8 * s, 4 * s, 500 * ms, 2 * s},
		"haproxy": light, "nginx": light, "apache": {1 * s, 1 * s, 100 * ms, 0}, "memcached": light, "ping": light, "ClusterMon": light,
		"VirtualDomain": machine, "Xen": machine, "docker": {2 * s, 2 * s, 200 * ms, 0}, "podman": {2 * s, 2 * s, 300 * ms, 0},
	}
}

// usual is how long agents take that are not among the habits.
func usual() habit {
	return habit{1 * time.Second, 1 * time.Second, 100 * time.Millisecond, 1 * time.Second}
}

// operationLimit is the timeout of operations that set none (default-action-timeout).
const operationLimit = 20 * time.Second

// timings gives every resource its times: what the history says, else habits. An
// assumed time is at most half of the operation's timeout: an assumption must not
// be what fails.
func (s *Subject) timings(root *cib.Elem) {
	measured := history(root)
	table := habits()
	s.Models = map[string]sim.Model{}
	told, assumed := 0, 0
	for _, v := range s.Services {
		h, ok := table[v.Agent.Type]
		if !ok {
			h = usual()
		}
		took := map[string]time.Duration{"": h.monitor, "start": h.start, "stop": h.stop, "monitor": h.monitor, "promote": h.promote, "demote": h.promote,
			"migrate_to": h.stop, "migrate_from": h.monitor}
		if slices.Contains(s.contained, v.ID) {
			c := table["podman"]
			took["start"], took["stop"] = took["start"]+c.start, took["stop"]+c.stop
		}
		for op, d := range took { //order: each operation by itself
			took[op] = min(d, s.limit(v.ID, op)/2)
		}
		known := false
		for op, d := range measured[v.ID] { //order: each operation by itself
			took[op], known = d, true
		}
		if known {
			told++
		} else {
			assumed++
		}
		s.Models[v.ID] = sim.Model{Took: took}
	}
	switch {
	case told == 0:
		s.assume("operations take as long as is usual for their agents; a CIB with history (cibadmin --query) tells how long they take here")
	case assumed > 0:
		s.assume("operations take as long as the history of %s records; for %d without one, and for operations that never ran, as long as is usual for their agents", number(told, "service"), assumed)
	default:
		s.assume("operations take as long as the history records; those that never ran, as long as is usual for their agents")
	}
}

// limit is the timeout of an operation.
func (s *Subject) limit(id, op string) time.Duration {
	least := operationLimit
	for _, e := range operations(s.CIB, id) {
		if d, err := cib.ParseDuration(e.Get("timeout")); e.Get("name") == op && err == nil && d > 0 {
			least = min(least, d)
		}
	}
	return least
}

// failing lists the services of which a status section has recorded a failure.
func (s *Subject) failing(root *cib.Elem) []string {
	var out []string
	root.Child("status").Walk(func(e *cib.Elem) bool {
		id := base(e.ID())
		failed := e.Name() == "lrm_resource" && slices.ContainsFunc(e.Kids(), func(op *cib.Elem) bool { return strings.HasSuffix(op.ID(), "_last_failure_0") })
		if failed && !slices.Contains(out, id) && slices.ContainsFunc(s.Services, func(v Service) bool { return v.ID == id }) {
			out = append(out, id)
		}
		return true
	})
	slices.Sort(out)
	return out
}

// history is the longest successful run of each operation of each resource that a
// status section has recorded.
func history(root *cib.Elem) map[string]map[string]time.Duration {
	out := map[string]map[string]time.Duration{}
	root.Child("status").Walk(func(e *cib.Elem) bool {
		if e.Name() != "lrm_resource" {
			return true
		}
		for op := range e.Named("lrm_rsc_op") {
			n, err := strconv.ParseInt(op.Get("exec-time"), 10, 64)
			rc := op.Get("rc-code")
			if err != nil || n <= 0 || rc != strconv.Itoa(int(agent.OK)) && rc != strconv.Itoa(int(agent.RunningPromoted)) {
				continue
			}
			id, task := base(e.ID()), op.Get("operation")
			if out[id] == nil {
				out[id] = map[string]time.Duration{}
			}
			out[id][task] = max(out[id][task], time.Duration(n)*time.Millisecond)
		}
		return true
	})
	return out
}
