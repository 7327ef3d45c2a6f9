package playground

import (
	"context"
	"fmt"
	"os"
	"time"

	"mainstay/view"
)

// watchStep is how often the live view looks.
const watchStep = 500 * time.Millisecond

// watch shows the cluster until ctx ends or somebody asks for the end: on a terminal
// as a picture that is redrawn, else as one line per change.
func (r *Room) watch(ctx context.Context) error {
	tick := time.NewTicker(watchStep)
	defer tick.Stop()
	before := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.over:
			return nil
		case <-tick.C:
		}
		now := r.picture(ctx)
		if now == before {
			continue
		}
		before = now
		if r.terminal() {
			fmt.Fprint(r.opts.Out, "\x1b[H\x1b[2J", now, "\nCtrl-C ends the playground.\n")
		} else {
			r.step("now", "%s", r.summary(ctx))
		}
	}
}

// terminal tells whether the output is one.
func (r *Room) terminal() bool {
	f, ok := r.opts.Out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// picture is the cluster's state in the familiar layout, below that of the machines.
func (r *Room) picture(ctx context.Context) string {
	out := "machines:"
	for _, h := range r.Report().Nodes {
		out += fmt.Sprintf("  %s %s", h.Name, h.Power)
		if h.Frozen {
			out += " frozen"
		}
		for _, l := range h.Cut {
			out += fmt.Sprintf(" link %d cut", l)
		}
	}
	s, err := r.Look(ctx)
	if err != nil {
		return out + "\n\nno node answers\n"
	}
	sections := view.DefaultSections()
	delete(sections, view.Times) // a clock would be a change each time
	return out + "\n\n" + view.Text(&view.Frame{Cluster: s.Cluster, Now: time.Now()}, view.Options{Sections: sections})
}
