package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mainstay/cib"
	"mainstay/internal/client"
	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/sched"
)

// poll is how often a waiter looks although nothing was announced: time alone may
// end a wait (a failure expires).
const poll = time.Second

// await looks at the CIB whenever something happens, until done says so. It ends
// with exit code 124 after the timeout; what names what it waits for.
func (a *app) await(ctx context.Context, timeout time.Duration, what string, done func(*cib.Elem) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c := a.Client()
	events := watch(ctx, c)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		root, err := c.CIB(ctx)
		if err == nil {
			var ok bool
			if ok, err = done(root); ok || err != nil {
				return err
			}
		}
		if err != nil && !transient(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return face.Failf(face.Timeout, "waited %s for %s; it goes on without being watched", timeout, what)
		case <-events:
		case <-tick.C:
		}
	}
}

// transient tells whether an error may go away by itself: the node is between two
// views, or a watcher's context ran out.
func transient(err error) bool {
	var p *web.Problem
	if errors.As(err, &p) {
		return p.Kind == web.Unavailable
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// watch turns events into nudges; it ends with ctx, or silently when the node
// goes away.
func watch(ctx context.Context, c *client.Client) <-chan struct{} {
	nudge := make(chan struct{}, 1)
	go func() {
		for ctx.Err() == nil {
			err := c.Watch(ctx, func(web.Event) bool {
				select {
				case nudge <- struct{}{}:
				default:
				}
				return true
			})
			if err != nil {
				return // await's ticker goes on
			}
		}
	}()
	return nudge
}

// plan schedules a document at the present time.
func (a *app) plan(root *cib.Elem) *sched.Result {
	return sched.Schedule(sched.Input{CIB: root, Now: a.Now()})
}

// idle tells whether scheduling a document yields nothing to do.
func (a *app) idle(root *cib.Elem) bool {
	r := a.plan(root)
	return r != nil && r.Graph != nil && len(r.Graph.Actions) == 0
}

// waitCommand waits for the cluster, for scripts.
func (a *app) waitCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "wait", Short: "Return when the cluster has nothing left to do", GroupID: "look", Args: cobra.NoArgs,
		Example: "  mainstay wait --timeout 2m",
		RunE:    func(c *cobra.Command, _ []string) error { return a.awaitIdle(c.Context()) },
	}
	c.Flags().DurationVar(&a.timeout, "timeout", defaultWait, "how long to wait")
	return c
}

// settle waits until the cluster is idle, if --wait was given. The change must
// already be in the CIB that is asked.
func (a *app) settle(ctx context.Context) error {
	if !a.wait {
		return nil
	}
	return a.awaitIdle(ctx)
}

func (a *app) awaitIdle(ctx context.Context) error {
	var left []string
	err := a.await(ctx, a.timeout, "the cluster to become idle", func(root *cib.Elem) (bool, error) {
		r := a.plan(root)
		if r == nil || r.Graph == nil {
			return false, nil
		}
		left = left[:0]
		for _, act := range r.Graph.Actions {
			left = append(left, act.Key)
		}
		return len(left) == 0, nil
	})
	if face.CodeOf(err) == face.Timeout && len(left) > 0 {
		return face.Failf(face.Timeout, "%v; still to do: %s", err, strings.Join(left, ", "))
	}
	return err
}

// change sends edits and waits if asked to; no edits are no error.
func (a *app) change(ctx context.Context, edits []cib.Edit) error {
	if len(edits) > 0 {
		if name := a.CIBFile(); name != "" {
			return a.changeFile(name, edits)
		}
		if _, err := a.Client().Edit(ctx, edits, nil); err != nil {
			return err
		}
	}
	if a.CIBFile() != "" {
		return nil
	}
	return a.settle(ctx)
}

// changeFile edits the document that stands for the cluster.
func (a *app) changeFile(name string, edits []cib.Edit) error {
	if err := face.EditFile(name, edits, cib.Stamp{Client: a.Name, Wall: a.Now()}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
