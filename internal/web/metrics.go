package web

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"mainstay/cib"
	"mainstay/status"
)

// newMetrics makes the handler of /metrics: gauges that are read from the node at
// each scrape, and those of the process.
func newMetrics(c Cluster) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(&gauges{c}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
}

// gauges implements prometheus.Collector over a cluster.
type gauges struct{ cluster Cluster }

// Describe sends nothing: which series there are depends on the cluster.
func (g *gauges) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	snap := g.cluster.Snapshot()
	if snap == nil {
		return
	}
	m := meter{ch}
	m.gauge("quorate", "Whether this partition has quorum.", truth(snap.Quorum.Quorate))
	m.gauge("votes", "Votes present.", float64(snap.Quorum.Votes))
	m.gauge("votes_expected", "Votes of all configured nodes.", float64(snap.Quorum.Expected))
	m.gauge("members", "Members of the present view.", float64(len(snap.View.Members)))
	m.gauge("coordinator", "Whether this node coordinates.", truth(snap.Coordinator == snap.Self && snap.Self != ""))
	m.gauge("transition_busy", "Whether a transition is under way (known on the coordinator).", truth(snap.Transition.Busy))
	m.gauge("start_time_seconds", "When the daemon started, in Unix seconds.", float64(snap.Started.Unix()))
	v := cib.VersionOf(snap.CIB)
	m.gauge("cib_epoch", "Epoch of the configuration.", float64(v.Epoch), "admin_epoch", strconv.Itoa(v.AdminEpoch))
	for _, l := range snap.Links {
		n := strconv.Itoa(l.Link)
		m.gauge("link_up", "Whether a link to a peer works.", truth(l.Up), "node", l.Node, "link", n)
		m.gauge("link_rtt_seconds", "Round trip on a link.", l.RTT.Seconds(), "node", l.Node, "link", n)
		m.gauge("link_loss_ratio", "Share of heartbeats lost lately.", l.Loss, "node", l.Node, "link", n)
	}
	m.gauge("alarms", "Alarms that stand.", float64(len(snap.Alarms)))
	if snap.CIB == nil {
		return
	}
	if st, err := g.cluster.Status(); err == nil {
		m.cluster(st)
	}
}

// meter sends samples.
type meter struct{ ch chan<- prometheus.Metric }

// gauge sends one sample; labels are names and values in turn.
func (m meter) gauge(name, help string, v float64, labels ...string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	desc := prometheus.NewDesc("mainstay_"+name, help, names, nil)
	m.ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, values...)
}

// cluster sends what the CIB tells of nodes, resources and failures.
func (m meter) cluster(st *status.Cluster) {
	for _, n := range st.Nodes {
		for _, state := range []struct {
			name string
			on   bool
		}{{"online", n.Online}, {"standby", n.Standby}, {"maintenance", n.Maintenance}, {"unclean", n.Unclean}, {"pending", n.Pending}} {
			m.gauge("node", "State of a node.", truth(state.on), "node", n.Name, "state", state.name)
		}
	}
	m.gauge("resources", "Resource instances configured.", float64(st.Instances))
	m.gauge("resources_disabled", "Instances whose target role is Stopped.", float64(st.Disabled))
	m.gauge("resources_blocked", "Instances that nothing can be done for.", float64(st.Blocked))
	for _, r := range st.Resources {
		m.resource(r)
	}
	for _, f := range st.FailCounts {
		m.gauge("fail_count", "Failures of a resource on a node that count.", float64(f.Count), "resource", f.Resource, "node", f.Node)
	}
	m.gauge("failures", "Failed operations in the history.", float64(len(st.Failures)))
	for _, t := range st.Tickets {
		m.gauge("ticket_granted", "Whether this site holds a ticket.", truth(t.Granted), "ticket", t.ID)
	}
}

// resource sends where an instance is active, and the same for its children.
func (m meter) resource(r *status.Resource) {
	if r.Kind == status.Primitive {
		for _, p := range r.Places {
			m.gauge("resource_active", "Where a resource is active, and as what.", 1,
				"resource", r.ID, "node", p.Node, "role", string(p.Role), "managed", strconv.FormatBool(r.Managed))
		}
		m.gauge("resource_failed", "Whether a resource has failed.", truth(r.Failed), "resource", r.ID)
	}
	for _, c := range r.Children {
		m.resource(c)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
