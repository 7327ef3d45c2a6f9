package tools

import (
	"context"

	"mainstay/internal/face"
	"mainstay/internal/web"
	"mainstay/sched"
	"mainstay/view"
)

// Frame fetches everything that a display of the cluster's state may show: from
// the file that $CIB_file names, else from the node daemon.
func Frame(ctx context.Context, env *face.Env) (*view.Frame, error) {
	if name := env.CIBFile(); name != "" {
		root, err := face.OpenCIB(name)
		if err != nil {
			return nil, err
		}
		return &view.Frame{Cluster: sched.Unpack(sched.Input{CIB: root, Now: env.Now()}), CIB: root, Now: env.Now()}, nil
	}
	c := env.Client()
	s, err := c.Status(ctx)
	if face.CodeOf(err) == face.Denied {
		return partialFrame(ctx, env)
	}
	if err != nil {
		return nil, err
	}
	root, err := c.CIB(ctx)
	if err != nil {
		return nil, err
	}
	s.Node.CIB = root
	return web.Frame(s.Node, s.Cluster, env.Now()), nil
}

// partialFrame shows what a user may see who may not see all: the state as far as
// the readable part of the CIB tells it.
func partialFrame(ctx context.Context, env *face.Env) (*view.Frame, error) {
	root, err := env.Client().CIB(ctx)
	if err != nil {
		return nil, err
	}
	return &view.Frame{Cluster: sched.Unpack(sched.Input{CIB: root, Now: env.Now()}), CIB: root, Now: env.Now()}, nil
}
