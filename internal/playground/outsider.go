package playground

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"mainstay/internal/client"
	"mainstay/internal/web"
)

// outsider looks at the nodes of a playground that may belong to another process.
type outsider struct{ dir string }

// nodes lists the nodes that are on and not frozen.
func (o outsider) nodes() ([]Health, error) {
	rep, err := Status(o.dir)
	if err != nil {
		return nil, err
	}
	var out []Health
	for _, h := range rep.Nodes {
		if h.PID != 0 && !h.Frozen {
			out = append(out, h)
		}
	}
	return out, nil
}

// inside is a path of a node as seen from here.
func (h Health) inside(path string) string { return fmt.Sprintf("/proc/%d/root%s", h.PID, path) }

// look asks the nodes in turn; the answer of one in a quorate cluster counts most.
func (o outsider) look(ctx context.Context) (*web.StatusReply, error) {
	nodes, err := o.nodes()
	if err != nil {
		return nil, err
	}
	var any *web.StatusReply
	errs := []error{errors.New("no node answers")}
	for _, h := range nodes {
		s, err := h.status(ctx)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if any = s; s.Cluster.Quorate {
			return s, nil
		}
	}
	if any != nil {
		return any, nil
	}
	return nil, errors.Join(errs...)
}

// status asks one node for the state of the cluster.
func (h Health) status(ctx context.Context) (*web.StatusReply, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	c := client.New(h.inside(apiSocket), "playground")
	defer c.Close()
	s, err := c.Status(ctx)
	if err == nil && (s.Cluster == nil || s.Node == nil) {
		err = fmt.Errorf("%s knows no cluster yet", h.Name)
	}
	return s, err
}

// coordinator names the coordinator, "" if nobody knows.
func (o outsider) coordinator(ctx context.Context) string {
	s, err := o.look(ctx)
	if err != nil {
		return ""
	}
	return s.Node.Coordinator
}

// settled waits until the cluster has nothing to do.
func (o outsider) settled(ctx context.Context, limit time.Duration) error {
	return o.wait(ctx, limit, "the cluster to come to rest", settled)
}

// whole waits until every node is back and the cluster has nothing to do.
func (o outsider) whole(ctx context.Context, limit time.Duration) error {
	rep, err := Status(o.dir)
	if err != nil {
		return err
	}
	return o.wait(ctx, limit, "every node to be back", func(s *web.StatusReply) bool {
		return online(s) == len(rep.Nodes) && settled(s)
	})
}

func (o outsider) wait(ctx context.Context, limit time.Duration, what string, ok func(*web.StatusReply) bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(lookStep)
	defer tick.Stop()
	for {
		s, err := o.look(ctx)
		if err == nil && ok(s) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %v in vain for %s: %w", limit, what, errors.Join(err, ctx.Err()))
		case <-tick.C:
		}
	}
}

// logLine is what matters of a line of a daemon's log.
type logLine struct {
	Time   time.Time `json:"time"`
	Event  string    `json:"event"`
	Left   string    `json:"left"`
	Target string    `json:"target"`
	OK     bool      `json:"ok"`
	Key    string    `json:"key"`
	RC     string    `json:"rc"`
}

// readLog reads the events of a node's log since a moment.
func (h Health) readLog(since time.Time) ([]logLine, error) {
	f, err := os.Open(h.inside(daemonLog))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []logLine
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l logLine
		// Lines of another shape are of no interest here.
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Event != "" && l.Time.After(since) {
			out = append(out, l)
		}
	}
	return out, lines.Err()
}

// phases reads from the logs when what was known.
func (o outsider) phases(r *Round, resource string, cut time.Time) error {
	nodes, err := o.nodes()
	if err != nil {
		return err
	}
	first := func(at *time.Duration, l logLine) {
		if d := l.Time.Sub(cut); d > 0 && (*at == 0 || d < *at) {
			*at = d
		}
	}
	for _, h := range nodes {
		if h.Name == r.Victim {
			continue
		}
		lines, err := h.readLog(cut)
		if err != nil {
			return fmt.Errorf("log of %s: %w", h.Name, err)
		}
		for _, l := range lines {
			switch {
			case l.Event == "view" && has(l.Left, r.Victim):
				first(&r.Detected, l)
			case l.Event == "planned" && r.Detected != 0 && l.Time.Sub(cut) >= r.Detected:
				first(&r.Planned, l)
			case l.Event == "fenced" && l.Target == r.Victim && l.OK:
				first(&r.Fenced, l)
			case l.Event == "operation" && l.Key == resource+"_start_0" && l.RC == "0" && h.Name == r.Successor:
				first(&r.Started, l)
			}
		}
	}
	return nil
}

// has tells whether a list of names, apart by blanks or commas, has one.
func has(list, name string) bool {
	for _, n := range strings.FieldsFunc(list, func(c rune) bool { return c == ' ' || c == ',' }) {
		if n == name {
			return true
		}
	}
	return false
}
