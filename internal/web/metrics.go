package web

import (
	"fmt"
	"net/http"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"mainstay/cib"
	"mainstay/status"
	"mainstay/view"
)

// serveMetrics answers in Prometheus' text format: the cluster's state under the
// names that dashboards of such clusters use, then what only this daemon knows.
// The format is a dozen lines to write; a client library would cost every start of
// the program, and agents start it often.
func (s *Server) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	snap := s.cluster.Snapshot()
	if snap == nil {
		return
	}
	if snap.CIB != nil {
		if st, err := s.cluster.Status(); err == nil {
			fmt.Fprint(w, view.Metrics(Frame(snap, st, time.Now())))
		}
	}
	fmt.Fprint(w, nodeMetrics(snap)+processMetrics())
}

// samples writes gauges.
type samples struct{ strings.Builder }

// gauge writes one family of one sample.
func (b *samples) gauge(name, help string, v float64) {
	name = "mainstay_" + name
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s gauge\n%s %s\n", name, help, name, name, strconv.FormatFloat(v, 'g', -1, 64))
}

// nodeMetrics is the state of the daemon.
func nodeMetrics(snap *Snapshot) string {
	var b samples
	b.gauge("quorate", "Whether this partition has quorum.", truth(snap.Quorum.Quorate))
	b.gauge("members", "Members of the present view.", float64(len(snap.View.Members)))
	b.gauge("coordinator", "Whether this node coordinates.", truth(snap.Coordinator == snap.Self && snap.Self != ""))
	b.gauge("transition_busy", "Whether a transition is under way, as far as this node knows.", truth(snap.Transition.Busy))
	b.gauge("cib_epoch", "Epoch of the configuration.", float64(cib.VersionOf(snap.CIB).Epoch))
	b.gauge("alarms", "Alarms that stand.", float64(len(snap.Alarms)))
	b.gauge("start_time_seconds", "When the daemon started, in Unix seconds.", float64(snap.Started.Unix()))
	return b.String()
}

// processMetrics is what the daemon costs.
func processMetrics() string {
	var b samples
	list := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(list)
	b.gauge("memory_bytes", "Memory that the daemon has from the operating system.", float64(list[0].Value.Uint64()))
	b.gauge("goroutines", "Goroutines of the daemon.", float64(list[1].Value.Uint64()))
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		b.gauge("open_fds", "Open files of the daemon.", float64(len(fds)))
	}
	return b.String()
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Frame puts a node's state in the words of package view.
func Frame(n *Snapshot, c *status.Cluster, now time.Time) *view.Frame {
	f := &view.Frame{Cluster: c, CIB: n.CIB, Now: now, Daemon: "running"}
	f.Quorum = &view.Quorum{Quorate: n.Quorum.Quorate, Votes: n.Quorum.Votes, Expected: n.Quorum.Expected,
		Needed: n.Quorum.Needed, Why: n.Quorum.WhyNot, Ring: n.View.Ring.String()}
	for _, l := range n.Links {
		f.Links = append(f.Links, view.Link{Node: l.Node, Link: l.Link, Up: l.Up, RTT: l.RTT, Loss: l.Loss})
	}
	for _, a := range n.Alarms {
		f.Alarms = append(f.Alarms, alarmLine(a))
	}
	for _, e := range n.Fencing {
		f.Fencing = append(f.Fencing, fencing(e))
	}
	return f
}

// alarmLine tells an alarm on one line.
func alarmLine(a Alarm) string {
	line := a.Text
	if a.Source != "" {
		line = a.Source + ": " + line
	}
	if a.Count > 1 {
		line += fmt.Sprintf(" (%d times since %s)", a.Count, a.Since.Format(time.DateTime))
	}
	return line
}

func fencing(e FenceEvent) view.Fencing {
	out := view.Fencing{Action: e.Action, Target: e.Node, Delegate: e.Agent, Client: e.Client, Origin: e.Origin, State: view.FencingPending}
	switch {
	case e.Done && e.OK:
		out.State, out.Completed = view.FencingSuccess, e.Ended
	case e.Done:
		out.State, out.Completed, out.ExitReason = view.FencingFailed, e.Ended, e.Output
	}
	return out
}
