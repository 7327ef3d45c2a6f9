package tools

import (
	"context"
	"errors"
	"time"

	"mainstay/intent"
	"mainstay/internal/face"
	"mainstay/sched"
)

// waitLimit is how long crm_resource --wait waits.
const waitLimit = time.Hour

// awaitIdle returns when scheduling the cluster's state yields nothing to do.
func awaitIdle(ctx context.Context, env *face.Env) error {
	ctx, cancel := context.WithTimeout(ctx, waitLimit)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		root, err := env.CIB(ctx)
		if err != nil {
			return err
		}
		if r := sched.Schedule(sched.Input{CIB: root, Now: env.Now()}); len(r.Graph.Actions) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return face.Failf(face.Timeout, "Timer expired")
		case <-tick.C:
		}
	}
}

// asNotFound tells whether an error is an intent's missing resource.
func asNotFound(err error, to **intent.NotFound) bool {
	return errors.As(err, to) && (*to).Kind == "resource"
}
