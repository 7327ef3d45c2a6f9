package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mainstay/engine"
	"mainstay/internal/web"
	"mainstay/sched"
)

// past reads a transition that is no longer in memory from the node's disk. Only its
// input is kept there: the plan follows from it, and is made again.
func (c *Cluster) past(number int) (*web.Transition, error) {
	text, err := os.ReadFile(filepath.Join(c.config.StateDir, engine.PastFile(number)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("transition %d: %w", number, err)
	}
	if err != nil {
		return nil, c.notKept(number)
	}
	p, err := engine.ReadPast(text)
	if err != nil {
		return nil, fmt.Errorf("transition %d: %w", number, err)
	}
	if p.Number != number {
		return nil, c.notKept(number)
	}
	r := sched.Schedule(sched.Input{CIB: p.Input, Now: p.Started, Options: sched.Options{TransitionID: number}})
	t := c.transition(&engine.Transition{Number: number, Trigger: p.Trigger, Started: p.Started, Ended: p.Ended, Outcome: p.Outcome,
		Summary: r.Summary, Actions: len(r.Graph.Actions)})
	t.Coordinator, t.Input, t.Graph = p.Coordinator, p.Input, r.Graph
	return &t, nil
}

func (c *Cluster) notKept(number int) error {
	return web.Problemf(web.NotFound, "transition %d is not kept on %s; each coordinator keeps those that it planned", number, c.static.self)
}
