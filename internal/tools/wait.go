package tools

import (
	"context"
	"errors"
	"strconv"
	"time"

	"mainstay/intent"
	"mainstay/internal/face"
)

// waitLimit is how long crm_resource --wait waits, unless told.
const waitLimit = time.Hour

// awaitIdle returns when scheduling the cluster's state yields nothing to do.
func awaitIdle(ctx context.Context, env *face.Env, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		root, err := env.CIB(ctx)
		if err != nil {
			return err
		}
		if idle(root, env.Now()) {
			return nil
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// asNotFound tells whether an error is an intent's missing resource.
func asNotFound(err error, to **intent.NotFound) bool {
	return errors.As(err, to) && (*to).Kind == "resource"
}

// atoi reads a number; what is none counts as 0.
func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
