package playground

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"mainstay/internal/client"
	"mainstay/internal/web"
	"mainstay/status"
)

// Timeouts of bringing a cluster up. A noisy machine is slow; that is no failure.
const (
	formTimeout = time.Minute
	loadTimeout = 3 * time.Minute
)

// Bring powers all nodes on and, if they run the node daemon, waits for the cluster,
// loads the configuration and waits until what it wants is running.
func (r *Room) Bring(ctx context.Context) error {
	data := make(chan error, 1)
	go func() { data <- r.fillStorage() }()
	err := r.PowerOn()
	if err == nil {
		r.step("power", "%d nodes are on", len(r.machines))
	}
	if err := errors.Join(err, <-data); err != nil {
		return err
	}
	if r.opts.Payload[0] != programPath {
		return nil
	}
	if err := r.WaitFor(ctx, formTimeout, "all nodes to be online", func(s *web.StatusReply) bool { return online(s) == len(r.machines) }); err != nil {
		return err
	}
	r.step("cluster", "all nodes are online and quorate")
	what, text := r.opts.Config, r.opts.Text
	if what != "" {
		if text, err = os.ReadFile(what); err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
	} else if text == nil {
		return nil
	} else {
		what = "the example of three controllers"
	}
	if err := r.Load(ctx, text); err != nil {
		return err
	}
	r.step("loaded", "%s", what)
	err = r.WaitFor(ctx, loadTimeout, "all resources to be where they belong", func(s *web.StatusReply) bool { return settled(s) })
	if err == nil {
		r.step("running", "%s", r.summary(ctx))
	}
	return err
}

// fillStorage puts a fresh database on the shared storage.
func (r *Room) fillStorage() error {
	if r.opts.Plain {
		return nil
	}
	if !hasDatabase() {
		r.step("database", "left out: MariaDB is not installed (apt-get install mariadb-server)")
		return nil
	}
	if err := makeDatabase(r.base); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	r.step("database", "a fresh one is on the shared storage")
	return nil
}

// Load loads a configuration (crm syntax or CIB XML) by the first node that is on.
func (r *Room) Load(ctx context.Context, text []byte) error {
	node, err := r.anyNode()
	if err != nil {
		return err
	}
	_, err = r.ExecInput(ctx, node, text, programPath, "configure", "load", "--missing-agents", "-")
	return err
}

// anyNode names a node that is on and not frozen.
func (r *Room) anyNode() (string, error) {
	for _, m := range r.machines {
		if h := m.health(); h.PID != 0 && !h.Frozen {
			return m.name, nil
		}
	}
	return "", errors.New("no node is on")
}

// Client talks to the daemon of a node.
func (r *Room) Client(node string) (*client.Client, error) {
	h, err := r.HealthOf(node)
	if err != nil {
		return nil, err
	}
	if h.PID == 0 || h.Frozen {
		return nil, fmt.Errorf("%s is off or frozen", node)
	}
	return client.New(h.inside(apiSocket), "playground"), nil
}

// statusTimeout bounds one look at a node.
const statusTimeout = 3 * time.Second

// StatusOf asks one node for the state of the cluster.
func (r *Room) StatusOf(ctx context.Context, node string) (*web.StatusReply, error) {
	h, err := r.HealthOf(node)
	if err != nil {
		return nil, err
	}
	if h.PID == 0 || h.Frozen {
		return nil, fmt.Errorf("%s is off or frozen", node)
	}
	return h.status(ctx)
}

// Look asks the nodes in turn until one answers that is part of a quorate cluster;
// failing that, it returns any answer.
func (r *Room) Look(ctx context.Context) (*web.StatusReply, error) {
	return outsider{r.base.dir}.look(ctx)
}

// lookStep is how often WaitFor looks.
const lookStep = 50 * time.Millisecond

// WaitFor waits until the state of the cluster is as wanted.
func (r *Room) WaitFor(ctx context.Context, timeout time.Duration, what string, ok func(*web.StatusReply) bool) error {
	return outsider{r.base.dir}.wait(ctx, timeout, what, ok)
}

// online counts the nodes that a quorate cluster shows as online.
func online(s *web.StatusReply) int {
	n := 0
	if !s.Cluster.Quorate {
		return 0
	}
	for _, node := range s.Cluster.Nodes {
		if node.Online && !node.Pending {
			n++
		}
	}
	return n
}

// settled tells whether the cluster has nothing to do, and everything that should
// run and can does.
func settled(s *web.StatusReply) bool {
	if !s.Cluster.Quorate || s.Cluster.DC == "" || s.Node.Transition.Known && s.Node.Transition.Busy {
		return false
	}
	failed := map[string]bool{} // what failed is not waited for: its agent may not be installed
	for _, f := range s.Cluster.Failures {
		failed[f.Resource] = true
	}
	for _, res := range s.Cluster.Resources {
		if !resting(res, failed) {
			return false
		}
	}
	return len(s.Cluster.Resources) > 0
}

// resting tells whether nothing is under way for a resource, and whether it runs if
// it is a primitive that should and did not fail.
func resting(res *status.Resource, failed map[string]bool) bool {
	if res.Pending != "" {
		return false
	}
	for _, c := range res.Children {
		if c.Pending != "" {
			return false
		}
		if failed[c.ID] || failed[c.BaseID] {
			return true
		}
	}
	if failed[res.ID] {
		return true
	}
	if res.Kind == status.Primitive {
		return len(res.Places) == 1 || res.Disabled || res.Failed || res.Blocked
	}
	return res.NodesRunning > 0 || res.Disabled || res.Failed || anyActive(res.Children)
}

func anyActive(list []*status.Resource) bool {
	for _, c := range list {
		if len(c.Places) > 0 || anyActive(c.Children) {
			return true
		}
	}
	return false
}

// summary tells in one line what runs where.
func (r *Room) summary(ctx context.Context) string {
	s, err := r.Look(ctx)
	if err != nil || s.Cluster == nil {
		return "no node answers"
	}
	out := ""
	for _, res := range s.Cluster.Resources {
		if res.Kind == status.Primitive && len(res.Places) == 1 {
			out += fmt.Sprintf("%s on %s, ", res.ID, res.Places[0].Node)
		}
	}
	return fmt.Sprintf("%scoordinator %s", out, s.Node.Coordinator)
}
