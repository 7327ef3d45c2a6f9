package tools

import (
	"context"
	"fmt"
	"time"

	"mainstay/cib"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/sched"
	"mainstay/view"
)

// Frame fetches everything that a display of the cluster's state may show: from
// the file that $CIB_file names, else from the node daemon.
func Frame(ctx context.Context, env *face.Env) (*view.Frame, error) {
	if name := env.CIBFile(); name != "" {
		root, err := face.ReadCIB(name)
		if err != nil {
			return nil, err
		}
		return &view.Frame{Cluster: sched.Unpack(sched.Input{CIB: root, Now: env.Now()}), CIB: root, Now: env.Now()}, nil
	}
	c := env.Client()
	s, err := c.Status(ctx)
	if err != nil {
		return nil, err
	}
	root, err := c.CIB(ctx)
	if err != nil {
		return nil, err
	}
	return frameOf(s, root, env.Now()), nil
}

// frameOf puts a node's answers in the words of package view.
func frameOf(s *web.StatusReply, root *cib.Elem, now time.Time) *view.Frame {
	f := &view.Frame{Cluster: s.Cluster, CIB: root, Now: now, Daemon: "running"}
	n := s.Node
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
func alarmLine(a web.Alarm) string {
	line := a.Text
	if a.Source != "" {
		line = a.Source + ": " + line
	}
	if a.Count > 1 {
		line += fmt.Sprintf(" (%d times since %s)", a.Count, a.Since.Format(time.DateTime))
	}
	return line
}

func fencing(e web.FenceEvent) view.Fencing {
	out := view.Fencing{Action: e.Action, Target: e.Node, Delegate: e.Agent, Client: e.Client, Origin: e.Origin, State: view.FencingPending}
	switch {
	case e.Done && e.OK:
		out.State, out.Completed = view.FencingSuccess, e.Ended
	case e.Done:
		out.State, out.Completed, out.ExitReason = view.FencingFailed, e.Ended, e.Output
	}
	return out
}
